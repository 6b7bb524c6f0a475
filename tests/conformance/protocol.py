"""The W3C SPARQL 1.1 tests of Protocol, Graph Store HTTP Protocol and Service Description, sent to a served store.

Each test is a row of requests in its manifest, sent in order; what comes back is compared with the status, format, answer, content type
and graph that the manifest expects. The token of the server goes with every request that is not GET or HEAD. The paths of the manifests
are replaced by ours, as they ask.

``python -m tests.conformance.protocol`` runs the suites and writes the result to docs/conformance.md.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
from waitress.server import create_server

from earthweave.server.api import create_app
from earthweave.server.settings import EndpointSettings
from earthweave.server.store import Store, open_store

ROOT = "https://suite.invalid/"
TOKEN = "token of the tests"
PATHS = {"/sparql/": "/sparql", "/gsp": "/rdf-graph-store"}
FOLDERS = {
    "SPARQL 1.1 Protocol": "protocol/manifest.ttl",
    "SPARQL 1.1 Graph Store HTTP Protocol, graphs by address": "graph-store-protocol/manifest-direct.ttl",
    "SPARQL 1.1 Graph Store HTTP Protocol, graphs by parameter": "graph-store-protocol/manifest-indirect.ttl",
    "SPARQL 1.1 Service Description": "service-description/manifest.ttl",
}
"""Name on the page → manifest."""
PAGE = Path(__file__).resolve().parents[2] / "docs/conformance.md"
BEGIN, END = "<!-- written by tests/conformance/protocol.py; do not edit -->\n", "<!-- end of protocol -->\n"
_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_HT, _CNT = "http://www.w3.org/2011/http#", "http://www.w3.org/2011/content#"
_UT = "http://www.w3.org/2009/sparql/tests/test-update#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_SD = "http://www.w3.org/ns/sparql-service-description#"
_STATUS = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404"}
SYNTAXES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
}
_RESULTS = ("application/sparql-results+json", "application/sparql-results+xml")
_FORMATS = {"boolean": _RESULTS, "tabular": (*_RESULTS, "text/csv", "text/tab-separated-values"), "RDF": tuple(SYNTAXES)}
RANGES = {
    "endpoint": "",
    "supportedLanguage": "",
    "languageExtension": "",
    "propertyFeature": "",
    "feature": "",
    "defaultEntailmentRegime": "",
    "resultFormat": "",
    "inputFormat": "",
    "name": "",
    "extensionFunction": "Function",
    "extensionAggregate": "Aggregate",
    "defaultDataset": "Dataset",
    "availableGraphs": "GraphCollection",
    "defaultGraph": "Graph",
    "namedGraph": "NamedGraph",
    "graph": "Graph",
    "entailmentRegime": "",
}
"""Property of the vocabulary → class that its objects are stated to have, empty where an IRI is enough (Recommendation, §3)."""


class Reply(NamedTuple):
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


@dataclass(frozen=True)
class Request:
    """One request of a test, and what is expected of its reply."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    statuses: tuple[str, ...]
    boolean: bool | None
    format: str
    content_type: str
    expected: bytes | None
    location: str


@dataclass(frozen=True)
class Case:
    """A test: graphs to load before, and its requests; none for a service description."""

    name: str
    graphs: tuple[tuple[str, str], ...]
    requests: tuple[Request, ...]


