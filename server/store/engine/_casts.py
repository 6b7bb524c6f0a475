"""Casts to XML Schema datatypes (SPARQL 1.1 §17.5; XPath Functions and Operators 3.1 §19) on single terms."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from ..snapshot import Kind, Term
from ._functions_operators import cast
from ._values import (
    XSD_BASE,
    Failed,
    Number,
    Operand,
    Other,
    Rank,
    Value,
    decimal_text,
    number_text,
    read_decimal,
    read_double,
    read_integer,
    scientific_text,
    shortest,
    single,
    string,
    term,
)
from ._values_time import DURATIONS, TEMPORAL, Duration, Stamp, read_duration, read_stamp

_SMALL, _LARGE = 1e-6, 1e6
_BLANKS = " \t\n\r"
_PARTS = {
    "dateTime": frozenset(TEMPORAL - {"dateTime"}), "date": frozenset({"gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay"}),
}


def _string(operand: Operand) -> Term:
    """Numbers as XPath writes them (F&O 3.1 §19.1.2): floats between a millionth and a million without exponent."""
    if operand.term.type.kind == Kind.BNODE:
        raise Failed("a blank node has no text")
    found = operand.value
    if isinstance(found, Number):
        return string(_plain(found))
    if isinstance(found, bool | Stamp | Duration):
        return string(term(found).text)
    return string(operand.term.text)


def _plain(found: Number) -> str:
    if found.rank >= Rank.FLOAT:
        number = float(found.number)
        if number == 0:
            return "-0" if math.copysign(1, number) < 0 else "0"
        if _SMALL <= abs(number) < _LARGE:
            return decimal_text(shortest(found))
        return scientific_text(number, found.rank)
    return number_text(found)


def _boolean(operand: Operand) -> Term:
    found = _castable(operand)
    if isinstance(found, bool):
        return term(found)
    if isinstance(found, Number):
        return term(bool(found.number == found.number and found.number != 0))
    if isinstance(found, str):
        return term(_read({"true": True, "1": True, "false": False, "0": False}.get, found))
    raise Failed("that is cast to no boolean")


def _read(reader: Callable[[str], Value | None], text: str) -> Value:
    # XPath collapses white space around before it reads
    found = reader(text.strip(_BLANKS))
    if found is None:
        raise Failed("the text is not in the lexical space of the datatype")
    return found


def _castable(operand: Operand) -> Value:
    found = operand.value
    if isinstance(found, Other):
        raise Failed("a literal without a known value is not cast")
    return found


def _integer(operand: Operand) -> Term:
    found = _castable(operand)
    if isinstance(found, bool):
        return term(Number(int(found), Rank.INTEGER))
    if isinstance(found, Number):
        if isinstance(found.number, float) and not math.isfinite(found.number):
            raise Failed("neither an infinity nor NaN is an integer")
        return term(Number(int(found.number), Rank.INTEGER))
    return term(_read(read_integer, _text(found)))


def _decimal(operand: Operand) -> Term:
    found = _castable(operand)
    if isinstance(found, bool):
        return term(Number(Decimal(int(found)), Rank.DECIMAL))
    if isinstance(found, Number):
        if isinstance(found.number, float):
            if not math.isfinite(found.number):
                raise Failed("neither an infinity nor NaN is a decimal")
            return term(Number(shortest(found), Rank.DECIMAL))
        return term(Number(cast(found, Rank.DECIMAL), Rank.DECIMAL))
    return term(_read(read_decimal, _text(found)))


def _binary(rank: Rank) -> Callable[[Operand], Term]:
    def call(operand: Operand) -> Term:
        found = _castable(operand)
        if isinstance(found, bool):
            return term(Number(float(found), rank))
        if isinstance(found, Number):
            return term(Number(_binary_number(found, rank), rank))
        return term(_read(lambda text: read_double(text, rank), _text(found)))

    return call


def _binary_number(found: Number, rank: Rank) -> float:
    return single(float(found.number)) if found.rank > rank else float(cast(found, rank))


def _text(found: Value) -> str:
    if not isinstance(found, str):
        raise Failed("only strings, numbers and booleans are cast to numbers")
    return found


def _temporal(kind: str) -> Callable[[Operand], Term]:
    def call(operand: Operand) -> Term:
        found = _castable(operand)
        if not isinstance(found, Stamp):
            return term(_read(lambda text: read_stamp(kind, text), _text(found)))
        if found.kind == kind or kind in _targets(found.kind):
            return term(_reduced(found, kind))
        raise Failed(f"{found.kind} is not cast to {kind}")

    return call


def _targets(kind: str) -> frozenset[str]:
    return _PARTS.get(kind, frozenset()) | (frozenset({"dateTime"}) if kind == "date" else frozenset())


def _reduced(stamp: Stamp, kind: str) -> Stamp:
    seconds = stamp.seconds if kind in ("dateTime", "time") else Decimal(0)
    return stamp._replace(kind=kind, seconds=seconds)


def _duration(kind: str) -> Callable[[Operand], Term]:
    def call(operand: Operand) -> Term:
        found = _castable(operand)
        if not isinstance(found, Duration):
            return term(_read(lambda text: read_duration(kind, text), _text(found)))
        months = 0 if kind == "dayTimeDuration" else found.months
        seconds = Decimal(0) if kind == "yearMonthDuration" else found.seconds
        return term(Duration(kind, months, seconds))

    return call


CASTS: dict[str, Callable[[Operand], Term]] = {
    XSD_BASE + name: function
    for name, function in {
        "string": _string, "boolean": _boolean, "integer": _integer, "decimal": _decimal,
        "float": _binary(Rank.FLOAT), "double": _binary(Rank.DOUBLE),
        **{kind: _temporal(kind) for kind in TEMPORAL}, **{kind: _duration(kind) for kind in DURATIONS},
    }.items()
}
"""Datatype IRI → cast."""
