"""Filters on a valid time that a look at the distinct times of a snapshot settles, before any statement is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..algebra import Batch, Call, Constant, Context, Expression, Variable
from ..snapshot import GOOD, PRESENT, Spans
from ..spatial import STRDF
from ._algebra import RELATIONS
from ._ends import ends_of

ANYWHERE = frozenset({"before", "after", "overright", "nequalsPeriod"})
"""Relations to a period that those may have which are nowhere near it."""


@dataclass(frozen=True)
class TemporalCondition:
    """A relation between a variable and a constant period.

    Attributes:
        relation: its local name in ``strdf:``.
        forward: True if the variable stands first.
        start, end: of the constant, microseconds since 1970-01-01T00:00:00Z, half-open.
    """

    relation: str
    forward: bool
    start: int
    end: int

    def holds(self, spans: Spans, places: Any) -> Any:
        """Whether times, by their places, stand so to the constant; bool."""
        mine, other = (spans.start[places], spans.end[places]), (np.int64(self.start), np.int64(self.end))
        left, right = (mine, other) if self.forward else (other, mine)
        return RELATIONS[self.relation](*left, *right) & ((spans.flags[places] & GOOD) != 0)

    def near(self, spans: Spans) -> Any:
        """Places of the times that may stand so, found by search where they must be near the constant."""
        if self.relation in ANYWHERE:
            return np.arange(len(spans))
        least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        return spans.meeting(max(self.start - 1, least), min(self.end, most - 1) + 1)


def recognise(expression: Expression, context: Context) -> TemporalCondition | None:
    """What a filter says of a variable and a constant; None if it is no such relation, or its constant cannot be read."""
    if not isinstance(expression, Call) or not expression.name.startswith(STRDF) or len(expression.arguments) != 2:
        return None
    relation = expression.name.removeprefix(STRDF)
    first, second = expression.arguments
    forward = isinstance(first, Variable)
    constant = second if forward else first
    if relation not in RELATIONS or not isinstance(constant, Constant) or not isinstance(first if forward else second, Variable):
        return None
    start, end, good = ends_of(np.array([context.terms.id(constant.term)], dtype=np.int64), context)
    return TemporalCondition(relation, forward, int(start[0]), int(end[0])) if good[0] else None


def passing(expression: Expression, name: str, context: Context, places: Any = None) -> Any:
    """Places of the times of the snapshot for which a filter on the variable ``name`` holds, of those in ``places`` (None: all)."""
    times, condition = context.snapshot.times, recognise(expression, context)
    if condition is None:
        places = np.arange(len(times)) if places is None else places
        return places[_evaluated(expression, name, context, places)]
    spans = times.spans
    places = condition.near(spans) if places is None else places
    kept = condition.holds(spans, places)
    # what speaks of the present is read anew
    moving = (spans.flags[places] & PRESENT) != 0
    kept[moving] = _evaluated(expression, name, context, places[moving])
    return places[kept]


def _evaluated(expression: Expression, name: str, context: Context, places: Any) -> Any:
    ids = context.snapshot.times.ids[places]
    return context.holds(expression, Batch(len(ids), {name: ids}), context) if len(ids) else np.empty(0, dtype=bool)
