"""Services as processes: summaries and descriptions (OGC 18-062r2, §7.9 and §7.10), from `ServiceSpec` alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from earthweave.processing import Output, ServiceSpec

from ._media import is_json, media_types
from ._schemas import Schema, plain_schema

JSON, HTML = "application/json", "text/html"
EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
PROCESSES = "http://www.opengis.net/def/rel/ogc/1.0/processes"
OUTPUT = "output_path"
"""The parameter that says where results go; over HTTP at most the name of the file."""
_FILE_NAME = "name of the file to write; its ending chooses the format"


def link(href: str, rel: str, media: str, title: str) -> dict[str, str]:
    """A link as in link.yaml."""
    return {"href": href, "rel": rel, "type": media, "title": title}


def offered(spec: ServiceSpec) -> dict[str, dict[str, Any]]:
    """The parameters that a client may give, by name, each with its JSON Schema and what `parameter` was told.

    A path that is neither input nor area of interest is the server's own and not among them; of the output only the name of a file.
    """
    properties: dict[str, dict[str, Any]] = spec.parameters.model_json_schema()["properties"]
    return {name: one for name, one in properties.items() if not _servers(one)}


def servers(spec: ServiceSpec) -> set[str]:
    """The parameters that no client may give, but for the output."""
    properties = spec.parameters.model_json_schema()["properties"]
    return {name for name, one in properties.items() if _servers(one) and one["role"] != "output"}


def _servers(details: Mapping[str, Any]) -> bool:
    if details["role"] == "output":
        return not details.get("suffixes")
    return details["role"] == "option" and takes_path(details)


def takes_path(details: Mapping[str, Any]) -> bool:
    """True if the value may be a path."""
    items = details.get("items")
    kinds = [details, *details.get("anyOf", ()), *([items] if isinstance(items, Mapping) else [])]
    return any(kind.get("format") in ("path", "file-path", "directory-path") for kind in kinds)


def summary(spec: ServiceSpec, address: str) -> dict[str, Any]:
    """processSummary.yaml."""
    here = f"{address}/processes/{spec.id}"
    return {
        "id": spec.id,
        "version": spec.version,
        "title": spec.title,
        "description": spec.abstract,
        "keywords": list(dict.fromkeys([*spec.keywords, *filter(None, [spec.domain])])),
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [link(here, "self", JSON, spec.title), link(here, "alternate", HTML, f"{spec.title}: form")],
    }


def description(spec: ServiceSpec, address: str) -> dict[str, Any]:
    """process.yaml: the summary, inputs and outputs, what it rests on."""
    told = summary(spec, address)
    here = f"{address}/processes/{spec.id}"
    links = [*told["links"], link(f"{here}/execution", EXECUTE, JSON, "Execute"), link(f"{address}/processes", "up", JSON, "All processes")]
    return {
        **told,
        "metadata": _metadata(spec),
        "inputs": inputs(spec),
        "outputs": {one.role: _output(spec, one) for one in spec.outputs},
        "links": links,
    }


def inputs(spec: ServiceSpec) -> dict[str, Any]:
    """inputDescription.yaml of each parameter that a client may give."""
    whole = spec.parameters.model_json_schema()
    required, definitions = set(whole.get("required", ())), whole.get("$defs", {})
    return {name: _input(details, name in required, definitions) for name, details in offered(spec).items()}


def _input(details: dict[str, Any], required: bool, definitions: Mapping[str, Any]) -> dict[str, Any]:
    output = details["role"] == "output"
    made = {
        "title": str(details.get("title", "")),
        "description": _FILE_NAME if output else str(details["description"]),
        "keywords": [details["role"]],
        "schema": {"type": "string"} if output else _schema(details, definitions),
        "minOccurs": int(required and not output),
        "maxOccurs": 1,
    }
    if details["unit"]:
        made["additionalParameters"] = {"parameters": [{"name": "unit", "value": [details["unit"]]}]}
    return made


def _schema(details: dict[str, Any], definitions: Mapping[str, Any]) -> Schema:
    made = _referable(plain_schema(details, definitions), tuple(details.get("media_types", ())) or media_types(details.get("suffixes", ())))
    if details["role"] != "aoi":
        return made
    return {
        "oneOf": [
            {"type": "string", "format": "wkt"},
            {"type": "object", "format": "geojson-geometry"},
            {"type": "object", "format": "ogc-bbox", "required": ["bbox"]},
        ],
        **({"nullable": True} if made.get("nullable") else {}),
        **({"default": made["default"]} if "default" in made else {}),
    }


def _referable(schema: Schema, media: Collection[str]) -> Schema:
    """The same; where it is of a path, a path or URI that the server can read."""
    if schema.get("format") == "path":
        schema = {**schema, "format": "uri-reference", **({"contentMediaType": next(iter(media))} if len(media) == 1 else {})}
    for word in ("anyOf", "oneOf"):
        if word in schema:
            schema = {**schema, word: [_referable(one, media) for one in schema[word]]}
    if schema.get("items"):
        schema = {**schema, "items": _referable(schema["items"], media)}
    return schema


def _output(spec: ServiceSpec, output: Output) -> dict[str, Any]:
    return {
        "title": output.role,
        "description": output.description,
        "keywords": [output.kind, output.naming],
        "schema": _one_of([_content(media) for media in media_of(spec, output)]),
    }


def media_of(spec: ServiceSpec, output: Output) -> tuple[str, ...]:
    """The media types that an output can have, the default first."""
    named = spec.parameters.model_json_schema()["properties"].get(OUTPUT, {}).get("suffixes", ())
    return tuple(dict.fromkeys((output.media_type, *(media_types(named) if "{output_path}" in output.naming else ()))))


def _one_of(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _content(media: str) -> Schema:
    if is_json(media):
        return {"type": "object", "contentMediaType": media}
    return {"type": "string", "contentEncoding": "binary", "contentMediaType": media}


def _metadata(spec: ServiceSpec) -> list[dict[str, str]]:
    """References, attribution, licence and question templates, each by its role."""
    rows = [("reference", one.citation, f"https://doi.org/{one.doi}" if one.doi else "") for one in spec.references]
    rows += [("attribution", sentence, "") for sentence in spec.attribution]
    rows += [("license", spec.licence, ""), *(("question", one.text, "") for one in spec.questions)]
    return [{"role": role, "title": title, **({"href": href} if href else {})} for role, title, href in rows]
