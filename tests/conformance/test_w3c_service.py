"""The W3C tests of SPARQL 1.1 Federated Query: their endpoints are snapshots of ours, which ask each other where a test nests calls."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import EarthweaveError, ProcessingError
from earthweave.server.store.algebra import Services
from earthweave.server.store.engine import Result, evaluate, parse
from earthweave.server.store.snapshot import Kind, Snapshot
from tests.conformance import w3c
from tests.conformance.mapping import Results, missing
from tests.conformance.updates import FEDERATED, SUITES, judged

ROOT = "https://suite.invalid/"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
Endpoints = dict[str, Snapshot]


def document(result: Result) -> bytes:
    bindings = []
    for batch in result.batches():
        columns = {name: batch.column(name).tolist() for name in result.names}
        for row in range(batch.length):
            terms = {name: result.context.terms.term(ids[row]) for name, ids in columns.items() if ids[row] >= 0}
            bindings.append({name: {"value": one.text, "type": {Kind.IRI: "uri", Kind.BNODE: "bnode"}.get(one.type.kind, "literal"),
                                    **({"datatype": one.type.datatype} if one.type.datatype else {})} for name, one in terms.items()})
    return json.dumps({"head": {"vars": result.names}, "results": {"bindings": bindings}}).encode()


def asked(endpoints: Endpoints) -> Callable[[str, str], bytes]:
    def ask(endpoint: str, text: str) -> bytes:
        if endpoint not in endpoints:
            raise ProcessingError(f"<{endpoint}> cannot be reached")
        return document(evaluate(endpoints[endpoint], text, services=Services(asked(endpoints))))

    return ask


class Case:
    """A test of the manifest: its data, those of its endpoints, its query and the file of its result."""

    def __init__(self, graph: Any, node: Any, snapshot: Callable[[list[str]], Snapshot]) -> None:
        action = graph.one(node, MF + "action")
        self.query = graph.one(action, QT + "query").value.removeprefix(ROOT)
        self.result = graph.one(node, MF + "result").value.removeprefix(ROOT)
        self.data = snapshot(_files(graph, action))
        services = graph.of(action, QT + "serviceData")
        self.endpoints = {graph.one(one, QT + "endpoint").value: snapshot(_files(graph, one)) for one in services}


def _files(graph: Any, subject: Any) -> list[str]:
    return [one.value.removeprefix(ROOT) for one in graph.of(subject, QT + "data")]


def all_cases(suite: w3c.Suite, scratch: Path) -> list[Case]:
    graph, numbers = w3c._Graph(suite._triples("sparql11/service/manifest.ttl")), count()

    def snapshot(files: list[str]) -> Snapshot:
        builder = w3c.SnapshotBuilder(scratch / str(next(numbers)), durable=False)
        builder.begin("data", w3c.AxisOrder.STRICT)
        quads = [ox.Quad(one.subject, one.predicate, one.object) for file in files for one in suite._triples(file)]
        for block in w3c.quads_of(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"", "nquads"):
            builder.add(block)
        builder.end()
        return builder.finish()

    return [Case(graph, node, snapshot) for node in graph.members(graph.all(MF + "entries")[0])]


def failure(suite: w3c.Suite, case: Case, batch: int) -> str:
    """What is wrong with the answer, in a few words; empty if nothing is."""
    text = f"BASE <{ROOT}{case.query}>\n" + (suite.folder / case.query).read_text("utf-8")
    found = ox.parse_query_results(path=suite.folder / case.result, format=ox.QueryResultsFormat.XML)
    assert isinstance(found, ox.QuerySolutions)
    expected = w3c.Rows(tuple(one.value for one in found.variables), [tuple(w3c._of(term) for term in row) for row in found])
    try:
        answer = w3c._table(evaluate(case.data, text, services=Services(asked(case.endpoints), batch)), plain=False)
    except EarthweaveError as error:
        return str(error)
    return "" if w3c.same(answer, expected) else f"{answer.rows} instead of {expected.rows}"


def refused(file: Path) -> str:
    """Why a text whose syntax is right is not read; empty if it is."""
    try:
        parse(f"BASE <{ROOT}>\n" + file.read_text("utf-8"))
    except EarthweaveError as error:
        return str(error)
    return ""


def results(folder: Path, batch: int = 100) -> Results:
    """Name, state and reason of every case of the suites in a folder; ``batch`` bindings go to an endpoint at once."""
    with tempfile.TemporaryDirectory() as scratch:
        suite = w3c.Suite(folder, Path(scratch))
        answered = [judged(case.query, failure(suite, case, batch)) for case in all_cases(suite, Path(scratch))]
        return [*answered, *(judged(file.name, refused(file)) for file in sorted((folder / "sparql11/syntax-fed").glob("*.rq")))]


@pytest.mark.parametrize("batch", [1, 100])
def test_the_engine_passes_all_as_the_page_says(shared: Path, batch: int) -> None:
    found = results(shared / SUITES, batch)
    assert len(found) == 10 and [case for case in found if case[1] != "passed"] == []
    assert missing(FEDERATED, found) == [], "write it anew: python -m tests.conformance.updates"


def test_the_mock_endpoints_fail_as_such() -> None:
    with pytest.raises(EarthweaveError):
        asked({})("http://example.org/", "ASK {}")
