"""Numbers and amounts: "five", "3,000", "half a million", "10 km", "a hundred square kilometres", "25 %"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from ..request import Amount
from ._reading import Reading
from ._tokens import Question, Token

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: float(n) for n, word in enumerate(_ONES.split())}
_TEN = {word: 20.0 + 10 * n for n, word in enumerate(_TENS.split())}
_SMALLER = _SMALL.keys() | _TEN.keys()
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "mio": 1e6, "mn": 1e6, "bn": 1e9, "dozen": 12.0}
_FIGURES = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_UNITS: tuple[tuple[str, str], ...] = (
    ("%", "%, percent, per cent, percentage, pct, percentage point"),
    ("km", "km, kilometre, kms"), ("m", "m, metre"), ("cm", "cm, centimetre, centimeter"), ("mm", "mm, millimetre, millimeter"),
    ("[mi_i]", "mile, mi"), ("[ft_i]", "foot, feet, ft"), ("[yd_i]", "yard, yd"), ("[nmi_i]", "nautical mile, nmi"),
    ("km2", "km2, km ^ 2, square kilometre, square km, sq km, sq. km, sq . km, sqkm, km squared, kilometre squared, sq kilometre"),
    ("m2", "m2, m ^ 2, square metre, square m, sq m, sq . m, sqm, m squared, metre squared, sq metre"),
    ("har", "ha, hectare"), ("[acr_br]", "acre"),
    ("[smi_us]", "square mile, sq mile, sq mi, sq . mi, mi2, mile squared"), ("[sft_i]", "square foot, square feet, sq ft"),
    ("km3", "km3, cubic kilometre"), ("m3", "m3, cubic metre"),
    ("MW", "mw, megawatt"), ("GW", "gw, gigawatt"), ("kW", "kw, kilowatt"), ("W", "watt"),
    ("t", "tonne, ton"), ("kg", "kg, kilogram"),
    ("ug/m3", "ug / m3, µg / m3, μg / m3, microgram per cubic metre, ug / m ^ 3, µg / m ^ 3, μg / m ^ 3"),
    ("mg/m3", "mg / m3, milligram per cubic metre"),
    ("deg", "degree, deg, °"), ("Cel", "degree celsius, ° c, degree c, celsius"),
    ("MB", "mb, megabyte"), ("GB", "gb, gigabyte"), ("h", "hour, hr, hrs"), ("min", "minute"),
    ("/km2", "per square kilometre, per km2, per square km, per sq km, / km2"), ("/[smi_us]", "per square mile, per sq mile"),
)  # fmt: skip
_WORDS: dict[tuple[str, ...], str] = {tuple(words.split()): code for code, phrases in _UNITS for words in phrases.split(", ")}
_LONGEST = max(map(len, _WORDS))
_MOST = 1e15
"""Largest number that is one: of larger ones no store has so much, and no integer is exact."""
_LETTERS = frozenset(("W", "t", "deg"))
_ALWAYS = frozenset(("h", "min"))
"""Units that are never words for what a number counts."""


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Numbers, and with the unit that stands behind them amounts."""
    del knowledge, today
    at = 0
    while at < len(question.tokens):
        found = number(question.tokens, at)
        if found is None:
            at += 1
            continue
        value, end = found
        signed = _sign(question.tokens, at)
        at, value = at - signed, -value if signed else value
        if abs(value) > _MOST:
            at = end
            continue
        # "a 5-kilometre radius"
        begin = end + (end < len(question.tokens) and question.tokens[end].text == "-")
        unit = unit_at(question.tokens, begin)
        if unit is None or unit[0] not in (*_ALWAYS, "%"):
            yield Reading("number", at, end, Amount(value), 0.8, "number")
        if unit:
            yield Reading("quantity", at, unit[1], Amount(value, unit[0]), rule="quantity")
        at = end
    yield from _asked(question)


def _sign(tokens: Sequence[Token], at: int) -> int:
    """How many tokens are the sign before a number: "minus", or a dash close to the number alone, as it is in no range and no name."""
    if at == 0:
        return 0
    sign, alone = tokens[at - 1], at == 1 or tokens[at - 2].end < tokens[at - 1].start or tokens[at - 2].text in ("(", "[")
    return int(sign.lower == "minus" or (sign.text == "-" and alone and sign.end == tokens[at].start))


def _asked(question: Question) -> Iterator[Reading]:
    """Units to answer in: "in hectares"."""
    for at, token in enumerate(question.tokens[:-1]):
        unit = unit_at(question.tokens, at + 1) if token.lower == "in" else None
        if unit and unit[0] not in _LETTERS:
            yield Reading("operator", at, unit[1], f"unit:{unit[0]}", 1.0, "unit asked")


def number(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """A number from ``at``, in figures or words, with the place after it."""
    if at >= len(tokens):
        return None
    word, following = tokens[at].lower, _word(tokens, at + 1)
    if word == "half" and following in {"a", "an"}:
        scale = _SCALES.get(_word(tokens, at + 2))
        return (0.5 * scale, at + 3) if scale else (0.5, at + 2)
    if word in {"a", "an"} and following in _SCALES and following != "k":
        return _scaled(tokens, 1.0, at + 1)
    if word in {"a", "an"} and following in {"couple", "pair"}:
        return 2.0, at + 2 + (at + 2 < len(tokens) and tokens[at + 2].lower == "of")
    if _FIGURES.fullmatch(word) and len(word) <= 18:
        return _scaled(tokens, float(word.replace(",", "")), at + 1)
    return _spelled(tokens, at)


def _spelled(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """``twenty-five``, ``three hundred and ten``."""
    total, end, found = 0.0, at, False
    while end < len(tokens):
        word = tokens[end].lower
        if word in _TEN:
            unit, end = _unit_behind(tokens, end + 1)
            total, found = total + _TEN[word] + unit, True
        elif word in _SMALL and not (found and total % 100):
            total, end, found = total + _SMALL[word], end + 1, True
        elif found and word in _SCALES and word != "k":
            total, end = (total or 1.0) * _SCALES[word], end + 1
        elif word == "and" and total >= 100 and _word(tokens, end + 1) in _SMALLER:
            end += 1
        else:
            break
    return (total, end) if found else None


def _word(tokens: Sequence[Token], at: int) -> str:
    """The token in lower case; nothing beyond the end."""
    return tokens[at].lower if at < len(tokens) else ""


def _unit_behind(tokens: Sequence[Token], at: int) -> tuple[float, int]:
    """What follows a ten: the 5 of ``twenty-five``, or nothing; and the place behind it."""
    joint = at + (at < len(tokens) and tokens[at].text == "-")
    unit = _SMALL.get(_word(tokens, joint), 0.0)
    return (unit, joint + 1) if 0 < unit < 10 else (0.0, at)


def _scaled(tokens: Sequence[Token], value: float, at: int) -> tuple[float, int]:
    while at < len(tokens) and tokens[at].lower in _SCALES:
        value, at = value * _SCALES[tokens[at].lower], at + 1
    return value, at


def unit_at(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """The UCUM code of the unit that stands at a place, with the place after it."""
    for size in range(min(_LONGEST, len(tokens) - at), 0, -1):
        lemmas = tuple(token.lemma for token in tokens[at : at + size])
        plain = tuple(token.lower for token in tokens[at : at + size])
        code = _WORDS.get(lemmas) or _WORDS.get(plain)
        if code:
            return code, at + size
    return None


__all__ = ["number", "readings", "unit_at"]
