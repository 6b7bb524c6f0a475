"""What a thing stands in a relation to, spatial or by a property, and how many such there are."""

from __future__ import annotations

from functools import lru_cache

from rdflib import URIRef
from rdflib.term import Variable

from earthweave.ontology import GEOF, RDFS, vocabulary

from ..knowledge import PropertyEntry
from ..request import Count, Property, Related, Spatial
from ._algebra import Aggregate, Bind, Call, Column, Expression, Filter, Infix, Minus, Optional_, Part, Select, Term, Triple
from ._geometry import argued, located, placed
from ._scope import Refused, Scope, Subject, again, decimal, overlapping, through
from ._spatial import connected

_HOLDS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
}  # fmt: skip
_OPPOSITE = {"<": ">=", "<=": ">", "=": "!=", "!=": "=", ">=": "<", ">": "<="}


def holding(scope: Scope, term: Variable, prop: Property, value: Term) -> tuple[Part, ...]:
    """The patterns of a stored property; refuses one that the store does not have."""
    if not prop.iri:
        raise Refused("unknown-property", f"The store has no property {prop.label!r}.", prop.label)
    entry = scope.knowledge.properties.get(prop.iri)
    own, way = through(scope, term, entry.via if entry else "")
    names = dict.fromkeys(name for one in (prop.iri, *(other.iri for other in alike(scope, prop))) for name in predicates(one))
    return (*way, Triple(own, tuple(names), value))


def alike(scope: Scope, prop: Property) -> list[PropertyEntry]:
    """The property and others that say the same in other words: stores hold several data sets side by side."""
    entry = scope.knowledge.properties.get(prop.iri)
    if entry is None or not entry.labels:
        return [entry] if entry else []
    same = (entry.labels[0], entry.dimension, entry.unit, entry.via)
    others = scope.knowledge.properties.values()
    return [one for one in others if one.labels and (one.labels[0], one.dimension, one.unit, one.via) == same]


@lru_cache(maxsize=1024)
def predicates(iri: str) -> tuple[URIRef, ...]:
    """A property and everything below it in the ontology: stores hold either, and nothing is inferred there."""
    found = {str(one) for one in vocabulary().transitive_subjects(RDFS.subPropertyOf, URIRef(iri))}
    return tuple(map(URIRef, sorted(found | {iri})))


def linked(scope: Scope, subject: Subject, link: Spatial | Related) -> tuple[list[Part], Variable | None]:
    """Patterns that hold once for each thing in the relation, and its variable; whether counted or denied is left aside."""
    if isinstance(link, Spatial):
        return connected(scope, subject, link)
    other = argued(scope, link.of)
    if other.term is None:
        raise Refused("unsupported-operation", f"{link.property.label!r} does not lead to a point or a box.", link.property.label)
    ends = (other.term, subject.variable) if link.inverse else (subject.variable, other.term)
    return [*holding(scope, ends[0], link.property, ends[1]), *other.parts], other.term


def holds(scope: Scope, subject: Subject, link: Spatial | Related) -> list[Part]:
    """The patterns of a relation as a condition: to any, to none, or to so many."""
    if link.count is not None:
        return _numbered(scope, subject, link, link.count, negated=link.negated)
    if not link.negated:
        return linked(scope, subject, link)[0]
    inner = again(scope, subject)
    parts, _ = linked(scope, inner, link)
    return [Minus((Select((Column(subject.variable),), (*inner.parts, *parts), distinct=True),))]


def _numbered(scope: Scope, subject: Subject, link: Spatial | Related, wanted: Count, *, negated: bool) -> list[Part]:
    op = _OPPOSITE[wanted.op] if negated else wanted.op
    none_will_do = bool(_HOLDS[op](0, wanted.number))
    inner = again(scope, subject)
    parts, other = linked(scope, inner, link)
    if other is None:
        raise Refused("unsupported-operation", "There is nothing to count in that relation.", subject.label)
    how_many = Aggregate("COUNT", other, distinct=True)
    having = Infix(_OPPOSITE[op] if none_will_do else op, (how_many, decimal(wanted.number)))
    found = Select((Column(subject.variable),), (*inner.parts, *parts), group=(subject.variable,), having=having)
    return [Minus((found,))] if none_will_do else [found]


def counted(scope: Scope, subject: Subject, link: Spatial | Related) -> tuple[list[Part], Expression]:
    """How many things are in a relation to each subject, none included: patterns that bind it, and the number."""
    inner = again(scope, subject)
    parts, other = linked(scope, inner, link)
    if other is None:
        raise Refused("unsupported-operation", "There is nothing to count in that relation.", subject.label)
    return _each(scope, subject, (*inner.parts, *parts), Aggregate("COUNT", other, distinct=True))


def _each(scope: Scope, subject: Subject, body: tuple[Part, ...], aggregate: Expression) -> tuple[list[Part], Expression]:
    some, number = scope.fresh("some"), scope.fresh("number")
    columns = Column(subject.variable), Column(some, aggregate)
    found = Select(columns, body, group=(subject.variable,))
    return [Optional_((found,)), Bind(number, Call("COALESCE", (some, decimal(0))))], number


def shared(scope: Scope, subject: Subject, link: Spatial | Related) -> tuple[list[Part], Expression]:
    """The area in square metres that each subject has in common with what is in the relation; where that overlaps, once."""
    if not isinstance(link, Spatial):
        raise Refused("unsupported-operation", "A share is of things in a spatial relation.", subject.label)
    inner = again(scope, subject)
    other, shape = located(scope, link.of[0])
    own = placed(scope, inner)
    meets = [Filter(Call(GEOF.sfIntersects, (own, shape)))]
    if overlapping(subject, other):
        meets.append(Filter(Infix("!=", (subject.variable, other.variable))))
    common = Aggregate(GEOF.aggUnion, Call(GEOF.intersection, (own, shape)))
    return _each(scope, subject, (*inner.parts, *other.parts, *meets), Call(GEOF.metricArea, (common,)))
