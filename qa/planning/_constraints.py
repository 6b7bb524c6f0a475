"""What a thing must meet, as patterns beside those that say what it is."""

from __future__ import annotations

from dataclasses import replace

from rdflib import Literal, URIRef
from rdflib.term import Variable

from earthweave.ontology import RDFS

from ..request import Amount, AnyOf, Compare, Constraint, Has, Operator, Property, Related, Spatial, Temporal, Text
from ._algebra import Branches, Call, Column, Expression, Filter, Infix, Minus, Part, Select, Triple
from ._links import holding, holds
from ._scope import Refused, Scope, Subject, again, bare, decimal
from ._times import beside, observed, stamped
from ._values import Valued, conversion, in_unit, numeric, stored, valued

_YES, _NO = frozenset(("yes", "true", "1")), frozenset(("no", "false", "0"))
_WEIGHTS = {Has: 0, Compare: 1, Temporal: 2, Related: 3, AnyOf: 4, Spatial: 5}


def constrain(scope: Scope, subject: Subject, constraints: tuple[Constraint, ...]) -> None:
    """Add the patterns of all constraints to a subject, cheap ones first.

    What is measured comes last, of those things alone that meet all else: engines take a filter for cheap.
    """
    measured = [one for one in constraints if isinstance(one, Compare) and not isinstance(one.value, Property)]
    others = sorted((one for one in constraints if one not in measured), key=lambda one: _WEIGHTS[type(one)])
    for one in others:
        parts = _parts(scope, subject, one)
        subject.parts.extend(parts)
    if measured and any(isinstance(one, Spatial | Related | AnyOf) for one in others):
        kept = [Column(subject.variable), *([Column(subject.shape)] if isinstance(subject.shape, Variable) else [])]
        subject.parts = [Select(tuple(kept), tuple(subject.parts), distinct=True)]
    for one in measured:
        parts = _parts(scope, subject, one)
        subject.parts.extend(parts)


def _parts(scope: Scope, subject: Subject, one: Constraint) -> list[Part]:
    if isinstance(one, Spatial) and len(one.of) > 1 and one.relation not in ("between", "towards"):
        each = tuple(replace(one, of=(argument,)) for argument in one.of)
        # to none of them: to not one, and to not the other
        none = one.negated and one.count is None
        return [part for single in each for part in _parts(scope, subject, single)] if none else _any(scope, subject, AnyOf(each))
    if isinstance(one, Spatial | Related):
        return holds(scope, subject, one)
    if isinstance(one, Temporal):
        return observed(scope, subject, one)
    if isinstance(one, Compare):
        return _compared(scope, subject, one)
    if isinstance(one, Has):
        return _has(scope, subject, one)
    return _any(scope, subject, one)


def _any(scope: Scope, subject: Subject, one: AnyOf) -> list[Part]:
    """Each option stands in a group of its own, and says again what the subject is."""
    options: list[tuple[Part, ...]] = []
    for option in one.options:
        inner = again(scope, subject)
        constrain(scope, inner, (option,))
        options.append(tuple(inner.parts))
    return [Branches(tuple(options))]


def _has(scope: Scope, subject: Subject, one: Has) -> list[Part]:
    """A value at all; of what is stated as yes or no, any but no."""
    found = stored(scope, subject, one.property)
    entry = scope.knowledge.properties.get(one.property.iri)
    denials = sorted(_NO.intersection(map(str.lower, entry.values))) if entry and _YES.intersection(map(str.lower, entry.values)) else []
    said = Call("LCASE", (Call("STR", (found.expression,)),))
    parts = (*found.parts, *(Filter(Infix("!=", (said, Literal(denial)))) for denial in denials))
    return [Minus(parts)] if one.negated else [*parts]


def _compared(scope: Scope, subject: Subject, one: Compare) -> list[Part]:
    if isinstance(one.than, Text):
        return _text(scope, subject, one, one.than)
    left = valued(scope, subject, one.value)
    if isinstance(one.than, Amount):
        if isinstance(one.value, Property) and left.unit == "1" and one.than.unit not in ("1", "%"):
            text = f"The store does not say in which unit {one.value.label} is: its numbers are taken as {one.than.unit}."
            scope.note("unit", text, one.value.label)
        return [*left.parts, Filter(_amount(left, one.op, one.than))]
    right = valued(scope, subject, one.than)
    return [*left.parts, *right.parts, Filter(Infix(one.op, (numeric(left), in_unit(right, left.unit))))]


def _amount(left: Valued, op: Operator, amount: Amount) -> Expression:
    if left.kind == "time":
        days = stamped(f"{int(amount.value):04d}")
        if days is None:
            raise Refused("unit", f"{amount.value:g} is no year.", f"{amount.value:g}")
        return beside(left.expression, op, days)
    return Infix(op, (numeric(left), decimal(amount.value * conversion(amount.unit, left.unit))))


def _text(scope: Scope, subject: Subject, one: Compare, text: Text) -> list[Part]:
    if not isinstance(one.value, Property):
        raise Refused("unsupported-operation", f"A measure is a number, and no text such as {text.value!r}.", text.value)
    if one.op == "!=":
        return [Minus(tuple(_text(scope, bare(subject), replace(one, op="="), text)))]
    if text.iri and one.value.of is None:
        return [*holding(scope, subject.variable, one.value, URIRef(text.iri))]
    left = valued(scope, subject, one.value)
    if text.iri:
        return [*left.parts, Filter(Infix("=", (left.expression, URIRef(text.iri))))]
    days = stamped(text.value) if left.kind == "time" else None
    if days is not None:
        return [*left.parts, Filter(beside(left.expression, one.op, days))]
    parts, found = [*left.parts], left.expression
    if left.kind == "thing":
        label = scope.fresh("label")
        assert isinstance(found, Variable)
        parts.append(Triple(found, _naming(scope), label))
        found = label
    folded, wanted = Call("LCASE", (Call("STR", (found,)),)), Literal(text.value.lower())
    test: Expression = Call("CONTAINS", (folded, wanted)) if text.contains or _listed(scope, one.value) else Infix(one.op, (folded, wanted))
    return [*parts, Filter(test)]


def _naming(scope: Scope) -> tuple[URIRef, ...]:
    own = [URIRef(one.iri) for one in scope.knowledge.properties.values() if one.naming and not one.via]
    return tuple(dict.fromkeys([RDFS.label, *own]))


def _listed(scope: Scope, prop: Property) -> bool:
    entry = scope.knowledge.properties.get(prop.iri)
    return bool(entry and entry.listed)
