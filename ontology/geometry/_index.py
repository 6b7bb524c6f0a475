"""An index in memory over one set of geometries: which pairs meet, and which are near."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from .. import ParameterError
from ._boxes import grown_boxes
from ._metrics import distance_m
from ._relations import intersecting, relate

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
    bounds = grown_boxes(shapely.bounds(geometries), metres)
    boxes = np.asarray(shapely.box(*bounds.T), dtype=object)
    boxes[np.isnan(bounds[:, 0])] = None
    return boxes
