"""Topological relations asked as properties, on small snapshots: who is related is known beforehand by construction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import PREFIXES, DeadlineError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Operator
from earthweave.server.store.engine import Budget, Result, evaluate, plan_report
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

Build = Callable[[str], Snapshot]
HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + "PREFIX : <http://e/>\n"
BIG, SMALL = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))", "POLYGON((1 1, 2 1, 2 2, 1 2, 1 1))"
FAR = "POLYGON((50 50, 51 50, 51 51, 50 51, 50 50))"
GEOMETRIES = f''':big geo:asWKT "{BIG}"^^geo:wktLiteral . :small geo:asWKT "{SMALL}"^^geo:wktLiteral .
:far geo:asWKT "{FAR}"^^geo:wktLiteral .
'''
FEATURES = GEOMETRIES + "".join(f":{name}F geo:hasDefaultGeometry :{name} .\n" for name in ("big", "small", "far"))


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    numbers, known = count(), dict[str, Snapshot]()

    def make(text: str) -> Snapshot:
        if text not in known:
            builder = SnapshotBuilder(tmp_path_factory.mktemp("rewrite") / str(next(numbers)), durable=False)
            builder.begin("test", AxisOrder.STRICT)
            for block in quads_of((HEAD + text).encode(), "trig"):
                builder.add(block)
            builder.end()
            known[text] = builder.finish()
        return known[text]

    return make


def run(snapshot: Snapshot, text: str) -> Result:
    return evaluate(snapshot, HEAD + text)


def rows(snapshot: Snapshot, text: str) -> list[tuple[str, ...]]:
    """Local names or texts of a SELECT, sorted; unbound is -."""
    result = run(snapshot, text)
    found: list[tuple[str, ...]] = []
    for batch in result.batches():
        columns = [[_short(result, id) for id in batch.column(name).tolist()] for name in result.names]
        found += list(zip(*columns, strict=True))
    return sorted(found)


def _short(result: Result, id: int) -> str:
    return "-" if id < 0 else result.context.terms.term(id).text.rpartition("/")[2][:40]


def pairs(*texts: str) -> list[tuple[str, ...]]:
    return sorted(tuple(one.split()) for one in texts)


def squared(names: Iterable[str]) -> list[tuple[str, ...]]:
    listed = list(names)
    return sorted((left, right) for left in listed for right in listed)


def test_geometries_are_related_by_their_literals(build: Build) -> None:
    data = build(GEOMETRIES)
    assert rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b }") == pairs("big big", "small small", "far far", "small big")
    assert rows(data, "SELECT ?a ?b { ?a geo:sfContains ?b FILTER(?a != ?b) }") == pairs("big small")
    assert rows(data, "SELECT ?a ?b { ?a geo:sfDisjoint ?b }") == pairs("big far", "far big", "small far", "far small")
    assert rows(data, "SELECT ?a { ?a geo:ehInside :big }") == pairs("small")
    assert rows(data, "SELECT ?a { ?a geo:rcc8ntpp :big }") == pairs("small")
    assert rows(data, "SELECT ?b { :small geo:sfWithin ?b . ?b geo:asWKT ?w }") == pairs("small", "big")


@pytest.mark.parametrize("name", ["sfEquals", "sfDisjoint", "sfIntersects", "sfTouches", "sfWithin", "sfContains", "sfOverlaps",
    "sfCrosses",                               "ehEquals", "ehDisjoint", "ehMeet", "ehOverlap", "ehCovers", "ehCoveredBy",
    "ehInside", "ehContains",
                                  "rcc8eq", "rcc8dc", "rcc8ec", "rcc8po", "rcc8tppi", "rcc8tpp", "rcc8ntpp", "rcc8ntppi"])
def test_every_relation_is_what_its_function_says(build: Build, name: str) -> None:
    more = (':t geo:asWKT "POLYGON((10 0, 20 0, 20 10, 10 10, 10 0))"^^geo:wktLiteral . :o geo:asWKT '
            '"POLYGON((5 5, 15 5, 15 15, 5 15, 5 5))"^^geo:wktLiteral . '
            ':i geo:asWKT "POLYGON((0 0, 5 0, 5 5, 0 5, 0 0))"^^geo:wktLiteral .')
    data = build(GEOMETRIES + more)
    function = f"SELECT ?a ?b {{ ?a geo:asWKT ?x . ?b geo:asWKT ?y FILTER(geof:{name}(?x, ?y)) }}"
    found = rows(data, f"SELECT ?a ?b {{ ?a geo:{name} ?b }}")
    assert found == rows(data, function)
    assert found or name == "sfCrosses"


@pytest.mark.parametrize("link", ["hasDefaultGeometry", "hasGeometry"])
def test_features_are_related_by_their_geometries(build: Build, link: str) -> None:
    data = build(FEATURES.replace("hasDefaultGeometry", link))
    features = "SELECT ?a ?b { ?a geo:sfWithin ?b . ?a geo:LINK ?x . ?b geo:LINK ?y }".replace("LINK", link)
    assert rows(data, features) == pairs("bigF bigF", "smallF smallF", "farF farF", "smallF bigF")
    assert rows(data, "SELECT ?b { :small geo:sfWithin ?b }") == pairs("big", "bigF", "small", "smallF")
    assert rows(data, "SELECT ?a { ?a geo:sfWithin :bigF }") == pairs("big", "bigF", "small", "smallF")
    both = rows(data, "SELECT ?a ?b { ?a geo:sfIntersects ?b }")
    assert both == sorted(squared(["big", "bigF", "small", "smallF"]) + squared(["far", "farF"]))


def test_the_default_geometry_wins_over_others(build: Build) -> None:
    data = build(GEOMETRIES + ":f geo:hasDefaultGeometry :small ; geo:hasGeometry :small, :far . :g geo:hasGeometry :far, :big .")
    assert rows(data, "SELECT ?b { ?b geo:sfContains :far }") == pairs("far", "g")
    assert rows(data, "SELECT ?b { ?b geo:sfContains :small }") == pairs("big", "f", "g", "small")
    assert rows(data, "SELECT ?b { :f geo:sfWithin ?b }") == pairs("big", "f", "g", "small")
    assert rows(data, "SELECT DISTINCT ?a ?b { ?a geo:sfEquals ?b . ?a geo:hasGeometry ?x . ?b geo:hasGeometry ?y }") == pairs("f f", "g g")


def test_statements_count_too_and_each_pair_once(build: Build) -> None:
    data = build(GEOMETRIES + ":far geo:sfWithin :big . :small geo:sfWithin :big . :town geo:sfWithin :country .")
    assert rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b FILTER(?a != ?b) }") == pairs("far big", "small big", "town country")
    assert rows(data, "SELECT ?b { :town geo:sfWithin ?b }") == pairs("country")
    assert rows(data, "SELECT (COUNT(*) AS ?n) { ?a geo:sfWithin :big }") == pairs("3")


def test_several_serialisations_of_one_geometry_give_a_pair_once(build: Build) -> None:
    gml = ('<gml:Point xmlns:gml=\\"http://www.opengis.net/gml/3.2\\" srsName=\\"http://www.opengis.net/def/crs/OGC/1.3/CRS84\\">'
           "<gml:pos>1.5 1.5</gml:pos></gml:Point>")
    json = '{\\"type\\": \\"Point\\", \\"coordinates\\": [1.5, 1.5]}'
    data = build(GEOMETRIES + f':p geo:asGML "{gml}"^^geo:gmlLiteral ; geo:asGeoJSON "{json}"^^geo:geoJSONLiteral .'
                 ':q geo:asWKT "POINT(1.5 1.5)"^^geo:wktLiteral , "POINT(1.25 1.25)"^^geo:wktLiteral .')
    assert rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b FILTER(?b = :big) }") == pairs("big big", "p big", "q big", "small big")
    assert rows(data, "SELECT ?b { :p geo:sfEquals ?b }") == pairs("p", "q")


def test_a_literal_stands_for_itself(build: Build) -> None:
    box = '"POLYGON((0.5 0.5, 3 0.5, 3 3, 0.5 3, 0.5 0.5))"^^geo:wktLiteral'
    for text in (GEOMETRIES, FEATURES):
        data = build(text)
        more = [("smallF",)] if text == FEATURES else []
        assert rows(data, f"SELECT ?a {{ ?a geo:sfWithin {box} }}") == sorted([("small",), *more])
        assert not run(data, 'ASK { ?a geo:sfWithin "POINT(70 70)"^^geo:wktLiteral }').any()


def test_asked_and_constant_on_both_sides(build: Build) -> None:
    for data in (build(GEOMETRIES), build(FEATURES)):
        assert run(data, "ASK { :small geo:sfWithin :big }").any()
        assert not run(data, "ASK { :big geo:sfWithin :small }").any()
        assert not run(data, "ASK { :nobody geo:sfWithin :big }").any()
        assert run(data, "ASK { ?a geo:sfDisjoint ?b }").any()
    assert run(build(FEATURES), "ASK { :smallF geo:sfWithin :bigF }").any()


def test_within_graph_both_literals_are_in_that_graph(build: Build) -> None:
    data = build(f':g {{ :big geo:asWKT "{BIG}"^^geo:wktLiteral . :in geo:asWKT "{SMALL}"^^geo:wktLiteral }} '
                 f':h {{ :small geo:asWKT "{SMALL}"^^geo:wktLiteral . :other geo:sfWithin :thing }} '
                 f':k {{ :big geo:asWKT "{BIG}"^^geo:wktLiteral }}')
    within = "?a geo:sfWithin ?b FILTER(?a != ?b)"
    assert rows(data, f"SELECT ?a ?b {{ GRAPH :g {{ {within} }} }}") == pairs("in big")
    assert rows(data, f"SELECT ?g ?a ?b {{ GRAPH ?g {{ {within} }} }}") == pairs("g in big", "h other thing")
    everywhere = pairs("in big", "small big", "in small", "small in", "other thing")
    assert rows(data, f"SELECT ?a ?b {{ {within} }}") == everywhere
    assert rows(data, f"SELECT ?a ?b FROM :g FROM :h {{ {within} }}") == everywhere
    assert rows(data, f"SELECT ?a ?b FROM :k {{ {within} }}") == []


@pytest.mark.parametrize("text", [GEOMETRIES, FEATURES, GEOMETRIES + ":x geo:sfWithin :y ."])
def test_in_optional_union_minus_and_exists(build: Build, text: str) -> None:
    data = build(text + ":small a :Thing . :far a :Thing . :big a :Place .")
    inside = "?a geo:sfWithin ?b . ?b a :Place"
    assert rows(data, f"SELECT ?a ?b {{ ?a a :Thing OPTIONAL {{ {inside} }} }}") == pairs("small big", "far -")
    assert rows(data, f"SELECT ?a {{ ?a a :Thing FILTER EXISTS {{ {inside} }} }}") == pairs("small")
    assert rows(data, f"SELECT ?a {{ ?a a :Thing FILTER NOT EXISTS {{ {inside} }} }}") == pairs("far")
    assert rows(data, f"SELECT ?a {{ ?a a :Thing MINUS {{ {inside} }} }}") == pairs("far")
    assert rows(data, f"SELECT ?a {{ {{ ?a a :Place }} UNION {{ ?a a :Thing . {inside} }} }}") == pairs("big", "small")
    assert rows(data, f"SELECT ?a (EXISTS {{ {inside} }} AS ?in) {{ ?a a :Thing }}") == pairs("far false", "small true")
    assert rows(data, f"SELECT ?a {{ ?a a :Thing FILTER(!(EXISTS {{ {inside} }} || 1 = 2)) }}") == pairs("far")
    assert rows(data, f"SELECT (SUM(IF(EXISTS {{ {inside} }}, 1, 0)) AS ?n) {{ ?a a :Thing }}") == pairs("1")
    ordered = run(data, f"SELECT ?a {{ ?a a :Thing }} ORDER BY DESC(EXISTS {{ {inside} }}) LIMIT 1")
    (batch,) = ordered.batches()
    assert _short(ordered, int(batch.column("a")[0])) == "small"


def test_several_relations_and_others_beside_them(build: Build) -> None:
    for text in (GEOMETRIES, FEATURES):
        data = build(text + ":small a :Thing . :big a :Place .")
        found = rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b ; geo:sfDisjoint :far ; a :Thing . ?b geo:sfContains ?a ; a :Place }")
        assert found == pairs("small big")
        assert rows(data, "SELECT ?a { ?a geo:sfDisjoint ?a }") == []
        assert ("small",) in rows(data, "SELECT ?a { ?a geo:sfEquals ?a }")


def test_a_query_without_relations_is_left_alone(build: Build) -> None:
    result = run(build(GEOMETRIES), "SELECT * { ?a geo:asWKT ?w FILTER EXISTS { ?a ?p ?o } } ORDER BY ?a")
    assert result.context.rewrites == []
    asked = run(build(GEOMETRIES), "SELECT * { ?a geo:sfWithin ?b }")
    assert "geo:sfWithin is computed between geometries" in plan_report(asked.operator, asked.context)["text"]


@pytest.mark.parametrize("link", ["", "hasGeometry", "hasDefaultGeometry", "both"])
def test_the_index_is_used_however_the_literals_are_reached(build: Build, link: str) -> None:
    links = ("hasGeometry", "hasDefaultGeometry") if link == "both" else (link,) if link else ()
    lines = [f':s{i} geo:asWKT "POINT({i % 60} {i // 60})"^^geo:wktLiteral .' for i in range(3000)]
    lines += [f":f{i} geo:{links[i % len(links)]} :s{i} ." for i in range(0 if links else 3000, 3000)]
    result = run(build("\n".join(lines)), "SELECT ?a ?b { ?a geo:sfEquals ?b }")
    assert sum(batch.length for batch in result.batches()) == (12_000 if links else 3_000)
    report = plan_report(result.operator, result.context)["text"]
    assert "index used: the store's tree; 3,000 candidate pairs" in report, report


RESTRICTED = {
    "": GEOMETRIES, "stated": GEOMETRIES + ":far geo:sfWithin :big .", "features": FEATURES,
    "both": FEATURES + ":smallF geo:hasGeometry :far . :gF geo:hasGeometry :small, :far .",
    "several": GEOMETRIES + f':small geo:asWKT "{FAR}"^^geo:wktLiteral .',
    "mixed": GEOMETRIES + f':mixF geo:hasGeometry :far ; geo:asWKT "{SMALL}"^^geo:wktLiteral .',
}


@pytest.mark.parametrize("name", RESTRICTED)
def test_what_restricts_both_sides_changes_no_multiplicity(build: Build, name: str) -> None:
    every = ("big", "small", "far", "bigF", "smallF", "farF", "gF", "mixF")
    data = build(RESTRICTED[name] + "".join(f":{one} a :Thing ; :p 1 , 2 ; :q 2 ; :in :place . " for one in every))
    related = set(rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b }"))
    assert related == set(rows(data, "SELECT DISTINCT ?a ?b { { ?a geo:sfWithin ?b } UNION { SELECT ?a ?b { ?a geo:sfWithin ?b } } }"))
    assert rows(data, "SELECT ?a ?b { ?a a :Thing ; geo:sfWithin ?b . ?b :in [] }") == sorted(related)
    assert rows(data, "SELECT ?a ?b { ?a :p ?k ; geo:sfWithin ?b }") == sorted([*related] * 2)
    assert rows(data, "SELECT ?a ?b { ?a :p|:q ?k ; geo:sfWithin ?b . ?b a :Thing }") == sorted([*related] * 3)
    assert rows(data, "SELECT ?a ?b { ?a :p|:q ?k . ?b :p ?k . ?a geo:sfWithin ?b }") == sorted([*related] * 3)
    assert rows(data, "SELECT ?a ?b { ?a geo:sfWithin ?b . ?x a :Thing ; :p 1 }") == sorted([*related] * len(every))
    chain = sorted((a, b, d) for a, b in related for c, d in related if b == c)
    assert rows(data, "SELECT ?a ?b ?c { ?a a :Thing ; geo:sfWithin ?b . ?b :q 2 ; geo:sfWithin ?c }") == chain
    product = sorted((*one, *other) for one in related for other in related)
    assert rows(data, "SELECT ?a ?b ?c ?d { ?a geo:sfWithin ?b . ?c :q ?k ; geo:sfWithin ?d }") == product


@pytest.mark.parametrize("link", ["", "hasGeometry", "stated", "several"])
def test_what_restricts_a_side_comes_before_the_join(build: Build, link: str) -> None:
    lines = [f':s{i} geo:asWKT "POINT({i % 60} {i // 60})"^^geo:wktLiteral .' for i in range(3000)]
    lines += [f":f{i} geo:hasGeometry :s{i} ." for i in range(3000 if link == "hasGeometry" else 0)]
    lines += [f":{one}{i} a :Chosen ." for i in range(20) for one in "sf"]
    lines += {"stated": [":x geo:sfEquals :y ."], "several": [':s5 geo:asWKT "POINT(7 0)"^^geo:wktLiteral .']}.get(link, [])
    result = run(build("\n".join(lines)), "SELECT ?a ?b { ?a a :Chosen ; geo:sfEquals ?b . ?b a :Chosen }")
    assert sum(batch.length for batch in result.batches()) == {"hasGeometry": 80, "several": 22}.get(link, 20)
    assert max(one.measured.rows for one in _operators(result.operator)) < 500


def _operators(operator: Operator) -> list[Operator]:
    return [operator, *(one for below in operator.inputs for one in _operators(below))]


def test_paths_with_relations_are_taken_apart(build: Build) -> None:
    snapshot = build(GEOMETRIES + ":x :of :small . :big :also :small .")
    assert rows(snapshot, "SELECT * { ?a geo:sfContains|:also ?b . FILTER(?a != ?b) }") == pairs("big small", "big small")
    assert rows(snapshot, "SELECT * { :x :of/geo:sfWithin ?b }") == pairs("big", "small")
    assert rows(snapshot, "SELECT * { :x :of/^geo:sfContains ?b }") == pairs("big", "small")
    assert rows(snapshot, "SELECT * { :far geo:sfTouches|geo:sfOverlaps ?b }") == []


PLACES = ("POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", BIG, SMALL, FAR, "POINT(1 1)", "POINT(50.5 50.5)", "LINESTRING(1 1, 2 1)",
          "POLYGON((10 0, 12 0, 12 2, 10 2, 10 0))", "POINT(60 60)")
RELATED = st.tuples(st.sampled_from(("sfWithin", "sfTouches", "ehInside")), st.sampled_from("*+?"), st.booleans(), st.booleans())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=6), st.lists(st.tuples(*[st.integers(0, 5)] * 2), max_size=4), RELATED)
def test_repeated_relations_are_the_closure_of_what_is_related(
    build: Build, places: list[str], links: list[tuple[int, int]], asked: tuple[str, str, bool, bool]
) -> None:
    name, sign, backward, also = asked
    data = "".join(f':n{i} geo:asWKT "{text}"^^geo:wktLiteral .\n' for i, text in enumerate(places))
    data += "".join(f":n{a} :also :n{b} .\n" for a, b in links)
    step = f"(geo:{name}|:also)" if also else f"geo:{name}"
    step = f"^{step}" if backward else step
    for around in ("{}", "GRAPH :g {{ {} }}", "GRAPH ?g {{ {} }}"):
        snapshot = build(f":g {{ {data} }}")
        single = set(rows(snapshot, f"SELECT DISTINCT ?a ?b {{ {around.format(f'?a {step} ?b')} }}"))
        nodes = {one for (one,) in rows(snapshot, f"SELECT DISTINCT ?a {{ {around.format('{ ?a ?p ?b } UNION { ?b ?p ?a }')} }}")}
        wanted = closure(single, nodes, sign)
        assert rows(snapshot, f"SELECT ?a ?b {{ {around.format(f'?a {step}{sign} ?b')} }}") == sorted(wanted)
        ends = [("SELECT ?b", f":n0 {step}{sign} ?b", {(b,) for a, b in wanted if a == "n0"}),
                ("SELECT ?a", f"?a {step}{sign} :n0", {(a,) for a, b in wanted if b == "n0"})]
        for select, pattern, few in ends:
            assert rows(snapshot, f"{select} {{ {around.format(pattern)} }}") == sorted(few)


def closure(pairs: set[tuple[str, ...]], nodes: set[str], sign: str) -> set[tuple[str, ...]]:
    """What SPARQL 1.1 §18.4 says, in the plainest way."""
    found = set(pairs)
    while sign != "?" and (more := {(a, d) for a, b in found for c, d in pairs if b == c} - found):
        found |= more
    return found if sign == "+" else found | {(one, one) for one in nodes}


def test_literals_are_the_ends_of_repeated_relations_too(build: Build) -> None:
    snapshot = build(GEOMETRIES + ":far :also :small .")
    wide = '"POLYGON((-1 -1, 11 -1, 11 11, -1 11, -1 -1))"^^geo:wktLiteral'
    assert rows(snapshot, f"SELECT ?a {{ ?a geo:sfWithin+ {wide} }}") == [("big",), ("small",)]
    assert rows(snapshot, f"SELECT ?a {{ ?a (:also|geo:ehInside)+ {wide} }}") == [("big",), ("far",), ("small",)]
    assert rows(snapshot, f"SELECT ?a {{ {wide} geo:sfContains? ?a }}")[1:] == [("big",), ("small",)]
    assert len(rows(snapshot, f"SELECT ?a {{ {wide} geo:sfContains* ?a }}")) == 3
    point = '"POINT(3 3)"^^geo:wktLiteral'
    for sign in "*+?":
        assert run(snapshot, f"ASK {{ {point} geo:sfWithin{sign} {wide} }}").any()
        assert not run(snapshot, f"ASK {{ {wide} geo:sfWithin{sign} {point} }}").any()


def test_a_repeated_relation_keeps_the_limits(build: Build) -> None:
    data = "".join(f':n{i} geo:asWKT "POINT({i % 30} {i // 30})"^^geo:wktLiteral .\n' for i in range(900))
    result = evaluate(build(data), HEAD + "SELECT * { ?a geo:sfIntersects+ ?b }", budget=Budget(seconds=0))
    with pytest.raises(DeadlineError):
        list(result.batches())
