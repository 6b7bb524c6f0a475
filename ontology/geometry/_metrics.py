"""Distances and buffers on the WGS 84 ellipsoid, in metres, of CRS84 geometries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyproj
import shapely

from ._measures import geodesic
from ._transform import apply

_HALF_TURN = 180.0
_POLE_MARGIN = 89.9
_POLAR = 60.0
"""Degrees of latitude from which the way around a pole may be shorter."""
Plane = Callable[[Any, Any], Any]
_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING)
_AREAL = 2


def distance_m(a: Any, b: Any) -> Any:
    """Shortest distance between geometries in metres; arrays broadcast; NaN where one is None or empty; 0 where they meet.

    The nearest points are found in two planes, degrees and a sinusoidal projection between the two geometries (towards the poles also
    in one around the pole), and the shortest geodesic counts: exact for points; for others never too short, and within a part in a
    thousand up to some hundred kilometres. Edges are straight in degrees. Pairs, and parts of geometries, more than half a turn apart
    are measured across the antimeridian; one polygon or line that itself crosses it must be split there.
    """
    left, right = np.broadcast_arrays(np.asarray(a, dtype=object), np.asarray(b, dtype=object))
    shape = left.shape
    left, right = left.ravel(), nearer_turn(left.ravel(), right.ravel())
    found = _measured(left, right)
    extended = np.flatnonzero((shapely.get_type_id(left) > 0) & (shapely.get_type_id(right) > 0) & (found > 0))
    # where edges run parallel in the plane, each direction finds another end
    found[extended] = np.minimum(found[extended], _measured(right[extended], left[extended]))
    return found.reshape(shape)[()]


@np.errstate(invalid="ignore", divide="ignore")  # GEOS leaves such flags behind at edges without length
def _measured(left: Any, right: Any) -> Any:
    """The shortest geodesic: between the nearest points in degrees, and between those in planes true to scale there."""
    line = nearest_points(left, right)
    found = np.full(len(line), np.nan)
    known = np.flatnonzero(_two_ended(line))
    nearest = ends(line[known])
    found[known] = geodesic(nearest)
    apart = np.flatnonzero(found[known] > 0)
    index, middle = known[apart], (nearest[apart, 0] + nearest[apart, 2]) / 2
    _shorten(found, index, left, right, middle, (_sinusoidal, _unflattened))
    polar = np.abs(nearest[apart][:, [1, 3]]).max(axis=1, initial=0) > _POLAR
    pole = np.copysign(90.0, nearest[apart, 1] + nearest[apart, 3])[polar]
    _shorten(found, index[polar], left, right, pole, (_azimuthal, _unrolled))
    return found


def _shorten(found: Any, index: Any, left: Any, right: Any, centre: Any, plane: tuple[Plane, Plane]) -> None:
    """Shorten distances at some places where the nearest points in a plane, with a centre for each, are nearer to each other.

    Args:
        plane: there (geometries and centres) and back (points and centres).
    """
    there, back = plane
    line = shapely.shortest_line(_moved(left[index], centre, there), _moved(right[index], centre, there))
    held = _two_ended(line)
    index, centre, flat = index[held], centre[held], ends(line[held])
    # edges bend in that plane, so its points are brought back onto the geometries
    sides = (left[index], flat[:, :2]), (right[index], flat[:, 2:])
    snapped = np.column_stack([_onto(side, back(points, centre)) for side, points in sides])
    held = ~np.isnan(snapped).any(axis=1)
    found[index[held]] = np.minimum(found[index[held]], geodesic(snapped[held]))


def _onto(geometries: Any, points: Any) -> Any:
    """Where each geometry comes nearest to a point, in degrees, which towards the poles are as long across as there; float64 (n, 2)."""
    steep = np.flatnonzero(np.abs(points[:, 1]) > _POLAR)
    sides, points, scale = np.array(geometries, dtype=object), np.array(points), np.ones(len(points))
    scale[steep] = np.cos(np.radians(np.minimum(np.abs(points[steep, 1]), _POLE_MARGIN)))
    points[steep, 0] += 360.0 * np.round((shapely.bounds(sides[steep])[:, ::2].mean(axis=1) - points[steep, 0]) / 360.0)
    points[:, 0] *= scale
    sides[steep] = _moved(sides[steep], scale[steep], _squeezed)
    lines, found = shapely.shortest_line(sides, shapely.points(points)), np.full(points.shape, np.nan)
    held = _two_ended(lines)
    found[held] = ends(lines[held])[:, :2]
    return _squeezed(found, 1.0 / scale)


def _squeezed(points: Any, scale: Any) -> Any:
    return np.column_stack([points[:, 0] * scale, points[:, 1]])


def _two_ended(lines: Any) -> Any:
    """Which lines have two ends: GEOS gives none, or an empty one, between geometries whose coordinates are beyond all measure."""
    return shapely.get_num_coordinates(lines) == 2


def nearest_points(left: Any, right: Any) -> Any:
    """As `shapely.shortest_line`, which (GEOS 3.14) takes areas for their rings where ``left`` is a prepared line."""
    left = measurable(left, right)
    line = shapely.shortest_line(left, right)
    leading = shapely.is_prepared(left) & np.isin(shapely.get_type_id(left), _LINES)
    wrong = np.flatnonzero(leading & (shapely.get_dimensions(right) == _AREAL))
    wrong = wrong[shapely.intersects(left[wrong], right[wrong])]
    if wrong.size:
        line[wrong] = shapely.shortest_line(right[wrong], left[wrong])
    return line


def measurable(left: Any, right: Any) -> Any:
    """``left`` to measure distances from: without preparation where GEOS (3.14) crashes or errs with it.

    It does so between a prepared line and a line or ring all of whose points are one.
    """
    leading = np.flatnonzero(shapely.is_prepared(left) & np.isin(shapely.get_type_id(left), _LINES))
    leading = leading[_collapsed_each(left[leading]) | _collapsed_each(right[leading])]
    if not leading.size:
        return left
    found = np.array(left, dtype=object)
    found[leading] = shapely.from_wkb(shapely.to_wkb(left[leading]))
    return found


def _collapsed_each(geometries: Any) -> Any:
    """The same as `_collapsed`, told once for each object."""
    _, first, inverse = np.unique([id(one) for one in geometries], return_index=True, return_inverse=True)
    return _collapsed(geometries[first])[inverse]


def _collapsed(geometries: Any) -> Any:
    """True where a line or ring has one place only; of collections that is not looked into."""
    kinds = shapely.get_type_id(geometries)
    found = kinds == shapely.GeometryType.GEOMETRYCOLLECTION
    rows = np.flatnonzero((kinds > 0) & ~found)
    parts, part_of = shapely.get_parts(geometries[rows], return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    linear = np.isin(shapely.get_type_id(parts), _LINES)
    bounds = shapely.bounds(np.concatenate([parts[linear], rings]))
    owner = rows[np.concatenate([part_of[linear], part_of[ring_of]])]
    found[owner[(bounds[:, :2] == bounds[:, 2:]).all(axis=1)]] = True
    return found


def _moved(geometries: Any, centre: Any, there: Plane) -> Any:
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    return shapely.set_coordinates(shapely.force_2d(geometries), there(points, centre[owner]))


def _sinusoidal(points: Any, middle: Any) -> Any:
    """The sinusoidal projection around meridians: degrees as long as those of latitude."""
    return np.column_stack([(points[:, 0] - middle) * np.cos(np.radians(points[:, 1])), points[:, 1]])


def _unflattened(points: Any, middle: Any) -> Any:
    latitude = np.clip(points[:, 1], -_POLE_MARGIN, _POLE_MARGIN)
    return np.column_stack([middle + points[:, 0] / np.cos(np.radians(latitude)), points[:, 1]])


def _azimuthal(points: Any, pole: Any) -> Any:
    """Degrees from a pole, in the direction of the longitude."""
    angle, radius = np.radians(points[:, 0]), np.abs(pole - points[:, 1])
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _unrolled(points: Any, pole: Any) -> Any:
    longitude = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    return np.column_stack([longitude, pole - np.copysign(np.hypot(points[:, 0], points[:, 1]), pole)])


def nearer_turn(left: Any, right: Any) -> Any:
    """``right``, moved by a full turn where that brings it nearer to ``left``; where it may bring parts nearer, as it is and moved."""
    boxes = shapely.bounds(left), shapely.bounds(right)
    gap = (boxes[1][:, 0] + boxes[1][:, 2] - boxes[0][:, 0] - boxes[0][:, 2]) / 2
    turn = np.where(gap > _HALF_TURN, -360.0, np.where(gap < -_HALF_TURN, 360.0, 0.0))
    # of the distances across from a point to another, the least and the greatest
    least, greatest = boxes[1][:, 0] + turn - boxes[0][:, 2], boxes[1][:, 2] + turn - boxes[0][:, 0]
    east, west = least < -_HALF_TURN, greatest > _HALF_TURN
    far = np.flatnonzero((turn != 0) | east | west)
    if not far.size:
        return right
    moved = right.copy()
    moved[far] = _shifted(right[far], turn[far])
    for rows, offset in ((np.flatnonzero(east), 360.0), (np.flatnonzero(west), -360.0)):
        turned = _shifted(right[rows], turn[rows] + offset)
        moved[rows] = shapely.geometrycollections(np.column_stack([moved[rows], turned]))
    return moved


def _shifted(geometries: Any, offset: Any) -> Any:
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    points[:, 0] += offset[owner]
    return shapely.set_coordinates(shapely.force_2d(geometries), points)


def ends(lines: Any) -> Any:
    """The two points of each line of two, float64 (n, 4)."""
    return shapely.get_coordinates(lines).reshape(-1, 4)


@np.errstate(invalid="ignore")  # as above
def buffer_m(geometry: Any, metres: float) -> Any:
    """One geometry grown by ``metres``, in CRS84, by way of an azimuthal equidistant plane at the middle of its box.

    Within a part in a thousand for features up to some 500 km across; not across the antimeridian or a pole.
    """
    west, south, east, north = shapely.bounds(geometry)
    if np.isnan(west):
        return shapely.Polygon()
    plane = pyproj.Proj(proj="aeqd", lon_0=(west + east) / 2, lat_0=(south + north) / 2, ellps="WGS84")
    grown = shapely.buffer(apply(geometry, plane), metres, quad_segs=16)
    return apply(grown, lambda x, y: plane(x, y, inverse=True))[()]
