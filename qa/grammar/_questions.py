"""Whole questions: what is wanted of which things."""

from __future__ import annotations

from ..language import Comparator, RelationWord, Superlative
from ..request import Aggregate, Amount, Assumption, Compare, Count, Measure, Ratio, Spatial, Things, Value
from ._attach import attach, negate, of, spatial
from ._chart import Meaning, Out
from ._context import UNITS, Context
from ._meaning import Asked, Bounds, Draft, Mod, Noun, Values, areal, changed
from ._rules import rules
from ._spatial import Reach, related_to, stranded

_WITHIN = RelationWord("within")
_CONTAINS = RelationWord("contains")
_ADJECTIVES = {
    "how-large": ("area", "population", "length"), "how-long": ("length",), "how-high": ("elevation", "height"),
    "how-dense": ("population density", "density"), "how-populous": ("population",), "how-deep": ("depth",), "how-wide": ("width",),
    "how-old": ("age", "start date"),
}  # fmt: skip


def answerable(noun: Noun) -> bool:
    """Whether a noun can be what is asked for."""
    things = noun.things
    if noun.parts and not (things.classes or things.named):
        # no set of things is all of its parts
        return False
    return bool(things.classes or things.named or things.constraints) and not (noun.quantifier == "no" or noun.count or noun.waiting)


def find(context: Context, noun: Noun) -> Draft | None:
    """The things themselves."""
    return Draft("find", noun, limit=noun.limit) if answerable(noun) else None


def which(context: Context, which_: None, be: None, noun: Noun) -> Draft | None:
    """ "Which lakes in Greece …", "What is the largest lake"."""
    return find(context, noun)


def listed(context: Context, list_: None, noun: Noun) -> Draft | None:
    """ "List the lakes", "Give me an image"."""
    draft = find(context, noun)
    one = draft and noun.quantifier == "a" and not noun.plural and not noun.things.pick and noun.things.classes and context.lasts(noun)
    return changed(draft, limit=1) if draft and one else draft


def telegram(context: Context, noun: Noun) -> Draft | None:
    """ "lakes in Greece"; a name alone asks for nothing, nor do two strange words."""
    if noun.named and not (noun.modified and any(one.iris for one in noun.things.named)):
        return None
    return find(context, noun)


def _said(context: Context, noun: Noun, mod: Mod) -> list[Out]:
    """What is said of the subject of a sentence."""
    return attach(context, noun, mod, said=True) if answerable(noun) else []


def which_does(context: Context, which_: None, noun: Noun, be: None, mod: Mod) -> list[Out] | None:
    """ "Which lakes are in Greece", "Which counties border Kent"."""
    found = []
    if noun.named:
        return None
    for out in _said(context, noun, mod):
        draft = find(context, out.value)
        if draft:
            found.append(Out(draft, out.cost, out.notes))
    return found or None


def in_which(context: Context, word: RelationWord, which_: None, noun: Noun, be: None, other: Noun, motion: None) -> list[Out] | None:
    """ "In which state is Rochester", "Through which states does the Rhine flow"."""
    mods = stranded(context, None, None, other, word)
    return which_does(context, None, noun, None, mods[0].value) if mods else None


def with_which(context: Context, with_: None, which_: None, noun: Noun, do: None, other: Noun, word: RelationWord) -> list[Out] | None:
    """ "With which counties does Kent share borders"."""
    return in_which(context, word, None, noun, None, other, None)


def asked_of(context: Context, do: None, other: Noun, word: RelationWord) -> list[Out] | None:
    """ "… does the Rhine flow through", "… is Rochester in"."""
    return stranded(context, None, None, other, word)


def had_by(context: Context, do: None, other: Noun, have: None) -> Mod | None:
    """ "… does Greece have"."""
    constraints = None if other.quantifier == "no" else spatial(_WITHIN, other)
    return Mod(constraints) if constraints else None


def count(context: Context, how_many: None, noun: Noun, be: None, there: None) -> Draft | None:
    """ "How many lakes are there"."""
    return Draft("count", changed(noun, limit=None)) if answerable(noun) and not noun.named else None


def number_of(context: Context, which_: None, be: None, number: None, noun: Noun) -> Draft | None:
    """ "What is the number of lakes in Greece"."""
    return count(context, None, noun, None, None)


