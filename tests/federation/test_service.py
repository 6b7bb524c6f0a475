"""SERVICE over real HTTP: three endpoints answer as one store with all of their data does, and what fails fails as it should."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import DeadlineError, EarthweaveError, EndpointError, ForbiddenError
from earthweave.server.api import create_app
from earthweave.server.federation import allowed_endpoints
from earthweave.server.store import Answer, Limits, Store, open_store

HEAD = """PREFIX : <http://e/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def ring(x: float, y: float, size: float, corners: int = 8) -> str:
    points = [(x + size * math.cos(2 * math.pi * i / corners), y + size * math.sin(2 * math.pi * i / corners)) for i in range(corners)]
    text = ", ".join(f"{px:.4f} {py:.4f}" for px, py in [*points, points[0]])
    return f'"POLYGON (({text}))"^^geo:wktLiteral'


FLOODS = HEAD + "".join(f":flood{i} a :Flood ; :day {i % 5} ; geo:hasGeometry :fg{i} .\n"
                        f":fg{i} geo:asWKT {ring(i % 6 + 0.3, i // 6 + 0.4, 0.35)} .\n" for i in range(24))
UNITS = HEAD + "".join(f':unit{i} a :Unit ; :name "Unit {i}"@en ; '
                       f'geo:hasGeometry [ geo:asWKT {ring(i % 3 * 2 + 1, i // 3 * 2 + 1, 1.2)} ] .\n' for i in range(6))
OSM = HEAD + "".join(f':osm{i} a :School ; :in :unit{i % 7} ; :pupils {50 + i} ; geo:hasGeometry [ geo:asWKT '
                     f'"POINT ({(i * 0.37) % 6:.3f} {(i * 0.61) % 4:.3f})"^^geo:wktLiteral ] .\n' for i in range(60))


@pytest.fixture(scope="module")
def addresses(serve: Callable[[str], str]) -> dict[str, str]:
    return {"units": serve(UNITS), "osm": serve(OSM)}


def opened(folder: Path, turtle: str, allow: str = "", **limits: Any) -> Store:
    (folder / "data.ttl").write_text(turtle, "utf-8")
    store = open_store(folder / "store", remote=allowed_endpoints(allow, 20.0), limits=Limits(**limits))
    store.load([folder / "data.ttl"])
    return store


