"""Footprints at the antimeridian, around the poles, and elsewhere: always inside ±180, always the area that was meant."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import GeometryError
from earthweave.processing.catalogue import Search, footprint
from earthweave.processing.sentinel2 import open_scene


def wrapped(lon: float) -> float:
    """A longitude as catalogues write it."""
    return (lon + 180) % 360 - 180


@given(
    west=st.floats(-180, 179.9), width=st.floats(0.1, 170), south=st.floats(-80, 70), height=st.floats(0.1, 9), east=st.booleans()
)  # fmt: skip
def test_a_scene_is_as_wide_as_it_was(west: float, width: float, south: float, height: float, east: bool) -> None:
    corners = [(west, south), (west + width, south), (west + width, south + height), (west, south + height), (west, south)]
    ring = [(wrapped(lon), lat) for lon, lat in (corners if east else corners[::-1])]
    found = footprint(shapely.Polygon(ring))
    assert found.is_valid
    assert found.area == pytest.approx(width * height, rel=1e-6)
    lows, highs = found.bounds[0], found.bounds[2]
    assert -180 <= lows <= highs <= 180
    inside, middle = wrapped(west + width / 2), south + height / 2
    assert shapely.intersects(found, shapely.Point(inside, middle))
    assert not shapely.intersects(found, shapely.Point(wrapped(west + width / 2 + 180), middle))


@given(west=st.floats(-170, 100), width=st.floats(1, 70), south=st.floats(-80, 70))
def test_what_crosses_nothing_stays_to_the_letter(west: float, width: float, south: float) -> None:
    given_ = shapely.box(west, south, west + width, south + 5)
    assert footprint(given_).wkt == given_.wkt
    assert Search(area=given_).area is given_


@given(lat=st.floats(60, 85), step=st.sampled_from([10, 30, 45, 60, 90, 120]), south=st.booleans(), turn=st.booleans())
def test_a_ring_around_a_pole_holds_it(lat: float, step: int, south: bool, turn: bool) -> None:
    side = -1 if south else 1
    ring = [(float(lon), side * lat) for lon in range(-180 + step // 2, 180, step)]
    found = footprint(shapely.Polygon(ring if turn else ring[::-1]))
    assert found.is_valid
    for lon in (-179, -90, 0, 1, 90, 179):
        assert shapely.intersects(found, shapely.Point(lon, side * 89))
        assert not shapely.intersects(found, shapely.Point(lon, side * (lat - 5)))


def test_holes_go_with_their_area() -> None:
    shell = [(178, 0), (-178, 0), (-178, 4), (178, 4), (178, 0)]
    hole = [(-179.5, 1), (-178.5, 1), (-178.5, 3), (-179.5, 3), (-179.5, 1)]
    found = footprint(shapely.Polygon(shell, [hole]))
    assert found.area == pytest.approx(4 * 4 - 1 * 2)
    assert not shapely.intersects(found, shapely.Point(-179, 2))
    assert shapely.intersects(found, shapely.Point(179, 2))


def test_the_whole_world_and_halves_of_it() -> None:
    world = shapely.box(-180, -90, 180, 90)
    assert shapely.equals(footprint(world), world)
    split = shapely.MultiPolygon([shapely.box(178, 0, 180, 1), shapely.box(-180, 0, -178, 1)])
    assert shapely.equals(footprint(split), split)
    # the crossing itself written on both sides
    both = shapely.Polygon([(179, 0), (180, 0), (-180, 0), (-179, 0), (-179, 1), (-180, 1), (180, 1), (179, 1)])
    assert footprint(both).area == pytest.approx(2)


def test_an_area_of_a_search_may_go_on_beyond_180() -> None:
    search = Search(area=shapely.box(177, -20, 182, -15))
    assert search.area.area == pytest.approx(25)
    assert shapely.intersects(search.area, shapely.Point(-179, -17))
    # an ocean wide is what it says: only footprints are taken by their shorter way
    assert Search(area=shapely.box(-125, 0, 60, 10)).area.area == pytest.approx(1850)


@pytest.mark.parametrize("empty", [shapely.Point(1, 2), shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 0, 5)])
def test_what_has_no_area_is_refused(empty: shapely.Geometry) -> None:
    with pytest.raises(GeometryError, match="footprint"):
        footprint(empty)


def test_real_product_at_the_antimeridian(shared: Path) -> None:
    [safe] = (shared / "data/catalog/stactools-packages+sentinel2/tests/data-files").glob("*_T01LAC_*.SAFE")
    known = shapely.geometry.shape(json.loads((safe / "expected_output.json").read_bytes())["geometry"])
    written = re.search(r"<EXT_POS_LIST>(.*?)</EXT_POS_LIST>", (safe / "MTD_MSIL1C.xml").read_text())
    assert written
    numbers = [float(one) for one in written[1].split()]
    ring = list(zip(numbers[1::2], numbers[::2], strict=True))
    assert shapely.Polygon(ring).bounds[2] > 179 > -179 > shapely.Polygon(ring).bounds[0]
    found = footprint(shapely.Polygon(ring))
    # stactools rounds to a thousandth of a degree where it cuts
    assert shapely.area(shapely.symmetric_difference(found, known)) < 1e-4 * known.area
    assert shapely.equals(found, footprint(open_scene(safe).product.footprint))  # type: ignore[union-attr]
