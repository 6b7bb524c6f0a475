"""Amounts, properties, and modifiers that compare them; values asked for."""

from __future__ import annotations

from typing import Any

from ..knowledge import ABOUT_POINTS, ABOUT_SHARE, CLOUD_FREE
from ..language import Comparator, RelationWord, Superlative
from ..request import Amount, Box, Compare, Concept, Has, Measure, Point, Property, Spatial, Things, Value
from ._attach import attach, either, negate, spatial
from ._chart import Meaning, Out
from ._context import DIMENSIONS, METRES, UNITS, Context, bare
from ._meaning import Asked, Bounds, Mod, Noun, Values, changed
from ._rules import rules
from ._spatial import Reach


def amount(context: Context, comparator: Comparator | None, number: Amount) -> Bounds | list[Out]:
    """ "more than 5", "about 10 km", "25 %"."""
    if comparator is None:
        return Bounds((("=", number),), plain=True)
    if comparator.about:
        return _about(number)
    return Bounds(((comparator.op, number),), comparator.hints)


def amount_behind(context: Context, number: Amount, comparator: Comparator) -> Bounds | list[Out]:
    """ "5 or more"."""
    return amount(context, comparator, number)


def amount_about(context: Context, comparator: Comparator, about: Comparator, number: Amount) -> Bounds | list[Out] | None:
    """ "more than about 5"."""
    return amount(context, comparator, number) if about.about and not comparator.about else None


def _about(number: Amount) -> list[Out]:
    policy = ABOUT_POINTS if number.unit == "%" else ABOUT_SHARE
    slack = policy.value if number.unit == "%" else abs(number.value) * policy.value
    low, high = changed(number, value=number.value - slack), changed(number, value=number.value + slack)
    return [Out(Bounds(((">=", low), ("<=", high))), 0.0, (policy.assumption("about"),))]


def cloud_free(context: Context, word: None) -> list[Out]:
    """ "cloud-free"."""
    bounds = Bounds((("<=", Amount(CLOUD_FREE.value, CLOUD_FREE.unit)),))
    return [Out(Mod(asked=Asked(hints=("cloud cover",)), bounds=bounds), 0.0, (CLOUD_FREE.assumption("cloud-free"),))]


def cloud_free_noun(context: Context, word: None, noun: Noun) -> list[Out] | None:
    """ "cloud-free images"."""
    (mod,) = cloud_free(context, None)
    return [out._replace(notes=mod.notes) for out in attach(context, noun, mod.value)] if context.timed(noun) else None


def between(context: Context, comparator: Comparator, low: Amount, and_: None, high: Amount) -> Bounds | None:
    """ "between 2 and 3 km²"."""
    first = low if low.unit != "1" else changed(low, unit=high.unit)
    if high.value < low.value and low.unit == high.unit:
        return None
    return Bounds(((">=", first), ("<=", high)))


def between_bare(context: Context, low: Amount, to: None, high: Amount) -> Bounds | None:
    """ "10 to 20 %"."""
    fitting = low.unit in ("1", high.unit) and low.value < high.value
    return Bounds(((">=", changed(low, unit=high.unit)), ("<=", high))) if fitting else None


def not_amount(context: Context, do: None, not_: None, bounds: Bounds) -> Bounds | None:
    """ "(does) not exceed 10 %", "(is) not above 10 %"."""
    found = negate(Mod(bounds=bounds))
    return found.bounds if found else None


def joint(context: Context, one: Asked, and_: None, other: Asked) -> Asked | None:
    """ "name and area": several at once."""
    return None if one.function or other.function or not (one.words and other.words) else changed(one, more=(*one.more, other))


def aggregate(function: str) -> Meaning:
    """ "total area", "average population"."""

    def meaning(context: Context, operator: None, asked: Asked) -> Asked | None:
        return None if asked.function else changed(asked, function=function)

    meaning.__name__ = f"aggregate_{function}"
    return meaning


def compared(context: Context, with_: None, asked: Asked, be: None, bounds: Bounds) -> Mod | None:
    """ "with cloud cover below 10 %", "whose population is more than 5,000"."""
    return Mod(asked=asked, bounds=bounds) if not asked.function and not asked.more else None


