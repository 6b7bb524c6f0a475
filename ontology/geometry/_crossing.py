"""Lines that cross areas, told from their edges alone wherever these leave no doubt.

A valid area has its interior on one side of each edge and its exterior on the other, so a line that passes from one side of an edge to the
other, at a point that ends neither, crosses the area. If no edges meet, a line that is not within the box of the area is outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

_PIECE, _AT_ONCE, _EDGES = 8, 1 << 13, 1 << 20
"""Edges of a line that share a box; pairs, and pairs of edges, that are worked on at a time."""
_MOST_LINE, _MOST_AREA = 2048, 256
"""Points of lines and areas beyond which prepared geometries are quicker."""
_DOUBT = 4e-16
"""Rounding of a determinant, relative to its terms (Shewchuk, 1997, Discrete Comput. Geom. 18:305–363)."""
FALSE, TRUE, OPEN = 0, 1, 2


class _Edges:
    """Edges of some geometries, each under the number of the point where it begins.

    Attributes:
        start: of each geometry, its first point; one more at the end.
        points: float64 (m, 2).
        low, high: x, then y, of the edges' boxes, float64 (m,); the last point of a run begins no edge, and has a box that meets nothing.
    """

    def __init__(self, points: Any, start: Any, last: Any) -> None:
        self.start, self.points = start, points
        self.low, self.high = (self._sides(choose, last, nothing) for choose, nothing in ((np.minimum, np.inf), (np.maximum, -np.inf)))

    def _sides(self, choose: Any, last: Any, nothing: float) -> tuple[Any, Any]:
        found = np.full((2, len(self.points)), nothing)
        for side, column in zip(found, self.points.T, strict=True):
            choose(column[:-1], column[1:], out=side[:-1])
            side[last] = nothing
        return found[0], found[1]

    def ends(self, edges: Any) -> Any:
        """X and y of both ends of some edges, float64 (n, 4)."""
        return np.hstack([self.points[edges], self.points[edges + 1]])


def crossings(lines: Any, areas: Any, pairs: Any, check: Callable[[], None] | None = None) -> Any:
    """Whether lines cross areas, as far as edges tell: `TRUE`, `FALSE` or `OPEN` for each pair of places, int8 (n,).

    Args:
        lines: object array of geometries; pairs with others than LineStrings stay open.
        areas: object array of valid geometries; pairs with others than (multi-)polygons, or with many edges, stay open.
        pairs: integers (2, n): places in ``lines``, then in ``areas``.
        check: called between blocks; may raise to stop.
    """
    verdicts = np.full(pairs.shape[1], OPEN, dtype=np.int8)
    rows = np.flatnonzero(_simple_lines(lines)[pairs[0]] & _small_areas(areas)[pairs[1]])
    for begin in range(0, len(rows), _AT_ONCE):
        if check is not None:
            check()
        here = rows[begin : begin + _AT_ONCE]
        (used, first), (others, second) = (np.unique(side, return_inverse=True) for side in pairs[:, here])
        verdicts[here] = _told(lines[used], areas[others], first, second)
    return verdicts


def _simple_lines(lines: Any) -> Any:
    points = shapely.get_num_coordinates(lines)
    return (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING) & (points > 0) & (points <= _MOST_LINE)


def _small_areas(areas: Any) -> Any:
    areal = np.isin(shapely.get_type_id(areas), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    points = shapely.get_num_coordinates(areas)
    return areal & (points > 0) & (points <= _MOST_AREA)


def _told(lines: Any, areas: Any, first: Any, second: Any) -> Any:
    edges, bounds = _line_edges(lines), shapely.bounds(areas)
    inside = _within(shapely.bounds(lines)[first], bounds[second])
    pair, edge = _near_edges(edges, first, bounds.T.copy()[:, second])
    near, which = np.unique(second[pair], return_inverse=True)
    sides = _area_edges(areas[near])
    if len(first) > 1 and np.diff(sides.start)[which].sum() > _EDGES:
        middle = len(first) // 2
        return np.concatenate([_told(lines, areas, first[part], second[part]) for part in (slice(middle), slice(middle, None))])
    which, side = _spread(sides.start, which)
    kept = _meeting(edges.low, edges.high, edge[which], sides.low, sides.high, side)
    which, side = which[kept], side[kept]
    pair = pair[which]
    crossed, doubtful = _passed(edges.ends(edge[which]), sides.ends(side))
    found = np.where(inside, OPEN, FALSE).astype(np.int8)
    found[pair[doubtful]] = OPEN
    found[pair[crossed]] = TRUE
    return found


def _line_edges(lines: Any) -> _Edges:
    points, start = _points(lines)
    return _Edges(points, start, start[1:] - 1)


def _area_edges(areas: Any) -> _Edges:
    points, start = _points(areas)
    closing = (points == points[np.repeat(start[:-1], np.diff(start))]).all(axis=1)
    # where the first point returns at the end alone, there is but one ring
    closing[start[1:] - 1] = ~closing[start[1:] - 1]
    several = np.flatnonzero(np.add.reduceat(closing, start[:-1], dtype=np.int64) != 1) if len(areas) else start[:0]
    parts, part_of = shapely.get_parts(areas[several], return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    counts = shapely.get_num_coordinates(rings)
    owner = part_of[ring_of]
    before = np.concatenate([[0], np.cumsum(np.bincount(owner, counts, len(several)).astype(np.int64))])[owner]
    return _Edges(points, start, np.concatenate([start[1:], start[several][owner] + np.cumsum(counts) - before]) - 1)


def _points(geometries: Any) -> tuple[Any, Any]:
    """All points, float64 (m, 2), and where those of each geometry begin."""
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    return points, np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(geometries)))])


def _spread(start: Any, owners: Any) -> tuple[Any, Any]:
    """The items of each owner, which lie from ``start[owner]`` on: the place of the owner in ``owners``, and the item."""
    counts = start[owners + 1] - start[owners]
    place = np.repeat(np.arange(len(owners)), counts)
    return place, np.arange(len(place)) + np.repeat(start[owners] - (np.cumsum(counts) - counts), counts)


def _near_edges(edges: _Edges, first: Any, bounds: Any) -> tuple[Any, Any]:
    """Edges of the line of each pair whose boxes meet the box of the area, (4, n): place of the pair, and edge."""
    counts = np.diff(edges.start)
    pieces = -(-counts // _PIECE)
    start = np.concatenate([[0], np.cumsum(pieces)])
    begin = np.repeat(edges.start[:-1] - _PIECE * start[:-1], pieces) + _PIECE * np.arange(start[-1])
    low = tuple(np.minimum.reduceat(column, begin) for column in edges.low)
    high = tuple(np.maximum.reduceat(column, begin) for column in edges.high)
    pair, piece = _spread(start, first)
    kept = _meeting(low, high, piece, bounds[:2], bounds[2:], pair)
    pair, piece = pair[kept], piece[kept]
    which, edge = _spread(np.append(begin, len(edges.points)), piece)
    kept = _meeting(edges.low, edges.high, edge, bounds[:2], bounds[2:], pair[which])
    return pair[which[kept]], edge[kept]


def _meeting(low: Any, high: Any, one: Any, lows: Any, highs: Any, other: Any) -> Any:
    """Rows for which the box at a place among some, and that at a place among others, have a point in common."""
    rows = np.flatnonzero((low[0][one] <= highs[0][other]) & (lows[0][other] <= high[0][one]))
    one, other = one[rows], other[rows]
    return rows[(low[1][one] <= highs[1][other]) & (lows[1][other] <= high[1][one])]


def _within(inner: Any, outer: Any) -> Any:
    return (inner[:, :2] >= outer[:, :2]).all(axis=1) & (inner[:, 2:] <= outer[:, 2:]).all(axis=1)


def _passed(one: Any, other: Any) -> tuple[Any, Any]:
    """Edges (n, 4) that surely cross each other, and those that may have a point in common or not."""
    a, b = _sides(one, other)
    c, d = _sides(other, one)
    crossed = (a * b < 0) & (c * d < 0)
    return crossed, ~crossed & (a * b <= 0) & (c * d <= 0)


def _sides(edge: Any, other: Any) -> tuple[Any, Any]:
    """On which side of each edge both ends of another lie: -1, 1, or 0 where it is in doubt."""
    x, y, across, along = edge[:, 0], edge[:, 1], edge[:, 2] - edge[:, 0], edge[:, 3] - edge[:, 1]
    found = []
    for place in (0, 2):
        left, right = across * (other[:, place + 1] - y), along * (other[:, place] - x)
        turn = left - right
        found.append(np.where(np.abs(turn) > _DOUBT * (np.abs(left) + np.abs(right)), np.sign(turn), 0.0))
    return found[0], found[1]
