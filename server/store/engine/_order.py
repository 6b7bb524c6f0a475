"""In which order the items of a group run: the smallest first, then what is connected and gives least; filters as soon as they can."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ._costs import FILTERED, Cost, Costs
from ._items import FREE, Binding, Cluster, Condition, Item, Linked, Located, Option, Pattern, Removal, Whole, has_exists

_EARLY, _FREE, _BINDING, _REMOVAL, _OPTION, _FAR = range(6)


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
    waiting, done = list(items), set[Item]()
    state, steps = start, list[Step]()
    while waiting:
        ready = [item for item in waiting if item.reads <= state.certain and done.issuperset(item.after)]
        item = min(ready, key=lambda one: _rank(one, state, own))
        following = _after(item, state, own)
        steps.append((item, state, following))
        waiting.remove(item)
        done.add(item)
        state = following
    return steps


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


def _rank(item: Item, state: State, own: dict[Item, Cost]) -> tuple[float, float]:
    """Smaller goes first."""
    if isinstance(item, Condition):
        return (_REMOVAL if has_exists(item.expression) else _EARLY), 0.0
    if isinstance(item, Binding):
        return _BINDING, 0.0
    if isinstance(item, Removal):
        return _REMOVAL, 0.0
    rows = state.cost.joined(own[item]).rows
    if isinstance(item, Option):
        return _OPTION, rows
    if isinstance(item, Cluster) and not state.maybe:
        return _FREE, -rows
    near = not item.scope or not state.maybe or isinstance(item, Linked) or bool(item.scope & state.maybe)
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
