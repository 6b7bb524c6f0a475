"""The W3C SPARQL 1.0 and 1.1 test suites: what is in their manifests, how the engine answers, and whether that is the expected result.

Graph names and relative IRIs are resolved against the place of each file below ``ROOT``. Results are compared as multisets up to the
names of blank nodes, numbers of one datatype by value. Tests of entailment regimes are run where they name RDF or RDFS, which is what the
engine offers. Tests of update, protocol, federation and other regimes are counted, not run.

``python tests/conformance/w3c.py FOLDER`` runs the suites in a folder and writes the result to docs/conformance.md.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from earthweave.ontology import EarthweaveError, QueryError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Entailment
from earthweave.server.store.engine import evaluate, parse
from earthweave.server.store.engine._forms import asked, ntriples, statements
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Kind, Snapshot, SnapshotBuilder, Term

ROOT = "https://suite.invalid/"
MANIFESTS = ("sparql10/manifest.ttl", "sparql11/manifest-all.ttl")
_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_KINDS = {
    "QueryEvaluationTest": "evaluation", "CSVResultFormatTest": "evaluation",
    "PositiveSyntaxTest": "positive", "PositiveSyntaxTest11": "positive",
    "NegativeSyntaxTest": "negative", "NegativeSyntaxTest11": "negative",
}
_OUT = {
    "service": "federation", "syntax-fed": "federation", "protocol": "protocol",
    "graph-store-protocol": "graph store protocol", "http-rdf-update": "graph store protocol", "service-description": "service description",
}
KNOWN = {
    "sparql11/entailment/rdf01": "it asks whether a predicate is an rdf:Property, an axiom of RDF itself (RDF 1.1 Semantics §8, rdfD2), "
                                 "and types that follow from such axioms are left out of every answer",
}
"""Tests that fail, and why they may."""
PAGE = Path(__file__).resolve().parents[2] / "docs/conformance.md"
BEGIN, END = "<!-- written by tests/conformance/w3c.py; do not edit -->\n", "<!-- end -->\n"
_REGIME = "http://www.w3.org/ns/sparql-service-description#entailmentRegime"
_REGIMES = {"http://www.w3.org/ns/entailment/RDF", "http://www.w3.org/ns/entailment/RDFS"}
BEYOND = "entailment regimes beyond RDFS"
_NUMBERS = {_XSD + name for name in ("integer", "decimal")}
_FLOATS = {_XSD + name for name in ("double", "float")}


@dataclass(frozen=True)
class Case:
    """One test.

    Attributes:
        name: folder and name within its manifest.
        kind: ``evaluation``, ``positive``, ``negative``; ``out`` if it is none of ours.
        why: why it is none of ours.
        query: file below the suite's folder.
        data: files of the default graph; graphs: names and files of the named ones.
        result: expected, as a file.
        lax: True if repeated solutions may be fewer.
        entailment: what patterns match beside what is stated.
    """

    name: str
    kind: str
    why: str = ""
    query: str = ""
    data: tuple[str, ...] = ()
    graphs: tuple[tuple[str, str], ...] = ()
    result: str = ""
    lax: bool = False
    entailment: Entailment = Entailment.SIMPLE

    @property
    def group(self) -> str:
        """The folder."""
        return self.name.rpartition("/")[0]


@dataclass
class Score:
    """How a group of tests went."""

    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Number of tests that were run."""
        return self.passed + len(self.failed)


