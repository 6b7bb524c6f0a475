"""Outputs of mappings under stress: a full disk, two runs at once, processes that are killed, collections that go on after a cut."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from earthweave.mapping import (
    Chunk,
    Kept,
    Options,
    OutputLimits,
    Plan,
    PredicateObjects,
    RdfFile,
    Reference,
    Template,
    TermMap,
    TriplesMap,
    form_of,
    map_source,
    run_digest,
    write_rdf,
    write_targets,
)
from earthweave.mapping.plan import Constant, FileAccess, Gather, Kind, LogicalSource, Target
from earthweave.ontology import RDF, InputError, MappingError

BASE = "https://example.org/"
LINE = b"<https://example.org/a> <https://example.org/p> <https://example.org/b> .\n"
SMALL = OutputLimits(part_bytes=200_000)
SOME = Options(batch_rows=1000)
CUT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_mapping_output import SMALL, SOME, plan, run_digest, source, Kept, Options, map_source
folder = Path({folder!r})
rules = plan({name!r}, {gathered!r})
kept = Kept(folder / "parts", run_digest(rules, Options(), [folder / {name!r}]), SMALL)
size = 0
for chunk in map_source(rules, working=folder, options=SOME).chunks(kept):
    size += len(chunk.data)
    if size > {limit}:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def source(folder: Path, name: str) -> None:
    """20,000 rows as a text table, or records as JSON."""
    if name.endswith(".csv"):
        text = "id,v\n" + "".join(f"{n},value {n}\n" for n in range(20_000))
    else:
        text = "[" + ",\n".join(f'{{"id": {n}, "v": "value {n}"}}' for n in range(20_000)) + "]"
    (folder / name).write_text(text, "utf-8")


def plan(name: str, gathered: bool = False) -> Plan:
    """A text of every row, or a bag of the texts of every tenth of them."""
    form, iterator = ("CSV", "") if name.endswith(".csv") else ("JSONPath", "$[*]")
    reading = LogicalSource(formulation=form, iterator=iterator, access=FileAccess(name))
    value = TermMap(Reference("v"), Kind.LITERAL)
    if gathered:
        value = TermMap(Constant(BASE + "all"), Kind.IRI, gather=Gather((value,), str(RDF.Bag)))
    subject = TermMap(Template((BASE, Reference("id"))), Kind.IRI)
    said = PredicateObjects((TermMap(Constant(BASE + "p"), Kind.IRI),), (value,))
    return Plan("test.ttl", BASE, (TriplesMap("rule", 1, reading, subject, (BASE + "C",), statements=(said,)),))


@contextmanager
def _full_disk(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", ["x.nq", "x.nq.gz", "x.nq.xz", "x.nq.zip", "x.nq.tar.gz", "x.ttl"])
def test_a_full_disk_leaves_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"before")
    # what does not shrink
    digits = random.Random(1).randbytes(300_000).hex()
    lines = b"".join(LINE.replace(b"/b", f"/{digits[n:n + 600]}".encode()) for n in range(0, len(digits), 600))
    with _full_disk(100_000), pytest.raises(OSError, match="too large"):
        write_rdf(tmp_path / name, [Chunk(lines, lines.count(b"\n"))], form_of(tmp_path / name))
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"before"


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.nq"
    with RdfFile(path, form_of(path)) as first:
        first.write(Chunk(LINE, 1))
        with pytest.raises(InputError, match="being written"):
            RdfFile(path, form_of(path))
        first.prepare()
        with pytest.raises(InputError, match="being written"):
            RdfFile(path, form_of(path))
    assert path.read_bytes() == LINE
    # what a run that was killed has left is no hindrance, nor is it in the way of what is written
    path.with_name("x.nq.part").write_bytes(LINE * 9)
    assert write_rdf(path, [Chunk(LINE * 2, 2)], form_of(path)) == 2 * len(LINE)
    assert [one.name for one in tmp_path.iterdir()] == ["x.nq"]


def test_two_runs_do_not_share_their_parts(tmp_path: Path) -> None:
    source(tmp_path, "x.csv")
    rules = plan("x.csv")
    stream = map_source(rules, working=tmp_path).chunks(Kept(tmp_path / "parts", "run"))
    next(stream)
    with pytest.raises(InputError, match="being written"):
        Kept(tmp_path / "parts", "other")
    stream.close()  # type: ignore[attr-defined]
    assert Kept(tmp_path / "parts", "other").stale


@pytest.mark.parametrize(("name", "gathered"), [("x.csv", False), ("x.json", False), ("x.json", True)])
def test_a_killed_run_goes_on(name: str, gathered: bool, tmp_path: Path) -> None:
    source(tmp_path, name)
    rules = plan(name, gathered)
    run = map_source(rules, working=tmp_path, options=SOME)
    wanted = sorted(line for chunk in run for line in chunk.splitlines())
    script = CUT.format(here=str(Path(__file__).parent), folder=str(tmp_path), name=name, gathered=gathered, limit=2_000_000)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = Kept(tmp_path / "parts", run_digest(rules, Options(), [tmp_path / name]), SMALL)
    assert kept.found >= 2
    again = map_source(rules, working=tmp_path, options=SOME)
    found = sorted(line for chunk in again.chunks(kept) for line in chunk.data.splitlines())
    assert found == wanted
    report = again.report
    assert (report.rows, report.skipped, report.quads) == (run.report.rows, run.report.skipped, run.report.quads)


def test_records_that_are_done_are_not_mapped_again(tmp_path: Path) -> None:
    source(tmp_path, "x.json")
    rules, digest = plan("x.json"), run_digest(plan("x.json"), Options(), [tmp_path / "x.json"])
    started = time.process_time()
    stream = map_source(rules, working=tmp_path).chunks(Kept(tmp_path / "parts", digest, SMALL))
    sizes = [len(chunk.data) for chunk in stream]
    whole = time.process_time() - started
    journal = (tmp_path / "parts" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "parts" / "journal.jsonl").write_bytes(b"".join(journal[:-1]))
    started = time.process_time()
    again = map_source(rules, working=tmp_path).chunks(Kept(tmp_path / "parts", digest, SMALL))
    assert sum(len(chunk.data) for chunk in again) == sum(sizes)
    assert time.process_time() - started < 0.8 * whole


@pytest.mark.parametrize("path", ["a\0b", "folder/", ".", "x" * 3000])
def test_targets_that_can_be_no_files(path: str, tmp_path: Path) -> None:
    rules = Plan("test.ttl", BASE, (), targets=(Target("t", path),))
    with pytest.raises(MappingError, match="no name of a file"):
        write_targets([], rules, tmp_path)


def test_a_failing_run_leaves_no_target(tmp_path: Path) -> None:
    rules = Plan("test.ttl", BASE, (), targets=(Target("a", "a.nq"), Target("b", "b.nq.gz", compression="gzip")))

    def broken() -> Iterator[Chunk]:
        yield Chunk(LINE, 1, ("a", "b"))
        raise MappingError("broken")

    with pytest.raises(MappingError, match="broken"):
        write_targets(broken(), rules, tmp_path)
    assert list(tmp_path.iterdir()) == []
