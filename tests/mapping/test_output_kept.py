"""Runs that are cut off: what was mapped is kept, and the result is the same to the byte; anything changed begins anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earthweave.mapping import map_source, read_rules
from earthweave.mapping.output import Form, Kept, OutputLimits, RdfFile, run_digest, write_targets
from earthweave.mapping.plan import Chunk, Options, Plan, Problem, Report
from earthweave.ontology import InputError

BATCHES = 12
LIMITS = OutputLimits(part_bytes=100)


class Executor:
    """Twelve batches of ten rows, two chunks each; every third batch has a bad row."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mapped = 0

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """All statements."""
        yield from self._from(report, 0)

    def _from(self, report: Report, first: int) -> Iterator[Chunk]:
        for batch in range(first, BATCHES):
            self.mapped += 1
            report.rows += 10
            if batch % 3 == 0:
                report.skipped += 1
                report.note(Problem(batch * 10 + 1, f"{self.name}{batch}", "<#M>", "bad"), 5)
            for half in (1, 2):
                report.quads += half
                line = f"<http://e.org/{self.name}/{batch}/{half}> <http://e.org/p> <http://e.org/o> .\n".encode()
                yield Chunk(line * half, half, (("T",) if half == 2 else ()), half == 2)
        report.rows += 1


class Skipper(Executor):
    """The same, able to skip rows."""

    def chunks(self, report: Report, skip_rows: int = 0) -> Iterator[Chunk]:
        """All statements behind some rows."""
        yield from self._from(report, skip_rows // 10)


def _whole(kind: type[Executor]) -> tuple[list[Chunk], Report, list[Problem]]:
    told: list[Problem] = []
    report = Report(sink=told.append)
    chunks = [chunk for name in "ab" for chunk in kind(name).chunks(report)]
    return chunks, report, told


def _facts(report: Report) -> tuple[object, ...]:
    return report.rows, report.skipped, report.quads, report.reasons, report.problems


@pytest.mark.parametrize("kind", [Executor, Skipper])
@pytest.mark.parametrize("cuts", [(1,), (23, 3), (24,), (30, 12), (47,), (48,), (5, 5, 5)])
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(kind: type[Executor], cuts: tuple[int, ...], tmp_path: Path) -> None:
    wanted, whole, problems = _whole(kind)
    for cut in cuts:
        stream = Kept(tmp_path / "parts", "run", LIMITS).chunks([kind("a"), kind("b")], Report())
        taken = [chunk for chunk, _ in zip(stream, range(cut), strict=False)]
        assert taken == wanted[:cut]
        stream.close()  # type: ignore[attr-defined]
    executors = [kind("a"), kind("b")]
    told: list[Problem] = []
    report = Report(sink=told.append)
    kept = Kept(tmp_path / "parts", "run", LIMITS)
    assert list(kept.chunks(executors, report)) == wanted
    assert _facts(report) == _facts(whole)
    assert told == problems
    assert (kept.found > 0) == (max(cuts) >= 5)
    if kind is Skipper and cuts == (47,):
        assert sum(one.mapped for one in executors) < 5


def test_a_run_that_was_finished_maps_nothing_again(tmp_path: Path) -> None:
    wanted, whole, problems = _whole(Executor)
    list(Kept(tmp_path / "parts", "run", LIMITS).chunks([Executor("a"), Executor("b")], Report()))
    executors = [Executor("a"), Executor("b")]
    told: list[Problem] = []
    report = Report(sink=told.append)
    assert list(Kept(tmp_path / "parts", "run", LIMITS).chunks(executors, report)) == wanted
    assert sum(one.mapped for one in executors) == 0
    assert (_facts(report), told) == (_facts(whole), problems)


def test_parts_of_another_run_are_thrown_away_and_that_is_told(tmp_path: Path) -> None:
    list(Kept(tmp_path / "parts", "one", LIMITS).chunks([Executor("a")], Report()))
    again = Kept(tmp_path / "parts", "two", LIMITS)
    assert (again.found, "changed" in again.stale) == (0, True)
    assert [one.name for one in (tmp_path / "parts").iterdir()] == ["journal.jsonl"]
    again.clear()
    assert list(tmp_path.iterdir()) == []
    assert Kept(tmp_path / "parts", "two").stale == ""
    with pytest.raises(InputError, match="cannot be written"):
        Kept(tmp_path / "no" / "parts", "two")


def test_a_half_written_line_of_the_journal_is_none(tmp_path: Path) -> None:
    list(Kept(tmp_path / "parts", "run", LIMITS).chunks([Executor("a")], Report()))
    journal = tmp_path / "parts/journal.jsonl"
    count = journal.read_bytes().count(b"\n") - 1
    journal.write_bytes(journal.read_bytes()[:-3])
    kept = Kept(tmp_path / "parts", "run", LIMITS)
    assert kept.found == count - 1
    assert list(kept.chunks([Executor("a")], Report())) == list(Executor("a").chunks(Report()))


def test_a_run_is_known_by_plan_options_and_what_is_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * (3 << 20))
    plan, options = Plan("a.ttl", "http://e.org/", ()), Options()
    first = run_digest(plan, options, [path])
    assert run_digest(plan, options, [path]) == first
    facts = path.stat()
    path.write_bytes(b"x" * ((3 << 20) - 1) + b"y")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    others = [run_digest(plan, options, [path]), run_digest(replace(plan, base="http://f.org/"), options, [path]),
              run_digest(plan, replace(options, precision=3), [path]), run_digest(plan, options, [path], more="x")]
    assert len({first, *others}) == 5


