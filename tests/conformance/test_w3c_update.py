"""The W3C SPARQL 1.1 Update tests, made by the engine alone: every store afterwards is compared up to the names of blank nodes."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import EarthweaveError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import Budget, apply_update
from earthweave.server.store.engine._parse_update import parse_update
from earthweave.server.store.loading import export, quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder
from tests.conformance.mapping import Results, missing
from tests.conformance.updates import SUITES, UPDATE, judged

ROOT = "https://suite.invalid/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
FOLDERS = ("add", "basic-update", "clear", "copy", "delete", "delete-data", "delete-insert", "delete-where", "drop", "move",
           "syntax-update-1", "syntax-update-2", "update-silent")
Quads = list[ox.Quad]


@dataclass(frozen=True)
class Case:
    """A test: its kind, the update's file, and the store before and after."""

    name: str
    kind: str
    request: Path
    before: Quads
    after: Quads

    @property
    def text(self) -> str:
        return f"BASE <{ROOT}>\n" + self.request.read_text("utf-8")


class Manifest:
    """The tests of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = ox.Store()
        self.store.load(path=folder / "manifest.ttl", format=ox.RdfFormat.TURTLE, base_iri=ROOT)

    def values(self, subject: Any, predicate: str) -> list[Any]:
        return [quad.object for quad in self.store.quads_for_pattern(subject, ox.NamedNode(predicate), None)]

    def file(self, node: Any) -> Path:
        return self.folder / str(node.value).removeprefix(ROOT)

    def cases(self) -> list[Case]:
        query = f"SELECT ?test ?kind ?action WHERE {{ ?test a ?kind ; <{MF}action> ?action }} ORDER BY ?test"
        found: Any = self.store.query(query)
        return [self.case(row["test"], row["kind"].value.removeprefix(MF), row["action"]) for row in found]

    def case(self, test: Any, kind: str, action: Any) -> Case:
        name = f"{self.folder.name}/{test.value.rpartition('#')[2]}"
        if "Syntax" in kind:
            return Case(name, kind, self.file(action), [], [])
        (result,) = self.values(test, MF + "result")
        (request,) = self.values(action, UT + "request")
        return Case(name, kind, self.file(request), self.state(action), self.state(result))

    def state(self, node: Any) -> Quads:
        graphs: list[tuple[Any, Any]] = [(one, ox.DefaultGraph()) for one in self.values(node, UT + "data")]
        for one in self.values(node, UT + "graphData"):
            (file,), (label,) = self.values(one, UT + "graph"), self.values(one, LABEL)
            graphs.append((file, ox.NamedNode(label.value)))
        return [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for file, graph in graphs for quad in ox.parse(
            path=self.file(file), format=ox.RdfFormat.TURTLE, base_iri=ROOT, rename_blank_nodes=True)]


def built(quads: Quads, folder: Path) -> Snapshot:
    builder = SnapshotBuilder(folder, durable=False)
    builder.begin("before", AxisOrder.STRICT)
    for block in quads_of(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"", "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


def content(snapshot: Snapshot, folder: Path) -> Quads:
    export(snapshot, folder / "content.nq")
    return list(ox.parse(path=folder / "content.nq", format=ox.RdfFormat.N_QUADS))


def canonical(quads: Quads) -> ox.Dataset:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def failure(case: Case, folder: Path) -> str:
    """What is wrong, in a few words; empty if nothing is."""
    try:
        if "Syntax" in case.kind:
            parse_update(case.text)
            return "accepted" if "Negative" in case.kind else ""
        after, _ = apply_update(case.text, built(case.before, folder / "before"), folder / "after", Budget(), durable=False)
    except EarthweaveError as error:
        return "" if "Negative" in case.kind else f"refused: {error}"
    return "" if canonical(content(after, folder)) == canonical(case.after) else f"{content(after, folder)} instead of {case.after}"


def all_cases(folder: Path) -> list[Case]:
    return [case for name in FOLDERS for case in Manifest(folder / "sparql11" / name).cases()]


def results(folder: Path) -> Results:
    """Name, state and reason of every case of the suites in a folder."""
    found = []
    for case in all_cases(folder):
        with tempfile.TemporaryDirectory() as scratch:
            found.append(judged(case.name, failure(case, Path(scratch))))
    return found


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[Case]:
    return all_cases(shared / SUITES)


def test_the_engine_passes_all_as_the_page_says(shared: Path) -> None:
    found = results(shared / SUITES)
    assert [case for case in found if case[1] != "passed"] == []
    assert missing(UPDATE, found) == [], "write it anew: python -m tests.conformance.updates"


def test_all_tests_of_the_suite_are_run(cases: list[Case]) -> None:
    kinds = Counter(case.kind for case in cases)
    assert kinds == {"UpdateEvaluationTest": 94, "PositiveUpdateSyntaxTest11": 42, "NegativeUpdateSyntaxTest11": 13,
                     "NegativeSyntaxTest11": 8}
    assert sum(case.before != case.after for case in cases) > 60


def test_the_comparison_tells_stores_apart(tmp_path: Path) -> None:
    one, two, node = ox.BlankNode("a"), ox.BlankNode("b"), ox.NamedNode("http://e/")
    chain, loops = [ox.Quad(one, node, two)], [ox.Quad(one, node, one)]
    assert canonical(chain) == canonical([ox.Quad(ox.BlankNode("x"), node, ox.BlankNode("y"))])
    assert canonical(chain) != canonical(loops)
    assert canonical(content(built(chain, tmp_path / "s"), tmp_path)) == canonical(chain)
    assert canonical([ox.Quad(node, node, node)]) != canonical([ox.Quad(node, node, node, node)])
