"""The statements of one predicate, in two orders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ._ids import Tag
from ._manifest import OrderEntry, SegmentEntry
from ._sorting import Rows

if TYPE_CHECKING:
    from ._patches import PatchedFacts

_MANY = 4096


@dataclass(frozen=True)
class Range:
    """How many objects (statements) have a tag, and their least and greatest id."""

    count: int
    least: int
    greatest: int


class Order(ABC):
    """Statements sorted by ``key``, ``value``, ``graph`` and ``time``: parallel columns, read-only, taken from by places or slices.

    Attributes:
        key, value: term ids, int64.
        graph: int32 graph numbers; None if all are in the default graph.
        time: int32 numbers of valid times; None if no statement has one.
    """

    key: Any
    value: Any
    graph: Any
    time: Any

    @abstractmethod
    def __len__(self) -> int:
        """Number of statements."""

    @property
    def dense(self) -> bool:
        """True if `ranges` is an addition and a look, not a search."""
        return False

    @abstractmethod
    def ranges(self, keys: Any) -> tuple[Any, Any]:
        """First row of each key and the row behind its last, int64; equal where the key is absent. Keys may repeat, in any order."""

    def located(self, rows: Rows) -> tuple[Any, Any]:
        """Where each of some statements is, or would be put in, int64; and whether it is there."""
        low, high = _narrowed(self.time, *self.stretches(rows), rows.times())
        return low, low < high

    def stretches(self, rows: Rows) -> tuple[Any, Any]:
        """Where each of some statements stands at whatever times: first place, and the place behind the last; int64."""
        start, stop = self.ranges(rows.key)
        low = bisected(self.value, start, stop, rows.value)
        return _narrowed(self.graph, low, bisected(self.value, low, stop, rows.value + 1), rows.graphs())


def _narrowed(column: Any, low: Any, high: Any, numbers: Any) -> tuple[Any, Any]:
    """The parts of ranges that have a number; a column that is None has 0 throughout."""
    if column is None:
        return np.where(numbers > 0, high, low), high
    low = bisected(column, low, high, numbers)
    return low, bisected(column, low, high, numbers + 1)


def bisected(column: Any, starts: Any, stops: Any, values: Any) -> Any:
    """First place in each range, ascending there, whose value is not below the one asked for; the end if there is none."""
    low, high = starts.astype(np.int64), stops.astype(np.int64)
    rows = np.flatnonzero(low < high)
    while len(rows):
        middle = (low[rows] + high[rows]) >> 1
        below = column[middle] < values[rows]
        low[rows[below]] = middle[below] + 1
        high[rows[~below]] = middle[~below]
        rows = rows[low[rows] < high[rows]]
    return low


class HeldOrder(Order):
    """An order in memory."""

    def __init__(self, rows: Rows) -> None:
        self.key, self.value, self.graph, self.time = rows

    def __len__(self) -> int:
        return len(self.key)

    def ranges(self, keys: Any) -> tuple[Any, Any]:
        """As `Order.ranges`."""
        return np.searchsorted(self.key, keys, side="left"), np.searchsorted(self.key, keys, side="right")


class MappedOrder(Order):
    """An order in a file."""

    def __init__(self, data: memoryview, entry: OrderEntry, count: int, graph: int | None) -> None:
        self._data, self._entry, self._count = data, entry, count
        self._only_graph = graph

    def __len__(self) -> int:
        return self._count

    def _array(self, offset: int, dtype: Any, count: int) -> Any:
        return np.frombuffer(self._data, dtype=dtype, count=count, offset=offset)

    @cached_property
    def key(self) -> Any:
        """What it is sorted by first; int64 (n,)."""
        return self._array(self._entry.key, np.int64, self._count)

    @cached_property
    def value(self) -> Any:
        """What it is sorted by second; int64 (n,)."""
        return self._array(self._entry.value, np.int64, self._count)

    @cached_property
    def graph(self) -> Any:
        """Numbers of graphs; int32 (n,)."""
        if self._entry.graph >= 0:
            return self._array(self._entry.graph, np.int32, self._count)
        return np.broadcast_to(np.int32(self._only_graph), self._count) if self._only_graph else None

    @cached_property
    def time(self) -> Any:
        """Numbers of valid times; int32 (n,)."""
        return self._array(self._entry.time, np.int32, self._count) if self._entry.time >= 0 else None

    @cached_property
    def _starts(self) -> Any:
        dtype = np.int64 if self._entry.wide else np.int32
        return self._array(self._entry.starts, dtype, self._entry.span + 1)

    @property
    def dense(self) -> bool:
        """True if `ranges` is an addition and a look, not a search."""
        return self._entry.starts >= 0

    def ranges(self, keys: Any) -> tuple[Any, Any]:
        """First row of each key and the row behind its last, int64; equal where the key is absent. Keys may repeat, in any order."""
        keys = np.asarray(keys, dtype=np.int64)
        if self.dense:
            return self._addressed(keys)
        if len(keys) > _MANY and not bool((keys[1:] >= keys[:-1]).all()):
            # searching in ascending order stays in the cache
            distinct, back = np.unique(keys, return_inverse=True)
            start, stop = self._searched(distinct)
            return start[back], stop[back]
        return self._searched(keys)

    def _searched(self, keys: Any) -> tuple[Any, Any]:
        return np.searchsorted(self.key, keys, side="left"), np.searchsorted(self.key, keys, side="right")

    def _addressed(self, keys: Any) -> tuple[Any, Any]:
        place = keys - self._entry.low
        # a key that is out of reach has its place before all others, or behind them
        start = self._starts[np.clip(place, 0, self._entry.span)].astype(np.int64)
        inside = (place >= 0) & (place < self._entry.span)
        return start, np.where(inside, self._starts[np.where(inside, place + 1, 0)], start)


class Segment:
    """The statements of one predicate.

    Attributes:
        predicate: its id.
        so, os: the statements by subject, and by object.
        count: statements; one that is in several graphs, or at several times, counts in each.
        graphs: graph number → statements in it.
        only_default: True if all are in the default graph.
    """

    def __init__(self, predicate: int, facts: SegmentEntry | PatchedFacts, so: Order, os: Order) -> None:
        self.predicate, self._facts, self.so, self.os = predicate, facts, so, os
        self.count, self.graphs = facts.count, facts.graphs
        self.only_default = self.graphs.keys() <= {0}

    @property
    def subjects(self) -> int:
        """Number of distinct subjects."""
        return self._facts.subjects

    @property
    def objects(self) -> int:
        """Number of distinct objects."""
        return self._facts.objects

    @property
    def functional(self) -> bool:
        """True if it is known that no subject has two distinct objects."""
        return self._facts.functional

    @property
    def repeated(self) -> bool:
        """False if it is known that no subject and object are stated in several graphs or at several times."""
        return self._facts.repeated

    @property
    def timed(self) -> bool:
        """True if some statement has a valid time."""
        return self.so.time is not None

    @cached_property
    def ranges(self) -> dict[Tag, Range]:
        """Tag of the objects → how many there are, least and greatest id."""
        return {Tag(tag): Range(*found) for tag, found in self._facts.ranges.items()}


def mapped_segment(data: memoryview, entry: SegmentEntry) -> Segment:
    """A segment in a file."""
    only = next(iter(entry.graphs)) if len(entry.graphs) == 1 else None
    so, os = (MappedOrder(data, order, entry.count, only) for order in (entry.so, entry.os))
    return Segment(entry.predicate, entry, so, os)
