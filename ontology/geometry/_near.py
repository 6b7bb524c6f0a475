"""Geodesic distances of many pairs of geometries.

As in `relate_pairs`, geometries are prepared meanwhile: no other thread may use them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from ._boxes import METRES_PER_DEGREE, reach
from ._measures import geodesic
from ._metrics import distance_m, ends, measurable, nearer_turn, nearest_points
from ._pairs import Check, Pace, led_blocks, vertices

_PER_PAIR, _PER_VERTEX, _ROWS = 4e-5, 2e-6, 16_384
_AREAS, _BIG = (3, 6), 200
"""Types of areas, and the vertices from which their boundaries are quicker to measure from."""
_BAND, _POLAR, _HALF_TURN, _SLACK = 0.25, 80.0, 180.0, 1 + 1e-9
"""Degrees of latitude that share a scale; where scales are of no use; half a turn; and what rounding may add."""


def distance_pairs(left: Any, right: Any, pairs: Any, *, metres: float | None = None, check: Check | None = None) -> Any:
    """Distance in metres between ``left[pairs[0]]`` and ``right[pairs[1]]`` as `distance_m` has it, float64 (n,); NaN for None and empty.

    Args:
        left: object array of CRS84 geometries.
        right: likewise.
        pairs: integers (2, n), in any order.
        metres: pairs that are surely farther apart may be told as infinity, which is much quicker.
        check: called about every 50 ms; may raise to stop.
    """
    first, second = np.asarray(pairs)
    found = np.full(len(first), np.nan)
    rows = np.arange(len(first))
    if metres is not None:
        for _, places, a, b in led_blocks(left, right, np.asarray(pairs), check):
            found[places] = np.where(_apart(a, b, metres), np.inf, np.nan)
        rows = np.flatnonzero(np.isnan(found))
    for part in Pace(check, _ROWS).blocks(_cost(left, right, first[rows], second[rows])):
        here = rows[part]
        found[here] = distance_m(left[first[here]], right[second[here]])
    return found


def _cost(left: Any, right: Any, first: Any, second: Any) -> Any:
    return _PER_PAIR + _PER_VERTEX * (vertices(left, first) + vertices(right, second))


def _apart(a: Any, b: Any, metres: float) -> Any:
    """True where the distance in degrees alone proves that two geometries are farther apart."""
    return ~(
        shapely.dwithin(measurable(a, b), nearer_turn(a, b), _degrees(a, metres))
        | shapely.is_missing(a)
        | shapely.is_missing(b)
        | shapely.is_empty(a)
        | shapely.is_empty(b)
    )


def _degrees(geometries: Any, metres: float) -> Any:
    """Distance in the plane of degrees that nothing within ``metres`` of each geometry exceeds."""
    return np.hypot(*reach(shapely.bounds(geometries), metres))


def within_pairs(left: Any, right: Any, pairs: Any, metres: float, check: Check | None = None) -> Any:
    """Tell for each pair of places whether it is at most ``metres`` apart, as `distance_m` has it; bool (n,); False for None and empty.

    Most pairs are decided by the nearest points in degrees: these alone are near enough, or too far apart for any others.
    Arguments as in `distance_pairs`.
    """
    pairs = np.asarray(pairs)
    found = np.zeros(pairs.shape[1], dtype=bool)
    sides, rows = (left, right), np.arange(pairs.shape[1])
    outlines = _outlined(left, pairs[0]), _outlined(right, pairs[1])
    if outlines[0] is not left or outlines[1] is not right:
        for _, places, a, b in led_blocks(left, right, pairs, check):
            found[places] = shapely.intersects(a, nearer_turn(a, b))
        sides, rows = outlines, np.flatnonzero(~found)
    open_still = [np.empty(0, dtype=np.int64)]
    for _, places, a, b in led_blocks(*sides, pairs[:, rows], check):
        near, undecided = _decided(a, b, metres)
        found[rows[places]] = near
        open_still.append(rows[places[undecided]])
    rest = np.concatenate(open_still)
    rest = rest[_perhaps(left, right, pairs[:, rest], metres, check)]
    found[rest] = distance_pairs(left, right, pairs[:, rest], check=check) <= metres
    return found


def _outlined(geometries: Any, rows: Any) -> Any:
    """The geometries, big areas among those at some places as their boundaries: to these GEOS finds the nearest points by an index.

    The same array if there are none. A geometry that does not meet an area is as far from it as from its boundary.
    """
    used = np.unique(rows)
    shapes = geometries[used]
    big = used[np.isin(shapely.get_type_id(shapes), _AREAS) & (shapely.get_num_coordinates(shapes) > _BIG)]
    if not big.size:
        return geometries
    found = np.array(geometries, dtype=object)
    found[big] = shapely.boundary(geometries[big])
    return found


@np.errstate(invalid="ignore", divide="ignore")  # GEOS leaves such flags behind at edges without length
def _decided(a: Any, b: Any, metres: float) -> tuple[Any, Any]:
    """Pairs that are surely near, and pairs that may be, bool (n,) each."""
    near, undecided = np.zeros(len(a), dtype=bool), np.zeros(len(a), dtype=bool)
    line = nearest_points(a, nearer_turn(a, b))
    known = np.flatnonzero(~shapely.is_missing(line))
    points = ends(line[known])
    near[known] = geodesic(points) <= metres
    flat = np.hypot(points[:, 0] - points[:, 2], points[:, 1] - points[:, 3])
    undecided[known] = ~near[known] & (flat <= _degrees(a[known], metres))
    return near, undecided


def _perhaps(left: Any, right: Any, pairs: Any, metres: float, check: Check | None) -> Any:
    """Which pairs may be within ``metres``: the others are farther apart in a plane in which nothing is too long.

    In it a degree across is as long as where the geodesics in question come nearest to a pole, a band of latitudes having one plane.
    Pairs near a pole, or with parts half a turn apart, all may be.
    """
    boxes = shapely.bounds(left)[pairs[0]], shapely.bounds(right)[pairs[1]]
    up = metres / METRES_PER_DEGREE
    highest = np.minimum(*(np.maximum(np.abs(box[:, 1]), np.abs(box[:, 3])) for box in boxes)) + up
    across = np.maximum(boxes[1][:, 2] - boxes[0][:, 0], boxes[0][:, 2] - boxes[1][:, 0])
    rows = np.flatnonzero((highest < _POLAR) & (across < _HALF_TURN))
    band = np.ceil(highest[rows] / _BAND).astype(np.int64)
    (a, first), (b, second) = (_squeezed(side, places[rows], band) for side, places in zip((left, right), pairs, strict=True))
    far = np.zeros(pairs.shape[1], dtype=bool)
    for _, places, one, other in led_blocks(a, b, np.stack([first, second]), check):
        far[rows[places]] = ~shapely.dwithin(measurable(one, other), other, up * _SLACK)
    return ~far


def _squeezed(geometries: Any, rows: Any, band: Any) -> tuple[Any, Any]:
    """The geometries at some places, longitudes squeezed to the scale of their bands: each such geometry once, and where it is."""
    bands = int(band.max(initial=0)) + 1
    distinct, inverse = np.unique(rows * bands + band, return_inverse=True)
    flat = shapely.force_2d(geometries[distinct // bands])
    points, owner = shapely.get_coordinates(flat, return_index=True)
    points[:, 0] *= np.cos(np.radians(_BAND * (distinct % bands)))[owner]
    return shapely.set_coordinates(flat, points), inverse
