"""Selections by place: solutions whose geometries meet a condition, and geometries of the store as seeds of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import FIRST_ROWS, MOST_ROWS, Batch, Context, Expression, Operator, Variable
from ..snapshot import READABLE, Tag, make
from ._call import distinct_rows
from ._condition import SpatialCondition
from ._constant import Constant
from ._join import fitting
from ._literals import failure, is_geometry
from ._remarks import counted, unreadable
from ._sides import Side, leave, near_boxes
from ._tests import boxes_meet, refined

_TOLD = 1000


class SpatialSelect(Operator):
    """The seeds, or the input's solutions, that meet a spatial condition, whether on one variable or on two.

    Attributes:
        condition: its variables are bound by the seeds or the input; where one is unbound, it is not met.
        scope: variables that the condition's own expression sees where its tests do not say all; None for all.
    """

    def __init__(self, condition: SpatialCondition, child: Operator | None = None, *, estimate: float = 1.0,
                 scope: frozenset[str] | None = None) -> None:
        super().__init__(child.names if child else (), estimate, (child,) if child else ())
        self.condition = condition
        self.scope = scope
        self._residuals: tuple[Expression, ...] = () if condition.exact else (condition.expression,)

    @property
    def label(self) -> str:
        """The condition."""
        return f"SpatialSelect {self.condition.label}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Chunk by chunk."""
        places = self.condition.left, self.condition.right
        constant = None if all(isinstance(place, Variable) for place in places) else Constant(self.condition, context)
        for batch in self.inputs[0].run(context, seed) if self.inputs else (seed,):
            mask = self._pairs(batch, context) if constant is None else self._constant(batch, constant, context)
            kept = batch.take(mask)
            yield kept.take(fitting(self._residuals, kept, self.scope, context)) if self._residuals else kept

    def _constant(self, batch: Batch, constant: Constant, context: Context) -> Any:
        ids = batch.column(constant.name)
        rows = int(np.count_nonzero(ids >= 0))
        self.measured.remarks[:] = ["boxes compared with the constant's, then the geometries with the prepared constant, once each"]
        if self.condition.exact:
            counted(self.condition, rows, context)
            if constant.shape is None:
                constant.failed(rows)
            else:
                _told(*np.unique(ids[ids >= 0], return_counts=True), context)
        return constant.among(ids)

    def _pairs(self, batch: Batch, context: Context) -> Any:
        columns = tuple(batch.column(place.name) for place in (self.condition.left, self.condition.right) if isinstance(place, Variable))
        bound = np.flatnonzero((columns[0] >= 0) & (columns[1] >= 0))
        found = np.zeros(batch.length, dtype=bool)
        self.measured.remarks[:] = ["no index: both geometries come with each row; boxes compared first"]
        if len(bound):
            distinct, inverse = distinct_rows((columns[0][bound], columns[1][bound]))
            if self.condition.exact:
                self._tell(distinct, np.bincount(inverse), context)
            found[bound] = self._related(distinct[0], distinct[1], context)[inverse]
        return found

    def _tell(self, pairs: tuple[Any, ...], counts: Any, context: Context) -> None:
        counted(self.condition, int(counts.sum()), context)
        whole = is_geometry(pairs[0], context)
        _told(pairs[0][~whole], counts[~whole], context)
        _told(pairs[1][whole], counts[whole], context)

    def _related(self, left: Any, right: Any, context: Context) -> Any:
        (lefts, first), (rights, second) = (np.unique(side, return_inverse=True) for side in (left, right))
        sides = Side(self.condition.left_operand, lefts, context), Side(self.condition.right_operand, rights, context)
        boxes = near_boxes(sides[0].boxes, self.condition.metres, turned=leave(sides[1].boxes))[first], sides[1].boxes[second]
        near = boxes_meet(*boxes)
        if self.condition.empties:
            near |= np.isnan(boxes[0][:, 0]) & np.isnan(boxes[1][:, 0])
        pairs = np.stack([first[near], second[near]])
        near[near] = refined(self.condition.tests, sides[0].values(pairs[0]), sides[1].values(pairs[1]), pairs, context)
        return near


def _told(ids: Any, counts: Any, context: Context) -> None:
    distinct, inverse = np.unique(ids, return_inverse=True)
    for identifier, count in unreadable(distinct, np.bincount(inverse, counts, len(distinct)).astype(np.int64), context):
        context.tally.note(*failure(identifier, context), count=count)


class SpatialSeed(Operator):
    """The stored geometries that meet a condition with a constant, joined with the seeds.

    Only for a variable that is bound to stored geometries by the patterns that follow: computed geometries are not found.
    """

    def __init__(self, condition: SpatialCondition, *, estimate: float = 1.0) -> None:
        name = next(iter(condition.variables))
        super().__init__((name,), estimate)
        self.condition = condition
        self.name = name

    @property
    def label(self) -> str:
        """The condition."""
        return f"SpatialSeed {self.condition.label}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Ids in ascending order, the first chunk small."""
        if self.name in seed.columns and bool((seed.columns[self.name] >= 0).all()):
            yield from SpatialSelect(self.condition).produce(context, seed)
            return
        constant = Constant(self.condition, context)
        geometries = context.shapes.geometries
        counted(self.condition, geometries.count, context)
        if constant.shape is None:
            constant.failed(geometries.count)
            return
        ids, given, start, size = constant.stored(), 0, 0, FIRST_ROWS
        while start < len(ids):
            part = ids[start:start + size]
            start, size = start + size, min(2 * size, MOST_ROWS)
            part = part[constant.holds(part)]
            given += len(part)
            self.measured.remarks[:] = [f"index used: the store's tree; {len(ids):,} boxes of {geometries.count:,}, {given:,} hold"]
            yield from joined(seed, self.name, part)
        if not given:
            self.measured.remarks[:] = [f"index used: the store's tree; {len(ids):,} boxes of {geometries.count:,}, none holds"]
            rows = np.flatnonzero((geometries.flags[:] & READABLE) == 0)[:_TOLD]
            _told(make(Tag.GEOMETRY, rows), np.ones(len(rows), dtype=np.int64), context)


def joined(seed: Batch, name: str, ids: Any) -> Iterator[Batch]:
    """Each row of the seeds with each id that it agrees with."""
    bound = seed.column(name)
    agreeing = np.flatnonzero((bound >= 0) & np.isin(bound, ids))
    if len(agreeing):
        yield seed.take(agreeing)
    free = np.flatnonzero(bound < 0)
    step = max(1, MOST_ROWS // max(1, len(ids)))
    for start in range(0, len(free) if len(ids) else 0, step):
        rows = free[start:start + step]
        yield seed.take(np.repeat(rows, len(ids))).extended({name: np.tile(ids, len(rows))})
