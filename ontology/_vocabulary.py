"""The ontology, its shapes and its labels, read from the package's data files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from ._errors import MissingDependencyError
from ._namespaces import OWL, RDF, SKOS


def _read(*names: str) -> Graph:
    graph = Graph()
    for name in names:
        graph.parse(data=(files("earthweave.ontology") / "data" / name).read_text("utf-8"), format="turtle")
    return graph


@lru_cache(maxsize=1)
def vocabulary() -> Graph:
    """Classes, properties, concepts and labels as one graph; do not change it."""
    return _read("earthweave.ttl", "labels.ttl")


@lru_cache(maxsize=1)
def shapes() -> Graph:
    """SHACL shapes (W3C SHACL, 2017) that everything mapped must meet."""
    return _read("shapes.ttl")


@dataclass(frozen=True)
class Term:
    """A class, property or concept with its English labels.

    Attributes:
        iri: of the term.
        kind: ``class``, ``property`` or ``concept``.
        label: preferred label, singular.
        synonyms: other labels, sorted.
    """

    iri: str
    kind: str
    label: str
    synonyms: tuple[str, ...]


_KINDS: dict[Node, str] = {OWL.Class: "class", OWL.DatatypeProperty: "property", OWL.ObjectProperty: "property", SKOS.Concept: "concept"}


def terms() -> tuple[Term, ...]:
    """Every labelled term, sorted by IRI."""
    return tuple(sorted(_terms(vocabulary()), key=lambda term: term.iri))


def _terms(graph: Graph) -> Iterator[Term]:
    for subject, label in graph.subject_objects(SKOS.prefLabel):
        kind = next(_KINDS[found] for found in graph.objects(subject, RDF.type) if found in _KINDS)
        synonyms = sorted(str(other) for other in graph.objects(subject, SKOS.altLabel))
        yield Term(str(subject), kind, str(label), tuple(synonyms))


@dataclass(frozen=True)
class Violation:
    """One result of a SHACL validation: which node, which path, and why."""

    node: str
    path: str
    message: str


def validate(graph: Graph) -> tuple[Violation, ...]:
    """Check RDF against the shapes; an empty tuple means that it conforms.

    Class membership follows the ontology's class tree. Raises `MissingDependencyError` without pyshacl.
    """
    try:
        from pyshacl import validate as run
    except ImportError as error:
        raise MissingDependencyError("validation needs pyshacl", way_out="pip install 'earthweave[dev]'") from error
    _, report, _ = run(graph, shacl_graph=shapes(), ont_graph=vocabulary(), inference="none", advanced=False)
    return tuple(sorted(_violations(report), key=lambda one: (one.node, one.path)))


def _violations(report: Any) -> Iterator[Violation]:
    sh = "http://www.w3.org/ns/shacl#"
    for result in report.subjects(RDF.type, URIRef(sh + "ValidationResult")):
        value = {key: report.value(result, URIRef(sh + key)) or Literal("") for key in ("focusNode", "resultPath", "resultMessage")}
        yield Violation(str(value["focusNode"]), str(value["resultPath"]), str(value["resultMessage"]))
