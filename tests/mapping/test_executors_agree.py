"""The columnar executor against the row executor, which is its oracle, on generated mappings and tables."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.mapping import Options, map_source
from earthweave.mapping.plan import (
    EWF,
    RRXF,
    Call,
    Condition,
    Constant,
    Expression,
    Fresh,
    Join,
    Kind,
    LogicalSource,
    Plan,
    PredicateObjects,
    Reference,
    Report,
    Template,
    TermMap,
    TriplesMap,
)
from earthweave.ontology import XSD, EarthweaveError

MAPPINGS = 1000
SCHEMA = pa.schema([
    ("id", pa.int64()), ("text", pa.string()), ("a{b}c", pa.large_string()), ("code", pa.dictionary(pa.int32(), pa.string())),
    ("number", pa.float64()), ("single", pa.float32()), ("flag", pa.bool_()), ("day", pa.date32()),
    ("moment", pa.timestamp("ms", tz="UTC")),
    ("naive", pa.timestamp("us")), ("clock", pa.time64("us")), ("amount", pa.decimal128(12, 8)), ("blob", pa.binary()),
    ("raw", pa.string()),
    ("iri", pa.string()), ("type", pa.string()), ("tag", pa.string()), ("shape", pa.string()), ("other", pa.string()), ("none", pa.null()),
])  # fmt: skip
PLAIN = SCHEMA.names[:13]
SHAPES = ["POINT (1 1)", "POINT (0.5 50.00000004)", "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "LINESTRING (0 0, 1 1, 3 1)", "POINT EMPTY",
          "MULTIPOINT ((1 1), (2 2))", "POLYGON ((1 1, 3 1, 3 3, 1 1))", "POINT Z (1 2 3)", "POLYGON ((0 0, 1 1, 0 1))", "nonsense", "",
          "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (1 1)", "POINT (nan 1)", "POINT (1e300 1)"]  # fmt: skip

# -- tables

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(["a b", "é", "\\", '"x"\n', "<", "%", "1", "2.50"])
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
columns = {
    "id": st.integers(-5, 5), "text": texts, "a{b}c": texts, "code": texts, "number": st.floats(), "single": st.floats(width=32),
    "flag": st.booleans(), "day": st.dates(dt.date(1000, 1, 1)), "naive": moments, "clock": st.times(),
    "moment": moments.map(lambda one: one.replace(microsecond=one.microsecond // 1000 * 1000, tzinfo=dt.UTC)),
    "amount": st.decimals(-1000, 1000, places=8), "blob": st.binary(max_size=4), "raw": st.sampled_from(["x", "é", "b b"]),
    "iri": st.sampled_from(["http://e.org/é", "urn:x", "b", "", "c d", "<x>"]),
    "type": st.sampled_from([str(XSD.integer), str(XSD.date), str(XSD.string), "own", "bad type", str(XSD.double)]),
    "tag": st.sampled_from(["en", "de-AT", "not a tag", "EN"]), "shape": st.sampled_from(SHAPES), "other": st.sampled_from(SHAPES),
    "none": st.none(),
}  # fmt: skip
rows = st.fixed_dictionaries({name: values if name == "id" else values | st.none() for name, values in columns.items()})
tables = st.lists(rows, max_size=4)

# -- mappings

START = "http://example.org/x/"
references = st.sampled_from([*PLAIN, "gid", "none"]).map(Reference)
anything = st.sampled_from([*SCHEMA.names, "gid"]).map(Reference)
numbers = st.sampled_from(["number", "id", "amount"]).map(Reference)
shapes = st.sampled_from(["shape", "other"]).map(Reference)
relations = st.sampled_from(["contains", "within", "intersects", "touches", "crosses", "overlaps", "equals", "disjoint", "sfWithin"])
MEASURES = ["asWKT", "isEmpty", "is3D", "dimension", "coordinateDimension", "area", "length", "centroidx"]


def _call(function: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Call]:
    return st.tuples(*arguments).map(lambda found: Call(function, found))


calls = st.one_of(
    st.sampled_from(MEASURES).flatmap(lambda name: _call(RRXF + name, shapes)),
    relations.flatmap(lambda name: _call(RRXF + name, shapes, shapes)),
    st.sampled_from(["add", "subtract", "greaterThan"]).flatmap(
        lambda name: _call(RRXF + name, numbers, st.just(Reference("id")))
    ),
    _call(RRXF + "equi", references, references),
    _call(RRXF + "distance", shapes, st.just(Reference("shape"))),
    _call(EWF + "coalesce", references, references),
    _call(EWF + "title", st.just(Reference("text"))),
    _call(EWF + "replace", references, st.just(Constant("a+")), st.just(Constant("-"))),
    _call(RRXF + "asWKT", st.just(Call(EWF + "point", (Reference("number"), Reference("id"))))),
)
starts = st.sampled_from([START, "relative/", "", "urn:"])
templates = st.tuples(starts, st.lists(references | st.sampled_from(["/", "a", "é/"]), max_size=3)).map(
    lambda found: Template(tuple(part for part in (found[0], *found[1]) if part != "") or ("x",))
)
named = st.sampled_from([Kind.IRI, Kind.IRI, Kind.URI, Kind.UNSAFE_IRI, Kind.UNSAFE_URI])
targets = st.sampled_from([(), (), (), ("one",), ("one", "two")])
constants = st.sampled_from(["http://example.org/c", "relative", "urn:x:é"]).map(Constant)
iris = st.builds(TermMap, st.one_of(templates, constants, st.just(Reference("iri")), references), named, targets=targets)
blanks = st.builds(TermMap, st.one_of(templates, references, st.just(Fresh("node")), st.just(Constant("one"))), st.just(Kind.BLANK))
datatypes = st.sampled_from([str(XSD.integer), str(XSD.date), str(XSD.decimal), str(XSD.boolean), str(XSD.string), "http://example.org/type"])
literals = st.one_of(
    st.builds(TermMap, st.one_of(anything, templates, calls, texts.map(Constant)), st.just(Kind.LITERAL), targets=targets),
    st.builds(TermMap, anything, st.just(Kind.LITERAL), language=st.sampled_from(["en-GB", "de"])),
    st.builds(TermMap, st.one_of(references, calls), st.just(Kind.LITERAL), datatype=datatypes),
    st.builds(TermMap, references | calls, st.just(Kind.LITERAL), datatype_map=st.sampled_from([Reference("type"), Constant("own")])),
    st.builds(TermMap, references, st.just(Kind.LITERAL), language_map=st.sampled_from([Reference("tag"), Constant("en")])),
)
equal = st.builds(Condition, references, references)
near = st.builds(Condition, shapes, shapes, relations.map(lambda name: RRXF + name))
greater = st.builds(Condition, numbers, numbers, st.just(RRXF + "greaterThan"))
joins = st.builds(Join, st.sampled_from(["<#0>", "<#1>"]), st.lists(st.one_of(equal, near, greater), max_size=2).map(tuple))
graphs = st.lists(st.one_of(iris, st.just(TermMap(Constant(""), Kind.IRI))), max_size=2).map(tuple)
statements = st.builds(
    PredicateObjects, st.lists(iris, min_size=1, max_size=2).map(tuple),
    st.lists(st.one_of(literals, literals, iris, blanks, joins), min_size=1, max_size=2).map(tuple), graphs,
)  # fmt: skip


classes = st.sampled_from([(), ("http://e.org/C", "urn:D")])


def _map(number: int) -> st.SearchStrategy[TriplesMap]:
    source = st.sampled_from([(), (), ("text",), ("id", "flag")]).map(lambda required: LogicalSource("t", required))
    return st.builds(
        TriplesMap, st.just(f"<#{number}>"), st.just(0), source, st.one_of(iris, blanks), classes,
        graphs, st.lists(statements, max_size=3).map(tuple), st.sampled_from(["", "http://example.org/other/"]),
    )  # fmt: skip


plans = st.tuples(_map(0), _map(1)).map(lambda maps: Plan("generated", "http://example.org/base/", maps))
options = st.builds(
    lambda on_error, crs, validity, size: {"on_error": on_error, "crs": crs, "validity": validity, "batch_rows": size},
    st.sampled_from(["skip", "null"]), st.sampled_from(["CRS84", "CRS84", "EPSG:4326", "EPSG:3857"]),
    st.sampled_from(["keep", "keep", "fix", "skip"]), st.sampled_from([2, 100]),
)  # fmt: skip


def _outcome(plan: Plan, table: Any, chosen: dict[str, Any], executor: Any) -> Any:
    """Sorted lines by targets and what the report says; or the error that was raised instead."""
    try:
        run = map_source(plan, table, options=Options(**chosen, executor=executor))
        lines: dict[tuple[str, ...], set[bytes]] = defaultdict(set)
        for chunk in run.chunks():
            assert chunk.data.count(b"\n") == chunk.count
            lines[chunk.targets].update(chunk.data.splitlines())
    except EarthweaveError as error:
        return type(error)
    return {key: sorted(found) for key, found in lines.items() if found}, _told(run.report)


def _told(report: Report) -> Any:
    return report.rows, report.skipped, report.problems, report.reasons


def _flat(table: list[dict[str, Any]]) -> Any:
    return pa.Table.from_pylist(table, SCHEMA)


def test_columns_give_what_rows_give() -> None:
    seen: list[Any] = []

    @settings(max_examples=MAPPINGS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(plans, tables, options)
    def check(plan: Plan, table: list[dict[str, Any]], chosen: dict[str, Any]) -> None:
        flat = _flat(table)
        found = _outcome(plan, flat, chosen, "auto")
        assert found == _outcome(plan, flat, chosen, "rows")
        seen.append(found)

    check()
    assert len(seen) >= MAPPINGS
    # many mappings must run, and say something: about a quarter do, more or less with what hypothesis finds among the loaded modules
    assert sum(1 for found in seen if isinstance(found, tuple) and found[0]) > MAPPINGS / 6
