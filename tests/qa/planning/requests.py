"""Random requests about the made-up worlds."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from hypothesis import strategies as st

from earthweave.qa.request import (
    Aggregate,
    Amount,
    AnyOf,
    Argument,
    Box,
    Compare,
    Concept,
    Constraint,
    Count,
    Has,
    Interval,
    Measure,
    Order,
    Pick,
    Point,
    Property,
    Ratio,
    Related,
    Request,
    Spatial,
    Temporal,
    Text,
    Things,
)

from .worlds import DEPTH, KIND, KINDS, LAKE, LIES_IN, PEOPLE, RIVER, SHOP, SINCE, TOWN, UNIT, WATER, Thing, named

DEPTH_OF, PEOPLE_OF = Property("depth", DEPTH, "m"), Property("population", PEOPLE)
KIND_OF, SINCE_OF, IN = Property("kind", KIND), Property("date", SINCE), Property("district", LIES_IN)
_OPS = st.sampled_from(["<", "<=", "=", "!=", ">=", ">"])
_ORDERED = st.sampled_from(["<", "<=", ">", ">="])
_DIRECTIONS = st.sampled_from(["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"])
_TOPOLOGICAL = st.sampled_from(["within", "contains", "intersects", "touches", "crosses", "overlaps", "equals", "disjoint"])
_METRES = st.sampled_from([1234.5, 8000.0, 20_000.0, 45_678.9])
_PARTS = st.sampled_from([None, None, None, "north", "east", "southwest", "centre"])
_DAYS = st.dates(date(2019, 12, 1), date(2023, 6, 1))


@st.composite
def intervals(draw: Any) -> Interval:
    """Half-open, or open at one end."""
    one, other = sorted(draw(st.lists(_DAYS, min_size=2, max_size=2, unique=True)))
    return cast(Interval, draw(st.sampled_from([Interval(one, other), Interval(one, None), Interval(None, other)])))


def classes() -> Any:
    """One or two classes, or any."""
    one = st.sampled_from([WATER, LAKE, RIVER, TOWN, UNIT, SHOP]).map(lambda iri: Concept(iri.split("/")[-1], iri))
    return st.lists(one, min_size=1, max_size=2, unique=True).map(tuple)


def argument(world: dict[str, Thing], depth: int) -> st.SearchStrategy[Argument]:
    """What something may stand in a relation to."""
    place = st.builds(named, st.sampled_from(list(world.values())), _PARTS)
    point = st.builds(Point, st.floats(10, 11).map(lambda x: round(x, 4)), st.floats(50, 50.6).map(lambda y: round(y, 4)))
    box = st.just(Box(10.2, 50.1, 10.7, 50.4))
    return st.one_of(place, place, point, box, *([things(world, depth - 1)] if depth else []))


def spatial(world: dict[str, Thing], depth: int, *, counting: bool = True) -> st.SearchStrategy[Spatial]:
    """One spatial relation."""
    others = argument(world, depth)
    one = others.map(lambda other: (other,))
    many = st.none() | st.builds(Count, _OPS, st.integers(0, 3))
    kind = things(world, 0).map(lambda other: (other,))
    simple = [
        st.builds(Spatial, _TOPOLOGICAL, one, negated=st.booleans()),
        st.builds(Spatial, st.sampled_from(["near", "along"]), one, negated=st.booleans()),
        st.builds(Spatial, st.just("distance"), one, _ORDERED, _METRES, negated=st.booleans()),
        st.builds(Spatial, _DIRECTIONS, one, st.none(), st.none() | _METRES),
    ]
    if not counting:
        return st.one_of(*simple)
    places = st.builds(named, st.sampled_from([one for one in world.values() if one.shape is not None]))
    two = st.tuples(places, places)
    return st.one_of(
        *simple,
        st.builds(Spatial, st.sampled_from(["intersects", "touches", "disjoint"]), kind, count=many, negated=st.booleans()),
        st.builds(Spatial, st.sampled_from(["between", "towards"]), two),
        st.builds(Spatial, st.just("intersects"), st.tuples(others, others), negated=st.booleans()),
    )


def related(world: dict[str, Thing], depth: int) -> st.SearchStrategy[Related]:
    """By the one property that leads to things."""
    units = st.just(Things((Concept("unit", UNIT),))) | st.builds(named, st.just(world["http://example.org/unit/11"]))
    many = st.none() | st.builds(Count, _OPS, st.integers(0, 3))
    del depth
    towns = st.just(Things((Concept("town", TOWN),)))
    return st.builds(Related, st.just(IN), units, st.just(False), many, st.booleans()) | st.builds(
        Related, st.just(IN), towns, st.just(True), many, st.booleans()
    )


def measures(world: dict[str, Thing]) -> st.SearchStrategy[Measure]:
    """Numbers that are computed."""
    placed = st.builds(named, st.sampled_from([one for one in world.values() if one.shape is not None]))
    far = st.builds(Measure, st.just("distance"), st.just("km"), to=placed)
    size = st.builds(Measure, st.sampled_from(["area", "length"]))
    count = st.builds(Measure, st.just("count"), via=spatial(world, 0, counting=False).filter(_plain) | related(world, 0).filter(_plain))
    return st.one_of(far, size, count)


def _plain(link: Spatial | Related) -> bool:
    counted = link.of[0] if isinstance(link, Spatial) else link.of
    return not link.negated and link.count is None and isinstance(counted, Things) and getattr(link, "relation", "") != "contains"


def constraint(world: dict[str, Thing], depth: int) -> st.SearchStrategy[Constraint]:
    """Any constraint."""
    texts = st.builds(Text, st.sampled_from([*KINDS, "ALPINE"]), contains=st.just(False)) | st.just(Text("AL", contains=True))
    numbers = st.builds(Amount, st.sampled_from([5.0, 12.5, 100.0, 2000.0]))
    sizes = st.builds(Amount, st.sampled_from([20.0, 60.0, 200.0]), st.just("km2"))
    options = [
        spatial(world, depth),
        spatial(world, depth),
        related(world, depth),
        st.builds(Temporal, st.lists(intervals(), min_size=1, max_size=2).map(tuple)),
        st.builds(Compare, st.sampled_from([DEPTH_OF, PEOPLE_OF]), _OPS, numbers),
        st.builds(Compare, st.just(Measure("area")), _ORDERED, sizes),
        st.builds(Compare, st.just(KIND_OF), st.sampled_from(["=", "!="]), texts),
        st.builds(Compare, st.just(PEOPLE_OF), _OPS, st.builds(Property, st.just("population"), st.just(PEOPLE), of=things(world, 0))),
        st.builds(Has, st.sampled_from([DEPTH_OF, PEOPLE_OF, KIND_OF]), st.booleans()),
    ]
    if depth:
        inner = constraint(world, depth - 1)
        options.append(st.builds(AnyOf, st.tuples(inner, inner)))
    return st.one_of(*options)


def picks(world: dict[str, Thing]) -> st.SearchStrategy[Pick]:
    """The first by some number."""
    by = st.sampled_from([DEPTH_OF, PEOPLE_OF]) | measures(world)
    share = st.none() | st.sampled_from([0.25, 0.5])
    return st.builds(Pick, by, st.booleans(), st.integers(1, 3), st.integers(0, 1), share)


def things(world: dict[str, Thing], depth: int) -> st.SearchStrategy[Things]:
    """Things of a class with constraints."""
    some = st.lists(constraint(world, depth - 1), max_size=2).map(tuple) if depth else st.just(())
    return st.builds(Things, classes(), constraints=some, pick=st.none() | picks(world) if depth else st.none())


def requests(world: dict[str, Thing]) -> st.SearchStrategy[Request]:
    """Any request that the store may answer."""
    target = things(world, 2)
    by = st.sampled_from([DEPTH_OF, PEOPLE_OF]) | measures(world)
    size = st.sampled_from([Measure("area", "km2"), PEOPLE_OF, Ratio(PEOPLE_OF, Measure("area", "km2"))])
    total = st.builds(Aggregate, st.sampled_from(["sum", "max", "min", "avg"]), size)
    return st.one_of(
        st.builds(Request, st.just("find"), target, order=st.none() | st.builds(Order, by, st.booleans())),
        st.builds(Request, st.just("find"), target, columns=st.tuples(by)),
        st.builds(Request, st.sampled_from(["count", "ask"]), target),
        st.builds(Request, st.just("measure"), target, aggregates=st.lists(total, min_size=1, max_size=2).map(tuple)),
    )


__all__ = ["requests"]
