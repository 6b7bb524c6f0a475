"""Functions that mapping documents may call: GeoTriples' ``rrxf:`` with the meaning that GeoSPARQL gives them, and our ``ewf:``.

=============================  =================================================================================
rrxf:asWKT, hasSerialization   WKT literal in the CRS of the output
rrxf:isEmpty, isSimple, is3D   booleans; 3D means that there is a z
rrxf:dimension                 0, 1 or 2: points, lines, areas
rrxf:coordinateDimension       how many numbers a coordinate has: 2, 3 (z or m) or 4
rrxf:spatialDimension          how many of them are spatial: 2 or 3
rrxf:area, ewf:metricArea      m², on the ellipsoid
rrxf:length                    m, on the ellipsoid; perimeter of areas
rrxf:contains, within …        booleans of two geometries, in CRS84: the eight relations of Simple Features,
                               also as ``rrxf:sfContains`` … and ``geof:sfContains`` …
rrxf:distance                  metres on the ellipsoid between two geometries
rrxf:greaterThan               True if the first number is greater
rrxf:add, subtract             of two numbers
rrxf:equi                      True if two texts are equal
rrxf:centroidx, centroidy      of the centroid, in the CRS of the output: easting or longitude, northing or latitude
ewf:point                      (lon, lat): a point in CRS84, for use inside the functions above
ewf:geometryClass              ``sf:Polygon`` … (Simple Features vocabulary)
ewf:iri                        (start, key …): keys percent-encoded and joined by ``/``, a missing one is ``-``
ewf:concept                    (scheme, code): the SKOS concept with that notation in our ontology
ewf:coalesce                   the first value that is there
ewf:replace                    (text, pattern, replacement): RE2 syntax
ewf:title                      ``PADOVA`` → ``Padova``
=============================  =================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from rdflib import URIRef

from earthweave.ontology import GEO, GEOF, SF, SKOS, XSD, vocabulary
from earthweave.ontology.geometry import SF as RELATIONS
from earthweave.ontology.geometry import area_m2, distance_m, length_m, relate

from ..plan import EWF, RRXF, Kind
from ..values import iri_safe, lexical, pc, retyped
from ._evaluation import Arguments, Evaluation, Function, Text

_MANY = 16


def _measured(measure: Callable[[Any], Any]) -> Callable[[Evaluation, Arguments], Text]:
    """A function of the geometries as they are written."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        shapes = rows.shapes(arguments[0])
        return lexical(pa.array(measure(shapes.placed), mask=shapes.missing))

    return apply


def _metric(measure: Callable[[Any], Any]) -> Callable[[Evaluation, Arguments], Text]:
    """A function of the geometries in CRS84."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        shapes = rows.shapes(arguments[0])
        return lexical(pa.array(measure(shapes.lonlat), mask=shapes.missing))

    return apply


def _centroid(coordinate: Callable[[Any], Any]) -> Callable[[Evaluation, Arguments], Text]:
    """A coordinate of the centroids, null where the geometry is empty."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        centroids = shapely.centroid(rows.shapes(arguments[0]).placed)
        there = ~(shapely.is_missing(centroids) | shapely.is_empty(centroids))
        values = np.zeros(len(there))
        values[there] = coordinate(centroids[there])
        return lexical(pa.array(values, mask=~there))

    return apply


def _as_wkt(rows: Evaluation, arguments: Arguments) -> Text:
    return rows.shapes(arguments[0]).wkt(), str(GEO.wktLiteral)


def _spatial_dimension(geometries: Any) -> Any:
    return np.where(shapely.has_z(geometries), 3, 2)


