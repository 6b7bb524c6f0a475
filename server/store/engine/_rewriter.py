"""Walks through a query's pattern and changes its basic patterns, those within EXISTS too; what does not change stays the same object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from ..algebra import (
    Aggregate,
    And,
    Bgp,
    Call,
    Exists,
    Expression,
    Extend,
    Filter,
    Group,
    Join,
    LeftJoin,
    Node,
    Or,
    OrderBy,
    PathPattern,
    Triple,
    Variable,
    places,
)

HIDDEN = "_:"
"""Names of variables that no query can have, and no ``*`` selects, begin so."""


class Rewriter:
    """What is done to each kind of node; a subclass says what becomes of a basic pattern."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0

    def bgp(self, node: Bgp) -> Node:
        """What stands for a basic pattern."""
        return node

    def hidden(self) -> Variable:
        """A variable that nobody has seen yet."""
        self._count += 1
        return Variable(f"{HIDDEN}{self._name}{self._count}")

    def node(self, node: Node) -> Node:
        """A pattern with everything below it rewritten."""
        if isinstance(node, Bgp):
            return self.bgp(node)
        changed: dict[str, Any] = {name: self.node(getattr(node, name)) for name in ("input", "left", "right") if hasattr(node, name)}
        if isinstance(node, Filter | LeftJoin) and node.condition is not None:
            changed["condition"] = self._expression(node.condition)
        if isinstance(node, Extend):
            changed["expression"] = self._expression(node.expression)
        if isinstance(node, OrderBy):
            changed["keys"] = _same_or(node.keys, tuple((self._expression(one), down) for one, down in node.keys))
        if isinstance(node, Group):
            changed["aggregates"] = _same_or(node.aggregates, tuple((name, self._aggregate(one)) for name, one in node.aggregates))
        return node if all(value is getattr(node, name) for name, value in changed.items()) else replace(node, **changed)

    def _aggregate(self, aggregate: Aggregate) -> Aggregate:
        return aggregate if aggregate.argument is None else replace(aggregate, argument=self._expression(aggregate.argument))

    def _expression(self, expression: Expression) -> Expression:
        if isinstance(expression, Exists):
            pattern = self.node(expression.pattern)
            return expression if pattern is expression.pattern else replace(expression, pattern=pattern)
        if isinstance(expression, And | Or | Call):
            arguments = tuple(self._expression(one) for one in expression.arguments)
            same = all(one is other for one, other in zip(arguments, expression.arguments, strict=True))
            return expression if same else replace(expression, arguments=arguments)
        return expression


def joined(nodes: Iterable[Node]) -> Node:
    """All of them joined, basic patterns first and as one."""
    listed = list(nodes)
    patterns = tuple(one for node in listed if isinstance(node, Bgp) for one in node.patterns)
    rest = [node for node in listed if not isinstance(node, Bgp)]
    return reduce(Join, rest if rest and not patterns else [Bgp(patterns), *rest])


def names_of(pattern: Triple | PathPattern) -> frozenset[str]:
    """The variables of a pattern."""
    return frozenset(place.name for place in places(pattern) if isinstance(place, Variable))


def _same_or(before: Any, after: Any) -> Any:
    return before if before == after else after
