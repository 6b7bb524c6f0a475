"""EXPLAIN tells what was expected and what happened; why-empty names the reason for an empty answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate
from earthweave.server.store.engine._evaluate import Result
from earthweave.server.store.engine._explain import plan_report, plan_text
from earthweave.server.store.engine._whyempty import why_empty
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

PROLOGUE = ("PREFIX : <http://e/> PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
            "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> ")
FLOODS = 100


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    floods = [f':f{n} a :Flood ; :level {n} ; :name "f{n}"@en ; geo:asWKT "POINT({20 + n / 100} {45 + n / 100})"^^geo:wktLiteral .'
              for n in range(FLOODS)]
    text = "\n".join(floods) + ' :bad geo:asWKT "POINT(1 2"^^geo:wktLiteral . :events { :a :owner :d , :b . }'
    return _built(tmp_path_factory.mktemp("explain") / "store", text)


def _built(path: Path, text: str) -> Snapshot:
    builder = SnapshotBuilder(path, durable=False)
    builder.begin("test", AxisOrder.STRICT)
    for block in quads_of((PROLOGUE + text).encode(), "trig"):
        builder.add(block)
    builder.end()
    return builder.finish()


def run(snapshot: Snapshot, text: str) -> tuple[Result, int]:
    result = evaluate(snapshot, PROLOGUE + text)
    return result, sum(batch.length for batch in result.batches())


def reasons(snapshot: Snapshot, text: str) -> list[tuple[str, str]]:
    result, rows = run(snapshot, text)
    assert rows == 0
    return [tuple(one) for one in why_empty(result.query, result.operator, result.context)]  # type: ignore[misc]


def test_a_plan_tells_estimates_rows_and_times(snapshot: Snapshot) -> None:
    result, rows = run(snapshot, "SELECT ?x { ?x a :Flood ; :level ?l FILTER(?l < 10) } ORDER BY ?l LIMIT 3")
    result.context.rewrites.append("something was rewritten")
    report = plan_report(result.operator, result.context)
    assert rows == 3 and json.loads(json.dumps(report)) == report
    flat = [report["plan"]]
    for one in flat:
        flat += one["inputs"]
    assert [flat[0]["operator"], flat[0]["rows"], flat[0]["chunks"]] == ["Slice from 0, at most 3", 3, 1]
    assert all(one["milliseconds"] >= one["own_milliseconds"] >= 0 for one in flat)
    scans = {one["operator"]: one for one in flat if one["operator"].startswith("Scan")}
    assert any(one["rows"] == FLOODS and one["estimate"] == FLOODS for one in scans.values())
    assert report["remarks"] == ["something was rewritten"]
    lines = report["text"].splitlines()
    assert lines[0].startswith("Slice from 0, at most 3  [3 rows, 3 expected, 1 chunk, ")
    assert lines[-1] == "note: something was rewritten" and sum("Scan ?x" in line for line in lines) == len(scans)


def test_an_index_shows_in_the_plan(snapshot: Snapshot) -> None:
    box = '"POLYGON((20 45,20.05 45,20.05 45.05,20 45.05,20 45))"^^geo:wktLiteral'
    result, rows = run(snapshot, f"SELECT ?x {{ ?x geo:asWKT ?w FILTER(geof:sfIntersects(?w, {box})) }}")
    assert rows == 6
    text = plan_text(result.operator, result.context)
    assert "Spatial" in text and "· " in text


def test_a_plan_that_was_not_run_says_so(snapshot: Snapshot) -> None:
    result = evaluate(snapshot, PROLOGUE + "SELECT ?x { ?x a :Flood }")
    assert "not run" in plan_text(result.operator, result.context)


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("{ ?x a :Floods }", "unknown-term", "did you mean <http://e/Flood> ?"),
        ("{ ?x a :Unlike }", "unknown-term", "nothing is of the class <http://e/Unlike>"),
        ("{ ?x :levle ?y }", "unknown-term", "did you mean <http://e/level> ?"),
        ('{ ?x :name "f1" }', "unknown-term", '"f1" does not occur in the data; but "f1"@en does'),
        ('{ ?x :level "3" }', "unknown-term", 'but "3"^^xsd:integer does'),
        ("{ :nobody :level ?x }", "unknown-term", "<http://e/nobody> does not occur"),
        ("{ :f1 :owner ?x }", "no-match", "no statement matches <http://e/f1> <http://e/owner> ?x"),
        ("{ GRAPH :event { ?x ?p ?y } }", "graph", "did you mean <http://e/events> ?"),
        ("{ { ?x a :Foo } UNION { ?x a :Fo } }", "unknown-term", "<http://e/Fo>"),
        ("{ ?x a :Flood ; :level ?l FILTER(?l > 1000) }", "filter", "100 solutions came to this step, and none passed: Filter ?l >"),
        ("{ ?x :level 3 , 4 }", "filter", "1 solution came to this step"),
        ("{ ?x :level 3 FILTER NOT EXISTS { ?x a :Flood } }", "filter", "none passed"),
    ],
)
def test_an_empty_answer_is_explained(snapshot: Snapshot, text: str, code: str, part: str) -> None:
    found = reasons(snapshot, "SELECT * " + text)
    assert [told for name, told in found if name == code and part in told], found


@pytest.mark.parametrize(
    ("wkt", "code", "part"),
    [
        ("POLYGON((44 19,46 19,46 22,44 22,44 19))", "axis-order", "swapped"),
        ("POINT(-70 -30)", "outside", "west 20, south 45, east 20.99"),
        ("POINT(-70", "geometry", "of the query cannot be read"),
        ("POINT(20 45.5)", "geometry", "1 of 101 geometry literals cannot be read"),
    ],
)
def test_geometries_that_cannot_meet_are_told(snapshot: Snapshot, wkt: str, code: str, part: str) -> None:
    found = reasons(snapshot, f'SELECT * {{ ?x geo:asWKT ?w FILTER(geof:sfWithin(?w, "{wkt}"^^geo:wktLiteral)) }}')
    assert [told for name, told in found if name == code and part in told], found


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{ ?a geo:sfTouches ?b }", "geo:sfTouches is computed between geometries, and none match ?a"),
        ("{ ?a a :Flood ; geo:sfTouches ?b }", "geo:sfTouches is computed between geometries, and none match ?a"),
        ("{ :f1 geo:sfContains :f2 }", "geo:sfContains is computed between geometries, and none match <http://e/f1>"),
        ('{ ?a geo:sfWithin "POINT(0 0)"^^geo:wktLiteral }', "geo:sfWithin is computed between geometries, and none match ?a"),
        ("{ :nobody geo:sfContains ?b }", "<http://e/nobody> does not occur"),
    ],
)
def test_a_relation_asked_as_a_property_is_no_unknown_predicate(snapshot: Snapshot, text: str, part: str) -> None:
    found = reasons(snapshot, "SELECT * " + text)
    assert [told for _, told in found if part in told], found
    assert not [told for _, told in found if "no statement has the predicate" in told], found


def test_a_relation_between_no_geometries(tmp_path: Path) -> None:
    found = reasons(_built(tmp_path / "store", ":a :p :b ."), "SELECT * { ?a geo:sfWithin ?b }")
    assert ["no statement has one" in told for _, told in found] == [True], found


def test_geometries_of_removed_statements_are_no_part_of_the_data(tmp_path: Path) -> None:
    near = ':near geo:asWKT "POINT(20 45)"^^geo:wktLiteral .'
    far = ':far geo:asWKT "POINT(60 70)"^^geo:wktLiteral . :bad geo:asWKT "POINT(1 2"^^geo:wktLiteral .'
    text = 'SELECT * { ?x geo:asWKT ?w FILTER(geof:sfWithin(?w, "POINT(50 60)"^^geo:wktLiteral)) }'
    whole = _built(tmp_path / "whole", near + far)
    assert [code for code, _ in reasons(whole, text)] == ["geometry"]
    builder = SnapshotBuilder(tmp_path / "less", whole, durable=False)
    for block in quads_of((PROLOGUE + far).encode(), "trig"):
        builder.without(block)
    less = builder.finish()
    assert less.geometries.count == 3
    assert [told for code, told in reasons(less, text) if code in ("outside", "geometry")] == [
        "\"POINT(50 60)\"^^geo:wktLiteral lies outside the data (west 20, south 45, east 20, north 45)"]


def test_a_dataset_that_is_not_there_is_the_only_reason(snapshot: Snapshot) -> None:
    assert [code for code, _ in reasons(snapshot, "SELECT * FROM :gone { ?x ?p ?y }")] == ["graph"]


def test_what_need_not_match_is_no_reason(snapshot: Snapshot) -> None:
    optional, either = "OPTIONAL { ?x :unheard ?y }", "{ ?x a :Flood } UNION { ?x a :Unlike }"
    found = reasons(snapshot, f"SELECT * {{ ?x a :Flood {optional} MINUS {{ ?x a :Flood }} {either} }}")
    assert [code for code, _ in found] == ["filter"]


def test_one_branch_that_could_match_is_enough(snapshot: Snapshot) -> None:
    found = reasons(snapshot, "SELECT * { { ?x a :Flood } UNION { ?x a :Unlike } ?x :owner ?y }")
    assert "unknown-term" not in [code for code, _ in found]


_BOX = '"POLYGON((20 45,20.05 45,20.05 45.05,20 45.05,20 45))"^^geo:wktLiteral'


@pytest.mark.parametrize(
    ("group", "why"),
    [
        (f"?x geo:asWKT ?w FILTER(geof:sfIntersects(?w, {_BOX}) || ?x = :f99)", "in an OR with a condition that no index answers"),
        (f"?x geo:asWKT ?w FILTER(geof:sfIntersects(geof:union(?w, ?w), {_BOX}))", "an argument is computed"),
        (f"?x geo:asWKT ?w FILTER(geof:sfDisjoint(?w, {_BOX}))", "it may hold for geometries that are apart"),
        (f"?x geo:asWKT ?w FILTER(geof:distance(?w, {_BOX}, <http://www.opengis.net/def/uom/OGC/1.0/metre>) > 10)", "that are apart"),
        ("?x geo:asWKT ?w FILTER(geof:sfEquals(?w, ?w))", "both arguments are the same"),
        (f"?x a :Flood OPTIONAL {{ ?x geo:asWKT ?w }} FILTER(geof:sfIntersects(?w, {_BOX}))", "no triple pattern that must match"),
        (f"?x geo:asWKT ?v BIND(geof:envelope(?v) AS ?w) FILTER(geof:sfIntersects(?w, {_BOX}))", "?w is the object of no triple pattern"),
        ('?x :level 3 ; geo:asWKT ?w FILTER(geof:sfIntersects(?w, "POLYGON((0 0,90 0,90 90,0 90,0 0))"^^geo:wktLiteral))',
         "the condition leaves 99% of the store's geometries"),
        ("?x geo:asWKT ?v , ?w FILTER(geof:sfIntersects(?v, ?w))", "both geometries come with each row"),
    ],
)
def test_why_no_index_is_used(snapshot: Snapshot, group: str, why: str) -> None:
    result, rows = run(snapshot, f"SELECT ?x {{ {group} }}")
    text = plan_text(result.operator, result.context)
    assert rows and why in text, text
    assert "index used" not in text


@pytest.mark.parametrize("group", [f"?x geo:asWKT ?w FILTER(geof:sfIntersects(?w, {_BOX}))", "?x :level ?l FILTER(?l < 3 || ?l > 5)"])
def test_no_reason_where_an_index_is_used_or_nobody_would_expect_one(snapshot: Snapshot, group: str) -> None:
    result, rows = run(snapshot, f"SELECT ?x {{ {group} }}")
    assert rows and "not used" not in plan_text(result.operator, result.context)
