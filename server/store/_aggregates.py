"""Inside a worker: the aggregates of ``geof:`` (OGC GeoSPARQL 1.1, 22-047r1, §8.9), each over the shapes of one group."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pyoxigraph as ox
import shapely

from earthweave.ontology import GEOF

from ._functions import Functions, Term, wkt_term
from ._serve import MEMORY_EXIT

_KERNELS: dict[str, Callable[[Any], Any]] = {
    "aggUnion": shapely.union_all,
    "aggBoundingBox": lambda shapes: shapely.box(*shapely.total_bounds(shapes)),
    "aggConvexHull": lambda shapes: shapely.convex_hull(shapely.geometrycollections(shapes)),
    "aggCentroid": lambda shapes: shapely.centroid(shapely.geometrycollections(shapes)),
}


class _Group:
    """The shapes of one group; one that cannot be read makes the whole aggregate an error, as SPARQL 1.1 §18.5.1 has it."""

    def __init__(self, functions: Functions, name: str) -> None:
        self._functions = functions
        self._name = name
        self._shapes: list[Any] = []
        self._whole = True

    def accumulate(self, term: Term) -> None:
        """Take one more literal."""
        shape = self._functions.readable(self._name, term)
        self._whole &= shape is not None
        if shape is not None:
            self._shapes.append(shape.geometry)

    def finish(self) -> Term:
        """The aggregate as a CRS84 literal; None (unbound) for an empty group or one with an unreadable literal."""
        if not self._whole or not self._shapes:
            return None
        try:
            return wkt_term(_KERNELS[self._name](self._shapes))
        except shapely.GEOSException as error:
            self._functions.tally.note("geometry", f"geof:{self._name}: {str(error).strip()[:120]}")
            return None
        except MemoryError:
            # the engine would swallow it and go on
            os._exit(MEMORY_EXIT)


def aggregate_table(functions: Functions) -> dict[ox.NamedNode, Callable[[], Any]]:
    """IRI → maker of a group, for an engine."""

    def maker(name: str) -> Callable[[], _Group]:
        return lambda: _Group(functions, name)

    return {ox.NamedNode(str(GEOF) + name): maker(name) for name in _KERNELS}
