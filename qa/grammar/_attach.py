"""How a modifier joins a noun, and a relation its object: decided by types."""

from __future__ import annotations

from collections.abc import Iterator

from ..language import RelationWord
from ..request import AnyOf, Compare, Constraint, Has, Measure, Operator, Pick, Property, Related, Relation, Spatial, Things, Value
from ._chart import Out
from ._context import Context
from ._meaning import Asked, Mod, Noun, changed

INVERSE: dict[Relation, Relation] = {
    "within": "contains", "contains": "within", "north": "south", "south": "north", "east": "west", "west": "east",
    "northeast": "southwest",
    "southwest": "northeast", "northwest": "southeast", "southeast": "northwest",
}  # fmt: skip
"""The relation the other way round; the others are their own inverse."""

_ANY: frozenset[Relation] = frozenset(("within", "near", "along", "distance"))
"""Relations that "A and B" means one of: lakes in Greece and Albania are in either."""


def turned(relation: Relation) -> Relation:
    """The relation the other way round."""
    return INVERSE.get(relation, relation)


def inverse(constraint: Spatial, of: Noun) -> Spatial:
    """A spatial constraint of another thing, turned to one that ``of`` is the object of."""
    return changed(constraint, relation=turned(constraint.relation), of=(of.things,), count=of.count)


def spatial(word: RelationWord, noun: Noun) -> tuple[Constraint, ...] | None:
    """The constraints that a relation to a noun stands for."""
    relation = turned(word.relation) if word.passive else word.relation
    if noun.waiting or (relation == "between" and len(noun.parts) != 2):
        return None
    if relation == "disjoint":
        return (Spatial("within", (noun.things,), negated=True),)
    if relation == "between" or (noun.parts and _any_part(relation, noun)):
        return (Spatial(relation, tuple(part.things for part in noun.parts), negated=noun.quantifier == "no"),)
    each = noun.parts or (noun,)
    return tuple(Spatial(relation, (part.things,), count=part.count, negated="no" in (part.quantifier, noun.quantifier)) for part in each)


def _any_part(relation: Relation, noun: Noun) -> bool:
    return noun.joint == "or" or (relation in _ANY and all(part.named for part in noun.parts))


def attach(context: Context, noun: Noun, mod: Mod, *, said: bool = False) -> list[Out]:
    """The noun with the modifier: in several ways if its property may mean several things; none if the types forbid it.

    ``said``: it is said of the noun, as the subject of a sentence, and not to tell which one is meant.
    """
    if mod.more:
        return _attach_all(context, noun, (changed(mod, more=()), *mod.more), said)
    if noun.parts:
        return _attach_to_parts(context, noun, mod, said)
    if mod.options:
        return _attach_any(context, noun, mod.options, said)
    inward = _inward(context, noun, mod) if mod.time else None
    if inward:
        return [Out(inward)]
    cost = _strain(context, noun, mod, said)
    more = changed(noun, modified=noun.modified + 1)
    if mod.best:
        return _best(context, more.having(*mod.constraints), mod.best, mod.descending, cost)
    if mod.bounds or mod.than:
        return _compared_inward(context, noun, mod) or _compared(context, more, mod, cost)
    if mod.pick:
        return [Out(more.having(*mod.constraints).picked(mod.pick), cost)] if not noun.things.pick else []
    return _constrained(context, noun, more, mod, cost)


def _inward(context: Context, noun: Noun, mod: Mod) -> Noun | None:
    """ "flooded in March": the time is of the floods, not of what was flooded."""
    if noun.things.classes and context.timed(noun):
        return None
    for at, inner in _objects(noun):
        if context.event(inner):
            return _relating(noun, at, changed(inner, constraints=inner.constraints + mod.constraints))
    return None


def _objects(noun: Noun) -> Iterator[tuple[int, Things]]:
    """The things that a noun is related to in space, each with the place of its constraint, which has no others."""
    for at, one in enumerate(noun.things.constraints):
        if isinstance(one, Spatial) and len(one.of) == 1 and isinstance(one.of[0], Things):
            yield at, one.of[0]


def _relating(noun: Noun, at: int, inner: Things) -> Noun:
    """The noun where the constraint at a place relates it to other things."""
    constraints = noun.things.constraints
    moved = changed(constraints[at], of=(inner,))
    return changed(
        noun, things=changed(noun.things, constraints=(*constraints[:at], moved, *constraints[at + 1 :])), modified=noun.modified + 1
    )


