"""Filters moved into the unions and sub-selects that bind all of their variables, so that an index can be used there."""

from __future__ import annotations

from dataclasses import replace

from ..algebra import Distinct, Expression, Filter, Node, OrderBy, Project, Union, in_scope, variables
from ._items import Condition, Item, Whole, certain, has_exists


def pushed(items: list[Item], seeds: frozenset[str]) -> list[Item]:
    """Items with such filters inside instead of beside; ``seeds`` are variables that may be bound from without."""
    moved: dict[Item, Item] = {}
    gone = set[Item]()
    for item in items:
        target = _target(item, [other for other in items if other not in gone], seeds) if isinstance(item, Condition) else None
        if target is not None and isinstance(item, Condition):
            current = moved.get(target, target)
            assert isinstance(current, Whole)
            moved[target] = _narrowed(current, item.expression)
            gone.add(item)
    if not gone:
        return items
    for item in items:
        item.after = tuple(dict.fromkeys(moved.get(before, before) for before in item.after if before not in gone))
    return [moved.get(item, item) for item in items if item not in gone]


def _target(item: Condition, items: list[Item], seeds: frozenset[str]) -> Whole | None:
    """The one item that binds all variables of a filter, if the filter can go into it."""
    names = variables(item.expression)
    if not names or not names.isdisjoint(seeds) or has_exists(item.expression) or not names <= item.touches:
        return None
    binders = [other for other in items if not other.scope.isdisjoint(names)]
    found = binders[0] if len(binders) == 1 else None
    return found if isinstance(found, Whole) and not found.opaque and names <= found.scope and _takes(found.node) else None


def _takes(node: Node) -> bool:
    """True if a filter on what a node gives may as well be within it."""
    if isinstance(node, Distinct | OrderBy):
        return _takes(node.input)
    return isinstance(node, Union) or (isinstance(node, Project) and not isinstance(node.input, _CLOSED))


_CLOSED = Distinct | OrderBy


def _narrowed(item: Whole, condition: Expression) -> Whole:
    node = _within(item.node, condition)
    return Whole(in_scope(node), certain(node), item.touches, item.reads, item.after, node=node)


def _within(node: Node, condition: Expression) -> Node:
    if isinstance(node, Union):
        return Union(_within_branch(node.left, condition), _within_branch(node.right, condition))
    if isinstance(node, Distinct | OrderBy | Project):
        inner = node.input
        deeper = isinstance(inner, Distinct | OrderBy | Project) and not isinstance(node, Project)
        return replace(node, input=_within(inner, condition) if deeper else Filter(condition, inner))
    return Filter(condition, node)


def _within_branch(node: Node, condition: Expression) -> Node:
    return _within(node, condition) if isinstance(node, Union) else Filter(condition, node)
