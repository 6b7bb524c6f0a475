"""Calendar arithmetic of spoken dates: a ``Part`` (what was said) becomes a half-open span of days (what it means).

Conventions: weeks from Monday (ISO 8601); meteorological seasons, of the northern hemisphere until `southern` turns them; early, mid and
late are days 1-10, 11-20 and the rest of a month, years 0-3, 4-6 and 7-9 of a decade, and thirds in months of anything else; a part
without a year is its latest occurrence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

Span = tuple[date, date]
"""``[start, end)`` in days."""

MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sep sept",
         "october oct", "november nov", "december dec"), start=1,
    )
    for name in names.split()
}  # fmt: skip
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """A date as far as it was said.

    Attributes:
        year, month, day: as said, else None.
        months: length of a season, quarter or half that begins in ``month``; 0 for a plain month.
        edge: ``early``, ``mid`` or ``late``.
        fixed: the span itself, where it needs no year (ISO dates, "yesterday").
        past: "last", that is, over before today.
        season: named by word, so that hemispheres matter.
        unsure: day and month could be exchanged.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    months: int = 0
    edge: str = ""
    fixed: Span | None = None
    past: bool = False
    season: bool = False
    unsure: bool = False

    @property
    def needs_year(self) -> bool:
        """Whether the latest occurrence has to be assumed."""
        return self.fixed is None and self.year is None


def resolve(part: Part, today: date) -> Span | None:
    """The days that a part means; None if there is no such day."""
    if not part.needs_year:
        return _with_year(part)
    for year in range(today.year + 1, today.year - 9, -1):
        span = _with_year(replace(part, year=year))
        if span and (span[1] <= today if part.past else span[0] <= today):
            return span
    return None


def _with_year(part: Part) -> Span | None:
    try:
        span = part.fixed or _calendar(part)
    except (ValueError, OverflowError):
        return None
    return _edge(span, part.edge) if part.edge else span


def _calendar(part: Part) -> Span:
    assert part.year is not None
    if part.day is not None:
        start = date(part.year, part.month or 1, part.day)
        return start, start + _DAY
    if part.month is None:
        return date(part.year, 1, 1), date(part.year + 1, 1, 1)
    start = date(part.year, part.month, 1)
    return start, add_months(start, part.months or 1)


def southern(start: date) -> date:
    """The first day of the season of the same name and year in the south, for one in the north: summer is December to February there.

    The summer of a year is the one that ends in it, as the winter is in the north.
    """
    return add_months(start, {3: 6, 12: 6, 6: -6, 9: -6}.get(start.month, 0))


def _edge(span: Span, edge: str) -> Span:
    start, end = span
    months = (end.year - start.year) * 12 + end.month - start.month
    third = {"early": 0, "mid": 1, "late": 2}[edge]
    if months == 120:
        cuts = (0, 48, 84, 120)
        return add_months(start, cuts[third]), add_months(start, cuts[third + 1])
    if months > 1:
        first = add_months(start, third * months // 3)
        return first, add_months(start, (third + 1) * months // 3)
    return start + third * 10 * _DAY, end if edge == "late" else start + (third + 1) * 10 * _DAY


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    length = (date((index + 1) // 12, (index + 1) % 12 + 1, 1) - first).days
    return first + (min(day.day, length) - 1) * _DAY


def back(today: date, number: int, unit: str) -> date | None:
    """The day ``number`` units before ``today``; None beyond the calendar."""
    try:
        if unit in {"month", "year"}:
            return add_months(today, -number * (12 if unit == "year" else 1))
        days = {"hour": -(-number // 24), "day": number, "week": 7 * number, "fortnight": 14 * number}[unit]
        return today - days * _DAY
    except (ValueError, OverflowError):
        return None


def whole(today: date, unit: str, shift: int) -> Span:
    """The day, week, weekend, month, quarter or year that holds ``today``, or the one ``shift`` after it."""
    if unit == "week":
        monday = today - today.weekday() * _DAY + 7 * shift * _DAY
        return monday, monday + 7 * _DAY
    if unit == "weekend":
        monday, end = whole(today, "week", shift)
        return monday + 5 * _DAY, end
    if unit == "quarter":
        first = add_months(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * shift)
        return first, add_months(first, 3)
    if unit == "month":
        first = add_months(today.replace(day=1), shift)
        return first, add_months(first, 1)
    if unit == "year":
        return date(today.year + shift, 1, 1), date(today.year + shift + 1, 1, 1)
    return today + shift * _DAY, today + (shift + 1) * _DAY
