"""Conditions where they make sense: a time belongs to what happened, not to the place that it happened to.

::

    units [in March 2021] meeting floods   ─▶   units meeting floods [in March 2021]
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..knowledge import Knowledge
from ..request import Compare, Constraint, Property, Request, Spatial, Temporal, Things


def sensible(request: Request, knowledge: Knowledge) -> Request:
    """The request with times and comparisons of the target moved to the things that it is related to, where those alone can meet them."""
    target = _moved(request.target, knowledge)
    return request if target == request.target else replace(request, target=target)


def _moved(things: Things, knowledge: Knowledge) -> Things:
    at = next((place for place, one in enumerate(things.constraints) if _related(one)), None)
    if at is None or not things.classes and not things.named:
        return things
    one = things.constraints[at]
    assert isinstance(one, Spatial)
    inner = one.of[0]
    assert isinstance(inner, Things)
    away = [c for place, c in enumerate(things.constraints) if place != at and _foreign(c, things, inner, knowledge)]
    relation: Any = (
        "intersects"
        if one.relation in ("contains", "within") and _lasts(inner, knowledge) and not _lasts(things, knowledge)
        else one.relation
    )
    changed = replace(one, relation=relation, of=(replace(inner, constraints=(*inner.constraints, *away)),))
    kept = tuple(changed if place == at else c for place, c in enumerate(things.constraints) if c not in away)
    return replace(things, constraints=kept)


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
