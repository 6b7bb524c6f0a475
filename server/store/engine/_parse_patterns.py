"""Group graph patterns of SPARQL 1.1, translated as they are read (§18.2.2); GRAPH goes down to the leaves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..algebra import (
    And,
    Bgp,
    Call,
    Constant,
    Expression,
    Extend,
    Filter,
    GraphNames,
    Group,
    Join,
    LeftJoin,
    Minus,
    Node,
    Or,
    PathPattern,
    Place,
    Project,
    Service,
    Triple,
    Union,
    Values,
    Variable,
    children,
    expressions,
    in_scope,
    mentioned,
    variables,
)
from ..snapshot import Term
from ._items import certain
from ._parse_expressions import ExpressionParser
from ._parse_terms import HIDDEN

_Conditions = list[Expression]
_UNIT = Bgp(())


class PatternParser(ExpressionParser):
    """Reads patterns."""

    @abstractmethod
    def sub_select(self) -> Node:
        """A SELECT in braces, the braces left out."""

    def group(self) -> Node:
        """A group graph pattern in braces."""
        node, conditions = self._parts()
        return filtered(node, conditions)

    def _parts(self) -> tuple[Node, _Conditions]:
        """A group and the filters that hold for all of it: an OPTIONAL takes these as its condition."""
        self.expect("{")
        conditions: _Conditions = []
        if self.key == "SELECT":
            node = joined(self._nothing(), self.sub_select())
        else:
            node = self._elements(conditions)
        self.expect("}")
        return node, conditions

    def _elements(self, conditions: _Conditions) -> Node:
        node, block = self._nothing(), list[Triple | PathPattern]()
        while self.key != "}":
            if self.at_triples():
                self.timed_triples(block)
            elif self.accept("FILTER"):
                conditions.append(self.constraint())
            else:
                node = self._element(joined(node, Bgp(tuple(block))))
                block.clear()
            self.accept(".")
        return joined(node, Bgp(tuple(block)))

    def _nothing(self) -> Node:
        """The pattern of an empty group: within GRAPH, that the graph is there."""
        return _UNIT if self.graph is None else GraphNames(self.graph)

    def _element(self, node: Node) -> Node:
        if self.key == "{":
            return joined(node, self._union())
        readers = {"OPTIONAL": self._optional, "MINUS": self._minus, "BIND": self._bind, "VALUES": self._values, "GRAPH": self._graph,
                   "SERVICE": self._service}
        if self.key not in readers:
            self.fail("a pattern")
        key = self.key
        self.advance()
        return readers[key](node)

    def _union(self) -> Node:
        node = self.group()
        while self.accept("UNION"):
            node = Union(node, self.group())
        return node

    def _optional(self, left: Node) -> Node:
        right, conditions = self._parts()
        condition = None if not conditions else conditions[0] if len(conditions) == 1 else And(tuple(conditions))
        return LeftJoin(left, right, condition)

    def _minus(self, left: Node) -> Node:
        right = self.group()
        if not isinstance(self.graph, Variable):
            return Minus(left, right)
        # each graph is looked at by itself, so its name is no shared variable, though the leaves of both sides bind it
        shared = (in_scope(left) & in_scope(right)) - {self.graph.name}
        return Minus(left, right, self.graph) if shared else left

    def _bind(self, node: Node) -> Node:
        self.expect("(")
        expression = self.expression()
        self.expect("AS")
        name = self.variable().name
        self.expect(")")
        return Extend(node, name, expression)

    def _values(self, node: Node) -> Node:
        return joined(node, self.data_block())

    def data_block(self) -> Values:
        """Inline data, the keyword left out."""
        single = self.kind == "variable"
        names = (self.variable().name,) if single else self._names()
        self.expect("{")
        rows = []
        while not self.accept("}"):
            rows.append((self._value(),) if single else self._row())
        return Values(names, tuple(rows))

    def _names(self) -> tuple[str, ...]:
        self.expect("(")
        names = []
        while not self.accept(")"):
            names.append(self.variable().name)
        return tuple(names)

    def _row(self) -> tuple[Term | None, ...]:
        self.expect("(")
        row = []
        while not self.accept(")"):
            row.append(self._value())
        return tuple(row)

    def _value(self) -> Term | None:
        return None if self.accept("UNDEF") else self.constant()

    def _graph(self, node: Node) -> Node:
        place, outer = self.variable_or_iri(), self.graph
        if isinstance(place, Variable):
            # the pattern knows nothing of the variable: it is joined with the graph's name only in the end (§18.6)
            hidden = self.graph = self.invented()
            inner = self._named(self.group(), hidden.name, place)
        else:
            self.graph = place
            inner = self.group()
        self.graph = outer
        return joined(node, inner)

    def _named(self, node: Node, hidden: str, graph: Variable) -> Node:
        """A pattern of which each solution is joined with the name of its graph, which a hidden variable has until now."""
        if _blind(node, graph.name):
            return renamed(node, hidden, graph.name)
        own = self.invented()
        same = Or((Call("!", (Call("BOUND", (own,)),)), Call("SAMETERM", (own, graph))))
        return Filter(same, renamed(renamed(node, graph.name, own.name), hidden, graph.name))

    def _service(self, node: Node) -> Node:
        """A pattern for another endpoint: read for its variables, and kept as it is written."""
        silent = self.accept("SILENT")
        endpoint, start = self.variable_or_iri(), self.start
        outer, self.graph = self.graph, None
        inner = self.group()
        self.graph = outer
        names = sorted(visible(inner))
        sure = tuple(name for name in names if name in certain(inner))
        text = self.text[start : self.start].rstrip()
        return joined(node, Service(endpoint, tuple((name, name) for name in names), sure, self.declarations(), text, silent))


def renamed(node: Node, name: str, new: str) -> Node:
    """A pattern with a variable renamed, wherever it stands."""
    changed: Node = _Renaming({name: new}).of(node)
    return changed


def with_names(node: Node, given: frozenset[str]) -> Node:
    """A pattern of EXISTS that values are put into, also where it is asked of the graph that such a variable names."""
    for own, name in _own_names(node):
        if name in given:
            node = renamed(node, own, name)
    return node


def _own_names(node: Node) -> Iterator[tuple[str, str]]:
    """What variables are called where they are not yet joined with the name of the graph, and otherwise."""
    match node:
        case Filter(Or((Call("!", (Call("BOUND", (Variable(own),)),)), Call("SAMETERM", (Variable(), Variable(name)))))):
            if own.startswith(HIDDEN):
                yield own, name
    for child in children(node):
        yield from _own_names(child)


def _blind(node: Node, name: str) -> bool:
    """Whether a pattern gives the same if a variable has its value from the start, and not only in the end."""
    if isinstance(node, Join | Union):
        return _blind(node.left, name) and _blind(node.right, name)
    if isinstance(node, LeftJoin):
        rest = mentioned(node.right).union(*map(variables, expressions(node)))
        return _blind(node.left, name) and (name not in rest or (name in certain(node.left) and _blind(node.right, name)))
    if isinstance(node, Filter):
        return _blind(node.input, name) and (name not in variables(node.condition) or name in certain(node.input))
    return isinstance(node, Bgp) or name not in mentioned(node)


class _Renaming:
    """Gives variables other names in any value of the algebra."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def of(self, value: Any) -> Any:
        """The value with the new names."""
        if isinstance(value, Variable):
            return Variable(self._name(value.name))
        if isinstance(value, Values):
            return replace(value, names=self._all(value.names))
        if isinstance(value, tuple):
            return tuple(self.of(one) for one in value)
        if isinstance(value, Constant) or not is_dataclass(value) or isinstance(value, type):
            return value
        changed = replace(value, **{one.name: self.of(getattr(value, one.name)) for one in fields(value)})
        return self._named(changed)

    def _named(self, value: Any) -> Any:
        """With what it names by itself renamed."""
        if isinstance(value, Extend):
            return replace(value, name=self._name(value.name))
        if isinstance(value, Project):
            return replace(value, names=self._all(value.names))
        if isinstance(value, Service):
            return replace(value, names=tuple((self._name(here), there) for here, there in value.names), certain=self._all(value.certain))
        if isinstance(value, Group):
            return replace(value, keys=self._all(value.keys), aggregates=tuple((self._name(name), one) for name, one in value.aggregates))
        return value

    def _name(self, name: str) -> str:
        return self._names.get(name, name)

    def _all(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._name(name) for name in names)


