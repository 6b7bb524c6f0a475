"""``/Strabon/Store``: documents in the way of Strabon's endpoint, with its parameters ``data``, ``url``, ``format`` and ``graph``."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from flask import Response, request

from earthweave.ontology import ParameterError
from earthweave.server.results import named_format

from ._bodies import SUFFIXES, SYNTAXES, bodies, files
from ._desk import Desk
from ._encoding import check_text
from ._respond import GENERATION

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]+")


def stored(desk: Desk) -> Response:
    """Load the text ``data``, the files of a multipart form, or the file below ``load_roots`` that ``url`` names, into ``graph``."""
    desk.note("update", "Strabon/Store")
    desk.admit("updates")
    if request.mimetype.lower() != "multipart/form-data":
        check_text()
    graph, url = request.values.get("graph", ""), request.values.get("url", "")
    if url:
        generation = desk.store.update(_load(url, graph)).generation
    else:
        with files(_documents()) as paths:
            loaded = desk.store.load(paths, graph=graph or None, strict=True, address=graph or desk.address + request.path)
        generation = loaded.generation
    response = Response("Data stored successfully\n", content_type="text/plain; charset=utf-8")
    response.headers[GENERATION] = str(generation)
    return response


def _load(url: str, graph: str) -> str:
    for one in filter(None, (url, graph)):
        if not _PLAIN.fullmatch(one):
            raise ParameterError(f"{one[:80]!r} is no absolute IRI", way_out="for example url=file:///data/floods.ttl")
    return f"LOAD <{url}> INTO GRAPH <{graph}>" if graph else f"LOAD <{url}>"


def _documents() -> list[tuple[BinaryIO, str]]:
    """Streams and extensions; the parameter ``format`` wins over names and media types. Strabon's Java client tells it by Accept."""
    text, wanted = request.values.get("data", ""), request.values.get("format", "")
    suffix = _suffix(wanted) if wanted else SUFFIXES.get(request.headers.get("Accept", "").lower(), "")
    if request.mimetype.lower() == "multipart/form-data" and request.files:
        return [(one.stream, suffix or one.own_suffix) for one in bodies()]
    if not text:
        raise ParameterError("there is nothing to store", way_out="send data=TEXT with format=N-Triples, a file, or url=file:///…")
    if not suffix:
        raise ParameterError("the format of the data is not told", way_out="send format=N-Triples, Turtle, RDF/XML, N-Quads, TriG …")
    return [(io.BytesIO(text.encode("utf-8", "surrogatepass")), suffix)]


def _suffix(name: str) -> str:
    found = named_format(name)
    if found not in SYNTAXES:
        raise ParameterError(f"{name[:60]!r} is no RDF syntax", way_out=f"one of {', '.join(one.name for one in SYNTAXES)}")
    return found.extension
