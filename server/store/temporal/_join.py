"""Joins on when things are: all pairs of rows whose times are related, found by sorting the distinct times of one side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..algebra import Batch, Call, Context, Expression, Operator, Variable
from ..snapshot import FOREVER, GOOD
from ..spatial import STRDF, Rows, expanded, materialised, paired
from ._algebra import RELATIONS
from ._condition import ANYWHERE
from ._ends import ends_of

_PAIRS = 1 << 20
_SAMPLE = 256
_UNKNOWN = 0.05
"""Share of the pairs that is expected to be related where no statement has a time."""


class Touch(NamedTuple):
    """That an end of one time lies at an end of another, or a microsecond beside it.

    Attributes:
        mine, its: which end of the first and of the second, 0 the start and 1 the end.
        low, high: bounds of what the second's lies behind the first's, microseconds.
    """

    mine: int
    its: int
    low: int = 0
    high: int = 0

    def holds(self, first: tuple[Any, Any], second: tuple[Any, Any]) -> Any:
        """Whether it is so, of two columns of times; bool."""
        mine, its = first[self.mine], second[self.its]
        return (its >= mine + self.low) & (its <= mine + self.high)


_BEFORE, _AFTER = Touch(1, 0, low=-1), Touch(0, 1, high=1)
TOUCHING: dict[str, tuple[Touch, ...]] = {
    "equalsPeriod": (Touch(0, 0),), "starts": (Touch(0, 0),), "finishes": (Touch(1, 1),), "adjacent": (Touch(1, 0), Touch(0, 1)),
    "meetsBefore": (_BEFORE,), "meetsAfter": (_AFTER,), "meets": (_BEFORE, _AFTER),
}
"""Relations of which all pairs touch in one of these ways, so that a search for the end finds them."""


@dataclass(frozen=True)
class TemporalPair:
    """A relation between the times in two variables.

    Attributes:
        relation: its local name in ``strdf:``.
        first, second: the variables, in the order of the arguments.
    """

    relation: str
    first: str
    second: str

    @property
    def variables(self) -> frozenset[str]:
        """Both."""
        return frozenset({self.first, self.second})

    @property
    def label(self) -> str:
        """For EXPLAIN."""
        return f"?{self.first} {self.relation} ?{self.second}"

    def holds(self, a: Any, b: Any, c: Any, d: Any, *, turned: bool) -> Any:
        """Whether [a, b) and [c, d) stand so; ``turned`` if the second is that of the first argument."""
        return RELATIONS[self.relation](c, d, a, b) if turned else RELATIONS[self.relation](a, b, c, d)


def related(expression: Expression) -> TemporalPair | None:
    """What a filter says of the times in two variables; None if it is no such relation."""
    if not isinstance(expression, Call) or not expression.name.startswith(STRDF) or len(expression.arguments) != 2:
        return None
    first, second = expression.arguments
    relation = expression.name.removeprefix(STRDF)
    if relation not in RELATIONS or not isinstance(first, Variable) or not isinstance(second, Variable) or first == second:
        return None
    return TemporalPair(relation, first.name, second.name)


def share_of(pair: TemporalPair, context: Context) -> float:
    """The share of the pairs of a snapshot's times that stand so, by a sample; 0 … 1."""
    spans = context.snapshot.times.spans
    if not len(spans):
        return _UNKNOWN
    rows = np.unique(np.linspace(0, len(spans) - 1, _SAMPLE).astype(np.int64))
    start, end, good = spans.start[rows], spans.end[rows], (spans.flags[rows] & GOOD) != 0
    held = pair.holds(start[:, None], end[:, None], start, end, turned=False)
    return float((held & good & good[:, None]).mean())


