"""Updates over HTTP: for the bearer of the token alone, in every way of the protocol."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode

import pytest

from earthweave.server.sparql import Received, read_operation

INSERT = "INSERT DATA { <http://e/a> <http://e/b> 1 }"
FORM, UPDATE = "application/x-www-form-urlencoded", "application/sparql-update"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (INSERT.encode(), UPDATE),
        (INSERT.encode(), f"{UPDATE}; charset=UTF-8"),
        (urlencode({"update": INSERT}).encode(), FORM),
    ],
)
def test_both_ways_write_and_tell_the_generation(empty, body: bytes, content_type: str) -> None:
    reply = empty.write("POST", "/sparql", (), body, Content_Type=content_type)
    assert (reply.status, reply.body, empty.count()) == (204, b"", 1)
    assert int(reply.header("Earthweave-Generation")) == empty.store.statistics().generation


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        ("", ""),
        ("Bearer", ""),
        ("Basic Y29ycmVjdCBob3JzZQ==", ""),
        ("Bearer wrong", "invalid_token"),
        ("Bearer correct horse2", "invalid_token"),
        ("Bearer correct", "invalid_token"),
    ],
)
@pytest.mark.parametrize(
    ("path", "content_type"), [("/sparql", UPDATE), ("/Strabon/Update", UPDATE), ("/rdf-graph-store?default", "text/turtle")]
)
def test_nobody_else_writes(empty, authorization: str, error: str, path: str, content_type: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    body = b"<http://e/a> <http://e/b> 1 ." if content_type == "text/turtle" else INSERT.encode()
    reply = empty.send("POST", path, (), body, Content_Type=content_type, **headers)
    challenge = reply.header("WWW-Authenticate")
    assert (reply.status, empty.count(), reply.json()["code"]) == (401, 0, "unauthorized")
    assert challenge.lower().startswith("bearer ") and 'realm="earthweave"' in challenge.replace("realm=earthweave", 'realm="earthweave"')
    assert ("invalid_token" in challenge) is bool(error)


def test_without_a_token_nobody_writes_and_the_way_out_is_told(send, filled) -> None:
    before = filled.statistics()
    for method, path in (("POST", "/sparql"), ("PUT", "/rdf-graph-store?default"), ("DELETE", "/rdf-graph-store?default")):
        reply = send(method, path, (), INSERT.encode(), Content_Type=UPDATE, Authorization="Bearer anything")
        assert (reply.status, reply.json()["code"]) == (403, "forbidden")
        assert "EARTHWEAVE_UPDATE_TOKEN" in reply.json()["way_out"]
    assert filled.statistics() == before


def test_a_page_of_another_site_does_not_write_even_with_the_token(empty) -> None:
    reply = empty.write(
        "POST", "/sparql", (), INSERT.encode(), Content_Type=UPDATE, Origin="https://evil.example", Sec_Fetch_Site="cross-site"
    )
    assert (reply.status, empty.count()) == (403, 0)


@pytest.mark.parametrize(
    ("method", "parameters", "body", "content_type", "status"),
    [
        ("GET", {"update": INSERT}, None, "", 400),
        ("POST", {"update": INSERT}, b"", FORM, 400),
        ("POST", (), urlencode([("update", INSERT), ("update", INSERT)]).encode(), FORM, 400),
        ("POST", (), urlencode([("update", INSERT), ("query", "ASK {}")]).encode(), FORM, 400),
        ("POST", {"update": INSERT}, INSERT.encode(), UPDATE, 400),
        ("POST", {"default-graph-uri": "http://e/g"}, INSERT.encode(), UPDATE, 400),
        ("POST", {"using-graph-uri": "http://e/g"}, b"ASK {}", "application/sparql-query", 400),
        ("POST", {"using-graph-uri": "http://e/g"}, b"DELETE { ?s ?p ?o } USING <http://e/h> WHERE { ?s ?p ?o }", UPDATE, 400),
        ("POST", {"using-named-graph-uri": "http://e/g"}, b"WITH <http://e/h> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", UPDATE, 400),
        ("POST", (), INSERT.encode("utf-16"), f"{UPDATE}; charset=UTF-16", 415),
        ("POST", (), INSERT.encode("utf-16-be"), UPDATE, 400),
        ("POST", (), b"INSERT DATA { <http://e/a> }", UPDATE, 400),
        ("POST", (), b"SELECT * {}", UPDATE, 400),
        ("PUT", (), INSERT.encode(), UPDATE, 405),
    ],
)
def test_what_is_no_update_changes_nothing(empty, method: str, parameters, body: bytes, content_type: str, status: int) -> None:
    reply = empty.write(method, "/sparql", parameters, body, **({"Content_Type": content_type} if content_type else {}))
    assert (reply.status, empty.count()) == (status, 0)


def test_the_request_may_name_the_dataset(empty) -> None:
    empty.store.update(
        "INSERT DATA { GRAPH <http://e/1> { <http://e/a> <http://e/in> 1 } GRAPH <http://e/2> { <http://e/a> <http://e/in> 2 } }"
    )
    text = (
        b"INSERT { <http://e/x> <http://e/found> ?o } WHERE { ?s <http://e/in> ?o } ; DELETE { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"
    )
    reply = empty.write("POST", "/sparql", {"using-graph-uri": "http://e/1"}, text, Content_Type=UPDATE)
    found = empty.store.query("SELECT ?o { <http://e/x> <http://e/found> ?o }").table["o"].to_pylist()
    assert (reply.status, [one["value"] for one in found], empty.count()) == (204, ["1"], 3)


def test_relative_names_are_those_of_the_endpoint(empty) -> None:
    empty.write("POST", "/sparql", (), b"INSERT DATA { <a> <#b> <c> }", Content_Type=UPDATE, Host="data.example")
    reply = empty.send("GET", "/sparql", {"query": "ASK { <a> <#b> <c> FILTER(<a> = <http://data.example/a>) }"}, Host="data.example")
    assert reply.json()["boolean"] is True


def test_a_larger_update_than_any_query_is_taken(empty) -> None:
    triples = "".join(f"<http://e/{number}> <http://e/long-name-of-a-property> {number} .\n" for number in range(12_000))
    reply = empty.write("POST", "/sparql", (), f"INSERT DATA {{ {triples} }}".encode(), Content_Type=UPDATE)
    assert len(triples) > 512 * 1024
    assert (reply.status, empty.count()) == (204, 12_000)


@pytest.mark.parametrize("body", [b"", b"a=b", b"query="])
def test_the_protocol_is_read_without_a_server(body: bytes) -> None:
    received = Received("GET", "", {"query": ["ASK {}"], "default-graph-uri": ["http://e/g"], "maxLimit": ["0"]}, {}, body)
    operation = read_operation(received)
    assert (operation.kind, operation.text, operation.default_graphs, operation.rows) == ("query", "ASK {}", ("http://e/g",), None)


GRAPH = "/rdf-graph-store?graph=http://example.org/kept"
TRIPLE = b"<http://e/a> <http://e/b> 1 ."


def test_an_answer_without_content_keeps_the_connection_and_has_no_type(empty) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", empty.port, timeout=30)
    asked = [
        ("POST", "/sparql", INSERT.encode(), UPDATE, 204), ("PUT", GRAPH, TRIPLE, "text/turtle", 201),
        ("PUT", GRAPH, TRIPLE, "text/turtle", 204), ("POST", GRAPH, TRIPLE, "text/turtle", 204), ("DELETE", GRAPH, b"", "", 204),
        ("POST", "/sparql", INSERT.encode(), UPDATE, 204),
    ]
    for method, path, body, content_type, status in asked:
        connection.request(method, path, body, {"Authorization": "Bearer correct horse", "Content-Type": content_type})
        reply = connection.getresponse()
        assert (reply.status, reply.read(), connection.sock is not None) == (status, b"", True)
        kept = {"Connection", "Content-Type", "Transfer-Encoding", *(["Content-Length"] if status == 204 else [])}
        assert not kept & {name for name, _ in reply.getheaders()}
    connection.request("POST", "/sparql", INSERT, {"Authorization": "Bearer correct horse", "Content-Type": UPDATE, "Connection": "close"})
    reply = connection.getresponse()
    assert (reply.status, reply.getheader("Connection")) == (204, "close")
