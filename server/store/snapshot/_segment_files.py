"""Segments written: both orders of a predicate's statements, the direct addressing of each, and what the optimiser wants to know."""

from __future__ import annotations

import os
import shutil
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._files import array_of, mapped_bytes, release
from ._ids import BITS
from ._manifest import OrderEntry, SegmentEntry
from ._segments import Order
from ._sorting import Rows, extremes, joined, sorted_blocks, sorted_rows

ROWS = 32_000_000
"""Statements of one predicate that are sorted in memory."""
_BLOCK = 16_000_000
_ALIGNMENT = 64
_SPREAD = 4


class SegmentFile:
    """A file of aligned columns, each given its room before it is filled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        self._release = weakref.finalize(self, os.close, self._handle)
        self._size = 0

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    def room(self, size: int) -> int:
        """Offset of a new column of so many bytes."""
        offset = self._size
        self._size += -(-size // _ALIGNMENT) * _ALIGNMENT
        return offset

    def put(self, offset: int, values: Any) -> int:
        """Write an array at an offset; gives the offset behind it."""
        data = np.ascontiguousarray(values).view(np.uint8).data
        while len(data):
            written = os.pwrite(self._handle, data, offset)
            data, offset = data[written:], offset + written
        return offset

    def read(self, offset: int, dtype: Any, count: int) -> Any:
        """A column that was written, mapped."""
        os.ftruncate(self._handle, self._size)
        size = count * np.dtype(dtype).itemsize
        return array_of(mapped_bytes(self.path)[offset : offset + size], dtype)

    def copy(self, data: memoryview, columns: dict[str, tuple[int, int]]) -> dict[str, int]:
        """Write columns of another file, given by offset and size; gives the offset of each here."""
        offsets = {}
        for name, (offset, size) in columns.items():
            offsets[name] = self.room(size)
            self.put(offsets[name], array_of(data[offset : offset + size], np.uint8))
        return offsets

    def close(self) -> None:
        """No more will come."""
        os.ftruncate(self._handle, self._size)
        self._release()


def write_segment(file: SegmentFile, predicate: int, parts: list[Rows], folder: Path, budget: int = ROWS) -> SegmentEntry | None:
    """Write the statements of a predicate, given in any order (subjects as keys), repeated ones once; None if there are none.

    Args:
        folder: for passing files.
        budget: most statements that are sorted in memory.
    """
    parts = [part for part in parts if part.size]
    most = sum(part.size for part in parts)
    if not most:
        return None
    graph = _only_graph(parts)
    if graph is not None:
        parts = [part._replace(graph=None) for part in parts]
    if most <= budget:
        rows = sorted_rows(joined(parts))
        so, os_ = _write(file, iter([rows]), rows), _write(file, iter([turned := sorted_rows(rows.turned(), distinct=False)]), turned)
    else:
        so = _write(file, sorted_blocks(parts, budget, folder), _room(most, graph is None, any(part.time is not None for part in parts)))
        os_ = _write(file, sorted_blocks([so.rows.turned()], budget, folder), so.rows)
    return _entry(predicate, file, so, os_, graph)


def _only_graph(parts: list[Rows]) -> int | None:
    """The graph that all statements are in, None if there are several."""
    limits = [(0, 0) if part.graph is None else extremes(part.graph) for part in parts]
    least, most = min(low for low, _ in limits), max(high for _, high in limits)
    return least if least == most else None


class _Written(NamedTuple):
    entry: OrderEntry
    rows: Rows


def _write(file: SegmentFile, blocks: Iterator[Rows], like: Rows) -> _Written:
    """Write one order, given in blocks that are no more rows than ``like``, with the columns that there are."""
    sizes = {name: size for name, size, column in zip(Rows._fields, (8, 8, 4, 4), like, strict=True) if column is not None}
    rooms = {name: file.room(like.size * size) for name, size in sizes.items()}
    ends, count, last = dict(rooms), 0, like
    for block in blocks:
        last = block.like(like)
        ends = {name: file.put(end, getattr(last, name)) for name, end in ends.items()}
        count += block.size
    if last.size != count:
        last = Rows(**{name: file.read(room, f"i{sizes[name]}", count) for name, room in rooms.items()})
    entry = OrderEntry(rooms["key"], rooms["value"], rooms.get("graph", -1), -1, time=rooms.get("time", -1))
    _address(file, entry, last.key)
    return _Written(entry, last)


def _room(most: int, graph: bool, time: bool) -> Rows:
    """Columns of a length, without content."""
    nothing = np.broadcast_to(np.int64(0), most)
    return Rows(nothing, nothing, nothing if graph else None, nothing if time else None)


def _address(file: SegmentFile, entry: OrderEntry, key: Any) -> None:
    """Write where each possible key begins, if that is not many more places than there are keys."""
    low, span = int(key[0]), int(key[-1]) - int(key[0]) + 1
    distinct = sum(len(first) for first, _ in _firsts(key))
    entry.low, entry.span = low, span
    if span > _SPREAD * distinct:
        return
    entry.wide = len(key) >= 2**31
    dtype = np.dtype(np.int64 if entry.wide else np.int32)
    entry.starts = end = file.room((span + 1) * dtype.itemsize)
    behind = -1
    for first, keys in _firsts(key):
        places = np.concatenate([[behind], keys - low])
        end = file.put(end, np.repeat(first, np.diff(places)).astype(dtype))
        behind = int(places[-1])
    file.put(end, np.array([len(key)], dtype=dtype))


def _firsts(key: Any) -> Iterator[tuple[Any, Any]]:
    """Rows where a new key begins, and the keys, block by block."""
    for start in range(0, len(key), _BLOCK):
        mine = key[start : start + _BLOCK]
        new = np.concatenate([[start == 0 or mine[0] != key[start - 1]], mine[1:] != mine[:-1]])
        places = np.flatnonzero(new)
        yield places + start, mine[places]
        release(key)


def _entry(predicate: int, file: SegmentFile, so: _Written, os_: _Written, graph: int | None) -> SegmentEntry:
    rows = so.rows
    subjects, objects = (sum(len(first) for first, _ in _firsts(order.rows.key)) for order in (so, os_))
    pairs = _pairs(rows)
    graphs = {graph: rows.size} if graph is not None else _counted(rows.graph)
    return SegmentEntry(predicate, file.name, rows.size, subjects, objects, pairs == subjects, pairs < rows.size, graphs,
                        so.entry, os_.entry, _ranges(os_.rows.key))


def _pairs(rows: Rows) -> int:
    """Number of distinct subjects and objects together."""
    if rows.graph is None and rows.time is None:
        return rows.size
    found = 1
    for start in range(1, rows.size, _BLOCK):
        here, before = slice(start, start + _BLOCK), slice(start - 1, start + _BLOCK - 1)
        key, value = rows.key[here], rows.value[here]
        found += int(np.count_nonzero((key != rows.key[before][: len(key)]) | (value != rows.value[before][: len(key)])))
        release(key)
        release(value)
    return found


def _counted(graph: Any) -> dict[int, int]:
    counts = np.zeros(0, np.int64)
    for start in range(0, len(graph), _BLOCK):
        more = np.bincount(graph[start : start + _BLOCK], minlength=len(counts))
        more[: len(counts)] += counts
        counts = more
        release(graph)
    return {int(number): int(counts[number]) for number in np.flatnonzero(counts)}


def _ranges(objects: Any) -> dict[int, tuple[int, int, int]]:
    """Of sorted ids: tag → number, least and greatest."""
    found = {}
    start = 0
    while start < len(objects):
        tag = int(objects[start]) >> BITS
        stop = int(np.searchsorted(objects, ((tag + 1) << BITS) - 1, side="right"))
        found[tag] = (stop - start, int(objects[start]), int(objects[stop - 1]))
        start = stop
    return found


def class_counts(order: Order) -> dict[int, int]:
    """How many distinct values each key has."""
    found: Counter[int] = Counter()
    last = None
    for start in range(0, len(order), _BLOCK):
        key, value = order.key[start : start + _BLOCK], order.value[start : start + _BLOCK]
        new = np.concatenate([[last != (int(key[0]), int(value[0]))], (key[1:] != key[:-1]) | (value[1:] != value[:-1])])
        keys, counts = np.unique(key[new], return_counts=True)
        found.update(dict(zip(keys.tolist(), counts.tolist(), strict=True)))
        last = int(key[-1]), int(value[-1])
    return dict(found)


def renumbered(folder: Path, entries: list[SegmentEntry], graphs: list[int]) -> list[int]:
    """Leave out graphs without statements: the numbers behind them move up, in entries and files. Gives the ids of those that stay."""
    used = {0}.union(*(entry.graphs for entry in entries))
    numbers = [number for number in range(len(graphs) + 1) if number in used]
    if len(numbers) <= len(graphs):
        new = np.zeros(len(graphs) + 1, np.int32)
        new[numbers] = np.arange(len(numbers))
        for entry in entries:
            _renumber(folder / entry.file, entry, new)
    return [graphs[number - 1] for number in numbers[1:]]


def _renumber(path: Path, entry: SegmentEntry, new: Any) -> None:
    entry.graphs = {int(new[number]): count for number, count in entry.graphs.items()}
    if entry.so.graph < 0:
        return
    if path.stat().st_nlink > 1:
        # the base keeps its own
        passing = path.with_suffix(".new")
        shutil.copyfile(path, passing)
        passing.replace(path)
    with path.open("r+b") as stream:
        for order in (entry.so, entry.os):
            column = np.memmap(stream, np.int32, "r+", order.graph, entry.count)
            column[:] = new[column]
            column.flush()
