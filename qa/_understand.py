"""The way from a text to a request: normalise, annotate, lay readings side by side, assemble."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from ._grammar import assemble
from ._lexicon import Lexicon, concepts
from ._quantity import quantities
from ._refusal import Refusal
from ._request import Request
from ._spans import Lattice, Reading, best, uncovered
from ._text import MAX_CHARACTERS, Question, read
from ._time import find_times
from ._words import phrases

_MARGIN = 0.12
_FINAL = frozenset({"future", "opinion", "run", "foreign", "unsupported", "negation"})


def understand(question: str, lexicon: Lexicon, *, now: date | datetime) -> Request | Refusal:
    """Read a question in English; ``now`` is what "yesterday" counts from. Raises `MissingDependencyError` without spaCy."""
    if len(question) > MAX_CHARACTERS:
        return Refusal("too-long", f"The question has {len(question)} characters; {MAX_CHARACTERS} are read at most.")
    today = now.date() if isinstance(now, datetime) else now
    asked = read(question)
    if not asked.tokens:
        return Refusal("not-a-question", "Nothing was asked.")
    readings = [*annotate(asked, lexicon, today)]
    lattices = best(readings, len(asked.tokens))
    if strange := [at for at in uncovered(lattices[0], len(asked.tokens)) if _can_be_name(asked, at, lattices[0])]:
        readings += lexicon.misspelt(asked, strange)
        lattices = best(readings, len(asked.tokens))
    return _first(asked, lattices, lexicon, today)


def annotate(question: Question, lexicon: Lexicon, today: date) -> Iterator[Reading]:
    """All readings of all parts, from independent annotators."""
    yield from phrases(question)
    yield from concepts(question)
    yield from quantities(question.tokens)
    yield from lexicon.read(question)
    for time in find_times(question.tokens, today):
        yield Reading("time", time.start, time.end, time, rule="time")


def _can_be_name(question: Question, at: int, lattice: Lattice) -> bool:
    """Whether an unexplained word stands where a place would: behind a preposition, in a yes/no question, or capitalised."""
    if not question.tokens[at].is_word:
        return False
    before = [one for one in lattice if one.end <= at and question.tokens[one.start].lower not in {"the", "a", "an"}]
    placed = bool(before) and (before[-1].kind in {"in", "place"} or before[-1].value == "ask")
    return placed or question.tokens[at].text[:1].isupper()


def _first(question: Question, lattices: list[Lattice], lexicon: Lexicon, today: date) -> Request | Refusal:
    """The first lattice that makes a request; a clearly lighter one must not talk a refusal of the best away."""
    heaviest = _weight(lattices[0])
    results = [assemble(question, lattice, lexicon, today) for lattice in lattices if _weight(lattice) > heaviest - _MARGIN]
    final = any(one.kind in _FINAL for one in lattices[0])
    return results[0] if final else next((one for one in results if isinstance(one, Request)), results[0])


def _weight(lattice: Lattice) -> float:
    return sum(one.weight for one in lattice)
