"""Solutions kept in memory and joined by hash, with SPARQL's compatibility of unbound variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import Batch
from ._rows import Growth, Part, RowIndex, by_boundness, pieces


class _Lookup:
    """Rows of a part of a table by their values of some columns."""

    def __init__(self, part: Part, names: tuple[str, ...]) -> None:
        self._index = RowIndex(len(names))
        self._names = names
        numbers = self._index.add([part.batch.columns[name] for name in names], part.batch.length)
        order = np.argsort(numbers, kind="stable")
        self.rows = order if part.rows is None else part.rows[order]
        self._ends = np.cumsum(np.bincount(numbers, minlength=self._index.count))

    def ranges(self, batch: Batch) -> tuple[Any, Any]:
        """For each row of a batch the range of ``rows`` that agree with it; empty ranges are 0, 0."""
        numbers = self._index.find([batch.columns[name] for name in self._names], batch.length)
        found = numbers >= 0
        starts, stops = np.zeros(batch.length, dtype=np.int64), np.zeros(batch.length, dtype=np.int64)
        stops[found] = self._ends[numbers[found]]
        later = found & (numbers > 0)
        starts[later] = self._ends[numbers[later] - 1]
        return starts, stops


class Table:
    """Solutions to join with, again and again.

    Attributes:
        batch: the solutions.
        shared: variables that the other side may bind too.
    """

    def __init__(self, batch: Batch, shared: tuple[str, ...]) -> None:
        self.batch = batch
        self.shared = shared
        self._parts = by_boundness(batch, shared)
        self._lookups: dict[tuple[int, tuple[str, ...]], _Lookup] = {}

    def join(self, seed: Batch) -> Iterator[Batch]:
        """Each compatible pair, merged, in bounded chunks."""
        growth = Growth(seed.length)
        for part in by_boundness(seed, self.shared):
            for place in range(len(self._parts)):
                lookup = self._lookup(place, self._common(place, part))
                for piece in pieces(*lookup.ranges(part.batch), growth):
                    left = part.batch if piece.rows is None else part.batch.take(piece.rows)
                    yield self._merged(left, part.bound, lookup.rows[piece.positions])

    def matched(self, seed: Batch, sharing: frozenset[str] | None = None) -> Any:
        """Mask of the seeds that are compatible with some solution (and, if ``sharing``, have one of these variables in common with it)."""
        hit = np.zeros(seed.length, dtype=bool)
        for part in by_boundness(seed, self.shared):
            for place in range(len(self._parts)):
                common = self._common(place, part)
                if sharing is None or not sharing.isdisjoint(common):
                    starts, stops = self._lookup(place, common).ranges(part.batch)
                    rows = slice(None) if part.rows is None else part.rows
                    hit[rows] |= starts < stops
        return hit

    def _common(self, place: int, part: Part) -> tuple[str, ...]:
        bound = set(self._parts[place].bound)
        return tuple(name for name in part.bound if name in bound)

    def _lookup(self, place: int, names: tuple[str, ...]) -> _Lookup:
        key = (place, names)
        if key not in self._lookups:
            self._lookups[key] = _Lookup(self._parts[place], names)
        return self._lookups[key]

    def _merged(self, left: Batch, bound: tuple[str, ...], rows: Any) -> Batch:
        return left.extended({name: column[rows] for name, column in self.batch.columns.items() if name not in bound})
