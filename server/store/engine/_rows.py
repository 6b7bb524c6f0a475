"""Columns of ids as rows: exact numbering of distinct rows, expansion of ranges in bounded pieces, parts by what is bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..algebra import FIRST_ROWS, MOST_ROWS, Batch

_FIRST_SLOTS = 1 << 12
_FIRST_BLOCK = 4096
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
        return self._blockwise(columns, length, self._numbered)

    def find(self, columns: Sequence[Any], length: int) -> Any:
        """Number of each row, -1 where it was never added; int64."""
        if not self._columns:
            return np.full(length, self.count - 1, dtype=np.int64)
        return self._blockwise(columns, length, self._found)

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

    def _blockwise(self, columns: Sequence[Any], length: int, numbered: Callable[[list[Any]], Any]) -> Any:
        """Block by block: where rows repeat, most of a later block is known already."""
        result = np.empty(length, dtype=np.int64)
        start, size = 0, _FIRST_BLOCK
        while start < length:
            part = [column[start:start + size] for column in columns]
            result[start:start + size] = _by_runs(part, numbered)
            start, size = start + size, min(4 * size, MOST_ROWS)
        return result

    def _numbered(self, columns: list[Any]) -> Any:
        numbers = self._found(columns)
        new = np.flatnonzero(numbers < 0)
        if len(new):
            numbers[new] = self._placed([column[new] for column in columns])
        return numbers

    def _found(self, columns: list[Any]) -> Any:
        slots = self._slot(columns)
        result = np.full(len(slots), -1, dtype=np.int64)
        rows = np.arange(len(slots))
        while len(rows):
            numbers = self._slots[slots]
            same = self._same(numbers, columns, rows)
            result[rows[same]] = numbers[same]
            further = np.flatnonzero(~same & (numbers >= 0))
            rows, slots = rows[further], self._next(slots[further])
        return result

    def _placed(self, columns: list[Any]) -> Any:
        """Numbers of rows that are not in the table, of which some may be alike."""
        self._reserve(len(columns[0]))
        slots = self._slot(columns)
        result = np.full(len(slots), -1, dtype=np.int64)
        rows = np.arange(len(slots))
        while len(rows):
            empty = np.flatnonzero(self._slots[slots] < 0)
            self._insert(columns, rows[empty], slots[empty])
            numbers = self._slots[slots]
            same = self._same(numbers, columns, rows)
            result[rows[same]] = numbers[same]
            rows, slots = rows[~same], self._next(slots[~same])
        return result

    def _same(self, numbers: Any, columns: list[Any], rows: Any) -> Any:
        same = numbers >= 0
        for own, given in zip(self._columns, columns, strict=True):
            same &= own[numbers] == given[rows]
        return same

    def _slot(self, columns: list[Any]) -> Any:
        return (_hashed(columns) & np.uint64(len(self._slots) - 1)).astype(np.int64)

    def _next(self, slots: Any) -> Any:
        return (slots + 1) & (len(self._slots) - 1)

    def _insert(self, columns: list[Any], rows: Any, slots: Any) -> None:
        """Put one row into each of the empty slots."""
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
        rows, slots = np.arange(self.count), self._slot(self.rows())
        while len(rows):
            empty = self._slots[slots] < 0
            self._slots[slots[empty]] = rows[empty]
            stays = self._slots[slots] != rows
            rows, slots = rows[stays], self._next(slots[stays])


def _by_runs(columns: list[Any], numbered: Callable[[list[Any]], Any]) -> Any:
    """Neighbours are often equal: then only the first of each run is looked up."""
    length = len(columns[0])
    change = np.zeros(length, dtype=bool)
    change[:1] = True
    for column in columns:
        change[1:] |= column[1:] != column[:-1]
    heads = np.flatnonzero(change)
    if 2 * len(heads) > length:
        return numbered(columns)
    return np.repeat(numbered([column[heads] for column in columns]), np.diff(heads, append=length))


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
