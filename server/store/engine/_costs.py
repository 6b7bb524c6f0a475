"""How many solutions to expect: exact for patterns with constants, else from counts and numbers of distinct subjects and objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..algebra import (
    Bgp,
    Context,
    Distinct,
    EachGraph,
    Extend,
    Filter,
    GraphNames,
    Group,
    Join,
    LeftJoin,
    Minus,
    Node,
    OrderBy,
    PathPattern,
    Place,
    Project,
    Service,
    Slice,
    Triple,
    Union,
    Values,
    Variable,
    in_scope,
    places,
)
from ..snapshot import Segment, Tag
from ._graphs import Slot
from ._scan import Slots
from ._times import Span, span_of

FILTERED = 0.25
"""Share of the rows that a filter is expected to leave."""
_MANY_PREDICATES = 64
_PATH_STEPS = 4.0
_LOOKED_OVER = 64.0
"""Statements of which only the time is looked at, while one is worked on."""
_REMOTE = 1000.0
"""Solutions that another endpoint is expected to have."""


@dataclass(frozen=True)
class Cost:
    """Expected rows, and expected numbers of distinct values of variables.

    Attributes:
        effort: what finding them costs where nothing is bound before, in rows.
    """

    rows: float
    distinct: Mapping[str, float] = field(default_factory=dict)
    effort: float = 0.0

    def rows_with(self, other: Cost) -> float:
        """Rows of the natural join, values taken to be contained in one another."""
        few, many = self.distinct, other.distinct
        if len(few) > len(many):
            few, many = many, few
        rows = self.rows * other.rows
        for name, count in few.items():
            if name in many:
                rows /= max(count, many[name], 1.0)
        return rows

    def joined(self, other: Cost) -> Cost:
        """Of the natural join."""
        rows = self.rows_with(other)
        distinct = {**self.distinct, **other.distinct}
        for name in self.distinct.keys() & other.distinct.keys():
            distinct[name] = min(self.distinct[name], other.distinct[name])
        return Cost(rows, {name: min(value, max(rows, 1.0)) for name, value in distinct.items()})

    def scaled(self, share: float) -> Cost:
        """With a share of the rows."""
        rows = self.rows * share
        return Cost(rows, {name: min(value, max(rows, 1.0)) for name, value in self.distinct.items()})

    def uniform(self, names: frozenset[str]) -> Cost:
        """The same rows, each of these variables taken to be different in each."""
        return Cost(self.rows, {name: max(self.rows, 1.0) for name in names})


UNIT_COST = Cost(1.0)


class Costs:
    """Estimates for one snapshot."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[Triple, Cost] = {}
        self._spans: dict[Triple, Span | None] = {}
        self._nodes: dict[int, tuple[Node, Cost]] = {}

    def slots(self, pattern: Triple) -> Slots | None:
        """A pattern with ids for its constants; None if one of them does not occur in the data."""
        subject, predicate, object_ = (self.place(one) for one in (pattern.subject, pattern.predicate, pattern.object))
        graph = None if pattern.graph is None else self.place(pattern.graph)
        if -1 in (subject, predicate, object_, graph):
            return None
        if pattern.time is not None and pattern not in self._spans:
            self._spans[pattern] = span_of(pattern, self._context)
        span = self._spans.get(pattern)
        time = pattern.time.name if isinstance(pattern.time, Variable) else None
        return None if span is not None and span.nothing else Slots(subject, predicate, object_, graph, time, span)

    def place(self, place: Place) -> Slot:
        """Name of a variable, or id of a constant; -1 if it does not occur."""
        return place.name if isinstance(place, Variable) else int(self._context.terms.id(place.term, create=False))

    def tags(self, pattern: Triple) -> set[Tag]:
        """What kinds of objects the predicate of a pattern has; none if it is a variable or has no statements."""
        predicate = self.place(pattern.predicate)
        segment = None if isinstance(predicate, str) else self._context.snapshot.segment(predicate)
        return set() if segment is None else set(segment.ranges)

    def pattern(self, pattern: Triple | PathPattern) -> Cost:
        """Of one pattern without seeds."""
        if isinstance(pattern, PathPattern):
            return self._path(pattern)
        if pattern not in self._known:
            self._known[pattern] = self._triple(pattern)
        return self._known[pattern]

    def _path(self, pattern: PathPattern) -> Cost:
        nodes = max(float(self._context.snapshot.triples), 1.0)
        ends = {one.name for one in (pattern.subject, pattern.object) if isinstance(one, Variable)}
        graph = {pattern.graph.name} if isinstance(pattern.graph, Variable) else set()
        rows = nodes ** 0.5 if len(ends) == 1 else nodes * _PATH_STEPS if ends else 1.0
        return Cost(rows, {name: min(rows, nodes) for name in ends | graph})

    def _triple(self, pattern: Triple) -> Cost:
        slots = self.slots(pattern)
        if slots is None:
            return Cost(0.0, {one.name: 1.0 for one in places(pattern) if isinstance(one, Variable)})
        segment = self._context.snapshot.segment
        if isinstance(slots.predicate, int):
            found = segment(slots.predicate)
            cost = _over([] if found is None else [_segment_cost(found, slots)], slots)
        else:
            cost = self._any_predicate(slots, slots.predicate)
        if slots.span is None:
            return cost
        effort, cost = cost.rows / _LOOKED_OVER, cost.scaled(slots.span.share)
        times = {} if slots.time is None else {slots.time: min(float(max(slots.span.count, 1)), max(cost.rows, 1.0))}
        return Cost(cost.rows, {**cost.distinct, **times}, effort)

    def _any_predicate(self, slots: Slots, name: str) -> Cost:
        """Of a pattern whose predicate is a variable; where there are many predicates and no constants, without a look at each."""
        snapshot = self._context.snapshot
        if len(snapshot.predicates) > _MANY_PREDICATES and isinstance(slots.subject, str) and isinstance(slots.object, str):
            return Cost(float(snapshot.triples), {name: float(snapshot.triples) ** 0.5 for name in slots.names})
        costs = [_segment_cost(one, slots) for one in map(snapshot.segment, snapshot.predicates) if one is not None]
        whole = _over(costs, slots)
        return Cost(whole.rows, {**whole.distinct, name: float(max(sum(cost.rows > 0 for cost in costs), 1))})

    def node(self, node: Node) -> Cost:
        """Rough figure for a whole pattern, made up once."""
        if id(node) not in self._nodes:
            self._nodes[id(node)] = node, self._node(node)
        return self._nodes[id(node)][1]

    def _node(self, node: Node) -> Cost:
        if isinstance(node, Bgp):
            return self._bgp(node)
        if isinstance(node, Join | LeftJoin):
            left, right = self.node(node.left), self.node(node.right)
            both = left.joined(right)
            return Cost(max(both.rows, left.rows), both.distinct) if isinstance(node, LeftJoin) else both
        if isinstance(node, Union):
            left, right = self.node(node.left), self.node(node.right)
            return Cost(left.rows + right.rows, {name: left.distinct.get(name, 0.0) + right.distinct.get(name, 0.0)
                                                 for name in left.distinct.keys() | right.distinct.keys()})
        if isinstance(node, Values):
            return Cost(float(len(node.rows)), {name: float(max(len({row[place] for row in node.rows}), 1))
                                                for place, name in enumerate(node.names)})
        if isinstance(node, GraphNames):
            count = float(max(len(self._context.snapshot.graphs), 1))
            return Cost(count, {node.graph.name: count} if isinstance(node.graph, Variable) else {})
        if isinstance(node, Service):
            return Cost(_REMOTE, dict.fromkeys(in_scope(node), _REMOTE))
        return self._unary(node)

    def _bgp(self, node: Bgp) -> Cost:
        whole = UNIT_COST
        for one in sorted((self.pattern(pattern) for pattern in node.patterns), key=lambda cost: cost.rows):
            whole = whole.joined(one)
        return whole

    def _unary(self, node: Filter | Minus | Extend | Group | Project | Distinct | OrderBy | Slice | EachGraph) -> Cost:
        below = self.node(node.left if isinstance(node, Minus) else node.input)
        if isinstance(node, Filter):
            return below.scaled(FILTERED)
        if isinstance(node, Extend):
            return Cost(below.rows, {**below.distinct, node.name: max(below.rows, 1.0)})
        if isinstance(node, Group):
            groups = 1.0
            for name in node.keys:
                groups *= below.distinct.get(name, 1.0)
            rows = min(groups, max(below.rows, 1.0))
            return Cost(rows, {name: min(below.distinct.get(name, rows), rows) for name in (*node.keys, *dict(node.aggregates))})
        if isinstance(node, Project):
            return Cost(below.rows, {name: below.distinct.get(name, 1.0) for name in node.names})
        if isinstance(node, Slice) and node.limit is not None:
            return below.scaled(min(1.0, node.limit / max(below.rows, 1.0)))
        return below


def _over(costs: list[Cost], slots: Slots) -> Cost:
    """Of a pattern over several segments."""
    distinct = {name: max((cost.distinct.get(name, 1.0) for cost in costs), default=1.0) for name in slots.names}
    return Cost(float(sum(cost.rows for cost in costs)), distinct)


def _segment_cost(segment: Segment, slots: Slots) -> Cost:
    subject, object_ = slots.subject, slots.object
    if isinstance(subject, int):
        rows = _count(segment.so, subject)
        if isinstance(object_, int):
            return Cost(min(rows, 1.0))
        return Cost(rows, {object_: max(rows, 1.0)})
    if isinstance(object_, int):
        rows = _count(segment.os, object_)
        return Cost(rows, {subject: max(rows, 1.0)})
    return Cost(float(segment.count), {subject: float(max(segment.subjects, 1)), object_: float(max(segment.objects, 1))})


def _count(order: Any, key: int) -> float:
    starts, stops = order.ranges(np.array([key], dtype=np.int64))
    return float(stops[0] - starts[0])
