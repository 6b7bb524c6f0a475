"""Small made-up worlds, as triples and as Python, and a plain evaluator of the request tree over them: the oracle of the planner.

The evaluator says what each part of a request means, thing by thing, with shapely; it shares nothing with the planner but the tree, the
geodesic measures of the ontology room and what counts as near.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyproj
import shapely

from earthweave.ontology import GEO, RDF, RDFS, XSD
from earthweave.ontology.geometry import area_m2, distance_m, length_m
from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry, near
from earthweave.qa.planning import Conventions
from earthweave.qa.request import (
    Amount,
    AnyOf,
    Argument,
    Box,
    Compare,
    Constraint,
    Has,
    Measure,
    Named,
    Pick,
    Point,
    Property,
    Ratio,
    Related,
    Spatial,
    Temporal,
    Text,
    Things,
    Value,
)

E = "http://example.org/"
WATER, LAKE, RIVER, TOWN, UNIT, SHOP = (E + name for name in ("Water", "Lake", "River", "Town", "Unit", "shop#yes"))
DEPTH, PEOPLE, KIND, SINCE, LIES_IN = (E + name for name in ("depth", "people", "kind", "since", "liesIn"))
KNOWLEDGE = Knowledge(
    classes={
        WATER: ClassEntry(WATER, ("water body",)),
        LAKE: ClassEntry(LAKE, ("lake",), (WATER,), geometry=2),
        RIVER: ClassEntry(RIVER, ("river",), (WATER,), geometry=1),
        TOWN: ClassEntry(TOWN, ("town",), geometry=0),
        UNIT: ClassEntry(UNIT, ("district",), geometry=2),
        SHOP: ClassEntry(SHOP, ("shop",), condition=(E + "shop", "yes")),
    },
    properties={
        DEPTH: PropertyEntry(DEPTH, ("depth",), (LAKE,), "length", "m"),
        PEOPLE: PropertyEntry(PEOPLE, ("population",), (TOWN, UNIT)),
        KIND: PropertyEntry(KIND, ("kind",), (), "text"),
        SINCE: PropertyEntry(SINCE, ("date",), (), "time"),
        LIES_IN: PropertyEntry(LIES_IN, ("district",), (TOWN,), "thing", ranges=(UNIT,)),
    },
)
NUMBERS = {DEPTH: "m", PEOPLE: "1"}
KINDS = ("alpine", "urban", 'sa"lt; \\ {lake}\n')
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_SIZES = {"m": 1.0, "km": 1e3, "m2": 1.0, "km2": 1e6, "har": 1e4, "1": 1.0}
_MIDDLES = {name: 45.0 * at for at, name in enumerate("north northeast east southeast south southwest west northwest".split())}


@dataclass
class Thing:
    """A thing of a world."""

    iri: str
    label: str
    types: tuple[str, ...]
    shape: Any = None
    values: dict[str, list[Any]] = field(default_factory=dict)


def world(seed: int) -> dict[str, Thing]:
    """Districts side by side, lakes, rivers and towns among them; some without what others have."""
    dice = random.Random(seed)
    columns = [10.0, 10.31, 10.55, 11.0]
    rows = [50.0, 50.24, 50.6]
    things: list[Thing] = []
    for column in range(3):
        for row in range(2):
            box = shapely.box(columns[column], rows[row], columns[column + 1], rows[row + 1])
            things.append(Thing(f"{E}unit/{column}{row}", f"District {column}{row}", (UNIT,), box))
    for number in range(7):
        x, y, size = dice.uniform(10, 11), dice.uniform(50, 50.6), dice.uniform(0.01, 0.15)
        ring = [(x + size * dice.uniform(0.5, 1) * math.cos(a), y + size * dice.uniform(0.5, 1) * math.sin(a)) for a in range(6)]
        things.append(Thing(f"{E}lake/{number}", f"Lake {number}", (LAKE,), shapely.Polygon(ring).convex_hull if number else None))
    for number in range(4):
        ends = [(dice.uniform(9.9, 11.1), dice.uniform(49.9, 50.7)) for _ in range(3)]
        things.append(Thing(f"{E}river/{number}", f"River {number}", (RIVER,), shapely.LineString(ends)))
    for number in range(8):
        place = shapely.Point(round(dice.uniform(10, 11), 3), round(dice.uniform(50, 50.6), 3))
        types = (SHOP,) if number % 3 == 0 else (TOWN,)
        things.append(Thing(f"{E}town/{number}", f"Town {number}", types, place))
    for thing in things:
        _furnish(thing, dice)
    return {thing.iri: thing for thing in things}


def _furnish(thing: Thing, dice: random.Random) -> None:
    if LAKE in thing.types and dice.random() < 0.8:
        thing.values[DEPTH] = [dice.choice([5.0, 12.5, 12.5, 80.0])]
    if {TOWN, UNIT} & set(thing.types) and dice.random() < 0.8:
        thing.values[PEOPLE] = [dice.choice([100, 2000, 2000, 50000])]
    if dice.random() < 0.7:
        thing.values[KIND] = sorted({dice.choice(KINDS) for _ in range(2)})
    if dice.random() < 0.8:
        thing.values[SINCE] = [date(2020, 1, 1) + timedelta(days=dice.randrange(1200))]
    if TOWN in thing.types and dice.random() < 0.8:
        thing.values[LIES_IN] = [f"{E}unit/{dice.randrange(3)}{dice.randrange(2)}"]


def triples(things: dict[str, Thing]) -> Iterator[str]:
    """Turtle of a world, a line for each statement; times are written as dates, moments or months in turn."""
    from rdflib import Literal, URIRef

    def line(*terms: Any) -> str:
        return " ".join(term.n3() for term in terms) + " .\n"

    for number, thing in enumerate(things.values()):
        one = URIRef(thing.iri)
        yield line(one, RDFS.label, Literal(thing.label))
        for cls in thing.types:
            yield line(one, URIRef(E + "shop"), Literal("yes")) if cls == SHOP else line(one, RDF.type, URIRef(cls))
        if thing.shape is not None:
            node = URIRef(thing.iri + "/geometry")
            yield line(one, GEO.hasGeometry, node)
            yield line(node, GEO.asWKT, Literal(shapely.to_wkt(thing.shape, rounding_precision=-1), datatype=GEO.wktLiteral))
        for predicate, values in thing.values.items():
            for value in values:
                yield line(one, URIRef(predicate), _literal(predicate, value, number))


def _literal(predicate: str, value: Any, number: int) -> Any:
    from rdflib import Literal, URIRef

    if predicate == LIES_IN:
        return URIRef(value)
    if predicate == SINCE and number % 2:
        return Literal(f"{value.isoformat()}T12:30:00Z", datatype=XSD.dateTime)
    return Literal(value)


def _itself(link: Spatial, argument: Argument) -> bool:
    """Whether a thing may be its own partner: nothing is beside itself, but what is not near a place is not the place either."""
    far = link.negated and link.relation in ("near", "along", "distance") and isinstance(argument, Things) and bool(argument.named)
    return link.relation == "equals" or far


class Oracle:
    """Evaluates requests over a world, one thing at a time."""

    def __init__(self, things: dict[str, Thing], conventions: Conventions = Conventions()) -> None:  # noqa: B008
        self.things, self.conventions = things, conventions

    def of(self, wanted: Argument) -> list[str]:
        """IRIs of the things; in order of their rank if some are picked."""
        assert isinstance(wanted, Things)
        found = [one.iri for one in self.things.values() if self.member(one, wanted)]
        found = [iri for iri in found if all(self.meets(iri, wanted, one) for one in wanted.constraints)]
        return sorted(found) if wanted.pick is None else self.picked(found, wanted.pick)

    def member(self, thing: Thing, wanted: Things) -> bool:
        """Whether it is of one of the classes and has one of the names."""
        named = {iri for one in wanted.named for iri in one.iris}
        return (not named or thing.iri in named) and (not wanted.classes or bool(self.family(wanted) & set(thing.types)))

    def family(self, wanted: Things) -> set[str]:
        """The classes that are asked for with those below them; those of the names, if there are names."""
        own = {one.iri for one in wanted.classes}
        if wanted.named and all(one.cls for one in wanted.named):
            own = {one.cls for one in wanted.named}
        return own | {iri for iri, entry in KNOWLEDGE.classes.items() if own & set(entry.parents)}

    def picked(self, found: list[str], pick: Pick) -> list[str]:
        """The best of them, with those as good as the last."""
        sign = -1 if pick.descending else 1
        ranks = {iri: sign * min(sign * value for value in values) for iri in found if (values := self.numbers(iri, pick.by))}
        if pick.descending and isinstance(pick.by, Measure) and pick.by.measure == "count":
            ranks = {iri: rank for iri, rank in ranks.items() if rank > 0}
        ordered = sorted(ranks, key=lambda iri: (sign * ranks[iri], iri))
        last = pick.skip + pick.count if pick.share is None else math.ceil(pick.share * len(ordered))
        best = ordered[0 if pick.share else pick.skip : last]
        if best and pick.ties:
            best += [iri for iri in ordered[last:] if ranks[iri] == ranks[best[-1]]]
        return best

    def meets(self, iri: str, wanted: Things, one: Constraint) -> bool:
        """Whether a thing meets a constraint."""
        if isinstance(one, Spatial | Related):
            partners = self.partners(iri, wanted, one)
            number = len(set(partners))
            held = _OPS[one.count.op](number, one.count.number) if one.count else number > 0
            return held != one.negated
        if isinstance(one, AnyOf):
            return any(self.meets(iri, wanted, option) for option in one.options)
        if isinstance(one, Has):
            return bool(self.things[iri].values.get(one.property.iri)) != one.negated
        if isinstance(one, Temporal):
            return any(_inside(day, one) for day in self.things[iri].values.get(SINCE, []))
        return self.compared(iri, one)

    def compared(self, iri: str, one: Compare) -> bool:
        """Whether a value compares."""
        if isinstance(one.than, Text):
            assert isinstance(one.value, Property)
            texts = [str(text).lower() for text in self.things[iri].values.get(one.value.iri, [])]
            wanted = one.than.value.lower()
            held = any(wanted in text if one.than.contains else text == wanted for text in texts)
            return held != (one.op == "!=")
        left = self.numbers(iri, one.value)
        if isinstance(one.than, Amount):
            right = [one.than.value * _SIZES[one.than.unit]]
        else:
            right = self.numbers(iri, one.than)
        return any(_OPS[one.op](a, b) for a in left for b in right)

    def numbers(self, iri: str, value: Value) -> list[float]:
        """All numbers of a thing for a value, in base units."""
        if isinstance(value, Ratio):
            return [a / b for a in self.numbers(iri, value.numerator) for b in self.numbers(iri, value.denominator) if b]
        owners = [iri] if value.of is None else self.of(value.of)
        return [number for owner in owners for number in self.own(owner, value)]

    def own(self, iri: str, value: Property | Measure) -> list[float]:
        """Numbers of one thing."""
        thing = self.things[iri]
        if isinstance(value, Property):
            return [float(one) for one in thing.values.get(value.iri, [])]
        if value.measure == "count":
            assert value.via is not None
            return [float(len(set(self.partners(iri, Things(), value.via))))]
        if thing.shape is None:
            return []
        if value.measure == "distance":
            return [float(distance_m(thing.shape, shape)) for other, shape, _ in self.shapes(value.to) if other != iri]
        if value.measure == "bearing":
            return [_azimuth(thing.shape, shape) for other, shape, _ in self.shapes(value.to) if other != iri]
        least = 2 if value.measure == "area" else 1
        if shapely.get_dimensions(thing.shape) < least:
            return []
        return [float((area_m2 if least == 2 else length_m)([thing.shape])[0])]

    def partners(self, iri: str, wanted: Things, link: Spatial | Related) -> list[Any]:
        """What a thing stands in a relation to."""
        if isinstance(link, Related):
            others = self.of(link.of)
            if link.inverse:
                return [other for other in others if iri in self.things[other].values.get(link.property.iri, [])]
            return [other for other in others if other in self.things[iri].values.get(link.property.iri, [])]
        shape = self.things[iri].shape
        if shape is None:
            return []
        if link.relation in ("between", "towards"):
            one, two = (list(self.shapes(argument)) for argument in link.of)
            return [a for a, s, _ in one for b, t, _ in two if iri not in (a, b) and self.lies(shape, link, s, t)]
        return [
            other
            for argument in link.of
            for other, there, classes in self.shapes(argument)
            if (other != iri or _itself(link, argument)) and self.related(shape, wanted, link, there, classes)
        ]

    def lies(self, shape: Any, link: Spatial, one: Any, other: Any) -> bool:
        """Between two shapes, or towards the first from the second."""
        if link.relation == "between":
            return bool(distance_m(shape, one) + distance_m(shape, other) <= self.conventions.between * distance_m(one, other))
        beside = abs((_azimuth(other, shape) - _azimuth(other, one) + 180) % 360 - 180)
        return beside <= 22.5 and (link.metres is None or bool(_OPS[link.op or "<="](distance_m(shape, other), link.metres)))

    def related(self, shape: Any, wanted: Things, link: Spatial, there: Any, classes: set[str]) -> bool:
        """Whether one shape has a relation to another."""
        relation = link.relation
        if relation in _MIDDLES:
            far = link.metres is None or _OPS[link.op or "<="](distance_m(shape, there), link.metres)
            return bool(far) and self.direction(shape, relation, there)
        if relation in ("near", "along", "distance"):
            usual = self.conventions.along if relation == "along" else self.near(classes)
            return bool(_OPS[link.op or "<="](distance_m(shape, there), usual if link.metres is None else link.metres))
        places = {"within": classes, "contains": self.family(wanted)}.get(relation)
        if places and {KNOWLEDGE.classes[iri].geometry for iri in places} == {0}:
            place = there if relation == "within" else shape
            near_it = shapely.get_dimensions(place) == 0 and distance_m(shape, there) <= self.conventions.inside_point
            return bool(near_it) or bool(getattr(shape, relation)(there))
        return bool(getattr(shape, relation)(there))

    def near(self, classes: set[str]) -> float:
        """Metres of "near"."""
        return near(label for iri in sorted(classes) for label in KNOWLEDGE.classes[iri].labels).value

    def direction(self, shape: Any, relation: str, there: Any) -> bool:
        """A sector, or boxes beside each other."""
        if self.conventions.directions == "sectors":
            angle = _azimuth(there, shape)
            return abs((angle - _MIDDLES[relation] + 180) % 360 - 180) <= 22.5
        a, b = shape.bounds, there.bounds
        held = {"north": a[1] > b[3], "south": a[3] < b[1], "east": a[0] > b[2], "west": a[2] < b[0]}
        return all(held[name] for name in held if name in relation)

    def shapes(self, argument: Argument | None) -> list[tuple[str, Any, set[str]]]:
        """The geometries of an argument: whose, which, and of what classes these may be."""
        if isinstance(argument, Point):
            return [("", shapely.Point(argument.lon, argument.lat), set())]
        if isinstance(argument, Box):
            return [("", shapely.box(argument.west, argument.south, argument.east, argument.north), set())]
        assert isinstance(argument, Things)
        found = []
        for iri in self.of(argument):
            shape = self.things[iri].shape
            for named in argument.named or (Named(""),):
                if shape is not None and (not named.iris or iri in named.iris):
                    found.append((iri, _part(shape, named.part), self.family(argument)))
        return found


def _azimuth(origin: Any, target: Any) -> float:
    here, there = origin.centroid, target.centroid
    angle, _, metres = pyproj.Geod(ellps="WGS84").inv(here.x, here.y, there.x, there.y)
    return angle % 360 if metres else math.nan


def _part(shape: Any, part: str | None) -> Any:
    if part is None:
        return shape
    west, south, east, north = shape.bounds
    if part == "centre":
        x, y = (east - west) / 3, (north - south) / 3
        return shape & shapely.box(west + x, south + y, east - x, north - y)
    middle, centre = (west + east) / 2, (south + north) / 2
    box = (
        middle if "east" in part else west, centre if "north" in part else south,
        middle if "west" in part else east, centre if "south" in part else north,
    )  # fmt: skip
    return shape & shapely.box(*box)


def _inside(day: date, when: Temporal) -> bool:
    return any((one.start is None or day >= one.start) and (one.end is None or day < one.end) for one in when.intervals)


def named(thing: Thing, part: Any = None) -> Things:
    """A thing by its name."""
    return Things(named=(Named(thing.label, (thing.iri,), thing.types[0], part),))


__all__ = ["KNOWLEDGE", "Oracle", "Thing", "named", "replace", "triples", "world"]
