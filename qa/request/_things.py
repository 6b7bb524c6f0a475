"""What a question is about: sets of things, and the conditions that they meet.

::

    Things ─ classes, named, constraints, pick
      ├─ Spatial    relation to other Things, a Point or a Box
      ├─ Related    by a property, to other Things
      ├─ Temporal   observed within intervals
      ├─ Compare    a Value with an Amount, a Text or another Value
      └─ AnyOf      one of several
    Value ─ Property | Measure | Ratio

Nothing in the tree is text of a query. Coordinates are longitude, latitude (CRS84); distances are metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from earthweave.ontology import ParameterError

Operator = Literal["<", "<=", "=", "!=", ">=", ">"]
Direction = Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
Part = Literal["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "centre"]
Relation = Literal[
    "within", "contains", "intersects", "touches", "crosses", "overlaps", "equals", "disjoint", "near", "distance", "between", "along",
    "towards", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest",
]  # fmt: skip


@dataclass(frozen=True)
class Concept:
    """A class of things, as people call it; ``iri`` is empty while the store is not known to have it."""

    label: str
    iri: str = ""


@dataclass(frozen=True)
class Named:
    """A thing called by its name.

    Attributes:
        name: as the store writes it, or as it was typed if the store does not have it.
        iris: what the name stands for; several are one thing in several data sets, none is a name that the store does not have.
        cls: IRI of its class, empty if it has none.
        part: "eastern Hokkaido", "the north of Crete".
    """

    name: str
    iris: tuple[str, ...] = ()
    cls: str = ""
    part: Part | None = None


@dataclass(frozen=True)
class Point:
    """A place given by its coordinates in degrees."""

    lon: float
    lat: float
    kind: Literal["point"] = "point"


@dataclass(frozen=True)
class Box:
    """An area given by its bounds in degrees: typed, or what the map shows."""

    west: float
    south: float
    east: float
    north: float
    kind: Literal["box"] = "box"


@dataclass(frozen=True)
class Amount:
    """A number; ``unit`` is a UCUM code (``m``, ``km2``, ``%``) or ``1``."""

    value: float
    unit: str = "1"
    kind: Literal["amount"] = "amount"


@dataclass(frozen=True)
class Text:
    """A literal or label of the store: equal to it (case-folded), or with ``contains`` a part of it. ``iri`` if it is a resource."""

    value: str
    iri: str = ""
    contains: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Property:
    """A stored property of a thing.

    Attributes:
        label: as people call it.
        iri: of the predicate; empty while the store is not known to have it.
        unit: to answer in; what is stored is the planner's to know.
        of: whose property; None is the thing that the value is asked of.
    """

    label: str
    iri: str = ""
    unit: str = "1"
    of: Argument | None = None
    kind: Literal["property"] = "property"


@dataclass(frozen=True)
class Measure:
    """What is computed from geometries, or counted.

    ``area`` (m2), ``length``, ``perimeter``, ``elevation`` (m), ``distance`` (m) and ``bearing`` (degrees from north, clockwise) ``to``
    something, ``location`` (a geometry), ``count`` of the things in ``via``, ``share`` (area in common with the things in ``via``, m2).

    Attributes:
        of: whose; None is the thing that the value is asked of.
        to: the other end of a distance or bearing.
        via: the relation of what is counted, or shared, to the thing.
    """

    measure: Literal["area", "length", "perimeter", "elevation", "distance", "bearing", "location", "count", "share"]
    unit: str = "1"
    of: Argument | None = None
    to: Argument | None = None
    via: Annotated[Spatial | Related, "kind"] | None = None
    kind: Literal["measure"] = "measure"


@dataclass(frozen=True)
class Ratio:
    """One value divided by another, as population by area."""

    numerator: Value
    denominator: Value
    kind: Literal["ratio"] = "ratio"


Value = Property | Measure | Ratio


@dataclass(frozen=True)
class Interval:
    """The half-open interval ``[start, end)`` of UTC days; None is an open end."""

    start: date | None
    end: date | None

    def __post_init__(self) -> None:
        if self.start is None and self.end is None:
            raise ParameterError("an interval that is open at both ends says nothing", way_out="leave it out")
        if self.start and self.end and self.end <= self.start:
            raise ParameterError(f"the interval ends ({self.end}) before it starts ({self.start})")


@dataclass(frozen=True)
class Temporal:
    """Observed at some time in one of the intervals ("each summer from 2018 to 2022" has five).

    Attributes:
        granularity: what was said: a day, a month, …; ``range`` for two ends.
        days: length asked for where only that was said ("in a span of 3 days"); the interval is then empty of ends.
    """

    intervals: tuple[Interval, ...]
    granularity: Literal["day", "week", "month", "quarter", "season", "half", "year", "decade", "range"] = "range"
    days: int | None = None
    kind: Literal["temporal"] = "temporal"


@dataclass(frozen=True)
class Count:
    """How many things must stand in a relation: "more than three hospitals"."""

    op: Operator
    number: int


@dataclass(frozen=True)
class Spatial:
    """A relation of simple features (OGC 06-103r4 §6.1.15), a direction or a distance.

    Attributes:
        relation: ``near`` leaves the distance to policy; ``distance`` has ``op`` and ``metres``; directions are azimuth sectors of 45° and
            may have ``op`` and ``metres`` as well; ``between`` has two arguments; ``towards`` is (destination, origin).
        of: what to; at least one of these things unless ``count`` or ``negated`` says otherwise.
        negated: to none of them.
    """

    relation: Relation
    of: tuple[Argument, ...]
    op: Operator | None = None
    metres: float | None = None
    count: Count | None = None
    negated: bool = False
    kind: Literal["spatial"] = "spatial"


@dataclass(frozen=True)
class Related:
    """A relation by a stored property ("capital of Texas"); ``inverse``: the others have the property, and the thing is its value."""

    property: Property
    of: Argument
    inverse: bool = False
    count: Count | None = None
    negated: bool = False
    kind: Literal["related"] = "related"


@dataclass(frozen=True)
class Compare:
    """A value of the thing beside an amount, a text, a day or another value."""

    value: Annotated[Value, "kind"]
    op: Operator
    than: Annotated[Amount | Text | Value, "kind"]
    kind: Literal["compare"] = "compare"


@dataclass(frozen=True)
class Has:
    """The thing has a value for the property at all, or with ``negated`` has none."""

    property: Property
    negated: bool = False
    kind: Literal["has"] = "has"


@dataclass(frozen=True)
class AnyOf:
    """At least one of several conditions."""

    options: tuple[Constraint, ...]
    kind: Literal["any"] = "any"


Constraint = Spatial | Related | Temporal | Compare | Has | AnyOf


@dataclass(frozen=True)
class Pick:
    """The first ``count`` of the things by a value, without the first ``skip`` ("the second largest").

    ``share`` instead of a count: the top part of all, as 0.25 for "large". Things as good as the last one picked are kept (``ties``).
    """

    by: Annotated[Value, "kind"]
    descending: bool = True
    count: int = 1
    skip: int = 0
    share: float | None = None
    ties: bool = True


@dataclass(frozen=True)
class Things:
    """All things of one of the classes (any, if none is given) that have one of the names (if any is given) and meet all constraints."""

    classes: tuple[Concept, ...] = ()
    named: tuple[Named, ...] = ()
    constraints: tuple[Annotated[Constraint, "kind"], ...] = ()
    pick: Pick | None = None
    kind: Literal["things"] = "things"


Argument = Things | Point | Box
