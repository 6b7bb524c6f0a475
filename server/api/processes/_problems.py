"""Errors as OGC API – Processes names them, in the one body of all routes (RFC 9457; OGC 18-062r2, §7.11 to §7.13, exception.yaml)."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from flask import Response

from earthweave.ontology import EarthweaveError, LimitError, NotFoundError, ParameterError
from earthweave.server.jobs import Job
from earthweave.server.sparql import TYPE, Problem, problem_response

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
_FOLDERS = re.compile(r"(?:(?<![\w/.])|(?<=file://))/(?!/)(?:[^\s/'\":,;]+/)+")
"""Behind a letter, a dot or another slash it is a part of an address or of a relative path."""
_BAD_INPUT = frozenset({"bad-input", "bad-parameter", "bad-product", "bad-geometry", "unknown-crs"})


class NoSuchProcess(NotFoundError):
    """There is no process with this id."""

    code = "no-such-process"


class NoSuchJob(NotFoundError):
    """There is no job with this id."""

    code = "no-such-job"


class ResultNotReady(NotFoundError):
    """The job has not ended, so that it has no results yet."""

    code = "result-not-ready"


class Unfinished(LimitError):
    """A run takes longer than a client may wait for it; it goes on as a job."""

    code = "wait-limit"

    def __init__(self, what: str, *, why: str, way_out: str, location: str = "") -> None:
        super().__init__(what, why=why, way_out=way_out)
        self.location = location


class FieldError(ParameterError):
    """One input is wrong; ``field`` is its name."""

    def __init__(self, what: str, *, why: str = "", way_out: str = "", field: str = "") -> None:
        super().__init__(what, why=why, way_out=way_out)
        self.field = field


class JobFailed(EarthweaveError):
    """The results of a job were asked for that failed or was dismissed."""

    code = "job-failed"

    def __init__(self, what: str, *, why: str = "", way_out: str = "", job: Job | None = None) -> None:
        super().__init__(what, why=why, way_out=way_out)
        self.job = job


KINDS = (NoSuchProcess, NoSuchJob, ResultNotReady)


def masked(text: str) -> str:
    """The text without the folders of absolute paths: where things lie on the server is nobody's business."""
    return _FOLDERS.sub("", text)


def respond(error: Exception) -> Response:
    """The body for an error of this room."""
    if isinstance(error, JobFailed) and error.job:
        return _failed(error.job)
    response = problem_response(error)
    if isinstance(error, KINDS):
        _write(response, {**json.loads(response.get_data()), "type": OGC + error.code})
    if isinstance(error, Unfinished) and error.location:
        response.headers["Location"] = error.location
    return response


def _failed(job: Job) -> Response:
    """What a job failed of, or that it was dismissed; the user's own run, so that the reason is told."""
    error = job.error or {"code": "dismissed", "what": f"job {job.id} was dismissed", "why": job.message, "way_out": "start it again"}
    status = 410 if job.state == "dismissed" else 400 if error.get("code") in _BAD_INPUT else 500
    code = str(error.get("code", "processing-failed"))
    title = {410: "The job was dismissed", 400: "Something that was given is wrong", 500: "The job failed"}[status]
    told = [masked(str(error.get(name, ""))) for name in ("what", "why", "way_out")]
    problem = Problem(TYPE + code, title, status, told[0], code, told[1], told[2])
    response = Response(status=status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    _write(response, asdict(problem))
    return response


def _write(response: Response, body: dict[str, Any]) -> None:
    response.set_data(json.dumps(body, ensure_ascii=False) + "\n")