class TemporalJoin(Operator):
    """All pairs of a left and a right row whose times are related and that agree on variables in common.

    Attributes:
        pair: one variable is bound by the left input or the seeds, the other by the right input alone.
    """

    def __init__(self, left: Operator | None, right: Operator, pair: TemporalPair, *, estimate: float) -> None:
        inputs = (right,) if left is None else (left, right)
        super().__init__(tuple(dict.fromkeys(name for one in inputs for name in one.names)), estimate, inputs)
        self.pair = pair
        self._turned = pair.first in right.names
        self._left = left
        self._rows: Rows | None = None

    @property
    def label(self) -> str:
        """The relation."""
        return f"TemporalJoin {self.pair.label}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Chunks in the order of the left side's times."""
        near, far = (self.pair.second, self.pair.first) if self._turned else (self.pair.first, self.pair.second)
        left = Rows(seed if self._left is None else materialised(self._left.run(context, seed)), near)
        if self._rows is None and left.batch.length:
            self._rows = Rows(materialised(self.inputs[-1].run(context)), far)
        if self._rows is None or not left.batch.length:
            return
        tried = held = 0
        for candidates, pairs in self._pairs(left.ids, self._rows.ids, context):
            tried, held = tried + candidates, held + pairs.shape[1]
            self.measured.remarks[:] = [f"distinct times sorted; {tried:,} candidate pairs, {held:,} hold"]
            for rows in expanded(left, self._rows, pairs):
                context.check()
                yield paired(left.batch, self._rows.batch, rows)[0]

    def _pairs(self, left: Any, right: Any, context: Context) -> Iterator[tuple[int, Any]]:
        """Pairs of places of distinct times that are related, int64 (2, n), and of how many candidates they are."""
        (a, b, good), (c, d, fair) = ends_of(left, context), ends_of(right, context)
        mine, theirs = np.flatnonzero(good), np.flatnonzero(fair)
        for number, (owners, others, starts, stops, swapped) in enumerate(self._ways(mine, theirs, (a, b), (c, d))):
            before = TOUCHING.get(self.pair.relation, ())[:number]
            for rows, places in _blocks(starts, stops):
                context.check()
                one, other = owners[rows], others[places]
                one, other = (other, one) if swapped else (one, other)
                near, far = (a[one], b[one]), (c[other], d[other])
                kept = self.pair.holds(*near, *far, turned=self._turned)
                for touch in before:
                    kept &= ~(touch.holds(far, near) if self._turned else touch.holds(near, far))
                yield len(kept), np.stack([one[kept], other[kept]])

    def _ways(self, mine: Any, theirs: Any, near: _Ends, far: _Ends) -> list[_Way]:
        """Candidates, all pairs that are related among them."""
        if self.pair.relation in TOUCHING:
            first, second = ((theirs, far), (mine, near)) if self._turned else ((mine, near), (theirs, far))
            return [_touching(*first, *second, touch, self._turned) for touch in TOUCHING[self.pair.relation]]
        if self.pair.relation in ANYWHERE:
            return [(mine, theirs, np.zeros(len(mine), np.int64), np.full(len(mine), len(theirs)), False)]
        return [_begun_within(mine, theirs, near, far[0], False), _begun_within(theirs, mine, far, near[0], True)]


_Ends = tuple[Any, Any]
_Way = tuple[Any, Any, Any, Any, bool]
"""Places of owners, of others, which of these each owner may be related to (from, to), and whether the owners are of the right side."""


def _touching(owners: Any, ends: _Ends, others: Any, theirs: _Ends, touch: Touch, swapped: bool) -> _Way:
    """Owners, others by the end that touches, and which of these touch."""
    value, found = ends[touch.mine][owners], theirs[touch.its][others]
    order = np.argsort(found, kind="stable")
    low = np.searchsorted(found[order], value + touch.low, side="left")
    high = np.searchsorted(found[order], value + touch.high, side="right")
    return owners, others[order], low, high, swapped


def _begun_within(owners: Any, others: Any, ends: _Ends, start: Any, strictly: bool) -> _Way:
    """Owners, others by their start, and which of these begin within each owner's time, a microsecond more on either side.

    ``strictly`` leaves out those that begin where the owner does or just behind or before it, which are found the other way round.
    """
    others = others[np.argsort(start[others], kind="stable")]
    begun = start[others]
    first, last = ends[0][owners], np.minimum(ends[1][owners], FOREVER - 1) + 1
    low = np.searchsorted(begun, first + 1, side="right") if strictly else np.searchsorted(begun, first - 1, side="left")
    return owners, others, low, np.maximum(np.searchsorted(begun, last, side="right"), low), strictly


def _blocks(starts: Any, stops: Any) -> Iterator[tuple[Any, Any]]:
    """Ranges expanded, a bounded number of places at a time: which range, and the place."""
    counts = stops - starts
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, _PAIRS):
        position = np.arange(begin, min(begin + _PAIRS, total))
        rows = np.searchsorted(ends, position, side="right")
        yield rows, starts[rows] + position - (ends[rows] - counts[rows])
