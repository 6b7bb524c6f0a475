"""What a plan is: a query, what its columns mean, what must be looked up first, and what was taken for granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rdflib.term import Variable

from ..request import Assumption, Request, Value
from ._algebra import Query, Select
from ._text import text_of

Directions = Literal["sectors", "boxes"]
"""``sectors``: of 45° around the azimuth from centroid to centroid. ``boxes``: as ``strdf:above``, ``below``, ``left`` and ``right``."""
Code = Literal[
    "unknown-place", "unknown-class", "unknown-property", "no-geometry", "no-time", "unit", "unsupported-operation", "needs-a-run",
]  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why there is no query: a stable code, a sentence for people, and the words that it is about."""

    code: Code
    text: str
    about: str = ""


@dataclass(frozen=True)
class Output:
    """What a variable of the query means.

    Attributes:
        name: of the variable.
        role: ``thing`` asked for; ``rank`` that it was picked or sorted by; ``value`` of a column; ``number`` of an aggregate; ``used``,
            how many things an aggregate is of.
        label: for people.
        unit: UCUM code that the number is told in, once multiplied by ``factor``.
        value: what was asked for; None for things and ``used``.
    """

    name: str
    role: Literal["thing", "rank", "value", "number", "used"]
    label: str = ""
    unit: str = "1"
    factor: float = 1.0
    value: Value | None = None


@dataclass(frozen=True)
class Lookup:
    """A query for one term, to be put in the place of a variable before the main query is run.

    Attributes:
        share: part of the number found that is meant, rounded up; None if the term itself is.
        needed: False if the main query says the same without, only slower.
    """

    variable: Variable
    query: Select
    share: float | None = None
    needed: bool = True


@dataclass(frozen=True)
class Plan:
    """How a request is answered from a store.

    Attributes:
        request: that it is for.
        query: the main one; None where the request is refused.
        counting: how many targets there are, whatever the main query lists; None for ``count``, ``ask`` and refusals.
        outputs: what the variables of the main query mean.
        lookups: to be made first, in this order.
        names, shapes: ways of predicates from things to their names, and to their geometries, best first.
        assumptions: of the planner; those of the request are in the request.
        refusal: why there is no query.
    """

    request: Request
    query: Query | None = None
    counting: Select | None = None
    outputs: tuple[Output, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    shapes: tuple[tuple[str, ...], ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    refusal: Refusal | None = None

    @property
    def kind(self) -> Literal["select", "ask", "none"]:
        """Form of the main query."""
        return "none" if self.query is None else "select" if isinstance(self.query, Select) else "ask"

    @property
    def text(self) -> str:
        """SPARQL of the main query, empty where refused; a LIMIT that must be looked up first stands there as a variable."""
        return "" if self.query is None else text_of(self.query)


@dataclass(frozen=True)
class Conventions:
    """What is taken for granted where people leave it open; each one used is told as an assumption.

    Attributes:
        near: metres that "near" means; None: by the class of what something is near to.
        along: metres to what something is along of.
        inside_point: metres that "in" means where the store has a place only as a point; None if nothing lies in such a place.
        between: how much longer the way by a place "between" two others may be than the straight one.
        directions: how they are tested.
    """

    near: float | None = None
    along: float = 1000.0
    inside_point: float | None = 10_000.0
    between: float = 1.1
    directions: Directions = "sectors"