def compared_either(context: Context, with_: None, asked: Asked, of: None, one: Bounds, or_: None, other: Bounds) -> Mod | None:
    """ "with cloud cover below 10 % or above 90 %"."""
    first, second = (compared(context, None, asked, None, bounds) for bounds in (one, other))
    return either(first, second) if first and second else None


def compared_either_before(context: Context, with_: None, one: Bounds, or_: None, other: Bounds, of: None, asked: Asked) -> Mod | None:
    """ "with less than 10 % or more than 90 % cloud cover"."""
    return compared_either(context, None, asked, None, one, None, other)


def compared_before(context: Context, with_: None, bounds: Bounds, of: None, asked: Asked) -> Mod | None:
    """ "with less than 10 % cloud cover", "over 3000 residents"."""
    return compared(context, None, asked, None, bounds)


def compared_level(context: Context, with_: None, comparator: Comparator, asked: Asked, number: Amount) -> Mod | None:
    """ "above level 10"."""
    bounds = amount(context, comparator, number) if not comparator.hints and not comparator.about else None
    return compared(context, None, asked, None, bounds) if isinstance(bounds, Bounds) else None


def compared_about(context: Context, with_: None, number: Amount, asked: Asked, comparator: Comparator) -> Mod | None:
    """ "with 1000 inhabitants or more"."""
    bounds = amount(context, comparator, number)
    return compared(context, None, asked, None, bounds) if isinstance(bounds, Bounds) else None


def compared_units(context: Context, with_: None, asked: Asked, of: None, bounds: Bounds, unit: Asked) -> Mod | None:
    """ "with a population of more than 5,000 people"."""
    return compared(context, None, asked, None, bounds) if bounds.unit == "1" else None


def sized(context: Context, bounds: Bounds) -> Mod | None:
    """ "larger than 5 km²", "over 5 km"."""
    return (
        Mod(bounds=bounds) if bounds.hints or bounds.unit in METRES or bounds.unit in ("km2", "m2", "har", "[smi_us]", "[acr_br]") else None
    )


def longer_than(context: Context, comparator: Comparator, noun: Noun) -> Mod | None:
    """ "longer than the Rhine"."""
    if not comparator.hints or comparator.hints == ("distance",) or noun.quantifier == "no":
        return None
    return Mod(asked=Asked(hints=comparator.hints), than=noun, op=comparator.op)


def property_than(context: Context, with_: None, comparator: Comparator, asked: Asked, than: None, noun: Noun) -> Mod | None:
    """ "with more inhabitants than Kent"."""
    return Mod(asked=asked, than=noun, op=comparator.op) if not asked.function else None


def property_more_than(context: Context, with_: None, asked: Asked, be: None, comparator: Comparator, noun: Noun) -> Mod | None:
    """ "with a population larger than Kent"."""
    return property_than(context, None, comparator, asked, None, noun)


def count_than(context: Context, have: None, comparator: Comparator, noun: Noun, than: None, other: Noun) -> Mod | None:
    """ "have more counties than Alabama"."""
    via = spatial(RelationWord("contains"), noun)
    if comparator.hints or noun.named or not via or not isinstance(via[0], Spatial):
        return None
    return Mod((Compare(Measure("count", via=via[0]), comparator.op, Measure("count", of=other.things, via=via[0])),))


def closer_than(context: Context, comparator: Comparator, to: None, goal: Noun, than: None, other: Noun) -> Mod | None:
    """ "closer to Bath than Oxford"."""
    if comparator.hints != ("distance",):
        return None
    mine = Measure("distance", UNITS["distance"], to=goal.things)
    return Mod((Compare(mine, comparator.op, changed(mine, of=other.things)),))


def highest(context: Context, with_: None, best: Superlative, asked: Asked) -> Mod | None:
    """ "with the highest population"."""
    word = asked.word()
    if word and word.dimension in ("thing", "text"):
        return None
    if best.positive or asked.function or asked.more or (best.hints == ("distance",)):
        return None
    return Mod(best=asked, descending=best.descending)


