"""Numbers told of each of several things, counts beside sums, and the best of a property wherever it is."""

from __future__ import annotations

from collections.abc import Sequence

from ..language import RelationWord
from ..request import Aggregate, Concept, Measure, Spatial, Things
from ._attach import attach, spatial, turned
from ._chart import Out
from ._context import UNITS, Context
from ._meaning import Asked, Draft, Mod, Noun, Values, areal, changed
from ._questions import answerable, count_which, value
from ._rules import rules
from ._spatial import stranded


def counts_per(context: Context, number: None, noun: Noun, word: RelationWord, each: Noun) -> Values | None:
    """ "number of lakes in each county"."""
    if each.quantifier != "each" or noun.named:
        return None
    via = spatial(changed(word, relation=turned(word.relation)), noun)
    return Values(changed(each, quantifier=""), (Measure("count", via=via[0]),)) if via and isinstance(via[0], Spatial) else None


def counts_each(context: Context, how_many: None, noun: Noun, be: None, there: None, per: None, each: Noun) -> Values | None:
    """ "How many floods are there per county"."""
    if not noun.things.classes or each.named or not answerable(each):
        return None
    via = Spatial("intersects", (noun.things,))
    return Values(_having(each, via), (Measure("count", via=via),))


def _having(each: Noun, via: Spatial) -> Noun:
    """Those that there is anything to tell of."""
    things = each.things
    return changed(each, quantifier="", things=changed(things, constraints=(*things.constraints, via)))


def number_each(context: Context, number: None, noun: Noun, per: None, each: Noun) -> Values | None:
    """ "number of floods per county", "how many floods hit each county"."""
    return counts_each(context, None, noun, None, None, None, each)


def area_each(context: Context, values: Values, per: None, each: Noun) -> Values | None:
    """ "area of floods per county": what lies in each."""
    areas = [isinstance(one, Measure) and one.measure == "area" for one in values.values]
    if not all(areas) or values.function not in ("", "sum") or not values.of.things.classes or each.named or not answerable(each):
        return None
    via = Spatial("intersects", (values.of.things,))
    return Values(_having(each, via), (Measure("share", UNITS["share"], via=via),))


def average_count(context: Context, avg: None, number: None, noun: Noun, word: RelationWord, each: Noun) -> Values | None:
    """ "average number of beaches in the municipalities of Crete"."""
    found = counts_per(context, None, noun, word, changed(each, quantifier="each"))
    return changed(found, function="avg") if found and not each.named else None


def counts_of(
    context: Context,
    how_many: None,
    noun: Noun,
    and_: None,
    again: None,
    other: Noun,
    be: None,
    there: None,
    word: RelationWord,
    place: Noun,
) -> Values | None:
    """ "How many parks and how many streams are there in Essex"."""
    first, second = (counts_per(context, None, one, word, changed(place, quantifier="each")) for one in (noun, other))
    return Values(place, first.values + second.values) if first and second else None


def counted_each(context: Context, how_many: None, noun: Noun, be: None, there: None, per: None, each: Noun) -> Draft | None:
    """ "How many floods in each county"."""
    values = counts_each(context, None, noun, None, None, None, each)
    return value(context, None, None, values) if values else None


def counted_over_each(context: Context, how_many: None, noun: Noun, word: RelationWord, each: Noun) -> Draft | None:
    """ "How many floods hit each county"."""
    return counted_each(context, None, noun, None, None, None, each) if each.quantifier == "each" else None


def counted_each_when(context: Context, how_many: None, noun: Noun, be: None, there: None, per: None, each: Noun, mod: Mod) -> Draft | None:
    """ "How many floods in each county in 2021"."""
    values = counts_each(context, None, noun, None, None, None, each)
    timed = told_when(context, values, None, mod) if values else None
    return value(context, None, None, timed) if timed else None


def counted_over_each_when(context: Context, how_many: None, noun: Noun, word: RelationWord, each: Noun, mod: Mod) -> Draft | None:
    """ "How many floods hit each county in 2021"."""
    return counted_each_when(context, None, noun, None, None, None, each, mod) if each.quantifier == "each" else None


def told_when(context: Context, values: Values, comma: None, mod: Mod) -> Values | None:
    """ "number of floods per county in 2021": the time is of what is counted, where it is counted and where it is looked for."""
    via = next((one.via for one in values.values if isinstance(one, Measure) and one.via), None)
    timed = _timed(context, via, mod) if mod.time and isinstance(via, Spatial) else None
    if timed is None or len(values.values) > 1:
        return None
    things = values.of.things
    constraints = tuple(timed if one == via else one for one in things.constraints)
    told = tuple(changed(one, via=timed) for one in values.values)
    return changed(values, of=changed(values.of, things=changed(things, constraints=constraints)), values=told)


def _timed(context: Context, via: Spatial, mod: Mod) -> Spatial | None:
    inner = via.of[0] if len(via.of) == 1 else None
    ways = attach(context, Noun(inner), mod) if isinstance(inner, Things) and context.event(inner) else []
    return changed(via, of=(ways[0].value.things,)) if ways and not ways[0].cost else None


def each_when(context: Context, mod: Mod, comma: None, draft: Draft) -> Draft | None:
    """ "In 2021, how many floods were there per county"."""
    told = told_when(context, Values(draft.noun, draft.columns), None, mod) if draft.columns else None
    return changed(draft, noun=told.of, columns=told.values) if told else None


