"""The two sides of a spatial join: distinct geometries with their boxes, and the pairs of them that may meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from earthweave.ontology.geometry import PackedTree, grown_boxes, line_pieces

from ..algebra import Constant, Context, Expression, Variable
from ..snapshot import UNBOUND, Tag, payloads, tags
from ._condition import Operand, SpatialCondition
from ._functions import functions
from ._literals import bounds_of, is_geometry, shapes_of
from ._settled import OPEN, TRUE
from ._tests import glanced, measured, refined

_FIRST, _MOST = 256, 1 << 17
_PAIRS, _SAMPLE = 1 << 20, 1024
_LINES, _MOSTLY, _LONG = (2, 5), 0.5, 24
"""Types of lines (OGC 06-103r4), the least share of them in a side whose lines are cut, and the least mean number of vertices."""
_SHARE = 0.9
"""Of the stored geometries: a side that has fewer gets a tree of its own."""
_HALF_TURN, _WHOLE = 180.0, 720.0
_EARTH, _SAG_LATITUDE, _METRES_PER_DEGREE = 6.37e6, 85.0, 111_320.0


def evaluated(expression: Expression, ids: Any, context: Context) -> Any:
    """Ids of an operand's values, for ids of its variable."""
    if isinstance(expression, Variable):
        return ids
    if isinstance(expression, Constant):
        return np.full(len(ids), context.terms.id(expression.term), dtype=np.int64)
    arguments = [evaluated(one, ids, context) for one in getattr(expression, "arguments", ())]
    return functions[getattr(expression, "name", "")](context, *arguments)


def operand_boxes(operand: Operand, ids: Any, context: Context) -> Any:
    """Boxes that hold what an operand gives for these ids of its variable, which are not computed for it."""
    return reached_boxes(operand, bounds_of(ids, context))


def reached_boxes(operand: Operand, boxes: Any) -> Any:
    """The same for boxes of the variable's geometries, float64 (n, 4)."""
    if operand.plain:
        return boxes
    west, south, east, north = boxes.T
    latitude = np.radians(np.minimum(np.maximum(np.abs(south), np.abs(north)), _SAG_LATITUDE))
    length = np.maximum((east - west) * np.cos(latitude), north - south) * _METRES_PER_DEGREE
    # buffers are made in a plane where edges are straight that bend in degrees
    sag = length**2 * np.tan(latitude) / (8 * _EARTH) if operand.reach else 0.0
    return grown_boxes(boxes, operand.reach + sag)


def near_boxes(boxes: Any, metres: float, *, turned: bool) -> Any:
    """Boxes that hold all within so many metres; of the whole width if ``turned``: others are written a full turn away (0 … 360)."""
    if not metres:
        return boxes
    grown = grown_boxes(boxes, metres)
    if turned:
        known = ~np.isnan(grown[:, 0])
        grown[known, 0], grown[known, 2] = -_WHOLE, _WHOLE
    return grown


def leave(boxes: Any) -> bool:
    """True if a box leaves ±180 degrees."""
    return bool((boxes[:, 0] < -_HALF_TURN).any() or (boxes[:, 2] > _HALF_TURN).any())


def any_leaves(tree: PackedTree) -> bool:
    """The same of the boxes of a tree."""
    east, west = np.nextafter(_HALF_TURN, np.inf), np.nextafter(-_HALF_TURN, -np.inf)
    return any(len(tree.search((*sides[:1], -_HALF_TURN, *sides[1:], _HALF_TURN))) > 0 for sides in ((east, _WHOLE), (-_WHOLE, west)))


