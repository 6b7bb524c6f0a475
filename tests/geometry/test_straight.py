"""Edges that move to another system stay where they were: within the tolerance, and the same for both neighbours."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import CRS84, Crs
from earthweave.ontology.geometry import reproject

LAEA = Crs("EPSG", "3035")
corner = st.tuples(st.integers(3_000_000, 5_000_000), st.integers(2_000_000, 4_000_000))


def _off_course(moved: shapely.Geometry, edge: shapely.LineString) -> float:
    """Metres between an edge and the points of its image, moved back (the projection's own metres, true within some per cent)."""
    back = pyproj.Transformer.from_crs(4326, 3035, always_xy=True).transform
    dense = shapely.segmentize(moved, moved.length / 2000)
    points = shapely.points(np.column_stack(back(*shapely.get_coordinates(dense).T)))
    return float(shapely.distance(points, edge).max())


@given(corner, corner)
def test_a_moved_edge_keeps_its_course(a: tuple[int, int], b: tuple[int, int]) -> None:
    if a == b:
        return
    edge = shapely.LineString([a, b])
    (moved,) = reproject([edge], LAEA, CRS84, straight=10.0)
    assert _off_course(moved, edge) < 12


def test_without_it_a_long_edge_leaves_its_course() -> None:
    edge = shapely.LineString([(3_500_000, 3_000_000), (4_500_000, 3_000_000)])
    (moved,) = reproject([edge], LAEA, CRS84)
    assert _off_course(moved, edge) > 1000


@given(corner, corner, corner, corner)
def test_neighbours_keep_their_common_border(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> None:
    left, right = shapely.Polygon([a, b, c]), shapely.Polygon([b, a, d])
    if not (left.area and right.area):
        return
    moved = reproject([left, right], LAEA, CRS84, straight=5.0)
    start, end = (reproject([shapely.Point(p)], LAEA, CRS84)[0] for p in (a, b))
    border = [_between(shapely.get_coordinates(one), start, end) for one in moved]
    assert border[0] == border[1]


def _between(points: np.ndarray, start: shapely.Point, end: shapely.Point) -> list[tuple[float, float]]:
    """Points of a ring along the edge that begins it, smaller end first."""
    ends = [(start.x, start.y), (end.x, end.y)]
    ring = [tuple(point) for point in points.tolist()]
    last = next(index for index, point in enumerate(ring) if index and point in ends)
    return sorted(ring[: last + 1])


@pytest.mark.parametrize("text", ["POINT (4e6 3e6)", "POLYGON EMPTY", "POINT Z (4e6 3e6 7)", "GEOMETRYCOLLECTION (POINT (4e6 3e6))"])
def test_what_has_no_edges_moves_as_it_is(text: str) -> None:
    shape = shapely.from_wkt(text)
    plain, straight = (reproject([shape, None], LAEA, CRS84, straight=tolerance) for tolerance in (None, 1.0))
    assert shapely.equals_exact(plain[0], straight[0], tolerance=0.0)
    assert straight[1] is None


def test_short_edges_get_no_points() -> None:
    square = shapely.box(4_000_000, 3_000_000, 4_000_020, 3_000_020)
    (moved,) = reproject([square], LAEA, CRS84, straight=1.0)
    assert shapely.get_num_coordinates(moved) == 5


def test_holes_and_parts_keep_their_places() -> None:
    shape = shapely.MultiPolygon([
        shapely.box(4e6, 3e6, 4.2e6, 3.2e6).difference(shapely.box(4.05e6, 3.05e6, 4.1e6, 3.1e6)), shapely.box(4.4e6, 3e6, 4.5e6, 3.1e6)
    ])
    (moved,) = reproject([shape], LAEA, CRS84, straight=1.0)
    assert shapely.is_valid(moved)
    assert [len(part.interiors) for part in moved.geoms] == [1, 0]
    assert pyproj.Geod(ellps="WGS84").geometry_area_perimeter(moved)[0] != 0
    assert abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(moved))[0]) == pytest.approx(shape.area, rel=1e-4)


def test_beyond_the_projections_domain_nothing_is_kept_straight_and_nothing_warns() -> None:
    line = shapely.LineString([(0, 0), (0, 89.9999), (180, 91)])
    (moved,) = reproject([line], CRS84, Crs("EPSG", "3857"), straight=1.0)
    assert not np.isfinite(shapely.get_coordinates(moved)).all()
