"""Edges that stay straight when a geometry moves to another system: points are put in where the image of an edge bends.

How many depends on the edge alone, and both directions of an edge get the same points, so that neighbours keep their common border.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

Array = np.ndarray[Any, Any]
Move = Callable[[Array, Array], tuple[Array, Array]]

_KINDS = (
    shapely.GeometryType.LINESTRING,
    shapely.GeometryType.MULTILINESTRING,
    shapely.GeometryType.POLYGON,
    shapely.GeometryType.MULTIPOLYGON,
)
_MOST, _ROUNDS = 10_000, 4


def straighten(geometries: Array, move: Move, metres: Callable[[Array, Array], Array], tolerance: float) -> Array:
    """Put points into the edges of lines and areas, so that after ``move`` no edge is off by more than ``tolerance``.

    Args:
        geometries: planar; points, collections, 3-D geometries and None stay as they are.
        move: takes and returns arrays of x and y.
        metres: length in metres of the offset between two arrays of moved points, shape (n, 2) each.
        tolerance: metres.
    """
    done = np.atleast_1d(np.array(geometries, dtype=object))
    kinds = shapely.get_type_id(done)
    for kind in _KINDS:
        chosen = np.flatnonzero((kinds == kind) & ~shapely.is_empty(done) & ~shapely.has_z(done))
        if chosen.size:
            done[chosen] = _one_kind(done[chosen], move, metres, tolerance)
    return done.reshape(np.shape(geometries))


def _one_kind(geometries: Array, move: Move, metres: Callable[[Array, Array], Array], tolerance: float) -> Array:
    kind, points, (lines, *outer) = shapely.to_ragged_array(geometries)
    for _ in range(_ROUNDS):
        pieces = _pieces(points, move, metres, tolerance)
        pieces[lines[1:] - 1] = 1  # no edge leads from the last point of a line or ring to the next one
        if (pieces == 1).all():
            break
        points, lines = _split(points, pieces), np.concatenate([[0], np.cumsum(pieces)])[lines]
    return np.asarray(shapely.from_ragged_array(kind, points, (lines, *outer)), dtype=object)


def _edges(points: Array) -> tuple[Array, Array, Array]:
    """From each point to the next: the lesser end, the greater end, and whether the edge runs backwards."""
    following = np.roll(points, -1, axis=0)
    backwards = (points[:, 0] > following[:, 0]) | ((points[:, 0] == following[:, 0]) & (points[:, 1] > following[:, 1]))
    low, high = np.where(backwards[:, None], following, points), np.where(backwards[:, None], points, following)
    return low, high, backwards


def _pieces(points: Array, move: Move, metres: Callable[[Array, Array], Array], tolerance: float) -> Array:
    """Into how many pieces each edge must be cut: the offset of a chord grows with the square of its length, if the bend is even."""
    low, high, _ = _edges(points)
    first, last = (np.column_stack(move(*end.T)) for end in (low, high))
    offset = np.zeros(len(points))
    for share in (0.25, 0.5, 0.75):
        true = np.column_stack(move(*(low + share * (high - low)).T))
        with np.errstate(invalid="ignore"):  # beyond the projection's domain, where there is nothing to keep straight
            offset = np.fmax(offset, metres(first + share * (last - first), true))
    wanted = np.ceil(np.sqrt(np.where(np.isfinite(offset), offset, 0.0) / tolerance))
    return np.clip(wanted, 1, _MOST).astype(np.int64)


def _split(points: Array, pieces: Array) -> Array:
    """Points with ``pieces - 1`` new ones after each, counted from the lesser end of the edge whichever way it runs."""
    low, high, backwards = _edges(points)
    edge = np.repeat(np.arange(len(points)), pieces)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = np.where(backwards[edge], pieces[edge] - step, step) / pieces[edge]
    inserted = low[edge] + share[:, None] * (high[edge] - low[edge])
    return np.where((step == 0)[:, None], points[edge], inserted)
