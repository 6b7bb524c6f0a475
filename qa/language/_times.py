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
from itertools import islice
from typing import Any, Literal

from ..request import Assumption, Interval, Temporal
from ._calendar import MONTHS, SEASONS, Part, Span, resolve
from ._reading import Reading
from ._timeparts import NUMBERS, Parts
from ._timespans import DAY, Found
from ._timetrust import AT
from ._tokens import Question, Token

Granularity = Literal["day", "week", "month", "quarter", "season", "half", "year", "decade", "range"]
_OPENERS: tuple[tuple[str, str], ...] = (
    ("after", "after"), ("later than", "after"), ("newer than", "after"), ("more recent than", "after"), ("following", "after"),
    ("since", "since"), ("as of", "since"), ("starting from", "since"), ("starting in", "since"),
    ("starting on", "since"), ("starting", "since"), ("beginning in", "since"), ("not before", "since"), ("no earlier than", "since"),
    ("not earlier than", "since"), ("on or after", "since"),
    ("before", "before"), ("prior to", "before"), ("earlier than", "before"), ("older than", "before"), ("preceding", "before"),
    ("until", "until"), ("till", "until"), ("up to", "until"), ("up until", "until"), ("up to and including", "until"), ("by", "until"),
    ("through", "until"),
    ("no later than", "until"), ("not later than", "until"), ("not after", "until"), ("on or before", "until"), ("ending in", "until"),
)  # fmt: skip
_TO_DATE = ("to date", "to today", "to now", "until now", "until today")
_ONWARDS = ("onwards", "onward", "on", "and later", "or later", "and after", "or newer", *_TO_DATE)
_BACKWARDS = ("and earlier", "or earlier", "and before", "or before", "or older", "and older")
_NEAR = ("around", "about", "circa", "near the date", "near", "close to")
_BEHIND_ON = frozenset(["", *"? . ! , ; ) in near at over with for and or sorted cloud clouds".split()])
_EACH = {"each", "every"}
_MOST = 12
"""Times named in a row; more are no question."""
_WINTER = 12
"""The month that winter begins in."""
_WHOLE = frozenset({"year", "month", "week", "day"})


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
        told = (
            replace(note, about=question.words(one.start, one.end)) if note in (_NORTH, _REVERSED) else note for note in one.assumptions
        )
        yield Reading("time", one.start, one.end, one.temporal, one.sure, "times", tuple(told))


def find_times(tokens: Sequence[Token], today: date) -> list[Time]:
    """All times, leftmost first and as long as possible; a year that stands apart ("in March in Cambridge in 2021") completes the rest."""
    found = [*_scan(_Reader(tokens, today))]
    years = [one for one in found if one.sure > 0.5 and _calendar_year(one.temporal)]
    open_ = [one for one in found if any(note.code == "year" for note in one.assumptions)]
    if len(years) != 1 or not open_:
        return found
    (year,) = years
    completed = {one.start: one for one in _scan(_Reader(tokens, today, _calendar_year(year.temporal)))}
    found = [completed.get(one.start, one) if one in open_ else one for one in found]
    if len(open_) == 1 and open_[0].start in completed:
        found[found.index(year)] = replace(year, temporal=completed[open_[0].start].temporal)
    return found


def _scan(reader: _Reader) -> Iterator[Time]:
    at = 0
    while at < len(reader.tokens):
        found = reader.time(at)
        if found:
            yield found
        at = found.end if found else at + 1


def _calendar_year(temporal: Temporal) -> int | None:
    """The year that a time is; None if it is another time."""
    if temporal.granularity != "year" or len(temporal.intervals) != 1:
        return None
    start, end = temporal.intervals[0].start, temporal.intervals[0].end
    return start.year if start and end and start == date(start.year, 1, 1) and end == date(start.year + 1, 1, 1) else None


def _dated(form: Callable[[int], Time | None], at: int) -> Time | None:
    """What a form reads at a place; None where that goes beyond the calendar, which has the years 1 to 9999."""
    try:
        return form(at)
    except (OverflowError, ValueError):
        return None


