"""The interval grammar: two sets of phrasings, properties, and what must not be a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge import Knowledge
from earthweave.qa.language import Reading, read
from earthweave.qa.language._calendar import southern
from earthweave.qa.language._timeparts import Parts
from earthweave.qa.language._times import readings
from earthweave.qa.request import Interval

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
Days = list[tuple[date, date]]
"""Half-open spans in order; those that touch are one."""


def times(text: str) -> list[Reading]:
    """Readings that count: those below one half may as well be numbers or names."""
    return [one for one in readings(read(text), Knowledge(), TODAY) if one.score >= 0.5]


def days(spans: Iterable[tuple[date | None, date | None]]) -> Days:
    found: Days = []
    for start, end in sorted((start or date.min, end or date.max) for start, end in spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def meant(text: str) -> Days | None:
    """The days that all times of a question leave; None without any time."""
    found = [days((one.start, one.end) for one in reading.value.intervals) for reading in times(text) if reading.value.intervals]
    while len(found) > 1:
        a, b = found.pop(), found.pop()
        found.append(days((max(x[0], y[0]), min(x[1], y[1])) for x in a for y in b if max(x[0], y[0]) < min(x[1], y[1])))
    return found[0] if found else None


def gold(intervals: Iterable[tuple[str | None, str | None]]) -> Days | None:
    return days((start and date.fromisoformat(start), end and date.fromisoformat(end) + DAY) for start, end in intervals) or None  # type: ignore[misc]


def only(text: str) -> Interval:
    (found,) = times(text)
    (interval,) = found.value.intervals
    assert isinstance(interval, Interval)
    return interval


def codes(text: str) -> list[str]:
    return [note.code for found in times(text) for note in found.assumptions]


OWN: list[dict[str, Any]] = json.loads((Path(__file__).parent / "times.json").read_text("utf-8"))["items"]


def test_shared_set(shared: Path) -> None:
    items = json.loads((shared / "data/qa/temporal_expressions_40.json").read_text("utf-8"))["items"]
    assert len(items) == 40
    wrong = [
        (item["question"], meant(item["question"]))
        for item in items
        if meant(item["question"]) != gold([(item["start"], item["end"])] if item["has_time"] else [])
    ]
    assert wrong == []


@pytest.mark.parametrize("item", [item for item in OWN if item["intervals"]], ids=lambda item: item["question"])
def test_times_of_our_own(item: dict[str, Any]) -> None:
    assert meant(item["question"]) == gold(item["intervals"])


@pytest.mark.parametrize("item", [item for item in OWN if not item["intervals"]], ids=lambda item: item["question"])
def test_no_false_hits(item: dict[str, Any]) -> None:
    found = times(item["question"])
    assert [one.value.days for one in found] == ([item["days"]] if "days" in item else [])
    assert not any(one.value.intervals for one in found)


def test_own_set_is_large_enough_and_not_the_shared_one(shared: Path) -> None:
    items = json.loads((shared / "data/qa/temporal_expressions_40.json").read_text("utf-8"))["items"]
    questions = {item["question"] for item in OWN}
    assert len(questions) == 200
    assert sum(not item["intervals"] for item in OWN) >= 40
    assert not questions & {item["question"] for item in items}


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("floods in the second quarter of 2021", [("2021-04-01", "2021-06-30")]),
        ("floods in the last quarter of 2022", [("2022-10-01", "2022-12-31")]),
        ("floods in the final half of 2019", [("2019-07-01", "2019-12-31")]),
        ("floods in Q1 and Q3 2020", [("2020-01-01", "2020-03-31"), ("2020-07-01", "2020-09-30")]),
        ("floods in summer '19", [("2019-06-01", "2019-08-31")]),
        ("floods in 2021's spring", [("2021-03-01", "2021-05-31")]),
        ("floods every winter from 2019 to 2020", [("2018-12-01", "2019-02-28"), ("2019-12-01", "2020-02-29")]),
        ("floods in summer 2019 and 2021", [("2019-06-01", "2019-08-31"), ("2021-06-01", "2021-08-31")]),
        ("floods on March 18 and 25, 2021", [("2021-03-18", "2021-03-18"), ("2021-03-25", "2021-03-25")]),
        ("floods from 28 December to 3 January", [("2025-12-28", "2026-01-03")]),
        ("floods from 3 May 2021 10:00 to 4 May 2021 12:00", [("2021-05-03", "2021-05-04")]),
        ("floods from November to February in Girona in 2022", [("2021-11-01", "2022-02-28")]),
        ("floods in winter in Davos in 2021", [("2020-12-01", "2021-02-28")]),
        ("floods in the 2010s", [("2010-01-01", "2019-12-31")]),
        ("floods between May and July", [("2026-05-01", "2026-07-31")]),
        ("floods on 15-03-2021", [("2021-03-15", "2021-03-15")]),
        ("floods on 5/6/2021 and 6/20/2021", [("2021-05-06", "2021-05-06"), ("2021-06-20", "2021-06-20")]),
        ("floods of 2015 or earlier", [(None, "2015-12-31")]),
        ("floods of 2015 or later", [("2015-01-01", None)]),
        ("floods since 2020 to date", [("2020-01-01", "2026-11-20")]),
        ("floods the summer before last", [("2025-06-01", "2025-08-31")]),
        ("floods 5 days after 1 June 2021", [("2021-06-06", "2021-06-06")]),
        ("floods between 2021 and 1900", [("1900-01-01", "2021-12-31")]),
        ("floods from 20 to 10 March 2021", [("2021-03-10", "2021-03-20")]),
        ("floods from May 2021 to March 2021", [("2021-03-01", "2021-05-31")]),
        ("floods on 29 February 2023", []),
        ("ice in the winter of 2018/2019", [("2018-12-01", "2019-02-28")]),
        ("floods on 32 March", []),
        ("floods in the week of 21 March 2021", [("2021-03-15", "2021-03-21")]),
        ("floods since last Monday", [("2026-11-16", None)]),
        ("floods until the end of March 2021", [(None, "2021-03-31")]),
        ("floods in mid 2021", [("2021-05-01", "2021-08-31")]),
        ("floods in December", [("2025-12-01", "2025-12-31")]),
        ("floods in the past 24 hours", [("2026-11-19", "2026-11-20")]),
        ("units may flood", []),
        ("we march on", []),
        ("level above 2000", []),
        ("100 units", []),
        ("second unit", []),
        ("spring water", []),
        ("hot springs of 2021 guests", []),
        ("after the fall of the dam", []),
        ("villages at 2000 m", []),
        ("up to 2000 residents", []),
        ("T32TQM_20210322", []),
    ],
)
def test_forms(text: str, intervals: list[tuple[str | None, str | None]]) -> None:
    assert meant(text) == gold(intervals)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("floods in March", ["year"]),
        ("floods each month in 2021", ["whole-time"]),
        ("floods each March from 2019 to 2021", []),
        ("floods on 5 May", ["year"]),
        ("floods on 03/04/2021", ["day-first"]),
        ("floods from 03/04/2021 to 25/04/2021", []),
        ("floods in summer 2020", ["season"]),
        ("floods around 5 May 2021", ["around"]),
        ("floods in March in Cambridge in 2021", []),
        ("floods between 2021 and 1900", ["reversed"]),
        ("floods on 2021-03-22", []),
        ("floods last month", []),
    ],
)
def test_what_was_left_out_is_said(text: str, said: list[str]) -> None:
    assert codes(text) == said


def test_a_season_is_named_for_hemispheres() -> None:
    for name in ("spring", "summer", "autumn", "winter"):
        (found,) = times(f"floods in {name} 2021 near Sydney")
        assert found.value.granularity == "season"


@pytest.mark.parametrize(
    ("name", "first"),
    [("spring", "2021-09-01"), ("summer", "2020-12-01"), ("autumn", "2021-03-01"), ("fall", "2021-03-01"), ("winter", "2021-06-01")],
)
def test_seasons_of_the_south(name: str, first: str) -> None:
    start = only(f"floods in {name} 2021 near Sydney").start
    assert start
    assert southern(start) == date.fromisoformat(first)


def test_a_summer_over_the_turn_of_the_year_is_southern() -> None:
    start = only("bush fires in summer 2020/21 near Sydney").start
    assert start
    assert southern(start) == date(2020, 12, 1)


FORMS = (
    "{d.day} {d:%B} {d.year}",
    "{d:%B} {d.day}, {d.year}",
    "{d:%A}, {d.day} {d:%B} {d.year}",
    "the {d.day}th of {d:%B}, {d.year}",
    "{d:%Y-%m-%d}",
    "{d:%Y-%m-%d}T09:57:21Z",
    "{d:%Y/%m/%d}",
    "{d:%Y%m%d}",
    "{d.day}-{d:%b}-{d.year}",
    "{d:%b} {d.day} {d.year}",
    "{d:%b}. {d.day}, {d.year} at 10:30",
    "{d.day}.{d.month}.{d.year}",
)


@settings(deadline=None, max_examples=150)
@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(FORMS))
def test_a_day_is_itself_however_written(day: date, form: str) -> None:
    assert only("floods on " + form.format(d=day)) == Interval(day, day + DAY)


@settings(deadline=None, max_examples=150)
@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(1, 900), st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_a_range_holds_both_ends(first: date, length: int, one: str, other: str) -> None:
    last = first + length * DAY
    for form in ("between {} and {}", "from {} to {}"):
        assert only("floods " + form.format(one.format(d=first), other.format(d=last))) == Interval(first, last + DAY)


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.sampled_from(FORMS))
def test_open_ends_meet_at_the_day(day: date, form: str) -> None:
    said = form.format(d=day)
    assert only(f"floods since {said}") == Interval(day, None)
    assert only(f"floods before {said}") == Interval(None, day)
    assert only(f"floods after {said}").start == only(f"floods until {said}").end == day + DAY


WORDS = (
    "last past this next every each in on from to until since before after around the of and or , - / : . 2021 2019 18 31 3 days weeks week"
    " month year years ago March may Q2 first half winter summer spring 2020/21 early late end Monday weekend yesterday 20210322 5/6/2021 ±"
    " century decade 1990s images Lisbon now"
).split(" ")


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_text_is_survived_and_readings_lie_within_it(text: str) -> None:
    question, at = read(text), 0
    for found in readings(question, Knowledge(), TODAY):
        assert at <= found.start < found.end <= len(question.tokens)
        assert 0 < found.score <= 1
        at = found.end


@pytest.mark.parametrize("words", ["18,", "2019 and", "year", "Monday,", "each March", "1 day after", "before 2019 and", "early", "1-"])
def test_long_rows_of_time_words_take_few_steps(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    plain = Parts.word

    def word(self: Parts, at: int) -> str:
        nonlocal looks
        looks += 1
        return plain(self, at)

    monkeypatch.setattr(Parts, "word", word)
    question = read((f"{words} " * 500)[:1000])
    assert all(found.end <= len(question.tokens) for found in readings(question, Knowledge(), TODAY))
    assert 1000 < looks < 250_000


@pytest.mark.parametrize(
    "text", ["around 0001-01-02", "within 9999 days of 0001-05-05", "in the first 9999 years of 2021", "on 9999-12-31 ± 3 days"]
)
def test_times_beyond_the_calendar_are_none(text: str) -> None:
    for found in readings(read(f"floods {text}"), Knowledge(), TODAY):
        assert all((one.start or date.min) < (one.end or date.max) for one in found.value.intervals)


OTHERS = (
    st.text("bcfgklpqvxz", min_size=2, max_size=9)
    | st.integers(0, 999).map(str)
    | st.integers(3000, 99999).map(str)
    | st.sampled_from(
        [
            "lakes",
            "in",
            "near",
            "with",
            "clouds",
            "%",
            "km",
            "of",
            "the",
            "river",
            "Sentinel-2",
            "orbit",
            "tile",
            "level",
            "may",
            "fall",
            "second",
        ]
    )
)


@settings(deadline=None)
@given(st.lists(OTHERS, max_size=12))
def test_other_words_are_no_time(words: list[str]) -> None:
    assert times(" ".join(words)) == [] or "in may" in " ".join(words) or "in the fall" in " ".join(words)
