"""``/sparql`` and what belongs to it on Flask. Nothing is parsed or evaluated here: the store does that in processes that can be killed."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, request

from earthweave.ontology import NotAcceptableError
from earthweave.server.results import Format, named_format, write
from earthweave.server.store import Limits

from ._cors import open_to
from ._description import Abilities, service_description
from ._desk import Desk, Endpoint, Servable
from ._encoding import check_text
from ._graph_store import graph_store
from ._negotiation import choose, negotiate
from ._protocol import FORM, UPDATE, Operation, Received, read_operation
from ._respond import GENERATION, add_notices, empty, graph, pack, result
from ._running import running
from ._stored import stored
from ._void import WELL_KNOWN, void_description

PATH = "/sparql"
_UPDATED = "<?xml version='1.0' encoding='UTF-8'?>\n<response>\n\ttrue\n</response>\n"
"""What Strabon's endpoint says of an update that went well."""


def blueprint(store: Servable, limits: Limits, endpoint: Endpoint | None = None) -> Blueprint:
    """The endpoint over a store.

    ``/sparql``: GET and POST of the SPARQL 1.1 Protocol, updates for the bearer of the token; ``format``, ``timeout`` and ``maxLimit``
    (lower the limits only), ``geometry``; without parameters it describes itself. ``/rdf-graph-store``: the Graph Store HTTP Protocol.
    ``/.well-known/void``, ``/queries``, ``/metrics``; ``/Strabon/`` with ``Query``, ``Describe``, ``Update`` and ``Store``.

    Notices stand in ``Earthweave-Notice`` headers and, where the format has room, in the body; ``Earthweave-Truncated: true`` says that
    a limit of ``Earthweave-Limits`` cut the result.
    """
    desk = Desk(store, limits, endpoint or Endpoint())
    routes = Blueprint("sparql", __name__)
    # the last one sees the answer first
    routes.after_request(desk.record)
    routes.after_request(pack)
    routes.after_request(lambda response: open_to(response, desk.endpoint.origins))
    routes.after_request(_vary)
    _sparql(desk, routes)
    _strabon(desk, routes)
    graph_store(desk, routes)
    running(desk, routes)
    return routes


def _sparql(desk: Desk, routes: Blueprint) -> None:
    @routes.route(PATH, methods=["GET", "POST"], strict_slashes=False)
    def sparql() -> Response:
        if request.method in ("GET", "HEAD") and not request.args:
            return _described(desk)
        return _operated(desk, "")

    @routes.get(WELL_KNOWN)
    def void() -> Response:
        desk.note("description", WELL_KNOWN)
        return graph(void_description(desk.address, desk.census()), _accept())


def _strabon(desk: Desk, routes: Blueprint) -> None:
    """Strabon's addresses; its parameter ``query`` holds updates as well."""

    @routes.route("/Strabon/Query", methods=["GET", "POST"], endpoint="strabon_query")
    @routes.route("/Strabon/Describe", methods=["GET", "POST"], endpoint="strabon_describe")
    def query() -> Response:
        return _operated(desk, "query")

    @routes.post("/Strabon/Update")
    def update() -> Response:
        response = _operated(desk, "update")
        # its Java client takes nothing but 200 for a success
        response.status_code, response.content_type = 200, "text/xml; charset=utf-8"
        response.set_data(_UPDATED)
        return response

    @routes.post("/Strabon/Store")
    def store() -> Response:
        return stored(desk)


def _accept() -> str:
    return ",".join(request.headers.getlist("Accept"))


def _vary(response: Response) -> Response:
    response.vary.add("Accept")
    return response


def _described(desk: Desk) -> Response:
    desk.note("description", PATH)
    census = desk.census_if_cheap()
    abilities = Abilities(desk.limits.entailment, writable=desk.gate.writable, federated=desk.store.answers_service)
    return graph(service_description(desk.address + PATH, desk.extensions(), census, abilities), _accept())


def _received() -> Received:
    content_type = request.mimetype.lower()
    posted = request.method == "POST"
    form = dict(request.form.lists()) if posted and content_type == FORM else {}
    body = request.get_data() if posted and content_type != FORM else b""
    return Received(request.method, content_type, dict(request.args.lists()), form, body)


def _operated(desk: Desk, kind: str) -> Response:
    desk.note(kind or "query")
    if kind == "update" or request.mimetype.lower() == UPDATE:
        # before its body is read
        desk.admit("updates")
    check_text()
    operation = read_operation(_received(), kind=kind)
    return _updated(desk, operation) if operation.kind == "update" else _answered(desk, operation)


def _answered(desk: Desk, operation: Operation) -> Response:
    if operation.handle == "map":
        return _shown(operation)
    accept = _accept()
    map_wanted = _early(operation.format, accept).maps
    answer = desk.answer(
        operation.text, limits=operation.limits(desk.limits), address=desk.address + PATH,
        default_graphs=operation.default_graphs, named_graphs=operation.named_graphs,
        draw=(operation.geometry or "") if map_wanted else None,
    )
    chosen = choose(operation.format, accept, answer.kind)
    written = write(answer, chosen, geometry=operation.geometry)
    return result(answer, written, chosen, "" if operation.format else accept, download=operation.handle == "download")


def _shown(operation: Operation) -> Response:
    """The way to the map, which asks the query itself; the fragment does not reach the server, so that no length of it is too long."""
    response = empty(303)
    response.headers["Location"] = f"{request.script_root}/#query={quote(operation.text, safe='')}"
    return response


def _updated(desk: Desk, operation: Operation) -> Response:
    desk.admit("updates")
    entry = desk.note("update", operation.text)
    report = desk.store.update(
        operation.text, address=desk.address + PATH, default_graphs=operation.default_graphs, named_graphs=operation.named_graphs
    )
    entry.generation = report.generation
    response = empty(204)
    response.headers[GENERATION] = str(report.generation)
    add_notices(response, report.notices)
    return response


def _early(name: str | None, accept: str) -> Format:
    """The format that a table would have; raises before any work what no answer could satisfy."""
    if name:
        return named_format(name)
    negotiate(accept)
    try:
        return negotiate(accept, "table")
    except NotAcceptableError:
        # it may be a graph that is wanted
        return negotiate(accept)