class _Reader(Parts):
    """Intervals of parts; every method takes a place and gives what it read there, or None."""

    def time(self, at: int) -> Time | None:
        forms: tuple[Callable[[int], Time | None], ...] = (self.every, self.span, self.interval)
        found = [time for form in forms if (time := _dated(form, at))]
        return max(found, key=lambda time: time.end) if found else None

    def interval(self, at: int) -> Time | None:
        """One interval, or several of the same kind ("in March 2020 and March 2021")."""
        forms: tuple[Callable[[int], Time | None], ...] = (self.between, self.open, self.near, self.within, self.plain)
        found = [time for form in forms if (time := _dated(form, at))]
        return max(found, key=lambda time: time.end) if found else None

    # repeated and vague times
    def every(self, at: int) -> Time | None:
        """``each summer from 2018 to 2022``, ``every March between 2018 and 2020``, ``the summers of 2019 and 2020``."""
        begin = self.skip(self.skip(at, *AT), "the")
        each = self.word(begin) in _EACH
        begin += each
        behind = self.skip(begin + 1, "of")
        over = self._repeated_over(begin, behind, each)
        if not over:
            return None
        month, months = self._named_months(begin)
        if not month:
            return self._whole(at, begin, over)
        intervals = tuple(_each(over.temporal.intervals, month, months, self.today))
        if month == _WINTER and any("/" in self.word(place) for place in range(behind, over.end)):
            # "from 2018/19": the winter that ends in 2018 is not of them
            intervals = intervals[1:]
        notes: dict[Assumption, None] = dict.fromkeys((*over.assumptions, _NORTH) if months else over.assumptions)
        return Time(at, over.end, Temporal(intervals, "season" if months else "month"), tuple(notes)) if intervals else None

    def _whole(self, at: int, begin: int, over: Time) -> Time | None:
        """``each month in 2021``: all of 2021, since nothing is told month by month."""
        word = self.word(begin)
        told = Assumption("whole-time", f"“Each {word}” is read as the whole time: nothing is told {word} by {word}.", word)
        return replace(over, start=at, assumptions=(*over.assumptions, told)) if word in _WHOLE else None

    def _repeated_over(self, at: int, behind: int, each: bool) -> Time | None:
        """The time behind "each …" in which that is repeated; behind a season in the plural, if it is of years."""
        over = (self.interval(behind) or self.years(behind)) if each or self._plural(at, behind) else None
        return over if over and over.temporal.intervals and (each or over.temporal.granularity in {"year", "range"}) else None

    def _plural(self, at: int, behind: int) -> bool:
        """Whether a season in the plural is a time: "the summers of 2019 and 2020" are, "hot springs in 2020" are not."""
        season = self.lemma(at) in SEASONS and self.word(at) not in SEASONS
        return season and self.word(at - 1) in {"", "the", *AT} and self.word(behind) not in AT

    def _named_months(self, at: int) -> tuple[int, int]:
        """The first month of the season or month of this name, and how many are said: 0 for a month."""
        name = self.lemma(at)
        return (SEASONS[name], 3) if name in SEASONS else (MONTHS.get(name, 0), 0)

    def lemma(self, at: int) -> str:
        """The lemma at a place; empty beyond the ends."""
        return self.tokens[at].lemma if 0 <= at < len(self.tokens) else ""

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
        lead = self.word(at) in AT
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
        second = self._second(first[0], begin)
        if second is None or not (_complete(first[0]) or second[0].day):
            return None
        a, b = self._shared(first[0], second[0])
        bare = b.needs_year and b.day is None and (a.month is None or b.month is None)
        if not _complete(a) or not _complete(b) or (bare and not opened):
            return None
        start, end = self._ends(a, b, first[0].needs_year, second[0].needs_year)
        if not start or not end:
            return None
        if end[1] <= start[0]:
            return self._time(at, second[1], end[0], start[1], (a, b), (_REVERSED,))
        return self._time(at, second[1], start[0], end[1], (a, b))

    def _shared(self, a: Part, b: Part) -> tuple[Part, Part]:
        a, b = _share(a, b)
        return _share(a, self.dated(b)) if a.needs_year and b.needs_year and self.given else (a, b)

    def _second(self, first: Part, at: int) -> Found:
        if self.word(at) in {"now", "present", "date"}:
            return Part(fixed=(self.today, self.today + DAY)), at + 1
        return self._following_year(first, at) or self.part(at) or self.day_year(at)

    def _ends(self, a: Part, b: Part, open_start: bool, open_end: bool) -> tuple[Span | None, Span | None]:
        """The days of either end; one moves by a year if the range would run backwards and its year was not said."""
        start, end = resolve(a, self.today), resolve(b, self.today)
        if start and end and end[1] <= start[0] and open_end:
            if open_start:
                start = resolve(replace(a, year=start[0].year - 1), self.today)
            else:
                end = resolve(replace(b, year=end[0].year + 1), self.today)
        return start, end

    def _following_year(self, first: Part, at: int) -> tuple[Part, int] | None:
        """``2020-21`` behind a year."""
        word = self.word(at)
        if first.year and first.month is None and len(word) == 2 and word.isdecimal() and int(word) == (first.year + 1) % 100:
            return Part(first.year + 1), at + 1
        return None

    def open(self, at: int) -> Time | None:
        opener, begin = self.opener(at)
        if self.phrase(at, "before and after") or self.phrase(at, "before or after"):
            return self._both_sides(at)
        found = self.part(self.skip(begin, "the")) if opener else None
        if found is None:
            return self.onwards(at)
        if opener == "until" and self.word(at) in {"by", "through"} and found[0].needs_year and not found[0].past:
            return None
        found_both = (self._opened(at, opener, found), self.onwards(at))
        return max((time for time in found_both if time), key=lambda time: time.end, default=None)

    def _both_sides(self, at: int) -> Time | None:
        found = self.part(self.skip(at + 3, "the"))
        span = found and self.resolve(found[0])
        inner = self._time(at, found[1], *span, (found[0],)) if found and span else None
        if inner is None or not span:
            return None
        return replace(inner, temporal=Temporal((Interval(None, span[0]), Interval(span[1], None))))

    def _opened(self, at: int, opener: str, found: tuple[Part, int]) -> Time | None:
        span = self.resolve(found[0])
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
        span = found and self.resolve(found[0])
        if not found or not span or (found[0].needs_year and begin == at):
            return None
        words = next((words for words in _ONWARDS + _BACKWARDS if self.phrase(found[1], words)), "")
        end = found[1] + words.count(" ") + 1
        if not words or (words == "on" and self.word(end) not in _BEHIND_ON):
            return None
        if words in _BACKWARDS:
            return self._time(at, end, None, span[1], (found[0],))
        return self._time(at, end, span[0], self.today + DAY if words in _TO_DATE else None, (found[0],))

    def near(self, at: int) -> Time | None:
        """``around`` a day is three days either way, unless the margin is told ("within 5 days of", "± 2 days")."""
        size = next((words.count(" ") + 1 for words in _NEAR if self.phrase(at, words)), 0)
        found = self.part(self.skip(at + size, "the")) if size else None
        span = found and self.resolve(found[0])
        if not found or not span or (self.word(at) in {"near", "close"} and found[0].day is None):
            return None
        one_day = span[1] - span[0] == DAY
        sure = 1.0 if one_day else self.bare(found[0], at, at + size, found[1])
        note = (Assumption("around", "'Around' a date is read as three days before to three days after."),) if one_day else ()
        margin = 3 * DAY * one_day
        return self._time(at, found[1], span[0] - margin, span[1] + margin, (found[0],), note, sure)

    def within(self, at: int) -> Time | None:
        """``within 5 days of 15 March 2021``, ``15 March 2021 ± 2 days``."""
        begin = self.skip(at, "within")
        number, end = self.number(begin)
        unit = {"day": 1, "week": 7}.get(self.unit(end), 0)
        if number and unit and begin > at and self.word(end + 1) in {"of", "from", "around"}:
            found = self.part(self.skip(end + 2, "the"))
            return self._margin(at, found, found[1], number * unit) if found else None
        found = self.part(self.skip(at, *AT))
        if found and self.word(found[1]) in {"±", "+-", "+/-"}:
            number, end = self.number(found[1] + 1)
            unit = {"day": 1, "week": 7}.get(self.unit(end), 0)
            return self._margin(at, found, end + 1, number * unit) if number and unit else None
        return None

    def _margin(self, at: int, found: tuple[Part, int], end: int, days: int) -> Time | None:
        span = self.resolve(found[0])
        return self._time(at, end, span[0] - days * DAY, span[1] + days * DAY, (found[0],)) if span else None

    def plain(self, at: int) -> Time | None:
        """``in`` a part, or a bare one where it can be nothing else; several of them with "and"."""
        lead = self.word(at) in AT | {"from"} or (self.word(at) in {"taken", "acquired"} and self.word(at + 1) in AT)
        begin = self.skip(self.skip(at + lead, "the", "all"), "whole", "entire", "full")
        several = self.several(at, begin)
        if several:
            return several
        found = self.part(begin)
        span = found and self.resolve(found[0])
        if not found or not span:
            return None
        return self._time(at, found[1], *span, (found[0],), sure=self.bare(found[0], at, begin, found[1]))

    def several(self, at: int, begin: int) -> Time | None:
        """``March 2020 and March 2021``, ``June, July and August 2021``, ``2019, 2020 or 2021``, ``18 and 25 March 2021``."""
        series = [*islice(self._series(begin), _MOST)]
        while len(series) > 1 and any(_complete(part) for part, _ in series):
            parts = _filled([part for part, _ in series])
            spans = [span for part in parts if _complete(part) and (span := self.resolve(part))]
            if len(spans) == len(parts):
                # "June and July 2021": the year behind the last says that the first is a month as well
                bare = self.bare(parts[0], at, begin, series[0][1])
                sure = float(bare > 0) if not parts[0].needs_year and (parts[0].month is None or series[0][0].needs_year) else bare
                last = self._time(at, series[-1][1], spans[-1][0], spans[-1][1], parts, sure=sure)
                kind = _granularity(spans[0][0], spans[0][1], parts[:1])
                return last and replace(last, temporal=Temporal(_merged(spans), kind))
            series.pop()
        return None

    def _series(self, at: int) -> Iterator[tuple[Part, int]]:
        """Parts of one kind, as said, with "and" or a comma between them; bare days among them."""
        found: Found = self.part(at) or self.day(at)
        first = found and found[0]
        while found and first and (bool(first.fixed), first.day is None) == (bool(found[0].fixed), found[0].day is None):
            yield found
            following = self.skip(self.skip(found[1], ","), "and", "or", "&", "vs", "versus")
            if following == found[1]:
                return
            begin = self.skip(self.skip(self.skip(following, "."), *AT), "the")
            found = self.part(begin) or self.day_year(begin)

    def _time(
        self, at: int, end: int, first: date | None, last: date | None, parts: Sequence[Part],
        notes: tuple[Assumption, ...] = (), sure: float = 1.0,
    ) -> Time | None:  # fmt: skip
        if parts:
            sure = min(sure, self.behind(parts[-1], end))
        if not sure or (first and last and last <= first):
            return None
        parts = [self.dated(part) for part in parts]
        found = [*notes, *(note for part in parts for note in _notes(part, self.today))]
        kind = _granularity(first, last, parts)
        return Time(at, end, Temporal((Interval(first, last),), kind), tuple(dict.fromkeys(found)), sure)


