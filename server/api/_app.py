"""Puts the web face together: endpoint, JSON routes, pages, one error body, one guard."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Flask, Response, jsonify
from flask.json.provider import DefaultJSONProvider
from flask_openapi.openapi import OpenAPI
from pydantic import ValidationError

from earthweave.ontology import ParameterError
from earthweave.server import sparql, viewer
from earthweave.server.settings import EndpointSettings, WebSettings
from earthweave.server.workflows import CoMaxDesk

from ._co_max import offer_co_max
from ._description import PATHS
from ._guard import install_guard
from ._models import Asker, Health, LayerBody, Layers, Links, PresetLayer, ProblemBody, Status
from ._questions import offer_questions
from ._status import Census, Store, product_version, table_of
from .processes import Desk, Processes, describe, landing
from .processes import blueprint as process_routes

LINKS = {
    "map": "/", "editor": "/query", "sparql": "/sparql", "ask": "/api/ask", "layers": "/api/layers",
    "status": "/api/status", "health": "/health", "description": "/api/openapi.json",
}
_DESCRIBED = "the description is at /api/openapi.json"
_DEEPEST = 64
PROCESS_LINKS = {"processes": "/processes", "jobs": "/jobs", "conformance": "/conformance"}


class ShallowJson(DefaultJSONProvider):
    """JSON that is nested too deeply, or holds half a character, is a mistake of who sent it, not an accident of ours."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON; raise `ParameterError` for anything that cannot be read, or not be written again."""
        try:
            found = super().loads(s, **kwargs)
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise ParameterError("the body is no JSON that can be read", why=str(error), way_out=_DESCRIBED) from error
        if _deep(found):
            raise ParameterError("the body is no JSON that can be read", why=f"it is nested deeper than {_DEEPEST}", way_out=_DESCRIBED)
        return found


def _deep(value: Any) -> bool:
    """Whether something is nested so deeply that who works on it may run out of stack."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)]
    return bool(level)


def _bad_body(error: ValidationError) -> Response:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the body"
    return sparql.problem_response(ParameterError(f"{place}: {first['msg']}", way_out=_DESCRIBED))


def create_app(
    store: Store,
    *,
    questions: Asker | None = None,
    title: str = "Earthweave",
    banner: str | None = None,
    layers: Sequence[PresetLayer | Mapping[str, Any]] = (),
    settings: WebSettings | None = None,
    endpoint: EndpointSettings | None = None,
    processes: Processes | None = None,
    columns: CoMaxDesk | None = None,
) -> Flask:
    """The whole web face over a store, as a WSGI app.

    Args:
        store: queried under its own limits; written only for who bears the token.
        questions: answers ``/api/ask``; None switches the question box off, and the page says so.
        title: of the product, shown in the header.
        banner: words that every screen shows, such as ``SIMULATED DATA``.
        layers: shown on the map when it opens; a mapping has the names of `PresetLayer`.
        settings: of requests.
        endpoint: of updates, other sites, and the query log.
        processes: run by the bearer of the token; None leaves out OGC API – Processes.
        columns: answers ``/co/max``; None leaves it out.
    """
    settings = settings or WebSettings()
    access = _endpoint(endpoint or EndpointSettings())
    app = OpenAPI(
        __name__, info={"title": title, "version": product_version()}, static_folder=None, doc_ui=False,
        validation_error_status=400, validation_error_model=ProblemBody, validation_error_callback=_bad_body,
    )
    app.json = ShallowJson(app)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = settings.request_size * 1024
    app.config["TRUSTED_HOSTS"] = [host.strip() for host in settings.trusted_hosts.split(",") if host.strip()] or None
    sparql.install_problems(app)
    install_guard(app, access.origins)
    app.register_blueprint(sparql.blueprint(store, store.limits, access))
    desk = Desk(processes, sparql.Gatekeeper(access.token), access.address) if processes else None
    app.register_blueprint(viewer.blueprint(partial(landing, desk, title) if desk else None))
    if desk:
        app.register_blueprint(process_routes(desk))
    _describe(app, title, desk)
    tables = (store.limits, settings, *((desk.settings, desk.jobs.limits) if desk else ()))
    _tell(app, store, tables, title=title, banner=banner or None, questions=questions is not None)
    _offer(app, questions, [LayerBody.of(layer) for layer in layers], settings.question_characters)
    if columns:
        offer_co_max(app, columns)
    return app


def _endpoint(settings: EndpointSettings) -> sparql.Endpoint:
    origins = tuple(one.strip().rstrip("/") for one in settings.allowed_origins.split(",") if one.strip())
    return sparql.Endpoint(
        settings.update_token, origins, settings.query_log, bool(settings.query_log_texts), settings.upload_size * 2**20,
        settings.public_address,
    )


def _describe(app: OpenAPI, title: str, desk: Desk | None) -> None:
    links = {**LINKS, **(PROCESS_LINKS if desk else {})}

    @app.get("/api", summary="Where the machine-readable parts are", responses={200: Links})
    def overview() -> Response:
        return jsonify(Links(title=title, links=links).model_dump())

    @app.get("/api/openapi.json", summary="This description")
    def description() -> Response:
        described: dict[str, Any] = {**app.api_doc}
        offered = describe([spec.id for spec in desk.specs()]) if desk else {}
        return jsonify({**described, "paths": {**described["paths"], **PATHS, **offered}})


def _tell(app: OpenAPI, store: Store, tables: Sequence[Any], *, title: str, banner: str | None, questions: bool) -> None:
    census = Census(store)

    @app.get("/health", summary="Alive, and the store can be read", responses={200: Health})
    def health() -> Response:
        return jsonify(Health(status="ok", generation=store.statistics().generation).model_dump())

    @app.get("/api/status", summary="What this server is and holds", responses={200: Status})
    def status() -> Response:
        now = store.statistics()
        return jsonify(Status(
            title=title, version=product_version(), banner=banner, questions=questions,
            simulated=census.simulated(now.generation), generation=now.generation, triples=now.triples, bytes=now.bytes,
            limits=table_of(tables),
        ).model_dump())


def _offer(app: OpenAPI, questions: Asker | None, layers: Sequence[LayerBody], characters: int) -> None:
    @app.get("/api/layers", summary="The layers that the map shows when it opens", responses={200: Layers})
    def preset() -> Response:
        return jsonify(Layers(layers=list(layers)).model_dump())

    offer_questions(app, questions, characters)
