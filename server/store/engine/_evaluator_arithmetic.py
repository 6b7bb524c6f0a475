"""Arithmetic and order of numbers on whole columns, with the promotion of SPARQL 1.1 §17.3.

What 64 bits do not hold exactly goes to the scalar functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..algebra import Context
from ..snapshot import UNBOUND
from ._evaluator_columns import Column, Decimals, Ids, Numbers, Quotients, Single, Truths
from ._functions_operators import UNORDERED
from ._terms import TermSpace
from ._values import Number, Operand, Rank, nearest
from ._values_numeric import MOST_PLACES, Typed, split, typed

_ROOM = float(1 << 62)
_EXACT = float(1 << 53)
_CLOSE = {Rank.DECIMAL: 4e-16, Rank.FLOAT: 2e-7, Rank.DOUBLE: 4e-16}
"""Relative difference below which promoted numbers are compared by the scalar functions."""


def numeric(column: Column, space: TermSpace) -> Typed:
    """A column's numbers; rank -1 on rows without one."""
    if isinstance(column, Ids):
        return typed(column.values, space)
    if isinstance(column, Numbers):
        whole = column.rank == Rank.INTEGER
        mantissa = column.values if whole else np.zeros(column.length, dtype=np.int64)
        places = np.where(column.good & whole & (np.abs(mantissa) < _ROOM), 0, -1).astype(np.int8)
        return Typed(np.where(column.good, column.rank, -1).astype(np.int8), column.values.astype(np.float64), mantissa, places)
    if isinstance(column, Decimals):
        rank = np.where(column.good, Rank.DECIMAL, -1).astype(np.int8)
        return Typed(rank, column.mantissa / 10.0 ** column.places, column.mantissa, column.places.astype(np.int8))
    if isinstance(column, Quotients):
        rank = np.where(column.good, Rank.DECIMAL, -1).astype(np.int8)
        nothing = np.zeros(column.length, dtype=np.int64)
        return Typed(rank, column.numerator / column.denominator, nothing, np.full(column.length, -1, dtype=np.int8))
    codes, operands = column.coded(space)
    return _listed([*operands, None]).take(codes)


def _listed(operands: list[Operand | None]) -> Typed:
    values = [one.value if one else None for one in operands]
    numbers = [one if isinstance(one, Number) else None for one in values]
    pairs = [split(one) for one in numbers]
    return Typed(
        np.array([-1 if one is None else one.rank for one in numbers], dtype=np.int8),
        np.array([np.nan if one is None else nearest(one) for one in numbers]),
        np.array([mantissa for mantissa, _ in pairs], dtype=np.int64), np.array([places for _, places in pairs], dtype=np.int8))


def ordered(left: Typed, right: Typed) -> tuple[Any, Any]:
    """-1, 0, 1 or `UNORDERED` (int8) where both are numbers, and a mask of the rows for which that is sure."""
    rank = np.maximum(left.rank, right.rank)
    sure = (left.rank >= 0) & (right.rank >= 0)
    one, other = left.real, right.real
    single = rank == Rank.FLOAT
    if single.any():
        with np.errstate(over="ignore"):
            one, other = np.where(single, one.astype(np.float32), one), np.where(single, other.astype(np.float32), other)
    found = (one > other).astype(np.int8) - (one < other)
    found[np.isnan(one) | np.isnan(other)] = UNORDERED
    exact = sure & (rank <= Rank.DECIMAL)
    rough = (left.rank >= Rank.FLOAT) & (right.rank >= Rank.FLOAT)
    with np.errstate(invalid="ignore", over="ignore"):
        bound = np.where(single, _CLOSE[Rank.FLOAT], _CLOSE[Rank.DOUBLE]) * np.maximum(np.abs(one), np.abs(other))
        close = sure & ~rough & (np.abs(one - other) <= bound) | sure & ~rough & np.isinf(one) & np.isinf(other)
    fine = close & (rank == Rank.DOUBLE) & _faithful(left) & _faithful(right)
    sure &= ~close | fine
    rows = np.flatnonzero(exact & close & (left.places >= 0) & (right.places >= 0))
    if len(rows):
        found[rows], sure[rows] = _exactly_ordered(left.take(rows), right.take(rows))
    return found.astype(np.int8), sure