class Manifest:
    """The tests of one manifest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[tuple[Any, str], list[Any]] = {}
        for one in ox.parse(path=path, format=ox.RdfFormat.TURTLE, base_iri=ROOT):
            self._found.setdefault((one.subject, one.predicate.value), []).append(one.object)

    def of(self, node: Any, predicate: str) -> list[Any]:
        return self._found.get((node, predicate), [])

    def text(self, node: Any, predicate: str, default: str = "") -> str:
        return next((str(one.value) for one in self.of(node, predicate)), default)

    def members(self, node: Any) -> Iterator[Any]:
        while first := self.of(node, _RDF + "first"):
            yield first[0]
            (node,) = self.of(node, _RDF + "rest")

    def cases(self) -> list[Case]:
        (entries,) = [found[0] for (_, name), found in self._found.items() if name == _MF + "entries"]
        return [self._case(one) for one in self.members(entries)]

    def _case(self, node: Any) -> Case:
        graphs = tuple(
            (self.text(one, _LABEL), self.text(one, _UT + "graph").removeprefix(ROOT)) for one in self.of(node, _UT + "graphData")
        )
        lists = [found for action in self.of(node, _MF + "action") for found in self.of(action, _HT + "requests")]
        requests = tuple(self._request(one) for found in lists for one in self.members(found))
        return Case(node.value.rpartition("#")[2], graphs, requests)

    def _request(self, node: Any) -> Request:
        response = next(iter(self.of(node, _HT + "resp")))
        statuses = tuple(one.value.rpartition("#")[2] for one in self.of(response, _MF + "expectedStatus"))
        boolean = self.text(response, _MF + "expectedBoolean")
        return Request(
            self.text(node, _HT + "methodName"),
            _ours(self.text(node, _HT + "absolutePath")),
            self._headers(node),
            self._body(node),
            statuses,
            boolean == "true" if boolean else None,
            self.text(response, _MF + "expectedFormat"),
            self._headers(response).get("content-type", ""),
            self._body(response),
            self.text(response, _MF + "expectedLocation"),
        )

    def _headers(self, node: Any) -> dict[str, str]:
        fields = [one for found in self.of(node, _HT + "headers") for one in self.members(found)]
        return {self.text(one, _HT + "fieldName").lower(): self.text(one, _HT + "fieldValue") for one in fields}

    def _body(self, node: Any) -> bytes | None:
        body = next(iter(self.of(node, _HT + "body")), None)
        text = self.text(body, _CNT + "chars")
        multipart = "multipart" in self._headers(node).get("content-type", "")
        # lines of a multipart body end in CR LF (RFC 2046 §4.1.1), which Turtle cannot say; its indentation is the manifest's
        text = "\r\n".join(line.strip() for line in text.strip().splitlines()) + "\r\n" if multipart else text
        return None if body is None else text.encode(self.text(body, _CNT + "characterEncoding", "UTF-8"))


def _ours(path: str) -> str:
    theirs = next(one for one in PATHS if path.startswith(one))
    return PATHS[theirs] + path.removeprefix(theirs)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Store, int]]:
    """An empty store behind a server; its port."""
    with open_store(folder / "store") as store:
        app = create_app(store, endpoint=EndpointSettings(update_token=TOKEN))
        server = create_server(app, host="127.0.0.1", port=0, threads=2, channel_request_lookahead=1)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield store, server.effective_port
        finally:
            # its threads first: they wake the loop that is closed then
            server.task_dispatcher.shutdown(cancel_pending=False)
            server.close()
            thread.join(10)


class Suite:
    """Runs cases against a served store."""

    def __init__(self, folder: Path, store: Store, port: int) -> None:
        self.folder, self.store, self.port = folder, store, port

    def send(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        permission = {} if method in ("GET", "HEAD") else {"Authorization": f"Bearer {TOKEN}"}
        connection.request(method, target, body, {"Host": "www.example", **permission, **(headers or {})})
        response = connection.getresponse()
        reply = Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        connection.close()
        return reply

    def failure(self, case: Case) -> str:
        """What is wrong, in a few words; empty if nothing is."""
        if not case.requests:
            return self._description(case.name)
        if self.store.statistics().triples:
            self.store.update("CLEAR ALL")
        for graph, file in case.graphs:
            self.store.load([self.folder / "protocol" / file], graph=graph)
        names: dict[str, str] = {}
        for number, request in enumerate(case.requests, 1):
            target, body = request.target, request.body
            for name, value in names.items():
                target, body = target.replace(name, value), body and body.replace(name.encode(), value.encode())
            reply = self.send(request.method, target, body, request.headers)
            if why := wrong(request, reply):
                return f"request {number}, {request.method} {target[:60]}: {why}"
            if request.location:
                names[request.location] = reply.headers["location"]
        return ""

    def _description(self, name: str) -> str:
        reply = self.send("GET", "/sparql", headers={"Accept": "text/turtle"})
        if reply.status != 200 or reply.media_type != "text/turtle":
            return f"{reply.status} {reply.media_type}"
        triples = [quad.triple for quad in ox.parse(reply.body, format=ox.RdfFormat.TURTLE)]
        if name == "has-endpoint-triple":
            endpoints = [one.object.value for one in triples if one.predicate.value == _SD + "endpoint"]
            return "" if endpoints == ["http://www.example/sparql"] else f"the endpoints are {endpoints}"
        return misused(triples) if name == "conforms-to-schema" else ""


def misused(triples: list[ox.Triple]) -> str:
    """Which property of the vocabulary is used in another way than its definition allows; empty if none is."""
    types = {(one.subject, one.object.value) for one in triples if one.predicate.value == _RDF + "type"}
    services = [node for node, kind in types if kind == _SD + "Service"]
    if len(services) != 1:
        return f"{len(services)} services"
    for one in triples:
        name = one.predicate.value.removeprefix(_SD)
        if name == one.predicate.value:
            continue
        if name not in RANGES:
            return f"{name} is no property of the vocabulary"
        if RANGES[name] and (one.object, _SD + RANGES[name]) not in types:
            return f"an object of {name} is no {RANGES[name]}"
        if not RANGES[name] and not isinstance(one.object, ox.NamedNode):
            return f"an object of {name} is no IRI"
    return ""


def wrong(request: Request, reply: Reply) -> str:
    """What a reply lacks of what is expected, in a few words."""
    if not any(_fits(reply.status, one) for one in request.statuses):
        return f"status {reply.status} instead of {' or '.join(request.statuses)}: {reply.body[:200]!r}"
    if request.format and reply.media_type not in _FORMATS[request.format]:
        return f"{reply.media_type} is no {request.format} format"
    if request.boolean is not None and json.loads(reply.body)["boolean"] is not request.boolean:
        return f"not {request.boolean}"
    if request.content_type and reply.headers.get("content-type") != request.content_type:
        return f"content type {reply.headers.get('content-type')} instead of {request.content_type}"
    if request.expected is not None and _graph(reply.body, reply.media_type) != _graph(request.expected, "text/turtle"):
        return f"another graph: {reply.body.decode()[-300:]}"
    return "no Location" if request.location and not reply.headers.get("location") else ""


def _fits(status: int, expected: str) -> bool:
    if expected.startswith("StatusCode"):
        return str(status)[0] == expected.removeprefix("StatusCode")[0]
    return str(status) == _STATUS[expected]


def _graph(body: bytes, media_type: str) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(body, format=SYNTAXES[media_type], base_iri="http://www.example/"))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def results(folder: Path) -> dict[str, dict[str, str]]:
    """By suite, what is wrong with each test; empty for one that passes."""
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as (store, port):
        suite = Suite(folder, store, port)
        return {name: {case.name: suite.failure(case) for case in Manifest(folder / path).cases()} for name, path in FOLDERS.items()}


def table(found: dict[str, dict[str, str]]) -> str:
    """The result as Markdown: a row per suite, and a line for every test that fails."""
    rows = [f"| {name} | {sum(not why for why in one.values())} | {len(one)} |" for name, one in found.items()]
    failed = [f"- {name}, `{case}`: {why}" for name, one in found.items() for case, why in one.items() if why]
    return "\n".join(["| suite | passed | of |", "|---|---|---|", *rows, "", "Failures:", "", *(failed or ["none"]), ""])


def main() -> None:
    """Run all suites and write the table."""
    shared = Path(os.environ.get("EARTHWEAVE_SHARED", PAGE.parents[2] / "shared"))
    part = table(results(shared / "suites/w3c-sparql/sparql/sparql11"))
    print(part)
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{part}{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
