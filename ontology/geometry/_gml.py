"""GML literals (OGC 07-036r1, GML 3.2, clauses 10 and 11; 02-069, GML 2.1) to geometries, in the order in which they are written.

Read: Point, LineString, LinearRing, Curve and Ring of straight segments, Polygon, Surface of polygon patches, triangulated and
polyhedral surfaces, composites, oriented ones, the Multi* kinds, Envelope and Box. Refused: arcs, solids, references (xlink:href).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from .. import CRS84, EPSG4326, Axis, Crs, GeometryError
from . import _build as build
from ._literals import known_crs
from ._transform import apply
from ._xml import Element, read_xml

_OLD = re.compile(r"^(?:EPSG:|https?://www\.opengis\.net/gml/srs/epsg\.xml#)(\d+)$", re.IGNORECASE)
_EMPTY = shapely.GeometryCollection()


def parse_gml(text: str) -> tuple[Crs, Any]:
    """CRS, and the geometry in the order of its authority; CRS84 if none is named. Raises `GeometryError`.

    ``EPSG:n`` and ``…/epsg.xml#n`` are read with x first, as software has always written them, and are turned where the authority says
    otherwise; URNs and IRIs follow the authority.
    """
    if not text.strip():
        return CRS84, _EMPTY
    root = read_xml(text)
    names = _names(root)
    if len(names) > 1:
        raise GeometryError("several coordinate reference systems in one geometry")
    crs, turned = _crs(names.pop()) if names else (CRS84, False)
    geometry = _read(root, _dimension(root, 0))
    return crs, apply(geometry, lambda x, y: (y, x))[()] if turned else geometry


def _names(element: Element) -> set[str]:
    own = {element.attributes["srsName"]} if "srsName" in element.attributes else set()
    return own.union(*(_names(child) for child in element.children))


def _crs(name: str) -> tuple[Crs, bool]:
    """The system, and whether coordinates must be turned into its order."""
    old = _OLD.match(name.strip())
    known = known_crs(f"EPSG:{old[1]}" if old else name.strip())
    if not isinstance(known, Crs):
        raise GeometryError(known)
    if old and known == EPSG4326:
        return CRS84, False
    return known, bool(old) and known.axis is Axis.YX


def _dimension(element: Element, given: int) -> int:
    """Numbers to a position, or ``given``."""
    try:
        return int(element.attributes.get("srsDimension", element.attributes.get("dimension", given)))
    except ValueError:
        raise GeometryError("srsDimension is no number") from None


def _read(element: Element, width: int) -> Any:
    if "href" in element.attributes or any("href" in child.attributes for child in element.children):
        raise GeometryError("references to other geometries are not followed")
    reader = _READERS.get(element.name)
    if reader is None:
        raise GeometryError(f"{element.name} is no geometry of GML that is read")
    return reader(element, _dimension(element, width))


def _numbers(text: str) -> list[float]:
    if "_" in text:
        raise GeometryError("a coordinate is not a number")
    try:
        return [float(number) for number in text.split()]
    except ValueError:
        raise GeometryError("a coordinate is not a number") from None


def _positions(element: Element, width: int) -> Any:
    """Positions of an element in any of the spellings of GML 2 and 3, float64 (n, 2 or 3)."""
    found = [_positions_of(child, width) for child in element.children]
    rows = [one for one in found if one is not None and len(one)]
    if len({one.shape[1] for one in rows}) > 1:
        raise GeometryError("positions of two and of three numbers in one geometry")
    return np.vstack(rows) if rows else np.empty((0, 2))


def _positions_of(element: Element, width: int) -> Any:
    width = _dimension(element, width)
    if element.name in ("pos", "lowerCorner", "upperCorner"):
        numbers = _numbers(element.text)
        return _table(numbers, len(numbers))
    if element.name == "posList":
        numbers = _numbers(element.text)
        return _table(numbers, width or (3 if len(numbers) % 2 and len(numbers) % 3 == 0 else 2))
    if element.name == "coordinates":
        return _coordinates(element)
    if element.name == "coord":
        return _table([number for axis in element.children for number in _numbers(axis.text)], len(element.children))
    if element.name in ("pointProperty", "pointRep"):
        return np.vstack([_positions(point, width) for point in element.children])
    return None


def _table(numbers: list[float], width: int) -> Any:
    if not numbers:
        return None
    if width not in (2, 3) or len(numbers) % width:
        raise GeometryError(f"{len(numbers)} numbers do not make positions of {width}")
    return np.array(numbers).reshape(-1, width)


def _coordinates(element: Element) -> Any:
    decimal, within, between = (element.attributes.get(key, default) for key, default in (("decimal", "."), ("cs", ","), ("ts", " ")))
    tuples = element.text.split() if not between.strip() else element.text.split(between)
    numbers = [[part.replace(decimal, ".") for part in one.split(within)] for one in tuples if one.strip()]
    if len({len(one) for one in numbers}) > 1:
        raise GeometryError("positions of two and of three numbers in one geometry")
    return _table(_numbers(" ".join(part for one in numbers for part in one)), len(numbers[0]) if numbers else 0)


def _curve(element: Element, width: int) -> Any:
    """Segments, or members of a composite, one after the other."""
    parts = [part for group in element.all("segments") for part in group.children]
    members = [part for group in element.all("curveMember", "baseCurve") for part in group.children]
    if any(part.name != "LineStringSegment" for part in parts):
        raise GeometryError("only straight segments are read of curves")
    lines = [_read(part, width) for part in parts + members]
    if element.name == "OrientableCurve" and element.attributes.get("orientation") == "-":
        lines = [shapely.reverse(line) for line in lines]
    return _chained([line for line in lines if not line.is_empty])


def _chained(lines: list[Any]) -> Any:
    if not lines:
        return shapely.LineString()
    runs = [shapely.get_coordinates(line, include_z=bool(line.has_z)) for line in lines]
    if any((before[-1] != after[0]).any() for before, after in zip(runs, runs[1:], strict=False)):
        raise GeometryError("the parts of a curve do not follow each other")
    return shapely.linestrings(np.vstack([runs[0], *(run[1:] for run in runs[1:])]))


def _ring(element: Element, width: int) -> Any:
    line = _curve(element, width)
    return build.ring(shapely.get_coordinates(line, include_z=bool(line.has_z)))


def _polygon(element: Element, width: int) -> Any:
    outer = [_read(ring, width) for side in element.all("exterior", "outerBoundaryIs") for ring in side.children]
    inner = [_read(ring, width) for side in element.all("interior", "innerBoundaryIs") for ring in side.children]
    return build.polygon(outer, inner)


def _simple(make: Callable[[Any], Any]) -> Callable[[Element, int], Any]:
    return lambda element, width: make(_positions(element, width))


def _surface(element: Element, width: int) -> Any:
    groups = element.all("patches", "polygonPatches", "trianglePatches", "surfaceMember", "baseSurface")
    parts = [_read(patch, width) for group in groups for patch in group.children]
    flat = [part for surface in parts for part in shapely.get_parts(surface)]
    if len(flat) == 1:
        return flat[0]
    return shapely.MultiPolygon(flat) if flat else shapely.Polygon()


def _multi(make: Callable[[list[Any]], Any], kind: str) -> Callable[[Element, int], Any]:
    def read(element: Element, width: int) -> Any:
        members = [_read(member, width) for group in element.children if "ember" in group.name for member in group.children]
        flat = members if not kind else [part for member in members for part in shapely.get_parts(member) if not part.is_empty]
        if kind and any(part.geom_type != kind for part in flat):
            raise GeometryError(f"members of {element.name} must be of one kind, {kind}")
        return make(flat)

    return read


def _envelope(element: Element, width: int) -> Any:
    positions = _positions(element, width)
    if len(positions) != 2:
        raise GeometryError("an envelope needs two corners")
    return shapely.box(*np.minimum(*positions[:, :2]), *np.maximum(*positions[:, :2]))


_READERS: dict[str, Callable[[Element, int], Any]] = {
    "Point": _simple(build.point),
    "LineString": _simple(build.line),
    "LineStringSegment": _simple(build.line),
    "LinearRing": _simple(build.ring),
    "Ring": _ring,
    "Curve": _curve,
    "OrientableCurve": _curve,
    "CompositeCurve": _curve,
    "Polygon": _polygon,
    "PolygonPatch": _polygon,
    "Triangle": _polygon,
    "Rectangle": _polygon,
    "Surface": _surface,
    "OrientableSurface": _surface,
    "CompositeSurface": _surface,
    "PolyhedralSurface": _surface,
    "TriangulatedSurface": _surface,
    "Tin": _surface,
    "MultiPoint": _multi(shapely.MultiPoint, "Point"),
    "MultiLineString": _multi(shapely.MultiLineString, "LineString"),
    "MultiCurve": _multi(shapely.MultiLineString, "LineString"),
    "MultiPolygon": _multi(shapely.MultiPolygon, "Polygon"),
    "MultiSurface": _multi(shapely.MultiPolygon, "Polygon"),
    "MultiGeometry": _multi(shapely.GeometryCollection, ""),
    "GeometryCollection": _multi(shapely.GeometryCollection, ""),
    "Envelope": _envelope,
    "Box": _envelope,
}
