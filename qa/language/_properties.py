"""Words for what can be asked of things: stored properties, measures of geometries, and properties that the store does not have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from ..knowledge import Knowledge, PropertyEntry, by_words, distinct_properties, lemmas
from ..request import Property
from ._reading import PropertyWord, Reading, Scored
from ._tokens import Question
from ._windows import Words, singulars, tight, windows
from ._words import COMMON

LABEL, SYNONYM, VARIANT, WEAK, HINT, MEASURE, ABSENT = 1.0, 0.9, 0.85, 0.75, 0.5, 0.9, 0.4
_SHARES = ("percentage", "cover", "coverage", "share", "fraction")
COMPOUND = 0.7
_HEADS = frozenset("density production rate intensity concentration consumption income price yield output expectancy quality".split())
_SHOWN = 12


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """One reading for every run of tokens that is a word for a property, with all properties and measures that it may mean."""
    table = property_table(knowledge)
    for start, end, words in windows(question, max(map(len, table), default=1)):
        if tight(question, start, end) and (found := table.get(singulars(words))):
            yield Reading("property", start, end, found, found[0].score, "property")
    yield from _compounds(question, table)


def _compounds(question: Question, table: Mapping[Words, tuple[Scored, ...]]) -> Iterator[Reading]:
    """Properties that nobody has, by a head that only properties have: "building density", "corn production"."""
    for start, end, words in windows(question, 2):
        some = singulars(words)
        if len(words) == 2 and some[-1] in _HEADS and some not in table and words[0] not in COMMON and tight(question, start, end):
            word = PropertyWord(Property(" ".join(some)), "", (), "1")
            yield Reading("property", start, end, (Scored(word, COMPOUND),), COMPOUND, "property unknown")


@lru_cache(maxsize=8)
def property_table(knowledge: Knowledge) -> Mapping[Words, tuple[Scored, ...]]:
    """Words (lemmas) → what they may mean, likeliest first, of equal ones what more things have first."""
    found: defaultdict[Words, dict[PropertyWord, float]] = defaultdict(dict)
    order: dict[PropertyWord, int] = {}
    for entry in distinct_properties(knowledge):
        word = word_of(entry)
        order[word] = entry.count
        for words, score in _words_of(entry):
            found[words][word] = max(score, found[words].get(word, 0.0))
    for words, word, score in _lexical(measured=bool(knowledge.geometry) or not knowledge.properties):
        if word.measure or words not in found:
            found[words].setdefault(word, score)
    return {words: _ranked(rows, order) for words, rows in found.items() if words}


def word_of(entry: PropertyEntry) -> PropertyWord:
    """A stored property as the grammar sees it."""
    return PropertyWord(Property(entry.labels[0], entry.iri, entry.unit), "", entry.domains, entry.dimension)


def _ranked(rows: Mapping[PropertyWord, float], order: Mapping[PropertyWord, int]) -> tuple[Scored, ...]:
    best = sorted(rows, key=lambda word: (-rows[word], -order.get(word, 0), str(word)))
    return tuple(Scored(word, rows[word]) for word in best[:_SHOWN])


def _words_of(entry: PropertyEntry) -> Iterator[tuple[Words, float]]:
    table = by_words("properties")
    for labels, share in ((entry.labels, 1.0), (entry.others, WEAK)):
        for label in labels:
            words = lemmas(label)
            yield words, LABEL * share
            for lexeme in table.get(words, ())[:1]:
                yield from ((lemmas(other), SYNONYM * share) for other in lexeme.labels)
                yield from ((lemmas(other), HINT * share) for other in lexeme.hints)
            if len(words) > 1 and words[-1] in _SHARES:
                core = words[:-1]
                yield core, HINT * share
                yield from (((*core, last), VARIANT * share) for last in _SHARES)
                yield from (((first, "of", *core), VARIANT * share) for first in _SHARES)


def _lexical(*, measured: bool) -> Iterator[tuple[Words, PropertyWord, float]]:
    """Measures, which geometries give to everything, and properties that people may ask for in vain."""
    for words, known in by_words("properties").items():
        for lexeme in known:
            if lexeme.dimension == "category":
                continue
            if lexeme.measure:
                score = MEASURE if measured and lexeme.measure != "elevation" else ABSENT
                yield words, PropertyWord(None, lexeme.measure, (), lexeme.dimension or "1"), score
            else:
                yield words, PropertyWord(Property(lexeme.label), "", (), lexeme.dimension or "1"), ABSENT
