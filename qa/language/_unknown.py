"""Words that nothing explains, where names stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..knowledge import Knowledge, key, kinds_of
from ..request import Named
from ._classes import class_table
from ._facets import value_table
from ._found import ABSENT, EXACT, SHORTENED, UNTYPED, Found, aliases
from ._marks import model
from ._misspelt import misspelt
from ._properties import property_table
from ._quantities import unit_at
from ._reading import Reading, Scored, written
from ._tokens import Question, runs
from ._windows import Words, singulars, windows
from ._words import COMMON, PREPOSITIONS

_WINDOW = 5
_KNOWN, _WHOLE = 0.62, 0.55
"""How sure a place is that people know and the store does not have, and a name of which the store has a part."""
_ABBREVIATED = 3


def unexplained(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Words that nothing explains and that stand where names do: names like them, and a name that the store does not have."""
    covered = {at for one in found if one.score > 0.4 for at in range(one.start, one.end)}
    covered |= {at for start, end, words in windows(question, _WINDOW) if _is_word(knowledge, words) for at in range(start, end)}
    covered |= {at for begin in range(len(question.tokens)) if (unit := unit_at(question.tokens, begin)) for at in range(begin, unit[1])}
    named = {one.start for one in found if one.score > UNTYPED}
    spans = [*_unknown_spans(question, covered, named)]
    for start, end in (*spans, *_marked(question, covered, spans)):
        last = end - (question.tokens[end - 1].lower == "'s")
        yield from misspelt(question, knowledge, start, last)
        yield _absent(question.words(start, last), start, last, ABSENT)
    yield from _known(question, knowledge, found)
    yield from _longer(question, knowledge, found)
    yield from _landforms(question, knowledge, found)


def _absent(typed: str, start: int, end: int, score: float) -> Reading:
    return Reading("name", start, end, (Scored(Named(typed), 1.0),), score, "unknown")


def _begins(question: Question, start: int) -> bool:
    """Whether a sentence begins here, so that the capital tells nothing."""
    return start == 0 or question.tokens[start - 1].text in (".", "?", "!")