def predicate(context: Context, best: Superlative, by: None, asked: Asked | None) -> Mod | None:
    """ "the largest", behind a noun; "the largest by population"."""
    if best.hints in (("count",), ("distance",)) or best.positive:
        return None
    return Mod(best=asked or Asked(hints=best.hints), descending=best.descending)


def by_value(context: Context, noun: Noun, by: None, asked: Asked) -> list[Out] | None:
    """ "the largest cities by population"."""
    pick = noun.things.pick
    if not pick or noun.waiting:
        return None
    return [Out(noun.picked(changed(pick, by=out.value)), out.cost - 0.05, out.notes) for out in context.resolve(asked, noun)]


def has(context: Context, with_: None, asked: Asked) -> Mod | None:
    """ "with a website"."""
    word = asked.word()
    return Mod((Has(word.property),)) if word and word.property and not asked.function else None


def has_not(context: Context, without: None, asked: Asked) -> Mod | None:
    """ "without inhabitants"."""
    word = asked.word()
    if not word or not word.property or asked.function or "cloud" in word.property.label:
        return None
    if word.dimension != "%":
        return Mod((Has(word.property, negated=True),))
    # a share is always known: without it is none of it
    return Mod(asked=asked, bounds=Bounds((("<=", Amount(0.0, "%")),)))


def no_clouds(context: Context, without: None, asked: Asked) -> list[Out] | None:
    """ "without clouds"."""
    word = asked.word()
    return cloud_free(context, None) if word and word.property and "cloud" in word.property.label else None


def values_of(context: Context, asked: Asked, of: object, noun: Noun) -> list[Out] | None:
    """ "the population of Boston"."""
    if noun.quantifier == "no" or (noun.waiting):
        return None
    found, result = context.resolve(asked, noun), _extreme_inside(context, asked, noun)
    for out in found:
        word = asked.word()
        # things are answers themselves
        cost = out.cost + (0.2 if word and word.dimension == "thing" else 0.0)
        columns = [out.value, *(context.resolve(more, noun)[0].value for more in asked.more)]
        result.append(Out(Values(noun, tuple(columns), asked.function), cost, out.notes))
    return result or None


def _extreme_inside(context: Context, asked: Asked, noun: Noun) -> list[Out]:
    """ "the highest elevation in Kent": of whatever lies there, where places such as Kent have no elevation themselves."""
    word, classes = asked.word(), context.classes_of(noun)
    if asked.function not in ("max", "min") or asked.more or word is None or not noun.named or not classes:
        return []
    entries = context.by_label.get(bare(word.property.label) if word.property else word.measure, ())
    if not entries or any(context.fits(entry.domains, classes) < 0.5 for entry in entries):
        return []
    entry = entries[0]
    kinds = tuple(Concept(known.labels[0], iri) for iri in entry.domains if (known := context.knowledge.classes.get(iri)))
    things = Things(kinds, constraints=(Spatial("within", (noun.things,)),))
    return [Out(Values(Noun(things), (Property(entry.labels[0], entry.iri, entry.unit),), asked.function), 0.0)] if kinds else []


def values_bare(context: Context, asked: Asked, noun: Noun) -> list[Out] | None:
    """ "population Boston"; a text before a kind of things rather tells which of them: "drive-through restaurants"."""
    word = asked.word()
    strange = 0.5 if word and word.dimension == "text" and not noun.named else 0.0
    return [out._replace(cost=out.cost + strange) for out in values_of(context, asked, None, noun) or ()] or None


def values_behind(context: Context, noun: Noun, poss: None, asked: Asked) -> list[Out] | None:
    """ "Boston's population", "Boston population"."""
    return values_of(context, asked, None, noun)


def values_beside(context: Context, noun: Noun, asked: Asked) -> list[Out] | None:
    """ "Boston population"."""
    return values_of(context, asked, None, noun)


def in_unit(context: Context, values: Values, unit: str) -> Values | None:
    """ "the area of Kent in hectares"."""
    found = tuple(_in_unit(one, unit) for one in values.values)
    return None if found == values.values else changed(values, values=found)


