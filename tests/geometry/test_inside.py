"""Points in areas, first vertices out of well-known binary, and areas whose boundary stays clear of a box."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given

from earthweave.ontology.geometry import apart, first_vertices, points_in

numbers = st.integers(0, 8)
points = st.tuples(numbers, numbers)
boxes = st.tuples(numbers, numbers, st.integers(1, 4), st.integers(1, 4)).map(lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3]))
holed = boxes.filter(lambda one: one.area > 8).map(lambda one: one.difference(one.buffer(-1)))
stars = st.lists(points, min_size=3, max_size=9).map(lambda found: shapely.MultiPoint(found).convex_hull)
areas = st.one_of(boxes, holed, stars, st.tuples(boxes, boxes).map(lambda two: two[0] | two[1])).filter(lambda one: one.area > 0)


def everything(left: Any, right: Any) -> Any:
    return np.indices((len(left), len(right))).reshape(2, -1)


@given(st.lists(areas, min_size=1, max_size=6), st.lists(points, min_size=1, max_size=20), st.booleans(), st.randoms())
def test_points_lie_where_geos_says(found: list[Any], spots: list[Any], interior: bool, random: Any) -> None:
    shapes, coordinates = np.array(found, dtype=object), np.array([*spots, (np.nan, np.nan)], dtype=float)
    pairs = everything(shapes, coordinates)
    order = list(range(pairs.shape[1]))
    random.shuffle(order)
    pairs = pairs[:, order]
    test = shapely.contains if interior else shapely.intersects
    wanted = test(shapes[pairs[0]], shapely.points(coordinates)[pairs[1]])
    assert points_in(shapes, coordinates, pairs, interior=interior).tolist() == wanted.tolist()
    assert not shapely.is_prepared(shapes).any()


@given(st.lists(areas, min_size=1, max_size=6), st.lists(areas, min_size=1, max_size=6))
def test_a_box_that_no_boundary_comes_near_is_inside_or_outside(left: list[Any], right: list[Any]) -> None:
    shapes, others = np.array(left, dtype=object), shapely.bounds(np.array(right, dtype=object))
    pairs = everything(shapes, others)
    clear = apart(shapes, others, pairs)
    rectangles = shapely.box(*others.T)
    assert not (clear & shapely.intersects(shapely.boundary(shapes)[pairs[0]], rectangles[pairs[1]])).any()
    distant = shapely.distance(shapely.boundary(shapes)[pairs[0]], rectangles[pairs[1]]) > 20
    assert (clear | ~distant).all()


def test_a_distant_box_and_one_deep_inside_are_clear() -> None:
    shape = np.array([shapely.Point(0, 0).buffer(10, quad_segs=64)], dtype=object)
    others = np.array([[-1.0, -1, 1, 1], [50, 50, 51, 51], [9, -1, 11, 1]])
    assert apart(shape, others, everything(shape, others)).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("wkt", "vertex"),
    [
        ("POINT (3 4)", (3, 4)), ("POINT Z (3 4 5)", (3, 4)), ("POINT M (3 4 5)", (3, 4)), ("LINESTRING ZM (5 6 7 8, 1 2 3 4)", (5, 6)),
        ("POLYGON ((1 2, 3 2, 3 4, 1 2))", (1, 2)), ("MULTIPOINT ((7 8), (1 2))", (7, 8)), ("MULTIPOINT (EMPTY, (1 2))", None),
        ("MULTILINESTRING ((5 6, 7 8))", (5, 6)), ("MULTILINESTRING (EMPTY, (5 6, 7 8))", None),
        ("MULTIPOLYGON Z (((1 2 9, 3 2 9, 3 4 9, 1 2 9)))", (1, 2)), ("MULTIPOLYGON (EMPTY, ((1 2, 3 2, 3 4, 1 2)))", None),
        ("GEOMETRYCOLLECTION (POINT (1 2))", None),
    ],
)
def test_the_first_vertex_is_read_without_the_rest(wkt: str, vertex: tuple[float, float] | None) -> None:
    shape = shapely.from_wkt(wkt)
    both = [shapely.to_wkb(one, flavor="iso") for one in (shapely.Point(0, 0), shape, shapely.box(0, 0, 1, 1))]
    blobs = pa.array(both, pa.large_binary())
    kinds = np.array([np.frombuffer(shapely.to_wkb(shape, flavor="iso"), np.uint8, 4, 1).view("<u4")[0] % 1000, 0], dtype=np.uint8)
    found = first_vertices(blobs, kinds, np.array([1, 2]))
    assert np.isnan(found[1]).all()
    assert np.isnan(found[0]).all() if vertex is None else tuple(found[0]) == vertex


def test_big_endian_binary_is_left_alone() -> None:
    blobs = pa.array([shapely.to_wkb(shapely.Point(3, 4), flavor="iso", byte_order=0)], pa.large_binary())
    assert np.isnan(first_vertices(blobs, np.array([1], dtype=np.uint8), np.array([0]))).all()
