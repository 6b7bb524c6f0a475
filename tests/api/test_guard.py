"""Headers on every response, one error body on every route, and no posts on behalf of other sites."""

from __future__ import annotations

import pytest

from earthweave.server.api import HEADERS, create_app, from_elsewhere
from earthweave.server.settings import WebSettings

ROUTES = [
    "/", "/query", "/api", "/api/status", "/api/layers", "/api/openapi.json", "/health", "/sparql", "/nope",
    "/static/app.css", "/vendor/MANIFEST.json",
]


@pytest.mark.parametrize("route", ROUTES)
def test_every_response_carries_the_headers(client, route: str) -> None:
    with client.get(route) as reply:
        assert set(HEADERS) <= set(reply.headers.keys())
        policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    scripts = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert scripts in ([], ["script-src 'self'"])


def test_no_policy_lets_anything_inline_run(client) -> None:
    policies = {}
    for route in ROUTES:
        with client.get(route) as reply:
            policies[route] = reply.headers["Content-Security-Policy"]
    assert not [route for route, policy in policies.items() if "unsafe" in policy or "sha256" in policy or "nonce" in policy]


@pytest.mark.parametrize(("method", "route", "status"), [
    ("GET", "/nope", 404), ("POST", "/", 405), ("PUT", "/sparql", 405), ("DELETE", "/api/status", 405), ("POST", "/api/nope", 404),
    ("GET", "/api/ask", 405), ("GET", "/sparql?format=csv", 400),
    ("GET", "/vendor/none.js", 404), ("POST", "/api/ask", 400), ("GET", "/static/", 404),
])
def test_errors_have_one_body_on_every_route(client, method: str, route: str, status: int) -> None:
    reply = client.open(route, method=method)
    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    assert set(reply.json) == {"type", "title", "status", "detail", "code", "why", "way_out"}
    assert reply.json["status"] == status
    assert reply.headers["Cache-Control"] == "no-store"


def test_an_accident_tells_nothing_of_the_inside(app, monkeypatch, caplog) -> None:
    def broken() -> None:
        raise RuntimeError("secret path")

    app.view_functions["health"] = broken
    reply = app.test_client().get("/health")
    assert (reply.status_code, reply.json["code"]) == (500, "internal")
    assert b"secret" not in reply.data
    assert "secret path" in caplog.text


@pytest.mark.parametrize(("method", "site", "origin", "refused"), [
    ("GET", "cross-site", "https://evil.example", False),
    ("HEAD", "cross-site", None, False),
    ("OPTIONS", "cross-site", None, False),
    ("POST", None, None, False),
    ("POST", "same-origin", None, False),
    ("POST", "none", None, False),
    ("POST", "same-origin", "https://other.example", False),
    ("POST", "same-site", None, True),
    ("POST", "cross-site", None, True),
    ("POST", "cross-site", "http://here:80", True),
    ("POST", None, "http://here:80", False),
    ("POST", None, "https://here:80", False),
    ("POST", None, "http://here", True),
    ("POST", None, "http://here:8080", True),
    ("POST", None, "https://evil.example", True),
    ("POST", None, "null", True),
    ("POST", None, "", True),
    ("DELETE", "cross-site", None, True),
])
def test_the_table_of_cross_origin_requests(method: str, site: str | None, origin: str | None, refused: bool) -> None:
    assert from_elsewhere(method, site, origin, "here:80") is refused


@pytest.mark.parametrize("route", ["/sparql", "/api/ask"])
def test_a_post_from_another_site_is_refused(client, route: str) -> None:
    reply = client.post(route, json={"question": "a"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")
    reply = client.post(route, json={"question": "a"}, headers={"Origin": "https://evil.example"})
    assert (reply.status_code, reply.json["code"]) == (403, "forbidden")
    assert client.post(route, json={"question": "a"}, headers={"Origin": "http://localhost"}).status_code != 403


def test_only_trusted_host_names_are_answered(filled) -> None:
    client = create_app(filled, settings=WebSettings(trusted_hosts="localhost, 127.0.0.1")).test_client()
    assert client.get("/health").status_code == 200
    assert client.get("/health", headers={"Host": "127.0.0.1:8080"}).status_code == 200
    reply = client.get("/health", headers={"Host": "rebound.example"})
    assert (reply.status_code, reply.content_type) == (400, "application/problem+json")
    with client.get("/", headers={"Host": "rebound.example"}) as page:
        assert page.status_code == 400