def values_in_unit(context: Context, asked: Asked, unit: str, of: None, noun: Noun) -> list[Out] | None:
    """ "the area in hectares of Kent"."""
    ways = values_of(context, asked, of, noun) or []
    return [out._replace(value=found) for out in ways if (found := in_unit(context, out.value, unit))] or None


def measured_of(context: Context, asked: Asked, unit: str | None, of_: None, place: Point | Box) -> Values | None:
    """ "the area of bbox 9, 53, 10, 54"."""
    measure: Any = next((one.value.measure for one in asked.words if one.value.measure in _DRAWN), None)
    if measure is None or asked.function or asked.more or isinstance(place, Point):
        return None
    value = Measure(measure, UNITS[measure], of=place)
    return Values(Noun(Things()), (_in_unit(value, unit) if unit else value,))


_DRAWN = frozenset(("area", "perimeter"))


def _in_unit(one: Value, unit: str) -> Value:
    """The value in another unit of its dimension; else as it was."""
    told = isinstance(one, Property | Measure) and DIMENSIONS.get(one.unit) == DIMENSIONS.get(unit)
    return changed(one, unit=unit) if told else one


def summed(context: Context, values: Values, sum_: None) -> Values | None:
    """ "the area of all states combined"."""
    return changed(values, function="sum") if not values.function else None


def distance_between(context: Context, distance: None, between_: None, pair: Noun) -> Values | None:
    """ "the distance between A and B"."""
    if len(pair.parts) != 2:
        return None
    return _distance(pair.parts[0], pair.parts[1])


def distance_of_two(context: Context, distance: None, between_: None, start: Noun, and_: None, goal: Noun) -> Values | None:
    """ "the distance between Bath and the nearest park"."""
    return _distance(start, goal) if start.named != goal.named else None


def distance_from(context: Context, distance: None, from_: None, start: Noun, to: None, goal: Noun) -> Values | None:
    """ "the distance from A to B"."""
    return _distance(start, goal)


def distance_to_nearest(context: Context, distance: None, to: None, goal: Noun) -> Values | None:
    """ "the distance to the nearest park north of Bath": from where it is the nearest to."""
    by = goal.things.pick.by if goal.things.pick else None
    if not isinstance(by, Measure) or by.measure != "distance" or by.to is None:
        return None
    return Values(goal, (changed(by, unit=UNITS["distance"]),))


def averaged(context: Context, average: None, values: Values) -> Values | None:
    """ "the average distance from Bath to the parks of Kent"."""
    value = values.values[0]
    if values.function or len(values.values) != 1 or not isinstance(value, Measure) or value.measure != "distance":
        return None
    return changed(values, function="avg")


def reached_values(context: Context, values: Values, comma: None, reach: Reach) -> Values | None:
    """ "the distance to a hospital from Bath within 10 km": the hospitals there, and how far each is."""
    value = values.values[0]
    if len(values.values) != 1 or not isinstance(value, Measure) or value.measure != "distance" or not isinstance(value.to, Things):
        return None
    goal, start = (Noun(value.to), values.of) if values.of.named else (values.of, Noun(value.to))
    if goal.named or goal.things.pick:
        return None
    near = tuple(Spatial("distance", (start.things,), op, metres) for op, metres in reach)  # type: ignore[arg-type]
    return Values(goal.having(*near), (changed(value, to=start.things),), values.function)


def _distance(start: Noun, goal: Noun) -> Values | None:
    if start.waiting:
        start, goal = goal, start
    if goal.waiting and goal.things.pick:
        # from A to the nearest hospital: the hospital, and how far it is from A
        goal = changed(goal, things=changed(goal.things, pick=changed(goal.things.pick, by=changed(goal.things.pick.by, to=start.things))))
        return Values(goal, (Measure("distance", UNITS["distance"], to=start.things),))
    return Values(start, (Measure("distance", UNITS["distance"], to=goal.things),)) if not start.waiting else None


