"""Conditions where they make sense: a time belongs to what happened, not to the place that it happened to.

::

    units [in March 2021] meeting floods   ─▶   units meeting floods [in March 2021]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rdflib import URIRef

from earthweave.ontology import RDFS, vocabulary

from ..knowledge import Knowledge
from ..request import Aggregate, Compare, Concept, Constraint, Property, Request, Spatial, Temporal, Things, Value
from ._tree import edited, replacement, walk


def sensible(request: Request, knowledge: Knowledge, functions: frozenset[str] = frozenset()) -> Request:
    """The request with times and comparisons of the target moved to the things that it is related to, where those alone can meet them.

    Args:
        functions: of aggregates that the question speaks of: what is asked of one place may be told of many things in it.
    """
    request = _through(_general(request, knowledge), knowledge, functions)
    target = _moved(_hoisted(request.target, knowledge), knowledge)
    target = _seen(target, knowledge)
    return request if target == request.target else replace(request, target=target)


def _seen(things: Things, knowledge: Knowledge) -> Things:
    """What happened in a place met it; it need not lie in it whole."""
    if not things.classes or not all(one.iri for one in things.classes) or not _lasts(things, knowledge):
        return things
    return replace(things, constraints=tuple(map(_meeting, things.constraints)))


def _through(request: Request, knowledge: Knowledge, functions: frozenset[str]) -> Request:
    """Places by a property of what happened there: "units with a flood level above 12" have floods with one, and so has Westland."""
    target = request.target
    if any(_related(one) for one in target.constraints) or _lasts(target, knowledge):
        return request
    kind = next((found for one in _values(request) if (found := _happening(one, target, knowledge))), None)
    if kind is None:
        return request
    if any(_happening(one, target, knowledge) for one in request.columns) and not target.classes:
        inside = Things((kind,), constraints=(Spatial("intersects", (replace(target, constraints=()),)), *target.constraints))
        if len(functions) == 1 and len(request.columns) == 1:
            wanted = Aggregate(next(iter(functions)), request.columns[0])  # type: ignore[arg-type]
            return Request("measure", inside, aggregates=(wanted,), assumptions=request.assumptions, unknown=request.unknown)
        return replace(request, target=inside)
    return replace(request, target=replace(target, constraints=(*target.constraints, Spatial("intersects", (Things((kind,)),)))))


def _values(request: Request) -> Iterator[Value]:
    yield from (one.value for one in request.target.constraints if isinstance(one, Compare))
    yield from request.columns


def _happening(one: Value, things: Things, knowledge: Knowledge) -> Concept | None:
    """The kind of what has a time, and a property that things of this kind lack."""
    entry = knowledge.properties.get(one.iri) if isinstance(one, Property) and one.of is None else None
    if entry is None or not entry.domains or _of(things, entry.domains, knowledge):
        return None
    kinds = [kind for iri in entry.domains if (kind := knowledge.classes.get(iri)) and _lasts(Things((Concept("", iri),)), knowledge)]
    return Concept(kinds[0].labels[0], kinds[0].iri) if kinds else None


def _general(request: Request, knowledge: Knowledge) -> Request:
    """Properties of a source as those above them that are called the same: what other sources say of it counts as well."""
    for path, one in tuple(walk(request)):
        if isinstance(one, Property) and one.iri:
            higher = _above(one, knowledge)
            if higher != one.iri:
                request = edited(request, replacement((*path, "iri"), higher))
    return request


def _above(one: Property, knowledge: Knowledge) -> str:
    own = knowledge.properties.get(one.iri)
    found = one.iri
    for higher in vocabulary().transitive_objects(URIRef(one.iri), RDFS.subPropertyOf):
        entry = knowledge.properties.get(str(higher))
        if own and entry and not set(own.labels).isdisjoint(entry.labels):
            found = str(higher)
    return found


def _hoisted(things: Things, knowledge: Knowledge) -> Things:
    """ "Units in Westland were flooded in 2020": it is the units that were."""
    if not things.classes:
        return things
    constraints: list[Constraint] = []
    for one in things.constraints:
        inner = one.of[0] if isinstance(one, Spatial) and one.relation == "within" and len(one.of) == 1 else None
        if (
            isinstance(one, Spatial)
            and isinstance(inner, Things)
            and not inner.classes
            and any(_happened(c, knowledge) for c in inner.constraints)
        ):
            stays = (replace(one, of=(replace(inner, constraints=()),)),) if inner.named else ()
            constraints += [*stays, *inner.constraints]
        else:
            constraints.append(one)
    return replace(things, constraints=tuple(constraints))


def _happened(one: Constraint, knowledge: Knowledge) -> bool:
    """Whether it is a relation to what has a time."""
    return _related(one) and isinstance(one, Spatial) and isinstance(one.of[0], Things) and _lasts(one.of[0], knowledge)


def _moved(things: Things, knowledge: Knowledge) -> Things:
    at = next((place for place, one in enumerate(things.constraints) if _related(one)), None)
    if at is None or not (things.classes or things.named):
        return things
    one = things.constraints[at]
    assert isinstance(one, Spatial) and isinstance(one.of[0], Things)
    inner = one.of[0]
    away = [other for other in things.constraints if other is not one and _foreign(other, things, inner, knowledge)]
    met = _lasts(inner, knowledge) and not _lasts(things, knowledge)
    moved = replace(one, of=(replace(inner, constraints=(*inner.constraints, *away)),))
    changed = _meeting(moved) if met else moved
    return replace(things, constraints=tuple(changed if other is one else other for other in things.constraints if other not in away))


def _related(one: Constraint) -> bool:
    """Whether it is a relation to things of a kind."""
    return (
        isinstance(one, Spatial) and len(one.of) == 1 and isinstance(one.of[0], Things) and bool(one.of[0].classes) and not one.of[0].named
    )


def _foreign(one: Constraint, things: Things, inner: Things, knowledge: Knowledge) -> bool:
    if isinstance(one, Temporal):
        return not _lasts(things, knowledge) and _lasts(inner, knowledge)
    if isinstance(one, Compare) and isinstance(one.value, Property) and one.value.of is None:
        return not _has(things, one.value, knowledge) and _has(inner, one.value, knowledge)
    return False


def _lasts(things: Things, knowledge: Knowledge) -> bool:
    """Whether things of these kinds have times; of kinds that the store does not have, what happened has."""
    if any(not one.iri for one in things.classes):
        return True
    return any(
        _of(things, entry.domains, knowledge) for entry in knowledge.properties.values() if entry.dimension == "time" and entry.domains
    )


def _has(things: Things, prop: Property, knowledge: Knowledge) -> bool:
    entry = knowledge.properties.get(prop.iri)
    return entry is None or not entry.domains or _of(things, entry.domains, knowledge)


def _of(things: Things, domains: tuple[str, ...], knowledge: Knowledge) -> bool:
    kinds = [one.iri for one in things.classes] or [one.cls for one in things.named]
    return any(knowledge.is_a(kind, domain) or knowledge.is_a(domain, kind) for kind in kinds for domain in domains)


def _meeting(one: Constraint) -> Constraint:
    return replace(one, relation="intersects") if isinstance(one, Spatial) and one.relation in ("within", "contains") else one
