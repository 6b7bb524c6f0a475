"""Within GRAPH and a variable, rows are counted, and removed by MINUS, in each graph by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Dataset, URIRef

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

DATA = {"1": "312", "2": "98", "3": ""}
NAMED = ("a p v g1", "b p w g1", "g1 p v g1", "b q g1 g1", "g1 u w g1", "a r g1 g1", "a p v g2", "g2 p u g2", "a q g2 g2", "c r g2 g2",
         "a p v g3", "c p v g3", "g3 u v g3")
"""Subject, predicate, object and graph; the name of a graph is a term in that graph alone."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder: Path = tmp_path_factory.mktemp("graphs")
    builder = SnapshotBuilder(folder / "s", durable=False)
    builder.begin("data", AxisOrder.STRICT)
    lines = "".join(f'<x:a> <x:p> "{digit}" <x:g{graph}> .\n' for graph, digits in DATA.items() for digit in digits)
    for block in quads_of((lines + '<x:a> <x:p> "0" .\n<x:a> <x:q> "0" <x:g3> .\n').encode(), "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


@pytest.mark.parametrize(("inner", "expected"), [
    ("SELECT ?o { ?s <x:p> ?o } ORDER BY ?o LIMIT 1", ["g1 1", "g2 8"]),
    ("SELECT ?o { ?s <x:p> ?o } ORDER BY DESC(?o) OFFSET 1", ["g1 1", "g1 2", "g2 8"]),
    ("SELECT ?o { { SELECT ?o { ?s <x:p> ?o } ORDER BY ?o LIMIT 2 } } ORDER BY DESC(?o) LIMIT 1", ["g1 2", "g2 9"]),
    ("SELECT (STR(COUNT(*)) AS ?o) { ?s <x:p> ?v } LIMIT 1", ["g1 3", "g2 2", "g3 0"]),
    ("SELECT DISTINCT ?o { ?s <x:p> ?o FILTER EXISTS { ?s <x:p> ?o } } ORDER BY ?o LIMIT 1 OFFSET 1", ["g1 2", "g2 9"]),
    ("SELECT ?o { ?s <x:p> ?o } LIMIT 0", []),
])
def test_rows_are_counted_in_each_graph(snapshot: Snapshot, inner: str, expected: list[str]) -> None:
    result = evaluate(snapshot, f"SELECT ?g ?o {{ GRAPH ?g {{ {inner} }} }} ORDER BY ?g ?o")
    term = result.context.terms.term
    found = [f"{term(g).text[2:]} {term(o).text}" for batch in result.batches()
             for g, o in zip(batch.column("g").tolist(), batch.column("o").tolist(), strict=True)]
    assert found == expected


def test_only_the_graphs_of_the_dataset_are_asked(snapshot: Snapshot) -> None:
    text = "SELECT ?g { GRAPH ?g { SELECT ?o { ?s <x:p> ?o } ORDER BY ?o LIMIT 1 } }"
    assert sum(batch.length for batch in evaluate(snapshot, text, default_graphs=("x:g1",), named_graphs=("x:g2",)).batches()) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize(("left", "right"), [
    ("?s <x:p> ?o OPTIONAL { ?s <x:q> ?g }", "?s <x:p> ?o . ?s <x:r> ?g"), ("?s <x:p> ?o OPTIONAL { ?s <x:q> ?g }", "?t <x:q> ?g"),
    ("?s <x:p> ?o OPTIONAL { ?s <x:q> ?g }", "OPTIONAL { ?t <x:r> ?g }"), ("{ ?s <x:p> ?o } UNION { ?g <x:u> ?o }", "?g <x:u> ?v"),
    ("{ ?s <x:p> ?o } UNION { ?g <x:u> ?o }", "{ ?g <x:p> ?v } UNION { ?s <x:r> ?v }"), ("?g <x:p> ?o", "?g <x:u> ?v"),
    ("?s <x:p> ?o VALUES ?g { UNDEF }", "?v <x:r> ?g"), ("?s <x:p> ?o BIND(IF(?s = <x:a>, ?nothing, <x:g1>) AS ?g)", "?v <x:q> ?g"),
    ("?s <x:p> ?o MINUS { ?s <x:q> ?g }", "?v <x:r> ?g"), ("?s <x:p> ?o", "?v <x:r> ?g"),
])
def test_what_minus_removes_in_each_graph_is_what_rdflib_removes(tmp_path: Path, left: str, right: str) -> None:
    text = "".join("{} {} {} {} .\n".format(*(f"<x:{one}>" for one in line.split())) for line in NAMED)
    builder = SnapshotBuilder(tmp_path / "s", durable=False)
    builder.begin("data", AxisOrder.STRICT)
    for block in quads_of(text.encode(), "nquads"):
        builder.add(block)
    builder.end()
    theirs = Dataset()
    theirs.parse(data=text, format="nquads")
    query = f"SELECT ?g ?s ?o {{ GRAPH ?g {{ {left} MINUS {{ {right} }} }} }}"
    result = evaluate(builder.finish(), query)
    found = [tuple("" if one < 0 else result.context.terms.term(one).text for one in row) for batch in result.batches()
             for row in zip(*(batch.column(name).tolist() for name in "gso"), strict=True)]
    wanted = [tuple("" if one is None else str(one) for one in row) for row in theirs.query(query) if isinstance(row, tuple)]
    wanted = [row for row in wanted if URIRef(row[0]) in {graph.identifier for graph in theirs.graphs()}]
    assert sorted(found) == sorted(wanted)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("named") / "s", durable=False)
    builder.begin("data", AxisOrder.STRICT)
    for block in quads_of("".join("{} {} {} {} .\n".format(*(f"<x:{one}>" for one in line.split())) for line in NAMED).encode(), "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


def answered(snapshot: Snapshot, query: str, names: str) -> list[str]:
    result = evaluate(snapshot, query)
    return sorted(" ".join("-" if one < 0 else result.context.terms.term(one).text[2:] for one in row) for batch in result.batches()
                  for row in zip(*(batch.column(name).tolist() for name in names), strict=True))


@pytest.mark.parametrize(("inner", "names", "expected"), [
    ("?s <x:p> ?o FILTER(?g = <x:g1>)", "gso", []),
    ("?s <x:q> ?o BIND(?g AS ?b)", "gsob", ["g1 b g1 -", "g2 a g2 -"]),
    ("?s <x:r> ?o OPTIONAL { ?s <x:r> ?b FILTER(?g = <x:g1>) }", "gsob", ["g1 a g1 -", "g2 c g2 -"]),
    ("?s <x:r> ?o OPTIONAL { ?g <x:u> ?b }", "gsob", ["g1 a g1 w", "g2 c g2 -"]),
    ("?s <x:q> ?o OPTIONAL { ?b <x:p> ?g }", "gsob", []),
    ("?s <x:q> ?o FILTER EXISTS { ?b <x:p> ?g }", "gso", ["g1 b g1", "g2 a g2"]),
    ("?g <x:u> ?o FILTER(?g = <x:g1>)", "go", ["g1 w"]),
    ("VALUES ?g { <x:g1> <x:nowhere> UNDEF }", "g", ["g1", "g1", "g2", "g3"]),
    ("BIND(<x:g1> AS ?g)", "g", ["g1"]),
    ("SELECT (<x:g2> AS ?g) (IRI(CONCAT('x:', STR(COUNT(*)))) AS ?o) { ?s <x:p> ?v }", "go", ["g2 2"]),
    ("{ ?g <x:u> ?o } UNION { ?s <x:q> ?o FILTER(BOUND(?g)) }", "go", ["g1 w", "g3 v"]),
])
def test_the_name_of_the_graph_is_joined_in_the_end(named: Snapshot, inner: str, names: str, expected: list[str]) -> None:
    assert answered(named, f"SELECT * {{ GRAPH ?g {{ {inner} }} }}", names) == expected


@pytest.mark.parametrize(("query", "names", "expected"), [
    ("SELECT ?g ?s { GRAPH ?g { ?s <x:q> ?o FILTER EXISTS { ?a <x:p> ?b } } }", "gs", ["g1 b", "g2 a"]),
    ("SELECT ?g ?s { GRAPH ?g { ?s <x:q> ?o FILTER NOT EXISTS { ?a <x:p> ?b } } }", "gs", []),
    ("SELECT DISTINCT ?g { GRAPH ?g { ?s <x:p> ?o } }", "g", ["g1", "g2", "g3"]),
    ("SELECT DISTINCT ?g { GRAPH ?g { ?s <x:p> ?o } { GRAPH ?g { ?a <x:p> ?b } } }", "g", ["g1", "g2", "g3"]),
    ("SELECT DISTINCT ?g { GRAPH ?g { <x:a> <x:p> ?o } }", "g", ["g1", "g2", "g3"]),
    ("SELECT DISTINCT ?g ?o { GRAPH ?g { ?s <x:p> ?o } }", "go", ["g1 v", "g1 w", "g2 u", "g2 v", "g3 v"]),
])
def test_one_of_equal_statements_is_not_enough_where_their_graphs_matter(named: Snapshot, query: str, names: str,
                                                                         expected: list[str]) -> None:
    assert answered(named, query, names) == expected
