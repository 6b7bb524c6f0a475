"""Replies of real catalogues, as they were recorded: what is read from them, against what else they say of the same products."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pystac
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import EndpointError, ProductError
from earthweave.processing.catalogue import (
    FileCatalogue,
    FinderCatalogue,
    Found,
    HubCatalogue,
    ODataCatalogue,
    PagedCatalogue,
    Search,
    StacCatalogue,
    footprint,
    items,
    read_items,
)

from .conftest import Desk

KINDS: dict[str, type[PagedCatalogue]] = {"stac": StacCatalogue, "odata": ODataCatalogue, "finder": FinderCatalogue, "hub": HubCatalogue}
RECORDED = [
    ("odata", "cop_dataspace_search.json", "S2A_MSIL1C_20200808T010311_N0500_R045_T54PXA_20230413T212505", 2, 95.136736479015),
    ("odata", "onda_search.json", "S2B_MSIL1C_20200813T010309_N0209_R045_T55PBR_20200813T021947", 2, None),
    ("odata", "../eodag_search_result_creodias.json", "S1A_IW_GRDH_1SSV_20141004T005844_20141004T005913_002673_002FAB_4FCD", 10, None),
    ("finder", "sara_search.json", "S2A_MSIL1C_20200815T005251_N0209_R002_T55PDR_20200815T023440", 2, 20.5218),
    ("stac", "earth_search_search.json", "S2B_MSIL1C_20240206T131259_N0510_R081_T27VWK_20240206T133903", 1, 9.93604802923519),
    ("stac", "geodes_search.json", "S2A_MSIL1C_20250402T175741_N0511_R141_T14ULD_20250403T022035", 1, 67.54958344531),
]  # fmt: skip


def opened(kind: str, body: Any) -> PagedCatalogue:
    """A catalogue of this kind whose pages are all the given one."""
    return KINDS[kind]("https://c.example/x", Desk(lambda path, said: body))


def searched(kind: str, body: bytes, search: Search) -> list[Found]:
    """What a catalogue of this kind finds if its first page is the given one."""
    return list(opened(kind, body).search(search))


@pytest.mark.parametrize(("kind", "name", "first", "count", "cloud"), RECORDED)
def test_recorded_replies(kind: str, name: str, first: str, count: int, cloud: float | None, replies: Path) -> None:
    found = searched(kind, (replies / name).read_bytes(), Search(limit=count))
    assert [len(found), found[0].id, found[0].cloud_cover] == [count, first, cloud]
    for one in found:
        said = re.match(r"S([12])([AB])_(?:MSI(L..)|IW_(...))", one.id)
        assert said
        assert one.platform == f"sentinel-{said[1]}{said[2].lower()}"
        assert one.level == (said[3] or "L1")
        # the first moment in the name is that of the acquisition, to the second
        assert one.time.texts[0].replace("-", "").replace(":", "")[:15] == re.findall(r"\d{8}T\d{6}", one.id)[0] or kind == "stac"
        assert one.footprint.is_valid
        assert one.tile == (tile[1] if (tile := re.search(r"_T(\w{5})_", one.id)) else None)
        assert one.link("data", "blue")
        assert one.key


@pytest.fixture(scope="session")
def hub_reply(cassettes: Callable[[str], list[bytes]]) -> bytes:
    """A feed of two entries."""
    document = json.loads(cassettes("test_footprints_s1")[0])
    document["feed"]["entry"] = document["feed"]["entry"][:2]
    return json.dumps(document).encode()


def test_time_of_publication_is_not_that_of_acquisition(replies: Path) -> None:
    [found] = read_items(replies / "geodes_search.json")
    assert found.properties["datetime"].startswith("2025-04-03")
    assert found.time.texts[0] == "2025-04-02T17:57:41.024000Z"
    # the zip among its assets is the whole product
    assert (found.link("data") or "").endswith("/files/86f828c4c7e921615d1cd0476604f780")


@pytest.mark.parametrize("name", ["test_footprints_s1", "products_fixture"])
def test_feeds_of_data_hubs(cassettes: Callable[[str], list[bytes]], name: str) -> None:
    for body in cassettes(name):
        feed = json.loads(body)["feed"]
        found = searched("hub", body, Search("", limit=len(feed["entry"])))
        assert len(found) == len(feed["entry"]) > 10
        for one, entry in zip(found, feed["entry"], strict=True):
            said = {field["name"]: field["content"] for kind in ("str", "date", "int") for field in entry[kind]}
            assert (one.id, one.key) == (said["identifier"], said["uuid"])
            assert one.time.start.isoformat()[:19] == said["beginposition"][:19]
            pairs = re.findall(r"(-?[\d.]+),(-?[\d.]+)", re.sub(r"<[^>]*srsName[^>]*>", "", said["gmlfootprint"]))
            if name == "test_footprints_s1":
                # the same outline as GML, latitude first
                outline = shapely.Polygon([(float(lon), float(lat)) for lat, lon in pairs])
                assert shapely.equals_exact(shapely.normalize(one.footprint), shapely.normalize(outline), 1e-9)
                assert one.relative_orbit == int(said["relativeorbitnumber"])


def test_outlines_of_real_products_are_not_touched(shared: Path) -> None:
    known = json.loads((shared / "data/catalog/sentinelsat+sentinelsat/tests/fixtures/expected_search_footprints_s2.geojson").read_bytes())
    outlines = [shapely.geometry.shape(one["geometry"]) for one in known["features"]]
    assert [footprint(one).wkt for one in outlines if one.is_valid] == [one.wkt for one in outlines if one.is_valid] != []


def test_items_of_sentinel_2_products(shared: Path) -> None:
    paths = sorted((shared / "data/catalog/stactools-packages+sentinel2/tests/data-files").glob("*/expected_output.json"))
    assert paths
    for path in paths:
        item = json.loads(path.read_bytes())
        [found] = read_items(path)
        assert f"{found.id}.SAFE" == item["properties"]["s2:product_uri"]
        assert found.cloud_cover == item["properties"]["eo:cloud_cover"]
        assert shapely.equals_exact(shapely.normalize(found.footprint), shapely.normalize(shapely.geometry.shape(item["geometry"])), 1e-9)
        assert f"MGRS-{found.tile}" == item["properties"]["grid:code"]


def test_what_eodag_wrote_is_a_catalogue(shared: Path) -> None:
    path = shared / "data/catalog/CS-SI+eodag/docs/notebooks/api_user_guide/data/crunch_search_results.geojson"
    everything = list(FileCatalogue(path).search(Search(limit=1000)))
    clear = list(FileCatalogue(path).search(Search(cloud_cover=10, limit=1000)))
    features = json.loads(path.read_bytes())["features"]
    assert len(everything) == len(features) == 50
    assert {one.id for one in clear} == {one["id"] for one in features if one["properties"]["eo:cloud_cover"] <= 10}
    assert 0 < len(clear) < 50
    assert list(FileCatalogue(path).search(Search("SENTINEL-1"))) == []


@pytest.mark.parametrize(("kind", "name", "first", "count", "cloud"), RECORDED)
def test_what_was_found_survives_a_file(
    kind: str, name: str, first: str, count: int, cloud: float | None, replies: Path, tmp_path: Path
) -> None:
    found = searched(kind, (replies / name).read_bytes(), Search(limit=count))
    (tmp_path / "kept.geojson").write_text(json.dumps(items(found)))
    again = read_items(tmp_path / "kept.geojson")
    for one in items(found)["features"]:
        known = pystac.Item.from_dict(one, migrate=False).to_dict(include_self_link=False, transform_hrefs=False)
        assert (known["assets"], known["bbox"], known["properties"]) == (one["assets"], one["bbox"], one["properties"])
    plain = (
        "id",
        "title",
        "catalogue",
        "collection",
        "platform",
        "product_type",
        "level",
        "time",
        "cloud_cover",
        "tile",
        "relative_orbit",
        "key",
    )
    assert [[getattr(one, name) for name in plain] for one in again] == [[getattr(one, name) for name in plain] for one in found]
    assert all(shapely.equals(one.footprint, other.footprint) for one, other in zip(again, found, strict=True))
    assert [[one.link("data"), one.link("self")] for one in again] == [[one.link("data"), one.link("self")] for one in found]


@pytest.mark.parametrize("kind", ["odata", "finder", "stac"])
@pytest.mark.parametrize("lacking", ["footprint", "time"])
def test_a_product_without_what_it_needs_is_named(kind: str, lacking: str, replies: Path) -> None:
    _, name, first, _, _ = next(one for one in RECORDED if one[0] == kind)
    document = json.loads((replies / name).read_bytes())
    row = next(iter(document.get("value") or document["features"]))
    said = row.get("properties", row)
    for gone in (
        ("Footprint", "GeoFootprint", "geometry") if lacking == "footprint" else ("ContentDate", "Attributes", "startDate", "datetime")
    ):
        row.pop(gone, None)
        said.pop(gone, None)
    listed = document["value" if kind == "odata" else "features"]
    others = listed[1:]
    catalogue = opened(kind, document)
    if others:
        found = list(catalogue.search(Search(limit=len(others))))
        assert first not in {one.id for one in found}
        assert len(found) == len(others)
        [told] = catalogue.notices
        assert "left out" in told and first in told and lacking in told
    del listed[1:]
    with pytest.raises(ProductError, match=first) as raised:
        list(opened(kind, {name: value for name, value in document.items() if name in ("value", "features")}).search(Search()))
    assert lacking in str(raised.value)


def test_many_products_that_cannot_be_read_are_counted(replies: Path) -> None:
    document = json.loads((replies / "sara_search.json").read_bytes())
    good = document["features"][0]
    document["features"] = [{**good, "id": f"p{number}", "geometry": None} for number in range(40)] + [good]
    catalogue = opened("finder", document)
    for _ in range(2):
        assert len(list(catalogue.search(Search(limit=1)))) == 1
        assert len(catalogue.notices) == 6
        assert "35 more" in catalogue.notices[-1]


def _first(document: Any) -> Any:
    return document["features"][0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda one: one.update(links=5), True),
        (lambda one: one.update(links=[{"rel": "self", "href": "http://[x"}]), True),
        (lambda one: one.update(assets={"a": {"href": "b", "roles": 5, "type": "application/zip"}}), True),
        (lambda one: one["assets"].update(a={"href": "http://[x"}, b={"href": "https://c.example/a b"}), True),
        (lambda one: one["assets"].update(a={"href": "https://c.example/\ud800"}), True),
        (lambda one: one["properties"].update({"eo:cloud_cover": 10**400, "sat:relative_orbit": -(10**400)}), True),
        (lambda one: one["properties"].update(datetime="0001-01-01T00:00:00+14:00"), False),
        (lambda one: one["properties"].update(datetime="2016-12-31T23:59:60Z"), False),
        (lambda one: one["properties"].update(start_datetime="2021-01-02T00:00:00Z", end_datetime="2021-01-01T00:00:00Z"), False),
        (lambda one: one["properties"].update(title="a\x1b[2Jb\ud800", platform="\udfff"), True),
    ],
)  # fmt: skip
def test_values_of_the_wrong_kind_are_none(change: Callable[[Any], Any], expected: bool, replies: Path) -> None:
    document = json.loads((replies / "earth_search_search.json").read_bytes())
    change(_first(document))
    if not expected:
        with pytest.raises(ProductError, match="no readable acquisition time"):
            searched("stac", {"features": document["features"]}, Search(limit=1))
        return
    [found] = searched("stac", document, Search(limit=1))
    json.dumps([found.id, found.title, found.platform, found.links], ensure_ascii=False).encode()
    assert (found.title + found.id).isprintable()
    assert found.cloud_cover in (None, 9.93604802923519)
    for _, href, _ in found.links:
        assert re.fullmatch(r"(https?|s3)://[!-~]+", href) and "[" not in href


def test_times_without_a_zone_are_utc_and_finer_ones_are_cut(replies: Path) -> None:
    document = json.loads((replies / "earth_search_search.json").read_bytes())
    for text, expected in (
        ("2021-03-15T00:02:41", "2021-03-15T00:02:41Z"),
        ("2021-03-15T02:02:41.123456789+02:00", "2021-03-15T00:02:41.123456Z"),
    ):
        _first(document)["properties"].update(datetime=text)
        assert searched("stac", document, Search(limit=1))[0].time.texts == (expected, expected)


def test_tiles_of_the_first_zones_have_two_digits(replies: Path) -> None:
    document = json.loads((replies / "earth_search_search.json").read_bytes())
    _first(document)["properties"].update({"s2:product_uri": None, "grid:code": "MGRS-1LAC"})
    _first(document)["id"] = "S2B_1LAC_20240206_0_L1C"
    assert searched("stac", document, Search(limit=1))[0].tile == "01LAC"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((404, {}, b"no such thing"), "HTTP status 404: no such thing"),
        ((401, {}, b'{"detail": "who are you"}'), "who are you"),
        ((500, {}, b""), "an empty answer"),
        (b"<html>busy</html>", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1, 2]", "no object"),
        (b'{"error": "x"}', "no list of products; .*there are error"),
        (b'{"features": [3], "value": [3], "feed": {"entry": [3]}}', "no list of objects"),
    ],
)
def test_bad_replies_are_told_with_the_catalogue(kind: str, reply: Any, told: str) -> None:
    catalogue = KINDS[kind]("https://c.example/x", Desk(lambda path, said: reply), name="elsewhere")
    with pytest.raises(EndpointError, match="elsewhere") as raised:
        list(catalogue.search(Search()))
    assert re.search(told.replace("; .*", ".*"), str(raised.value), re.DOTALL)
    assert raised.value.way_out


ODD = ["2021-03-15", "POINT(0 0)", "x:y", "http://[x", "0001-01-01T00:00:00+14:00", "\ud800", 10**400, -(10**400)]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
SAMPLES = {"odata": "cop_dataspace_search.json", "finder": "sara_search.json", "stac": "earth_search_search.json"}


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with a key or index of it."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield node, key
        if key != "coordinates":
            yield from places(child)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60)
@given(where=st.lists(st.tuples(st.integers(0), JSON), min_size=1, max_size=3))
def test_anything_in_a_reply_is_a_product_or_a_told_error(kind: str, where: list[tuple[int, Any]], replies: Path, hub_reply: bytes) -> None:
    document = json.loads(hub_reply if kind == "hub" else (replies / SAMPLES[kind]).read_bytes())
    for number, value in where:
        choices = list(places(document))
        container, key = choices[number % len(choices)]
        container[key] = value
    try:
        found = searched(kind, json.dumps(document).encode(), Search("", limit=2))
    except (ProductError, EndpointError) as error:
        assert error.what
    else:
        assert all(one.id and one.footprint.is_valid and one.time.start <= one.time.end for one in found)
        assert len(items(found)["features"]) == len(found)


@pytest.mark.parametrize("href", ["/etc/passwd", "file:///etc/passwd", "javascript:alert(1)", "C:\\\\secret", 7, None, ""])
def test_a_catalogue_in_the_network_cannot_link_to_this_machine(href: Any, replies: Path, tmp_path: Path) -> None:
    document = json.loads((replies / "earth_search_search.json").read_bytes())
    document["features"][0]["assets"] = {"data": {"href": href}, "fine": {"href": "https://c.example/x"}}
    document["features"][0]["links"] = []
    [found] = searched("stac", json.dumps(document).encode(), Search(limit=1))
    assert found.links == (("fine", "https://c.example/x", ""),)


@pytest.mark.parametrize(
    "outline",
    [
        "POLYGON((0 0, 1e300 0, 1 1, 0 0))", "POLYGON((0 0, 1 95, 1 1, 0 0))", "POLYGON((0 0, 1 1, 2 2, 0 0))", "POINT(1 1)", "",
        "POLYGON EMPTY",
        f"POLYGON(({', '.join(f'{(turn * 120 + 180) % 360 - 180} {turn / 10}' for turn in range(60))}, 180 0))", "CURVEPOLYGON((0 0, 1 1))",
        "(" * 10_000,
    ],
)  # fmt: skip
def test_outlines_that_are_none_are_told(outline: str, replies: Path) -> None:
    document = json.loads((replies / "cop_dataspace_search.json").read_bytes())
    document["value"][0].update(GeoFootprint=None, Footprint=f"geography'SRID=4326;{outline}'")
    with pytest.raises(ProductError, match="has no readable footprint"):
        searched("odata", json.dumps({"value": document["value"][:1]}).encode(), Search())
