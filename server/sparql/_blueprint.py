"""``/sparql``: the protocol on Flask. Nothing is parsed or evaluated here: the store does that in processes that can be killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from flask import Blueprint, Response, request

from earthweave.server.results import Format, Written, named_format, write
from earthweave.server.store import Answer, Limits, Notice

from ._negotiation import choose, content_type, negotiate
from ._protocol import FORM, Operation, read_operation

NOTICE, TRUNCATED, SECONDS = "Earthweave-Notice", "Earthweave-Truncated", "Earthweave-Seconds"
_HEADER_NOTICES, _HEADER_CHARACTERS = 20, 400
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Content-Security-Policy of data: whatever a browser makes of it, nothing in it runs."""


class Queryable(Protocol):
    """What `blueprint` needs of a store."""

    def query(
        self, text: str, *, limits: Limits | None = None, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> Answer:
        """Evaluate a query."""
        ...


def header_text(notice: Notice) -> str:
    """A notice as a header value: printable ASCII, one line, at most 400 characters; the body holds it in full."""
    line = " ".join(f"{notice.code}: {notice.text}".split())
    ascii_line = "".join(c if " " <= c <= "~" else "?" for c in line.replace("…", "..."))
    return ascii_line if len(ascii_line) <= _HEADER_CHARACTERS else ascii_line[: _HEADER_CHARACTERS - 3] + "..."


def _received() -> Operation:
    content_type = request.mimetype.lower()
    form = dict(request.form.lists()) if request.method == "POST" and content_type == FORM else {}
    body = request.get_data() if request.method == "POST" and content_type != FORM else b""
    return read_operation(request.method, content_type, dict(request.args.lists()), form, body)


def lower(limits: Limits, timeout: float | None) -> Limits:
    """The limits with the client's timeout where that is lower."""
    return limits if timeout is None else replace(limits, query_deadline=min(timeout, limits.query_deadline))


def _respond(answer: Answer, written: Written, format: Format, accept: str) -> Response:
    response = Response(written.content, content_type=content_type(format, accept))
    response.headers["Content-Disposition"] = f'inline; filename="result{format.extension}"'
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers[SECONDS] = f"{answer.seconds:.4f}"
    for notice in written.notices[:_HEADER_NOTICES]:
        response.headers.add(NOTICE, header_text(notice))
    if answer.truncated:
        response.headers[TRUNCATED] = "true"
    return response


def _vary(response: Response) -> Response:
    response.vary.add("Accept")
    return response


def blueprint(store: Queryable, limits: Limits) -> Blueprint:
    """The endpoint ``/sparql`` over a store.

    GET and both POSTs of the SPARQL 1.1 Protocol; ``format``, ``timeout`` (lowers the limit only), ``geometry``,
    ``default-graph-uri`` and ``named-graph-uri``. Notices stand in ``Earthweave-Notice`` headers and, where the format has room, in
    the body; ``Earthweave-Truncated: true`` says that a limit cut the result. Updates are refused with 403.
    """
    endpoint = Blueprint("sparql", __name__)

    @endpoint.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        accept = ",".join(request.headers.getlist("Accept"))
        operation = _received()
        _refuse_early(operation.format, accept)
        answer = store.query(
            operation.query,
            limits=lower(limits, operation.timeout), default_graphs=operation.default_graphs, named_graphs=operation.named_graphs,
        )
        chosen = choose(operation.format, accept, answer.kind)
        return _respond(answer, write(answer, chosen, geometry=operation.geometry), chosen, "" if operation.format else accept)

    endpoint.after_request(_vary)
    return endpoint


def _refuse_early(name: str | None, accept: str) -> None:
    """Refuse before any work what no answer could satisfy."""
    if name:
        named_format(name)
    else:
        negotiate(accept)
