"""Geometries from positions, float64 (n, 2 or 3); no positions make an empty geometry."""

from __future__ import annotations

from typing import Any

import shapely

from .. import GeometryError


def point(positions: Any) -> Any:
    """A point; raise `GeometryError` for several positions."""
    if len(positions) > 1:
        raise GeometryError("a point of several positions")
    return shapely.points(positions[0]) if len(positions) else shapely.Point()


def line(positions: Any) -> Any:
    """A line."""
    return shapely.linestrings(positions) if len(positions) else shapely.LineString()


def ring(positions: Any) -> Any:
    """A ring; raise `GeometryError` if it is open, which shapely would close."""
    if len(positions) and (positions[0] != positions[-1]).any():
        raise GeometryError("a ring is not closed")
    return shapely.linearrings(positions) if len(positions) else shapely.LinearRing()


def polygon(outer: list[Any], inner: list[Any]) -> Any:
    """A polygon of rings; raise `GeometryError` for more than one outer ring, and for anything else than rings."""
    if len(outer) > 1 or any(one.geom_type != "LinearRing" for one in outer + inner):
        raise GeometryError("a polygon needs one ring outside, and rings inside")
    filled = [one for one in inner if not one.is_empty]
    return shapely.polygons(outer[0], filled or None) if outer and not outer[0].is_empty else shapely.Polygon()
