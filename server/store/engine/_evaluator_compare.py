"""Comparisons on whole columns of ids; rows that ids, numbers and texts leave open go to the scalar functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute

from earthweave.ontology import XSD

from ..algebra import Context
from ..snapshot import UNBOUND, Kind, Tag, TermType, filled, numpy_of, tags, text_scalar
from ._evaluator_arithmetic import numeric, ordered
from ._evaluator_columns import Coded, Column, Decimals, Ids, Numbers, Quotients, Single, Strings, Truths
from ._terms import TermSpace
from ._values import KNOWN, RANK_OF
from ._values_moments import DATE, Moments, compared, moments, single
from ._values_numeric import Typed
from ._values_time import Stamp

_NONE, _SETTLED, _STRING, _NUMBER, _BOOLEAN, _TIME, _OPEN, _DOUBTFUL = range(8)
"""What `_kinds` tells: no value; IRI, blank node or tagged string; plain string; number; inline boolean; inline date or time; a literal
without a known value; a literal that may or may not have one."""
_OF_TAG = np.array([_DOUBTFUL, _OPEN, _NUMBER, _BOOLEAN, _TIME, _TIME, _TIME, _NUMBER, _DOUBTFUL, _NONE], dtype=np.int8)
_COMPARABLE = np.array([tag in (Tag.INTEGER, Tag.BOOLEAN, Tag.DATE, Tag.DATETIME, Tag.INSTANT) for tag in range(10)])
"""Tags under which ids are in the order of their values; the last entry is that of unbound."""
pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_OPEN_ROW = -2
_NUMERIC = (Numbers, Decimals, Quotients)
_ACCEPTED: dict[str, tuple[int, ...]] = {"<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}
_TEXT: dict[str, Callable[[Any, Any], Any]] = {
    "=": pc.equal, "!=": pc.not_equal, "<": pc.less, ">": pc.greater, "<=": pc.less_equal, ">=": pc.greater_equal,
}
_TURNED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
Rest = Callable[[list[Column], int], Any]
"""Truth values of the scalar function on some rows."""


def comparison(name: str, arguments: list[Column], context: Context, rest: Rest) -> Column:
    """``= != < > <= >=``, truth values per row."""
    left, right = arguments
    found = _constant_text(name, left, right)
    if found is None:
        found = _truths(name, left, right, context)
        for decide in (lambda parts, _count: _by_moment(name, parts, context.terms), rest):
            rows = np.flatnonzero(found == _OPEN_ROW)
            if len(rows):
                found[rows] = decide([left.take(rows), right.take(rows)], len(rows))
    return Truths(found)


def _constant_text(name: str, left: Column, right: Column) -> Any:
    """Texts against one text; None if that is not at hand."""
    if isinstance(left, Single) and isinstance(right, Strings):
        return _constant_text(_TURNED[name], right, left)
    if not (isinstance(left, Strings) and isinstance(right, Single) and not left.kind.language):
        return None
    text = right.operand.value
    if not isinstance(text, str):
        return None
    values = filled(_TEXT[name](left.text, text_scalar(text)).cast("int8"), -1)
    return np.append(values, -1).astype(np.int8)[left.codes]


def _truths(name: str, left: Column, right: Column, context: Context) -> Any:
    if isinstance(left, _NUMERIC) or isinstance(right, _NUMERIC):
        return _of_numbers(name, left, right, context)
    space = context.terms
    if isinstance(left, Coded) and isinstance(right, Coded | Single):
        # few distinct values: the scalars are quicker than making ids
        return np.full(left.length, _OPEN_ROW, dtype=np.int8)
    one, other = left.ids(space), right.ids(space)
    numbers = tuple(numeric(side if isinstance(side, Single) else Ids(ids), space) for side, ids in ((left, one), (right, other)))
    kinds = _kinds(one, numbers[0], space), _kinds(other, numbers[1], space)
    if name in ("=", "!="):
        found = _equal(one, other, numbers, kinds)
        return np.where((name == "!=") & (found >= 0), 1 - found, found).astype(np.int8)
    return _ordered(name, (one, other), numbers, kinds, space)


def _of_numbers(name: str, left: Column, right: Column, context: Context) -> Any:
    """At least one side is nothing but numbers."""
    numbers = numeric(left, context.terms), numeric(right, context.terms)
    order, sure = ordered(*numbers)
    if name in ("=", "!="):
        holds = (order == 0) == (name == "=")
    else:
        holds = np.isin(order, _ACCEPTED[name])
    return np.where(sure, holds, _OPEN_ROW).astype(np.int8)


def _kinds(ids: Any, numbers: Typed, space: TermSpace) -> Any:
    tag = tags(ids)
    found = _OF_TAG[tag]
    rows = np.flatnonzero((tag == Tag.DICTIONARY) | (tag == Tag.SCRATCH))
    if len(rows):
        codes, types = space.types(ids[rows])
        found[rows] = np.array([_kind(one) for one in types], dtype=np.int8)[codes]
        ill = rows[(found[rows] == _NUMBER) & (numbers.rank[rows] < 0)]
        found[ill] = _OPEN
    return found


def _kind(one: TermType) -> int:
    if one.kind != Kind.LITERAL or one.language:
        return _SETTLED
    if one.datatype == str(XSD.string):
        return _STRING
    if one.datatype in RANK_OF:
        return _NUMBER
    return _DOUBTFUL if one.datatype in KNOWN else _OPEN


def _equal(one: Any, other: Any, numbers: tuple[Typed, ...], kinds: tuple[Any, Any]) -> Any:
    """``=`` (see `_functions_operators.equal`): 1, 0, -1, or open."""
    left, right = kinds
    found = np.full(len(one), _OPEN_ROW, dtype=np.int8)
    # neither an open nor a doubtful literal, and of one kind at most inline booleans, or times of one tag
    plain = (left < _OPEN) & (right < _OPEN) & ((left != right) | (left < _NUMBER) | (left == _BOOLEAN) | (tags(one) == tags(other)))
    found[plain] = 0
    found[(left == _OPEN) & (right >= _STRING) & (right <= _OPEN) | (right == _OPEN) & (left >= _STRING) & (left <= _OPEN)] = -1
    found[(left == _SETTLED) | (right == _SETTLED)] = 0
    found[one == other] = 1
    both = (left == _NUMBER) & (right == _NUMBER)
    if both.any():
        order, sure = ordered(*numbers)
        found[both] = np.where(sure, order == 0, _OPEN_ROW)[both]
    found[(left == _NONE) | (right == _NONE)] = -1
    return found


def _ordered(name: str, ids: tuple[Any, Any], numbers: tuple[Typed, ...], kinds: tuple[Any, Any], space: TermSpace) -> Any:
    (one, other), (left, right) = ids, kinds
    found = np.full(len(one), _OPEN_ROW, dtype=np.int8)
    found[(left == _NONE) | (right == _NONE) | (left == _SETTLED) | (right == _SETTLED) | (left == _OPEN) | (right == _OPEN)] = -1
    tag = tags(one)
    same = (tag == tags(other)) & _COMPARABLE[tag]
    order = (one > other).astype(np.int8) - (one < other)
    sure = same
    if ((left == _NUMBER) & (right == _NUMBER) & ~same).any():
        by_value, known = ordered(*numbers)
        order, sure = np.where(same, order, by_value), same | known
    found[sure] = np.isin(order, _ACCEPTED[name])[sure]
    rows = np.flatnonzero((left == _STRING) & (right == _STRING))
    if len(rows):
        found[rows] = _texts_ordered(name, one[rows], other[rows], space)
    return found


def _by_moment(name: str, sides: list[Column], space: TermSpace) -> Any:
    """Dates and dateTimes; rows with anything else stay open."""
    if not all(isinstance(side, Ids | Single) for side in sides):
        return np.full(sides[0].length, _OPEN_ROW, dtype=np.int8)
    left, right = (_moments(side, space) for side in sides)
    order, known, sure = compared(left, right)
    if name in ("=", "!="):
        holds = (order == 0) == (name == "=")
        # a date is never a dateTime
        apart = np.where((left.kind >= DATE) == (right.kind >= DATE), -1, name == "!=")
    else:
        holds, apart = np.isin(order, _ACCEPTED[name]), np.full(len(order), -1)
    return np.where(sure, holds, np.where(known, apart, _OPEN_ROW)).astype(np.int8)


def _moments(side: Column, space: TermSpace) -> Moments:
    if isinstance(side, Single):
        stamp = side.operand.value
        return single(stamp if isinstance(stamp, Stamp) else None, side.length)
    return moments(side.ids(space), space)


def _texts_ordered(name: str, one: Any, other: Any, space: TermSpace) -> Any:
    constant = other[0] if (other == other[0]).all() else UNBOUND
    texts = space.strings(one)
    partner = text_scalar(space.term(int(constant)).text) if constant != UNBOUND else space.strings(other)
    return numpy_of(_TEXT[name](texts, partner))
