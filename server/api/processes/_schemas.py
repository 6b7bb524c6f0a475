"""JSON Schema as Pydantic writes it, in the dialect of OGC API – Processes 1.0 (OGC 18-062r2, schema.yaml: OpenAPI 3.0).

There, bounds are exclusive by a flag, null is a flag, and unknown words are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = (
    "type",
    "enum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "required",
    "contentMediaType",
    "contentEncoding",
)
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_CHOICES = ("anyOf", "oneOf", "allOf")
Schema = dict[str, Any]


def plain_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """The schema of one value; ``definitions`` are the ``$defs`` that it may refer to."""
    if "$ref" in schema:
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        return plain_schema({**definitions[schema["$ref"].rpartition("/")[2]], **beside}, definitions)
    made: Schema = {word: schema[word] for word in _KEPT if word in schema}
    if "const" in schema:
        made["enum"] = [schema["const"]]
    for word, bound in _EXCLUSIVE.items():
        if word in schema:
            made |= {bound: schema[word], word: True}
    made |= _nested(schema, definitions)
    if schema.get("default") is not None:
        made["default"] = schema["default"]
    return made


def _nested(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    """What stands inside: items, members, and alternatives, of which null becomes a flag and a lone one is taken in."""
    made: Schema = {}
    if isinstance(schema.get("items"), Mapping):
        made["items"] = plain_schema(schema["items"], definitions)
    elif schema.get("type") == "array":
        made["items"] = {}
    if "properties" in schema:
        made["properties"] = {name: plain_schema(one, definitions) for name, one in schema["properties"].items()}
    for word in _CHOICES:
        kinds = [one for one in schema.get(word, ()) if one.get("type") != "null"]
        if len(kinds) < len(schema.get(word, ())):
            made["nullable"] = True
        if len(kinds) == 1:
            made |= plain_schema(kinds[0], definitions)
        elif kinds:
            made[word] = [plain_schema(one, definitions) for one in kinds]
    return made
