"""Parts of times as they are spoken: days, months, seasons, quarters, weeks, "yesterday", "the last three weeks".

::

    P := ISO | d/m/y | [edge] [day] month [year] | [edge] season [year] | quarter year | half year | week | relative
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from ._calendar import MONTHS, SEASONS, WEEKDAYS, Part, add_months, back, resolve, whole
from ._tokens import Token

Found = tuple[Part, int] | None
DAY = timedelta(days=1)
PAST = frozenset({"last", "past", "previous", "preceding"})
_EDGES = {
    "early": "early", "beginning": "early", "start": "early", "mid": "mid", "middle": "mid", "late": "late", "end": "late",
}  # fmt: skip
_UNITS = {word: word for word in ("hour", "day", "week", "fortnight", "month", "quarter", "year", "decade")} | {
    "h": "hour", "hr": "hour", "d": "day", "hrs": "hour", "wk": "week", "yr": "year", "yrs": "year", "y": "year",
}  # fmt: skip
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1, "fifth": 5, "5th": 5}
_COUNTED = "one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: n for n, word in enumerate(_COUNTED.split(), start=1)} | {"a": 1, "an": 1, "couple": 2, "few": 3}
_PIECES = frozenset("day week half month weekend third year".split())
_TENS = {word: 10 * n for n, word in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), start=2)}
_DMY = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_YMD = re.compile(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:t.*)?")
_PACKED = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_YEAR = re.compile(r"(1[89]|20)\d\d")
_QUARTER = re.compile(r"q[1-4]|h[12]")


class Parts:
    """Recursive descent over tokens; every method takes a place and gives what it read with the place after it, or None."""

    def __init__(self, tokens: Sequence[Token], today: date) -> None:
        self.tokens, self.today = tokens, today

    def word(self, at: int) -> str:
        """The word at a place, folded; empty beyond the ends."""
        return self.tokens[at].lower if 0 <= at < len(self.tokens) else ""

    def skip(self, at: int, *words: str) -> int:
        """The place after an optional word."""
        return at + 1 if self.word(at) in words else at

    def part(self, at: int) -> Found:
        """The longest part that begins at a place."""
        if self.word(at) in {"year", "month", "months", "years"}:
            named = self.part(self.skip(at + 1, "of"))
            if named and not named[0].fixed:
                return named
        forms = (self.numeric, self.calendar, self.piece, self.relative, self.week, self.edged, self.nth, self.decade)
        found = [read for form in forms if (read := form(at))]
        return max(found, key=lambda one: one[1]) if found else None

    def numeric(self, at: int) -> Found:
        """Dates in figures, and bare years."""
        word = self.word(at)
        if match := _ISO.fullmatch(word):
            year, month, day = (int(text) if text else None for text in match.groups())
            return valid(Part(year, month, day), at + 1)
        if match := _YMD.fullmatch(word):
            return valid(Part(int(match[1]), int(match[3]), int(match[4])), at + 1)
        if match := _DMY.fullmatch(word):
            first, second, year = int(match[1]), int(match[3]), int(match[4])
            day, month = (second, first) if second > 12 else (first, second)
            return valid(Part(year, month, day, unsure=max(first, second) <= 12 and first != second), at + 1)
        if match := _PACKED.fullmatch(word):
            return valid(Part(*map(int, match.groups())), at + 1)
        if match := re.fullmatch(r"(0?[1-9]|1[0-2])/(\d{4})", word):
            return Part(int(match[2]), int(match[1])), at + 1
        return (Part(int(word)), at + 1) if _YEAR.fullmatch(word) else None

    def calendar(self, at: int) -> Found:
        """``[edge] [day [of]] month [day] [[,|of] year]``."""
        edge, begin = self.edge(at)
        day = None if edge else self.ordinal(begin)
        month_at = self.skip(day[1], "of") if day else begin
        month = MONTHS.get(self.word(month_at).rstrip("."))
        if month is None:
            return self._edged_year(edge, begin)
        end = self.skip(month_at + 1, ".") if len(self.word(month_at)) < 5 and self.word(month_at + 2)[:1].isdigit() else month_at + 1
        if day is None and not edge and (late := self.ordinal(self.skip(end, "the"))):
            day, end = late, late[1]
        year, end = self.year(end)
        return valid(Part(year, month, day[0] if day else None, edge=edge), end)

    def _edged_year(self, edge: str, at: int) -> Found:
        year, end = self.year(at)
        return (Part(year, edge=edge), end) if edge and year else None

    def edge(self, at: int) -> tuple[str, int]:
        """``early``, ``mid-``, ``end of the``."""
        edge = _EDGES.get(self.word(at), "")
        return edge, self.skip(self.skip(at + 1, "-", "of", "in"), "the") if edge else at

    def edged(self, at: int) -> Found:
        """An edge of anything else: "early this year", "the end of last month", "early 2010s"."""
        edge, begin = self.edge(at)
        found = (self.relative(begin) or self.decade(begin) or self.piece(begin)) if edge else None
        span = found and resolve(found[0], self.today)
        return (replace(found[0], fixed=span, edge=edge), found[1]) if found and span and not found[0].edge else None

    def ordinal(self, at: int) -> tuple[int, int] | None:
        """A day of a month: ``15``, ``15th``."""
        match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", self.word(at))
        return (int(match[1]), at + 1) if match and 1 <= int(match[1]) <= 31 else None

    def year(self, at: int) -> tuple[int | None, int]:
        """A year with what joins it to a month; "this year" and "last year" too."""
        begin = self.skip(at, ",", "of", "in")
        if _YEAR.fullmatch(self.word(begin)):
            return int(self.word(begin)), begin + 1
        shift = {"this": 0, "last": -1, "next": 1}.get(self.word(begin))
        return (self.today.year + shift, begin + 2) if shift is not None and self.word(begin + 1) == "year" else (None, at)

    def piece(self, at: int) -> Found:
        """Seasons, quarters, halves: ``[last] [edge] season [year]``, ``Q2 2021``, ``2021 Q2``, ``first half of 2021``."""
        which = self.word(at)
        past, begin = which in PAST, self.skip(at, *PAST, "this", "next")
        edge, begin = self.edge(begin)
        if past and (month := MONTHS.get(self.word(begin))):
            return Part(month=month, edge=edge, past=True), begin + 1
        if start := SEASONS.get(self.tokens[begin].lemma if begin < len(self.tokens) else ""):
            if which in {"this", "next"}:
                return Part(self.today.year + (which == "next"), start, months=3, edge=edge, season=True), begin + 1
            return self.season(start, begin + 1, edge, past)
        return self._quarter(begin)

    def _quarter(self, at: int) -> Found:
        led = int(self.word(at)) if _YEAR.fullmatch(self.word(at)) else None
        begin = self.skip(at + 1, "-") if led else at
        glued = re.fullmatch(r"(\d{4})(q[1-4]|h[12])", self.word(at))
        short = glued[2] if glued else self.word(begin) if _QUARTER.fullmatch(self.word(begin)) else ""
        led = int(glued[1]) if glued else led
        if short:
            size, number, end = {"q": 3, "h": 6}[short[0]], int(short[1]), (at if glued else begin) + 1
        else:
            size = {"quarter": 3, "half": 6}.get(self.word(begin + 1), 0)
            number, end = _ORDINALS.get(self.word(begin), 0), begin + 2
        if not size or not 0 < number <= 12 // size:
            return None
        year, end = (led, end) if led else self.year(self.skip(self.skip(end, "of"), "the") if self.word(end + 1) == "the" else end)
        year, end = (year, end) if year else self._of_year(end)
        return (Part(year, (number - 1) * size + 1, months=size), end) if year else None

    def _of_year(self, at: int) -> tuple[int | None, int]:
        """``of this year``, ``of the year 2021``."""
        begin = self.skip(self.skip(at, "of", "in"), "the")
        if self.word(begin) == "year":
            return self.year(begin + 1)
        return None, at

    def season(self, month: int, at: int, edge: str, past: bool) -> Found:
        """A season behind its word; the winter of a year is the one that ends in it, as meteorologists count."""
        if match := re.fullmatch(r"(\d{4})/(\d\d|\d{4})", self.word(at)):
            return Part(int(match[1]), month, months=3, edge=edge, season=True), at + 1
        year, end = self.year(at)
        if year and self.word(end) in {"-", "/"} and re.fullmatch(r"\d\d|\d{4}", self.word(end + 1)):
            following = int(self.word(end + 1))
            if following in {year + 1, (year + 1) % 100}:
                return Part(year, month, months=3, edge=edge, season=True), end + 2
        shifted = year - 1 if year and month == 12 else year
        return Part(shifted, month, months=3, edge=edge, past=past, season=True), end

    def relative(self, at: int) -> Found:
        """Times told from today."""
        word = self.word(at)
        shift = {"yesterday": -1, "today": 0, "tomorrow": 1}.get(word)
        if shift is not None:
            return Part(fixed=whole(self.today, "day", shift)), at + 1
        begin = self.skip(at, "the")
        if [self.word(begin + n) for n in range(3)] == ["day", "before", "yesterday"]:
            return Part(fixed=whole(self.today, "day", -2)), begin + 3
        begin = self.skip(at, *PAST)
        if self.word(begin) in WEEKDAYS:
            gone = (self.today.weekday() - WEEKDAYS.index(self.word(begin))) % 7 or 7
            return Part(fixed=whole(self.today - gone * DAY, "day", 0)), begin + 1
        return self.ago(at) or self.last(at)

    def ago(self, at: int) -> Found:
        """``two weeks ago``: the day."""
        number, end = self.number(at)
        unit = self.unit(end)
        if not number or not unit or self.word(end + 1) not in {"ago", "earlier", "back", "before"}:
            return None
        if self.word(end + 1) == "before" and self.word(end + 2) not in {"now", "today", ""}:
            return None
        day = back(self.today, *_plain(number, unit))
        return (Part(fixed=(day, day + DAY)), end + 2 + (self.word(end + 1) == "before" and bool(self.word(end + 2)))) if day else None

    def last(self, at: int) -> Found:
        """``last week`` is the whole week before, ``the last 7 days`` and ``the past week`` reach until today."""
        which = self.word(at)
        if which not in PAST | {"this", "current", "next", "coming", "recent"}:
            return None
        number, end = self.number(at + 1)
        unit = self.unit(end)
        if not unit:
            return None
        size = _UNITS[unit]
        if which in PAST | {"recent"} and (number or which == "past" or size in {"hour", "fortnight", "decade"}):
            first = back(self.today, *_plain(number or 1, unit))
            return (Part(fixed=(first, self.today + DAY)), end + 1) if first else None
        if number or size in {"hour", "fortnight", "decade"} or which == "recent":
            return None
        shift = -1 if which in PAST else {"next": 1, "coming": 1}.get(which, 0)
        if size == "quarter":
            first = add_months(date(self.today.year, (self.today.month - 1) // 3 * 3 + 1, 1), 3 * shift)
            return Part(fixed=(first, add_months(first, 3))), end + 1
        return Part(fixed=whole(self.today, size, shift)), end + 1

    def number(self, at: int) -> tuple[int, int]:
        """A small number in figures or words."""
        word = self.word(at)
        value = int(word) if word.isdecimal() and len(word) < 5 else NUMBERS.get(word, 0)
        end = at + 1
        if value == 1 and self.word(end) in {"couple", "few"}:
            value, end = NUMBERS[self.word(end)], end + 1
        return (value, self.skip(end, "of") if self.word(end - 1) == "couple" else end) if value else (0, at)

    def unit(self, at: int) -> str:
        """A unit of time, as its lemma."""
        return self.tokens[at].lemma if at < len(self.tokens) and self.tokens[at].lemma in _UNITS else ""

    def week(self, at: int) -> Found:
        """``the week of 21 March 2021``, ``week 12 of 2021``, ``the weekend of …``, ``the week starting …``."""
        begin = self.skip(at, "iso", "calendar")
        word = self.word(begin)
        if word == "week" and self.word(begin + 1).isdecimal() and len(self.word(begin + 1)) < 3:
            year, end = self.year(begin + 2)
            return _iso_week(year or self.today.year, int(self.word(begin + 1)), end)
        if word not in {"week", "weekend"} or self.word(begin + 1) not in {"of", "from", "starting", "beginning", "around"}:
            return None
        found = self.part(self.skip(self.skip(begin + 2, "on", "from"), "the"))
        span = found and found[0].day and resolve(found[0], self.today)
        if not found or not span:
            return None
        if self.word(begin + 1) in {"starting", "beginning", "from"}:
            return Part(fixed=(span[0], span[0] + 7 * DAY)), found[1]
        first, end = whole(span[0], "week", 0)
        return Part(fixed=(first + 5 * DAY if word == "weekend" else first, end)), found[1]

    def nth(self, at: int) -> Found:
        """``the first week of March 2021``, ``the last ten days of May``, ``the first half of April 2020``."""
        which = _ORDINALS.get(self.word(at))
        number, begin = self.number(at + 1)
        size = self.tokens[begin].lemma if begin < len(self.tokens) else ""
        if not which or size not in _PIECES or self.word(begin + 1) not in {"of", "in"}:
            return None
        found = self.part(self.skip(begin + 2, "the"))
        span = found and resolve(found[0], self.today)
        inside = span and _inside(span, which, number or 1, size)
        return (Part(fixed=inside), found[1]) if found and inside else None

    def decade(self, at: int) -> Found:
        """``the 2010s``, ``the nineties``, ``the 20th century``."""
        word = self.word(at)
        if re.fullmatch(r"(19|20)\d0s", word):
            return _years(int(word[:-1]), 10), at + 1
        if self.word(at) in _TENS:
            return _years(1900 + _TENS[word], 10), at + 1
        if (match := re.fullmatch(r"(19|20|21)(th|st)", word)) and self.word(at + 1) == "century":
            return _years(100 * (int(match[1]) - 1) + 1, 100), at + 2
        return None

    # the halves of a range may leave things out
    def day(self, at: int) -> Found:
        """A bare day."""
        found = self.ordinal(at)
        return (Part(day=found[0]), self.skip(found[1], "of") if self.word(found[1] + 1) in MONTHS else found[1]) if found else None

    def day_year(self, at: int) -> Found:
        """A bare day with its year."""
        found = self.ordinal(at)
        if not found:
            return None
        year, end = self.year(found[1])
        return Part(year, day=found[0]), end


def valid(part: Part, end: int) -> Found:
    """The part if the calendar has it; a leap year stands in for the year that was not said."""
    if part.month is not None and not 1 <= part.month <= 12:
        return None
    return (part, end) if resolve(replace(part, year=part.year or 2000), date(2000, 12, 31)) else None


def _years(first: int, count: int) -> Part:
    return Part(fixed=(date(first, 1, 1), date(first + count, 1, 1)))


def _plain(number: int, unit: str) -> tuple[int, str]:
    """A number of units that `back` knows."""
    size = _UNITS[unit]
    return (number * _MONTHS_OF[size], "month") if size in {"quarter", "decade"} else (number, size)


def _iso_week(year: int, number: int, end: int) -> Found:
    try:
        first = date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    return Part(fixed=(first, first + 7 * DAY)), end


def _inside(span: tuple[date, date], which: int, number: int, size: str) -> tuple[date, date] | None:
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
