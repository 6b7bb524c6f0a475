"""The one table of result formats (SPARQL 1.1 Protocol §2.1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from earthweave.ontology import NotAcceptableError, ParameterError

TABLE, GRAPH, BOOLEAN = "table", "graph", "boolean"
_MAPS = frozenset({"geojson", "kml", "kmz"})


@dataclass(frozen=True)
class Format:
    """One way to write a result.

    Attributes:
        name: as in ``?format=`` and ``--format``.
        media_types: the registered type first, then aliases that clients ask for.
        extension: of a downloaded file, with the dot.
        kinds: which answers it can hold: ``table``, ``graph``, ``boolean``.
    """

    name: str
    media_types: tuple[str, ...]
    extension: str
    kinds: frozenset[str]

    @property
    def media_type(self) -> str:
        """The registered media type."""
        return self.media_types[0]

    @property
    def maps(self) -> bool:
        """Whether it shows geometries."""
        return self.name in _MAPS


FORMATS: tuple[Format, ...] = (
    Format("json", ("application/sparql-results+json", "application/json"), ".srj", frozenset({TABLE, BOOLEAN})),
    Format("xml", ("application/sparql-results+xml", "application/xml", "text/xml"), ".srx", frozenset({TABLE, BOOLEAN})),
    Format("csv", ("text/csv",), ".csv", frozenset({TABLE})),
    Format("tsv", ("text/tab-separated-values",), ".tsv", frozenset({TABLE})),
    Format("geojson", ("application/geo+json", "application/vnd.geo+json"), ".geojson", frozenset({TABLE})),
    Format("kml", ("application/vnd.google-earth.kml+xml",), ".kml", frozenset({TABLE})),
    Format("kmz", ("application/vnd.google-earth.kmz",), ".kmz", frozenset({TABLE})),
    Format("arrow", ("application/vnd.apache.arrow.stream",), ".arrows", frozenset({TABLE})),
    Format("turtle", ("text/turtle", "application/x-turtle"), ".ttl", frozenset({GRAPH})),
    Format("ntriples", ("application/n-triples", "text/plain"), ".nt", frozenset({GRAPH})),
    Format("nquads", ("application/n-quads",), ".nq", frozenset({GRAPH})),
    Format("trig", ("application/trig", "application/x-trig"), ".trig", frozenset({GRAPH})),
    Format("jsonld", ("application/ld+json", "application/json"), ".jsonld", frozenset({GRAPH})),
    Format("rdfxml", ("application/rdf+xml", "application/xml", "text/xml"), ".rdf", frozenset({GRAPH})),
    Format("html", ("text/html", "application/xhtml+xml"), ".html", frozenset({TABLE, BOOLEAN, GRAPH})),
)
"""In order of preference among equals; the first that fits a kind is its default."""
SHORT_NAMES: Mapping[str, str] = {
    "srj": "json", "srx": "xml", "sparql/json": "json", "sparql/xml": "xml", "nt": "ntriples", "n-triples": "ntriples", "nq": "nquads",
    "n-quads": "nquads", "ttl": "turtle", "n3": "turtle", "rdf": "rdfxml", "rdf/xml": "rdfxml", "json-ld": "jsonld",
}
"""Other names that people write, Strabon's among them."""


_SISTERS = {("xml", GRAPH): "rdfxml", ("json", GRAPH): "jsonld"}
"""What clients mean who name one format for tables and graphs alike."""


def _names(kind: str | None) -> str:
    return ", ".join(f"{f.name} ({f.media_type})" for f in FORMATS if kind is None or kind in f.kinds)


def named_format(name: str) -> Format:
    """The format of that name or media type, the first known one of several with commas; raise `ParameterError` if there is none."""
    for one in name.lower().split(","):
        wanted = SHORT_NAMES.get(one.strip(), one.strip())
        for found in FORMATS:
            if wanted == found.name or wanted in found.media_types:
                return found
    raise ParameterError(f"there is no result format named {name[:60]!r}", way_out=f"use one of {_names(None)}")


def fitting(format: Format, kind: str) -> Format:
    """The format itself if it can hold that kind of answer, or its sister that can; raise `NotAcceptableError` otherwise.

    ``xml`` and ``json`` are RDF/XML and JSON-LD where the answer is a graph, as SPARQLWrapper and others mean it.
    """
    if sister := _SISTERS.get((format.name, kind)):
        return named_format(sister)
    if kind not in format.kinds:
        raise not_acceptable(kind, f"{format.name} holds {' and '.join(sorted(format.kinds))} results only")
    return format


def not_acceptable(kind: str | None, why: str) -> NotAcceptableError:
    """The error for a result that no wanted format can hold; it names those that can."""
    return NotAcceptableError(f"no acceptable format for this {kind or 'query'} result", why=why, way_out=f"ask for one of {_names(kind)}")
