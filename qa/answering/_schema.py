"""The JSON of an answer, and its JSON Schema (draft 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from ..request import request_schema
from ._refusals import Code
from ._words import paraphrase

if TYPE_CHECKING:
    from ._answer import Answer, Emptiness


def to_json(answer: Answer) -> dict[str, Any]:
    """An answer as JSON data."""
    return {
        "question": answer.question, "status": answer.status, "text": answer.text, "paraphrase": answer.paraphrase,
        "request": answer.request and answer.request.to_json(), "reason": answer.refusal and answer.refusal.to_json(),
        "proposal": answer.proposal and answer.proposal.to_json(), "chips": [one.to_json() for one in answer.chips],
        "assumptions": [{"code": one.code, "text": one.text, "about": one.about} for one in answer.assumptions],
        "unknown": [*answer.unknown],
        "readings": [{"text": paraphrase(one), "request": one.to_json()} for one in answer.readings],
        "value": answer.value, "unit": answer.unit, "count": answer.count,
        "columns": [one.name for one in answer.columns], "types": [{"type": one.type, "unit": one.unit} for one in answer.columns],
        "rows": [[*row] for row in answer.rows], "geojson": answer.geojson, "sparql": answer.sparql,
        "emptiness": answer.emptiness and _emptiness(answer.emptiness), "simulated": answer.simulated,
        "notices": [dict(one) for one in answer.notices],
        "dialogue": _dialogue(answer),
        "timings": {stage: round(seconds, 6) for stage, seconds in answer.timings.items()},
    }  # fmt: skip


_SAID = 100
"""Things of an answer that a follow-up can be about."""


def _dialogue(answer: Answer) -> dict[str, Any] | None:
    said = answer.dialogue
    return replace(said, things=said.things[:_SAID]).to_json() if said else None


def _emptiness(one: Emptiness) -> dict[str, Any]:
    nearest = [{"text": other.text, "edit": [part.to_json() for part in other.edit]} for other in one.nearest]
    return {"text": one.text, "blame": [{"text": text, "count": count} for text, count in one.blame], "nearest": nearest}


_TEXT, _TRUTH = {"type": "string"}, {"type": "boolean"}
_PATCH = {
    "description": "JSON Patch (RFC 6902) on the request; empty: none",
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": _TEXT, "value": {}},
    },
}


def _list(items: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {"type": "array", "items": dict(items), **({"description": description} if description else {})}


def _object(*optional: str, **properties: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _maybe(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(one), {"type": "null"}]}


def answer_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the JSON of an answer."""
    request = request_schema()
    definitions = {**request.pop("$defs"), "Request": request, "Edit": _PATCH}
    asked, edit = {"$ref": "#/$defs/Request"}, {"$ref": "#/$defs/Edit"}
    other = _object(text=_TEXT, edit=edit)
    chip = _object(
        code=_TEXT, label=_TEXT, value=_TEXT, path={**_TEXT, "description": "JSON Pointer (RFC 6901) into the request"}, assumed=_TRUTH,
        removable=_TRUTH, removal=edit, alternatives=_list(other),
    )  # fmt: skip
    reason = _object(code={"enum": [*get_args(Code)]}, text=_TEXT, hint=_TEXT, about=_list(_TEXT), suggestions=_list(_TEXT))
    estimate = _object(seconds={"type": "number"}, memory_mib={"type": "number"}, notes=_list(_TEXT), obstacle=_TEXT)
    proposal = _object(
        service=_TEXT, title=_TEXT, text=_TEXT, parameters={"type": "object"}, area=_maybe({"type": "object"}), start=_maybe(_TEXT),
        end=_maybe(_TEXT), assumptions=_list(_TEXT), estimate=_maybe(estimate), request=_maybe(asked),
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answer",
        "$defs": definitions,
        **_object(
            question=_TEXT, status={"enum": ["answered", "refused", "proposed"]}, text=_TEXT, paraphrase=_TEXT, request=_maybe(asked),
            reason=_maybe(reason), proposal=_maybe(proposal), chips=_list(chip),
            assumptions=_list(_object(code=_TEXT, text=_TEXT, about=_TEXT)), unknown=_list(_TEXT),
            readings=_list(_object(text=_TEXT, request=asked), "other ways to understand the question"),
            value={"type": ["boolean", "number", "null"]}, unit={**_TEXT, "description": "UCUM code"}, count={"type": ["integer", "null"]},
            columns=_list(_TEXT), types=_list(_object(type={"enum": ["iri", "text", "number", "truth"]}, unit=_TEXT), "of the columns"),
            rows=_list(_list({"type": ["string", "number", "boolean", "null"]})),
            geojson=_maybe({"type": "object", "description": "a FeatureCollection (RFC 7946)"}), sparql=_TEXT,
            emptiness=_maybe(_object(text=_TEXT, blame=_list(_object(text=_TEXT, count={"type": "integer"})), nearest=_list(other))),
            simulated=_TRUTH, notices=_list({"type": "object", "additionalProperties": _TEXT}),
            dialogue=_maybe({"type": "object", "description": "to be sent back with a question that follows"}),
            timings={"type": "object", "additionalProperties": {"type": "number"}},
        ),
    }  # fmt: skip
