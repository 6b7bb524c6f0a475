"""Functions on texts, types and dates of whole columns: once per distinct text, in compiled loops where these mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute

from earthweave.ontology.arrow import arrow_of, text_array

from ..algebra import Context
from ..snapshot import BIAS, STRING, UNBOUND, Kind, Tag, TermType, filled, iri, numpy_of, payloads, tags, text_scalar
from ._builtins_regex import compiled
from ._evaluator_columns import Coded, Column, Decimals, Ids, Numbers, Single, Strings, Truths
from ._terms import TermSpace
from ._values import Failed, Rank

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_DAY = 86_400_000_000
_PLAIN = re.compile(r"(\^?)([^\\|.\-^?*+{}()\[\]$]*)")
Kernel = Callable[[list[Column], "Context"], Column | None]


def _typed_ids(ids: Any, space: TermSpace) -> tuple[Any, list[TermType]]:
    """Place of each id's type in a list, -1 for unbound ones."""
    tag = tags(ids)
    found = np.full(len(ids), -1, dtype=np.int64)
    kinds: list[TermType] = []
    stored = (tag == Tag.DICTIONARY) | (tag == Tag.GEOMETRY) | (tag == Tag.SCRATCH)
    if stored.any():
        codes, types = space.types(ids[stored])
        found[stored] = codes
        kinds.extend(types)
    for one in np.unique(tag[~stored]).tolist():
        if one >= 0:
            rows = tag == one
            found[rows] = len(kinds)
            kinds.append(space.term(int(ids[np.argmax(rows)])).type)
    return found, kinds


def _of_type(test: Callable[[TermType], int]) -> Kernel:
    """A test that looks at the type of a term only."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        (column,) = arguments
        if not isinstance(column, Ids):
            return None
        codes, kinds = _typed_ids(column.values, context.terms)
        return Truths(np.array([*(test(one) for one in kinds), -1], dtype=np.int8)[codes])

    return call


def language(arguments: list[Column], context: Context) -> Column | None:
    """LANG."""
    (column,) = arguments
    if not isinstance(column, Ids):
        return None
    codes, kinds = _typed_ids(column.values, context.terms)
    texts = [one.language if one.kind == Kind.LITERAL else None for one in kinds]
    return Strings(codes, text_array(texts))


def datatype(arguments: list[Column], context: Context) -> Column | None:
    """DATATYPE."""
    (column,) = arguments
    if not isinstance(column, Ids):
        return None
    codes, kinds = _typed_ids(column.values, context.terms)
    return Coded(codes, [iri(one.datatype) if one.kind == Kind.LITERAL else None for one in kinds])


def text(arguments: list[Column], context: Context) -> Column | None:
    """STR."""
    (column,) = arguments
    if isinstance(column, Strings):
        return Strings(column.codes, column.text)
    if not isinstance(column, Ids):
        return None
    codes, terms = _distinct(column.values, context.terms)
    named = np.array([one.kind != Kind.BNODE for one in terms.types] or [True], dtype=bool)[terms.code]
    return Strings(codes, pc.if_else(arrow_of(named), terms.text, text_scalar(None)))


def _distinct(ids: Any, space: TermSpace) -> tuple[Any, Any]:
    distinct, codes = np.unique(ids, return_inverse=True)
    if len(distinct) and distinct[0] == UNBOUND:
        distinct, codes = distinct[1:], codes - 1
    return codes, space.terms(distinct)


def texts_of(column: Column, space: TermSpace) -> tuple[Any, Any, tuple[TermType, ...]] | None:
    """Places, texts (null for what is no string literal) and the types that the strings have; None for a column of a few terms."""
    if isinstance(column, Strings):
        return column.codes, column.text, (column.kind,)
    if not isinstance(column, Ids):
        return None
    codes, terms = _distinct(column.values, space)
    strings = np.array([one == STRING or bool(one.language) for one in terms.types] or [True], dtype=bool)
    kinds = tuple(terms.types[code] for code in np.unique(terms.code).tolist() if strings[code])
    return codes, terms.text if strings.all() else pc.if_else(arrow_of(strings[terms.code]), terms.text, text_scalar(None)), kinds


def _plain(column: Column) -> str | None:
    """The text, if a column is one string without language on all rows."""
    if not isinstance(column, Single):
        return None
    return column.operand.value if isinstance(column.operand.value, str) else None


def _gathered(values: Any, codes: Any) -> Column:
    found = filled(values.cast("int8"), -1)
    return Truths(np.append(found, -1).astype(np.int8)[codes])


def _tested(kernel: Callable[[Any, str], Any]) -> Kernel:
    """CONTAINS, STRSTARTS, STRENDS with a constant."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        part, found = _plain(arguments[1]), texts_of(arguments[0], context.terms)
        return None if part is None or found is None else _gathered(kernel(found[1], part), found[0])

    return call


def _contains(values: Any, part: str) -> Any:
    return pc.match_substring(values, part)


def _starts(values: Any, part: str) -> Any:
    return pc.starts_with(values, part)


def _ends(values: Any, part: str) -> Any:
    return pc.ends_with(values, part)


