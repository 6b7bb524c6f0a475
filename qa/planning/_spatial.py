"""Spatial relations as filters on two geometries, and as properties where a store has no geometries to compare."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rdflib import URIRef
from rdflib.term import Variable

from earthweave.ontology import GEOF, UOM

from ..knowledge import near
from ..request import Spatial, Things
from ._algebra import Aggregate, Call, Column, Expression, Filter, Infix, Part, Select, Term
from ._geometry import argued, located, placed
from ._scope import Refused, Scope, Subject, decimal, overlapping
from ._stated import stated
from ._types import Lookup

STRDF = "http://strdf.di.uoa.gr/ontology#"
AZIMUTH = URIRef("http://postgis.net/ST_Azimuth")
_SIMPLE: dict[str, URIRef] = {
    "within": GEOF.sfWithin, "contains": GEOF.sfContains, "intersects": GEOF.sfIntersects, "touches": GEOF.sfTouches,
    "crosses": GEOF.sfCrosses, "overlaps": GEOF.sfOverlaps, "equals": GEOF.sfEquals, "disjoint": GEOF.sfDisjoint,
}  # fmt: skip
SECTORS = {
    name: 45.0 * number
    for number, name in enumerate(("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"))
}
_BOXES = {"north": "above", "south": "below", "east": "right", "west": "left"}
_REACHING = frozenset({"near", "along", "distance"})
_HALF_SECTOR = 22.5


def distance(one: Expression, other: Expression) -> Call:
    """Geodesic, in metres."""
    return Call(GEOF.distance, (one, other, UOM.metre))


def azimuth(origin: Expression, target: Expression) -> Call:
    """Geodesic, from centroid to centroid, in radians from north, clockwise."""
    return Call(AZIMUTH, (origin, target))


def connected(scope: Scope, subject: Subject, spatial: Spatial) -> tuple[list[Part], Variable | None]:
    """The patterns that bring a subject together with what it stands in a relation to, and the variable of that.

    The subject's own geometry, if it is needed, is added to the subject.
    """
    if spatial.relation == "between":
        return _between(scope, subject, spatial), None
    if spatial.relation == "towards":
        return _towards(scope, subject, spatial), None
    other = argued(scope, spatial.of[0])
    if other.term is not None and spatial.metres is None and not (scope.placed(subject) and scope.placed(other)):
        return [*other.parts, *stated(scope, subject, spatial.relation, other)], other.term
    own, shape = placed(scope, subject), placed(scope, other)
    parts = [*other.parts, *map(Filter, _tests(scope, spatial, subject, own, other, shape))]
    itself = spatial.negated and spatial.relation in _REACHING and bool(other.named)
    if spatial.relation != "equals" and not itself and overlapping(subject, other):
        # nothing is beside itself, but what is not near a place is not the place either
        parts.append(Filter(Infix("!=", (subject.variable, other.variable))))
    return parts, other.term


def _tests(scope: Scope, spatial: Spatial, subject: Subject, own: Term, other: Subject, shape: Term) -> Iterator[Expression]:
    relation = spatial.relation
    if relation in SECTORS:
        if spatial.metres is not None:
            yield Infix(spatial.op or "<=", (distance(own, shape), decimal(spatial.metres)))
        yield from _directed(scope, relation, own, shape)
    elif relation in ("near", "along", "distance"):
        yield Infix(spatial.op or "<=", (distance(own, shape), decimal(_metres(scope, spatial, other))))
    elif relation in ("within", "contains"):
        yield _inside(scope, relation, (subject, own), (other, shape))
    else:
        yield Call(_SIMPLE[relation], (own, shape))


def _inside(scope: Scope, relation: str, one: tuple[Subject, Term], other: tuple[Subject, Term]) -> Expression:
    """Containment; of what the store has as points, whatever is not far from the point as well."""
    shapes, (place, shape) = (one[1], other[1]), other if relation == "within" else one
    strict, metres = Call(_SIMPLE[relation], shapes), scope.conventions.inside_point
    if metres is None or scope.dimension(place) != 0:
        return strict
    scope.note("inside-point", f"The store has {place.label} as a point: within {metres / 1000:g} km of it was taken.", place.label)
    near = Infix("<=", (distance(*shapes), decimal(metres)))
    return Infix("||", (strict, Infix("&&", (near, Infix("=", (Call(GEOF.dimension, (shape,)), decimal(0)))))))


def _metres(scope: Scope, spatial: Spatial, other: Subject) -> float:
    if spatial.metres is not None:
        return spatial.metres
    if spatial.relation == "along":
        scope.note("along", f"'Along' was taken as within {scope.conventions.along:g} m of it.", other.label)
        return scope.conventions.along
    usual = near([label for entry in scope.entries(other) for label in entry.labels])
    metres = scope.conventions.near or usual.value
    scope.note("near", f"'Near' {other.label or 'it'} was taken as within {metres / 1000:g} km.", other.label)
    return metres


def _directed(scope: Scope, relation: str, own: Term, shape: Term) -> Iterator[Expression]:
    if scope.conventions.directions == "boxes":
        for name, function in _BOXES.items():
            if name in relation:
                yield Call(URIRef(STRDF + function), (own, shape))
        return
    scope.note("direction", f"{relation.capitalize()} is the sector of 45° around that direction, from centre to centre.")
    yield _beside(azimuth(shape, own), decimal(math.radians(SECTORS[relation])))


def _beside(angle: Expression, way: Expression) -> Expression:
    """Whether two angles, in radians from 0 to a turn, differ by at most half a sector: half a turn more or less differs by much."""
    apart = Call("ABS", (Infix("-", (angle, way)),))
    turned = Call("ABS", (Infix("-", (apart, decimal(math.pi))),))
    return Infix(">=", (turned, decimal(math.pi - math.radians(_HALF_SECTOR))))


def _between(scope: Scope, subject: Subject, spatial: Spatial) -> list[Part]:
    """The way by a place is at most so much longer than the straight one, and the place is neither of its ends."""
    if len(spatial.of) != 2:
        raise Refused("unsupported-operation", "Between what and what? Two places are needed.", subject.label)
    (first, one), (last, other) = (located(scope, argument) for argument in spatial.of)
    own, ends = placed(scope, subject), (first, last)
    longer = scope.conventions.between
    scope.note("between", f"'Between' was taken as: the way by it is at most {longer - 1:.0%} longer than the straight one.")
    by_way, straight = Infix("+", (distance(own, one), distance(own, other))), distance(one, other)
    tests: list[Expression] = [Infix("<=", (by_way, Infix("*", (straight, decimal(longer)))))]
    if all(isinstance(one, Things) and one.named and not one.constraints for one in spatial.of):
        # found first, it lets an index leave out what is far from the one end already
        reach, (start, goal) = scope.fresh("reach"), (located(scope, argument) for argument in spatial.of)
        most = Aggregate("MAX", Infix("*", (distance(start[1], goal[1]), decimal(longer))))
        scope.lookups.append(Lookup(reach, Select((Column(reach, most),), (*start[0].parts, *goal[0].parts))))
        tests.insert(0, Infix("<=", (distance(own, one), reach)))
    tests += [Infix("!=", (subject.variable, end.variable)) for end in ends if overlapping(subject, end)]
    return [*(part for end in ends for part in end.parts), *map(Filter, tests)]


def _towards(scope: Scope, subject: Subject, spatial: Spatial) -> list[Part]:
    """Seen from the origin, at most half a sector beside the destination."""
    if len(spatial.of) != 2:
        raise Refused("unsupported-operation", "Towards a place from where? Two places are needed.", subject.label)
    (destination, there), (origin, here) = (located(scope, argument) for argument in spatial.of)
    own = placed(scope, subject)
    scope.note("towards", f"'Towards' was taken as at most {_HALF_SECTOR:g}° beside the straight way.")
    tests: list[Expression] = [_beside(azimuth(here, own), azimuth(here, there))]
    if spatial.metres is not None:
        tests.append(Infix(spatial.op or "<=", (distance(own, here), decimal(spatial.metres))))
    tests += [Infix("!=", (subject.variable, end.variable)) for end in (destination, origin) if overlapping(subject, end)]
    return [*destination.parts, *origin.parts, *map(Filter, tests)]