class Suite:
    """The suites in a folder; all their data lie in one snapshot, a named graph per file, and each test names the graphs that it sees."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder, self._scratch = folder, scratch

    @cached_property
    def cases(self) -> list[Case]:
        """All tests, in the order of the manifests."""
        return [case for name in MANIFESTS for case in self._manifest(name)]

    @cached_property
    def snapshot(self) -> Snapshot:
        """Every file that a test or a query names as data."""
        wanted = {pair for case in self.cases if case.kind == "evaluation" for pair in self._graphs(case)}
        builder = SnapshotBuilder(self._scratch / "snapshot")
        builder.begin("suite", AxisOrder.STRICT)
        document = ox.serialize((quad for name, file in sorted(wanted) for quad in self._quads(name, file)), format=ox.RdfFormat.N_QUADS)
        for block in quads_of(document or b"", "nquads"):
            builder.add(block)
        builder.end()
        return builder.finish()

    def _graphs(self, case: Case) -> Iterator[tuple[str, str]]:
        yield from ((ROOT + file, file) for file in case.data)
        yield from case.graphs
        query = parse(self._text(case))
        yield from ((name, name.removeprefix(ROOT)) for name in (*(query.default_graphs or ()), *(query.named_graphs or ())))

    def _quads(self, name: str, file: str) -> Iterator[ox.Quad]:
        for one in self._triples(file):
            yield ox.Quad(one.subject, one.predicate, one.object, ox.NamedNode(name))

    def _text(self, case: Case) -> str:
        return f"BASE <{ROOT}{case.query}>\n" + (self.folder / case.query).read_text("utf-8")

    def failure(self, case: Case) -> str:
        """What is wrong with the engine's answer, in a few words; empty if nothing is."""
        text = self._text(case)
        if case.kind == "evaluation":
            return self._evaluated(case, text)
        try:
            parse(text)
        except QueryError as error:
            return "" if case.kind == "negative" else f"refused: {error.what}"
        except EarthweaveError as error:
            return f"{type(error).__name__}: {error.what}"
        return "" if case.kind == "positive" else "accepted"

    def _evaluated(self, case: Case, text: str) -> str:
        try:
            answer = self._answer(case, text)
        except EarthweaveError as error:
            return f"{type(error).__name__}: {error.what}"
        expected = self._expected(case)
        return "" if same(answer, expected, lax=case.lax) else f"{_shown(answer)} instead of {_shown(expected)}"

    def _answer(self, case: Case, text: str) -> Any:
        query = parse(text)
        default: tuple[str, ...] | None = None
        named: tuple[str, ...] | None = None
        if query.default_graphs is None:
            default, named = tuple(ROOT + file for file in case.data), tuple(name for name, _ in case.graphs)
        result = evaluate(self.snapshot, query, default_graphs=default, named_graphs=named, entailment=case.entailment)
        if result.form == "ask":
            return asked(result.batches())
        if result.form == "select":
            return _table(result, plain=case.result.endswith(".csv"))
        lines = b"".join(ntriples(batch, result.context) for batch in statements(query, result.batches(), result.context))
        return Rows(None, [tuple(_of(term) for term in quad.triple) for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)])

    def _triples(self, file: str) -> list[ox.Triple]:
        formats = {".ttl": ox.RdfFormat.TURTLE, ".rdf": ox.RdfFormat.RDF_XML, ".nt": ox.RdfFormat.N_TRIPLES}
        path = self.folder / file
        return [quad.triple for quad in ox.parse(path=path, format=formats[path.suffix], base_iri=ROOT + file,
                                                 rename_blank_nodes=True)]

    def _expected(self, case: Case) -> Any:
        path = self.folder / case.result
        if path.suffix == ".csv":
            return _csv(path.read_text("utf-8"))
        formats = {".srx": ox.QueryResultsFormat.XML, ".srj": ox.QueryResultsFormat.JSON, ".tsv": ox.QueryResultsFormat.TSV}
        if path.suffix not in formats:
            return _from_graph(self._triples(case.result))
        found = ox.parse_query_results(path=path, format=formats[path.suffix])
        if isinstance(found, ox.QueryBoolean):
            return bool(found)
        names = tuple(variable.value for variable in found.variables)
        return Rows(names, [tuple(_of(term) for term in row) for row in found])

    def _manifest(self, name: str) -> Iterator[Case]:
        graph = _Graph(self._triples(name))
        for included in graph.all(_MF + "include"):
            for one in graph.members(included):
                yield from self._manifest(one.value.removeprefix(ROOT))
        for entries in graph.all(_MF + "entries"):
            for one in graph.members(entries):
                yield _case(graph, one, name.rpartition("/")[0])


class _Graph:
    """Triples by subject and predicate."""

    def __init__(self, triples: list[ox.Triple]) -> None:
        self._objects: dict[tuple[Any, str], list[Any]] = {}
        for one in triples:
            self._objects.setdefault((one.subject, one.predicate.value), []).append(one.object)

    def of(self, subject: Any, predicate: str) -> list[Any]:
        """Objects."""
        return self._objects.get((subject, predicate), [])

    def one(self, subject: Any, predicate: str) -> Any:
        """The only object, or None."""
        return next(iter(self.of(subject, predicate)), None)

    def all(self, predicate: str) -> list[Any]:
        """Objects of any subject."""
        return [one for (_, name), found in self._objects.items() if name == predicate for one in found]

    def members(self, node: Any) -> Iterator[Any]:
        """Of a list."""
        while (first := self.one(node, _RDF + "first")) is not None:
            yield first
            node = self.one(node, _RDF + "rest")


