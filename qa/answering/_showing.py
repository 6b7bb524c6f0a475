"""What is told of things beside what was asked: why these, how much, where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..knowledge import Knowledge
from ..request import Amount, Compare, Measure, Property, Request, Spatial, Things, Value

_AREAL = frozenset({"intersects", "contains", "overlaps", "within"})


def listing(request: Request) -> Request:
    """ "Is there a park near X?" is answered by which ones; whether a named thing is somewhere, by yes or no."""
    return replace(request, form="find") if request.form == "ask" and request.target.classes and not request.target.named else request


def shown(request: Request, knowledge: Knowledge) -> Request:
    """The request with columns for what it picks, compares, or has an area in common with, in front of those asked for."""
    if request.form != "find" or not request.target.classes:
        return request
    ranked = request.order.by if request.order else None
    wanted = [one for one in _told(request, knowledge) if one not in request.columns and not _same(one, ranked)]
    return replace(request, columns=(*dict.fromkeys(wanted), *request.columns))


def _same(one: Value, other: Value | None) -> bool:
    """Whether two values are of one property."""
    return one == other or (isinstance(one, Property) and isinstance(other, Property) and bool(one.iri) and one.iri == other.iri)


def _told(request: Request, knowledge: Knowledge) -> Iterator[Value]:
    target = request.target
    if target.pick and target.pick.share is None:
        yield target.pick.by
    for one in target.constraints:
        if isinstance(one, Compare) and isinstance(one.than, Amount) and isinstance(one.value, Property):
            yield one.value
        if isinstance(one, Spatial) and not request.columns and _shares(target, one, knowledge):
            yield Measure("share", "km2", via=replace(one, count=None))


def _shares(target: Things, one: Spatial, knowledge: Knowledge) -> bool:
    """Whether areas are asked for by other areas on them, so that people want to know how much."""
    if one.negated or one.relation not in _AREAL or len(one.of) != 1 or not isinstance(one.of[0], Things) or one.of[0].named:
        return False
    return all(kind in _areas(knowledge) for things in (target, one.of[0]) for kind in ([c.iri for c in things.classes] or [""]))


def _areas(knowledge: Knowledge) -> set[str]:
    return {iri for iri, entry in knowledge.classes.items() if entry.geometry == 2}
