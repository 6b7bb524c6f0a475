"""Statements sorted and freed from repetitions, in memory or, beyond a number of rows, by distribution to the disk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._files import Column, release
from ._ids import BITS

_WORD = 63
_SAMPLE = 65_536
_MOST_PARTS = 64
_BLOCK = 16_000_000
_RUNS = 16


class Rows(NamedTuple):
    """Parallel columns of statements of one predicate.

    Attributes:
        graph: numbers of graphs; None means the default graph throughout.
        time: numbers of valid times; None means no time throughout.
    """

    key: Any
    value: Any
    graph: Any = None
    time: Any = None

    @property
    def size(self) -> int:
        """Number of statements."""
        return len(self.key)

    def at(self, places: Any) -> Rows:
        """The statements at some places (array, mask or slice)."""
        return Rows(*(None if column is None else column[places] for column in self))

    def release(self) -> None:
        """Give the memory back that mapped columns take."""
        for column in self:
            release(column)

    def graphs(self) -> Any:
        """Graph numbers, also where all are 0."""
        return np.zeros(self.size, np.int32) if self.graph is None else self.graph

    def times(self) -> Any:
        """Numbers of times, also where all are 0."""
        return np.zeros(self.size, np.int32) if self.time is None else self.time

    def like(self, other: Rows) -> Rows:
        """The same statements with every column that others have."""
        return Rows(self.key, self.value, None if other.graph is None else self.graphs(), None if other.time is None else self.times())

    def turned(self) -> Rows:
        """Key and value in each other's place."""
        return self._replace(key=self.value, value=self.key)


def joined(parts: list[Rows]) -> Rows:
    """All in one; a column of graphs or times is left away if nobody has one."""
    if len(parts) == 1:
        return parts[0]
    found = _concatenated(parts)
    for part in parts:
        part.release()
    return found


def _concatenated(parts: list[Rows]) -> Rows:
    key = np.concatenate([np.empty(0, dtype=np.int64), *(part.key for part in parts)])
    value = np.concatenate([np.empty(0, dtype=np.int64), *(part.value for part in parts)])
    graph = None if all(part.graph is None for part in parts) else np.concatenate([part.graphs() for part in parts])
    return Rows(key, value, graph, None if all(part.time is None for part in parts) else np.concatenate([part.times() for part in parts]))


class _Packing:
    """Order-preserving numbers for ids: within each tag the distance from its least id, one tag behind the other."""

    def __init__(self, values: Any) -> None:
        self._low = int(values.min()) if len(values) else 0
        high = int(values.max()) if len(values) else 0
        self._shifts = [(self._low, 0)]
        size = high - self._low + 1
        if self._low >> BITS != high >> BITS:
            size = self._by_tag(values)
        self.bits = (size - 1).bit_length()

    def _by_tag(self, values: Any) -> int:
        tag = values >> BITS
        self._shifts, size = [], 0
        for one in np.unique(tag):
            mine = values[tag == one]
            self._shifts.append((int(mine.min()), size))
            size += int(mine.max()) - int(mine.min()) + 1
        return size

    def pack(self, values: Any) -> Any:
        """Numbers of ids."""
        found = values - self._low
        for low, shift in self._shifts[1:]:
            found = np.where(values >= low, values - (low - shift), found)
        return found

    def unpack(self, numbers: Any) -> Any:
        """Ids of numbers."""
        found = numbers + self._low
        for low, shift in self._shifts[1:]:
            found = np.where(numbers >= shift, numbers + (low - shift), found)
        return found


def sorted_rows(rows: Rows, *, distinct: bool = True) -> Rows:
    """Sorted by key, value, graph and time; each statement once if ``distinct``."""
    if rows.size < 2:
        return rows
    key, value = _Packing(rows.key), _Packing(rows.value)
    widths = [0 if column is None else int(column.max()).bit_length() for column in rows[2:]]
    if key.bits + value.bits + sum(widths) > _WORD:
        return _compared(rows, distinct=distinct)
    words = (key.pack(rows.key) << (value.bits + sum(widths))) | (value.pack(rows.value) << sum(widths))
    if rows.graph is not None:
        words |= rows.graph.astype(np.int64) << widths[1]
    if rows.time is not None:
        words |= rows.time
    words = _ascending(words, distinct=distinct)
    time = None if rows.time is None else (words & ((1 << widths[1]) - 1)).astype(np.int32)
    words >>= widths[1]
    graph = None if rows.graph is None else (words & ((1 << widths[0]) - 1)).astype(np.int32)
    words >>= widths[0]
    return Rows(key.unpack(words >> value.bits), value.unpack(words & ((1 << value.bits) - 1)), graph, time)


