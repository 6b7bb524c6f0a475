"""An index in memory over one set of geometries: which pairs meet, and which are near."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from .. import ParameterError
from ._metrics import distance_m
from ._relations import intersecting, relate

_METRES_PER_DEGREE = 110_500.0
_BLOCK = 200_000


class SpatialIndex:
    """A packed R-tree (STR; Leutenegger et al., 1997) over CRS84 geometries; None and empty ones are never found.

    Safe to query from several threads: nothing prepared is kept.
    """

    def __init__(self, geometries: Any) -> None:
        self._geometries = np.asarray(geometries, dtype=object)
        self._tree = shapely.STRtree(self._geometries)

    def __len__(self) -> int:
        return len(self._geometries)

    def pairs(self, others: Any, relation: str = "sfIntersects") -> Any:
        """Indices of all pairs for which ``relate(relation, other, indexed)`` holds, shape (2, n): others first, sorted.

        Raises `ParameterError` for relations that hold between geometries apart, which no index answers.
        """
        if not intersecting(relation):
            raise ParameterError(f"{relation} holds between geometries apart", way_out="take the pairs that are not in sfIntersects")
        theirs = np.asarray(others, dtype=object)
        if relation == "sfIntersects":
            return _sorted(self._tree.query(theirs, predicate="intersects"))
        candidates = self._tree.query(theirs)
        return _sorted(self._kept(candidates, lambda left, right: relate(relation, theirs[left], self._geometries[right])))

    def within_distance(self, others: Any, metres: float) -> Any:
        """Indices of all pairs at most ``metres`` apart (`distance_m`), shape (2, n): others first, sorted."""
        theirs = np.asarray(others, dtype=object)
        candidates = self._tree.query(_grown(theirs, metres))
        return _sorted(self._kept(candidates, lambda left, right: distance_m(theirs[left], self._geometries[right]) <= metres))

    @staticmethod
    def _kept(candidates: Any, test: Any) -> Any:
        left, right = candidates
        blocks = [slice(start, start + _BLOCK) for start in range(0, len(left), _BLOCK)]
        holds = np.concatenate([np.empty(0, dtype=bool), *(test(left[block], right[block]) for block in blocks)])
        return candidates[:, holds]


def _sorted(pairs: Any) -> Any:
    return pairs[:, np.lexsort((pairs[1], pairs[0]))]


def _grown(geometries: Any, metres: float) -> Any:
    """Boxes around geometries that hold everything within ``metres``; the whole width near a pole."""
    west, south, east, north = shapely.bounds(geometries).T
    up = metres / _METRES_PER_DEGREE
    highest = np.maximum(np.abs(south), np.abs(north)) + up
    across = np.where(highest < 89.0, up / np.maximum(np.cos(np.radians(np.minimum(highest, 89.0))), 1e-3), 360.0)
    boxes = shapely.box(west - across, south - up, east + across, north + up)
    known = ~np.isnan(west)
    # a box that leaves ±180 is searched again on the other side
    west_turn, east_turn = known & (west - across < -180.0), known & (east + across > 180.0)
    turned: Any = np.where(west_turn | east_turn, np.asarray(shapely.box(-180.0, south - up, 180.0, north + up)), boxes)
    return np.where(known, turned, None)
