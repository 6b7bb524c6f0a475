"""Metres on the ellipsoid, against PROJ's own geodesics one by one."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import CRS84, Crs
from earthweave.ontology.geometry import area_m2, buffer_m, distance_m, length_m, reproject

GEOD = pyproj.Geod(ellps="WGS84")
UTM = Crs("EPSG", "32633")
longitudes, latitudes = st.floats(-180, 180), st.floats(-85, 85)
places = st.tuples(longitudes, latitudes)
boxes = st.tuples(st.floats(-170, 160), st.floats(-80, 70), st.floats(0.01, 9), st.floats(0.01, 9)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3]))


@given(places, places)
def test_distance_of_points_is_the_geodesic(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert distance_m(shapely.Point(a), shapely.Point(b)) == pytest.approx(GEOD.inv(*a, *b)[2], abs=1e-3)


@given(boxes, boxes)
def test_distance_is_symmetric_and_zero_where_they_meet(a: shapely.Polygon, b: shapely.Polygon) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), rel=1e-6, abs=1e-3)
    assert (distance_m(a, b) < 1e-3) == bool(shapely.intersects(a, b))


def test_distance_follows_the_ground_and_not_the_degrees() -> None:
    # at 60° a degree of longitude is half one of latitude: the nearer corner in degrees is the farther one on the ground
    line = shapely.LineString([(0.0, 60.9), (1.5, 60.0)])
    found = distance_m(shapely.Point(0, 60), line)
    along = [GEOD.inv(0, 60, *line.interpolate(t, normalized=True).coords[0])[2] for t in np.linspace(0, 1, 2001)]
    assert found == pytest.approx(min(along), rel=2e-3)


@given(st.tuples(st.floats(-3, 3), st.floats(40, 70), st.floats(0.01, 1), st.floats(0.01, 1)),
       st.tuples(st.floats(-3, 3), st.floats(40, 70), st.floats(0.01, 1), st.floats(0.01, 1)))
def test_distance_of_boxes_is_that_of_their_nearest_points(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    """Parallel meridians come nearer towards the pole, which no plane of degrees shows."""
    boxes = [shapely.box(x, y, x + width, y + height) for x, y, width, height in (a, b)]
    if not shapely.disjoint(*boxes):
        return
    left, right = (shapely.get_coordinates(shapely.segmentize(box, 0.02)) for box in boxes)
    pairs = np.stack(np.meshgrid(np.arange(len(left)), np.arange(len(right)))).reshape(2, -1)
    nearest = GEOD.inv(*left[pairs[0]].T, *right[pairs[1]].T)[2].min()
    found = distance_m(*boxes)
    assert found <= nearest * 1.001 + 1e-6
    assert found >= nearest - 2500


@pytest.mark.parametrize("far", ["POINT (1e300 1)", "POINT (-1e308 -1e308)", "LINESTRING (1e300 0, 1e300 1)"])
def test_coordinates_beyond_all_measure_leave_the_other_pairs_alone(far: str) -> None:
    """GEOS finds no nearest points in the plane there: it once ended the whole column."""
    left = shapely.from_wkt(["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POINT (1 1)"])
    right = shapely.from_wkt([far, "POINT (1 2)"])
    with np.errstate(all="ignore"):
        found = distance_m(left, right)
    assert found[1] == pytest.approx(110_577, rel=1e-4)


def test_distance_across_the_antimeridian() -> None:
    assert distance_m(shapely.Point(179.9, -17), shapely.Point(-179.9, -17)) == pytest.approx(GEOD.inv(179.9, -17, -179.9, -17)[2])
    assert distance_m(shapely.box(179, -18, 179.9, -17), shapely.box(-179.9, -18, -179, -17)) < 22_000


def test_distance_broadcasts_and_leaves_gaps() -> None:
    found = distance_m(np.array([shapely.Point(0, 0), None, shapely.Point()], dtype=object), shapely.Point(0, 1))
    assert found[0] == pytest.approx(110_574.4, abs=1)
    assert np.isnan(found[1:]).all()


@given(boxes)
def test_area_and_length_are_those_of_proj(box: shapely.Polygon) -> None:
    area, perimeter = GEOD.geometry_area_perimeter(box)
    assert area_m2(box) == pytest.approx(abs(area), rel=1e-9)
    assert length_m(box) == pytest.approx(perimeter, rel=1e-9)


def test_holes_parts_and_collections() -> None:
    outer, inner, other = shapely.box(10, 40, 11, 41), shapely.box(10.2, 40.2, 10.4, 40.4), shapely.box(12, 40, 12.5, 40.5)
    holed = shapely.difference(outer, inner)
    line = shapely.LineString([(0, 0), (0, 1)])
    nested = shapely.GeometryCollection([shapely.MultiPolygon([holed, other]), shapely.GeometryCollection([line])])
    found = area_m2(np.array([holed, nested, shapely.Point(0, 0), None], dtype=object))
    assert found[0] == pytest.approx(area_m2(outer) - area_m2(inner))
    assert found[1] == pytest.approx(found[0] + area_m2(other))
    assert found[2] == 0
    assert np.isnan(found[3])
    assert length_m(nested) == pytest.approx(length_m(holed) + length_m(other) + 110_574.4, rel=1e-6)


@given(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), st.floats(1e-5, 1), st.integers(0, 2**32))
def test_any_ring_measures_as_proj_has_it(place: tuple[float, float], size: float, seed: int) -> None:
    """Short edges take a series, long ones and those near a pole the geodesics themselves."""
    turns = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, 7))
    ring = shapely.Polygon([(place[0] + size * np.cos(turn), np.clip(place[1] + size * np.sin(turn), -90, 90)) for turn in turns])
    area, perimeter = GEOD.geometry_area_perimeter(ring)
    assert area_m2(ring) == pytest.approx(abs(area), rel=1e-8, abs=2e-3)
    assert length_m(ring) == pytest.approx(perimeter, rel=2e-8, abs=1e-5)


@pytest.mark.parametrize("ring", [
    [(lon, 84.9) for lon in range(-180, 180)],
    [(lon, 74.9) for lon in np.arange(-180, 180, 0.25)],
    [(lon, -89.5) for lon in range(-180, 180, 30)],
    [(179.99, 10), (-179.99, 10), (-179.99, 10.02), (179.99, 10.02)], [(179.99, 10), (180.01, 10), (180.01, 10.02), (179.99, 10.02)],
])  # fmt: skip
def test_rings_around_a_pole_and_across_the_antimeridian(ring: list[tuple[float, float]]) -> None:
    area, perimeter = GEOD.geometry_area_perimeter(shapely.Polygon(ring))
    assert area_m2(shapely.Polygon(ring)) == pytest.approx(min(abs(area), 510_065_621_724_088 - abs(area)), rel=1e-9)
    assert length_m(shapely.Polygon(ring)) == pytest.approx(perimeter, rel=1e-8)


def test_nothing_has_no_area_and_no_length() -> None:
    nothing = np.array([None, shapely.Polygon(), shapely.Point(1, 2)], dtype=object)
    for measure in (area_m2, length_m):
        assert np.isnan(measure(nothing)[0])
        assert (measure(nothing)[1:] == 0).all()
        assert measure(np.empty((0,), dtype=object)).shape == (0,)
        assert measure(nothing.reshape(3, 1)).shape == (3, 1)


@given(places, st.floats(1, 50_000))
def test_a_buffer_reaches_as_far_as_it_says(place: tuple[float, float], metres: float) -> None:
    place = (place[0] / 1.02, place[1] / 1.1)
    corners = shapely.get_coordinates(buffer_m(shapely.Point(place), metres))
    reached = GEOD.inv(np.full(len(corners), place[0]), np.full(len(corners), place[1]), corners[:, 0], corners[:, 1])[2]
    assert reached == pytest.approx(metres, rel=1e-3)


def test_the_buffer_of_nothing_is_nothing() -> None:
    assert buffer_m(shapely.Polygon(), 10).is_empty


def _nearest(a: shapely.Geometry, b: shapely.Geometry) -> float:
    """The least geodesic between points that lie closely along two boundaries."""
    left, right = (shapely.get_coordinates(shapely.segmentize(one, 0.05)) for one in (a, b))
    pairs = np.stack(np.meshgrid(np.arange(len(left)), np.arange(len(right)))).reshape(2, -1)
    return float(GEOD.inv(*left[pairs[0]].T, *right[pairs[1]].T)[2].min())


@pytest.mark.parametrize(("one", "other"), [
    ("MULTIPOLYGON (((174 -41, 178 -38, 173 -35, 174 -41)), ((-177 -44, -176 -44, -176 -43, -177 -44)))", "POINT (-179 -37)"),
    ("MULTIPOINT (179 0, -100 60)", "MULTIPOINT (-179 0, 100 -60)"), ("MULTIPOINT (-179 0, 100 60)", "LINESTRING (178 5, 179 0, 60 -60)"),
    ("MULTIPOINT (179 0, -170 60)", "MULTIPOINT (-179 1, 10 0, 170 61)"),
])
def test_a_part_beyond_the_antimeridian_may_be_the_nearest(one: str, other: str) -> None:
    a, b = shapely.from_wkt([one, other])
    assert distance_m(a, b) == pytest.approx(_nearest(a, b), rel=1e-3)
    assert distance_m(b, a) == pytest.approx(_nearest(a, b), rel=1e-3)


@given(st.tuples(longitudes, st.floats(70, 89), st.floats(0.01, 5), st.floats(0.01, 0.9)),
       st.tuples(longitudes, st.floats(70, 89), st.floats(0.01, 5), st.floats(0.01, 0.9)), st.sampled_from([-1, 1]))
def test_distance_near_a_pole_goes_around_it(a: tuple[float, ...], b: tuple[float, ...], side: int) -> None:
    boxes = [shapely.box(x, side * y, min(x + width, 180), side * (y + height)) for x, y, width, height in (a, b)]
    wanted = 0.0 if shapely.intersects(*boxes) else _nearest(*boxes)
    assert distance_m(*boxes) == pytest.approx(wanted, rel=0.01, abs=500)


def test_measures_are_kept_where_coordinates_change() -> None:
    given = shapely.from_wkt(["POINT ZM (15 45 3 4)", "LINESTRING M (15 0 1, 15 45 2)", "POINT M EMPTY", "POINT (15 0)"])
    moved = reproject(given, CRS84, UTM)
    assert [one.has_m for one in moved] == [True, True, True, False]
    found = shapely.get_coordinates(moved, include_z=True, include_m=True)
    np.testing.assert_allclose(found[:, 2:], [[3, 4], [np.nan, 1], [np.nan, 2], [np.nan, np.nan]])
    np.testing.assert_allclose(found[:, :2], [[500_000, 4_982_950.4], [500_000, 0], [500_000, 4_982_950.4], [500_000, 0]], atol=0.1)
