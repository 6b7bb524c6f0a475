"""Topological relations asked as properties (OGC GeoSPARQL 1.1, 22-047r1, §10.9, the query rewrite extension).

``?a geo:sfIntersects ?b`` is true where a statement says so, and where the geometries of the two do: the serialisation of a geometry, or
that of a feature's default geometry (of any geometry of a feature that has no default), or a literal in the object's place. Each pair is
found once. Within GRAPH, the statements that lead to both literals are in that graph.

::

    nothing says it, one serialisation, one literal each:   ?a geo:asWKT ?x . ?b geo:asWKT ?y FILTER(geof:sfIntersects(?x, ?y))
    otherwise:   DISTINCT { { ?a geo:sfIntersects ?b } UNION { ?a geo:hasDefaultGeometry?/(geo:asWKT|…) ?x . … FILTER(…) } }
                 and, if both are there, a third way:  ?a geo:hasGeometry/… ?x FILTER NOT EXISTS { ?a geo:hasDefaultGeometry ?d }
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from earthweave.ontology import GEO, GEOF
from earthweave.ontology.geometry import RELATIONS

from ..algebra import (
    Aggregate,
    Alternative,
    And,
    Bgp,
    Call,
    Constant,
    Context,
    Distinct,
    Exists,
    Expression,
    Extend,
    Filter,
    Group,
    Join,
    LeftJoin,
    Link,
    Node,
    Or,
    OrderBy,
    Path,
    PathPattern,
    Place,
    Project,
    Query,
    Repeat,
    Sequence,
    Triple,
    Union,
    Variable,
    places,
)
from ..snapshot import Kind, Snapshot, iri

SERIALISATIONS = tuple(str(GEO[name]) for name in ("asWKT", "asGML", "asGeoJSON", "asKML", "hasSerialization"))
DEFAULT, GEOMETRY = str(GEO.hasDefaultGeometry), str(GEO.hasGeometry)
_RELATIONS = {str(GEO) + name: str(GEOF) + name for name in RELATIONS}
_HIDDEN = "_:relation"


def rewritten(query: Query, context: Context) -> Query:
    """The query with relations between geometries computed; a query without them comes back as it is."""
    return replace(query, pattern=_Rewrite(context).node(query.pattern))


class _Rewrite:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._snapshot: Snapshot = context.snapshot
        self._count = 0

    def node(self, node: Node) -> Node:
        """A pattern with everything below it rewritten."""
        if isinstance(node, Bgp):
            return self._bgp(node)
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

    def _bgp(self, node: Bgp) -> Node:
        relations = [one for one in node.patterns if _relation(one)]
        if not relations:
            return node
        result: Node = Bgp(tuple(one for one in node.patterns if not _relation(one)))
        for one in relations:
            assert isinstance(one, Triple)
            result = self._computed(result, one)
        return result

    def _computed(self, node: Node, triple: Triple) -> Node:
        name = _relation(triple)
        left, first = self._literal(triple.subject, triple)
        right, second = self._literal(triple.object, triple)
        condition = Call(_RELATIONS[name], (first, second))
        self._context.rewrites.append(f"geo:{name.removeprefix(str(GEO))} is computed between geometries (query rewrite)")
        if self._plain(name):
            return Filter(condition, _both(node, _both(left, right)))
        shown = tuple(dict.fromkeys(place.name for place in places(triple) if isinstance(place, Variable)))
        both = Union(Bgp((triple,)), Filter(condition, _both(left, right)))
        found = Distinct(Project(both, shown))
        return found if node == Bgp(()) else Join(node, found)

    def _plain(self, name: str) -> bool:
        """Whether no statement says the relation, and one property with one value each leads to all literals."""
        present = self._present()
        segment = self._segment(present[0]) if len(present) == 1 else None
        return segment is not None and segment.functional and not any(self._segment(one) for one in (name, DEFAULT, GEOMETRY))

    def _present(self) -> list[str]:
        """Serialisations that some statement has."""
        return [one for one in SERIALISATIONS if self._segment(one)]

    def _segment(self, name: str) -> Any:
        found = self._snapshot.find(iri(name))
        return self._snapshot.segment(found) if found >= 0 else None

    def _literal(self, place: Place, triple: Triple) -> tuple[Node, Variable | Constant]:
        """A pattern that leads from a feature or geometry to its literal, and the literal; a literal leads to itself."""
        if isinstance(place, Constant) and place.term.type.kind is Kind.LITERAL:
            return Bgp(()), place
        target = self._hidden()
        present = self._present() or [SERIALISATIONS[0]]
        last: Path = Link(present[0]) if len(present) == 1 else Alternative(tuple(Link(one) for one in present))
        first = next((one for one in (DEFAULT, GEOMETRY) if self._segment(one)), None)
        path = last if first is None else Sequence((Repeat(Link(first), 0, once=True), last))
        usual = Bgp((_step(place, path, target, triple),))
        if first != DEFAULT or not self._segment(GEOMETRY):
            return usual, target
        default = Bgp((Triple(place, Constant(iri(DEFAULT)), self._hidden(), triple.graph),))
        others = Bgp((PathPattern(place, Sequence((Link(GEOMETRY), last)), target, triple.graph),))
        return Union(usual, Filter(Exists(default, True), others)), target

    def _hidden(self) -> Variable:
        self._count += 1
        return Variable(f"{_HIDDEN}{self._count}")


def _same_or(before: Any, after: Any) -> Any:
    return before if before == after else after


def _step(place: Place, path: Path, target: Variable, triple: Triple) -> Triple | PathPattern:
    if isinstance(path, Link):
        return Triple(place, Constant(iri(path.iri)), target, triple.graph)
    return PathPattern(place, path, target, triple.graph)


def _both(left: Node, right: Node) -> Node:
    if isinstance(left, Bgp) and isinstance(right, Bgp):
        return Bgp((*left.patterns, *right.patterns))
    return right if left == Bgp(()) else left if right == Bgp(()) else Join(left, right)


def _relation(pattern: Triple | PathPattern) -> str:
    """IRI of the relation that a pattern asks for, empty for any other pattern."""
    if not isinstance(pattern, Triple) or not isinstance(pattern.predicate, Constant):
        return ""
    name = pattern.predicate.term.text
    return name if name in _RELATIONS else ""
