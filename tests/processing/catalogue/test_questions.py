"""What is asked of catalogues: texts that cannot break out of their quotes, and the same requests that an independent client sends."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import Interval, ParameterError
from earthweave.processing.catalogue import FinderCatalogue, Found, HubCatalogue, Search, StacCatalogue, matches, odata_filter
from tests.conftest import absent

from .conftest import Desk

MARCH = Interval.parse("2021-03-15", "2021-03-26")
FIJI = shapely.MultiPolygon([shapely.box(177, -20, 180, -15), shapely.box(-180, -20, -178, -15)])
NOTHING: dict[str, Any] = {"value": [], "features": [], "feed": {}, "conformsTo": []}


def literals(text: str) -> tuple[list[str], str]:
    """String literals of an OData expression (OData 4.01 ABNF: quotes inside are doubled), and what is left of it."""
    found = re.findall(r"'((?:[^']|'')*)'", text)
    return [one.replace("''", "'") for one in found], re.sub(r"'(?:[^']|'')*'", "?", text)


@given(collection=st.text(min_size=1), product_type=st.text(min_size=1))
def test_texts_stay_in_their_quotes(collection: str, product_type: str) -> None:
    collection, shape = f"x{collection}", odata_filter(Search("x", product_type="y"))
    told, left = literals(odata_filter(Search(collection, product_type=product_type)))
    assert (told, left) == ([collection, "productType", product_type], literals(shape)[1])


def test_the_filter_says_all_that_is_asked() -> None:
    search = Search("SENTINEL-2", shapely.box(150.6, -33.8, 150.9, -33.5), MARCH, 20, "L1C")
    assert odata_filter(search) == (
        "Collection/Name eq 'SENTINEL-2' and OData.CSC.Intersects(area=geography'SRID=4326;POLYGON ((150.9 -33.8, 150.9 -33.5, "
        "150.6 -33.5, 150.6 -33.8, 150.9 -33.8))') and ContentDate/Start lt 2021-03-26T00:00:00Z and "
        "ContentDate/End ge 2021-03-15T00:00:00Z and Attributes/OData.CSC.StringAttribute/any(att:att/Name eq 'productType' and "
        "att/OData.CSC.StringAttribute/Value eq 'S2MSI1C') and Attributes/OData.CSC.DoubleAttribute/any(att:att/Name eq 'cloudCover' and "
        "att/OData.CSC.DoubleAttribute/Value le 20.00)"
    )
    assert "contains(Name,'GRD')" in odata_filter(Search("sentinel-1", product_type="GRD"))
    assert odata_filter(Search("Sentinel1")).startswith("Collection/Name eq 'SENTINEL-1'")


def test_areas_across_the_antimeridian_and_large_ones() -> None:
    assert odata_filter(Search("", FIJI)).count("OData.CSC.Intersects") == 2
    desk = Desk(lambda path, said: NOTHING)
    list(StacCatalogue("https://c.example", desk).search(Search(area=FIJI)))
    assert dict(desk.asked[0][1])["bbox"] == "177,-20,-178,-15"
    circle = shapely.Point(10, 50).buffer(1, quad_segs=200)
    sent = shapely.from_wkt(literals(odata_filter(Search("", circle)))[0][0].removeprefix("SRID=4326;"))
    assert shapely.covers(sent.buffer(1e-6), circle)
    assert shapely.get_num_coordinates(sent) <= 60


@pytest.mark.parametrize("shift", [0, 180])
def test_very_many_parts_are_sent_as_their_hull(shift: int) -> None:
    islands = [shapely.Point(shift + lon, lat).buffer(0.3) for lon in range(-20, 20, 4) for lat in range(-40, 40, 4)]
    search = Search("", shapely.MultiPolygon(islands))
    sent = [shapely.from_wkt(one.removeprefix("SRID=4326;")) for one in literals(odata_filter(search))[0]]
    assert len(sent) == (2 if shift else 1)
    assert shapely.covers(shapely.union_all(sent).buffer(1e-6), search.area)
    assert sum(map(shapely.area, sent)) < 41 * 81
    assert len(odata_filter(search)) < 4000


@given(st.text())
def test_texts_of_hub_queries_stay_in_their_quotes(text: str) -> None:
    desk = Desk(lambda path, said: NOTHING)
    list(HubCatalogue("https://c.example", desk).search(Search(f"x{text}")))
    query = dict(desk.asked[0][1])["q"]
    [told] = re.findall(r'^platformname:"((?:[^"\\]|\\.)*)"$', query, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", told, flags=re.DOTALL) == f"x{text}"


def test_collections_cannot_leave_their_place_in_an_address() -> None:
    desk = Desk(lambda path, said: NOTHING)
    list(FinderCatalogue("https://c.example/api", desk).search(Search("../../admin?x=")))
    assert desk.asked[0][0] == "https://c.example/api/collections/..%2F..%2Fadmin%3Fx%3D/search.json"


def test_finder_parameters() -> None:
    desk = Desk(lambda path, said: NOTHING)
    search = Search("SENTINEL-2", shapely.box(0, 0, 1, 1), MARCH, 20, "L2A", limit=7)
    list(FinderCatalogue("https://c.example/api", desk).search(search))
    url, params = desk.asked[0]
    assert url == "https://c.example/api/collections/Sentinel2/search.json"
    assert dict(params) == {
        "startDate": "2021-03-15T00:00:00Z", "completionDate": "2021-03-26T00:00:00Z",
        "geometry": "POLYGON ((1 0, 1 1, 0 1, 0 0, 1 0))", "cloudCover": "[0,20]", "maxRecords": "7", "sortParam": "startDate",
        "sortOrder": "ascending", "page": "1",
    }  # fmt: skip


def test_a_mission_that_is_split_needs_a_name() -> None:
    with pytest.raises(ParameterError, match="no one collection for SENTINEL-5P"):
        StacCatalogue("https://c.example", Desk(lambda path, said: NOTHING)).search(Search("SENTINEL-5P"))


@pytest.mark.parametrize("conforms", ["query", "filter", "neither"])
def test_clouds_are_asked_in_the_language_of_the_service(conforms: str) -> None:
    classes = {"query": ["https://api.stacspec.org/v1.0.0/item-search#query"], "neither": [], "filter": [
        "https://api.stacspec.org/v1.0.0-rc.2/item-search#filter", "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"]}  # fmt: skip
    desk = Desk(lambda path, said: {**NOTHING, "conformsTo": classes[conforms]})
    client = StacCatalogue("https://c.example", desk)
    for _ in range(2):
        list(client.search(Search(cloud_cover=12.5)))
    assert len(desk.asked) == 3, "the landing page is read once"
    said = dict(desk.asked[1][1])
    expected = {"query": {"query": '{"eo:cloud_cover": {"lte": 12.5}}'}, "neither": {},
                "filter": {"filter": "eo:cloud_cover <= 12.5", "filter-lang": "cql2-text"}}  # fmt: skip
    assert {name: value for name, value in said.items() if name in ("query", "filter", "filter-lang")} == expected[conforms]


def test_requests_are_those_that_pystac_client_sends() -> None:
    try:
        from pystac_client import ItemSearch
    except ImportError:
        absent("pystac-client", "install pystac-client")
    search = Search(
        "sentinel-2-l2a", shapely.box(150.6, -33.8, 150.9, -33.5), Interval.parse("2021-03-15", "2021-03-25T12:00:00"), limit=30
    )
    desk = Desk(lambda path, said: NOTHING)
    list(StacCatalogue("https://c.example", desk).search(search))
    peer = ItemSearch(
        "https://c.example/search", method="GET", collections=["sentinel-2-l2a"], bbox=search.area.bounds, limit=30, max_items=30,
        datetime=[datetime(2021, 3, 15, tzinfo=UTC), datetime(2021, 3, 25, 12, tzinfo=UTC)],
    )  # fmt: skip
    expected = {name: value if isinstance(value, str) else str(value) for name, value in peer.get_parameters().items()}
    assert desk.asked[0][0] == peer.url
    assert dict(desk.asked[0][1]) == expected


def _found(start: str, end: str) -> Found:
    return Found("a", "a", "c", "", None, None, None, Interval.parse(start, end), shapely.box(0, 0, 1, 1))


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [
        ("2021-03-15", "2021-03-15", True), ("2021-03-26", "2021-03-26", False), ("2021-03-25T23:59:59", "2021-03-26T00:01", True),
        ("2021-03-14", "2021-03-15", True), ("2021-03-01", "2021-04-01", True), ("2021-03-14", "2021-03-14T23:00", False),
    ],
)  # fmt: skip
def test_intervals_are_half_open(start: str, end: str, held: bool) -> None:
    assert matches(Search(time=MARCH), _found(start, end)) is held


def test_an_instant_meets_what_holds_it() -> None:
    noon = Interval.parse("2021-03-15T12:00:00")
    assert matches(Search(time=noon), _found("2021-03-15T12:00:00", "2021-03-15T12:00:00"))
    assert not matches(Search(time=noon), _found("2021-03-15T12:00:01", "2021-03-15T12:00:01"))
    assert "ContentDate/Start le 2021-03-15T12:00:00Z and ContentDate/End ge 2021-03-15T12:00:00Z" in odata_filter(Search(time=noon))


def test_searches_that_cannot_be_meant() -> None:
    for wrong in ({"limit": 0}, {"cloud_cover": 101}, {"cloud_cover": -1}, {"area": shapely.Polygon()}, {"area": shapely.box(0, 0, 1, 95)}):
        with pytest.raises(ParameterError):
            Search(**wrong)  # type: ignore[arg-type]
