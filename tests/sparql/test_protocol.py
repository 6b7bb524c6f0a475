"""The SPARQL 1.1 Protocol over real HTTP."""

from __future__ import annotations

import io
import json
from urllib.parse import urlencode

import pytest
import rdflib
from rdflib.query import Result

SELECT = "SELECT ?o WHERE { <http://example.org/a> ?p ?o }"
ASK = "ASK { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = <http://example.org/p1>) }"
LEVELS = """PREFIX ex: <http://example.org/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?level ?geo WHERE { ?x ex:level ?level OPTIONAL { ?x geo:asWKT ?geo } } ORDER BY ?level"""
FORM = "application/x-www-form-urlencoded"


def test_three_ways_to_ask_give_one_answer(send) -> None:
    get = send("GET", parameters={"query": SELECT})
    form = send("POST", body=urlencode({"query": SELECT}).encode(), Content_Type=FORM)
    direct = send("POST", body=SELECT.encode(), Content_Type="application/sparql-query; charset=utf-8")
    bindings = [sorted(json.dumps(one) for one in reply.json()["results"]["bindings"]) for reply in (get, form, direct)]
    assert [reply.status for reply in (get, form, direct)] == [200, 200, 200]
    assert len(bindings[0]) == 12
    assert bindings[0] == bindings[1] == bindings[2]


@pytest.mark.parametrize(("accept", "content_type", "parser"), [
    ("application/sparql-results+json", "application/sparql-results+json", "json"),
    ("application/json", "application/json", "json"),
    ("application/sparql-results+xml", "application/sparql-results+xml", "xml"),
    ("text/csv", "text/csv; charset=utf-8", "csv"),
    ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8", "tsv"),
])
def test_results_are_read_by_rdflib(send, filled, accept: str, content_type: str, parser: str) -> None:
    query = "SELECT ?s ?level WHERE { ?s <http://example.org/level> ?level } ORDER BY ?level"
    reply = send("GET", parameters={"query": query}, Accept=accept)
    assert reply.header("Content-Type") == content_type
    bindings = Result.parse(io.BytesIO(reply.body), format=parser).bindings
    found = [tuple(str(row[rdflib.Variable(name)]) for name in ("s", "level")) for row in bindings]
    table = filled.query(query).table
    wanted = [tuple(cell["value"] for cell in row) for row in zip(*(table[name].to_pylist() for name in ("s", "level")), strict=True)]
    assert found == wanted
    assert len(wanted) == 4


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD reader uses it
@pytest.mark.parametrize(("format", "parser"), [("turtle", "turtle"), ("ntriples", "nt"), ("jsonld", "json-ld"), ("rdfxml", "xml")])
def test_graphs_are_read_by_rdflib(send, format: str, parser: str) -> None:
    reply = send("GET", parameters={"query": CONSTRUCT, "format": format}, Accept="text/html")
    assert reply.status == 200
    graph = rdflib.Graph().parse(data=reply.body, format=parser)
    assert (rdflib.URIRef("http://example.org/p1"), rdflib.URIRef("http://example.org/level"), rdflib.Literal(3)) in graph
    assert len(graph) == 2


def test_geojson_has_features_notices_and_a_name(send) -> None:
    reply = send("GET", parameters={"query": LEVELS}, Accept="application/geo+json")
    found = reply.json()
    assert [feature["properties"] for feature in found["features"]] == [{"level": 3}, {"level": 9}, {"level": 12}, {"level": 15}]
    assert found["features"][1]["geometry"]["coordinates"] == [23.5, 38.0]
    assert [feature["geometry"] is None for feature in found["features"]] == [False, False, True, True]
    codes = [value.split(":")[0] for value in reply.headers["earthweave-notice"]]
    assert {"rows-without-geometry", "unreadable-geometry"} <= set(codes)
    assert reply.header("Content-Disposition") == 'inline; filename="result.geojson"'


def test_every_answer_varies_by_accept_and_runs_nothing(send) -> None:
    for parameters in ({"query": SELECT}, {"query": "nonsense"}):
        reply = send("GET", parameters=parameters)
        assert set(reply.header("Vary").split(", ")) == {"Accept", "Accept-Encoding"}
        assert reply.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert reply.header("X-Content-Type-Options") == "nosniff"


def test_the_format_parameter_wins_over_accept(send) -> None:
    reply = send("GET", parameters={"query": SELECT, "format": "csv"}, Accept="application/json")
    assert reply.header("Content-Type") == "text/csv; charset=utf-8"
    assert b"'=1+1" in reply.body


def test_ask_answers(send) -> None:
    assert send("GET", parameters={"query": ASK}).json()["boolean"] is True


