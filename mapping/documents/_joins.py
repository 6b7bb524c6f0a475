"""Referencing object maps: the subjects of another triples map, joined by equal texts or by a function (R2RML §8, RML-Core, ``rrx:``)."""

from __future__ import annotations

from dataclasses import replace

import pyoxigraph as ox

from ..plan import Condition, Expression, Join, LogicalSource, View
from ._checks import Checks, suggestion
from ._document import Node
from ._expressions import Expressions
from ._views import Views
from ._vocabulary import tail

_SYMMETRIC = {
    "equi", "equals", "intersects", "touches", "disjoint", "overlaps", "crosses", "sfEquals", "sfIntersects", "sfTouches", "sfDisjoint",
    "sfOverlaps", "sfCrosses", "ehEquals", "ehDisjoint", "ehMeet", "ehOverlap", "rcc8eq", "rcc8dc", "rcc8ec", "rcc8po",
}  # fmt: skip
_CONVERSES = [
    ("contains", "within"), ("sfContains", "sfWithin"), ("ehContains", "ehInside"), ("ehCovers", "ehCoveredBy"), ("covers", "coveredBy"),
    ("rcc8tpp", "rcc8tppi"), ("rcc8ntpp", "rcc8ntppi"),
]  # fmt: skip
_NUMBERS = {"distance", "add", "subtract"}
_CONVERSE = {name: name for name in _SYMMETRIC} | dict(_CONVERSES) | {second: first for first, second in _CONVERSES}


class Joins:
    """Reads referencing object maps, knowing all triples maps with their sources."""

    def __init__(self, expressions: Expressions, views: Views, sources: dict[Node, LogicalSource | View]) -> None:
        self.expressions = expressions
        self.checks: Checks = expressions.checks
        self.document = expressions.document
        self._views = views
        self._sources = sources

    def __call__(self, node: Node) -> Join:
        """The join that a checked referencing object map says."""
        parent = self.checks.exactly_one(node, "parentTriplesMap")
        name = self.document.name(parent)
        if parent not in self._sources:
            known = [self.document.name(one) for one in self._sources]
            self.checks.fail(
                f"there is no triples map {name}", way_out=suggestion(name, known) or "a parent triples map must stand in the same document"
            )
        conditions = tuple(self._condition(one, parent) for one in self.document.all(node, "joinCondition"))
        if not conditions:
            self._same_rows(parent)
        return Join(name, conditions)

    def _same_rows(self, parent: Node) -> None:
        assert self.checks.rule is not None
        if _rows(self._sources[self.checks.rule]) != _rows(self._sources[parent]):
            self.checks.fail(
                f"the triples map {self.document.name(parent)} reads other rows", way_out="a join of two sources needs a rr:joinCondition"
            )

    def _condition(self, node: Node, parent: Node) -> Condition:
        with self.checks.at(node):
            given = self.checks.known(node, "joinCondition")
            if "function" in given:
                return self._by_function(node, parent)
            child = self._views.side(node, "child", self.expressions.scope)
            return Condition(child, self._views.side(node, "parent", self._views.scope(self._sources[parent])))

    # -- link while mapping

    def _by_function(self, node: Node, parent: Node) -> Condition:
        """A relation of both rows, such as ``rrxf:sfIntersects``; ``rr:triplesMap`` tells which argument is of which row."""
        name = self.checks.iri(self.checks.exactly_one(node, "function"), "a function")
        if self.document.properties(node) - {"function", "argumentMap"}:
            self.checks.fail("a join condition has a function or rr:child and rr:parent, not both")
        arguments = self.expressions.arguments(node)
        self.expressions.counted(name, len(arguments))
        if len(arguments) != 2 or tail(name) in _NUMBERS:
            self.checks.fail(f"<{name}> does not say whether two values belong together", way_out="e.g. rrxf:intersects, rrxf:contains")
        first, second = arguments
        if self._owner(first, self.checks.rule) == parent and self._owner(second, parent) == self.checks.rule != parent:
            first, second, name = second, first, self._converse(name)
        elif parent not in (self._owner(second, parent), self.checks.rule) or self._owner(first, self.checks.rule) != self.checks.rule:
            self.checks.fail("one argument must be of this triples map, the other of its parent", way_out="say rr:triplesMap in both")
        child = self._argument(first, self.checks.rule)
        return Condition(child, self._argument(second, parent), name)

    def _owner(self, node: Node, otherwise: Node | None) -> Node | None:
        if isinstance(node, ox.Literal):
            return otherwise
        return self.document.one(node, "triplesMap") or otherwise

    def _argument(self, node: Node, owner: Node | None) -> Expression:
        assert owner is not None
        with self.expressions.over(self._views.scope(self._sources[owner])):
            return self.expressions.read(node, "argument")

    def _converse(self, name: str) -> str:
        local = tail(name)
        if local not in _CONVERSE:
            self.checks.fail(f"<{name}> has the parent's value first", way_out="write the value of this triples map first")
        return name.removesuffix(local) + _CONVERSE[local]


def _rows(source: LogicalSource | View) -> LogicalSource | View:
    return replace(source, required=()) if isinstance(source, LogicalSource) else source
