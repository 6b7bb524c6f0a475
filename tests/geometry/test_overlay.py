"""Overlays against shapely's own: the same areas, with rings that begin where the rule says."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology.geometry import OVERLAYS, bounding_circle, overlay, union_all

corner = st.integers(-6, 6)
KERNELS = dict(zip(OVERLAYS, (shapely.union, shapely.intersection, shapely.difference, shapely.symmetric_difference), strict=True))


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    """A box, perhaps with a hole, or nothing."""
    west, south = draw(corner), draw(corner)
    wide, high = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    if not wide or not high:
        return draw(st.sampled_from([shapely.Polygon(), shapely.Point(west, south), shapely.LineString([(west, south), (0, 7)])]))
    outer = shapely.box(west, south, west + wide, south + high, ccw=draw(st.booleans()))
    return outer.difference(shapely.box(west + 1, south + 1, west + 2, south + 2)) if draw(st.booleans()) else outer


@given(st.lists(st.tuples(areas(), areas()), min_size=1, max_size=4), st.sampled_from(OVERLAYS))
def test_an_overlay_is_that_of_shapely_but_for_where_rings_begin(pairs: list[tuple[shapely.Geometry, shapely.Geometry]], name: str) -> None:
    left, right = (np.array(side, dtype=object) for side in zip(*pairs, strict=True))
    found, expected = overlay(name, left, right), KERNELS[name](left, right)
    assert shapely.equals_identical(shapely.normalize(found), shapely.normalize(expected)).all()
    alone = [overlay(name, left[row:row + 1], right[row:row + 1])[0] for row in range(len(left))]
    assert shapely.equals_identical(found, alone).all()


@given(areas(), areas(), st.sampled_from(OVERLAYS))
def test_a_ring_begins_where_the_second_boundary_is_left(a: shapely.Geometry, b: shapely.Geometry, name: str) -> None:
    first = [tuple(point) for point in shapely.get_coordinates(a).tolist()]
    (found,) = overlay(name, np.array([a]), np.array([b]))
    for part in shapely.get_parts(found):
        for ring in shapely.get_rings(part) if part.geom_type == "Polygon" and found.geom_type != "GeometryCollection" else ():
            points = [tuple(point) for point in shapely.get_coordinates(ring).tolist()][:-1]
            own = [first.index(point) for point in points if point in first]
            if own and len(own) < len(points):
                # the run that holds the earliest vertex follows at once
                after = next(place for place, point in enumerate(points[1:], 1) if first and point not in first or place == len(points) - 1)
                assert points[0] not in first
                assert min(own) in [first.index(point) for point in points[1:after + 1] if point in first]
            elif own:
                assert first.index(points[0]) == min(own)


@pytest.mark.parametrize("name", OVERLAYS)
def test_heights_of_one_alone_are_left_out(name: str) -> None:
    flat, high = shapely.box(0, 0, 2, 2), shapely.force_3d(shapely.box(1, 1, 3, 3), 5.0)
    found = overlay(name, np.array([flat, high, high]), np.array([high, flat, shapely.force_3d(shapely.box(2, 2, 4, 4), 5.0)]))
    assert shapely.has_z(found).tolist() == [False, False, True]
    assert not np.isnan(shapely.get_coordinates(found[2], include_z=True)).any()


def test_a_union_of_many_has_heights_and_measures_only_if_all_have() -> None:
    solid, measured, flat = shapely.from_wkt(["POINT Z (1 1 5)", "POINT M (2 2 5)", "POINT (3 3)"])
    assert union_all(np.array([solid, flat])).wkt == "MULTIPOINT ((1 1), (3 3))"
    assert union_all(np.array([solid, measured, flat])).wkt == "MULTIPOINT ((1 1), (2 2), (3 3))"
    assert union_all(np.array([solid, solid])).has_z
    assert overlay("union", np.array([measured]), np.array([flat]))[0].wkt == "MULTIPOINT ((2 2), (3 3))"


@pytest.mark.parametrize("one", ["MULTIPOINT (1 1, 1 1)", "LINESTRING (1 1, 1 1)", "GEOMETRYCOLLECTION (POINT (1 1), POINT (1 1))"])
def test_the_circle_around_one_place_is_that_place(one: str) -> None:
    assert bounding_circle(shapely.from_wkt(one)).equals(shapely.Point(1, 1))
    assert bounding_circle(shapely.Point()).is_empty