@pytest.mark.parametrize(("parameters", "accept", "status", "code"), [
    ({"query": SELECT}, "image/png", 406, "not-acceptable"),
    ({"query": SELECT}, "text/turtle", 406, "not-acceptable"),
    ({"query": CONSTRUCT}, "text/csv", 406, "not-acceptable"),
    ({"query": SELECT, "format": "turtle"}, "*/*", 406, "not-acceptable"),
    ({"query": SELECT, "format": "doc"}, "*/*", 400, "bad-parameter"),
    ({"query": "SELECT * WHERE {"}, "*/*", 400, "bad-query"),
    ({"query": SELECT, "timeout": "soon"}, "*/*", 400, "bad-parameter"),
    ({"query": SELECT, "timeout": "-1"}, "*/*", 400, "bad-parameter"),
    ({"query": SELECT, "timeout": "nan"}, "*/*", 400, "bad-parameter"),
    ({"query": SELECT, "timeout": "0.05"}, "*/*", 400, "bad-parameter"),
    ({"query": SELECT, "default-graph-uri": "not an iri"}, "*/*", 400, "bad-parameter"),
    ({"query": LEVELS, "format": "geojson", "geometry": "level"}, "*/*", 400, "bad-parameter"),
    ({}, "*/*", 400, "bad-query"),
    ([("query", SELECT), ("query", ASK)], "*/*", 400, "bad-query"),
    ({"update": "CLEAR ALL"}, "*/*", 403, "forbidden"),
    ({"query": "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"}, "*/*", 403, "forbidden"),
    ({"query": "SELECT " + " " * 70_000 + "* {}"}, "*/*", 413, "size-limit"),
])
def test_refusals_have_one_shape(send, parameters, accept: str, status: int, code: str) -> None:
    reply = send("POST", body=urlencode(parameters).encode(), Content_Type=FORM, Accept=accept)
    problem = reply.json()
    assert (reply.status, problem["status"], problem["code"]) == (status, status, code)
    assert reply.header("Content-Type") == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail", "code", "why", "way_out"}
    assert problem["type"].endswith(f"#{code}")
    assert problem["detail"]
    assert problem["way_out"]


@pytest.mark.parametrize(("body", "content_type", "status", "code"), [
    (b"CLEAR ALL", "application/sparql-update", 403, "forbidden"),
    (b"update=CLEAR+ALL", FORM, 403, "forbidden"),
    (b"\xff\xfe", "application/sparql-query", 400, "bad-query"),
    (b"<x/>", "text/xml", 415, "unsupported-media-type"),
    (b"", "", 415, "unsupported-media-type"),
    (b"x" * 600_000, "application/sparql-query", 413, "size-limit"),
])
def test_bodies_that_are_refused(send, filled, body: bytes, content_type: str, status: int, code: str) -> None:
    before = filled.statistics()
    reply = send("POST", body=body, Content_Type=content_type)
    assert (reply.status, reply.json()["code"]) == (status, code)
    assert filled.statistics() == before


def test_other_methods_are_refused_with_the_allowed_ones(send) -> None:
    reply = send("DELETE")
    assert (reply.status, reply.json()["code"]) == (405, "method-not-allowed")
    assert "POST" in reply.header("Allow")


def test_the_dataset_can_be_chosen(send) -> None:
    def count(**parameters: str) -> int:
        reply = send("GET", parameters={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", **parameters})
        return int(reply.json()["results"]["bindings"][0]["n"]["value"])

    assert count(**{"default-graph-uri": "http://example.org/graph"}) == 1
    assert count(**{"default-graph-uri": "http://example.org/nowhere"}) == 0
    assert count() > 10


def test_a_timeout_only_lowers_the_limit(send) -> None:
    bomb = "SELECT (COUNT(*) AS ?n) WHERE { " + " ".join(f"?s{i} ?p{i} ?o{i} ." for i in range(9)) + " }"
    reply = send("GET", parameters={"query": bomb, "timeout": "0.5"})
    assert (reply.status, reply.json()["code"]) == (503, "deadline")
    assert send("GET", parameters={"query": ASK, "timeout": "1e9"}).status == 200


def test_a_printed_misspelling_runs_with_a_notice(send) -> None:
    query = """PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
    SELECT ?a WHERE { ?a geo:asWKT ?x FILTER(geof:sIntersects(?x, "POINT (0.5 0.5)"^^geo:wktLiteral)) }"""
    reply = send("GET", parameters={"query": query})
    assert [binding["a"]["value"] for binding in reply.json()["results"]["bindings"]] == ["http://example.org/p1"]
    assert any("sfIntersects" in value for value in reply.headers["earthweave-notice"])
    assert any("sfIntersects" in notice["text"] for notice in reply.json()["earthweave"]["notices"])
    assert all(value.isascii() for value in reply.headers["earthweave-notice"])


def test_a_cut_result_says_so(filled, send) -> None:
    from dataclasses import replace

    from flask import Flask

    from earthweave.server.sparql import blueprint, install_problems

    app = Flask("cut", static_folder=None)
    install_problems(app)
    app.register_blueprint(blueprint(filled, replace(filled.limits, query_rows=3)))
    with app.test_client() as client:
        reply = client.get("/sparql", query_string={"query": SELECT})
    assert reply.headers["Earthweave-Truncated"] == "true"
    assert len(reply.json["results"]["bindings"]) == 3
    assert reply.json["earthweave"]["truncated"] is True
    assert "Earthweave-Truncated" not in send("GET", parameters={"query": SELECT}).headers
