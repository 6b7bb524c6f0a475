"""What requests for data have beside a question: a map, an order, a limit, how far, and services that are to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..language import Superlative
from ..request import Amount, Assumption, Constraint, Measure, Order, Spatial, Things, Value
from ._attach import INVERSE, attach, scoped
from ._chart import Out
from ._context import Context
from ._meaning import Asked, Draft, Mod, Noun, Sorting, Values, changed
from ._questions import answerable, find, value
from ._rules import rules
from ._spatial import Reach, picked_towards, start


def mapped(context: Context, map_: None, noun: Noun) -> Draft | None:
    """ "Map the floods"."""
    draft = find(context, noun)
    return changed(draft, draw=True) if draft else None


def on_map(context: Context, draft: Draft, on: None) -> Draft | None:
    """ "… on a map"."""
    return changed(draft, draw=True) if draft.form == "find" else None


def in_front(context: Context, mod: Mod, comma: None, draft: Draft) -> list[Out] | None:
    """ "In Ireland, which lakes …", "Within 5 km of Bath, how many hotels are there"."""
    if draft.noun.named:
        return None
    return [Out(changed(draft, noun=out.value), out.cost, out.notes) for out in attach(context, scoped(draft.noun, mod), mod)] or None


def start_in_front(context: Context, mod: Mod, comma: None, asking: None, be: None, noun: Noun) -> Draft | None:
    """ "Heading west from Bath, which is the nearest park?": what it is nearest to comes first."""
    ways = picked_towards(context, noun, mod)
    return find(context, ways[0].value) if ways else None


def value_in_front(context: Context, mod: Mod, comma: None, values: Values) -> list[Out] | None:
    """ "In Ireland, total area of the lakes"."""
    draft = value(context, None, None, values)
    return in_front(context, mod, None, draft) if draft else None


def both_in_front(context: Context, mod: Mod, comma: None, other: Mod, again: None, draft: Draft) -> list[Out] | None:
    """ "In 2021, for Ireland, list the lakes"."""
    ways = in_front(context, other, None, draft) or []
    found = [(way, out) for way in ways for out in in_front(context, mod, None, way.value) or []]
    return [Out(out.value, way.cost + out.cost, (*way.notes, *out.notes)) for way, out in found] or None


def noun_in_front(context: Context, mod: Mod, comma: None, noun: Noun) -> list[Out] | None:
    """ "In Ireland, lakes larger than 5 km²"."""
    draft = find(context, noun) if not noun.named else None
    return in_front(context, mod, None, draft) if draft else None


_REACHING = frozenset(("towards", "near", "along", *INVERSE)) - {"within", "contains"}


def reached_draft(context: Context, draft: Draft, comma: None, reach: Reach) -> Draft | None:
    """ "…, within a radius of 10 km": how far what was asked for may be."""
    op, metres = reach[0]
    limit = {"op": op, "metres": metres}
    column, things = draft.columns[0] if draft.columns else None, draft.noun.things
    if isinstance(column, Measure) and isinstance(column.to, Things):
        if column.measure == "bearing" and not column.to.pick:
            near = Spatial("distance", (things,), **limit)  # type: ignore[arg-type]
            return changed(draft, columns=(changed(column, to=Noun(column.to).having(near).things),))
        if column.measure == "distance" and things.classes and not things.pick:
            return changed(draft, noun=draft.noun.having(Spatial("distance", (column.to,), **limit)))  # type: ignore[arg-type]
    return _reached(draft, limit)


def _reached(draft: Draft, limit: Mapping[str, Any]) -> Draft | None:
    """The first direction or nearness that has no distance yet gets it."""
    things = draft.noun.things
    for at, one in enumerate(things.constraints):
        if isinstance(one, Spatial) and one.relation in _REACHING and one.metres is None:
            bounded = changed(one, relation="distance" if one.relation == "near" else one.relation, **limit)
            constraints = (*things.constraints[:at], bounded, *things.constraints[at + 1 :])
            return changed(draft, noun=changed(draft.noun, things=changed(things, constraints=constraints)))
    return None


def draft_reached(context: Context, reach: Reach, comma: None, draft: Draft) -> Draft | None:
    """ "Within a radius of 10 km, …"."""
    return reached_draft(context, draft, None, reach)


def sorting(context: Context, by: None, best: Superlative | None, asked: Asked) -> Sorting:
    """ "sorted by date", "sort by lowest cloud cover"."""
    return Sorting(asked, best.descending if best else False)


def sorting_best(context: Context, by: None, best: Superlative, first: None) -> Sorting | None:
    """ "newest first", "sort by most recent"."""
    return None if best.positive or best.hints == ("count",) else Sorting(Asked(hints=best.hints), best.descending)


def upwards(context: Context, sort: Sorting, way: None) -> Sorting:
    """ "… ascending"."""
    return changed(sort, descending=False)


def downwards(context: Context, sort: Sorting, way: None) -> Sorting:
    """ "… descending"."""
    return changed(sort, descending=True)


def ordered(context: Context, draft: Draft, comma: None, sort: Sorting) -> list[Out] | None:
    """ "… sorted by date"."""
    if draft.form != "find" or draft.order:
        return None
    ways = context.resolve(sort.asked, draft.noun)[:1]
    return [Out(changed(draft, order=Order(_from_there(out.value, draft.noun), sort.descending)), out.cost, out.notes) for out in ways]


def _from_there(value: Value, noun: Noun) -> Value:
    """By distance: from where the things are said to be."""
    if not isinstance(value, Measure) or value.measure != "distance" or value.to is not None:
        return value
    starts = [start(Mod((one,))) for one in noun.things.constraints]
    return changed(value, to=next((one for one in starts if one is not None), None))


def sorted_things(context: Context, sort: None, noun: Noun, by: None, asked: Asked) -> list[Out] | None:
    """ "Sort the images of Kent by date"."""
    draft = find(context, noun)
    return ordered(context, draft, None, Sorting(asked, False)) if draft and not noun.named else None


def ordered_where(context: Context, draft: Draft, comma: None, sort: Sorting, mod: Mod, more: Mod | None) -> list[Out] | None:
    """ "… sorted by date over Kent in 2021"."""
    ways = ordered(context, draft, None, sort) or [] if not draft.noun.named else []
    for one in filter(None, (mod, more)):
        ways = [
            Out(changed(way.value, noun=out.value), way.cost + out.cost, (*way.notes, *out.notes))
            for way in ways
            for out in attach(context, way.value.noun, one)
        ]
    return ways or None


def number(context: Context, word: None, amount: Amount) -> int | None:
    """ "limit 5", "top 5"."""
    return int(amount.value) if amount.value >= 1 and amount.value == int(amount.value) else None


def at_most(context: Context, draft: Draft, comma: None, limit: int) -> Draft | None:
    """ "…, limit 5"."""
    return changed(draft, limit=limit) if draft.form == "find" and not draft.limit else None


def at_most_said(context: Context, draft: Draft, list_: None, limit_: None, amount: Amount, noun: Noun) -> list[Out] | None:
    """ "… Search up to 5000 items.": how far to look for what was asked."""
    most, bare = number(context, None, amount), not noun.things.constraints and not noun.named and not noun.things.pick
    mine = {one.iri for one in draft.noun.things.classes}
    same = bare and bool(mine) and {one.iri for one in noun.things.classes} <= mine
    if not most or not same or draft.form not in ("find", "count") or draft.limit:
        return None
    told = Assumption("counted-all", f"All are counted: “up to {most:,}” is no limit of a number.")
    return [Out(changed(draft, limit=most), 0.0, (told,) if draft.form == "count" else ())]


def service(context: Context, service_: str, of_: object, noun: Noun) -> Draft | None:
    """ "time series of …", "classify …"."""
    return Draft("run", noun, service=service_) if answerable(noun) else None


def run(context: Context, service_: str) -> Draft:
    """ "change detection": of what is still to come."""
    return Draft("run", Noun(Things()), service=service_)


def run_where(context: Context, draft: Draft, comma: None, mod: Mod) -> Draft | None:
    """ "change detection in Kent in 2021"."""
    return changed(draft, noun=draft.noun.having(*mod.constraints)) if mod.constraints else None


def run_on(context: Context, draft: Draft, with_: None, product: tuple[Constraint, ...]) -> Draft:
    """ "time series using Landsat-8"."""
    return changed(draft, noun=draft.noun.having(*product))


def run_of(context: Context, product: tuple[Constraint, ...], draft: Draft) -> Draft:
    """ "NDVI time series"."""
    return run_on(context, draft, None, product)


def runs(context: Context, draft: Draft) -> Draft | None:
    """A service that it was said of what to run on."""
    return draft if draft.noun.things.constraints else None


RULES = rules(
    "orders",
    (
        ("Q", "map NP", mapped, 0.0),
        ("Q", "Q on-map", on_map, 0.0),
        ("Q", "^MOD comma? Q", in_front, 0.05),
        ("Q", "^MOD comma? which be? NP|^MOD comma? where be? NP", start_in_front, 0.05),
        ("Q", "^MOD comma MOD comma? Q", both_in_front, 0.05),
        ("Q", "^MOD comma NP", noun_in_front, 0.3),
        ("Q", "^MOD comma? VAL", value_in_front, 0.2),
        ("Q", "Q comma? DIST", reached_draft, 0.0),
        ("Q", "^DIST comma? Q", draft_reached, 0.0),
        ("ORDER", "order-by sup? prop", sorting, 0.0),
        ("ORDER", "order-by sup top?|order-by? sup top", sorting_best, 0.0),
        ("ORDER", "ORDER ascending", upwards, 0.0),
        ("ORDER", "ORDER descending", downwards, 0.0),
        ("Q", "Q comma? ORDER", ordered, 0.0),
        ("Q", "Q comma? ORDER MOD MOD?", ordered_where, 0.0),
        ("Q", "order-by NP by prop", sorted_things, 0.0),
        ("LIMIT", "limit num", number, 0.0),
        ("LIMIT", "top num", number, 0.1),
        ("Q", "Q comma? LIMIT", at_most, 0.0),
        ("Q", "Q list limit num NP", at_most_said, -0.2),
        ("Q", "service of? NP", service, 0.1),
        ("RUN", "service", run, 0.0),
        ("RUN", "RUN comma? MOD", run_where, 0.0),
        ("RUN", "RUN with? product", run_on, 0.0),
        ("RUN", "product RUN", run_of, 0.0),
        ("Q", "RUN", runs, 0.0),
    ),
)
