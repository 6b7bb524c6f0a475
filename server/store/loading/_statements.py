"""The statements of a snapshot subject by subject, in chunks of ids; memory does not grow with the snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..snapshot import Snapshot

ROWS = 100_000


@dataclass(frozen=True)
class Statements:
    """Term ids of some statements, int64, sorted by subject and predicate.

    Attributes:
        graph: -1 for the default graph. time: -1 for none.
    """

    subject: Any
    predicate: Any
    object: Any
    graph: Any
    time: Any

    def __len__(self) -> int:
        return len(self.subject)

    def rows(self, chosen: Any) -> Statements:
        """Some of them."""
        return Statements(self.subject[chosen], self.predicate[chosen], self.object[chosen], self.graph[chosen], self.time[chosen])


def statements(snapshot: Snapshot, *, graphs: bool, times: bool, rows: int = ROWS, only: int | None = None) -> Iterator[Statements]:
    """Everything in a snapshot, about ``rows`` at a time.

    Without ``graphs`` a statement comes once, in however many graphs it is; without ``times`` once, at however many times it is.

    ``only`` is the number of a graph: nothing else then comes.
    """
    predicates = _predicates(snapshot, only)
    graph = None if only is None else int(snapshot.graphs[only - 1]) if only else -1
    bounds = _bounds(snapshot, predicates, rows)
    for low, high in zip(bounds[:-1], bounds[1:], strict=True):
        whole = _between(snapshot, predicates, low, high)
        if graph is not None:
            whole = whole.rows(whole.graph == graph)
        if not graphs or (not times and len(snapshot.times)):
            whole = _once(whole, graphs=graphs, times=times and len(snapshot.times) > 0)
        for start in range(0, len(whole), rows):
            yield whole.rows(slice(start, start + rows))


def _predicates(snapshot: Snapshot, only: int | None) -> list[int]:
    """Predicates that are there, in that graph."""
    found = ((one, snapshot.segment(one)) for one in snapshot.predicates)
    return [one for one, segment in found if segment and (only is None or only in segment.graphs)]


def _bounds(snapshot: Snapshot, predicates: list[int], rows: int) -> list[int]:
    """Subjects at which to divide: between two of them are about so many statements, unless one subject has more."""
    step = max(1, rows // max(1, len(predicates)))
    samples = [key[::step] for key in _keys(snapshot, predicates)]
    if not samples:
        return [0]
    # a sample stands for ``step`` statements at most, so that ``rows`` of them fill the samples of all predicates
    found = np.unique(np.sort(np.concatenate(samples))[:: max(1, rows // step)])
    return [*found.tolist(), int(max(one[-1] for one in _keys(snapshot, predicates))) + 1]


def _keys(snapshot: Snapshot, predicates: list[int]) -> Iterator[Any]:
    for one in predicates:
        if segment := snapshot.segment(one):
            yield segment.so.key


def _between(snapshot: Snapshot, predicates: list[int], low: int, high: int) -> Statements:
    """Statements whose subject is at least ``low`` and below ``high``."""
    parts = [part for one in predicates if len(part := _of_predicate(snapshot, one, low, high))]
    names = ("subject", "predicate", "object", "graph", "time")
    whole = Statements(*(np.concatenate([getattr(part, name) for part in parts] or [np.empty(0, np.int64)]) for name in names))
    keys = (whole.graph, whole.object, whole.predicate, whole.subject)
    return whole.rows(np.lexsort((whole.time, *keys) if len(snapshot.times) else keys))


def _of_predicate(snapshot: Snapshot, predicate: int, low: int, high: int) -> Statements:
    segment = snapshot.segment(predicate)
    order = segment.so if segment else None
    if order is None:
        empty = np.empty(0, np.int64)
        return Statements(empty, empty, empty, empty, empty)
    start, stop = np.searchsorted(order.key, [low, high])
    span = slice(int(start), int(stop))
    key = order.key[span]
    graph = np.full(len(key), -1, dtype=np.int64)
    if order.graph is not None:
        numbers = order.graph[span]
        graph[numbers > 0] = snapshot.graphs[numbers[numbers > 0] - 1]
    time = np.full(len(key), -1, dtype=np.int64)
    if order.time is not None:
        numbers = order.time[span]
        time[numbers > 0] = snapshot.times.ids[numbers[numbers > 0] - 1]
    return Statements(key, np.full(len(key), predicate, dtype=np.int64), order.value[span], graph, time)


def _once(whole: Statements, *, graphs: bool, times: bool) -> Statements:
    if not len(whole):
        return whole
    columns = (whole.subject, whole.predicate, whole.object, *((whole.graph,) if graphs else ()), *((whole.time,) if times else ()))
    if times and not graphs:
        # what differs in its time lies between
        whole = whole.rows(np.lexsort(columns[::-1]))
        columns = (whole.subject, whole.predicate, whole.object, whole.time)
    new = np.concatenate([[True], np.logical_or.reduce([one[1:] != one[:-1] for one in columns])])
    return whole.rows(new)
