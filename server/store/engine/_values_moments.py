"""Dates and dateTimes of many ids at once, as microseconds, zoned or not."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import polars as pl

from ..snapshot import BIAS, Tag, payloads, tags
from ._terms import TermSpace
from ._values import XSD_BASE
from ._values_time import DAY, MINUTE, Stamp, local_seconds

NONE, DATETIME, INSTANT, DATE, ZONED_DATE, OTHER = range(6)
"""What `Moments.kind` tells: no date; dateTime without and with zone; date without and with zone; a date that is not reckoned here."""
LATEST = 14 * 3_600_000_000
"""Microseconds by which a local time may be off UTC."""
_TYPES = {XSD_BASE + "dateTime": False, XSD_BASE + "date": True}
_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_TIME = r"T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6})0*)?"
_ZONE = r"(?:(Z)|([+-])(0\d|1[0-3]):([0-5]\d))?"
_PATTERNS = {False: f"^{_DATE}{_TIME}{_ZONE}$", True: f"^{_DATE}(){{0}}(){{0}}(){{0}}(){{0}}{_ZONE}$"}


class Moments(NamedTuple):
    """Points of time row by row: kind (int8), and microseconds since 1970-01-01T00:00:00, of UTC where there is a zone (int64)."""

    kind: Any
    micros: Any


def moments(ids: Any, space: TermSpace) -> Moments:
    """Moments of ids, which may be unbound."""
    tag = tags(ids)
    kind = np.array([NONE, NONE, NONE, NONE, DATE, DATETIME, INSTANT, NONE, NONE, NONE], dtype=np.int8)[tag]
    value = np.where(kind != NONE, payloads(ids) - BIAS, 0)
    found = Moments(kind, np.where(kind == DATE, value * DAY * 1_000_000, value))
    rows = np.flatnonzero((tag == Tag.DICTIONARY) | (tag == Tag.SCRATCH))
    if len(rows):
        codes, types = space.types(ids[rows])
        for code, one in enumerate(types):
            if one.datatype in _TYPES:
                mine = rows[codes == code]
                if len(mine):
                    found.kind[mine], found.micros[mine] = read(space.strings(ids[mine]), date=_TYPES[one.datatype])
    return found


def read(text: Any, *, date: bool) -> tuple[Any, Any]:
    """Kind and microseconds of lexical forms; `OTHER` for those beyond four-digit years, microseconds, or the calendar."""
    parts = cast(pl.Series, pl.from_arrow(text)).str.extract_groups(_PATTERNS[date].replace(r"\d", "[0-9]")).struct
    year, month, day, hour, minute, second = (_number(parts.field(str(place))) for place in range(1, 7))
    fraction = _number(parts.field("7").str.pad_end(6, "0"))
    good = parts.field("1").is_not_null().to_numpy() & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    good &= (days.astype("datetime64[M]") == months) & (year >= 1)
    sign = parts.field("9")
    zoned = (parts.field("8").is_not_null() | sign.is_not_null()).to_numpy()
    offset = (_number(parts.field("10")) * 60 + _number(parts.field("11"))) * np.where((sign == "-").fill_null(False).to_numpy(), -1, 1)
    seconds = days.astype(np.int64) * DAY + hour * 3_600 + minute * 60 + second - offset * MINUTE
    kinds = np.where(zoned, ZONED_DATE if date else INSTANT, DATE if date else DATETIME)
    return np.where(good, kinds, OTHER).astype(np.int8), np.where(good, seconds * 1_000_000 + fraction, 0)


def _number(digits: pl.Series) -> Any:
    return digits.cast(pl.Int64, strict=False).fill_null(0).to_numpy()


def moment(stamp: Stamp) -> tuple[int, int]:
    """Kind and microseconds of one stamp."""
    if stamp.kind not in ("dateTime", "date"):
        return OTHER, 0
    micros = (local_seconds(stamp) - (stamp.zone or 0) * MINUTE) * 1_000_000
    if micros != int(micros) or abs(micros) > 1 << 60:
        return OTHER, 0
    kinds = (DATE, ZONED_DATE) if stamp.kind == "date" else (DATETIME, INSTANT)
    return kinds[stamp.zone is not None], int(micros)


def compared(left: Moments, right: Moments) -> tuple[Any, Any, Any]:
    """-1, 0 or 1 (int8); a mask of the rows where both are known; one of those among them for which the order is sure.

    It is not between a date and a dateTime, nor if a zone that only one of them has could matter.
    """
    difference = left.micros - right.micros
    known = (left.kind != NONE) & (right.kind != NONE) & (left.kind != OTHER) & (right.kind != OTHER)
    alike = (left.kind >= DATE) == (right.kind >= DATE)
    sure = known & alike & ((left.kind == right.kind) | (np.abs(difference) > LATEST))
    return np.sign(difference).astype(np.int8), known, sure


def single(stamp: Stamp | None, length: int) -> Moments:
    """The same moment on all rows; None is no date."""
    kind, micros = (NONE, 0) if stamp is None else moment(stamp)
    return Moments(np.full(length, kind, dtype=np.int8), np.full(length, micros, dtype=np.int64))
