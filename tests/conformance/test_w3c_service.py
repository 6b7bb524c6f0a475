"""The W3C tests of SPARQL 1.1 Federated Query: their endpoints are snapshots of ours, which ask each other where a test nests calls."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import EarthweaveError, ProcessingError
from earthweave.server.store.algebra import Services
from earthweave.server.store.engine import Result, evaluate, parse
from earthweave.server.store.snapshot import Kind, Snapshot

ROOT = "https://suite.invalid/"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
Endpoints = dict[str, Snapshot]


@pytest.fixture(scope="module")
def w3c(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_w3c", root / "tests/conformance/w3c.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def suite(w3c: ModuleType, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return w3c.Suite(shared / "suites/w3c-sparql/sparql", tmp_path_factory.mktemp("w3c"))


@pytest.fixture(scope="module")
def graph(w3c: ModuleType, suite: Any) -> Any:
    return w3c._Graph(suite._triples("sparql11/service/manifest.ttl"))


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


@pytest.fixture(scope="module")
def cases(w3c: ModuleType, suite: Any, graph: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    def snapshot(files: list[str]) -> Snapshot:
        builder = w3c.SnapshotBuilder(tmp_path_factory.mktemp("data") / "s", durable=False)
        builder.begin("data", w3c.AxisOrder.STRICT)
        quads = [ox.Quad(one.subject, one.predicate, one.object) for file in files for one in suite._triples(file)]
        for block in w3c.quads_of(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"", "nquads"):
            builder.add(block)
        builder.end()
        found: Snapshot = builder.finish()
        return found

    return [Case(graph, node, snapshot) for node in graph.members(graph.all(MF + "entries")[0])]


@pytest.mark.parametrize("batch", [1, 100])
def test_the_engine_passes_all(w3c: ModuleType, suite: Any, cases: list[Case], batch: int) -> None:
    assert len(cases) == 7
    for case in cases:
        text = f"BASE <{ROOT}{case.query}>\n" + (suite.folder / case.query).read_text("utf-8")
        result = evaluate(case.data, text, services=Services(asked(case.endpoints), batch))
        found = ox.parse_query_results(path=suite.folder / case.result, format=ox.QueryResultsFormat.XML)
        assert isinstance(found, ox.QuerySolutions)
        expected = w3c.Rows(tuple(one.value for one in found.variables), [tuple(w3c._of(term) for term in row) for row in found])
        assert w3c.same(w3c._table(result, plain=False), expected), case.query


def test_the_syntax_is_read(suite: Any) -> None:
    files = sorted((suite.folder / "sparql11/syntax-fed").glob("*.rq"))
    assert len(files) == 3
    for file in files:
        parse(f"BASE <{ROOT}>\n" + file.read_text("utf-8"))


def test_the_page_tells_the_result(suite: Any, cases: list[Case], root: Path) -> None:
    count = len(cases) + len(list((suite.folder / "sparql11/syntax-fed").glob("*.rq")))
    # that all pass is what the tests above say
    assert f"test_w3c_service.py`) | {count} | {count} |" in (root / "docs/conformance.md").read_text("utf-8")


def test_the_mock_endpoints_fail_as_such() -> None:
    with pytest.raises(EarthweaveError):
        asked({})("http://example.org/", "ASK {}")
