"""KML literals (OGC 12-007r2, clause 10) to geometries: longitude, latitude and, where given, altitude, always CRS84."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely

from .. import GeometryError
from . import _build as build
from ._xml import Element, read_xml

_COMMA = re.compile(r"\s*,\s*")
_SIMPLE = {"Point": build.point, "LineString": build.line, "LinearRing": build.ring}
_MULTI = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}


def parse_kml(text: str) -> Any:
    """The geometry of a literal; of a MultiGeometry of one kind the fitting Multi* kind. Raises `GeometryError`."""
    return _read(read_xml(text)) if text.strip() else shapely.GeometryCollection()


def _read(element: Element) -> Any:
    if element.name in _SIMPLE:
        return _SIMPLE[element.name](_positions(element))
    if element.name == "Polygon":
        return build.polygon(_rings(element, "outerBoundaryIs"), _rings(element, "innerBoundaryIs"))
    if element.name == "MultiGeometry":
        return _multi([_read(child) for child in element.children])
    raise GeometryError(f"{element.name} is no geometry of KML that is read")


def _rings(element: Element, name: str) -> list[Any]:
    return [_read(ring) for side in element.all(name) for ring in side.children]


def _multi(members: list[Any]) -> Any:
    kinds = {member.geom_type for member in members if not member.is_empty}
    make = _MULTI.get(kinds.pop(), shapely.GeometryCollection) if len(kinds) == 1 else shapely.GeometryCollection
    return make(members if make is shapely.GeometryCollection else [member for member in members if not member.is_empty])


def _positions(element: Element) -> Any:
    text = "".join(held.text for held in element.all("coordinates"))
    tuples = [one.split(",") for one in _COMMA.sub(",", text).split()]
    if not tuples:
        return np.empty((0, 2))
    if len({len(one) for one in tuples}) > 1 or len(tuples[0]) not in (2, 3) or "_" in text:
        raise GeometryError("positions must all be longitude,latitude or all longitude,latitude,altitude")
    try:
        return np.array(tuples, dtype=np.float64)
    except ValueError:
        raise GeometryError("a coordinate is not a number") from None
