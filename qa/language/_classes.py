"""Words for kinds of things: labels of the store's classes, their synonyms and heads, and words for kinds that the store does not have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from earthweave.ontology import Lexeme

from ..knowledge import ClassEntry, Knowledge, by_words, kinds_of, lemmas, lexemes
from ..request import Concept
from ._reading import Reading, Scored
from ._tokens import Question
from ._windows import Words, singulars, tight, windows

LABEL, SHORTER, SYNONYM, WEAK, BROADER, RELATED, HEAD, MISSPELT, ABSENT = 1.0, 0.92, 0.88, 0.75, 0.6, 0.5, 0.5, 0.6, 0.45
_EMPTY_HEADS = {
    "unit",
    "area",
    "class",
    "type",
    "object",
    "entity",
    "feature",
    "thing",
    "place",
    "line",
    "point",
    "site",
    "zone",
    "level",
    "group",
}
STRAY = 0.85
_FLAGS = {"yes", "no", "true", "false"}
_SHOWN = 12

Candidates = tuple[Scored, ...]


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """One reading for every run of tokens that is a word for some class, with all classes that it may mean."""
    table = class_table(knowledge)
    known = set[int]()
    for start, end, words in windows(question, max(map(len, table), default=1)):
        if tight(question, start, end) and (found := table.get(singulars(words))):
            known |= set(range(start, end))
            yield Reading("class", start, end, found, found[0].score, "class")
    yield from _misspelt(question, knowledge, known)


@lru_cache(maxsize=8)
def class_table(knowledge: Knowledge) -> Mapping[Words, Candidates]:
    """Words (lemmas) → classes that they may mean, likeliest first, of equal ones the class of more things first."""
    found: defaultdict[Words, dict[str, float]] = defaultdict(dict)
    for entry in knowledge.classes.values():
        for words, score in _words_of(entry):
            found[words][entry.iri] = max(score, found[words].get(entry.iri, 0.0))
    table = {words: _ranked(rows, knowledge) for words, rows in found.items() if words and words[0] not in _FLAGS}
    for words, known in by_words("things").items():
        table.setdefault(words, (Scored(Concept(known[0].label), ABSENT),))
    return table


def _ranked(rows: Mapping[str, float], knowledge: Knowledge) -> Candidates:
    most = max(knowledge.classes[iri].count for iri in rows)
    # a class of the same name with hardly any members is a slip of whoever made the data
    rows = {iri: score * (STRAY if knowledge.classes[iri].count < most / 100 else 1.0) for iri, score in rows.items()}
    order = sorted(rows, key=lambda iri: (-rows[iri], -knowledge.classes[iri].count, iri))
    return tuple(Scored(Concept(knowledge.classes[iri].labels[0], iri), rows[iri]) for iri in order[:_SHOWN])


def _words_of(entry: ClassEntry) -> Iterator[tuple[Words, float]]:
    for place, label in enumerate((*entry.labels, *entry.others)):
        words = lemmas(label)
        # what a label is shortened to is as good as a label if it is a usual word for a kind: "county" of "county council"
        share = LABEL if place < len(entry.labels) else SHORTER if kinds_of(label) else WEAK
        yield words, share
        if len(words) > 1 and words[-1] not in _EMPTY_HEADS and kinds_of(words[-1]):
            yield words[-1:], HEAD * share
        for lexeme in by_words("things").get(words, ()):
            yield from _through(lexeme, words, share)


def _through(lexeme: Lexeme, words: Words, share: float) -> Iterator[tuple[Words, float]]:
    """Other words for the concept that a label means, and for what is above it and beside it."""
    known = by_words("things")[words]
    primary = lemmas(lexeme.label) == words or len(known) == 1
    for other in lexeme.labels:
        yield lemmas(other), share * (SYNONYM if primary else WEAK)
    for concepts, score in ((lexeme.broader, BROADER), (lexeme.related, RELATED)):
        for iri in concepts:
            yield from ((lemmas(other), score * share) for other in lexemes()[iri].labels)


def _misspelt(question: Question, knowledge: Knowledge, known: set[int]) -> Iterator[Reading]:
    """Words of the store's own labels with typing errors."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    texts = _single_words(knowledge)
    for at, token in enumerate(question.tokens):
        if at not in known and len(token.lower) > 4 and token.lower.isalpha() and not knowledge.names.find((token.lower,)):
            allowed = 1 if len(token.lemma) < 9 else 2
            for text, _, _ in process.extract(token.lemma, texts, scorer=OSA.distance, score_cutoff=allowed, limit=1):
                found = class_table(knowledge)[text,]
                scored = tuple(Scored(one.value, one.score * MISSPELT) for one in found)
                yield Reading("class", at, at + 1, scored, scored[0].score, "class misspelt")


@lru_cache(maxsize=8)
def _single_words(knowledge: Knowledge) -> list[str]:
    return [
        words[0]
        for words, found in class_table(knowledge).items()
        if len(words) == 1 and len(words[0]) > 4 and words[0].isalpha() and found[0].score >= SYNONYM
    ]
