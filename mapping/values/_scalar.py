"""Single values and their texts: natural lexical forms, escapes, percent-encoding. What the columns of `_text` are checked by."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from earthweave.ontology import XSD

OPEN_SCALE = 30
"""Places of a column of decimals whose scale differs from value to value; those that a value does not need are not written."""
_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~]")
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
_SUBTAGS = (
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-x(?:-[A-Za-z0-9]{1,8})+)?"
)
_LANGUAGE = re.compile(rf"(?:{_SUBTAGS}|x(?:-[A-Za-z0-9]{{1,8}})+|i-[A-Za-z]{{2,8}})", re.IGNORECASE)

_BOOLEAN, _INTEGER, _DOUBLE, _DECIMAL = (str(one) for one in (XSD.boolean, XSD.integer, XSD.double, XSD.decimal))
_HEXBINARY, _DATETIME, _DATE, _TIME = (str(one) for one in (XSD.hexBinary, XSD.dateTime, XSD.date, XSD.time))


class Natural(NamedTuple):
    """A lexical form and the IRI of its natural datatype, empty for plain strings."""

    text: str
    datatype: str


def lexical_form(value: Any) -> Natural:
    """The natural lexical form of a value as Python and numpy know it, and its datatype (R2RML §10.2; RML-Core, natural datatypes)."""
    if isinstance(value, Natural):
        return value
    if isinstance(value, str):
        return Natural(value, "")
    if isinstance(value, bool | np.bool_):
        return Natural("true" if value else "false", _BOOLEAN)
    if isinstance(value, int | np.integer):
        return Natural(str(int(value)), _INTEGER)
    if isinstance(value, float | np.floating):
        return Natural(canonical_double(value), _DOUBLE)
    return _rarer(value)


def _rarer(value: Any) -> Natural:
    if isinstance(value, Decimal):
        return Natural(_plain_decimal(value), _DECIMAL)
    if isinstance(value, bytes):
        return Natural(value.hex().upper(), _HEXBINARY)
    if isinstance(value, datetime):
        return Natural(_moment(value), _DATETIME)
    if isinstance(value, date):
        return Natural(value.isoformat(), _DATE)
    if isinstance(value, time):
        return Natural(_trimmed(value.isoformat()), _TIME)
    raise TypeError(f"a value of type {type(value).__name__} has no lexical form")


def _plain_decimal(value: Decimal) -> str:
    text = format(value, "f")
    return _trimmed(text) if value.as_tuple().exponent == -OPEN_SCALE else text


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return _trimmed(value.isoformat())
    return _trimmed(value.astimezone(UTC).replace(tzinfo=None).isoformat()) + "Z"


def _trimmed(text: str) -> str:
    """A number without zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_double(value: float | Any) -> str:
    """Canonical ``xsd:double`` (XSD 1.0, §3.2.5.2) of the shortest digits that give the same number: ``1.5E0``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    sign, digits, power = Decimal(str(value)).as_tuple()
    assert isinstance(power, int)
    text = "".join(map(str, digits)).lstrip("0")
    rest = text[1:].rstrip("0") or "0"
    exponent = len(text) - 1 + power if text else 0
    return f"{'-' if sign else ''}{text[:1] or '0'}.{rest}E{exponent}"


def fitted(natural: Natural, wanted: str) -> str:
    """The lexical form for another datatype, where XSD sees the same value: whole doubles as integers, moments as dates."""
    double, decimal, integer = (natural.datatype == _DOUBLE, wanted == _DECIMAL, wanted == _INTEGER)
    if double and (integer or decimal):
        number = float(natural.text)
        return str(int(number)) if number.is_integer() else natural.text
    if natural.datatype == _DATETIME and wanted == _DATE:
        return natural.text.partition("T")[0]
    return natural.text


def escaped(text: str) -> str:
    """One text for the inside of an N-Quads literal (W3C N-Triples, 2014, STRING_LITERAL_QUOTE)."""
    return text.translate(_ESCAPED)


def encoded(text: str, *, ascii_only: bool = False) -> str:
    """Percent-encode what is not unreserved (RFC 3986 §2.3; unless ``ascii_only``, RFC 3987 ``ucschar`` stays too)."""
    return _UNSAFE.sub(lambda found: found[0] if not ascii_only and _ucschar(ord(found[0])) else _percent(found[0]), text)


def _percent(one: str) -> str:
    return "".join(f"%{byte:02X}" for byte in one.encode())


def _ucschar(point: int) -> bool:
    if point < 0x10000:
        return 0xA0 <= point < 0xD800 or 0xF900 <= point < 0xFDD0 or 0xFDF0 <= point < 0xFFF0
    return point & 0xFFFF < 0xFFFE and point < 0xF0000 and not 0xE0000 <= point < 0xE1000


def blank_label(text: str) -> str:
    """A text as blank node label: its bytes in hexadecimal, which every syntax allows."""
    return "b" + text.encode().hex()


def language_tag(text: str) -> bool:
    """True for a well-formed language tag (RFC 5646 §2.1)."""
    return _LANGUAGE.fullmatch(text) is not None
