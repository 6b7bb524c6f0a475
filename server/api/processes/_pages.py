"""The pages of processes and jobs: made on the server, without scripts, from the same data as their JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""Content-Security-Policy of the pages: no script at all, forms to this server alone."""
_PAGES = Environment(
    loader=PackageLoader("earthweave.server.api.processes", "data"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["compact"] = lambda value: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def page(name: str, status: int = 200, **told: Any) -> Response:
    """A page from its template; texts are escaped."""
    response = Response(_PAGES.get_template(f"{name}.html").render(**told), status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response
