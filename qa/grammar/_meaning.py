"""What phrases mean while they are put together: nouns, modifiers, values, drafts of requests."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

from ..language import PropertyWord, Scored
from ..request import (
    Aggregate,
    Amount,
    AnyOf,
    Compare,
    Constraint,
    Count,
    Form,
    Measure,
    Named,
    Operator,
    Order,
    Pick,
    Property,
    Ratio,
    Related,
    Request,
    Spatial,
    Things,
    Value,
)  # fmt: skip

T = TypeVar("T")


def changed(value: T, /, **fields_: Any) -> T:
    """A frozen value with some of its fields changed: ``dataclasses.replace`` without the checks, ten times as fast."""
    new: T = object.__new__(type(value))
    new.__dict__.update(value.__dict__, **fields_)
    return new


@dataclass(frozen=True)
class Noun:
    """A noun phrase.

    Attributes:
        things: what it stands for.
        names: for a name, other things of the same name, likeliest first.
        count: how many there must be of it ("at least three lakes").
        limit: how many are wanted ("five lakes").
        quantifier: "no", "all", "each", "only", "any" in front of it.
        modified: how many modifiers stand behind its head.
        parts: of "A and B".
        joint: of the parts.
        part: a part of the place that is still to come ("in the north").
        text: for a name, as it was typed.
        plural: whether its head is.
        adjective: for a name, whether it was said as one ("Greek").
    """

    things: Things
    names: tuple[Named, ...] = ()
    count: Count | None = None
    limit: int | None = None
    quantifier: str = ""
    modified: int = 0
    parts: tuple[Noun, ...] = ()
    joint: Literal["and", "or"] = "and"
    text: str = ""
    plural: bool = False
    adjective: bool = False

    @property
    def named(self) -> bool:
        """Whether it is a name alone: nothing need be said to tell which one is meant."""
        return bool(self.things.named) and not self.things.classes

    @property
    def bare(self) -> bool:
        """Whether nothing but a head was said."""
        return not (self.modified or self.quantifier or self.count or self.limit or self.parts or self.things.pick)

    @property
    def waiting(self) -> bool:
        """Whether it is the nearest to something that was not said yet."""
        by = self.things.pick.by if self.things.pick else None
        return isinstance(by, Measure) and by.measure == "distance" and by.to is None

    def having(self, *constraints: Constraint) -> Noun:
        """It with more constraints."""
        # in an order of its own, so that two ways to put one thing together are one edge
        joined = {id(one): one for one in self.things.constraints + constraints}
        return changed(self, things=changed(self.things, constraints=tuple(joined[key] for key in sorted(joined))))

    def picked(self, pick: Pick) -> Noun:
        """It with a pick, as many as are wanted of it."""
        many = changed(pick, count=self.limit) if self.limit and pick.count == 1 else pick
        return changed(self, things=changed(self.things, pick=many), limit=None)


def areal(noun: Noun) -> bool:
    """Whether it is of areas by its name: "flooded areas"."""
    labels = [one.label for one in noun.things.classes]
    return bool(labels) and not noun.named and all(label.endswith(" area") for label in labels)


@dataclass(frozen=True)
class Bounds:
    """Amounts to compare with: "between 2 and 3 km²" has two. ``hints`` as of a comparator; ``plain`` if no comparison was said."""

    bounds: tuple[tuple[Operator, Amount], ...]
    hints: tuple[str, ...] = ()
    plain: bool = False

    @property
    def unit(self) -> str:
        """Of all of them."""
        return self.bounds[0][1].unit


@dataclass(frozen=True)
class Asked:
    """A property word, or the hints of an adjective, whose meaning depends on the noun it is asked of; ``more`` are asked beside it."""

    words: tuple[Scored, ...] = ()
    hints: tuple[str, ...] = ()
    function: Literal["", "sum", "avg", "max", "min"] = ""
    more: tuple[Asked, ...] = ()

    def word(self) -> PropertyWord | None:
        """The likeliest property."""
        return self.words[0].value if self.words else None


@dataclass(frozen=True)
class Mod:
    """A modifier of a noun.

    Attributes:
        constraints: that hold as they are.
        bounds, asked: a comparison whose property depends on the noun.
        than: a thing or a value to compare with, instead of an amount.
        op: of that comparison.
        pick: a superlative behind the noun ("closest to X"), or
        best: one whose property depends on the noun ("with the largest population").
        descending: of ``best``.
        time: says when; fits products and events.
        clause: a relative clause, which names rarely have.
        more: others that hold as well.
        options: of which one must hold.
    """

    constraints: tuple[Constraint, ...] = ()
    bounds: Bounds | None = None
    asked: Asked | None = None
    than: Noun | Values | None = None
    op: Operator = "="
    pick: Pick | None = None
    best: Asked | None = None
    descending: bool = True
    time: bool = False
    clause: bool = False
    more: tuple[Mod, ...] = ()
    options: tuple[Mod, ...] = ()


@dataclass(frozen=True)
class Sorting:
    """An order whose property depends on the noun that is sorted."""

    asked: Asked
    descending: bool = False


@dataclass(frozen=True)
class Values:
    """Values of a noun, resolved: "the population of Boston"."""

    of: Noun
    values: tuple[Value, ...]
    function: Literal["", "sum", "avg", "max", "min"] = ""


@dataclass(frozen=True)
class Land:
    """How much land, in a unit, something took: ``floods`` and their like, in a place if one is named."""

    unit: str
    floods: Noun
    place: Noun | None = None


@dataclass(frozen=True)
class Draft:
    """A request while it is made."""

    form: Form
    noun: Noun
    columns: tuple[Value, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    order: Order | None = None
    limit: int | None = None
    draw: bool = False
    service: str = ""

    def request(self) -> Request:
        """The finished request; raises `ParameterError` where its parts contradict each other."""
        limit = self.limit if self.form == "find" else None
        return Request(self.form, ordered(self.noun.things), self.columns, self.aggregates, self.order, limit, self.draw, self.service)


def ordered(things: Things) -> Things:
    """The same things with their constraints in an order that does not depend on how it was said."""
    constraints = tuple(sorted(map(_ordered, things.constraints), key=repr))
    pick = things.pick and replace(things.pick, by=_ordered(things.pick.by))
    return replace(things, constraints=tuple(dict.fromkeys(constraints)), pick=pick)


def _ordered(node: Any) -> Any:
    """The same for whatever has things inside."""
    if isinstance(node, Things):
        return ordered(node)
    if isinstance(node, tuple):
        return tuple(map(_ordered, node))
    if isinstance(node, Spatial | Related | Compare | AnyOf | Property | Measure | Ratio):
        inside = {field.name: getattr(node, field.name) for field in fields(node)}
        return replace(node, **{name: _ordered(value) for name, value in inside.items() if value is not None})
    return node
