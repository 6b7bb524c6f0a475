"""The functions of ``geof:`` (OGC GeoSPARQL 1.1, 22-047r1, §8.7–8.9, §9) on columns of ids.

Each takes the context and one int64 array per argument, all of one length, and gives int64 ids, or float64 for what is xsd:double: -1 or
NaN where an argument is unbound, is no geometry or cannot be evaluated, which the tally tells. Work is done once per distinct tuple of
arguments. Computed geometries are CRS84, longitude first; measures are geodesic, in the unit asked for or metres, but planar where that
unit is an angle; relations are planar.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, GEO, GEOF, SF, XSD, Crs
from earthweave.ontology.geometry import (
    OVERLAYS,
    RELATIONS,
    SLIPS,
    area_m2,
    bounding_circle,
    buffer_m,
    distance_m,
    length_m,
    overlay,
    relate,
    write_literals,
    write_wkt,
)

from ..snapshot import IRI, Kind, TermType
from ._call import WKT, Call, Refused
from ._call import function as _function
from ._literals import system_of
from ._synonyms import SYNONYMS
from ._tests import related
from ._units import DEGREES, LENGTHS, OFFERED_AREAS, OFFERED_LENGTHS, PLANAR, SQUARE_METRES, unknown_unit

Kernel = Callable[..., Any]
Function = Callable[..., Any]
_MOST_MEMBERS = 1 << 30
_URI = TermType(Kind.LITERAL, str(XSD.anyURI))
_NO_COORDINATE = "an empty geometry has no such coordinate"
_NOT_OF_THESE = "a GeometryCollection has no boundary here; ask for that of its members (geof:geometryN)"
_WRITTEN = {
    "asWKT": ("wkt", WKT), "asGeoJSON": ("geojson", TermType(Kind.LITERAL, str(GEO.geoJSONLiteral))),
    "asGML": ("gml", TermType(Kind.LITERAL, str(GEO.gmlLiteral))), "asKML": ("kml", TermType(Kind.LITERAL, str(GEO.kmlLiteral))),
}


def _factors(call: Call, units: Any, table: dict[str, float], offered: str) -> Any:
    def factor(one: int) -> float:
        iri = call.context.terms.term(one).text
        if iri not in table:
            raise Refused("unit", unknown_unit(iri, offered))
        return table[iri]

    return call.each(units, factor, np.float64)


def _lengths(call: Call, units: Any) -> tuple[Any, Any]:
    """What each row's unit is in metres, or in degrees where it is an angle; and where it is one."""
    factors = _factors(call, units, LENGTHS, OFFERED_LENGTHS)
    angular = call.each(units, lambda one: call.context.terms.term(one).text in DEGREES, bool)
    if (angular & call.alive).any():
        call.context.tally.hint("unit", PLANAR)
    return factors, angular


def _either(geodesic: Kernel, planar: Kernel) -> Kernel:
    """A kernel that takes rows under a mask for planar, and the others for geodesic."""
    def kernel(angular: Any, *columns: Any) -> Any:
        found = np.full(len(angular), None, dtype=object)
        for rows, measure in ((angular, planar), (~angular, geodesic)):
            if rows.any():
                found[rows] = measure(*(column[rows] for column in columns))
        return found

    return kernel


def _numbers(call: Call, ids: Any) -> Any:
    values = np.asarray(call.context.terms.numbers(ids), dtype=np.float64)
    for one in np.unique(ids[np.isnan(values) & call.alive]).tolist():
        call.fail(np.flatnonzero(ids == one), "argument", "a number was expected", call.context.terms.term(one).text)
    return values


def _text(call: Call, ids: Any) -> Any:
    return call.each(ids, lambda one: call.context.terms.term(one).text)


def _relation(name: str) -> Kernel:
    def kernel(call: Call, a: Any, b: Any) -> Any:
        call.readable(a)
        call.readable(b)
        rows = np.flatnonzero(call.alive)
        held = np.zeros(len(a), dtype=bool)
        held[rows] = related(name, a[rows], b[rows], call.context)
        return call.booleans(held)

    return kernel


