"""In which order the items of a group run: the smallest first, then what is connected and gives least; filters as soon as they can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush

from ._costs import FILTERED, Cost, Costs
from ._items import FREE, Binding, Cluster, Condition, Item, Linked, Located, Option, Pattern, Removal, Whole, has_exists, remote

_EARLY, _FREE, _BINDING, _REMOVAL, _REMOTE, _OPTION, _FAR = range(7)


@dataclass(frozen=True)
class State:
    """What is known between two steps: variables that may be, and that certainly are, bound; expected rows."""

    maybe: frozenset[str]
    certain: frozenset[str]
    cost: Cost


Step = tuple[Item, State, State]
"""An item with the state before and after it."""


def ordered(items: list[Item], start: State, costs: Costs) -> list[Step]:
    """All items, each after what it waits for."""
    own = {item: expected(item, costs) for item in items}
    queue, state, steps = _Queue(items, start.certain), start, list[Step]()
    for _ in items:
        item = queue.next(state, own)
        following = _after(item, state, own)
        steps.append((item, state, following))
        queue.done(item, following.certain - state.certain)
        state = following
    return steps


class _Queue:
    """Items that can run, and those that wait for others or for variables; each thing waited for is looked at once."""

    def __init__(self, items: list[Item], bound: frozenset[str]) -> None:
        self._places = {item: place for place, item in enumerate(items)}
        self._waits: dict[Item, int] = {}
        self._waiting: dict[Item | str, list[Item]] = {}
        self._fixed: list[tuple[int, int, Item]] = []
        self._free: dict[int, Item] = {}
        for item in items:
            needs: list[Item | str] = [*(item.reads - bound), *dict.fromkeys(item.after)]
            self._waits[item] = len(needs)
            for need in needs:
                self._waiting.setdefault(need, []).append(item)
            if not needs:
                self._ready(item)

    def _ready(self, item: Item) -> None:
        place = self._places[item]
        kind = _fixed_rank(item)
        if kind is None:
            self._free[place] = item
        else:
            heappush(self._fixed, (kind, place, item))

    def next(self, state: State, own: dict[Item, Cost]) -> Item:
        """The item that goes first."""
        ranks = ((*_rank(item, state, own), place, item) for place, item in self._free.items())
        best = min(ranks, key=lambda one: one[:3], default=None)
        if best is None or (self._fixed and (self._fixed[0][0], 0.0, self._fixed[0][1]) < best[:3]):
            return heappop(self._fixed)[2]
        del self._free[best[2]]
        return best[3]

    def done(self, item: Item, bound: frozenset[str]) -> None:
        """An item has run and certainly binds more variables."""
        keys: list[Item | str] = [item, *bound]
        for key in keys:
            for other in self._waiting.pop(key, ()):
                self._waits[other] -= 1
                if not self._waits[other]:
                    self._ready(other)


def expected(item: Item, costs: Costs) -> Cost:
    """Rows of an item by itself."""
    if isinstance(item, Pattern):
        return costs.pattern(item.pattern)
    if isinstance(item, Whole):
        return costs.node(item.node)
    if isinstance(item, Option):
        return costs.node(item.node.right)
    if isinstance(item, Cluster):
        steps = ordered(list(item.items), State(frozenset(), frozenset(), Cost(1.0)), costs)
        return steps[-1][2].cost
    if isinstance(item, Located):
        return Cost(item.rows, dict.fromkeys(item.scope, max(item.rows, 1.0)))
    if isinstance(item, Linked):
        return expected(item.cluster, costs).scaled(item.share)
    return Cost(1.0)


def _fixed_rank(item: Item) -> int | None:
    """Smaller goes first; None where it depends on what is bound."""
    if isinstance(item, Condition):
        return _REMOVAL if has_exists(item.expression) else _EARLY
    if isinstance(item, Binding):
        return _BINDING
    return _REMOVAL if isinstance(item, Removal) else None


def _rank(item: Item, state: State, own: dict[Item, Cost]) -> tuple[int, float]:
    """The same for all others."""
    rows = state.cost.rows_with(own[item])
    if item.scope.isdisjoint(state.maybe):
        rows = max(rows, own[item].effort)
    if isinstance(item, Option):
        return _OPTION, rows
    if isinstance(item, Whole) and remote(item.node):
        # what is found here is sent along
        return _REMOTE, rows
    if isinstance(item, Cluster) and not state.maybe:
        return _FREE, -rows
    near = not item.scope or not state.maybe or isinstance(item, Linked) or not item.scope.isdisjoint(state.maybe)
    return (_FREE if near else _FAR), rows


def _after(item: Item, state: State, own: dict[Item, Cost]) -> State:
    maybe, certain = state.maybe | item.scope, state.certain | item.certain
    if isinstance(item, Condition):
        return State(maybe, certain, state.cost.scaled(FILTERED))
    if isinstance(item, Binding):
        rows = max(state.cost.rows, 1.0)
        return State(maybe, certain, Cost(state.cost.rows, {item.name: rows, **state.cost.distinct}))
    if isinstance(item, FREE):
        return State(maybe, certain, state.cost.joined(own[item]))
    if isinstance(item, Option):
        both = state.cost.joined(own[item])
        return State(maybe, certain, replace(both, rows=max(both.rows, state.cost.rows)))
    return replace(state, maybe=maybe, certain=certain)