@pytest.fixture(scope="module")
def floods(addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(tmp_path_factory.mktemp("floods"), FLOODS, ",".join(addresses.values())) as store:
        yield store


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    prologue = HEAD.count("\n")
    whole = "\n".join([FLOODS, *(part.split("\n", prologue)[prologue] for part in (UNITS, OSM))])
    with opened(tmp_path_factory.mktemp("merged"), whole) as store:
        yield store


def rows(answer: Answer) -> Counter[tuple[Any, ...]]:
    return Counter(tuple((cell["value"], cell["datatype"]) if cell else None for cell in row.values()) for row in answer.table.to_pylist())


QUERIES = {
    "floods in units with schools": """SELECT ?flood ?unit ?name ?school {
        ?flood a :Flood ; geo:hasGeometry/geo:asWKT ?f
        @units { ?unit a :Unit ; :name ?name ; geo:hasGeometry/geo:asWKT ?u }
        @osm { ?school a :School ; :in ?unit ; geo:hasGeometry/geo:asWKT ?s }
        FILTER(geof:sfIntersects(?f, ?u) && geof:sfWithin(?s, ?f)) }""",
    "pupils of flooded units": """SELECT ?unit (SUM(?pupils) AS ?sum) (COUNT(*) AS ?n) {
        { SELECT DISTINCT ?unit { ?flood a :Flood ; :day 2 ; geo:hasGeometry/geo:asWKT ?f
          @units { ?unit a :Unit ; geo:hasGeometry/geo:asWKT ?u } FILTER(geof:sfIntersects(?f, ?u)) } }
        @osm { ?school :in ?unit ; :pupils ?pupils } } GROUP BY ?unit""",
    "a unit nobody knows": """SELECT ?school ?unit ?name { @osm { ?school :in ?unit ; :pupils ?n FILTER(?n > 90) }
        OPTIONAL { @units { ?unit :name ?name } } }""",
    "dry schools": """SELECT ?school { @osm { ?school a :School ; geo:hasGeometry/geo:asWKT ?s }
        FILTER NOT EXISTS { ?flood a :Flood ; geo:hasGeometry/geo:asWKT ?f FILTER(geof:sfContains(?f, ?s)) } }""",
}


@pytest.mark.parametrize("name", QUERIES)
def test_three_stores_answer_as_one(floods: Store, merged: Store, addresses: dict[str, str], name: str) -> None:
    text = HEAD + QUERIES[name]
    expected = rows(merged.query(text.replace("@units", "").replace("@osm", "")))
    for place, address in addresses.items():
        text = text.replace(f"@{place}", f"SERVICE <{address}>")
    assert expected
    assert rows(floods.query(text)) == expected
    assert rows(floods.query(text, limits=Limits(service_batch=2))) == expected


def test_explain_tells_calls_and_solutions(floods: Store, addresses: dict[str, str]) -> None:
    text = f"SELECT * {{ VALUES ?unit {{ :unit1 :unit2 :nowhere }} SERVICE <{addresses['osm']}> {{ ?school :in ?unit }} }}"
    plan = floods.query(HEAD + text, explain=True, limits=Limits(service_batch=2)).plan
    assert plan and "2 call(s), 3 solutions sent in VALUES, 18 solutions" in plan["text"]


def test_an_update_may_ask_too(addresses: dict[str, str], tmp_path: Path) -> None:
    with opened(tmp_path, HEAD + ":unit1 a :Watched .", addresses["units"]) as store:
        store.update(HEAD + f"INSERT {{ ?u :name ?n }} WHERE {{ ?u a :Watched SERVICE <{addresses['units']}> {{ ?u :name ?n }} }}")
        assert [value for ((value, _),) in rows(store.query(HEAD + "SELECT ?n { :unit1 :name ?n }"))] == ["Unit 1"]
        with pytest.raises(ForbiddenError):
            store.update(HEAD + "INSERT { ?u :x ?n } WHERE { SERVICE <http://127.0.0.1:9/> { ?u :name ?n } }")


@pytest.fixture(scope="module")
def one(odd: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Answer]]:
    """Ask a store with one triple, which may call the misbehaving endpoint by its path."""
    with opened(tmp_path_factory.mktemp("one"), HEAD + ":a :p 1 .", f"{odd}/,http://127.0.0.1:9/", service_bytes=100_000) as store:

        def ask(path: str, silent: str = "", **limits: Any) -> Answer:
            address = path if not path.startswith("/") else odd + path
            text = f"{HEAD}SELECT * {{ ?s :p ?o SERVICE {silent} <{address}> {{ ?s :q ?v }} }}"
            return store.query(text, limits=Limits(**limits) if limits else None)

        yield ask


FAILING: dict[str, type[EarthweaveError]] = {
    "http://127.0.0.1:9/": EndpointError, "http://192.0.2.1/": ForbiddenError, "/flood": EndpointError, "/page": EndpointError,
    "/away": ForbiddenError, "/short": EndpointError, "/refuse": EndpointError, "urn:x:y": ForbiddenError, "/endless": EndpointError,
    "/bomb": EndpointError, "/cut": EndpointError, "/round": EndpointError, "/nested": EndpointError, "/empty": EndpointError,
    "/latin": EndpointError, "/headers": EndpointError, "/busy": EndpointError,
}