def _ascending(words: Any, *, distinct: bool) -> Any:
    """Most columns come sorted already, or in a few sorted runs, since ids are given in order of appearance: looking costs little."""
    descents = int(np.count_nonzero(words[1:] < words[:-1]))
    if descents:
        # the stable sort makes use of runs
        words = np.sort(words, kind="stable" if descents < _RUNS else None)
    if not distinct:
        return words
    new = words[1:] != words[:-1]
    return words if new.all() else words[np.concatenate([[True], new])]


def _compared(rows: Rows, *, distinct: bool) -> Rows:
    rows = rows.at(np.lexsort([column for column in reversed(rows) if column is not None]))
    if not distinct:
        return rows
    new = np.logical_or.reduce([column[1:] != column[:-1] for column in rows if column is not None])
    return rows.at(np.concatenate([[True], new]))


def sorted_blocks(parts: list[Rows], budget: int, folder: Path) -> Iterator[Rows]:
    """Everything in ascending order without repetitions, in blocks that follow each other, none longer than ``budget`` rows.

    Args:
        folder: for passing files; they are removed.
    """
    total = sum(part.size for part in parts)
    if total <= budget:
        yield sorted_rows(joined(parts))
        return
    column = _varying(parts)
    if column < 0:
        yield parts[0].at(slice(0, 1))
        return
    splits = _splits(parts, column, total, budget)
    timed = any(part.time is not None for part in parts)
    shelves = [Shelf(folder / f"{folder.name}{number}", timed=timed) for number in range(len(splits) + 1)]
    for piece in _sliced(parts, max(budget // 4, 1)):
        _distribute(piece, column, splits, shelves)
    for shelf in shelves:
        yield from sorted_blocks([shelf.rows()], budget, shelf.folder)
        shelf.remove()


def _sliced(parts: Iterable[Rows], most: int) -> Iterator[Rows]:
    for part in parts:
        for start in range(0, part.size, most):
            yield part.at(slice(start, start + most))
            part.release()


def _varying(parts: list[Rows]) -> int:
    """Number of the first column that is not the same throughout, -1 if there is none."""
    for column in range(len(Rows._fields)):
        limits = [(0, 0) if part[column] is None else extremes(part[column]) for part in parts if part.size]
        if min(low for low, _ in limits) < max(high for _, high in limits):
            return column
    return -1


def extremes(values: Any) -> tuple[int, int]:
    """The least and the greatest value of a column that is not empty."""
    least, most = int(values[0]), int(values[0])
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        least, most = min(least, int(block.min())), max(most, int(block.max()))
        release(values)
    return least, most


def _splits(parts: list[Rows], column: int, total: int, budget: int) -> Any:
    """Where to cut: about as many parts as needed; a frequent value is cut off on both sides, so that it is alone and nothing recurs."""
    step = max(total // _SAMPLE, 1)
    picked = [np.zeros(1, np.int64) if part[column] is None else part[column][::step].astype(np.int64) for part in parts if part.size]
    sample = np.sort(np.concatenate(picked))
    number = min(2 * math.ceil(total / budget), _MOST_PARTS)
    cuts = sample[np.linspace(0, len(sample) - 1, number + 1).astype(np.int64)[1:-1]]
    return np.unique(np.concatenate([cuts, cuts + 1]))


def _distribute(rows: Rows, column: int, splits: Any, shelves: list[Shelf]) -> None:
    values = np.zeros(rows.size, np.int64) if rows[column] is None else rows[column]
    shelf = np.searchsorted(splits, values, side="right").astype(np.int16)
    rows = rows.at(np.argsort(shelf, kind="stable"))
    ends = np.cumsum(np.bincount(shelf, minlength=len(shelves)))
    for number, (start, stop) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        if stop > start:
            shelves[number].append(rows.at(slice(start, stop)))


class Shelf:
    """Statements that wait on the disk, in a folder of their own; ``timed`` if some of them may have a time."""

    def __init__(self, folder: Path, *, timed: bool) -> None:
        self.folder = folder
        folder.mkdir()
        kinds = (("key", np.int64), ("value", np.int64), ("graph", np.int32), ("time", np.int32))
        self._columns = [Column(folder / name, dtype) for name, dtype in kinds[: 4 if timed else 3]]

    def append(self, rows: Rows) -> None:
        """Take more."""
        for column, values in zip(self._columns, (rows.key, rows.value, rows.graphs(), rows.times()), strict=False):
            column.append(values)

    def rows(self) -> Rows:
        """All of them, mapped."""
        key, value, *rest = (column.read() for column in self._columns)
        return Rows(key, value, *(column if len(column) and column.any() else None for column in rest))

    def remove(self) -> None:
        """Remove the files."""
        for column in self._columns:
            column.discard()
        self.folder.rmdir()
