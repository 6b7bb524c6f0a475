"""What the optimiser makes of queries: which operators, in which order, and where it must not move things."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earthweave.ontology import QueryError, UnknownFunctionError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Operator
from earthweave.server.store.engine import Result, evaluate
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

PREFIXES = """
PREFIX : <http://example.org/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
"""
BOX = '"POLYGON ((0 0, 0.35 0, 0.35 0.35, 0 0.35, 0 0))"^^geo:wktLiteral'


def statements() -> Iterator[str]:
    """3,000 places of which ten are rare ones, on a grid, and 30 areas."""
    for number in range(3000):
        x, y = number % 60 / 10, number // 60 / 10
        yield f':p{number} a :Place ; :level {number % 7} ; :at "POINT ({x} {y})"^^geo:wktLiteral .'
        if number % 300 == 0:
            yield f":p{number} a :Rare ; :near :p{number + 1} ."
    for number in range(30):
        x = number / 5
        ring = f"{x} 0, {x + 0.15} 0, {x + 0.15} 1, {x} 1, {x} 0"
        yield f':u{number} a :Unit ; :name "u{number}" ; :shape "POLYGON (({ring}))"^^geo:wktLiteral .'


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("plans") / "store")
    builder.begin("test", AxisOrder.STRICT)
    for block in quads_of((PREFIXES + "\n".join(statements())).encode(), "turtle"):
        builder.add(block)
    builder.end()
    return builder.finish()


@pytest.fixture
def asked(snapshot: Snapshot) -> Callable[[str], Result]:
    return lambda text: evaluate(snapshot, PREFIXES + text)


Asked = Callable[[str], Result]


def operators(operator: Operator) -> Iterator[Operator]:
    """In the order in which they stand in EXPLAIN."""
    yield operator
    for below in operator.inputs:
        yield from operators(below)


def kinds(result: Result) -> list[str]:
    return [type(one).__name__ for one in operators(result.operator)]


def labels(result: Result, kind: str) -> list[str]:
    return [one.label for one in operators(result.operator) if type(one).__name__ == kind]


def rows(result: Result) -> int:
    return sum(batch.length for batch in result.batches())


def test_the_smallest_pattern_comes_first_and_connected_ones_follow(asked: Asked) -> None:
    result = asked("SELECT ?x ?l { ?x :level ?l . ?x a :Place . ?x a :Rare . ?u a :Unit }")
    first, *following = [one for one in labels(result, "Scan") if "?x" in one]
    assert first == "Scan ?x rdf:type <http://example.org/Rare>"
    assert sorted(following) == ["Scan ?x <http://example.org/level> ?l", "Scan ?x rdf:type <http://example.org/Place>"]


def test_of_unconnected_parts_the_larger_streams_and_the_smaller_is_kept(asked: Asked) -> None:
    result = asked("SELECT ?x ?l { ?x :level ?l . ?x a :Place . ?x a :Rare . ?u a :Unit }")
    product = next(one for one in operators(result.operator) if one.label == "Product")
    assert labels(result, "Scan")[0] == "Scan ?u rdf:type <http://example.org/Unit>"
    assert [one.label for one in operators(product) if "Unit" in one.label] == []
    assert rows(result) == 10 * 30


def test_a_filter_runs_as_soon_as_its_variables_are_bound(asked: Asked) -> None:
    result = asked("SELECT * { ?x :near ?y . ?x :level ?l . ?y :at ?w FILTER(?l > 2) }")
    found = kinds(result)
    assert found.index("Restrict") < max(place for place, kind in enumerate(found) if kind == "Scan")


def test_a_limit_reads_only_the_beginning(asked: Asked) -> None:
    result = asked("SELECT ?x ?l { ?x :level ?l . ?x a :Place } LIMIT 5")
    assert rows(result) == 5
    assert max(one.measured.rows for one in operators(result.operator) if type(one).__name__ == "Scan") <= 1024


def test_ask_looks_for_one_solution(asked: Asked) -> None:
    result = asked("ASK { ?x :level ?l . ?u a :Unit }")
    assert result.any()
    assert all(one.measured.rows <= 1024 for one in operators(result.operator))


def test_a_constant_that_the_data_lack_ends_it(asked: Asked) -> None:
    result = asked("SELECT * { ?x a :Nowhere . ?x :level ?l }")
    assert rows(result) == 0
    assert "Nothing" in kinds(result)


def test_a_selective_constant_geometry_begins_the_plan(asked: Asked) -> None:
    result = asked(f"SELECT ?x {{ ?x a :Place . ?x :level ?l . ?x :at ?w FILTER(geof:sfIntersects(?w, {BOX})) }}")
    assert kinds(result).index("SpatialSeed") < kinds(result).index("Scan")
    assert rows(result) == 16


def test_a_geometry_that_is_bound_by_fewer_rows_is_only_filtered(asked: Asked) -> None:
    result = asked(f"SELECT ?x {{ ?x a :Rare . ?x :at ?w FILTER(geof:sfIntersects(?w, {BOX})) }}")
    assert "Compared" in kinds(result)
    assert "SpatialSeed" not in kinds(result)
    assert rows(result) == 1


@pytest.mark.parametrize("condition", ["geof:sfIntersects(?w, ?s)", "geof:sfIntersects(?s, ?w)", "geof:distance(?w, ?s, uom:metre) < 0.5",
                                       "geof:sfWithin(?w, ?s) || geof:sfTouches(?w, ?s)"])
def test_two_patterns_are_joined_on_space_whichever_way_round(condition: str, asked: Asked) -> None:
    result = asked(f"SELECT ?x ?u {{ ?x :at ?w . ?u :shape ?s FILTER({condition}) }}")
    assert "SpatialJoin" in kinds(result)
    wanted = sum(-1e-9 <= x - u <= 0.15 + 1e-9 for x in (place % 60 / 10 for place in range(660)) for u in (unit / 5 for unit in range(30)))
    assert rows(result) == wanted


@pytest.mark.parametrize(("text", "count"), [
    ("SELECT DISTINCT ?u { ?x :at ?w . ?u :shape ?s FILTER(geof:sfIntersects(?w, ?s)) }", 30),
    ("SELECT ?u { ?u :shape ?s FILTER EXISTS { ?x :at ?w FILTER(geof:sfIntersects(?w, ?s)) } }", 30),
    ("SELECT ?u { ?u :shape ?s FILTER NOT EXISTS { ?x a :Rare ; :at ?w FILTER(geof:sfIntersects(?w, ?s)) } }", 29),
    ("ASK { ?x :at ?w . ?u :shape ?s FILTER(geof:sfIntersects(?w, ?s)) }", 660),
    ("SELECT (COUNT(DISTINCT ?u) AS ?n) { ?x :at ?w . ?u :shape ?s FILTER(geof:sfIntersects(?w, ?s)) }", 1),
])
def test_only_whether_there_is_a_partner_is_looked_for(text: str, count: int, asked: Asked) -> None:
    result = asked(text)
    found = rows(result)
    probes = [kinds_of(probe.operator) for probe in getattr(result.context.exists, "_probes", {}).values()]
    assert any("SpatialSemiJoin" in one for one in [kinds(result), *probes])
    assert found == count


def kinds_of(operator: Operator) -> list[str]:
    return [type(one).__name__ for one in operators(operator)]


@pytest.mark.parametrize("text", [
    "SELECT ?u ?x { ?u :shape ?s OPTIONAL { ?x a :Rare ; :at ?w FILTER(geof:sfIntersects(?w, ?s)) } }",
    "SELECT ?u ?x { ?u :shape ?s . { SELECT ?x ?w { ?x a :Rare ; :at ?w } } FILTER(geof:sfIntersects(?w, ?s)) }",
    "SELECT ?u ?x { ?u :shape ?s . { ?x a :Rare ; :at ?w } UNION { ?x a :Nowhere ; :at ?w } FILTER(geof:sfIntersects(?w, ?s)) }",
])
def test_a_spatial_join_is_found_in_any_position(text: str, asked: Asked) -> None:
    assert "SpatialJoin" in kinds(asked(text))


def test_filters_go_into_unions_and_sub_selects(asked: Asked) -> None:
    result = asked(f"SELECT * {{ {{ ?x a :Rare ; :at ?w }} UNION {{ ?x a :Place ; :at ?w }} FILTER(geof:sfIntersects(?w, {BOX})) }}")
    assert {"SpatialSeed", "Compared"} <= set(kinds(result))
    assert rows(result) == 17
    result = asked(f"SELECT * {{ {{ SELECT DISTINCT ?w {{ ?x a :Place ; :at ?w }} }} FILTER(geof:sfIntersects(?w, {BOX})) }}")
    assert kinds(result).index("Unique") < kinds(result).index("SpatialSeed")
    assert rows(result) == 16


def test_a_filter_stays_outside_a_slice(asked: Asked) -> None:
    result = asked("SELECT * { { SELECT ?x ?l { ?x :level ?l } ORDER BY ?x LIMIT 3 } FILTER(?l = 99) }")
    assert rows(result) == 0
    assert kinds(result).index("Cut") < kinds(result).index("Restrict")


def test_the_nearest_come_from_the_index(asked: Asked) -> None:
    here = '"POINT (3.02 2.01)"^^geo:wktLiteral'
    for text in (f"SELECT ?x {{ ?x :at ?w }} ORDER BY geof:distance(?w, {here}, uom:metre) LIMIT 3",
                 f"SELECT ?x (geof:distance({here}, ?w, uom:metre) AS ?d) {{ ?x :at ?w }} ORDER BY ?d LIMIT 3"):
        result = asked(text)
        assert "Nearest" in kinds(result)
        names = [result.context.terms.term(id).text for batch in result.batches() for id in batch.columns["x"].tolist()]
        assert names == [f"http://example.org/p{number}" for number in (1230, 1231, 1290)]
        assert max(one.measured.rows for one in operators(result.operator)) < 500


def test_optional_after_optional_waits_for_what_the_first_may_bind(asked: Asked) -> None:
    """The second one reads ?y, which the first may bind, though it could begin by itself."""
    result = asked("SELECT ?x ?y ?l { ?x a :Place OPTIONAL { ?x :near ?y } OPTIONAL { ?y :level ?l } } ")
    assert rows(result) == 10 + 2990 * 3000


def test_what_is_not_well_designed_is_evaluated_apart(asked: Asked) -> None:
    """?y of the inner OPTIONAL is bound outside as well, and must not be seen inside."""
    result = asked("SELECT * { ?y a :Rare . { ?x a :Rare OPTIONAL { ?x :near ?y } } }")
    assert rows(result) == 0
    assert "Apart" in kinds(result)


PLACES = (
    "SELECT (CALL AS ?y) {}", "SELECT ?x { ?x a :Nowhere FILTER(CALL) }", "SELECT ?x { ?x a :Nowhere BIND(1 + -CALL AS ?y) }",
    "SELECT ?x { ?x a :Nowhere } ORDER BY DESC(CALL)", "SELECT (COUNT(CALL) AS ?n) { ?x a :Nowhere }",
    "SELECT ?x { ?x a :Nowhere } GROUP BY ?x HAVING(CALL)", "SELECT ?y { ?x a :Nowhere } GROUP BY (CALL AS ?y)",
    "SELECT ?x { ?x a :Nowhere FILTER NOT EXISTS { ?x :near ?y FILTER(CALL) } }",
    "SELECT ?x { ?x a :Nowhere OPTIONAL { ?x :near ?y FILTER(CALL) } }",
    "SELECT ?x { ?x a :Nowhere MINUS { ?x :near ?y FILTER(CALL) } }", "SELECT ?x { { ?x a :Nowhere } UNION { ?x a :Rare FILTER(CALL) } }",
    "ASK { ?x a :Nowhere FILTER(IF(?x IN (1, CALL), true, false)) }",
    "CONSTRUCT { ?x a :Rare } WHERE { { SELECT ?x { ?x a :Nowhere } ORDER BY CALL } }",
    "SELECT ?x { ?x a :Nowhere FILTER(true || (EXISTS { FILTER EXISTS { ?x :near ?y FILTER(CALL) } })) }",
)
"""Where a function can be called."""


@pytest.mark.parametrize("place", PLACES)
def test_functions_are_looked_for_before_anything_runs(place: str, asked: Asked) -> None:
    for call, guess in (("<http://e/nope>(?x)", "the functions are"), ("geof:nope(?x)", "the functions are"),
                        ("geof:sfIntersect(?x, ?x)", "did you mean geof:sfIntersects")):
        with pytest.raises(UnknownFunctionError, match=r"^line \d+, column \d+: there is no function") as found:
            asked(place.replace("CALL", call))
        assert guess in (found.value.way_out or "")
    with pytest.raises(QueryError, match="takes 1 argument, not 2"):
        asked(place.replace("CALL", "<http://www.w3.org/2001/XMLSchema#integer>(?x, 1)"))
    with pytest.raises(QueryError, match=r"^line \d+, column \d+: STRLEN takes 1 argument, not 2"):
        asked(place.replace("CALL", "STRLEN(?x, 1)"))


def test_unknown_functions_and_counts_of_arguments_have_a_place(asked: Asked) -> None:
    prefix = "PREFIX strdf: <http://strdf.di.uoa.gr/ontology#>\n"
    for text, what in (("ASK {\n ?x ?p ?y FILTER(strdf:intersecs(?x, ?y)) }", "column 18: there is no function"),
                       ("ASK {\n ?x ?p ?y FILTER(<http://foo/bar>(?x, ?y)) }", "column 18: there is no function <http://foo/bar>"),
                       ("ASK {\n ?x ?p ?y FILTER(geof:sfIntersects(?x)) }", "column 18: geof:sfIntersects takes 2 arguments, not 1"),
                       ("SELECT\n (<http://foo/bar>(DISTINCT ?x) AS ?n) { ?x ?p ?y }", "column 3: there is no function <http://foo/bar>")):
        # the prologue of the fixture comes before
        with pytest.raises(QueryError, match=rf"^line \d+, {what}"):
            asked(prefix + text)


def test_unknown_aggregates_are_refused_too(asked: Asked) -> None:
    with pytest.raises(UnknownFunctionError, match="aggNone"):
        asked("SELECT (geof:aggNone(?w) AS ?n) { ?x :at ?w }")


@pytest.mark.parametrize("text", [
    "SELECT (UUID() AS ?a) (STRUUID() AS ?b) (RAND() AS ?c) (BNODE() AS ?d) (BNODE('x') AS ?e) { ?x a :Rare . ?u a :Unit }",
    "SELECT DISTINCT (UUID() AS ?a) (RAND() AS ?c) { ?x a :Rare . ?u a :Unit }",
    "SELECT ?a { { ?x a :Rare . ?u a :Unit BIND(UUID() AS ?a) } }",
    "SELECT (COUNT(DISTINCT ?a) AS ?n) { ?x a :Rare . ?u a :Unit BIND(RAND() AS ?a) }",
])
def test_what_differs_from_row_to_row_is_made_for_each_solution(text: str, asked: Asked) -> None:
    result = asked(text)
    batches = list(result.batches())
    if result.names == ("n",):
        assert [result.context.terms.term(int(batch.columns["n"][0])).text for batch in batches] == ["300"]
        return
    for name in result.names:
        assert len({id for batch in batches for id in batch.columns[name].tolist()}) == 300, name


def test_a_bind_is_evaluated_before_its_group_is_joined(asked: Asked) -> None:
    """Ten places get a number each, whatever stands beside their group (SPARQL 1.1 §18.6)."""
    result = asked("SELECT ?x ?a ?u { { ?x a :Rare BIND(UUID() AS ?a) } ?u a :Unit }")
    batches = list(result.batches())
    assert sum(batch.length for batch in batches) == 300
    assert len({id for batch in batches for id in batch.columns["a"].tolist()}) == 10


@pytest.mark.parametrize("text", ["SELECT * { ?x :level ?l OPTIONAL { ?x :near ?y } FILTER(!BOUND(?y)) }",
                                  "SELECT * { ?x :level ?l . MINUS { ?x a :Rare } }", "SELECT * { BIND(1 AS ?l) ?x :level ?l }"])
def test_every_operator_says_what_it_does(text: str, asked: Asked) -> None:
    result = asked(text)
    rows(result)
    for one in operators(result.operator):
        assert one.label
        assert one.estimate >= 0
        assert one.measured.seconds >= 0


def test_planning_a_small_query_takes_no_time(snapshot: Snapshot, asked: Asked, tmp_path: Path) -> None:
    import time

    text = "SELECT ?p ?o { :p7 ?p ?o }"
    asked(text)
    begun = time.process_time()
    for _ in range(50):
        asked(text)
    assert time.process_time() - begun < 50 * 0.003


@pytest.mark.parametrize("text", [
    "?s ?p ?o …OPTIONAL { ?s ?p ?o }", "?s ?p ?o …FILTER EXISTS { ?s ?p ?o (…)}", "?s ?p ?o …OPTIONAL { ?s ?p ?o (…)}", "…BIND(1 AS ?a#)",
    "…{ ?s ?p ?o MINUS { ?s ?p ?o } (…)}", "{} …UNION { ?s ?p ?o }", "?s ?p ?o …FILTER(?o != #)",
])
def test_planning_grows_with_the_text(text: str, asked: Asked) -> None:
    before, repeated = text.split("…", 1)
    opening, _, closing = repeated.partition("(…)")

    def looked_at(count: int) -> int:
        steps = 0

        def counted(frame: object, event: str, argument: object) -> None:
            nonlocal steps
            steps += event == "call"

        asking = "ASK { " + before + "".join(opening.replace("#", str(one)) for one in range(count)) + closing * count + " }"
        sys.setprofile(counted)
        try:
            asked(asking)
        finally:
            sys.setprofile(None)
        return steps

    looked_at(3)
    few, many = looked_at(20), looked_at(80)
    # four times the text: four times the calls, or sixteen times for the choice among what is ready; it was sixty-four
    assert many < 10 * few, (few, many)
