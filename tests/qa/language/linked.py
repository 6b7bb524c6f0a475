"""Readings of a question as short rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from earthweave.qa.knowledge import Knowledge
from earthweave.qa.language import Question, Reading, read

Annotator = Callable[[Question, Knowledge, date], Iterator[Reading]]
TODAY = date(2026, 11, 20)


def rows(annotator: Annotator, text: str, known: Knowledge) -> dict[str, Any]:
    """Words → the likeliest thing that they mean, of the surest reading of them."""
    question, found = read(text), dict[str, Any]()
    for reading in sorted(annotator(question, known, TODAY), key=lambda one: one.score):
        best = reading.value[0].value if isinstance(reading.value, tuple) else reading.value
        found[question.words(reading.start, reading.end)] = best
    return found


def readings(annotator: Annotator, text: str, known: Knowledge) -> dict[str, Reading]:
    """Words → their surest reading."""
    question = read(text)
    ordered = sorted(annotator(question, known, TODAY), key=lambda one: one.score)
    return {question.words(reading.start, reading.end): reading for reading in ordered}