def test_files_beside_a_shapefile_count(tmp_path: Path) -> None:
    for suffix in (".shp", ".dbf"):
        (tmp_path / f"a{suffix}").write_bytes(b"x")
    plan, options = Plan("a.ttl", "http://e.org/", ()), Options()
    first = run_digest(plan, options, [tmp_path / "a.shp"])
    (tmp_path / "a.dbf").write_bytes(b"y")
    assert run_digest(plan, options, [tmp_path / "a.shp"]) != first


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/mine.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        Kept(tmp_path / "parts", "run")
    assert (tmp_path / "parts/mine.txt").read_text() == "mine"


def test_parts_that_were_half_thrown_away_are_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while the parts go: what is left must never be believed."""
    wanted = list(Kept(tmp_path / "parts", "run", LIMITS).chunks([Executor("a")], Report()))
    gone: list[Path] = []
    unlink = Path.unlink

    def cut_off(path: Path, missing_ok: bool = False) -> None:
        if gone:
            raise KeyboardInterrupt
        unlink(path)
        gone.append(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", cut_off)
        with pytest.raises(KeyboardInterrupt):
            Kept(tmp_path / "parts", "other", LIMITS)
    assert gone
    again = Kept(tmp_path / "parts", "run", LIMITS)
    assert again.found == 0
    assert list(again.chunks([Executor("a")], Report())) == wanted


def test_a_journal_that_is_none_is_stale(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/journal.jsonl").write_text("not JSON\n")
    kept = Kept(tmp_path / "parts", "run")
    assert (kept.found, bool(kept.stale)) == (0, True)


RULES = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
<#M> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "http://e.org/{kind}" ; rr:class <http://e.org/C> ] ;
  rr:predicateObjectMap [ rr:predicate <http://e.org/name> ; rr:objectMap [ rr:column "name" ] ] .
"""
RUN = """
import os, signal, sys
from pathlib import Path
from tests.mapping.test_output_kept import written
written(Path(sys.argv[1]), 9)
"""


def written(folder: Path, cut: int) -> int:
    """Map into a packed file, and be killed at a chunk; the number of parts that were there."""
    plan, options = read_rules(folder / "m.ttl"), Options(batch_rows=500)
    kept = Kept(folder / "o.nt.gz.parts", run_digest(plan, options, [folder / "t.csv"]), OutputLimits(part_bytes=60_000))
    run = map_source(plan, folder / "t.csv", options=options)

    def cut_off() -> Iterator[Chunk]:
        for number, chunk in enumerate(run.chunks(kept)):
            if number == cut:
                os.kill(os.getpid(), signal.SIGKILL)
            yield chunk

    with RdfFile(folder / "o.nt.gz", Form("ntriples", "gzip")) as file:
        write_targets(cut_off(), plan, folder, default=file)
    return kept.found


def test_a_killed_run_goes_on_and_the_file_is_the_same_to_the_byte(tmp_path: Path) -> None:
    folders = [tmp_path / "whole", tmp_path / "killed"]
    rows = "".join(f"{number % 700},name {number % 4000}\n" for number in range(10_000))
    for folder in folders:
        folder.mkdir()
        (folder / "m.ttl").write_text(RULES)
        (folder / "t.csv").write_text("kind,name\n" + rows)
    assert written(folders[0], -1) == 0
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", RUN, str(folders[1])], cwd=root, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not (folders[1] / "o.nt.gz").exists()
    assert written(folders[1], -1) > 2
    assert (folders[0] / "o.nt.gz").read_bytes() == (folders[1] / "o.nt.gz").read_bytes()
