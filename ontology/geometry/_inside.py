"""Points in areas, without a geometry for each point; and a vertex of each of many geometries, without reading the geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from ._boxes import line_pieces
from ._pairs import Check, Pace, prepared_blocks
from ._tree import PackedTree

_ROWS = 65_536
_PER_POINT = 5e-7
"""Rough seconds."""
_FIRST = np.array([0, 5, 9, 13, 14, 18, 22])
"""Where the first coordinate stands in well-known binary (OGC 06-103r4, §8.2), by geometry type."""
_COUNTED, _RINGS = (2, 3, 5, 6), (3, 6)
"""Types in which a number of points, and before it one of rings, stands before the first coordinate."""


def points_in(areas: Any, points: Any, pairs: Any, *, interior: bool = False, check: Check | None = None) -> Any:
    """Tell for each pair of places whether ``points[pairs[1]]`` lies in ``areas[pairs[0]]``; bool (n,).

    Args:
        areas: object array of (multi)polygons. They are prepared meanwhile: no other thread may use them.
        points: float64 (m, 2), in the order of the areas' coordinates; NaN is in no area.
        pairs: integers (2, n), in any order.
        interior: points on the boundary are outside.
        check: called about every 50 ms; may raise to stop.
    """
    test = shapely.contains_xy if interior else shapely.intersects_xy
    order = np.argsort(pairs[0], kind="stable")
    first, second = pairs[0, order], pairs[1, order]
    found = np.zeros(pairs.shape[1], dtype=bool)
    for part in prepared_blocks(Pace(check, _ROWS), areas, first, np.full(len(first), _PER_POINT)):
        x, y = points[second[part]].T
        found[order[part]] = test(areas[first[part]], x, y)
    return found


def apart(areas: Any, boxes: Any, pairs: Any) -> Any:
    """Tell for which pairs of places the boundary of ``areas[pairs[0]]`` surely stays clear of ``boxes[pairs[1]]``; bool (n,).

    Such a box is inside the area, or outside. Boxes are float64 (m, 4), in the order of the areas' coordinates.
    """
    parts, area = shapely.get_parts(areas, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    pieces, ring = line_pieces(rings, 2)
    near = PackedTree.build(pieces).join(PackedTree.build(boxes))
    codes = np.unique(area[part[ring[near[0]]]] * len(boxes) + near[1])
    wanted = pairs[0] * len(boxes) + pairs[1]
    if not len(codes):
        return np.ones(len(wanted), dtype=bool)
    return codes[np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)] != wanted


def first_vertices(blobs: Any, kinds: Any, rows: Any) -> Any:
    """The first vertex of each geometry at some rows, float64 (n, 2); NaN where its first part is empty, and for collections.

    Args:
        blobs: well-known binary, little-endian, as a pyarrow LargeBinaryArray; geometries have at least one vertex.
        kinds: geometry type code of each row, 1 (point) … 7 (collection); others have no vertex.
        rows: int64 (n,).
    """
    found = np.full((len(rows), 2), np.nan)
    plain = np.flatnonzero((kinds >= 1) & (kinds < len(_FIRST)))
    _, starts, data = blobs.buffers()
    begin = np.frombuffer(starts, dtype=np.int64)[blobs.offset + rows[plain]]
    octets, kinds = np.frombuffer(data, dtype=np.uint8), kinds[plain]
    at = begin + _FIRST[kinds]
    full = octets[begin] == 1
    for counted, back in ((np.isin(kinds, _COUNTED), 4), (np.isin(kinds, _RINGS), 8)):
        full[counted] &= _read(octets, at[counted] - back, np.uint32)[:, 0] > 0
    found[plain[full]] = _read(octets, at[full], np.float64, 2)
    return found


def _read(octets: Any, places: Any, dtype: Any, count: int = 1) -> Any:
    return octets[places[:, None] + np.arange(count * np.dtype(dtype).itemsize)].view(dtype)
