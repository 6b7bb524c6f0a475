"""All patterns of things: what they are, what they must meet, and which of them are picked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rdflib.term import Variable

from earthweave.ontology import RDF

from ..request import Argument, Measure, Pick, Things, Value
from ._algebra import Aggregate, Bind, Call, Column, Expression, Filter, Infix, Minus, Optional_, Part, Select, Triple
from ._constraints import constrain
from ._geometry import located
from ._scope import Scope, Subject, bare, decimal, members
from ._types import Lookup
from ._values import finite, valued

_SPARE = 8
"""Rows taken beyond those asked for by distance, where more than one is: a thing may have several geometries."""


def things(scope: Scope, argument: Argument, term: Variable | None = None) -> Subject:
    """Everything that is asked of things; without ``term`` they are nested, and whatever leads to them binds them."""
    assert isinstance(argument, Things)
    subject = members(scope, argument, term or scope.fresh("thing"), constrained=True)
    constrain(scope, subject, argument.constraints)
    first = next((part for part in subject.parts if not isinstance(part, Filter)), None)
    if isinstance(first, Minus | Optional_) or (term is not None and first is None):
        subject.parts.insert(0, anything(scope, subject))
    if argument.pick is None:
        return subject
    parts, rank = _picked(scope, argument, subject, argument.pick)
    return replace(bare(subject), parts=parts, rank=rank)


def anything(scope: Scope, subject: Subject) -> Triple:
    """A pattern that all things meet."""
    return Triple(subject.variable, (RDF.type,), scope.fresh("type"))


@dataclass(frozen=True)
class Ranked:
    """Things with one number each.

    Attributes:
        select: of the things and their ranks.
        thing, rank: its variables.
    """

    select: Select
    thing: Variable
    rank: Variable

    def first(self, pick: Pick, limit: int | Variable | None, offset: int = 0) -> Select:
        """The best of them."""
        order = ((self.rank, pick.descending), (self.thing, False))
        return replace(self.select, order=order, limit=limit, offset=offset)


def _ranked(scope: Scope, argument: Things, pick: Pick, most: int | None, subject: Subject, bound: Variable | None = None) -> Ranked:
    """The best number of each subject that has one; of distances ``most`` are taken, best first.

    With ``bound``, all that are as good as that instead.
    """
    found = valued(scope, subject, pick.by)
    parts, number = finite(scope, found)
    if pick.descending and isinstance(pick.by, Measure) and pick.by.measure == "count":
        # what has none of something does not have the most
        parts = (*parts, Filter(Infix(">", (number, decimal(0)))))
    rank = scope.fresh("rank")
    body: tuple[Part, ...] = (*subject.parts, *parts)
    if bound is not None:
        _look_up(scope, pick.by, found.expression)
        body = (*body, Filter(Infix(">=" if pick.descending else "<=", (found.expression, bound))))
    elif most is not None and _by_distance(pick):
        near, metres = found.expression, scope.fresh("metres")
        _look_up(scope, pick.by, near)
        body = (
            Select(
                (Column(subject.variable), Column(metres, near)), body, order=((metres, pick.descending),), limit=most + _SPARE * (most > 1)
            ),
        )
        number = metres
    best = Aggregate("MAX" if pick.descending else "MIN", number)
    return Ranked(Select((Column(subject.variable), Column(rank, best)), body, group=(subject.variable,)), subject.variable, rank)


def _by_distance(pick: Pick) -> bool:
    """Whether it is of things by how near, or how far, they are."""
    return isinstance(pick.by, Measure) and pick.by.measure == "distance"


def _look_up(scope: Scope, by: Value, distance: Expression) -> None:
    """The geometry of a place by name is found first: as a constant, an index finds what is nearest to it."""
    assert isinstance(distance, Call) and isinstance(by, Measure)
    place, shape = by.to, distance.arguments[1]
    if isinstance(place, Things) and place.named and not place.constraints and isinstance(shape, Variable):
        known, _ = located(scope, place)
        assert isinstance(known.shape, Variable)
        query = Select((Column(known.shape),), tuple(known.parts), distinct=True, limit=2)
        scope.lookups.append(Lookup(shape, query, needed=False))


def _picked(scope: Scope, argument: Things, subject: Subject, pick: Pick) -> tuple[list[Part], Variable]:
    """Those as good as the last one that is wanted, without the first that are skipped; and what they were picked by."""
    whole, pick = replace(argument, pick=None), pick if pick.share is None else replace(pick, skip=0)
    most = None if pick.share is not None else pick.skip + pick.count

    def again() -> Ranked:
        return _ranked(scope, whole, pick, most, things(scope, whole))

    last = most if most is not None else _part(scope, whole, pick)
    if most is not None and _by_distance(pick) and not pick.skip:
        bound = _last(scope, again(), pick, most)
        own = _ranked(scope, whole, pick, most, subject, bound)
        return [own.select if pick.ties else own.first(pick, most)], own.rank
    own = _ranked(scope, whole, pick, most, subject)
    if not pick.ties or _continuous(pick):
        return [own.first(pick, pick.count if pick.share is None else last, pick.skip)], own.rank
    other, bound = again(), scope.fresh("bound")
    ranks = replace(other.first(pick, last), columns=(Column(other.rank, other.select.columns[1].expression),))
    worst = Select((Column(bound, Aggregate("MIN" if pick.descending else "MAX", other.rank)),), (ranks,))
    parts: list[Part] = [own.select, worst, Filter(Infix(">=" if pick.descending else "<=", (own.rank, bound)))]
    if pick.skip:
        best = again()
        skipped = Select((Column(best.thing),), (best.first(pick, pick.skip),))
        parts.append(Minus((skipped, Bind(own.thing, best.thing))))
    return parts, own.rank


def _last(scope: Scope, ranked: Ranked, pick: Pick, most: int) -> Variable:
    """How far the last of the nearest is, which another query finds: up to there an index finds all of them, those as near included."""
    ranks = replace(ranked.first(pick, most), columns=(Column(ranked.rank, ranked.select.columns[1].expression),))
    bound = scope.fresh("bound")
    scope.lookups.append(Lookup(bound, Select((Column(bound, Aggregate("MIN" if pick.descending else "MAX", ranked.rank)),), (ranks,))))
    return bound


def _continuous(pick: Pick) -> bool:
    """Whether no two things are as good as each other but by chance."""
    return isinstance(pick.by, Measure) and pick.by.measure in ("area", "length", "perimeter", "bearing")


def _part(scope: Scope, whole: Things, pick: Pick) -> Variable:
    """The number of the top part, which another query finds."""
    subject = things(scope, whole)
    parts = valued(scope, subject, pick.by).parts
    number = scope.fresh("top")
    query = Select((Column(number, Aggregate("COUNT", subject.variable, distinct=True)),), (*subject.parts, *parts))
    scope.lookups.append(Lookup(number, query, share=pick.share))
    return number