def _faithful(numbers: Typed) -> Any:
    """Rows whose double is what the exact number is promoted to."""
    return (numbers.rank != Rank.DECIMAL) | (numbers.places >= 0) & (np.abs(numbers.mantissa) < _EXACT)


def _exactly_ordered(left: Typed, right: Typed) -> tuple[Any, Any]:
    one, other, _, fits = _aligned(left, right)
    return (one > other).astype(np.int8) - (one < other), fits


def _aligned(left: Typed, right: Typed) -> tuple[Any, Any, Any, Any]:
    """Mantissas at the same number of places, these, and where 62 bits hold all that."""
    places = np.maximum(left.places, right.places).astype(np.int64)
    up, down = places - left.places, places - right.places
    fits = (np.abs(left.mantissa) * 10.0 ** up < _ROOM) & (np.abs(right.mantissa) * 10.0 ** down < _ROOM)
    up, down = np.where(fits, up, 0), np.where(fits, down, 0)
    return left.mantissa * 10 ** up, right.mantissa * 10 ** down, places, fits


def _plus(sign: int) -> Callable[[Typed, Typed], tuple[Any, Any, Any]]:
    def call(left: Typed, right: Typed) -> tuple[Any, Any, Any]:
        one, other, places, fits = _aligned(left, right)
        return one + sign * other, places, fits

    return call


def _times(left: Typed, right: Typed) -> tuple[Any, Any, Any]:
    fits = left.mantissa.astype(np.float64) * right.mantissa
    places = left.places.astype(np.int64) + right.places
    with np.errstate(over="ignore"):
        return left.mantissa * right.mantissa, places, (np.abs(fits) < _ROOM) & (places <= MOST_PLACES)


