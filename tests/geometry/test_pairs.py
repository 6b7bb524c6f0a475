"""Relations of many pairs: the same whichever side is prepared, from one matrix or from GEOS' own predicates."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from earthweave.ontology import DeadlineError, ParameterError
from earthweave.ontology.geometry import (
    RELATIONS,
    mask_pairs,
    relate,
    relate_pairs,
    relation_masks,
    relation_names,
    transposed,
)

module: Any = importlib.import_module("earthweave.ontology.geometry._pairs")

small = st.integers(0, 4)
corners = st.tuples(small, small)
points = corners.map(shapely.Point)
lines = st.lists(corners, min_size=2, max_size=4, unique=True).map(shapely.LineString)
boxes = st.tuples(small, small, st.integers(1, 3), st.integers(1, 3)).map(lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3]))
polygons = st.lists(corners, min_size=3, max_size=5, unique=True).map(lambda ring: shapely.Polygon(ring)).filter(shapely.is_valid)
multiples = st.one_of(
    st.lists(points, min_size=1, max_size=3).map(shapely.MultiPoint),
    st.lists(lines, min_size=1, max_size=2).map(shapely.MultiLineString),
    st.lists(boxes, min_size=1, max_size=2).map(shapely.MultiPolygon).filter(shapely.is_valid),
)
hollow = st.sampled_from([
    "MULTIPOINT (EMPTY, (1 1))", "MULTILINESTRING (EMPTY, (0 0, 1 1))", "GEOMETRYCOLLECTION (POINT EMPTY, POINT (1 1))",
    "GEOMETRYCOLLECTION (MULTIPOINT (EMPTY, (1 1)))", "POINT EMPTY", "POLYGON EMPTY", "MULTIPOLYGON (EMPTY, ((0 0, 2 0, 2 2, 0 2, 0 0)))",
]).map(shapely.from_wkt)
shapes = st.one_of(points, lines, boxes, polygons, multiples, hollow)
names = st.sampled_from(sorted(RELATIONS))
columns = st.lists(shapes | st.none(), min_size=1, max_size=5)


def fresh(geometries: list[Any]) -> Any:
    """Objects of one's own, because preparation sticks to them."""
    return shapely.from_wkb(shapely.to_wkb(np.array(geometries, dtype=object)))


