"""Joins on where things are: all pairs of rows, or only the rows that have a partner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import Batch, Context, Expression, Operator, Variable
from ._condition import SpatialCondition
from ._remarks import noted
from ._rows import Rows, expanded, materialised, paired, pieces
from ._sides import Candidates, Side


class _Spatial(Operator):
    """What both joins share: two inputs, of which the right one is evaluated once, by itself.

    Attributes:
        condition: the left operand's variable is bound by the left input or the seeds, the right one's by the right input alone.
        residual: what must hold besides, None for nothing; the condition's own expression is added if its tests do not say all.
        scope: variables that the residual sees; None for all.
    """

    def __init__(self, left: Operator | None, right: Operator, condition: SpatialCondition, residual: Expression | None = None, *,
                 estimate: float = 1.0, scope: frozenset[str] | None = None) -> None:
        inputs = (right,) if left is None else (left, right)
        names = self._named(left, right)
        super().__init__(names, estimate, inputs)
        self.condition = condition.starting(next(name for name in sorted(condition.variables) if name not in right.names))
        self.residuals = tuple(one for one in (residual, None if condition.exact else condition.expression) if one is not None)
        self.scope = scope
        self._left = left
        self._rows: Rows | None = None

    def _named(self, left: Operator | None, right: Operator) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*(left.names if left else ()), *right.names)))

    def _partners(self, context: Context) -> Rows:
        if self._rows is None:
            place = self.condition.right
            assert isinstance(place, Variable)
            self._rows = Rows(materialised(self.inputs[-1].run(context)), place.name)
        return self._rows

    def _seeds(self, context: Context, seed: Batch) -> Rows:
        place = self.condition.left
        assert isinstance(place, Variable)
        return Rows(seed if self._left is None else materialised(self._left.run(context, seed)), place.name)

    def _candidates(self, left: Rows, right: Rows, context: Context) -> Candidates:
        if self.condition.exact:
            noted(self.condition, left.weighted, right.weighted, context)
        sides = (Side(self.condition.left_operand, left.ids, context), Side(self.condition.right_operand, right.ids, context))
        return Candidates(self.condition, *sides, context)

    def _fitting(self, batch: Batch, context: Context) -> Any:
        return fitting(self.residuals, batch, self.scope, context)

    def _remark(self, candidates: Candidates, held: int) -> None:
        self.measured.remarks[:] = [f"index used: {candidates.index}; {candidates.count:,} candidate pairs, {held:,} hold"]


def fitting(residuals: tuple[Expression, ...], batch: Batch, scope: frozenset[str] | None, context: Context) -> Any:
    """For which rows all of these expressions are true; bool (n,)."""
    held = np.ones(batch.length, dtype=bool)
    if not residuals or not batch.length:
        return held
    seen = batch if scope is None else Batch(batch.length, {name: column for name, column in batch.columns.items() if name in scope})
    for one in residuals:
        held &= context.holds(one, seen, context)
    return held


class SpatialJoin(_Spatial):
    """All pairs of a left and a right row that meet a spatial condition and agree on variables in common."""

    @property
    def label(self) -> str:
        """The condition."""
        return f"SpatialJoin {self.condition.label}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Chunks in the order in which candidates are found."""
        left = self._seeds(context, seed)
        if not left.batch.length:
            return
        right = self._partners(context)
        candidates, held = self._candidates(left, right, context), 0
        for pairs in candidates.holding():
            held += pairs.shape[1]
            self._remark(candidates, held)
            for rows in expanded(left, right, pairs):
                context.check()
                batch, _ = paired(left.batch, right.batch, rows)
                yield batch.take(self._fitting(batch, context)) if self.residuals else batch
        self._remark(candidates, held)


class SpatialSemiJoin(_Spatial):
    """The left rows that have (or, if ``negated``, have not) a right row with which they meet a spatial condition.

    Of each left geometry the candidates are tried in rounds, and no more once one of them holds.
    """

    def __init__(self, left: Operator | None, right: Operator, condition: SpatialCondition, residual: Expression | None = None, *,
                 negated: bool = False, estimate: float = 1.0, scope: frozenset[str] | None = None) -> None:
        super().__init__(left, right, condition, residual, estimate=estimate, scope=scope)
        self.negated = negated

    def _named(self, left: Operator | None, right: Operator) -> tuple[str, ...]:
        return left.names if left else ()

    @property
    def label(self) -> str:
        """The condition."""
        return f"Spatial{'Anti' if self.negated else 'Semi'}Join {self.condition.label}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The left rows, in their order."""
        left = self._seeds(context, seed)
        if not left.batch.length:
            return
        right = self._partners(context)
        found = np.zeros(left.batch.length, dtype=bool)
        if right.batch.length:
            self._decide(left, right, found, context)
        yield from pieces(left.batch.take(found != self.negated))

    def _decide(self, left: Rows, right: Rows, found: Any, context: Context) -> None:
        candidates = self._candidates(left, right, context)
        by_row = bool(self.residuals) or bool(left.batch.columns.keys() & right.batch.columns.keys())
        open_ = np.ones(len(left.ids), dtype=bool)
        tried = 0

        def mark(pairs: Any) -> None:
            if by_row:
                self._by_row(left, right, pairs, found, open_, context)
            else:
                open_[pairs[0]] = False

        for block in candidates.blocks():
            doubtful = [np.empty((2, 0), dtype=np.int64)]
            for pairs in _rounds(block, open_):
                tried += pairs.shape[1]
                held, rest = candidates.glanced(pairs)
                doubtful.append(rest)
                mark(held)
            for pairs in _rounds(np.concatenate(doubtful, axis=1), open_):
                context.check()
                mark(candidates.measured(pairs))
        if not by_row:
            found[left.all_rows(np.flatnonzero(~open_))] = True
        self._remark(candidates, tried)

    def _by_row(self, left: Rows, right: Rows, pairs: Any, found: Any, open_: Any, context: Context) -> None:
        for rows in expanded(left, right, pairs):
            rows = tuple(side[~found[rows[0]]] for side in rows)
            batch, fits = paired(left.batch, right.batch, (rows[0], rows[1]))
            found[rows[0][fits][self._fitting(batch, context)]] = True
        done = np.unique(pairs[0])
        open_[done] = ~left.all_true(done, found)

    def _remark(self, candidates: Candidates, held: int) -> None:
        self.measured.remarks[:] = [f"index used: {candidates.index}; {held:,} of {candidates.count:,} candidate pairs tried"]


def _rounds(pairs: Any, open_: Any) -> Iterator[Any]:
    """The first candidate of each left place that is open, then the next two of those still open, the next four, and so on."""
    pairs = pairs[:, open_[pairs[0]]]
    pairs = pairs[:, np.argsort(pairs[0], kind="stable")]
    first = np.flatnonzero(np.diff(pairs[0], prepend=-1))
    rank = np.arange(pairs.shape[1]) - np.repeat(first, np.diff(first, append=pairs.shape[1]))
    level = np.log2(rank + 1).astype(np.int8)
    number = 0
    while pairs.shape[1]:
        now = level == number
        yield pairs[:, now]
        rest = ~now & open_[pairs[0]]
        pairs, level = pairs[:, rest], level[rest]
        number += 1
