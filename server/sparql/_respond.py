"""Results as HTTP responses: headers, packing, and what every answer of the endpoint says."""

from __future__ import annotations

import gzip

from flask import Response, request

from earthweave.server.results import Format, Written, rewritten
from earthweave.server.store import Answer, Notice

from ._negotiation import content_type, negotiate

NOTICE, TRUNCATED, SECONDS = "Earthweave-Notice", "Earthweave-Truncated", "Earthweave-Seconds"
LIMITS, GENERATION = "Earthweave-Limits", "Earthweave-Generation"
_HEADER_NOTICES, _HEADER_CHARACTERS = 20, 400
_WORTH_PACKING, _SQUEEZE = 1024, 3
_PACKED = frozenset({"application/vnd.google-earth.kmz"})
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Content-Security-Policy of data: whatever a browser makes of it, nothing in it runs."""


def header_text(notice: Notice) -> str:
    """A notice as a header value: printable ASCII, one line, at most 400 characters; the body holds it in full."""
    line = " ".join(f"{notice.code}: {notice.text}".split())
    ascii_line = "".join(c if " " <= c <= "~" else "?" for c in line.replace("…", "..."))
    return ascii_line if len(ascii_line) <= _HEADER_CHARACTERS else ascii_line[: _HEADER_CHARACTERS - 3] + "..."


def add_notices(response: Response, notices: tuple[Notice, ...]) -> None:
    """Put notices into headers, the first twenty of them."""
    for notice in notices[:_HEADER_NOTICES]:
        response.headers.add(NOTICE, header_text(notice))


def empty(status: int) -> Response:
    """An answer without content, which therefore has no type."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def result(answer: Answer, written: Written, format: Format, accept: str, *, download: bool) -> Response:
    """The answer to a query."""
    response = Response(written.content, content_type=content_type(format, accept))
    place = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = f'{place}; filename="result{format.extension}"'
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers[SECONDS] = f"{answer.seconds:.4f}"
    response.headers[GENERATION] = str(answer.generation)
    limits = answer.limits
    response.headers[LIMITS] = f"rows={limits.query_rows}, bytes={limits.query_bytes}, seconds={limits.query_deadline:g}"
    add_notices(response, written.notices)
    if answer.truncated:
        response.headers[TRUNCATED] = "true"
    return response


def graph(triples: bytes, accept: str) -> Response:
    """A small graph of our own in the syntax that the client likes best."""
    chosen = negotiate(accept, "graph")
    response = Response(rewritten(triples, chosen.name), content_type=content_type(chosen, accept))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    return response


def pack(response: Response) -> Response:
    """Pack what is worth it with gzip, where the client takes that (RFC 9110 §12.5.3)."""
    response.vary.add("Accept-Encoding")
    if response.direct_passthrough or response.is_streamed or "Content-Encoding" in response.headers or response.mimetype in _PACKED:
        return response
    if request.accept_encodings.quality("gzip") <= 0 or len(response.get_data()) < _WORTH_PACKING:
        return response
    response.set_data(gzip.compress(response.get_data(), _SQUEEZE, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
