"""The machine description of ``/sparql`` and its sisters, whose protocols are older than OpenAPI and come from no model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earthweave.server.results import FORMATS
from earthweave.server.sparql import GENERATION, LIMITS, NOTICE, SECONDS, TRUNCATED

_TEXT = {"type": "string"}
_MANY = {"type": "array", "items": {"type": "string", "format": "uri"}}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "query": {**_TEXT, "description": "SPARQL 1.1 query"},
    "default-graph-uri": {**_MANY, "description": "graphs that make the default graph"},
    "named-graph-uri": {**_MANY, "description": "named graphs"},
    "timeout": {"type": "number", "minimum": 0.1, "description": "seconds; can only lower the server's limit"},
    "format": {"type": "string", "enum": [f.name for f in FORMATS], "description": "wins over Accept"},
    "geometry": {**_TEXT, "description": "the variable to show in GeoJSON and KML where several hold geometries"},
}
_UPDATES: dict[str, dict[str, Any]] = {
    "update": {**_TEXT, "description": "SPARQL 1.1 update, instead of a query"},
    "using-graph-uri": {**_MANY, "description": "graphs that make the default graph of an update"},
    "using-named-graph-uri": {**_MANY, "description": "named graphs of an update"},
}
_PROBLEM = {"description": "a problem", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}
_RESPONSES: dict[str, Any] = {
    "200": {
        "description": "the result",
        "headers": {
            NOTICE: {"schema": _TEXT, "description": "something the reader should know; repeated"},
            TRUNCATED: {"schema": _TEXT, "description": "true if a limit cut the result"},
            LIMITS: {"schema": _TEXT, "description": "rows, bytes and seconds that were allowed"},
            GENERATION: {"schema": {"type": "integer"}, "description": "number of the snapshot that answered"},
            SECONDS: {"schema": {"type": "number"}, "description": "time of evaluation"},
        },
        "content": {f.media_type: {"schema": {"description": f"{f.name}: {', '.join(sorted(f.kinds))}"}} for f in FORMATS},
    },
    **{status: _PROBLEM for status in ("400", "403", "406", "413", "415", "501", "502", "503")},
}

_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_GET = {
    "summary": "Query (SPARQL 1.1 Protocol); without parameters the service description", "responses": _RESPONSES,
    "parameters": [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in _PROPERTIES.items()],
}
_POST = {
    "summary": "Query, or update with the token (SPARQL 1.1 Protocol)",
    "responses": {**_RESPONSES, "204": {"description": "updated"}, "401": _PROBLEM},
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {"schema": {"type": "object", "properties": {**_PROPERTIES, **_UPDATES}}},
            _QUERY: {"schema": _TEXT}, _UPDATE: {"schema": _TEXT},
        },
    },
}
_NAME = {"name": "name", "in": "path", "required": True, "schema": _TEXT}
_GRAPH = {"name": "graph", "in": "query", "required": False, "schema": {**_TEXT, "format": "uri"}, "description": "a named graph"}
_DEFAULT = {"name": "default", "in": "query", "required": False, "schema": _TEXT, "description": "present: the default graph"}


def _operations(summaries: Mapping[str, tuple[str, str]], identity: str, *parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A path item: by method the status of success and the summary, under operation ids that end in ``identity``."""
    return {
        method: {
            "operationId": f"{identity}_{method}", "summary": summary, "parameters": list(parameters),
            "responses": {status: {"description": "done"}, **{code: _PROBLEM for code in ("400", "401", "403", "404", "406")}},
        }
        for method, (status, summary) in summaries.items()
    }


_STORE = {
    "get": ("200", "A graph, or without a name all of them (SPARQL 1.1 Graph Store HTTP Protocol)"),
    "put": ("204", "Replace it; needs the token"),
    "post": ("204", "Add to it; needs the token"),
    "delete": ("204", "Remove it; needs the token"),
}
PATHS: dict[str, Any] = {
    "/sparql": {"get": {"operationId": "sparql_get", **_GET}, "post": {"operationId": "sparql_post", **_POST}},
    "/Strabon/Query": {"get": {"operationId": "strabon_query_get", **_GET}, "post": {"operationId": "strabon_query_post", **_POST}},
    "/Strabon/Describe": {
        "get": {"operationId": "strabon_describe_get", **_GET}, "post": {"operationId": "strabon_describe_post", **_POST},
    },
    "/Strabon/Store": _operations({"post": ("200", "Load data, files, or a url below load_roots; needs the token")}, "strabon_store"),
    "/Strabon/Update": {"post": {"operationId": "strabon_update_post", **_POST}},
    "/rdf-graph-store": _operations(_STORE, "graph_store", _GRAPH, _DEFAULT),
    "/rdf-graph-store/{name}": _operations(_STORE, "graph", _NAME),
    "/.well-known/void": _operations({"get": ("200", "What the store holds, as VoID")}, "void"),
    "/queries": _operations({"get": ("200", "What runs now; needs the token")}, "queries"),
    "/queries/{name}": _operations({"delete": ("204", "Stop a query: one's own by its id, any with the token")}, "query", _NAME),
    "/metrics": _operations({"get": ("200", "Figures for Prometheus")}, "metrics"),
}
"""OpenAPI path items of the endpoint."""
