"""A question as tokens: normalised, split, and still tied to the characters that were typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

from earthweave.ontology import MissingDependencyError

from ..knowledge import fold, lemma

MAX_CHARACTERS = 1000
"""Longest question that is read; longer ones are not questions."""

_MAX_STRINGS = 50_000
"""Words that spaCy may remember: some 15 MiB; making the pipeline anew takes 0.15 s."""

_SAME = str.maketrans("–—−‐‑’‘`“”\u00a0", "-----'''\"\" ")


@dataclass(frozen=True)
class Token:
    """One word, number or mark.

    Attributes:
        text: after NFKC.
        lower: case-folded, without diacritics: what names and words are compared by.
        lemma: singular of ``lower``, by rule: what the closed vocabulary is compared by.
        start, end: characters in the question as it was typed.
    """

    text: str
    lower: str
    lemma: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether it has a letter or digit."""
        return any(map(str.isalnum, self.text))


@dataclass(frozen=True)
class Question:
    """The typed text and its tokens.

    Attributes:
        doc: spaCy's document of the same tokens, with their lemmas; annotators write into its groups of spans.
    """

    typed: str
    tokens: tuple[Token, ...]
    doc: Any = field(compare=False, repr=False)

    def words(self, start: int, end: int) -> str:
        """What was typed from token ``start`` up to ``end``, excluded."""
        return self.typed[self.tokens[start].start : self.tokens[end - 1].end]


def read(typed: str) -> Question:
    """Normalise and split a question; raises `MissingDependencyError` without spaCy."""
    text, origin = normalise(typed)
    doc, tokens = _bounded().make_doc(text), []
    for word in doc:
        lower = fold(word.text)
        end = word.idx + len(word.text)
        tokens.append(Token(word.text, lower, lemma(lower), origin[word.idx], origin[end - 1] + 1))
        word.lemma_ = tokens[-1].lemma
    return Question(typed, tuple(tokens), doc)


def runs(flags: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Where tokens of a kind follow one another: ``[start, end)`` of each longest run of flags that are set."""
    for flag, places in groupby(enumerate(flags), lambda one: one[1]):
        if flag:
            start, *others = [at for at, _ in places]
            yield start, start + len(others) + 1


def normalise(typed: str) -> tuple[str, list[int]]:
    """NFKC with one kind of dash, quote and space; for each character of the result, its place in ``typed``."""
    text, origin = "", list[int]()
    for place, character in enumerate(typed):
        for piece in unicodedata.normalize("NFKC", character).translate(_SAME):
            # spaCy makes tokens of doubled spaces
            if not piece.isspace() or (text and text[-1] != " "):
                text += " " if piece.isspace() else piece
                origin.append(place)
    return text, origin


def _bounded() -> Any:
    """The pipeline, made anew once it remembers too many words.

    It keeps every word that it ever met. ``Language.memory_zone`` frees the strings, but not their places in the table of lexemes (20 MiB
    after 12 000 questions of unknown words), and no two threads can be in one.
    """
    if len(blank().vocab.strings) > _MAX_STRINGS:
        blank.cache_clear()
    return blank()


@lru_cache(maxsize=1)
def blank() -> Any:
    """spaCy's blank English pipeline with a tokenizer for Earth observation: splits ``10km``, ``mid-July``, ``15-25``; keeps dates."""
    try:
        import spacy
        from spacy.tokenizer import Tokenizer
        from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
    except ImportError as error:
        raise MissingDependencyError("questions need spaCy", way_out="pip install 'earthweave[qa]'") from error
    language = spacy.blank("en")
    marks = r"(?:[^\w\s']|_)"
    language.tokenizer = Tokenizer(
        language.vocab,
        prefix_search=compile_prefix_regex([marks, "'"]).search,
        suffix_search=compile_suffix_regex([marks, "'s", "'"]).search,
        infix_finditer=compile_infix_regex([marks, r"(?<=[0-9])(?=[^\W\d_]{2,}2?$|[hdm]$|m2$)(?!(?:st|nd|rd|th)$)"]).finditer,
        token_match=_whole().fullmatch,
    )
    return language


def _whole() -> Any:
    import re

    return re.compile(
        r"\d{4}-(0?[1-9]|1[0-2])(-\d{1,2})?(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2}|\d{1,2}/\d{4}|\d{4}/\d{2}"
        r"|\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+|[pP][mM]2\.5|<=|>="
    )
