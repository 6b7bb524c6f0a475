"""Triples maps spelled out: every statement with its subject, predicate, object and graph, those of the same targets together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from earthweave.ontology import RDF, MappingError

from ..plan import Condition, Constant, Expression, Join, Kind, LogicalSource, Plan, TermMap, TriplesMap, View, references
from ._terms import Slot

_DEFAULT_GRAPH = Constant("")


@dataclass(frozen=True)
class Quad:
    """Predicate, object and graph of a statement; an object of None is the subject that a join finds, a graph of None the default one."""

    predicate: Slot
    value: Slot | None
    graph: Slot | None


@dataclass(frozen=True)
class Group:
    """Statements that go to the same targets, all of rows or all of the pairs of one join."""

    targets: tuple[str, ...]
    join: Join | None
    quads: tuple[Quad, ...]


@dataclass(frozen=True)
class Rule:
    """A triples map spelled out.

    Attributes:
        name: as the mapping document names it.
        base: of relative IRIs.
        subject: of all statements.
        required: columns without which a row is left out.
        groups: the statements.
        order: every term and join in document order: the first thing that is wrong with a row is what is told of it.
    """

    name: str
    base: str
    subject: Slot
    required: tuple[str, ...]
    groups: tuple[Group, ...]
    order: tuple[Slot | Join, ...]

    @classmethod
    def of(cls, plan: Plan, one: TriplesMap) -> Rule:
        """The rule of a triples map of a plan."""
        base = one.base or plan.base
        groups: dict[tuple[tuple[str, ...], Join | None], list[Quad]] = {}
        order: list[Slot | Join] = [Slot(one.subject, base)]
        for predicate, value, graph in _statements(one):
            # a join is no term map, so that targets of the parent's subject do not count
            terms = [one.subject, predicate, *([value] if isinstance(value, TermMap) else []), *([graph] if graph else [])]
            targets = tuple(sorted({name for term in terms for name in term.targets}))
            made = _object(plan, one, value)
            join, slot = (made, None) if isinstance(made, Join) else (None, made)
            named = Slot(graph, base) if graph and graph.expression != _DEFAULT_GRAPH else None
            order += [Slot(predicate, base), made, *([named] if named else [])]
            groups.setdefault((targets, join), []).append(Quad(Slot(predicate, base), slot, named))
        spelled = tuple(Group(*key, tuple(dict.fromkeys(quads))) for key, quads in groups.items())
        return cls(one.name, base, Slot(one.subject, base), one.required, spelled, tuple(dict.fromkeys(order)))


def _statements(one: TriplesMap) -> Iterator[tuple[TermMap, TermMap | Join, TermMap | None]]:
    kind = TermMap(Constant(str(RDF.type)), Kind.IRI)
    for iri in one.classes:
        yield from ((kind, TermMap(Constant(iri), Kind.IRI), graph) for graph in one.graphs or (None,))
    for each in one.statements:
        graphs = tuple(dict.fromkeys((*one.graphs, *each.graphs))) or (None,)
        yield from product(each.predicates, each.objects, graphs)


def _object(plan: Plan, one: TriplesMap, value: TermMap | Join) -> Slot | Join:
    """The object as a term of the same row, or as a join."""
    if isinstance(value, TermMap):
        return Slot(value, one.base or plan.base)
    if value.conditions:
        return value
    parent = plan.named(value.parent)
    if _source(parent) != _source(one):
        why = f"{parent.name} reads another source"
        raise MappingError(f"{plan.place(one)}: a join without conditions", why=why, way_out="say which rows belong together")
    return Slot(parent.subject, parent.base or plan.base)


def _source(one: TriplesMap) -> LogicalSource | View:
    return replace(one.source, required=()) if isinstance(one.source, LogicalSource) else one.source


def used_names(plan: Plan, one: TriplesMap) -> Iterator[str]:
    """Every name by which a triples map means a column of its own source."""
    yield from one.required
    expressions = [found for term in one.terms() for found in term.expressions()]
    for join in one.joins():
        expressions += [condition.child for condition in join.conditions] or [*plan.named(join.parent).subject.expressions()]
    yield from _names(expressions)


def parent_names(plan: Plan, join: Join) -> Iterator[str]:
    """Every name by which a join means a column of its parent's source."""
    parent = plan.named(join.parent)
    yield from parent.required
    yield from _names([*parent.subject.expressions(), *(condition.parent for condition in join.conditions)])


def _names(expressions: list[Expression]) -> Iterator[str]:
    yield from (reference.name for one in expressions for reference in references(one))


def equal(condition: Condition) -> bool:
    """True for a condition that two texts are equal."""
    return condition.function.rpartition("/")[2] in ("", "equi")
