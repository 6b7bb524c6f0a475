"""Logical targets: a file each, every statement once in each, all of them or none; what is no file, or lies elsewhere, is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earthweave.mapping.output import Form, RdfFile, target_forms, write_targets
from earthweave.mapping.plan import Chunk, Plan, Root, Target
from earthweave.ontology import EarthweaveError, ForbiddenError, MappingError, UnsupportedError

LINE = b"<http://e.org/%b> <http://e.org/p> <http://e.org/o> .\n"
GRAPH = b"<http://e.org/a> <http://e.org/p> <http://e.org/o> <http://e.org/g> .\n"


def _plan(*targets: Target, folder: str = "") -> Plan:
    return Plan("m.ttl", "", (), targets=targets, folder=folder)


def _chunk(name: bytes, *targets: str) -> Chunk:
    return Chunk(LINE % name, 1, targets)


def test_statements_go_to_all_their_targets_and_to_each_once(tmp_path: Path) -> None:
    plan = _plan(Target("one", "./one.nt", serialization="N-Triples"), Target("two", "file:two%20words.ttl", serialization="Turtle"))
    chunks = [_chunk(b"a"), _chunk(b"b", "one"), _chunk(b"b", "one", "two"), _chunk(b"c", "", "two"), _chunk(b"a"), _chunk(b"d", "unknown")]
    with RdfFile(tmp_path / "rest.nq", Form()) as file:
        written = write_targets(chunks, plan, tmp_path, default=file)
    assert (tmp_path / "rest.nq").read_bytes() == LINE % b"a" + LINE % b"c"
    assert (tmp_path / "one.nt").read_bytes() == LINE % b"b"
    assert (tmp_path / "two words.ttl").read_text().split() == [
        *(LINE % b"b").decode().split(), *(LINE % b"c").decode().split(),
    ]
    assert (written.statements, written.repeated) == (5, 2)
    assert written.files == {"one": tmp_path / "one.nt", "two": tmp_path / "two words.ttl"}


def test_without_a_default_output_such_statements_are_dropped(tmp_path: Path) -> None:
    written = write_targets([_chunk(b"a"), _chunk(b"b", "one")], _plan(Target("one", "one.nq")), tmp_path)
    assert (written.statements, [path.name for path in tmp_path.iterdir()]) == (1, ["one.nq"])


def test_the_root_says_where(tmp_path: Path) -> None:
    mapping, working = tmp_path / "mapping", tmp_path / "working"
    for folder in (mapping / "in", working):
        folder.mkdir(parents=True)
    plan = _plan(
        Target("m", "in/m.nq", Root.MAPPING), Target("w", "w.nq", Root.WORKING), Target("g", "g.nq", Root.GIVEN, str(mapping / "in")),
        folder=str(mapping),
    )
    found = {name: path for name, (path, _) in target_forms(plan, working).items()}
    assert found == {"m": mapping / "in/m.nq", "w": working / "w.nq", "g": mapping / "in/g.nq"}


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (Target("t", "http://localhost/sparql"), UnsupportedError),
        (Target("t", "x.nq", mode="sd:Service"), UnsupportedError),
        (Target("t", ""), UnsupportedError),
        (Target("t", "x", serialization="RDFa"), UnsupportedError),
        (Target("t", "x", compression="rar"), UnsupportedError),
        (Target("t", "x", encoding="latin-1"), UnsupportedError),
        (Target("t", "../x.nq"), ForbiddenError),
        (Target("t", "/etc/x.nq"), ForbiddenError),
        (Target("t", "file:///etc/x.nq"), ForbiddenError),
        (Target("t", "x.nq", Root.GIVEN, "/etc"), ForbiddenError),
    ],
)
def test_what_cannot_be_written_is_told_before_the_first_row(target: Target, error: type[EarthweaveError], tmp_path: Path) -> None:
    def rows() -> Iterator[Chunk]:
        raise AssertionError("a row was read")
        yield

    (tmp_path / "in").mkdir()
    with pytest.raises(error) as caught:
        write_targets(rows(), _plan(replace(target)), tmp_path / "in")
    assert caught.value.way_out
    assert [one.name for one in tmp_path.rglob("*")] == ["in"]


def test_all_files_appear_or_none(tmp_path: Path) -> None:
    (tmp_path / "one.nq").write_text("as before")
    plan = _plan(Target("one", "one.nq"), Target("two", "two.ttl", serialization="Turtle"))
    with pytest.raises(MappingError, match="cannot be written as turtle"):
        write_targets([_chunk(b"a", "one"), Chunk(GRAPH, 1, ("two",))], plan, tmp_path)
    assert (tmp_path / "one.nq").read_text() == "as before"
    assert [path.name for path in tmp_path.iterdir()] == ["one.nq"]