_REVERSED = Assumption("reversed", "The later end of the range is said first; it is read from the earlier to the later.")
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
    fitting: list[Granularity] = [name for least, most, name in sizes if least <= days <= most]
    return fitting[0] if fitting else "range"


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


def _complete(part: Part) -> bool:
    """Whether a day has its month."""
    return part.day is None or part.month is not None


def _filled(parts: list[Part]) -> list[Part]:
    """Every part with the month and year that it leaves to those behind it, or else before it: "summer 2019 and 2021"."""
    found = parts[:]
    for n in range(len(found) - 2, -1, -1):
        found[n] = _share(found[n], found[n + 1])[0]
    for n in range(1, len(found)):
        before, part = found[n - 1], found[n]
        if before.month and part.year and part.month is None and part.day is None:
            found[n] = replace(before, year=part.year - (before.season and before.month == 12))
        elif not part.fixed and before.month and (part.month is None or part.needs_year):
            found[n] = _share(before, part)[1]
    return found


def _notes(part: Part, today: date) -> Iterator[Assumption]:
    if part.needs_year and not part.past and (span := resolve(part, today)):
        yield Assumption("year", f"No year was given: {span[0]:%B} {span[0].year}, the latest, is taken.")
    if part.season:
        yield _NORTH
    if part.unsure:
        yield Assumption("day-first", "A date in figures is read day first.")


__all__ = ["NUMBERS", "Time", "find_times", "readings"]
