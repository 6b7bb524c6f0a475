"""Columns of ids as rows: exact numbering of distinct rows, expansion of ranges in bounded pieces, parts by what is bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._operator import FIRST_ROWS, MOST_ROWS, Batch

_FIRST_SLOTS = 1 << 12
_BLOCK = MOST_ROWS
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class RowIndex:
    """Numbers the distinct rows of some int64 columns, 0, 1, … in the order in which they are first seen.

    An open-addressing hash table whose steps are array operations; rows are compared themselves, so equal hashes do no harm.
    """

    def __init__(self, width: int) -> None:
        self.count = 0
        self._columns = [np.empty(_FIRST_SLOTS, dtype=np.int64) for _ in range(width)]
        self._slots = np.full(_FIRST_SLOTS, -1, dtype=np.int64)

    def add(self, columns: Sequence[Any], length: int) -> Any:
        """Number of each row, new rows numbered on; int64."""
        if not self._columns:
            self.count = max(self.count, min(length, 1))
            return np.zeros(length, dtype=np.int64)
        return self._blockwise(columns, length, insert=True)

    def find(self, columns: Sequence[Any], length: int) -> Any:
        """Number of each row, -1 where it was never added; int64."""
        if not self._columns:
            return np.full(length, self.count - 1, dtype=np.int64)
        return self._blockwise(columns, length, insert=False)

    def fresh(self, columns: Sequence[Any], length: int) -> Any:
        """Places of the rows that are new, each once, after adding them; ascending int64."""
        known = self.count
        numbers = self.add(columns, length)
        late = np.flatnonzero(numbers >= known)
        first = np.full(self.count - known, length, dtype=np.int64)
        np.minimum.at(first, numbers[late] - known, late)
        return np.sort(first)

    def rows(self) -> list[Any]:
        """The distinct rows, column by column, in the order of their numbers."""
        return [column[:self.count] for column in self._columns]

    def _blockwise(self, columns: Sequence[Any], length: int, *, insert: bool) -> Any:
        result = np.empty(length, dtype=np.int64)
        for start in range(0, length, _BLOCK):
            part = [column[start:start + _BLOCK] for column in columns]
            result[start:start + _BLOCK] = self._runs(part, insert=insert)
        return result

    def _runs(self, columns: list[Any], *, insert: bool) -> Any:
        """Neighbours are often equal: then only the first of each run is looked up."""
        length = len(columns[0])
        change = np.zeros(length, dtype=bool)
        change[:1] = True
        for column in columns:
            change[1:] |= column[1:] != column[:-1]
        heads = np.flatnonzero(change)
        if 2 * len(heads) > length:
            return self._number(columns, insert=insert)
        found = self._number([column[heads] for column in columns], insert=insert)
        return np.repeat(found, np.diff(heads, append=length))

    def _number(self, columns: list[Any], *, insert: bool) -> Any:
        length = len(columns[0])
        if insert:
            self._reserve(length)
        mask = len(self._slots) - 1
        slots = (_hashed(columns) & np.uint64(mask)).astype(np.int64)
        result = np.full(length, -1, dtype=np.int64)
        rows = np.arange(length)
        while len(rows):
            found = self._slots[slots]
            same = found >= 0
            for own, given in zip(self._columns, columns, strict=True):
                same &= own[found] == given[rows]
            result[rows[same]] = found[same]
            empty = found < 0
            if insert and empty.any():
                self._insert(columns, rows[empty], slots[empty])
            stays = ~same if insert else ~same & ~empty
            rows, slots = rows[stays], np.where(empty, slots, (slots + 1) & mask)[stays]
        return result

    def _insert(self, columns: list[Any], rows: Any, slots: Any) -> None:
        """Put one row into each of the empty slots; rows that lost the slot to another look again."""
        self._slots[slots] = -2 - rows
        winners = self._slots[slots] == -2 - rows
        rows, slots = rows[winners], slots[winners]
        numbers = self.count + np.arange(len(rows))
        for own, given in zip(self._columns, columns, strict=True):
            own[numbers] = given[rows]
        self._slots[slots] = numbers
        self.count += len(rows)

    def _reserve(self, more: int) -> None:
        needed = self.count + more
        if needed > len(self._columns[0]):
            self._columns = [np.concatenate([column, np.empty(max(needed, len(column)), dtype=np.int64)]) for column in self._columns]
        if 2 * needed <= len(self._slots):
            return
        self._slots = np.full(1 << int(2 * needed).bit_length(), -1, dtype=np.int64)
        mask = len(self._slots) - 1
        rows = np.arange(self.count)
        slots = (_hashed(self.rows()) & np.uint64(mask)).astype(np.int64)
        while len(rows):
            empty = self._slots[slots] < 0
            self._slots[slots[empty]] = rows[empty]
            stays = self._slots[slots] != rows
            rows, slots = rows[stays], (slots[stays] + 1) & mask


def _hashed(columns: Sequence[Any]) -> Any:
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ np.ascontiguousarray(column).view(np.uint64)) * _PRIME
        mixed ^= mixed >> _SHIFT
    return mixed


class Growth:
    """How many rows the next chunk may have: few at first, doubling up to the most."""

    def __init__(self, first: int = FIRST_ROWS) -> None:
        self._rows = min(max(first, FIRST_ROWS), MOST_ROWS)

    def next(self) -> int:
        """The size, doubled for the next time."""
        size = self._rows
        self._rows = min(2 * size, MOST_ROWS)
        return size


@dataclass(frozen=True)
class Piece:
    """Some (row, position) pairs of an expansion.

    Attributes:
        rows: places in the seed, int64; None if it is each place once, in order.
        positions: places in the expanded array: int64, or a slice.
    """

    rows: Any
    positions: Any

    def kept(self, mask: Any) -> Piece:
        """Only the pairs under a mask."""
        places = np.arange(self.positions.start, self.positions.stop) if isinstance(self.positions, slice) else self.positions
        rows = np.flatnonzero(mask) if self.rows is None else self.rows[mask]
        return Piece(rows, places[mask])


def pieces(starts: Any, stops: Any, growth: Growth) -> Iterator[Piece]:
    """For each seed row every position in its range, in chunks of bounded size, rows in order.

    Args:
        starts, stops: int64 arrays, one range per seed row; ``stops`` is never below ``starts``.
        growth: how large the chunks may become.
    """
    if len(starts) == 1:
        yield from _slices(int(starts[0]), int(stops[0]), growth)
        return
    counts = stops - starts
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    if total == len(starts) and counts.min() == 1:
        yield Piece(None, starts)
        return
    begin = 0
    while begin < total:
        end = min(begin + growth.next(), total)
        yield _cut(starts, counts, ends, begin, end)
        begin = end


def _slices(begin: int, end: int, growth: Growth) -> Iterator[Piece]:
    if end == begin + 1:
        yield Piece(None, slice(begin, end))
        return
    while begin < end:
        stop = min(begin + growth.next(), end)
        yield Piece(np.zeros(stop - begin, dtype=np.int64), slice(begin, stop))
        begin = stop


def _cut(starts: Any, counts: Any, ends: Any, begin: int, end: int) -> Piece:
    """The pairs ``begin`` … ``end`` of the whole expansion."""
    first = int(np.searchsorted(ends, begin, side="right"))
    last = int(np.searchsorted(ends, end, side="left"))
    part = slice(first, last + 1)
    before = ends[part] - counts[part]
    size = np.minimum(ends[part], end) - np.maximum(before, begin)
    rows = np.repeat(np.arange(first, last + 1), size)
    return Piece(rows, np.arange(begin, end) + np.repeat(starts[part] - before, size))


@dataclass(frozen=True)
class Part:
    """Solutions that all bind the same ones of some variables.

    Attributes:
        rows: places in the batch it was taken from, int64; None if it is the whole.
        batch: the solutions; of the variables looked at, only bound ones have a column.
        bound: names of these.
    """

    rows: Any
    batch: Batch
    bound: tuple[str, ...]


def by_boundness(batch: Batch, names: tuple[str, ...]) -> list[Part]:
    """A batch in parts by which of the variables are bound; one part, and no copy, if all rows agree."""
    present = [name for name in names if name in batch.columns]
    always, mixed = [], []
    for name in present:
        bound = batch.columns[name] >= 0
        if bound.all():
            always.append(name)
        elif bound.any():
            mixed.append((name, bound))
    if not batch.length:
        return []
    absent = frozenset(present).difference(always)
    if not mixed:
        return [Part(None, _lacking(batch, absent), tuple(always))]
    code = sum(bound.astype(np.int64) << place for place, (_, bound) in enumerate(mixed))
    parts = []
    for one in np.unique(code):
        also = [name for place, (name, _) in enumerate(mixed) if int(one) >> place & 1]
        rows = np.flatnonzero(code == one)
        parts.append(Part(rows, _lacking(batch, absent.difference(also)).take(rows), (*always, *also)))
    return parts


def _lacking(batch: Batch, absent: frozenset[str]) -> Batch:
    return Batch(batch.length, {name: column for name, column in batch.columns.items() if name not in absent}) if absent else batch
