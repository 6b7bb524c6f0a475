"""All annotators, as components of spaCy's pipeline: each writes its readings into one group of spans of the question's document.

::

    read ─▶ Doc ─▶ earthweave_operators ─▶ … ─▶ earthweave_facets ─▶ earthweave_settled ─▶ doc.spans["readings"] ─▶ annotate
                   └─────────────────── append spans and their values ───────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

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
    _similar,
    _superlatives,
    _times,
)  # fmt: skip
from ._reading import READINGS, Reading, written
from ._slips import corrected, slips, told
from ._tokens import Question, blank

_ASKED = "asked"
_ADDING = Lock()


class Annotator(Protocol):
    """Reads one kind of thing in a question."""

    def __call__(self, question: Question, knowledge: Knowledge, today: date) -> Iterator[Reading]:
        """Readings, overlapping as they like."""
        ...


ANNOTATORS: dict[str, Annotator] = {
    "earthweave" + one.__name__.rpartition(".")[2]: one.readings
    for one in (
        _operators, _relations, _comparators, _superlatives, _quantities, _coordinates, _times, _products, _events, _names, _classes,
        _properties, _facets, _similar,
    )
}  # fmt: skip
"""By the names of their components, those of the closed vocabulary first, and last what looks at what the others left."""


@dataclass(frozen=True)
class _Asked:
    """What a component is told beside the document."""

    question: Question
    knowledge: Knowledge = field(repr=False)
    today: date


def annotate(question: Question, knowledge: Knowledge, today: date) -> list[Reading]:
    """All readings of all parts of a question, in the order of the annotators; they overlap, and the grammar decides."""
    found = _run(question, knowledge, today)
    meant = slips(question, found, knowledge)
    return told(question, _run(corrected(question, meant), knowledge, today), meant) if meant else found


def _run(question: Question, knowledge: Knowledge, today: date) -> list[Reading]:
    doc = question.doc
    doc.user_data[_ASKED], doc.user_data[READINGS], doc.spans[READINGS] = _Asked(question, knowledge, today), [], []
    pipeline()(doc)
    return written(question)


def pipeline() -> Any:
    """`blank` with the annotators as components, and one that settles what they do not agree about."""
    language = blank()
    with _ADDING:
        if not language.pipe_names:
            for name in _registered():
                language.add_pipe(name)
    return language


@lru_cache(maxsize=1)
def _registered() -> tuple[str, ...]:
    from spacy.language import Language

    components = {name: _component(annotator) for name, annotator in ANNOTATORS.items()} | {"earthweave_settled": _settled}
    for name, function in components.items():
        Language.component(name, func=function)
    return tuple(components)


def _component(annotator: Annotator) -> Callable[[Any], Any]:
    def annotated(doc: Any) -> Any:
        asked: _Asked = doc.user_data[_ASKED]
        _write(doc, annotator(asked.question, asked.knowledge, asked.today))
        return doc

    return annotated


def _settled(doc: Any) -> Any:
    asked: _Asked = doc.user_data[_ASKED]
    kept = _events.settled(asked.question, asked.knowledge, written(asked.question))
    doc.user_data[READINGS], doc.spans[READINGS] = [], []
    _write(doc, kept)
    return doc


def _write(doc: Any, readings: Iterable[Reading]) -> None:
    from spacy.tokens import Span

    values = [*readings]
    doc.spans[READINGS].extend([Span(doc, one.start, one.end, one.kind, kb_id=one.rule) for one in values])
    doc.user_data[READINGS] += values
