"""Inside a worker: the functions of ``geof:`` as the engine calls them, term by term, over the kernels of ontology/geometry.

The engine swallows whatever a function raises, so failures are counted in a tally and come back as notices.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from inspect import signature
from typing import Any

import pyoxigraph as ox
import shapely

from earthweave.ontology import CRS84, GEO, GEOF, SF, UNIT, UOM, XSD, Crs, EarthweaveError
from earthweave.ontology.geometry import RELATIONS, area_m2, buffer_m, distance_m, intersecting, length_m, relate, write_wkt

from ._catalogue import ALIASES
from ._serve import MEMORY_EXIT
from ._shapes import FOREIGN, Shape, Shapes, Tally, crs_iri

_WKT = ox.NamedNode(str(GEO.wktLiteral))
_GEOJSON = ox.NamedNode(str(GEO.geoJSONLiteral))
_DOUBLE = ox.NamedNode(str(XSD.double))
_URI = ox.NamedNode(str(XSD.anyURI))
_TRUE, _FALSE = ox.Literal(True), ox.Literal(False)
_SYMMETRIC = frozenset({"sfIntersects", "sfDisjoint", "sfTouches", "sfOverlaps", "sfEquals"})
_APART_IS_TRUE = frozenset({"sfDisjoint", "ehDisjoint"})
_METRES = {str(UOM.metre): 1.0, str(UOM.kilometre): 1000.0, str(UNIT.M): 1.0, str(UNIT.KiloM): 1000.0}
_SQUARE_METRES = {
    str(UOM.squareMetre): 1.0, str(UOM.metre): 1.0, str(UOM.kilometre): 1e6,
    str(UNIT.M2): 1.0, str(UNIT.HA): 1e4, str(UNIT.KiloM2): 1e6,
}
_ANGLES = frozenset({str(UOM.degree), str(UOM.radian), str(UOM.unity), str(UNIT.DEG), str(UNIT.RAD)})

Term = Any
Function = Callable[..., Term]


class _Refused(Exception):
    """A function cannot be evaluated on these arguments; counted and turned into an expression error."""

    def __init__(self, code: str, reason: str, sample: str = "") -> None:
        super().__init__(reason)
        self.note = (code, reason, sample)


class Functions:
    """The table of functions for an engine, bound to one cache of shapes and the tally of the running query."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.tally = Tally()

    def table(self) -> dict[ox.NamedNode, Function]:
        """IRI → function."""
        named: dict[str, Function] = {name: self._relation(name) for name in RELATIONS}
        named |= {**self._measures(), **self._builders(), **self._questions()}
        named |= {slip: named[meant] for slip, meant in ALIASES.items()}
        return {ox.NamedNode(str(GEOF) + name): self._guarded(name, function) for name, function in named.items()}

    def _guarded(self, name: str, function: Function) -> Function:
        arity = len(signature(function).parameters)

        def call(*arguments: Term) -> Term:
            self.tally.calls[name] += 1
            if len(arguments) != arity:
                self.tally.note("argument", f"geof:{name} takes {arity} arguments, not {len(arguments)}")
                return None
            try:
                return function(*arguments)
            except _Refused as refused:
                self.tally.note(*refused.note)
            except EarthweaveError as error:
                self.tally.note("argument", f"geof:{name}: {error.what}")
            except shapely.GEOSException as error:
                self.tally.note("geometry", f"geof:{name}: {str(error).strip()[:120]}")
            except MemoryError:
                # the engine would swallow it and go on
                os._exit(MEMORY_EXIT)
            return None

        return call

    def _shape(self, term: Term) -> Shape:
        if not isinstance(term, ox.Literal):
            raise _Refused("geometry", "a geometry literal was expected, not an IRI: is geo:asWKT missing in the pattern?", str(term))
        if term.datatype != _WKT:
            kind = FOREIGN.get(term.datatype.value)
            reason = f"{kind} literals are not read yet" if kind else f"a literal of datatype {term.datatype.value} is no geometry"
            raise _Refused("geometry", reason, term.value)
        shape, reason = self.shapes.get(term.value)
        if shape is None:
            raise _Refused("geometry", f"a geometry literal cannot be read: {reason}", term.value)
        return shape

    def readable(self, name: str, term: Term) -> Shape | None:
        """The shape of an argument of ``name``, or None after noting why it has none."""
        self.tally.calls[name] += 1
        try:
            return self._shape(term)
        except _Refused as refused:
            self.tally.note(*refused.note)
            return None

    def _relation(self, name: str) -> Function:
        pattern_needs_both, apart = intersecting(name), _TRUE if name in _APART_IS_TRUE else _FALSE
        quick = pattern_needs_both or name in _APART_IS_TRUE
        symmetric, test = name in _SYMMETRIC, RELATIONS[name].predicate
        if name == "sfWithin":
            contains = self._relation("sfContains")
            return lambda a, b: contains(b, a)

        def call(a: Term, b: Term) -> Term:
            left, right = self._shape(a), self._shape(b)
            if quick and left.apart(right):
                return apart
            if symmetric and right.points > left.points:
                left, right = right, left
            holds = test(left.leading(), right.geometry) if test else relate(name, left.leading(), right.geometry)
            return _TRUE if holds else _FALSE

        return call

    def _measures(self) -> dict[str, Function]:
        def distance(a: Term, b: Term, unit: Term) -> Term:
            return _double(distance_m(self._shape(a).geometry, self._shape(b).geometry) / _factor(unit, _METRES, "metre or kilometre"))

        def measure(kernel: Callable[[Any], Any], units: dict[str, float], offered: str) -> Function:
            return lambda a, unit: _double(kernel(self._shape(a).geometry) / _factor(unit, units, offered))

        def metric(kernel: Callable[[Any], Any]) -> Function:
            return lambda a: _double(kernel(self._shape(a).geometry))

        length = measure(length_m, _METRES, "metre or kilometre")
        return {
            "distance": distance,
            "metricDistance": lambda a, b: _double(distance_m(self._shape(a).geometry, self._shape(b).geometry)),
            "area": measure(area_m2, _SQUARE_METRES, "squareMetre, unit:HA or unit:KiloM2"),
            "metricArea": metric(area_m2),
            "length": length, "perimeter": length,
            "metricLength": metric(length_m), "metricPerimeter": metric(length_m),
        }

    def _builders(self) -> dict[str, Function]:
        def one(kernel: Callable[[Any], Any]) -> Function:
            return lambda a: wkt_term(kernel(self._shape(a).geometry))

        def two(kernel: Callable[[Any, Any], Any]) -> Function:
            return lambda a, b: wkt_term(kernel(self._shape(a).geometry, self._shape(b).geometry))

        def buffer(a: Term, radius: Term, unit: Term) -> Term:
            return wkt_term(buffer_m(self._shape(a).geometry, _number(radius) * _factor(unit, _METRES, "metre or kilometre")))

        return {
            "buffer": buffer,
            "metricBuffer": lambda a, radius: wkt_term(buffer_m(self._shape(a).geometry, _number(radius))),
            "convexHull": one(shapely.convex_hull), "envelope": one(shapely.envelope), "boundary": one(shapely.boundary),
            "centroid": one(shapely.centroid),
            "union": two(shapely.union), "intersection": two(shapely.intersection),
            "difference": two(shapely.difference), "symDifference": two(shapely.symmetric_difference),
            "transform": lambda a, crs: wkt_term(self._shape(a).geometry, Crs.parse(crs.value)),
        }

    def _questions(self) -> dict[str, Function]:
        def ask(kernel: Callable[[Any], Any]) -> Function:
            return lambda a: _boolean(kernel(self._shape(a).geometry))

        def count(kernel: Callable[[Any], Any]) -> Function:
            return lambda a: ox.Literal(int(kernel(self._shape(a).geometry)))

        def srid(a: Term) -> Term:
            self._shape(a)
            return ox.Literal(crs_iri(a.value), datatype=_URI)

        def json(a: Term) -> Term:
            return ox.Literal(shapely.to_geojson(self._shape(a).geometry), datatype=_GEOJSON)

        return {
            "relate": lambda a, b, pattern: _boolean(relate(pattern.value, self._shape(a).geometry, self._shape(b).geometry)),
            "isEmpty": ask(shapely.is_empty), "isSimple": ask(shapely.is_simple), "is3D": ask(shapely.has_z),
            "dimension": count(shapely.get_dimensions),
            "coordinateDimension": count(shapely.get_coordinate_dimension), "spatialDimension": count(shapely.get_coordinate_dimension),
            "numGeometries": count(shapely.get_num_geometries),
            "geometryType": lambda a: ox.NamedNode(str(SF) + self._shape(a).geometry.geom_type),
            "getSRID": srid,
            "asWKT": lambda a: wkt_term(self._shape(a).geometry), "asGeoJSON": json,
        }


def _double(number: Any) -> Term:
    if number != number:
        raise _Refused("geometry", "an empty geometry has no such measure")
    return ox.Literal(str(float(number)), datatype=_DOUBLE)


def _boolean(value: Any) -> Term:
    return _TRUE if value else _FALSE


def wkt_term(geometry: Any, crs: Crs = CRS84) -> Term:
    """A geometry (CRS84, longitude first) as a literal under ``crs``."""
    return ox.Literal(write_wkt([geometry], crs)[0], datatype=_WKT)


def _number(term: Term) -> float:
    try:
        return float(term.value)
    except (AttributeError, ValueError):
        raise _Refused("argument", "a number was expected", str(term)) from None


def _factor(unit: Term, units: dict[str, float], offered: str) -> float:
    iri = str(getattr(unit, "value", unit))
    if iri in units:
        return units[iri]
    why = "degrees are no length on the ground" if iri in _ANGLES else "the unit is not known here"
    raise _Refused("unit", f"{why}: {iri}; use uom:{offered}")
