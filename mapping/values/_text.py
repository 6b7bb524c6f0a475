"""Texts of RDF terms, whole columns at once: lexical forms, escapes of N-Quads, percent-encoding of IRIs.

Every kernel first asks the bytes of a column whether there is anything to do; mostly there is not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from earthweave.ontology import XSD

from ._arrow import pc
from ._scalar import OPEN_SCALE

_ESCAPES = ((b"\\", "\\\\"), (b'"', '\\"'), (b"\n", "\\n"), (b"\r", "\\r"))
_PLAIN = bytes(sorted(set(range(256)) - {one[0][0] for one in _ESCAPES}))
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
# first bytes of all characters that an IRI cannot hold unencoded, though it can hold most others (RFC 3987, ucschar)
_DOUBTFUL = frozenset({0xC2, 0xEE, 0xEF, *range(0xF0, 0xF5)})
_SAFE = _UNRESERVED + bytes(sorted(set(range(0x80, 0x100)) - _DOUBTFUL))
_POWERS = np.array([0.0] + [float(f"1e{power}") for power in range(-7, 23)])
_ENDS = pa.array([f"{tail}E{power}" for tail in ("", "0") for power in (0, *range(-7, 23))])
"""What stands behind the digits of numbers not smaller than each of the powers, until the next; then the same for those of one digit."""
_DAY_LENGTH = 10
_TICKS = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_IRI_BYTES = bytes(sorted(set(range(0x21, 0x100)) - set(b'<>"{}|^`\\')))
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY = r"-?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_DECIMAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_DOUBLE = _DECIMAL + r"([eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_LEXICAL = {
    XSD.integer: r"[+-]?[0-9]+", XSD.decimal: _DECIMAL, XSD.double: _DOUBLE, XSD.float: _DOUBLE, XSD.boolean: r"true|false|1|0",
    XSD.date: _DAY + _ZONE, XSD.dateTime: f"{_DAY}T{_CLOCK}{_ZONE}", XSD.time: _CLOCK + _ZONE, XSD.gYear: r"-?[0-9]{4,}" + _ZONE,
}
_FORMS = {str(datatype): pattern for datatype, pattern in _LEXICAL.items()}
_PARSED = {
    XSD.integer: (b"-0123456789", pa.int64()), XSD.decimal: (b"-.0123456789", pa.float64()), XSD.double: (b"-.0123456789", pa.float64()),
    XSD.float: (b"-.0123456789", pa.float64()), XSD.boolean: (b"truefals01", pa.bool_()), XSD.date: (b"-0123456789", pa.date32()),
}
_PLAINEST = {str(datatype): parsed for datatype, parsed in _PARSED.items()}
"""Bytes, and the type that Arrow reads texts of them as only if they are lexical forms; it reads them faster than a pattern does."""


def text_bytes(array: Any) -> bytes:
    """The UTF-8 bytes of a string column, end to end."""
    if len(array) == 0:
        return b""
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset: array.offset + len(array) + 1]
    data = array.buffers()[2]
    return b"" if data is None else memoryview(data)[offsets[0]: offsets[-1]].tobytes()


def escape_literal(array: Any) -> Any:
    """Escape a string column for the inside of an N-Quads literal (W3C N-Triples, 2014, STRING_LITERAL_QUOTE)."""
    found = set(text_bytes(array).translate(None, _PLAIN))
    for special, escaped in _ESCAPES:
        if special[0] in found:
            array = pc.replace_substring(array, pattern=special.decode(), replacement=escaped)
    return array


def escape_text(text: str) -> str:
    """Escape one text for the inside of an N-Quads literal."""
    for special, escaped in _ESCAPES:
        text = text.replace(special.decode(), escaped)
    return text


def uri_safe(array: Any) -> Any:
    """Percent-encode a string column for use in a URI template (RML-Core: all but ``unreserved`` of RFC 3986)."""
    if not set(text_bytes(array).translate(None, _UNRESERVED)):
        return array
    return pa.array([None if text is None else quote(text, safe="~") for text in array.to_pylist()], pa.string())


def iri_safe(array: Any) -> Any:
    """Percent-encode a string column for use in an IRI template (R2RML §7.3: all but ``iunreserved`` of RFC 3987)."""
    found = set(text_bytes(array).translate(None, _SAFE))
    if found & _DOUBTFUL:
        return _iri_safe_slowly(array)
    for byte in sorted(found, key=lambda one: one != ord("%")):
        array = pc.replace_substring(array, pattern=chr(byte), replacement=f"%{byte:02X}")
    return array


def _iri_safe_slowly(array: Any) -> Any:
    return pa.array([None if text is None else _iri_safe_text(text) for text in array.to_pylist()], pa.string())


def _iri_safe_text(text: str) -> str:
    return "".join(one if _iunreserved(one) else "".join(f"%{byte:02X}" for byte in one.encode()) for one in text)


@lru_cache(maxsize=65536)
def _iunreserved(one: str) -> bool:
    point = ord(one)
    if point < 0x80:
        return point in _UNRESERVED
    low = 0xA0 <= point <= 0xD7FF or 0xF900 <= point <= 0xFDCF or 0xFDF0 <= point <= 0xFFEF
    high = 0x10000 <= point <= 0xEFFFF and point & 0xFFFF < 0xFFFE and not 0xE0000 <= point < 0xE1000
    return low or high


def lexical(array: Any) -> tuple[Any, str]:
    """Natural lexical forms of a column and their datatype (R2RML §10.2; empty for plain strings)."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if is_text(kind) or pa.types.is_null(kind):
        return array.cast(pa.string()), ""
    if pa.types.is_floating(kind):
        return double_text(array), str(XSD.double)
    if pa.types.is_timestamp(kind):
        return _moment(array), str(XSD.dateTime)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pc.utf8_upper(_hexadecimal(array.cast(pa.binary()))), str(XSD.hexBinary)
    if pa.types.is_decimal(kind):
        return _plain_decimals(array), str(XSD.decimal)
    if pa.types.is_time(kind):
        return _trimmed(array.cast(pa.string())), str(XSD.time)
    return array.cast(pa.string()), str(_simple(kind))


