"""Operators of SPARQL 1.1 §17.3 on single values: equality, order, arithmetic, effective boolean value; `Failed` is their type error.

Beyond the table there: dates, times and durations are compared and added as XPath Functions and Operators 3.1 §8–9 have it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from ..snapshot import Term
from ._values import (
    EXACT,
    RANK_OF,
    XSD_BASE,
    Blank,
    Failed,
    Iri,
    Number,
    Operand,
    Other,
    Rank,
    Tagged,
    Value,
    boolean,
    nearest,
    single,
    term,
)
from ._values_time import Duration, Stamp, added, compare_durations, compare_stamps, difference, shifted

_BOOLEAN = XSD_BASE + "boolean"
UNORDERED = 2
"""What `compare` gives for NaN against any number: neither less, nor equal, nor greater."""


def compare(left: Value, right: Value) -> int:
    """-1, 0 or 1, or `UNORDERED`; `Failed` for two values that no operator compares."""
    found: int | None = None
    if isinstance(left, Number) and isinstance(right, Number):
        return compare_numbers(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, bool) and isinstance(right, bool):
        return left - right
    if isinstance(left, Stamp) and isinstance(right, Stamp):
        found = compare_stamps(left, right)
    elif isinstance(left, Duration) and isinstance(right, Duration):
        found = compare_durations(left, right)
    if found is None:
        raise Failed("these are not compared")
    return found


def compare_numbers(left: Number, right: Number) -> int:
    """The same for numbers, after promotion."""
    one, other, _ = promoted(left, right)
    if one != one or other != other:
        return UNORDERED
    return int(one > other) - int(one < other)


def promoted(left: Number, right: Number) -> tuple[Any, Any, Rank]:
    """Both numbers as Python numbers of the higher rank (XPath F&O 3.1 §4.2; SPARQL 1.1 §17.3)."""
    rank = max(left.rank, right.rank)
    return cast(left, rank), cast(right, rank), rank


def cast(number: Number, rank: Rank) -> Any:
    """A number as the Python number of a rank, which is not below its own."""
    if number.rank == rank:
        return number.number
    if rank == Rank.DECIMAL:
        return Decimal(number.number)
    return single(nearest(number)) if rank == Rank.FLOAT else nearest(number)


def equal(left: Operand, right: Operand) -> bool:
    """``=``: by value where there is one, else the same term (RDFterm-equal); `Failed` where a literal without a value leaves it open.

    Two values of different kinds differ: that a string is no number does not depend on anything unknown.
    """
    one, other = left.value, right.value
    if isinstance(one, Number | Stamp | Duration) and type(one) is type(other):
        return _equal_values(one, other)
    if left.term == right.term:
        return True
    if _open(one) and not _settled(other) or _open(other) and not _settled(one):
        raise Failed("whether a literal without a known value equals another is open")
    return type(one) is type(other) and one == other


def _equal_values(one: Value, other: Value) -> bool:
    if isinstance(one, Stamp) and isinstance(other, Stamp) and one.kind != other.kind:
        return False
    return compare(one, other) == 0


def _open(found: Value) -> bool:
    return isinstance(found, Other)


def _settled(found: Value) -> bool:
    # terms that no literal of another type can equal
    return isinstance(found, Iri | Blank | Tagged)


def same(left: Operand, right: Operand) -> Term:
    """sameTerm."""
    return boolean(left.term == right.term)


def _ordered(accepts: Callable[[int], bool]) -> Callable[[Operand, Operand], Term]:
    return lambda left, right: boolean(accepts(compare(left.value, right.value)))


def truth(operand: Operand) -> bool:
    """Effective boolean value (§17.2.2): also false for an ill-typed boolean or number."""
    found = operand.value
    if isinstance(found, bool):
        return found
    if isinstance(found, Number):
        return found.number == found.number and found.number != 0
    if isinstance(found, str):
        return bool(found)
    if isinstance(found, Tagged):
        return bool(found.text)
    if isinstance(found, Other) and (found.datatype in RANK_OF or found.datatype == _BOOLEAN):
        return False
    raise Failed("the term has no effective boolean value")


def _add(left: Operand, right: Operand) -> Term:
    return _moved(left.value, right.value, 1)


def _subtract(left: Operand, right: Operand) -> Term:
    return _moved(left.value, right.value, -1)


def _moved(one: Value, other: Value, sign: int) -> Term:
    if isinstance(one, Number) and isinstance(other, Number):
        return _calculated(one, other, _SUMS[sign])
    found: Value | None = None
    if isinstance(other, Duration):
        if isinstance(one, Duration):
            found = added(one, other, sign)
        elif isinstance(one, Stamp):
            found = shifted(one, other, sign)
    elif isinstance(one, Duration) and isinstance(other, Stamp) and sign > 0:
        found = shifted(other, one)
    elif isinstance(one, Stamp) and isinstance(other, Stamp) and sign < 0:
        found = difference(one, other)
    if found is None:
        raise Failed("these are not added")
    return term(found)


def _multiply(left: Operand, right: Operand) -> Term:
    return _calculated(number_of(left), number_of(right), _Product())


def _divide(left: Operand, right: Operand) -> Term:
    return term(divided(number_of(left), number_of(right)))


class _Product:
    decimals = staticmethod(EXACT.multiply)

    @staticmethod
    def others(one: Any, other: Any) -> Any:
        return one * other


class _Sum:
    decimals = staticmethod(EXACT.add)

    @staticmethod
    def others(one: Any, other: Any) -> Any:
        return one + other


class _Difference:
    decimals = staticmethod(EXACT.subtract)

    @staticmethod
    def others(one: Any, other: Any) -> Any:
        return one - other


_SUMS: dict[int, Any] = {1: _Sum(), -1: _Difference()}


def _calculated(left: Number, right: Number, operation: Any) -> Term:
    return term(calculated(left, right, operation))


def calculated(left: Number, right: Number, operation: Any) -> Number:
    """Sum, difference or product after promotion; floats are rounded to 32 bits."""
    one, other, rank = promoted(left, right)
    if rank == Rank.DECIMAL:
        try:
            return Number(operation.decimals(one, other), rank)
        except DecimalException:
            raise Failed("a decimal too large") from None
    found = operation.others(one, other)
    return Number(single(found) if rank == Rank.FLOAT else found, rank)


def total(left: Number, right: Number) -> Number:
    """Sum of two numbers."""
    return calculated(left, right, _SUMS[1])


def divided(left: Number, right: Number) -> Number:
    """Quotient; of integers a decimal. Division of exact numbers by zero fails, of doubles it gives INF or NaN."""
    one, other, rank = promoted(left, right)
    if rank >= Rank.FLOAT:
        found = _float_quotient(one, other)
        return Number(single(found) if rank == Rank.FLOAT else found, rank)
    if not other:
        raise Failed("division by zero")
    try:
        return Number(_shortened(EXACT.divide(Decimal(one), Decimal(other))), Rank.DECIMAL)
    except DecimalException:
        raise Failed("a decimal too large") from None


def _shortened(quotient: Decimal) -> Decimal:
    """18 digits behind the point, or 18 significant ones if it is small."""
    if not quotient:
        return quotient
    places = max(18, 17 - quotient.adjusted())
    exponent = quotient.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return quotient
    return quotient.quantize(Decimal(1).scaleb(-places), context=EXACT)


def _float_quotient(one: float, other: float) -> float:
    if other:
        return one / other
    if one != one or other != other or not one:
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def number_of(operand: Operand) -> Number:
    """The operand's number; `Failed` if it is none."""
    found = operand.value
    if not isinstance(found, Number):
        raise Failed("a number was expected")
    return found


def _negative(operand: Operand) -> Term:
    found = operand.value
    if isinstance(found, Duration):
        return term(Duration(found.kind, -found.months, -found.seconds))
    number = number_of(operand)
    return term(Number(-number.number, number.rank))


def _positive(operand: Operand) -> Term:
    number_of(operand)
    return operand.term


OPERATORS: dict[str, Callable[..., Term]] = {
    "=": lambda left, right: boolean(equal(left, right)),
    "!=": lambda left, right: boolean(not equal(left, right)),
    "<": _ordered(lambda order: order == -1),
    ">": _ordered(lambda order: order == 1),
    "<=": _ordered(lambda order: order in (-1, 0)),
    ">=": _ordered(lambda order: order in (0, 1)),
    "+": _add, "-": _subtract, "*": _multiply, "/": _divide,
    "neg": _negative, "pos": _positive,
    "!": lambda operand: boolean(not truth(operand)),
    "SAMETERM": same,
}
"""Operators of fixed arity, by the names of `Call`."""
