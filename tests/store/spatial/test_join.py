"""Joins on where things are, beside every pair tested by shapely."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology.geometry import RELATIONS, buffer_m, distance_m, intersecting, relate
from earthweave.server.store.algebra import Batch, Context
from earthweave.server.store.snapshot import literal
from earthweave.server.store.spatial import SpatialJoin, SpatialSelect, SpatialSemiJoin, recognise
from earthweave.server.store.spatial._sides import reached_boxes

from .conftest import WKT, Build, Given, context_of, expression, rows
from .shapes import either

COUNT = 120
APART = sorted(name for name in RELATIONS if not intersecting(name))


class World:
    """Stored literals, what each is, and a context."""

    def __init__(self, build: Build, seed: int) -> None:
        chance = random.Random(seed)
        self.known = dict(either(chance) for _ in range(COUNT))
        lines = "\n".join(f':s{number} :p "{text}"^^geo:wktLiteral .' for number, text in enumerate(self.known))
        self.context: Context = context_of(build(lines, order="strict"))
        self.ids = [self.context.terms.id(literal(text, WKT)) for text in self.known]
        self.shapes: list[Any] = list(self.known.values())

    def given(self, name: str, row: str, chance: random.Random) -> tuple[Given, list[int]]:
        """Rows with some of the ids, some of them more than once, some unbound."""
        places = [chance.randrange(-2, COUNT) for _ in range(chance.randint(0, 60))]
        places = [place if place < len(self.ids) else 0 for place in places]
        return Given(**{name: [self.ids[place] if place >= 0 else -1 for place in places], row: range(len(places))}), places


@pytest.fixture
def world(build: Build) -> World:
    return World(build, 7)


def wanted(world: World, left: list[int], right: list[int], test: Any) -> list[tuple[int, int]]:
    shapes = world.shapes
    return sorted((i, j) for i, a in enumerate(left) for j, b in enumerate(right)
                  if a >= 0 and b >= 0 and shapes[a] is not None and shapes[b] is not None and test(shapes[a], shapes[b]))


def relation(name: str) -> tuple[str, Any]:
    return f"geof:{name}(?a, ?b)", lambda a, b: bool(relate(name, a, b))


CONDITIONS = [
    *(relation(name) for name in RELATIONS if intersecting(name)),
    ("geof:sfTouches(?b, ?a)", lambda a, b: bool(relate("sfTouches", b, a))),
    ("geof:sfWithin(?b, ?a)", lambda a, b: bool(relate("sfWithin", b, a))),
    ("geof:relate(?b, ?a, 'T*T***FF*')", lambda a, b: bool(relate("T*T***FF*", b, a))),
    ("geof:distance(?a, ?b, uom:kilometre) <= 112", lambda a, b: distance_m(a, b) / 1000 <= 112),
    ("300000 > geof:metricDistance(?b, ?a)", lambda a, b: distance_m(b, a) < 300000),
    ("!geof:sfDisjoint(?a, ?b)", lambda a, b: bool(relate("sfIntersects", a, b))),
    ("geof:sfTouches(?a, ?b) || geof:sfEquals(?b, ?a)", lambda a, b: bool(relate("sfTouches", a, b) or relate("sfEquals", a, b))),
    ("geof:sfEquals(?a, ?b) || geof:metricDistance(?a, ?b) < 1", lambda a, b: bool(relate("sfEquals", a, b) or distance_m(a, b) < 1)),
    ("geof:sfIntersects(?a, geof:buffer(?b, 100, uom:kilometre))", lambda a, b: bool(relate("sfIntersects", a, buffer_m(b, 1e5)))),
    ("geof:sfWithin(geof:envelope(?a), geof:convexHull(?b))", lambda a, b: bool(relate("sfWithin", a.envelope, b.convex_hull))),
]


@pytest.mark.parametrize(("text", "test"), CONDITIONS, ids=[text for text, _ in CONDITIONS])
def test_pairs_are_those_that_brute_force_finds(world: World, text: str, test: Any) -> None:
    chance, condition = random.Random(text), recognise(expression(text))
    assert condition is not None and condition.exact
    for _ in range(2):
        (left, lefts), (right, rights) = world.given("a", "i", chance), world.given("b", "j", chance)
        expected = wanted(world, lefts, rights, test)
        assert rows(SpatialJoin(left, right, condition), world.context, "i", "j") == expected
        partnered = sorted({i for i, _ in expected})
        assert rows(SpatialSemiJoin(left, right, condition), world.context, "i") == [(i,) for i in partnered]
        alone = [(i,) for i in range(len(lefts)) if i not in partnered]
        assert rows(SpatialSemiJoin(left, right, condition, negated=True), world.context, "i") == alone
        product = Given(**{name: np.repeat(column, len(rights)) for name, column in left.batch.columns.items()},
                        **{name: np.tile(column, len(lefts)) for name, column in right.batch.columns.items()})
        assert rows(SpatialSelect(condition, product), world.context, "i", "j") == expected


@pytest.mark.parametrize("name", APART)
def test_relations_of_what_is_apart_have_no_index(name: str) -> None:
    assert recognise(expression(f"geof:{name}(?a, ?b)")) is None


@pytest.mark.parametrize("pieces", [False, True])
def test_however_small_the_blocks_the_pairs_are_the_same(world: World, pieces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_PAIRS": 20, "_FIRST": 3, "_MOST": 5, **({"_MOSTLY": 0.0, "_LONG": 0.0} if pieces else {})}.items():
        monkeypatch.setattr(f"earthweave.server.store.spatial._sides.{name}", value)
    monkeypatch.setattr("earthweave.server.store.spatial._rows.MOST_ROWS", 7)
    monkeypatch.setattr("earthweave.server.store.spatial._tests._PAIRS", 11)
    if pieces:
        monkeypatch.setattr("earthweave.server.store.spatial._sides.Side.extent", lambda side: 1.0 if len(side.ids) % 2 else 9.0)
    chance, pieced = random.Random(3), 0
    for text, test in CONDITIONS[::2]:
        condition = recognise(expression(text))
        assert condition is not None
        (left, lefts), (right, rights) = world.given("a", "i", chance), world.given("b", "j", chance)
        join = SpatialJoin(left, right, condition)
        assert rows(join, world.context, "i", "j") == wanted(world, lefts, rights, test), text
        assert max((batch.length for batch in join.run(world.context)), default=0) <= 7
        pieced += any("pieces" in remark for remark in join.measured.remarks)
    assert (pieced > 0) == pieces


def test_rows_agree_on_variables_in_common(world: World) -> None:
    condition = recognise(expression("geof:sfIntersects(?a, ?b)"))
    assert condition is not None
    here = next(one for one, shape in zip(world.ids, world.shapes, strict=True) if shape is not None and not shape.is_empty)
    left, right = Given(a=[here] * 3, c=[5, 6, -1], i=range(3)), Given(b=[here] * 3, c=[5, -1, 7], j=range(3))
    agreeing = [(0, 0, 5), (0, 1, 5), (1, 1, 6), (2, 0, 5), (2, 1, -1), (2, 2, 7)]
    assert rows(SpatialJoin(left, right, condition), world.context, "i", "j", "c") == agreeing
    other = Given(b=[here], c=[6], j=range(1))
    assert rows(SpatialSemiJoin(left, other, condition), world.context, "i") == [(1,), (2,)]
    assert rows(SpatialSemiJoin(left, other, condition, negated=True), world.context, "i") == [(0,)]


def test_seeds_are_the_left_side_of_a_join_without_one(world: World) -> None:
    condition = recognise(expression("geof:sfEquals(?a, ?b)"))
    assert condition is not None
    here = world.ids[:2]
    seeds = Batch(3, {"a": np.array([here[0], here[1], -1]), "i": np.arange(3)})
    join = SpatialJoin(None, Given(b=here, j=range(2)), condition)
    found = [row for batch in join.run(world.context, seeds) for row in zip(*(batch.column(name).tolist() for name in "ij"), strict=True)]
    assert sorted(found) == wanted(world, [0, 1, -1], [0, 1], lambda a, b: bool(relate("sfEquals", a, b)))


shapes_anywhere = st.builds(
    lambda x, y, w, h, kind: shapely.LineString([(x, y), (x + w, y + h), (x + w, y)]) if kind else shapely.box(x, y, x + w, y + h),
    st.floats(-150, 150), st.floats(-84, 60), st.floats(0.01, 25), st.floats(0.01, 20), st.booleans(),
)


@given(shapes_anywhere, st.floats(0.1, 300_000))
def test_boxes_hold_the_buffers_that_they_stand_for(shape: Any, metres: float) -> None:
    condition = recognise(expression(f"geof:sfIntersects(geof:buffer(?a, {metres!r}, uom:metre), ?b)"))
    assert condition is not None
    west, south, east, north = reached_boxes(condition.left_operand, shapely.bounds(shape).reshape(1, 4))[0]
    low_x, low_y, high_x, high_y = shapely.bounds(buffer_m(shape, metres))
    assert west <= low_x and south <= low_y and high_x <= east and high_y <= north
