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


def hemisphere(request: Request, knowledge: Knowledge) -> Request:
    """The request with its seasons turned if its place lies in the south; told either way."""
    if not any(one.code == "season" for one in request.assumptions):
        return request
    where, latitude = next(_latitudes(request.target, knowledge), ("", None))
    if latitude is None or latitude >= 0:
        text = f"Seasons are those of the northern hemisphere{f', where {where} lies' if where else ''}, by whole months."
    else:
        text = f"Seasons are those of the southern hemisphere, where {where} lies, by whole months."
        for path, one in walk(request):
            if isinstance(one, Temporal) and season_months(one) is not None:
                request = edited(request, replacement(path, turned(one)))
    told = tuple(replace(one, text=text) if one.code == "season" else one for one in request.assumptions)
    return replace(request, assumptions=tuple(dict.fromkeys(told)))


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
