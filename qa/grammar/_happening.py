"""What happened: how much land it took, and whether it happened at all."""

from __future__ import annotations

from ..language import RelationWord
from ..request import Aggregate, Constraint, Measure, Spatial, Things, Value
from ._attach import attach, spatial, turned
from ._chart import Out
from ._context import PRODUCT, Context
from ._meaning import Asked, Draft, Land, Mod, Noun, areal, changed
from ._questions import answerable, exists, exists_where, which_does
from ._rules import rules


def happened_land(context: Context, unit: str, of: None, product: tuple[Constraint, ...]) -> Land | None:
    """ "How many hectares were flooded"."""
    only = product[0] if len(product) == 1 else None
    inner = only.of[0] if isinstance(only, Spatial) and not only.negated else None
    return Land(unit, Noun(inner, plural=True)) if isinstance(inner, Things) else None


def land_in(context: Context, unit: str, mod: Mod, product: tuple[Constraint, ...]) -> Land | None:
    """ "How much land in Kent was flooded"."""
    found = happened_land(context, unit, None, product)
    ways = land_where(context, found, None, mod) if found else None
    return ways[0].value if ways else None


def part_happened(context: Context, how: None, of: None, place: Noun, product: tuple[Constraint, ...]) -> Land | None:
    """ "How much of Kent was flooded"."""
    found = happened_land(context, "km2", None, product)
    return changed(found, place=place) if found and place.named and not place.parts else None


def land_where(context: Context, land: Land, comma: None, mod: Mod) -> list[Out] | None:
    """ "… in Kent", "… in March 2021"."""
    place = _place(mod)
    if place and not land.place:
        return [Out(changed(land, place=place))]
    return [Out(changed(land, floods=out.value), out.cost, out.notes) for out in attach(context, land.floods, mod)] or None


def where_land(context: Context, mod: Mod, comma: None, land: Land) -> list[Out] | None:
    """ "In Kent, how much land was flooded"."""
    return land_where(context, land, None, mod)


def _place(mod: Mod) -> Noun | None:
    """The one place that a modifier says all of it lies in."""
    only = mod.constraints[0] if len(mod.constraints) == 1 and not mod.more else None
    if not isinstance(only, Spatial) or only.negated or only.relation not in ("within", "intersects") or len(only.of) != 1:
        return None
    inner = only.of[0]
    return Noun(inner) if isinstance(inner, Things) and inner.named and not inner.classes else None


def land_asked(context: Context, which_: None, be: None, land: Land) -> Draft:
    """What of a place it took; without a place, how large all of it is."""
    if land.place is None:
        return Draft("measure", land.floods, aggregates=(Aggregate("sum", Measure("area", land.unit)),))
    via = Spatial("intersects", (land.floods.things,))
    return Draft("find", land.place.having(via), (Measure("share", land.unit, via=via),))


def has_happened(context: Context, have: None, noun: Noun, be: None, mod: Mod) -> list[Out] | None:
    """ "Have any counties been flooded", "Have images been taken of Kent"."""
    return exists_where(context, None, noun, None, mod)


