"""A triple pattern over the segments of a snapshot, as an index-nested-loop join in arrays: seeds in, extended seeds out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..algebra import Batch, Context, Operator
from ..snapshot import Order, Segment, bisected
from ._graphs import Slot, View, view
from ._rows import Growth, Part, Piece, by_boundness, pieces
from ._times import Span, times_at


@dataclass(frozen=True)
class Slots:
    """The places of a triple pattern; ``graph`` None is the active default graph.

    Attributes:
        time: a variable; None for statements at any time and without one, each once, unless ``span`` is there.
        span: the times that are looked at; None if no time is asked for.
    """

    subject: Slot
    predicate: Slot
    object: Slot
    graph: Slot | None = None
    time: str | None = None
    span: Span | None = None

    @property
    def _places(self) -> list[Slot | None]:
        return [self.subject, self.predicate, self.object, self.graph, self.time]

    @property
    def names(self) -> tuple[str, ...]:
        """Its variables, each once, sorted."""
        return tuple(sorted({slot for slot in self._places if isinstance(slot, str)}))

    def once(self, name: str) -> bool:
        """True if the variable stands at one place only."""
        return self._places.count(name) == 1


class Scan(Operator):
    """Matches of a triple pattern.

    Attributes:
        slots: the pattern.
        unwanted: variables that nobody reads further on; they get no column.
        once: True if it does not matter how often a solution is given.
    """

    def __init__(self, slots: Slots, text: str, estimate: float, *, unwanted: frozenset[str] = frozenset(), once: bool = False) -> None:
        unwanted = frozenset(name for name in unwanted if slots.once(name))
        super().__init__(tuple(name for name in slots.names if name not in unwanted), estimate)
        self.slots = slots
        self.unwanted = unwanted
        self.once = once
        self._text = text

    @property
    def label(self) -> str:
        """The pattern."""
        return f"Scan {self._text}{self.slots.span.text if self.slots.span else ''}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Each seed with each match; seeds may be unbound in some rows."""
        seen = view(context, self.slots.graph, self.slots.span)
        if seen.nothing:
            return
        growth = Growth(seed.length)
        for part in by_boundness(seed, self.slots.names):
            for segment, chosen in self._segments(context, part):
                if seen.sees(segment):
                    yield from _Match(self, segment, seen, chosen, growth).batches(context)

    def _segments(self, context: Context, part: Part) -> Iterator[tuple[Segment, Part]]:
        """Each segment that the predicate allows, with the seeds that ask for it."""
        slot = self.slots.predicate
        if isinstance(slot, int):
            choices = [(slot, part)]
        elif slot in part.bound:
            column = part.batch.columns[slot]
            values = np.unique(column)
            choices = [(int(one), part if len(values) == 1 else replace(part, batch=part.batch.take(column == one))) for one in values]
        else:
            choices = [(one, _bound_to(part, slot, one)) for one in context.snapshot.predicates]
        for predicate, chosen in choices:
            segment = context.snapshot.segment(predicate)
            if segment is not None:
                yield segment, chosen


def _bound_to(part: Part, name: str, value: int) -> Part:
    column = np.full(part.batch.length, value, dtype=np.int64)
    return Part(part.rows, part.batch.extended({name: column}), (*part.bound, name))


