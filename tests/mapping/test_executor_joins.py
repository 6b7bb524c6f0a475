"""Joins, tables of terms, resuming and targets of the columnar executor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.mapping import Options, map_source
from earthweave.mapping.columnar import Part, nested_parent
from earthweave.mapping.plan import (
    RRXF,
    Call,
    Condition,
    Constant,
    FileAccess,
    Join,
    Kind,
    LogicalSource,
    Plan,
    PredicateObjects,
    Reference,
    Report,
    Root,
    Template,
    TermMap,
    TriplesMap,
    View,
)
from earthweave.mapping.sources import Opener, Place, Source
from earthweave.ontology import GEO, MappingError
from earthweave.ontology.geometry import relate

IN = TermMap(Constant("http://e.org/in"), Kind.IRI)
Folders = Callable[[str], Path]
RELATIONS = st.sampled_from(["Contains", "Within", "Touches", "Overlaps", "Disjoint"])
SHAPES = st.builds(shapely.box, *[st.integers(0, 3)] * 2, *[st.integers(4, 6)] * 2) | st.builds(shapely.Point, *[st.integers(0, 6)] * 2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A new folder for every example."""
    return tmp_path_factory.mktemp


def _template(start: str, name: str, **more: Any) -> TermMap:
    return TermMap(Template((start, Reference(name))), Kind.IRI, **more)


def _table(folder: Path, name: str, columns: dict[str, Sequence[Any]]) -> LogicalSource:
    from pyarrow import csv

    csv.write_csv(pa.table({key: pa.array(values, pa.string()) for key, values in columns.items()}), folder / name)
    return LogicalSource(access=FileAccess(name, Root.GIVEN, str(folder)))


def _plan(child: LogicalSource, parent: LogicalSource, *conditions: Condition) -> Plan:
    statements = (PredicateObjects((IN,), (Join("<#P>", conditions),)),)
    maps = (TriplesMap("<#C>", 0, child, _template("http://e.org/c/", "id"), statements=statements),
            TriplesMap("<#P>", 0, parent, _template("http://e.org/p/", "id")))
    return Plan("test", "http://e.org/", maps)


def _pairs(plan: Plan, folder: Path, **options: Any) -> list[tuple[str, str]]:
    found = b"".join(map_source(plan, working=folder, options=Options(**options))).decode().splitlines()
    return sorted((line.split()[0][16:-1], line.split()[2][16:-1]) for line in found)


texts = st.lists(st.sampled_from(["a", "b", "é", "a b"]) | st.none(), max_size=6)


@settings(deadline=None, max_examples=60)
@given(texts, texts)
def test_equal_texts_are_joined_and_null_equals_nothing(folders: Folders, child: list[Any], parent: list[Any]) -> None:
    folder = folders("join")
    left = _table(folder, "c.csv", {"id": [f"{n}" for n in range(len(child))], "k": child})
    right = _table(folder, "p.csv", {"id": [f"{n}" for n in range(len(parent))], "k": parent})
    expected = [(f"{a}", f"{b}") for a, one in enumerate(child) for b, other in enumerate(parent) if one is not None and one == other]
    assert _pairs(_plan(left, right, Condition(Reference("k"), Reference("k"))), folder, batch_rows=2) == sorted(expected)


@settings(deadline=None, max_examples=60)
@given(st.lists(SHAPES, max_size=5), st.lists(SHAPES, max_size=5), RELATIONS)
def test_places_are_joined_by_their_relation(folders: Folders, child: list[Any], parent: list[Any], name: str) -> None:
    folder = folders("near")
    left = _table(folder, "c.csv", {"id": [f"{n}" for n in range(len(child))], "g": [one.wkt for one in child]})
    right = _table(folder, "p.csv", {"id": [f"{n}" for n in range(len(parent))], "g": [one.wkt for one in parent]})
    held = Condition(Reference("g"), Reference("g"), f"{RRXF}sf{name}")
    expected = [(f"{a}", f"{b}") for a, one in enumerate(child) for b, other in enumerate(parent) if relate(f"sf{name}", one, other)]
    assert _pairs(_plan(left, right, held), folder) == sorted(expected)
    assert _pairs(_plan(left, right, Condition(Reference("g"), Reference("g"), RRXF + name.lower())), folder) == sorted(expected)


