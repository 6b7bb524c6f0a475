"""Functions on terms, numbers and dates (SPARQL 1.1 §17.4.2, §17.4.4, §17.4.5) on single terms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from ..snapshot import Kind, Term, iri, literal
from ._builtins_strings import simple
from ._functions_operators import number_of
from ._values import LANG_STRING, Failed, Number, Operand, Rank, Tagged, boolean, integer, string, term
from ._values_time import HOUR, MINUTE, Duration, Stamp, write_zone

_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|\\^`]')
_DATED = frozenset({"dateTime", "date", "gYear", "gYearMonth"})
_TIMED = frozenset({"dateTime", "time"})


def _is(kind: Kind) -> Callable[[Operand], Term]:
    return lambda operand: boolean(operand.term.type.kind == kind)


def _is_numeric(operand: Operand) -> Term:
    return boolean(isinstance(operand.value, Number))


def _text(operand: Operand) -> Term:
    if operand.term.type.kind == Kind.BNODE:
        raise Failed("a blank node has no text")
    return string(operand.term.text)


def _language(operand: Operand) -> Term:
    return string(_literal(operand).type.language)


def _datatype(operand: Operand) -> Term:
    return iri(_literal(operand).type.datatype)


def _literal(operand: Operand) -> Term:
    if operand.term.type.kind != Kind.LITERAL:
        raise Failed("a literal was expected")
    return operand.term


def _iri(operand: Operand, base: Operand | None = None) -> Term:
    """An IRI from a string, resolved against ``base`` (which the parser puts in as a second argument)."""
    if operand.term.type.kind == Kind.IRI:
        return operand.term
    text = simple(operand)
    resolved = resolve(text, base.term.text) if base else text
    if _FORBIDDEN.search(resolved) or not _PARTS.fullmatch(resolved) or not re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", resolved):
        raise Failed("that is no absolute IRI")
    return iri(resolved)


def resolve(reference: str, base: str) -> str:
    """A reference as an absolute IRI (RFC 3986 §5.2)."""
    scheme, authority, path, query, fragment = _parts(reference)
    of_base = _parts(base)
    if scheme is None:
        scheme = of_base[0]
        if authority is None:
            authority = of_base[1]
            if path:
                path = path if path.startswith("/") else _merged(of_base, path)
            else:
                path, query = of_base[2], of_base[3] if query is None else query
    parts = ((scheme, "", ":"), (authority, "//", ""), (_without_dots(path), "", ""), (query, "?", ""), (fragment, "#", ""))
    return "".join(f"{before}{part}{after}" for part, before, after in parts if part is not None)


def _parts(text: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    match = _PARTS.fullmatch(text)
    assert match is not None
    scheme, authority, path, query, fragment = match.groups()
    return scheme, authority, path or "", query, fragment


def _merged(base: tuple[Any, ...], path: str) -> str:
    return "/" + path if base[1] is not None and not base[2] else base[2].rpartition("/")[0] + "/" + path if "/" in base[2] else path


def _without_dots(path: str) -> str:
    if "." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")
    for number, part in enumerate(parts):
        if part == ".." and (len(kept) > 1 or kept and kept[0]):
            kept.pop()
        if part not in (".", ".."):
            kept.append(part)
        elif number == len(parts) - 1:
            kept.append("")
    return "/".join(kept)


def _with_datatype(text: Operand, datatype: Operand) -> Term:
    if datatype.term.type.kind != Kind.IRI:
        raise Failed("a datatype is an IRI")
    if datatype.term.text == LANG_STRING:
        raise Failed("rdf:langString wants a language: use STRLANG")
    return literal(simple(text), datatype.term.text)


def _with_language(text: Operand, language: Operand) -> Term:
    tag = simple(language)
    if not re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", tag):
        raise Failed("that is no language tag (RFC 5646)")
    return term(Tagged(simple(text), tag.lower()))


def _absolute(operand: Operand) -> Term:
    found = number_of(operand)
    number: Any = found.number
    return term(Number(abs(number), found.rank))


def _rounding(exact: Callable[[Decimal], Any], rough: Callable[[float], float]) -> Callable[[Operand], Term]:
    """A rounding that keeps the type: integers as they are, decimals and floats each in their way."""

    def call(operand: Operand) -> Term:
        found = number_of(operand)
        number, rank = found.number, found.rank
        if rank == Rank.INTEGER:
            return term(found)
        if rank == Rank.DECIMAL:
            return term(Number(Decimal(exact(Decimal(number))), rank))
        return term(Number(_signed(rough, float(number)), rank))

    return call


def _signed(rough: Callable[[float], float], number: float) -> float:
    # whole, infinite or not a number: as it is; -0.3 becomes -0
    return number if not math.isfinite(number) or number.is_integer() else math.copysign(rough(number), number)


def _half_up(number: Decimal) -> Decimal:
    whole = number.to_integral_value(ROUND_FLOOR)
    return whole + 1 if number - whole >= Decimal("0.5") else whole


def _half_up_float(number: float) -> float:
    whole = math.floor(number)
    return float(whole + 1 if number - whole >= 0.5 else whole)


def _field(kinds: frozenset[str], take: Callable[[Stamp], Term]) -> Callable[[Operand], Term]:
    def call(operand: Operand) -> Term:
        found = operand.value
        if not isinstance(found, Stamp) or found.kind not in kinds:
            raise Failed("that part is not in the value")
        return take(found)

    return call


def _zone(stamp: Stamp) -> Term:
    if stamp.zone is None:
        raise Failed("the value has no time zone")
    return term(Duration("dayTimeDuration", 0, Decimal(stamp.zone * MINUTE)))


TERMS: dict[str, tuple[Callable[..., Term], int, int]] = {
    "ISIRI": (_is(Kind.IRI), 1, 1), "ISURI": (_is(Kind.IRI), 1, 1), "ISBLANK": (_is(Kind.BNODE), 1, 1),
    "ISLITERAL": (_is(Kind.LITERAL), 1, 1), "ISNUMERIC": (_is_numeric, 1, 1),
    "STR": (_text, 1, 1), "LANG": (_language, 1, 1), "DATATYPE": (_datatype, 1, 1), "IRI": (_iri, 1, 2), "URI": (_iri, 1, 2),
    "STRDT": (_with_datatype, 2, 2), "STRLANG": (_with_language, 2, 2),
    "ABS": (_absolute, 1, 1), "ROUND": (_rounding(_half_up, _half_up_float), 1, 1),
    "CEIL": (_rounding(lambda number: number.to_integral_value(ROUND_CEILING), lambda number: float(math.ceil(number))), 1, 1),
    "FLOOR": (_rounding(lambda number: number.to_integral_value(ROUND_FLOOR), lambda number: float(math.floor(number))), 1, 1),
    "YEAR": (_field(_DATED, lambda stamp: integer(stamp.year)), 1, 1),
    "MONTH": (_field(frozenset({"dateTime", "date", "gYearMonth", "gMonth", "gMonthDay"}), lambda stamp: integer(stamp.month)), 1, 1),
    "DAY": (_field(frozenset({"dateTime", "date", "gMonthDay", "gDay"}), lambda stamp: integer(stamp.day)), 1, 1),
    "HOURS": (_field(_TIMED, lambda stamp: integer(int(stamp.seconds) // HOUR)), 1, 1),
    "MINUTES": (_field(_TIMED, lambda stamp: integer(int(stamp.seconds) // MINUTE % 60)), 1, 1),
    "SECONDS": (_field(_TIMED, lambda stamp: term(Number(stamp.seconds % 60, Rank.DECIMAL))), 1, 1),
    "TIMEZONE": (_field(_DATED | _TIMED, _zone), 1, 1),
    "TZ": (_field(_DATED | _TIMED, lambda stamp: string(write_zone(stamp.zone))), 1, 1),
}
"""Name → function, least and most arguments."""
