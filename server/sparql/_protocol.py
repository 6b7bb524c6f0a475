"""The SPARQL 1.1 Protocol (W3C Recommendation of 2013-03-21, §2.1) without a web framework: a request in, what it asks for out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.exceptions import UnsupportedMediaType

from earthweave.ontology import ForbiddenError, ParameterError, QueryError

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
SHORTEST = 0.1
"""Least ``timeout`` in seconds that a client may ask for."""
_NOT_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass(frozen=True)
class Operation:
    """A query as the protocol carries it.

    Attributes:
        query: SPARQL text.
        default_graphs, named_graphs: IRIs that replace the dataset of the text.
        timeout: seconds the client is willing to wait, or None; at least `SHORTEST`; it can only lower the server's limit.
        format: ``?format=``, which wins over ``Accept``.
        geometry: the column to show in GeoJSON.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    timeout: float | None = None
    format: str | None = None
    geometry: str | None = None


Parameters = Mapping[str, Sequence[str]]


def read_operation(method: str, content_type: str, url: Parameters, form: Parameters, body: bytes) -> Operation:
    """Read a request.

    Args:
        method: ``GET`` (or ``HEAD``) or ``POST``.
        content_type: without parameters, lower case.
        url: parameters of the query string, each with all its values.
        form: the same of an urlencoded body.
        body: the raw body, read only for ``application/sparql-query``.

    Raises:
        QueryError: no query, or several.
        ForbiddenError: an update: this endpoint only reads.
        UnsupportedMediaType: a POST of another type (HTTP 415).
    """
    if content_type == UPDATE or "update" in url or "update" in form:
        way_out = "use `earthweave update` on the machine of the store"
        raise ForbiddenError("updates over HTTP are refused", why="this endpoint only reads", way_out=way_out)
    if method == "POST" and content_type not in (FORM, QUERY):
        raise UnsupportedMediaType(f"POST a query as {FORM} or as {QUERY}")
    parameters = {**url, **form}
    if method == "POST" and content_type == QUERY:
        if "query" in parameters:
            raise QueryError("the request holds two queries", why="one in the body, one in the address", way_out="send one")
        return _operation(_text(body), parameters)
    return _operation(_one(parameters, "query"), parameters)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError("the query is not UTF-8", why=f"byte {error.start} cannot be read", way_out="send UTF-8") from error


def _one(parameters: Parameters, name: str) -> str:
    values = parameters.get(name, ())
    if len(values) != 1:
        way_out = "GET /sparql?query=… or POST the query; people find the editor at /query"
        raise QueryError(f"the request holds {len(values) or 'no'} {name} parameters", why="it must hold exactly one", way_out=way_out)
    return values[0]


def _operation(query: str, parameters: Parameters) -> Operation:
    def last(name: str) -> str | None:
        return next(reversed(parameters.get(name, ())), None)

    return Operation(
        query,
        _graphs(parameters.get("default-graph-uri", ())),
        _graphs(parameters.get("named-graph-uri", ())),
        _seconds(last("timeout")),
        last("format"),
        last("geometry"),
    )


def _graphs(values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        if not value or _NOT_IRI.search(value):
            raise ParameterError(f"{value[:80]!r} is not an IRI", way_out="give graphs as absolute IRIs without angle brackets")
    return tuple(values)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ParameterError(f"timeout={text[:40]!r} is not a time", way_out="give seconds, for example timeout=5")
    if seconds < SHORTEST:
        # each query that is cut off costs the server a worker process
        raise ParameterError(f"timeout={text[:40]} is too short", why=f"the shortest is {SHORTEST:g} s", way_out="for example timeout=5")
    return seconds
