"""Noun phrases: heads, what stands before them, names beside classes, conjunctions."""

from __future__ import annotations

from typing import Literal

from ..knowledge import LARGE, SMALL, major
from ..language import Facet, PropertyWord, RelationWord, Scored, Superlative
from ..request import (
    Amount,
    AnyOf,
    Compare,
    Concept,
    Constraint,
    Count,
    Measure,
    Part,
    Pick,
    Related,
    Things,
)  # fmt: skip
from ._attach import attach, negate, seen, spatial
from ._chart import Meaning, Out
from ._context import UNITS, Context
from ._meaning import Asked, Bounds, Mod, Noun, areal, changed
from ._rules import rules

_WITHIN = RelationWord("within")
TO_NOTHING = Measure("distance", UNITS["distance"])
"""The distance to something that is not said yet."""


def superlative(context: Context, word: Superlative, noun: Noun) -> list[Out] | None:
    """ "largest lake"; "nearest hospital" waits for what it is nearest to."""
    if word.hints == ("count",) or noun.things.pick or noun.named or noun.quantifier or noun.count:
        return None
    if word.hints == ("distance",):
        return [Out(noun.picked(Pick(TO_NOTHING, word.descending)))]
    if word.lasting and (beyond := _beyond(context, noun)):
        return beyond
    policy = (LARGE if word.descending else SMALL) if word.positive else None
    told = (policy.assumption(policy.code),) if policy else ()
    share = policy.value if policy else None
    ways = context.resolve(Asked(hints=word.hints), noun)
    return [Out(noun.picked(Pick(out.value, word.descending, share=share)), out.cost, (*out.notes, *told)) for out in ways]


def _beyond(context: Context, noun: Noun) -> list[Out]:
    """ "major cities": of more than a number of inhabitants, where the store has that."""
    found = major(one.label for one in noun.things.classes)
    if found is None:
        return []
    measure, policy = found
    ways = context.resolve(Asked(hints=(measure,)), noun)
    told, bound = (policy.assumption(policy.code),), Amount(policy.value, policy.unit)
    known = [out for out in ways if isinstance(out.value, Measure) or out.value.iri]
    return [Out(noun.having(Compare(out.value, ">", bound)), out.cost, (*out.notes, *told)) for out in known]


def numbered(context: Context, amount: Amount, noun: Noun) -> Noun | None:
    """ "five lakes", "the 5 largest lakes"."""
    if amount.value != int(amount.value) or amount.value < 1 or noun.quantifier or noun.count or noun.limit:
        return None
    pick, number = noun.things.pick, int(amount.value)
    if pick and pick.share is None:
        return noun.picked(changed(pick, count=number)) if pick.count == 1 else None
    return changed(noun, limit=number) if not noun.named else None


def top(context: Context, top_: None, amount: Amount, noun: Noun) -> Noun | None:
    """ "top ten lakes"; of areas of one kind, the largest."""
    few = numbered(context, amount, noun)
    if few is None or few.things.pick or not areal(noun):
        return few
    return few.picked(Pick(Measure("area", UNITS["area"])))


def at_most(context: Context, limit: None, amount: Amount, noun: Noun) -> Noun | None:
    """ "up to 30 images"."""
    return None if noun.things.pick else numbered(context, amount, noun)


def top_by(context: Context, top_: None, amount: Amount, noun: Noun, by: None, asked: Asked) -> list[Out] | None:
    """ "top five cities by population"."""
    few = numbered(context, amount, noun)
    if few is None or few.things.pick or asked.function or asked.more:
        return None
    return [Out(few.picked(Pick(out.value)), out.cost, out.notes) for out in context.resolve(asked, noun)]


