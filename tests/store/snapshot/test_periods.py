"""Literals of periods and moments, against a plain reading with Python's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.server.store.snapshot import FOREVER, instants, read_moments, read_periods, write_moments, write_periods

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = 1_700_000_000_000_000
ZONES: Any = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=ZONES)


def column(*texts: str) -> pa.Array:
    return pa.array(texts, type=pa.large_string())


def micros(moment: datetime) -> int:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_moments_are_read_as_the_calendar_has_them(moments: list[datetime]) -> None:
    read = read_moments(column(*(one.isoformat() for one in moments)), NOW)
    assert read.good.all()
    assert read.micros.tolist() == [micros(one) for one in moments]
    assert read.zoned.tolist() == [one.tzinfo is not None for one in moments]


@given(st.lists(st.tuples(MOMENTS, MOMENTS, st.sampled_from("[("), st.sampled_from("])")), min_size=1, max_size=20))
def test_periods_are_half_open_however_they_are_written(ends: list[tuple[datetime, datetime, str, str]]) -> None:
    read = read_periods(column(*(f"{left}{a.isoformat()}, {b.isoformat()}{right}" for a, b, left, right in ends)), NOW)
    for row, (a, b, left, right) in enumerate(ends):
        start, end = micros(a) + (left == "("), micros(b) + (right == "]")
        assert read.good[row] == (start < end)
        if start < end:
            assert (read.start[row], read.end[row]) == (start, end)


@given(st.lists(st.tuples(st.integers(-(10**15), 10**16), st.integers(1, 10**15), st.booleans()), min_size=1, max_size=20))
def test_what_is_written_is_read_back(rows: list[tuple[int, int, bool]]) -> None:
    start = np.array([one for one, _, _ in rows])
    end, zoned = start + np.array([one for _, one, _ in rows]), np.array([one for *_, one in rows])
    read = read_periods(column(*write_periods(start, end, zoned)), NOW)
    assert read.good.all()
    assert (read.start.tolist(), read.end.tolist(), read.zoned.tolist()) == (start.tolist(), end.tolist(), zoned.tolist())
    assert not read.after.any() and not read.until.any()
    again = read_moments(column(*write_moments(start, zoned)), NOW)
    assert again.micros.tolist() == start.tolist()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("[1970-01-01T00:00:00,UC)", 0, FOREVER),
        ("[1970-01-01T00:00:00, UC]", 0, FOREVER),
        ("[1970-01-01T00:00:00,NOW)", 0, NOW),
        ("[1970-01-01,1970-01-02)", 0, 86_400_000_000),
        ("[1970-01-01 02:00:00+02, 1970-01-01 02:00:00.000001+02)", 0, 1),
        ("1970-01-01T00:00:00Z", 0, 1),
        ("NOW", NOW, NOW + 1),
        ("[1970-01-01T24:00:00,UC)", 86_400_000_000, FOREVER),
        ("[0000-01-01T00:00:00,UC)", -62_167_219_200_000_000, FOREVER),
    ],
)
def test_forms_of_periods(text: str, start: int, end: int) -> None:
    read = read_periods(column(text), NOW)
    assert (read.good[0], read.start[0], read.end[0]) == (True, start, end)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "[1970-01-01T00:00:00,1970-01-01T00:00:00)", "[1970-01-02T00:00:00,1970-01-01T00:00:00]", "[UC,UC)",
        "1970-02-30T00:00:00", "[1970-01-01T24:00:01,UC)", "[1970-01-01T00:00:00;UC)",
        "[290001-01-01T00:00:00,UC)", "[1970-01-01T00:00:00,UC", "UC", "yesterday",
    ],
)
def test_what_has_no_moment_is_not_read(text: str) -> None:
    assert not read_periods(column(text), NOW).good[0]


def test_an_instant_is_a_period_of_one_microsecond() -> None:
    read = instants(read_moments(column("1970-01-01T00:00:00", "no"), NOW))
    assert read.good.tolist() == [True, False]
    assert (read.start[0], read.end[0]) == (0, 1)


def test_until_changed_is_written_as_such() -> None:
    assert write_periods(np.array([0]), np.array([FOREVER]), np.array([False])) == ["[1970-01-01T00:00:00,UC)"]
