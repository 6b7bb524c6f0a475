"""Content negotiation: q-values, aliases, the override, and what cannot be served."""

from __future__ import annotations

import time

import pytest

from earthweave.ontology import NotAcceptableError, ParameterError
from earthweave.server.results import FORMATS, named_format
from earthweave.server.sparql import content_type, negotiate

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(("accept", "kind", "name"), [
    ("", "table", "json"),
    ("*/*", "table", "json"),
    ("*/*", "graph", "turtle"),
    ("*/*", "boolean", "json"),
    ("text/csv", "table", "csv"),
    ("text/csv;q=0.5, text/tab-separated-values;q=0.6", "table", "tsv"),
    ("application/json", "table", "json"),
    ("application/json", "graph", "jsonld"),
    ("text/*", "graph", "turtle"),
    ("application/geo+json, */*;q=0.1", "table", "geojson"),
    ("application/sparql-results+json;q=0, application/json;q=0, */*;q=0.5", "boolean", "xml"),
    ("APPLICATION/SPARQL-RESULTS+XML", "boolean", "xml"),
    (BROWSER, "table", "html"),
    (BROWSER, "graph", "html"),
])
def test_the_best_liked_format_that_fits_wins(accept: str, kind: str, name: str) -> None:
    assert negotiate(accept, kind).name == name


@pytest.mark.parametrize(("accept", "kind"), [
    ("image/png", None), ("*/*;q=0", None),
    ("image/png", "table"), ("text/csv", "graph"), ("text/turtle", "table"), ("text/csv", "boolean"),
])
def test_what_cannot_be_served_is_refused(accept: str, kind: str | None) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        negotiate(accept, kind)
    assert "ask for one of" in caught.value.way_out


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_every_format_is_found_by_name_and_by_each_media_type_alone(format) -> None:
    assert named_format(format.name) is format
    assert named_format(format.media_type.upper()) is format
    for media_type in format.media_types:
        for kind in format.kinds:
            assert negotiate(media_type, kind) is format
            assert content_type(format, media_type).split(";")[0] == media_type


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ParameterError) as caught:
        named_format("shapefile")
    assert "geojson (application/geo+json)" in caught.value.way_out


GML = '<gml:Point xmlns:gml=\\"http://www.opengis.net/gml/3.2\\"><gml:pos>'


@pytest.mark.parametrize("format", ["geojson", "kml", "kmz"])
def test_geometries_for_maps_are_read_before_the_deadline_and_not_in_this_process(send, format: str) -> None:
    text = f"""SELECT (STRDT(CONCAT("{GML}", STR(?a), ".", STR(?b), " 1</gml:pos></gml:Point>"),
        <http://www.opengis.net/ont/geosparql#gmlLiteral>) AS ?g)
        {{ VALUES ?a {{ {" ".join(map(str, range(150)))} }} VALUES ?b {{ {" ".join(map(str, range(600)))} }} }}"""
    start = time.monotonic()
    reply = send("POST", "/sparql", {"format": format, "timeout": 1.5}, text.encode(), Content_Type="application/sparql-query")
    assert (reply.status, reply.json()["code"]) == (503, "deadline") and time.monotonic() - start < 5
    reply = send("POST", "/sparql", {"format": format, "maxLimit": 10}, text.encode(), Content_Type="application/sparql-query")
    assert (reply.status, reply.header("Earthweave-Truncated")) == (200, "true")
    assert "unreadable" not in reply.header("Earthweave-Notice")
