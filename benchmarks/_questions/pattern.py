"""What a gold query requires: its triples and conditions, taken from the algebra of the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from rdflib import Literal, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Identifier, Variable

from earthweave.ontology import GEO, GEOF, RDF, RDFS, XSD

PREFIXES = {
    "yago": "http://yago-knowledge.org/resource/", "y2geoo": "http://kr.di.uoa.gr/yago2geo/ontology/",
    "y2geor": "http://kr.di.uoa.gr/yago2geo/resource/", "geo": str(GEO), "geof": str(GEOF), "rdf": str(RDF), "rdfs": str(RDFS),
    "xsd": str(XSD), "strdf": "http://strdf.di.uoa.gr/ontology#", "uom": "http://www.opengis.net/def/uom/OGC/1.0/",
}  # fmt: skip
_RELATIONS = ("Within", "Contains", "Touches", "Intersects", "Crosses", "Overlaps")
_TESTS = (
    {f"sf{name}": name.lower() for name in (*_RELATIONS, "Disjoint", "Equals")}
    | {name.lower(): name.lower() for name in _RELATIONS}
    | {name: name for name in ("above", "below", "left", "right")}
)
_AS_PROPERTY = {GEO[f"sf{name}"]: name.lower() for name in _RELATIONS}


@dataclass(frozen=True)
class Test:
    """A condition between two geometries: a relation, or ``near``/``far`` with metres; ``stated`` as a property of features."""

    relation: str
    one: Identifier
    other: Identifier
    metres: float = 0.0
    stated: bool = False


@dataclass(frozen=True)
class Bound:
    """A number of a thing beside a constant; ``of`` is the variable of the number, or that of a geometry with ``area``."""

    of: Identifier
    op: str
    value: float
    area: bool = False


@dataclass
class Pattern:
    """One way to meet a query: triples of features, which geometry is whose, tests, bounds, and what must not be there."""

    triples: list[tuple[Identifier, Identifier, Identifier]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    absent: list[Pattern] = field(default_factory=list)

    def joined(self, other: Pattern) -> Pattern:
        """Both at once."""
        return Pattern(self.triples + other.triples, self.tests + other.tests, self.bounds + other.bounds, self.absent + other.absent)

    def shapes(self) -> dict[Identifier, Identifier]:
        """WKT variable → the feature that it is the geometry of."""
        owner = {o: s for s, p, o in self.triples if p == GEO.hasGeometry}
        return {o: owner.get(s, s) for s, p, o in self.triples if p == GEO.asWKT}


def parsed(sparql: str) -> Any:
    """The algebra of a query, with the prefixes of the set."""
    return prepareQuery(sparql, initNs=PREFIXES).algebra


def patterns(algebra: Any) -> list[Pattern]:
    """The ways to meet a query: one for each choice among its unions."""
    return [_drawn(way) for way in list(_ways(algebra))[:6]]


def _drawn(way: Pattern) -> Pattern:
    """The same with relations that are stated as properties of features as tests of their geometries, which features without one get."""
    of = {thing: wkt for wkt, thing in way.shapes().items()}
    asked = [end for one in way.tests if one.stated for end in (one.one, one.other)]
    more = {thing: Variable(f"{str(thing).rsplit('/', 1)[-1]}Wkt") for thing in asked if thing not in of}
    of |= more
    ends = [replace(one, one=of[one.one], other=of[one.other]) if one.stated else one for one in way.tests]
    nodes = [(Variable(f"{wkt}Geometry"), thing, wkt) for thing, wkt in more.items()]
    geometry = [triple for node, thing, wkt in nodes for triple in ((thing, GEO.hasGeometry, node), (node, GEO.asWKT, wkt))]
    return Pattern([*way.triples, *geometry], ends, way.bounds, list(map(_drawn, way.absent)))


def _ways(node: Any) -> Iterator[Pattern]:
    if not isinstance(node, CompValue):
        return
    if node.name == "BGP":
        yield _basic(node.triples)
    elif node.name in {"Join", "LeftJoin"}:
        for one, other in product(list(_ways(node.p1)), list(_ways(node.p2))):
            yield one.joined(other)
    elif node.name == "Union":
        yield from _ways(node.p1)
        yield from _ways(node.p2)
    elif node.name == "Minus":
        for one in _ways(node.p1):
            yield one.joined(Pattern(absent=list(_ways(node.p2))))
    elif node.name == "Filter":
        for one in _ways(node.p):
            yield one.joined(_condition(node.expr))
    elif node.get("p") is not None:
        yield from _ways(node.p)


def _basic(triples: Any) -> Pattern:
    found = Pattern()
    for s, p, o in triples:
        if p in _AS_PROPERTY:
            found.tests.append(Test(_AS_PROPERTY[p], s, o, stated=True))
        else:
            found.triples.append((s, p, o))
    return found


def _condition(expr: Any) -> Pattern:
    if not isinstance(expr, CompValue):
        return Pattern()
    if expr.name == "ConditionalAndExpression":
        found = _condition(expr.expr)
        for one in expr.other:
            found = found.joined(_condition(one))
        return found
    if expr.name == "ConditionalOrExpression":
        return _condition(expr.expr)
    if expr.name == "Builtin_NOTEXISTS":
        return Pattern(absent=list(_ways(expr.graph)))
    if expr.name == "Builtin_EXISTS":
        return next(_ways(expr.graph), Pattern())
    if expr.name == "Function":
        return _called(expr)
    return _compared(expr) if expr.name == "RelationalExpression" else Pattern()


def _called(expr: Any) -> Pattern:
    name = str(expr.iri).rsplit("#", 1)[-1].rsplit("/", 1)[-1]
    if name in _TESTS and len(expr.expr) == 2:
        return Pattern(tests=[Test(_TESTS[name], *expr.expr)])
    return Pattern()


def _compared(expr: Any) -> Pattern:
    left, right = expr.expr, expr.other
    if not isinstance(right, Literal) or not isinstance(right.toPython(), int | float) and not _is_number(right):
        return Pattern()
    value = float(right)
    if isinstance(left, Variable):
        return Pattern(bounds=[Bound(left, expr.op, value)])
    if isinstance(left, CompValue) and left.name == "Function":
        name = str(left.iri).rsplit("/", 1)[-1].rsplit("#", 1)[-1]
        if name == "distance":
            return Pattern(tests=[Test("near" if "<" in expr.op else "far", left.expr[0], left.expr[1], value)])
        if name == "area":
            return Pattern(bounds=[Bound(left.expr[0], expr.op, value, area=True)])
        if left.expr and isinstance(left.expr[0], Variable):
            return Pattern(bounds=[Bound(left.expr[0], expr.op, value)])
    return Pattern()


def _is_number(term: Literal) -> bool:
    try:
        float(term)
    except ValueError:
        return False
    return True


def constants(pattern: Pattern) -> set[URIRef]:
    """The things that a query names."""
    found = {one for s, p, o in pattern.triples for one in ((s, o) if p != RDF.type else (s,)) if isinstance(one, URIRef)}
    return found