class _Match:
    """One segment against one part of the seeds."""

    def __init__(self, scan: Scan, segment: Segment, seen: View, part: Part, growth: Growth) -> None:
        self._slots, self._unwanted = scan.slots, scan.unwanted
        self._segment, self._view, self._growth = segment, seen, growth
        self._batch = part.batch
        self._bound = frozenset(part.bound)
        self._free = frozenset(scan.slots.names) - self._bound
        # of equal statements one is enough, unless it matters which graph or time they are of
        self._idle = scan.once and seen.holds(segment) and not self._asked(scan.slots.graph) and not self._asked(scan.slots.time)
        self._passes = self._idle or seen.passes(segment)

    def _asked(self, slot: Slot | None) -> bool:
        """Whether the graph or time of a statement is compared, or given."""
        return isinstance(slot, str) and (slot in self._bound or slot not in self._unwanted)

    def batches(self, context: Context) -> Iterator[Batch]:
        """The solutions."""
        subject, object_ = self._ids(self._slots.subject), self._ids(self._slots.object)
        if subject is None and object_ is None and self._slots.time in self._bound:
            yield from self._by_time(context)
            return
        if subject is None and object_ is None:
            order, starts, stops = self._whole()
        elif subject is None:
            order = self._segment.os
            starts, stops = _ranges(order, object_)
        else:
            order = self._segment.so
            starts, stops = _ranges(order, subject)
            if object_ is not None:
                starts, stops = narrowed(order, starts, stops, object_, repeated=order.graph is not None or order.time is not None)
        if self._idle and self._free <= self._unwanted:
            stops = np.minimum(stops, starts + 1)
        for piece in pieces(*self._spread(starts, stops), self._growth):
            yield self._solutions(context, order, self._visible(order, piece))

    def _by_time(self, context: Context) -> Iterator[Batch]:
        """Where nothing but the time is bound: every statement, with the seeds of its time."""
        order, distinct = self._segment.so, np.unique(self._batch.columns[str(self._slots.time)], return_inverse=True)
        numbers = context.snapshot.times.numbers(distinct[0])[distinct[1]]
        seeds = np.argsort(numbers, kind="stable")
        numbers = numbers[seeds]
        for whole in pieces(*self._whole()[1:], self._growth):
            places = self._visible(order, whole).positions
            places = np.arange(places.start, places.stop) if isinstance(places, slice) else places
            if not len(places):
                continue
            time = order.time[places]
            starts, stops = (np.searchsorted(numbers, time, side=side) for side in ("left", "right"))
            for piece in pieces(starts, stops, self._growth):
                rows = np.arange(len(places)) if piece.rows is None else piece.rows
                yield self._solutions(context, order, Piece(seeds[piece.positions], places[rows]))

    def _ids(self, slot: Slot) -> Any:
        """Ids at a place: an array of one or of one per seed; None if it is free."""
        if isinstance(slot, int):
            return np.array([slot], dtype=np.int64)
        return self._batch.columns[slot] if slot in self._bound else None

    def _whole(self) -> tuple[Order, Any, Any]:
        order = self._segment.so
        if self._idle and self._slots.subject in self._unwanted and self._slots.object not in self._unwanted:
            order = self._segment.os
        return order, np.zeros(1, dtype=np.int64), np.full(1, self._segment.count, dtype=np.int64)

    def _spread(self, starts: Any, stops: Any) -> tuple[Any, Any]:
        """One range for each seed."""
        length = self._batch.length
        return (starts, stops) if len(starts) == length else (np.repeat(starts, length), np.repeat(stops, length))

    def _visible(self, order: Order, piece: Piece) -> Piece:
        if not self._passes:
            piece = piece.kept(self._view.keep(self._segment, order, piece.positions))
        if self._idle and isinstance(piece.positions, slice) and self._value_slot(order) in self._unwanted:
            key = order.key[piece.positions]
            piece = piece.kept(np.concatenate([[True], key[1:] != key[:-1]]))
        return piece

    def _value_slot(self, order: Order) -> Slot:
        return self._slots.object if order is self._segment.so else self._slots.subject

    def _solutions(self, context: Context, order: Order, piece: Piece) -> Batch:
        batch = self._batch if piece.rows is None else self._batch.take(piece.rows)
        forward = order is self._segment.so
        pairs = [(self._slots.subject, order.key if forward else order.value), (self._slots.object, order.value if forward else order.key)]
        bound = set(self._bound)
        for slot, column in pairs:
            if isinstance(slot, str) and slot in self._free and slot not in self._unwanted:
                piece, batch = _bind(piece, batch, slot, np.asarray(column[piece.positions]), bound)
        graph = self._slots.graph
        if isinstance(graph, str) and self._asked(graph):
            numbers = order.graph[piece.positions]
            piece, batch = _bind(piece, batch, graph, np.asarray(context.snapshot.graphs)[numbers - 1], bound)
        time = self._slots.time
        if time is not None and self._asked(time):
            piece, batch = _bind(piece, batch, time, times_at(context, order, piece.positions), bound)
        return batch


def _bind(piece: Piece, batch: Batch, name: str, values: Any, bound: set[str]) -> tuple[Piece, Batch]:
    """Give a variable its values; where it has some already, keep the rows that agree."""
    if name not in bound:
        bound.add(name)
        return piece, batch.extended({name: values})
    same = batch.columns[name] == values
    return piece.kept(same), batch.take(same)


def _ranges(order: Order, keys: Any) -> tuple[Any, Any]:
    starts, stops = order.ranges(np.ascontiguousarray(keys))
    return starts, stops


def narrowed(order: Order, starts: Any, stops: Any, values: Any, *, repeated: bool) -> tuple[Any, Any]:
    """The parts of ranges whose value is the one asked for.

    Args:
        order: its ``value`` ascends within each range.
        starts, stops: ranges, int64.
        values: one id for all, or one per range; or many ids for one range.
        repeated: True if a value can stand in a range more than once.
    """
    length = max(len(starts), len(values))
    starts, stops, values = (np.broadcast_to(one, length) for one in (starts, stops, values))
    low = bisected(order.value, starts, stops, values)
    if repeated:
        return low, bisected(order.value, low, stops, values + 1)
    hit = low < stops
    hit[hit] = order.value[low[hit]] == values[hit]
    return low, low + hit
