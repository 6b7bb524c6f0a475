"""What clients do that do not read specifications: wrong charsets, packed texts, names of formats, mistyped graphs, conditions."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import CSV, JSON, JSONLD, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from earthweave.server.sparql import negotiate

FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
STORE, TURTLE_TYPE = "/rdf-graph-store", "text/turtle"
CAFE = 'SELECT * { VALUES ?x { "caf\xe9" } }'
ALL = "SELECT * { ?s ?p ?o }"
GRAPH = "CONSTRUCT WHERE { ?s ?p ?o }"


def encoded(text: str, charset: str) -> str:
    return f"query={quote_from_bytes(text.encode(charset))}"


def test_parameters_in_another_charset_are_refused_and_not_misread(send) -> None:
    def both(charset: str) -> tuple[Any, Any]:
        text = encoded(CAFE, charset)
        return send("GET", f"/sparql?{text}"), send("POST", body=text.encode(), Content_Type=FORM)

    for reply in both("utf-8"):
        assert reply.json()["results"]["bindings"][0]["x"]["value"] == "caf\xe9"
    for reply in both("latin-1"):
        assert (reply.status, reply.json()["code"]) == (400, "bad-parameter") and "0xE9" in reply.json()["why"]
    said = send("POST", body=encoded("ASK {}", "utf-8").encode(), Content_Type=f"{FORM}; charset=ISO-8859-1")
    assert (said.status, said.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(("content_type", "body"), [(QUERY, b"ASK {}"), (FORM, b"query=ASK%20{}")])
def test_packed_texts_are_refused_by_name(send, content_type: str, body: bytes) -> None:
    reply = send("POST", body=gzip.compress(body), Content_Type=content_type, Content_Encoding="gzip")
    assert reply.status == 415 and "gzip" in reply.json()["detail"]
    assert send("POST", body=body, Content_Type=content_type, Content_Encoding="identity").status == 200


@pytest.mark.parametrize(("accept", "name"), [
    ("text/csv; header=present", "csv"), ('application/sparql-results+json; x="a;b,c"; q=0.2, text/csv;q=0.9;level=1', "csv"),
    ("application/sparql-results+xml;charset=utf-8;q=0.3", "xml"), (",,,", "json"), ("text/tab-separated-values;q=1;q=0.5", "tsv"),
])
def test_parameters_of_media_types_are_passed_over(accept: str, name: str) -> None:
    assert negotiate(accept, "table").name == name


@pytest.mark.parametrize(("format", "media_type"), [
    ("xml", "application/rdf+xml"), ("json", "application/ld+json"), ("application/ld+json,application/x-json+ld", "application/ld+json"),
    ("turtle", "text/turtle"),
])
def test_one_name_of_a_format_for_tables_and_graphs(send, format: str, media_type: str) -> None:
    reply = send("GET", parameters={"query": GRAPH, "format": format})
    assert (reply.status, reply.header("Content-Type").partition(";")[0]) == (200, media_type)
    assert send("GET", STORE, {"default": "", "format": format}).header("Content-Type").partition(";")[0] == media_type


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_gets_each_of_its_formats(port: int, method: str) -> None:
    def ask(text: str, format: str) -> str:
        wrapper = SPARQLWrapper(f"http://127.0.0.1:{port}/sparql")
        wrapper.setMethod(method)
        wrapper.setQuery(text)
        wrapper.setReturnFormat(format)
        return str(wrapper.query().response.headers["Content-Type"]).partition(";")[0]

    tables = [ask(ALL, format).rpartition("/")[2] for format in (JSON, XML, CSV, TSV)]
    assert tables == ["sparql-results+json", "sparql-results+xml", "csv", "tab-separated-values"]
    # XML is what it asks for by default, of graphs too
    graphs = [ask(GRAPH, format).rpartition("/")[2] for format in (TURTLE, RDFXML, JSONLD, XML)]
    assert graphs == ["turtle", "rdf+xml", "ld+json", "rdf+xml"]


def test_sparqlwrapper_and_rdflib_write_with_the_token_as_a_password(empty) -> None:
    address = f"http://127.0.0.1:{empty.port}/sparql"
    for direct in (False, True):
        wrapper = SPARQLWrapper(address)
        wrapper.setCredentials("anybody", "correct horse")
        wrapper.setMethod(POST)
        if direct:
            wrapper.setRequestMethod(POSTDIRECTLY)
        wrapper.setQuery(f'INSERT DATA {{ <http://e/a> <http://e/b> "\xe9 {direct}" }}')
        assert wrapper.query().response.status == 204
    graph = rdflib.Graph(SPARQLUpdateStore(address, address, auth=("anybody", "correct horse")), identifier=rdflib.URIRef("http://e/g"))
    triple = (rdflib.URIRef("http://e/a"), rdflib.URIRef("http://e/b"), rdflib.Literal('\xe9 "q"\n', lang="fr"))
    graph.add(triple)
    assert [*graph] == [triple] and empty.count() == 3
    reading = rdflib.Graph(SPARQLStore(address, method="POST"))
    assert len(reading) == 3 and len(reading.query(GRAPH).graph or ()) == 3 and bool(reading.query("ASK { ?s ?p ?o }"))


@pytest.mark.parametrize("name", ["graf", "context", "GRAPH"])
def test_a_mistyped_graph_is_not_the_whole_dataset(empty, name: str) -> None:
    empty.store.update("INSERT DATA { <http://e/a> <http://e/b> 1 }")
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        body = None if method in ("GET", "HEAD", "DELETE") else b"[]"
        reply = empty.write(method, STORE, {name: "http://e/g"}, body, Content_Type="application/ld+json")
        assert (reply.status, empty.count()) == (400, 1)


def test_a_realm_is_quoted(desk) -> None:
    for sent, error in (({}, ""), ({"Authorization": "Bearer wrong"}, ', error="invalid_token"')):
        reply = desk.send("DELETE", f"{STORE}?default", **sent)
        assert (reply.status, reply.header("WWW-Authenticate")) == (401, f'Bearer realm="earthweave"{error}')


def test_head_does_not_say_that_a_graph_is_empty(send) -> None:
    head, whole = (send(method, f"{STORE}?default", Accept="application/n-triples") for method in ("HEAD", "GET"))
    assert whole.body and head.header("Content-Length") in ("", whole.header("Content-Length"))
    assert head.header("ETag") == whole.header("ETag") != ""


def test_conditions_hold_for_graphs(empty) -> None:
    place = f"{STORE}?graph=http://e/g"

    def put(text: str, **headers: str) -> int:
        return int(empty.write("PUT", place, (), text.encode(), Content_Type=TURTLE_TYPE, **headers).status)

    assert put("<a> <b> 0 .", If_Match="*") == 412
    assert put("<a> <b> 1 .", If_None_Match="*") == 201
    assert put("<a> <b> 2 .", If_None_Match="*") == 412
    first = empty.send("GET", place)
    tag = first.header("ETag")
    again = empty.send("GET", place, If_None_Match=tag)
    assert (again.status, again.body, again.header("ETag")) == (304, b"", tag)
    assert empty.send("GET", place, If_None_Match=tag, Accept="application/n-triples").status == 200
    assert put("<a> <b> 3 .", If_Match=tag) == 204
    assert put("<a> <b> 4 .", If_Match=tag) == 412
    assert empty.send("GET", place, If_None_Match=tag).status == 200
    assert empty.write("DELETE", place, If_Match=tag).status == 412
    assert b"3" in empty.send("GET", place, Accept="application/n-triples").body
    assert empty.write("DELETE", place, If_Match=empty.send("HEAD", place).header("ETag")).status == 204


def test_the_log_holds_no_passwords(empty) -> None:
    text = 'ASK { SERVICE SILENT <http://user:s3cret@example.org/sparql> { ?s ?p "a@b" } }'
    empty.send("POST", body=text.encode(), Content_Type=QUERY)
    last = json.loads((empty.folder / "queries.jsonl").read_text("ascii").splitlines()[-1])
    assert "s3cret" not in last["text"] and "http://***@example.org/sparql" in last["text"] and '"a@b"' in last["text"]
