"""Which graphs a pattern sees, and which positions of an order belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..algebra import Context
from ..snapshot import Order, Segment
from ._times import Span

Slot = str | int
"""A place of a pattern: the name of a variable, or the id of a constant."""


@dataclass(frozen=True)
class View:
    """The graphs that one pattern sees.

    Attributes:
        numbers: the graphs (0 is the store's default graph), ascending int32; None for all.
        merged: True if they are seen as one graph, in which a statement is there once.
        span: the times that are seen, each by itself; None for all, and statements without one, seen as one.
    """

    numbers: Any
    merged: bool
    span: Span | None = None

    @property
    def nothing(self) -> bool:
        """True if there is no graph to see."""
        return self.numbers is not None and not len(self.numbers)

    def sees(self, segment: Segment) -> bool:
        """True if some statement of the segment may be in one of the graphs, at one of the times."""
        if self.span is not None and not self.span.meets(segment):
            return False
        return self.numbers is None or not segment.graphs.keys().isdisjoint(self.numbers.tolist())

    def holds(self, segment: Segment) -> bool:
        """True if every statement of the segment is in one of the graphs, and no time is asked for."""
        return self.span is None and (self.numbers is None or segment.graphs.keys() <= set(self.numbers.tolist()))

    def passes(self, segment: Segment) -> bool:
        """True if every position of the segment's orders is to be kept."""
        return self.holds(segment) and not ((self.merged or segment.timed) and segment.repeated)

    def keep(self, segment: Segment, order: Order, positions: Any) -> Any:
        """Mask of the positions (int64, or a slice) that are seen, repeated statements of a merged view once."""
        seen = self._seen(order, positions)
        several = self.merged and order.graph is not None and (self.numbers is None or len(self.numbers) > 1)
        if segment.repeated and (several or (segment.timed and self.span is None)):
            places = np.arange(positions.start, positions.stop) if isinstance(positions, slice) else positions
            apart = [None if self.merged else order.graph, None if self.span is None else order.time]
            seen &= ~_repeats(order, places, self._seen, [column for column in apart if column is not None])
        return seen

    def _seen(self, order: Order, places: Any) -> Any:
        if self.numbers is None:
            seen = np.ones(len(order.key[places]), dtype=bool)
        else:
            seen = np.isin(np.zeros(len(order.key[places]), np.int32) if order.graph is None else order.graph[places], self.numbers)
        return seen if self.span is None else seen & self.span.holds(order, places)


def _repeats(order: Order, places: Any, seen: Callable[[Order, Any], Any], apart: list[Any]) -> Any:
    """True where the same statement stands at an earlier position that is seen; those that differ in ``apart`` are not the same."""
    result = np.zeros(len(places), dtype=bool)
    rows, before = np.arange(len(places)), places - 1
    while len(rows):
        at = places[rows]
        same = (before >= 0) & (order.key[before] == order.key[at])
        same &= order.value[before] == order.value[at]
        rows, before = rows[same], before[same]
        hit = seen(order, before)
        for column in apart:
            hit &= column[before] == column[places[rows]]
        result[rows[hit]] = True
        rows, before = rows[~hit], before[~hit] - 1
    return result


def view(context: Context, graph: Slot | None, span: Span | None = None) -> View:
    """What a pattern sees: the active default graph for None, else one named graph, or each of the named ones for a variable."""
    dataset = context.dataset
    if graph is None:
        return View(None if dataset.default is None else _numbers(dataset.default), True, span)
    named = np.arange(1, len(context.snapshot.graphs) + 1, dtype=np.int32) if dataset.named is None else _numbers(dataset.named)
    if isinstance(graph, str):
        return View(named, False, span)
    return View(named[np.asarray(context.snapshot.graphs)[named - 1] == graph], False, span)


def _numbers(graphs: tuple[int, ...]) -> Any:
    return np.array(sorted(set(graphs)), dtype=np.int32)
