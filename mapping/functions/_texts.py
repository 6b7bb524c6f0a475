"""Functions of texts, numbers and truth values that mappings share: GREL's (``grel:``) and IDLab's (``idlab-fn:``), as RML-FNML calls them.

A missing value makes the result missing, unless said otherwise. Lists are what a repeated parameter is given.

=====================================================  ============================================================================
grel:toUpperCase, toLowerCase, string_toTitlecase      letters
grel:string_length                                     characters
grel:string_trim, string_chomp                         without white space at both ends; without a text at the end
grel:string_substring                                  from one place to before another, negative ones from the end; none beyond it
grel:string_replace, string_replaceChars               every occurrence; every one of some characters
grel:string_contains, string_startsWith, …endsWith     truth values
grel:string_indexOf, string_lastIndexOf                place, from 0, or -1
grel:string_toString, string_toNumber                  the text; the number that it says
grel:escape, string_unescape                           modes html, xml, url, csv, javascript
grel:string_md5, string_sha1                           hexadecimal digests
grel:array_join, other_coalesce                        joined, missing ones left out; the first that is there
grel:boolean_and, boolean_or, boolean_xor, boolean_not
grel:controls_if                                       one of two; without the second, none
grel:math_floor, math_ceil, math_round, math_min, …    numbers; whole ones as integers
grel:date_toDate, idlab-fn:normalizeDate(Time)         by a pattern of Java's letters: ``dd/MM/yyyy``
idlab-fn:equal, notEqual, isNull, inRange              truth values
idlab-fn:trueCondition, decide                         the text where something is true, or equal
idlab-fn:toUpperCaseURL                                in capitals, behind ``http://`` if it names no scheme
idlab-fn:slugify, alwaysReturnsABC                     letters and digits with hyphens; ABC
idlab-fn:random                                        a UUID that no second run repeats
=====================================================  ============================================================================
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
import unicodedata
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa

from earthweave.ontology import XSD, MappingError

from ..plan import Constant
from ..values import pc, well_formed
from ._evaluation import Arguments, Evaluation, Function, Text

_GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
_IDLAB = "https://w3id.org/imec/idlab/function#"
_BOOLEAN, _INTEGER, _DOUBLE = str(XSD.boolean), str(XSD.integer), str(XSD.double)
_MANY = 64
_TRUE = ("true", "1")
_LETTERS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "MMMM": "%B", "MMM": "%b",
            "M": "%m", "d": "%d"}


def _columns(rows: Evaluation, arguments: Arguments) -> list[list[str | None]]:
    return [rows.text(one)[0].to_pylist() for one in arguments]


def _each(function: Callable[..., str | None], datatype: str = "") -> Callable[[Evaluation, Arguments], Text]:
    """Row by row; a missing argument gives none."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        found = [None if None in row else function(*row) for row in _transposed(_columns(rows, arguments), len(rows))]
        return pa.array(found, pa.string()), datatype

    return apply


