"""Boxes: those that hold all within some metres, and those of the pieces of long lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

METRES_PER_DEGREE = 110_500.0
"""Fewer than a degree of latitude has anywhere, so that boxes are never too small."""
_POLAR = 89.0
_LINEAR = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING)


def reach(bounds: Any, metres: float) -> tuple[Any, Any]:
    """Degrees across and along, float64 (n,), that nothing within ``metres`` of some boxes (n, 4) is away from them."""
    _, south, _, north = np.asarray(bounds, dtype=np.float64).reshape(-1, 4).T
    up = metres / METRES_PER_DEGREE
    highest = np.maximum(np.abs(south), np.abs(north)) + up
    narrow = np.maximum(np.cos(np.radians(np.minimum(highest, _POLAR))), 1e-3)
    return np.where(highest < _POLAR, up / narrow, 360.0), np.full(len(highest), up)


def grown_boxes(bounds: Any, metres: float) -> Any:
    """Boxes, float64 (n, 4) in CRS84, that hold everything within ``metres`` of the boxes given; NaN stays NaN.

    Near a pole, and where a box leaves ±180 degrees, it takes the whole width.
    """
    boxes = np.asarray(bounds, dtype=np.float64).reshape(-1, 4)
    across, along = reach(boxes, metres)
    grown = boxes + np.column_stack([-across, -along, across, along])
    around = (grown[:, 0] < -180.0) | (grown[:, 2] > 180.0)
    grown[around, 0] = np.minimum(grown[around, 0], -180.0)
    grown[around, 2] = np.maximum(grown[around, 2], 180.0)
    grown[np.isnan(boxes).any(axis=1)] = np.nan
    return grown


def line_pieces(geometries: Any, segments: int = 8) -> tuple[Any, Any]:
    """Boxes of pieces of lines, for an index that long lines would spoil.

    Gives float64 (m, 4) and the place of the owner of each, int64 (m,), ascending. Each line, and each member of a multi-line, is cut
    after every ``segments`` edges; any other geometry is one piece, NaN where it is None or empty. What meets a geometry meets one of
    its pieces; the same pair may be found by several.
    """
    array = np.asarray(geometries, dtype=object)
    linear = np.isin(shapely.get_type_id(array), _LINEAR) & ~shapely.is_empty(array)
    others = np.flatnonzero(~linear)
    members, index = shapely.get_parts(array[linear], return_index=True)
    filled = ~shapely.is_empty(members)
    boxes, owner = _cut(members[filled], np.flatnonzero(linear)[index[filled]], segments)
    bounds = np.vstack([boxes, shapely.bounds(array[others]).reshape(-1, 4)])
    owner = np.concatenate([owner, others])
    order = np.argsort(owner, kind="stable")
    return bounds[order], owner[order]


def _cut(lines: Any, owner: Any, segments: int) -> tuple[Any, Any]:
    if not len(lines):
        return np.empty((0, 4)), owner
    points = shapely.get_coordinates(lines)
    edges = shapely.get_num_coordinates(lines) - 1
    begin = np.cumsum(edges + 1) - (edges + 1)
    pieces = -(-edges // segments)
    line = np.repeat(np.arange(len(lines)), pieces)
    start = begin[line] + segments * (np.arange(len(line)) - (np.cumsum(pieces) - pieces)[line])
    stop = np.minimum(start + segments, begin[line] + edges[line]) + 1
    ranges = np.column_stack([start, stop]).ravel()
    padded = np.vstack([points, points[-1:]])  # so that a range may end behind the last point
    low, high = np.minimum.reduceat(padded, ranges)[::2], np.maximum.reduceat(padded, ranges)[::2]
    return np.hstack([low, high]), owner[line]
