"""Words for a kind of things that no other annotator explains, by what they come near to in meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..knowledge import Knowledge
from ..request import Assumption, Concept
from ._reading import Reading, Scored, written
from ._tokens import Question, runs
from ._words import COMMON

LEAST = 0.6
"""Likeness from which on a word is taken for another; below, classes are only proposed."""
_CLOSE = 0.05
_SCORE = 0.5
_LONGEST, _LOOKS = 3, 2
"""Words of a phrase, and phrases of a question that are looked at: each look takes some 20 ms."""
_ASKING = frozenset({"which", "how-many", "number-of", "list", "all", "any", "there-is", "where", "and", "or"})
_BEFORE = frozenset({"relation", "superlative", "comparator", "number", "quantity"})
_SMALL = frozenset("a an any some the".split())


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """A reading as the nearest class for words that stand where a kind of things does; none without the model."""
    del today
    if not knowledge.likeness.iris:
        return
    for start, end in [*_unexplained(question)][:_LOOKS]:
        typed = question.words(start, end)
        near = knowledge.likeness.nearest(typed)
        least = max([LEAST, *(close - _CLOSE for _, close in near[:1])])
        found = [(knowledge.classes[iri], close) for iri, close in near if close >= least and iri in knowledge.classes]
        if found:
            value = tuple(Scored(Concept(one.labels[0], one.iri), _SCORE * close) for one, close in found)
            told = Assumption("similar", f"“{typed}” is taken as “{found[0][0].labels[0]}”.", typed)
            yield Reading("class", start, end, value, _SCORE, "class similar", (told,))


def _unexplained(question: Question) -> Iterator[tuple[int, int]]:
    """Runs of words in small letters that nothing explains, behind a word that asks, relates, compares or counts."""
    before = written(question)
    explained = {at for one in before if _explains(one) for at in range(one.start, one.end)}
    asking = {one.end for one in before if one.kind in _BEFORE or (one.kind == "operator" and one.value in _ASKING)}
    nouns = explained - _closed(question)
    for start, end in runs(at not in explained and _is_open(question, at) for at in range(len(question.tokens))):
        first = start - (start > 0 and question.tokens[start - 1].lower in _SMALL)
        if end - start <= _LONGEST and first in asking and end not in nouns:
            yield start, end


def _explains(one: Reading) -> bool:
    """Whether words have a meaning by a reading: fillers have none, and names that the store does not have may mean a kind of things."""
    return one.kind != "filler" and not (one.kind == "name" and one.rule in ("unknown", "misspelt"))


def _closed(question: Question) -> set[int]:
    """Tokens of function words: what follows a noun, and no noun that it belongs to."""
    return {at for at, token in enumerate(question.tokens) if token.lower in COMMON}


def _is_open(question: Question, at: int) -> bool:
    token = question.tokens[at]
    return token.text.islower() and token.text.isalpha() and len(token.text) > 2 and token.lower not in COMMON