def is_text(kind: Any) -> bool:
    """True for every Arrow type of strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _simple(kind: Any) -> Any:
    tests = (
        (pa.types.is_integer, XSD.integer), (pa.types.is_boolean, XSD.boolean), (pa.types.is_date, XSD.date),
    )
    return next(datatype for test, datatype in tests if test(kind))


def representable(kind: Any) -> bool:
    """True if columns of this Arrow type have a natural lexical form; lists and structures do not."""
    return not (pa.types.is_nested(kind) or pa.types.is_union(kind) or pa.types.is_duration(kind))


def _moment(array: Any) -> Any:
    text = pc.replace_substring(_seconds(array).cast(pa.string()), pattern=" ", replacement="T", max_replacements=1)
    return pc.binary_join_element_wise(_trimmed(text), "Z", "") if array.type.tz is not None else _trimmed(text)


def _seconds(array: Any) -> Any:
    """Moments in UTC without their zone, which Arrow is slow to write, and in whole seconds if they all are."""
    unit = array.type.unit
    naive = array.cast(pa.timestamp(unit))
    ticks = np.asarray(naive.cast(pa.int64()).fill_null(0))
    return naive if unit == "s" or (ticks % _TICKS[unit]).any() else naive.cast(pa.timestamp("s"))


def _trimmed(text: Any) -> Any:
    """Moments and times without zeros at the end of their seconds."""
    if b"." not in text_bytes(text):
        return text
    whole = pc.replace_substring_regex(text, pattern=r"\.0+(Z?)$", replacement=r"\1")
    return pc.replace_substring_regex(whole, pattern=r"(\.[0-9]*[1-9])0+(Z?)$", replacement=r"\1\2")


def _plain_decimals(array: Any) -> Any:
    """Decimals with all digits of their scale, unless that is open; Arrow writes small ones with an exponent."""
    text = array.cast(pa.string())
    if b"E" in text_bytes(text):
        text = pa.array([None if one is None else format(one, "f") for one in array.to_pylist()], pa.string())
    if array.type.scale != OPEN_SCALE:
        return text
    return pc.utf8_rtrim(pc.utf8_rtrim(text, characters="0"), characters=".")


def double_text(array: Any) -> Any:
    """Canonical ``xsd:double`` (XSD 1.0, §3.2.5.2): ``1.5E0``, shortest digits that give the same number."""
    kind = pa.float32() if pa.types.is_float16(array.type) else array.type
    numbers = array.cast(kind)
    shortest = numbers.cast(pa.string())
    found = text_bytes(shortest)
    if b"e" in found or b"n" in found:
        return _rare_doubles(numbers, shortest)
    powers = np.searchsorted(_POWERS.astype(kind.to_pandas_dtype()), np.abs(np.asarray(numbers.fill_null(0.0))), "right") - 1
    bare = pc.replace_substring(shortest, pattern=".", replacement="", max_replacements=1)
    digits = pc.ascii_rtrim(pc.ascii_ltrim(bare, characters="-0"), characters="0")
    digits = pc.if_else(pc.equal(digits, ""), "0", digits) if not powers.all() else digits
    alone = np.asarray(pc.equal(pc.binary_length(digits), 1).fill_null(False))
    ends = _ENDS.take(pa.array(powers + len(_POWERS) * alone))
    sign = [pc.if_else(pc.starts_with(shortest, "-"), "-", "")] if b"-" in found else []
    return pc.binary_join_element_wise(*sign, pc.utf8_replace_slice(digits, 1, 1, "."), ends, "")


def _rare_doubles(numbers: Any, shortest: Any) -> Any:
    """The same for numbers of which some are huge, tiny or not finite."""
    parts = pc.extract_regex(shortest, pattern=r"^(?P<sign>-?)(?P<whole>[0-9]+)\.?(?P<rest>[0-9]*)e?(?P<power>[+-]?[0-9]*)$")
    sign, whole, rest, power = (parts.field(index) for index in range(4))
    all_digits = pc.binary_join_element_wise(whole, rest, "")
    digits = pc.utf8_ltrim(all_digits, characters="0")
    shift = pc.subtract(pc.utf8_length(all_digits), pc.utf8_length(digits))
    exponent = pc.subtract(pc.add(pc.subtract(pc.utf8_length(whole), 1), _integer(power)), shift)
    zero = pc.equal(digits, "")
    first = pc.if_else(zero, "0", pc.utf8_slice_codeunits(digits, 0, 1))
    tail = pc.utf8_rtrim(pc.utf8_slice_codeunits(digits, 1), characters="0")
    tail = pc.if_else(pc.equal(tail, ""), "0", tail)
    exponent = pc.if_else(zero, 0, exponent).cast(pa.string())
    number = pc.binary_join_element_wise(sign, first, ".", tail, "E", exponent, "")
    return pc.if_else(pc.is_finite(numbers), number, _special(shortest))


def _integer(power: Any) -> Any:
    return pc.if_else(pc.equal(power, ""), "0", pc.utf8_ltrim(power, characters="+")).cast(pa.int32())


def _special(shortest: Any) -> Any:
    upper = pc.replace_substring(shortest, pattern="inf", replacement="INF")
    return pc.replace_substring_regex(upper, pattern="-?nan", replacement="NaN")


def retyped(array: Any, natural: str, wanted: str) -> Any:
    """Lexical forms of ``natural`` as those of ``wanted`` where XSD sees the same value: whole doubles as integers, moments as dates."""
    if natural == str(XSD.double) and wanted in (str(XSD.integer), str(XSD.decimal)):
        return pa.array([None if one is None else _plain_number(one) for one in array.to_pylist()], pa.string())
    if natural == str(XSD.dateTime) and wanted == str(XSD.date):
        places = pc.min_max(pc.find_substring(array, pattern="T")).as_py()
        if places["min"] == places["max"] == _DAY_LENGTH:
            return pc.utf8_slice_codeunits(array, 0, _DAY_LENGTH)
        return pc.replace_substring_regex(array, pattern="T.*", replacement="")
    return array


def _plain_number(text: str) -> str:
    number = float(text)
    return str(int(number)) if number.is_integer() else text


def ill_formed(array: Any, datatype: str) -> Any:
    """Which values are no lexical form of an XSD datatype; None if none is, or if the datatype is not one that is checked."""
    pattern = _FORMS.get(datatype)
    if pattern is None or _plainest(array, datatype):
        return None
    good = pc.fill_null(pc.match_substring_regex(array, pattern=f"^(?:{pattern})$"), True)
    return None if pc.all(good).as_py() in (True, None) else pc.invert(good)


def _plainest(array: Any, datatype: str) -> bool:
    """True if all values are seen at once to be lexical forms of an XSD datatype, as most are."""
    plain, kind = _PLAINEST.get(datatype, (b"", None))
    if kind is None or text_bytes(array).translate(None, plain):
        return False
    try:
        array.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def well_formed(text: str, datatype: str) -> bool:
    """True unless one text is known to be no lexical form of an XSD datatype."""
    pattern = _FORMS.get(datatype)
    return pattern is None or re.fullmatch(pattern, text) is not None


ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def absolute_iris(array: Any, base: str) -> Any:
    """A string column as IRIs: what has no scheme is put behind the base (R2RML §11.2)."""
    has_scheme = pc.match_substring_regex(array, pattern="^" + ABSOLUTE.pattern)
    if pc.all(has_scheme).as_py() in (True, None):
        return array
    return pc.if_else(has_scheme, array, pc.binary_join_element_wise(base, array, ""))


def not_ascii(array: Any) -> Any:
    """Which values hold other characters than those of ASCII; None if none does."""
    return None if text_bytes(array).isascii() else pc.fill_null(pc.invert(pc.string_is_ascii(array)), False)


def not_iris(array: Any) -> Any:
    """Which values hold characters that no IRI may; None if none does."""
    if not text_bytes(array).translate(None, _IRI_BYTES):
        return None
    return pc.fill_null(pc.match_substring_regex(array, pattern=r"[\x00-\x20<>\"{}|^`\\]"), False)


def marked_iris(array: Any) -> Any:
    """What no IRI of N-Quads may hold as it is, written as its code point (W3C N-Triples, 2014, UCHAR)."""
    for byte in sorted(set(text_bytes(array).translate(None, _IRI_BYTES)), key=lambda one: one != ord("\\")):
        array = pc.replace_substring(array, pattern=chr(byte), replacement=f"\\u{byte:04X}")
    return array


def blank_labels(array: Any) -> Any:
    """A string column as blank node labels: the bytes in hexadecimal, which every syntax allows."""
    return pc.binary_join_element_wise("b", _hexadecimal(array), "")


def _hexadecimal(array: Any) -> Any:
    """The bytes of each value of a string or binary column in hexadecimal."""
    if len(array) == 0:
        return pa.array([], pa.string())
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset: array.offset + len(array) + 1]
    digits = text_bytes(array).hex().encode()
    whole = pa.StringArray.from_buffers(len(array), pa.py_buffer((offsets - offsets[0]) * np.int32(2)), pa.py_buffer(digits))
    return pc.if_else(array.is_valid(), whole, None) if array.null_count else whole


def in_groups(keys: Any) -> list[tuple[str, Any]]:
    """Distinct values of a string column and the rows of each, bool (n,); null rows are in no group."""
    coded = keys.dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1))
    return [(key, codes == code) for code, key in enumerate(coded.dictionary.to_pylist())]
