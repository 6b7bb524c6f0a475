"""Group graph patterns of SPARQL 1.1, translated as they are read (§18.2.2); GRAPH goes down to the leaves."""

from __future__ import annotations

from abc import abstractmethod
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
    in_scope,
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
            node = joined(self._nothing(), self._scoped_select())
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
        own, other = _ungraphed(left, self.graph), _ungraphed(right, self.graph)
        shared = in_scope(own) & in_scope(other)
        if self.graph.name not in shared:
            return Minus(left, right, self.graph) if shared else left
        mark = self.invented().name
        return Minus(_marked(left, self.graph, mark), _marked(right, self.graph, mark), self.graph)

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
        place = self.variable_or_iri()
        outer, self.graph = self.graph, place
        inner = self.group()
        self.graph = outer
        return joined(node, inner)

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

    def _scoped_select(self) -> Node:
        """A sub-select within GRAPH and a variable is asked of each graph, and knows nothing of that variable."""
        if not isinstance(self.graph, Variable):
            return self.sub_select()
        outer, inner = self.graph, self.invented()
        self.graph = inner
        node = self.sub_select()
        self.graph = outer
        names = tuple(sorted(in_scope(node) - {inner.name}))
        if outer.name not in names:
            return Project(Extend(node, outer.name, inner), (*names, outer.name))
        # the sub-select has a variable of the same name: its value, if any, must be the graph
        own = self.invented()
        same = Or((Call("!", (Call("BOUND", (own,)),)), Call("SAMETERM", (own, inner))))
        return Project(Extend(Filter(same, renamed(node, outer.name, own.name)), outer.name, inner), names)


def renamed(node: Node, name: str, new: str) -> Node:
    """A pattern with a variable renamed, wherever it stands."""
    changed: Node = _Renaming({name: new}).of(node)
    return changed


def _ungraphed(value: Any, graph: Variable) -> Any:
    """A pattern as if it were not asked of a graph."""
    if isinstance(value, GraphNames):
        return _UNIT if value.graph == graph else value
    if isinstance(value, tuple):
        return tuple(_ungraphed(one, graph) for one in value)
    if isinstance(value, Variable | Constant) or not is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, Triple | PathPattern) and value.graph == graph:
        return replace(value, graph=None)
    return replace(value, **{one.name: _ungraphed(getattr(value, one.name), graph) for one in fields(value)})


def _marked(node: Node, graph: Variable, mark: str) -> Node:
    """A pattern with one more variable, bound where it binds the graph's name itself, as a term and not only by being asked of a graph."""
    if graph.name not in in_scope(_ungraphed(node, graph)):
        return node
    if isinstance(node, Join | LeftJoin | Union):
        return replace(node, left=_marked(node.left, graph, mark), right=_marked(node.right, graph, mark))
    if isinstance(node, Minus):
        return replace(node, left=_marked(node.left, graph, mark))
    if isinstance(node, Extend) and node.name == graph.name:
        return Extend(Extend(node.input, mark, node.expression), graph.name, Variable(mark))
    if isinstance(node, Filter | Extend):
        return replace(node, input=_marked(node.input, graph, mark))
    return Extend(node, mark, graph)


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
