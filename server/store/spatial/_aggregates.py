"""The aggregates of ``geof:`` (OGC GeoSPARQL 1.1, 22-047r1, §8.9) over groups of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import GEOF
from earthweave.ontology.geometry import bounding_circle, union_all

from ..algebra import Context
from ..snapshot import UNBOUND
from ._literals import failure, shapes_of

Aggregate = Callable[..., Any]
_BLOCK = 200_000


def _box(shapes: Any) -> Any:
    bounds = shapely.total_bounds(shapes)
    return shapely.Polygon() if np.isnan(bounds).any() else shapely.box(*bounds)


def _of_all(kernel: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda shapes: kernel(shapely.geometrycollections(shapes))


_KERNELS: dict[str, Callable[[Any], Any]] = {
    "aggUnion": union_all, "aggBoundingBox": _box, "aggConvexHull": _of_all(shapely.convex_hull), "aggCentroid": _of_all(shapely.centroid),
    "aggConcaveHull": _of_all(shapely.concave_hull), "aggBoundingCircle": _of_all(bounding_circle),
}


def grouped(name: str, kernel: Callable[[Any], Any], prefix: str = "geof") -> Aggregate:
    """An aggregate from a kernel that makes one geometry of many, which are an object array in the order of the rows."""
    label = f"{prefix}:{name}"

    def aggregate(context: Context, ids: Any, groups: Any, count: int) -> Any:
        context.tally.calls[name] += int(np.count_nonzero(ids >= 0))
        found = np.full(count, UNBOUND, dtype=np.int64)
        lost = _lost(ids, groups, count, context)
        for group, members in _members(groups, count):
            if len(members) and not lost[group]:
                found[group] = _computed(label, kernel, ids[members], context)
        return found

    return aggregate


def _lost(ids: Any, groups: Any, count: int, context: Context) -> Any:
    """Groups with a value that is no geometry, an error of the whole group (SPARQL 1.1 §18.5.1); it is told."""
    lost = np.zeros(count, dtype=bool)
    distinct, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    missing = np.zeros(len(distinct), dtype=bool)
    for start in range(0, len(distinct), _BLOCK):
        context.check()
        missing[start:start + _BLOCK] = shapely.is_missing(shapes_of(distinct[start:start + _BLOCK], context))
    for place in np.flatnonzero(missing & (distinct >= 0)).tolist():
        context.tally.note(*failure(int(distinct[place]), context), count=int(counts[place]))
    lost[groups[missing[inverse]]] = True
    return lost


def _members(groups: Any, count: int) -> Iterator[tuple[int, Any]]:
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(count + 1))
    for group in range(count):
        yield group, order[bounds[group]:bounds[group + 1]]


def _computed(label: str, kernel: Callable[[Any], Any], ids: Any, context: Context) -> int:
    context.check()
    try:
        return int(context.terms.shape_id(kernel(shapes_of(ids, context))))
    except shapely.GEOSException as error:
        context.tally.note("geometry", f"{label}: {str(error).strip()[:120]}")
        return UNBOUND


aggregates: dict[str, Aggregate] = {str(GEOF) + name: grouped(name, kernel) for name, kernel in _KERNELS.items()}
"""IRI → aggregate of the context, ids of the values, the group number (0 … n-1) of each, and n: int64 ids per group, -1 for none."""
