"""What the JSON routes give, and that every page has a twin for programs."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from earthweave.ontology import settings_of
from earthweave.server.api import create_app
from earthweave.server.settings import WebSettings
from earthweave.server.store import Limits, open_store
from earthweave.server.viewer import STATIC, VENDOR, manifest

FORBIDDEN = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.setHTML\(")


def test_status_tells_what_is_held_and_every_limit(client, filled) -> None:
    status = client.get("/api/status").json
    now = filled.statistics()
    assert (status["triples"], status["generation"]) == (now.triples, now.generation)
    assert (status["banner"], status["simulated"], status["questions"]) == ("SIMULATED DATA", True, True)
    rows = {row["name"]: row for row in status["limits"]}
    assert set(rows) == {row.name for table in (Limits, WebSettings) for row in settings_of(table)}
    assert (rows["query_deadline"]["unit"], rows["question_characters"]["value"], rows["question_characters"]["default"]) == ("s", 40, 500)


def test_the_simulated_flag_follows_the_data(tmp_path) -> None:
    with open_store(tmp_path / "store") as store:
        client = create_app(store).test_client()
        assert client.get("/api/status").json["simulated"] is False
        store.update("INSERT DATA { <http://e/a> <https://w3id.org/earthweave/ontology#simulated> true }")
        assert client.get("/api/status").json["simulated"] is True
        assert client.get("/api/status").json["banner"] is None


def test_health_layers_and_links(client) -> None:
    assert client.get("/health").json["status"] == "ok"
    layers = client.get("/api/layers").json["layers"]
    assert layers == [{"name": "Flooded areas", "query": "SELECT * {}", "colour": "#1f6fb5", "simulated": True}]
    for address in client.get("/api").json["links"].values():
        with client.get(address) as reply:
            assert reply.status_code in (200, 400, 405), address


def test_layers_may_come_as_plain_data_and_an_empty_banner_is_none(filled) -> None:
    client = create_app(filled, banner="", layers=[{"name": "a", "query": "ASK {}"}]).test_client()
    assert client.get("/api/layers").json["layers"] == [{"name": "a", "query": "ASK {}", "colour": "", "simulated": False}]
    assert client.get("/api/status").json["banner"] is None


def test_a_question_is_passed_on(client) -> None:
    assert client.post("/api/ask", json={"question": "Where?"}).json["text"] == "You said: Where?"


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"json": {"question": "x" * 41}}, 413, "size-limit"),
    ({"json": {"question": ""}}, 400, "bad-parameter"),
    ({"json": {"question": 7}}, 400, "bad-parameter"),
    ({"json": {"question": "a", "more": 1}}, 400, "bad-parameter"),
    ({"json": ["a"]}, 400, "bad-parameter"),
    ({"data": "question=a"}, 400, "bad-parameter"),
    ({"data": b'{"question": "a"}', "content_type": "text/plain"}, 400, "bad-parameter"),
    ({"data": b"{", "content_type": "application/json"}, 400, "bad-parameter"),
    ({"data": b"[" * 200_000, "content_type": "application/json"}, 400, "bad-parameter"),
    ({"data": b"x" * 600_000, "content_type": "application/json"}, 413, "size-limit"),
])
def test_bad_questions_are_refused(client, body, status: int, code: str) -> None:
    reply = client.post("/api/ask", **body)
    assert (reply.status_code, reply.json["code"]) == (status, code)


def test_without_a_question_layer_the_route_says_so(filled) -> None:
    client = create_app(filled).test_client()
    reply = client.post("/api/ask", json={"question": "Where?"})
    assert (reply.status_code, reply.json["code"]) == (501, "missing-extra")
    assert client.get("/api/status").json["questions"] is False


def test_the_description_names_every_route(client, app) -> None:
    described = client.get("/api/openapi.json").json
    assert described["openapi"].startswith("3.")
    rules = (rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] != "viewer")
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule) for rule in rules}
    assert set(described["paths"]) == routes
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert references <= set(described["components"]["schemas"])


@pytest.mark.parametrize("page", ["/", "/query"])
def test_every_page_names_its_twin(client, page: str) -> None:
    with client.get(page) as reply:
        twin = re.match(r'<([^>]+)>; rel="alternate"; type="application/json"', reply.headers["Link"])
    assert twin
    assert client.get(twin[1], query_string={"query": "ASK {}"}).is_json


def test_static_files_are_revalidated_and_vendored_ones_kept(client) -> None:
    with client.get("/static/app.css") as first:
        assert "no-cache" in first.headers["Cache-Control"]
    with client.get("/static/app.css", headers={"If-None-Match": first.headers["ETag"]}) as second:
        assert (second.status_code, second.data) == (304, b"")
    with client.get("/vendor/maplibre-gl-6.17.0/maplibre-gl.css") as vendored:
        assert "immutable" in vendored.headers["Cache-Control"]
        assert "max-age=31536000" in vendored.headers["Cache-Control"]


@pytest.mark.parametrize("path", [
    "/static/../_pages.py", "/static/..%2f_pages.py", "/vendor/../__init__.py", "/static//etc/passwd", "/static/js",
])
def test_no_file_outside_is_served(client, path: str) -> None:
    reply = client.get(path, follow_redirects=True)
    assert (reply.status_code, reply.json["code"]) == (404, "not-found")


def test_vendored_files_are_those_of_the_manifest() -> None:
    recorded = {name: digest for library in manifest() for name, digest in library["files"].items()}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*") if path.is_file() and path.name != "MANIFEST.json"
    }
    assert found == recorded
    assert all((VENDOR / f"{library['name'].rpartition('/')[2]}-{library['version']}" / "LICENSE.txt").is_file() for library in manifest())


def test_the_manifest_is_what_the_script_pins() -> None:
    from earthweave.server.viewer._vendor import LIBRARIES

    recorded = [(one["name"], one["version"], one["licence"]) for one in manifest()]
    assert [(one.package, one.version, one.licence) for one in LIBRARIES] == recorded


def test_the_pages_ask_for_nothing_that_is_not_there(client) -> None:
    wanted = set()
    for path in [*STATIC.glob("*.html"), *STATIC.glob("js/*.js")]:
        wanted |= set(re.findall(r'"(/(?:static|vendor)/[^"]+)"', path.read_text(encoding="utf-8")))
    assert len(wanted) >= 8
    for address in wanted:
        with client.get(address) as reply:
            assert reply.status_code == 200, address


def test_nothing_of_ours_is_written_into_markup_or_run_from_text() -> None:
    for path in STATIC.rglob("*.js"):
        assert not FORBIDDEN.search(path.read_text(encoding="utf-8")), path.name
