"""Syntaxes that are no lines: statements are gathered up to a limit, then written as one document."""

from __future__ import annotations

import json
from typing import Any

import pyoxigraph as ox

from earthweave.ontology import GEO, RDF, RDFS, XSD, MappingError, SizeLimitError

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "n3": ox.RdfFormat.N3, "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_PREFIXES = {
    "rdf": str(RDF), "rdfs": str(RDFS), "xsd": str(XSD), "geo": str(GEO), "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/", "prov": "http://www.w3.org/ns/prov#", "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/", "schema": "http://schema.org/",
}


class Gathered:
    """N-Quads of a small result, to be written as one document.

    ``name`` is for messages, ``limit`` in MiB of N-Quads; raises `SizeLimitError` as soon as there are more.
    """

    def __init__(self, name: str, syntax: str, limit: int) -> None:
        self._name, self._syntax, self._limit = name, syntax, limit
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, lines: bytes) -> None:
        """Keep some lines."""
        self._size += len(lines)
        if self._size > self._limit * 2**20:
            raise SizeLimitError(
                f"{self._name} would be too large for {self._syntax}",
                why=f"it is made of more than {self._limit} MiB of statements, which is the limit document_memory",
                way_out="write N-Quads or N-Triples (.nq, .nt, packed .nq.gz), or load them into a store and export from there",
            )
        self._pieces.append(lines)

    def document(self) -> bytes:
        """All statements in the syntax; raises `MappingError` for what it cannot say."""
        data = b"".join(self._pieces)
        self._pieces = []
        if self._syntax == "rdfjson":
            return _rdfjson(data)
        prefixes = {name: iri for name, iri in _PREFIXES.items() if iri.encode() in data}
        try:
            quads = ox.parse(data, ox.RdfFormat.N_QUADS)
            written = ox.serialize(quads, format=_FORMATS[self._syntax], prefixes=prefixes)
        except ValueError as error:
            raise unfit(self._name, self._syntax, str(error)) from error
        return written or b""


def unfit(name: str, syntax: str, why: str) -> MappingError:
    """The error for statements that a syntax cannot say."""
    return MappingError(f"{name} cannot be written as {syntax}", why=why, way_out="write N-Quads (.nq), TriG (.trig) or JSON-LD (.jsonld)")


def without_graphs(lines: bytes, name: str) -> bytes:
    """Lines of N-Quads that must all be N-Triples; raises `MappingError` for one in a named graph."""
    try:
        for _ in ox.parse(lines, ox.RdfFormat.N_TRIPLES):
            pass
    except SyntaxError as error:
        raise unfit(name, "ntriples", "a statement is in a named graph") from error
    return lines


def _rdfjson(data: bytes) -> bytes:
    """RDF 1.1 JSON Alternate Serialization (W3C Note, 2013), subjects and predicates in the order of their first statement."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    for quad in ox.parse(data, ox.RdfFormat.N_QUADS):
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            raise unfit("the result", "rdfjson", "a statement is in a named graph")
        values = found.setdefault(_name(quad.subject), {}).setdefault(quad.predicate.value, [])
        values.append(_value(quad.object))
    return json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"


def _name(term: Any) -> str:
    return str(term) if isinstance(term, ox.BlankNode) else str(term.value)


def _value(term: Any) -> dict[str, str]:
    if not isinstance(term, ox.Literal):
        return {"type": "bnode" if isinstance(term, ox.BlankNode) else "uri", "value": _name(term)}
    facts = {"type": "literal", "value": term.value}
    if term.language:
        return {**facts, "lang": term.language}
    return facts if term.datatype.value == str(XSD.string) else {**facts, "datatype": term.datatype.value}
