"""Property paths (SPARQL 1.1 §9, §18.4): walks over the segments, level by level in arrays.

Sequences, alternatives and single steps give one result per way; ``*``, ``+``, ``?`` and negated sets give what §18.4 says: the first
three each pair of ends once, a negated set one result per statement. A path stays within one graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import (
    FIRST_ROWS,
    Alternative,
    Batch,
    Computed,
    Context,
    Inverse,
    Link,
    Negated,
    Operator,
    Path,
    PathPattern,
    Place,
    Repeat,
    Sequence,
    Variable,
)
from ..snapshot import Order, Segment, Tag, iri, make
from ._graphs import Slot, View, view
from ._parse_triples import inverted
from ._paths_computed import ComputedStep, PlanStep
from ._rows import Part, RowIndex, by_boundness
from ._tables import Table
from ._text import pattern as pattern_text

_MOST_STARTS, _MOST_ENDS = 65_536, 1 << 21
_FIRST_BITS = 1 << 16
_DICTIONARY_END = make(Tag.GEOMETRY, 0)
_BLOCK = 1 << 22
"""Statements that are looked at between two checks of the deadline."""


class PathScan(Operator):
    """Matches of a path pattern: each seed with each walk between ends that agree with it.

    ``given`` are variables that an enclosing EXISTS puts in, which stand for terms.
    """

    def __init__(self, pattern: PathPattern, context: Context, estimate: float, plan: PlanStep,
                 given: frozenset[str] = frozenset()) -> None:
        self._given = given
        self._text = pattern_text(pattern)
        self._path, self._plan = pattern.path, plan
        self._subject, self._object = (_slot(place, context) for place in (pattern.subject, pattern.object))
        self._graph = None if pattern.graph is None else _slot(pattern.graph, context)
        slots = (self._subject, self._object, self._graph)
        super().__init__(tuple(sorted({slot for slot in slots if isinstance(slot, str)})), estimate)

    @property
    def label(self) -> str:
        """The pattern."""
        return f"Path {self._text}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """From the end that is bound; if both are, from the one with fewer distinct terms; if none is, from all that can be the start."""
        seen = view(context, self._graph)
        if seen.nothing and self._graph is not None:
            return
        for part in by_boundness(seed, self.names):
            walker = _Walker(context, seen, self._graph if isinstance(self._graph, str) else None, self._plan)
            for found in self._found(context, part, walker):
                yield from Table(found, part.bound).join(part.batch)

    def _found(self, context: Context, part: Part, walker: _Walker) -> Iterator[Batch]:
        """Distinct starts and where walks from them end, as solutions of the pattern alone."""
        backward = self._is_backward(part)
        path = inverted(self._path) if backward else self._path
        near, far = (self._object, self._subject) if backward else (self._subject, self._object)
        nodes, graphs = self._starts(context, part, walker, path, near)
        if near in part.bound and isinstance(far, str) and self._given.isdisjoint({near, far}) and nullable(path):
            # between two variables a path of no length begins at a node of the graph (§18.4)
            there = walker.present(nodes, graphs)
            nodes, graphs = nodes[there], None if graphs is None else graphs[there]
        first, size = 0, FIRST_ROWS
        while first < len(nodes):
            rows = slice(first, first + size)
            numbers = None if graphs is None else graphs[rows]
            place, ends = walker.walk(path, nodes[rows], numbers)
            yield self._solutions(context, [(near, nodes[rows][place]), (far, ends)], None if numbers is None else numbers[place])
            # where a start leads to many ends, fewer starts are taken at once
            first, size = first + size, max(min(2 * size, _MOST_STARTS, _MOST_ENDS * size // max(len(ends), 1)), 1)

    def _is_backward(self, part: Part) -> bool:
        subject, object_ = self._known(self._subject, part), self._known(self._object, part)
        return object_ is not None and (subject is None or _distinct(object_) < _distinct(subject))

    def _starts(self, context: Context, part: Part, walker: _Walker, path: Path, near: Slot) -> tuple[Any, Any]:
        given = self._known(near, part)
        return walker.starts(path) if given is None else walker.distinct(given, self._numbers(context, part))

    def _solutions(self, context: Context, ends: list[tuple[Slot, Any]], numbers: Any) -> Batch:
        names = [] if numbers is None else [(self._graph, np.asarray(context.snapshot.graphs, dtype=np.int64)[numbers - 1])]
        mask = np.ones(len(ends[0][1]), dtype=bool)
        columns: dict[str, Any] = {}
        for slot, column in (*ends, *names):
            if isinstance(slot, str) and slot not in columns:
                columns[slot] = column
            else:
                mask &= column == (columns[slot] if isinstance(slot, str) else slot)
        return Batch(len(mask), columns).take(mask)

    def _known(self, slot: Slot, part: Part) -> Any:
        """Ids at an end: one for all seeds or one for each; None if it is free."""
        if isinstance(slot, int):
            return np.array([slot], dtype=np.int64)
        return part.batch.columns[slot] if slot in part.bound else None

    def _numbers(self, context: Context, part: Part) -> Any:
        """Number of the graph that each seed asks for, 0 for one that is none; None if they do not say."""
        if not isinstance(self._graph, str) or self._graph not in part.bound:
            return None
        graphs = context.snapshot.graphs
        numbers = {int(name): place + 1 for place, name in enumerate(graphs.tolist())}
        names, back = np.unique(part.batch.columns[self._graph], return_inverse=True)
        return np.array([numbers.get(name, 0) for name in names.tolist()], dtype=np.int64)[back]


class _Walker:
    """Walks within the graphs that a pattern sees; with the name of a variable, within each of them by itself."""

    def __init__(self, context: Context, seen: View, graph: str | None, plan: PlanStep) -> None:
        self._context, self._view, self._each, self._plan = context, seen, graph is not None, plan
        self._graph = graph
        self._segments: dict[str, Segment | None] = {}
        self._steps: dict[tuple[int, bool], ComputedStep] = {}

    def distinct(self, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        """Each node once (per graph, if these are seen by themselves: in the one that it asks for, or in all), and the graphs' numbers."""
        if not self._each:
            return np.unique(nodes), None
        numbers = self._view.numbers.astype(np.int64)
        if graphs is None:
            nodes = np.unique(nodes)
            return np.repeat(nodes, len(numbers)), np.tile(numbers, len(nodes))
        pairs = RowIndex(2)
        mask = np.isin(graphs, numbers)
        pairs.add([np.broadcast_to(nodes, len(graphs))[mask], graphs[mask]], int(np.count_nonzero(mask)))
        rows = pairs.rows()
        return rows[0], rows[1]

    def present(self, nodes: Any, graphs: Any) -> Any:
        """Mask of the nodes that are subject or object of a statement."""
        found = np.zeros(len(nodes), dtype=bool)
        for segment in self._others(()):
            for inverse in (False, True):
                rest = np.flatnonzero(~found)
                place, _ = self._link(segment, inverse, nodes[rest], None if graphs is None else graphs[rest])
                found[rest[place]] = True
            if found.all():
                break
        return found

    def walk(self, path: Path, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        """Places in ``nodes``, and the nodes at which walks from there end.

        Args:
            graphs: number of the graph in which each walk stays; None if all are seen as one.
        """
        if isinstance(path, Link):
            return self._link(self._segment(path.iri), path.inverse, nodes, graphs)
        if isinstance(path, Sequence):
            return self._sequence(path, nodes, graphs)
        if isinstance(path, Alternative):
            return _together([self.walk(part, nodes, graphs) for part in path.parts])
        if isinstance(path, Repeat):
            return self._repeat(path, nodes, graphs)
        if isinstance(path, Negated):
            return self._negated(path, nodes, graphs)
        if isinstance(path, Computed):
            return self._computed(path).walk(nodes, graphs)
        return self.walk(inverted(path.part), nodes, graphs)

    def _sequence(self, path: Sequence, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        place = np.arange(len(nodes))
        for part in path.parts:
            step, nodes = self.walk(part, nodes, None if graphs is None else graphs[place])
            place = place[step]
        return place, nodes

    def _negated(self, path: Negated, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        found = [_NOTHING]
        for iris, inverse in ((path.forward, False), (path.backward, True)):
            if iris is not None:
                found += [self._link(segment, inverse, nodes, graphs) for segment in self._others(iris)]
        return _together(found)

    def _computed(self, path: Computed) -> ComputedStep:
        key = id(path.node), path.link.inverse
        if key not in self._steps:
            self._steps[key] = ComputedStep(path, self._graph, self._context, self._plan)
        return self._steps[key]

    def _others(self, iris: tuple[str, ...]) -> Iterator[Segment]:
        """The segments of all predicates but these."""
        excluded = {self._context.terms.id(iri(name), create=False) for name in iris}
        for predicate in self._context.snapshot.predicates:
            segment = None if predicate in excluded else self._context.snapshot.segment(predicate)
            if segment is not None:
                yield segment

    def _segment(self, name: str) -> Segment | None:
        if name not in self._segments:
            self._segments[name] = self._context.snapshot.segment(self._context.terms.id(iri(name), create=False))
        return self._segments[name]

    def _link(self, segment: Segment | None, inverse: bool, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        if segment is None or not len(nodes) or not self._view.sees(segment):
            return _NOTHING
        order = segment.os if inverse else segment.so
        starts, stops = order.ranges(np.ascontiguousarray(nodes))
        found = [_NOTHING]
        ends = np.cumsum(stops - starts)
        first = 0
        while first < len(nodes):
            self._context.check()
            before = int(ends[first - 1]) if first else 0
            last = max(int(np.searchsorted(ends, before + _BLOCK, side="right")), first + 1)
            place, positions = _expanded(starts[first:last], stops[first:last])
            found.append(self._kept(segment, order, place + first, positions, graphs))
            first = last
        return _together(found)

    def _kept(self, segment: Segment, order: Order, place: Any, positions: Any, graphs: Any) -> tuple[Any, Any]:
        if graphs is not None:
            mask = order.graph[positions] == graphs[place]
            if segment.timed:
                mask &= self._view.keep(segment, order, positions)
            place, positions = place[mask], positions[mask]
        elif not self._view.passes(segment):
            mask = self._view.keep(segment, order, positions)
            place, positions = place[mask], positions[mask]
        return place, np.asarray(order.value[positions])

    def _repeat(self, path: Repeat, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        """Breadth first from each distinct start; a pair of start and node is taken up once."""
        columns = [nodes] if graphs is None else [nodes, graphs]
        index = RowIndex(len(columns))
        numbers = index.add(columns, len(nodes))
        begins = index.rows()
        start, end = self._closure(path, begins[0], begins[1] if len(begins) > 1 else None)
        order = np.argsort(start, kind="stable")
        bounds = np.searchsorted(start[order], np.arange(index.count + 1))
        place, positions = _expanded(bounds[numbers], bounds[numbers + 1])
        return place, end[order][positions]

    def _closure(self, path: Repeat, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        start, at = np.arange(len(nodes)), np.asarray(nodes)
        seen = _OnePlace() if len(at) == 1 else _Places()
        found = [_NOTHING]
        if path.least == 0:
            seen.fresh(start, at)
            found.append((start, at))
        while len(at):
            self._context.check()
            step, ends = self.walk(path.part, at, None if graphs is None else graphs[start])
            origin = start[step]
            fresh = seen.fresh(origin, ends)
            start, at = origin[fresh], ends[fresh]
            found.append((start, at))
            if path.once:
                break
        return _together(found)

    def starts(self, path: Path) -> tuple[Any, Any]:
        """Every node from which a walk can begin, once (per graph, if these are seen by themselves), and the numbers of the graphs."""
        index = RowIndex(2 if self._each else 1)
        for columns in self._beginnings(path):
            self._context.check()
            index.add(columns, len(columns[0]))
        rows = index.rows()
        return rows[0], rows[1] if self._each else None

    def _beginnings(self, path: Path) -> Iterator[list[Any]]:
        """Nodes that can be the start of a walk, and the numbers of the graphs if these are seen by themselves."""
        if nullable(path):
            for segment in self._others(()):
                yield self._keys(segment.so, segment)
                yield self._keys(segment.os, segment)
        elif isinstance(path, Link):
            segment_of = self._segment(path.iri)
            if segment_of is not None:
                yield self._keys(segment_of.os if path.inverse else segment_of.so, segment_of)
        elif isinstance(path, Negated):
            yield from self._negated_beginnings(path)
        elif isinstance(path, Computed):
            yield self._computed(path).starts()
        else:
            yield from self._inner_beginnings(path)

    def _negated_beginnings(self, path: Negated) -> Iterator[list[Any]]:
        if path.forward is not None:
            yield from (self._keys(segment.so, segment) for segment in self._others(path.forward))
        if path.backward is not None:
            yield from (self._keys(segment.os, segment) for segment in self._others(path.backward))

    def _inner_beginnings(self, path: Path) -> Iterator[list[Any]]:
        if isinstance(path, Alternative):
            for part in path.parts:
                yield from self._beginnings(part)
        elif isinstance(path, Sequence):
            for place, part in enumerate(path.parts):
                # a part before it may be of no length
                if all(nullable(earlier) for earlier in path.parts[:place]):
                    yield from self._beginnings(part)
        elif isinstance(path, Repeat):
            yield from self._beginnings(path.part)
        elif isinstance(path, Inverse):
            yield from self._beginnings(inverted(path.part))

    def _keys(self, order: Order, segment: Segment) -> list[Any]:
        if not self._view.sees(segment):
            return [_NOTHING[0]] * (1 + self._each)
        whole = slice(0, segment.count)
        if self._each:
            graph = np.asarray(order.graph[whole])
            mask = np.isin(graph, self._view.numbers)
            return [np.asarray(order.key)[mask], graph[mask].astype(np.int64)]
        key = np.asarray(order.key)
        key = key if self._view.passes(segment) else key[self._view.keep(segment, order, whole)]
        return [key[np.concatenate([[True], key[1:] != key[:-1]])]] if len(key) else [key]


class _Places:
    """Which nodes were reached from which start."""

    def __init__(self) -> None:
        self._pairs = RowIndex(2)

    def fresh(self, start: Any, ends: Any) -> Any:
        """Places of the pairs that are new, each once, after taking them up."""
        return self._pairs.fresh([start, ends], len(ends))


class _OnePlace(_Places):
    """The same for a single start: a bit for each term of the dictionary instead of a table of pairs."""

    def __init__(self) -> None:
        super().__init__()
        self._bits = np.zeros(_FIRST_BITS, dtype=bool)

    def fresh(self, start: Any, ends: Any) -> Any:
        """Places of the nodes that are new, each once, after taking them up."""
        others = np.flatnonzero(ends >= _DICTIONARY_END)
        if len(others):
            inside = np.flatnonzero(ends < _DICTIONARY_END)
            return np.concatenate([inside[self._unseen(ends[inside])], others[super().fresh(start[others], ends[others])]])
        return self._unseen(ends)

    def _unseen(self, ends: Any) -> Any:
        last = int(ends.max(initial=-1))
        if last >= len(self._bits):
            self._bits = np.concatenate([self._bits, np.zeros(max(last + 1, 2 * len(self._bits)) - len(self._bits), dtype=bool)])
        new = np.flatnonzero(~self._bits[ends])
        self._bits[ends[new]] = True
        return new[np.unique(ends[new], return_index=True)[1]]


_NOTHING = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def nullable(path: Path) -> bool:
    """Whether the path matches from each node to itself without a step."""
    if isinstance(path, Repeat):
        return path.least == 0 or nullable(path.part)
    if isinstance(path, Sequence):
        return all(nullable(part) for part in path.parts)
    if isinstance(path, Alternative):
        return any(nullable(part) for part in path.parts)
    return isinstance(path, Inverse) and nullable(path.part)


def _slot(place: Place, context: Context) -> Slot:
    """A constant keeps its id though it may not occur in the data: a path of no length goes from it to itself."""
    return place.name if isinstance(place, Variable) else context.terms.id(place.term)


def _distinct(ids: Any) -> int:
    return len(np.unique(ids))


def _together(found: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    if len(found) == 1:
        return found[0]
    return np.concatenate([place for place, _ in found]), np.concatenate([ends for _, ends in found])


def _expanded(starts: Any, stops: Any) -> tuple[Any, Any]:
    """Each position in each range, with the place of the range."""
    lengths = stops - starts
    place = np.repeat(np.arange(len(starts)), lengths)
    positions = np.arange(len(place)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)
    return place, positions
