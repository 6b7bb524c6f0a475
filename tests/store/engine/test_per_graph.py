"""Sub-selects within GRAPH and a variable that count rows: they do so in each graph by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

DATA = {"1": "312", "2": "98", "3": ""}


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
