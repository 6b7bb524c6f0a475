"""Seasons follow the place: read as northern, they are turned where what is asked about lies south of the equator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from ..knowledge import Knowledge, key
from ..language import add_months, southern
from ..request import Argument, Box, Interval, Named, Point, Request, Temporal, Things
from ._tree import edited, replacement, walk

_STARTS = (12, 3, 6, 9)


def hemisphere(request: Request, knowledge: Knowledge, today: date) -> Request:
    """The request with its seasons turned if its place lies in the south; told either way.

    Args:
        today: "last spring" is the latest that is over, on either hemisphere.
    """
    notes = [one for one in request.assumptions if one.code == "season"]
    if not notes or all(one.text.startswith(_SOUTH) for one in notes):
        return request
    where, latitude = next(_latitudes(request.target, knowledge), ("", None))
    if latitude is None or latitude >= 0:
        text = f"Seasons are those of the northern hemisphere{f', where {where} lies' if where else ''}, by whole months."
    else:
        text = f"{_SOUTH}, where {where} lies, by whole months."
        request = _southern(request, notes[0].about.lower().split() if len(notes) == 1 else [], today)
    told = tuple(replace(one, text=text, about="") if one.code == "season" else one for one in request.assumptions)
    return replace(request, assumptions=tuple(dict.fromkeys(told)))


def _southern(request: Request, words: list[str], today: date) -> Request:
    """The request with all its seasons turned, which were spoken of in these words."""
    result = request
    for path, one in walk(request):
        if isinstance(one, Temporal) and (season_months(one) is not None or _is_open(one, words)):
            result = edited(result, replacement(path, _over(_turned_as_said(one, words), words, today)))
    return result


_SOUTH = "Seasons are those of the southern hemisphere"
_ENDED = frozenset(("after", "until", "till", "to", "through", "by", "later", "newer", "following"))
"""Words with which a time that is open at one end begins or ends where a season ends."""
_PAST = frozenset(("last", "previous", "past"))
_SEASONS = frozenset(("spring", "summer", "autumn", "fall", "winter"))


def _is_open(one: Temporal, words: list[str]) -> bool:
    """Whether a time is open at one end, and the other is that of a season."""
    return len(one.intervals) == 1 and None in (one.intervals[0].start, one.intervals[0].end) and not _SEASONS.isdisjoint(words)


def _turned_as_said(one: Temporal, words: list[str]) -> Temporal:
    """The seasons on the other hemisphere; of a time that is open at one end, the season that its other end is of."""
    if not _is_open(one, words) or _ENDED.isdisjoint(words[:2]):
        return turned(one)
    (open_,) = one.intervals
    day = open_.start or open_.end
    assert day is not None
    begin = add_months(day, -3)
    moved = _turned(Interval(begin, day)).end
    return replace(one, intervals=(Interval(moved if open_.start else None, moved if open_.end else None),))


def _over(one: Temporal, words: list[str], today: date) -> Temporal:
    """The latest of these seasons that is over, if the last one is spoken of."""
    (interval, *more) = one.intervals
    first = interval.start or interval.end
    if more or first is None or _PAST.isdisjoint(words):
        return one
    end = interval.end or add_months(first, 0 if not _ENDED.isdisjoint(words[:2]) else 3)
    years = 0
    while add_months(end, 12 * years) > today:
        years -= 1
    while add_months(end, 12 * (years + 1)) <= today:
        years += 1
    moved = Interval(interval.start and add_months(interval.start, 12 * years), interval.end and add_months(interval.end, 12 * years))
    return replace(one, intervals=(moved,))


def season_months(one: Temporal) -> int | None:
    """Months of the seasons of a time; None if it is of none."""
    if one.granularity != "season" or not one.intervals:
        return None
    return 3


def turned(one: Temporal) -> Temporal:
    """The seasons of the same names on the other hemisphere."""
    return replace(one, intervals=tuple(_turned(interval) for interval in one.intervals))


def _turned(one: Interval) -> Interval:
    start, end = one.start, one.end
    months = 0
    first = start or end
    if first:
        begin = _season(first)
        south = southern(begin)
        months = (south.year - begin.year) * 12 + south.month - begin.month
    return Interval(start and add_months(start, months), end and add_months(end, months))


def _season(day: date) -> date:
    """The first day of the northern season that a day lies in."""
    back = (day.month - _STARTS[0]) % 3
    return add_months(day.replace(day=1), -back)


def _latitudes(argument: Argument, knowledge: Knowledge) -> Iterator[tuple[str, float]]:
    """Names and latitudes of what a request is about, outermost first."""
    for _, one in walk(argument):
        if isinstance(one, Named):
            latitude = latitude_of(one, knowledge)
            if latitude is not None:
                yield one.name, latitude
        elif isinstance(one, Point):
            yield "the point", one.lat
        elif isinstance(one, Box):
            yield "the area", (one.south + one.north) / 2
        elif isinstance(one, Things):
            continue


def latitude_of(one: Named, knowledge: Knowledge) -> float | None:
    """Where a named thing lies, as the index of names has it."""
    for match in knowledge.names.find(key(one.name)):
        if match.lat is not None and set(match.named.iris) & set(one.iris):
            return match.lat
    return None
