"""OpenAPI path items of processes and jobs; the inputs of a process are told by its own description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earthweave.server.jobs import STATES

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
_PROBLEM = {"description": "a problem", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
_PAGE = {"application/json": {"schema": {"type": "object"}}, "text/html": {"schema": _TEXT}}
_ORDER = {
    "type": "object",
    "properties": {
        "inputs": {"type": "object", "description": "by name, as the description of the process says"},
        "outputs": {"type": "object", "description": "those wanted: {name: {transmissionMode: value | reference, format: {mediaType}}}"},
        "response": {"type": "string", "enum": ["raw", "document"], "description": "unless said: raw at once, document for jobs"},
    },
}


def _path(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {**_TEXT, **more}}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": description}


_FORM = _query("f", {"type": "string", "enum": ["json", "html"]}, "wins over Accept")
_LIMIT = {"type": "integer", "minimum": 1, "maximum": 1000}
_PAGING = [_query("limit", _LIMIT, "entries of a page"), _query("offset", _WHOLE, "entries before it")]
_WAIT = _header("Prefer", "wait=SECONDS: answer when there is something new")
_MANY = {"type": "array", "items": _TEXT}
_FILTERS = [
    _query("type", {"type": "string", "enum": ["process"]}, "kind of job"),
    _query("processID", _MANY, "jobs of these processes"),
    _query("status", {"type": "array", "items": {"type": "string", "enum": list(STATES)}}, "jobs in these states"),
    _query("datetime", _TEXT, "when they were submitted: an instant or interval of RFC 3339"),
    _query("minDuration", {"type": "number"}, "least seconds that they ran"),
    _query("maxDuration", {"type": "number"}, "most seconds that they ran"),
]
_WISHES = [
    _query("response", {"type": "string", "enum": ["raw", "document"]}, "the outputs themselves, or a JSON document"),
    _query("outputs", _TEXT, "comma-separated names of those wanted"),
    _query("transmissionMode", {"type": "string", "enum": ["value", "reference"]}, "for outputs of which nothing else was said"),
]


def _operation(id: str, summary: str, *parameters: dict[str, Any], statuses: Sequence[str] = ("200",), **more: Any) -> dict[str, Any]:
    done = {status: {"description": "done", "content": _PAGE} for status in statuses}
    return {
        "operationId": id, "summary": summary, "tags": ["processes"], "parameters": list(parameters),
        "responses": {**done, **{status: _PROBLEM for status in ("400", "401", "403", "404")}}, **more,
    }  # fmt: skip


def describe(ids: Sequence[str]) -> dict[str, Any]:
    """The path items; ``ids`` of the processes."""
    process, job = _path("process", enum=list(ids)), _path("job")
    body = {"required": True, "content": {kind: {"schema": _ORDER} for kind in ("application/json", "application/x-www-form-urlencoded")}}
    execute = _operation(
        "execute", "Run it, at once or as a job; needs the token", process, _header("Prefer", "respond-async: as a job"),
        statuses=("200", "201", "204"), requestBody=body,
    )  # fmt: skip
    return {
        "/conformance": {"get": _operation("conformance", "Classes of standards that this server conforms to", _FORM)},
        "/processes": {"get": _operation("processes", "Processes (OGC API – Processes 1.0)", *_PAGING, _FORM)},
        "/processes/{process}": {"get": _operation("process", "One process: inputs and outputs; as HTML its form", process, _FORM)},
        "/processes/{process}/execution": {"post": execute},
        "/jobs": {"get": _operation("jobs", "Jobs, the latest first", *_FILTERS, *_PAGING, _FORM)},
        "/jobs/{job}": {
            "get": _operation("job", "Status of a job; waits for news with If-None-Match", job, _WAIT, _FORM, statuses=("200", "304")),
            "delete": _operation("dismiss", "Kill a job that runs, or remove one that has ended; needs the token", job),
        },
        "/jobs/{job}/dismiss": {"post": _operation("dismiss_form", "The same, for forms", job)},
        "/jobs/{job}/restart": {"post": _operation("restart", "Run again what failed or was dismissed; needs the token", job)},
        "/jobs/{job}/log": {"get": _operation("job_log", "What a job said", job, _query("since", _WHOLE, "bytes known already"), _WAIT)},
        "/jobs/{job}/results": {"get": _operation("results", "Results of a job", job, *_WISHES, _FORM, statuses=("200", "204"))},
        "/jobs/{job}/results/{file}": {"get": _operation("result", "One file of them", job, _path("file"))},
    }