def _strain(context: Context, noun: Noun, mod: Mod, said: bool) -> float:
    """What it costs that a noun and a modifier do not go well together."""
    cost = 0.0 if said else 0.06 * noun.modified
    if noun.named and not said and (mod.clause or not _places(mod)):
        cost += 0.5
    if mod.time and not context.lasts(noun):
        cost += 0.5
    return cost + sum(odd(context, noun, one) for one in mod.constraints if isinstance(one, Spatial))


def _constrained(context: Context, noun: Noun, more: Noun, mod: Mod, cost: float) -> list[Out]:
    constraints = tuple(seen(context, noun, one) for one in mod.constraints)
    plain = Out(more.having(*constraints), cost)
    scope = None if context.timed(noun) else _scope(noun, constraints)
    return [Out(more.having(*constraints, scope), cost), plain._replace(cost=cost + 0.08)] if scope else [plain]


def _scope(noun: Noun, constraints: tuple[Constraint, ...]) -> Spatial | None:
    """ "islands east of villages in Greece": the place at the end is where all of it is."""
    only = constraints[0] if len(constraints) == 1 else None
    if not isinstance(only, Spatial) or only.negated or only.relation in _OUTSIDE or noun.named or _placing(noun.things):
        return None
    inner = only.of[0] if len(only.of) == 1 else None
    return _placing(inner) if isinstance(inner, Things) and inner.classes and not inner.named else None


def scoped(noun: Noun, mod: Mod) -> Noun:
    """ "In Greece, which islands are east of villages": the villages are there too."""
    place = _placing(Things(constraints=mod.constraints)) if len(mod.constraints) == 1 else None
    for at, inner in _objects(noun) if place else ():
        one = noun.things.constraints[at]
        apart = isinstance(one, Spatial) and one.relation in _OUTSIDE
        if place and not apart and inner.classes and not inner.named and not _placing(inner):
            noun = _relating(noun, at, changed(inner, constraints=(*inner.constraints, place)))
    return noun


_OUTSIDE = frozenset(("within", "distance", "equals", "disjoint", "towards", "between"))
"""Relations whose two ends say nothing of each other's place, or all."""


def _placing(things: Things) -> Spatial | None:
    """The constraint that says in which named place things are."""
    for one in things.constraints:
        inner = one.of[0] if isinstance(one, Spatial) and one.relation == "within" and not one.negated and one.of else None
        if isinstance(one, Spatial) and isinstance(inner, Things) and inner.named:
            return one
    return None


def seen(context: Context, noun: Noun, constraint: Constraint) -> Constraint:
    """Images of a place, and floods in it, meet it; they need not lie in it."""
    if isinstance(constraint, Spatial) and constraint.relation == "within" and context.timed(noun):
        return changed(constraint, relation="intersects")
    return constraint


def odd(context: Context, noun: Noun, constraint: Spatial) -> float:
    """Cost of a relation between things of kinds that hardly have it: two areas that cross, something within a line."""
    others = [Noun(one) for one in constraint.of if isinstance(one, Things)]
    if noun.things.classes and any(one.things.classes == noun.things.classes and one.things.pick for one in others):
        return _SAME
    if constraint.relation not in ("crosses", "within", "contains") or not others:
        return 0.0
    one, other = context.shapes(noun), context.shapes(others[0])
    if constraint.relation == "crosses":
        return 0.0 if 1 in one or 1 in other else _NO_LINE
    whole = other if constraint.relation == "within" else one
    return 0.0 if 2 in whole else _ODD


_ODD, _NO_LINE, _SAME = 0.2, 0.5, 0.3


def _attach_all(context: Context, noun: Noun, mods: tuple[Mod, ...], said: bool) -> list[Out]:
    """One after the other, each in its best way."""
    found = [Out(noun)]
    for mod in mods:
        ways = attach(context, found[0].value, mod, said=said)
        if not ways:
            return []
        found = [Out(way.value, found[0].cost + way.cost, found[0].notes + way.notes) for way in ways[:1]]
    return found


def _attach_any(context: Context, noun: Noun, mods: tuple[Mod, ...], said: bool) -> list[Out]:
    """The noun with one of several conditions, each in its best way, where each is one constraint."""
    bare = changed(noun, things=changed(noun.things, constraints=(), pick=None))
    ways = [way for mod in mods for way in attach(context, bare, mod, said=said)[:1]]
    options = tuple(one for way in ways for one in way.value.things.constraints)
    if not len(ways) == len(options) == len(mods):
        return []
    notes = tuple(note for way in ways for note in way.notes)
    return [Out(changed(noun.having(AnyOf(options)), modified=noun.modified + 1), max(way.cost for way in ways), notes)]


def _places(mod: Mod) -> bool:
    return bool(mod.constraints) and all(isinstance(one, Spatial) and one.relation == "within" for one in mod.constraints)