RULES = rules(
    "values",
    (
        ("AMT", "cmp? num|cmp? qty", amount, 0.0),
        ("MOD", "cloud-free", cloud_free, 0.0),
        ("NP", "cloud-free NP", cloud_free_noun, 0.0),
        ("AMT", "num goal num|num goal qty|qty goal qty|num dash qty", between_bare, 0.0),
        ("AMT", "do? not AMT", not_amount, 0.0),
        ("AMT", "num cmp-after|qty cmp-after", amount_behind, 0.0),
        ("AMT", "cmp cmp num|cmp cmp qty", amount_about, 0.0),
        ("AMT", "cmp-range num and num|cmp-range num and qty|cmp-range qty and qty", between, 0.0),
        ("AMT", "cmp-range num to num|cmp-range num to qty|cmp-range qty to qty", between, 0.0),
        ("prop", "prop and prop|prop comma prop", joint, 0.0),
        ("prop", "sum prop", aggregate("sum"), 0.0),
        ("prop", "avg prop", aggregate("avg"), 0.0),
        ("prop", "max prop", aggregate("max"), 0.05),
        ("prop", "min prop", aggregate("min"), 0.05),
        ("MOD", "with? prop of? AMT|whose prop be AMT", compared, 0.0),
        ("MOD", "with? AMT of? prop", compared_before, 0.0),
        ("MOD", "with? prop of? AMT or AMT", compared_either, 0.0),
        ("MOD", "with? AMT or AMT of? prop", compared_either_before, 0.0),
        ("MOD", "with? cmp +prop +num", compared_level, 0.0),
        ("VP", "have prop of? AMT", compared, 0.0),
        ("VP", "have AMT of? prop", compared_before, 0.0),
        ("MOD", "with num prop cmp-after", compared_about, 0.0),
        ("VP", "have num prop cmp-after", compared_about, 0.0),
        ("MOD", "with prop of? AMT prop", compared_units, 0.0),
        ("VP", "have prop of? AMT prop", compared_units, 0.0),
        ("MOD", "AMT", sized, 0.05),
        ("VP", "AMT", sized, 0.05),
        ("MOD", "cmp NP", longer_than, 0.05),
        ("MOD", "with cmp prop than NP", property_than, 0.0),
        ("VP", "have cmp prop than NP", property_than, 0.0),
        ("MOD", "with prop be? cmp NP|whose prop be cmp NP", property_more_than, 0.0),
        ("VP", "have prop be? cmp NP", property_more_than, 0.0),
        ("VP", "have cmp NP than NP", count_than, 0.0),
        ("MOD", "with cmp NP than NP", count_than, 0.0),
        ("MOD", "cmp to NP than NP", closer_than, 0.0),
        ("MOD", "with sup prop|whose sup prop|of-itself sup prop", highest, 0.0),
        ("VP", "have sup prop|cover sup prop", highest, 0.0),
        ("MOD", "sup by? prop?", predicate, 0.1),
        ("NP", "NP by prop", by_value, 0.0),
        ("MOD", "with prop", has, 0.4),
        ("VP", "have prop", has, 0.4),
        ("MOD", "without prop", no_clouds, 0.0),
        ("MOD", "without prop", has_not, 0.1),
        ("VAL", "prop of NP|prop rel NP", values_of, 0.0),
        ("VAL", "prop unit of NP", values_in_unit, 0.0),
        ("VAL", "VAL unit", in_unit, 0.0),
        ("BOXVAL", "prop unit? of? coord", measured_of, 0.0),
        ("VAL", "NP poss prop", values_behind, 0.0),
        ("VAL", "VAL sum", summed, 0.0),
        ("VAL", "NP +prop", values_beside, 0.2),
        ("VAL", "prop +NP", values_bare, 0.15),
        ("VAL", "VAL comma? DIST", reached_values, 0.0),
        ("VAL", "distance between NP", distance_between, 0.0),
        ("VAL", "distance between NP and NP", distance_of_two, 0.02),
        ("VAL", "distance from NP to NP|distance to NP from NP", distance_from, 0.0),
        ("VAL", "distance to NP", distance_to_nearest, 0.0),
        ("VAL", "avg VAL", averaged, -0.05),
    ),
)
