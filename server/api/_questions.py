"""The routes of the question layer: questions, edited requests, where things come from, how a question may go on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify
from flask_openapi.openapi import OpenAPI

from earthweave.ontology import MissingDependencyError, SizeLimitError
from earthweave.qa import answer_schema

from ._models import Asker, EditedRequest, ProblemBody, Question, Things, Typed

_PROBLEMS: dict[Any, Any] = {400: ProblemBody, 413: ProblemBody}


def offer_questions(app: OpenAPI, questions: Asker | None, characters: int) -> None:
    """Add the routes; without an asker each says that this server answers no questions."""

    def asker() -> Asker:
        if questions is None:
            raise MissingDependencyError("this server answers no questions", way_out="install earthweave[qa] and start it again")
        return questions

    @app.post("/api/ask", summary="Answer a question in English; a follow-up brings the dialogue of the last answer", responses=_PROBLEMS)
    def ask(body: Question) -> Response:
        known = asker()
        if len(body.question) > characters:
            what = f"the question has {len(body.question)} characters, more than {characters}"
            raise SizeLimitError(what, why="the limit question_characters", way_out="ask in fewer words, or raise the limit")
        more = {name: value for name in ("dialogue", "view") if (value := getattr(body, name)) is not None}
        return jsonify(known.ask(body.question, **more))

    @app.post("/api/ask/request", summary="Answer a request of an earlier answer, with a chip edited or after its run", responses=_PROBLEMS)
    def ask_request(body: EditedRequest) -> Response:
        return jsonify(asker().ask_request(body.request, body.edit))

    @app.post("/api/ask/provenance", summary="Where things of an answer come from (PROV-O)", responses=_PROBLEMS)
    def origins(body: Things) -> Response:
        return jsonify({"origins": [asdict(one) for one in asker().provenance(body.iris, body.request)]})

    @app.get("/api/ask/suggestions", summary="How a question may go on", responses=_PROBLEMS)
    def suggest(query: Typed) -> Response:
        return jsonify({"suggestions": [*asker().suggestions(query.text)]})

    @app.get("/api/ask/schema", summary="JSON Schema of an answer, and of the request in it")
    def schema() -> Response:
        return jsonify(answer_schema())