def first(context: Context, place: int, noun: Noun) -> list[Out] | None:
    """ "the first image of 2021", "the first five images of 2021": the earliest of what has a time."""
    if place != 1 or noun.named or noun.parts or noun.things.pick or (noun.plural and not noun.limit) or not context.timed(noun):
        return None
    ways = context.resolve(Asked(hints=("time",)), noun)[:1]
    return [Out(noun.picked(Pick(out.value, descending=False)), out.cost, out.notes) for out in ways]


def nth(context: Context, place: int, noun: Noun) -> Noun | None:
    """ "the second largest lake"."""
    pick = noun.things.pick
    return noun.picked(changed(pick, skip=place - 1)) if pick and pick.count == 1 and not pick.skip and pick.share is None else None


def counted(context: Context, bounds: Bounds, noun: Noun) -> Noun | None:
    """ "at least three lakes", as the object of a relation."""
    op, amount = bounds.bounds[0]
    plain = bounds.plain or bounds.hints or noun.named or noun.count or noun.limit or noun.quantifier or noun.things.pick
    if bounds.unit != "1" or len(bounds.bounds) != 1 or plain or amount.value != int(amount.value) or amount.value < 0:
        return None
    return changed(noun, count=Count(op, int(amount.value)))


def none_of(context: Context, no: None, noun: Noun) -> Noun | None:
    """ "no lakes"."""
    return None if noun.quantifier or noun.named else changed(noun, quantifier="no")


def quantified(word: str) -> Meaning:
    """ "all lakes", "each lake", "a lake"."""

    def meaning(context: Context, operator: None, noun: Noun) -> Noun | None:
        return None if noun.quantifier or noun.named else changed(noun, quantifier=word)

    meaning.__name__ = f"quantified_{word}"
    return meaning


def unchanged(context: Context, operator: None, noun: Noun) -> Noun | None:
    """ "any lakes", "other lakes": as without the word."""
    return None if noun.named else noun


def faceted(context: Context, facet: Facet, noun: Noun) -> list[Out] | None:
    """ "Italian restaurants"."""
    if noun.named or noun.parts:
        return None
    return [Out(noun.having(facet.constraint), context.fits(facet.classes, context.classes_of(noun)))]


def faceted_behind(context: Context, noun: Noun, with_: None, facet: Facet) -> list[Out] | None:
    """ "restaurants with outdoor seating"."""
    return faceted(context, facet, noun)


def _placed(context: Context, noun: Noun, place: Noun) -> Noun | None:
    """A noun in a place."""
    within = spatial(_WITHIN, place)
    return noun.having(*(seen(context, noun, one) for one in within)) if within else None


def adjective(context: Context, name: Noun, noun: Noun) -> list[Out] | None:
    """ "Greek lakes", "Texas cities", "Tullyhaw Barony"."""
    if not name.named or name.parts or name.modified or noun.named or noun.parts or noun.quantifier or noun.limit:
        return None
    found = []
    placed = _placed(context, noun, name)
    if placed:
        # "the rivers" of a name are in it; a single river of a name bears it
        found.append(Out(placed, 0.04 if noun.plural else 0.12))
    same = None if noun.plural or name.adjective else _apposed(context, noun, name)
    return found + [same] if same else found


def telegraphic(context: Context, noun: Noun, name: Noun) -> list[Out] | None:
    """ "fires Spain", "Sentinel-2 Paris 2022"."""
    placed = None if noun.named or not name.named or name.parts else _placed(context, noun, name)
    return [Out(placed)] if placed else None


def apposition(context: Context, noun: Noun, name: Noun) -> list[Out] | None:
    """ "county Essex", "the state texas"."""
    if noun.named or not name.named or name.parts or noun.plural or noun.parts or noun.quantifier:
        return None
    same = _apposed(context, noun, name)
    return [same] if same else None


def apposition_of(context: Context, noun: Noun, of: None, name: Noun) -> list[Out] | None:
    """ "the city of Cork": hardly ever one that lies in it, whatever the store takes the name for."""
    return [out._replace(cost=0.5 * out.cost) for out in apposition(context, noun, name) or ()] or None