def _case(graph: _Graph, node: Any, folder: str) -> Case:
    kind = next((one.value.removeprefix(_MF) for one in graph.of(node, _RDF + "type") if one.value.startswith(_MF)), "")
    name = f"{folder}/{node.value.rpartition('#')[2]}"
    why = _OUT.get(folder.rpartition("/")[2], "")
    if why or kind not in _KINDS:
        return Case(name, "out", why or ("update" if "Update" in kind else kind))
    action = graph.one(node, _MF + "action")
    if isinstance(action, ox.NamedNode) and action.value.endswith(".ru"):
        return Case(name, "out", "update")
    if isinstance(action, ox.NamedNode):
        return Case(name, _KINDS[kind], query=action.value.removeprefix(ROOT))
    files = tuple(one.value.removeprefix(ROOT) for one in graph.of(action, _QT + "data"))
    graphs = tuple(_named(graph, one) for one in graph.of(action, _QT + "graphData"))
    regimes = _regimes(graph, action)
    if regimes and not regimes & _REGIMES:
        return Case(name, "out", BEYOND)
    lax = graph.one(node, _MF + "resultCardinality") is not None
    result = graph.one(node, _MF + "result")
    return Case(name, _KINDS[kind], "", graph.one(action, _QT + "query").value.removeprefix(ROOT), files, graphs,
                result.value.removeprefix(ROOT) if result is not None else "", lax, Entailment.RDFS if regimes else Entailment.SIMPLE)


def _regimes(graph: _Graph, action: Any) -> set[str]:
    """The entailment regimes under which a test is to be run: one, or a list of them."""
    found = graph.of(action, _REGIME)
    return {one.value for node in found for one in (graph.members(node) if isinstance(node, ox.BlankNode) else [node])}


def _named(graph: _Graph, node: Any) -> tuple[str, str]:
    if isinstance(node, ox.NamedNode):
        return node.value, node.value.removeprefix(ROOT)
    return graph.one(node, _RDFS + "label").value, graph.one(node, _QT + "graph").value.removeprefix(ROOT)


@dataclass(frozen=True)
class Rows:
    """Solutions with their variables, or statements (names None); blank nodes are `Blank`, unbound places None."""

    names: tuple[str, ...] | None
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Blank:
    """A blank node."""

    label: str


def _of(term: Any) -> Any:
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    if isinstance(term, ox.Literal):
        return _literal(term.value, term.datatype.value, term.language or "")
    return None if term is None else term.value


def _literal(text: str, datatype: str, language: str) -> tuple[str, str, str]:
    try:
        if datatype in _NUMBERS:
            text = str(Decimal(text.strip()).normalize() + 0)
        elif datatype in _FLOATS:
            text = repr(float(text.strip().replace("INF", "inf")))
    except ArithmeticError:
        return text, datatype, language
    except ValueError:
        return text, datatype, language
    return text, datatype, language.lower()


def _own(term: Term) -> Any:
    if term.type.kind is Kind.IRI:
        return term.text
    return Blank(term.text) if term.type.kind is Kind.BNODE else _literal(term.text, term.type.datatype, term.type.language)


def _table(result: Any, *, plain: bool) -> Rows:
    rows: list[tuple[Any, ...]] = []
    for batch in result.batches():
        columns = []
        for name in result.names:
            ids = batch.column(name)
            known = {id: result.context.terms.term(id) for id in set(ids.tolist()) if id >= 0}
            own = _plain if plain else _own
            columns.append([own(known[id]) if id >= 0 else ("" if plain else None) for id in ids.tolist()])
        rows += list(zip(*columns, strict=True)) if columns else [()] * batch.length
    return Rows(result.names, rows)


def _plain(term: Term) -> Any:
    """A term as it stands in CSV, which keeps text alone."""
    return Blank(term.text) if term.type.kind is Kind.BNODE else term.text


def _csv(text: str) -> Rows:
    head, *rows = csv.reader(io.StringIO(text))
    return Rows(tuple(head), [tuple(Blank(one[2:]) if one.startswith("_:") else one for one in row) for row in rows])


