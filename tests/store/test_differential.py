"""Random small graphs: our answers against rdflib's, and export after load against what went in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.term import Node

from earthweave.server.store import Store

NAME = "http://example.org/"
nodes = st.integers(0, 4).map(lambda i: URIRef(f"{NAME}n{i}"))
properties = st.integers(0, 2).map(lambda i: URIRef(f"{NAME}p{i}"))
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=8)
tagged = st.builds(Literal, texts, lang=st.sampled_from(["en", "it"]))
literals = st.one_of(texts.map(Literal), st.integers(-5, 5).map(Literal), tagged, st.booleans().map(Literal))
triples = st.tuples(nodes, properties, st.one_of(nodes, literals))
graphs = st.lists(st.lists(triples, max_size=10), min_size=1, max_size=4)
# each example writes to the disk in processes of its own, so it is not shrunk
QUICK = settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate],
                 suppress_health_check=[HealthCheck.function_scoped_fixture])
QUERIES = (
    "SELECT ?s ?o { ?s :p0 ?o }",
    "SELECT ?s ?x ?o { ?s :p0 ?x . ?x :p1 ?o }",
    "SELECT ?s ?o ?x { ?s :p0 ?o OPTIONAL { ?o :p1 ?x } }",
    "SELECT ?s ?o { { ?s :p0 ?o } UNION { ?o :p1 ?s } }",
    "SELECT ?s { ?s :p0 ?o MINUS { ?s :p1 ?o } }",
    "SELECT DISTINCT ?s ?o { ?s (:p0|:p1)+ ?o FILTER(isIRI(?o)) }",
    "SELECT ?p (COUNT(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?s ?o { ?s ?p ?o FILTER(isNumeric(?o) && ?o > 1) }",
    "SELECT ?s { ?s ?p ?o FILTER EXISTS { ?o ?q ?x } }",
    "SELECT ?s ?l { ?s ?p ?o BIND(LANG(?o) AS ?l) FILTER(isLiteral(?o)) }",
)


def document(contents: list[list[tuple[Node, Node, Node]]]) -> bytes:
    data = Dataset()
    for number, content in enumerate(contents):
        for triple in content:
            data.graph(URIRef(f"{NAME}g{number}")).add(triple)
    return data.serialize(format="nquads").encode()


def ours(store: Store, query: str, graph: str) -> Counter[tuple[str | None, ...]]:
    table = store.query(f"PREFIX : <{NAME}> " + query, default_graphs=[graph]).table
    return Counter(tuple(cell["value"] if cell else None for cell in row.values()) for row in table.to_pylist())


def theirs(graph: Graph, query: str) -> Counter[tuple[str | None, ...]]:
    return Counter(tuple(None if term is None else str(term) for term in row) for row in graph.query(f"PREFIX : <{NAME}> " + query))  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@QUICK
@given(graphs)
def test_queries_agree_with_rdflib(store: Store, contents: list[list[tuple[Node, Node, Node]]]) -> None:
    store.update("CLEAR ALL")
    store.load_quads([document(contents)], name="random")
    for number, content in enumerate(contents):
        graph = Graph()
        for triple in content:
            graph.add(triple)
        for query in QUERIES:
            assert ours(store, query, f"{NAME}g{number}") == theirs(graph, query), query


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@QUICK
@given(graphs, st.sampled_from(["nquads", "trig"]))
def test_export_gives_back_what_was_loaded(store: Store, tmp_path: Path, contents: list[list[tuple[Node, Node, Node]]],
                                           syntax: str) -> None:
    store.update("CLEAR ALL")
    data = document(contents)
    report = store.load_quads([data], name="random")
    assert report.triples == report.added == sum(len(set(content)) for content in contents)
    store.export(tmp_path / "out", format=syntax)
    back = Dataset()
    back.parse(tmp_path / "out", format=syntax)
    for number, content in enumerate(contents):
        wanted = Graph()
        for triple in content:
            wanted.add(triple)
        assert isomorphic(back.graph(URIRef(f"{NAME}g{number}")), wanted)
