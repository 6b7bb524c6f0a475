"""Tiny worlds for a gold query: witnesses that meet all of its conditions, and near misses that break exactly one.

Random placement alone tells nothing: most answers would be empty. Shapes are boxes, or lines where something must cross; they are moved
until the conditions hold (a hill climb over the conditions that fail).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from rdflib import Literal, URIRef
from rdflib.term import Identifier, Variable
from shapely import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from earthweave.ontology import GEO, RDF, RDFS, XSD

from .pattern import PREFIXES, Bound, Pattern, Test

_DEGREE = 111_000.0
_TRIES = 400
Shape = Polygon | LineString
Triple = tuple[Identifier, Identifier, Identifier]


@dataclass
class World:
    """Triples of a small graph, made for one query."""

    triples: set[Triple]


def worlds(ways: list[Pattern], count: int, seed: int) -> list[World]:
    """Graphs to compare answers on: mixed ones, one of near misses alone, one with a single witness."""
    found, lands = [], implied(ways)
    for number in range(count):
        rng = random.Random(seed * 1000 + number)
        kinds = {0: [False] * 4, 1: [True]}.get(number, [rng.random() < 0.6 for _ in range(rng.randint(4, 7))])
        world = _Maker(rng, ways).world(kinds)
        placed = {triple for land in lands for triple in _drawn(land, _EVERYWHERE)}
        found.append(World(world.triples | placed | (_somewhere(rng, world) if lands else set())))
    return found


def _somewhere(rng: random.Random, world: World) -> set[Triple]:
    """Geometries for those things that a query asks for none of: they lie in the lands that it leaves to their class."""
    known = {s for s, p, _ in world.triples if p in (GEO.hasGeometry, GEO.asWKT)}
    things = sorted({s for s, p, _ in world.triples if p == RDF.type and isinstance(s, URIRef) and s not in known})
    corners = [(rng.uniform(-9, 9), rng.uniform(42, 56)) for _ in things]
    return {triple for one, (x, y) in zip(things, corners, strict=True) for triple in _drawn(one, box(x, y, x + 0.2, y + 0.2))}


_EVERYWHERE = box(-170, -80, 170, 85)
_LANDS = {
    "OSI_": ("Republic_of_Ireland", "Ireland"), "OSNI_": ("Northern_Ireland", "United_Kingdom"), "OS_": ("United_Kingdom", "England"),
    "GAG_": ("Greece",), "hasGAG_": ("Greece",),
}  # fmt: skip
"""What all things of a data set lie in, by the beginning of its terms: gold queries leave the country of "Irish baronies" to the class."""


def implied(ways: list[Pattern]) -> list[URIRef]:
    """The lands that a gold query means without naming them."""
    terms = {one for way in ways for triple in _all(way) for one in triple if isinstance(one, URIRef)}
    begins = [str(one).rsplit("/", 1)[-1] for one in terms if str(one).startswith(PREFIXES["y2geoo"])]
    lands = {URIRef(PREFIXES["yago"] + land) for start, some in _LANDS.items() if start in set(map(_start, begins)) for land in some}
    named = {str(one).rsplit("/", 1)[-1] for one in terms}
    return sorted(land for land in lands if str(land).rsplit("/", 1)[-1] not in named)


def _start(name: str) -> str:
    return name.partition("_")[0] + "_"


def _drawn(thing: URIRef, shape: Shape) -> list[Triple]:
    # a geometry may be named by the query itself
    node = thing if "Geometry" in str(thing) else URIRef(f"{thing}/geometry")
    link: list[Triple] = [(thing, GEO.hasGeometry, node)] if node != thing else []
    return [*link, (node, GEO.asWKT, Literal(shape.wkt, datatype=GEO.wktLiteral))]


class _Maker:
    """Makes one world: constants first, then one tuple of things after the other."""

    def __init__(self, rng: random.Random, ways: list[Pattern]) -> None:
        self.rng, self.ways = rng, ways
        self.shapes: dict[Identifier, Shape] = {}
        self.pool: dict[tuple[int, Identifier], list[URIRef]] = {}
        self.triples: set[Triple] = set()
        self.number = 0
        self.classes = sorted({o for way in ways for _, p, o in _all(way) if p == RDF.type})

    def world(self, kinds: list[bool]) -> World:
        # what is named lies where its conditions want it in most worlds
        for way in self.ways:
            self._place_constants(way)
        for meets in kinds:
            index = self.rng.randrange(len(self.ways))
            self._tuple(index, self.ways[index], meets)
        return World(self.triples | self._stated())

    def _stated(self) -> set[Triple]:
        """Relations that a query asks for as properties, between all things that have them."""
        asked = {one.relation for way in self.ways for one in way.tests if one.stated}
        pairs = [(one, other) for one in self.shapes for other in self.shapes if one != other] if asked else []
        return {
            (one, GEO[f"sf{name.capitalize()}"], other)
            for name in asked
            for one, other in pairs
            if _holds(Test(name, one, other), self.shapes[one], self.shapes[other])
        }

    def _place_constants(self, way: Pattern) -> None:
        owner = way.shapes()
        fixed = {wkt: thing for wkt, thing in owner.items() if not isinstance(thing, Variable)}
        fresh = {wkt for wkt, thing in fixed.items() if thing not in self.shapes}
        tests = [one for one in way.tests if one.one in fixed and one.other in fixed]
        if tests and self.rng.random() < 0.4:
            tests = _broken(self.rng, tests)
        placed = self._settle(
            tests, {wkt: self._random(wkt, way) for wkt in fresh}, {w: self.shapes[t] for w, t in fixed.items() if w not in fresh}, way
        )
        for wkt in fresh:
            self._keep(fixed[wkt], placed[wkt])
        for s, p, o in way.triples:
            if not isinstance(s, Variable) and p not in {GEO.hasGeometry, GEO.asWKT}:
                self.triples.add((s, p, o if not isinstance(o, Variable) else self._value(way, o, p, True)))

    def _tuple(self, index: int, way: Pattern, meets: bool) -> None:
        owner, wanted = way.shapes(), list(way.tests)
        free = [one for one in wanted if isinstance(owner.get(one.one), Variable) or isinstance(owner.get(one.other), Variable)]
        choices = [("test", one) for one in free] + [("bound", one) for one in way.bounds]
        choices += [("type", one) for one in way.triples if one[1] == RDF.type and isinstance(one[0], Variable) and len(self.classes) > 1]
        choices += [("absent", one) for one in way.absent]
        broken = self.rng.choice(choices) if not meets and choices else ("", None)
        if broken[0] == "test":
            wanted = [one for one in wanted if one is not broken[1]] + [replace(broken[1], relation="not " + broken[1].relation)]
        binding = self._binding(index, way, meets)
        fixed = {wkt: self.shapes[binding.get(thing, thing)] for wkt, thing in owner.items() if binding.get(thing, thing) in self.shapes}
        loose = {wkt: self._random(wkt, way) for wkt in owner if wkt not in fixed}
        placed = self._settle(wanted, loose, fixed, way)
        for wkt, shape in placed.items():
            self._keep(binding.get(owner[wkt], owner[wkt]), shape)
        self._state(way, binding, broken)
        if broken[0] == "absent" and isinstance(broken[1], Pattern):
            self._denied(broken[1], owner, binding, {**fixed, **placed})

    def _binding(self, index: int, way: Pattern, meets: bool) -> dict[Identifier, URIRef]:
        """A thing for each variable of the features: one that is there already, so that things share others, or a new one."""
        things = [one for one in dict.fromkeys([s for s, p, _ in way.triples if p != GEO.asWKT]) if isinstance(one, Variable)]
        geometries = {o for _, p, o in way.triples if p == GEO.hasGeometry}
        found, last = {}, [one for one in things if one not in geometries]
        for at, thing in enumerate(last):
            known = self.pool.setdefault((index, thing), [])
            if known and meets and self.rng.random() < 0.4 and at < len(last) - 1:
                found[thing] = self.rng.choice(known)
            else:
                self.number += 1
                found[thing] = URIRef(f"http://example.org/world/{thing}-{self.number}")
                if meets:
                    known.append(found[thing])
        return found

    def _state(self, way: Pattern, binding: dict[Identifier, URIRef], broken: tuple[str, object]) -> None:
        for triple in way.triples:
            s, p, o = triple
            if p in {GEO.hasGeometry, GEO.asWKT} or not isinstance(s, Variable):
                continue
            subject = binding.get(s, s)
            if broken[0] == "type" and broken[1] == triple:
                o = self.rng.choice([one for one in self.classes if one != o])
            value = binding.get(o, o) if not isinstance(o, Variable) or o in binding else None
            if value is None:
                stated = [x for x in self.triples if x[0] == subject and x[1] == p]
                value = (
                    stated[0][2]
                    if stated
                    else self._value(way, o, p, not (broken[0] == "bound" and isinstance(broken[1], Bound) and broken[1].of == o))
                )
            self.triples.add((subject, p, value))
            self.triples.add((subject, RDFS.label, Literal(str(subject).rsplit("/", 1)[-1])))

    def _denied(
        self, way: Pattern, owner: dict[Identifier, Identifier], binding: dict[Identifier, URIRef], outer: dict[Identifier, Shape]
    ) -> None:
        """What must not be there, there."""
        inner = way.shapes()
        self.number += 1
        new = {
            one: URIRef(f"http://example.org/world/{one}-{self.number}")
            for one, _, _ in way.triples
            if isinstance(one, Variable) and one not in binding
        }
        placed = self._settle(way.tests, {wkt: self._random(wkt, way) for wkt in inner if wkt not in outer}, outer, way)
        for wkt, shape in placed.items():
            self._keep(new.get(inner[wkt], binding.get(inner[wkt], inner[wkt])), shape)
        for s, p, o in way.triples:
            if p not in {GEO.hasGeometry, GEO.asWKT}:
                self.triples.add(
                    (
                        new.get(s, binding.get(s, s)),
                        p,
                        new.get(o, binding.get(o, o)) if not isinstance(o, Variable) or o in new else self._value(way, o, p, True),
                    )
                )

    # values and shapes
    def _value(self, way: Pattern, variable: Identifier, predicate: Identifier, meets: bool) -> Literal:
        bounds = [one for one in way.bounds if one.of == variable]
        if "ame" in str(predicate) or "abel" in str(predicate):
            self.number += 1
            return Literal(f"name {self.number}")
        value = self.rng.randint(1_000, 900_000)
        for one in bounds:
            low = one.op in {"<", "<="}
            value = int(one.value * (self.rng.uniform(0.2, 0.9) if low == meets else self.rng.uniform(1.1, 3)))
        return Literal(str(value), datatype=XSD.integer)

    def _keep(self, thing: Identifier, shape: Shape) -> None:
        if isinstance(thing, Variable) or thing in self.shapes:
            return
        self.shapes[thing] = shape
        self.triples |= set(_drawn(URIRef(str(thing)), shape))

    def _random(self, wkt: Identifier, way: Pattern) -> Shape:
        big = any(
            one.relation.endswith(("within",)) and one.other == wkt or one.relation.endswith("contains") and one.one == wkt
            for one in way.tests
        )
        size = self.rng.uniform(2, 5) if big else self.rng.uniform(0.05, 0.6)
        x, y = self.rng.uniform(-9, 9), self.rng.uniform(42, 56)
        if any(one.relation.endswith("crosses") and one.one == wkt for one in way.tests):
            return LineString([(x, y), (x + size, y + size / 3)])
        return box(x, y, x + size * self.rng.uniform(0.6, 1.4), y + size * self.rng.uniform(0.6, 1.4))

    def _settle(
        self, tests: list[Test], loose: dict[Identifier, Shape], fixed: dict[Identifier, Shape], way: Pattern
    ) -> dict[Identifier, Shape]:
        """Move the loose shapes until the tests hold, as far as that goes."""
        known = {**fixed, **loose}
        ours = [one for one in tests if one.one in known and one.other in known and (one.one in loose or one.other in loose)]
        areas = [one for one in way.bounds if one.area and one.of in loose]
        best = _failing(ours, known)
        for _ in range(_TRIES):
            if not best:
                break
            test = self.rng.choice(best)
            moved = self.rng.choice([one for one in (test.one, test.other) if one in loose])
            trial = {**known, moved: _moved(self.rng, test, moved, known)}
            failing = _failing(ours, trial)
            if len(failing) <= len(best):
                known, best = trial, failing
        for one in areas:
            known[one.of] = _scaled(self.rng, known[one.of], one)
        return {wkt: known[wkt] for wkt in loose}


def _all(way: Pattern) -> list[Triple]:
    return [*way.triples, *(triple for one in way.absent for triple in _all(one))]


def _broken(rng: random.Random, tests: list[Test]) -> list[Test]:
    at = rng.randrange(len(tests))
    return [replace(one, relation="not " + one.relation) if index == at else one for index, one in enumerate(tests)]


def _failing(tests: list[Test], shapes: dict[Identifier, Shape]) -> list[Test]:
    return [one for one in tests if not _holds(one, shapes[one.one], shapes[one.other])]


def _holds(test: Test, a: BaseGeometry, b: BaseGeometry) -> bool:
    name = test.relation
    if name.startswith("not "):
        return not _holds(replace(test, relation=name[4:]), a, b)
    if name in {"near", "far"}:
        # degrees north and south at most: what is surely within, or surely beyond
        distance = a.distance(b) * _DEGREE
        return distance < 0.5 * test.metres if name == "near" else distance > 3 * test.metres
    (west, south, east, north), (w, s, e, n) = a.bounds, b.bounds
    boxes = {"above": south > n, "below": north < s, "left": east < w, "right": west > e}
    return boxes[name] if name in boxes else bool(getattr(a, name)(b))


def _moved(rng: random.Random, test: Test, moved: Identifier, shapes: dict[Identifier, Shape]) -> Shape:
    """The shape placed anew with regard to the other one of a test."""
    other = shapes[test.other if moved == test.one else test.one]
    shape, name = shapes[moved], test.relation.removeprefix("not ")
    negated = name != test.relation
    w, s, e, n = other.bounds
    width, height = max(e - w, 0.01), max(n - s, 0.01)
    inside = (name == "within" and moved == test.one) or (name == "contains" and moved == test.other)
    around = (name == "contains" and moved == test.one) or (name == "within" and moved == test.other)
    if negated or name in {"disjoint", "far"}:
        return _at(shape, rng.uniform(w - 6, e + 6), rng.uniform(s - 5, n + 5))
    if inside:
        size = rng.uniform(0.1, 0.5)
        return _sized(shape, rng.uniform(w, w + width * (1 - size)), rng.uniform(s, s + height * (1 - size)), width * size, height * size)
    if around:
        return _sized(shape, w - rng.uniform(0.1, 2), s - rng.uniform(0.1, 2), width + rng.uniform(2.2, 4), height + rng.uniform(2.2, 4))
    a, b, c, d = shape.bounds
    if name == "touches":
        return box(e, s + height * rng.uniform(-0.3, 0.8), e + (c - a), s + height * 0.5 + (d - b) + height * 0.4)
    if name == "near":
        reach = 0.3 * test.metres / _DEGREE
        return _at(shape, e + rng.uniform(0, reach) * 0.5, s + rng.uniform(0, reach) * 0.2)
    if name == "crosses":
        if isinstance(shape, LineString):
            return LineString(
                [
                    (w - rng.uniform(0.1, 1), s + height * rng.uniform(0.2, 0.8)),
                    (e + rng.uniform(0.1, 1), s + height * rng.uniform(0.2, 0.8)),
                ]
            )
        return box(w + width * 0.2, s - 0.3, w + width * 0.6, n + 0.3)
    if name in {"above", "below", "left", "right"}:
        gap = rng.uniform(0.05, 3)
        forward = name if moved == test.one else {"above": "below", "below": "above", "left": "right", "right": "left"}[name]
        spread = rng.uniform(-1, 1)
        return {
            "above": _at(shape, a + spread, n + gap), "below": _at(shape, a + spread, s - gap - (d - b)),
            "right": _at(shape, e + gap, b + spread), "left": _at(shape, w - gap - (c - a), b + spread),
        }[forward]  # fmt: skip
    return _at(shape, e - (c - a) * 0.5, n - (d - b) * 0.5)


def _at(shape: Shape, x: float, y: float) -> Shape:
    a, b, c, d = shape.bounds
    return _sized(shape, x, max(y, 30.0), c - a, d - b)


def _sized(shape: Shape, x: float, y: float, width: float, height: float) -> Shape:
    if isinstance(shape, LineString):
        return LineString([(x, y), (x + width, y + height)])
    return box(x, y, x + width, y + height)


def _scaled(rng: random.Random, shape: Shape, bound: Bound) -> Shape:
    side = (bound.value**0.5) / _DEGREE * (rng.uniform(0.2, 0.8) if "<" in bound.op else rng.uniform(1.6, 4))
    x, y, _, _ = shape.bounds
    return _sized(shape, x, y, side, side)