def _relate(call: Call, a: Any, b: Any, patterns: Any) -> Any:
    left, right, names = call.shapes(a), call.shapes(b), _text(call, patterns)
    held = np.zeros(len(a), dtype=object)
    for name in sorted(set(names[call.alive].tolist())):
        rows = np.flatnonzero(call.alive & (names == name))
        held[rows] = call.apply(lambda x, y, name=name: relate(name, x, y), left, right, rows=rows)[rows]
    return call.booleans(held)


def _measures() -> dict[str, Function]:
    def measure(geodesic: Kernel, planar: Kernel) -> Kernel:
        kernel = _either(geodesic, planar)

        def measured(call: Call, *arguments: Any) -> Any:
            shapes, (factors, angular) = [call.shapes(one) for one in arguments[:-1]], _lengths(call, arguments[-1])
            return call.doubles(call.measured(kernel, angular, *shapes) / factors)

        return measured

    def metric(kernel: Kernel) -> Kernel:
        return lambda call, *places: call.doubles(call.measured(kernel, *map(call.shapes, places)))

    def area(call: Call, a: Any, unit: Any) -> Any:
        return call.doubles(call.measured(area_m2, call.shapes(a)) / _factors(call, unit, SQUARE_METRES, OFFERED_AREAS))

    def coordinate(axis: int, place: int) -> Kernel:
        return lambda call, a: call.doubles(call.measured(lambda shapes: _extreme(shapes, axis, place), call.shapes(a)), _NO_COORDINATE)

    by_unit = {name: _function(name, (2,), measure(length_m, shapely.length)) for name in ("length", "perimeter")}
    by_metre = {name: _function(name, (1,), metric(length_m)) for name in ("metricLength", "metricPerimeter")}
    extremes = {f"{way}{axis}": _function(f"{way}{axis}", (1,), coordinate(number, place))
                for place, way in enumerate(("min", "max")) for number, axis in enumerate("XYZ")}
    return {
        "distance": _function("distance", (3,), measure(distance_m, shapely.distance)),
        "metricDistance": _function("metricDistance", (2,), metric(distance_m)),
        "area": _function("area", (2,), area),
        "metricArea": _function("metricArea", (1,), metric(area_m2)),
        **by_unit, **by_metre, **extremes,
    }


def _extreme(shapes: Any, axis: int, place: int) -> Any:
    """Least (0) or greatest (1) coordinate of each geometry; NaN if it has none."""
    if axis < 2:
        return shapely.bounds(shapes)[:, axis + 2 * place]
    points, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    found = np.full(len(shapes), np.nan)
    (np.fmin if place == 0 else np.fmax).at(found, owner, points[:, 2])
    return found


def _builders() -> dict[str, Function]:
    def one(kernel: Kernel) -> Kernel:
        def built(call: Call, a: Any) -> Any:
            shapes = call.apply(kernel, call.shapes(a))
            call.fail(np.flatnonzero(shapely.is_missing(shapes)), "geometry", _NOT_OF_THESE)
            return call.geometries(shapes, a)

        return built

    def two(kernel: Kernel) -> Kernel:
        return lambda call, a, b: call.geometries(call.apply(kernel, call.shapes(a), call.shapes(b)), a)

    def buffer(call: Call, a: Any, radius: Any, unit: Any | None = None) -> Any:
        shapes, lengths = call.shapes(a), _numbers(call, radius)
        if unit is None:
            return call.geometries(call.apply(_buffers, shapes, lengths), a)
        factors, angular = _lengths(call, unit)
        return call.geometries(call.apply(_either(_buffers, _planar_buffers), angular, shapes, lengths * factors), a)

    ones = {
        "convexHull": shapely.convex_hull, "envelope": shapely.envelope, "boundary": shapely.boundary, "centroid": shapely.centroid,
        "concaveHull": shapely.concave_hull, "boundingCircle": bounding_circle,
    }
    return {
        "buffer": _function("buffer", (3,), buffer), "metricBuffer": _function("metricBuffer", (2,), buffer),
        **{name: _function(name, (1,), one(kernel)) for name, kernel in ones.items()},
        **{name: _function(name, (2,), two(partial(overlay, name))) for name in OVERLAYS},
        "geometryN": _function("geometryN", (2,), _member), "transform": _function("transform", (2,), _transform),
    }