def apposition_behind(context: Context, name: Noun, comma: None, noun: Noun) -> list[Out] | None:
    """ "Norfolk, the county"."""
    return apposition(context, noun, name)


def _told(noun: Noun) -> bool:
    return bool(noun.things.pick or noun.limit or noun.count or noun.quantifier)


def _apposed(context: Context, noun: Noun, name: Noun) -> Out | None:
    if _told(noun) or name.modified or context.timed(noun):
        return None
    classes = context.classes_of(noun)
    fitting = tuple(one for one in name.names if one.cls and any(context.related(one.cls, cls) for cls in classes))
    things = changed(name.things, named=fitting[:1] or name.things.named, constraints=name.things.constraints + noun.things.constraints)
    typed = bool(name.names and name.names[0].cls)
    return Out(changed(name, things=things, names=fitting or name.names), 0.0 if fitting else 0.1 if typed else 0.05)


def container(context: Context, name: Noun, comma: None, place: Noun) -> list[Out] | None:
    """ "Windsor, NSW", "Lincoln, Montana"."""
    if not (name.named and place.named) or name.parts or place.parts or name.things.constraints:
        return None
    if 2 not in context.shapes(place):
        # an address; nothing lies in a point
        return [Out(name, 0.05)]
    within = spatial(_WITHIN, place)
    return [Out(_every(name).having(*within), 0.02)] if within else None


def address(context: Context, name: Noun, comma: None, facet: Facet) -> list[Out] | None:
    """ "Windsor, NSW", where the store knows the part behind the comma as a value only."""
    return [Out(name, 0.05)] if name.named and not name.parts else None


def located(context: Context, name: Noun, mod: Mod) -> list[Out] | None:
    """A modifier behind a noun; behind a name it tells which of that name is meant."""
    ways = attach(context, name, mod)
    if name.named and not name.parts and ways:
        ways = [
            Out(changed(out.value, things=changed(out.value.things, named=_every(name).things.named)), out.cost, out.notes) for out in ways
        ]
    return ways or None


def _every(name: Noun) -> Noun:
    alike = [one for one in name.names if one.name.casefold() == name.names[0].name.casefold()][:5]
    return changed(name, things=changed(name.things, named=tuple(alike) or name.things.named), modified=name.modified + 1)


def set_off(context: Context, noun: Noun, comma: None, mod: Mod) -> list[Out] | None:
    """ "villages north of lakes, in Cumbria": a comma tells that the modifier is of the whole."""
    ways = attach(context, changed(noun, modified=0), mod) if noun.modified else []
    return [Out(changed(out.value, modified=noun.modified + 1), out.cost, out.notes) for out in ways] or None


def possessive(context: Context, owner: Noun, poss: None, noun: Noun) -> list[Out] | None:
    """ "Thessaly's municipalities"."""
    if noun.named or noun.quantifier or owner.quantifier:
        return None
    placed = _placed(context, noun, owner)
    return [Out(placed, 0.05)] if placed else None


def beside(context: Context, word: RelationWord, noun: Noun, of: None, place: Noun) -> list[Out] | None:
    """ "the neighbouring counties of Kent"."""
    constraints = None if noun.named else spatial(word, place)
    return [Out(noun.having(*constraints), 0.0)] if constraints else None


def beside_of(context: Context, owner: Noun, poss: None, word: RelationWord, noun: Noun) -> list[Out] | None:
    """ "Dublin's neighbouring townlands"."""
    return beside(context, word, noun, None, owner)


def part_of(context: Context, part: Part, of: None, name: Noun) -> Noun | None:
    """ "eastern Hokkaido", "the north of Crete"."""
    if not name.named or len(name.things.named) != 1 or name.things.named[0].part or 2 not in context.shapes(name):
        return None
    return changed(name, things=changed(name.things, named=(changed(name.things.named[0], part=part),)))