def test_all_conditions_must_hold(tmp_path: Path) -> None:
    left = _table(tmp_path, "c.csv", {"id": ["1", "2"], "k": ["a", "a"], "v": ["1", "5"]})
    right = _table(tmp_path, "p.csv", {"id": ["3", "4"], "k": ["a", "b"], "v": ["2", "2"]})
    equal, greater = Condition(Reference("k"), Reference("k")), Condition(Reference("v"), Reference("v"), RRXF + "greaterThan")
    assert _pairs(_plan(left, right, equal, greater), tmp_path) == [("2", "3")]
    assert _pairs(_plan(left, right, greater), tmp_path) == [("2", "3"), ("2", "4")]


def test_a_function_that_gives_a_number_is_no_condition(tmp_path: Path) -> None:
    both = _table(tmp_path, "c.csv", {"id": ["1"], "g": ["POINT (1 1)"]})
    with pytest.raises(MappingError, match="<#C>"):
        _pairs(_plan(both, both, Condition(Reference("g"), Reference("g"), RRXF + "distance")), tmp_path)


def test_a_join_without_conditions_is_the_same_row(tmp_path: Path) -> None:
    both = _table(tmp_path, "c.csv", {"id": ["1", "2"]})
    assert _pairs(_plan(both, both), tmp_path) == [("1", "1"), ("2", "2")]
    other = _table(tmp_path, "p.csv", {"id": ["1"]})
    with pytest.raises(MappingError, match="<#C>") as caught:
        _pairs(_plan(both, other), tmp_path)
    assert "another source" in caught.value.why


def test_bad_rows_of_the_parent_are_nobodys_parent(tmp_path: Path) -> None:
    left = _table(tmp_path, "c.csv", {"id": ["1"], "g": ["POINT (1 1)"]})
    right = _table(tmp_path, "p.csv", {"id": ["3", "4"], "g": ["POINT (1 1)", "nonsense"]})
    held = Condition(Reference("g"), Reference("g"), RRXF + "sfEquals")
    assert _pairs(_plan(left, right, held), tmp_path) == [("1", "3")]
    with pytest.raises(MappingError, match="row 2"):
        _pairs(_plan(left, right, held), tmp_path, on_error="fail")


def test_a_nested_parent_is_told(tmp_path: Path) -> None:
    both = _table(tmp_path, "c.csv", {"id": ["1"], "k": ["a"]})
    plan = _plan(both, both, Condition(Reference("k"), Reference("k")))
    opener = Opener(Place(working=tmp_path), Options())
    assert nested_parent(plan, plan.triples_maps, opener) == ""
    view = replace(plan.triples_maps[1], source=View("v", both, ()))
    nested = replace(plan, triples_maps=(plan.triples_maps[0], view))
    assert "<#P>" in nested_parent(nested, nested.triples_maps[:1], opener)


# -- tables, resuming, targets

WKT = TermMap(Call(RRXF + "asWKT", (Reference("g"),)), Kind.LITERAL, datatype=str(GEO.wktLiteral))


def _part(table: Any, *objects: TermMap, subject: TermMap | None = None, graphs: tuple[TermMap, ...] = (), **options: Any) -> Part:
    statements = (PredicateObjects((IN,), objects),)
    logical = LogicalSource("t")
    one = TriplesMap("<#M>", 0, logical, subject or _template("http://e.org/", "id"), (), graphs, statements)
    opener = Opener(Place(table), Options(**options))
    source = opener(logical)
    assert isinstance(source, Source)
    return Part(Plan("test", "http://e.org/", (one,)), source, (one,), opener, Options(**options))


