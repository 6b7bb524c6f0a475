"""Writes a whole answer in one of the formats."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from earthweave.ontology import PREFIXES
from earthweave.server.store import Answer, Notice

from ._arrow import to_arrow
from ._formats import BOOLEAN, GRAPH, Format, fitting, named_format
from ._geojson import Features, to_geojson
from ._html import boolean_to_html, to_html, turtle_to_html
from ._kml import to_kml, to_kmz
from ._table import boolean_to_json, boolean_to_xml, to_csv, to_json, to_tsv, to_xml
from ._told import comment, remarks, told

_GRAPH_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD, "rdfxml": ox.RdfFormat.RDF_XML,
}
_TABLES: Mapping[str, Callable[[Answer], bytes]] = {
    "json": lambda answer: to_json(answer.table, told(answer)),
    "xml": lambda answer: to_xml(answer.table, comment(answer)),
    "csv": lambda answer: to_csv(answer.table),
    "tsv": lambda answer: to_tsv(answer.table),
    "html": to_html,
    "arrow": to_arrow,
}
_MAPS: Mapping[str, Callable[..., Features]] = {"geojson": to_geojson, "kml": to_kml, "kmz": to_kmz}
_BOOLEANS: Mapping[str, Callable[[Answer], bytes]] = {
    "json": lambda answer: boolean_to_json(bool(answer.boolean), told(answer)),
    "xml": lambda answer: boolean_to_xml(bool(answer.boolean), comment(answer)),
    "html": boolean_to_html,
}


@dataclass(frozen=True)
class Written:
    """The bytes of a result, and the notices that go with it: the store's, and those of the writing."""

    content: bytes
    notices: tuple[Notice, ...]


def rewritten(triples: bytes, name: str) -> bytes:
    """N-Triples of our own making in another syntax, with short names where it has them."""
    if name in ("ntriples", "nquads"):
        return triples
    if name == "html":
        return turtle_to_html(rewritten(triples, "turtle"))
    parsed = ox.parse(triples, format=ox.RdfFormat.N_TRIPLES)
    out = io.BytesIO()
    ox.serialize((quad.triple for quad in parsed), out, format=_GRAPH_FORMATS[name], prefixes=PREFIXES)
    return out.getvalue()


def _graph(answer: Answer, name: str) -> bytes:
    """A graph with its notices as comments; JSON-LD has no room for them."""
    content = rewritten(answer.graph or b"", "turtle" if name == "html" else name)
    if name == "jsonld":
        return content
    if name == "html":
        return turtle_to_html(remarks(answer) + content)
    if name != "rdfxml":
        return remarks(answer) + content
    declaration, mark, rest = content.partition(b"?>\n")
    return declaration + mark + comment(answer).encode() + rest


def write(answer: Answer, format: Format, *, geometry: str | None = None) -> Written:
    """Write an answer and gather its notices; ``geometry`` names the column to show in GeoJSON and KML."""
    if answer.kind == GRAPH:
        return Written(_graph(answer, format.name), tuple(answer.notices))
    if answer.kind == BOOLEAN:
        return Written(_BOOLEANS[format.name](answer), tuple(answer.notices))
    if format.name in _MAPS:
        shown = _MAPS[format.name](answer, geometry=geometry)
        return Written(shown.content, shown.notices)
    return Written(_TABLES[format.name](answer), tuple(answer.notices))


def serialise(answer: Answer, format: str) -> bytes:
    """Write an answer in the format of that name (`FORMATS`).

    Raises `ParameterError` for an unknown name, `NotAcceptableError` where the format cannot hold that kind of answer or
    XML a character.
    """
    return write(answer, fitting(named_format(format), answer.kind)).content
