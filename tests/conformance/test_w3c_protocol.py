"""The W3C tests of Protocol, Graph Store HTTP Protocol and Service Description over real HTTP; what fails is known by name and reason."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.conformance import protocol

KNOWN: dict[str, str] = {}
SIZES = (34, 4, 9, 3)


@pytest.fixture(scope="module")
def found(shared: Path) -> dict[str, dict[str, str]]:
    return protocol.results(shared / "suites/w3c-sparql/sparql/sparql11")


def test_the_endpoint_passes_all_but_what_is_known(found: dict[str, dict[str, str]]) -> None:
    assert tuple(len(one) for one in found.values()) == SIZES
    assert {case: why for one in found.values() for case, why in one.items() if why} == KNOWN


def test_the_page_tells_the_result(found: dict[str, dict[str, str]]) -> None:
    assert protocol.BEGIN + protocol.table(found) + protocol.END in protocol.PAGE.read_text("utf-8")


def test_the_comparison_tells_replies_apart() -> None:
    turtle = {"content-type": "text/turtle; charset=utf-8"}
    request = protocol.Request("GET", "/", {}, None, ("StatusCode2xx", "OK"), None, "RDF", turtle["content-type"], b"<a> <b> [] .", "")
    assert protocol.wrong(request, protocol.Reply(200, turtle, b"<http://www.example/a> <http://www.example/b> _:x .")) == ""
    for status, headers, body, why in (
        (404, turtle, b"", "status"),
        (200, {"content-type": "text/csv"}, b"", "no RDF format"),
        (200, turtle, b"<a> <b> <c> .", "another graph"),
        (200, {"content-type": "text/turtle"}, b"", "content type"),
    ):
        assert why in protocol.wrong(request, protocol.Reply(status, headers, body))
    asked = protocol.Request("GET", "/", {}, None, ("NotFound", "StatusCode3xx", "OK"), True, "boolean", "", None, "")
    json = {"content-type": "application/sparql-results+json"}
    assert protocol.wrong(asked, protocol.Reply(200, json, b'{"boolean": true}')) == ""
    assert protocol.wrong(asked, protocol.Reply(200, json, b'{"boolean": false}')) == "not True"
    assert protocol.wrong(asked, protocol.Reply(500, json, b"")).startswith("status 500")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("", ""),
        ("[] sd:endpont <x> .", "no property"),
        ("[] sd:extensionFunction <x> .", "no Function"),
        ("[] sd:endpoint 'x' .", "no IRI"),
        ("[] a sd:Service .", "2 services"),
    ],
)
def test_the_vocabulary_is_known(more: str, why: str) -> None:
    text = (
        f"@prefix sd: <http://www.w3.org/ns/sparql-service-description#> . @base <http://e/> . [] a sd:Service ; sd:endpoint <y> . {more}"
    )
    assert why in protocol.misused([quad.triple for quad in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)])
    assert bool(protocol.misused([quad.triple for quad in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)])) is bool(why)
