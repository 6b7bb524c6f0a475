"""How a question may go on: names and kinds of things that begin as its last words do, while one types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from .._ports import Offer
from ..knowledge import Knowledge, PropertyEntry, fold
from ._figures import plural

_WORDS = 4
_KINDS = 5
_AREAS = 2
"""Dimension of areas, of which some are larger than others."""
_LEADS = ("Which", "How many", "Show the", "List the", "What is the largest", "What is the total area of the")
_RANKED = frozenset({"length", "power", "mass", "%", "area"})
"""Dimensions of what can be the highest; a property that is called like its dimension is asked for in other words."""
_SLOT = re.compile(r"\{\w+\}")


def suggestions(text: str, knowledge: Knowledge, offers: Sequence[Offer] = (), limit: int = 8) -> tuple[str, ...]:
    """Whole questions that begin with what was typed, likeliest first; templates of services if nothing was."""
    if not text.strip():
        return tuple(dict.fromkeys(_examples(knowledge, offers)))[:limit]
    ways = chain(_starts(text, knowledge), _goes_on(text, knowledge), _ways(text, knowledge, limit))
    return tuple(dict.fromkeys(ways))[:limit]


def _starts(text: str, knowledge: Knowledge) -> Iterator[str]:
    """How questions begin, with the kinds of things that there are most of."""
    kinds = [entry for entry in sorted(knowledge.classes.values(), key=lambda entry: -entry.count) if entry.labels][:_KINDS]
    typed = fold(text.lstrip())
    for lead in _LEADS:
        one_of_them = lead.endswith("largest")
        wide = _AREAS if one_of_them or "area" in lead else None
        labels = [entry.labels[0] for entry in kinds if wide is None or entry.geometry == wide]
        whole = [f"{lead} {label if one_of_them else plural(label)}" for label in labels]
        found = [text.lstrip() + one[len(text.lstrip()) :] for one in whole if fold(one).startswith(typed) and len(one) > len(text)]
        yield from found if len(typed) > len(lead) else found[:1]


def _goes_on(text: str, knowledge: Knowledge) -> Iterator[str]:
    """What may stand behind a kind of things: relations to places, times, bounds on its numbers."""
    said = fold(text.strip())
    named = [
        (len(label), entry)
        for entry in knowledge.classes.values()
        for label in entry.labels
        if any(f" {said}".endswith(f" {fold(form)}") for form in (label, plural(label)))
    ]
    if not named:
        return
    kind = max(named, key=lambda row: row[0])[1]
    own = [one for one in knowledge.properties.values() if kind.iri in one.domains and one.labels]
    yield from (f"{text.rstrip()} {tail}" for tail in ("in", "near", "within 5 km of"))
    if any(one.dimension == "time" for one in own):
        yield f"{text.rstrip()} observed in"
    yield from (f"{text.rstrip()} with {one.labels[0]} above" for one in own if one.dimension in _RANKED)


def _ways(text: str, knowledge: Knowledge, limit: int) -> Iterator[str]:
    """The longest run of last words that something begins with comes first."""
    starts = [match.start() for match in re.finditer(r"(?<!\S)\S", text)]
    for start in starts[-_WORDS:]:
        head, tail = text[:start], fold(text[start:].lstrip())
        if len(tail) < 2:
            continue
        for label in _labels(knowledge, tail)[:3]:
            yield head + label
        for match in knowledge.names.starting(text[start:], limit):
            yield head + match.named.name


def _labels(knowledge: Knowledge, start: str) -> list[str]:
    entries = sorted(knowledge.classes.values(), key=lambda entry: -entry.count)
    many = [plural(label) for entry in entries for label in entry.labels]
    many += [entry.labels[0] for entry in knowledge.properties.values() if entry.labels and entry.dimension in _RANKED]
    return [label for label in dict.fromkeys(many) if fold(label).startswith(start) and fold(label) != start]


def _examples(knowledge: Knowledge, offers: Sequence[Offer]) -> Iterator[str]:
    """A few whole questions that the store can answer, of different kinds, then what services offer."""
    kinds = [entry for entry in sorted(knowledge.classes.values(), key=lambda entry: -entry.count) if entry.labels]
    yield from (f"How many {plural(entry.labels[0])} are there?" for entry in kinds[:2])
    for entry in kinds[:_KINDS]:
        best = next(_numbers(entry.iri, knowledge), None)
        if best and entry.geometry != _AREAS:
            yield f"Which {entry.labels[0]} has the highest {best.labels[0]}?"
        elif entry.geometry == _AREAS:
            yield f"What is the largest {entry.labels[0]}?"
    yield from (_SLOT.sub("…", offer.text) for offer in offers)


def _numbers(kind: str, knowledge: Knowledge) -> Iterator[PropertyEntry]:
    """Properties of a class by which its members can be ranked."""
    own = (one for one in knowledge.properties.values() if kind in one.domains and one.labels)
    return (one for one in own if one.dimension in _RANKED and one.labels[0] not in _RANKED)