class Side:
    """Distinct ids of one variable, with the boxes of what is compared of them."""

    def __init__(self, operand: Operand, ids: Any, context: Context) -> None:
        self.ids = ids
        self.boxes = operand_boxes(operand, ids, context)
        self._operand, self._context = operand, context
        self._values = ids if operand.plain else np.full(len(ids), UNBOUND, dtype=np.int64)
        self._known = np.full(len(ids), operand.plain)

    def values(self, places: Any) -> Any:
        """Ids of what is compared, one per id; certain to be there for these places."""
        if not self._operand.plain:
            wanted = np.unique(places)
            wanted = wanted[~self._known[wanted]]
            self._values[wanted] = evaluated(self._operand.expression, self.ids[wanted], self._context)
            self._known[wanted] = True
        return self._values

    @property
    def indexed(self) -> bool:
        """True if the store's own tree serves it: most of what it holds is in here, as it is."""
        geometries = self._context.shapes.geometries
        return self._operand.plain and len(self.ids) >= _SHARE * geometries.count and bool((tags(self.ids) == Tag.GEOMETRY).all())

    def stored_tree(self) -> tuple[PackedTree, Any]:
        """The store's tree, and the place in here of each of its rows, -1 for others."""
        geometries = self._context.shapes.geometries
        place = np.full(geometries.count, -1, dtype=np.int32)
        place[payloads(self.ids)] = np.arange(len(self.ids), dtype=np.int32)
        return geometries.tree, place

    def extent(self) -> float:
        """How wide or high a box of this side is, in the middle of a sample."""
        boxes = self.boxes[:: max(1, len(self.boxes) // _SAMPLE)]
        sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        return float(np.nanmedian(sizes)) if not np.isnan(sizes).all() else 0.0

    def pieces(self, other: Side) -> tuple[Any, Any] | None:
        """Boxes of pieces of long lines, and the place of each one's line, ascending; None if that would not help."""
        if not self._operand.plain or not (tags(self.ids) == Tag.GEOMETRY).all():
            return None
        geometries, rows = self._context.shapes.geometries, payloads(self.ids)
        lines = np.isin(geometries.kinds[rows], _LINES)
        if not lines.any() or lines.mean() < _MOSTLY or geometries.vertices[rows].mean() < _LONG or self.extent() < 2 * other.extent():
            return None
        return line_pieces(shapes_of(self.ids, self._context))


class Candidates:
    """Pairs of places in two sides whose boxes let the condition hold, each once, in blocks of bounded size.

    Attributes:
        count: pairs given so far.
        index: what finds them, in words.
    """

    def __init__(self, condition: SpatialCondition, left: Side, right: Side, context: Context) -> None:
        self.condition, self.left, self.right, self._context = condition, left, right, context
        self._swapped = len(left.ids) > len(right.ids)
        self._few, self._many = (right, left) if self._swapped else (left, right)
        self._few_pieces, self._many_pieces = self._few.pieces(self._many), self._many.pieces(self._few)
        self._stored = self._many.indexed and self._many_pieces is None
        self.index = "the store's tree" if self._stored else "a tree made for this join"
        if self._few_pieces or self._many_pieces:
            self.index += ", long lines in pieces"
        self.count = 0

    def blocks(self) -> Iterator[Any]:
        """int64 (2, m) each: places in the left side, then in the right."""
        boxes, owner = self._few_pieces or (self._few.boxes, None)
        boxes = near_boxes(boxes, self.condition.metres, turned=leave(self._many.boxes))
        many, place = self._many_pieces or (self._many.boxes, None)
        sample = PackedTree.build(many[:: max(1, len(many) // _SAMPLE)])
        tree, place = self._many.stored_tree() if self._stored else (PackedTree.build(many), place)
        start, size = 0, _FIRST
        while start < len(boxes):
            few, stop = self._block(boxes, owner, slice(start, start + size), sample, len(tree) / max(len(sample), 1))
            pairs = few.join(tree)
            pairs[0] += start
            size = min(2 * size, _MOST) if pairs.shape[1] < _PAIRS // 2 else max(1, stop - start)
            start = stop
            yield from self._given(self._owned(pairs, owner, place))
        if self.condition.empties:
            yield from self._empty()

    def _block(self, boxes: Any, owner: Any, part: slice, sample: PackedTree, scale: float) -> tuple[PackedTree, int]:
        """So many boxes, up to the end of a geometry, that their pairs will not be too many, as a sample of the other side tells."""
        while True:
            stop = min(part.stop, len(boxes))
            if owner is not None:
                stop = int(np.searchsorted(owner, owner[stop - 1], side="right"))
            few = PackedTree.build(boxes[part.start:stop])
            self._context.check()
            if part.stop - part.start == 1 or few.join(sample).shape[1] * scale <= _PAIRS:
                return few, stop
            part = slice(part.start, part.start + max(1, (part.stop - part.start) // 4))

    def _owned(self, pairs: Any, owner: Any, place: Any) -> Any:
        """Pairs of geometries for pairs of boxes."""
        if place is not None:
            pairs = np.stack([pairs[0], place[pairs[1]]])
            pairs = pairs[:, pairs[1] >= 0]
        if owner is not None:
            pairs = np.stack([owner[pairs[0]], pairs[1]])
        if self._few_pieces is None and self._many_pieces is None:
            return pairs
        return np.stack(np.divmod(np.unique(pairs[0] * len(self._many.ids) + pairs[1]), max(1, len(self._many.ids))))

    def _given(self, pairs: Any) -> Iterator[Any]:
        self.count += pairs.shape[1]
        if pairs.shape[1]:
            yield pairs[::-1] if self._swapped else pairs

    def _empty(self) -> Iterator[Any]:
        few, many = (_empties(side, self._context) for side in (self._few, self._many))
        for one in few.tolist():
            yield from self._given(np.stack([np.full(len(many), one), many]))

    def holding(self) -> Iterator[Any]:
        """The pairs for which the condition's tests hold; all candidates if it has none."""
        for pairs in self.blocks():
            yield self.kept(pairs)

    def kept(self, pairs: Any) -> Any:
        """Those of the pairs for which the tests hold."""
        return pairs[:, refined(self.condition.tests, *self._values(pairs), pairs, self._context)]

    def glanced(self, pairs: Any) -> tuple[Any, Any]:
        """Those for which a vertex tells that the tests hold, and those of which it does not tell."""
        verdicts = glanced(self.condition.tests, *self._values(pairs), pairs, self._context)
        return pairs[:, verdicts == TRUE], pairs[:, verdicts == OPEN]

    def measured(self, pairs: Any) -> Any:
        """Those for which the tests hold, as the geometries themselves tell."""
        return pairs[:, measured(self.condition.tests, *self._values(pairs), pairs, self._context)]

    def _values(self, pairs: Any) -> tuple[Any, Any]:
        return self.left.values(pairs[0]), self.right.values(pairs[1])


def _empties(side: Side, context: Context) -> Any:
    rows = np.flatnonzero(np.isnan(side.boxes[:, 0]))
    return rows[is_geometry(side.ids[rows], context)]
