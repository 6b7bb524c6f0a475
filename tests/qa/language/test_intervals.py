"""The interval grammar: phrasings, properties, and what must not be a time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.language import read
from earthweave.qa.language._times import Time, find_times

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)


def times(text: str) -> list[Time]:
    return [*find_times(read(text).tokens, TODAY)]


def only(text: str) -> tuple[date | None, date | None]:
    (found,) = times(text)
    (interval,) = found.temporal.intervals
    return interval.start, interval.end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("floods between 15 and 25 March 2021", "2021-03-15", "2021-03-26"),
        ("floods from March 15 to 25, 2021", "2021-03-15", "2021-03-26"),
        ("floods 15-25 March 2021", "2021-03-15", "2021-03-26"),
        ("floods from 28 December to 3 January 2021", "2020-12-28", "2021-01-04"),
        ("floods in the second quarter of 2021", "2021-04-01", "2021-07-01"),
        ("floods in the week of 21 March 2021", "2021-03-15", "2021-03-22"),
        ("floods since last Monday", "2026-11-16", None),
        ("floods until the end of March 2021", None, "2021-04-01"),
        ("floods on the 15th of March 2021", "2021-03-15", "2021-03-16"),
        ("floods in 03/2021", "2021-03-01", "2021-04-01"),
        ("floods in the 2010s", "2010-01-01", "2020-01-01"),
        ("floods in winter 2021", "2020-12-01", "2021-03-01"),
        ("floods in mid 2021", "2021-05-01", "2021-09-01"),
        ("floods between May and July", "2026-05-01", "2026-08-01"),
        ("floods in December", "2025-12-01", "2026-01-01"),
        ("floods on 29 February 2024", "2024-02-29", "2024-03-01"),
        ("floods in the past 24 hours", "2026-11-19", "2026-11-21"),
        ("floods last month", "2026-10-01", "2026-11-01"),
    ],
)
def test_intervals(text: str, start: str | None, end: str | None) -> None:
    if start is None and end is None:
        assert times(text) == []
    else:
        assert only(text) == (start and date.fromisoformat(start), end and date.fromisoformat(end))


@pytest.mark.parametrize(
    "text",
    ["units may flood", "we march on", "level above 2000", "the fall of a river", "100 units", "second unit", "spring water", "32 March"],
)
def test_no_time(text: str) -> None:
    assert times(text) == []


def test_what_was_left_out_is_said() -> None:
    assert [one.code for one in times("floods in March")[0].assumptions] == ["year"]
    assert [one.code for one in times("floods on 03/04/2021")[0].assumptions] == ["day-first"]
    assert [one.code for one in times("floods in summer 2020")[0].assumptions] == ["season"]
    assert times("floods on 2021-03-22")[0].assumptions == ()


FORMS = (
    "{d.day} {d:%B} {d.year}",
    "{d:%B} {d.day}, {d.year}",
    "{d:%Y-%m-%d}",
    "{d:%b} {d.day} {d.year}",
    "the {d.day}th of {d:%B}, {d.year}",
)


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2026, 11, 20)), st.sampled_from(FORMS))
def test_a_day_is_itself_however_written(day: date, form: str) -> None:
    assert only("floods on " + form.format(d=day)) == (day, day + DAY)


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(1, 900), st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_a_range_holds_both_ends(first: date, days: int, one: str, other: str) -> None:
    last = first + days * DAY
    for form in ("between {} and {}", "from {} to {}"):
        assert only("floods " + form.format(one.format(d=first), other.format(d=last))) == (first, last + DAY)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    for found in times(text):
        assert found.start < found.end <= len(read(text).tokens)