def _transposed(columns: list[list[str | None]], count: int) -> list[tuple[str | None, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * count


def _kernel(kernel: Callable[[Any], Any], datatype: str = "") -> Callable[[Evaluation, Arguments], Text]:
    """A whole column at once."""

    def apply(rows: Evaluation, arguments: Arguments) -> Text:
        return kernel(rows.text(arguments[0])[0]).cast(pa.string()), datatype

    return apply


def _told(truth: bool) -> str:
    return "true" if truth else "false"


def _judge(function: Callable[..., bool]) -> Callable[[Evaluation, Arguments], Text]:
    return _each(lambda *texts: _told(function(*texts)), _BOOLEAN)


def _substring(text: str, first: str, last: str = "") -> str | None:
    try:
        start, end = int(first), int(last) if last else len(text)
    except ValueError as error:
        raise MappingError(f"a place in a text is no integer: {first!r}, {last!r}") from error
    start, end = (place + len(text) if place < 0 else place for place in (start, end))
    return text[start:end] if 0 <= start <= len(text) and start <= end else None


def _escape(text: str, mode: str) -> str:
    modes: dict[str, Callable[[str], str]] = {
        "html": html.escape, "xml": html.escape, "url": lambda one: quote(one, safe=""), "javascript": lambda one: json.dumps(one)[1:-1],
        "csv": lambda one: '"' + one.replace('"', '""') + '"' if re.search(r'[",\r\n]', one) else one,
    }
    return _mode(modes, mode)(text)


def _unquoted(text: str) -> str:
    """What a text between quotes says in JSON; one that says nothing, or half a character, stays as it is."""
    try:
        found = str(json.loads(f'"{text}"', strict=False))
        found.encode()
    except ValueError:
        return text
    return found


def _unescape(text: str, mode: str) -> str:
    modes: dict[str, Callable[[str], str]] = {
        "html": html.unescape, "xml": html.unescape, "url": unquote, "javascript": _unquoted,
        "csv": lambda one: one[1:-1].replace('""', '"') if re.fullmatch(r'".*"', one, re.DOTALL) else one,
    }
    return _mode(modes, mode)(text)


def _mode(modes: dict[str, Callable[[str], str]], mode: str) -> Callable[[str], str]:
    if mode not in modes:
        raise MappingError(f"there is no way to escape called {mode!r}", way_out=f"choose from {', '.join(sorted(modes))}")
    return modes[mode]


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _upper_url(text: str) -> str:
    return text.upper() if re.match(r"https?:", text, re.IGNORECASE) else f"http://{text.upper()}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _replaced(text: str, characters: str, others: str) -> str:
    return text.translate({ord(one): others[place] if place < len(others) else None for place, one in enumerate(characters)})


def _dated(form: Callable[[datetime], str]) -> Callable[[str, str], str | None]:
    """Parse by a pattern; what does not fit it gives no value."""

    def parsed(text: str, pattern: str) -> str | None:
        directives = re.sub(r"'([^']*)'|y+|M+|d+|H+|m+|s+", lambda found: found[1] if found[1] is not None else _letters(found[0]), pattern)
        try:
            return form(datetime.strptime(text, directives))
        except ValueError:
            return None

    return parsed


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _letters(letters: str) -> str:
    known = {**_LETTERS, **{one[0]: directive for one, directive in _LETTERS.items() if one[0] in "Hms"}}
    if letters not in known:
        raise MappingError(f"{letters!r} in a pattern of dates", way_out=f"known are {', '.join(sorted(known))}")
    return known[letters]


# -- where a missing value is a value


def _coalesce(rows: Evaluation, arguments: Arguments) -> Text:
    texts = [rows.text(one) for one in arguments]
    natural = {datatype for _, datatype in texts}
    return pc.coalesce(*(column for column, _ in texts)), natural.pop() if len(natural) == 1 else ""


def _join(rows: Evaluation, arguments: Arguments) -> Text:
    separators, *lists = _columns(rows, arguments)
    found = [
        None if separator is None else separator.join(one for one in row if one is not None)
        for separator, row in zip(separators, _transposed(lists, len(rows)), strict=True)
    ]
    return pa.array(found, pa.string()), ""


def _if(rows: Evaluation, arguments: Arguments) -> Text:
    condition = _true(rows, arguments[0])
    yes, first = rows.text(arguments[1])
    if arguments[2:] in ((), (Constant(""),)):
        return pc.if_else(condition, yes, None), first
    no, second = rows.text(arguments[2])
    return pc.if_else(condition, yes, no), first if first == second else ""


def _true_condition(rows: Evaluation, arguments: Arguments) -> Text:
    text, datatype = rows.text(arguments[1])
    return pc.if_else(_true(rows, arguments[0]), text, None), datatype


def _true(rows: Evaluation, argument: Any) -> Any:
    """Which rows say that it is so; a missing value does not."""
    return pc.is_in(pc.ascii_lower(rows.text(argument)[0]), pa.array(_TRUE))


def _is_null(rows: Evaluation, arguments: Arguments) -> Text:
    return pc.is_null(rows.text(arguments[0])[0]).cast(pa.string()), _BOOLEAN


def _random(rows: Evaluation, arguments: Arguments) -> Text:
    return pa.array([str(uuid.uuid4()) for _ in range(len(rows))], pa.string()), ""


# -- numbers


def _number(text: str) -> float | None:
    return float(text) if well_formed(text.strip(), _DOUBLE) else None


def _in_range(text: str, low: str, high: str) -> bool:
    number, least, most = (_number(one) for one in (text, low, high))
    return None not in (number, least, most) and least <= number < most  # type: ignore[operator]


def _counted(function: Callable[..., float | complex]) -> Callable[[Evaluation, Arguments], Text]:
    """Row by row on numbers; what is no number, or has no result, gives none."""

    def apply(*texts: str) -> str | None:
        numbers = [_number(one) for one in texts]
        if None in numbers:
            return None
        try:
            return _written(function(*numbers))
        except (ArithmeticError, ValueError):
            return None

    return _each(apply, str(XSD.decimal))


def _written(number: float | complex) -> str | None:
    if isinstance(number, complex) or not math.isfinite(number):
        return None
    return str(int(number)) if float(number).is_integer() else format(Decimal(repr(float(number))), "f")


def _whole(function: Callable[..., float]) -> Callable[[Evaluation, Arguments], Text]:
    """The same with whole results, which are integers."""
    inner = _counted(function)
    return lambda rows, arguments: (inner(rows, arguments)[0], _INTEGER)


def _grel(apply: Callable[[Evaluation, Arguments], Text], parameters: str, output: str, arity: tuple[int, int] | None = None) -> Function:
    """A function by the local names of its parameters and output; a colon before one stands for IDLab's."""
    names = tuple(_name(one) for one in parameters.split())
    return Function(apply, arity or (len(names), len(names)), parameters=names, outputs=tuple(_name(one) for one in output.split()))


def _name(local: str) -> str:
    return _IDLAB + local[1:] if local.startswith(":") else _GREL + local


_STRING, _NUMBER, _BOOL = "stringOut", "output_number", "output_bool"
_GREL_FUNCTIONS = {
    "toUpperCase": _grel(_each(str.upper), "valueParam", _STRING),
    "toLowerCase": _grel(_each(str.lower), "valueParam", _STRING),
    "string_toTitlecase": _grel(_kernel(pc.utf8_title), "valueParam", _STRING),
    "string_length": _grel(_kernel(pc.utf8_length, _INTEGER), "valueParam", _NUMBER),
    "string_trim": _grel(_kernel(pc.utf8_trim_whitespace), "valueParam", _STRING),
    "string_chomp": _grel(_each(str.removesuffix), "valueParam param_string_sep", _STRING),
    "string_substring": _grel(_each(_substring), "valueParam p_int_i_from p_int_i_opt_to", _STRING, (2, 3)),
    "string_replace": _grel(_each(str.replace), "valueParam param_find param_replace", _STRING),
    "string_replaceChars": _grel(_each(_replaced), "valueParam param_find param_replace", _STRING),
    "string_contains": _grel(_judge(lambda text, part: part in text), "valueParam param_string_sub", _BOOL),
    "string_startsWith": _grel(_judge(str.startswith), "valueParam param_string_sub", _BOOL),
    "string_endsWith": _grel(_judge(str.endswith), "valueParam param_string_sub", _BOOL),
    "string_indexOf": _grel(_each(lambda text, part: str(text.find(part)), _INTEGER), "valueParam param_string_sub", _NUMBER),
    "string_lastIndexOf": _grel(_each(lambda text, part: str(text.rfind(part)), _INTEGER), "valueParam param_string_sub", _NUMBER),
    "string_toString": _grel(_each(str), "param_any_e", _STRING),
    "string_toNumber": _grel(_counted(lambda number: number), "param_any_e", _NUMBER),
    "escape": _grel(_each(_escape), "valueParam modeParam", _STRING),
    "string_unescape": _grel(_each(_unescape), "valueParam modeParam", _STRING),
    "string_md5": _grel(_each(_digest("md5")), "valueParam", _STRING),
    "string_sha1": _grel(_each(_digest("sha1")), "valueParam", _STRING),
    "array_join": _grel(_join, "param_string_sep param_a", _STRING, (2, _MANY)),
    "other_coalesce": _grel(_coalesce, "param_any_rep_e", "output_any", (1, _MANY)),
    "boolean_and": _grel(_judge(lambda *truths: all(one in _TRUE for one in truths)), "bool_array_b", _BOOL, (1, _MANY)),
    "boolean_or": _grel(_judge(lambda *truths: any(one in _TRUE for one in truths)), "bool_array_b", _BOOL, (1, _MANY)),
    "boolean_xor": _grel(_judge(lambda *truths: sum(one in _TRUE for one in truths) % 2 == 1), "bool_array_b", _BOOL, (1, _MANY)),
    "boolean_not": _grel(_judge(lambda truth: truth not in _TRUE), "param_b", _BOOL),
    "controls_if": _grel(_if, "param_b param_true param_false", "output_any", (2, 3)),
    "math_floor": _grel(_whole(math.floor), "param_dec_n", _NUMBER),
    "math_ceil": _grel(_whole(math.ceil), "param_dec_n", _NUMBER),
    "math_round": _grel(_whole(lambda number: math.floor(number + 0.5)), "param_dec_n", _NUMBER),
    "math_min": _grel(_counted(min), "param_dec_n param_dec_n2", _NUMBER),
    "math_max": _grel(_counted(max), "param_dec_n param_dec_n2", _NUMBER),
    "math_mod": _grel(_counted(math.fmod), "param_int_i param_int_i2", _NUMBER),
    "math_pow": _grel(_counted(pow), "param_dec_n param_dec_n_exp", _NUMBER),
    "date_toDate": _grel(_each(_dated(_day), str(XSD.date)), "valueParam param_string_pattern", "output_date"),
}
_IDLAB_FUNCTIONS = {
    "equal": _grel(_judge(lambda one, other: one == other), "valueParam valueParam2", f":_boolOut {_STRING}"),
    "notEqual": _grel(_judge(lambda one, other: one != other), "valueParam valueParam2", f":_boolOut {_STRING}"),
    "isNull": _grel(_is_null, ":str", ":_boolOut"),
    "inRange": _grel(_judge(_in_range), ":p_test :p_from :p_to", ":_boolOut"),
    "trueCondition": _grel(_true_condition, ":strBoolean :str", ":_stringOut"),
    "decide": _grel(_each(lambda text, wanted, found: found if text == wanted else None), ":str :expectedStr :result", ":_stringOut"),
    "toUpperCaseURL": _grel(_each(_upper_url), ":str", ":_stringOut"),
    "slugify": _grel(_each(_slug), ":str", ":_stringOut"),
    "alwaysReturnsABC": _grel(_each(lambda: "ABC"), "", ":_stringOut"),
    "random": _grel(_random, "", ":_stringOut"),
    "normalizeDate": _grel(_each(_dated(_day)), ":strDate :pattern", ":_stringOut"),
    "normalizeDateTime": _grel(_each(_dated(datetime.isoformat)), ":strDate :pattern", ":_stringOut"),
}
TEXTS: dict[str, Function] = {
    **{_GREL + name: function for name, function in _GREL_FUNCTIONS.items()},
    **{_IDLAB + name: function for name, function in _IDLAB_FUNCTIONS.items()},
}
"""IRI → function."""
