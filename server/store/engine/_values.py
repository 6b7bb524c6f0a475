"""Terms as Python values and back: what the scalar functions of SPARQL reckon with, exactly.

::

    Term ──value()──▶ str | bool | Number | Stamp | Duration | Tagged | Iri | Blank | Other ──term()──▶ Term

``Other`` is a literal of an unknown datatype, or one whose text is not in its datatype's lexical space: it has no value.
"""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from earthweave.ontology import RDF, XSD

from ..snapshot import BNODE, Kind, Term, iri, literal, tagged
from ._values_time import DURATIONS, TEMPORAL, Duration, Stamp, read_duration, read_stamp, write_duration, write_stamp

XSD_BASE = str(XSD)
LANG_STRING = str(RDF.langString)
EXACT = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_EVEN, Emin=-6_000, Emax=6_000,
                        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])
"""Arithmetic of xsd:decimal: 60 digits, where SPARQL asks for 18."""
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPECIAL = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf, "NaN": math.nan}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_UNLIMITED = (None, None)
_PLAIN_FROM, _PLAIN_TO = 1e-6, 1e16
DERIVED: dict[str, tuple[int | None, int | None]] = {
    "integer": _UNLIMITED, "nonPositiveInteger": (None, 0), "negativeInteger": (None, -1), "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None), "long": (-(1 << 63), (1 << 63) - 1), "int": (-(1 << 31), (1 << 31) - 1),
    "short": (-(1 << 15), (1 << 15) - 1), "byte": (-128, 127),
    "unsignedLong": (0, (1 << 64) - 1), "unsignedInt": (0, (1 << 32) - 1), "unsignedShort": (0, (1 << 16) - 1),
    "unsignedByte": (0, 255),
}
"""xsd:integer and the types derived from it: least and greatest value."""


class Failed(Exception):
    """A type error of SPARQL (§17.2): the expression has no value on this row."""


class Rank(IntEnum):
    """Numeric types in the order of promotion."""

    INTEGER = 0
    DECIMAL = 1
    FLOAT = 2
    DOUBLE = 3


RANKS = {Rank.INTEGER: "integer", Rank.DECIMAL: "decimal", Rank.FLOAT: "float", Rank.DOUBLE: "double"}
RANK_OF = {**dict.fromkeys((XSD_BASE + name for name in DERIVED), Rank.INTEGER),
           **{XSD_BASE + name: rank for rank, name in RANKS.items()}}
"""Datatype IRI → rank, for all numeric types."""


class Number(NamedTuple):
    """A number: int, Decimal or float, as its rank wants."""

    number: int | Decimal | float
    rank: Rank


class Tagged(NamedTuple):
    """A string with a language."""

    text: str
    language: str


class Iri(NamedTuple):
    """An IRI."""

    text: str


class Blank(NamedTuple):
    """A blank node."""

    label: str


class Other(NamedTuple):
    """A literal without a value."""

    text: str
    datatype: str


Value = str | bool | Number | Stamp | Duration | Tagged | Iri | Blank | Other


class Operand:
    """A term with its value, worked out when first asked for."""

    __slots__ = ("_value", "term")

    def __init__(self, term: Term) -> None:
        self.term = term
        self._value: Value | None = None

    @property
    def value(self) -> Value:
        """The term's value."""
        if self._value is None:
            self._value = value(self.term)
        return self._value


def value(term: Term) -> Value:
    """The value that a term stands for."""
    kind, datatype, language = term.type
    if kind == Kind.LITERAL:
        if datatype == LANG_STRING:
            return Tagged(term.text, language)
        reader = _READERS.get(datatype)
        found = reader(term.text) if reader else None
        return Other(term.text, datatype) if found is None else found
    return Iri(term.text) if kind == Kind.IRI else Blank(term.text)


def read_integer(text: str, name: str = "integer") -> Number | None:
    """An integer of a type within its bounds; None if the text is none."""
    # beyond 4,300 digits Python reads no integer
    if len(text) > 4_000 or not _INTEGER.fullmatch(text):
        return None
    number, (least, most) = int(text), DERIVED[name]
    inside = (least is None or number >= least) and (most is None or number <= most)
    return Number(number, Rank.INTEGER) if inside else None


def read_decimal(text: str) -> Number | None:
    """An xsd:decimal; None if the text is none."""
    if len(text) > 4_000 or not _DECIMAL.fullmatch(text):
        return None
    number = Decimal(text)
    # unlike doubles, decimals have no negative zero (XML Schema 1.1 part 2 §3.3.3)
    return Number(number or number.copy_abs(), Rank.DECIMAL)


def read_double(text: str, rank: Rank = Rank.DOUBLE) -> Number | None:
    """An xsd:double, or an xsd:float rounded to its 32 bits; None if the text is none."""
    number = _SPECIAL.get(text)
    if number is None:
        if not _DOUBLE.fullmatch(text):
            return None
        number = float(text)
    return Number(single(number) if rank == Rank.FLOAT else number, rank)


def single(number: float) -> float:
    """The nearest number of 32 bits."""
    with np.errstate(over="ignore"):
        return float(np.float32(number))


