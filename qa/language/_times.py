"""An interval grammar: the times that a question names, as half-open intervals of days.

::

    time     := every | several | interval
    interval := "between" P "and" P | ["from"] P ("to" | "-" | …) P | "after" P ["but"] "before" P | "since" P | … | ["in"] P
    every    := ("each" | "every") P interval        several := P ("and" | "or") P

Relative times count back from a day that is handed in. A bare month or year is a time only where the words around it say so:
"in March" is, "May Pen" and "3000 residents" are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from ..request import Assumption, Interval, Temporal
from ._calendar import MONTHS, SEASONS, Part, resolve
from ._reading import Reading
from ._timeparts import DAY, NUMBERS, Parts
from ._tokens import Question, Token

Granularity = Literal["day", "week", "month", "quarter", "season", "half", "year", "decade", "range"]
_AT = {"in", "during", "on", "for", "over", "within", "throughout", "across", "at", "dated"}
_LEADS = _AT | {"of", "from", "since", "before", "after", "until", "till", "by", "around", "between", "to", "about", "circa", "and", "or"}
_OPENERS: tuple[tuple[str, str], ...] = (
    ("after", "after"), ("later than", "after"), ("newer than", "after"), ("more recent than", "after"), ("following", "after"),
    ("since", "since"), ("as of", "since"), ("starting from", "since"), ("starting in", "since"),
    ("starting on", "since"), ("starting", "since"), ("beginning in", "since"), ("not before", "since"), ("no earlier than", "since"),
    ("not earlier than", "since"), ("on or after", "since"),
    ("before", "before"), ("prior to", "before"), ("earlier than", "before"), ("older than", "before"), ("preceding", "before"),
    ("until", "until"), ("till", "until"), ("up to", "until"), ("up until", "until"), ("by", "until"), ("through", "until"),
    ("no later than", "until"), ("not later than", "until"), ("not after", "until"), ("on or before", "until"), ("ending in", "until"),
)  # fmt: skip
_ONWARDS = ("onwards", "onward", "on", "and later", "or later", "and after", "to date", "to today", "to now", "until now", "until today")
_NEAR = ("around", "about", "circa", "near the date", "near", "close to")
_BEHIND_YEARS = frozenset(["", *"? . ! , ; ) in near at over of with for and or sorted cloud clouds".split()])
_COMPARING = frozenset("than above over below under least most exceeding number level orbit > < = id top".split())
_EACH = {"each", "every"}


@dataclass(frozen=True)
class Time:
    """A time in a question: tokens ``[start, end)``, what it means, and what was assumed about it; ``sure`` 0 to 1."""

    start: int
    end: int
    temporal: Temporal
    assumptions: tuple[Assumption, ...] = ()
    sure: float = 1.0


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """All times of a question, leftmost first and as long as possible; what may as well be a number is scored low."""
    del knowledge
    for one in find_times(question.tokens, today):
        yield Reading("time", one.start, one.end, one.temporal, one.sure, "times", one.assumptions)


def find_times(tokens: Sequence[Token], today: date) -> Iterator[Time]:
    """All times, leftmost first and as long as possible."""
    reader, at = _Reader(tokens, today), 0
    while at < len(tokens):
        found = reader.time(at)
        if found:
            yield found
        at = found.end if found else at + 1


class _Reader(Parts):
    """Intervals of parts; every method takes a place and gives what it read there, or None."""

    def time(self, at: int) -> Time | None:
        forms: tuple[Callable[[int], Time | None], ...] = (self.every, self.span, self.interval)
        found = [time for form in forms if (time := form(at))]
        return max(found, key=lambda time: time.end) if found else None

    def interval(self, at: int) -> Time | None:
        """One interval, or several of the same kind ("in March 2020 and March 2021")."""
        forms: tuple[Callable[[int], Time | None], ...] = (self.between, self.open, self.near, self.within, self.plain)
        found = [time for form in forms if (time := form(at))]
        return max(found, key=lambda time: time.end) if found else None

    # repeated and vague times
    def every(self, at: int) -> Time | None:
        """``each summer from 2018 to 2022``, ``every March between 2018 and 2020``, ``the summers of 2019 and 2020``."""
        begin = self.skip(self.skip(at, *_AT), "the")
        lemma = self.tokens[begin].lemma if begin < len(self.tokens) else ""
        plural = lemma in SEASONS and self.word(begin) != lemma
        if self.word(begin) not in _EACH and not plural:
            return None
        begin += self.word(begin) in _EACH
        name = self.tokens[begin].lemma if begin < len(self.tokens) else ""
        month, months, season = (SEASONS[name], 3, True) if name in SEASONS else (MONTHS.get(name, 0), 0, False)
        over = (self.interval(self.skip(begin + 1, "of")) or self.years(self.skip(begin + 1, "of"))) if month else None
        if not over or not over.temporal.intervals:
            return None
        intervals = tuple(_each(over.temporal.intervals, month, months, self.today))
        notes = over.assumptions + ((_NORTH,) if season else ())
        return Time(at, over.end, Temporal(intervals, "season" if season else "month"), notes) if intervals else None

    def years(self, at: int) -> Time | None:
        """``2019, 2020 and 2021``."""
        found, end = [], at
        while (one := self.numeric(end)) and one[0].month is None and one[0].year:
            found.append(Interval(*_span(one[0], self.today)))
            end = one[1]
            following = self.skip(self.skip(end, ","), "and", "or")
            if following == end or not self.numeric(following):
                break
            end = following
        return Time(at, end, Temporal(tuple(found), "year")) if found else None

    def span(self, at: int) -> Time | None:
        """``in a span of 3 days``: a length without a place in time."""
        words = [self.word(at + n) for n in range(4)]
        if words[:1] == ["in"] and words[1] in {"a", "any"} and words[2] in {"span", "period", "window", "interval"} and words[3] == "of":
            number, end = self.number(at + 4)
            unit = self.unit(end)
            days = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}.get(unit, 0)
            return Time(at, end + 1, Temporal((), "range", number * days)) if number and days else None
        return None

    # intervals
    def between(self, at: int) -> Time | None:
        opener = self.word(at) if self.word(at) in {"between", "from"} else ""
        lead = self.word(at) in _AT
        joints = {"and", "-", "to"} if opener == "between" else {"to", "-", "until", "till", "through", "thru", "up"}
        begin = self.skip(at + bool(opener or lead), "the")
        for first in (self.part(begin), self.day(begin)):
            if first and self.word(first[1]) in joints:
                after = first[1] + 1 + (self.word(first[1]) == "up") + (self.word(first[1] + 1) == "until")
                time = self._pair(at, first, self.skip(after, "the"), bool(opener or lead))
                if time:
                    return time
        return None

    def _pair(self, at: int, first: tuple[Part, int], begin: int, opened: bool) -> Time | None:
        second = self._following_year(first[0], begin) or self.part(begin) or self.day_year(begin)
        if second is None and self.word(begin) in {"now", "present", "date"}:
            second = Part(fixed=(self.today, self.today + DAY)), begin + 1
        if second is None:
            return None
        a, b = _share(first[0], second[0])
        if b.needs_year and not opened and b.day is None and (a.month is None or b.month is None):
            return None
        start, end = resolve(a, self.today), resolve(b, self.today)
        if start and end and end[1] <= start[0] and b.needs_year and first[0].needs_year:
            start = resolve(replace(a, year=start[0].year - 1), self.today)
        return self._time(at, second[1], start and start[0], end and end[1], (a, b)) if start and end else None

    def _following_year(self, first: Part, at: int) -> tuple[Part, int] | None:
        """``2020-21`` behind a year."""
        word = self.word(at)
        if first.year and first.month is None and len(word) == 2 and word.isdecimal() and int(word) == (first.year + 1) % 100:
            return Part(first.year + 1), at + 1
        return None

    def open(self, at: int) -> Time | None:
        opener, begin = self.opener(at)
        found = self.part(self.skip(begin, "the")) if opener else None
        if found is None:
            return self.onwards(at)
        if opener == "until" and self.word(at) in {"by", "through"} and found[0].needs_year and not found[0].past:
            return None
        return self._opened(at, opener, found)

    def _opened(self, at: int, opener: str, found: tuple[Part, int]) -> Time | None:
        span = resolve(found[0], self.today)
        if span is None:
            return None
        start, end = {"after": (span[1], None), "since": (span[0], None), "before": (None, span[0]), "until": (None, span[1])}[opener]
        other = self.open(self.skip(self.skip(found[1], ","), "but", "and"))
        if start and other and other.temporal.intervals[0].start is None:
            return self._time(at, other.end, start, other.temporal.intervals[0].end, (found[0],))
        if end and other and other.temporal.intervals[0].end is None:
            return self._time(at, other.end, other.temporal.intervals[0].start, end, (found[0],))
        return self._time(at, found[1], start, end, (found[0],))

    def opener(self, at: int) -> tuple[str, int]:
        """The longest words that open an interval at one end, and the place after them."""
        best = ("", at)
        for words, opener in _OPENERS:
            size = words.count(" ") + 1
            if size > best[1] - at and " ".join(self.word(at + n) for n in range(size)) == words:
                best = (opener, at + size)
        return best

    def onwards(self, at: int) -> Time | None:
        """``from 2019 on``, ``2019 onwards``, ``March 2020 or later``; images "from November 2024" alone are those of that month."""
        begin = self.skip(self.skip(at, "from", "since", "in"), "the")
        found = self.part(begin)
        span = found and resolve(found[0], self.today)
        if not found or not span:
            return None
        for words in _ONWARDS:
            size = words.count(" ") + 1
            if " ".join(self.word(found[1] + n) for n in range(size)) != words:
                continue
            if words == "on" and self.word(found[1] + 1) not in _BEHIND_YEARS - {"of"}:
                continue
            return self._time(at, found[1] + size, span[0], None, (found[0],))
        return None

    def near(self, at: int) -> Time | None:
        """``around`` a day is three days either way, unless the margin is told ("within 5 days of", "± 2 days")."""
        size = next((words.count(" ") + 1 for words in _NEAR if self.phrase(at, words)), 0)
        found = self.part(self.skip(at + size, "the")) if size else None
        span = found and resolve(found[0], self.today)
        if not found or not span or (self.word(at) in {"near", "close"} and found[0].day is None):
            return None
        one_day = span[1] - span[0] == DAY
        if not one_day and not self.trusted(found[0], at, at + size, found[1]):
            return None
        note = (Assumption("around", "'Around' a date is read as three days before to three days after."),) if one_day else ()
        margin = 3 * DAY * one_day
        return self._time(at, found[1], span[0] - margin, span[1] + margin, (found[0],), note)

    def within(self, at: int) -> Time | None:
        """``within 5 days of 15 March 2021``, ``15 March 2021 ± 2 days``."""
        begin = self.skip(at, "within")
        number, end = self.number(begin)
        unit = {"day": 1, "week": 7}.get(self.unit(end), 0)
        if number and unit and begin > at and self.word(end + 1) in {"of", "from", "around"}:
            found = self.part(self.skip(end + 2, "the"))
            return self._margin(at, found, found[1], number * unit) if found else None
        found = self.part(self.skip(at, *_AT))
        if found and self.word(found[1]) in {"±", "+-", "+/-"}:
            number, end = self.number(found[1] + 1)
            unit = {"day": 1, "week": 7}.get(self.unit(end), 0)
            return self._margin(at, found, end + 1, number * unit) if number and unit else None
        return None

    def _margin(self, at: int, found: tuple[Part, int], end: int, days: int) -> Time | None:
        span = resolve(found[0], self.today)
        return self._time(at, end, span[0] - days * DAY, span[1] + days * DAY, (found[0],)) if span else None

    def plain(self, at: int) -> Time | None:
        """``in`` a part, or a bare one where it can be nothing else; several of them with "and"."""
        lead = self.word(at) in _AT | {"from", "between"} or (self.word(at) in {"taken", "acquired"} and self.word(at + 1) in _AT)
        begin = self.skip(self.skip(at + lead, "the", "all"), "whole", "entire", "full")
        found = self.part(begin)
        span = found and resolve(found[0], self.today)
        if not found or not span:
            return None
        sure = self.trusted(found[0], at, begin, found[1])
        first = self._time(at, found[1], *span, (found[0],), sure=sure)
        several = first and self.joined(first, found[0])
        # "June and July 2021": the year behind the second says that the first is a month as well
        named = several is not None and several.end > found[1] and not any(note.code == "year" for note in several.assumptions)
        return replace(several, sure=max(sure, 0.9)) if several and named else several if sure else None

    def joined(self, first: Time, part: Part) -> Time:
        """``March 2020 and March 2021``, ``June and July 2021``, ``2019, 2020 or 2021``."""
        begin = self.skip(self.skip(first.end, ","), "and", "or", "&")
        if begin == first.end:
            return first
        second = self.part(self.skip(self.skip(begin, *_AT), "the"))
        if second is None or second[0].fixed or (second[0].day is None) != (part.day is None) or second[0].edge:
            return first
        a, b = _share(part, second[0])
        spans = resolve(a, self.today), resolve(b, self.today)
        if not spans[0] or not spans[1] or (second[0].needs_year and part.needs_year):
            return first
        found = _merged([spans[0], *self._rest(b, spans[1], second[1])])
        end = self._rest_end(b, second[1])
        notes = tuple(dict.fromkeys([*first.assumptions, *_notes(a, self.today), *_notes(b, self.today)]))
        notes = tuple(note for note in notes if note.code != "year" or a.needs_year)
        return Time(first.start, end, Temporal(found, first.temporal.granularity), notes, first.sure)

    def _rest(self, part: Part, span: tuple[date, date], end: int) -> list[tuple[date, date]]:
        time = Time(0, end, Temporal((Interval(*span),)))
        return [(one.start, one.end) for one in self.joined(time, part).temporal.intervals if one.start and one.end]

    def _rest_end(self, part: Part, end: int) -> int:
        return self.joined(Time(0, end, Temporal((Interval(self.today, None),))), part).end

    def trusted(self, part: Part, at: int, begin: int, end: int) -> float:
        """How surely a bare month, season or year is a time, by the words around it; 0 if it is none."""
        bare_month = part.needs_year and not part.past and part.day is None
        bare_year = end - begin == 1 and part.month is None and not part.fixed
        before, after = self.word(begin - 1), self.word(end)
        before = self.word(begin - 2) if before in {"the", "year"} else before
        if bare_month:
            capital = after == "," and self.tokens[end + 1 : end + 2] and self.tokens[end + 1].text[:1].isupper()
            return float((before in _LEADS - {"of", "to", "about", "or", "and"} or bool(part.edge)) and not capital)
        if part.needs_year and part.day is not None and MONTHS.get(self.word(begin)) == 5 and not self.tokens[begin].text[0].isupper():
            return 0.0
        if bare_year:
            if before in _LEADS - {"over", "to", "about", "around"} or (at < begin and self.word(at) in _AT - {"over"}):
                return 1.0
            if before in _COMPARING:
                return 0.0
            return 0.9 if after in _BEHIND_YEARS else 0.4
        return 1.0

    def phrase(self, at: int, words: str) -> bool:
        """Whether these words stand at a place."""
        return all(self.word(at + n) == word for n, word in enumerate(words.split()))

    def _time(
        self, at: int, end: int, first: date | None, last: date | None, parts: Sequence[Part],
        notes: tuple[Assumption, ...] = (), sure: float = 1.0,
    ) -> Time | None:  # fmt: skip
        if first and last and last <= first:
            return None
        found = [*notes, *(note for part in parts for note in _notes(part, self.today))]
        kind = _granularity(first, last, parts)
        return Time(at, end, Temporal((Interval(first, last),), kind), tuple(dict.fromkeys(found)), sure)


_NORTH = Assumption("season", "Seasons are those of the northern hemisphere, by whole months.")


def _span(part: Part, today: date) -> tuple[date, date]:
    found = resolve(part, today)
    assert found is not None, "a year is always in the calendar"
    return found


def _each(intervals: Sequence[Interval], month: int, months: int, today: date) -> Iterator[Interval]:
    """The month or season of every year that intervals touch; a winter belongs to the year that it ends in."""
    for one in intervals:
        first = one.start.year if one.start else None
        last = (one.end - DAY).year if one.end else today.year
        if first is None or last - first > 200:
            return
        for year in range(first, last + 1):
            span = resolve(Part(year - (month == 12 and months == 3), month, months=months), today)
            if span:
                yield Interval(*span)


def _merged(spans: list[tuple[date, date]]) -> tuple[Interval, ...]:
    """Intervals in order; those that meet become one."""
    found: list[tuple[date, date]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(Interval(*one) for one in found)


def _granularity(first: date | None, last: date | None, parts: Sequence[Part]) -> Granularity:
    if len(parts) != 1 or first is None or last is None:
        return "range"
    part, days = parts[0], (last - first) // timedelta(days=1)
    if part.season:
        return "season"
    sizes: tuple[tuple[int, int, Granularity], ...] = (
        (1, 1, "day"), (7, 7, "week"), (28, 31, "month"), (90, 92, "quarter"), (181, 184, "half"), (365, 366, "year"),
        (3652, 3653, "decade"),
    )  # fmt: skip
    return next((name for least, most, name in sizes if least <= days <= most), "range")


def _share(a: Part, b: Part) -> tuple[Part, Part]:
    """Each half of a range takes from the other what it left out."""
    if b.day is not None and b.month is None:
        b = replace(b, month=a.month)
    if a.day is not None and a.month is None:
        a = replace(a, month=b.month)
    if a.needs_year and b.year is not None:
        wraps = a.month is not None and b.month is not None and a.month > b.month and not a.season
        a = replace(a, year=b.year - wraps)
    return a, replace(b, year=a.year) if b.needs_year and a.year is not None else b


def _notes(part: Part, today: date) -> Iterator[Assumption]:
    if part.needs_year and not part.past and (span := resolve(part, today)):
        yield Assumption("year", f"No year was given: {span[0]:%B} {span[0].year}, the latest, is taken.")
    if part.season:
        yield _NORTH
    if part.unsure:
        yield Assumption("day-first", "A date in figures is read day first.")


__all__ = ["NUMBERS", "Time", "find_times", "readings"]
