"""What a follow-up says, put into the request that it follows: of the same kind it replaces, of another it is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..knowledge import Knowledge
from ..request import (
    Assumption,
    Box,
    Compare,
    Constraint,
    Has,
    Measure,
    Point,
    Property,
    Related,
    Request,
    Spatial,
    Temporal,
    Things,
    Value,
)
from ._tree import Operation, Path, all_things, edited, jsonable, pointer, removal, replacement, walk


def merged(last: Request, said: Request, knowledge: Knowledge) -> Request:
    """The last request with the conditions, order and limit of another about the same things."""
    result = replace(last, assumptions=(), unknown=())
    for one in said.target.constraints:
        result = _with(result, one, knowledge)
    if said.target.pick:
        result = replace(result, target=replace(result.target, pick=said.target.pick))
    if said.order or said.limit or said.columns:
        result = result if result.form == "find" else Request("find", result.target)
        result = replace(result, order=said.order or result.order, limit=said.limit or result.limit, columns=said.columns or result.columns)
    return replace(result, draw=result.draw or said.draw)


def _with(request: Request, one: Constraint, knowledge: Knowledge) -> Request:
    if isinstance(one, Temporal):
        return timed(request, one, knowledge)
    same = _same(one)
    found = next((path for path, other in walk(request.target, ("target",)) if isinstance(path[-1], int) and same(other)), None)
    if found:
        return edited(request, replacement(found, one))
    return _added(request, one, _home(request, one, knowledge))


def _same(one: Constraint) -> Callable[[Any], bool]:
    """Whether another constraint says something of the same kind."""
    if isinstance(one, Compare):
        upward = one.op in (">", ">=")
        return lambda other: (
            isinstance(other, Compare) and _name(other.value) == _name(one.value)
            and (one.op not in ("<", "<=", ">", ">=") or other.op not in ("<", "<=", ">", ">=") or (other.op in (">", ">=")) == upward)
        )  # fmt: skip
    if isinstance(one, Spatial):
        return lambda other: isinstance(other, Spatial) and _fixed(other) and _fixed(one) and not other.negated and not one.negated
    if isinstance(one, Related | Has):
        return lambda other: type(other) is type(one) and _name(other.property) == _name(one.property)
    return lambda other: False


def _name(value: Value) -> str:
    return value.label or value.iri if isinstance(value, Property) else value.measure if isinstance(value, Measure) else "ratio"


def _fixed(one: Spatial) -> bool:
    """Whether a relation is to a place."""
    return all(isinstance(of, Point | Box) or bool(of.named) for of in one.of)


def _home(request: Request, one: Constraint, knowledge: Knowledge) -> Path:
    """The things that a condition belongs to, by the domain of its property; the target if it does not matter."""
    prop = one.value if isinstance(one, Compare) else one.property if isinstance(one, Related | Has) else None
    entry = knowledge.properties.get(prop.iri) if isinstance(prop, Property) else None
    for path, things in all_things(request):
        kinds = [concept.iri for concept in things.classes]
        if entry and entry.domains and any(knowledge.is_a(kind, domain) for kind in kinds for domain in entry.domains):
            return path
    return ("target",)


def _added(request: Request, one: Constraint, path: Path) -> Request:
    return edited(request, (Operation("add", f"{pointer(path)}/constraints/-", jsonable(one)),))


def placed(request: Request, place: Things | Point | Box, knowledge: Knowledge) -> Request:
    """The request at another place: of several that it names, the first of the same kind."""
    clean = replace(request, assumptions=(), unknown=())
    found = [(path, one) for path, one in walk(request.target, ("target",)) if isinstance(one, Spatial) and _fixed(one)]
    if found:
        path, one = max(found, key=lambda pair: _alike(pair[1], place, knowledge))
        inner = 1 if one.relation == "towards" else 0
        of = tuple(place if at == inner else old for at, old in enumerate(one.of)) if one.relation in ("between", "towards") else (place,)
        return edited(clean, replacement(path, replace(one, of=of)))
    if request.target.named and isinstance(place, Things):
        return replace(clean, target=replace(request.target, named=place.named))
    relation = "within" if isinstance(place, Things) else "intersects"
    return _added(clean, Spatial(relation, (place,)), ("target",))  # type: ignore[arg-type]


def _alike(one: Spatial, place: Things | Point | Box, knowledge: Knowledge) -> bool:
    kinds = {name.cls for of in one.of if isinstance(of, Things) for name in of.named}
    return isinstance(place, Things) and any(name.cls in kinds for name in place.named)


def timed(request: Request, time: Temporal, knowledge: Knowledge, notes: tuple[Assumption, ...] = ()) -> Request:
    """The request at another time."""
    result = replace(request, assumptions=notes, unknown=())
    found = [path for path, one in walk(request.target, ("target",)) if isinstance(one, Temporal)]
    for path in found:
        result = edited(result, replacement(path, time))
    return result if found else _added(result, time, next(_lasting(request, knowledge), ("target",)))


def _lasting(request: Request, knowledge: Knowledge) -> Iterator[Path]:
    """Things that have times in the store."""
    domains = {domain for entry in knowledge.properties.values() if entry.dimension == "time" for domain in entry.domains}
    for path, things in all_things(request):
        if any(knowledge.is_a(concept.iri, domain) for concept in things.classes for domain in domains):
            yield path


def without_kind(request: Request, kinds: set[str], words: frozenset[str]) -> Request | None:
    """The request without its times, places, order, limit, or the comparisons that words name; None if there is nothing of that."""
    result = replace(request, assumptions=(), unknown=())
    if "limit" in kinds:
        result = replace(result, limit=None)
    if "order" in kinds:
        result = replace(result, order=None)
    while path := next(_of_kind(result, kinds, words), None):
        result = edited(result, removal(result, path))
    return result if result.without_notes() != request.without_notes() else None


def _of_kind(request: Request, kinds: set[str], words: frozenset[str]) -> Iterator[Path]:
    for path, one in walk(request.target, ("target",)):
        named = isinstance(one, Compare) and not words.isdisjoint(_name_words(one))
        timely, local = isinstance(one, Temporal) and "when" in kinds, isinstance(one, Spatial) and _fixed(one) and "where" in kinds
        if isinstance(path[-1], int) and (named or timely or local) and removal(request, path):
            yield path


def _name_words(one: Compare) -> set[str]:
    value = one.value
    label = value.label if isinstance(value, Property) else value.measure if isinstance(value, Measure) else ""
    return {form for word in label.lower().split() for form in (word, word + "s")}