def count_which(context: Context, how_many: None, noun: Noun, be: None, mod: Mod) -> list[Out] | None:
    """ "How many lakes are in Greece", "How many rivers cross Texas"."""
    found = []
    for out in _said(context, noun, mod):
        draft = count(context, None, out.value, None, None)
        if draft:
            found.append(Out(draft, out.cost, out.notes))
    return found or None


def exists(context: Context, be: None, there: None, noun: Noun) -> Draft | None:
    """ "Is there a lake in Greece"."""
    some = changed(noun, count=None) if noun.count in (Count(">=", 1), Count(">", 0)) else noun
    return Draft("ask", some) if answerable(some) and not noun.named else None


def exists_bare(context: Context, be: None, noun: Noun) -> Draft | None:
    """ "Are floods known"."""
    return exists(context, None, None, noun) if noun.plural and noun.quantifier != "all" else None


def exists_where(context: Context, do: None, noun: Noun, be: None, mod: Mod) -> list[Out] | None:
    """ "Is Kent in England", "Does Kent border Essex", "Do any canals cross New York"."""
    if noun.quantifier == "all":
        return exceptions(context, noun, mod)
    # what stands behind a modified noun is more likely a part of it than said of it
    each = 0.15 if noun.named and noun.parts else 0.1 if noun.modified and not noun.named else 0.0
    return [Out(Draft("ask", out.value), out.cost + each, out.notes) for out in _said(context, noun, mod)] or None