def regex(arguments: list[Column], context: Context) -> Column | None:
    """REGEX with a constant pattern and flags."""
    pattern, flags = _plain(arguments[1]), _plain(arguments[2]) if len(arguments) == 3 else ""
    found = texts_of(arguments[0], context.terms)
    if pattern is None or flags is None or found is None:
        return None
    codes, values, _ = found
    plain = _PLAIN.fullmatch(pattern)
    if plain and not flags:
        return _gathered((_starts if plain[1] else _contains)(values, plain[2]), codes)
    try:
        search = compiled(pattern, flags).search
    except Failed:
        return Truths(np.full(len(codes), -1, dtype=np.int8))
    matched = np.array([one is not None and search(one) is not None for one in values.to_pylist()], dtype=bool)
    return _gathered(arrow_of(matched, numpy_of(values.is_valid())), codes)


def length(arguments: list[Column], context: Context) -> Column | None:
    """STRLEN."""
    found = texts_of(arguments[0], context.terms)
    if found is None:
        return None
    codes, values, _ = found
    lengths = pc.utf8_length(values)
    good = np.append(numpy_of(lengths.is_valid()), False)[codes]
    counts = np.append(filled(lengths, 0), 0)[codes]
    return Numbers(counts.astype(np.int64), Rank.INTEGER, good)


def _mapped(change: Callable[[str], str]) -> Kernel:
    """UCASE, LCASE, where all strings have one type."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        found = texts_of(arguments[0], context.terms)
        if found is None or len(found[2]) > 1:
            return None
        codes, values, kinds = found
        # not in a compiled loop: that knows another version of Unicode than Python does
        changed = [None if one is None else change(one) for one in values.to_pylist()]
        return Strings(codes, text_array(changed), kinds[0] if kinds else STRING)

    return call


def concatenated(arguments: list[Column], context: Context) -> Column | None:
    """CONCAT of strings without language."""
    parts: list[Any] = []
    rows = np.arange(arguments[0].length) if arguments else None
    for one in arguments:
        constant = _plain(one)
        found = None if constant is not None else texts_of(one, context.terms)
        if constant is not None:
            parts.append(constant)
        elif found is None or any(kind.language for kind in found[2]):
            return None
        else:
            codes, values, _ = found
            parts.append(values.take(arrow_of(codes, codes >= 0)))
    if rows is None or all(isinstance(part, str) for part in parts):
        return None
    columns = [text_scalar(part) if isinstance(part, str) else part for part in parts]
    return Strings(rows, pc.binary_join_element_wise(*columns, text_scalar("")))


def _stamped(ids: Any) -> tuple[Any, Any] | None:
    """Days since 1970 and microseconds of the day of inline dates and dateTimes; None if something else is among the ids."""
    tag = tags(ids)
    moments = (tag == Tag.DATETIME) | (tag == Tag.INSTANT)
    dates = tag == Tag.DATE
    if not (moments | dates | (tag == UNBOUND)).all():
        return None
    value = np.where(tag == UNBOUND, 0, payloads(ids) - BIAS)
    days, micros = np.divmod(value, _DAY)
    return np.where(moments, days, value), np.where(moments, micros, -1)


def _dated(unit: Callable[[Any], Any]) -> Kernel:
    """YEAR, MONTH or DAY."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        (column,) = arguments
        found = _stamped(column.values) if isinstance(column, Ids) else None
        if found is None or not isinstance(column, Ids):
            return None
        return Numbers(unit(found[0].astype("datetime64[D]")), Rank.INTEGER, column.values != UNBOUND)

    return call


def _years(days: Any) -> Any:
    return days.astype("datetime64[Y]").astype(np.int64) + 1970


def _months(days: Any) -> Any:
    return days.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _days(days: Any) -> Any:
    return (days - days.astype("datetime64[M]")).astype(np.int64) + 1


def _clocked(make: Callable[[Any, Any], Column]) -> Kernel:
    """HOURS, MINUTES or SECONDS, of dateTimes."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        (column,) = arguments
        found = _stamped(column.values) if isinstance(column, Ids) else None
        if found is None or not isinstance(column, Ids):
            return None
        micros = found[1]
        good = (micros >= 0) & (column.values != UNBOUND)
        return make(np.where(good, micros, 0), good)

    return call


def _hours(micros: Any, good: Any) -> Column:
    return Numbers(micros // 3_600_000_000, Rank.INTEGER, good)


def _minutes(micros: Any, good: Any) -> Column:
    return Numbers(micros // 60_000_000 % 60, Rank.INTEGER, good)


def _seconds(micros: Any, good: Any) -> Column:
    return Decimals(micros % 60_000_000, np.full(len(micros), 6, dtype=np.int8), good)


KERNELS: dict[str, Kernel] = {
    "ISIRI": _of_type(lambda one: one.kind == Kind.IRI), "ISURI": _of_type(lambda one: one.kind == Kind.IRI),
    "ISBLANK": _of_type(lambda one: one.kind == Kind.BNODE), "ISLITERAL": _of_type(lambda one: one.kind == Kind.LITERAL),
    "LANG": language, "DATATYPE": datatype, "STR": text, "STRLEN": length, "CONCAT": concatenated,
    "CONTAINS": _tested(_contains), "STRSTARTS": _tested(_starts), "STRENDS": _tested(_ends), "REGEX": regex,
    "UCASE": _mapped(str.upper), "LCASE": _mapped(str.lower),
    "YEAR": _dated(_years), "MONTH": _dated(_months), "DAY": _dated(_days),
    "HOURS": _clocked(_hours), "MINUTES": _clocked(_minutes), "SECONDS": _clocked(_seconds),
}
"""Kernels by name; they give None where the scalar function is to be used."""
