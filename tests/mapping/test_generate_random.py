"""A generated mapping runs as it is, whatever the columns are called, and says every cell: round trips over random tables."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rdflib import Graph, Namespace
from rdflib.collection import Collection

from earthweave.mapping import draft, map_source, read_rules
from earthweave.ontology import GEO, RDF

BASE = "http://example.org/data/"
SH = Namespace("http://www.w3.org/ns/shacl#")
ODD = ["select", "SELECT", "Straße", "año", "a b", "{x}", "}", "\\", '"', '"q"', "a'b", "1st", "a.b", "a/b", "a#b", "%20", "<x>", "[0]",
       "`t`", "gid", "fid", "id", "ID", "Id", "type",
       "is3D", "rows_concept", "is3D_", "the_geom", "geometry", "*", "@id", "ns:x", "日本", "  ", "x\ty"]
names = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)).filter(
    lambda name: not name.startswith("$")
)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=6)
ROUND: Any = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: Callable[..., Any], key: Callable[[str], str] = str) -> tuple[list[str], list[list[str | None]]]:
    columns = draw(st.lists(names, min_size=1, max_size=5, unique_by=key))
    value = st.one_of(st.none(), texts, st.sampled_from(["7", "1.5", "2020-01-02", "true"]))
    row = st.lists(value, min_size=len(columns), max_size=len(columns))
    return columns, draw(st.lists(row, min_size=1, max_size=6).filter(lambda rows: any(one is not None for row in rows for one in row)))


def cells(columns: list[str], rows: list[list[str | None]]) -> set[frozenset[tuple[str, str]]]:
    """What each row says, without the order of the rows."""
    said = {frozenset((name, value) for name, value in zip(columns, row, strict=True) if value is not None) for row in rows}
    return said


def found(source: Path, **wishes: Any) -> set[frozenset[tuple[str, str]]]:
    """What each subject says by the mapping, predicates being named by the shapes."""
    written = draft(source, base=BASE, **wishes)
    run = map_source(read_rules(written.mapping), source)
    said: dict[str, set[tuple[str, str]]] = {}
    columns = dict(_paths(Graph().parse(data=written.shapes, format="turtle")))
    for quad in pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS):
        if quad.predicate.value in columns:
            said.setdefault(str(quad.subject), set()).add((columns[quad.predicate.value], quad.object.value))
        elif quad.predicate == pyoxigraph.NamedNode(str(RDF.type)) and quad.object.value != str(GEO.Geometry):
            said.setdefault(str(quad.subject), set())
    assert run.report.skipped == 0, run.report.problems
    return {frozenset(values) for values in said.values()}


def _paths(shapes: Graph) -> Iterator[tuple[str, str]]:
    for shape, name in shapes.subject_objects(SH.name):
        yield str(shapes.value(shape, SH.path)), str(name)


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


@pytest.mark.parametrize("dialect", ["r2rml", "rml"])
@ROUND
@given(table=tables())
@example(table=(["a", "A", "a_"], [["1", "2", None], [None, "", "x"]]))
@example(table=(["$x y", "rows", "rows_concept"], [["1", "2", "3"]]))
def test_text_tables(dialect: Literal["r2rml", "rml"], table: tuple[list[str], list[list[str | None]]]) -> None:
    columns, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        lines = [columns, *(row for row in rows if len(columns) > 1 or row[0] is not None)]
        path.write_text("".join(",".join(map(_quoted, line)) + "\n" for line in lines), "utf-8", newline="")
        # under rml:CSV and rml:null "" a quoted empty text is no value either
        there = lines[1:] if dialect == "r2rml" else [[value or None for value in row] for row in lines[1:]]
        assert found(path, dialect=dialect) == cells(columns, there)


@ROUND
@given(table=tables())
def test_parquet(table: tuple[list[str], list[list[str | None]]]) -> None:
    columns, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(columns))]
        pq.write_table(pa.Table.from_arrays(arrays, names=columns), path)
        assert found(path) == cells(columns, rows)


@ROUND
@given(table=tables(key=str.casefold))
def test_databases(table: tuple[list[str], list[list[str | None]]]) -> None:
    columns, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.sqlite"
        quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
        connection = sqlite3.connect(path)
        connection.execute(f"CREATE TABLE \"My rows\" ({', '.join(name + ' TEXT' for name in quoted)})")
        connection.executemany(f"INSERT INTO \"My rows\" VALUES ({', '.join('?' * len(columns))})", rows)
        connection.commit()
        connection.close()
        assert found(path) == cells(columns, rows)


@ROUND
@given(table=tables())
def test_json(table: tuple[list[str], list[list[str | None]]]) -> None:
    columns, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        path.write_text(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]), "utf-8")
        said = found(path)
        assert {frozenset(value for _, value in row) for row in said} == {
            frozenset(value for _, value in row) for row in cells(columns, rows)
        }


def test_a_column_that_would_be_a_variable_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,$name,\n1,x,y\n2,y,z\n")
    text = draft(tmp_path / "t.csv", base=BASE).mapping
    assert "# Column '$name' is left out" in text
    assert "# Column '' is left out" in text
    assert len(set(map_source(read_rules(text), tmp_path / "t.csv"))) > 0


def test_shared_shapes_list_is_well_formed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("n,kind\n" + "".join(f"{row},{'ab'[row % 2]}\n" for row in range(40)))
    shapes = Graph().parse(data=draft(tmp_path / "t.csv", base=BASE).shapes, format="turtle")
    allowed = [list(map(str, Collection(shapes, node))) for node in shapes.objects(None, SH["in"])]
    assert allowed == [[f"{BASE}t/code/kind/a", f"{BASE}t/code/kind/b"]]
