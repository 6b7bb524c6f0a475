"""Pages of other sites that may use the endpoint (WHATWG Fetch, CORS): none, unless the server was told which."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

_HEADERS = "Accept, Authorization, Content-Encoding, Content-Type, Earthweave-Query-Id, If-Match, If-None-Match"
_EXPOSED = "Content-Disposition, ETag, Location, Earthweave-Generation, Earthweave-Limits, Earthweave-Notice, Earthweave-Query-Id, " \
    "Earthweave-Seconds, Earthweave-Truncated"
_REMEMBERED = "600"


def allowed(origin: str | None, origins: Sequence[str]) -> bool:
    """Whether a page of that origin may use the endpoint; ``*`` among the origins allows every one."""
    return bool(origin) and ("*" in origins or origin in origins)


def open_to(response: Response, origins: Sequence[str]) -> Response:
    """Tell the browser so: on every answer, and on OPTIONS which methods and headers; credentials are never allowed."""
    if not origins:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if not allowed(origin, origins):
        return response
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else str(origin)
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET, HEAD, POST, OPTIONS")
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _REMEMBERED
    return response
