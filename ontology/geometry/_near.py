"""Geodesic distances of many pairs of geometries.

As in `relate_pairs`, geometries are prepared meanwhile: no other thread may use them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from ._boxes import reach
from ._metrics import distance_m, ends, geodesic, nearer_turn
from ._pairs import Check, Pace, led_blocks, vertices

_PER_PAIR, _PER_VERTEX, _ROWS = 4e-5, 2e-6, 16_384


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
    return ~(shapely.dwithin(a, nearer_turn(a, b), _degrees(a, metres)) | shapely.is_missing(a) | shapely.is_missing(b)
             | shapely.is_empty(a) | shapely.is_empty(b))


def _degrees(geometries: Any, metres: float) -> Any:
    """Distance in the plane of degrees that nothing within ``metres`` of each geometry exceeds."""
    return np.hypot(*reach(shapely.bounds(geometries), metres))


def within_pairs(left: Any, right: Any, pairs: Any, metres: float, check: Check | None = None) -> Any:
    """Tell for each pair of places whether it is at most ``metres`` apart, as `distance_m` has it; bool (n,); False for None and empty.

    Most pairs are decided by the nearest points in degrees: these alone are near enough, or too far apart for any others.
    Arguments as in `distance_pairs`.
    """
    found = np.zeros(np.shape(pairs)[1], dtype=bool)
    open_still = []
    for _, places, a, b in led_blocks(left, right, np.asarray(pairs), check):
        near, undecided = _decided(a, b, metres)
        found[places] = near
        open_still.append(places[undecided])
    rest = np.concatenate([np.empty(0, dtype=np.int64), *open_still])
    found[rest] = distance_pairs(left, right, np.asarray(pairs)[:, rest], check=check) <= metres
    return found


@np.errstate(invalid="ignore", divide="ignore")  # GEOS leaves such flags behind at edges without length
def _decided(a: Any, b: Any, metres: float) -> tuple[Any, Any]:
    """Pairs that are surely near, and pairs that may be, bool (n,) each."""
    near, undecided = np.zeros(len(a), dtype=bool), np.zeros(len(a), dtype=bool)
    line = shapely.shortest_line(a, nearer_turn(a, b))
    known = np.flatnonzero(~shapely.is_missing(line))
    points = ends(line[known])
    near[known] = geodesic(points) <= metres
    flat = np.hypot(points[:, 0] - points[:, 2], points[:, 1] - points[:, 3])
    undecided[known] = ~near[known] & (flat <= _degrees(a[known], metres))
    return near, undecided
