"""The statements of one predicate, in two orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ._ids import Tag
from ._manifest import OrderEntry, SegmentEntry

_MANY = 4096


@dataclass(frozen=True)
class Range:
    """How many objects (statements) have a tag, and their least and greatest id."""

    count: int
    least: int
    greatest: int


class Order:
    """Statements sorted by ``key``, then ``value``, then ``graph``: parallel read-only arrays, mapped.

    Attributes:
        key, value: term ids, int64.
        graph: int32 graph numbers; None if all are in the default graph.
    """

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
        inside = (place >= 0) & (place < self._entry.span)
        place = np.where(inside, place, 0)
        start = self._starts[place].astype(np.int64)
        return start, np.where(inside, self._starts[place + 1], start)


class Segment:
    """The statements of one predicate.

    Attributes:
        predicate: its id.
        count: statements; one that is in several graphs counts in each.
        subjects, objects: number of distinct ones.
        functional: True if no subject has two distinct objects.
        repeated: True if some subject and object are stated in several graphs.
        only_default: True if all are in the default graph.
        graphs: graph number → statements in it.
        ranges: tag of the objects → how many there are, least and greatest id.
        so, os: the statements by subject, and by object.
    """

    def __init__(self, data: memoryview, entry: SegmentEntry) -> None:
        self._entry = entry
        self.predicate, self.count = entry.predicate, entry.count
        self.subjects, self.objects = entry.subjects, entry.objects
        self.functional, self.repeated = entry.functional, entry.repeated
        self.graphs = entry.graphs
        self.only_default = set(entry.graphs) <= {0}
        self.ranges = {Tag(tag): Range(*found) for tag, found in entry.ranges.items()}
        only = next(iter(entry.graphs)) if len(entry.graphs) == 1 else None
        self.so, self.os = Order(data, entry.so, entry.count, only), Order(data, entry.os, entry.count, only)
