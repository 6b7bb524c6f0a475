"""Random small geometries on a grid of whole degrees, so that many touch, nest, overlap and are equal."""

from __future__ import annotations

import random
from typing import Any

import shapely

LATITUDE_FIRST = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
UNREADABLE = ("POINT (1 2", "PLOYGON ((0 0, 1 0, 1 1, 0 0))", "<http://nowhere.example/crs> POINT (1 1)", LATITUDE_FIRST + "POINT (120 2)")
EMPTIES = ("POINT EMPTY", "POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY")


def shape(chance: random.Random, size: int = 6) -> Any:
    """A point, line, box, triangle, polygon with a hole, or a collection of two; or an empty one now and then."""
    kind = chance.randrange(20)
    if kind == 0:
        return shapely.from_wkt(chance.choice(EMPTIES))
    if kind < 5:
        return shapely.Point(_corner(chance, size))
    if kind < 9:
        # GEOS does not agree with itself on lines without a length: prepared and not, and left and right of a relation
        return shapely.LineString(chance.sample(sorted({_corner(chance, size) for _ in range(16)}), chance.randint(2, 4)))
    if kind < 15:
        return _box(chance, size)
    if kind < 17:
        return _triangle(chance, size)
    if kind < 18:
        outer = _box(chance, size).buffer(1, join_style="mitre")
        return outer.difference(_box(chance, size)) if chance.random() < 0.5 else outer
    return _many(chance, size)


def _corner(chance: random.Random, size: int) -> tuple[int, int]:
    return chance.randint(0, size), chance.randint(0, size)


def _box(chance: random.Random, size: int) -> Any:
    x, y = _corner(chance, size)
    return shapely.box(x, y, x + chance.randint(1, 3), y + chance.randint(1, 3))


def _triangle(chance: random.Random, size: int) -> Any:
    x, y = _corner(chance, size)
    return shapely.Polygon([(x, y), (x + chance.randint(1, 3), y), (x, y + chance.randint(1, 3))])


def _many(chance: random.Random, size: int) -> Any:
    kind = chance.randrange(3)
    if kind == 0:
        return shapely.MultiPoint(sorted({_corner(chance, size) for _ in range(3)}))
    if kind == 1:
        return shapely.union(_box(chance, size), _box(chance, size))
    return shapely.MultiLineString([[(0, 0), _far(chance, size)], [(1, 0), _far(chance, size)]])


def _far(chance: random.Random, size: int) -> tuple[int, int]:
    return chance.randint(1, size), chance.randint(1, size)


def literal(chance: random.Random, geometry: Any) -> str:
    """WKT in one of the ways in which it may be written; strictly read, it gives the geometry back."""
    if chance.random() < 0.3:
        return LATITUDE_FIRST + shapely.to_wkt(shapely.transform(geometry, lambda points: points[:, ::-1]), trim=True)
    if chance.random() < 0.2:
        return "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> " + shapely.to_wkt(geometry, trim=True)
    return shapely.to_wkt(geometry, trim=True)


def either(chance: random.Random) -> tuple[str, Any]:
    """A literal and its geometry; None if it cannot be read."""
    if chance.random() < 0.05:
        return chance.choice(UNREADABLE), None
    found = shape(chance)
    return literal(chance, found), found