def _buffers(shapes: Any, metres: Any) -> Any:
    found = np.empty(len(shapes), dtype=object)
    found[:] = [buffer_m(shape, radius) for shape, radius in zip(shapes.tolist(), metres.tolist(), strict=True)]
    return found


def _planar_buffers(shapes: Any, degrees: Any) -> Any:
    return shapely.buffer(shapes, degrees, quad_segs=8)  # as PostGIS and the Java Topology Suite do unasked


def _member(call: Call, a: Any, number: Any) -> Any:
    shapes, places = call.shapes(a), _numbers(call, number)
    whole = np.clip(np.where(call.alive, places, 1), 0, _MOST_MEMBERS).astype(np.int64)
    members = call.apply(lambda some, place: shapely.get_geometry(some, np.maximum(place, 1) - 1), shapes, whole)
    outside = (whole < 1) | (whole != np.where(call.alive, places, 1)) | shapely.is_missing(members)
    call.fail(np.flatnonzero(outside), "argument", "geof:geometryN counts members from 1")
    return call.geometries(members, a)


def _transform(call: Call, a: Any, systems: Any) -> Any:
    shapes, names = call.shapes(a), _text(call, systems)
    return call.texts(call.apply(_moved, shapes, names), WKT)


def _moved(shapes: Any, names: Any) -> list[str]:
    return [write_wkt([shape], Crs.parse(name))[0] for shape, name in zip(shapes, names, strict=True)]


def _questions() -> dict[str, Function]:
    def ask(kernel: Kernel) -> Kernel:
        return lambda call, a: call.booleans(call.apply(kernel, call.shapes(a)))

    def count(kernel: Kernel) -> Kernel:
        return lambda call, a: call.integers(call.apply(kernel, call.shapes(a)))

    def write(form: str, kind: TermType) -> Kernel:
        return lambda call, a, *_profile: call.texts(call.apply(lambda some: write_literals(some, form, CRS84), call.shapes(a)), kind)

    asked = {"isEmpty": shapely.is_empty, "isSimple": shapely.is_simple, "isValid": shapely.is_valid, "is3D": shapely.has_z,
             "isMeasured": shapely.has_m}
    counted = {"dimension": shapely.get_dimensions, "coordinateDimension": shapely.get_coordinate_dimension,
               "spatialDimension": _spatial_dimension, "numGeometries": shapely.get_num_geometries}
    return {
        "relate": _function("relate", (3,), _relate),
        **{name: _function(name, (1,), ask(kernel)) for name, kernel in asked.items()},
        **{name: _function(name, (1,), count(kernel)) for name, kernel in counted.items()},
        **{name: _function(name, (1, 2) if name == "asGML" else (1,), write(*how)) for name, how in _WRITTEN.items()},
        "geometryType": _function("geometryType", (1,), _geometry_type), "getSRID": _function("getSRID", (1,), _system),
    }


def _spatial_dimension(shapes: Any) -> Any:
    return 2 + shapely.has_z(shapes).astype(np.int64)


def _geometry_type(call: Call, a: Any) -> Any:
    names = call.apply(lambda shapes: [f"{SF}{shape.geom_type}" for shape in shapes], call.shapes(a))
    return call.texts(names, IRI)


def _system(call: Call, a: Any) -> Any:
    call.readable(a)
    rows = np.flatnonzero(call.alive)
    found = np.full(len(a), None, dtype=object)
    found[rows] = call.each(a[rows], lambda one: system_of(one, call.context))
    return call.texts(found, _URI)


def _all() -> dict[str, Function]:
    named: dict[str, Function] = {name: _function(name, (2,), _relation(name)) for name in RELATIONS}
    named |= {**_measures(), **_builders(), **_questions()}
    named |= {slip: named[meant] for slip, meant in SLIPS.items()}
    own = {str(GEOF) + name: function for name, function in named.items()}
    return own | {iri: named[meant] for iri, meant in SYNONYMS.items()}


functions: dict[str, Function] = _all()
"""IRI → function."""
