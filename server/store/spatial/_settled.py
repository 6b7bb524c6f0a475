"""Pairs that one vertex settles: the geometry that it belongs to need not be read.

A geometry of which a vertex lies in an area meets the area, and is at no distance from it. If besides the area's boundary stays clear of
the geometry's box, all of it lies where the vertex lies. Of a point, the vertex is all there is to know.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from earthweave.ontology.geometry import apart, points_in

from ..algebra import Context
from ..snapshot import Tag, payloads, tags

FALSE, TRUE, OPEN = 0, 1, 2
_POINT, _LINES, _AREAS = 1, (2, 5), (3, 6)
_INSIDE = {"sfContains": 0, "sfWithin": 1}
"""Relations that hold between an area and what is in its interior, and the place of the area."""
_PAYS = 16
"""Vertices of areas per pair up to which their boundaries are worth a look."""


def settled(names: tuple[str, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """For each pair of places in two columns of distinct ids whether any of some tests holds, where a vertex tells; int8 (m,).

    Args:
        names: of relations; empty for tests that hold where two geometries meet, whatever else they ask.
        left, right: ids.
        pairs: places (2, m).
        context: reads the areas.
    """
    verdicts = np.full(pairs.shape[1], OPEN, dtype=np.int8)
    lead = int(len(left) > len(right))
    areas, others = (right, left) if lead else (left, right)
    meets = not names or "sfIntersects" in names
    inside = len(names) == 1 and _INSIDE.get(names[0]) == lead
    if not (meets or inside) or not _all_areas(areas, context) or not (tags(others) == Tag.GEOMETRY).all():
        return verdicts
    geometries, rows = context.shapes.geometries, payloads(others)
    if np.isin(geometries.kinds[rows], _LINES).any():
        return verdicts  # boxes of lines are mostly air: neither a vertex nor a clear boundary tells enough to pay
    shapes, places, vertices = context.shapes.shapes(areas), pairs[[lead, 1 - lead]], geometries.first_vertices(rows)
    held = points_in(shapes, vertices, places, interior=not meets, check=context.check)
    whole = (geometries.kinds[rows] == _POINT)[places[1]]
    verdicts[held & (whole | meets)] = TRUE
    if len(names) == 1:
        rest = np.flatnonzero((verdicts == OPEN) & ~whole)
        whole[rest] = _clear(shapes, np.asarray(geometries.bounds[rows]), places[:, rest])
        whole &= ~np.isnan(vertices[places[1], 0])
        verdicts[whole] = np.where(held[whole], TRUE, FALSE)
    return verdicts


def _clear(shapes: Any, boxes: Any, pairs: Any) -> Any:
    """For which pairs the boundary of the area stays clear of the box, if that is worth the search; bool (m,)."""
    used, first = np.unique(pairs[0], return_inverse=True)
    if shapely.get_num_coordinates(shapes[used]).sum() > _PAYS * pairs.shape[1]:
        return np.zeros(pairs.shape[1], dtype=bool)
    boxed, second = np.unique(pairs[1], return_inverse=True)
    return apart(shapes[used], boxes[boxed], np.stack([first, second]))


def _all_areas(ids: Any, context: Context) -> bool:
    if not (tags(ids) == Tag.GEOMETRY).all():
        return False
    return bool(np.isin(context.shapes.geometries.kinds[payloads(ids)], _AREAS).all())
