"""Clients of Strabon, pages of other sites, packed answers, and the methods that only look."""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import unquote, urlencode
from xml.etree import ElementTree

import pytest

from earthweave.server.api import create_app
from earthweave.server.settings import EndpointSettings
from earthweave.server.store import Limits, open_store

FORM = "application/x-www-form-urlencoded"
LEVELS = """PREFIX ex: <http://example.org/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?level ?geo WHERE { ?x ex:level ?level ; geo:asWKT ?geo } ORDER BY ?level"""
TOKEN = "correct horse"
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
    reply = empty.write("POST", "/Strabon/Update", (), body, Content_Type=FORM, Accept="text/xml")
    # its Java client: any other status than 200 is a failure
    assert (reply.status, reply.header("Content-Type"), empty.count()) == (200, "text/xml; charset=utf-8", 1)
    assert ElementTree.fromstring(reply.body).tag == "response" and b"true" in reply.body
    assert reply.header("Earthweave-Generation")
    broken = empty.write("POST", "/Strabon/Update", (), form(query="INSERT DATA {"), Content_Type=FORM)
    assert (broken.status, broken.header("Content-Type")) == (400, "application/problem+json")


def test_strabons_java_client_sends_the_token_as_a_password_and_the_format_in_accept(empty) -> None:
    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    body = form(data=STATEMENT.decode(), graph="http://e/g")
    for wrong in (basic("endpoint:wrong"), basic(TOKEN), basic(f"{TOKEN}:"), "Basic ???", "Basic", basic("")):
        reply = empty.send("POST", "/Strabon/Store", (), body, Content_Type=FORM, Accept="text/plain", Authorization=wrong)
        assert (reply.status, reply.header("WWW-Authenticate").split()[0], empty.count()) == (401, "Bearer", 0)
    reply = empty.send("POST", "/Strabon/Store", (), body, Content_Type=FORM, Accept="text/plain", Authorization=basic(f"any:{TOKEN}"))
    assert (reply.status, empty.count()) == (200, 1)
    turtle = form(data="<a> <b> <c> .")
    assert empty.write("POST", "/Strabon/Store", (), turtle, Content_Type=FORM, Accept="text/turtle").status == 200
    assert empty.write("POST", "/Strabon/Store", (), turtle, Content_Type=FORM, Accept="*/*").status == 400


STATEMENT = b"<http://e/a> <http://e/b> <http://e/c> ."


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("N-Triples", STATEMENT.decode()),
        ("TURTLE", "<http://e/a> <http://e/b> <c> ."),
        ("TRIG", "<http://e/a> <http://e/b> <http://e/c> ."),
        ("RDF/XML", '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://e/"><rdf:Description '
         'rdf:about="http://e/a"><b rdf:resource="http://e/c"/></rdf:Description></rdf:RDF>'),
    ],
)
@pytest.mark.parametrize("graph", ["", "http://e/g"])
def test_strabons_store_takes_text(empty, format: str, data: str, graph: str) -> None:
    body = form(data=data, format=format, graph=graph, dsubmit="Store Input")
    assert (empty.send("POST", "/Strabon/Store", (), body, Content_Type=FORM).status, empty.count()) == (401, 0)
    reply = empty.write("POST", "/Strabon/Store", (), body, Content_Type=FORM)
    assert (reply.status, reply.body, empty.count()) == (200, b"Data stored successfully\n", 1)
    assert int(reply.header("Earthweave-Generation")) == empty.store.statistics().generation
    inside = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } }"
    assert empty.store.query(f"ASK {{ {inside} }}").boolean


@pytest.mark.parametrize(
    ("name", "kind", "format"), [("a.nt", "application/octet-stream", ""), ("a", "text/turtle", ""), ("a.txt", "", "N3")]
)
def test_strabons_store_takes_files(empty, name: str, kind: str, format: str) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
    more = f'\r\n--b\r\nContent-Disposition: form-data; name="format"\r\n\r\n{format}\r\n--b--\r\n'.encode()
    reply = empty.write("POST", "/Strabon/Store", (), head + STATEMENT + more, Content_Type="multipart/form-data; boundary=b")
    assert (reply.status, empty.count()) == (200, 1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"data": "x"}, 400),
        ({"data": "x", "format": "csv"}, 400),
        ({"data": "oops", "format": "N-Triples"}, 400),
        ({"data": STATEMENT.decode(), "format": "N-Triples", "graph": "g"}, 400),
        ({"url": "http://192.0.2.1/x.nt"}, 403),
        ({"url": "file:///etc/passwd"}, 403),
        ({"url": "file:///a> ; CLEAR ALL #"}, 400),
        ({"url": "file:///a.nt", "graph": "http://e/g> ; CLEAR ALL #"}, 400),
    ],
)
def test_strabons_store_refuses(empty, fields: dict[str, str], status: int) -> None:
    empty.store.update("INSERT DATA { <http://e/kept> <http://e/b> 1 }")
    reply = empty.write("POST", "/Strabon/Store", (), form(**fields), Content_Type=FORM)
    assert (reply.status, empty.count()) == (status, 1)


def test_strabons_store_loads_below_the_roots(tmp_path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_bytes(b"<> <http://e/b> <b> .")
    url = (tmp_path / "data/a.ttl").as_uri()
    with open_store(tmp_path / "store", limits=Limits(load_roots=str(tmp_path / "data"))) as store:
        client = create_app(store, endpoint=EndpointSettings(update_token="t")).test_client()
        body = {"url": url, "fromurl": "Store from URI", "graph": "http://e/g"}
        reply = client.post("/Strabon/Store", data=body, headers={"Authorization": "Bearer t"})
        assert (reply.status_code, int(reply.headers["Earthweave-Generation"])) == (200, store.statistics().generation)
        assert store.query(f"ASK {{ GRAPH <http://e/g> {{ <{url}> ?p <{url.replace('a.ttl', 'b')}> }} }}").boolean


def test_strabons_map_is_a_link_and_its_time_map_a_refusal(send) -> None:
    reply = send("GET", "/Strabon/Query", {"query": LEVELS, "handle": "map", "format": "KML"})
    path, _, fragment = reply.header("Location").partition("#query=")
    assert (reply.status, path, unquote(fragment)) == (303, "/", LEVELS)
    for handle in ("bogus", "map_local"):
        unknown = send("GET", "/Strabon/Query", {"query": LEVELS, "handle": handle})
        assert (unknown.status, handle in unknown.json()["title"] + unknown.json()["detail"]) == (400, True)
        assert "plain, download, map" in unknown.json()["way_out"]
    refused = send("GET", "/Strabon/Query", {"query": LEVELS, "handle": "timemap"})
    assert (refused.status, refused.json()["code"]) == (501, "unsupported")
    assert "handle=map" in refused.json()["way_out"]


@pytest.mark.parametrize("format", ["json", "html", "xml"])
def test_a_misspelt_class_or_property_is_told_with_what_was_meant(empty, format: str) -> None:
    empty.store.update("INSERT DATA { <http://e/a> a <http://e/FloodedArea> ; <http://e/level> 3 }")
    for text, meant in (("?s a <http://e/FlodedArea>", "FloodedArea"), ("?s <http://e/levle> ?o", "http://e/level")):
        reply = empty.send("GET", "/sparql", {"query": f"SELECT * {{ {text} }}", "format": format})
        told = [value for value in reply.headers["earthweave-notice"] if value.startswith("unknown-term: ")]
        assert len(told) == 1 and meant in told[0]
        assert meant.encode() in reply.body


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
