"""Names of places and terms, found by dictionaries of word tuples; misspelt names by edit distance."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from earthweave.ontology import terms

from ._domain import ANSWERED, FLOOD_LEVEL
from ._request import Place
from ._spans import Reading
from ._text import Question, Token, fold, lemma

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"'s\b")
Key = tuple[str, ...]


def key(name: str) -> Key:
    """What names are compared by: words without case, diacritics, punctuation or a possessive."""
    return tuple(_WORD.findall(_POSSESSIVE.sub("", fold(name.replace("’", "'")))))


@dataclass(frozen=True)
class Match:
    """Places that a name may mean, the likeliest first, and how the name was typed if it was misspelt."""

    places: tuple[Place, ...]
    typed: str = ""


class Lexicon:
    """Place names as given; terms come from the ontology.

    Lookup is by longest n-gram; a name of several places means the one highest in its division, and the others are told.
    """

    def __init__(self, places: Iterable[Place] = ()) -> None:
        found: defaultdict[Key, dict[str, Place]] = defaultdict(dict)
        for place in places:
            if words := key(place.name):
                found[words].setdefault(place.iri, place)
        self._places = {words: tuple(sorted(rows.values(), key=_likelihood)) for words, rows in found.items()}
        self._joined = [" ".join(words) for words in self._places]
        self._longest = max(map(len, self._places), default=0)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, name: str) -> tuple[Place, ...]:
        """Places of exactly this name, up to case, diacritics and punctuation."""
        return self._places.get(key(name), ())

    def read(self, question: Question) -> Iterator[Reading]:
        """Every place name in a question."""
        for start, end, words in _windows(question, self._longest):
            if places := self._places.get(words):
                # a name that is a common word too ("Area", "March") gives way to it
                yield Reading("place", start, end, Match(places), 1.0 if len(words) > 1 else 0.85, "gazetteer")

    def misspelt(self, question: Question, unknown: Iterable[int]) -> Iterator[Reading]:
        """Place names that come close to words which nothing else explains."""
        strange = set(unknown)
        for start, end, words in _windows(question, self._longest + 1):
            if strange & set(range(start, end)) and (start in strange or end - 1 in strange):
                close = self.similar(" ".join(words), cutoff=86, limit=2)
                if close and (len(close) < 2 or close[0][1] - close[1][1] >= 3):
                    match = Match(self._places[tuple(close[0][0].split())], question.words(start, end))
                    yield Reading("place", start, end, match, 0.5 + close[0][1] / 250, "misspelt")

    def similar(self, name: str, *, cutoff: float, limit: int) -> list[tuple[str, float]]:
        """Names (as keys) like this one, with their similarity, 0 to 100."""
        from rapidfuzz import fuzz, process

        if len(name) < 4:
            return []
        found = process.extract(name, self._joined, scorer=fuzz.ratio, score_cutoff=cutoff, limit=limit)
        return [(text, score) for text, score, _ in found]

    def suggest(self, name: str) -> tuple[str, ...]:
        """Up to three names to offer instead of one that is unknown: those it begins, then those it resembles."""
        words = key(name)
        begun = [rows[0].name for other, rows in self._places.items() if words and other[: len(words)] == words]
        alike = [self._places[tuple(text.split())][0].name for text, _ in self.similar(" ".join(words), cutoff=70, limit=3)]
        return tuple(dict.fromkeys([*sorted(begun), *alike]))[:3]


def _likelihood(place: Place) -> tuple[bool, int, str]:
    return place.level is None, place.level or 0, place.iri


def _windows(question: Question, longest: int) -> Iterator[tuple[int, int, Key]]:
    # punctuation inside a name ("Penrith - East") takes up tokens that its key does not have
    for start, token in enumerate(question.tokens):
        if token.is_word:
            for end in range(start + 1, min(len(question.tokens), start + 2 * longest + 1) + 1):
                if question.tokens[end - 1].is_word or question.tokens[end - 1].lower == "'s":
                    words = key(question.words(start, end))
                    if len(words) > longest:
                        break
                    yield start, end, words


@lru_cache(maxsize=1)
def _concepts() -> dict[Key, tuple[Reading, ...]]:
    found: defaultdict[Key, list[Reading]] = defaultdict(list)
    for term in terms():
        for label in (term.label, *term.synonyms):
            words = tuple(map(lemma, key(label)))
            found[words].append(_concept(term.iri, term.kind, term.label))
    found["level",].append(Reading("property", 0, 0, FLOOD_LEVEL, 0.7, "ontology"))
    return {words: tuple(rows) for words, rows in found.items()}


def _concept(iri: str, kind: str, label: str) -> Reading:
    if kind == "class" and iri in ANSWERED:
        return Reading("class", 0, 0, iri, rule="ontology")
    if iri == FLOOD_LEVEL:
        return Reading("property", 0, 0, iri, rule="ontology")
    return Reading("foreign", 0, 0, label, 0.9, "ontology")


def concepts(question: Question) -> Iterator[Reading]:
    """Classes and properties of the ontology; those that cannot be asked about yet are ``foreign``."""
    table = _concepts()
    longest = max(map(len, table))
    for start, end, _ in _windows(question, longest):
        for row in table.get(_lemmas(question.tokens[start:end]), ()):
            yield Reading(row.kind, start, end, row.value, row.score, row.rule)


def _lemmas(tokens: Iterable[Token]) -> Key:
    return tuple(word for token in tokens for word in map(lemma, key(token.lower)))