def related(context: Context, asked: Asked, of: None, noun: Noun) -> list[Out] | None:
    """ "the capital of Texas"."""
    if noun.quantifier == "no" or noun.waiting:
        return None
    return [
        Out(Noun(Things(_range(context, word), constraints=(Related(word.property, noun.things, inverse=True),)), modified=1), cost)
        for word, cost in _links(context, asked, noun)
        if word.property
    ]


def related_of(context: Context, noun: Noun, poss: None, asked: Asked) -> list[Out] | None:
    """ "Texas's capital"."""
    return related(context, asked, None, noun)


def anyones(context: Context, asked: Asked) -> list[Out] | None:
    """ "the capitals": of anything."""
    return [
        Out(Noun(Things(_range(context, word), constraints=(Related(word.property, Things(), inverse=True),))), cost + 0.1)
        for word, cost in _links(context, asked, Noun(Things()))
        if word.property
    ]


def anyones_class(context: Context, noun: Noun, asked: Asked) -> list[Out] | None:
    """ "state capitals": of any state."""
    return None if noun.named or not noun.bare else related(context, asked, None, noun)


def _links(context: Context, asked: Asked, noun: Noun) -> list[tuple[PropertyWord, float]]:
    classes = context.classes_of(noun)
    words: list[Scored] = [one for one in asked.words if _links_things(one.value)] if not asked.function else []
    return [(one.value, context.fits(one.value.domains, classes)) for one in words][:2]


def _links_things(word: PropertyWord) -> bool:
    return word.dimension == "thing" and bool(word.property and word.property.iri)


def _range(context: Context, word: PropertyWord) -> tuple[Concept, ...]:
    entry = context.knowledge.properties.get(word.property.iri) if word.property else None
    known = [context.knowledge.classes[iri] for iri in (entry.ranges if entry else ()) if iri in context.knowledge.classes]
    return tuple(Concept(one.labels[0] if one.labels else "", one.iri) for one in known)


def joined(context: Context, one: Noun, joint: Literal["and", "or"], other: Noun) -> list[Out] | None:
    """ "lakes and rivers", "Kent and Essex", "a beach and a village"."""
    if one.named != other.named or one.things.pick or (one.parts and one.joint != joint) or other.quantifier == "no":
        return None
    parts = (*(one.parts or (one,)), *(other.parts or (other,)))
    unlike = bool(one.modified) + bool(other.modified)
    quantifier = "no" if one.quantifier == "no" else ""
    return [Out(Noun(_union(one, other), parts=parts, joint=joint, quantifier=quantifier, plural=True), (0.0, 0.25, 0.12)[unlike])]


def _union(one: Noun, other: Noun) -> Things:
    """What two nouns stand for together; nothing, if no set of things is both."""
    if one.named:
        return Things(named=one.things.named + other.things.named)
    if one.things.pick or other.things.pick:
        return Things()
    if one.things.classes == other.things.classes and (options := _apart(one.things, other.things)):
        return Things(one.things.classes, constraints=options)
    if one.modified or other.modified or one.things.constraints != other.things.constraints:
        return Things()
    return Things(tuple(dict.fromkeys(one.things.classes + other.things.classes)), constraints=one.things.constraints)


def _apart(one: Things, other: Things) -> tuple[Constraint, ...]:
    """ "images of Kent or images of Essex": what they share, and either of what they do not, if that is one condition each."""
    shared = tuple(row for row in one.constraints if row in other.constraints)
    mine, yours = ([row for row in these.constraints if row not in shared] for these in (one, other))
    return (*shared, AnyOf((mine[0], yours[0]))) if len(mine) == len(yours) == 1 else ()


def both(context: Context, one: Noun, and_: None, other: Noun) -> list[Out] | None:
    """ "lakes and rivers"."""
    return joined(context, one, "and", other)


def versus(context: Context, one: Noun, compare: None, other: Noun) -> list[Out] | None:
    """ "Kent versus Essex"."""
    return joined(context, one, "and", other) if one.named else None


