"""Literals whose value is their id: integers, booleans, dates, times and decimals in the one form that the value is written back to.

W3C XML Schema 1.1 Part 2 (2012), §3.3 and §3.4, for the forms. What is written in any other way (``+5``, ``007``, ``-0``, ``24:00:00``,
years before 1 or beyond 9999, ``1.50``) is left to the dictionary, so that a lexical form always comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa

from earthweave.ontology import XSD
from earthweave.ontology.arrow import arrow_of

from ._ids import BIAS, BITS, DECIMAL_BIAS, Tag, make
from ._terms import Kind, Term, Terms, TermType

_DIGITS = 15
_FEW = 500
_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.(?:[0-9]{0,14}[1-9]|0)")
_DATE = re.compile(r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"((?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{0,5}[1-9])?)(Z?)")
_DATE_WIDTH, _DATETIME_WIDTH = 10, 27

DATATYPES = {
    Tag.INTEGER: str(XSD.integer), Tag.BOOLEAN: str(XSD.boolean), Tag.DATE: str(XSD.date), Tag.DATETIME: str(XSD.dateTime),
    Tag.INSTANT: str(XSD.dateTime), Tag.DECIMAL: str(XSD.decimal),
}
"""Datatype of the ids of each inline tag."""


def inline(terms: Terms) -> Any:
    """Ids of the terms that need no dictionary, -1 for all others; int64, shape as ``terms``."""
    found = np.full(len(terms), -1, dtype=np.int64)
    for code, kind in enumerate(terms.types):
        reader = _READERS.get(kind.datatype) if kind.kind is Kind.LITERAL else None
        if reader is None:
            continue
        rows = np.flatnonzero(terms.code == code)
        if len(rows):
            texts = terms.text.take(arrow_of(rows))
            # what it takes to set vectors going is more than what a few need one by one
            found[rows] = reader(texts) if len(rows) > _FEW else [_SINGLE[kind.datatype](text) for text in texts.to_pylist()]
    return found


def inline_term(term: Term) -> int:
    """Id of a term that needs no dictionary, -1 for any other."""
    reader = _SINGLE.get(term.type.datatype) if term.type.kind is Kind.LITERAL else None
    return -1 if reader is None else reader(term.text)


def outline(id: int) -> Term:
    """The term of an id under one of the inline tags (2 … 7); the inverse of `inline_term`."""
    tag = Tag(id >> BITS)
    return Term(outlined(tag, np.array([id], dtype=np.int64))[0].as_py(), TermType(Kind.LITERAL, DATATYPES[tag]))


def outlined(tag: Tag, ids: Any) -> Any:
    """Lexical forms of ids that all have one inline tag, as a pyarrow LargeStringArray of the same length."""
    payload = np.asarray(ids, dtype=np.int64) & ((1 << BITS) - 1)
    return _WRITERS[tag](payload).cast(pl.String).to_arrow().cast(pa.large_string())


def _integers(text: Any) -> Any:
    series = cast(pl.Series, pl.from_arrow(text))
    value = series.cast(pl.Int64, strict=False)
    same = (value.cast(pl.String) == series).fill_null(False).to_numpy()
    number = value.fill_null(0).to_numpy()
    fits = same & (number >= -BIAS) & (number < BIAS)
    return np.where(fits, make(Tag.INTEGER, number + BIAS), -1)


def _booleans(text: Any) -> Any:
    series = cast(pl.Series, pl.from_arrow(text))
    true, false = (series == "true").to_numpy(), (series == "false").to_numpy()
    return np.where(true | false, make(Tag.BOOLEAN, true.astype(np.int64)), -1)


def _dates(text: Any) -> Any:
    letters, length = _letters(text, _DATE_WIDTH)
    days, good = _days(letters)
    return np.where(good & (length == _DATE_WIDTH), make(Tag.DATE, days + BIAS), -1)


def _datetimes(text: Any) -> Any:
    letters, length = _letters(text, _DATETIME_WIDTH)
    days, good = _days(letters)
    clock, timely = _clock(letters)
    zoned = letters[np.arange(len(letters)), np.clip(length - 1, 0, _DATETIME_WIDTH - 1)] == ord("Z")
    fraction, exact = _fraction(letters, length - zoned)
    value = days * _DAY + clock * 1_000_000 + fraction + BIAS
    return np.where(good & timely & exact, np.where(zoned, make(Tag.INSTANT, value), make(Tag.DATETIME, value)), -1)


def _letters(text: Any, width: int) -> tuple[Any, Any]:
    """The first bytes of each text, zero behind its end, shape (n, width); and the length of each."""
    starts = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    length = np.diff(starts)
    pool = np.frombuffer(text.buffers()[2] or b"\0", dtype=np.uint8)
    pool = pool if len(pool) else np.zeros(1, dtype=np.uint8)
    place = np.arange(width)
    picked = pool[np.minimum(starts[:-1, None] + place, len(pool) - 1)]
    return np.where(place < length[:, None], picked, 0), length


def _number(letters: Any, start: int, stop: int) -> tuple[Any, Any]:
    """Value of the digits in some places, and whether they all are digits."""
    figures = letters[:, start:stop].astype(np.int64) - ord("0")
    powers = 10 ** np.arange(stop - start - 1, -1, -1, dtype=np.int64)
    return figures @ powers, ((figures >= 0) & (figures <= 9)).all(axis=1)


def _days(letters: Any) -> tuple[Any, Any]:
    """Days since 1970-01-01 of ``YYYY-MM-DD`` at the beginning, and whether there is such a day in the years 1 … 9999."""
    (year, a), (month, b), (day, c) = _number(letters, 0, 4), _number(letters, 5, 7), _number(letters, 8, 10)
    good = a & b & c & (letters[:, 4] == ord("-")) & (letters[:, 7] == ord("-")) & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (np.where(good, (year - 1970) * 12 + month - 1, 0)).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    return days.astype(np.int64), good & (days.astype("datetime64[M]") == months)


def _clock(letters: Any) -> tuple[Any, Any]:
    """Seconds of ``Thh:mm:ss`` behind a date, and whether there is such a time."""
    (hour, a), (minute, b), (second, c) = _number(letters, 11, 13), _number(letters, 14, 16), _number(letters, 17, 19)
    marks = (letters[:, 10] == ord("T")) & (letters[:, 13] == ord(":")) & (letters[:, 16] == ord(":"))
    return hour * 3600 + minute * 60 + second, a & b & c & marks & (hour < 24) & (minute < 60) & (second < 60)


def _fraction(letters: Any, stop: Any) -> tuple[Any, Any]:
    """Microseconds behind the seconds, up to ``stop``, and whether they are at most six digits that do not end in zero."""
    figures = letters[:, 20:26].astype(np.int64) - ord("0")
    inside = 20 + np.arange(6) < stop[:, None]
    digits = (((figures >= 0) & (figures <= 9)) | ~inside).all(axis=1)
    last = letters[np.arange(len(letters)), np.clip(stop - 1, 0, _DATETIME_WIDTH - 1)]
    some = (letters[:, 19] == ord(".")) & (stop > 20) & (stop <= 26) & digits & (last != ord("0"))
    value = np.where(inside, figures, 0) @ (10 ** np.arange(5, -1, -1, dtype=np.int64))
    return np.where(some, value, 0), some | (stop == 19)


def _decimals(text: Any) -> Any:
    series = cast(pl.Series, pl.from_arrow(text))
    formed = (series.str.contains(f"^(?:{_DECIMAL.pattern})$") & ~series.str.contains(r"^-0\.0$")).to_numpy()
    digits = (series.str.len_bytes().cast(pl.Int64) - series.str.find(".", literal=True).cast(pl.Int64) - 1).fill_null(0).to_numpy()
    mantissa = series.str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
    value = mantissa.fill_null(DECIMAL_BIAS).to_numpy()
    fits = formed & (value >= -DECIMAL_BIAS) & (value < DECIMAL_BIAS)
    return np.where(fits, make(Tag.DECIMAL, ((np.where(fits, value, 0) + DECIMAL_BIAS) << 4) | digits), -1)


_READERS: dict[str, Callable[[Any], Any]] = {
    str(XSD.integer): _integers, str(XSD.boolean): _booleans, str(XSD.date): _dates, str(XSD.dateTime): _datetimes,
    str(XSD.decimal): _decimals,
}


def _one_integer(text: str) -> int:
    value = int(text) if _INTEGER.fullmatch(text) else BIAS
    return int(make(Tag.INTEGER, value + BIAS)) if -BIAS <= value < BIAS else -1


def _one_boolean(text: str) -> int:
    return int(make(Tag.BOOLEAN, int(text == "true"))) if text in ("true", "false") else -1


def _one_date(text: str) -> int:
    if not _DATE.fullmatch(text):
        return -1
    try:
        return int(make(Tag.DATE, (date.fromisoformat(text) - _EPOCH.date()).days + BIAS))
    except ValueError:
        return -1


def _one_datetime(text: str) -> int:
    match = _DATETIME.fullmatch(text)
    if match is None:
        return -1
    head, _, fraction = match[1].partition(".")
    try:
        whole = datetime.fromisoformat(head)
    except ValueError:
        return -1
    micros = (whole - _EPOCH) // timedelta(microseconds=1) + int(fraction.ljust(6, "0"))
    return int(make(Tag.INSTANT if match[2] else Tag.DATETIME, micros + BIAS))


def _one_decimal(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or text == "-0.0":
        return -1
    mantissa = int(text.replace(".", "", 1))
    digits = len(text) - text.index(".") - 1
    fits = -DECIMAL_BIAS <= mantissa < DECIMAL_BIAS
    return int(make(Tag.DECIMAL, ((mantissa + DECIMAL_BIAS) << 4) | digits)) if fits else -1


_SINGLE: dict[str, Callable[[str], int]] = {
    str(XSD.integer): _one_integer, str(XSD.boolean): _one_boolean, str(XSD.date): _one_date, str(XSD.dateTime): _one_datetime,
    str(XSD.decimal): _one_decimal,
}


def _write_boolean(payload: Any) -> pl.Series:
    return pl.Series(np.where(payload == 1, "true", "false"), dtype=pl.String)


def _write_date(payload: Any) -> pl.Series:
    return pl.Series((payload - BIAS).astype(np.int32)).cast(pl.Date).dt.to_string("%Y-%m-%d")


def _write_datetime(payload: Any) -> pl.Series:
    value = payload - BIAS
    whole = pl.Series(value - value % 1_000_000).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%S")
    fraction = pl.Series(value % 1_000_000 + 1_000_000).cast(pl.String).str.slice(1).str.strip_chars_end("0")
    return whole + (pl.Series(np.where(value % 1_000_000, ".", ""), dtype=pl.String) + fraction)


def _write_decimal(payload: Any) -> pl.Series:
    digits, mantissa = payload & 15, (payload >> 4) - DECIMAL_BIAS
    scale = 10 ** digits
    whole, rest = np.divmod(np.abs(mantissa), scale)
    sign = pl.Series(np.where(mantissa < 0, "-", ""), dtype=pl.String)
    return sign + pl.Series(whole).cast(pl.String) + "." + pl.Series(rest + scale).cast(pl.String).str.slice(1)


_WRITERS: dict[Tag, Callable[[Any], pl.Series]] = {
    Tag.INTEGER: lambda payload: pl.Series(payload - BIAS).cast(pl.String), Tag.BOOLEAN: _write_boolean, Tag.DATE: _write_date,
    Tag.DATETIME: _write_datetime, Tag.INSTANT: lambda payload: _write_datetime(payload) + "Z", Tag.DECIMAL: _write_decimal,
}
"""The datetime writer leaves the zone away; an instant's is always Z."""