def filtered(node: Node, conditions: _Conditions) -> Node:
    """Under all conditions."""
    if not conditions:
        return node
    return Filter(conditions[0] if len(conditions) == 1 else And(tuple(conditions)), node)


def joined(left: Node, right: Node) -> Node:
    """Both; what adds nothing is left out, and neighbouring basic patterns become one."""
    if left == _UNIT or _implied(left, right):
        return right
    if right == _UNIT or _implied(right, left):
        return left
    if isinstance(left, Bgp) and isinstance(right, Bgp):
        return Bgp(left.patterns + right.patterns)
    return Join(left, right)


def _implied(names: Node, other: Node) -> bool:
    """Whether ``other`` matches only in graphs that are there."""
    return isinstance(names, GraphNames) and _within(other, names.graph)


def _within(node: Node, graph: Place) -> bool:
    """Whether each solution comes from a statement in this graph."""
    if isinstance(node, Bgp):
        return any(pattern.graph == graph and not _empty_path(pattern) for pattern in node.patterns)
    if isinstance(node, GraphNames):
        return node.graph == graph
    if isinstance(node, Join):
        return _within(node.left, graph) or _within(node.right, graph)
    if isinstance(node, Union):
        return _within(node.left, graph) and _within(node.right, graph)
    if isinstance(node, LeftJoin | Minus):
        return _within(node.left, graph)
    return isinstance(node, Filter | Extend) and _within(node.input, graph)


def _empty_path(pattern: Triple | PathPattern) -> bool:
    """Whether a pattern may match without any statement; it is enough to know the paths that surely do not."""
    return isinstance(pattern, PathPattern)


def visible(node: Node) -> frozenset[str]:
    """Names in scope that the text has given."""
    return frozenset(name for name in in_scope(node) if not name.startswith(HIDDEN))
