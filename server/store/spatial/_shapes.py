"""Geometries by row of the geometry table, read once and kept within a budget of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..snapshot import Geometries, payloads

_BASE, _POINT, _VERTEX = 450, 220, 24
"""Bytes of a geometry in GEOS with its Python object, measured: of any, of a point, of a vertex more."""
_KEPT = 0.75


class Shapes:
    """A cache of shapely geometries in CRS84, longitude first; those that were not used for longest are forgotten, many at once.

    Whoever wants one prepared must not prepare what comes from here in one thread and use it in another; `shapes` gives the objects
    that are kept.

    Args:
        geometries: the table; ids have the tag GEOMETRY.
        budget: bytes that may be kept, estimated.
    """

    def __init__(self, geometries: Geometries, budget: int) -> None:
        self.geometries = geometries
        self.budget = budget
        self.held = 0
        self._objects: Any = None
        self._used: Any = None
        self._clock = 0

    def shapes(self, ids: Any) -> Any:
        """Object array of geometries; None where the literal cannot be read. Ids may repeat."""
        rows = payloads(ids)
        if not len(rows):
            return np.empty(0, dtype=object)
        if self._objects is None:
            self._objects = np.empty(self.geometries.count, dtype=object)
            self._used = np.zeros(self.geometries.count, dtype=np.int32)
        self._clock += 1
        missing = rows[self._used[rows] == 0]
        if len(missing):
            self._read(np.unique(missing))
        self._used[rows] = self._clock
        found = self._objects[rows]
        if self.held > self.budget:
            self._forget()
        return found

    def bounds(self, ids: Any) -> Any:
        """West, south, east, north in degrees, shape (n, 4); NaN where the geometry is empty or cannot be read. Nothing is read for it."""
        return np.asarray(self.geometries.bounds[payloads(ids)]).reshape(-1, 4)

    def _read(self, rows: Any) -> None:
        self._objects[rows] = self.geometries.shapes(rows)
        self.held += int(self._cost(rows).sum())

    def _cost(self, rows: Any) -> Any:
        vertices = np.asarray(self.geometries.vertices[rows], dtype=np.int64)
        return np.where(vertices <= 1, _POINT, _BASE + _VERTEX * vertices)

    def _forget(self) -> None:
        rows = np.flatnonzero(self._used)
        rows = rows[np.argsort(-self._used[rows], kind="stable")]
        cost = np.cumsum(self._cost(rows))
        keep = int(np.searchsorted(cost, _KEPT * self.budget, side="right"))
        out = rows[keep:]
        self._objects[out], self._used[out] = None, 0
        self.held = int(cost[keep - 1]) if keep else 0
