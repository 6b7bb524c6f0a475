"""A chip for every constraint and every assumption of a request: what it says, how to take it away, what else it could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from ..knowledge import Knowledge, NameMatch, fold, key, near
from ..language import add_months
from ..request import (
    Amount,
    AnyOf,
    Argument,
    Assumption,
    Compare,
    Concept,
    Constraint,
    Has,
    Interval,
    Measure,
    Named,
    Pick,
    Related,
    Request,
    Spatial,
    Temporal,
    Things,
)
from ._figures import metres, period, plural, when
from ._seasons import season_months, turned
from ._tree import Edit, Path, all_things, edited, node, pointer, removal, replacement, walk
from ._words import aggregate, condition, noun, order_words, value

_NAMES = 5
_CODE = 3
"""Letters of what is a code of a country rather than a name."""
_AROUND = (10_000.0, 25_000.0, 100_000.0)
"""Metres that are offered in place of the nearest."""
_CONSTRAINTS = Spatial | Related | Temporal | Compare | Has | AnyOf


@dataclass(frozen=True)
class Alternative:
    """Something else that a part of a request could be, and the edit that makes it so."""

    text: str
    edit: Edit


@dataclass(frozen=True)
class Chip:
    """A part of a request, or something that was taken for granted about it.

    Attributes:
        code: kind of the part, or code of the assumption; stable.
        label: what it is about, for people.
        value: what it says, in words.
        path: JSON Pointer of the part in the request.
        removal: the edit that takes it away, empty if nothing would be left to ask for.
        alternatives: other things that it could be.
        assumed: whether the question left it open.
    """

    code: str
    label: str
    value: str
    path: str = ""
    removal: Edit = ()
    alternatives: tuple[Alternative, ...] = ()
    assumed: bool = False

    @property
    def removable(self) -> bool:
        """Whether a request is left without it."""
        return bool(self.removal)

    def to_json(self) -> dict[str, Any]:
        """As JSON data; edits are JSON Patch (RFC 6902) on the request."""
        others = [{"text": one.text, "edit": [part.to_json() for part in one.edit]} for one in self.alternatives]
        return {
            "code": self.code, "label": self.label, "value": self.value, "path": self.path, "assumed": self.assumed,
            "removable": self.removable, "removal": [one.to_json() for one in self.removal], "alternatives": others,
        }  # fmt: skip


def without(request: Request, chip: Chip) -> Request:
    """The request without what a chip says; raises `ParameterError` if a chip cannot be taken away."""
    return edited(request, chip.removal)


def chips(request: Request, knowledge: Knowledge, assumptions: Iterable[Assumption] = ()) -> tuple[Chip, ...]:
    """All chips of a request, those of the tree first, outermost first, then those of assumptions."""
    parts = [*_of_things(request, knowledge), *_of_constraints(request, knowledge), *_of_form(request)]
    return (*parts, *(_assumed(request, one, knowledge) for one in assumptions))


def _of_things(request: Request, knowledge: Knowledge) -> Iterator[Chip]:
    for path, things in all_things(request):
        target = path == ("target",)
        # classes of several vocabularies that people call the same are one chip
        kinds = {one.label: (place, one) for place, one in reversed([*enumerate(things.classes)])}
        for place, one in sorted(kinds.values(), key=lambda kind: kind[0]):
            here = (*path, "classes", place)
            away = removal(request, here) if target and len(kinds) > 1 else ()
            yield Chip("class", "what" if target else "of", plural(one.label) or "things", pointer(here), away)
        for place, name in enumerate(things.named) if target else ():
            here = (*path, "named", place)
            yield Chip("name", "which", name.name, pointer(here), removal(request, here), _others(name, here, knowledge))
        if things.pick:
            here = (*path, "pick")
            yield Chip("pick", "choice", order_words(things.pick), pointer(here), removal(request, here), _picks(things.pick, here))
            yield from _reference(things, things.pick, path, knowledge)


def _reference(things: Things, pick: Pick, path: Path, knowledge: Knowledge) -> Iterator[Chip]:
    """The place that the nearest or farthest is told from: others of its name, and all that lies within some distance of it instead."""
    to = pick.by.to if isinstance(pick.by, Measure) else None
    if not isinstance(to, Things) or not to.named:
        return
    here = (*path, "pick", "by", "to", "named")
    others = [other for number, name in enumerate(to.named) for other in _others(name, (*here, number), knowledge)]
    around = [Spatial("distance", (to,), op="<=", metres=length) for length in _AROUND]
    within = [
        Alternative(
            f"within {metres(one.metres or 0)}", replacement(path, replace(things, pick=None, constraints=(*things.constraints, one)))
        )
        for one in around
    ]
    yield Chip("where", "from", noun(to), pointer(here), (), (*others, *within))


def _of_constraints(request: Request, knowledge: Knowledge) -> Iterator[Chip]:
    for path, one in walk(request):
        if isinstance(one, _CONSTRAINTS):
            yield _constraint(request, path, one, knowledge)


def _constraint(request: Request, path: Path, one: Constraint, knowledge: Knowledge) -> Chip:
    others: Iterator[Alternative] = iter(())
    if isinstance(one, Spatial):
        others = _places(one, path, knowledge)
    elif isinstance(one, Temporal):
        others = _times(one, path)
    elif isinstance(one, Compare):
        others = _amounts(one, path)
    return Chip(_code(one), _label(one), condition(_shallow(one)), pointer(path), removal(request, path), tuple(others))


def _code(one: Constraint) -> str:
    return _CODES[type(one)]


_CODES: Mapping[type[Constraint], str] = MappingProxyType(
    {Spatial: "where", Related: "related", Temporal: "when", Compare: "compare", Has: "has", AnyOf: "any"}
)


def _label(one: Constraint) -> str:
    if isinstance(one, Compare):
        return value(one.value)
    if isinstance(one, Related | Has):
        return one.property.label or "relation"
    return {"any": "one of"}.get(_code(one), _code(one))


def _shallow(one: Constraint) -> Constraint:
    """Without the conditions of what it is to, which have chips of their own."""
    if isinstance(one, Spatial):
        return replace(one, of=tuple(map(_plain, one.of)))
    return replace(one, of=_plain(one.of)) if isinstance(one, Related) else one


def _plain(argument: Argument) -> Argument:
    return replace(argument, constraints=()) if isinstance(argument, Things) else argument


def _of_form(request: Request) -> Iterator[Chip]:
    for place, one in enumerate(request.columns):
        here = ("columns", place)
        yield Chip("column", "wanted", value(one), pointer(here), removal(request, here))
    for place, wanted in enumerate(request.aggregates):
        path: Path = ("aggregates", place)
        others = tuple(
            Alternative(aggregate(replace(wanted, function=name)), replacement((*path, "function"), name))
            for name in ("sum", "avg", "max", "min")
            if name != wanted.function
        )  # fmt: skip
        away = removal(request, path) if len(request.aggregates) > 1 else ()
        yield Chip("aggregate", "figure", aggregate(wanted), pointer(path), away, others)
    if request.order:
        other = Alternative("the other way round", replacement(("order", "descending"), not request.order.descending))
        said = f"{value(request.order.by)}, {'highest' if request.order.descending else 'lowest'} first"
        yield Chip("order", "order", said, "/order", removal(request, ("order",)), (other,))
    if request.limit:
        others = tuple(Alternative(f"the first {n}", replacement(("limit",), n)) for n in (10, 50) if n != request.limit)
        yield Chip("limit", "first", f"{request.limit:,}", "/limit", removal(request, ("limit",)), others)


# alternatives
def _others(name: Named, path: Path, knowledge: Knowledge) -> tuple[Alternative, ...]:
    """Other things of the same name."""
    found = [match for match in knowledge.names.find(key(name.name)) if match.named.iris != name.iris]
    alike = Counter(place_words(match, knowledge) for match in found)
    words = [place_words(match, knowledge, exactly=alike[place_words(match, knowledge)] > 1) for match in found]
    said = dict(zip(reversed(words), reversed(found), strict=True))
    # of those that are in one place the first stands for all
    kept = [(text, match) for text, match in zip(words, found, strict=True) if said[text] is match]
    return tuple(Alternative(text, replacement(path, replace(match.named, part=name.part))) for text, match in kept[:_NAMES])


def place_words(match: NameMatch, knowledge: Knowledge, *, exactly: bool = False) -> str:
    """A place so that it can be told from others of its name: ``Galway (city, in Texas)``; ``exactly``: with its position."""
    entry = knowledge.classes.get(match.named.cls)
    where = f"at {match.lat:.2f}, {match.lon:.2f}" if match.lat is not None and match.lon is not None else ""
    around = match.context[0] if match.context else ""
    context = f"in {around.upper() if len(around) <= _CODE else around.title()}" if around else where
    told = ", ".join(filter(None, (entry.labels[0] if entry and entry.labels else "", context, where if exactly and around else "")))
    return f"{match.named.name} ({told})" if told else match.named.name


def _places(one: Spatial, path: Path, knowledge: Knowledge) -> Iterator[Alternative]:
    if one.relation == "near" or one.metres is not None:
        yield from _distances(one, path, knowledge)
    for place, argument in enumerate(one.of):
        if isinstance(argument, Things):
            for number, name in enumerate(argument.named):
                yield from _others(name, (*path, "of", place, "named", number), knowledge)


def _distances(one: Spatial, path: Path, knowledge: Knowledge) -> Iterator[Alternative]:
    usual = one.metres or near_metres(one, knowledge)
    for length in (usual / 5, usual / 2, usual * 2, usual * 5):
        changed = replace(one, relation="distance" if one.relation == "near" else one.relation, op=one.op or "<=", metres=length)
        yield Alternative(f"within {metres(length)}" if (one.op or "<=") in ("<", "<=") else metres(length), replacement(path, changed))


def near_metres(one: Spatial, knowledge: Knowledge) -> float:
    """How far "near" is taken to reach."""
    labels: list[str] = []
    for argument in one.of:
        if isinstance(argument, Things):
            labels += [concept.label for concept in argument.classes]
            labels += [label for name in argument.named if (entry := knowledge.classes.get(name.cls)) for label in entry.labels]
    return near(labels).value


def _times(one: Temporal, path: Path) -> Iterator[Alternative]:
    """The same length of time before and after."""
    if len(one.intervals) == 1 and (only := one.intervals[0]).start and only.end:
        for interval in beside(only):
            yield Alternative(period(interval), replacement(path, replace(one, intervals=(interval,))))


def beside(one: Interval) -> Iterator[Interval]:
    """The interval of the same kind before, and the one after: months beside months, years beside years."""
    assert one.start and one.end
    months = (one.end.year - one.start.year) * 12 + one.end.month - one.start.month
    whole = one.start.day == one.end.day == 1 and months
    for way in (-1, 1):
        # no calendar goes beyond the years 1 and 9999
        with suppress(OverflowError, ValueError):
            if whole:
                yield Interval(add_months(one.start, way * months), add_months(one.end, way * months))
            else:
                yield Interval(one.start + way * (one.end - one.start), one.end + way * (one.end - one.start))


def _amounts(one: Compare, path: Path) -> Iterator[Alternative]:
    if isinstance(one.than, Amount):
        for factor in (0.5, 2.0):
            changed = replace(one, than=replace(one.than, value=one.than.value * factor))
            yield Alternative(condition(changed), replacement(path, changed))


def _picks(pick: Pick, path: Path) -> tuple[Alternative, ...]:
    if pick.share is not None:
        shares = [share for share in (0.1, 0.25, 0.5) if share != pick.share]
        return tuple(Alternative(f"the top {share:.0%}", replacement((*path, "share"), share)) for share in shares)
    changed = [replace(pick, count=count) for count in (1, 3, 10) if count != pick.count]
    return tuple(Alternative(order_words(one), replacement(path, one)) for one in changed)


# assumptions
def _assumed(request: Request, one: Assumption, knowledge: Knowledge) -> Chip:
    path = _about(request, one, knowledge)
    if path is None:
        return Chip(one.code, "assumed", one.text, assumed=True)
    part = node(request, path)
    return Chip(
        one.code, "assumed", one.text, pointer(path), removal(request, path), tuple(_instead(one, path, part, knowledge)), assumed=True
    )


def _about(request: Request, one: Assumption, knowledge: Knowledge) -> Path | None:
    """The part of the request that an assumption is about."""
    found = [(path, part) for path, part in walk(request.target, ("target",)) if _concerns(one.code, part)]
    said = [path for path, part in found if one.about and fold(one.about) in fold(_names_in(part))]
    said += [path for path, part in found if isinstance(part, Concept) and f"“{part.label}”" in one.text]
    return next(iter([*said, *(path for path, _ in found)]), None)


def _concerns(code: str, part: Any) -> bool:
    if code in ("near", "along", "between", "towards"):
        return isinstance(part, Spatial) and part.relation == code
    if code == "direction":
        return isinstance(part, Spatial) and part.relation in (
            "north",
            "northeast",
            "east",
            "southeast",
            "south",
            "southwest",
            "west",
            "northwest",
        )
    if code in ("inside-point", "stated", "border", "share"):
        return isinstance(part, Spatial)
    if code == "season":
        return isinstance(part, Temporal) and season_months(part) is not None
    if code in ("year", "recent", "around", "day-first"):
        return isinstance(part, Temporal)
    if code in ("cloud-free", "cloudy", "about"):
        return isinstance(part, Compare)
    if code in ("large-top-quarter", "large", "small"):
        return isinstance(part, Pick)
    if code == "similar":
        return isinstance(part, Concept)
    return code in ("misspelt", "ambiguous", "part") and isinstance(part, Named)


def _names_in(part: Any) -> str:
    return " ".join([one.name if isinstance(one, Named) else noun(one) for _, one in walk(part) if isinstance(one, Named | Things)])


def _instead(one: Assumption, path: Path, part: Any, knowledge: Knowledge) -> Iterator[Alternative]:
    """What could be meant instead."""
    if isinstance(part, Spatial):
        yield from _reaches(one.code, part, path, knowledge)
    elif isinstance(part, Named):
        yield from _others(part, path, knowledge)
    elif isinstance(part, Concept):
        yield from _likely(one.about, part, path, knowledge)
    elif isinstance(part, Pick):
        yield from _picks(part, path)
    elif isinstance(part, Compare):
        yield from _amounts(part, path)
    elif isinstance(part, Temporal):
        yield from _other_times(one.code, part, path)


def _likely(words: str, part: Concept, path: Path, knowledge: Knowledge) -> Iterator[Alternative]:
    """Other kinds of things that the words may be for."""
    near = [knowledge.classes[iri] for iri, _ in knowledge.likeness.nearest(words) if iri in knowledge.classes and iri != part.iri]
    yield from (Alternative(entry.labels[0], replacement(path, Concept(entry.labels[0], entry.iri))) for entry in near)


def _other_times(code: str, part: Temporal, path: Path) -> Iterator[Alternative]:
    """The season of the other hemisphere, other lengths of what is recent, or the times beside."""
    if code == "season":
        other = turned(part)
        yield Alternative(f"{when(other)}, as on the other hemisphere", replacement(path, other))
    elif code == "recent" and part.intervals[0].start:
        last = part.intervals[0].end or part.intervals[0].start + timedelta(days=30)
        for days in (7, 90, 365):
            changed = replace(part, intervals=(Interval(last - timedelta(days=days), None),))
            yield Alternative(f"the last {days} days", replacement(path, changed))
    else:
        yield from _times(part, path)


def _reaches(code: str, part: Spatial, path: Path, knowledge: Knowledge) -> Iterator[Alternative]:
    if code in ("near", "along"):
        yield from _distances(replace(part, relation="near"), path, knowledge)
    elif code in ("direction", "inside-point"):
        relation = "distance" if code == "inside-point" else part.relation
        for length in (5_000.0, 20_000.0, 50_000.0):
            changed = replace(part, relation=relation, op="<=", metres=length)
            yield Alternative(f"at most {metres(length)} away", replacement(path, changed))
