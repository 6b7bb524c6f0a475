"""Tables of phrases, and where they stand in a question: spaCy's PhraseMatcher over lemmas.

In a phrase ``a|b`` is a choice and ``a?`` may be left out; a token matches by its plain form or its lemma.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar

from ..knowledge import lemma
from ._tokens import Question, blank

T = TypeVar("T")
Words = tuple[str, ...]


class Phrases(Generic[T]):
    """Phrases, each with a value. Raises `MissingDependencyError` at the first look-up without spaCy."""

    def __init__(self, rows: Iterable[tuple[T, str]]) -> None:
        self._by_lemmas: dict[Words, dict[Words, list[T]]] = {}
        self._matcher: Any = None
        for value, phrases in rows:
            for words in dict.fromkeys(words for phrase in phrases.split(", ") for words in _spelled(phrase)):
                values = self._by_lemmas.setdefault(tuple(map(lemma, words)), {}).setdefault(words, [])
                if value not in values:
                    values.append(value)

    def find(self, question: Question) -> Iterator[tuple[T, int, int]]:
        """Value, first token and the one after the last, of every phrase in a question, first ones and short ones first."""
        if self._matcher is None:
            self._matcher = self._compiled()
        for _, start, end in sorted(self._matcher(question.doc), key=lambda match: match[1:]):
            tokens = question.tokens[start:end]
            found: list[T] = []
            for words, values in self._by_lemmas[tuple(token.lemma for token in tokens)].items():
                # "are" is written so by whoever means just that, and no lemma tells
                if all(word in (token.lower, token.lemma) for word, token in zip(words, tokens, strict=True)):
                    found += [value for value in values if value not in found]
            yield from ((value, start, end) for value in found)

    def words(self) -> frozenset[str]:
        """All words of all phrases."""
        return frozenset(word for ways in self._by_lemmas.values() for words in ways for word in words)

    def _compiled(self) -> Any:
        from spacy.matcher import PhraseMatcher
        from spacy.tokens import Doc

        vocabulary = _vocabulary()
        matcher = PhraseMatcher(vocabulary, attr="LEMMA")
        matcher.add("phrase", [Doc(vocabulary, words=lemmas, lemmas=lemmas) for lemmas in map(list, self._by_lemmas)])
        return matcher


def _spelled(phrase: str) -> Iterator[Words]:
    """Every way to say a phrase with choices and parts that may be left out."""
    ways: list[Words] = [()]
    for piece in phrase.split():
        optional = len(piece) > 1 and piece.endswith("?")
        words = (piece[:-1] if optional else piece).split("|")
        ways = [(*way, word) for way in ways for word in words] + (ways if optional else [])
    yield from filter(None, ways)


@lru_cache(maxsize=1)
def _vocabulary() -> Any:
    """Of the tables alone: that of the pipeline is given up now and then, with the words of questions."""
    from spacy.vocab import Vocab

    blank()
    return Vocab()
