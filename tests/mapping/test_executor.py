"""The columnar executor against a row-by-row oracle, and on rows that are hard: NULLs, odd names, bad values, bad geometries."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyoxigraph
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad
from rdflib import URIRef as RdflibIri

from earthweave.mapping import (
    Constant,
    Kind,
    LogicalSource,
    Options,
    Plan,
    PredicateObjects,
    Reference,
    Template,
    TermMap,
    TriplesMap,
    map_source,
    read_rules,
)
from earthweave.mapping.values import double_text, iri_safe
from earthweave.ontology import GEO, MappingError, NotFoundError, ProductError, UnsupportedError

XSD = "http://www.w3.org/2001/XMLSchema#"
SCHEMA = pa.schema([
    ("id", pa.int64()), ("text", pa.string()), ("a{b}c", pa.large_string()), ("number", pa.float64()), ("flag", pa.bool_()),
    ("day", pa.date32()), ("moment", pa.timestamp("ms", tz="UTC")), ("code", pa.dictionary(pa.int32(), pa.string())),
])  # fmt: skip
NAMES = [name for name in SCHEMA.names]

# -- a second way to the same result, one row at a time, that shares no code with the product


def natural(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return ("true" if value else "false"), XSD + "boolean"
    if isinstance(value, int):
        return str(value), XSD + "integer"
    if isinstance(value, float):
        return canonical(value), XSD + "double"
    if isinstance(value, dt.datetime):
        text = value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
        return text.rjust(len(text)) + "Z", XSD + "dateTime"
    if isinstance(value, dt.date):
        return value.isoformat(), XSD + "date"
    return str(value), XSD + "string"


def canonical(number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        return {"inf": "INF", "-inf": "-INF", "nan": "NaN"}[str(number)]
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "-0.0E0" if sign else "0.0E0"
    return f"{'-' if sign else ''}{text[0]}.{text[1:].rstrip('0') or '0'}E{exponent + len(text) - 1}"


def encoded(text: str) -> str:
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(one if one in unreserved or ucschar(ord(one)) else "".join(f"%{byte:02X}" for byte in one.encode()) for one in text)


def ucschar(point: int) -> bool:
    ranges = [(0xA0, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFEF), *((plane * 0x10000, plane * 0x10000 + 0xFFFD) for plane in range(1, 14))]
    return any(low <= point <= high for low, high in [*ranges, (0xE1000, 0xEFFFD)])


def term(one: TermMap, row: dict[str, Any]) -> Any:
    expression = one.expression
    if isinstance(expression, Constant):
        return NamedNode(expression.text) if one.kind is Kind.IRI else Literal(expression.text)
    parts = expression.parts if isinstance(expression, Template) else (expression,)
    values = [part if isinstance(part, str) else row[part.name] for part in parts]
    if any(value is None for value in values):
        return None
    raw = [value if isinstance(part, str) else natural(value)[0] for part, value in zip(parts, values, strict=True)]
    if one.kind is Kind.IRI:
        return NamedNode("".join(text if isinstance(part, str) else encoded(text) for part, text in zip(parts, raw, strict=True)))
    if one.kind is Kind.BLANK:
        return BlankNode("b" + "".join(raw).encode().hex())
    datatype = natural(values[0])[1] if isinstance(expression, Reference) else XSD + "string"
    if one.language:
        return Literal("".join(raw), language=one.language)
    return Literal("".join(raw), datatype=NamedNode(one.datatype or datatype))


def oracle(plan: Plan, rows: list[dict[str, Any]]) -> Iterator[Quad]:
    for row in rows:
        for one in plan.triples_maps:
            subject = term(one.subject, row)
            pairs = [(p, o, each.graphs) for each in one.statements for p in each.predicates for o in each.objects]
            kind = TermMap(Constant("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), Kind.IRI)
            pairs += [(kind, TermMap(Constant(iri), Kind.IRI), ()) for iri in one.classes]
            for p, o, graphs in pairs:
                for graph in [term(g, row) for g in (*one.graphs, *graphs)] or [DefaultGraph()]:
                    found = (subject, term(p, row), term(o, row), graph)
                    if None not in found:
                        yield Quad(*found)


# -- generated mappings and rows

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
columns = st.sampled_from(NAMES).map(Reference)
START = "http://example.org/x/"
templates = st.lists(st.one_of(columns, st.sampled_from(["/", "a", "é/"])), max_size=3).map(lambda parts: Template((START, *parts)))
iris = st.one_of(templates, st.just(Constant("http://example.org/c"))).map(lambda one: TermMap(one, Kind.IRI))
blanks = st.one_of(templates, columns).map(lambda one: TermMap(one, Kind.BLANK))
literals = st.one_of(
    columns.map(lambda one: TermMap(one, Kind.LITERAL)),
    columns.map(lambda one: TermMap(one, Kind.LITERAL, language="en-GB")),
    st.sampled_from(["text", "code"]).map(lambda one: TermMap(Reference(one), Kind.LITERAL, datatype="http://example.org/type")),
    templates.map(lambda one: TermMap(one, Kind.LITERAL)),
    texts.map(lambda one: TermMap(Constant(one), Kind.LITERAL)),
)
graphs = st.lists(iris, max_size=1).map(tuple)
predicates = st.lists(iris, min_size=1, max_size=2).map(tuple)
objects = st.lists(literals | iris | blanks, min_size=1, max_size=2).map(tuple)
statements = st.builds(PredicateObjects, predicates, objects, graphs)
triples_maps = st.builds(
    TriplesMap, name=st.just("<#m>"), line=st.just(0), source=st.just(LogicalSource("t")), subject=st.one_of(iris, blanks),
    classes=st.sampled_from([(), ("http://example.org/C",)]), graphs=graphs, statements=st.lists(statements, max_size=3).map(tuple),
)
plans = st.lists(triples_maps, min_size=1, max_size=2).map(lambda maps: Plan("generated", "http://example.org/base/", tuple(maps)))
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda one: one.replace(microsecond=one.microsecond // 1000 * 1000, tzinfo=dt.UTC)
)
rows = st.fixed_dictionaries({
    "id": st.integers(-(2**63), 2**63 - 1), "text": texts | st.none(), "a{b}c": texts | st.none(), "number": st.floats() | st.none(),
    "flag": st.booleans() | st.none(), "day": st.dates(dt.date(1000, 1, 1)) | st.none(), "moment": moments | st.none(),
    "code": texts | st.none(),
})  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(plans, st.lists(rows, max_size=5))
def test_columns_give_what_rows_give(plan: Plan, table: list[dict[str, Any]]) -> None:
    run = map_source(plan, pa.Table.from_pylist(table, SCHEMA), options=Options(batch_rows=2))
    # blank node labels are kept, so the sets may be compared as they are
    found = set(pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS))
    assert found == set(oracle(plan, table))
    assert run.report.rows == len(table)
    assert run.report.problems == []


@given(st.lists(texts | st.none(), max_size=6))
def test_percent_encoding_is_that_of_the_reference(values: list[str | None]) -> None:
    expected = [None if one is None else encoded(one) for one in values]
    assert iri_safe(pa.array(values, pa.string())).to_pylist() == expected
    assert all(RdflibIri("http://e.org/" + one).n3() for one in expected if one)


@given(st.lists(st.floats() | st.none(), max_size=6))
def test_doubles_are_canonical(values: list[float | None]) -> None:
    found = double_text(pa.array(values, pa.float64())).to_pylist()
    assert found == [None if one is None else canonical(one) for one in values]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_survives_as_a_literal(values: list[str]) -> None:
    run = map_source(read_rules(_rule('rr:column "v"')), pa.table({"v": pa.array(values, pa.string())}))
    found = list(pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS))
    assert [quad.object.value for quad in found] == values


# -- hard rows

PREFIXES = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def _rule(value: str, subject: str = 'rr:template "http://e.org/{gid}"') -> str:
    return f"""{PREFIXES}
