"""Conditions with a constant: seeds from the store's tree and filters, beside shapely on every geometry."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import shapely

from earthweave.ontology import DeadlineError
from earthweave.ontology.geometry import RELATIONS, buffer_m, distance_m, intersecting, relate, write_wkt
from earthweave.server.store.algebra import UNIT, Batch
from earthweave.server.store.engine._evaluate import Budget
from earthweave.server.store.snapshot import literal
from earthweave.server.store.spatial import Nearest, NearestSeed, SpatialJoin, SpatialSeed, SpatialSelect, nearest_key, recognise, share

from .conftest import WKT, Build, Given, context_of, expression, rows
from .shapes import shape
from .test_join import World, world

__all__ = ["world"]
NAMES = sorted(name for name in RELATIONS if intersecting(name))


def conditions(chance: random.Random) -> list[tuple[str, Any]]:
    """Conditions on ?a, and what they mean."""
    name, fixed = chance.choice(NAMES), shape(chance)
    text, metres = f"'{write_wkt([fixed])[0]}'^^geo:wktLiteral", chance.choice((0, 1e4, 1.2e5, 3e5))
    found = [
        (f"geof:{name}(?a, {text})", lambda a: bool(relate(name, a, fixed))),
        (f"geof:{name}({text}, ?a)", lambda a: bool(relate(name, fixed, a))),
        (f"geof:metricDistance({text}, ?a) <= {metres:.0f}", lambda a: bool(distance_m(fixed, a) <= metres)),
        (f"geof:sfIntersects({text}, geof:buffer(?a, 90, uom:kilometre))", lambda a: bool(relate("sfIntersects", fixed, buffer_m(a, 9e4)))),
        (f"geof:sfWithin(?a, geof:buffer({text}, {metres:.0f}, uom:metre))",
         lambda a: bool(relate("sfWithin", a, buffer_m(fixed, metres)))),
        (f"geof:{name}(?a, {text}) || geof:distance(?a, {text}, uom:metre) < {metres + 1:.0f}",
         lambda a: bool(relate(name, a, fixed) or distance_m(a, fixed) < metres + 1)),
    ]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_seeds_and_filters_are_what_brute_force_finds(world: World, seed: int) -> None:
    chance = random.Random(seed)
    for text, test in conditions(chance):
        condition = recognise(expression(text))
        assert condition is not None and condition.exact, text
        met = {one for one, shape in zip(world.ids, world.shapes, strict=True) if shape is not None and test(shape)}
        assert rows(SpatialSeed(condition), world.context, "a") == [(one,) for one in sorted(met)], text
        given, places = world.given("a", "i", chance)
        wanted = [(i,) for i, place in enumerate(places) if place >= 0 and world.ids[place] in met]
        assert rows(SpatialSelect(condition, given), world.context, "i") == wanted, text


def test_a_seed_joins_with_what_is_bound_already(world: World) -> None:
    condition = recognise(expression("geof:sfIntersects(?a, 'POLYGON((0 0,4 0,4 4,0 4,0 0))'^^geo:wktLiteral)"))
    assert condition is not None
    met = [one for one, in rows(SpatialSeed(condition), world.context, "a")]
    seeds = Batch(4, {"a": np.array([met[0], -1, met[1], world.context.terms.id(literal("no geometry"))]), "i": np.arange(4)})
    found = sorted(row for batch in SpatialSeed(condition).produce(world.context, seeds)
                   for row in zip(batch.column("a").tolist(), batch.column("i").tolist(), strict=True))
    assert found == sorted([(met[0], 0), *((one, 1) for one in met), (met[1], 2)])


def test_computed_geometries_are_filtered_too(world: World) -> None:
    computed = world.context.terms.shape_ids(np.array([shapely.Point(1.5, 1.5), shapely.Point(50, 50)], dtype=object))
    own = world.context.terms.id(literal("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (2.5 1.5)", WKT))
    condition = recognise(expression("geof:sfWithin(?a, 'POLYGON((0 0,4 0,4 2,0 2,0 0))'^^geo:wktLiteral)"))
    assert condition is not None
    given = Given(a=[*computed, own, world.context.terms.id(literal("4")), -1], i=range(5))
    assert rows(SpatialSelect(condition, given), world.context, "i") == [(0,)], "constants are strict: 1.5 E, 2.5 N lies outside"


def test_share_counts_boxes(build: Build) -> None:
    points = " ".join(f'"POINT({x} {y})"^^geo:wktLiteral,' for x in range(10) for y in range(10)).rstrip(",")
    context = context_of(build(f":s :p {points} ."))
    quarter = recognise(expression("geof:sfIntersects(?a, 'POLYGON((-1 -1,4.5 -1,4.5 4.5,-1 4.5,-1 -1))'^^geo:wktLiteral)"))
    pairs = recognise(expression("geof:sfIntersects(?a, ?b)"))
    assert quarter is not None and pairs is not None
    assert share(quarter, context) == 0.25
    assert share(pairs, context) == pytest.approx(0.01)


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest_come_first_and_equal_distances_together(world: World, seed: int) -> None:
    chance = random.Random(seed)
    point, wanted = shapely.Point(chance.randint(-3, 9), chance.randint(-3, 9)), chance.choice((1, 3, 10, 50, 500))
    key = nearest_key(expression(f"geof:distance('{point.wkt}'^^geo:wktLiteral, ?a, uom:metre)"))
    assert key is not None and key.name == "a"
    distance = [np.nan if shape is None else float(distance_m(point, shape)) for shape in world.shapes]
    order = {one: -1.0 if np.isnan(metres) else metres for one, metres in zip(world.ids, distance, strict=True)}
    chunks = [batch.column("a").tolist() for batch in NearestSeed(key, wanted).run(world.context, UNIT)]
    keys = [[order[one] for one in chunk] for chunk in chunks]
    assert sorted(one for chunk in chunks for one in chunk) == sorted(world.ids)
    assert all(max(one) < min(other) for one, other in zip(keys, keys[1:], strict=False))
    assert all(one == sorted(one) for one in keys)
    some = [order[one] for one, in rows(Nearest(NearestSeed(key, wanted), None, wanted), world.context, "a")]
    least = sorted(order.values())[:wanted]
    assert sorted(some)[:len(least)] == least
    assert wanted > 10 or len(some) < len(world.ids)


def test_a_deadline_stops_the_work(world: World) -> None:
    condition = recognise(expression("geof:sfIntersects(?a, 'POLYGON((0 0,4 0,4 4,0 4,0 0))'^^geo:wktLiteral)"))
    assert condition is not None
    late = context_of(world.context.snapshot, budget=Budget(seconds=-1.0))
    with pytest.raises(DeadlineError):
        list(SpatialSeed(condition).produce(late, UNIT))


@pytest.mark.parametrize(("one", "other"), [("POINT(359.9 0)", "POINT(0.1 0)"), ("POINT(179.9 10)", "POINT(-179.9 10)"),
                                            ("POINT(-180.1 5)", "POINT(179.8 5)"), ("POINT(30 89.95)", "POINT(-150 89.95)")])
def test_what_is_near_across_a_full_turn_or_a_pole_is_found(build: Build, one: str, other: str) -> None:
    context = context_of(build(f':a :p "{one}"^^geo:wktLiteral . :b :p "{other}"^^geo:wktLiteral .'))
    here, there = (context.terms.id(literal(text, WKT)) for text in (one, other))
    join = recognise(expression("geof:metricDistance(?a, ?b) < 40000"))
    fixed = [recognise(expression(f"geof:metricDistance(?a, '{text}'^^geo:wktLiteral) < 40000")) for text in (one, other)]
    key = nearest_key(expression(f"geof:metricDistance(?a, '{one}'^^geo:wktLiteral)"))
    assert join is not None and None not in fixed and key is not None
    assert rows(SpatialJoin(Given(a=[here]), Given(b=[there]), join), context, "a", "b") == [(here, there)]
    assert rows(SpatialJoin(Given(a=[there]), Given(b=[here]), join), context, "a", "b") == [(there, here)]
    for condition in fixed:
        assert condition is not None
        assert rows(SpatialSeed(condition), context, "a") == sorted([(here,), (there,)])
        assert rows(SpatialSelect(condition, Given(a=[here, there])), context, "a") == sorted([(here,), (there,)])
    assert sorted(one for batch in NearestSeed(key, 1).run(context) for one in batch.column("a").tolist()) == sorted([here, there])
