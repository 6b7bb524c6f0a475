"""Names of things in a question: as the store writes them, by alias or adjective, with a word for their kind, misspelt, unknown.

::

    windows ─▶ found in the index, by alias or adjective ─▶ ranked with each other ─▶ "Dublin"        name
                                                            with a word for their kind ─▶ "County Cork"  typed
                                                            with what they lie in ─▶ "Athens, Ohio"      apposition
    words that nothing explains ─▶ similar names, or a name that the store does not have
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from ..knowledge import Knowledge, NameMatch, key, kind_words
from ._classes import class_table
from ._found import ADJECTIVE, ALIAS, EXACT, LOWER, SHORTENED, SHOWN, UNTYPED, Found, aliases, merged, ranked, shared
from ._places import appositions, typed
from ._properties import property_table
from ._reading import Reading, Scored
from ._tokens import Question, Token
from ._unknown import unexplained
from ._windows import Words, singulars, tight, windows
from ._words import COMMON, PREPOSITIONS

_LONGEST = 14
_ABBREVIATED, _CODE = 3, 4
_DOUBTED = 0.3
"""Words less sure to be a name than this are not taken for a part of one."""
_PARTLY = 0.4
"""Share of sureness that is left to a part of a name in lower case, where names have capitals."""
_INDEFINITE = frozenset({"a", "an", "any", "another", "some"})
_KIND = 0.3
"""Share of sureness that is left behind "a": "a steak house" is a kind of thing, though one may be called The Steak House."""


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """Readings of all names, overlapping; each with what it may stand for, likeliest first."""
    plain = list(_found(question, knowledge))
    found = [replace(one, matches=ranked(one, plain)) for one in plain]
    found += typed(question, knowledge, found)
    yield from (_reading(question, one) for one in (*found, *appositions(question, found)))
    yield from unexplained(question, knowledge, found)


def _reading(question: Question, one: Found) -> Reading:
    kind = one.start > 0 and question.tokens[one.start - 1].lower in _INDEFINITE
    return Reading("name", one.start, one.end, _scored(merged(one.matches)), one.score * (_KIND if kind else 1.0), one.rule)


def _scored(matches: Iterable[NameMatch]) -> tuple[Scored, ...]:
    return tuple(Scored(match.named, match.score) for match in matches)[:SHOWN]


def _found(question: Question, knowledge: Knowledge) -> Iterator[Found]:
    longest = min(max(knowledge.names.longest(), 4), _LONGEST)
    mixed = any(token.text[:1].isupper() for token in question.tokens[1:])
    for start, end, words in windows(question, longest):
        if (matches := knowledge.names.find(words)) and not _is_nothing(question, start, words):
            sure = _sureness(question, knowledge, start, end, words, mixed=mixed)
            lower = question.tokens[start].text.islower()
            share = _share_left(question, start, words, matches, sure, mixed=mixed) if lower else _wholeness(words, matches)
            if not share or (share < 1.0 and _is_code(question, start, words)):
                continue
            yield Found(start, end, words, matches, sure * share, "name")
        if (len(words[0]) > 2 and (words[0] not in COMMON or len(words) > 1)) or question.tokens[start].text.isupper():
            yield from _by_alias(knowledge, start, end, words)


def _is_code(question: Question, start: int, words: Words) -> bool:
    """Whether it is an abbreviation of a place, which is no part of a longer name: USA is not the Usa River."""
    return len(words) == 1 and len(words[0]) <= _CODE and words in aliases() and question.tokens[start].text.isupper()


def _share_left(question: Question, start: int, words: Words, matches: Sequence[NameMatch], sure: float, *, mixed: bool) -> float:
    """Share of sureness that is left to words in lower case: none to doubtful parts of a name, nor to a common word among capitals.

    Not much to a part of a name where ordinary words stand as well: "the apple" is not Apple Valley, but "the thames" is a river.
    """
    whole = _wholeness(words, matches)
    common = mixed and len(words) == 1 and words[0] in COMMON
    if sure < _DOUBTED and (whole < 1.0 or common):
        return 0.0
    behind = question.tokens[start - 1].lower if start else ""
    placed = not mixed and (behind in PREPOSITIONS or (behind == "the" and _of_river(matches[0], words)))
    return whole if whole == 1.0 or placed else whole * _PARTLY


def _of_river(match: NameMatch, words: Words) -> bool:
    """Whether what is left out of a name is a word for rivers, which have an article."""
    return any(kind_words().get((word,)) == "river" for word in key(match.named.name) if word not in words)


def _wholeness(words: Words, matches: Sequence[NameMatch]) -> float:
    """Less than one if no thing is called just so, and the words are but a part of a name."""
    return 1.0 if any(key(match.named.name) == words for match in matches[:SHOWN]) else SHORTENED


def _is_nothing(question: Question, start: int, words: Words) -> bool:
    """Whether one word is too slight to be a name as it is written: "in", "the", "80"; "a burger" is none either."""
    first = words[0]
    if len(words) > 1 and first in ("a", "an") and question.tokens[start].text.islower():
        return question.tokens[start + 1].is_word
    slight = (first in COMMON and len(first) < 4 and not question.tokens[start].text[:1].isupper()) or first.isdigit()
    return len(words) == 1 and slight


def _by_alias(knowledge: Knowledge, start: int, end: int, words: Words) -> Iterator[Found]:
    """What other names and adjectives of places stand for; what is written like the name asked for comes with it already."""
    for wanted, share in (("alias", ALIAS), ("adjective", ADJECTIVE)):
        names = [other for rule, other in aliases().get(words, ()) if rule == wanted]
        matches = {match.named.iris: match for other in names for match in knowledge.names.find(other) if _stands_for(other, match)}
        if matches:
            rows = sorted(matches.values(), key=lambda match: -match.score)
            sure = share * max(_wholeness(other, rows) for other in names)
            yield Found(start, end, words, shared(rows), sure, wanted)


def _stands_for(words: Words, match: NameMatch) -> bool:
    """Whether a thing may be meant by another name for it: one of few letters only if the store writes it as an abbreviation."""
    return len("".join(words)) > _ABBREVIATED or match.named.name.isupper()


def _sureness(question: Question, knowledge: Knowledge, start: int, end: int, words: Words, *, mixed: bool) -> float:
    """How sure these words are a name here: common words in lower case hardly are."""
    first = question.tokens[start]
    capital = first.text[:1].isupper() and (start > 0 or not mixed or len(words) > 1)
    if any(rule == "adjective" for rule, _ in aliases().get(words, ())):
        return UNTYPED
    doubt = (
        _doubt_of_one(knowledge, first, words, capital=capital and start > 0)
        if len(words) == 1
        else _doubt(knowledge, words, capital=capital)
    )
    if doubt is not None:
        return doubt
    if not tight(question, start, end):
        return UNTYPED
    if capital or first.text[:1].isdigit() or not mixed:
        return EXACT
    return 0.7 if start else LOWER


def _doubt_of_one(knowledge: Knowledge, token: Token, words: Words, *, capital: bool) -> float | None:
    if words in aliases() and token.text.isupper() and len(words[0]) < 5:
        return UNTYPED
    if words[0] in COMMON or _is_word(knowledge, words):
        return 0.7 if capital else 0.15
    return 0.15 if len(words[0]) < 3 and not token.text.isupper() else None


def _doubt(knowledge: Knowledge, words: Words, *, capital: bool) -> float | None:
    if all(word.isdigit() for word in words):
        return 0.1
    if capital:
        return None
    return 0.2 if all(word in COMMON for word in words) else 0.5 if _is_word(knowledge, words) else None


def _is_word(knowledge: Knowledge, words: Words) -> bool:
    return singulars(words) in class_table(knowledge) or singulars(words) in property_table(knowledge)
