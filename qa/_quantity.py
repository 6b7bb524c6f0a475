"""Numbers, units and comparisons: "at least 7", "between 2 and 3 km²", "larger than half a hectare"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ._spans import Reading
from ._text import Token

Op = Literal["<", "<=", "=", ">=", ">"]


@dataclass(frozen=True)
class Comparison:
    """``op value unit`` with a UCUM unit, ``1`` for none, or ``?`` with the word for one that is not known.

    ``level``: the flood level was named between the comparison and the number ("above flood level 10").
    """

    op: Op
    value: float
    unit: str = "1"
    level: bool = False


_OPERATORS: tuple[tuple[Op, str], ...] = (
    (">=", "at least, no less than, not less than, not below, minimum of, a minimum of, >=, > =, ≥, greater than or equal to, "
           "more than or equal to"),
    ("<=", "at most, no more than, not more than, not above, maximum of, a maximum of, up to, <=, < =, ≤, less than or equal to"),
    (">", "above, over, more than, greater than, larger than, higher than, bigger than, exceeding, exceed, exceeds, exceeded, beyond, >, "
          "in excess of, worse than"),
    ("<", "below, under, less than, fewer than, smaller than, lower than, <, short of"),
    ("=", "equal to, equals, equal, exactly, of exactly, =, precisely"),
)
_AFTER: tuple[tuple[Op, str], ...] = (
    (">=", "or more, or higher, or above, or larger, or greater, and above, and more, +"),
    ("<=", "or less, or lower, or below, or smaller, or fewer, and below"),
)
_UNITS = {
    "km2": "km2", "square kilometre": "km2", "sq km": "km2", "km ^ 2": "km2", "square km": "km2", "sqkm": "km2",
    "ha": "har", "hectare": "har", "m2": "m2", "square metre": "m2", "sq m": "m2", "m ^ 2": "m2",
}  # fmt: skip
_FOREIGN_UNITS = frozenset("km kilometre m metre mile cm mm foot acre % percent percentage degree hour day".split())
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: float(n) for n, word in enumerate(_ONES.split())} | {word: 30.0 + 10 * n for n, word in enumerate(_TENS.split())}
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6}


def _longest_first(table: tuple[tuple[Op, str], ...]) -> tuple[tuple[tuple[str, ...], Op], ...]:
    rows: list[tuple[tuple[str, ...], Op]] = [(tuple(phrase.split()), op) for op, phrases in table for phrase in phrases.split(", ")]
    return tuple(sorted(rows, key=lambda row: -len(row[0])))


_BEFORE_TABLE, _AFTER_TABLE = _longest_first(_OPERATORS), _longest_first(_AFTER)
_UNIT_TABLE = tuple(sorted(((tuple(words.split()), unit) for words, unit in _UNITS.items()), key=lambda row: -len(row[0])))


def quantities(tokens: Sequence[Token]) -> Iterator[Reading]:
    """Comparisons, bare numbers, and units that are asked for ("how many hectares")."""
    for at in range(len(tokens)):
        yield from _between(tokens, at)
        yield from _compared(tokens, at)
        yield from _bare(tokens, at)
        if at > 1 and tokens[at - 1].lower in {"many", "in"} and (found := _unit(tokens, at)) and found[0] in set(_UNITS.values()):
            yield Reading("aggregate", at, found[1], ("sum", found[0]), rule="unit")


def _compared(tokens: Sequence[Token], at: int) -> Iterator[Reading]:
    for words, op in _BEFORE_TABLE:
        if not _spells(tokens, at, words):
            continue
        begin = at + len(words)
        named = next((size for size in (3, 2, 1) if _level(tokens[begin : begin + size])), 0)
        if found := number(tokens, begin + named):
            unit, end = _unit(tokens, found[1]) or ("1", found[1])
            yield Reading("comparison", at, end, (Comparison(op, found[0], unit, bool(named)),), rule="comparison")
        return


def _level(tokens: Sequence[Token]) -> bool:
    words = [token.lower for token in tokens if token.lower not in {"a", "the"}]
    return words in (["level"], ["flood", "level"], ["flooding", "level"], ["severity"])


def _between(tokens: Sequence[Token], at: int) -> Iterator[Reading]:
    if tokens[at].lower not in {"between", "from"} or not (low := number(tokens, at + 1)):
        return
    inner = _unit(tokens, low[1])
    joint = inner[1] if inner else low[1]
    if joint < len(tokens) and tokens[joint].lower in {"and", "to", "-"} and (high := number(tokens, joint + 1)):
        unit, end = _unit(tokens, high[1]) or (inner[0] if inner else "1", high[1])
        if low[0] <= high[0]:
            both = (Comparison(">=", low[0], inner[0] if inner else unit), Comparison("<=", high[0], unit))
            yield Reading("comparison", at, end, both, rule="between")


def _bare(tokens: Sequence[Token], at: int) -> Iterator[Reading]:
    if not (found := number(tokens, at)) or (at and number(tokens, at - 1) and not tokens[at].text.isdigit()):
        return
    unit, end = _unit(tokens, found[1]) or ("1", found[1])
    for words, op in _AFTER_TABLE:
        if _spells(tokens, end, words):
            yield Reading("comparison", at, end + len(words), (Comparison(op, found[0], unit),), rule="comparison")
            return
    if unit == "1":
        yield Reading("number", at, end, found[0], 0.5, "number")
    else:
        yield Reading("comparison", at, end, (Comparison("=", found[0], unit),), 0.9, "measure")


def number(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """A number from ``at``, in figures or words, with the place after it."""
    if at >= len(tokens):
        return None
    word = tokens[at].lower
    if word == "half" and at + 1 < len(tokens) and tokens[at + 1].lower in {"a", "an"}:
        return 0.5, at + 2
    if word in {"a", "an"} and at + 1 < len(tokens) and tokens[at + 1].lower in _SCALES:
        return _SCALES[tokens[at + 1].lower], at + 2
    digits = word.replace(",", "") if len(word) <= 18 else ""
    value = float(digits) if digits.replace(".", "", 1).isdecimal() and digits.isascii() else _NUMBERS.get(word)
    if value is None:
        return None
    scaled = at + 1 < len(tokens) and tokens[at + 1].lower in _SCALES
    return (value * _SCALES[tokens[at + 1].lower], at + 2) if scaled else (value, at + 1)


def _unit(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    for words, unit in _UNIT_TABLE:
        if tuple(token.lemma for token in tokens[at : at + len(words)]) == words:
            return unit, at + len(words)
    if at < len(tokens) and tokens[at].lemma in _FOREIGN_UNITS:
        return "?" + tokens[at].lemma, at + 1
    return None


def _spells(tokens: Sequence[Token], at: int, words: tuple[str, ...]) -> bool:
    return tuple(token.lower for token in tokens[at : at + len(words)]) == words
