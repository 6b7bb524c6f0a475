"""An interval grammar: the times that a question names, as half-open intervals of days.

::

    interval := "between" P "and" P | ["from"] P ("to" | "-" | …) P | "after" P ["but"] "before" P | "since" P | … | ["in"] P
    P        := ISO | d/m/y | [edge] [day] month [year] | [edge] season [year] | quarter year | "yesterday" | "last 3 weeks" | …

Relative times count back from a day that is handed in. A bare month or year is a time only where the words around it say so:
"in March" is, "May Pen" and "3000 residents" are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ._dates import MONTHS, SEASONS, WEEKDAYS, Part, back, resolve, whole
from ._request import Assumption, Temporal
from ._text import Token

Found = tuple[Part, int] | None
_AT = {"in", "during", "on", "for", "over", "within", "throughout"}
_LEADS = _AT | {"of", "from", "since", "before", "after", "until", "till", "by", "around", "between", "to"}
_OPEN = {word: word for word in ("after", "since", "before", "until")}
_OPEN |= {"from": "since", "till": "until", "by": "until", "through": "until"}
_EDGES = {"early": "early", "beginning": "early", "start": "early", "mid": "mid", "middle": "mid", "late": "late", "end": "late"}
_UNITS = {word: word for word in ("hour", "day", "week", "fortnight", "month", "year")} | {"h": "hour", "hr": "hour", "d": "day"}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_COUNTED = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: n for n, word in enumerate(_COUNTED.split(), start=1)} | {"a": 1, "an": 1}
_DMY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:t.*)?")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Time:
    """A time in a question: tokens ``[start, end)``, the interval, and what was assumed about it."""

    start: int
    end: int
    interval: Temporal
    assumptions: tuple[Assumption, ...] = ()


def find_times(tokens: Sequence[Token], today: date) -> Iterator[Time]:
    """All times, leftmost first and as long as possible."""
    reader, at = _Reader(tokens, today), 0
    while at < len(tokens):
        found = reader.interval(at)
        if found:
            yield found
        at = found.end if found else at + 1


class _Reader:
    """Recursive descent over tokens; every method takes a place and gives what it read with the place after it, or None."""

    def __init__(self, tokens: Sequence[Token], today: date) -> None:
        self.tokens, self.today = tokens, today

    def word(self, at: int) -> str:
        return self.tokens[at].lower if 0 <= at < len(self.tokens) else ""

    def skip(self, at: int, *words: str) -> int:
        return at + 1 if self.word(at) in words else at

    # intervals
    def interval(self, at: int) -> Time | None:
        forms: tuple[Callable[[int], Time | None], ...] = (self.between, self.open, self.near, self.plain)
        found = [time for form in forms if (time := form(at))]
        return max(found, key=lambda time: time.end) if found else None

    def between(self, at: int) -> Time | None:
        opener = self.word(at) if self.word(at) in {"between", "from"} else ""
        joints = ("and", "-", "to") if opener == "between" else ("to", "-", "until", "till", "through")
        begin = self.skip(at + bool(opener), "the")
        for first in (self.part(begin), self.day(begin)):
            if first and self.word(first[1]) in joints:
                time = self._pair(at, first, self.skip(first[1] + 1, "the"), bool(opener))
                if time:
                    return time
        return None

    def _pair(self, at: int, first: tuple[Part, int], begin: int, opened: bool) -> Time | None:
        second = self.part(begin) or self.day_year(begin)
        if second is None:
            return None
        a, b = _share(first[0], second[0])
        if b.needs_year and not opened and b.day is None:
            return None
        start, end = resolve(a, self.today), resolve(b, self.today)
        return self._time(at, second[1], start and start[0], end and end[1], (a, b)) if start and end else None

    def open(self, at: int) -> Time | None:
        opener, begin = self.opener(at)
        found = self.part(self.skip(begin, "the")) if opener else None
        if found is None or (opener == "until" and self.word(at) == "by" and found[0].needs_year):
            return None
        span = resolve(found[0], self.today)
        if span is None:
            return None
        start, end = {"after": (span[1], None), "since": (span[0], None), "before": (None, span[0]), "until": (None, span[1])}[opener]
        other = self.open(self.skip(found[1], "but", "and")) if start else None
        if other and other.interval.start is None:
            return self._time(at, other.end, start, other.interval.end, (found[0],))
        return self._time(at, found[1], start, end, (found[0],))

    def opener(self, at: int) -> tuple[str, int]:
        if self.word(at) == "up" and self.word(at + 1) == "to":
            return "until", at + 2
        return _OPEN.get(self.word(at), ""), at + 1

    def near(self, at: int) -> Time | None:
        if self.word(at) not in {"around", "about", "circa"}:
            return None
        found = self.part(self.skip(at + 1, "the"))
        span = found and resolve(found[0], self.today)
        if not found or not span:
            return None
        margin = 3 * _DAY if span[1] - span[0] == _DAY else 0 * _DAY
        note = (Assumption("around", "'Around' a date is read as three days before to three days after."),) if margin else ()
        return self._time(at, found[1], span[0] - margin, span[1] + margin, (found[0],), note)

    def plain(self, at: int) -> Time | None:
        lead = self.word(at) in _AT
        begin = self.skip(self.skip(at + lead, "the"), "whole", "entire")
        found = self.part(begin)
        span = found and resolve(found[0], self.today)
        if not found or not span or not self.trusted(found[0], at, begin, found[1]):
            return None
        return self._time(at, found[1], *span, (found[0],))

    def trusted(self, part: Part, at: int, begin: int, end: int) -> bool:
        """Whether the words around a bare month, season or year say that it is a time."""
        bare_month = part.needs_year and not part.past and part.day is None
        bare_year = end - begin == 1 and part.month is None and not part.fixed
        before, after = self.word(begin - 1), self.word(end)
        before = self.word(begin - 2) if before == "the" else before
        if bare_month:
            capital = self.word(end) == "," and self.tokens[end + 1 : end + 2] and self.tokens[end + 1].text[:1].isupper()
            return (before in _LEADS - {"of", "to"} or bool(part.edge)) and not capital
        if bare_year:
            return before in _LEADS - {"over", "to"} or (before not in _COMPARING and after in _BEHIND_YEARS)
        return True

    def _time(
        self, at: int, end: int, first: date | None, last: date | None, parts: Sequence[Part], notes: tuple[Assumption, ...] = ()
    ) -> Time | None:
        if first and last and last <= first:
            return None
        found = [*notes, *(note for part in parts for note in _notes(part, self.today))]
        return Time(at, end, Temporal(first, last), tuple(dict.fromkeys(found)))

    # parts
    def part(self, at: int) -> Found:
        if self.word(at) in {"year", "month"} and (named := self.part(self.skip(at + 1, "of"))) and not named[0].fixed:
            return named
        found = [read for form in (self.numeric, self.calendar, self.piece, self.relative, self.week_of) if (read := form(at))]
        return max(found, key=lambda one: one[1]) if found else None

    def numeric(self, at: int) -> Found:
        word = self.word(at)
        if match := _ISO.fullmatch(word):
            year, month, day = (int(text) if text else None for text in match.groups())
            return _valid(Part(year, month, day), at + 1)
        if match := _DMY.fullmatch(word):
            first, second, year = map(int, match.groups())
            day, month = (second, first) if second > 12 else (first, second)
            return _valid(Part(year, month, day, unsure=max(first, second) <= 12 and first != second), at + 1)
        if re.fullmatch(r"(1[89]|20)\d\d", word):
            return Part(int(word)), at + 1
        first = int(word[:-1]) if re.fullmatch(r"(19|20)\d0s", word) else 0
        return (Part(fixed=(date(first, 1, 1), date(first + 10, 1, 1))), at + 1) if first else None

    def calendar(self, at: int) -> Found:
        """``[edge] [day [of]] month [day] [[,|of] year]``."""
        edge, begin = self.edge(at)
        day = None if edge else self.ordinal(begin)
        month_at = self.skip(day[1], "of") if day else begin
        month = MONTHS.get(self.word(month_at).rstrip("."))
        if month is None:
            return self._edged_year(edge, begin)
        end = self.skip(month_at + 1, ".") if len(self.word(month_at)) < 5 and self.word(month_at + 2).isdigit() else month_at + 1
        if day is None and not edge and (late := self.ordinal(self.skip(end, "the"))):
            day, end = late, late[1]
        year, end = self.year(end)
        return _valid(Part(year, month, day[0] if day else None, edge=edge), end)

    def _edged_year(self, edge: str, at: int) -> Found:
        year, end = self.year(at)
        return (Part(year, edge=edge), end) if edge and year else None

    def edge(self, at: int) -> tuple[str, int]:
        edge = _EDGES.get(self.word(at), "")
        return edge, self.skip(self.skip(at + 1, "-", "of", "in"), "the") if edge else at

    def ordinal(self, at: int) -> tuple[int, int] | None:
        match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", self.word(at))
        return (int(match[1]), at + 1) if match and 1 <= int(match[1]) <= 31 else None

    def year(self, at: int) -> tuple[int | None, int]:
        begin = self.skip(at, ",", "of", "in")
        match = re.fullmatch(r"(1[89]|20)\d\d", self.word(begin))
        return (int(match[0]), begin + 1) if match else (None, at)

    def piece(self, at: int) -> Found:
        """Seasons, quarters, halves: ``[last] [edge] season [year]``, ``Q2 2021``, ``first half of 2021``."""
        past, begin = self.word(at) in {"last", "past", "previous"}, self.skip(at, "last", "past", "previous")
        edge, begin = self.edge(begin)
        if past and (month := MONTHS.get(self.word(begin))):
            return Part(month=month, edge=edge, past=True), begin + 1
        if start := SEASONS.get(self.word(begin)):
            return self.season(start, begin + 1, edge, past)
        size = {"q": 3, "h": 6}.get(self.word(begin)[:1]) if re.fullmatch(r"q[1-4]|h[12]", self.word(begin)) else None
        number, end = (int(self.word(begin)[1]), begin + 1) if size else (_ORDINALS.get(self.word(begin)), begin + 2)
        size = size or {"quarter": 3, "half": 6}.get(self.word(begin + 1))
        if not size or not number or number > 12 // size:
            return None
        year, end = self.year(end)
        return (Part(year, (number - 1) * size + 1, months=size), end) if year else None

    def season(self, month: int, at: int, edge: str, past: bool) -> Found:
        if match := re.fullmatch(r"(\d{4})/(\d\d)", self.word(at)):
            return Part(int(match[1]), month, months=3, edge=edge, season=True), at + 1
        year, end = self.year(at)
        # the winter of a year is the one that ends in it, as meteorologists count
        shifted = year - 1 if year and month == 12 else year
        return Part(shifted, month, months=3, edge=edge, past=past, season=True), end

    def relative(self, at: int) -> Found:
        word = self.word(at)
        if word in {"today", "yesterday", "tomorrow"}:
            return Part(fixed=whole(self.today, "day", {"yesterday": -1, "today": 0, "tomorrow": 1}[word])), at + 1
        begin = self.skip(at, "last", "past", "previous")
        if self.word(begin) in WEEKDAYS:
            gone = (self.today.weekday() - WEEKDAYS.index(self.word(begin))) % 7 or 7
            return Part(fixed=whole(self.today - gone * _DAY, "day", 0)), begin + 1
        return self.ago(at) or self.last(at)

    def ago(self, at: int) -> Found:
        number, end = self.number(at)
        day = back(self.today, number, _UNITS[unit]) if number and (unit := self.unit(end)) and self.word(end + 1) == "ago" else None
        return (Part(fixed=(day, day + _DAY)), end + 2) if day else None

    def last(self, at: int) -> Found:
        which = self.word(at)
        if which not in {"last", "past", "previous", "this", "current", "next", "coming"}:
            return None
        number, end = self.number(at + 1)
        unit = self.unit(end)
        if not unit:
            return None
        if which in {"last", "past", "previous"} and (number or which == "past" or _UNITS[unit] in {"hour", "fortnight"}):
            first = back(self.today, number or 1, _UNITS[unit])
            return (Part(fixed=(first, self.today + _DAY)), end + 1) if first else None
        shift = {"last": -1, "previous": -1, "next": 1, "coming": 1}.get(which, 0)
        if number or _UNITS[unit] in {"hour", "fortnight"}:
            return None
        return Part(fixed=whole(self.today, _UNITS[unit], shift)), end + 1

    def number(self, at: int) -> tuple[int, int]:
        word = self.word(at)
        value = int(word) if word.isdecimal() and len(word) < 5 else _NUMBERS.get(word, 0)
        return (value, at + 1) if value else (0, at)

    def unit(self, at: int) -> str:
        return self.tokens[at].lemma if at < len(self.tokens) and self.tokens[at].lemma in _UNITS else ""

    def week_of(self, at: int) -> Found:
        if self.word(at) != "week" or self.word(at + 1) not in {"of", "from"}:
            return None
        found = self.part(self.skip(at + 2, "the"))
        span = found and found[0].day and resolve(found[0], self.today)
        return (Part(fixed=whole(span[0], "week", 0)), found[1]) if found and span else None

    # the halves of a range may leave things out
    def day(self, at: int) -> Found:
        found = self.ordinal(at)
        return (Part(day=found[0]), self.skip(found[1], "of") if self.word(found[1] + 1) in MONTHS else found[1]) if found else None

    def day_year(self, at: int) -> Found:
        found = self.ordinal(at)
        if not found:
            return None
        year, end = self.year(found[1])
        return Part(year, day=found[0]), end


_BEHIND_YEARS = {"", "?", ".", "!", ",", "in", "near", "at", "flood", "floods"}
_COMPARING = {"than", "above", "over", "below", "under", "least", "most", "exceeding", "number", "level", ">", "<", "="}


def _valid(part: Part, end: int) -> Found:
    if part.month is not None and not 1 <= part.month <= 12:
        return None
    # a leap year stands in for the year that was not said
    return (part, end) if resolve(replace(part, year=part.year or 2000), date(2000, 12, 31)) else None


def _share(a: Part, b: Part) -> tuple[Part, Part]:
    """Each half of a range takes from the other what it left out."""
    if b.day is not None and b.month is None:
        b = replace(b, month=a.month)
    if a.day is not None and a.month is None:
        a = replace(a, month=b.month)
    if a.needs_year and b.year is not None:
        wraps = a.month is not None and b.month is not None and a.month > b.month
        a = replace(a, year=b.year - wraps)
    return a, replace(b, year=a.year) if b.needs_year and a.year is not None else b


def _notes(part: Part, today: date) -> Iterator[Assumption]:
    if part.needs_year and not part.past and (span := resolve(part, today)):
        yield Assumption("year", f"No year was given: {span[0]:%B} {span[0].year}, the latest, is taken.")
    if part.season:
        yield Assumption("season", "Seasons are those of the northern hemisphere, by whole months.")
    if part.unsure:
        yield Assumption("day-first", "A date in figures is read day first.")


