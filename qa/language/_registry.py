"""All annotators, one after the other: what `annotate` runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from typing import Protocol

from ..knowledge import Knowledge
from ._events import settled
from ._reading import Reading
from ._tokens import Question

_ANNOTATORS = (
    "_operators", "_relations", "_comparators", "_superlatives", "_quantities", "_times", "_products", "_events", "_names", "_classes",
    "_properties", "_facets",
)  # fmt: skip


class Annotator(Protocol):
    """Reads one kind of thing in a question."""

    def __call__(self, question: Question, knowledge: Knowledge, today: date) -> Iterator[Reading]:
        """Readings, overlapping as they like."""
        ...


def annotators() -> tuple[Annotator, ...]:
    """Every annotator that there is, those of the closed vocabulary first."""
    found = []
    for name in _ANNOTATORS:
        try:
            found.append(import_module(f".{name}", __package__).readings)
        except ModuleNotFoundError as missing:
            if not str(missing.name).endswith(name):
                raise
    return tuple(found)


def annotate(question: Question, knowledge: Knowledge, today: date) -> list[Reading]:
    """All readings of all parts of a question, in the order of the annotators; they overlap, and the grammar decides."""
    return settled(reading for annotator in annotators() for reading in annotator(question, knowledge, today))
