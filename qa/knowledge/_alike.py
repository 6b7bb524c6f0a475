"""Properties of several data sets in one store that say the same: of one label, unit and place, read as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ._knowledge import Knowledge, PropertyEntry


def joined_alike(entries: Mapping[str, PropertyEntry]) -> dict[str, PropertyEntry]:
    """The properties, each with the classes and values of all that say the same, its own first."""
    joint = {one.iri: _joint(one, group) for group in _groups(entries.values()) for one in group}
    return {iri: joint[iri] for iri in entries}


def distinct_properties(knowledge: Knowledge) -> list[PropertyEntry]:
    """Of the properties that say the same the one that most is told by, with the classes and values of all."""
    return [_joint(max(group, key=lambda one: one.count), group) for group in _groups(knowledge.properties.values())]


def _joint(one: PropertyEntry, group: Sequence[PropertyEntry]) -> PropertyEntry:
    domains = dict.fromkeys(cls for each in (one, *group) for cls in each.domains)
    values = dict.fromkeys(value for each in (one, *group) for value in each.values)
    return replace(one, domains=tuple(domains), values=tuple(values))


def _groups(entries: Iterable[PropertyEntry]) -> list[list[PropertyEntry]]:
    groups = defaultdict[tuple[object, ...], list[PropertyEntry]](list)
    for one in entries:
        # a name, or what a thing is, is told by each property for itself
        own = one.iri if one.naming or one.category or not one.labels else ""
        groups[one.labels[:1], one.dimension, one.unit, one.via, own].append(one)
    return list(groups.values())