def _known(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Places that the lexicon knows by this name, and the store does not have by any, nor as a value of a property."""
    had = {(one.start, one.end) for one in found if one.score > UNTYPED}
    for start, end, words in windows(question, _WINDOW):
        if any(len(word) > _ABBREVIATED for word in words) and _is_place(words) and words not in value_table(knowledge):
            if not any(first <= start and end <= last for first, last in had):
                yield _absent(question.words(start, end), start, end, _KNOWN)


def _is_place(words: Words) -> bool:
    """Whether it is a name of the lexicon, and not an adjective."""
    rules = {rule for rule, _ in aliases().get(words, (("adjective", ()),))}
    return "alias" in rules or "adjective" not in rules


def _longer(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Words with capitals in one run of which the store has no more than a part: a name of its own ("Cedar Key" is not in Cedar)."""
    whole = [one for one in found if one.score >= SHORTENED * EXACT - 0.01]
    for start, end in _capitals(question):
        parts = [one for one in whole if start <= one.start and one.end <= end]
        touched = {at for one in parts for at in range(one.start, one.end)}
        strange = [at for at in range(start, end) if at not in touched]
        if parts and strange and all(_odd(question, knowledge, at) for at in strange):
            yield _absent(question.words(start, end), start, end, _WHOLE)


_LANDFORMS = frozenset(
    "lake sea ocean gulf bay strait mount mountain mountains cape delta desert basin valley glacier island islands peninsula lagoon fjord"
    " reef channel volcano plateau lakes".split()
)
"""Words for what is never a town or a unit; rivers are named without them as well."""
_WATERS = frozenset("gulf bay strait sea cape channel desert".split())
"""Of those, what is called after a place without being it: the Gulf of Mexico."""
LANDFORM = 0.7
"""How sure "Black Sea" is a name of its own where the store has a Black Mountain alone."""


def _landforms(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Names of seas, lakes and mountains that the store does not have, though it has a part of the name: "Black Sea", "Gulf of Mexico"."""
    whole = {(one.start, one.end) for one in found if one.rule != "typed otherwise" and one.score > UNTYPED}
    for start, end in _with_landform(question):
        parts = [one for one in found if start <= one.start and one.end <= end and one.score > UNTYPED]
        beside = question.tokens[start].lower in _WATERS and question.tokens[start + 1].lower == "of"
        if (start, end) not in whole and (beside or not any(_of_itself(knowledge, one) for one in parts)):
            yield _absent(question.words(start, end), start, end, LANDFORM)


def _with_landform(question: Question) -> Iterator[tuple[int, int]]:
    """Where a word for a landform stands with a capital, in front of a name or behind it."""
    capitals = [token.is_word and token.text[:1].isupper() for token in question.tokens]
    for at, token in enumerate(question.tokens):
        if capitals[at] and token.lower in _LANDFORMS:
            first = _first_of_name(question, capitals, at)
            last = _behind_name(question, capitals, at + 1, of=first == at)
            if last - first > 1:
                yield first, last


def _first_of_name(question: Question, capitals: Sequence[bool], at: int) -> int:
    """Where the words with capitals begin that lead up to a place, those of the closed vocabulary and of the sentence's start left out."""
    while at > 0 and capitals[at - 1] and not _begins(question, at - 1) and question.tokens[at - 1].lower not in COMMON:
        at -= 1
    return at


def _behind_name(question: Question, capitals: Sequence[bool], at: int, *, of: bool) -> int:
    """The place behind the words with capitals that go on from a place; ``of``: "of" may stand between, as in "Gulf of Mexico"."""
    at += of and any(capitals[at + 1 : at + 2]) and question.tokens[at].lower == "of"
    while at < len(capitals) and capitals[at]:
        at += 1
    return at


def _of_itself(knowledge: Knowledge, one: Found) -> bool:
    """Whether the store has something that is called just so, and is no unit: that may be what is meant."""
    exact = [match for match in one.matches if key(match.named.name) == one.words]
    return any(not match.classes or not all(_is_unit(knowledge, cls) for cls in match.classes) for match in exact)


_PEOPLED = frozenset(f"http://www.geonames.org/ontology#{code}" for code in "AP")
"""GeoNames' units and settlements."""
_UNITS = frozenset(("administrative unit", "country", "state", "region", "province"))


def _is_unit(knowledge: Knowledge, cls: str) -> bool:
    entry = knowledge.classes.get(cls)
    return cls in _PEOPLED or entry is not None and any(kind in _UNITS for label in entry.labels for kind in kinds_of(label))


def _odd(question: Question, knowledge: Knowledge, at: int) -> bool:
    """Whether a word is no word for a kind of things, and not of the closed vocabulary."""
    token = question.tokens[at]
    return token.lower not in COMMON and not _is_word(knowledge, key(token.text))


def _capitals(question: Question) -> Iterator[tuple[int, int]]:
    """Runs of two words or more with capitals, behind the first word of a sentence."""
    flags = [token.is_word and token.text[:1].isupper() and not _begins(question, at) for at, token in enumerate(question.tokens)]
    yield from ((start, end) for start, end in runs(flags) if end - start > 1)


def _is_word(knowledge: Knowledge, words: Words) -> bool:
    some = singulars(words)
    return some in class_table(knowledge) or some in property_table(knowledge) or words in value_table(knowledge)


def _unknown_spans(question: Question, covered: set[int], named: set[int]) -> Iterator[tuple[int, int]]:
    mixed = any(token.text[:1].isupper() for token in question.tokens[1:])
    for start, end in _runs([_is_open(question, at) and at not in covered for at in range(len(question.tokens))], question):
        yield from _plausible(question, start, end, named.__contains__, covered.__contains__, mixed=mixed)


def _is_open(question: Question, at: int) -> bool:
    token = question.tokens[at]
    return token.is_word and not token.text[0].isdigit() and token.lower not in COMMON and len(token.lower) > 1


def _runs(open_: Sequence[bool], question: Question) -> Iterator[tuple[int, int]]:
    """Runs of open tokens, with a dash or an apostrophe between two of them."""
    joins = [token.text in ("-", "'") for token in question.tokens]
    inner = (joins[at] and open_[at - 1] and open_[at + 1] for at in range(1, len(open_) - 1))
    return runs(one or two for one, two in zip(open_, (False, *inner, False), strict=False))


def _marked(question: Question, covered: set[int], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs beyond these that look like names where no capital can tell, less what is explained at their ends."""
    if any(token.text[:1].isupper() for token in question.tokens[1:]):
        return
    read = {at for one in written(question) if one.kind not in ("filler", "name") for at in range(one.start, one.end)}
    explained = covered | read | {at for start, end in spans for at in range(start, end)}
    for start, end in model().names([token.lower for token in question.tokens]):
        open_ = [at for at in range(start, end) if at not in explained and _is_open(question, at)]
        if open_ and explained.isdisjoint(range(open_[0], open_[-1])):
            yield open_[0], open_[-1] + 1


def _plausible(
    question: Question, start: int, end: int, follows: Callable[[int], bool], explained: Callable[[int], bool], *, mixed: bool
) -> Iterator[tuple[int, int]]:
    """The part of a run of unknown words that may be a name: from its first capital, or all of it behind a preposition.

    In small letters, where names have capitals, what stands in front of a word for a kind tells how these things are.
    """
    tokens = question.tokens
    capital = [at for at in range(start, end) if tokens[at].text[:1].isupper() and (at > 0 or not mixed or end - start > 1)]
    before = tokens[start - 1].lower if start else ""
    if capital:
        yield capital[0], max(capital) + 1
    elif before in PREPOSITIONS and not tokens[start].lower.endswith("ing") and (end == len(tokens) or not follows(end)):
        if not (mixed and explained(end)):
            yield start, end
