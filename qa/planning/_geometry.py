"""Geometries of things, on demand: of all of a place, of a part of it, of coordinates."""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import Literal, URIRef
from rdflib.term import Variable

from earthweave.ontology import GEO, GEOF

from ..request import Argument, Box, Named, Part, Point
from ._algebra import Bind, Call, Column, Expression, Infix, Select, Term, Triple, Values
from ._algebra import Part as Pattern
from ._scope import Refused, Scope, Subject, decimal, either

PATH = (str(GEO.hasGeometry), str(GEO.asWKT))
"""From a thing to the literal of its geometry, where nothing else is known of a store."""
_SHARES = {"half": "that half", "quarter": "that quarter", "middle": "the middle third, both ways,"}


def argued(scope: Scope, argument: Argument) -> Subject:
    """The patterns of an argument; a point or a box has none, but a geometry."""
    if isinstance(argument, Point):
        return Subject(None, shape=_wkt(f"POINT({argument.lon!r} {argument.lat!r})"), label="the point")
    if isinstance(argument, Box):
        west, south, east, north = (repr(float(one)) for one in (argument.west, argument.south, argument.east, argument.north))
        ring = ", ".join((f"{west} {south}", f"{east} {south}", f"{east} {north}", f"{west} {north}", f"{west} {south}"))
        return Subject(None, shape=_wkt(f"POLYGON(({ring}))"), label="the area")
    return scope.nested(scope, argument)


def located(scope: Scope, argument: Argument) -> tuple[Subject, Term]:
    """An argument with its geometry."""
    subject = argued(scope, argument)
    return subject, placed(scope, subject)


def placed(scope: Scope, subject: Subject) -> Term:
    """The geometry literal of a subject, whose patterns are added the first time; refuses where the store has none of its kind."""
    if subject.shape is None:
        if not scope.placed(subject):
            raise Refused("no-geometry", f"The store has no geometries of {subject.label or 'these things'}.", subject.label)
        parted = any(one.part for one in subject.named)
        subject.shape = shape = scope.fresh("part" if parted else "wkt")
        if parted:
            subject.parts.extend(either([_parted(scope, subject.variable, shape, one) for one in subject.named]))
        else:
            subject.parts.extend(_drawn(scope, subject.variable, shape))
    return subject.shape


def paths(scope: Scope) -> list[tuple[str, ...]]:
    """The ways from things to their geometries; that of a default geometry leads nowhere else than the others."""
    known = scope.knowledge.geometry or (PATH,)
    own = [path for path in known if str(GEO.hasDefaultGeometry) not in path]
    return list(dict.fromkeys(own)) or [known[0]]


def _drawn(scope: Scope, term: Variable, shape: Variable) -> tuple[Pattern, ...]:
    """The triples of a geometry."""
    return either([tuple(_walk(scope, term, path, shape)) for path in paths(scope)])


def _parted(scope: Scope, term: Variable, shape: Variable, named: Named) -> tuple[Pattern, ...]:
    """Of a place the part that was said, in a scope of its own."""
    whole = scope.fresh("wkt") if named.part else shape
    body = [Values(term, tuple(map(URIRef, named.iris))), *_drawn(scope, term, whole)]
    if named.part:
        kind = "middle" if named.part == "centre" else "quarter" if len(named.part) > len("north") else "half"
        scope.note("part", f"The {named.part} of {named.name} is {_SHARES[kind]} of its bounding box.", named.name)
        body.extend(_cut(scope, named.part, whole, shape))
    return (Select((Column(term), Column(shape)), tuple(body)),)


def _walk(scope: Scope, term: Variable, path: tuple[str, ...], literal: Variable) -> Iterable[Pattern]:
    for predicate in path[:-1]:
        node = scope.fresh("geometry")
        yield Triple(term, (URIRef(predicate),), node)
        term = node
    yield Triple(term, (URIRef(path[-1]),), literal)


def _cut(scope: Scope, part: Part, whole: Variable, shape: Variable) -> Iterable[Pattern]:
    """What a geometry has in common with a part of its bounding box."""
    edges = []
    for low, high, lower, upper in (("minX", "maxX", "west", "east"), ("minY", "maxY", "south", "north")):
        least, most = (Call(GEOF[name], (whole,)) for name in (low, high))
        third = part == "centre"
        for name, share in ((lower, 1 / 3 if third else 0.5 * (upper in part)), (upper, 2 / 3 if third else 1 - 0.5 * (lower in part))):
            edge = scope.fresh(name)
            edges.append(edge)
            yield Bind(edge, Infix("+", (Infix("*", (least, decimal(1 - share))), Infix("*", (most, decimal(share))))))
    west, east, south, north = edges
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    texts: list[Expression] = [Literal("POLYGON((")]
    for number, (x, y) in enumerate(corners):
        texts += (Literal(", "),) if number else ()
        texts += (Call("STR", (x,)), Literal(" "), Call("STR", (y,)))
    box = Call("STRDT", (Call("CONCAT", (*texts, Literal("))"))), GEO.wktLiteral))
    yield Bind(shape, Call(GEOF.intersection, (whole, box)))


def _wkt(text: str) -> Literal:
    return Literal(text, datatype=GEO.wktLiteral, normalize=False)