def any_of(context: Context, one: Noun, or_: None, other: Noun) -> list[Out] | None:
    """ "lakes or rivers"."""
    return joined(context, one, "or", other)


def listed(context: Context, one: Noun, comma: None, other: Noun) -> list[Out] | None:
    """ "towns, villages and cities"."""
    return joined(context, one, other.joint, other) if other.parts and not other.modified else None


def areas(context: Context, noun: Noun, word: None) -> Noun | None:
    """ "woodland areas"."""
    return None if noun.named else noun


def called(context: Context, noun: Noun, be: None, named: None, name: Noun) -> Noun | None:
    """ "cities named Austin": any of that name."""
    if noun.things.named or not name.named or name.modified or name.parts or not noun.things.classes:
        return None
    fitting = tuple(one for one in name.names if one.cls and any(context.related(one.cls, cls) for cls in context.classes_of(noun)))
    return changed(noun, things=changed(noun.things, named=fitting or name.names), modified=noun.modified + 1, parts=())


def without(context: Context, without_: None, noun: Noun) -> Mod | None:
    """ "islands without lakes"."""
    constraints = None if noun.named or noun.quantifier else spatial(RelationWord("contains"), noun)
    return negate(Mod(constraints)) if constraints else None


RULES = rules(
    "nouns",
    (
        ("NP", "sup NP", superlative, 0.0),
        ("NP", "adj NP", superlative, 0.03),
        ("NP", "num NP", numbered, 0.0),
        ("NP", "top num NP", top, 0.0),
        ("NP", "limit num NP", at_most, 0.1),
        ("NP", "top num NP by prop", top_by, -0.05),
        ("NP", "nth NP", nth, 0.0),
        ("NP", "nth NP", first, 0.0),
        ("NP", "AMT NP", counted, 0.0),
        ("NP", "no NP", none_of, 0.0),
        ("NP", "all NP", quantified("all"), -0.05),
        ("NP", "each NP", quantified("each"), 0.02),
        ("NP", "only NP", quantified("only"), 0.02),
        ("NP", "a NP", quantified("a"), -0.04),
        ("NP", "any NP|other NP", unchanged, 0.0),
        ("NP", "facet +NP", faceted, 0.0),
        ("NP", "NP with? +facet", faceted_behind, 0.08),
        ("NP", "NP with +facet", faceted_behind, 0.0),
        ("NP", "NP +NP", adjective, 0.0),
        ("NP", "NP +NP", telegraphic, 0.3),
        ("NP", "NP +NP", apposition, 0.03),
        ("NP", "NP of-itself +NP", apposition_of, 0.0),
        ("NP", "NP comma +NP", apposition_behind, 0.0),
        ("NP", "NP comma? +NP", container, 0.1),
        ("NP", "NP comma +facet", address, -0.03),
        ("NP", "NP MOD", located, 0.0),
        ("NP", "NP comma MOD", set_off, 0.0),
        ("NP", "NP poss NP", possessive, 0.0),
        ("NP", "NP poss beside NP", beside_of, 0.0),
        ("NP", "beside NP of NP|beside NP to NP", beside, 0.0),
        ("NP", "part of? NP", part_of, 0.05),
        ("NP", "prop of NP", related, 0.0),
        ("NP", "NP poss prop", related_of, 0.0),
        ("NP", "prop", anyones, 0.1),
        ("NP", "NP +prop", anyones_class, 0.3),
        ("NP", "NP and NP", both, 0.0),
        ("NP", "NP compare NP", versus, 0.0),
        ("NP", "NP or NP", any_of, 0.0),
        ("NP", "NP comma NP", listed, 0.0),
        ("NP", "NP be? named NP", called, 0.0),
        ("NP", "NP +areas", areas, 0.05),
        ("MOD", "without NP", without, 0.0),
    ),
)