_EXACTLY: dict[str, Callable[[Typed, Typed], tuple[Any, Any, Any]]] = {"+": _plus(1), "-": _plus(-1), "*": _times}
_Kernel = Callable[[list[Column], "Context"], Column | None]
_ROUGHLY: dict[str, Callable[[Any, Any], Any]] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def arithmetic(name: str) -> _Kernel:
    """``+ - * /`` of numbers; None if the scalars are to do it (dates, or a value that does not fit)."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        if len(arguments) != 2:
            return None
        left, right = (numeric(one, context.terms) for one in arguments)
        good = (left.rank >= 0) & (right.rank >= 0)
        if not good.all() and not _empty(arguments, ~good, context.terms):
            return None
        ranks = np.unique(np.maximum(left.rank, right.rank)[good])
        if len(ranks) == 1:
            return _of_rank(name, left, right, good, Rank(int(ranks[0])))
        found = np.full(len(good), UNBOUND, dtype=np.int64)
        for rank in ranks.tolist():
            rows = np.flatnonzero(good & (np.maximum(left.rank, right.rank) == rank))
            part = _of_rank(name, left.take(rows), right.take(rows), np.ones(len(rows), dtype=bool), Rank(rank))
            if part is None:
                return None
            found[rows] = part.ids(context.terms)
        return Ids(found)

    return call


def _empty(arguments: list[Column], rows: Any, space: TermSpace) -> bool:
    """True if on all these rows some argument has no value at all, so that nothing but numbers is at hand."""
    missing = np.zeros(int(np.count_nonzero(rows)), dtype=bool)
    for one in arguments:
        if isinstance(one, Ids):
            missing |= one.values[rows] == UNBOUND
        elif isinstance(one, Numbers | Decimals | Quotients):
            missing |= ~one.good[rows]
        elif not isinstance(one, Single):
            missing |= one.coded(space)[0][rows] < 0
    return bool(missing.all())


def _of_rank(name: str, left: Typed, right: Typed, good: Any, rank: Rank) -> Column | None:
    if rank >= Rank.FLOAT:
        return _rough(name, left, right, good, rank)
    if (left.places[good] < 0).any() or (right.places[good] < 0).any():
        return None
    if name == "/":
        above, below, _, fits = _aligned(left, right)
        return Quotients(above, below, good & (below != 0)) if fits[good].all() else None
    mantissa, places, fits = _EXACTLY[name](left, right)
    if not fits[good].all():
        return None
    return Numbers(mantissa, rank, good) if rank == Rank.INTEGER else Decimals(np.where(good, mantissa, 0), places, good)


def _rough(name: str, left: Typed, right: Typed, good: Any, rank: Rank) -> Column | None:
    if not (_faithful(left) | ~good).all() or not (_faithful(right) | ~good).all():
        return None
    dtype = np.float32 if rank == Rank.FLOAT else np.float64
    with np.errstate(all="ignore"):
        found = _ROUGHLY[name](left.real.astype(dtype), right.real.astype(dtype)).astype(np.float64)
    return Numbers(np.where(good, found, 0.0), rank, good)


def _unary(exactly: Callable[[Any, Any], tuple[Any, Any]], roughly: Callable[[Any], Any]) -> _Kernel:
    """A function of one number that keeps its type: by mantissas and places, and by doubles; None if the scalars are to do it."""

    def call(arguments: list[Column], context: Context) -> Column | None:
        numbers = numeric(arguments[0], context.terms)
        good = numbers.rank >= 0
        ranks = np.unique(numbers.rank[good])
        if len(ranks) != 1 or not good.all() and not _empty(arguments, ~good, context.terms):
            return None
        rank = Rank(int(ranks[0]))
        if rank >= Rank.FLOAT:
            with np.errstate(all="ignore"):
                return Numbers(np.where(good, roughly(numbers.real), 0.0), rank, good)
        if (numbers.places[good] < 0).any():
            return None
        mantissa, places = exactly(numbers.mantissa, np.where(good, numbers.places, 0).astype(np.int64))
        return Numbers(mantissa, rank, good) if rank == Rank.INTEGER else Decimals(mantissa, places, good)

    return call


def _kept(roughly: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rounding of doubles that keeps the sign of what becomes zero."""
    return lambda real: np.copysign(roughly(real), real)


def _half_up(real: Any) -> Any:
    whole = np.floor(real)
    return np.where(np.isfinite(real), whole + (real - whole >= 0.5), real)


def _step(up: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Rounding of exact numbers down, and up by one where ``up`` says so of what is behind the point and of the unit."""

    def call(mantissa: Any, places: Any) -> tuple[Any, Any]:
        unit = 10**places
        whole, rest = np.divmod(mantissa, unit)
        return whole + up(rest, unit), np.zeros_like(places)

    return call


negative = _unary(lambda mantissa, places: (-mantissa, places), np.negative)
absolute = _unary(lambda mantissa, places: (np.abs(mantissa), places), np.abs)
rounded = _unary(_step(lambda rest, unit: 2 * rest >= unit), _kept(_half_up))
raised = _unary(_step(lambda rest, _unit: rest > 0), _kept(np.ceil))
lowered = _unary(_step(lambda _rest, _unit: 0), _kept(np.floor))


def is_numeric(arguments: list[Column], context: Context) -> Column | None:
    """isNumeric, of ids."""
    (column,) = arguments
    if not isinstance(column, Ids):
        return None
    return Truths(np.where(column.values == UNBOUND, -1, typed(column.values, context.terms).rank >= 0))


def to_double(arguments: list[Column], context: Context) -> Column | None:
    """xsd:double of numbers."""
    numbers = numeric(arguments[0], context.terms)
    good = numbers.rank >= 0
    if not good.all() and not _empty(arguments, ~good, context.terms) or not (_faithful(numbers) | ~good).all():
        return None
    return Numbers(np.where(good, numbers.real, 0.0), Rank.DOUBLE, good)