# by GEOS type number from -1, which is none; a ring counts as a line
_CLASSES = np.array(
    ["", "Point", "LineString", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"]
)


def _geometry_class(rows: Evaluation, arguments: Arguments) -> Text:
    shapes = rows.shapes(arguments[0])
    names = _CLASSES[shapely.get_type_id(shapes.placed) + 1]
    return pa.array(np.char.add(str(SF), names), mask=shapes.missing), ""


def _point(_: Evaluation, __: Arguments) -> Text:
    raise AssertionError("points are made by Rows.shapes")


def _iri(rows: Evaluation, arguments: Arguments) -> Text:
    start, *keys = arguments
    parts = [pc.fill_null(iri_safe(rows.text(key)[0]), "-") for key in keys]
    joined = pc.binary_join_element_wise(*parts, "/")
    return pc.binary_join_element_wise(rows.constant(start), joined, ""), ""


def _concept(rows: Evaluation, arguments: Arguments) -> Text:
    scheme = rows.constant(arguments[0])
    text, natural = rows.text(arguments[1])
    codes = retyped(text, natural, str(XSD.integer))
    known = _notations(scheme)
    found = [None if code is None else known.get(code) for code in codes.to_pylist()]
    unknown = np.array([code is not None and code not in known for code in codes.to_pylist()], dtype=bool)
    rows.reject(unknown, f"a code that no concept of <{scheme}> has as its notation")
    return pa.array(found, pa.string()), ""


@lru_cache(maxsize=64)
def _notations(scheme: str) -> dict[str, str]:
    graph = vocabulary()
    members = graph.subjects(SKOS.inScheme, URIRef(scheme))
    return {str(code): str(concept) for concept in members for code in graph.objects(concept, SKOS.notation)}


def _coalesce(rows: Evaluation, arguments: Arguments) -> Text:
    texts = [rows.text(argument) for argument in arguments]
    naturals = {natural for _, natural in texts}
    return pc.coalesce(*(text for text, _ in texts)), naturals.pop() if len(naturals) == 1 else ""


def _replace(rows: Evaluation, arguments: Arguments) -> Text:
    pattern, replacement = rows.constant(arguments[1]), rows.constant(arguments[2])
    return pc.replace_substring_regex(rows.text(arguments[0])[0], pattern=pattern, replacement=replacement), ""


def _title(rows: Evaluation, arguments: Arguments) -> Text:
    return pc.utf8_title(rows.text(arguments[0])[0]), ""


def relation_name(function: str) -> str:
    """The topological relation (``sfContains`` …) that a function of two geometries tests, or empty for another function."""
    return _RELATED.get(function, "")


def _related(name: str) -> Callable[[Evaluation, Arguments], Text]:
    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        left, right = (rows.shapes(argument) for argument in arguments)
        return lexical(pa.array(relate(name, left.lonlat, right.lonlat), mask=left.missing | right.missing))

    return apply


def _distance(rows: Evaluation, arguments: Arguments) -> Text:
    left, right = (rows.shapes(argument) for argument in arguments)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that are no degrees may be as large as they like
        metres = distance_m(left.lonlat, right.lonlat)
    return lexical(pa.array(metres, mask=np.isnan(metres)))


def _calculated(calculate: Callable[[Any, Any], Any]) -> Callable[[Evaluation, Arguments], Text]:
    """A function of two numbers."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        left, right = (rows.numbers(argument) for argument in arguments)
        return lexical(pa.array(calculate(left, right), mask=np.isnan(left) | np.isnan(right)))

    return apply


def _equi(rows: Evaluation, arguments: Arguments) -> Text:
    left, right = (rows.text(argument)[0] for argument in arguments)
    return lexical(pc.equal(left, right))


_RELATED = {
    start + name: relation.name
    for relation in RELATIONS
    for start, name in ((RRXF, relation.name), (RRXF, relation.name.removeprefix("sf").lower()), (str(GEOF), relation.name))
}
"""IRI of a function → name of the relation."""
GEOMETRIC: dict[str, Function] = {
    RRXF + "asWKT": Function(_as_wkt, serializes=True),
    RRXF + "hasSerialization": Function(_as_wkt, serializes=True),
    RRXF + "isEmpty": Function(_measured(shapely.is_empty)),
    RRXF + "isSimple": Function(_measured(shapely.is_simple)),
    RRXF + "is3D": Function(_measured(shapely.has_z)),
    RRXF + "dimension": Function(_measured(shapely.get_dimensions)),
    RRXF + "coordinateDimension": Function(_measured(shapely.get_coordinate_dimension)),
    RRXF + "spatialDimension": Function(_measured(_spatial_dimension)),
    RRXF + "area": Function(_metric(area_m2)),
    RRXF + "length": Function(_metric(length_m)),
    RRXF + "centroidx": Function(_centroid(shapely.get_x)),
    RRXF + "centroidy": Function(_centroid(shapely.get_y)),
    **{iri: Function(_related(name), (2, 2)) for iri, name in _RELATED.items()},
    RRXF + "distance": Function(_distance, (2, 2)),
    RRXF + "greaterThan": Function(_calculated(np.greater), (2, 2)),
    RRXF + "add": Function(_calculated(np.add), (2, 2)),
    RRXF + "subtract": Function(_calculated(np.subtract), (2, 2)),
    RRXF + "equi": Function(_equi, (2, 2)),
    EWF + "metricArea": Function(_metric(area_m2)),
    EWF + "point": Function(_point, (2, 2), geometry=True),
    EWF + "geometryClass": Function(_geometry_class, kind=Kind.IRI),
    EWF + "iri": Function(_iri, (2, _MANY), Kind.IRI),
    EWF + "concept": Function(_concept, (2, 2), Kind.IRI),
    EWF + "coalesce": Function(_coalesce, (1, _MANY)),
    EWF + "replace": Function(_replace, (3, 3)),
    EWF + "title": Function(_title),
}
"""IRI → function."""
