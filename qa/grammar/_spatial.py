"""Modifiers by place and time: relations, distances, directions, clauses with verbs of place."""

from __future__ import annotations

from ..language import RelationWord, Superlative
from ..request import Argument, Box, Constraint, Count, Measure, Pick, Point, Related, Relation, Spatial, Temporal
from ._attach import either, negate, spatial, turned
from ._chart import Out
from ._context import METRES, Context
from ._meaning import Asked, Bounds, Mod, Noun, changed
from ._nouns import TO_NOTHING
from ._rules import rules

_CONTAINS = RelationWord("contains")


def relation(context: Context, word: RelationWord, noun: Noun) -> list[Out] | None:
    """ "in Greece", "north of lakes", "bordering Texas"."""
    constraints = spatial(word, _counting(noun))
    # "of" between a class and a class is rarely a place
    loose = 0.15 if word.loose and not noun.named else 0.0
    return [Out(Mod(constraints), loose)] if constraints else None


def _counting(noun: Noun) -> Noun:
    """Three lakes, as the object of a relation, are exactly three."""
    if noun.limit and noun.limit > 1 and not noun.count:
        return changed(noun, limit=None, count=Count("=", noun.limit))
    return noun


def negated_relation(context: Context, not_: None, mod: Mod) -> Mod | None:
    """ "not in Greece", "do not border Texas"."""
    return negate(mod)


def negated_verb(context: Context, do: None, not_: None, mod: Mod) -> Mod | None:
    """ "do not border Texas"."""
    return negate(mod)


def coordinates(context: Context, word: RelationWord | None, place: Point | Box) -> Mod:
    """ "near 9.9, 53.5", "bbox 9, 53, 10, 54"."""
    return Mod((Spatial(word.relation if word and not word.loose else "intersects", (place,)),))


def distance(context: Context, bounds: Bounds) -> tuple[tuple[str, float], ...] | None:
    """ "5 km", "less than 10 km"; as metres."""
    factor = METRES.get(bounds.unit)
    if factor is None or (bounds.hints and bounds.hints != ("distance",)) or any(amount.value < 0 for _, amount in bounds.bounds):
        return None
    return tuple(("<=" if bounds.plain else op, amount.value * factor) for op, amount in bounds.bounds)


Reach = tuple[tuple[str, float], ...]


def between_reaches(context: Context, one: Reach, and_: None, other: Reach) -> Reach | None:
    """ "more than 5 km but less than 10 km"."""
    return (*one, *other) if {op[0] for op, _ in (*one, *other)} == {"<", ">"} else None


def framed(context: Context, before: None, reach: Reach, behind: None) -> list[Out]:
    """ "within a radius of 10 km", "5 km radius"."""
    return [Out(reach)]


def reached(context: Context, reach: Reach, from_: None, noun: Noun) -> Mod | None:
    """ "within 5 km of Dublin", "at most 3 miles away from a park"."""
    if noun.waiting:
        return None
    each = noun.parts if noun.parts and noun.joint == "and" and not noun.named else (noun,)
    options = tuple(part.things for part in noun.parts) if noun.parts and each == (noun,) else None
    return Mod(
        tuple(
            Spatial("distance", options or (part.things,), op, metres, count=part.count, negated=part.quantifier == "no")  # type: ignore[arg-type]
            for part in each
            for op, metres in reach
        )
    )


def bounded(context: Context, mod: Mod, comma: None, reach: Reach) -> Mod | None:
    """ "north of Rome within 30 km", "towards Bonn from Cologne within 5 km"."""
    if len(mod.constraints) != 1 or len(reach) != 1 or not isinstance(mod.constraints[0], Spatial):
        return None
    only = mod.constraints[0]
    if only.metres is not None or only.relation in ("within", "contains", "touches", "distance"):
        return None
    op, metres = reach[0]
    near = changed(only, relation="distance") if only.relation == "near" else only
    return Mod((changed(near, op=op, metres=metres),))


def bounded_before(context: Context, reach: Reach, mod: Mod) -> Mod | None:
    """ "30 km north of Rome"."""
    return bounded(context, mod, None, reach)


def towards(context: Context, word: RelationWord, goal: Noun, from_: None, start: Noun) -> Mod | None:
    """ "towards Bonn from Cologne"."""
    if word.relation != "towards" or goal.waiting or start.waiting:
        return None
    return Mod((Spatial("towards", (goal.things, start.things)),))


