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
    """Parallel columns of statements of one predicate; ``graph`` None means the default graph throughout."""

    key: Any
    value: Any
    graph: Any = None

    @property
    def size(self) -> int:
        """Number of statements."""
        return len(self.key)

    def at(self, places: Any) -> Rows:
        """The statements at some places (array, mask or slice)."""
        return Rows(self.key[places], self.value[places], None if self.graph is None else self.graph[places])

    def release(self) -> None:
        """Give the memory back that mapped columns take."""
        for column in self:
            release(column)

    def graphs(self) -> Any:
        """Graph numbers, also where all are 0."""
        return np.zeros(self.size, np.int32) if self.graph is None else self.graph

    def turned(self) -> Rows:
        """Key and value in each other's place."""
        return Rows(self.value, self.key, self.graph)


def joined(parts: list[Rows]) -> Rows:
    """All in one; the graph column is left away if nobody has one."""
    if len(parts) == 1:
        return parts[0]
    found = _concatenated(parts)
    for part in parts:
        part.release()
    return found


def _concatenated(parts: list[Rows]) -> Rows:
    key = np.concatenate([np.empty(0, dtype=np.int64), *(part.key for part in parts)])
    value = np.concatenate([np.empty(0, dtype=np.int64), *(part.value for part in parts)])
    if all(part.graph is None for part in parts):
        return Rows(key, value)
    return Rows(key, value, np.concatenate([part.graphs() for part in parts]))


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
    """Sorted by key, value and graph; each statement once if ``distinct``."""
    if rows.size < 2:
        return rows
    key, value = _Packing(rows.key), _Packing(rows.value)
    graph_bits = 0 if rows.graph is None else int(rows.graph.max()).bit_length()
    if key.bits + value.bits + graph_bits > _WORD:
        return _compared(rows, distinct=distinct)
    words = (key.pack(rows.key) << (value.bits + graph_bits)) | (value.pack(rows.value) << graph_bits)
    if rows.graph is not None:
        words |= rows.graph
    words = _ascending(words, distinct=distinct)
    graph = None if rows.graph is None else (words & ((1 << graph_bits) - 1)).astype(np.int32)
    words >>= graph_bits
    return Rows(key.unpack(words >> value.bits), value.unpack(words & ((1 << value.bits) - 1)), graph)


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
    keys = (rows.value, rows.key) if rows.graph is None else (rows.graph, rows.value, rows.key)
    rows = rows.at(np.lexsort(keys))
    if not distinct:
        return rows
    new = (rows.key[1:] != rows.key[:-1]) | (rows.value[1:] != rows.value[:-1])
    if rows.graph is not None:
        new |= rows.graph[1:] != rows.graph[:-1]
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
    shelves = [Shelf(folder / f"{folder.name}{number}") for number in range(len(splits) + 1)]
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
    for column in range(3):
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
    """Statements that wait on the disk, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._columns = [Column(folder / name, dtype) for name, dtype in (("key", np.int64), ("value", np.int64), ("graph", np.int32))]

    def append(self, rows: Rows) -> None:
        """Take more."""
        key, value, graph = self._columns
        key.append(rows.key)
        value.append(rows.value)
        graph.append(rows.graphs())

    def rows(self) -> Rows:
        """All of them, mapped."""
        key, value, graph = (column.read() for column in self._columns)
        return Rows(key, value, graph if len(graph) and graph.any() else None)

    def remove(self) -> None:
        """Remove the files."""
        for column in self._columns:
            column.discard()
        self.folder.rmdir()
