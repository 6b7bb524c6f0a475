"""A request in words: paraphrase, chips, and the conventions it rests on. Made from the tree, never from the question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ._domain import AREA, FLOOD_LEVEL, FLOODED_AREA, UNIT_LEVEL, labels, property_named
from ._request import Assumption, Attribute, Place, Request, Spatial, Target, Temporal, targets

_DAY = timedelta(days=1)
_WORDS = {">": "above", ">=": "of at least", "<": "below", "<=": "of at most", "=": "of"}
UNITS = {"m2": "m²", "har": "ha", "km2": "km²", "1": ""}
"""UCUM code → what people read."""
_BEST = {(AREA, True): "largest", (AREA, False): "smallest", (FLOOD_LEVEL, True): "highest", (FLOOD_LEVEL, False): "lowest"}
FUNCTIONS = {"sum": "total", "avg": "average", "max": "highest", "min": "lowest"}
"""Aggregate → adjective."""


def describe(target: Target, *, many: bool = True) -> str:
    """A target as a noun phrase."""
    words = [class_name(target.cls, many), *(_constraint(one, many) for one in _ordered(target))]
    return " ".join(words)


def class_name(iri: str, many: bool = True) -> str:
    """The label of a class, plural if asked."""
    return labels()[iri] + ("s" if many else "")


def _ordered(target: Target) -> list[Temporal | Attribute | Spatial]:
    rank: dict[type, int] = {Attribute: 0, Spatial: 1, Temporal: 2}
    return sorted(target.constraints, key=lambda one: rank[type(one)])


def _constraint(one: Temporal | Attribute | Spatial, many: bool) -> str:
    if isinstance(one, Temporal):
        return f"observed {period(one)}"
    if isinstance(one, Attribute):
        plain = one.property == UNIT_LEVEL and one.op == "="
        return f"of {comparison(one)}" if plain else f"with {_article(one)} {comparison(one)}"
    if isinstance(one.of, Place):
        return f"{'in' if one.relation == 'intersects' else 'wholly inside'} {one.of.name}"
    verb = "meet" if many else "meets"
    return f"that {verb} {'no ' if one.negated else ''}{describe(one.of, many=not one.negated)}"


def _article(one: Attribute) -> str:
    return "an" if property_named(one.property).label[0] in "aeiou" else "a"


def comparison(one: Attribute) -> str:
    """``flood level above 10``, ``level 3``."""
    if one.property == UNIT_LEVEL and one.op == "=":
        return f"level {one.value:g}"
    return f"{property_named(one.property).label} {_WORDS[one.op]} {one.value:g} {UNITS[one.unit]}".strip()


def period(one: Temporal) -> str:
    """``in March 2021``, ``on 22 March 2021``, ``from 15 to 25 March 2021``, ``since …``, ``before …``."""
    if one.start is None or one.end is None:
        return f"since {_day(one.start)}" if one.start else f"before {_day(one.end or date.max)}"
    start, last = one.start, one.end - _DAY
    if (start.month, start.day, last.month, last.day) == (1, 1, 12, 31):
        return f"in {start.year}" if start.year == last.year else f"from {start.year} to {last.year}"
    if start.day == 1 and one.end.day == 1 and (start.year, start.month) == (last.year, last.month):
        return f"in {start:%B} {start.year}"
    if start == last:
        return f"on {_day(start)}"
    same = (start.year, start.month) == (last.year, last.month)
    return f"from {start.day if same else _day(start)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def superlative(request: Request) -> str:
    """``largest``, ``smallest``, ``highest``, ``lowest``; empty without an order."""
    return _BEST[request.order.property, request.order.descending] if request.order else ""


def chips(request: Request) -> Iterator[dict[str, str]]:
    """One chip per part of the request: label, value, kind."""
    yield {"label": "what", "value": class_name(request.target.cls), "kind": "class"}
    for target in targets(request.target):
        if target is not request.target:
            yield {"label": "meeting", "value": class_name(target.cls), "kind": "class"}
        for one in _ordered(target):
            if not (isinstance(one, Spatial) and isinstance(one.of, Target)):
                yield _chip(one)
            elif one.negated:
                yield {"label": "not", "value": "meeting", "kind": "relation"}
    if request.aggregate:
        value = f"{FUNCTIONS[request.aggregate.function]} {property_named(request.aggregate.property).label}"
        yield {"label": "figure", "value": value, "kind": "aggregate"}
    if request.order:
        yield {"label": "order", "value": f"{superlative(request)} first", "kind": "order"}
    if request.limit:
        yield {"label": "first", "value": str(request.limit), "kind": "limit"}


def _chip(one: Temporal | Attribute | Spatial) -> dict[str, str]:
    if isinstance(one, Temporal):
        return {"label": "when", "value": period(one), "kind": "time"}
    if isinstance(one, Attribute):
        return {"label": property_named(one.property).label, "value": comparison(one), "kind": "quantity"}
    assert isinstance(one.of, Place)
    return {"label": "where", "value": one.of.name, "kind": "place"}


def conventions(request: Request) -> Iterator[Assumption]:
    """What every answer to such a request takes for granted."""
    constraints = [one for target in targets(request.target) for one in target.constraints]
    summed = request.aggregate is not None and request.aggregate.property == AREA
    yield from _of_space([one for one in constraints if isinstance(one, Spatial)], summed)
    if summed and request.aggregate and request.aggregate.function == "sum":
        yield Assumption("overlaps", "Areas that overlap, from several layers or dates, are each counted.")
    if any(isinstance(one, Temporal) for one in constraints):
        text = "An area counts for a time if its interval of observation meets it; for a change, that is between the two scenes."
        yield Assumption("observed", text)
    elif any(target.cls == FLOODED_AREA for target in targets(request.target)):
        yield Assumption("any-time", "No time was given: everything in the store counts, whenever it was observed.")
    if FLOOD_LEVEL in {getattr(one, "property", "") for one in (*constraints, request.aggregate, request.order)}:
        yield Assumption("flood-level", "The flood level is an amplitude of change, not a water depth.")


def _of_space(relations: list[Spatial], summed: bool) -> Iterator[Assumption]:
    for one in relations:
        if isinstance(one.of, Target):
            yield Assumption("meets", "A unit counts as flooded if at least one flooded area touches it.")
        elif one.relation == "intersects" and summed:
            yield Assumption("counted-whole", f"Flooded areas that cross the border of {one.of.name} are counted whole.")
        elif one.relation == "intersects":
            yield Assumption("meets-border", f"Flooded areas count as in {one.of.name} if they touch or cross it.")
