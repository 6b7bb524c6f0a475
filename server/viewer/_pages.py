"""The pages and their files, with the policy that lets a browser run them and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, send_from_directory

STATIC = Path(__file__).with_name("static")
VENDOR = Path(__file__).with_name("vendor")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the pages: nothing inline, nothing foreign."""

_FOR_EVER = 365 * 24 * 3600


def manifest() -> list[dict[str, Any]]:
    """The vendored libraries: name, version, licence, files with SHA-256."""
    found: list[dict[str, Any]] = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))
    return found


def _page(name: str, twin: str) -> Response:
    response = send_from_directory(STATIC, name, max_age=0)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Link"] = f'<{twin}>; rel="alternate"; type="application/json"'
    return response


def _wants_json() -> bool:
    """Whether a program asks: ``?f=json``, or an ``Accept`` that does not prefer HTML."""
    if named := request.args.get("f"):
        return named == "json"
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html"


def blueprint(landing: Callable[[], Response] | None = None) -> Blueprint:
    """``/`` (map), ``/query`` (editor), ``/static/…`` and ``/vendor/…``; each page names its machine twin in a ``Link`` header.

    ``landing`` makes what ``/`` is for programs (the landing page of OGC API – Common). Files are answered with an ETag; vendored ones,
    whose version stands in their path, may be kept for ever.
    """
    pages = Blueprint("viewer", __name__)

    @pages.get("/")
    def home() -> Response:
        response = landing() if landing is not None and _wants_json() else _page("index.html", "/api")
        response.vary.add("Accept")
        return response

    @pages.get("/query")
    def query() -> Response:
        return _page("query.html", "/sparql")

    @pages.get("/favicon.ico")
    def icon() -> Response:
        return send_from_directory(STATIC, "icon.svg", max_age=0)

    @pages.get("/static/<path:name>")
    def static_file(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=0)

    @pages.get("/vendor/<path:name>")
    def vendor_file(name: str) -> Response:
        response = send_from_directory(VENDOR, name, max_age=_FOR_EVER)
        response.cache_control.immutable = True
        return response

    return pages
