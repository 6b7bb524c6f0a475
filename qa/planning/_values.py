"""Values of things as expressions: stored, measured from geometries, counted, and ratios of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rdflib import Literal as Constant
from rdflib.term import Variable

from earthweave.ontology import GEOF, XSD

from ..knowledge import PropertyEntry
from ..request import Measure, Property, Ratio, Value
from ._algebra import Bind, Call, Expression, Filter, Infix, Optional_, Part
from ._geometry import argued, located, placed
from ._links import alike, counted, holding, shared
from ._scope import Refused, Scope, Subject, bare, decimal, overlapping
from ._spatial import azimuth, distance
from ._stated import holders
from ._units import dimension, factor

Kind = Literal["number", "text", "thing", "time", "shape"]
_GEOMETRIC = {"area": (GEOF.metricArea, "m2"), "length": (GEOF.metricLength, "m"), "perimeter": (GEOF.metricPerimeter, "m")}
_SUITABLE: dict[str, set[int | None]] = {"area": {2}, "length": {1}, "perimeter": {2}}
"""Measure → dimensions of the geometries that are measured rather than asked for a stored property."""
_SIZED = frozenset({"m", "km", "m2", "km2", "har", "[mi_i]", "[smi_us]", "[acr_br]"})
_LOWEST = {"area": 2, "length": 1, "perimeter": 2}
_DEGREES_PER_RADIAN = 57.29577951308232
_LEAST, _MOST = (Constant(text, datatype=XSD.double, normalize=False) for text in ("-INF", "INF"))
_TEXTS = frozenset({str(XSD.string), "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"})
_KINDS: dict[str, Kind] = {"text": "text", "thing": "thing", "time": "time"}


@dataclass(frozen=True)
class Valued:
    """A value of a subject.

    Attributes:
        parts: patterns that bind it, beside those of the subject.
        expression: the value.
        kind: of what is found.
        unit: UCUM code of what the expression gives.
        written: whether numbers are stored as texts.
    """

    parts: tuple[Part, ...]
    expression: Expression
    kind: Kind = "number"
    unit: str = "1"
    written: bool = False


def valued(scope: Scope, subject: Subject, value: Value) -> Valued:
    """A value of the subject, or of what the value names instead."""
    if isinstance(value, Ratio):
        return _ratio(scope, subject, value)
    if value.of is None:
        return _own(scope, subject, value)
    other = argued(scope, value.of)
    found = _own(scope, other, value)
    return replace(found, parts=(*other.parts, *found.parts))


def _own(scope: Scope, subject: Subject, value: Property | Measure) -> Valued:
    if isinstance(value, Property):
        return _told(scope, subject, value)
    name = value.measure
    if name in ("count", "share"):
        if value.via is None:
            raise Refused("unsupported-operation", f"A {name} of what?", subject.label)
        parts, number = (counted if name == "count" else shared)(scope, subject, value.via)
        return Valued(tuple(parts), number, unit="1" if name == "count" else "m2")
    if name in ("distance", "bearing"):
        return _apart(scope, subject, value)
    if name == "location":
        return Valued((), placed(scope, subject), "shape") if scope.placed(subject) else Valued(*holders(scope, subject), "thing")
    prop = _named(scope, subject, name)
    if prop is None or (name in _GEOMETRIC and scope.placed(subject) and scope.dimension(subject) in _SUITABLE[name] | {None}):
        return _drawn(scope, subject, name)
    return stored(scope, subject, prop)


def _told(scope: Scope, subject: Subject, prop: Property) -> Valued:
    """A property; of what can be measured as well, what is stated, else what is measured."""
    name = next((one for one in _GEOMETRIC if one in prop.label.split()), "")
    if not name or not scope.placed(subject):
        return stored(scope, subject, prop)
    entry = scope.knowledge.properties.get(prop.iri)
    if entry is None or not scope.has(subject, entry.domains):
        return _drawn(scope, subject, name)
    said, apart = stored(scope, subject, prop), bare(subject)
    function, unit = _GEOMETRIC[name]
    own = placed(scope, apart)
    large = Infix(">=", (Call(GEOF.dimension, (own,)), decimal(_LOWEST[name])))
    measured = Call("IF", (large, Call(function, (own,)), scope.fresh("none")))
    unit = said.unit if said.unit in _SIZED else unit
    told = Call("COALESCE", (in_unit(said, unit), in_unit(Valued((), measured, unit=_GEOMETRIC[name][1]), unit)))
    return Valued((Optional_(said.parts), Optional_(tuple(apart.parts))), told, unit=unit)


def _drawn(scope: Scope, subject: Subject, name: str) -> Valued:
    """A measure of the geometries."""
    if name not in _GEOMETRIC or not scope.placed(subject):
        raise Refused("unknown-property", f"The store has no {name} of {subject.label or 'these things'}.", name)
    function, unit = _GEOMETRIC[name]
    own, parts = placed(scope, subject), list[Part]()
    known = scope.dimension(subject)
    if known is None or known < _LOWEST[name]:
        # a line has no area, rather than one of zero
        parts.append(Filter(Infix(">=", (Call(GEOF.dimension, (own,)), decimal(_LOWEST[name])))))
    return Valued(tuple(parts), Call(function, (own,)), unit=unit)


def stored(scope: Scope, subject: Subject, prop: Property) -> Valued:
    """A value of a property; refuses one of which it is known that no class of the subject has it."""
    entry = scope.knowledge.properties.get(prop.iri)
    if subject.term is None or (entry and not scope.has(subject, entry.domains)):
        raise Refused("unknown-property", f"The store has no {prop.label} of {subject.label or 'these things'}.", prop.label)
    found = scope.fresh("value")
    unit = entry.unit if entry else prop.unit
    written = any(map(_written, alike(scope, prop)))
    return Valued(holding(scope, subject.term, prop, found), found, _kind(entry), unit, written)


def _kind(entry: PropertyEntry | None) -> Kind:
    return "number" if entry is None else _KINDS.get(entry.dimension, "number")


def _written(entry: PropertyEntry) -> bool:
    """Whether numbers of a property are stored as texts."""
    return entry.dimension == "text" or entry.datatype in _TEXTS


def _named(scope: Scope, subject: Subject, name: str) -> Property | None:
    """A stored property of that name, of this class if possible."""
    for entry in scope.knowledge.properties.values():
        if scope.has(subject, entry.domains) and any(name in label.split() for label in (*entry.labels, *entry.others)):
            return Property(entry.labels[0], entry.iri, entry.unit)
    return None


def _apart(scope: Scope, subject: Subject, value: Measure) -> Valued:
    if value.to is None:
        raise Refused("unsupported-operation", f"The {value.measure} to what?", subject.label)
    other, there = located(scope, value.to)
    own = placed(scope, subject)
    # nothing is the nearest to itself
    apart = [Filter(Infix("!=", (subject.variable, other.variable)))] if overlapping(subject, other) else []
    parts = (*other.parts, *apart)
    if value.measure == "distance":
        return Valued(parts, distance(own, there), unit="m")
    return Valued(parts, Infix("*", (azimuth(own, there), decimal(_DEGREES_PER_RADIAN))), unit="deg")


def _ratio(scope: Scope, subject: Subject, value: Ratio) -> Valued:
    above, below = valued(scope, subject, value.numerator), valued(scope, subject, value.denominator)
    units = [_asked(part) if _asked(part) != "1" else found.unit for part, found in ((value.numerator, above), (value.denominator, below))]
    top, bottom = in_unit(above, units[0]), in_unit(below, units[1])
    some = Filter(Infix("!=", (bottom, decimal(0))))
    return Valued((*above.parts, *below.parts, some), Infix("/", (top, bottom)), unit=_per(*units))


def _per(above: str, below: str) -> str:
    if above == below:
        return "1"
    return above if below == "1" else f"{'' if above == '1' else above}/{below}"


def _asked(value: Value) -> str:
    return "1" if isinstance(value, Ratio) else value.unit


def in_unit(found: Valued, unit: str) -> Expression:
    """The value in a unit; refuses one of another dimension."""
    times, number = conversion(found.unit, unit), numeric(found)
    return number if times == 1 else Infix("*", (number, decimal(times)))


def conversion(source: str, target: str) -> float:
    """What numbers in one unit are multiplied with to be in the other; refuses where that makes no sense."""
    times = factor(source, target)
    if times is None:
        what, asked = dimension(source), dimension(target)
        raise Refused("unit", f"That is a number of {what}, in {source}; it cannot be told in {target}, which is of {asked}.", target)
    return times


def numeric(found: Valued) -> Expression:
    """A value as a number, also where the store has it as text."""
    return Call(XSD.double, (found.expression,)) if found.written else found.expression


def finite(scope: Scope, found: Valued) -> tuple[tuple[Part, ...], Expression]:
    """A number to aggregate, without those stored that would take all others with them: NaN, infinities, and what is no number.

    What is computed stays an expression, so that it is computed after all else has been decided.
    """
    if found.kind == "time" or not isinstance(found.expression, Variable):
        return found.parts, found.expression
    if not found.written:
        return (*found.parts, *_bounds(found.expression)), found.expression
    name = scope.fresh("number")
    return (*found.parts, Bind(name, numeric(found)), *_bounds(name)), name


def _bounds(number: Variable) -> tuple[Part, ...]:
    return Filter(Infix(">", (number, _LEAST))), Filter(Infix("<", (number, _MOST)))
