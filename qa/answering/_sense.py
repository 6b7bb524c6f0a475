"""Conditions where they make sense: a time belongs to what happened, not to the place that it happened to.

::

    units [in March 2021] meeting floods   ─▶   units meeting floods [in March 2021]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rdflib import URIRef

from earthweave.ontology import EW, RDFS, vocabulary

from ..knowledge import PRODUCT, Knowledge, product_classes
from ..request import Aggregate, Compare, Concept, Constraint, Property, Request, Spatial, Temporal, Things, Value
from ._tree import edited, replacement, walk

_AREA = 2
"""Dimension of areas."""
_UNIT = str(EW.AdministrativeUnit)


def sensible(request: Request, knowledge: Knowledge, functions: frozenset[str] = frozenset()) -> Request:
    """The request with times and comparisons of the target moved to the things that it is related to, where those alone can meet them.

    Args:
        functions: of aggregates that the question speaks of: what is asked of one place may be told of many things in it.
    """
    request = _through(_general(request, knowledge), knowledge, functions)
    target = _moved(_hoisted(request.target, knowledge), knowledge)
    target = _through_areas(_seen(target, knowledge), knowledge)
    return request if target == request.target else replace(request, target=target)


def _seen(things: Things, knowledge: Knowledge) -> Things:
    """What happened in a place met it; it need not lie in it whole."""
    if not things.classes or not all(one.iri for one in things.classes) or not _lasts(things, knowledge):
        return things
    return replace(things, constraints=tuple(map(_meeting, things.constraints)))


def _through_areas(things: Things, knowledge: Knowledge) -> Things:
    """Two areas never cross (OGC 06-103r4 §6.1.15.3): a river that the store has as an area flows through another where they meet."""
    areal = {iri for iri, entry in knowledge.classes.items() if entry.geometry == _AREA}

    def met(one: Constraint) -> Constraint:
        places = [of for of in one.of if isinstance(of, Things)] if isinstance(one, Spatial) and one.relation == "crosses" else []
        kinds = {kind for of in places for kind in (*(c.iri for c in of.classes), *(name.cls for name in of.named))}
        return replace(one, relation="intersects") if isinstance(one, Spatial) and kinds and kinds <= areal else one

    own = {one.iri for one in things.classes}
    return replace(things, constraints=tuple(map(met, things.constraints))) if own and own <= areal else things


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
    one = next((one for one in things.constraints if _related(one)), None)
    if one is None or not (things.classes or things.named):
        return things
    assert isinstance(one, Spatial) and isinstance(one.of[0], Things)
    return _parted(things, one, one.of[0], knowledge)


def _parted(things: Things, one: Spatial, inner: Things, knowledge: Knowledge) -> Things:
    """The things with those of their conditions that are said of what they are related to."""
    met = _lasts(inner, knowledge) and not _lasts(things, knowledge)
    rest = [other for other in things.constraints if other is not one]
    away = [(other, said) for other in rest if (said := _there(other, things, inner, met, knowledge))]
    moved = replace(one, of=(replace(inner, constraints=(*inner.constraints, *(said for _, said in away))),))
    left = [other for other, _ in away]
    changed = _meeting(moved) if met else moved
    return replace(things, constraints=tuple(changed if other is one else other for other in things.constraints if other not in left))


def _there(one: Constraint, things: Things, inner: Things, met: bool, knowledge: Knowledge) -> Constraint | None:
    """A condition as it is said of what things are related to; None if it is one of the things themselves."""
    if met and _spot(one, things, knowledge):
        return _meeting(one)
    return one if _foreign(one, things, inner, knowledge) else None


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


def _spot(one: Constraint, things: Things, knowledge: Knowledge) -> bool:
    """Whether it is a place that no administrative unit lies in, such as a lake or what the map shows: that is where it happened."""
    if not isinstance(one, Spatial) or one.relation not in ("within", "intersects") or one.negated or len(one.of) != 1:
        return False
    place = one.of[0]
    if not things.classes or not all(one.iri and knowledge.is_a(one.iri, _UNIT) for one in things.classes):
        return False
    if isinstance(place, Things):
        kinds = [name.cls for name in place.named]
        return bool(kinds) and not place.classes and not any(kind and knowledge.is_a(kind, _UNIT) for kind in kinds)
    return True


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
    if PRODUCT in kinds:
        # stores call their products by names of their own
        kinds += [entry.iri for entry in product_classes(knowledge)]
    return any(_borne(kind, domain, knowledge) for kind in kinds for domain in domains)


def _borne(kind: str, domain: str, knowledge: Knowledge) -> bool:
    """Whether things of a kind may be among those of a domain: what only others of a wider class have, a kind of the store lacks."""
    entry = knowledge.classes.get(kind)
    return knowledge.is_a(domain, kind) or ((entry is None or not entry.count) and knowledge.is_a(kind, domain))


def _meeting(one: Constraint) -> Constraint:
    return replace(one, relation="intersects") if isinstance(one, Spatial) and one.relation in ("within", "contains") else one