def _integers(name: str) -> Callable[[str], Value | None]:
    return lambda text: read_integer(text, name)


def _stamps(kind: str) -> Callable[[str], Value | None]:
    return lambda text: read_stamp(kind, text)


def _durations(kind: str) -> Callable[[str], Value | None]:
    return lambda text: read_duration(kind, text)


_READERS: dict[str, Callable[[str], Value | None]] = {
    XSD_BASE + "string": lambda text: text,
    XSD_BASE + "boolean": _BOOLEANS.get,
    XSD_BASE + "decimal": read_decimal,
    XSD_BASE + "double": read_double,
    XSD_BASE + "float": lambda text: read_double(text, Rank.FLOAT),
    **{XSD_BASE + name: _integers(name) for name in DERIVED},
    **{XSD_BASE + kind: _stamps(kind) for kind in TEMPORAL},
    **{XSD_BASE + kind: _durations(kind) for kind in DURATIONS},
}
KNOWN = frozenset(_READERS)
"""IRIs of the datatypes whose values are known."""
TRUE, FALSE = literal("true", XSD_BASE + "boolean"), literal("false", XSD_BASE + "boolean")


def boolean(holds: bool) -> Term:
    """``true`` or ``false``."""
    return TRUE if holds else FALSE


def string(text: str) -> Term:
    """A literal of xsd:string."""
    return literal(text)


def integer(number: int) -> Term:
    """A literal of xsd:integer."""
    return term(Number(number, Rank.INTEGER))


def term(found: Value) -> Term:
    """The term of a value, in canonical form; doubles and floats as `double_text` has it."""
    if isinstance(found, bool):
        return boolean(found)
    if isinstance(found, str):
        return literal(found)
    if isinstance(found, Number):
        return literal(number_text(found), XSD_BASE + RANKS[found.rank])
    if isinstance(found, Stamp):
        return literal(write_stamp(found), XSD_BASE + found.kind)
    if isinstance(found, Duration):
        return literal(write_duration(found), XSD_BASE + found.kind)
    return _other_term(found)


def _other_term(found: Tagged | Iri | Blank | Other) -> Term:
    if isinstance(found, Tagged):
        return tagged(found.text, found.language)
    if isinstance(found, Other):
        return literal(found.text, found.datatype)
    return iri(found.text) if isinstance(found, Iri) else Term(found.label, BNODE)


def number_text(found: Number) -> str:
    """Lexical form of a computed number; `Failed` for one of more digits than can be written."""
    number, rank = found
    if rank == Rank.INTEGER:
        try:
            return str(number)
        except ValueError:
            raise Failed("an integer of more than 4,300 digits") from None
    if rank == Rank.DECIMAL:
        return decimal_text(Decimal(number))
    return double_text(float(number), rank)


def decimal_text(number: Decimal) -> str:
    """Canonical form of a decimal (XSD 1.1 appendix E.1): no point if it is whole, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def double_text(number: float, rank: Rank = Rank.DOUBLE) -> str:
    """How a computed double or float is written: with the shortest digits that come back as the same number.

    From a millionth up to ten to the sixteenth it has a point and no exponent, ``15.0``, so that people can read it; beyond that it has
    XML Schema's canonical form, `scientific_text`. Both are in the lexical space of the type (XSD 1.1 part 2, §3.3.5.2), and SPARQL
    leaves the choice open. Literals of the data keep the form that they have there.
    """
    if number == 0:
        return "-0.0" if math.copysign(1, number) < 0 else "0.0"
    if not (math.isfinite(number) and _PLAIN_FROM <= abs(number) < _PLAIN_TO):
        return scientific_text(number, rank)
    sign, digits, power = _digits(number, rank)
    if power < 0:
        return f"{sign}0.{digits.zfill(len(digits) - power - 1)}"
    digits = digits.ljust(power + 1, "0")
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :] or '0'}"


def scientific_text(number: float, rank: Rank = Rank.DOUBLE) -> str:
    """Canonical form of a double or float (XSD 1.0 part 2, §3.2.5.2): ``1.5E0``, the shortest digits that come back as the same number."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "INF" if number > 0 else "-INF"
    sign, digits, power = _digits(number, rank)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def _digits(number: float, rank: Rank) -> tuple[str, str, int]:
    """Sign, shortest digits, and the power of ten of the first of them, of a finite number."""
    head, _, power = (str(np.float32(number)) if rank == Rank.FLOAT else repr(number)).partition("e")
    sign = "-" if head[0] == "-" else ""
    whole, _, fraction = head.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    kept = digits.rstrip("0")
    return (sign, kept, len(digits) - len(fraction) - 1 + int(power or 0)) if kept else (sign, "0", 0)


def shortest(found: Number) -> Decimal:
    """The decimal of the fewest digits that are read back as a finite double or float."""
    number = float(found.number)
    return Decimal(str(np.float32(number)) if found.rank == Rank.FLOAT else repr(number))


def nearest(found: Number) -> float:
    """The nearest double, an infinity beyond all of them."""
    try:
        return float(found.number)
    except OverflowError:
        return math.inf if found.number > 0 else -math.inf
