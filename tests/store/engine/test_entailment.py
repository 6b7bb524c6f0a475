"""RDFS entailment against a naive materialisation of the same graph, and the hierarchies of GeoSPARQL that are built in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from earthweave.ontology import GML, PREFIXES, QueryError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Entailment
from earthweave.server.store.engine import evaluate, plan_report
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

Build = Callable[[str], Snapshot]
Statement = tuple[str, str, str]
HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in [*PREFIXES.items(), ("gml", str(GML)), ("", "http://e/")])
TYPE, SUBCLASS, SUBPROPERTY, DOMAIN, RANGE = "rdf:type", "rdfs:subClassOf", "rdfs:subPropertyOf", "rdfs:domain", "rdfs:range"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    numbers = count()

    def make(text: str) -> Snapshot:
        builder = SnapshotBuilder(tmp_path_factory.mktemp("entailment") / str(next(numbers)), durable=False)
        builder.begin("test", AxisOrder.STRICT)
        for block in quads_of((HEAD + text).encode(), "trig"):
            builder.add(block)
        builder.end()
        return builder.finish()

    return make


def rows(snapshot: Snapshot, text: str, entailment: Entailment = Entailment.RDFS) -> list[tuple[str, ...]]:
    """Local names of a SELECT, sorted; unbound is -."""
    result = evaluate(snapshot, HEAD + text, entailment=entailment)
    found: list[tuple[str, ...]] = []
    for batch in result.batches():
        columns = [["-" if one < 0 else result.context.terms.term(one).text.rpartition("/")[2] for one in batch.column(name).tolist()]
                   for name in result.names]
        found += list(zip(*columns, strict=True)) if columns else [()] * batch.length
    return sorted(found)


def materialised(stated: set[Statement]) -> set[Statement]:
    """Rules 2, 3, 5 to 7 and 9 to 11 of RDF 1.1 Semantics §9.2 until nothing new follows; 6 and 10 for what the text names."""
    known = set(stated) | {(one, p, one) for a, p, b in stated if p in (SUBCLASS, SUBPROPERTY) for one in (a, b)}
    known |= {(p, SUBPROPERTY, p) for _, p, _ in stated} | {(b, SUBCLASS, b) for _, p, b in stated if p in (TYPE, DOMAIN, RANGE)}
    known |= {(a, SUBPROPERTY, a) for a, p, _ in stated if p in (DOMAIN, RANGE)}
    while True:
        fresh = set[Statement]()
        for a, p, b in known:
            for c, q, d in known:
                if q == SUBPROPERTY and p == c:
                    fresh.add((a, d, b))
                if q in (DOMAIN, RANGE) and p == c:
                    fresh.add((a if q == DOMAIN else b, TYPE, d))
                if q == p and b == c and q in (SUBPROPERTY, SUBCLASS):
                    fresh.add((a, p, d))
                if p == TYPE and q == SUBCLASS and b == c:
                    fresh.add((a, TYPE, d))
        if fresh <= known:
            return known
        known |= fresh


def made(seed: int) -> set[Statement]:
    random = np.random.default_rng(seed)

    def some(letter: str, most: int) -> str:
        return f":{letter}{random.integers(most)}"

    schema = {(some("c", 5), SUBCLASS, some("c", 5)) for _ in range(4)} | {(some("p", 4), SUBPROPERTY, some("p", 4)) for _ in range(3)}
    schema |= {(some("p", 4), DOMAIN, some("c", 5)), (some("p", 4), RANGE, some("c", 5))}
    facts = {(some("x", 6), TYPE, some("c", 5)) for _ in range(5)} | {(some("x", 6), some("p", 4), some("x", 6)) for _ in range(8)}
    return {one for one in schema | facts if one[0] != one[2] or one[1].startswith(":")}


def written(statements: set[Statement]) -> str:
    return "".join(f"{' '.join(one)} .\n" for one in sorted(statements))


QUERIES = [
    "SELECT ?x { ?x a :c0 }", "SELECT ?x ?c { ?x a ?c }", "SELECT ?x ?y { ?x :p0 ?y }", "SELECT ?x ?y ?z { ?x :p0/:p1 ?y . ?y a ?z }",
    "SELECT ?x ?y { ?x (:p0|^:p1)+ ?y }", "SELECT ?x ?y { ?x a :c1 OPTIONAL { ?x :p2 ?y } }",
    "SELECT ?x { ?x a :c2 FILTER NOT EXISTS { ?x :p1 ?y } }",
    "SELECT ?c ?d { ?c rdfs:subClassOf ?d FILTER(STRSTARTS(STR(?c), 'http://e/')) }", "SELECT ?p { ?p rdfs:subPropertyOf :p0 }",
    "SELECT ?c { ?c rdfs:subClassOf ?c FILTER(STRSTARTS(STR(?c), 'http://e/')) }",
    "SELECT ?x ?p ?y { ?x ?p ?y FILTER(STRSTARTS(STR(?p), 'http://e/') || ?p = rdf:type) }",
    "SELECT ?c { :x0 a ?c }", "SELECT ?p { :x1 ?p :x2 }",
    "SELECT ?c (COUNT(?x) AS ?n) { ?x a ?c . ?x :p3 ?y } GROUP BY ?c", "SELECT (COUNT(*) AS ?n) { :x0 a :c0 }",
]


@pytest.mark.parametrize("seed", range(6))
def test_entailment_finds_what_the_materialised_graph_holds(build: Build, seed: int) -> None:
    stated = made(seed)
    raw, whole = build(written(stated)), build(written(materialised(stated)))
    for query in QUERIES:
        assert rows(raw, query) == rows(whole, query, Entailment.SIMPLE), query
        assert rows(raw, query, Entailment.RELATIONS) == rows(raw, query, Entailment.SIMPLE), query


def test_the_oracle_adds_something() -> None:
    assert sum(len(materialised(made(seed))) > len(made(seed)) + 5 for seed in range(6)) >= 4


DATA = '''
:f geo:hasDefaultGeometry :g . :h a :Park . :Park rdfs:subClassOf geo:Feature .
:h :shape :i . :shape rdfs:subPropertyOf geo:hasDefaultGeometry .
:g a sf:Polygon ; geo:asWKT "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))"^^geo:wktLiteral .
:i a gml:Point ; geo:asGML "<gml:Point xmlns:gml='http://www.opengis.net/gml/3.2'><gml:pos>1 1</gml:pos></gml:Point>"^^geo:gmlLiteral .
:j geo:hasCentroid :i .
'''


def test_the_hierarchies_of_geosparql_are_built_in(build: Build) -> None:
    data = build(DATA)
    assert rows(data, "SELECT ?x { ?x a geo:Geometry }") == [("g",), ("i",)]
    assert rows(data, "SELECT ?x { ?x a sf:Surface }") == [("g",)]
    assert rows(data, "SELECT ?x { ?x a geo:Feature }") == [("f",), ("h",), ("j",)]
    assert rows(data, "SELECT ?x { ?x a geo:SpatialObject }") == [("f",), ("g",), ("h",), ("i",), ("j",)]
    assert rows(data, "SELECT ?x ?g { ?x geo:hasGeometry ?g }") == [("f", "g"), ("h", "i"), ("j", "i")]
    assert rows(data, "SELECT ?g { ?g geo:hasSerialization ?w }") == [("g",), ("i",)]
    assert rows(data, "SELECT ?x { ?x a geo:Geometry }", Entailment.SIMPLE) == []


def test_what_a_relation_is_stated_of_is_a_spatial_object(build: Build) -> None:
    data = build(":a geo:sfWithin :b . :c geo:rcc8ntpp :d . :e :near :f .")
    assert rows(data, "SELECT ?x { ?x a geo:SpatialObject }") == [("a",), ("b",), ("c",), ("d",)]
    assert rows(data, "SELECT ?c { :a a ?c }") == [("geosparql#SpatialObject",)]
    assert rows(data, "SELECT ?x { ?x a geo:Feature }") == []


def test_relations_follow_sub_properties_of_the_default_geometry(build: Build) -> None:
    data = build(DATA)
    assert rows(data, "SELECT ?a { ?a geo:sfWithin :f }") == [("f",), ("g",), ("h",), ("i",), ("j",)]
    assert rows(data, "SELECT ?a { ?a geo:sfWithin :f }", Entailment.RELATIONS) == [("f",), ("g",), ("i",)]
    assert rows(data, "SELECT ?a { ?a geo:sfWithin :f }", Entailment.SIMPLE) == []


def test_the_schema_is_that_of_the_dataset(build: Build) -> None:
    data = build(":a a :Low . GRAPH :g { :Low rdfs:subClassOf :High }")
    assert rows(data, "SELECT ?x { ?x a :High }") == [("a",)]
    query = HEAD + "SELECT ?x FROM <http://e/none> { ?x a :High }"
    assert not evaluate(data, query, entailment=Entailment.RDFS).any()


def test_graphs_are_kept_apart(build: Build) -> None:
    data = build("GRAPH :g { :a :low :b } GRAPH :h { :a :high :b } :low rdfs:subPropertyOf :high .")
    assert rows(data, "SELECT ?g { GRAPH ?g { :a :high :b } }") == [("g",), ("h",)]
    assert rows(data, "SELECT ?x { ?x :high :b }") == [("a",)]


def test_explain_says_that_patterns_were_widened(build: Build) -> None:
    result = evaluate(build(DATA), HEAD + "SELECT ?x { ?x a geo:Feature }", entailment=Entailment.RDFS)
    assert any("RDFS entails" in one for one in plan_report(result.operator, result.context)["remarks"])
    plain = evaluate(build(DATA), HEAD + "SELECT ?x { ?x geo:asWKT ?w }", entailment=Entailment.RDFS)
    assert plan_report(plain.operator, plain.context)["remarks"] == []


def test_the_count_of_arguments_is_checked_before_anything_runs(build: Build) -> None:
    with pytest.raises(QueryError, match="geof:distance takes 3 arguments, not 2"):
        evaluate(build(DATA), HEAD + "SELECT ?w { ?g geo:asWKT ?w FILTER(geof:distance(?w, ?w) < 1) }")
