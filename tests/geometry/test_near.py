"""Distances of many pairs: those of `distance_m`, bounded or not, in any order and whichever side is prepared."""

from __future__ import annotations

from typing import Any

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
