"""Typing errors in the closed vocabulary: "whre" for where, "largeest" for largest, "popuulation" for population.

A word is taken for another only if nothing explains it as it is typed, and if a letter too much, too few or two letters in the wrong order
tell them apart; another letter may make another word ("crops" is not cross).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from ..knowledge import Knowledge, lemma
from ..request import Assumption
from . import _comparators, _operators, _relations, _superlatives
from ._classes import SYNONYM, class_table
from ._properties import property_table
from ._reading import Reading
from ._tokens import Question, Token
from ._words import COMMON

_LEAST, _SHORTEST = 5, 4
"""Letters of a word from which on a slip of it is told; of a word of questions, or of several things ("which", "lakes")."""
_LIKE = 0.85
_GUESSES = frozenset(("unknown", "misspelt"))
"""Rules of names that stand for want of anything better."""


def slips(question: Question, readings: Iterable[Reading], knowledge: Knowledge) -> dict[int, str]:
    """Token → the word of the closed vocabulary, or of a property, that it is a slip of."""
    explained = {at for one in readings if one.rule not in _GUESSES for at in range(one.start, one.end)}
    found: dict[int, str] = {}
    for at, token in enumerate(question.tokens):
        begins = at == 0 or question.tokens[at - 1].text in (".", "?", "!")
        if at not in explained and token.lower.isalpha() and len(token.lower) >= _SHORTEST and (begins or token.text.islower()):
            meant = _meant(token.lower, _vocabulary(knowledge))
            if meant:
                found[at] = meant
    return found


def corrected(question: Question, meant: dict[int, str]) -> Question:
    """The same tokens with other words in the place of some, in a text of its own."""
    typed, tokens, last = "", list[Token](), 0
    for at, token in enumerate(question.tokens):
        typed += question.typed[last : token.start]
        text = meant.get(at, question.typed[token.start : token.end])
        moved = replace(token, start=len(typed), end=len(typed) + len(text))
        if at in meant:
            moved = replace(moved, lower=text, lemma=lemma(text))
            question.doc[at].lemma_ = moved.lemma
        tokens.append(moved)
        typed, last = typed + text, token.end
    return replace(question, typed=typed + question.typed[last:], tokens=tuple(tokens))


def told(question: Question, readings: Sequence[Reading], meant: dict[int, str]) -> list[Reading]:
    """The readings with what was taken for granted about the words that they are of."""
    notes = {
        at: Assumption("misspelt", f"“{question.words(at, at + 1)}” is taken as {word}.", question.words(at, at + 1))
        for at, word in meant.items()
    }
    return [replace(one, assumptions=(*one.assumptions, *_within(one, notes))) if _within(one, notes) else one for one in readings]


def _within(one: Reading, notes: dict[int, Assumption]) -> list[Assumption]:
    return [note for at, note in notes.items() if one.start <= at < one.end]


def _meant(typed: str, vocabulary: Sequence[str]) -> str:
    from rapidfuzz import fuzz, process
    from rapidfuzz.distance import OSA

    near = process.extract(typed, vocabulary, scorer=OSA.distance, score_cutoff=1 if len(typed) < 9 else 2, limit=5)
    likely = [(fuzz.ratio(typed, word) / 100, word) for word, _, _ in near if len(word) >= _LEAST and word != typed]
    fitting = [(ratio, word) for ratio, word in likely if ratio >= _LIKE or sorted(typed) == sorted(word)]
    if len(typed) < _LEAST:
        fitting = [(ratio, word) for ratio, word in fitting if word.startswith("wh") or word.endswith("s")]
    return max(fitting, default=(0.0, ""))[1]


@lru_cache(maxsize=8)
def _vocabulary(knowledge: Knowledge) -> tuple[str, ...]:
    tables = (_operators.words(), _relations.words(), _comparators.words(), _superlatives.words())
    own = {word for words in property_table(knowledge) for word in words}
    kinds = {words[0] for words, found in class_table(knowledge).items() if len(words) == 1 and found[0].score >= SYNONYM}
    own |= {form for word in kinds for form in (word, word + "s")}
    return tuple(sorted(word for word in COMMON.union(own, *tables) if len(word) >= _LEAST and word.isalpha()))
