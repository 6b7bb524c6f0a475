"""What every response carries and what no request may do: headers, and the refusal of posts from other sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, request

from earthweave.ontology import ForbiddenError
from earthweave.server.sparql import POLICY, allowed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Set on every response that has not set its own."""


def from_elsewhere(method: str, site: str | None, origin: str | None, host: str) -> bool:
    """True if a browser sends this on behalf of another site.

    The rule of Go 1.25's ``http.CrossOriginProtection``: safe methods pass; ``Sec-Fetch-Site`` decides where a browser sends it;
    else ``Origin`` must name our own host; a request with neither header comes from no browser.
    """
    if method in SAFE:
        return False
    if site:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != host


def install_guard(app: Flask, origins: Sequence[str] = ()) -> None:
    """Refuse posts from elsewhere (403), but for pages of those origins, and set `HEADERS`."""

    @app.before_request
    def refuse() -> None:
        if allowed(request.headers.get("Origin"), origins):
            return
        if from_elsewhere(request.method, request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), request.host):
            raise ForbiddenError(
                "a request from another site is refused",
                why="Sec-Fetch-Site or Origin names another origin",
                way_out="send it from a page of this server, or from a program",
            )

    @app.after_request
    def dress(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