@pytest.mark.parametrize("path", FAILING)
def test_failures_are_told_by_their_kind_and_silence_passes_over_them(one: Callable[..., Answer], path: str) -> None:
    assert one("/good").table.num_rows == 1
    with pytest.raises(FAILING[path]):
        one(path)
    answer = one(path, "SILENT")
    assert answer.table.num_rows == 1 and [notice.code for notice in answer.notices] == ["service"]


REASONS = [
    ("/refuse", 502, "endpoint-failed", "not for you"), ("/page", 502, "endpoint-failed", "no SPARQL JSON result"),
    ("/short", 502, "endpoint-failed", "ended too early"), ("http://127.0.0.1:9/", 502, "endpoint-failed", "refused"),
    ("http://192.0.2.1/", 403, "forbidden", "service_allow"), ("/away", 403, "forbidden", "another host"),
    ("/flood", 502, "endpoint-failed", "service_bytes is 100,000"), ("/endless", 502, "endpoint-failed", "service_bytes"),
    ("/bomb", 502, "endpoint-failed", "gzip"), ("/cut", 502, "endpoint-failed", "no JSON at character"),
    ("/round", 502, "endpoint-failed", "HTTP status 302"), ("/latin", 502, "endpoint-failed", "UTF-8"),
    ("/nested", 502, "endpoint-failed", "JSON"),
    ("/many", 502, "endpoint-failed", "service_rows"), ("/drip", 503, "deadline", "remote_deadline"),
    ("/silent", 503, "deadline", "remote_deadline"), ("/slow-headers", 503, "deadline", "remote_deadline"),
]


@pytest.fixture(scope="module")
def wary(odd: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The web face of a store that may call the misbehaving endpoint, with small limits."""
    folder = tmp_path_factory.mktemp("wary")
    (folder / "data.ttl").write_text(HEAD + ":a :p 1 .", "utf-8")
    remote = allowed_endpoints(f"{odd}/,http://127.0.0.1:9/", 1.0)
    with open_store(folder / "store", remote=remote, limits=Limits(service_bytes=100_000, service_rows=100)) as store:
        store.load([folder / "data.ttl"])
        yield create_app(store).test_client()


@pytest.mark.parametrize(("path", "status", "code", "told"), REASONS)
def test_over_http_status_and_reason_are_those_of_the_endpoint(odd: str, wary: Any, path: str, status: int, code: str, told: str) -> None:
    address = path if not path.startswith("/") else odd + path
    query = f"{HEAD}SELECT * {{ ?s :p ?o SERVICE <{address}> {{ ?s :q ?v }} }}"
    start = time.monotonic()
    reply = wary.get("/sparql", query_string={"query": query})
    problem = reply.get_json()
    assert (reply.status_code, problem["status"], problem["code"]) == (status, status, code)
    words = " ".join((problem["detail"], problem["why"], problem["way_out"]))
    assert told in words and address in words
    assert time.monotonic() - start < 8
    assert wary.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"}).status_code == 200


@pytest.mark.parametrize("path", ["/silent", "/drip"])
@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_the_deadline_of_the_query_holds_whatever_an_endpoint_does(one: Callable[..., Answer], path: str, silent: str) -> None:
    one("/good")
    start = time.monotonic()
    with pytest.raises(DeadlineError):
        one(path, silent, query_deadline=1.0)
    assert time.monotonic() - start < 2.5
    assert one("/good").table.num_rows == 1


def test_no_list_no_call(tmp_path: Path, odd: str) -> None:
    with opened(tmp_path, HEAD + ":a :p 1 .") as store:
        with pytest.raises(ForbiddenError, match="SERVICE") as refused:
            store.query(f"{HEAD}SELECT * {{ ?s :p ?o SERVICE <{odd}/good> {{ ?s :q ?v }} }}")
        assert "service_allow" in refused.value.way_out
        answer = store.query(f"{HEAD}SELECT * {{ ?s :p ?o SERVICE SILENT <{odd}/good> {{ ?s :q ?v }} }}")
        assert answer.table.num_rows == 1 and answer.notices