def has_happened_to(context: Context, have: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "Has Sentinel-2 imaged Kent"."""
    return exists_where(context, None, noun, None, mod)


def has_been(context: Context, have: None, noun: Noun, be: None, taken: None) -> Draft | None:
    """ "Have any floods been recorded"."""
    return exists(context, None, None, noun)


def where_has(context: Context, mod: Mod, comma: None, have: None, noun: Noun, be: None, more: Mod) -> list[Out] | None:
    """ "In March 2021, have any counties been flooded"."""
    ways = [(out, last) for out in attach(context, noun, more, said=True) for last in attach(context, out.value, mod)]
    drafts = [(exists(context, None, None, last.value), out.cost + last.cost) for out, last in ways]
    return [Out(draft, cost) for draft, cost in drafts if draft] or None


def has_there(context: Context, mod: Mod, comma: None, have: None, there: None, be: None, noun: Noun) -> list[Out] | None:
    """ "In March 2021, have there been any floods"."""
    return exists_where(context, None, noun, None, mod)


def where_happened(context: Context, where: None, be: None, there: None, noun: Noun, motion: None) -> Mod | None:
    """ "(units) where floods occurred"."""
    found = areal(noun) and noun.quantifier != "no" and not noun.things.pick
    return Mod((Spatial("intersects", (noun.things,)),), clause=True) if found else None


def did_happen(context: Context, do: None, noun: Noun, event: Noun) -> list[Out] | None:
    """ "Did any counties flood in March"."""
    if event.plural or not areal(event) or areal(noun):
        return None
    return exists_where(context, None, noun, None, Mod((Spatial("intersects", (event.things,)),)))


def found_there(context: Context, can: None, noun: Noun, found: None, mod: Mod | None, more: Mod | None) -> list[Out] | None:
    """ "Can floods be found in Kent in 2021"."""
    ways = [Out(noun)]
    for one in filter(None, (mod, more)):
        ways = [changed_by(way, out) for way in ways for out in attach(context, way.value, one, said=True)]
    drafts = [(exists(context, None, None, way.value), way) for way in ways]
    return [Out(draft, way.cost, way.notes) for draft, way in drafts if draft] or None


def changed_by(way: Out, out: Out) -> Out:
    """What came of a way that went on."""
    return Out(out.value, way.cost + out.cost, (*way.notes, *out.notes))


def whether(context: Context, whether_: None, be: None, there: None, noun: Noun) -> Draft | None:
    """ "Whether there are floods in Kent"."""
    return exists(context, None, None, noun)


def whether_so(context: Context, whether_: None, noun: Noun, be: None, mod: Mod) -> list[Out] | None:
    """ "Is it true that Kent was flooded"."""
    return exists_where(context, None, noun, None, mod)


def whether_does(context: Context, whether_: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "Is it true that Kent borders Essex"."""
    return exists_where(context, None, noun, None, mod)


def covered_land(context: Context, unit: str, do: None, noun: Noun, cover: None) -> Land | None:
    """ "How much land do the floods cover"."""
    return Land(unit, changed(noun, plural=True)) if areal(noun) and not noun.things.pick else None


def which_hit(context: Context, noun: Noun, word: RelationWord, which_: None, other: Noun) -> list[Out] | None:
    """ "Floods in March affected which counties"."""
    if other.named or noun.quantifier == "no":
        return None
    found = spatial(changed(word, relation=turned(word.relation)), noun)
    return which_does(context, None, other, None, Mod(found)) if found else None


def there_has(context: Context, have: None, there: None, be: None, noun: Noun) -> Draft | None:
    """ "Have there been any floods"."""
    return exists(context, None, None, noun)


def when(context: Context, when_: None, be: None, noun: Noun, taken: None) -> list[Out] | None:
    """ "When was the latest image of Kent taken", "When did the floods happen"."""
    if noun.named or not answerable(noun) or not context.lasts(noun):
        return None
    ways = context.resolve(Asked(hints=("time",)), noun)[:1]
    return [Out(Draft("find", noun, (out.value,), limit=noun.limit), out.cost, out.notes) for out in ways]


def when_where(context: Context, when_: None, be: None, noun: Noun, taken: None, mod: Mod) -> list[Out] | None:
    """ "When were images taken of Kent"."""
    return [found for out in attach(context, noun, mod) for found in when(context, None, None, out.value, None) or []] or None


def when_happened(context: Context, when_: None, be: None, place: Noun, product: tuple[Constraint, ...]) -> list[Out] | None:
    """ "When was Kent flooded"."""
    land = happened_land(context, "km2", None, product)
    if not land or not place.named:
        return None
    return when(context, None, None, land.floods.having(Spatial("intersects", (place.things,))), None)


def how_cloudy(context: Context, how: None, be: None, place: Noun, mod: Mod | None) -> list[Out] | None:
    """ "How cloudy was Kent in June": the average of its images."""
    seen = Noun(Things((PRODUCT,), constraints=(Spatial("intersects", (place.things,)),)), plural=True) if place.named else place
    if not context.timed(seen):
        return None
    return [
        Out(_cloudiness(out.value, found.value), out.cost + found.cost, out.notes)
        for out in (attach(context, seen, mod) if mod else [Out(seen)])
        for found in context.resolve(Asked(hints=("cloud cover",)), out.value)[:1]
    ] or None


def _cloudiness(noun: Noun, value: Value) -> Draft:
    if noun.plural and not noun.things.pick:
        return Draft("measure", noun, aggregates=(Aggregate("avg", value),))
    return Draft("find", noun, (value,))


RULES = rules(
    "happening",
    (
        ("LAND", "land of? product", happened_land, 0.0),
        ("LAND", "land MOD product", land_in, 0.0),
        ("LAND", "how-much of NP product", part_happened, 0.0),
        ("LAND", "land do? NP cover", covered_land, 0.0),
        ("LAND", "LAND comma? MOD", land_where, 0.0),
        ("LAND", "^MOD comma? LAND", where_land, 0.0),
        ("Q", "which? be? LAND", land_asked, -0.1),
        ("Q", "^have NP be? MOD", has_happened, 0.0),
        ("Q", "^have NP VP", has_happened_to, 0.0),
        ("Q", "^have NP be? taken", has_been, 0.0),
        ("Q", "^MOD comma? have NP be? MOD", where_has, 0.0),
        ("Q", "^MOD comma? have there be? NP", has_there, 0.0),
        ("MOD", "where be? there? NP motion?", where_happened, 0.05),
        ("Q", "do NP NP", did_happen, 0.0),
        ("Q", "can NP be-found MOD? MOD?", found_there, 0.0),
        ("Q", "whether be? there? NP", whether, 0.0),
        ("Q", "whether NP be? MOD", whether_so, 0.0),
        ("Q", "whether NP VP", whether_does, 0.0),
        ("Q", "NP relv which NP", which_hit, 0.0),
        ("Q", "^have there be? NP", there_has, 0.0),
        ("Q", "when be? NP taken?|when do NP motion?", when, 0.0),
        ("Q", "when be? NP taken? MOD", when_where, 0.0),
        ("Q", "when be? NP product", when_happened, 0.0),
        ("Q", "how-cloudy be? NP MOD?", how_cloudy, 0.0),
    ),
)
