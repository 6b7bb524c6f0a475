"""Clients of Strabon, pages of other sites, packed answers, and the methods that only look."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urlencode

import pytest

FORM = "application/x-www-form-urlencoded"
LEVELS = """PREFIX ex: <http://example.org/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?level ?geo WHERE { ?x ex:level ?level ; geo:asWKT ?geo } ORDER BY ?level"""
ALL = "SELECT * { ?s ?p ?o }"
FRIEND = "https://maps.example.org"


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("HTML", "text/html; charset=utf-8"),
        ("KML", "application/vnd.google-earth.kml+xml"),
        ("KMZ", "application/vnd.google-earth.kmz"),
        ("GeoJSON", "application/geo+json"),
        ("TSV", "text/tab-separated-values; charset=utf-8"),
        ("XML", "application/sparql-results+xml"),
        ("SPARQL/XML", "application/sparql-results+xml"),
        ("SPARQL/JSON", "application/sparql-results+json"),
    ],
)
def test_strabons_formats_by_its_address(send, format: str, media_type: str) -> None:
    body = urlencode({"query": LEVELS, "format": format, "handle": "plain", "maxLimit": "0", "view": "HTML"}).encode()
    reply = send("POST", "/Strabon/Query", (), body, Content_Type=FORM)
    assert (reply.status, reply.header("Content-Type")) == (200, media_type)


def test_strabons_other_parameters(send) -> None:
    reply = send("GET", "/Strabon/Query", {"query": ALL, "format": "json", "maxLimit": "2", "handle": "download"})
    assert len(reply.json()["results"]["bindings"]) == 2
    assert (reply.header("Earthweave-Truncated"), reply.header("Content-Disposition").split(";")[0]) == ("true", "attachment")
    assert reply.header("Earthweave-Limits").startswith("rows=2, ")
    assert send("GET", "/Strabon/Query", {"query": ALL, "view": "HTML"}).header("Content-Type").startswith("text/html")
    assert send("GET", "/Strabon/Query", {"query": ALL, "maxLimit": "many"}).status == 400
    assert send("GET", "/Strabon/Describe", {"query": "DESCRIBE <http://example.org/p1>"}).header("Content-Type").startswith("text/turtle")


def test_strabons_update_is_a_query_parameter_and_needs_the_token(empty) -> None:
    body = urlencode({"query": "INSERT DATA { <http://e/a> <http://e/b> 1 }"}).encode()
    assert empty.send("POST", "/Strabon/Update", (), body, Content_Type=FORM).status == 401
    assert (empty.write("POST", "/Strabon/Update", (), body, Content_Type=FORM).status, empty.count()) == (204, 1)


@pytest.mark.parametrize("path", ["/sparql", "/Strabon/Query", "/rdf-graph-store", "/.well-known/void"])
def test_a_friendly_site_is_let_in_and_no_other(desk, path: str) -> None:
    friend = desk.send("OPTIONS", path, Origin=FRIEND, Access_Control_Request_Method="POST", Sec_Fetch_Site="cross-site")
    assert friend.status == 200
    assert friend.header("Access-Control-Allow-Origin") == FRIEND
    assert "GET" in friend.header("Access-Control-Allow-Methods")
    assert "Authorization" in friend.header("Access-Control-Allow-Headers")
    assert "Origin" in friend.header("Vary")
    other = desk.send("OPTIONS", path, Origin="https://evil.example", Access_Control_Request_Method="POST")
    assert not [name for name in other.headers if name.startswith("access-control")]
    assert "Access-Control-Allow-Credentials" not in friend.headers