def towards_bounded(context: Context, word: RelationWord, goal: Noun, reach: Reach, from_: None, start: Noun) -> Mod | None:
    """ "towards Bonn within 5 km from Cologne"."""
    mod = towards(context, word, goal, None, start)
    return bounded(context, mod, None, reach) if mod else None


def from_towards(context: Context, from_: None, start: Noun, word: RelationWord, goal: Noun) -> Mod | None:
    """ "from Cologne towards Bonn"."""
    return towards(context, word, goal, None, start)


def reach_towards(context: Context, reach: Reach, from_: None, start: Noun, word: RelationWord, goal: Noun) -> Mod | None:
    """ "within 5 km from Cologne towards Bonn"."""
    return towards_bounded(context, word, goal, reach, None, start)


def picked_towards(context: Context, noun: Noun, mod: Mod) -> list[Out] | None:
    """ "the nearest hotel towards Bonn from Cologne", "the nearest hotel north of Bonn": nearest to where one starts."""
    there = start(mod)
    if not noun.waiting or there is None or not noun.things.pick:
        return None
    pick = changed(noun.things.pick, by=changed(TO_NOTHING, to=there))
    return [Out(changed(noun.having(*mod.constraints).picked(pick), modified=noun.modified + 1), -0.05)]


def start(mod: Mod) -> Argument | None:
    """What a way, a direction or a reach starts from; None for all other modifiers."""
    only = mod.constraints[0] if len(mod.constraints) == 1 else None
    if not isinstance(only, Spatial) or only.negated or only.count or mod.pick:
        return None
    if only.relation == "towards":
        return only.of[1]
    return only.of[0] if len(only.of) == 1 and only.relation in _STARTING else None


