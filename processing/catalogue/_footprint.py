"""Footprints: lon lat polygons that never leave ±180, whatever a catalogue writes at the antimeridian and around the poles.

Catalogues join the corners of a scene by their shorter way, so that a ring of longitudes 179, −179 is two degrees wide, not 358. A ring
is followed vertex by vertex, cut where it leaves ±180, and closed over the pole if it runs around it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import GeometryError
from earthweave.ontology.geometry import unsafe_wkt

Array = np.ndarray[Any, Any]
_PREFIX = re.compile(r"^\s*(?:geography\s*')?\s*(?:SRID\s*=\s*\d+\s*;)?\s*", re.IGNORECASE)
_TURN, _HALF = 360.0, 180.0
_FAR = 540.0
"""Degrees of longitude beyond which nothing is meant any more."""
_MOST = 60
"""Vertices of an area that are written into an address; a larger one is sent as its hull."""


def footprint(geometry: Any) -> Any:
    """The area that a catalogue means by a geometry, inside ±180, valid; raises `GeometryError` for what has no area."""
    flat = shapely.force_2d(geometry)
    _check(flat, _FAR)
    areas = [part for part in shapely.get_parts(flat) if shapely.get_type_id(part) == 3 and not shapely.is_empty(part)]
    pieces = [piece for part in areas for piece in _within(_followed(part))]
    found = shapely.union_all(pieces) if len(pieces) > 1 else pieces[0] if pieces else None
    if found is None or shapely.is_empty(found):
        raise GeometryError("the footprint is no area", why=str(shapely.get_num_coordinates(geometry)) + " vertices")
    _check(found, _HALF)
    return found


def _check(geometry: Any, far: float) -> None:
    west, south, east, north = shapely.bounds(geometry)
    if not shapely.is_empty(geometry) and not (-far <= west <= east <= far and -90 <= south <= north <= 90):
        raise GeometryError("the footprint is not on Earth", why=f"bounds {west} {south} {east} {north}")


def placed(geometry: Any) -> Any:
    """The same places with longitudes inside ±180; only what leaves that range is cut and moved."""
    west, _, east, _ = shapely.bounds(geometry)
    if -_HALF <= west and east <= _HALF:
        return geometry
    return shapely.union_all([piece for part in shapely.get_parts(geometry) for piece in _within(part)])


def read_geojson(value: Any) -> Any:
    """The footprint of a GeoJSON geometry; raises `GeometryError`."""
    try:
        return footprint(shapely.from_geojson(json.dumps(value)))
    except (shapely.errors.ShapelyError, TypeError, ValueError, RecursionError) as error:
        raise GeometryError("the footprint is no GeoJSON geometry", why=str(error).strip()[:200]) from error


def read_text(text: Any) -> Any:
    """The footprint of well-known text, also as ``geography'SRID=4326;…'``; raises `GeometryError`."""
    plain = _PREFIX.sub("", text).rstrip("' \n") if isinstance(text, str) else ""
    if not plain or unsafe_wkt(plain):
        raise GeometryError("the footprint is no plain well-known text", why=unsafe_wkt(plain) or repr(text)[:80])
    try:
        return footprint(shapely.from_wkt(plain))
    except shapely.errors.ShapelyError as error:
        raise GeometryError("the footprint is no well-known text", why=str(error).strip()[:200]) from error


def pieces(area: Any) -> list[str]:
    """The parts of an area as well-known text that is short enough for an address: larger ones as their hull, or its box.

    Of very many parts it is the hull of all, on either side of the antimeridian. What is found is compared with the true area afterwards.
    """
    parts = shapely.get_parts(area)
    short = [_short(part) for part in parts]
    if sum(map(shapely.get_num_coordinates, short)) > 2 * _MOST:
        east = shapely.bounds(parts)[:, 0] >= box(area)[0]
        short = [_short(shapely.geometrycollections(some)) for some in (parts[east], parts[~east]) if len(some)]
    return [shapely.to_wkt(part, rounding_precision=6, trim=True) for part in short]


def box(area: Any) -> tuple[float, float, float, float]:
    """West, south, east and north of an area; west is above east if that box lies across the antimeridian (RFC 7946, §5.2)."""
    west, south, east, north = (float(value) for value in shapely.bounds(area))
    if west > -_HALF or east < _HALF:
        return west, south, east, north
    free, reached = (0.0, west, east), -_HALF
    for start, _, end, _ in sorted(map(tuple, shapely.bounds(shapely.get_parts(area)).tolist())):
        free = max(free, (start - reached, start, reached), key=lambda gap: gap[0])
        reached = max(reached, end)
    return free[1], south, free[2], north


def _short(part: Any) -> Any:
    """An area in few vertices, itself included."""
    forms = (part, shapely.convex_hull(part), shapely.envelope(part))
    return next(form for form in forms if shapely.get_num_coordinates(form) <= _MOST)


def _followed(polygon: Any) -> Any:
    """A polygon whose longitudes go on beyond ±180 instead of jumping."""
    shell = _ring(shapely.get_coordinates(shapely.get_exterior_ring(polygon)))
    if np.ptp(shell[:, 0]) > 2 * _TURN:
        raise GeometryError("the footprint winds around the Earth", why=f"over {np.ptp(shell[:, 0]):.0f} degrees")
    middle = (shell[:, 0].min() + shell[:, 0].max()) / 2
    rings = [_ring(shapely.get_coordinates(ring)) for ring in shapely.get_rings(polygon)[1:]]
    holes = [ring + (_TURN * round((middle - ring[:, 0].mean()) / _TURN), 0.0) for ring in rings]
    return _areas(shapely.polygons(shell, holes=holes or None))


def _ring(points: Array) -> Array:
    lon = points[:, 0]
    steps = np.diff(lon)
    # a step of a whole turn is the crossing itself, unless the ring is the edge of the world map
    jumps = (np.abs(steps) > _HALF) & ((np.abs(steps) < _TURN) | bool((np.abs(lon) < _HALF).any()))
    turns = np.where(jumps, np.sign(steps) * _TURN, 0.0)
    ring = np.column_stack([lon - np.concatenate([[0.0], np.cumsum(turns)]), points[:, 1]])
    if abs(ring[-1, 0] - ring[0, 0]) < _HALF:
        return ring
    pole = math.copysign(90.0, float(ring[:, 1].mean()))
    return np.vstack([ring, [ring[-1, 0], pole], [ring[0, 0], pole], ring[0]])


def _within(geometry: Any) -> Iterator[Any]:
    """Parts of a geometry, each moved by whole turns into ±180."""
    if shapely.is_empty(geometry):
        return
    west, _, east, _ = shapely.bounds(geometry)
    first, last = math.floor((west + _HALF) / _TURN), math.ceil((east + _HALF) / _TURN)
    for turn in range(first, max(last, first + 1)):
        shift = turn * _TURN
        whole = last - first <= 1
        part = geometry if whole else shapely.intersection(geometry, shapely.box(shift - _HALF, -90, shift + _HALF, 90))
        part = _areas(part) if shapely.get_dimensions(geometry) == 2 else part
        if not shapely.is_empty(part):
            yield shapely.transform(part, lambda points, by=shift: points - (by, 0.0)) if shift else part


def _areas(geometry: Any) -> Any:
    """What of a geometry has an area, valid."""
    sound = geometry if shapely.is_valid(geometry) else shapely.make_valid(geometry)
    if shapely.get_type_id(sound) in (3, 6):
        return sound
    parts = shapely.get_parts(sound)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
