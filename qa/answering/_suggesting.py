"""How a question may go on: names and kinds of things that begin as its last words do, while one types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .._ports import Offer
from ..knowledge import Knowledge, fold
from ._figures import plural

_WORDS = 4
_SLOT = re.compile(r"\{\w+\}")


def suggestions(text: str, knowledge: Knowledge, offers: Sequence[Offer] = (), limit: int = 8) -> tuple[str, ...]:
    """Whole questions that begin with what was typed, likeliest first; templates of services if nothing was."""
    found = _ways(text, knowledge, limit) if text.strip() else _examples(knowledge, offers)
    return tuple(dict.fromkeys(found))[:limit]


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
    return [label for label in dict.fromkeys(many) if fold(label).startswith(start) and fold(label) != start]


def _examples(knowledge: Knowledge, offers: Sequence[Offer]) -> Iterator[str]:
    for entry in sorted(knowledge.classes.values(), key=lambda entry: -entry.count)[:3]:
        if entry.labels:
            yield f"How many {plural(entry.labels[0])} are there?"
    yield from (_SLOT.sub("…", offer.text) for offer in offers)
