"""Logical views: fields over a source or another view, and joins of views (RML-LV)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..plan import Condition, Expression, Field, LogicalSource, View, ViewJoin
from ._checks import Checks
from ._document import Node
from ._expressions import Expressions, Scope
from ._sources import Sources, scope_of
from ._vocabulary import NESTED, tail

INDEX = "#"
"""The key under which every record, and every field of one, tells its number, from 0."""


class Views:
    """Reads what triples maps are over; every node once."""

    def __init__(self, expressions: Expressions, sources: Sources) -> None:
        self.expressions = expressions
        self.checks: Checks = expressions.checks
        self.document = expressions.document
        self._sources = sources
        self._done: dict[Node, LogicalSource | View] = {}
        self._open: list[Node] = []

    def source(self, node: Node) -> LogicalSource | View:
        """A logical source or view."""
        if node not in self._done:
            is_view = "viewOn" in self.document.properties(node) or any(tail(one) == "LogicalView" for one in self.document.types(node))
            self._done[node] = self._view(node) if is_view else self._sources.source(node)
        return self._done[node]

    def scope(self, source: LogicalSource | View) -> Scope:
        """What references over a source or view mean."""
        return scope_of(source) if isinstance(source, LogicalSource) else Scope(columns=False, keys=frozenset(keys(source)))

    def _view(self, node: Node) -> View:
        with self.checks.at(node):
            if node in self._open:
                self.checks.fail("a cycle of logical views", way_out="a view cannot be over, or be joined to, itself")
            self._open.append(node)
            self.checks.known(node, "logicalView")
            on = self.source(self.checks.exactly_one(node, "viewOn"))
            fields = self._fields(node, self.scope(on), _formulation(on), [])
            if not fields:
                self.checks.fail("a logical view needs a field")
            own = View(self.document.name(node), on, fields)
            joins = [self._join(one, own, inner) for inner in (False, True) for one in self._joined(node, inner)]
            view = View(own.name, on, fields, tuple(joins))
            self._distinct((*fields, *(one for join in joins for one in join.fields)))
            self._open.pop()
            return view

    def _joined(self, node: Node, inner: bool) -> list[Node]:
        return self.document.all(node, "innerJoin" if inner else "leftJoin")

    def _distinct(self, fields: Iterable[Field]) -> None:
        names = [one.name for one in fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            way_out = "names of fields with the same parent, joined ones too, must differ"
            self.checks.fail(f"two fields are named {twice!r}", way_out=way_out)

    # -- fields

    def _fields(self, node: Node, scope: Scope, formulation: str, above: list[Node]) -> tuple[Field, ...]:
        found = tuple(self._field(one, scope, formulation, above) for one in self.document.all(node, "field"))
        self._distinct(found)
        return found

    def _field(self, node: Node, scope: Scope, formulation: str, above: list[Node]) -> Field:
        with self.checks.at(node):
            given = self.checks.known(node, "field")
            if node in above:
                self.checks.fail("a cycle of fields")
            name = self.checks.literal(node, "fieldName")
            if not name:
                self.checks.fail("a field needs a name")
            if given & {"iterator", "referenceFormulation"}:
                return self._iterable(node, name, formulation, above)
            with self.expressions.over(scope):
                expression = self.expressions.conditional(node, self.expressions.own(node))
            return Field(name, expression, fields=self._fields(node, scope, formulation, [*above, node]))

    def _iterable(self, node: Node, name: str, formulation: str, above: list[Node]) -> Field:
        if self.expressions.has(node):
            self.checks.fail("a field has an expression or an iterator, not both")
        own = tail(self.document.text(node, "referenceFormulation"))
        scope = Scope(columns=(own or formulation) not in NESTED)
        fields = self._fields(node, scope, own or formulation, [*above, node])
        return Field(name, None, self.document.text(node, "iterator"), own if own != formulation else "", fields)

    # -- joins

    def _join(self, node: Node, own: View, inner: bool) -> ViewJoin:
        with self.checks.at(node):
            self.checks.known(node, "viewJoin")
            parent = self.source(self.checks.exactly_one(node, "parentLogicalView"))
            if not isinstance(parent, View):
                self.checks.fail("rml:parentLogicalView must be a logical view")
            conditions = tuple(self._condition(one, own, parent) for one in self.document.all(node, "joinCondition"))
            if not conditions:
                self.checks.fail("a join of views needs a join condition")
            fields = self._fields(node, self.scope(parent), "", [])
            return ViewJoin(parent, inner, conditions, fields)

    def _condition(self, node: Node, own: View, parent: View) -> Condition:
        with self.checks.at(node):
            self.checks.known(node, "joinCondition")
            return Condition(self.side(node, "child", self.scope(own)), self.side(node, "parent", self.scope(parent)))

    def side(self, node: Node, side: str, scope: Scope) -> Expression:
        """One side of a join condition: ``child`` or ``parent``, given as a reference or a map."""
        with self.expressions.over(scope):
            if self.checks.one_of(node, side, f"{side}Map") == side:
                return self.expressions.reference(self.checks.literal(node, side))
            return self.expressions.read(self.checks.exactly_one(node, f"{side}Map"))


def keys(view: View) -> Iterator[str]:
    """What may be referenced in a view: its fields by dotted path, the indexes of records and fields."""
    yield INDEX
    for one in (*view.fields, *(field for join in view.joins for field in join.fields)):
        yield from _field_keys(one, "")


def _field_keys(one: Field, above: str) -> Iterator[str]:
    path = above + one.name
    if one.expression is not None:
        yield path
    yield f"{path}.{INDEX}"
    for inner in one.fields:
        yield from _field_keys(inner, f"{path}.")


def _formulation(source: LogicalSource | View) -> str:
    return source.formulation if isinstance(source, LogicalSource) else ""
