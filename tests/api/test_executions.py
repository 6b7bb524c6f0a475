"""Executions over a real server with real jobs: at once and later, results in every form, dismissals, restarts, and what is refused."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import time
import zipfile
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely

from earthweave.processing import run_service, service
from earthweave.server.api import Processes, create_app
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.settings import ProcessSettings
from tests.api.conftest import REGISTRY, TOKEN, Served, offering

JOB = "flood-mask"
GEOJSON = {"flood_mask": {"format": {"mediaType": "application/geo+json"}}}


def mask(served: Served, **more: Any) -> Any:
    """An execution of the flood mask at once."""
    return served.run(JOB, {"inputs": {"input": "change.tif", "start": "2021-03-15T00:00:00Z"}, **more})


def parts(reply: Any) -> dict[str, Any]:
    """The parts of a multipart body by their Content-ID."""
    message = message_from_bytes(b"Content-Type: " + reply.headers["Content-Type"].encode() + b"\r\n\r\n" + reply.content)
    assert message.get_content_type() == "multipart/related"
    return {part["Content-ID"]: part for part in message.get_payload()}  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def copied(served: Served) -> dict[str, Any]:
    """A job that is done: a copy of the raster, and its twin."""
    reply = served.run("pair", {"inputs": {"input": "change.tif"}}, Prefer="respond-async")
    assert (reply.status_code, reply.headers["Preference-Applied"]) == (201, "respond-async")
    models = pytest.importorskip("gavicore.models")
    assert models.JobInfo.model_validate(reply.json()).status.value in ("accepted", "running")
    told = served.until(reply.json()["jobID"])
    assert served.web.get(reply.headers["Location"]).json() == told
    return told


@pytest.fixture(scope="session")
def outlined(served: Served) -> dict[str, Any]:
    """A job that is done: a flood mask as GeoJSON, ordered raw and waited for; what came is in ``body``."""
    reply = mask(served, outputs=GEOJSON, response="raw")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/geo+json")
    (job,) = re.findall("/jobs/([^/>]+)>", reply.headers["Link"])
    return {**served.until(job), "body": reply.json()}


def test_at_once_one_output_is_the_body(served: Served, outlined: dict[str, Any], tmp_path: Path) -> None:
    target = tmp_path / "flood-mask.geojson"
    run_service(service(JOB), {"input": served.data / "change.tif", "start": "2021-03-15T00:00:00Z", "output_path": target})
    assert outlined["body"] == json.loads(target.read_text())
    assert sorted(one["properties"]["floodLevel"] for one in outlined["body"]["features"]) == [6, 9]


def test_a_shapefile_by_value_has_all_its_parts(served: Served) -> None:
    reply = mask(served)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/zip")
    names = {Path(name).suffix for name in zipfile.ZipFile(io.BytesIO(reply.content)).namelist()}
    assert {".shp", ".shx", ".dbf", ".prj"} <= names
    (job,) = re.findall("/jobs/([^/>]+)>", reply.headers["Link"])
    document = served.web.get(f"/jobs/{job}/results?transmissionMode=value").json()["flood_mask"]
    assert (document["mediaType"], document["encoding"]) == ("application/zip", "base64")
    assert zipfile.ZipFile(io.BytesIO(base64.b64decode(document["value"]))).testzip() is None
    assert served.web.get(f"/jobs/{job}/results/flood-mask.shp.zip").headers["Content-Type"] == "application/zip"
    assert served.web.get(f"/jobs/{job}/results/flood-mask.shp").headers["Content-Type"] == "application/vnd.shp"


def test_a_result_comes_as_it_was_ordered_or_is_asked_for(served: Served, outlined: dict[str, Any]) -> None:
    at = f"/jobs/{outlined['jobID']}/results"
    raw = served.web.get(at)
    assert raw.headers["Content-Type"] == "application/geo+json"
    assert len(raw.json()["features"]) == 2
    linked = served.web.get(f"{at}?response=document").json()["flood_mask"]
    assert linked["type"] == "application/geo+json"
    found = served.web.get(linked["href"])
    assert (found.headers["Content-Type"], found.headers["X-Content-Type-Options"]) == ("application/geo+json", "nosniff")
    assert found.headers["Content-Disposition"].startswith("attachment")
    assert found.headers["Content-Security-Policy"].endswith("sandbox")
    inline = served.web.get(f"{at}?response=document&transmissionMode=value").json()
    assert inline == {"flood_mask": {"mediaType": "application/geo+json", "value": found.json()}}
    by_reference = served.web.get(f"{at}?transmissionMode=reference")
    assert (by_reference.status_code, by_reference.content) == (204, b"")
    assert 'rel="flood_mask"' in by_reference.headers["Link"]
    part = served.web.get(linked["href"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, raw.content[:10])


def test_several_outputs_are_parts_or_links(served: Served, copied: dict[str, Any]) -> None:
    assert (copied["status"], copied["progress"], copied["inputs"]) == ("successful", 100, {"input": "change.tif"})
    at, data = f"/jobs/{copied['jobID']}/results", (served.data / "change.tif").read_bytes()
    document = served.web.get(at).json()
    assert set(document) == {"copy", "twin"}
    assert served.web.get(document["copy"]["href"]).content == data
    assert set(served.web.get(f"{at}?outputs=twin").json()) == {"twin"}
    both = parts(served.web.get(f"{at}?response=raw"))
    assert both["copy"].get_payload(decode=True) == data
    assert json.loads(both["twin"].get_payload()) == {"twin": True}
    assert served.web.get(f"{at}?outputs=nope").json()["code"] == "bad-parameter"
    for rel in ("describedby", "http://www.w3.org/ns/prov#has_provenance"):
        (record, *_) = [one for one in copied["links"] if one["rel"] == rel]
        assert served.web.get(record["href"]).headers["Content-Type"].startswith(record["type"].partition(";")[0])
    # an equal run is not run again
    wish = {"inputs": {"input": "change.tif"}, "response": "raw", "outputs": {"copy": {"transmissionMode": "reference"}, "twin": {}}}
    mixed = served.run("pair", wish)
    assert parts(mixed)["copy"]["Content-Location"].endswith("/copy.txt")
    assert parts(mixed)["copy"].get_payload().strip() == ""
    (job,) = re.findall("/jobs/([^/>]+)>", mixed.headers["Link"])
    assert served.web.get(f"/jobs/{job}").json()["reusedFrom"] == copied["jobID"]


def test_what_a_document_may_hold_has_a_limit(filled, served: Served, copied: dict[str, Any], tmp_path: Path) -> None:
    app = create_app(filled, processes=Processes(served.jobs, ProcessSettings(process_value=0)))
    reply = app.test_client().get(f"/jobs/{copied['jobID']}/results?transmissionMode=value")
    assert (reply.status_code, reply.json["code"], reply.json["why"]) == (413, "size-limit", "the limit process_value")


def test_who_waits_too_long_is_told_so_and_the_run_goes_on(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path, process_wait=0.3, process_waiting=1) as served, served.jobs.worker():
        reply = served.run("task", {"inputs": {"act": "native", "seconds": 600}})
        assert (reply.status_code, reply.json()["code"]) == (503, "wait-limit")
        assert "respond-async" in reply.json()["way_out"]
        job = reply.headers["Location"]
        told = served.until(job.rpartition("/")[2], stage="working")
        assert (told["status"], served.web.get(f"{job}/results").json()["code"]) == ("running", "result-not-ready")
        gone = served.web.delete(job, headers=TOKEN).json()
        assert (gone["status"], served.web.get(f"{job}/results").status_code) == ("dismissed", 410)


def test_news_of_a_job_are_waited_for(served: Served) -> None:
    job = served.start("task", act="steps", seconds=600)
    stage, tag, text, end, ended = "", "", "", 0, False
    for step in range(5):
        while stage != f"step {step}":
            status = served.web.get(f"/jobs/{job}", headers={"Prefer": "wait=20", "If-None-Match": tag})
            if status.status_code == 200:
                assert status.headers["ETag"] != tag and status.json()["status"] in ("accepted", "running")
                tag, stage = status.headers["ETag"], status.json().get("stage", "")
        Path(f"{served.gate}-{step}").touch()
    while not ended:
        piece = served.web.get(f"/jobs/{job}/log?since={end}&f=json", headers={"Prefer": "wait=20"}).json()
        text, end, ended = text + piece["text"], piece["end"], piece["ended"]
    assert "step 2 40% note 2" in text
    assert served.web.get(f"/jobs/{job}/log").text == text
    began = time.monotonic()
    same = served.web.get(f"/jobs/{job}", headers={"Prefer": "wait=1", "If-None-Match": served.web.get(f"/jobs/{job}").headers["ETag"]})
    assert same.status_code == 304 and time.monotonic() - began >= 1


def test_what_fails_says_why_and_can_be_run_again(served: Served, copied: dict[str, Any]) -> None:
    reply = served.run("task", {"inputs": {"act": "fail"}})
    assert (reply.status_code, reply.json()["code"], reply.json()["why"]) == (500, "processing-failed", "it was told to fail")
    (told, *_) = served.web.get("/jobs?processID=task&status=failed").json()["jobs"]
    assert told["message"] == "it cannot be done"
    assert served.web.get(f"/jobs/{told['jobID']}/results").json() == reply.json()
    assert served.web.post(f"/jobs/{told['jobID']}/restart").status_code == 401
    assert served.web.post(f"/jobs/{told['jobID']}/restart", headers=TOKEN).json()["status"] == "accepted"
    assert served.until(told["jobID"])["status"] == "failed"
    (served.data / "broken.tif").write_bytes(b"II*\0")
    broken = served.run(JOB, {"inputs": {"input": "broken.tif"}})
    assert broken.status_code == 400
    assert "broken.tif" in broken.json()["detail"]
    assert served.web.post(f"/jobs/{copied['jobID']}/restart", headers=TOKEN).json()["code"] == "bad-parameter"


def test_a_log_tells_nothing_of_where_things_lie(served: Served) -> None:
    told = served.done("task", act="bug")
    text = served.web.get(f"/jobs/{told['jobID']}/log").text
    assert "nobody thought of this" in text and "services.py" in text
    assert "/tests/" not in text and str(served.data) not in json.dumps(told)


def test_dismissing_kills_takes_back_and_removes(served: Served) -> None:
    job = served.start("task", act="native", seconds=600)
    served.until(job, stage="working")
    assert served.web.delete(f"/jobs/{job}").status_code == 401
    assert served.web.delete(f"/jobs/{job}", headers=TOKEN).json()["status"] == "dismissed"
    gone = served.web.delete(f"/jobs/{job}", headers=TOKEN).json()
    assert (gone["status"], served.web.get(f"/jobs/{job}").status_code) == ("dismissed", 404)


def test_survivors_of_a_kill_are_listed_and_run_again(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path) as served:
        with served.jobs.worker() as worker:
            job = served.start("task", act="python", seconds=600, input="change.tif")
            served.until(job, stage="working")
            os.kill(worker, signal.SIGKILL)
            told = served.until(job)
        assert told["status"] == "failed" and "worker died" in told["message"]
        (listed,) = served.web.get("/jobs?status=failed").json()["jobs"]
        assert listed["jobID"] == job
        served.gate.touch()
        with served.jobs.worker():
            assert served.web.post(f"/jobs/{job}/restart", headers=TOKEN).status_code == 200
            assert served.until(job)["status"] == "successful"


def test_jobs_are_listed_by_page_state_and_process(filled, children, tmp_path: Path) -> None:
    models = pytest.importorskip("gavicore.models")
    with offering(filled, tmp_path) as served:
        tasks, deeds = [served.start("task") for _ in range(3)], [served.start("deed") for _ in range(2)]
        served.web.delete(f"/jobs/{tasks[1]}", headers=TOKEN)

        def ids(query: str) -> list[str]:
            found = served.web.get(f"/jobs?{query}").json()
            return [one.jobID for one in models.JobList.model_validate(found).jobs]

        assert ids("") == [*deeds[::-1], *tasks[::-1]]
        assert ids("processID=deed") == deeds[::-1]
        assert ids("processID=deed,task&status=dismissed") == [tasks[1]]
        assert ids("status=dismissed&status=running") == [tasks[1]]
        assert ids("status=running") == ids("processID=nope") == ids("minDuration=0") == []
        day = served.web.get(f"/jobs/{deeds[1]}").json()["created"]
        assert ids(f"datetime={day[:10]}") == ids("datetime=../2999-01-01T00:00:00Z") == ids("")
        assert ids("datetime=../2001-01-01") == ids("datetime=2999-01-01/..") == []
        seen, address = [], "/jobs?processID=task&limit=2"
        while address:
            page = served.web.get(address).json()
            seen.append([one["jobID"] for one in page["jobs"]])
            address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
        assert seen == [[tasks[2], tasks[1]], [tasks[0]]]


def test_jobs_are_listed_by_how_long_they_ran(served: Served, copied: dict[str, Any]) -> None:
    job = served.jobs.get(copied["jobID"])
    assert job.started is not None and job.finished is not None
    lasted = (job.finished - job.started).total_seconds()
    for query, expected in ((f"minDuration={lasted - 0.01:.3f}", True), (f"minDuration={lasted + 0.01:.3f}", False),
                            (f"maxDuration={lasted + 0.01:.3f}", True), (f"maxDuration={lasted - 0.01:.3f}", False)):  # fmt: skip
        listed = served.web.get(f"/jobs?processID=pair&{query}").json()["jobs"]
        assert (job.id in [one["jobID"] for one in listed]) is expected


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 401), ({"Authorization": "Bearer guess"}, 401),
    ({**TOKEN, "Origin": "https://evil.example"}, 403), ({**TOKEN, "Sec-Fetch-Site": "cross-site"}, 403),
])  # fmt: skip
def test_nothing_runs_without_the_token_or_from_elsewhere(served: Served, headers: dict[str, str], status: int) -> None:
    before = len(served.jobs.list())
    reply = served.web.post("/processes/task/execution", json={"inputs": {}}, headers=headers)
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json")
    assert len(served.jobs.list()) == before


def test_a_server_without_a_token_runs_nothing(filled, children, tmp_path: Path) -> None:
    client = create_app(filled, processes=Processes(Jobs(tmp_path / "jobs", JobLimits(), REGISTRY))).test_client()
    reply = client.post("/processes/task/execution", json={"inputs": {}})
    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")
    assert "disabled" in client.get("/processes/task?f=html").text


def test_jobs_can_be_kept_from_strangers(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path, process_read=0) as served:
        for address in ("/jobs", "/jobs/x", "/jobs/x/results", "/jobs/x/log", "/jobs/x/results/a"):
            assert served.web.get(address).status_code == 401
        assert served.web.get("/jobs", headers=TOKEN).status_code == 200
        assert served.web.get("/processes").status_code == 200


@pytest.mark.parametrize(("inputs", "words"), [
    ({"input": "/etc/passwd"}, "none of the folders"),
    ({"input": "../jobs/jobs.db"}, "none of the folders"),
    ({"input": "file:///etc/passwd"}, "none of the folders"),
    ({"input": {"href": "file:///etc/passwd"}}, "none of the folders"),
    ({"input": "link.tif"}, "none of the folders"),
    ({"input": "nope.tif"}, "no allowed folder holds it"),
    ({"input": {"href": "https://evil.example/a.tif"}}, "fetches nothing"),
    ({"input": "http://127.0.0.1:1/jobs/x/results/a"}, "fetches nothing"),
    ({"input": "/jobs/x/results/a.txt"}, ""),
    ({"aoi": "/etc/area.geojson"}, "none of the folders"),
    ({"store": "/tmp/store"}, "the server decides it"),
    ({"traces": "/tmp/traces"}, "the server decides it"),
    ({"output_path": "/tmp/out"}, "the server decides it"),
    ({"nope": 1}, "no such input"),
    ({"act": {"href": "file:///a"}}, "plain value"),
    ({"input": "http://[x"}, "Invalid IPv6 URL"),
    ({"input": " "}, "it is empty"),
    ({"input": "x" * 5000}, "no allowed folder holds it"),
    ({"input": "circle"}, "none of the folders"),
    ({"input": ["change.tif"]}, "['change.tif'] is not accepted"),
    ({"aoi": {"bbox": [1, 2, 3]}}, "is no box"),
    ({"aoi": {"bbox": "1234"}}, "is no box"),
    ({"aoi": {"bbox": [1, 2, 3, 1e999]}}, "is no box"),
    ({"aoi": {"bbox": [1, 2, 3, 4], "crs": "http://www.opengis.net/def/crs/EPSG/0/4326"}}, "CRS84"),
    ({"act": "dance"}, "Input should be"),
    ({"seconds": -1}, "greater than or equal to 0"),
    ({"seconds": "long"}, "valid number"),
])  # fmt: skip
def test_what_clients_may_not_name_is_refused(served: Served, inputs: dict[str, Any], words: str) -> None:
    for name, target in (("link.tif", "/etc/passwd"), ("circle", "circle")):
        if not (served.data / name).is_symlink():
            (served.data / name).symlink_to(target)
    body = json.dumps({"inputs": inputs})
    reply = served.web.post("/processes/task/execution", content=body, headers={**TOKEN, "Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, "bad-parameter"), reply.text
    assert words in reply.text and next(iter(inputs)) in reply.json()["detail"]
    assert str(served.data) not in reply.text


@pytest.mark.parametrize("body", [
    [], {"inputs": []}, {"response": "loud"}, {"outputs": []}, {"outputs": {"nope": {}}}, {"outputs": {"copy": 7}},
    {"outputs": {"copy": {"transmissionMode": "pigeon"}}}, {"outputs": {"copy": {"format": {"mediaType": "image/png"}}}},
])  # fmt: skip
def test_bad_orders_are_refused(served: Served, body: Any) -> None:
    reply = served.run("task", body)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad-parameter")


def test_other_bodies_are_refused(served: Served) -> None:
    assert served.run("task", {"subscriber": {"successUri": "http://e/x"}}).json()["code"] == "unsupported"
    at = "/processes/task/execution"
    assert served.web.post(at, content=b"{", headers={**TOKEN, "Content-Type": "application/json"}).status_code == 400
    assert served.web.post(at, content=b"<a/>", headers={**TOKEN, "Content-Type": "text/xml"}).status_code == 415
    assert served.web.post(at, content=b"x" * 600_000, headers={**TOKEN, "Content-Type": "application/json"}).status_code == 413


@pytest.mark.parametrize("name", [
    "../work", "..%2flog", "%2e%2e/log", "../../../jobs.db", "%2fetc%2fpasswd", "copy.txt/..", "copy.txt/../../log", ".", "nope",
    "out.txt", "copy.txt%00", "C:%5cboot.ini",
])  # fmt: skip
def test_no_file_beside_the_results_can_be_had(served: Served, copied: dict[str, Any], name: str) -> None:
    link = served.jobs.get(copied["jobID"]).folder / "out.txt"
    if not link.is_symlink():
        link.symlink_to("/etc/passwd")
    assert raw_get(served, f"/jobs/{copied['jobID']}/results/{name}") in (404, 308)


def raw_get(served: Served, target: str) -> int:
    """The status of a request whose target nobody normalises."""
    import http.client

    host = served.web.base_url
    connection = http.client.HTTPConnection(host.host, host.port, timeout=180)
    try:
        connection.request("GET", target)
        return connection.getresponse().status
    finally:
        connection.close()


def test_inputs_may_be_results_of_jobs_values_boxes_and_areas(served: Served, copied: dict[str, Any]) -> None:
    at = served.web.get(f"/jobs/{copied['jobID']}/results").json()["copy"]["href"]
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    box = json.dumps({"type": "Polygon", "coordinates": [[[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 4.0], [1.0, 2.0]]]})
    for given, kept in (
        ({"input": {"href": at}}, {"input": str(served.jobs.get(copied["jobID"]).folder / "copy.txt")}),
        ({"input": urlsplit(at).path}, {"input": str(served.jobs.get(copied["jobID"]).folder / "copy.txt")}),
        ({"input": {"href": (served.data / "change.tif").as_uri()}}, {"input": str(served.data / "change.tif")}),
        ({"input": {"value": str(served.data / "change.tif")}}, {"input": str(served.data / "change.tif")}),
        ({"aoi": {"bbox": [1, 2, 3, 4]}}, {"aoi": box}),
        ({"aoi": {"bbox": [1, 2, 3, 4], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}, {"aoi": box}),
        ({"aoi": {"value": area, "mediaType": "application/geo+json"}}, {"aoi": json.dumps(area)}),
        ({"aoi": area}, {"aoi": json.dumps(area)}),
    ):
        job = served.start("task", **given)
        read = served.jobs.get(job).parameters
        served.web.delete(f"/jobs/{job}", headers=TOKEN)
        assert {name: read[name] for name in kept} == kept
        # the server put its own in, and tells nobody
        assert read["store"].endswith("of-the-server")


def test_a_box_across_the_antimeridian_has_two_parts(served: Served) -> None:
    for corners, bounds in (
        ([170, -20, -170, -10], [(170, -20, 180, -10), (-180, -20, -170, -10)]),
        ([170, -20, -180, -10], [(170, -20, 180, -10)]),
        ([180, -20, -170, -10], [(-180, -20, -170, -10)]),
    ):
        job = served.start("task", aoi={"bbox": corners})
        found = shapely.from_geojson(str(served.jobs.get(job).parameters["aoi"]))
        assert found.is_valid and [part.bounds for part in getattr(found, "geoms", [found])] == bounds


DEEP = b'{"inputs": {"act": ' + b"[" * 500 + b"]" * 500 + b"}}"


@pytest.mark.parametrize("body", [DEEP, b'{"inputs": {"aoi": "\\ud800"}}', b"{", b"\xff"])
def test_json_that_nobody_can_read_or_write_again_is_told_as_such(served: Served, body: bytes) -> None:
    reply = served.web.post("/processes/task/execution", content=body, headers={**TOKEN, "Content-Type": "application/json"})
    told = reply.json()
    assert (reply.status_code, told["code"], told["detail"]) == (400, "bad-parameter", "the body is no JSON that can be read")
    assert told["why"] and told["way_out"]


def test_no_more_clients_wait_than_may(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path, process_wait=60, process_waiting=1) as served:
        job = served.start("task")
        wait = {"Prefer": "wait=60", "If-None-Match": served.web.get(f"/jobs/{job}").headers["ETag"]}
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(served.web.get, f"/jobs/{job}", headers=wait) for _ in range(2)]
            (turned_away,), (waiting,) = futures_wait(asked, timeout=50, return_when=FIRST_COMPLETED)
            assert turned_away.result().status_code == 304
            assert waiting.running()
            served.web.delete(f"/jobs/{job}", headers=TOKEN)
            assert waiting.result(timeout=50).json()["status"] == "dismissed"


def test_another_projects_client_gets_along(served: Served) -> None:
    owslib = pytest.importorskip("owslib.ogcapi.processes", reason="pip install OWSLib: a client of OGC API – Processes")
    client = owslib.Processes(str(served.web.base_url), headers=dict(TOKEN))
    assert JOB in [one["id"] for one in client.processes()]
    assert set(client.process(JOB)["outputs"]) == {"flood_mask"}
    told = client.execute(JOB, {"input": "change.tif", "start": "2021-03-15T00:00:00Z"}, GEOJSON)
    assert told["flood_mask"]["type"] == "application/geo+json"
