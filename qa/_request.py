"""What a question asks for, as a typed tree: ``Request``, its parts, its checks, and its JSON.

::

    Request ─ intent, aggregate, order, limit, assumptions, unknown
      └─ Target ─ class
           ├─ Temporal   observed at some time in [start, end)
           ├─ Attribute  property, comparison, number with unit
           └─ Spatial    relation to a Place, or to things of another Target

Nothing in the tree is SPARQL, and no text of the question is in it except the words that were not understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, Literal

from pyoxigraph import NamedNode

from earthweave.ontology import ParameterError

from ._domain import accepts, property_named

Intent = Literal["list", "count", "map", "ask", "measure"]


@dataclass(frozen=True)
class Place:
    """A named place of the store.

    Attributes:
        name: as people write it.
        iri: of the feature whose geometry stands for the place.
        level: of its administrative division (0 country … 5), None if it has none.
    """

    name: str
    iri: str
    level: int | None = None
    kind: Literal["place"] = "place"

    def __post_init__(self) -> None:
        try:
            NamedNode(self.iri)
        except ValueError as error:
            raise ParameterError(f"{self.name!r} has no valid IRI: {self.iri!r}", why=str(error), way_out="use an absolute IRI") from error


@dataclass(frozen=True)
class Temporal:
    """Observed at some time in the half-open interval ``[start, end)`` of UTC days; None is an open end."""

    start: date | None
    end: date | None
    kind: Literal["temporal"] = "temporal"

    def __post_init__(self) -> None:
        if self.start is None and self.end is None:
            raise ParameterError("an interval that is open at both ends says nothing", way_out="leave it out")
        if self.start and self.end and self.end <= self.start:
            raise ParameterError(f"the interval ends ({self.end}) before it starts ({self.start})")


@dataclass(frozen=True)
class Attribute:
    """A comparison of a property with a number; ``unit`` is a UCUM code (``m2``, ``km2``, ``har``) or ``1``."""

    property: str
    op: Literal["<", "<=", "=", ">=", ">"]
    value: float
    unit: str = "1"
    kind: Literal["attribute"] = "attribute"


@dataclass(frozen=True)
class Spatial:
    """A relation of simple features (OGC 06-103r4) to a place, or to at least one thing of a target; ``negated``: to none."""

    relation: Literal["intersects", "within"]
    of: Annotated[Place | Target, "kind"]
    negated: bool = False
    kind: Literal["spatial"] = "spatial"


Constraint = Temporal | Attribute | Spatial


@dataclass(frozen=True)
class Target:
    """Things of a class that meet all constraints."""

    cls: str
    constraints: tuple[Constraint, ...] = ()
    kind: Literal["target"] = "target"


@dataclass(frozen=True)
class Aggregate:
    """One number from a property of all targets; ``unit`` is the one to answer in."""

    function: Literal["sum", "max", "min", "avg"]
    property: str
    unit: str = "1"


@dataclass(frozen=True)
class Order:
    """Sort the targets by a property; those without it come not at all."""

    property: str
    descending: bool = True


@dataclass(frozen=True)
class Assumption:
    """What was taken for granted: a stable code, and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True)
class Request:
    """A question, understood.

    Attributes:
        intent: ``list`` rows, ``count`` them, ``map`` them, ``ask`` whether there is one, ``measure`` one number (``aggregate``).
        target: what is asked for.
        aggregate: of ``measure`` alone.
        order, limit: of ``list`` and ``map`` alone.
        assumptions: made while the question was read.
        unknown: words that were not understood and did not matter to the target.

    Raises `ParameterError` if the tree does not fit the ontology: a property on a class that has none, a wrong unit, …
    """

    intent: Intent
    target: Target
    aggregate: Aggregate | None = None
    order: Order | None = None
    limit: int | None = None
    assumptions: tuple[Assumption, ...] = ()
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_target(self.target)
        if (self.intent == "measure") != (self.aggregate is not None):
            raise ParameterError("an aggregate goes with the intent 'measure', and only with it")
        if (self.order or self.limit) and self.intent not in {"list", "map"}:
            raise ParameterError(f"order and limit do not go with the intent {self.intent!r}")
        if self.limit is not None and self.limit < 1:
            raise ParameterError(f"a limit of {self.limit}", way_out="ask for one or more")
        for used in (self.aggregate, self.order):
            if used is not None:
                _check_property(self.target.cls, used.property)

    def to_json(self) -> dict[str, Any]:
        """The tree as JSON data; `Request.from_json` is its inverse."""
        found: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return found

    @classmethod
    def from_json(cls, data: Any) -> Request:
        """Read JSON data; raises `ParameterError` that says where it does not fit."""
        from pydantic import ValidationError

        try:
            request: Request = _adapter().validate_python(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "its top"
            raise ParameterError(f"not a request at {where}", why=first["msg"], way_out="see request_schema()") from error
        return request

    def without_notes(self) -> Request:
        """The same request without assumptions and unknown words: what decides the answer."""
        return replace(self, assumptions=(), unknown=())


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Request)


def request_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a request."""
    schema: dict[str, Any] = _adapter().json_schema()
    return schema


def targets(target: Target) -> Iterator[Target]:
    """The target and all targets nested in it, outermost first."""
    yield target
    for one in target.constraints:
        if isinstance(one, Spatial) and isinstance(one.of, Target):
            yield from targets(one.of)


def places(target: Target) -> Iterator[Place]:
    """All places that the target names, outermost first."""
    for one in targets(target):
        yield from (c.of for c in one.constraints if isinstance(c, Spatial) and isinstance(c.of, Place))


def _check_target(target: Target) -> None:
    for one in targets(target):
        if not accepts(one.cls, None):
            raise ParameterError(f"{one.cls} is not a class of features that questions can be asked about")
        for constraint in one.constraints:
            _check_constraint(one.cls, constraint)


def _check_constraint(cls: str, constraint: Constraint) -> None:
    if isinstance(constraint, Temporal):
        _check_property(cls, None)
    elif isinstance(constraint, Attribute):
        _check_property(cls, constraint.property)
        known = property_named(constraint.property)
        if constraint.unit not in known.units:
            raise ParameterError(f"{known.label} is not measured in {constraint.unit!r}", way_out=f"use one of {sorted(known.units)}")
        if not isfinite(constraint.value * known.units[constraint.unit]):
            raise ParameterError(f"{known.label} is compared with {constraint.value}", way_out="use a finite number")


def _check_property(cls: str, iri: str | None) -> None:
    if iri is None:
        domain, label = property_named("time").domain, "a time of observation"
    else:
        domain, label = property_named(iri).domain, property_named(iri).label
    if not accepts(cls, domain):
        raise ParameterError(f"{cls} has no {label}", why=f"it belongs to {domain}")
