"""From a text to requests, likeliest first, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..grammar import Parsed, parse
from ..knowledge import Knowledge
from ..language import MAX_CHARACTERS, PREPOSITIONS, Question, Reading, annotate, read
from ..request import Box, Named, Request, Temporal
from ._amounts import amount
from ._dialogue import Dialogue, follow, seen
from ._offers import unknown_place
from ._refusals import Refusal, declined, engine, pixels
from ._seasons import hemisphere
from ._sense import sensible
from ._timing import Clock
from ._tree import walk

_LEAST = 0.5
"""Share of the words with content that must have been used."""
_ASKING = frozenset({"which", "how-many", "number-of", "list", "all", "any"})
_KEPT = 8


@dataclass(frozen=True)
class Understood:
    """Requests, likeliest first; or why there is none.

    Attributes:
        doubt: what to refuse with if none of the requests can be answered.
    """

    requests: tuple[Request, ...] = ()
    refusal: Refusal | None = None
    doubt: Refusal | None = None


def understand(
    text: str, knowledge: Knowledge, today: date, *, dialogue: Dialogue | None = None, view: Box | None = None, clock: Clock | None = None
) -> Understood:
    """Read a question in English. Raises `MissingDependencyError` without spaCy."""
    clock = clock or Clock()
    if len(text) > MAX_CHARACTERS:
        return _no(Refusal("too-long", f"The question has {len(text):,} characters; {MAX_CHARACTERS:,} are read at most."))
    with clock.stage("read"):
        question = read(text)
    if not any(token.is_word for token in question.tokens):
        return _no(Refusal("not-a-question", "Nothing was asked."))
    with clock.stage("annotate"):
        readings = [*annotate(question, knowledge, today), *seen(question, view)]
    with clock.stage("parse"):
        found = parse(question, readings, knowledge, today)
        edited = dialogue and follow(question, readings, found[0].request if found else None, knowledge, today, dialogue)
    if edited:
        return Understood((hemisphere(sensible(edited, knowledge), knowledge),))
    return _judged(question, readings, found, knowledge, today)


def _no(refusal: Refusal) -> Understood:
    return Understood(refusal=refusal)


def _judged(question: Question, readings: list[Reading], found: Sequence[Parsed], knowledge: Knowledge, today: date) -> Understood:
    """Whether what was read is enough to answer."""
    looks = engine(question, readings)
    doubt = pixels(looks)
    shown = looks == "image" or (looks in ("caption", "segmentation") and bool(found) and bool(found[0].unknown))
    refused = declined(question, readings) or (doubt if shown else None)
    if refused:
        return _no(refused)
    whole = amount(question, readings, knowledge, today)
    if whole:
        return Understood((hemisphere(sensible(whole, knowledge), knowledge),))
    lacking = _lacking(question, readings, found, knowledge)
    if lacking:
        return _no(doubt or lacking)
    functions = frozenset(one.value for one in readings if one.kind == "operator" and one.value in ("sum", "avg", "max", "min"))
    requests = tuple(hemisphere(sensible(one.request, knowledge, functions), knowledge) for one in found[:_KEPT])
    if _future(requests[0], today):
        return _no(Refusal("prediction", "That is about the future: the store knows what was observed."))
    return Understood(requests, doubt=doubt)


def _lacking(question: Question, readings: Sequence[Reading], found: Sequence[Parsed], knowledge: Knowledge) -> Refusal | None:
    """The refusal where nothing, or too little, was understood."""
    if not found:
        return _lost(question, readings)
    return _too_little(found[0]) if found[0].coverage < _LEAST else _missing(question, readings, found[0], knowledge)


def _missing(question: Question, readings: Sequence[Reading], best: Parsed, knowledge: Knowledge) -> Refusal | None:
    """The refusal where what was left out is a kind of things, or a place, that the store does not have."""
    for reading in readings:
        words = question.words(reading.start, reading.end)
        if not any(words in left for left in best.unknown) or any(one.start < reading.end and reading.start < one.end for one in best.used):
            continue
        if reading.kind == "class" and reading.rule != "class misspelt" and not reading.value[0].value.iri:
            return Refusal("no-data-layer", f"The store has no data about “{words}”.", about=(words,))
        if reading.kind == "name" and reading.rule == "unknown" and (words[:1].isupper() or _behind_preposition(question, reading.start)):
            return unknown_place(Named(words), knowledge)
    return _unknown_kind(question, readings, best)


def _unknown_kind(question: Question, readings: Sequence[Reading], best: Parsed) -> Refusal | None:
    """The refusal where the word behind "which" was left out, and no other says what kind of things is asked for."""
    if best.request.target.classes:
        return None
    asking = {one.end for one in readings if one.kind == "operator" and one.value in _ASKING}
    for at, token in enumerate(question.tokens):
        asked = at in asking or {_before(question, at, small) for small in (1, 2)} & asking
        if asked and any(token.text == left.split()[0] for left in best.unknown):
            return Refusal("unknown-class", f"“{token.text}” is no kind of things that the store has.", about=(token.text,))
    return None


def _before(question: Question, at: int, small: int) -> int:
    """The place that many small words before: "what is the rent" asks for the rent; -1 if other words stand there."""
    between = question.tokens[max(0, at - small) : at]
    return at - small if all(token.lower in _SMALL for token in between) else -1


_SMALL = frozenset("is are was were the a an".split())


def _behind_preposition(question: Question, start: int) -> bool:
    return start > 0 and question.tokens[start - 1].lower in PREPOSITIONS


def _lost(question: Question, readings: Sequence[Reading]) -> Refusal:
    known = any(one.kind in ("class", "name", "property", "time", "product", "facet") and one.score > 0.4 for one in readings)
    if known:
        text = "It is not clear what is asked for. What should be found, counted or measured?"
        return Refusal("not-understood", text, about=(question.typed.strip(),))
    return Refusal("not-a-question", "Nothing in that asks for anything that a store could hold.")


def _too_little(one: Parsed) -> Refusal:
    words = ", ".join(f"“{word}”" for word in one.unknown)
    return Refusal("not-understood", f"Too much of that was not understood: {words}. Can you say it in other words?", about=one.unknown)


def _future(request: Request, today: date) -> bool:
    times = [interval for _, one in walk(request) if isinstance(one, Temporal) for interval in one.intervals]
    return bool(times) and all(one.start is not None and one.start > today for one in times)
