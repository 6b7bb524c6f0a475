"""Rows by the geometry that they bind: from pairs of geometries to pairs of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import MOST_ROWS, Batch, concatenated


class Rows:
    """Rows of a batch under the distinct ids of one of its columns.

    Attributes:
        batch: all rows.
        ids: the distinct ids, ascending, unbound left out.
    """

    def __init__(self, batch: Batch, name: str) -> None:
        column = batch.column(name)
        bound = np.flatnonzero(column >= 0)
        self.batch = batch
        if len(bound) == len(column) and bool((column[1:] > column[:-1]).all()):
            self.ids, self._order, self._start = column, bound, np.arange(len(column) + 1)
            return
        self.ids, inverse, counts = np.unique(column[bound], return_inverse=True, return_counts=True)
        self._order = bound[np.argsort(inverse, kind="stable")]
        self._start = np.concatenate([[0], np.cumsum(counts)])

    @property
    def weighted(self) -> tuple[Any, Any]:
        """The distinct ids, and how many rows each has."""
        return self.ids, np.diff(self._start)

    def counts(self, places: Any) -> Any:
        """How many rows each of these distinct ids has."""
        return self._start[places + 1] - self._start[places]

    def all_rows(self, places: Any) -> Any:
        """All rows under these distinct ids."""
        counts = self.counts(places)
        first = np.repeat(self._start[places] - (np.cumsum(counts) - counts), counts)
        return self._order[first + np.arange(len(first))]

    def all_true(self, places: Any, mask: Any) -> Any:
        """For which of these distinct ids every row is in the mask."""
        counts = self.counts(places)
        true = np.add.reduceat(mask[self.all_rows(places)].astype(np.int64), np.cumsum(counts) - counts) if len(places) else counts
        return true == counts

    def row(self, places: Any, number: Any) -> Any:
        """The rows that come under these ids at these numbers."""
        return self._order[self._start[places] + number]


def expanded(left: Rows, right: Rows, pairs: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of rows for pairs of distinct ids, a bounded number at a time."""
    one, other = left.counts(pairs[0]), right.counts(pairs[1])
    ends = np.cumsum(one * other)
    total = int(ends[-1]) if len(ends) else 0
    if total == pairs.shape[1]:
        for start in range(0, total, MOST_ROWS):
            first, second = pairs[:, start:start + MOST_ROWS]
            yield left.row(first, 0), right.row(second, 0)
        return
    for start in range(0, total, MOST_ROWS):
        position = np.arange(start, min(start + MOST_ROWS, total))
        pair = np.searchsorted(ends, position, side="right")
        within = position - (ends[pair] - one[pair] * other[pair])
        yield left.row(pairs[0][pair], within // other[pair]), right.row(pairs[1][pair], within % other[pair])


def paired(left: Batch, right: Batch, rows: tuple[Any, Any]) -> tuple[Batch, Any]:
    """Rows of two batches side by side where they agree on shared variables (unbound agrees with all), and which of the pairs those are."""
    one, other = left.take(rows[0]), right.take(rows[1])
    shared = [name for name in other.columns if name in one.columns]
    fits = np.ones(one.length, dtype=bool)
    columns = {**other.columns, **one.columns}
    for name in shared:
        mine, theirs = one.columns[name], other.columns[name]
        fits &= (mine == theirs) | (mine < 0) | (theirs < 0)
        columns[name] = np.where(mine < 0, theirs, mine)
    batch = Batch(one.length, columns)
    return (batch if fits.all() else batch.take(fits)), fits


def materialised(batches: Iterator[Batch]) -> Batch:
    """All batches as one."""
    found = list(batches)
    names = tuple(dict.fromkeys(name for batch in found for name in batch.columns))
    return found[0] if len(found) == 1 else concatenated(found, names)


def pieces(batch: Batch) -> Iterator[Batch]:
    """A batch in chunks of bounded size."""
    if batch.length <= MOST_ROWS:
        yield batch
        return
    for start in range(0, batch.length, MOST_ROWS):
        yield batch.take(np.arange(start, min(start + MOST_ROWS, batch.length)))
