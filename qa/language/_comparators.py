"""Words that compare: "more than", "at least", "or more", "between 2 and 3", and adjectives such as "larger than"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from ._phrases import Phrases
from ._reading import Comparator, Reading
from ._tokens import Question

_SIZE, _SIZE_OF_LINES = ("area", "population", "length"), ("length",)
_COMPARATORS: tuple[tuple[Comparator, str], ...] = (
    (Comparator(">="),
     "at least, no less than, not less than, no fewer than, not fewer than, not below, a? minimum of?, min, minimum, >=, > =, ≥, "
     "starting at, "
     "greater|more|larger|higher than or equal to, not under, from at least"),
    (Comparator("<="),
     "at most, no more than, not more than, not above, not over, a? maximum of?, max, maximum, maximal, up to, <=, < =, ≤, "
     "not exceeding, "
     "less|fewer|smaller|lower than or equal to, within, no further|farther than, not further|farther than, capped at, "
     "maximum distance :?"),
    (Comparator(">"),
     "more than, over, above, greater than, exceeding, exceed, exceeds, exceeded, in excess of, beyond, >, upwards of, more"),
    (Comparator("<"), "less than, under, below, fewer than, <, short of, less, fewer"),
    (Comparator("="), "equal to, equals, equal, exactly, of exactly, precisely, =, = ="),
    (Comparator("=", about=True), "about, around, approximately, roughly, nearly, almost, circa, some, ~, approx, approx ., close to"),
    (Comparator(">", hints=_SIZE), "larger than, bigger than, greater in size|area than, larger in size|area than, larger, bigger"),
    (Comparator("<", hints=_SIZE), "smaller than, smaller, tinier than"),
    (Comparator(">", hints=("length",)), "longer than, longer, lengthier than"),
    (Comparator("<", hints=("length",)), "shorter than, shorter"),
    (Comparator(">", hints=("elevation",)), "higher than, taller than, higher, taller"),
    (Comparator("<", hints=("elevation",)), "lower than, lower"),
    (Comparator(">", hints=("population",)), "more populous than, more populated than, more inhabitants than"),
    (Comparator("<", hints=("population",)), "less populous than, less populated than, fewer inhabitants than"),
    (Comparator("<", hints=("distance",)), "closer than, nearer than, closer, nearer"),
    (Comparator(">", hints=("distance",)), "further than, farther than, further away than, farther away than, further, farther"),
    (Comparator(">", hints=("time",)), "newer than, more recent than, younger than"),
    (Comparator("<", hints=("time",)), "older than"),
)  # fmt: skip
_AFTER: tuple[tuple[Comparator, str], ...] = (
    (Comparator(">=", after=True), "or more, or higher, or above, or larger, or greater, or bigger, or over, and above, and more, "
         "or longer, +, and over"),
    (Comparator("<=", after=True), "or less, or lower, or below, or smaller, or fewer, and below, or under, or shorter, at most, "
         "max, maximum"),
    (Comparator("=", after=True, about=True), "or so"),
)  # fmt: skip
_RANGES: tuple[tuple[Comparator, str], ...] = ((Comparator("<=", range=True), "between, from, in the range, ranging from"),)


@lru_cache(maxsize=1)
def _table() -> Phrases[Comparator]:
    return Phrases((*_COMPARATORS, *_AFTER, *_RANGES))


_WEAK = frozenset("within some more less fewer around close from".split())


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Comparators; those with ``hints`` say themselves what is compared."""
    del knowledge, today
    for word, start, end in _table().find(question):
        weak = end == start + 1 and question.tokens[start].lower in _WEAK
        yield Reading("comparator", start, end, word, 0.8 if weak else 1.0, "comparators")


def words() -> frozenset[str]:
    """All words of the table."""
    return _table().words()