@st.composite
def pairings(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    left, right = draw(columns), draw(columns)
    count = draw(st.integers(0, 20))
    pairs = [[draw(st.integers(0, len(side) - 1)) for _ in range(count)] for side in (left, right)]
    return fresh(left), fresh(right), np.array(pairs, dtype=np.int64).reshape(2, -1)


@given(pairings(), names, st.sampled_from([1, 99]), st.booleans())
def test_pairs_are_related_as_one_by_one(case: tuple[Any, Any, Any], name: str, worth: int, right_leads: bool) -> None:
    left, right, pairs = case
    wanted = relate(name, left[pairs[0]], right[pairs[1]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_WORTH", worth)
        patch.setattr(module, "_sides", lambda _left, _right, pairs: [(right_leads, np.arange(pairs.shape[1]))])
        found = relate_pairs(name, left, right, pairs)
    assert found.dtype == bool
    assert found.tolist() == wanted.tolist()
    assert not shapely.is_prepared(np.concatenate([left, right])).any()


@given(pairings(), names)
def test_pairs_are_related_as_the_costs_have_it(case: tuple[Any, Any, Any], name: str) -> None:
    left, right, pairs = case
    assert relate_pairs(name, left, right, pairs).tolist() == relate(name, left[pairs[0]], right[pairs[1]]).tolist()


@given(pairings())
def test_masks_hold_what_relations_say(case: tuple[Any, Any, Any]) -> None:
    left, right, pairs = case
    a, b = left[pairs[0]], right[pairs[1]]
    masks = relation_masks(a, b)
    assert masks.dtype == np.uint32
    for bit, name in enumerate(relation_names):
        assert ((masks >> bit) & 1).astype(bool).tolist() == relate(name, a, b).tolist(), name
    assert mask_pairs(left, right, pairs).tolist() == masks.tolist()


def test_masks_of_single_geometries_are_numbers() -> None:
    mask = relation_masks(shapely.Point(1, 1), shapely.box(0, 0, 2, 2))
    held = {name for bit, name in enumerate(relation_names) if mask >> bit & 1}
    assert held == {"sfIntersects", "sfWithin", "ehInside"}
    assert relation_masks(np.array([shapely.Point(1, 1), None]), shapely.box(0, 0, 2, 2)).tolist() == [mask, 0]


@given(shapes, shapes, names)
def test_the_converse_holds_the_other_way_round(a: shapely.Geometry, b: shapely.Geometry, name: str) -> None:
    assert transposed(transposed(name)) == name
    assert bool(relate(transposed(name), b, a)) == bool(relate(name, a, b))


@given(shapes, shapes, st.text("TF*012", min_size=9, max_size=9))
def test_patterns_are_turned_too(a: shapely.Geometry, b: shapely.Geometry, pattern: str) -> None:
    assert bool(relate(transposed(pattern), b, a)) == bool(relate(pattern, a, b))
    assert relate_pairs(pattern, np.array([a]), np.array([b]), [[0], [0]]).tolist() == [bool(relate(pattern, a, b))]


def test_each_pair_is_led_by_what_is_worth_it() -> None:
    big, little = shapely.Point(0, 0).buffer(1, quad_segs=500), shapely.box(0, 0, 1, 1)
    left, right = np.array([big, little, little]), np.array([big, little, little])
    pairs = np.array([[0, 0, 1, 2, 1], [1, 2, 0, 0, 1]])
    sides = {turned: rows.tolist() for turned, rows in module._sides(left, right, pairs)}
    assert sides in ({False: [0, 1, 4], True: [2, 3]}, {False: [0, 1], True: [2, 3, 4]})


def test_what_was_prepared_before_stays_prepared() -> None:
    left, right = fresh([shapely.box(0, 0, 2, 2)]), fresh([shapely.Point(1, 1)])
    shapely.prepare(left)
    assert relate_pairs("sfContains", left, right, np.zeros((2, 9), dtype=int)).all()
    assert shapely.is_prepared(left).all()


def test_a_check_may_stop_it_and_nothing_stays_prepared() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise DeadlineError("enough")

    left, right = fresh([shapely.box(0, 0, 2, 2)] * 2), fresh([shapely.Point(1, 1)] * 2)
    with pytest.raises(DeadlineError):
        relate_pairs("sfContains", left, right, np.zeros((2, 1000), dtype=int), check=check, rows=10)
    assert not shapely.is_prepared(left).any()
    calls = -1000
    relate_pairs("sfContains", left, right, np.zeros((2, 1000), dtype=int), check=check, rows=10)
    assert calls >= -900


def test_one_failing_pair_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = shapely.Point(666, 666)

    def fragile(name: str, a: Any, b: Any) -> Any:
        if (a == bad).any():
            raise shapely.GEOSException("no")
        return relate(name, a, b)

    monkeypatch.setattr(module, "relate", fragile)
    left = np.array([shapely.Point(1, 1), bad, shapely.Point(1, 1), shapely.Point(9, 9)])
    pairs = np.stack([np.arange(4), np.zeros(4, dtype=int)])
    assert relate_pairs("sfWithin", left, np.array([shapely.box(0, 0, 2, 2)]), pairs).tolist() == [True, False, True, False]


def test_unknown_relations_are_refused() -> None:
    with pytest.raises(ParameterError, match="sfNear"):
        relate_pairs("sfNear", fresh([shapely.Point(0, 0)]), fresh([shapely.Point(0, 0)]), [[0], [0]])


_CRASHES = """
import shapely
from earthweave.ontology.geometry import relate
box = shapely.box(0, 0, 2, 2)
shapely.prepare(box)
assert relate("sfContains", box, shapely.from_wkt("MULTIPOINT (EMPTY, (1 1))"))
assert relate("sfContains", box, shapely.from_wkt(["MULTILINESTRING (EMPTY, (0 0, 1 1))", "POINT (9 9)"])).tolist() == [True, False]
"""


def test_an_empty_first_member_does_not_crash_a_prepared_polygon() -> None:
    """GEOS 3.14.1: `shapely.contains` of a prepared polygon and such a geometry ends in a segmentation fault."""
    assert subprocess.run([sys.executable, "-c", _CRASHES], check=False).returncode == 0


@given(st.lists(st.floats(1e-9, 1.0), max_size=30), st.integers(1, 10))
def test_blocks_cover_all_rows_once(costs: list[float], rows: int) -> None:
    assume(sum(costs) < 1e6)
    blocks = list(module.Pace(None, rows).blocks(np.array(costs)))
    assert [row for block in blocks for row in range(block.start, block.stop)] == list(range(len(costs)))
    assert all(block.stop - block.start <= rows for block in blocks)
