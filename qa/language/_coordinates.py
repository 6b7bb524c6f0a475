"""Places given by coordinates: "bbox [-50, -15, -49, -14]", "coordinate -60.0, -3.1", "48.2 N, 16.4 E".

Two bare numbers that a word announces are longitude and latitude (CRS84), unless they can only be the other way round or a letter tells;
two decimal numbers behind a preposition alone, "near 48.85, 2.35", are latitude and longitude, as people write them; a box is west, south,
east, north (RFC 7946 §5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from ..request import Assumption, Box, Point
from ._reading import Reading
from ._tokens import Question, Token

_BOXES = frozenset("bbox bounding box extent rectangle".split())
_POINTS = frozenset("coordinate coordinates point lon lat longitude latitude lonlat latlon location position".split())
_MARKS = frozenset("[ ( , ; : = ) ] °".split()) | {"of", "and", "degree", "degrees", "at"}
_SIGNS = {"n": 1, "s": -1, "e": 1, "w": -1, "north": 1, "south": -1, "east": 1, "west": -1}
_NORTHERN = frozenset("n s north south".split())
_BEFORE = frozenset("at near around over of covering for".split())
"""Words behind which two decimal numbers are a place."""
Number = tuple[float, str]


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Boxes and points behind a word that announces them, or pairs of numbers of which each has its letter."""
    del knowledge, today
    tokens = question.tokens
    at = 0
    while at < len(tokens):
        found = _box(tokens, at) or _point(tokens, at)
        if found:
            end, value, told = found
            yield Reading("coordinates", at, end, value, 1.0, "coordinates", told)
            at = end
        else:
            at += 1


Found = tuple[int, Box | Point, tuple[Assumption, ...]]


def _box(tokens: Sequence[Token], at: int) -> Found | None:
    """``bbox [w, s, e, n]``."""
    end = at
    while end < len(tokens) and tokens[end].lower in _BOXES:
        end += 1
    if end == at:
        return None
    numbers, end = _numbers(tokens, end, 4)
    values = [value for value, _ in numbers]
    if len(values) < 4 or not (_is_lon(values[0]) and _is_lon(values[2]) and _is_lat(values[1]) and _is_lat(values[3])):
        return None
    west, south, east, north = values
    return (end, Box(west, south, east, north), ()) if west < east and south < north else None


def _point(tokens: Sequence[Token], at: int) -> Found | None:
    """``coordinate lon, lat``, ``48.2 N 16.4 E``."""
    end = at
    while end < len(tokens) and tokens[end].lower in _POINTS:
        end += 1
    announced = tokens[at:end]
    numbers, end = _numbers(tokens, end, 2)
    letters = [letter for _, letter in numbers]
    if len(numbers) == 2 and all(letters) and (letters[0] in _NORTHERN) != (letters[1] in _NORTHERN):
        found = _lettered(numbers)
    elif len(numbers) == 2 and announced and not any(letters):
        found = _ordered(numbers, latitude_first=announced[0].lower in ("lat", "latitude", "latlon"))
    elif len(numbers) == 2 and not any(letters) and _is_bare_pair(tokens, at, end):
        found = _ordered(numbers, latitude_first=_is_lat(numbers[0][0]))
    else:
        return None
    return (end, *found) if _is_lon(found[0].lon) and _is_lat(found[0].lat) else None


def _is_bare_pair(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether the tokens are "48.85, 2.35" behind a preposition: both with decimals, a comma between."""
    words = [token.text for token in tokens[at:end]]
    decimal = [word for word in words if "." in word]
    return at > 0 and tokens[at - 1].lower in _BEFORE and len(decimal) == 2 and "," in words and not set(words) - {*decimal, *",-()[]"}


def _lettered(numbers: Sequence[Number]) -> tuple[Point, tuple[Assumption, ...]]:
    """``48.2 N 16.4 E``."""
    (first, one), (second, _) = numbers
    return (Point(second, first) if one in _NORTHERN else Point(first, second)), ()


def _ordered(numbers: Sequence[Number], *, latitude_first: bool) -> tuple[Point, tuple[Assumption, ...]]:
    """Two bare numbers, and which of them was taken for which."""
    (first, _), (second, _) = numbers
    turned = latitude_first or not _is_lat(second)
    told = Assumption("axis-order", f"The first number is the {'latitude' if turned else 'longitude'}.", "")
    return (Point(second, first) if turned else Point(first, second)), (told,)


def _is_lon(value: float) -> bool:
    return -180 <= value <= 180


def _is_lat(value: float) -> bool:
    return -90 <= value <= 90


def _numbers(tokens: Sequence[Token], at: int, count: int) -> tuple[list[Number], int]:
    """Up to so many numbers with their signs or letters, and the place after them and the bracket that closes them."""
    found: list[Number] = []
    end = at
    while at < len(tokens) and len(found) < count:
        if tokens[at].lower in _MARKS or tokens[at].lower in _POINTS:
            at += 1
            continue
        one = _number(tokens, at)
        if one is None:
            break
        value, letter, at = one
        found.append((value, letter))
        end = at
    while end < len(tokens) and tokens[end].text in ("]", ")"):
        end += 1
    return found, end


def _number(tokens: Sequence[Token], at: int) -> tuple[float, str, int] | None:
    """A number from ``at``: value, letter of the direction, and the place after it."""
    negative = tokens[at].text == "-"
    at += negative
    text = tokens[at].text if at < len(tokens) else ""
    if not text.replace(".", "", 1).isdecimal():
        return None
    value, at = -float(text) if negative else float(text), at + 1
    while at < len(tokens) and tokens[at].lower in ("°", "degree", "degrees"):
        at += 1
    letter = tokens[at].lower if at < len(tokens) else ""
    return (value * _SIGNS[letter], letter, at + 1) if letter in _SIGNS else (value, "", at)
