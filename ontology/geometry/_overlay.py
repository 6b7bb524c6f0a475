"""Union, intersection, differences and circles, with results that do not depend on how GEOS comes to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

_AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_OVERLAYS: dict[str, Callable[[Any, Any], Any]] = {
    "union": shapely.union,
    "intersection": shapely.intersection,
    "difference": shapely.difference,
    "symDifference": shapely.symmetric_difference,
}
_NONE = np.iinfo(np.int64).max
_MIX = tuple(np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
OVERLAYS = tuple(_OVERLAYS)
"""Their names in ``geof:``."""


def overlay(name: str, left: Any, right: Any) -> Any:
    """One of `OVERLAYS` of each pair of geometries, object arrays (n,), in the plane.

    If only one of two geometries has heights or measures, the result has neither. A ring of an area begins at the point in front of
    that run of the left geometry's vertices which holds the earliest of them; the standards (OGC 06-103r4, §6.1.11) leave it open.
    """
    flat = (shapely.has_z(left) != shapely.has_z(right)) | (shapely.has_m(left) != shapely.has_m(right))
    left, right = (np.where(flat, shapely.force_2d(one), one) for one in (left, right))
    found = _OVERLAYS[name](left, right)
    rows = np.flatnonzero(np.isin(shapely.get_type_id(found), _AREAS) & ~shapely.is_empty(found) & ~shapely.has_z(found))
    if len(rows):
        found[rows] = _begun(found[rows], left[rows])
    return found


def union_all(geometries: Any) -> Any:
    """The union of many geometries, object array (n,); if not all have heights, or measures, it has neither."""
    filled = geometries[~shapely.is_empty(geometries)]
    if any(np.unique(has(filled)).size > 1 for has in (shapely.has_z, shapely.has_m)):
        filled = shapely.force_2d(filled)
    # parts that do not touch are put together without a look at each other, empty ones and all
    return shapely.disjoint_subset_union_all(filled) if len(filled) > 1 else shapely.union_all(filled if len(filled) else geometries)


def bounding_circle(geometries: Any) -> Any:
    """The smallest circle around each geometry; a point where all its vertices are at one place, for which GEOS (3.14) gives none."""
    found = np.asarray(shapely.minimum_bounding_circle(geometries), dtype=object)
    return np.where(shapely.is_empty(found) & ~shapely.is_empty(geometries), shapely.convex_hull(geometries), found)[()]


def _begun(areas: Any, firsts: Any) -> Any:
    """Areas whose rings begin as the vertices of other geometries say, one for each."""
    points, owner = shapely.get_coordinates(areas, return_index=True)
    places = _places(points, owner, *shapely.get_coordinates(firsts, return_index=True))
    lengths = shapely.get_num_coordinates(shapely.get_rings(shapely.get_parts(areas)))
    starts, around = np.cumsum(lengths) - lengths, np.repeat(lengths - 1, lengths)
    own = np.arange(len(points)) - np.repeat(starts, lengths)
    open_ring = own < around
    ring = np.repeat(np.arange(len(lengths)), lengths)
    # the earliest vertex of each ring, then the nearest one in front of it that is none of the first geometry's
    earliest = np.minimum.reduceat(np.where(open_ring, places, _NONE), starts)
    begin = np.minimum.reduceat(np.where(open_ring & (places == earliest[ring]), own, len(points)), starts)
    back = (begin[ring] - own) % around
    steps = np.minimum.reduceat(np.where(open_ring & (places == _NONE), back, len(points)), starts)
    begin = np.where(earliest == _NONE, 0, begin - np.where(steps == len(points), 0, steps))
    return shapely.set_coordinates(areas, points[np.repeat(starts, lengths) + (own + begin[ring]) % around])


def _places(points: Any, owner: Any, others: Any, owners: Any) -> Any:
    """Place of each point among the other points of the same owner, the first if it is there more than once; `_NONE` if it is not."""
    if not len(others):
        return np.full(len(points), _NONE)
    known, wanted = _marks(others, owners), _marks(points, owner)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)]
    return np.where(known[at] == wanted, at, _NONE)


def _marks(points: Any, owner: Any) -> Any:
    """A number for each point of each owner; two that happen to share one would only begin a ring elsewhere."""
    # a zero is the same with either sign
    x, y = (_folded(column) for column in (points + 0.0).view(np.uint64).T)
    return _folded(x * _MIX[0] + y) * _MIX[1] + owner.astype(np.uint64) * _MIX[2]


def _folded(numbers: Any) -> Any:
    """Numbers with their upper bits, which tell whole degrees apart, brought down before the next product drops them."""
    half = np.uint64(32)
    return (numbers ^ (numbers >> half)) * _MIX[0]
