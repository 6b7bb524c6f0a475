"""``/queries``: what runs now, and how to stop it; ``/metrics``: figures for Prometheus."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from ._desk import Desk
from ._respond import empty

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


def running(desk: Desk, routes: Blueprint) -> None:
    """Add the routes. The list shows texts of others, so it needs the token, and so does stopping; a client stops its own without."""

    @routes.get("/queries")
    def queries() -> Response:
        desk.gate.admit(request.headers.get("Authorization"), "lists of queries")
        now = datetime.now(UTC)
        found = [
            {"id": one.id, "kind": one.kind, "started": one.started.isoformat(), "seconds": round((now - one.started).total_seconds(), 3),
             "text": one.text}
            for one in desk.store.running()
        ]
        response = Response(json.dumps({"queries": found}, ensure_ascii=False) + "\n", content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.delete("/queries/<name>")
    def stop(name: str) -> Response:
        if not desk.watch.stop(name):
            desk.gate.admit(request.headers.get("Authorization"), "aborts of the queries of others")
            desk.store.abort(name)
        return empty(204)

    @routes.get("/metrics")
    def metrics() -> Response:
        response = Response(desk.exposition(), content_type=_EXPOSITION)
        response.headers["Cache-Control"] = "no-store"
        return response