<#m> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ {subject} ] ;
    rr:predicateObjectMap [ rr:predicate <http://e.org/p> ; rr:objectMap [ {value} ] ] .
"""


WKT = _rule('rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rr:column "the_geom" ] )')


def _lines(text: str, source: Any, **options: Any) -> tuple[list[str], Any]:
    run = map_source(read_rules(text), source, options=Options(**options))
    return b"".join(run).decode().splitlines(), run.report


def test_null_makes_no_statement_and_empty_text_does() -> None:
    lines, report = _lines(_rule('rr:column "v"'), pa.table({"v": ["a", None, ""]}))
    assert lines == ['<http://e.org/1> <http://e.org/p> "a" .', '<http://e.org/3> <http://e.org/p> "" .']
    assert (report.rows, report.skipped, report.quads) == (3, 0, 2)


def test_statements_that_are_the_same_for_all_rows_are_written_once() -> None:
    text = _rule("rr:constant 1", "rr:constant <http://e.org/s>")
    lines, report = _lines(text, pa.table({"v": list(range(20))}), batch_rows=3)
    assert (len(lines), report.quads, report.rows) == (1, 1, 20)
    assert _lines(text, pa.table({"v": pa.array([], pa.int64())}))[0] == []


@pytest.mark.parametrize(
    ("values", "datatype", "kept", "reason"),
    [
        (["7", "seven", None, "8"], "integer", ["7", "8"], "no integer"),
        ([7.0, 7.5, None, float("nan")], "integer", ["7"], "no integer"),
        (["2021-03-15", "15.3.2021"], "date", ["2021-03-15"], "no date"),
        (["true", "yes"], "boolean", ["true"], "no boolean"),
    ],
)
def test_values_that_are_no_form_of_their_datatype_are_reported(values: list[Any], datatype: str, kept: list[str], reason: str) -> None:
    lines, report = _lines(_rule(f'rr:column "v" ; rr:datatype xsd:{datatype}'), pa.table({"v": values}))
    assert [line.split('"')[1] for line in lines] == kept
    assert report.skipped == len([one for one in values if one is not None]) - len(kept)
    assert all(reason in problem.reason and problem.key == f"http://e.org/{problem.row}" for problem in report.problems)
    with pytest.raises(MappingError, match="table, row 2"):
        _lines(_rule(f'rr:column "v" ; rr:datatype xsd:{datatype}'), pa.table({"v": values}), on_error="fail")


def test_a_run_fails_at_the_row_it_names() -> None:
    plan = read_rules(_rule('rr:column "v" ; rr:datatype xsd:integer'))
    run = map_source(plan, pa.table({"v": ["1", "x"]}), options=Options(on_error="fail", batch_rows=1))
    with pytest.raises(MappingError, match="row 2"):
        list(run)


def test_a_value_that_is_no_iri_is_reported() -> None:
    lines, report = _lines(_rule('rr:column "v" ; rr:termType rr:IRI'), pa.table({"v": ["http://e.org/a", "b", "c d", "<x>"]}))
    assert [line.split("> <")[-1] for line in lines] == ["http://e.org/a> .", "https://w3id.org/earthweave/id/b> ."]
    assert [problem.row for problem in report.problems] == [3, 4]


def test_the_report_counts_all_and_lists_the_first() -> None:
    lines, report = _lines(_rule('rr:column "v" ; rr:datatype xsd:integer'), pa.table({"v": ["x"] * 50}), kept_problems=7, batch_rows=20)
    assert lines == []
    assert (report.skipped, len(report.problems), sum(report.reasons.values())) == (50, 7, 50)


def test_bad_wkb_is_reported_and_the_run_goes_on(tmp_path: Path) -> None:
    one, two, far = (shapely.to_wkb(shapely.Point(*xy)) for xy in ((1, 2), (3, 4), (np.inf, 4)))
    blobs = [one, b"\x01\x02broken", None, two, far]
    _geoparquet(tmp_path / "bad.parquet", blobs)
    lines, report = _lines(WKT, tmp_path / "bad.parquet")
    assert [line.split('"')[1] for line in lines] == ["POINT (1 2)", "POINT (3 4)"]
    assert [(one.row, one.reason.split()[1]) for one in report.problems] == [(2, "geometry"), (5, "coordinate")]
    assert (report.rows, report.skipped) == (5, 2)


def _geoparquet(path: Path, blobs: list[bytes | None]) -> None:
    meta = '{"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}'
    table = pa.table({"geometry": pa.array(blobs, pa.binary())}).replace_schema_metadata({"geo": meta})
    pq.write_table(table, path)


def test_texts_that_are_not_utf8_are_reported(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("id,name\n1,Žut\n2,M\xfcnchen\n".encode().replace("\xfc".encode(), b"\xfc"))
    lines, report = _lines(_rule('rr:column "name"'), tmp_path / "latin.csv")
    assert [line.split('"')[1] for line in lines] == ["Žut"]
    assert [(one.row, one.reason) for one in report.problems] == [(2, "a text that is not UTF-8")]


def test_lines_with_too_many_fields_are_reported(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n1,2\n3,4,5\n6,"seven\neight"\n')
    lines, report = _lines(_rule('rr:column "b"'), tmp_path / "t.csv")
    assert [line.split('"')[1] for line in lines] == ["2", "seven\\neight"]
    assert [(one.row, one.reason) for one in report.problems] == [(3, "3 fields where the header has 2")]
    assert (report.rows, report.skipped) == (3, 1)


@pytest.mark.parametrize(
    ("text", "options"),
    [("a;b\n1;x\n", {}), ("a\tb\n1\tx\n", {}), ("\ufeffa,b\n1,x\n", {}), ("a#b\n1#x\n", {"delimiter": "#"})],
)
def test_delimiters_and_byte_order_marks(tmp_path: Path, text: str, options: dict[str, str]) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    lines, _ = _lines(_rule('rr:template "{a}-{b}" ; rr:termType rr:Literal'), tmp_path / "t.csv", **options)
    assert lines == ['<http://e.org/1> <http://e.org/p> "1-x" .']


def test_an_empty_field_is_null_and_a_quoted_one_is_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n1,\n2,""\n')
    assert _lines(_rule('rr:column "b"'), tmp_path / "t.csv")[0] == ['<http://e.org/2> <http://e.org/p> "" .']


def test_awkward_column_names(tmp_path: Path) -> None:
    names = ['with "quotes"', "braces {x}", "back\\slash", "ünï", "a b", "$"]
    table = pa.table({name: [str(index)] for index, name in enumerate(names)})
    for index, name in enumerate(names[:5]):
        template = name.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
        for value in (f'rr:column {_turtle(name)}', f'rr:template {_turtle("{" + template + "}")} ; rr:termType rr:Literal'):
            assert _lines(_rule(value), table)[0] == [f'<http://e.org/1> <http://e.org/p> "{index}" .']


def _turtle(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- sources


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".fgb", ".gml", ".kml", ".parquet"])
def test_every_vector_format_gives_the_same(layer: Callable[..., Path], tmp_path: Path, suffix: str) -> None:
    import geopandas

    frame = geopandas.read_file(layer({"name": ["é", "b"]}, [shapely.Point(1, 2), shapely.Point(3.25, 4)]))
    path = tmp_path / f"t{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_file(path, driver="KML" if suffix == ".kml" else None)
    (tmp_path / "t.xsd").unlink(missing_ok=True)  # GDAL would leave a .gfs beside GML that has no schema
    before = sorted(one.name for one in tmp_path.iterdir())
    lines, _ = _lines(WKT, path)
    # FlatGeobuf sorts features along a space-filling curve
    assert sorted(line.split('"')[1] for line in lines) == ["POINT (1 2)", "POINT (3.25 4)"]
    assert sorted(line.split('"')[1] for line in _lines(_rule('rr:column "name"'), path)[0]) == ["b", "é"]
    assert sorted(one.name for one in tmp_path.iterdir()) == before


def test_a_layer_is_chosen_by_the_mapping_the_option_or_because_it_is_the_only_one(layer: Callable[..., Path]) -> None:
    path = layer({"v": [1]}, [shapely.Point(1, 2)], name="two.gpkg")
    pyogrio.write_dataframe(pyogrio.read_dataframe(path).assign(v=2), path, layer="other", append=True)
    assert '"1"' in _lines(_rule('rr:column "v"').replace('"t"', '"two"'), path)[0][0]
    assert '"2"' in _lines(_rule('rr:column "v"'), path, layer="other")[0][0]
    with pytest.raises(NotFoundError) as caught:
        _lines(_rule('rr:column "v"'), path)
    assert "two, other" in caught.value.why


def test_a_virtual_format_under_another_suffix_is_refused(tmp_path: Path) -> None:
    virtual = "<OGRVRTDataSource><OGRVRTLayer name='t'><SrcDataSource>/vsicurl/http://e.org/x.shp</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    for suffix in (".kml", ".gml", ".geojson", ".gpkg", ".shp", ".fgb"):
        (tmp_path / f"t{suffix}").write_text(virtual)
        with pytest.raises(ProductError, match="not what its suffix says"):
            _lines(WKT, tmp_path / f"t{suffix}")


def test_other_formats_absent_and_broken_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.vrt").write_text("")
    (tmp_path / "t.fgb").write_bytes(b"fgb\x03fgb\x00broken")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 or not")
    (tmp_path / "t.csv").write_text("a,a\n1,2\n")
    expected = {"t.vrt": UnsupportedError, "t.fgb": ProductError, "t.parquet": ProductError, "t.csv": ProductError, "no.shp": NotFoundError}
    for name, error in expected.items():
        with pytest.raises(error):
            _lines(WKT, tmp_path / name)


def test_the_order_of_statements_does_not_depend_on_the_process() -> None:
    code = (
        "import sys, pyarrow as pa; from earthweave.mapping import *\n"
        "table = pa.table({'zone': ['A'], 'time': ['2021-03-15T00:00:00Z'], 'statistic': ['mean'], 'value': [1.5], 'unit': ['1']})\n"
        "run = map_source(read_rules(rules('air')), table, variables={'layer': 'http://e.org/l', 'name': 'n', 'simulated': 'true'})\n"
        "sys.stdout.buffer.write(b''.join(run))"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert next(iter(outputs)).count(b"\n") > 8


def test_batches_do_not_change_the_result(emsr332: Path) -> None:
    plan = read_rules(WKT)
    told: list[Any] = []
    whole = b"".join(map_source(plan, emsr332, options=Options()))
    run = map_source(plan, emsr332, options=Options(batch_rows=100, batch_bytes=20_000), progress=told.append)
    assert b"".join(run) == whole
    assert run.report.quads == whole.count(b"\n") == run.report.rows
    assert told[-1].fraction == 1.0


def test_texts_of_other_functions_are_no_geometries_to_read(tmp_path: Path) -> None:
    """Only `rrxf:asWKT` writes the geometry that it is given; others make the text of something else."""
    (tmp_path / "footprints.csv").write_text('id,outline\n1,"0,0 0,1 1,1 0,0"\n')
    rule = read_rules(f"""@prefix rr: <http://www.w3.org/ns/r2rml#> .
        @prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
        <#Footprint> rr:logicalTable [ rr:tableName "footprints" ] ; rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
            rr:predicateObjectMap [ rr:predicate <{GEO.asWKT}> ; rr:objectMap [ rr:datatype <{GEO.wktLiteral}> ;
                rrx:function <https://w3id.org/earthweave/function#coordinates> ;
                rrx:argumentMap ( [ rr:column "outline" ] [ rr:constant "lon lat" ] ) ] ] .
        """)
    run = map_source(rule, tmp_path / "footprints.csv")
    assert b"POLYGON" in b"".join(run)
    assert run.report.skipped == 0