TABLE = pa.table({
    "id": [1, 2, 3], "g": ["POINT (1 2)", None, "POLYGON ((0 0, 1 0, 1 1, 0 0))"], "t": ['a "b"\n', "c", None], "l": ["en", None, "de"],
})  # fmt: skip


def test_term_columns_say_what_the_lines_say() -> None:
    tagged = TermMap(Reference("t"), Kind.LITERAL, language_map=Reference("l"))
    objects = (*(TermMap(Reference(name), Kind.LITERAL) for name in ("t", "id")), TermMap(Reference("id"), Kind.BLANK), WKT, tagged)
    graphs = (_template("http://e.org/g/", "t"), TermMap(Constant(""), Kind.IRI))
    rows = [row for batch in _part(TABLE, *objects, graphs=graphs).tables(Report()) for row in batch.to_pylist()]
    lines = b"".join(chunk.data for chunk in _part(TABLE, *objects, graphs=graphs).chunks(Report())).decode().split(" .\n")[:-1]
    assert sorted(map(_line, rows)) == sorted(lines)
    assert {row["object"]: shapely.from_wkb(row["wkb"]).wkt for row in rows if row["wkb"]} == {
        text: text for text in TABLE["g"].to_pylist() if text
    }


def test_what_is_the_same_for_all_rows_is_one_row_of_the_table() -> None:
    constant = TermMap(Constant("http://e.org/s"), Kind.IRI)
    report = Report()
    rows = [row for batch in _part(TABLE, constant, subject=constant, batch_rows=1).tables(report) for row in batch.to_pylist()]
    assert [(row["subject"], row["object"]) for row in rows] == [("http://e.org/s", "http://e.org/s")]
    assert (report.rows, report.quads) == (3, 1)


def _line(row: dict[str, Any]) -> str:
    value = f"<{row['object']}>" if row["object_type"] == "iri" else row["object"]
    if row["object_type"] == "literal":
        suffix = f"@{row['language']}" if row["language"] else f"^^<{row['datatype']}>" if row["datatype"] else ""
        value = '"' + row["object"].replace('"', '\\"').replace("\n", "\\n") + '"' + suffix
    return f"<{row['subject']}> <{row['predicate']}> {value}{' <' + row['graph'] + '>' if row['graph'] else ''}"


@pytest.mark.parametrize("skip", range(5))
@pytest.mark.parametrize("rows", [1, 2, 10])
def test_resuming_leaves_out_whole_rows(skip: int, rows: int) -> None:
    whole = [chunk.data for chunk in _part(TABLE, TermMap(Reference("gid"), Kind.LITERAL), batch_rows=1).chunks(Report())]
    report = Report()
    rest = b"".join(chunk.data for chunk in _part(TABLE, TermMap(Reference("gid"), Kind.LITERAL), batch_rows=rows).chunks(report, skip))
    assert rest == b"".join(whole[skip:])
    assert report.rows == max(0, 3 - skip)


def test_statements_go_to_the_targets_of_all_their_terms() -> None:
    here, there = TermMap(Reference("id"), Kind.LITERAL, targets=("here",)), TermMap(Reference("t"), Kind.LITERAL)
    subject = _template("http://e.org/", "id", targets=("all",))
    chunks = list(_part(TABLE, here, there, subject=subject).chunks(Report()))
    assert {chunk.targets: chunk.count for chunk in chunks} == {("all", "here"): 3, ("all",): 2}


def test_a_bad_value_is_left_out_and_its_row_stays() -> None:
    table = pa.table({"id": ["1", "2"], "n": ["7", "x"], "t": ["a", "b"]})
    number = TermMap(Reference("n"), Kind.LITERAL, datatype="http://www.w3.org/2001/XMLSchema#integer")
    report = Report()
    part = _part(table, number, TermMap(Reference("t"), Kind.LITERAL), on_error="null")
    data = b"".join(one.data for one in part.chunks(report)).decode()
    assert [line.split('"')[1] for line in data.splitlines()] == ["7", "a", "b"]
    assert (report.rows, report.skipped, [one.row for one in report.problems]) == (2, 0, [2])
