"""The one table of result formats, and the choice among them (RFC 9110 §12.5.1; SPARQL 1.1 Protocol §2.1.6)."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from earthweave.ontology import NotAcceptableError, ParameterError

TABLE, GRAPH, BOOLEAN = "table", "graph", "boolean"


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

    def content_type(self, accept: str) -> str:
        """The ``Content-Type`` to send: the alias the client named, or the registered type; text is UTF-8."""
        named = {value.lower() for value, quality in _parsed(accept) if quality > 0}
        chosen = next((media_type for media_type in self.media_types if media_type in named), self.media_type)
        return f"{chosen}; charset=utf-8" if chosen.startswith("text/") else chosen


FORMATS: tuple[Format, ...] = (
    Format("json", ("application/sparql-results+json", "application/json"), ".srj", frozenset({TABLE, BOOLEAN})),
    Format("xml", ("application/sparql-results+xml", "application/xml", "text/xml"), ".srx", frozenset({TABLE, BOOLEAN})),
    Format("csv", ("text/csv",), ".csv", frozenset({TABLE})),
    Format("tsv", ("text/tab-separated-values",), ".tsv", frozenset({TABLE})),
    Format("geojson", ("application/geo+json", "application/vnd.geo+json"), ".geojson", frozenset({TABLE})),
    Format("turtle", ("text/turtle", "application/x-turtle"), ".ttl", frozenset({GRAPH})),
    Format("ntriples", ("application/n-triples", "text/plain"), ".nt", frozenset({GRAPH})),
    Format("jsonld", ("application/ld+json", "application/json"), ".jsonld", frozenset({GRAPH})),
    Format("rdfxml", ("application/rdf+xml", "application/xml", "text/xml"), ".rdf", frozenset({GRAPH})),
)
"""In order of preference among equals; the first that fits a kind is its default."""


def _parsed(accept: str) -> MIMEAccept:
    return parse_accept_header(accept or "*/*", MIMEAccept)


def _names(kind: str | None) -> str:
    return ", ".join(f"{f.name} ({f.media_type})" for f in FORMATS if kind is None or kind in f.kinds)


def named_format(name: str) -> Format:
    """The format of that name or media type; raise `ParameterError` if there is none."""
    wanted = name.strip().lower()
    for found in FORMATS:
        if wanted == found.name or wanted in found.media_types:
            return found
    raise ParameterError(f"there is no result format named {name[:60]!r}", way_out=f"use one of {_names(None)}")


def negotiate(accept: str, kind: str | None = None) -> Format:
    """Choose the format that an ``Accept`` header likes best.

    Args:
        accept: the header; empty means anything.
        kind: ``table``, ``graph`` or ``boolean``; None before the query has run, to refuse early what can never be served.

    Raises:
        NotAcceptableError: nothing that is accepted can hold such a result (HTTP 406).
    """
    header = _parsed(accept)
    offers = [(max(header.quality(m) for m in f.media_types), f) for f in FORMATS if kind is None or kind in f.kinds]
    quality, best = max(offers, key=lambda offer: offer[0])
    if quality <= 0:
        raise _not_acceptable(kind, f"the Accept header names {accept[:120]!r}")
    return best


def choose(name: str | None, accept: str, kind: str) -> Format:
    """The format for an answer: ``?format=`` wins over ``Accept``; a named format that cannot hold the kind is refused."""
    if not name:
        return negotiate(accept, kind)
    found = named_format(name)
    if kind not in found.kinds:
        raise _not_acceptable(kind, f"{found.name} holds {' and '.join(sorted(found.kinds))} results only")
    return found


def _not_acceptable(kind: str | None, why: str) -> NotAcceptableError:
    return NotAcceptableError(f"no acceptable format for this {kind or 'query'} result", why=why, way_out=f"ask for one of {_names(kind)}")
