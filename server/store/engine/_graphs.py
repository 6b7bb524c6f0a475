"""Which graphs a pattern sees, and which positions of an order belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..algebra import Context
from ..snapshot import Order, Segment

Slot = str | int
"""A place of a pattern: the name of a variable, or the id of a constant."""


@dataclass(frozen=True)
class View:
    """The graphs that one pattern sees.

    Attributes:
        numbers: the graphs (0 is the store's default graph), ascending int32; None for all.
        merged: True if they are seen as one graph, in which a statement is there once.
    """

    numbers: Any
    merged: bool

    @property
    def nothing(self) -> bool:
        """True if there is no graph to see."""
        return self.numbers is not None and not len(self.numbers)

    def sees(self, segment: Segment) -> bool:
        """True if some statement of the segment is in one of the graphs."""
        return self.numbers is None or not segment.graphs.keys().isdisjoint(self.numbers.tolist())

    def holds(self, segment: Segment) -> bool:
        """True if every statement of the segment is in one of the graphs."""
        return self.numbers is None or segment.graphs.keys() <= set(self.numbers.tolist())

    def passes(self, segment: Segment) -> bool:
        """True if every position of the segment's orders is to be kept."""
        return self.holds(segment) and not (self.merged and segment.repeated)

    def keep(self, segment: Segment, order: Order, positions: Any) -> Any:
        """Mask of the positions (int64, or a slice) that are seen, repeated statements of a merged view once."""
        seen = self._seen(order.graph[positions])
        if self.merged and segment.repeated and (self.numbers is None or len(self.numbers) > 1):
            places = np.arange(positions.start, positions.stop) if isinstance(positions, slice) else positions
            seen &= ~_repeats(order, places, self._seen)
        return seen

    def _seen(self, graph: Any) -> Any:
        return np.ones(len(graph), dtype=bool) if self.numbers is None else np.isin(graph, self.numbers)


def _repeats(order: Order, places: Any, seen: Callable[[Any], Any]) -> Any:
    """True where the same statement stands at an earlier position in a graph that is seen."""
    result = np.zeros(len(places), dtype=bool)
    rows, before = np.arange(len(places)), places - 1
    while len(rows):
        at = places[rows]
        same = (before >= 0) & (order.key[before] == order.key[at])
        same &= order.value[before] == order.value[at]
        rows, before = rows[same], before[same]
        hit = seen(order.graph[before])
        result[rows[hit]] = True
        rows, before = rows[~hit], before[~hit] - 1
    return result


def view(context: Context, graph: Slot | None) -> View:
    """What a pattern sees: the active default graph for None, else one named graph, or each of the named ones for a variable."""
    dataset = context.dataset
    if graph is None:
        return View(None if dataset.default is None else _numbers(dataset.default), True)
    named = np.arange(1, len(context.snapshot.graphs) + 1, dtype=np.int32) if dataset.named is None else _numbers(dataset.named)
    if isinstance(graph, str):
        return View(named, False)
    return View(named[np.asarray(context.snapshot.graphs)[named - 1] == graph], False)


def _numbers(graphs: tuple[int, ...]) -> Any:
    return np.array(sorted(set(graphs)), dtype=np.int32)
