"""Time: what property tells when something was, and which of its literals lie in an interval.

Stores write times as ``xsd:dateTime``, ``xsd:date``, ``xsd:gYearMonth`` or ``xsd:gYear``. Literals of two of these types do not compare,
so a test has one branch for each type; for a given literal all branches but one are errors, which ``||`` takes for false.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from rdflib import Literal
from rdflib.term import Variable

from earthweave.ontology import XSD

from ..knowledge import PropertyEntry
from ..request import Interval, Operator, Property, Temporal
from ._algebra import Expression, Filter, Infix, Part, Term
from ._links import holding
from ._scope import Refused, Scope, Subject

_BEGINS = frozenset("start begin begins beginning from since".split())
_ENDS = frozenset("end ends ending completion to until finish".split())
_FIRST = ("acquired", "acquisition", "sensing", "sensed", "observed", "observation", "phenomenon", "timestamp", "taken", "date", "time")
"""Words in the label of the time that is meant, likeliest first."""
_LAST = frozenset("created modified updated published publication ingestion ingested issued available processing processed".split())
_DAY = timedelta(days=1)
_TYPES = ("dateTime", "date", "gYearMonth", "gYear")
_ALIKE = (frozenset({"dateTime", "date", "dateTimeStamp"}), frozenset({"gYear", "gYearMonth"}))
"""Types that are found side by side for one property."""
_STAMP = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


def observed(scope: Scope, subject: Subject, temporal: Temporal) -> list[Part]:
    """Patterns for a subject that was observed at some time in one of the intervals."""
    if not temporal.intervals:
        raise Refused("unsupported-operation", f"A span of {temporal.days} days, but of which?", subject.label)
    start, end = when(scope, subject)
    begins = scope.fresh("start")
    parts: list[Part] = [*holding(scope, subject.variable, start, begins)]
    ends = begins
    if end is not None:
        ends = scope.fresh("end")
        parts += holding(scope, subject.variable, end, ends)
    types = _types(scope, start)
    options = [_meets(begins, ends, one, types) for one in temporal.intervals]
    return [*parts, Filter(_any(options))]


def _types(scope: Scope, prop: Property) -> tuple[str, ...]:
    """The types of literals that a property has, as far as is known."""
    own = scope.knowledge.properties[prop.iri].datatype.removeprefix(str(XSD))
    alike = next((group for group in _ALIKE if own in group), None)
    return _TYPES if alike is None else tuple(name for name in _TYPES if name in alike)


def when(scope: Scope, subject: Subject) -> tuple[Property, Property | None]:
    """The properties of a subject that tell its start and its end, or its only time; refuses where there are none."""
    found = list(_temporal(scope, subject))
    if not found:
        raise Refused("no-time", f"The store has no times of {subject.label or 'these things'}.", subject.label)
    starts = [one for one in found if _words(one) & _BEGINS]
    ends = [one for one in found if _words(one) & _ENDS]
    if starts and ends:
        return _property(starts[0]), _property(ends[0])
    return _property((starts or found)[0]), None


def _temporal(scope: Scope, subject: Subject) -> list[PropertyEntry]:
    own = [one for one in scope.knowledge.properties.values() if one.dimension == "time" and scope.has(subject, one.domains)]
    return sorted(own, key=lambda one: (bool(_words(one) & _LAST), _rank(one), one.iri))


def _rank(entry: PropertyEntry) -> int:
    return min((number for number, word in enumerate(_FIRST) if word in _words(entry)), default=len(_FIRST))


def _words(entry: PropertyEntry) -> frozenset[str]:
    local = re.sub(r"([a-z])([A-Z])", r"\1 \2", re.split(r"[/#:]", entry.iri)[-1])
    return frozenset(re.findall(r"[a-z]+", " ".join((*entry.labels, local)).lower()))


def _property(entry: PropertyEntry) -> Property:
    return Property(entry.labels[0] if entry.labels else "time", entry.iri)


def _meets(begins: Term, ends: Term, interval: Interval, types: tuple[str, ...] = _TYPES) -> Expression:
    """Half-open intervals that meet, except that an instant is its own end."""
    tests: list[Expression] = []
    if interval.end is not None:
        tests.append(_any([Infix("<", (begins, _after(interval.end, name))) for name in types]))
    if interval.start is not None:
        firsts = [_first(interval.start, name) for name in types]
        later: list[Expression] = [Infix(">=", (begins, one)) for one in firsts]
        if ends != begins:
            # a day, month or year that is an end belongs to what it ends; a moment does not
            later += [Infix(">" if one.datatype == XSD.dateTime else ">=", (ends, one)) for one in firsts]
        tests.append(_any(later))
    return tests[0] if len(tests) == 1 else Infix("&&", tuple(tests))


def _any(options: list[Expression]) -> Expression:
    return options[0] if len(options) == 1 else Infix("||", tuple(options))


def _first(day: date, name: str) -> Literal:
    """The least literal of a type of what may lie at or after the start of a day."""
    texts = {"dateTime": f"{day.isoformat()}T00:00:00Z", "date": day.isoformat(), "gYearMonth": day.isoformat()[:7]}
    return Literal(texts.get(name, day.isoformat()[:4]), datatype=XSD[name], normalize=False)


def _after(day: date, name: str) -> Literal:
    """The least literal of a type of what lies at or after a day as a whole."""
    if name == "gYearMonth":
        return _first(day if day.day == 1 else (day.replace(day=28) + 4 * _DAY).replace(day=1), name)
    if name == "gYear":
        return _first(day if (day.month, day.day) == (1, 1) else date(day.year + 1, 1, 1), name)
    return _first(day, name)


def stamped(text: str) -> Interval | None:
    """The days of a text that is a day, a month or a year of ISO 8601; None for others."""
    found = _STAMP.match(text)
    if found is None:
        return None
    year, month, day = (int(one) if one else None for one in found.groups())
    assert year is not None
    try:
        start = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return Interval(start, start + _DAY)
    later = (start.replace(day=28) + 4 * _DAY).replace(day=1) if month else date(year + 1, 1, 1)
    return Interval(start, later)


def beside(found: Expression, op: Operator, interval: Interval) -> Expression:
    """A time compared with days: before, after, or within them."""
    assert isinstance(found, Variable)
    before, after = Interval(None, interval.start), Interval(interval.end, None)
    if op == "!=":
        return _any([_meets(found, found, before), _meets(found, found, after)])
    meant = {"<": before, "<=": Interval(None, interval.end), "=": interval, ">=": Interval(interval.start, None), ">": after}
    return _meets(found, found, meant[op])
