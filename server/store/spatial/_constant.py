"""A condition between one variable and one constant geometry: which ids meet it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import shapely

from earthweave.ontology.geometry import PackedTree, line_pieces

from ..algebra import Context, Variable
from ..snapshot import Tag, make, payloads, tags
from ._condition import SpatialCondition
from ._literals import failure, is_geometry, shapes_of
from ._sides import any_leaves, evaluated, leave, near_boxes, operand_boxes
from ._tests import boxes_meet

_FIRST, _MOST, _PIECES = 1024, 65_536, 4096
_UNKNOWN, _FALSE, _TRUE = 0, 1, 2


class Constant:
    """The constant of a condition, computed once, prepared at the first test, and what is known of ids that were asked about.

    Attributes:
        name: of the variable.
        shape: the constant; None if it cannot be read or computed.
        boxes: float64 (m, 4), of its parts, and of pieces of long lines; all of it lies in them.
    """

    def __init__(self, condition: SpatialCondition, context: Context) -> None:
        self.condition = condition if isinstance(condition.right, Variable) else condition.turned()
        place = self.condition.right
        assert isinstance(place, Variable)
        self.name = place.name
        self._context = context
        self.id = int(evaluated(self.condition.left_operand.expression, np.zeros(1, dtype=np.int64), context)[0])
        self.shape = shapes_of(np.array([self.id]), context)[0]
        self.boxes = _covering(self.shape)
        self._verdicts: Any = None

    @cached_property
    def _prepared(self) -> Any:
        # a copy, because the cached one is not this query's to prepare
        found = shapely.from_wkb(shapely.to_wkb(self.shape))
        shapely.prepare(found)
        return found

    def failed(self, rows: int) -> None:
        """Tell so many calls that failed because the constant is no geometry."""
        if self.condition.left_operand.plain:
            self._context.tally.note(*failure(self.id, self._context), count=rows)

    def near(self, ids: Any) -> Any:
        """For which ids the boxes let the condition hold; bool (n,). No geometry is read for it."""
        boxes = operand_boxes(self.condition.right_operand, ids, self._context)
        reach = near_boxes(self.boxes, self.condition.metres, turned=leave(boxes))
        whole = np.concatenate([reach[:, :2].min(axis=0), reach[:, 2:].max(axis=0)])
        found = boxes_meet(boxes, np.broadcast_to(whole, boxes.shape))
        if len(reach) > 1:
            rows = np.flatnonzero(found)
            found[rows] = False
            found[rows[PackedTree.build(reach).join(PackedTree.build(boxes[rows]))[1]]] = True
        if self.condition.empties and np.isnan(self.boxes).all():
            found |= np.isnan(boxes[:, 0]) & is_geometry(ids, self._context)
        return found

    def stored(self) -> Any:
        """Ids of the stored geometries whose boxes let the condition hold."""
        geometries = self._context.shapes.geometries
        if self.condition.right_operand.plain and not np.isnan(self.boxes).any():
            turned = self.condition.metres > 0 and any_leaves(geometries.tree)
            reach = near_boxes(self.boxes, self.condition.metres, turned=turned)
            if len(reach) == 1:
                return make(Tag.GEOMETRY, geometries.tree.search(reach[0]))
            return make(Tag.GEOMETRY, np.unique(PackedTree.build(reach).join(geometries.tree)[1]))
        ids = make(Tag.GEOMETRY, np.arange(geometries.count))
        return ids[self.near(ids)]

    def holds(self, ids: Any) -> Any:
        """For which ids a test of the condition holds; distinct ids, whose boxes are near. All do if it has no tests."""
        found = np.zeros(len(ids), dtype=bool)
        start, size = 0, _FIRST
        while start < len(ids):
            part = slice(start, start + size)
            self._context.check()
            found[part] = self._tested(evaluated(self.condition.right_operand.expression, ids[part], self._context))
            start, size = start + size, min(2 * size, _MOST)
        return found

    def _tested(self, ids: Any) -> Any:
        if not self.condition.tests:
            return is_geometry(ids, self._context)
        shapes = shapes_of(ids, self._context)
        found = self.condition.tests[0].constant(self._prepared, shapes, self._context)
        for test in self.condition.tests[1:]:
            rest = np.flatnonzero(~found)
            found[rest] = test.constant(self._prepared, shapes[rest], self._context)
        return found

    def among(self, ids: Any) -> Any:
        """For which ids of a column the condition's tests hold; bool (n,). What is known of stored geometries is kept."""
        found = np.zeros(len(ids), dtype=bool)
        if self.shape is None:
            return found
        stored = tags(ids) == Tag.GEOMETRY
        found[stored] = self._remembered(payloads(ids[stored]))
        others = np.flatnonzero(~stored & (ids >= 0))
        if len(others):
            distinct, inverse = np.unique(ids[others], return_inverse=True)
            found[others] = self._decided(distinct)[inverse]
        return found

    def _remembered(self, rows: Any) -> Any:
        if self._verdicts is None:
            self._verdicts = np.zeros(self._context.shapes.geometries.count, dtype=np.int8)
        new = np.unique(rows[self._verdicts[rows] == _UNKNOWN])
        self._verdicts[new] = np.where(self._decided(make(Tag.GEOMETRY, new)), _TRUE, _FALSE)
        return self._verdicts[rows] == _TRUE

    def _decided(self, ids: Any) -> Any:
        found = self.near(ids)
        found[found] = self.holds(ids[found])
        return found


def _covering(shape: Any) -> Any:
    """Boxes of the parts of a geometry, and of pieces of its lines; one with NaN if there is none."""
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    boxes = line_pieces(shapely.get_parts(parts))[0]
    boxes = boxes[~np.isnan(boxes).any(axis=1)]
    return boxes if 0 < len(boxes) <= _PIECES else shapely.bounds(shape).reshape(1, 4)
