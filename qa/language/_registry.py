"""All annotators, one after the other: what `annotate` runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Protocol

from ..knowledge import Knowledge
from . import (
    _classes,
    _comparators,
    _coordinates,
    _events,
    _facets,
    _names,
    _operators,
    _products,
    _properties,
    _quantities,
    _relations,
    _superlatives,
    _times,
)  # fmt: skip
from ._reading import Reading
from ._tokens import Question


class Annotator(Protocol):
    """Reads one kind of thing in a question."""

    def __call__(self, question: Question, knowledge: Knowledge, today: date) -> Iterator[Reading]:
        """Readings, overlapping as they like."""
        ...


ANNOTATORS: tuple[Annotator, ...] = tuple(
    one.readings
    for one in (
        _operators, _relations, _comparators, _superlatives, _quantities, _coordinates, _times, _products, _events, _names, _classes,
        _properties, _facets,
    )
)  # fmt: skip
"""Those of the closed vocabulary first."""


def annotate(question: Question, knowledge: Knowledge, today: date) -> list[Reading]:
    """All readings of all parts of a question, in the order of the annotators; they overlap, and the grammar decides."""
    return _events.settled(question, knowledge, (reading for annotator in ANNOTATORS for reading in annotator(question, knowledge, today)))
