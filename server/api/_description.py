"""The machine description of ``/sparql``, whose protocol is older than OpenAPI and cannot be generated from a model."""

from __future__ import annotations

from typing import Any

from earthweave.server.results import FORMATS
from earthweave.server.sparql import NOTICE, SECONDS, TRUNCATED

_TEXT = {"type": "string"}
_MANY = {"type": "array", "items": {"type": "string", "format": "uri"}}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "query": {**_TEXT, "description": "SPARQL 1.1 query"},
    "default-graph-uri": {**_MANY, "description": "graphs that make the default graph"},
    "named-graph-uri": {**_MANY, "description": "named graphs"},
    "timeout": {"type": "number", "minimum": 0.1, "description": "seconds; can only lower the server's limit"},
    "format": {"type": "string", "enum": [f.name for f in FORMATS], "description": "wins over Accept"},
    "geometry": {**_TEXT, "description": "the variable to show in GeoJSON where several hold geometries"},
}
_PROBLEM = {"description": "a problem", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
_RESPONSES: dict[str, Any] = {
    "200": {
        "description": "the result",
        "headers": {
            NOTICE: {"schema": _TEXT, "description": "something the reader should know; repeated"},
            TRUNCATED: {"schema": _TEXT, "description": "true if a limit cut the result"},
            SECONDS: {"schema": {"type": "number"}, "description": "time of evaluation"},
        },
        "content": {f.media_type: {"schema": {"description": f"{f.name}: {', '.join(sorted(f.kinds))}"}} for f in FORMATS},
    },
    **{status: _PROBLEM for status in ("400", "403", "406", "413", "415", "501", "503")},
}

SPARQL_PATH: dict[str, Any] = {
    "get": {
        "operationId": "sparql_get", "summary": "Query (SPARQL 1.1 Protocol)", "responses": _RESPONSES,
        "parameters": [{"name": n, "in": "query", "required": n == "query", "schema": schema} for n, schema in _PROPERTIES.items()],
    },
    "post": {
        "operationId": "sparql_post", "summary": "Query (SPARQL 1.1 Protocol)", "responses": _RESPONSES,
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["query"], "properties": _PROPERTIES}},
                "application/sparql-query": {"schema": _TEXT},
            },
        },
    },
}
"""OpenAPI path item."""