_STARTING = frozenset(("distance", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"))


def picked_near(context: Context, noun: Noun, to: None, place: Noun) -> list[Out] | None:
    """ "the nearest hospital to Rome"."""
    pick = noun.things.pick
    if not noun.waiting or not pick or place.waiting or place.quantifier == "no":
        return None
    nearest = changed(noun, things=changed(noun.things, pick=changed(pick, by=changed(TO_NOTHING, to=place.things))))
    return [Out(changed(nearest, modified=noun.modified + 1), -0.05)]


def closest_to(context: Context, word: Superlative, to: None, place: Noun) -> Mod | None:
    """ "closest to Rome", behind a noun."""
    if word.hints != ("distance",) or place.waiting:
        return None
    return Mod(pick=Pick(changed(TO_NOTHING, to=place.things), word.descending))


def closest_towards(context: Context, word: Superlative, mod: Mod) -> Mod | None:
    """ "closest on the way to Bonn from Cologne", "nearest to the north of Bonn", behind a noun."""
    there = start(mod)
    if word.hints != ("distance",) or there is None:
        return None
    return Mod(mod.constraints, pick=Pick(changed(TO_NOTHING, to=there), word.descending))


def when(context: Context, word: RelationWord | None, taken: None, time: Temporal) -> Mod | None:
    """ "in March 2018", "taken after May 2020"."""
    if word and not word.loose and word.relation not in ("within", "near"):
        return None
    return Mod((time,), time=True)


def related_to(context: Context, with_: None, asked: Asked, of: None, noun: Noun) -> list[Out] | None:
    """ "with the capital Albany", "whose capital is Albany"."""
    found = []
    for scored in asked.words[:3]:
        if scored.value.dimension == "thing" and scored.value.property:
            found.append(Out(Mod((Related(scored.value.property, noun.things),)), 0.3 * (asked.words[0].score - scored.score)))
    return found or None


def clause(context: Context, that: None, be: None, mod: Mod) -> Mod:
    """ "that border Texas", "which are in Greece"."""
    return changed(mod, clause=True)


def verb(context: Context, word: RelationWord, noun: Noun) -> list[Out] | None:
    """ "border Texas"."""
    return relation(context, word, noun)


def contains(context: Context, have: None, noun: Noun) -> list[Out] | None:
    """ "have lakes", "have no lakes"."""
    return _holding(_CONTAINS, noun)


def has_beside(context: Context, have: None, word: RelationWord, noun: Noun) -> list[Out] | None:
    """ "have neighbouring states"."""
    return _holding(word, noun)


def has_none_beside(context: Context, have: None, no: None, word: RelationWord, noun: Noun) -> list[Out] | None:
    """ "have no neighbouring states"."""
    return _holding(word, changed(noun, quantifier="no"))


def contains_within(context: Context, have: None, noun: Noun, word: RelationWord, them: None) -> list[Out] | None:
    """ "have rivers running through them"."""
    return _holding(changed(word, relation=turned(word.relation)), noun)


def _holding(word: RelationWord, noun: Noun) -> list[Out] | None:
    constraints = spatial(word, _counting(noun))
    if constraints and noun.quantifier == "only":
        constraints = _and_no_others(word, noun, constraints)
    return [Out(Mod(constraints), 0.1 if noun.named and noun.bare else 0.0)] if constraints else None


def _and_no_others(word: RelationWord, noun: Noun, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...] | None:
    """ "have only lakes larger than 5 km²": such lakes, and none that are not so; None where that is more than one condition."""
    if len(noun.things.constraints) != 1:
        return None
    contrary = negate(Mod(noun.things.constraints))
    others = changed(noun, quantifier="no", things=changed(noun.things, constraints=contrary.constraints)) if contrary else None
    none = spatial(word, others) if others else None
    return (*constraints, *none) if none else None


def stranded(context: Context, that: None, be: None, noun: Noun, word: RelationWord) -> list[Out] | None:
    """ "(that) the Mississippi runs through", "(which) Rochester is in"."""
    if noun.quantifier == "no" or noun.waiting or word.relation in ("towards", "between"):
        return None
    found: Relation = word.relation if word.passive else turned(word.relation)
    return [Out(Mod((Spatial(found, (noun.things,), count=noun.count),)))]


def fronted(context: Context, word: RelationWord, that: None, noun: Noun, motion: None) -> list[Out] | None:
    """ "through which the Mississippi runs"."""
    return stranded(context, None, None, noun, word)


def except_for(context: Context, except_: None, noun: Noun) -> Mod:
    """ "excluding Alaska"."""
    return Mod(tuple(Spatial("equals", (part.things,), negated=True) for part in noun.parts or (noun,)))


def at_border(context: Context, word: RelationWord, noun: Noun, poss: None, border: None) -> list[Out] | None:
    """ "on Thessaly's border"."""
    return relation(context, RelationWord("touches"), noun)


def conjoined(context: Context, one: Mod, and_: None, other: Mod) -> Mod | None:
    """ "north of A and east of B"."""
    if other.more or one.time != other.time or (one.best or one.pick) and (other.best or other.pick):
        return None
    if one.constraints and other.constraints and not (_open(one) or _open(other)):
        return changed(one, constraints=one.constraints + other.constraints, clause=one.clause or other.clause)
    return changed(one, more=(*one.more, other))


def neither(context: Context, not_: None, one: Mod, nor: None, other: Mod) -> Mod | None:
    """ "neither in A nor in B"."""
    first, second = negate(one), negate(other)
    return conjoined(context, first, None, second) if first and second else None


def neither_verb(context: Context, do: None, not_: None, one: Mod, nor: None, other: Mod) -> Mod | None:
    """ "do not border A nor contain a lake"."""
    return neither(context, None, one, None, other)


def _open(mod: Mod) -> bool:
    """Whether there is more to it than constraints."""
    return bool(mod.bounds or mod.than or mod.best or mod.pick or mod.more or mod.options)


def followed(context: Context, one: Mod, other: Mod) -> Mod | None:
    """ "has the most inhabitants in Ohio", "have the lowest cloud cover in 2023": place and time are of the whole."""
    if other.time:
        return changed(one, more=(*one.more, other)) if one.best or one.pick else None
    if not other.constraints or not (one.constraints or one.pick or one.best) or one.bounds or one.than:
        return None
    return changed(one, constraints=one.constraints + other.constraints)


def itself(context: Context, mod: Mod, word: RelationWord, them: None) -> Mod:
    """ "contain a lagoon within them"."""
    return mod


def disjoined(context: Context, one: Mod, or_: None, other: Mod) -> Mod | None:
    """ "in a lake or in a forest"."""
    return either(one, other)


def most(context: Context, word: RelationWord, best: Superlative, noun: Noun) -> Mod | None:
    """ "border the most states"."""
    constraints = spatial(word, noun) if best.hints == ("count",) and not noun.named else None
    only = constraints[0] if constraints and len(constraints) == 1 else None
    return Mod(pick=Pick(Measure("count", via=only), best.descending)) if isinstance(only, Spatial) else None


def has_most(context: Context, have: None, best: Superlative, noun: Noun, word: RelationWord | None, them: None) -> Mod | None:
    """ "have the most lakes", "with the fewest parks", "with the most rivers running through it"."""
    return most(context, changed(word, relation=turned(word.relation)) if word else _CONTAINS, best, noun)


def has_most_and(context: Context, have: None, best: Superlative, noun: Noun, and_: None, other: Noun) -> Mod | None:
    """ "with the most forests and at least two lakes"."""
    mod, more = most(context, _CONTAINS, best, noun), _holding(_CONTAINS, other)
    return changed(mod, constraints=more[0].value.constraints) if mod and more else None


RULES = rules(
    "spatial",
    (
        ("MOD", "rel NP", relation, 0.0),
        ("VP", "relv NP", verb, 0.0),
        ("MOD", "relv NP", verb, 0.3),
        ("MOD", "not MOD", negated_relation, 0.0),
        ("VP", "do? not VP", negated_verb, 0.0),
        ("MOD", "rel? coord", coordinates, 0.0),
        ("DIST", "AMT", distance, 0.0),
        ("DIST", "radius? DIST radius?|within DIST radius?", framed, 0.0),
        ("DIST", "DIST and DIST", between_reaches, 0.0),
        ("MOD", "DIST from NP", reached, 0.0),
        ("MOD", "MOD comma? DIST", bounded, 0.0),
        ("MOD", "DIST MOD", bounded_before, 0.0),
        ("MOD", "towards NP from NP", towards, 0.0),
        ("MOD", "towards NP DIST from NP", towards_bounded, 0.0),
        ("MOD", "from NP towards NP", from_towards, 0.02),
        ("MOD", "DIST from NP towards NP", reach_towards, 0.02),
        ("NP", "NP MOD", picked_towards, 0.0),
        ("NP", "NP to NP", picked_near, 0.0),
        ("MOD", "sup to NP", closest_to, 0.0),
        ("MOD", "sup MOD", closest_towards, 0.0),
        ("MOD", "rel? taken? time", when, 0.0),
        ("MOD", "with prop of? NP|whose prop be NP|have prop of? NP", related_to, 0.0),
        ("MOD", "that be? MOD", clause, 0.0),
        ("MOD", "that be? VP", clause, 0.0),
        ("VP", "have NP", contains, 0.0),
        ("VP", "have beside NP", has_beside, 0.0),
        ("VP", "have no beside NP", has_none_beside, 0.0),
        ("MOD", "with NP", contains, 0.1),
        ("VP", "have NP rel them", contains_within, 0.0),
        ("MOD", "with NP rel them", contains_within, 0.0),
        ("MOD", "that? be? NP relv", stranded, 0.12),
        ("MOD", "rel that NP motion", fronted, 0.0),
        ("MOD", "except NP", except_for, 0.0),
        ("MOD", "rel NP poss border-of", at_border, 0.0),
        ("MOD", "MOD and MOD|MOD comma MOD", conjoined, 0.0),
        ("MOD", "not MOD nor MOD", neither, 0.0),
        ("VP", "do? not VP nor VP|do? not VP nor MOD", neither_verb, 0.0),
        ("VP", "MOD and VP|VP and MOD", conjoined, 0.05),
        ("VP", "VP and VP", conjoined, 0.0),
        ("VP", "VP MOD", followed, 0.12),
        ("VP", "VP rel them", itself, 0.0),
        ("MOD", "MOD or MOD", disjoined, 0.0),
        ("VP", "VP or VP", disjoined, 0.0),
        ("VP", "relv sup NP", most, 0.0),
        ("MOD", "rel sup NP", most, 0.0),
        ("VP", "have sup NP rel? them?", has_most, 0.0),
        ("VP", "have sup NP and NP", has_most_and, 0.0),
        ("MOD", "with sup NP and NP", has_most_and, 0.0),
        ("MOD", "with sup NP rel? them?", has_most, 0.0),
    ),
)
