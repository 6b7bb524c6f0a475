"""Processes as the standard describes them: checked by another project's models of its schemas, and used by another project's client."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft4Validator
from pydantic import BaseModel

from earthweave.server.api.processes._descriptions import description
from earthweave.server.api.processes._problems import masked
from earthweave.server.api.processes._schemas import plain_schema
from earthweave.server.workflows import registry

models = pytest.importorskip("gavicore.models", reason="pip install gavicore: models of the schemas of OGC API – Processes 1.0")
CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"


def strangers(model: Any, path: str = "") -> list[str]:
    """Members that no schema of the standard knows, anywhere below a model that lets them pass."""
    if isinstance(model, list):
        return [one for at, part in enumerate(model) for one in strangers(part, f"{path}[{at}]")]
    if isinstance(model, dict):
        return [one for name, part in model.items() for one in strangers(part, f"{path}.{name}")]
    if not isinstance(model, BaseModel):
        return []
    own = [f"{path}.{name}" for name in model.model_extra or {}]
    return own + [one for name in type(model).model_fields for one in strangers(getattr(model, name), f"{path}.{name}")]


@pytest.mark.parametrize("spec", registry(), ids=lambda spec: spec.id)
def test_every_description_is_one_of_the_standard(spec) -> None:
    told = models.ProcessDescription.model_validate(description(spec, "http://here"))
    assert strangers(told) == []
    assert set(told.outputs) == {one.role for one in spec.outputs}
    assert {option.value for option in told.jobControlOptions} == {"sync-execute", "async-execute", "dismiss"}


@pytest.mark.parametrize("spec", registry(), ids=lambda spec: spec.id)
def test_defaults_meet_the_schema_of_their_input(spec) -> None:
    checked = 0
    for name, one in description(spec, "")["inputs"].items():
        # draft 4 has the exclusive bounds of OpenAPI 3.0
        Draft4Validator.check_schema(one["schema"])
        if "default" in one["schema"] and one["keywords"] != ["aoi"]:
            Draft4Validator(one["schema"]).validate(one["schema"]["default"])
            checked += 1
        assert one["minOccurs"] == int(name in spec.parameters.model_json_schema().get("required", ()) and one["keywords"] != ["output"])
    assert checked or spec.id in ("water-mask", "flood-assessment", "co-max")


def test_schemas_lose_nothing_that_can_be_said() -> None:
    told = plain_schema(
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 9}, {"type": "null"}], "default": None, "unit": "m"}, {}
    )
    assert told == {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "nullable": True}
    told = plain_schema({"$ref": "#/$defs/Way", "default": "up"}, {"Way": {"enum": ["up", "down"], "type": "string"}})
    assert told == {"enum": ["up", "down"], "type": "string", "default": "up"}
    assert plain_schema({"const": 4}, {}) == {"enum": [4]}
    assert plain_schema({"type": "array", "prefixItems": [{"type": "integer"}], "minItems": 1}, {}) == {
        "type": "array", "minItems": 1, "items": {},
    }  # fmt: skip


def test_a_path_is_told_as_something_to_refer_to_and_the_server_keeps_its_own(served) -> None:
    told = served.web.get("/processes/task").json()["inputs"]
    assert {"store", "traces", "output_path"}.isdisjoint(told)
    assert told["input"]["schema"] == {"type": "string", "format": "uri-reference", "nullable": True}
    mask = served.web.get("/processes/flood-mask").json()
    assert mask["inputs"]["output_path"]["minOccurs"] == 0
    assert mask["inputs"]["sieve"]["additionalParameters"] == {"parameters": [{"name": "unit", "value": ["pixels"]}]}
    offered = [one["contentMediaType"] for one in mask["outputs"]["flood_mask"]["schema"]["oneOf"]]
    assert offered == ["application/vnd.shp", "application/geopackage+sqlite3", "application/geo+json"]


def test_the_landing_page_leads_everywhere(served) -> None:
    told = models.Capabilities.model_validate(served.web.get("/", headers={"Accept": "application/json"}).json())
    assert strangers(told) == []
    relations = {one.rel: one for one in told.links}
    for rel in ("conformance", "processes", "job-list"):
        assert f"http://www.opengis.net/def/rel/ogc/1.0/{rel}" in relations
    for one in told.links:
        reply = served.web.get(one.href)
        assert reply.status_code == 200, one.href
    assert served.web.get("/").json() == served.web.get("/?f=json", headers={"Accept": "text/html"}).json()
    assert served.web.get("/", headers={"Accept": "text/html,*/*;q=0.8"}).headers["Content-Type"].startswith("text/html")
    assert "Accept" in served.web.get("/").headers["Vary"]


def test_conformance_list_and_paging(served) -> None:
    assert CORE in models.ConformanceDeclaration.model_validate(served.web.get("/conformance").json()).conformsTo
    whole = served.web.get("/processes").json()
    assert strangers(models.ProcessList.model_validate(whole)) == []
    names = [one["id"] for one in whole["processes"]]
    assert names == [spec.id for spec in served.jobs.services()]
    seen, address = [], "/processes?limit=3"
    while address:
        page = served.web.get(address).json()
        seen += [one["id"] for one in page["processes"]]
        assert len(page["processes"]) <= 3
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert seen == names


@pytest.mark.parametrize(("address", "status", "type_"), [
    ("/processes/nope", 404, "no-such-process"),
    ("/jobs/nope", 404, "no-such-job"),
    ("/jobs/nope/results", 404, "no-such-job"),
    ("/jobs/nope/log", 404, "no-such-job"),
    ("/jobs/nope/results/a.tif", 404, "no-such-job"),
])  # fmt: skip
def test_what_is_not_there_is_told_by_the_types_of_the_standard(served, address: str, status: int, type_: str) -> None:
    reply = served.web.get(address)
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json")
    assert reply.json()["type"] == f"http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/{type_}"
    assert models.ApiError.model_validate(reply.json()).title == "Not found"
    assert reply.json()["status"] == status


@pytest.mark.parametrize(("text", "shown"), [
    ("cannot read /srv/data/x.tif: no such file", "cannot read x.tif: no such file"),
    ("['/srv/data/x.tif'], b'/srv/y.nc' and (/srv/z)", "['x.tif'], b'y.nc' and (z)"),
    ('NETCDF:/srv/data/x.nc:v, NETCDF:"/srv/y.nc":v', 'NETCDF:x.nc:v, NETCDF:"y.nc":v'),
    ("file:///srv/data/x.tif", "file://x.tif"),
    ("see https://example.org/a/b/c and ./a/b/c and a/b/c", "see https://example.org/a/b/c and ./a/b/c and a/b/c"),
    ("m/s, 1/2, POLYGON((1 2, 3 4))", "m/s, 1/2, POLYGON((1 2, 3 4))"),
])  # fmt: skip
def test_folders_of_the_server_are_left_out_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=x", "offset=-1", "offset=٣", "status=asleep", "type=query", "minDuration=long", "datetime=yesterday",
    "f=xml",
])  # fmt: skip
def test_bad_queries_of_lists_are_refused(served, query: str) -> None:
    reply = served.web.get(f"/jobs?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad-parameter")


def test_the_description_of_the_api_holds_the_routes(served) -> None:
    described = served.web.get("/api/openapi.json").json()
    assert "post" in described["paths"]["/processes/{process}/execution"]
    (place,) = [one for one in described["paths"]["/processes/{process}"]["get"]["parameters"] if one["in"] == "path"]
    assert place["schema"]["enum"] == [spec.id for spec in served.jobs.services()]
    assert {"/jobs", "/jobs/{job}", "/jobs/{job}/results", "/jobs/{job}/results/{file}", "/jobs/{job}/log"} <= set(described["paths"])
    assert {"process_wait", "job_time"} <= {row["name"] for row in served.web.get("/api/status").json()["limits"]}


def test_without_processes_there_are_none(client) -> None:
    assert client.get("/processes").status_code == 404
    assert "processes" not in client.get("/api").json["links"]
    with client.get("/", headers={"Accept": "application/json"}) as reply:
        assert reply.content_type.startswith("text/html")
