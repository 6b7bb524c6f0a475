"""Valid time in patterns: which times a pattern sees, and filters that become a part of it because they settle that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..algebra import Constant, Context, Expression, Tally, Triple, Variable, variables
from ..snapshot import UNBOUND, Order, Segment
from ..temporal import passing, recognise
from ._functions import volatile
from ._items import Condition, Item, Pattern, has_exists

_FEW = 4096
"""Times for which any filter is evaluated at once."""


@dataclass(frozen=True)
class Span:
    """The times that a pattern sees.

    Attributes:
        table: bool by number of the time, 0 being none; None for all times.
        always: True if statements without a time are seen too.
        count: times that are seen, of how many.
    """

    table: Any
    always: bool
    count: int
    of: int

    @property
    def nothing(self) -> bool:
        """True if there is no time to see."""
        return not self.count and not self.always

    @property
    def share(self) -> float:
        """Share of the times that are seen."""
        return self.count / max(self.of, 1) if self.table is not None else 1.0

    @property
    def text(self) -> str:
        """What EXPLAIN says."""
        return "" if self.table is None else f" · times: {self.count:,} of {self.of:,} by index"

    def meets(self, segment: Segment) -> bool:
        """True if some statement of the segment may be seen."""
        return self.always or segment.timed

    def holds(self, order: Order, places: Any) -> Any:
        """Which statements at some places (int64, or a slice) are seen; bool."""
        if self.always or order.time is None:
            return np.full(len(order.key[places]), self.always)
        numbers: Any = order.time[places]
        return numbers > 0 if self.table is None else self.table[numbers]


def span_of(pattern: Triple, context: Context) -> Span | None:
    """The times that a pattern sees, each by itself; None if it asks for no time."""
    times = context.snapshot.times
    if pattern.time is None:
        return None
    if isinstance(pattern.time, Constant):
        number = times.number(int(context.terms.id(pattern.time.term, create=False)))
        return Span(_table(np.array([number - 1]) if number > 0 else np.empty(0, np.int64), len(times)), False, int(number > 0), len(times))
    if not pattern.within:
        return Span(None, pattern.always, len(times), len(times))
    places: Any = None
    quiet = replace(context, tally=Tally())
    for condition in sorted(pattern.within, key=lambda one: recognise(one, context) is None):
        places = passing(condition, pattern.time.name, quiet, places)
    return Span(_table(places, len(times)), False, len(places), len(times))


def _table(places: Any, count: int) -> Any:
    found = np.zeros(count + 1, dtype=bool)
    found[places + 1] = True
    return found


def times_at(context: Context, order: Order, places: Any) -> Any:
    """Ids of the times of the statements at some places, unbound for those that have none."""
    numbers = np.zeros(len(order.key[places]), np.int32) if order.time is None else order.time[places]
    ids = context.snapshot.times.ids
    return np.where(numbers > 0, ids[numbers - 1], UNBOUND) if len(ids) else np.full(len(numbers), UNBOUND)


def timed(items: list[Item], context: Context) -> list[Item]:
    """Items with filters on a time within the patterns that bind it, where looking at all distinct times is no more work."""
    binders = _binders(items)
    gone: set[Item] = set()
    for item in items if binders else ():
        name = _about(item, context) if isinstance(item, Condition) else ""
        for binder, pattern in binders.get(name, {}).items():
            assert isinstance(item, Condition)
            binders[name][binder] = binder.pattern = replace(pattern, within=(*pattern.within, item.expression))
            gone.add(item)
    for item in items if gone else ():
        item.after = tuple(before for before in item.after if before not in gone)
    return [item for item in items if item not in gone]


def _binders(items: list[Item]) -> dict[str, dict[Pattern, Triple]]:
    """Variables of times, and the patterns that bind them."""
    found: dict[str, dict[Pattern, Triple]] = {}
    for item in items:
        one = item.pattern if isinstance(item, Pattern) else None
        if isinstance(item, Pattern) and isinstance(one, Triple) and isinstance(one.time, Variable) and not one.always:
            found.setdefault(one.time.name, {})[item] = one
    return found


def _about(item: Condition, context: Context) -> str:
    """The one variable that a filter is about, if it can be settled by its values alone; else nothing."""
    if item.after or len(item.touches) != 1:
        return ""
    expression: Expression = item.expression
    if variables(expression) != item.touches or has_exists(expression) or volatile(expression):
        return ""
    few = len(context.snapshot.times) <= _FEW
    return next(iter(item.touches)) if few or recognise(expression, context) is not None else ""