def exceptions(context: Context, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "Are all lakes in Greece": those that are not."""
    contrary = negate(mod)
    if noun.named or contrary is None:
        return None
    drafts = [(find(context, out.value), out) for out in _said(context, changed(noun, quantifier=""), contrary)]
    return [Out(draft, out.cost, (*out.notes, _ALL)) for draft, out in drafts if draft] or None


_ALL = Assumption("all", "“All” is answered by the exceptions: if there are none, it is so.", "all")


def is_a(context: Context, be: None, name: Noun, noun: Noun) -> Draft | None:
    """ "Is Crete an island", "Is Oslo the largest city of Norway"."""
    if not name.named or noun.named or not answerable(noun) or noun.limit:
        return None
    if noun.things.pick:
        return Draft("ask", name.having(Spatial("equals", (noun.things,))))
    things = changed(noun.things, named=name.things.named)
    return Draft("ask", changed(name, things=things))


def mutual(context: Context, do: None, pair: Noun, word: RelationWord) -> Draft | None:
    """ "Do Kent and Essex share a border"."""
    if len(pair.parts) != 2 or not pair.named:
        return None
    return Draft("ask", pair.parts[0].having(Spatial(word.relation, (pair.parts[1].things,))))


def mutual_classes(context: Context, be: None, pair: Noun, word: RelationWord, noun: Noun) -> Draft | None:
    """ "Are Kent and Essex neighbouring counties"."""
    return mutual(context, None, pair, word)


def apart(context: Context, be: None, pair: Noun, reach: Reach, apart_: None) -> Draft | None:
    """ "Are Dublin and Arklow more than 10 km apart"."""
    if len(pair.parts) != 2:
        return None
    first, second = pair.parts
    return Draft("ask", first.having(*(Spatial("distance", (second.things,), op, metres) for op, metres in reach)))  # type: ignore[arg-type]


def value_is(context: Context, be: None, values: Values, bounds: Bounds) -> Draft | None:
    """ "Is the population of Kent more than 5,000"."""
    if values.function or not answerable(values.of):
        return None
    value = values.values[0]
    if isinstance(value, Measure) and value.measure in ("bearing", "location"):
        return None
    return Draft("ask", values.of.having(*(Compare(value, op, amount) for op, amount in bounds.bounds)))


def value_than(context: Context, be: None, values: Values, comparator: Comparator, other: Values) -> Draft | None:
    """ "Is the population of Kent larger than the population of Essex"."""
    if values.function or other.function or not answerable(values.of):
        return None
    return Draft("ask", values.of.having(Compare(values.values[0], comparator.op, of(other.values[0], other.of))))


def value_than_noun(context: Context, be: None, values: Values, comparator: Comparator, other: Noun) -> Draft | None:
    """ "Is the population of Kent larger than that of Essex"."""
    return value_than(context, None, values, comparator, Values(other, values.values))


def where(context: Context, where_: None, be: None, noun: Noun) -> Draft | None:
    """ "Where is Kent"."""
    return Draft("find", noun, (Measure("location"),), limit=noun.limit) if answerable(noun) else None


def how(code: str) -> Meaning:
    """ "How large is Kent"."""

    def meaning(context: Context, how_: None, be: None, noun: Noun) -> list[Out] | None:
        if not answerable(noun):
            return None
        asked = Asked(hints=_ADJECTIVES[code])
        return [Out(_sized(noun, (out.value,)), out.cost, out.notes) for out in context.resolve(asked, noun)]

    meaning.__name__ = code.replace("-", "_")
    return meaning


def _sized(noun: Noun, values: tuple[Value, ...]) -> Draft:
    """What was asked of the things: of flooded areas, which are many pieces of one thing, how large all of it is."""
    measured = all(isinstance(one, Measure) and one.measure == "area" for one in values)
    if measured and noun.plural and areal(noun) and noun.quantifier != "each" and not noun.things.pick:
        return Draft("measure", noun, aggregates=tuple(Aggregate("sum", one) for one in values))
    return Draft("find", noun, values)


def how_far(context: Context, how_: None, be: None, one: Noun, from_: None, other: Noun) -> Draft | None:
    """ "How far is Kent from Essex", "How far is the nearest park from Bath"."""
    from ._values import distance_from

    values = distance_from(context, None, None, one, None, other)
    return value(context, None, None, values) if values else None


def how_far_apart(context: Context, how_: None, be: None, pair: Noun, apart_: None) -> Draft | None:
    """ "How far apart are Kent and Essex"."""
    return how_far(context, None, None, pair.parts[0], None, pair.parts[1]) if len(pair.parts) == 2 else None


def how_far_nearest(context: Context, how_: None, be: None, goal: Noun) -> Draft | None:
    """ "How far is the nearest park north of Bath"."""
    from ._values import distance_to_nearest

    values = distance_to_nearest(context, None, None, goal)
    return value(context, None, None, values) if values else None


def how_far_reached(context: Context, how_: None, be: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "How far is a park from Bath within 10 km": the parks, and how far each is."""
    only = mod.constraints[0] if len(mod.constraints) == 1 else None
    if not isinstance(only, Spatial) or only.metres is None or noun.named:
        return None
    column = Measure("distance", UNITS["distance"], to=only.of[0])
    return [Out(Draft("find", out.value, (column,)), out.cost) for out in attach(context, noun, mod)]


def value(context: Context, which_: None, be: None, values: Values) -> Draft | None:
    """ "What is the population of Kent", "the total area of lakes in Kent"."""
    if not answerable(values.of):
        return None
    if values.values == (Measure("count"),):
        # "a count of floods" is the floods counted
        return count(context, None, values.of, None, None)
    single = values.of.named and not values.of.parts
    if values.function and not single:
        return Draft("measure", changed(values.of, limit=None), aggregates=tuple(Aggregate(values.function, one) for one in values.values))
    return changed(_sized(values.of, values.values), limit=values.of.limit)


def how_large_value(context: Context, how_: None, be: None, values: Values) -> Draft | None:
    """ "How large is the total area of the lakes"."""
    return value(context, None, None, values)


def does_exist(context: Context, do: None, noun: Noun, motion: None) -> Draft | None:
    """ "Did floods occur", "Do images of Kent exist"."""
    return exists(context, None, None, noun)


def value_of_box(context: Context, which_: None, be: None, values: Values) -> Draft:
    """ "What is the area of bbox 9, 53, 10, 54"."""
    return Draft("find", values.of, values.values)


def list_values(context: Context, list_: None, values: Values) -> Draft | None:
    """ "Give me the population of Kent"."""
    return value(context, None, None, values)


def only_values(context: Context, values: Values) -> Draft | None:
    """ "population of Kent"."""
    return value(context, None, None, values)


def inhabitants(context: Context, how_many: None, asked: Asked, live: None, word: RelationWord | None, noun: Noun) -> list[Out] | None:
    """ "How many people live in Kent"."""
    from ._values import values_of

    found = values_of(context, _all_of(asked, noun), None, noun) or []
    drafts = [(value(context, None, None, out.value), out) for out in found]
    return [Out(draft, out.cost, out.notes) for draft, out in drafts if draft] or None


def people(
    context: Context, number_: None, asked: Asked, that: None, live: None, word: RelationWord | None, noun: Noun
) -> list[Out] | None:
    """ "the number of people that live in Kent"."""
    from ._values import values_of

    return values_of(context, _all_of(asked, noun), None, noun)


def _all_of(asked: Asked, noun: Noun) -> Asked:
    """How many people live in the cities is how many live in all of them."""
    many = noun.plural and not noun.named and noun.quantifier != "each" and not asked.function
    return changed(asked, function="sum") if many else asked


def inhabitants_of(context: Context, how_many: None, asked: Asked, do: None, noun: Noun, have: None) -> list[Out] | None:
    """ "How many inhabitants does Kent have"."""
    return inhabitants(context, None, asked, None, None, noun)


def how_much(context: Context, how: None, asked: Asked, do: None, noun: Noun, cover: None) -> list[Out] | None:
    """ "How much area do all lakes cover"."""
    return inhabitants(context, None, changed(asked, function="sum"), None, None, noun)


def share_covered(context: Context, how: None, of_: None, noun: Noun, be: None, covered: None, other: Noun) -> Draft | None:
    """ "How much of Greece is covered by lakes"."""
    if other.named or not answerable(noun) or not answerable(other):
        return None
    common = Measure("share", UNITS["share"], via=Spatial("intersects", (other.things,)))
    return Draft("find", noun, (Ratio(common, Measure("area", UNITS["area"])),))


def bearing(
    context: Context, which_: None, is_: None, bearing_: None, be: None, goal_: None, goal: Noun, from_: None, start: Noun
) -> Draft | None:
    """ "In which direction is the nearest park from Bath"."""
    from ._values import distance_from

    values = distance_from(context, None, None, start, None, goal)
    if not values:
        return None
    nearest = values.of if goal.waiting else goal
    return Draft("find", start, (Measure("bearing", UNITS["bearing"], to=nearest.things),))


def bearing_of_nearest(context: Context, which_: None, is_: None, bearing_: None, be: None, goal_: None, goal: Noun) -> Draft | None:
    """ "In which direction is the nearest park within 5 km of Bath": from where it is the nearest to."""
    by = goal.things.pick.by if goal.things.pick else None
    if not isinstance(by, Measure) or by.measure != "distance" or not isinstance(by.to, Things):
        return None
    return Draft("find", Noun(by.to), (Measure("bearing", UNITS["bearing"], to=goal.things),))


def count_there(context: Context, how_many: None, noun: Noun, be: None, there: None, mod: Mod) -> list[Out] | None:
    """ "How many lakes are there in Greece"."""
    return count_which(context, None, noun, None, mod)


def which_verb(context: Context, which_: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "Which counties border Kent", "Which states does the Rhine flow through"."""
    return which_does(context, None, noun, None, mod)


def count_verb(context: Context, how_many: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "How many rivers cross Texas", "How many lakes does Greece have"."""
    return count_which(context, None, noun, None, mod)


def exists_verb(context: Context, do: None, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "Does Kent border Essex"."""
    return exists_where(context, None, noun, None, mod)


def whose_value(context: Context, name: Noun, be: None, asked: Asked, of_: None, which_: None, noun: Noun) -> list[Out] | None:
    """ "Sacramento is the capital of which state"."""
    ways = related_to(context, None, asked, None, name) or []
    return [found for out in ways for found in which_does(context, None, noun, None, out.value) or []] or None


def whose_value_asked(context: Context, which_: None, noun: Noun, be: None, name: Noun, asked: Asked, of_: None) -> list[Out] | None:
    """ "What state is Austin the capital of"."""
    return whose_value(context, name, None, asked, None, None, noun)


def whose_value_is(context: Context, which_: None, noun: Noun, poss: None, asked: Asked, be: None, name: Noun) -> list[Out] | None:
    """ "Which state's capital is Dover"."""
    return whose_value(context, name, None, asked, None, None, noun)


def of_which(context: Context, of_: None, noun: Noun, comma: None, which_: None, mod: Mod) -> list[Out] | None:
    """ "Of the lakes in England, which has the most islands"."""
    return which_does(context, None, noun, None, mod)


def of_which_few(
    context: Context, of_: None, noun: Noun, comma: None, which_: None, be: None, number: Amount, best: Superlative
) -> list[Out] | None:
    """ "Of all lakes in England, which are the three smallest"."""
    if best.positive or best.hints in (("count",), ("distance",)) or number.value < 1 or number.value != int(number.value):
        return None
    few = changed(noun, limit=int(number.value), quantifier="")
    return which_does(context, None, few, None, Mod(best=Asked(hints=best.hints), descending=best.descending))


def of_which_is(context: Context, of_: None, noun: Noun, comma: None, which_: None, be: None, mod: Mod) -> list[Out] | None:
    """ "Of all lakes in England, which is the smallest"."""
    return which_does(context, None, noun, None, mod)


RULES = rules(
    "questions",
    (
        ("Q", "which be? NP", which, 0.0),
        ("Q", "which NP be MOD", which_does, 0.0),
        ("Q", "which NP VP|which NP XMOD", which_verb, 0.0),
        ("Q", "rel which NP be NP motion?|rel which NP do NP motion?", in_which, 0.0),
        ("Q", "with which NP do NP sym", with_which, 0.0),
        ("Q", "NP be prop of which NP", whose_value, 0.0),
        ("Q", "which NP be NP prop of", whose_value_asked, 0.0),
        ("Q", "which NP poss? prop be NP", whose_value_is, 0.0),
        ("Q", "of NP comma? which VP", of_which, 0.0),
        ("Q", "of NP comma? which be MOD", of_which_is, 0.0),
        ("Q", "of NP comma? which be? num sup", of_which_few, 0.0),
        ("XMOD", "do NP relv|be NP rel|do NP sym", asked_of, 0.0),
        ("XMOD", "do NP have", had_by, 0.0),
        ("Q", "list NP", listed, 0.0),
        ("Q", "^NP", telegram, 0.3),
        ("Q", "how-many NP be? there?", count, 0.0),
        ("Q", "which? be? number-of NP", number_of, 0.0),
        ("Q", "how-many NP be MOD", count_which, 0.0),
        ("Q", "how-many NP VP|how-many NP XMOD", count_verb, 0.0),
        ("Q", "be there NP", exists, 0.0),
        ("Q", "be NP be? MOD", exists_where, 0.0),
        ("Q", "^be NP", exists_bare, 0.2),
        ("Q", "do NP VP|do NP MOD", exists_verb, 0.0),
        ("Q", "be NP NP", is_a, 0.0),
        ("Q", "do NP sym|be NP sym", mutual, 0.0),
        ("Q", "be NP beside NP", mutual_classes, 0.0),
        ("Q", "be NP DIST apart", apart, 0.0),
        ("Q", "be VAL AMT", value_is, 0.0),
        ("Q", "be VAL cmp VAL", value_than, 0.0),
        ("Q", "be VAL cmp NP", value_than_noun, 0.1),
        ("Q", "where be? NP", where, 0.0),
        *(("Q", f"{code} be? NP", how(code), 0.0) for code in _ADJECTIVES),
        ("Q", "how-large be VAL", how_large_value, 0.0),
        ("Q", "do NP motion", does_exist, 0.1),
        ("Q", "how-far be? NP from NP|how-far be? NP to NP", how_far, 0.0),
        ("Q", "how-far be? NP apart?", how_far_apart, 0.0),
        ("Q", "how-far be? NP", how_far_nearest, 0.0),
        ("Q", "how-far be? NP MOD", how_far_reached, 0.1),
        ("Q", "which be? VAL", value, 0.0),
        ("Q", "which? be? BOXVAL|list be? BOXVAL", value_of_box, 0.0),
        ("Q", "list VAL", list_values, 0.0),
        ("Q", "^VAL", only_values, 0.2),
        ("Q", "how-many prop live? rel? NP", inhabitants, 0.0),
        ("Q", "how-many prop do NP have", inhabitants_of, 0.0),
        ("Q", "which prop do NP have", inhabitants_of, 0.0),
        ("Q", "how-much prop do NP cover", how_much, 0.0),
        ("Q", "how-much of NP be covered? NP", share_covered, 0.0),
        ("Q", "which? be? bearing be? goal? NP from NP|which? be? bearing be? goal? NP to NP", bearing, 0.0),
        ("Q", "which? be? bearing be? goal? NP", bearing_of_nearest, 0.0),
        ("VAL", "number-of prop that? live? rel? NP", people, 0.0),
        ("Q", "how-many NP be? there MOD", count_there, 0.0),
    ),
)
