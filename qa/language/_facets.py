"""Values of properties that narrow a class: "italian", "Sentinel-2B", "fuel type coal", "wheelchair accessible"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from ..knowledge import PLACES, Knowledge, PropertyEntry, by_words, distinct_properties, key, lemmas
from ..request import Compare, Property, Text
from ._classes import class_table
from ._found import aliases
from ._reading import Facet, Reading
from ._tokens import Question
from ._windows import Words, singulars, tight, windows
from ._words import COMMON

VALUE, WITH_PROPERTY, FLAG, DOUBTFUL = 0.85, 0.97, 0.9, 0.35
_IN = {"in", "from", "of", "at", "around", ","}
_YES = ("yes", "true", "1")
_FLAGS = {"yes", "no", "true", "false", "limited", "only", "designated", "0", "1", "customers", "wlan", "free"}
_COMMON = COMMON | {"other", "unknown", "public", "private", "general", "regional"}


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """Facets for every run of tokens that is such a value, or the property with its value beside it."""
    table, flags = value_table(knowledge), flag_table(knowledge)
    for start, end, words in windows(question, max(map(len, (*table, *flags)), default=1)):
        if tight(question, start, end):
            for entry, text in table.get(words, ()) or table.get(singulars(words), ()):
                # codes such as "IN" are words when they are written small
                if len(text) < 4 and text.isupper() and key(text) == words and not question.words(start, end).isupper():
                    continue
                yield from _value(question, knowledge, start, end, words, entry, text)
            for entry, text in flags.get(singulars(words), ()):
                yield Reading("facet", start, end, _facet(entry, text), FLAG if end - start == 1 else WITH_PROPERTY, "flag")


def _value(
    question: Question, knowledge: Knowledge, start: int, end: int, words: Words, entry: PropertyEntry, text: str
) -> Iterator[Reading]:
    known = class_table(knowledge).get(singulars(words))
    doubtful = (len(words) == 1 and words[0] in _COMMON) or (known is not None and known[0].score >= 0.9 and bool(known[0].value.iri))
    yield Reading("facet", start, end, _facet(entry, text), DOUBTFUL if doubtful else VALUE, "value")
    if _is_where(entry) and start and question.tokens[start - 1].lower in _IN:
        yield Reading("facet", start - 1, end, _facet(entry, text), VALUE, "in a place")
    for first, last in _beside(question, start, end, entry):
        yield Reading("facet", first, last, _facet(entry, text), WITH_PROPERTY, "property and value")


def _beside(question: Question, start: int, end: int, entry: PropertyEntry) -> Iterator[tuple[int, int]]:
    """Where the property's own label stands directly before or behind its value, with "is", "of" or "=" between them at most."""
    names = _labels(entry)
    for size in range(1, max(map(len, names)) + 1):
        for gap in (0, 1):
            first = start - size - gap
            between = question.tokens[max(start - gap, 0) : start]
            if first >= 0 and all(token.lower in ("of", "is", "=", ":", "with", "from", "the") for token in between):
                if lemmas(question.words(first, first + size)) in names:
                    yield first, end
        if end + size <= len(question.tokens) and lemmas(question.words(end, end + size)) in names:
            yield start, end + size


@lru_cache(maxsize=4096)
def _is_where(entry: PropertyEntry) -> bool:
    """Whether the values of a property are places by their names: "in Chicago" where the store has addresses, and no such city."""
    return any(lexeme.label in PLACES for words in _labels(entry) for lexeme in by_words("properties").get(words, ()))


@lru_cache(maxsize=4096)
def _labels(entry: PropertyEntry) -> frozenset[Words]:
    found = {lemmas(label) for label in entry.labels}
    found |= {lemmas(other) for words in list(found) for lexeme in by_words("properties").get(words, ())[:1] for other in lexeme.labels}
    return frozenset(words for words in found if words)


def _facet(entry: PropertyEntry, text: str) -> Facet:
    value = Text(_written(entry, text), text if entry.dimension == "thing" else "", entry.listed)
    return Facet(Compare(Property(entry.labels[0], entry.iri, entry.unit), "=", value), entry.domains)


def _written(entry: PropertyEntry, value: str) -> str:
    return value.rpartition("/")[2].rpartition("#")[2] if entry.dimension == "thing" else value


@lru_cache(maxsize=8)
def value_table(knowledge: Knowledge) -> Mapping[Words, tuple[tuple[PropertyEntry, str], ...]]:
    """Words → properties with the value that is written so."""
    found: defaultdict[Words, list[tuple[PropertyEntry, str]]] = defaultdict(list)
    # what a relation leads to is found by its name
    led = {link.property for link in knowledge.relations}
    for entry in distinct_properties(knowledge):
        if entry.values and not entry.category and entry.dimension in ("text", "thing") and entry.iri not in led:
            for value in entry.values:
                words = key(_written(entry, value))
                for name in (words, *_spelled_out(entry, value)) if _tells(words) else ():
                    found[name].append((entry, value))
    return {words: tuple(rows) for words, rows in found.items()}


def _tells(words: Words) -> bool:
    """Whether words say what is meant: a lone "yes" does not, and neither do figures."""
    return not (len(words) == 1 and words[0] in _FLAGS) and any(len(word) > 1 and not word.isdigit() for word in words)


def _spelled_out(entry: PropertyEntry, value: str) -> list[Words]:
    """The names that an abbreviated place stands for: "California" where the store has addresses in "CA"."""
    if len(value) > 3 or not value.isupper() or not _is_where(entry):
        return []
    return [name for rule, name in aliases().get(key(value), ()) if rule == "alias" and len("".join(name)) > 3]


@lru_cache(maxsize=8)
def flag_table(knowledge: Knowledge) -> Mapping[Words, tuple[tuple[PropertyEntry, str], ...]]:
    """Words for properties that are mostly yes or no → the property with its value for yes."""
    found: defaultdict[Words, list[tuple[PropertyEntry, str]]] = defaultdict(list)
    for entry in distinct_properties(knowledge):
        yes = next((value for value in entry.values[:5] if value.lower() in _YES), None)
        if yes is not None and sum(value.lower() in _FLAGS for value in entry.values[:5]) >= min(2, len(entry.values)):
            for words in _labels(entry):
                found[words].append((entry, yes))
    return {words: tuple(rows) for words, rows in found.items()}
