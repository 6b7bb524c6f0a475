"""What the endpoint says of itself: SPARQL 1.1 Service Description (W3C Recommendation of 2013-03-21)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from earthweave.ontology import RDF, RDFS
from earthweave.server.results import FORMATS
from earthweave.server.store import Census, Extensions

from ._triples import Triples

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
_FORMATS = "http://www.w3.org/ns/formats/"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_REGISTERED = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV", "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle", "ntriples": "N-Triples", "nquads": "N-Quads", "trig": "TriG", "jsonld": "JSON-LD", "rdfxml": "RDF_XML",
}
_INPUT = ("turtle", "ntriples", "nquads", "trig", "jsonld", "rdfxml")
_ENTAILMENT = "http://www.w3.org/ns/entailment/"
_REWRITE = "http://www.opengis.net/spec/geosparql/1.1/conf/query-rewrite-extension"
_REGIMES = {"simple": _ENTAILMENT + "Simple", "relations": _REWRITE, "rdfs": _ENTAILMENT + "RDFS"}
_LAST = re.compile(r"[^/#]*$")


def format_iri(name: str) -> str:
    """The IRI of a result format: the W3C's where there is one, else its media type's."""
    media_type = next(one.media_type for one in FORMATS if one.name == name)
    return _FORMATS + _REGISTERED[name] if name in _REGISTERED else _MEDIA_TYPES + media_type


@dataclass(frozen=True)
class Abilities:
    """What an endpoint can do.

    Attributes:
        entailment: ``simple``, ``relations`` or ``rdfs``, see `earthweave.server.store.Limits`.
        writable: whether it takes updates.
        federated: whether SERVICE may reach any endpoint.
    """

    entailment: str = "simple"
    writable: bool = False
    federated: bool = False


def service_description(endpoint: str, extensions: Extensions, census: Census | None, abilities: Abilities) -> bytes:
    """The endpoint as N-Triples; without a census nothing is said of its graphs.

    Args:
        endpoint: its IRI.
        extensions: the functions that queries can call.
        abilities: of the endpoint.
    """
    told = Triples()
    service = ox.BlankNode("service")
    told.add(service, str(RDF.type), SD + "Service")
    told.add(service, SD + "endpoint", endpoint)
    told.add(service, SD + "supportedLanguage", SD + "SPARQL11Query", *([SD + "SPARQL11Update"] if abilities.writable else []))
    told.add(service, SD + "feature", SD + "UnionDefaultGraph")
    if abilities.federated:
        told.add(service, SD + "feature", SD + "BasicFederatedQuery")
    told.add(service, SD + "defaultEntailmentRegime", _REGIMES[abilities.entailment])
    if abilities.entailment != "simple":
        # rdfs holds the relations too
        told.add(service, SD + "feature", _REWRITE)
    told.add(service, SD + "resultFormat", *(format_iri(one.name) for one in FORMATS))
    if abilities.writable:
        told.add(service, SD + "inputFormat", *(format_iri(name) for name in _INPUT))
    aggregates = frozenset(extensions.aggregates)
    _callable(told, service, "Function", "extensionFunction", [one for one in extensions.functions if one not in aggregates])
    _callable(told, service, "Aggregate", "extensionAggregate", extensions.aggregates)
    if census is not None:
        _dataset(told, service, census)
    return told.ntriples()


def _callable(told: Triples, service: ox.BlankNode, kind: str, predicate: str, names: Iterable[str]) -> None:
    for name in names:
        told.add(service, SD + predicate, name)
        told.add(name, str(RDF.type), SD + kind)
        found = _LAST.search(name)
        told.add(name, str(RDFS.label), ox.Literal(found[0] if found else name))


def _dataset(told: Triples, service: ox.BlankNode, census: Census) -> None:
    dataset, default = told.node(SD + "Dataset"), told.node(SD + "Graph")
    told.add(service, SD + "defaultDataset", dataset)
    told.add(dataset, SD + "defaultGraph", default)
    told.add(default, VOID + "triples", census.whole.triples)
    for name, contents in census.graphs.items():
        if name:
            named, graph = told.node(SD + "NamedGraph"), told.node(SD + "Graph")
            told.add(dataset, SD + "namedGraph", named)
            told.add(named, SD + "name", name)
            told.add(named, SD + "graph", graph)
            told.add(graph, VOID + "triples", contents.triples)
