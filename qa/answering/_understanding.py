"""From a text to requests, likeliest first, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ..grammar import Parsed, parse
from ..knowledge import Knowledge
from ..language import MAX_CHARACTERS, PREPOSITIONS, Question, Reading, annotate, read
from ..request import Box, Named, Request, Temporal
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
_DENYING = frozenset({"not", "nor", "no", "without", "except"})
_RELATIVE, _HAVING, _AUXILIARY = (
    frozenset({"that", "which", "who"}),
    frozenset({"has", "have", "had", "can"}),
    frozenset({"can", "does", "do", "did"}),
)
_CLAUSE = 6
"""Words that what a thing is said to have may stand behind "that has"."""
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
        return Understood((hemisphere(sensible(edited, knowledge), knowledge, today),))
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
        return _no(_with_the_rest(refused, found[0]) if found else refused)
    lacking = _lacking(question, readings, found, knowledge)
    if lacking:
        return _no(doubt or lacking)
    functions = frozenset(one.value for one in readings if one.kind == "operator" and one.value in ("sum", "avg", "max", "min"))
    requests = tuple(hemisphere(sensible(one.request, knowledge, functions), knowledge, today) for one in found[:_KEPT])
    if _future(requests[0], today):
        return _no(Refusal("prediction", "That is about the future: the store knows what was observed."))
    return Understood(requests, doubt=doubt)


def _lacking(question: Question, readings: Sequence[Reading], found: Sequence[Parsed], knowledge: Knowledge) -> Refusal | None:
    """The refusal where nothing, or too little, was understood."""
    if not found:
        return _lost(question, readings)
    best = found[0]
    if best.coverage < _LEAST or _denied(question, readings, best):
        return _too_little(best)
    why = _missing(question, readings, best, knowledge) or _untold(question, best)
    return why and _with_the_rest(why, best)


def _untold(question: Question, best: Parsed) -> Refusal | None:
    """The refusal where when something was, what a thing is said to have, or how many of it there can be, was left out: the rest is true
    of others too.
    """
    request = best.request
    if question.tokens[0].lower == "when" and best.unknown and request.form == "find" and not request.columns:
        return Refusal("no-time", f"The store does not tell when that was ({', '.join(best.unknown)}).", about=best.unknown)
    words = [token.lower for token in question.tokens]
    left = next((left for left in best.unknown if _said_to_have(words, [token.lower for token in read(left).tokens])), None)
    return Refusal("unknown-property", f"The store does not tell “{left}” of anything.", about=(left,)) if left else None


def _said_to_have(words: list[str], own: list[str]) -> bool:
    """Whether some words of a question stand shortly behind "that has", or in "how many … can"."""
    for at in (at for at in range(len(words)) if words[at : at + len(own)] == own):
        before, behind = words[max(at - _CLAUSE, 0) : at], words[at + len(own) : at + len(own) + 1]
        having = any(pair[0] in _RELATIVE and pair[1] in _HAVING for pair in zip(before, before[1:], strict=False))
        if having or (before[-2:] == ["how", "many"] and not _AUXILIARY.isdisjoint(behind)):
            return True
    return False


def _denied(question: Question, readings: Sequence[Reading], best: Parsed) -> bool:
    """Whether a "not" was left out: what is left then says the contrary."""
    left = [*_left_out(question, best)]
    return any(one.kind == "operator" and one.value in _DENYING and _inside(one, left) for one in readings)


def _inside(one: Reading, places: Sequence[tuple[int, int]]) -> bool:
    return any(start <= one.start and one.end <= end for start, end in places)


def _with_the_rest(why: Refusal, best: Parsed) -> Refusal:
    """A refusal that names all that is strange."""
    rest = [words for words in _strange(best) if words not in why.text]
    return replace(why, text=f"{why.text} Not understood either: {', '.join(f'“{words}”' for words in rest)}.") if rest else why


def _strange(best: Parsed) -> tuple[str, ...]:
    """What was left out, and names that the store does not have."""
    absent = [one.name for _, one in walk(best.request) if isinstance(one, Named) and not one.iris]
    return tuple(dict.fromkeys((*best.unknown, *absent)))


def _missing(question: Question, readings: Sequence[Reading], best: Parsed, knowledge: Knowledge) -> Refusal | None:
    """The refusal where what was left out is known to be something that the store does not have."""
    left = [*_left_out(question, best)]
    absent = (_absent(question, one, knowledge) for one in readings if _inside(one, left))
    return (
        next(filter(None, absent), None)
        or _unknown_value(question, readings, best)
        or _pictured(question, best)
        or _unknown_kind(question, readings, best, knowledge)
    )


def _absent(question: Question, one: Reading, knowledge: Knowledge) -> Refusal | None:
    """The refusal of a kind of things, or of a place, that the store does not have."""
    words = question.words(one.start, one.end)
    if one.kind == "class" and one.rule != "class misspelt" and not one.value[0].value.iri:
        return Refusal("no-data-layer", f"The store has no data about “{words}”.", about=(words,))
    if one.kind == "name" and one.rule == "unknown" and (words[:1].isupper() or _behind_preposition(question, one.start)):
        return unknown_place(Named(words), knowledge)
    return None


def _unknown_value(question: Question, readings: Sequence[Reading], best: Parsed) -> Refusal | None:
    """The refusal where what should be added up or averaged was left out: "the average income in Ohio"."""
    functions = {one.end for one in readings if one.kind == "operator" and one.value in _FUNCTIONS}
    asking = {one.end for one in readings if one.kind == "operator" and one.value == "which"} if best.request.target.classes else set()
    for start, end in _left_out(question, best):
        following = question.tokens[end].lower if end < len(question.tokens) else ""
        asked = start in functions or {_before(question, start, small) for small in (1, 2)} & asking
        if asked and (following in PREPOSITIONS or not following.isalpha()):
            words = question.words(start, end)
            return Refusal("unknown-property", f"The store has no property that is called “{words}”.", about=(words,))
    return None


_FUNCTIONS = frozenset(("sum", "avg", "max", "min"))


def _pictured(question: Question, best: Parsed) -> Refusal | None:
    """The refusal where images should show what was not understood: "images that show red roofs"."""
    if not any(one.rule == "product noun" for one in best.used):
        return None
    seen = any(0 < start and question.tokens[start - 1].lower in _SIGHT and start > 1 for start, _ in _left_out(question, best))
    return pixels("caption") if seen else None


_SIGHT = frozenset("show shows showing contain contains containing depict depicts depicting".split())


def _left_out(question: Question, best: Parsed) -> Iterator[tuple[int, int]]:
    """Where the words that were left out stand, as tokens: "no" is not left out where "volcano" is."""
    used = {at for one in best.used for at in range(one.start, one.end)}
    ends = {token.end: at + 1 for at, token in enumerate(question.tokens)}
    for words in best.unknown:
        for start, token in enumerate(question.tokens):
            end = ends.get(token.start + len(words), start)
            if end > start and question.words(start, end) == words and used.isdisjoint(range(start, end)):
                yield start, end


def _unknown_kind(question: Question, readings: Sequence[Reading], best: Parsed, knowledge: Knowledge) -> Refusal | None:
    """The refusal where the word behind "which" was left out, and no other says what kind of things is asked for."""
    if best.request.target.classes:
        return None
    asking = {one.end for one in readings if one.kind == "operator" and one.value in _ASKING}
    for at, token in enumerate(question.tokens):
        asked = at in asking or {_before(question, at, small) for small in (1, 2)} & asking
        if asked and any(token.text == left.split()[0] for left in best.unknown):
            if any(one.kind == "class" and one.start <= at < one.end and one.value[0].value.iri for one in readings):
                return _too_little(best)
            return _no_kind(token.text, knowledge)
    return None


def _no_kind(words: str, knowledge: Knowledge) -> Refusal:
    near = [knowledge.classes[iri].labels[0] for iri, _ in knowledge.likeness.nearest(words) if iri in knowledge.classes]
    asked = f" Did you mean {', '.join(near)}?" if near else ""
    text = f"“{words}” is no kind of things that the store has.{asked}"
    return Refusal("unknown-class", text, about=(words,), suggestions=tuple(near))


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
    about = _strange(one)
    words = ", ".join(f"“{word}”" for word in about)
    return Refusal("not-understood", f"Too much of that was not understood: {words}. Can you say it in other words?", about=about)


def _future(request: Request, today: date) -> bool:
    times = [interval for _, one in walk(request) if isinstance(one, Temporal) for interval in one.intervals]
    return bool(times) and all(one.start is not None and one.start > today for one in times)