def _attach_to_parts(context: Context, noun: Noun, mod: Mod, said: bool) -> list[Out]:
    wholes = attach(context, changed(noun, parts=()), mod, said=said)
    each = [attach(context, part, mod, said=said) for part in noun.parts]
    if not wholes or not all(each):
        return []
    parts = tuple(ways[0].value for ways in each)
    return [Out(changed(wholes[0].value, parts=parts, joint=noun.joint), max(ways[0].cost for ways in each) + 0.02)]


def _best(context: Context, noun: Noun, asked: Asked, descending: bool, cost: float) -> list[Out]:
    if noun.things.pick:
        return []
    return [Out(noun.picked(Pick(out.value, descending)), cost + out.cost, out.notes) for out in context.resolve(asked, noun)]


def _compared(context: Context, noun: Noun, mod: Mod, cost: float) -> list[Out]:
    bounds = mod.bounds
    asked = mod.asked or Asked(hints=(bounds.hints or _HINTS.get(bounds.unit, ())) if bounds else ())
    found = []
    for out in context.resolve(asked, noun, bounds.unit if bounds else "") if asked.words or asked.hints else ():
        if not _placeless(out.value):
            found.append(Out(noun.having(*_compares(out.value, mod)), cost + out.cost, out.notes))
    return found


def _compared_inward(context: Context, noun: Noun, mod: Mod) -> list[Out]:
    """ "flooded with a flood level above 10": the level is of the floods, where what was flooded has none."""
    if not mod.bounds or not mod.asked or not mod.asked.words or noun.named:
        return []
    if any(out.cost < _ODD for out in context.resolve(mod.asked, noun)):
        return []
    for at, inner in _objects(noun):
        if inner.classes and not inner.named:
            for out in _compared(context, Noun(inner), mod, 0.0):
                if out.cost < _ODD:
                    return [Out(_relating(noun, at, out.value.things), out.cost, out.notes)]
    return []


def _placeless(value: Value) -> bool:
    """Whether it is a measure that no amount is compared with."""
    return isinstance(value, Measure) and (value.measure in _PLACES or (value.measure == "distance" and not value.to))


def _compares(value: Value, mod: Mod) -> tuple[Constraint, ...]:
    if mod.bounds:
        return tuple(Compare(value, op, amount) for op, amount in mod.bounds.bounds)
    if isinstance(mod.than, Noun):
        return (Compare(value, mod.op, of(value, mod.than)),)
    return (Compare(value, mod.op, of(mod.than.values[0], mod.than.of)),) if mod.than else ()


_HINTS: dict[str, tuple[str, ...]] = {
    "km2": ("area",), "m2": ("area",), "har": ("area",), "[acr_br]": ("area",), "[smi_us]": ("area",), "km": ("length",),
    "m": ("length", "elevation"), "[mi_i]": ("length",), "[ft_i]": ("elevation",),
}  # fmt: skip
"""Unit → what an amount of it alone is compared with."""


_PLACES = frozenset(("location", "bearing"))
"""Measures that no amount is compared with."""


def of(value: Value, noun: Noun) -> Value:
    """The value of a certain noun, instead of the one that it is asked of."""
    if isinstance(value, Property | Measure):
        return changed(value, of=noun.things)
    return changed(value, numerator=of(value.numerator, noun), denominator=of(value.denominator, noun))


def negate(mod: Mod) -> Mod | None:
    """Not so; None where the tree has no way to say it."""
    if mod.more or mod.options:
        return None
    if mod.bounds and len(mod.bounds.bounds) == 1:
        ((op, amount),) = mod.bounds.bounds
        return changed(mod, bounds=changed(mod.bounds, bounds=((_NOT[op], amount),), plain=False))
    if mod.than:
        return changed(mod, op=_NOT[mod.op])
    if len(mod.constraints) != 1:
        return None
    only = mod.constraints[0]
    if isinstance(only, Spatial | Related | Has):
        return changed(mod, constraints=(changed(only, negated=not only.negated),))
    if isinstance(only, Compare):
        return changed(mod, constraints=(changed(only, op=_NOT[only.op]),))
    return None


_NOT: dict[Operator, Operator] = {"<": ">=", "<=": ">", "=": "!=", "!=": "=", ">=": "<", ">": "<="}


def either(one: Mod, other: Mod) -> Mod | None:
    """One of two conditions."""
    if one.more or other.more or one.pick or other.pick or one.best or other.best:
        return None
    if len(one.constraints) == len(other.constraints) == 1 and not one.bounds and not other.bounds:
        return Mod((AnyOf((*one.constraints, *other.constraints)),))
    return Mod(options=(*(one.options or (one,)), *(other.options or (other,))))