def _from_graph(triples: list[ox.Triple]) -> Any:
    """A result set in RDF (SPARQL 1.0 tests), or the graph itself."""
    graph = _Graph(triples)
    for node in {one.subject for one in triples if one.object == ox.NamedNode(_RS + "ResultSet")}:
        boolean = graph.one(node, _RS + "boolean")
        if boolean is not None:
            return boolean.value == "true"
        names = tuple(one.value for one in graph.of(node, _RS + "resultVariable"))
        return Rows(names, [_solution(graph, one, names) for one in graph.of(node, _RS + "solution")])
    return Rows(None, [(_of(one.subject), _of(one.predicate), _of(one.object)) for one in triples])


def _solution(graph: _Graph, node: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    found = {graph.one(one, _RS + "variable").value: _of(graph.one(one, _RS + "value")) for one in graph.of(node, _RS + "binding")}
    return tuple(found.get(name) for name in names)


def same(answer: Any, expected: Any, *, lax: bool = False) -> bool:
    """Whether an answer is the expected one."""
    if not isinstance(answer, Rows) or not isinstance(expected, Rows):
        return type(answer) is type(expected) and bool(answer == expected)
    if (answer.names is None) != (expected.names is None) or set(answer.names or ()) != set(expected.names or ()):
        return False
    if answer.names is not None and expected.names is not None:
        place = [answer.names.index(name) for name in expected.names]
        answer = Rows(expected.names, [tuple(row[one] for one in place) for row in answer.rows])
    left, right = coloured(answer.rows), coloured(expected.rows)
    if answer.names is None:
        return set(left) == set(right)
    return set(left) == set(right) and left <= right if lax else left == right


def coloured(rows: list[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Rows with each blank node replaced by what tells it from others: the rows that it is in, and so on from there."""
    colours: dict[Blank, Any] = {one: 0 for row in rows for one in row if isinstance(one, Blank)}
    for _ in range(len(colours)):
        seen: dict[Blank, list[Any]] = {one: [] for one in colours}
        for row in rows:
            painted = tuple(("_", colours[one]) if isinstance(one, Blank) else one for one in row)
            for place, one in enumerate(row):
                if isinstance(one, Blank):
                    seen[one].append((place, tuple(other == one for other in row), painted))
        after = {one: hash(tuple(sorted(map(repr, found)))) for one, found in seen.items()}
        stable = len(set(after.values())) == len(set(colours.values()))
        colours = after
        if stable:
            break
    return Counter(tuple(("_", colours[one]) if isinstance(one, Blank) else one for one in row) for row in rows)


def _shown(answer: Any) -> str:
    if not isinstance(answer, Rows):
        return str(answer).lower()
    return f"{len(answer.rows)} {'statements' if answer.names is None else 'solutions'}"


def scores(suite: Suite) -> tuple[dict[str, Score], Counter[str]]:
    """Run everything: scores by folder, and how many tests are out of scope, by reason."""
    found: dict[str, Score] = {}
    out: Counter[str] = Counter()
    for case in suite.cases:
        if case.kind == "out":
            out[case.why] += 1
            continue
        score = found.setdefault(case.group, Score())
        failure = suite.failure(case)
        if failure:
            score.failed[case.name] = failure
        else:
            score.passed += 1
    return found, out


def table(found: dict[str, Score], out: Counter[str]) -> str:
    """The result as Markdown: a row per folder, the failures with their reasons, and what was not run."""
    lines = ["| folder | passed | of |", "|---|---|---|"]
    lines += [f"| {name} | {score.passed} | {score.total} |" for name, score in sorted(found.items())]
    passed, total = sum(score.passed for score in found.values()), sum(score.total for score in found.values())
    lines += [f"| **all** | **{passed}** | **{total}** ({passed / total:.1%}) |", "", "Failures:", ""]
    failed = {name: why for score in found.values() for name, why in score.failed.items()}
    lines += [f"- `{name}`: {why}; {KNOWN.get(name, 'not known before')}" for name, why in sorted(failed.items())] or ["none"]
    counted = ", ".join(f"{reason} {count}" for reason, count in sorted(out.items()))
    return "\n".join([*lines, "", f"Not run, because not part of queries: {counted}.", ""])


def written(page: str, part: str) -> str:
    """A page with its generated part replaced, or added at its end."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{part}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        result = table(*scores(Suite(Path(sys.argv[1]), Path(scratch))))
    PAGE.write_text(written(PAGE.read_text("utf-8"), result), "utf-8")
