"""The SPARQL 1.1 Protocol (W3C Recommendation of 2013-03-21, §2) without a web framework: a request in, what it asks for out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.exceptions import UnsupportedMediaType

from earthweave.ontology import ParameterError, QueryError, UnsupportedError
from earthweave.server.store import Limits

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
SHORTEST = 0.1
"""Least ``timeout`` in seconds that a client may ask for."""
_DATASET = {"query": ("default-graph-uri", "named-graph-uri"), "update": ("using-graph-uri", "using-named-graph-uri")}
_DIRECT = {QUERY: "query", UPDATE: "update"}
_HANDLES = ("plain", "download", "map")
_NOT_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass(frozen=True)
class Operation:
    """A query or an update as the protocol carries it.

    Attributes:
        kind: ``query`` or ``update``.
        text: in SPARQL.
        default_graphs, named_graphs: IRIs of the dataset: of a query they replace what the text says, of an update it may say nothing.
        timeout: seconds the client is willing to wait, or None; at least `SHORTEST`; it can only lower the server's limit.
        rows: most rows that the client wants, or None; it can only lower the server's limit.
        format: ``?format=``, which wins over ``Accept``.
        geometry: the column to show on a map.
        handle: what Strabon's clients want done with the result: ``plain`` (it is sent), ``download`` (a browser saves it) or ``map``.
    """

    kind: str
    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    timeout: float | None = None
    rows: int | None = None
    format: str | None = None
    geometry: str | None = None
    handle: str = "plain"

    def limits(self, limits: Limits) -> Limits:
        """The server's limits with the client's where those are lower."""
        seconds, rows = limits.query_deadline, limits.query_rows
        return replace(
            limits,
            query_deadline=seconds if self.timeout is None else min(self.timeout, seconds),
            query_rows=rows if self.rows is None else min(self.rows, rows),
        )


Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Received:
    """A request as it came.

    Attributes:
        method: ``GET``, ``HEAD`` or ``POST``.
        content_type: without parameters, lower case.
        url: parameters of the query string, each with all its values; form: the same of an urlencoded body.
        body: any other body.
    """

    method: str
    content_type: str
    url: Parameters
    form: Parameters
    body: bytes


def read_operation(received: Received, *, kind: str = "") -> Operation:
    """Read a request; ``kind`` is what the parameter ``query`` holds where the address and not the parameter's name tells.

    Raises:
        QueryError: no text, or several, or an update by GET.
        ParameterError: a parameter that is none, or of the other kind of operation.
        UnsupportedError: the handle ``timemap``.
        UnsupportedMediaType: a POST of another type (HTTP 415).
    """
    names = {*received.url, *received.form}
    parameters = {name: (*received.url.get(name, ()), *received.form.get(name, ())) for name in names}
    if received.method == "POST" and received.content_type in _DIRECT:
        if {"query", "update"} & names:
            raise QueryError("the request holds two texts", why="one in the body, one in the address", way_out="send one")
        return _operation(kind or _DIRECT[received.content_type], _text(received.body), parameters)
    if received.method == "POST" and received.content_type != FORM:
        raise UnsupportedMediaType(f"POST a query as {FORM} or {QUERY}, an update as {FORM} or {UPDATE}")
    found = "update" if "update" in names else "query"
    if found == "update" and ("update" in received.url or "query" in names):
        raise QueryError("an update is not sent so", why="it goes alone, in the body of a POST", way_out=f"POST it as {UPDATE}")
    return _operation(kind or found, _one(parameters, found), parameters)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError("the text is not UTF-8", why=f"byte {error.start} cannot be read", way_out="send UTF-8") from error


def _one(parameters: Parameters, name: str) -> str:
    values = parameters.get(name, ())
    if len(values) != 1:
        way_out = "GET /sparql?query=… or POST the query; people find the editor at /query"
        raise QueryError(f"the request holds {len(values) or 'no'} {name} parameters", why="it must hold exactly one", way_out=way_out)
    return values[0]


def _operation(kind: str, text: str, parameters: Parameters) -> Operation:
    def last(name: str) -> str | None:
        return next(reversed(parameters.get(name, ())), None)

    other = next((name for name in _DATASET["query" if kind == "update" else "update"] if name in parameters), None)
    if other:
        way_out = f"use {' and '.join(_DATASET[kind])}"
        raise ParameterError(f"{other} does not go with {'an update' if kind == 'update' else 'a query'}", way_out=way_out)
    default, named = (_graphs(parameters.get(name, ())) for name in _DATASET[kind])
    shown = "html" if (last("view") or "").upper() == "HTML" else None
    return Operation(kind, text, default, named, _seconds(last("timeout")), _rows(last("maxLimit")), last("format") or shown,
                     last("geometry"), _handle(last("handle")))


def _handle(text: str | None) -> str:
    handle = (text or _HANDLES[0]).lower()
    if handle == "timemap":
        way_out = "handle=map shows the same without time; format=KML holds the times for viewers with a time slider"
        raise UnsupportedError("handle=timemap is not offered", why="the map has no time slider", way_out=way_out)
    if handle not in _HANDLES:
        raise ParameterError(f"handle={handle[:40]!r} is nothing that is done with a result", way_out=f"one of {', '.join(_HANDLES)}")
    return handle


def _graphs(values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        if not value or _NOT_IRI.search(value):
            raise ParameterError(f"{value[:80]!r} is not an IRI", way_out="give graphs as absolute IRIs without angle brackets")
    return tuple(values)


def _rows(text: str | None) -> int | None:
    if not text or text == "0":
        # what the forms of Strabon send for no limit
        return None
    if not (text.isascii() and text.isdigit()):
        raise ParameterError(f"maxLimit={text[:40]!r} is not a number of rows", way_out="for example maxLimit=100")
    return int(text[:18])


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
