"""The hierarchies that RDFS entailment follows: those of GeoSPARQL, Simple Features and GML, and what the data say themselves.

Built in are the ontologies of OGC GeoSPARQL 1.1 (22-047r1, §6–8 and Annexes on ``geo:``, ``sf:`` and ``gml:``); stored are
``rdfs:subClassOf``, ``rdfs:subPropertyOf``, ``rdfs:domain`` and ``rdfs:range`` in the active default graph of a query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from earthweave.ontology import GEO, GML, RDFS, SF
from earthweave.ontology.geometry import RELATIONS

from ..algebra import Context, Dataset
from ..snapshot import Kind, Snapshot, Term, iri
from ._graphs import view

SUBCLASS, SUBPROPERTY, DOMAIN, RANGE = (str(RDFS[name]) for name in ("subClassOf", "subPropertyOf", "domain", "range"))
_GEO = {
    "SpatialObject": "Feature Geometry", "SpatialObjectCollection": "FeatureCollection GeometryCollection",
}
_SF = {
    "Geometry": "Point Curve Surface GeometryCollection", "Curve": "LineString", "LineString": "Line LinearRing",
    "Surface": "Polygon PolyhedralSurface", "Polygon": "Triangle Envelope", "PolyhedralSurface": "TIN",
    "GeometryCollection": "MultiPoint MultiCurve MultiSurface", "MultiCurve": "MultiLineString", "MultiSurface": "MultiPolygon",
}
_GML = {
    "AbstractGeometry": "AbstractGeometricPrimitive AbstractGeometricAggregate GeometricComplex",
    "AbstractGeometricPrimitive": "Point AbstractCurve AbstractSurface AbstractSolid",
    "AbstractCurve": "Curve LineString OrientableCurve CompositeCurve",
    "AbstractSurface": "Surface Polygon OrientableSurface CompositeSurface",
    "Surface": "PolyhedralSurface TriangulatedSurface", "TriangulatedSurface": "Tin", "AbstractSolid": "Solid CompositeSolid",
    "AbstractGeometricAggregate": "MultiGeometry MultiPoint MultiCurve MultiSurface MultiSolid MultiLineString MultiPolygon",
}
_PROPERTIES = {
    "hasGeometry": "hasDefaultGeometry hasBoundingBox hasCentroid", "hasSerialization": "asWKT asGML asGeoJSON asKML asDGGS",
    "hasSize": "hasMetricSize hasLength hasPerimeterLength hasArea hasVolume hasMetricLength hasMetricPerimeterLength hasMetricArea "
               "hasMetricVolume",
    "hasMetricSize": "hasMetricLength hasMetricPerimeterLength hasMetricArea hasMetricVolume",
}
_DOMAINS = {"hasGeometry": "Feature", "hasSize": "SpatialObject", "hasSerialization": "Geometry", "dimension": "Geometry",
            "coordinateDimension": "Geometry", "spatialDimension": "Geometry", "isEmpty": "Geometry", "isSimple": "Geometry",
            "hasSpatialResolution": "Geometry", "hasSpatialAccuracy": "Geometry", "hasMetricSpatialResolution": "Geometry",
            "hasMetricSpatialAccuracy": "Geometry", **dict.fromkeys(RELATIONS, "SpatialObject")}
_RANGES = {"hasGeometry": "Geometry", **dict.fromkeys(RELATIONS, "SpatialObject")}
Name = TypeVar("Name", bound=Hashable)


class Hierarchy(Generic[Name]):
    """Names above and below each other, with all that follows from it; a ring of names is one place."""

    def __init__(self, pairs: Iterable[tuple[Name, Name]]) -> None:
        self._lower: dict[Name, list[Name]] = defaultdict(list)
        self._higher: dict[Name, list[Name]] = defaultdict(list)
        for low, high in dict.fromkeys(pairs):
            self._lower[high].append(low)
            self._higher[low].append(high)

    def below(self, *names: Name) -> list[Name]:
        """The names and everything below them, each once."""
        return _reached(self._lower, names)

    def above(self, *names: Name) -> list[Name]:
        """The names and everything above them, each once."""
        return _reached(self._higher, names)

    def steps(self) -> Iterator[tuple[Name, Name]]:
        """Every name with each name above it and with itself."""
        yield from self.pairs()
        yield from ((one, one) for one in dict.fromkeys([*self._lower, *self._higher]))

    def pairs(self) -> Iterator[tuple[Name, Name]]:
        """Every name with each other name above it."""
        for low in list(self._higher):
            yield from ((low, high) for high in self.above(low) if low != high)


def _reached(steps: dict[Name, list[Name]], names: tuple[Name, ...]) -> list[Name]:
    found, rest = dict.fromkeys(names), list(names)
    while rest:
        fresh = [one for one in steps.get(rest.pop(), ()) if one not in found]
        found |= dict.fromkeys(fresh)
        rest += fresh
    return list(found)


class Schema:
    """What follows from class and property hierarchies, domains and ranges (RDF 1.1 Semantics §9, rules 2, 3, 5, 7, 9 and 11).

    Attributes:
        classes, properties: what is below what; properties are IRIs as text.
    """

    def __init__(self, classes: Iterable[tuple[Term, Term]], properties: Iterable[tuple[str, str]],
                 domains: Iterable[tuple[str, Term]], ranges: Iterable[tuple[str, Term]]) -> None:
        self.classes, self.properties = Hierarchy(classes), Hierarchy(properties)
        self._typing = [(name, kind, False) for name, kind in domains] + [(name, kind, True) for name, kind in ranges]

    def below_property(self, name: str) -> list[str]:
        """A property and all below it."""
        return self.properties.below(name)

    def steps(self, name: str) -> Iterator[tuple[Term, Term]]:
        """What ``rdfs:subClassOf`` or ``rdfs:subPropertyOf`` holds between, each name with itself too."""
        if name == SUBCLASS:
            yield from self.classes.steps()
            yield from ((kind, kind) for _, kind, _ in self._typing)
        else:
            yield from ((iri(low), iri(high)) for low, high in self.properties.steps())
            yield from ((iri(one), iri(one)) for one, _, _ in self._typing)

    def typing(self, kinds: Iterable[Term] | None = None) -> Iterator[tuple[str, Term, bool]]:
        """Property, class that it gives its subject or (True) its object; only for these classes, or for all."""
        wanted = None if kinds is None else set(kinds)
        for name, kind, inverse in dict.fromkeys(self._typing):
            if wanted is None or kind in wanted:
                yield from ((one, kind, inverse) for one in self.below_property(name))


_KNOWN: WeakKeyDictionary[Snapshot, dict[Dataset, Schema]] = WeakKeyDictionary()


def schema_of(context: Context) -> Schema:
    """The schema that a query sees; read once per snapshot and dataset."""
    known = _KNOWN.setdefault(context.snapshot, {})
    if context.dataset not in known:
        known[context.dataset] = Schema([*_built_in_classes(), *_stated(context, SUBCLASS)],
                                        [*_pairs(GEO, _PROPERTIES), *_named(_stated(context, SUBPROPERTY))],
                                        [*_classed(_DOMAINS), *_property(_stated(context, DOMAIN))],
                                        [*_classed(_RANGES), *_property(_stated(context, RANGE))])
    return known[context.dataset]


def _pairs(space: object, table: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"{space}{low}", f"{space}{high}") for high, lows in table.items() for low in lows.split())


def _built_in_classes() -> Iterator[tuple[Term, Term]]:
    roots = [(f"{SF}Geometry", f"{GEO}Geometry"), (f"{GML}AbstractGeometry", f"{GEO}Geometry")]
    yield from ((iri(low), iri(high)) for low, high in (*_pairs(GEO, _GEO), *_pairs(SF, _SF), *_pairs(GML, _GML), *roots))


def _classed(table: dict[str, str]) -> Iterator[tuple[str, Term]]:
    return ((f"{GEO}{name}", iri(f"{GEO}{kind}")) for name, kind in table.items())


def _stated(context: Context, name: str) -> list[tuple[Term, Term]]:
    """Subjects and objects of a property in the active default graph."""
    segment, seen = context.snapshot.segment(context.snapshot.find(iri(name))), view(context, None)
    if segment is None or not seen.sees(segment):
        return []
    places = np.arange(segment.count)
    if not seen.passes(segment):
        places = places[seen.keep(segment, segment.so, places)]
    return list(zip(_terms(context, segment.so.key[places]), _terms(context, segment.so.value[places]), strict=True))


def _terms(context: Context, ids: object) -> list[Term]:
    distinct, back = np.unique(np.asarray(ids), return_inverse=True)
    found = [context.snapshot.term(one) for one in distinct.tolist()]
    return [found[place] for place in back.tolist()]


def _named(pairs: Iterable[tuple[Term, Term]]) -> Iterator[tuple[str, str]]:
    """Pairs of IRIs; blank nodes and literals are no predicates."""
    return ((low.text, high.text) for low, high in pairs if low.type.kind == high.type.kind == Kind.IRI)


def _property(pairs: Iterable[tuple[Term, Term]]) -> Iterator[tuple[str, Term]]:
    return ((low.text, kind) for low, kind in pairs if low.type.kind is Kind.IRI)
