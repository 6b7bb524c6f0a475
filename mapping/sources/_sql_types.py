"""SQL types as Arrow types, and the values of a column in them (R2RML §10.2, natural mapping of SQL values)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from ..values import OPEN_SCALE, pc

_DIGITS = 76
"""The most decimal digits of an Arrow decimal."""
PLAIN_DECIMAL: Any = pa.decimal256(_DIGITS, OPEN_SCALE)
"""Of a NUMERIC whose scale is not known: it differs from value to value."""
_INTEGERS = r"(unsigned )?(tiny|small|medium|big |big)?int(eger)?\d?|(big|small)?serial\d?|oid|year"
_FAMILIES: tuple[tuple[str, Any], ...] = (
    (r"bool(ean)?|logical", pa.bool_()),
    (_INTEGERS, pa.int64()),
    (r"float4", pa.float32()),
    (r"real|double( precision)?|float8?", pa.float64()),
    (r"numeric|decimal|dec|number|fixed", PLAIN_DECIMAL),
    (r"date", pa.date32()),
    (r"timestamptz|timestamp with time zone", pa.timestamp("us", "UTC")),
    (r"timestamp( without time zone)?|datetime", pa.timestamp("us")),
    (r"time( without time zone)?", pa.time64("us")),
    (r"bytea|(tiny|medium|long)?blob|(var)?binary|binary (varying|large object)|raw", pa.binary()),
)
_TYPE = re.compile(r"\s*([a-z][a-z0-9_ ]*?)\s*(?:\((\d+)\s*(?:,\s*(\d+))?[^)]*\))?\s*(unsigned|with(?:out)? time zone)?(\s+zerofill)?\s*$")
_TRUE = frozenset({"t", "true", "1", "y", "yes", "on"})
_FALSE = frozenset({"f", "false", "0", "n", "no", "off"})
_FAILURES = (ValueError, TypeError, OverflowError, InvalidOperation, pa.ArrowException)


def arrow_type(declared: str) -> Any:
    """The Arrow type of a declared SQL type; text for all that is none of those that R2RML §10.2 lists."""
    match = _TYPE.match(declared.lower())
    if match is None:
        return pa.string()
    base, precision, scale, suffix = match.group(1, 2, 3, 4)
    if base == "bigint" and suffix == "unsigned":
        return pa.uint64()
    name = f"{base} {suffix}" if suffix and suffix != "unsigned" else base
    kind = next((kind for pattern, kind in _FAMILIES if re.fullmatch(pattern, name)), pa.string())
    return _decimal(int(precision), int(scale or 0)) if kind == PLAIN_DECIMAL and precision else kind


def _decimal(precision: int, scale: int) -> Any:
    if precision > _DIGITS or scale > precision:
        return PLAIN_DECIMAL
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def padding(declared: str) -> int:
    """The length to which the blanks of a CHARACTER(n) reach; 0 for other types."""
    match = re.fullmatch(r"\s*(?:n|native )?char(?:acter)?\s*\(\s*(\d+)\s*\)\s*", declared.lower())
    return int(match[1]) if match else 0


def typed(values: Any, kind: Any) -> tuple[Any, Sequence[int]]:
    """Values (a list, or an Arrow column of texts) in an Arrow type, and which rows hold a value that does not fit; those are null."""
    try:
        return _cast(values, kind), ()
    except _FAILURES:
        return _one_by_one(values, kind)


def _cast(values: Any, kind: Any) -> Any:
    """All at once; raises where a value does not fit."""
    if isinstance(values, pa.Array):
        if values.type == kind:
            return values
        return _cast_texts(values, kind)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind) or pa.types.is_binary(kind):
        return pa.array(values, kind)
    if pa.types.is_boolean(kind) and set(values) <= {0, 1, None}:
        return pa.array([None if one is None else one == 1 for one in values], kind)
    return _cast_texts(pa.array(values, pa.string()), kind)


def _cast_texts(texts: Any, kind: Any) -> Any:
    if pa.types.is_boolean(kind):
        found = set(texts.unique().to_pylist()) - {None}
        true = next((one for one, other in (("t", "f"), ("1", "0")) if found <= {one, other}), None)
        if true is None:
            raise TypeError("not as PostgreSQL and MySQL write it")
        return pc.equal(texts, true)
    if pa.types.is_time(kind):
        raise TypeError("Arrow reads no times from texts")
    return texts.cast(kind)


def _one_by_one(values: Any, kind: Any) -> tuple[Any, Sequence[int]]:
    read = _reader(kind)
    made, bad = [], []
    for row, value in enumerate(values.to_pylist() if isinstance(values, pa.Array) else values):
        try:
            made.append(None if value is None else read(value))
        except _FAILURES:
            made.append(None)
            bad.append(row)
    try:
        return pa.array(made, kind), bad
    except _FAILURES:
        return _piecewise(made, bad, kind)


def _piecewise(made: list[Any], bad: list[int], kind: Any) -> tuple[Any, Sequence[int]]:
    """For numbers beyond the range of the type."""
    for row, value in enumerate(made):
        try:
            pa.scalar(value, kind)
        except _FAILURES:
            made[row] = None
            bad.append(row)
    return pa.array(made, kind), sorted(bad)


def _reader(kind: Any) -> Callable[[Any], Any]:
    """How one value of a type is read from what a driver gives."""
    readers: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = (
        (pa.types.is_boolean, _boolean), (pa.types.is_integer, _integer), (pa.types.is_floating, float), (pa.types.is_date, _date),
        (pa.types.is_timestamp, _moment), (pa.types.is_time, _time), (pa.types.is_decimal, _number), (pa.types.is_binary, _bytes),
    )
    return next((read for test, read in readers if test(kind)), _text)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(value)
    return text in _TRUE


def _integer(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _number(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(value)
    return number


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _time(value: Any) -> time:
    return value if isinstance(value, time) else time.fromisoformat(value)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
