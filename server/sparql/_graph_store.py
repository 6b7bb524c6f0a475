"""``/rdf-graph-store``: the SPARQL 1.1 Graph Store HTTP Protocol (W3C Recommendation of 2013-03-21).

Documents are never read here, see `_bodies`.
"""

from __future__ import annotations

import os
import re
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.wsgi import FileWrapper

from earthweave.ontology import NotFoundError, ParameterError
from earthweave.server.store import Replaced

from ._bodies import SUFFIXES, SYNTAXES, Body, bodies, files
from ._desk import Desk
from ._negotiation import content_type, select
from ._respond import GENERATION, POLICY, empty

PATH = "/rdf-graph-store"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|\\^`]+")
_WITH_GRAPHS = tuple(one for name in ("nquads", "trig", "jsonld") for one in SYNTAXES if one.name == name)
_QUADS, _JSON = frozenset({".nq", ".trig"}), ".jsonld"
_PORTION = 1 << 20


@dataclass(frozen=True)
class Target:
    """What a request is about: one graph (an empty IRI is the default graph), or all of them (None)."""

    graph: str | None

    @property
    def name(self) -> str:
        """As updates call it."""
        return "ALL" if self.graph is None else f"GRAPH <{self.graph}>" if self.graph else "DEFAULT"


def graph_store(desk: Desk, routes: Blueprint) -> None:
    """Add the routes: indirect identification by ``?graph=`` or ``?default``, direct by the address, the whole dataset without either."""

    @routes.route(PATH, methods=["GET", "PUT", "POST", "DELETE"], strict_slashes=False)
    def by_parameter() -> Response:
        return _serve(desk, _named())

    @routes.route(f"{PATH}/<path:name>", methods=["GET", "PUT", "POST", "DELETE"])
    def by_address(name: str) -> Response:
        return _serve(desk, Target(desk.address + urlsplit(request.base_url).path.removeprefix(request.script_root)))


def _named() -> Target:
    """The graph that the parameters name; raises `ParameterError`."""
    graphs = request.args.getlist("graph")
    unknown = sorted(set(request.args) - {"graph", "default", "format"})
    if unknown and not graphs and "default" not in request.args:
        # whoever mistypes the name of a graph does not mean all of them
        raise ParameterError(f"{unknown[0][:40]!r} names no graph", why="it is no parameter of the graph store",
                             way_out="send graph=IRI or default; without any it is the whole dataset")
    if "default" in request.args or not graphs:
        if graphs:
            raise ParameterError("graph and default were both given", way_out="name one graph")
        return Target("" if "default" in request.args else None)
    if len(graphs) > 1 or not _ABSOLUTE.fullmatch(graphs[0]):
        raise ParameterError(f"{graphs[0][:80]!r} is not one absolute IRI", way_out="name one graph like http://example.org/graph")
    return Target(graphs[0])


def _serve(desk: Desk, target: Target) -> Response:
    method = request.method
    desk.note("graph", f"{method} {target.name}")
    if method in ("GET", "HEAD"):
        return _head(desk, target) if method == "HEAD" else _get(desk, target)
    desk.admit("changes of graphs")
    _check_conditions(desk, target)
    if method == "DELETE":
        return _delete(desk, target)
    return _put(desk, target) if method == "PUT" else _post(desk, target)


def _exists(desk: Desk, target: Target) -> bool:
    if not target.graph:
        return True
    pattern = f"ASK {{ GRAPH <{target.graph}> {{ ?s ?p ?o }} }}"
    return bool(desk.store.query(pattern).boolean)


def _check(desk: Desk, target: Target) -> None:
    if not _exists(desk, target):
        raise NotFoundError(f"there is no graph <{target.graph}>", why="a graph without statements does not exist")


def _format(target: Target) -> Any:
    accept = ",".join(request.headers.getlist("Accept"))
    chosen = select(request.args.get("format"), accept, SYNTAXES if target.graph is not None else _WITH_GRAPHS)
    return chosen, content_type(chosen, accept if "format" not in request.args else "")


def _dressed(response: Response, extension: str, generation: int) -> Response:
    response.headers["Content-Disposition"] = f'inline; filename="graph{extension}"'
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers[GENERATION] = str(generation)
    response.set_etag(_tag(generation, extension), weak=True)
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def _tag(generation: int, extension: str) -> str:
    """The weak entity tag of a representation: the snapshot and the syntax, packed or not."""
    return f"{generation}{extension}"


def _check_conditions(desk: Desk, target: Target) -> None:
    """Raise `PreconditionFailed` (HTTP 412) where If-Match or If-None-Match does not hold (RFC 9110 §13.1)."""
    wanted, unwanted = request.if_match, request.if_none_match
    if not wanted and not unwanted:
        return
    now = f"{desk.store.statistics().generation}."
    exists = _exists(desk, target)
    if wanted and not (exists and (wanted.star_tag or any(one.startswith(now) for one in wanted.as_set(include_weak=True)))):
        raise PreconditionFailed("If-Match does not hold: the store has changed since, or there is no such graph")
    if exists and (unwanted.star_tag or any(one.startswith(now) for one in unwanted.as_set(include_weak=True))):
        raise PreconditionFailed("If-None-Match does not hold: the graph exists, and is what it was")


def _head(desk: Desk, target: Target) -> Response:
    chosen, media_type = _format(target)
    _check(desk, target)
    response = Response(content_type=media_type)
    # how long the body of a GET would be is not known
    response.automatically_set_content_length = False
    return _dressed(response, chosen.extension, desk.store.statistics().generation)


def _get(desk: Desk, target: Target) -> Response:
    chosen, media_type = _format(target)
    packed = request.accept_encodings.quality("gzip") > 0
    generation = desk.store.statistics().generation
    if request.if_none_match.contains_weak(_tag(generation, chosen.extension)):
        _check(desk, target)
        return _dressed(empty(304), chosen.extension, generation)
    with tempfile.TemporaryDirectory(prefix="earthweave-") as folder:
        path = Path(folder) / f"graph{chosen.extension}{'.gz' if packed else ''}"
        desk.store.export(path, format=chosen.name, graph=target.graph)
        # the file goes when the last who reads it does
        stream = path.open("rb")
    response = Response(FileWrapper(stream, _PORTION), content_type=media_type, direct_passthrough=True)
    response.content_length = os.fstat(stream.fileno()).st_size
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return _dressed(response, chosen.extension, generation)


def _delete(desk: Desk, target: Target) -> Response:
    if target.graph is None:
        raise ParameterError("the whole dataset is not deleted so", way_out="name a graph, or POST the update CLEAR ALL to /sparql")
    _check(desk, target)
    desk.store.update(f"DROP SILENT {target.name}")
    return empty(204)


def _put(desk: Desk, target: Target) -> Response:
    existed = _exists(desk, target)
    _load(desk, target, "all" if target.graph is None else "graph")
    return empty(204 if existed else 201)


def _post(desk: Desk, target: Target) -> Response:
    location = ""
    if target.graph is None and SUFFIXES.get(request.mimetype.lower()) not in _QUADS:
        location = f"{desk.address}{PATH}/{uuid.uuid4()}"
        target = Target(location)
    existed = _exists(desk, target)
    _load(desk, target, "nothing")
    response = empty(204 if existed else 201)
    if location:
        response.headers["Location"] = location
    return response


def _load(desk: Desk, target: Target, replace: Replaced) -> None:
    """Load what the request brings; relative IRIs in it are relative to the graph (§4.2), or to the address of the store."""
    found = bodies()
    for one in found:
        _fits(one, target)
    with files([(one.stream, one.suffix) for one in found]) as paths:
        desk.store.load(paths, graph=target.graph or None, strict=True, replace=replace, address=target.graph or desk.address + PATH,
                        one_graph=target.graph is not None)


def _fits(body: Body, target: Target) -> None:
    """Raise `ParameterError` for a syntax that holds more, or less, than the request is about; JSON-LD may hold both."""
    if body.suffix != _JSON and (body.suffix in _QUADS) != (target.graph is None):
        way_out = "send quads to the address without a graph, and triples to that of a graph"
        raise ParameterError(f"{body.media_type} does not fit {target.name.lower()}", why="it must hold what is replaced", way_out=way_out)
