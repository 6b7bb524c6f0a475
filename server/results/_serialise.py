"""Writes a whole answer in one of the formats."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from earthweave.ontology import PREFIXES
from earthweave.server.store import Answer, Notice

from ._formats import BOOLEAN, GRAPH, Format, fitting, named_format
from ._geojson import to_geojson
from ._table import boolean_to_json, boolean_to_xml, to_csv, to_json, to_tsv, to_xml

_GRAPH_FORMATS = {"turtle": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD, "rdfxml": ox.RdfFormat.RDF_XML}


@dataclass(frozen=True)
class Written:
    """The bytes of a result, and the notices that go with it: the store's, and those of the writing."""

    content: bytes
    notices: tuple[Notice, ...]


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "notices": [{"code": notice.code, "text": notice.text} for notice in answer.notices],
        "truncated": answer.truncated, "seconds": round(answer.seconds, 4),
    }


def _graph(triples: bytes, name: str) -> bytes:
    """Our own worker's N-Triples in another syntax, with short names where it has them."""
    if name == "ntriples":
        return triples
    parsed = ox.parse(triples, format=ox.RdfFormat.N_TRIPLES)
    out = io.BytesIO()
    ox.serialize((quad.triple for quad in parsed), out, format=_GRAPH_FORMATS[name], prefixes=PREFIXES)
    return out.getvalue()


def write(answer: Answer, format: Format, *, geometry: str | None = None) -> Written:
    """Write an answer and gather its notices; ``geometry`` names the column to show in GeoJSON."""
    if answer.kind == GRAPH:
        return Written(_graph(answer.graph or b"", format.name), tuple(answer.notices))
    if answer.kind == BOOLEAN:
        holds = bool(answer.boolean)
        return Written(boolean_to_json(holds, _told(answer)) if format.name == "json" else boolean_to_xml(holds), tuple(answer.notices))
    if format.name == "geojson":
        features = to_geojson(answer, geometry=geometry)
        return Written(features.content, features.notices)
    if format.name == "json":
        return Written(to_json(answer.table, _told(answer)), tuple(answer.notices))
    return Written({"xml": to_xml, "csv": to_csv, "tsv": to_tsv}[format.name](answer.table), tuple(answer.notices))


def serialise(answer: Answer, format: str) -> bytes:
    """Write an answer as ``json``, ``xml``, ``csv``, ``tsv``, ``geojson``, ``turtle``, ``ntriples``, ``jsonld`` or ``rdfxml``.

    Raises `ParameterError` for an unknown name, `NotAcceptableError` where the format cannot hold that kind of answer or
    XML a character.
    """
    return write(answer, fitting(named_format(format), answer.kind)).content
