"""Whatever the size of a page, and whoever counts the pages, a search gives the same products in the same order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import EndpointError
from earthweave.processing.catalogue import FinderCatalogue, HubCatalogue, ODataCatalogue, Search, StacCatalogue

from .conftest import Desk

BOX = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
WKT = "POLYGON((0 0,1 0,1 1,0 1,0 0))"
DAY = "2021-03-15T00:00:00Z"


def _odata(number: int) -> dict[str, Any]:
    return {"Id": f"k{number}", "Name": f"p{number}", "ContentDate": {"Start": DAY, "End": DAY}, "GeoFootprint": BOX}


def _feature(number: int) -> dict[str, Any]:
    said = {"title": f"p{number}", "startDate": DAY, "completionDate": DAY, "datetime": DAY}
    return {"type": "Feature", "id": f"k{number}", "geometry": BOX, "properties": said, "assets": {}}


def _entry(number: int) -> dict[str, Any]:
    dates = [{"name": "beginposition", "content": DAY}, {"name": "endposition", "content": DAY}]
    return {"id": f"k{number}", "title": f"p{number}", "date": dates, "str": {"name": "footprint", "content": WKT}}


def odata(total: int, most: int, links: bool) -> Desk:
    def answer(path: str, said: dict[str, str]) -> Any:
        skip, top = int(said.get("$skip", 0)), min(int(said["$top"]), most if links else total + 1)
        following = {"@odata.nextLink": f"https://c.example{path}?$top={top}&$skip={skip + top}"} if links and skip + top < total else {}
        return {"value": [_odata(number) for number in range(skip, min(skip + top, total))], **following}

    return Desk(answer)


def finder(total: int, most: int, links: bool) -> Desk:
    def answer(path: str, said: dict[str, str]) -> Any:
        count, page = min(int(said["maxRecords"]), most if links else total + 1), int(said["page"])
        start = (page - 1) * count
        listed = [{"rel": "next", "href": f"?maxRecords={count}&page={page + 1}"}] if start + count < total else []
        features = [_feature(number) for number in range(start, min(start + count, total))]
        return {"features": features, "properties": {"links": listed} if links else {}}

    return Desk(answer)


def stac(total: int, most: int, post: bool) -> Desk:
    def answer(path: str, said: dict[str, str]) -> Any:
        start, count = int(said.get("token", 0)), min(int(said["limit"]), most)
        link: dict[str, Any] = {"rel": "next", "href": f"https://c.example{path}?limit={count}&token={start + count}"}
        if post:
            link = {"rel": "next", "method": "POST", "href": "https://c.example/search", "merge": True, "body": {"token": start + count}}
        features = [_feature(number) for number in range(start, min(start + count, total))]
        return {"type": "FeatureCollection", "features": features, "links": [link] if start + count < total else []}

    return Desk(answer)


def hub(total: int, most: int, repeats: bool) -> Desk:
    def answer(path: str, said: dict[str, str]) -> Any:
        start, rows = int(said["start"]), int(said["rows"])
        listed = [_entry(number) for number in range(start, min(start + rows, total))]
        if repeats and listed and start:
            # a product came in while the pages were read: the last one of the page before is first on this one
            listed = [_entry(start - 1), *listed][:rows]
        return {"feed": {"entry": listed} if len(listed) > 1 else {"entry": listed[0]} if listed else {}}

    return Desk(answer)


KINDS: dict[str, tuple[Any, Any]] = {
    "odata": (odata, ODataCatalogue), "finder": (finder, FinderCatalogue), "stac": (stac, StacCatalogue), "hub": (hub, HubCatalogue),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(
    total=st.integers(0, 23), page=st.integers(1, 30), most=st.integers(1, 9), limit=st.integers(1, 30), way=st.booleans(),
)  # fmt: skip
def test_any_page_size_gives_the_same_sequence(kind: str, total: int, page: int, most: int, limit: int, way: bool) -> None:
    make, client = KINDS[kind]
    way = way and kind != "hub"
    desk = make(total, most, way)
    found = [one.key for one in client("https://c.example", desk, page=page).search(Search("", limit=limit))]
    assert found == [f"k{number}" for number in range(min(total, limit))]
    if kind == "stac":
        assert all(dict(params).get("limit", "1") != "0" for _, params in desk.asked)


def test_what_is_repeated_on_the_next_page_is_given_once() -> None:
    found = [one.key for one in HubCatalogue("https://c.example", hub(9, 9, True), page=3).search(Search(""))]
    assert len(found) == len(set(found))
    assert found[:3] == ["k0", "k1", "k2"]


def test_no_more_pages_are_read_than_needed() -> None:
    desk = odata(100, 10, True)
    assert len(list(ODataCatalogue("https://c.example", desk, page=10).search(Search("", limit=20)))) == 2 * 10
    assert len(desk.asked) == 2


@pytest.mark.parametrize("kind", ["odata", "finder", "stac"])
def test_pages_in_a_circle_are_told(kind: str) -> None:
    make, client = KINDS[kind]
    inner = make(50, 5, True)

    def answer(path: str, said: dict[str, str]) -> Any:
        # its links go on, and its pages do not
        said = {name: value for name, value in said.items() if name not in ("$skip", "token")} | ({"page": "1"} if "page" in said else {})
        return inner.answer(path, said)

    with pytest.raises(EndpointError, match="lead in a circle"):
        list(client("https://c.example", Desk(answer), page=5).search(Search("", limit=50)))


@pytest.mark.parametrize(("client", "name"), [(ODataCatalogue, "@odata.nextLink"), (FinderCatalogue, "links"), (StacCatalogue, "links")])
def test_a_next_page_that_is_no_address_is_told(client: Any, name: str) -> None:
    link: Any = [{"rel": "next", "href": "http://[x"}] if name == "links" else "http://[x"
    page = {"value": [_odata(1)], "features": [_feature(1)], "properties": {"links": link}, name: link}
    search = client("https://c.example", Desk(lambda path, said: page)).search(Search("", limit=2))
    assert next(search).key == "k1"
    with pytest.raises(EndpointError, match="names a next page that is no address"):
        next(search)


def test_a_finder_may_stop_to_give_links() -> None:
    def answer(path: str, said: dict[str, str]) -> Any:
        if said["page"] == "1":
            return {"features": [_feature(1)], "properties": {"links": [{"rel": "next", "href": "?page=2"}]}}
        return {"features": [_feature(2)]}

    assert [one.key for one in FinderCatalogue("https://c.example", Desk(answer)).search(Search("", limit=9))] == ["k1", "k2"]


def test_pages_that_never_end_are_told() -> None:
    """A service that does not heed what it is asked shows all that it has, none of which fits."""

    def answer(path: str, said: dict[str, str]) -> Any:
        skip = int(said.get("$skip", 0))
        return {"value": [_odata(number) for number in range(skip, skip + int(said["$top"]))]}

    desk = Desk(answer)
    with pytest.raises(EndpointError, match="pages of odata never end"):
        list(ODataCatalogue("https://c.example", desk, page=1).search(Search("", cloud_cover=10)))
    assert len(desk.asked) == 1000


def test_a_page_of_which_nothing_can_be_read_is_not_the_end() -> None:
    """Auxiliary files come before products, and have no outline."""

    def answer(path: str, said: dict[str, str]) -> Any:
        skip = int(said.get("$skip", 0))
        return {"value": [{**_odata(skip), "GeoFootprint": None if skip < 3 else BOX}] if skip < 4 else []}

    catalogue = ODataCatalogue("https://c.example", Desk(answer))
    assert [one.key for one in catalogue.search(Search("", limit=1))] == ["k3"]
    assert len(catalogue.notices) == 3