def counted_and(
    context: Context, how_many: None, noun: Noun, be: None, there: None, mod: Mod | None, and_: None, which_: None, asked: Asked
) -> list[Out] | None:
    """ "How many floods and what total area": with a sum it is told of how many it is."""
    found = attach(context, noun, mod) if mod else [Out(noun)]
    return [out for one in found for out in _summed(context, one, asked)] or None


def counted_and_where(
    context: Context, how_many: None, noun: Noun, be: None, there: None, and_: None, which_: None, asked: Asked, mod: Mod
) -> list[Out] | None:
    """ "How many floods and what total area in Kent"."""
    return counted_and(context, None, noun, None, None, mod, None, None, asked)


def number_and(context: Context, which_: None, be: None, number: None, and_: None, asked: Asked, of: None, noun: Noun) -> list[Out] | None:
    """ "What are the number and the total area of floods"."""
    return counted_and(context, None, noun, None, None, None, None, None, asked)


def list_number_and(context: Context, list_: None, number: None, and_: None, asked: Asked, of: None, noun: Noun) -> list[Out] | None:
    """ "Give me the number and total area of floods"."""
    return number_and(context, None, None, None, None, asked, None, noun)


def sum_and(context: Context, which_: None, be: None, asked: Asked, and_: None, number: None, noun: Noun) -> list[Out] | None:
    """ "What are the total area and the number of floods"."""
    return counted_and(context, None, noun, None, None, None, None, None, asked)


def _summed(context: Context, found: Out, asked: Asked) -> list[Out]:
    noun = found.value
    if noun.named or not answerable(noun) or asked.more:
        return []
    return [
        Out(Draft("measure", noun, aggregates=(one,)), found.cost + out.cost, found.notes + out.notes)
        for out in context.resolve(asked, noun)
        for one in (Aggregate(asked.function or "sum", out.value),)
    ]


def total(context: Context, sum_: None, noun: Noun) -> list[Out] | None:
    """ "total flooded area in Kent": one word is the kind of things and what is summed up of them."""
    if noun.plural or not areal(noun) or not answerable(noun):
        return None
    return [Out(Values(noun, (out.value,), "sum"), out.cost, out.notes) for out in context.resolve(Asked(hints=("area",)), noun)[:1]]


def anywhere(context: Context, asked: Asked) -> list[Out] | None:
    """ "the lowest flood level": of all that have one."""
    word = asked.word()
    if not asked.function or asked.more or not word or not word.property or not word.domains or word.dimension in ("thing", "text"):
        return None
    noun = Noun(Things(_domains(context, word.domains)))
    ways = context.resolve(asked, noun) if noun.things.classes else []
    return [Out(Values(noun, (out.value,), asked.function), out.cost, out.notes) for out in ways] or None


def anywhere_where(context: Context, asked: Asked, mod: Mod) -> list[Out] | None:
    """ "the highest flood level in March 2021"."""
    for out in anywhere(context, asked) or ():
        return [Out(changed(out.value, of=more.value), out.cost + more.cost) for more in attach(context, out.value.of, mod)]
    return None


def _domains(context: Context, iris: Sequence[str]) -> tuple[Concept, ...]:
    """The kinds of things that have a property, without those below others; none if they are called otherwise than each other."""
    known = [iri for iri in iris if iri in context.knowledge.classes]
    top = [iri for iri in known if not any(other != iri and other in context.lineage(iri) for other in known)]
    kinds = tuple(Concept(context.knowledge.classes[iri].labels[0], iri) for iri in top)
    return kinds if len({one.label for one in kinds}) == 1 else ()


def in_how_many(context: Context, word: RelationWord, how_many: None, noun: Noun, be: None, other: Noun, motion: None) -> list[Out] | None:
    """ "In how many counties were there floods", "Through how many states does the Rhine flow"."""
    mods = stranded(context, None, None, other, word)
    return count_which(context, None, noun, None, mods[0].value) if mods else None


RULES = rules(
    "groups",
    (
        ("VAL", "number-of NP rel NP", counts_per, 0.0),
        ("VAL", "how-many NP and how-many NP be? there? rel NP|number-of NP and number-of NP be? there? rel NP", counts_of, 0.0),
        ("VAL", "how-many NP be? there? per NP", counts_each, 0.0),
        ("VAL", "number-of NP per NP", number_each, 0.0),
        ("VAL", "VAL per NP", area_each, 0.0),
        ("VAL", "avg number-of NP rel NP", average_count, 0.0),
        ("VAL", "VAL comma? MOD", told_when, 0.0),
        ("VAL", "sum NP", total, 0.0),
        ("VAL", "prop", anywhere, 0.3),
        ("VAL", "prop MOD", anywhere_where, 0.3),
        ("Q", "rel how-many NP be NP motion?|rel how-many NP do NP motion?", in_how_many, 0.0),
        ("Q", "how-many NP be? there? per NP", counted_each, 0.0),
        ("Q", "how-many NP rel NP|how-many NP relv NP", counted_over_each, 0.0),
        ("Q", "how-many NP be? there? per NP MOD", counted_each_when, 0.0),
        ("Q", "how-many NP rel NP MOD|how-many NP relv NP MOD", counted_over_each_when, 0.0),
        ("Q", "^MOD comma? Q", each_when, 0.0),
        ("Q", "how-many NP be? there? MOD? and which? prop", counted_and, 0.0),
        ("Q", "how-many NP be? there? and which? prop MOD", counted_and_where, 0.0),
        ("Q", "which? be? number and prop of NP", number_and, 0.0),
        ("Q", "list number and prop of NP", list_number_and, 0.0),
        ("Q", "which? be? prop and number-of NP", sum_and, 0.0),
    ),
)
