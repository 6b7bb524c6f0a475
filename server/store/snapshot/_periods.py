"""Valid time as numbers: literals of ``strdf:period`` and ``xsd:dateTime`` to columns of half-open periods and back.

Time is discrete, a microsecond apart, and UTC; a moment without a zone is read as UTC. An instant is a period of one microsecond.
``UC`` (until changed) ends a period that goes on, ``NOW`` is the moment of the query. Source: K. Bereta, P. Smeros, M. Koubarakis,
Representation and Querying of Valid Time of Triples in Linked Geospatial Data, ESWC 2013, and the answers of Strabon's temporal tests.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import polars as pl

STRDF_PERIOD = "http://strdf.di.uoa.gr/ontology#period"
FOREVER = np.iinfo(np.int64).max
"""Where a period ends that goes on until it is changed."""
_DAY, _MINUTE = 86_400_000_000, 60_000_000
_MOMENT = (
    r"(-?(?:[0-9]{4}|[1-9][0-9]{4,5}))-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6})0*)?)?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_PERIOD = r"^\s*([\[(])\s*([^,\s\[\]()]+(?: [^,\s\[\]()]+)?)\s*,\s*([^,\s\[\]()]+(?: [^,\s\[\]()]+)?)\s*([\])])\s*$"
_UNCHANGED, _NOW = "UC", "NOW"
_YEARS = 290_000
"""Furthest year before and after 0 that microseconds from 1970 on reach in 64 bits; 0 is the year before 1 (XSD 1.1 part 2, §3.3.7)."""


class Periods(NamedTuple):
    """Columns of periods.

    Attributes:
        start, end: int64, microseconds since 1970-01-01T00:00:00Z, half-open; ``end`` may be `FOREVER`.
        good: bool, whether the literal could be read and holds at least a moment.
        zoned: bool, whether a zone was written.
        after: bool, whether the start was written as the moment before the first one, ``(``.
        until: bool, whether the end was written as the last moment, ``]``, rather than as the one behind it.
        present: bool, whether ``NOW`` was written.
    """

    start: Any
    end: Any
    good: Any
    zoned: Any
    after: Any
    until: Any
    present: Any

    def __len__(self) -> int:
        return len(self.start)


class Moments(NamedTuple):
    """Columns of points of time: microseconds (int64), which could be read, which had a zone, and which were ``NOW`` (bool)."""

    micros: Any
    good: Any
    zoned: Any
    present: Any


def read_moments(texts: Any, now: int) -> Moments:
    """Points of time from text, as XML Schema or PostgreSQL write them (``2012-11-19 13:41:00+02``), dates as midnight, ``UC`` and ``NOW``.

    Args:
        texts: pyarrow array of strings; null cannot be read.
        now: what ``NOW`` stands for, microseconds since 1970-01-01T00:00:00Z.
    """
    series = cast(pl.Series, pl.from_arrow(texts))
    parts = series.str.extract_groups(f"^{_MOMENT}$").struct
    year, month, day, hour, minute, second = (_number(parts.field(str(place))) for place in range(1, 7))
    good = parts.field("1").is_not_null().to_numpy() & (np.abs(year) <= _YEARS) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    good &= (days.astype("datetime64[M]") == months) & (minute <= 59) & (second <= 59)
    zoned, offset = _zones(parts)
    clock = (hour * 60 + minute) * _MINUTE + second * 1_000_000 + _number(parts.field("7").str.pad_end(6, "0"))
    # 24:00:00 is the end of the day
    good &= (hour <= 23) | (clock == _DAY)
    micros = days.astype(np.int64) * _DAY + clock - offset * _MINUTE
    unchanged, present = (np.asarray((series == word).fill_null(False)) for word in (_UNCHANGED, _NOW))
    micros = np.where(unchanged, FOREVER, np.where(present, now, np.where(good, micros, 0)))
    return Moments(micros, good | unchanged | present, zoned | present, present)


def _zones(parts: Any) -> tuple[Any, Any]:
    """Which moments have a zone, and its minutes east."""
    sign = parts.field("9")
    zoned = (parts.field("8").is_not_null() | sign.is_not_null()).to_numpy()
    west = np.asarray((sign == "-").fill_null(False))
    return zoned, (_number(parts.field("10")) * 60 + _number(parts.field("11"))) * np.where(west, -1, 1)


def _number(digits: pl.Series) -> Any:
    return digits.cast(pl.Int64, strict=False).fill_null(0).to_numpy()


def read_periods(texts: Any, now: int) -> Periods:
    """Literals of ``strdf:period``: two moments in brackets, ``[`` and ``]`` with them, ``(`` and ``)`` without; or one moment alone.

    Args:
        texts: pyarrow array of strings.
        now: as `read_moments` has it.
    """
    series = cast(pl.Series, pl.from_arrow(texts))
    parts = series.str.extract_groups(_PERIOD).struct
    alone = parts.field("1").is_null()
    first, last = (read_moments(_chosen(alone, series, parts.field(place)), now) for place in ("2", "3"))
    after = np.asarray((parts.field("1") == "(").fill_null(False))
    until = np.asarray((parts.field("4") == "]").fill_null(True))
    return periods(first, last, after, until)


def _chosen(alone: pl.Series, whole: pl.Series, part: pl.Series) -> Any:
    return pl.select(pl.when(alone).then(whole.str.strip_chars()).otherwise(part)).to_series().to_arrow()


def periods(first: Moments, last: Moments, after: Any, until: Any) -> Periods:
    """Periods from their ends as they are written, see `Periods`."""
    start = first.micros + after
    end = np.where(last.micros == FOREVER, FOREVER, last.micros + (until & (last.micros < FOREVER)))
    good = first.good & last.good & (first.micros < FOREVER) & (start < end)
    zoned, present = first.zoned | last.zoned, first.present | last.present
    return Periods(np.where(good, start, 0), np.where(good, end, 0), good, zoned, after, until, present)


def instants(moments: Moments) -> Periods:
    """Points of time as periods of a microsecond."""
    closed = np.ones(len(moments.micros), dtype=bool)
    return periods(moments, moments, ~closed, closed)


def write_moments(micros: Any, zoned: Any) -> list[str]:
    """Lexical forms of ``xsd:dateTime``, with a ``Z`` where ``zoned``; `FOREVER` as ``UC``."""
    finite = micros < FOREVER
    texts = np.datetime_as_string(np.where(finite, micros, 0).astype("datetime64[us]")).tolist()
    return [_shortened(text) + ("Z" if zone else "") if one else _UNCHANGED for text, one, zone in zip(texts, finite, zoned, strict=True)]


def _shortened(text: str) -> str:
    # numpy counts the sign among the four places of a year
    year, _, rest = text.removeprefix("-").partition("-")
    return f"{text[: text[0] == '-']}{year.zfill(4)}-{rest.rstrip('0').rstrip('.')}"


def write_periods(start: Any, end: Any, zoned: Any) -> list[str]:
    """Lexical forms of ``strdf:period``, half-open."""
    ends = zip(write_moments(start, zoned), write_moments(end, zoned), strict=True)
    return [f"[{first},{last})" for first, last in ends]
