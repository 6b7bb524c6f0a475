"""One table from exception to HTTP status, and one error body for every route (RFC 9457)."""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import asdict, dataclass

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from earthweave.ontology import (
    AbortedError,
    EarthweaveError,
    EndpointError,
    ForbiddenError,
    InputError,
    LimitError,
    MissingDependencyError,
    NotAcceptableError,
    NotFoundError,
    ProcessingError,
    SizeLimitError,
    StoreBusyError,
    StoreError,
    UnsupportedError,
)

_log = logging.getLogger("earthweave.server")
TYPE = "https://w3id.org/earthweave/problem#"
"""What the ``type`` of a problem begins with."""

STATUS: dict[type[EarthweaveError], tuple[int, str]] = {
    InputError: (400, "Something that was given is wrong"),
    NotFoundError: (404, "Not found"),
    ForbiddenError: (403, "Refused by policy"),
    NotAcceptableError: (406, "No acceptable format"),
    UnsupportedError: (501, "Not offered"),
    MissingDependencyError: (501, "Not installed"),
    SizeLimitError: (413, "Larger than a limit allows"),
    LimitError: (503, "A limit was reached"),
    AbortedError: (503, "Stopped while it ran"),
    EndpointError: (502, "Another endpoint failed"),
    ProcessingError: (500, "A service failed"),
    StoreBusyError: (503, "The store is busy"),
    StoreError: (500, "The store failed"),
    EarthweaveError: (500, "Something failed"),
}
"""The nearest ancestor of an exception decides."""

_KEPT = ("Allow", "Location", "Retry-After", "WWW-Authenticate")
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed", 413: "size-limit", 415: "unsupported-media-type"}


@dataclass(frozen=True)
class Problem:
    """The body of every error.

    Attributes:
        type: an IRI that names the kind of problem.
        title: the same for people, always the same words for a type.
        status: the HTTP status.
        detail: what went wrong this time.
        code: the stable last part of ``type``, for programs.
        why: the reason, where it is known and not a secret.
        way_out: what to do about it.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    why: str = ""
    way_out: str = ""


def problem_of(error: Exception) -> Problem:
    """Describe an exception; a failure of ours (status 500) is told by an incident number, its text goes to the log only."""
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, EarthweaveError):
        status, title = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        if status != 500:
            return Problem(TYPE + error.code, title, status, error.what, error.code, error.why, error.way_out)
        return _incident(error, error.code, title)
    return _incident(error, "internal", "Something failed")


def _http_problem(error: HTTPException) -> Problem:
    status = error.code or 500
    code = _HTTP_CODES.get(status, error.name.lower().replace(" ", "-"))
    return Problem(TYPE + code, error.name, status, error.description or error.name, code)


def _incident(error: Exception, code: str, title: str) -> Problem:
    number = secrets.token_hex(4)
    _log.error("incident %s", number, exc_info=error)
    detail = f"the server could not finish this request (incident {number})"
    return Problem(TYPE + code, title, 500, detail, code, way_out="the log of the server tells more")


def problem_response(error: Exception) -> Response:
    """The error as ``application/problem+json``."""
    problem = problem_of(error)
    body = json.dumps(asdict(problem), ensure_ascii=False) + "\n"
    response = Response(body, status=problem.status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, StoreBusyError):
        response.headers["Retry-After"] = "2"
    if isinstance(error, HTTPException):
        response.headers.extend([(name, value) for name, value in error.get_headers() if name in _KEPT])
    return response


def install_problems(app: Flask) -> None:
    """Let every route of an app answer errors with `problem_response`."""

    def handle(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException) and (error.code or 500) < 400:
            return error
        return problem_response(error)

    app.register_error_handler(Exception, handle)
