"""Spatial relations that a store states as properties, where it has no geometries to compare."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import URIRef
from rdflib.term import Variable

from ..knowledge import RelationEntry
from ..request import Relation
from ._algebra import Chain, Part, Step
from ._scope import Refused, Scope, Subject, either, family

_CONVERSE: dict[str, Relation] = {
    "within": "contains", "contains": "within", "north": "south", "south": "north", "east": "west", "west": "east",
    "northeast": "southwest", "southwest": "northeast", "northwest": "southeast", "southeast": "northwest",
}  # fmt: skip
"""Of all others the converse is the same relation."""
_SAID_BY: dict[str, tuple[Relation, ...]] = {
    "within": ("within", "crosses", "intersects", "overlaps"),
    "contains": ("contains", "crosses", "intersects", "overlaps"),
    "intersects": ("intersects", "crosses", "overlaps", "within", "contains"),
    "crosses": ("crosses", "intersects", "overlaps", "within"),
    "overlaps": ("overlaps", "intersects"),
    "touches": ("touches", "crosses"),
    "near": ("near", "touches"),
}
"""Relation → those that say it well enough where they are all that a store states."""
_HANDED_DOWN = frozenset({"within", "contains", "crosses", "intersects", "overlaps"})
"""Relations that what meets a part of something has to the whole."""


def stated(scope: Scope, subject: Subject, relation: Relation, other: Subject) -> tuple[Part, ...]:
    """The patterns of a relation between two things by properties that say it; refuses where none does.

    What lies in a part lies in the whole: "in" leads on along all properties that state it.
    """
    asked = _SAID_BY.get(relation, (relation,))
    found = [one for name in asked for one in _found(scope, subject, name, other)]
    if not found:
        lacking = subject if not scope.placed(subject) else other
        text = f"The store has no geometries of {lacking.label or 'these things'}, and no property that says {relation!r} of them."
        raise Refused("no-geometry", text, lacking.label)
    said = {entry.relation for _, entry, _ in found} - {relation, _CONVERSE.get(relation, relation)}
    if said:
        scope.note("stated", f"What the store states as {' or '.join(sorted(said))} was taken for {relation}.", other.label)
    options: list[tuple[Part, ...]] = []
    for part, entry, backwards in found:
        one, two = (subject, other) if part == "subject" else (other, subject)
        steps = [Step(((URIRef(entry.property), backwards),))]
        onward = _onward(scope, entry, two)
        if onward:
            steps.append(Step(onward, many=True))
        chain: tuple[Part, ...] = (Chain(one.variable, tuple(steps), two.variable),)
        if chain not in options:
            options.append(chain)
    return either(options)


def holders(scope: Scope, subject: Subject) -> tuple[tuple[Part, ...], Variable]:
    """What a thing is stated to lie in, one step up: where it is, if there is no geometry to show; refuses where nothing is stated."""
    ways = [
        _upwards(entry) for entry in scope.knowledge.relations if entry.relation in ("within", "contains") and _below(scope, entry, subject)
    ]
    if not ways:
        raise Refused("no-geometry", f"The store does not say where {subject.label or 'these things'} are.", subject.label)
    holder = scope.fresh("holder")
    return (Chain(subject.variable, (Step(tuple(dict.fromkeys(ways))),), holder),), holder


def _upwards(entry: RelationEntry) -> tuple[URIRef, bool]:
    """The property that leads from what lies in something to that, and whether it is walked backwards."""
    return URIRef(entry.property), entry.inverse != (entry.relation == "contains")


def _below(scope: Scope, entry: RelationEntry, subject: Subject) -> bool:
    return _of(scope, subject, entry.range if _upwards(entry)[1] else entry.domain)


def _found(scope: Scope, subject: Subject, name: Relation, other: Subject) -> Iterator[tuple[str, RelationEntry, bool]]:
    """Properties that state a relation: who has it to whom, and whether the triple goes the other way."""
    for entry in scope.knowledge.relations:
        if entry.relation == name and _fits(scope, entry, subject, other):
            yield "subject", entry, entry.inverse
        if entry.relation == _CONVERSE.get(name, name) and _fits(scope, entry, other, subject):
            yield "other", entry, entry.inverse


def _fits(scope: Scope, entry: RelationEntry, one: Subject, other: Subject) -> bool:
    has, to = (entry.range, entry.domain) if entry.inverse else (entry.domain, entry.range)
    return _of(scope, one, has) and (_of(scope, other, to) or bool(_onward(scope, entry, other)))


def _of(scope: Scope, subject: Subject, cls: str) -> bool:
    return not cls or not subject.classes or not subject.classes.isdisjoint(family((cls,), scope.knowledge))


def _onward(scope: Scope, entry: RelationEntry, whole: Subject) -> tuple[tuple[URIRef, bool], ...]:
    """The properties that lead on from what a relation is stated to: to what that lies in, or, of what contains it, to what lies in that.

    None where it is stated to the kind that is asked for.
    """
    to = entry.domain if entry.inverse else entry.range
    if entry.relation not in _HANDED_DOWN or (to and whole.classes and whole.classes <= family((to,), scope.knowledge)):
        return ()
    ways = [_upwards(one) for one in scope.knowledge.relations if one.relation in ("within", "contains")]
    return tuple(dict.fromkeys((way, back != (entry.relation == "contains")) for way, back in ways))
