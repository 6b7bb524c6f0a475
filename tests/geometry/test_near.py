"""Distances of many pairs: those of `distance_m`, bounded or not, in any order and whichever side is prepared."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import DeadlineError
from earthweave.ontology.geometry import box_pairs, distance_m, distance_pairs, grown_boxes, within_pairs


def degrees(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda x: round(x, 6))


places = st.tuples(degrees(-179, 179), degrees(-85, 85))
points = places.map(shapely.Point)
shifts = st.tuples(degrees(-2, 2), degrees(-2, 2))
lines = st.tuples(places, st.lists(shifts, min_size=1, max_size=5)).map(
    lambda case: shapely.LineString([case[0], *(tuple(np.clip(np.add(case[0], step), (-180, -88), (180, 88))) for step in case[1])]))
boxes = st.tuples(places, st.floats(0.001, 2), st.floats(0.001, 2)).map(
    lambda b: shapely.box(b[0][0], b[0][1], min(b[0][0] + b[1], 180), b[0][1] + b[2]))
shapes = st.one_of(points, lines, boxes, st.none(), st.just(shapely.Polygon()))
columns = st.lists(shapes, min_size=1, max_size=6)


@st.composite
def pairings(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    left, right = (shapely.from_wkb(shapely.to_wkb(np.array(draw(columns), dtype=object))) for _ in range(2))
    count = draw(st.integers(0, 25))
    pairs = [[draw(st.integers(0, len(side) - 1)) for _ in range(count)] for side in (left, right)]
    return left, right, np.array(pairs, dtype=np.int64).reshape(2, -1)


@given(pairings())
def test_distances_are_those_of_single_pairs(case: tuple[Any, Any, Any]) -> None:
    left, right, pairs = case
    np.testing.assert_allclose(distance_pairs(left, right, pairs), distance_m(left[pairs[0]], right[pairs[1]]), rtol=1e-12)


@given(pairings(), st.floats(1, 2e7))
def test_a_bound_only_forgets_what_is_farther(case: tuple[Any, Any, Any], metres: float) -> None:
    left, right, pairs = case
    wanted = distance_m(left[pairs[0]], right[pairs[1]])
    found = distance_pairs(left, right, pairs, metres=metres)
    told = ~np.isinf(found)
    np.testing.assert_allclose(found[told], wanted[told], rtol=1e-12)
    assert (wanted[~told] > metres).all()
    assert not shapely.is_prepared(np.concatenate([left, right])).any()


@given(pairings(), st.floats(1, 2e7))
def test_within_is_a_distance_that_is_not_greater(case: tuple[Any, Any, Any], metres: float) -> None:
    left, right, pairs = case
    wanted = distance_m(left[pairs[0]], right[pairs[1]])
    clear = ~(np.abs(wanted - metres) <= 1e-3 * metres)
    found = within_pairs(left, right, pairs, metres)
    assert found.dtype == bool
    assert found[clear].tolist() == (wanted <= metres)[clear].tolist()


@given(columns, columns, st.floats(1, 1e6))
def test_nothing_within_reach_is_outside_the_grown_boxes(left: list[Any], right: list[Any], metres: float) -> None:
    a, b = np.array(left, dtype=object), np.array(right, dtype=object)
    every = np.stack(np.meshgrid(np.arange(len(a)), np.arange(len(b)))).reshape(2, -1)
    near = set(map(tuple, every[:, distance_pairs(a, b, every) <= metres * 0.999].T.tolist()))
    candidates = box_pairs(grown_boxes(shapely.bounds(a), metres), shapely.bounds(b))
    assert near <= set(map(tuple, candidates.T.tolist()))


def test_across_the_antimeridian_near_is_near() -> None:
    left, right = np.array([shapely.Point(179.9, -17)]), np.array([shapely.Point(-179.9, -17)])
    assert within_pairs(left, right, [[0], [0]], 22_000).tolist() == [True]
    assert within_pairs(left, right, [[0], [0]], 21_000).tolist() == [False]
    assert distance_pairs(left, right, [[0], [0]], metres=22_000) == pytest.approx([21_300], abs=50)


def test_a_check_may_stop_it() -> None:
    def check() -> None:
        raise DeadlineError("enough")

    some = np.array([shapely.Point(0, 0)])
    for test in (lambda: distance_pairs(some, some, [[0], [0]], check=check), lambda: within_pairs(some, some, [[0], [0]], 5, check)):
        with pytest.raises(DeadlineError):
            test()


@given(st.floats(1_000, 50_000), st.integers(0, 2**32 - 1))
def test_what_lies_just_within_and_just_beyond_is_told_as_distances_tell_it(metres: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    west, south = random.uniform(-170, 160), random.uniform(-84, 80)
    path = shapely.linestrings(np.column_stack([west + np.linspace(0, 4, 30), south + random.uniform(0, 2, 30)]))
    left = np.array([path, shapely.box(west + 1, south, west + 2, south + 1)], dtype=object)
    around = shapely.points(west + random.uniform(-1, 5, 40), np.clip(south + random.uniform(-1, 3, 40), -90, 90))
    every = np.stack(np.meshgrid(np.arange(2), np.arange(40))).reshape(2, -1)
    wanted = distance_m(left[every[0]], around[every[1]])
    for limit in (metres, *wanted[:3].tolist()):
        assert within_pairs(left, around, every, limit).tolist() == (wanted <= limit).tolist()
        assert within_pairs(around, left, every[::-1], limit).tolist() == (distance_m(around[every[1]], left[every[0]]) <= limit).tolist()


@pytest.mark.parametrize("prepared", [False, True])
def test_a_line_within_an_area_is_at_no_distance_also_when_it_leads(prepared: bool) -> None:
    lines, area = np.array([shapely.LineString([(0, 5), (2, 6)])]), shapely.box(-1, 3, 3, 8)
    areas = np.array([area, shapely.MultiPolygon([area]), shapely.GeometryCollection([area])] * 3)
    if prepared:
        shapely.prepare(lines)
    every = np.stack([np.zeros(len(areas), dtype=np.int64), np.arange(len(areas))])
    assert within_pairs(lines, areas, every, 1.0).all()
    assert (distance_pairs(lines, areas, every) == 0).all()
    assert (distance_m(lines[every[0]], areas) == 0).all()


_ONE_PLACE = ["LINESTRING (0 0, 0 0)", "MULTILINESTRING ((0 0, 0 0), (5 5, 6 6))", "GEOMETRYCOLLECTION (LINESTRING (0 0, 0 0))"]


@pytest.mark.parametrize("one", ["LINESTRING (0 0, 1 1)", *_ONE_PLACE])
@pytest.mark.parametrize("other", ["LINESTRING (0 0, 0 1)", "POLYGON ((0 0, 0 0, 0 0, 0 0))", *_ONE_PLACE])
def test_lines_of_one_place_have_distances_also_when_prepared(one: str, other: str) -> None:
    left, right = (np.array([shapely.from_wkt(text)] * 8) for text in (one, other))
    pairs = np.stack([np.zeros(8, dtype=np.int64), np.arange(8)])
    for _ in range(2):
        assert within_pairs(left, right, pairs, 5.0).all()
        assert (distance_pairs(left, right, pairs, metres=5.0) == 0).all()
        shapely.prepare(left)


@given(pairings(), st.floats(1, 2e6))
def test_outlines_of_big_areas_change_nothing(case: tuple[Any, Any, Any], metres: float) -> None:
    left, right, pairs = case
    whole = within_pairs(left, right, pairs, metres)
    with patch("earthweave.ontology.geometry._near._BIG", 3):
        outlined = within_pairs(left, right, pairs, metres)
    assert outlined.tolist() == whole.tolist()
    assert not shapely.is_prepared(np.concatenate([left, right])).any()


def test_points_in_and_around_a_big_area_with_a_hole() -> None:
    area = shapely.Point(10, 50).buffer(1, quad_segs=200).difference(shapely.Point(10, 50).buffer(0.5, quad_segs=200))
    spots = shapely.points([[10, 50], [10.45, 50], [10.75, 50], [11.02, 50], [12, 50]])
    pairs = np.stack([np.zeros(5, dtype=np.int64), np.arange(5)])
    shape = np.array([area], dtype=object)
    wanted = distance_m(shape[pairs[0]], spots) <= 5000
    assert within_pairs(shape, spots, pairs, 5000).tolist() == wanted.tolist() == [False, True, True, True, False]


@given(st.lists(st.tuples(degrees(-180, 180), degrees(-60, 60)), min_size=1, max_size=3),
       st.lists(st.tuples(degrees(-180, 180), degrees(-60, 60)), min_size=1, max_size=3), st.floats(1, 2e7))
def test_parts_beyond_the_antimeridian_are_within_reach(left: list[Any], right: list[Any], metres: float) -> None:
    sides = np.array([shapely.MultiPoint(left)]), np.array([shapely.MultiPoint(right)])
    assert within_pairs(*sides, np.array([[0], [0]]), metres)[0] == (distance_m(*sides)[0] <= metres)
