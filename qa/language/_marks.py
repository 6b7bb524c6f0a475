"""Runs of words that stand where names do, in questions written in small letters: a chain of tags that a small trained model chooses.

::

    words ─▶ closed words, kinds, properties, numbers as they are; all others alike ─▶ features ─▶ weights ─▶ likeliest chain ─▶ runs

The weights come from questions made by chance from patterns (``python -m benchmarks._questions.marks``), and know no name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

from ..knowledge import by_words, lemma

TAGS = "OBI"
"""Outside of a name, at its beginning, inside."""
Scores = Sequence[float]
"""One for each tag."""
_NEVER = -1e9


@lru_cache(maxsize=1)
def _sorts() -> tuple[frozenset[str], frozenset[str]]:
    """Words for kinds of things, and for properties, as lemmas."""
    kinds, properties = (frozenset(word for words in by_words(scheme) for word in words) for scheme in ("things", "properties"))
    return kinds, properties - kinds


@dataclass(frozen=True)
class Marks:
    """A tagger.

    Attributes:
        vocabulary: words, in small letters, that count by themselves.
        weights: of a feature, for each tag.
        following: of a tag behind another (``""`` at the beginning), for each tag.
    """

    vocabulary: frozenset[str]
    weights: Mapping[str, Scores] = field(repr=False)
    following: Mapping[str, Scores]

    def names(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """First word, and the one after the last, of each run that looks like a name."""
        tags = self.tags(self.features(words))
        for at, tag in enumerate(tags):
            if tag == "B":
                yield at, next((end for end in range(at + 1, len(tags)) if tags[end] != "I"), len(tags))

    def features(self, words: Sequence[str]) -> list[list[str]]:
        """What each word is weighed by: itself, those beside it, and how it ends if nothing is known of it."""
        sorts = ["", "", *map(self._sort, words), "", ""]
        found = []
        for at, word in enumerate(words):
            second, before, own, behind, after = sorts[at : at + 5]
            ending = word[-3:] if own == "?" else ""
            found.append([
                f"0 {own}", f"1 {before}", f"2 {behind}", f"3 {before} {own}", f"4 {own} {behind}", f"5 {second} {before} {own}",
                f"6 {own} {behind} {after}", f"7 {before} {own} {behind}", f"8 {ending}",
            ])  # fmt: skip
        return found

    def _sort(self, word: str) -> str:
        if word in self.vocabulary:
            return word
        kinds, properties = self._sorts
        own = lemma(word)
        return "=kind" if own in kinds else "=property" if own in properties else "=number" if word[:1].isdigit() else "?"

    @cached_property
    def _sorts(self) -> tuple[frozenset[str], frozenset[str]]:
        return _sorts()

    def tags(self, features: Sequence[Sequence[str]]) -> list[str]:
        """The chain of tags of the greatest weight (Viterbi)."""
        best: list[float] = [0.0]
        before, steps = [""], list[list[int]]()
        for row in features:
            own = [sum(values[tag] for one in row if (values := self.weights.get(one))) for tag in range(3)]
            ways = [[score + self.following.get(was, (0, 0, 0))[tag] + _barred(was, tag) for was, score in zip(before, best, strict=True)]
                    for tag in range(3)]  # fmt: skip
            steps.append([max(range(len(way)), key=way.__getitem__) for way in ways])
            best, before = [own[tag] + max(ways[tag]) for tag in range(3)], [*TAGS]
        chain, tag = list[str](), max(range(len(best)), key=best.__getitem__)
        for step in reversed(steps):
            chain.append(TAGS[tag])
            tag = step[tag]
        return chain[::-1]


def _barred(was: str, tag: int) -> float:
    return _NEVER if TAGS[tag] == "I" and was in ("", "O") else 0.0


@lru_cache(maxsize=1)
def model() -> Marks:
    """The model of the package."""
    told = json.loads((files("earthweave.qa.language") / "data" / "marks.json").read_text("utf-8"))
    return Marks(frozenset(told["vocabulary"]), told["weights"], told["following"])
