"""Order of solutions (SPARQL 1.1 §15.1): unbound, blank nodes, IRIs, literals.

Literals, where the operator ``<`` says nothing, come by kind: numbers, booleans, dates and times, durations, strings, all others. Numbers
and dates that are equal in value tie, so that the next key decides; a missing time zone counts as UTC; NaN is the greatest number.
Strings and all others go by code points, then by language or datatype.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import numpy as np
import polars as pl

from earthweave.ontology import XSD

from ..algebra import Batch, Context, Expression
from ..snapshot import Kind, Tag, Term, TermType, tags
from ._evaluator import evaluate
from ._terms import TermSpace
from ._values import RANK_OF, XSD_BASE, Number, value
from ._values_moments import DATE, NONE, OTHER, moments
from ._values_numeric import typed
from ._values_time import DURATIONS, MINUTE, TEMPORAL, Duration, Stamp, local_seconds

_BLANK, _IRI, _NUMBER, _BOOLEAN, _TIME, _DURATION, _STRING, _OTHER = range(1, 9)
_COMPARABLE = frozenset({Tag.INTEGER, Tag.DATE, Tag.DATETIME, Tag.INSTANT, Tag.BOOLEAN})
"""Tags under which the ids themselves are in order."""
_ROOM = 1 << 40


def order(batch: Batch, keys: tuple[tuple[Expression, bool], ...], context: Context) -> Any:
    """Permutation that sorts a batch by keys, each descending if its flag says so; stable; int64 (n,)."""
    return np.lexsort(_codes(batch, keys, context)[::-1]) if keys else np.arange(batch.length)


def first(batch: Batch, keys: tuple[tuple[Expression, bool], ...], count: int, context: Context) -> Any:
    """The first ``count`` places of the same permutation, found without sorting the rest; int64."""
    if not keys or count >= batch.length:
        return order(batch, keys, context)[:count]
    codes = _codes(batch, keys, context)
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    bound = np.partition(codes[0], count - 1)[count - 1]
    rows = np.flatnonzero(codes[0] <= bound)
    return rows[np.lexsort([code[rows] for code in codes[::-1]])][:count]


def _codes(batch: Batch, keys: tuple[tuple[Expression, bool], ...], context: Context) -> list[Any]:
    found = []
    for expression, descending in keys:
        code = ranks(evaluate(expression, batch, context), context.terms)
        found.append(-code if descending else code)
    return found


def ranks(ids: Any, space: TermSpace) -> Any:
    """Numbers that are in order as the terms of ids are, equal where these tie; int64 (n,)."""
    tag = tags(ids)
    present = np.unique(tag)
    if len(present) == 1 and int(present[0]) in _COMPARABLE:
        return ids
    distinct, places = np.unique(ids, return_inverse=True)
    return _ranked(distinct, space)[places]


def _ranked(ids: Any, space: TermSpace) -> Any:
    kinds = _kinds(ids, space)
    found = np.zeros(len(ids), dtype=np.int64)
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero(kinds == kind)
        if kind:
            found[rows] = kind * _ROOM + _WITHIN[kind](ids[rows], space)
    return found


def _kinds(ids: Any, space: TermSpace) -> Any:
    """Kind of each id by tag and type; literals that turn out to have no value are `_OTHER`."""
    tag = tags(ids)
    table = np.array([0, _OTHER, _NUMBER, _BOOLEAN, _TIME, _TIME, _TIME, _NUMBER, 0, 0], dtype=np.int8)
    found = table[tag]
    rest = np.flatnonzero((tag == Tag.DICTIONARY) | (tag == Tag.SCRATCH))
    if len(rest):
        codes, types = space.types(ids[rest])
        found[rest] = np.array([_kind(one) for one in types], dtype=np.int8)[codes]
        _without_value(ids, rest, found, space)
    return found


def _kind(one: TermType) -> int:
    if one.kind != Kind.LITERAL:
        return _IRI if one.kind == Kind.IRI else _BLANK
    if one.datatype in RANK_OF:
        return _NUMBER
    name = one.datatype.removeprefix(XSD_BASE)
    if one.language or one.datatype == str(XSD.string):
        return _STRING
    return _BOOLEAN if name == "boolean" else _TIME if name in TEMPORAL else _DURATION if name in DURATIONS else _OTHER


def _without_value(ids: Any, rows: Any, found: Any, space: TermSpace) -> None:
    checked = rows[(found[rows] >= _NUMBER) & (found[rows] <= _DURATION)]
    doubtful = checked[(found[checked] != _NUMBER) | np.isnan(space.numbers(ids[checked]))]
    for row, term in zip(doubtful.tolist(), space.listing(ids[doubtful]), strict=True):
        if not isinstance(value(term), Number | bool | Stamp | Duration):
            found[row] = _OTHER


def _dense(keys: Any) -> Any:
    return np.unique(keys, return_inverse=True)[1]


def _texts(ids: Any, space: TermSpace) -> Any:
    """By text in code points (the order of UTF-8 bytes), then by language and datatype."""
    terms = space.terms(ids)
    by_text = cast(pl.Series, pl.from_arrow(terms.text)).rank("dense").to_numpy().astype(np.int64)
    names = [(one.language, one.datatype) for one in terms.types]
    place = {name: number for number, name in enumerate(sorted(set(names)))}
    by_type = np.array([place[name] for name in names], dtype=np.int64)[terms.code]
    return _dense(by_text * len(place) + by_type)


def _numbers(ids: Any, space: TermSpace) -> Any:
    """By value; exact ones that share the nearest double are told apart."""
    numbers = typed(ids, space)
    code = _dense(numbers.real)
    tied = np.flatnonzero((np.bincount(code)[code] > 1) & (numbers.rank <= 1))
    if not len(tied):
        return code
    shared: dict[int, list[tuple[Decimal, int]]] = {}
    for row, term in zip(tied.tolist(), space.listing(ids[tied]), strict=True):
        known = value(term)
        assert isinstance(known, Number)
        shared.setdefault(int(code[row]), []).append((Decimal(known.number), row))
    inner = np.zeros(len(ids), dtype=np.int64)
    for rows in shared.values():
        steps = {number: step for step, number in enumerate(sorted({number for number, _ in rows}))}
        for number, row in rows:
            inner[row] = steps[number]
    return _dense(code * (int(inner.max()) + 1) + inner)


def _by_value(key: Callable[[Term], Any]) -> Callable[[Any, TermSpace], Any]:
    def call(ids: Any, space: TermSpace) -> Any:
        keys = [key(term) for term in space.listing(ids)]
        place = {one: number for number, one in enumerate(sorted(set(keys)))}
        return np.array([place[one] for one in keys], dtype=np.int64)

    return call


def _times(ids: Any, space: TermSpace) -> Any:
    """dateTimes first, then dates, then other kinds, each by instant."""
    found = moments(ids, space)
    if ((found.kind == NONE) | (found.kind == OTHER)).any():
        return _by_value(_time_key)(ids, space)
    places = _dense(found.micros)
    return _dense(np.where(found.kind >= DATE, len(ids) + places, places))


def _time_key(term: Term) -> tuple[str, Decimal]:
    stamp = value(term)
    assert isinstance(stamp, Stamp)
    kind = "" if stamp.kind == "dateTime" else stamp.kind
    return kind, local_seconds(stamp) - (stamp.zone or 0) * MINUTE


def _duration_key(term: Term) -> Decimal:
    duration = value(term)
    assert isinstance(duration, Duration)
    # the mean length of a Gregorian month
    return duration.months * Decimal(2_629_746) + duration.seconds


_WITHIN: dict[int, Callable[[Any, Any], Any]] = {
    _BLANK: _texts, _IRI: _texts, _NUMBER: _numbers, _BOOLEAN: _by_value(value), _TIME: _times, _DURATION: _by_value(_duration_key),
    _STRING: _texts, _OTHER: _texts,
}
