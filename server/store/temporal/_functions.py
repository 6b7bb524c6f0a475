"""Temporal functions of stSPARQL on columns of ids; a moment stands wherever a period may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from earthweave.ontology import XSD

from ..snapshot import FOREVER, STRDF_PERIOD, Kind, Periods, TermType, periods_of, read_moments, write_moments, write_periods
from ..spatial import STRDF, Call, function
from ._algebra import CONSTRUCTORS, RELATIONS
from ._ends import ends_of, present

Function = Callable[..., Any]
EXTENSIONS = "http://strdf.di.uoa.gr/extensions/ontology#"
_DATETIME, _TIME = str(XSD.dateTime), str(XSD.time)
_PERIOD, _MOMENT = TermType(Kind.LITERAL, STRDF_PERIOD), TermType(Kind.LITERAL, _DATETIME)
_DAY, _MINUTE = 86_400_000_000, 60_000_000
_MOST_MINUTES = float(FOREVER)
_ADVANCED = (EXTENSIONS + "AddDateTime", "http://example.org/custom-function/addDateTime")


def _periods(call: Call, ids: Any) -> Periods:
    """Periods and moments of ids; rows with anything else fail."""
    found = periods_of(ids, call.context.terms.terms, present(call.context))
    _lose(call, ids, found.good)
    return found


def _ends(call: Call, ids: Any) -> tuple[Any, Any]:
    """Start and end of the same, which is all that relations ask for."""
    start, end, good = ends_of(ids, call.context)
    _lose(call, ids, good)
    return start, end


def _lose(call: Call, ids: Any, good: Any) -> None:
    for one in np.unique(ids[~good & call.alive]).tolist():
        term = call.context.terms.term(one)
        timely = term.type.datatype in (STRDF_PERIOD, _DATETIME)
        reason = "a period cannot be read, or has no moment" if timely else "a strdf:period or xsd:dateTime was expected"
        call.fail(np.flatnonzero(ids == one), "argument", reason, term.text)


def _relation(name: str) -> Function:
    holds = RELATIONS[name]

    def kernel(call: Call, left: Any, right: Any) -> Any:
        return call.booleans(holds(*_ends(call, left), *_ends(call, right)))

    return function(name, (2,), kernel, "strdf")


def _made(call: Call, name: str, start: Any, end: Any, zoned: Any) -> Any:
    """Ids of periods; rows where start is not before end fail."""
    call.fail(np.flatnonzero(start >= end), "argument", f"strdf:{name}: no period")
    texts = np.array(write_periods(start, end, zoned), dtype=object)
    return call.texts(texts, _PERIOD)


def _constructor(name: str) -> Function:
    make = CONSTRUCTORS[name]

    def kernel(call: Call, left: Any, right: Any) -> Any:
        one, other = _periods(call, left), _periods(call, right)
        return _made(call, name, *make(one.start, one.end, other.start, other.end), one.zoned | other.zoned)

    return function(name, (2,), kernel, "strdf")


def _period(call: Call, left: Any, right: Any) -> Any:
    """From the start of one to the start of the other, which is no part of it."""
    one, other = _periods(call, left), _periods(call, right)
    return _made(call, "period", one.start, other.start, one.zoned | other.zoned)


def _start(call: Call, ids: Any) -> Any:
    found = _periods(call, ids)
    return _moments(call, found.start - found.after, found.zoned)


def _end(call: Call, ids: Any) -> Any:
    found = _periods(call, ids)
    call.fail(np.flatnonzero(found.end == FOREVER), "argument", "strdf:period_end: the period goes on (UC)")
    return _moments(call, np.where(call.alive, found.end - found.until, 0), found.zoned)


def _moments(call: Call, micros: Any, zoned: Any) -> Any:
    return call.texts(np.array(write_moments(micros, zoned), dtype=object), _MOMENT)


def _difference(name: str, within: int | None) -> Function:
    """Milliseconds from the second moment to the first; ``within`` a day only the times of day count."""

    def kernel(call: Call, left: Any, right: Any) -> Any:
        first, second = _clock(call, left, within), _clock(call, right, within)
        return call.integers((first - second) // 1000)

    return function(name, (2,), kernel, "strdf-ext")


def _clock(call: Call, ids: Any, within: int | None) -> Any:
    if within is None:
        return _periods(call, ids).start
    terms = call.context.terms.terms(ids)
    timely = _of_type(terms, _TIME, _DATETIME)
    texts = [text if "T" in text else f"1970-01-01T{text}" for text in terms.text.to_pylist()]
    read = read_moments(terms.text.__class__.from_pandas(texts), 0)
    call.fail(np.flatnonzero(~(read.good & timely)), "argument", "an xsd:time or xsd:dateTime was expected")
    return read.micros % within


def _of_type(terms: Any, *datatypes: str) -> Any:
    return np.isin(terms.code, [code for code, kind in enumerate(terms.types) if kind.datatype in datatypes])


def _advanced(call: Call, ids: Any, minutes: Any) -> Any:
    """The moment so many minutes later, a whole number, as Strabon's AddDateTimeFunc has it under the second IRI of `_ADVANCED`."""
    found, later = _periods(call, ids), np.asarray(call.context.terms.numbers(minutes), dtype=np.float64)
    call.fail(np.flatnonzero(~_of_type(call.context.terms.terms(ids), _DATETIME)), "argument", "an xsd:dateTime was expected")
    call.fail(np.flatnonzero(~(later == np.floor(later))), "argument", "a whole number of minutes was expected")
    micros = np.clip(later, -_MOST_MINUTES, _MOST_MINUTES) * _MINUTE
    call.fail(np.flatnonzero((found.start == FOREVER) | ~(np.abs(found.start + micros) < FOREVER)), "argument", "there is no such moment")
    return _moments(call, np.where(call.alive, found.start, 0) + np.where(call.alive, micros, 0).astype(np.int64), found.zoned)


functions: dict[str, Function] = {
    **{STRDF + name: _relation(name) for name in RELATIONS},
    **{STRDF + name: _constructor(name) for name in CONSTRUCTORS},
    STRDF + "period": function("period", (2,), _period, "strdf"),
    STRDF + "period_start": function("period_start", (1,), _start, "strdf"),
    STRDF + "period_end": function("period_end", (1,), _end, "strdf"),
    EXTENSIONS + "diffDateTime": _difference("diffDateTime", None),
    EXTENSIONS + "diffTime": _difference("diffTime", _DAY),
    **dict.fromkeys(_ADVANCED, function("AddDateTime", (2,), _advanced, "strdf-ext")),
}
"""IRI → function of the context and columns of ids."""
