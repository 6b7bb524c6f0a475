"""An answer of another endpoint, read back into our own form (SPARQL 1.1 Query Results JSON, W3C 2013)."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from earthweave.ontology import QueryError
from earthweave.server.federation import query_endpoint
from earthweave.server.settings import RemoteSettings, read
from earthweave.server.store import Answer, Limits

_TERM = pa.struct([("kind", pa.string()), ("value", pa.string()), ("datatype", pa.string()), ("language", pa.string())])
_KINDS = {"uri": "uri", "bnode": "bnode", "literal": "literal", "typed-literal": "literal"}


def ask_remote(endpoint: str, text: str) -> Answer:
    """Pose a query to another endpoint; limits are the ``remote_*`` settings."""
    settings = read(RemoteSettings)
    accept = "application/sparql-results+json, application/n-triples;q=0.9"
    found = query_endpoint(endpoint, text, accept=accept, deadline=settings.remote_deadline, largest=settings.remote_bytes)
    return _answer(endpoint, found.body, found.media_type)


def _answer(endpoint: str, body: bytes, media_type: str) -> Answer:
    common: dict[str, Any] = {
        "notices": (),
        "truncated": False,
        "seconds": 0.0,
        "limits": Limits(),
        "boolean": None,
        "table": None,
        "graph": None,
    }
    if media_type in ("application/n-triples", "text/plain"):
        return Answer(**{**common, "kind": "graph", "graph": body})
    try:
        parsed = json.loads(body)
        if "boolean" in parsed:
            return Answer(**{**common, "kind": "boolean", "boolean": bool(parsed["boolean"])})
        return Answer(**{**common, "kind": "table", "table": _table(parsed)})
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError(
            f"{endpoint} sent something that is no SPARQL JSON result",
            why=f"media type {media_type or 'not given'}: {error}",
            way_out="is this the address of a SPARQL endpoint?",
        ) from error


def _table(parsed: dict[str, Any]) -> pa.Table:
    names = parsed["head"]["vars"]
    rows = parsed["results"]["bindings"]
    return pa.table({name: pa.array([_term(row.get(name)) for row in rows], _TERM) for name in names})


def _term(value: dict[str, str] | None) -> dict[str, str] | None:
    if value is None:
        return None
    kind = _KINDS[value["type"]]
    language = value.get("xml:lang", "")
    fallback = "" if kind != "literal" else "http://www.w3.org/2001/XMLSchema#string"
    if language:
        fallback = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    return {"kind": kind, "value": value["value"], "datatype": value.get("datatype", fallback), "language": language}
