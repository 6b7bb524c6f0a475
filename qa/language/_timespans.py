"""Spans of days of spoken times: pieces of a longer one, days counted from one, ISO weeks, centuries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from ._calendar import Part, add_months, back, resolve
from ._tokens import Token

Found = tuple[Part, int] | None
"""A part and the place behind it."""
DAY = timedelta(days=1)
UNITS = {word: word for word in ("hour", "day", "week", "fortnight", "month", "quarter", "year", "decade")} | {
    "h": "hour", "hr": "hour", "d": "day", "hrs": "hour", "wk": "week", "yr": "year", "yrs": "year", "y": "year",
}  # fmt: skip
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_ORDER = re.compile(r"(?<!\d)(\d{1,2})([/-])(\d{1,2})\2\d{4}(?!\d)")


def valid(part: Part, end: int) -> Found:
    """The part if the calendar has it; a leap year stands in for the year that was not said."""
    if part.month is not None and not 1 <= part.month <= 12:
        return None
    return (part, end) if resolve(replace(part, year=part.year or 2000), date(2000, 12, 31)) else None


def years(first: int, count: int) -> Part:
    """``count`` whole years."""
    return Part(fixed=(date(first, 1, 1), date(first + count, 1, 1)))


def plain(number: int, unit: str) -> tuple[int, str]:
    """A number of units that `back` knows."""
    size = UNITS[unit]
    return (number * _MONTHS_OF[size], "month") if size in {"quarter", "decade"} else (number, size)


def order(tokens: Sequence[Token]) -> str:
    """Whether dates in figures have the day or the month first, by those that can be read in one way only; empty if none tells."""
    text = "".join(" " * (a.end != b.start) + b.lower for a, b in zip((*tokens[:1], *tokens), tokens, strict=False))
    told = {"day" if int(a) > 12 else "month" for a, _, b in _ORDER.findall(text) if max(int(a), int(b)) > 12 >= min(int(a), int(b))}
    return told.pop() if len(told) == 1 else ""


def dates(first: str, last: str, end: int) -> Found:
    """From one ISO date to another, both included."""
    try:
        span = date.fromisoformat(first), date.fromisoformat(last) + DAY
    except (ValueError, OverflowError):
        return None
    return (Part(fixed=span), end) if span[0] < span[1] else None


def beside(span: tuple[date, date], number: int, unit: str, several: bool) -> tuple[date, date] | None:
    """The ``number`` units behind (before, if negative) a span; or the one day so far away."""
    anchor = span[0] if number < 0 else span[1] if several else span[1] - DAY
    other = back(anchor, *plain(-number, unit))
    if other is None:
        return None
    return (min(anchor, other), max(anchor, other)) if several else (other, other + DAY)


def iso_week(year: int, number: int, end: int) -> Found:
    """A week of ISO 8601, if the year has it."""
    try:
        first = date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    return Part(fixed=(first, first + 7 * DAY)), end


def inside(span: tuple[date, date], which: int, number: int, size: str) -> tuple[date, date] | None:
    """The ``which``-th (−1: last) piece of a span, of ``number`` days or weeks, or a half or third of it; weeks are of seven days."""
    start, end = span
    months = (end.year - start.year) * 12 + end.month - start.month
    if size in {"half", "third"}:
        parts = 2 if size == "half" else 3
        inner = (add_months(start, months * n // parts) if months > 1 else start + n * (30 // parts) * DAY for n in range(1, parts))
        cuts = [start, *inner, end]
        index = which - 1 if which > 0 else parts - 1
        return (cuts[index], cuts[index + 1]) if 0 <= index < parts else None
    if size in {"month", "year"}:
        step = number * (12 if size == "year" else 1)
        first = add_months(start, (which - 1) * step) if which > 0 else add_months(end, -step)
        inside = first, add_months(first, step)
    else:
        days = number * {"day": 1, "week": 7, "weekend": 2}[size] * DAY
        if size == "weekend":
            start += (5 - start.weekday()) % 7 * DAY
            days = 7 * DAY
        inside = (start + (which - 1) * days, start + which * days) if which > 0 else (end - days, end)
        inside = (inside[0], inside[0] + 2 * DAY) if size == "weekend" else inside
    return inside if span[0] <= inside[0] < inside[1] <= end + (2 * DAY if size == "weekend" else timedelta(0)) else None