def test_a_friendly_page_may_post_a_query_and_others_may_not(desk, send) -> None:
    body = urlencode({"query": "ASK {}"}).encode()
    friend = desk.send("POST", "/sparql", (), body, Content_Type=FORM, Origin=FRIEND, Sec_Fetch_Site="cross-site")
    assert (friend.status, friend.header("Access-Control-Allow-Origin")) == (200, FRIEND)
    assert "Earthweave-Notice" in friend.header("Access-Control-Expose-Headers")
    assert (
        desk.send("POST", "/sparql", (), body, Content_Type=FORM, Origin="https://evil.example", Sec_Fetch_Site="cross-site").status == 403
    )
    assert send("POST", "/sparql", (), body, Content_Type=FORM, Origin=FRIEND, Sec_Fetch_Site="cross-site").status == 403
    assert "Access-Control-Allow-Origin" not in send("GET", "/sparql", {"query": "ASK {}"}, Origin=FRIEND).headers


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv", "geojson", "html", "kml"])
def test_answers_are_packed_for_who_can_unpack(send, format: str) -> None:
    query = {"query": "SELECT ?a ?b { ?a ?p ?x . ?b ?q ?y } LIMIT 300", "format": format}
    plain, packed = send("GET", "/sparql", query), send("GET", "/sparql", query, Accept_Encoding="br;q=1, gzip;q=0.5")
    assert (plain.header("Content-Encoding"), packed.header("Content-Encoding")) == ("", "gzip")
    assert len(packed.body) < len(plain.body) / 2
    unpacked = gzip.decompress(packed.body)
    if format in ("csv", "tsv"):
        assert sorted(unpacked.splitlines()) == sorted(plain.body.splitlines())
    assert "Accept-Encoding" in packed.header("Vary")
    assert int(packed.header("Content-Length")) == len(packed.body)
    assert send("GET", "/sparql", query, Accept_Encoding="gzip;q=0").header("Content-Encoding") == ""


def test_a_short_answer_is_not_worth_it(send) -> None:
    assert send("GET", "/sparql", {"query": "ASK {}"}, Accept_Encoding="gzip").json()["boolean"] is True


@pytest.mark.parametrize("parameters", [{"query": ALL}, {"query": "nonsense"}, ()])
def test_head_is_get_without_a_body(send, parameters) -> None:
    get, head = send("GET", "/sparql", parameters), send("HEAD", "/sparql", parameters)
    assert (head.status, head.body) == (get.status, b"")
    assert head.header("Content-Type") == get.header("Content-Type")


def test_options_tells_the_methods(send) -> None:
    assert set(send("OPTIONS", "/sparql").header("Allow").split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert set(send("OPTIONS", "/rdf-graph-store").header("Allow").split(", ")) == {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"}


ALIAS = """PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
SELECT ?a ?x WHERE { ?a geo:asWKT ?x FILTER(geof:sIntersects(?x, "POINT (0.5 0.5)"^^geo:wktLiteral)) }"""


@pytest.mark.parametrize("format", ["json", "xml", "html", "geojson", "kml", "arrow", "csv", "tsv", "kmz"])
def test_the_printed_slip_is_told_in_the_header_always_and_in_the_body_where_there_is_room(send, format: str) -> None:
    reply = send("GET", "/sparql", {"query": ALIAS, "format": format})
    assert any("sfIntersects" in value for value in reply.headers["earthweave-notice"])
    assert (b"sfIntersects" in reply.body) is (format not in ("csv", "tsv", "kmz"))


@pytest.mark.parametrize("format", ["turtle", "ntriples", "nquads", "trig", "jsonld", "rdfxml", "html"])
def test_a_cut_graph_says_so(send, format: str) -> None:
    reply = send("GET", "/sparql", {"query": "CONSTRUCT WHERE { ?s ?p ?o }", "format": format, "maxLimit": "3"})
    assert reply.header("Earthweave-Truncated") == "true"
    assert (b"truncated: the result was cut after 3 triples" in reply.body) is (format != "jsonld")
    assert format != "jsonld" or json.loads(reply.body)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * {\n  ?s a skoss:Concept }", ("line 2, column 8", "skos:")),
        (
            "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\nSELECT (geof:distanse(1, 2) AS ?d) {}",
            ("line 2", "geof:distance"),
        ),
    ],
)
def test_errors_tell_the_place_and_what_was_meant(send, query: str, told: tuple[str, str]) -> None:
    problem = send("GET", "/sparql", {"query": query}).json()
    assert problem["status"] == 400
    assert told[0] in problem["detail"]
    assert told[1] in problem["way_out"]
