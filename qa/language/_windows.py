"""Runs of tokens as the words that names and labels are looked up by."""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge import key, lemma
from ._tokens import Question

Words = tuple[str, ...]
_PUNCTUATION = 2
"""Tokens of a name beyond its words: a comma, a bracket, an apostrophe."""


def windows(question: Question, longest: int) -> Iterator[tuple[int, int, Words]]:
    """Every run of tokens from a word to a word, with the key of what was typed; runs of more than ``longest`` words are left out."""
    tokens = question.tokens
    for start, token in enumerate(tokens):
        if token.is_word and not token.lower.startswith("'"):
            for end in range(start + 1, min(len(tokens), start + longest + _PUNCTUATION) + 1):
                if tokens[end - 1].is_word and not tokens[end - 1].lower.startswith("'"):
                    words = key(question.words(start, end))
                    if len(words) > longest:
                        break
                    if words:
                        yield start, end, words


def singulars(words: Words) -> Words:
    """The words as labels of classes and properties are compared by."""
    return tuple(map(lemma, words))


def tight(question: Question, start: int, end: int) -> bool:
    """Whether no comma or bracket stands inside a run."""
    return all(token.is_word or token.text in "-'&./" for token in question.tokens[start:end])
