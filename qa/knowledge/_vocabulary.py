"""The ontology's lexicon as tables by word."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from earthweave.ontology import Lexeme, lexicon, terms

from ._normal import key, lemmas

Words = tuple[str, ...]


@lru_cache(maxsize=8)
def by_words(scheme: str) -> dict[Words, tuple[Lexeme, ...]]:
    """Concepts of a scheme by their labels as lemmas; those that it is the preferred label of come first."""
    found: defaultdict[Words, list[Lexeme]] = defaultdict(list)
    for first in (True, False):
        for lexeme in lexicon():
            if lexeme.scheme == scheme:
                for label in lexeme.labels[:1] if first else lexeme.synonyms:
                    if lexeme not in found[lemmas(label)]:
                        found[lemmas(label)].append(lexeme)
    return {words: tuple(rows) for words, rows in found.items()}


@lru_cache(maxsize=1)
def lexemes() -> dict[str, Lexeme]:
    """Concepts by their IRIs."""
    return {lexeme.iri: lexeme for lexeme in lexicon()}


def kinds_of(label: str) -> tuple[str, ...]:
    """Preferred labels of what a kind of thing is called and of everything above it, nearest first."""
    found = [name for lexeme in by_words("things").get(lemmas(label), ())[:1] for name in (lexeme.label, *map(_label, lexeme.broader))]
    return tuple(found)


@lru_cache(maxsize=1)
def kind_words() -> dict[Words, str]:
    """Words for kinds of places as names have them, in some other languages too → preferred label of the kind."""
    rows = [lexeme for lexeme in lexicon() if lexeme.scheme == "things"]
    found = {key(hint): lexeme.label for lexeme in rows for hint in lexeme.hints}
    for lexeme in reversed(rows):
        found |= {key(label): lexeme.label for label in lexeme.labels}
    return found | {key(lexeme.label): lexeme.label for lexeme in rows}


def _label(iri: str) -> str:
    return lexemes()[iri].label


@lru_cache(maxsize=1)
def ontology_labels() -> dict[str, tuple[str, ...]]:
    """Labels of our own classes and properties by their IRIs: a store need not repeat them."""
    return {term.iri: (term.label, *term.synonyms) for term in terms()}
