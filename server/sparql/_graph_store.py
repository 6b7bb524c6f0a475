"""``/rdf-graph-store``: the SPARQL 1.1 Graph Store HTTP Protocol (W3C Recommendation of 2013-03-21).

Documents are never read here: they are written into a file, and the store's writer reads that.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wsgi import FileWrapper

from earthweave.ontology import NotFoundError, ParameterError
from earthweave.server.results import FORMATS

from ._desk import Desk
from ._negotiation import content_type, select
from ._respond import GENERATION, POLICY

PATH = "/rdf-graph-store"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|\\^`]+")
_SYNTAXES = tuple(one for one in FORMATS if "graph" in one.kinds and one.name != "html")
_WITH_GRAPHS = tuple(one for name in ("nquads", "trig", "jsonld") for one in _SYNTAXES if one.name == name)
_SUFFIXES = {media_type: one.extension for one in _SYNTAXES for media_type in one.media_types} | {"text/n3": ".n3"}
_QUADS = frozenset({".nq", ".trig"})
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
    chosen = select(request.args.get("format"), accept, _SYNTAXES if target.graph is not None else _WITH_GRAPHS)
    return chosen, content_type(chosen, accept if "format" not in request.args else "")


def _dressed(response: Response, extension: str, generation: int) -> Response:
    response.headers["Content-Disposition"] = f'inline; filename="graph{extension}"'
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers[GENERATION] = str(generation)
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def _head(desk: Desk, target: Target) -> Response:
    chosen, media_type = _format(target)
    _check(desk, target)
    return _dressed(Response(content_type=media_type), chosen.extension, desk.store.statistics().generation)


def _get(desk: Desk, target: Target) -> Response:
    chosen, media_type = _format(target)
    packed = request.accept_encodings.quality("gzip") > 0
    generation = desk.store.statistics().generation
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
    return Response(status=204)


def _put(desk: Desk, target: Target) -> Response:
    existed = _exists(desk, target)
    with _documents(target) as files:
        if target.graph is None:
            desk.store.update("CLEAR ALL")
            desk.store.load(files, strict=True)
        else:
            desk.store.load(files, graph=target.graph or None, strict=True, replace=True)
    return Response(status=204 if existed else 201)


def _post(desk: Desk, target: Target) -> Response:
    location = ""
    if target.graph is None and not _holds_graphs():
        location = f"{desk.address}{PATH}/{uuid.uuid4()}"
        target = Target(location)
    existed = _exists(desk, target)
    with _documents(target) as files:
        desk.store.load(files, graph=target.graph or None, strict=True)
    response = Response(status=204 if existed else 201)
    if location:
        response.headers["Location"] = location
    return response


def _holds_graphs() -> bool:
    return _SUFFIXES.get(request.mimetype.lower()) in _QUADS


@contextmanager
def _documents(target: Target) -> Iterator[list[Path]]:
    """The body, or each file of a multipart body, in a file of its own whose extension tells the syntax."""
    with tempfile.TemporaryDirectory(prefix="earthweave-") as folder:
        if request.mimetype.lower() == "multipart/form-data":
            parts = [(one.mimetype.lower(), cast(BinaryIO, one.stream)) for _, one in request.files.items(multi=True)]
        else:
            parts = [(request.mimetype.lower(), cast(BinaryIO, request.stream))]
        if not parts:
            raise ParameterError("the form holds no file", way_out="send RDF documents as files with their Content-Type")
        yield [_written(Path(folder) / f"body-{number}", *part, target) for number, part in enumerate(parts, 1)]


def _written(path: Path, media_type: str, stream: BinaryIO, target: Target) -> Path:
    suffix = _SUFFIXES.get(media_type)
    if suffix is None:
        raise UnsupportedMediaType(f"{media_type or 'a body without Content-Type'} is no RDF syntax; send one of {', '.join(_SUFFIXES)}")
    if (suffix in _QUADS) != (target.graph is None):
        way_out = "send quads to the address without a graph, and triples to that of a graph"
        raise ParameterError(f"{media_type} does not fit {target.name.lower()}", why="it must hold what is replaced", way_out=way_out)
    packed = request.headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "gzip"):
        raise UnsupportedMediaType(f"the Content-Encoding {packed[:40]} is not read; send gzip, or none")
    file = path.with_name(path.name + suffix + (".gz" if packed == "gzip" else ""))
    with file.open("wb") as out:
        shutil.copyfileobj(stream, out, _PORTION)
    return file
