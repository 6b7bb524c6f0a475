"""Parts of times as they are spoken: days, months, seasons, quarters, weeks, "yesterday", "the last three weeks".

::

    P := ISO | d/m/y | [edge] [day] month [year] | [edge] season [year] | quarter year | half year | week | relative
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from ._calendar import MONTHS, SEASONS, WEEKDAYS, Part, back, resolve, whole
from ._timespans import DAY, UNITS, Found, beside, dates, inside, iso_week, order, plain, valid, years
from ._timetrust import Trust
from ._tokens import Token

PAST = frozenset({"last", "past", "previous", "preceding"})
_EDGES = {
    "early": "early", "beginning": "early", "start": "early", "mid": "mid", "middle": "mid", "late": "late", "end": "late",
}  # fmt: skip
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "fifth": 5, "5th": 5}
_ORDINALS |= {"last": -1, "final": -1}
_COUNTED = "one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: n for n, word in enumerate(_COUNTED.split(), start=1)} | {"a": 1, "an": 1, "couple": 2, "few": 3}
_PIECES = frozenset("day week half month weekend third year".split())
_DAYS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth"
        " seventeenth eighteenth nineteenth twentieth".split(), start=1,
    )
} | {"thirtieth": 30}  # fmt: skip
_BESIDE = {"after": 1, "following": 1, "before": -1, "preceding": -1, "prior": -1}
_TENS = {word: 10 * n for n, word in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), start=2)}
_DMY = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_YMD = re.compile(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?:t.*)?")
_PACKED = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_YEAR = re.compile(r"(1[89]|20)\d\d")
_TURN = re.compile(r"((?:19|20)\d\d)[-/](\d{4}|\d\d)")
_QUARTER = re.compile(r"q[1-4]|h[12]|[1-4]q|[12]h")
_CLOCK = r"(?:t[\d:.]+(?:z|[+-]\d\d:?\d\d)?)?"
_GLUED = {
    "interval": re.compile(rf"(\d{{4}}-\d\d-\d\d){_CLOCK}/(\d{{4}}-\d\d-\d\d){_CLOCK}(?!\d)"),
    "dmy": re.compile(r"(\d{1,2})(-)(\d{1,2})-(\d{4})(?!\d)"),
    "short": re.compile(r"(\d{1,2})(/)(\d{1,2})/(\d\d)(?!\d)"),
    "week": re.compile(r"(\d{4})-?w(\d\d)(?![\w-])"),
    "day": re.compile(r"(\d{1,2})([-/.]?)([a-z]{3,9})\2(\d{4})(?!\d)"),
    "month": re.compile(r"([a-z]{3,9})[-/.]?(\d{4})(?!\d)"),
    "years": re.compile(r"((?:19|20)\d\d)/(\d{4}|\d\d)(?![\d/])"),
}
"""Times written in one piece, whatever tokens it falls into."""
_LONGEST = 32
"""Tokens in a piece, at most: two instants and a stroke."""


class Parts(Trust):
    """Recursive descent over tokens; every method takes a place and gives what it read with the place after it, or None.

    ``given`` is the year of what has none, where the question names it elsewhere; None for the latest.
    """

    def __init__(self, tokens: Sequence[Token], today: date, given: int | None = None) -> None:
        super().__init__(tokens)
        self.today, self.given = today, given
        self.order = order(tokens)
        self._parts: dict[int, Found] = {}

    def dated(self, part: Part) -> Part:
        """The part with the year that is given elsewhere, if it has none."""
        if self.given is None or not part.needs_year or part.past:
            return part
        return replace(part, year=self.given - (part.month == 12 and part.months == 3))

    def resolve(self, part: Part) -> tuple[date, date] | None:
        """The days that a part means."""
        return resolve(self.dated(part), self.today)

    def phrase(self, at: int, words: str) -> bool:
        """Whether these words stand at a place."""
        return all(self.word(at + n) == word for n, word in enumerate(words.split()))

    def skip(self, at: int, *words: str) -> int:
        """The place after an optional word."""
        return at + 1 if self.word(at) in words else at

    def part(self, at: int) -> Found:
        """The longest part that begins at a place, read once however often it is asked for."""
        if at not in self._parts:
            self._parts[at] = self._part(at)
        return self._parts[at]

    def _part(self, at: int) -> Found:
        word = self.word(at)
        if word in {"year", "month", "months", "years"}:
            named = self.part(self.skip(at + 1, "of"))
            if named and not named[0].fixed:
                return named
        if word in WEEKDAYS and (named := self.part(self.skip(self.skip(at + 1, ","), "the"))) and named[0].day is not None:
            return named
        forms = (
            self.numeric, self.glued, self.calendar, self.piece, self.led, self.relative, self.counted, self.week, self.edged, self.nth,
            self.decade,
        )  # fmt: skip
        found = [read for form in forms if (read := form(at))]
        part, end = max(found, key=lambda one: one[1]) if found else (None, at)
        return (part, self._clock(end) if part.day else end) if part else None

    def _clock(self, at: int) -> int:
        """The place behind a time of day: ``at 10:30``, ``09:57:21 UTC``."""
        begin = self.skip(self.skip(at, ","), "at")
        if not re.fullmatch(r"\d\d?", self.word(begin)) or self.word(begin + 1) != ":" or not re.fullmatch(r"\d\dz?", self.word(begin + 2)):
            return at
        end = begin + 3
        if self.word(end) == ":" and re.fullmatch(r"\d\d(\.\d+)?z?", self.word(end + 1)):
            end += 2
        return self.skip(end, "utc", "gmt", "am", "pm")

    def numeric(self, at: int) -> Found:
        """Dates in figures, and bare years; none in the names of files."""
        word = self.word(at)
        if "_" in {self.word(at - 1), self.word(at + 1)}:
            return None
        if match := _ISO.fullmatch(word):
            year, month, day = (int(text) if text else None for text in match.groups())
            return valid(Part(year, month, day), at + 1)
        if match := _YMD.fullmatch(word):
            return valid(Part(int(match[1]), int(match[3]), int(match[4])), at + 1)
        if match := _DMY.fullmatch(word):
            return self._in_figures(match, at + 1)
        if match := _PACKED.fullmatch(word):
            return valid(Part(int(match[1]), int(match[2]), int(match[3])), at + 1)
        if match := re.fullmatch(r"(0?[1-9]|1[0-2])/(\d{4})", word):
            return Part(int(match[2]), int(match[1])), at + 1
        return (Part(int(word)), at + 1) if _YEAR.fullmatch(word) else None

    def _in_figures(self, match: re.Match[str], end: int) -> Found:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 0 if year > 99 else 2000 if year < 50 else 1900
        told = self.order if match[2] != "." else ""
        day, month = (second, first) if second > 12 or (told == "month" and first <= 12) else (first, second)
        return valid(Part(year, month, day, unsure=max(first, second) <= 12 and first != second and not told), end)

    def glued(self, at: int) -> Found:
        """``2021-03-15/2021-03-25``, ``14-Aug-2022``, ``Aug-2022``, ``2022-W33``, ``2020/21``: in one piece, however it was split."""
        text, ends = "", dict[int, int]()
        for end in range(at, min(at + _LONGEST, len(self.tokens))):
            if end > at and self.tokens[end].start != self.tokens[end - 1].end:
                break
            text += self.tokens[end].lower
            ends[len(text)] = end + 1
        if not any(map(str.isdecimal, text)):
            return None
        for name, pattern in _GLUED.items():
            if (match := pattern.match(text)) and match.end() in ends and (found := self._glued(name, match, ends[match.end()])):
                return found
        return None

    def _glued(self, name: str, match: re.Match[str], end: int) -> Found:
        if name == "interval":
            return dates(match[1], match[2], end)
        if name in ("dmy", "short"):
            return self._in_figures(match, end)
        if name == "week":
            return iso_week(int(match[1]), int(match[2]), end)
        if name == "years":
            first, last = int(match[1]), int(match[2])
            return (years(first, 2), end) if last in {first + 1, (first + 1) % 100} else None
        month = MONTHS.get(match[3] if name == "day" else match[1])
        year, day = (int(match[4]), int(match[1])) if name == "day" else (int(match[2]), None)
        return valid(Part(year, month, day), end) if month and _YEAR.fullmatch(str(year)) else None

    def led(self, at: int) -> Found:
        """A year in front: ``2021 summer``, ``2021 March``, ``2021's spring``."""
        begin = self.skip(at + 1, "'s")
        word = self.word(begin)
        if not _YEAR.fullmatch(self.word(at)) or word == "fall" or (word == "may" and not self.tokens[begin].text[0].isupper()):
            return None
        found = self.calendar(begin) or self.piece(begin)
        if not found or not found[0].needs_year or found[0].past:
            return None
        year = int(self.word(at)) - (found[0].season and found[0].month == 12)
        return valid(replace(found[0], year=year), found[1])

    def calendar(self, at: int) -> Found:
        """``[edge] [day [of]] month [day] [[,|of] year]``."""
        edge, begin = self.edge(at)
        day = None if edge else self.ordinal(begin) or self.spelt(begin)
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
        span = found and self.resolve(found[0])
        return (replace(found[0], fixed=span, edge=edge), found[1]) if found and span and not found[0].edge else None

    def ordinal(self, at: int) -> tuple[int, int] | None:
        """A day of a month: ``15``, ``15th``."""
        match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", self.word(at))
        return (int(match[1]), at + 1) if match and 1 <= int(match[1]) <= 31 else None

    def spelt(self, at: int) -> tuple[int, int] | None:
        """A day of a month in words: ``first of``, ``twenty-second of``."""
        tens = {"twenty": 20, "thirty": 30}.get(self.word(at), 0)
        begin = self.skip(at + 1, "-") if tens else at
        number = _DAYS.get(self.word(begin), 0)
        if self.word(begin + 1) != "of" or not number or (tens and number > 9) or self.word(at - 1) in {"a", "one", "two"}:
            return None
        return tens + number, begin + 1

    def year(self, at: int) -> tuple[int | None, int]:
        """A year with what joins it to a month; "this year" and "last year" too."""
        begin = self.skip(at, ",", "of", "in")
        if _YEAR.fullmatch(self.word(begin)):
            return int(self.word(begin)), begin + 1
        if self.word(at) == "'" and re.fullmatch(r"\d\d", self.word(at + 1)):
            short = 2000 + int(self.word(at + 1))
            return short - 100 * (short > self.today.year + 10), at + 2
        shift = {"this": 0, "last": -1, "next": 1}.get(self.word(begin))
        return (self.today.year + shift, begin + 2) if shift is not None and self.word(begin + 1) == "year" else (None, at)

    def piece(self, at: int) -> Found:
        """Seasons, quarters, halves: ``[last] [edge] season [year]``, ``Q2 2021``, ``2021 Q2``, ``first half of 2021``."""
        which = self.word(at)
        past, begin = which in PAST, self.skip(at, *PAST, "this", "next")
        edge, begin = self.edge(begin)
        if past and (month := MONTHS.get(self.word(begin))):
            return Part(month=month, edge=edge, past=True), begin + 1
        if start := SEASONS.get(self.word(begin)):
            if which in {"this", "next"}:
                return Part(self.today.year + (which == "next"), start, months=3, edge=edge, season=True), begin + 1
            return self.season(start, begin + 1, edge, past)
        return self._quarter(begin) or self._quarter(at)

    def _quarter(self, at: int) -> Found:
        led = int(self.word(at)) if _YEAR.fullmatch(self.word(at)) else None
        begin = self.skip(at + 1, "-") if led else at
        glued = re.fullmatch(r"(\d{4})(q[1-4]|h[12])", self.word(at))
        short = glued[2] if glued else self.word(begin) if _QUARTER.fullmatch(self.word(begin)) else ""
        led = int(glued[1]) if glued else led
        if short:
            letter, figure = sorted(short, reverse=True)
            size, number, end = {"q": 3, "h": 6}[letter], int(figure), (at if glued else begin) + 1
        else:
            size, number, end = self._spelt_out(begin)
        if not size or not 0 < number <= 12 // size:
            return None
        year, end = (led, end) if led else self.year(self.skip(self.skip(end, "of"), "the") if self.word(end + 1) == "the" else end)
        year, end = (year, end) if year else self._of_year(end)
        return (Part(year, (number - 1) * size + 1, months=size), end) if year or "q" in short else None

    def _spelt_out(self, at: int) -> tuple[int, int, int]:
        """``second quarter``, ``last half``: its months, its number, and the place after it."""
        size, number = {"quarter": 3, "half": 6}.get(self.word(at + 1), 0), _ORDINALS.get(self.word(at), 0)
        return size, 12 // size if number < 0 and size else number, at + 2

    def _of_year(self, at: int) -> tuple[int | None, int]:
        """``of this year``, ``of the year 2021``."""
        begin = self.skip(self.skip(at, "of", "in"), "the")
        if self.word(begin) == "year":
            return self.year(begin + 1)
        return None, at

    def season(self, month: int, at: int, edge: str, past: bool) -> Found:
        """A season behind its word; one over the turn of the year is named for the year that it ends in, as meteorologists count.

        ``2020/21`` names what lies over that turn: the northern winter, and, of the north's summers, the one that `southern` turns to it.
        """
        year, end = self.year(at)
        begin = self.skip(at, ",", "of", "in")
        for size in (1, 3):
            match = _TURN.fullmatch("".join(self.word(begin + n) for n in range(size)))
            if match and int(match[2]) in {int(match[1]) + 1, (int(match[1]) + 1) % 100}:
                year, end = int(match[1]) + 1, begin + size
                break
        shifted = year - 1 if year and month == 12 else year
        return Part(shifted, month, months=3, edge=edge, past=past, season=True), end

    def _before_last(self, at: int) -> Found:
        """``the year before last``, ``the summer before last``."""
        if not self.phrase(at + 1, "before last"):
            return None
        if self.word(at) in {"week", "weekend", "month", "quarter", "year"}:
            return Part(fixed=whole(self.today, self.word(at), -2)), at + 3
        start, months = SEASONS.get(self.word(at)) or MONTHS.get(self.word(at)), 3 * (self.word(at) in SEASONS)
        span = start and resolve(Part(month=start, months=months, past=True), self.today)
        return (Part(span[0].year - 1, start, months=months, season=months > 0), at + 3) if span else None

    def counted(self, at: int) -> Found:
        """``the 10 days after D``: days without D; ``10 days after D``: that one day; ``the week before D``."""
        begin = self.skip(at, "the", "these")
        several = self.word(begin - 1) in {"the", "these", "in", "within", "during", "over", "throughout"}
        number, end = self.number(begin)
        number, end = (number, end) if number else (int(several), begin)
        unit, word = self.unit(end), self.word(end + 1)
        if not number or not unit or word not in _BESIDE:
            return None
        found = self.part(self.skip(end + 2, "to", "the"))
        span = found and self.resolve(found[0])
        days = span and beside(span, number * _BESIDE[word], unit, several)
        return (Part(fixed=days), found[1]) if found and days else None

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
        return self.ago(at) or self.last(at) or self._before_last(self.skip(at, "the"))

    def ago(self, at: int) -> Found:
        """``two weeks ago``: the day."""
        number, end = self.number(at)
        unit = self.unit(end)
        if not number or not unit or self.word(end + 1) not in {"ago", "earlier", "back", "before"}:
            return None
        if self.word(end + 1) == "before" and self.word(end + 2) not in {"now", "today", ""}:
            return None
        day = back(self.today, *plain(number, unit))
        return (Part(fixed=(day, day + DAY)), end + 2 + (self.word(end + 1) == "before" and bool(self.word(end + 2)))) if day else None

    def last(self, at: int) -> Found:
        """``last week`` is the whole week before, ``the last 7 days`` and ``the past week`` reach until today."""
        which = self.word(at)
        if which not in PAST | {"this", "current", "next", "coming", "recent"}:
            return None
        shift = -1 if which in PAST else {"next": 1, "coming": 1}.get(which, 0)
        if self.word(at + 1) == "weekend":
            return Part(fixed=whole(self.today, "weekend", shift)), at + 2
        number, end = self.number(at + 1)
        unit = self.unit(end)
        if not unit:
            return None
        size = UNITS[unit]
        if which in PAST | {"recent"} and (number or which == "past" or size in {"hour", "fortnight", "decade"}):
            first = back(self.today, *plain(number or 1, unit))
            return (Part(fixed=(first, self.today + DAY)), end + 1) if first else None
        if number or size in {"hour", "fortnight", "decade"} or which == "recent":
            return None
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
        return self.tokens[at].lemma if at < len(self.tokens) and self.tokens[at].lemma in UNITS else ""

    def week(self, at: int) -> Found:
        """``the week of 21 March 2021``, ``week 12 of 2021``, ``the weekend of …``, ``the week starting …``."""
        begin = self.skip(at, "iso", "calendar")
        word = self.word(begin)
        if word in {"day", "doy"}:
            return self._day_of_year(begin + 1)
        if word == "week" and self.word(begin + 1).isdecimal() and len(self.word(begin + 1)) < 3:
            year, end = self.year(begin + 2)
            return self._numbered_week(int(self.word(begin + 1)), year or self.given, end)
        if word not in {"week", "weekend"} or self.word(begin + 1) not in {"of", "from", "starting", "beginning", "around"}:
            return None
        found = self.part(self.skip(self.skip(begin + 2, "on", "from"), "the"))
        span = found and found[0].day and self.resolve(found[0])
        if not found or not span:
            return None
        if self.word(begin + 1) in {"starting", "beginning", "from"}:
            return Part(fixed=(span[0], span[0] + 7 * DAY)), found[1]
        return Part(fixed=whole(span[0], word, 0)), found[1]

    def _numbered_week(self, number: int, year: int | None, end: int) -> Found:
        """A week by its number; the latest that has begun without a year."""
        found = iso_week(year or self.today.year, number, end)
        late = found and not year and found[0].fixed and found[0].fixed[0] > self.today
        return iso_week(self.today.year - 1, number, end) if late else found

    def _day_of_year(self, at: int) -> Found:
        """``81 of 2021``, ``of year 81, 2021``."""
        begin = self.skip(self.skip(self.skip(at, "of"), "the"), "year")
        year, end = self.year(begin + 1)
        if not re.fullmatch(r"\d{1,3}", self.word(begin)) or not year:
            return None
        first = date(year, 1, 1) + (int(self.word(begin)) - 1) * DAY
        return (Part(fixed=(first, first + DAY)), end) if first.year == year else None

    def nth(self, at: int) -> Found:
        """``the first week of March 2021``, ``the last ten days of May``, ``the first half of April 2020``."""
        which = _ORDINALS.get(self.word(at))
        number, begin = self.number(at + 1)
        size = self.tokens[begin].lemma if begin < len(self.tokens) else ""
        if not which or size not in _PIECES or self.word(begin + 1) not in {"of", "in"}:
            return None
        found = self.part(self.skip(begin + 2, "the"))
        span = found and self.resolve(found[0])
        days = span and inside(span, which, number or 1, size)
        return (Part(fixed=days), found[1]) if found and days else None

    def decade(self, at: int) -> Found:
        """``the 2010s``, ``the nineties``, ``the 20th century``."""
        word = self.word(at)
        if re.fullmatch(r"(19|20)\d0s", word):
            return years(int(word[:-1]), 10), at + 1
        if self.word(at) in _TENS:
            return years(1900 + _TENS[word], 10), at + 1
        if self.word(at + 1) != "century":
            return None
        match = re.fullmatch(r"(\d{1,2})(th|st|nd|rd)", word)
        number = int(match[1]) if match else _DAYS.get(word, 0)
        return (years(100 * (number - 1) + 1, 100), at + 2) if 0 < number < 22 else None

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
