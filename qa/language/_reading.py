"""Typed readings of parts of a question: what annotators write and the grammar reads.

Every annotator is a function ``(Question, …) → Iterator[Reading]``; readings overlap freely, and the grammar decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..request import Assumption, Compare, Operator, Property, Relation
from ._tokens import Question

READINGS = "readings"
"""The group of spans that annotators write into, and the key of the values of its spans, one by one, in the document's ``user_data``."""

Kind = Literal[
    "class", "name", "facet", "property", "quantity", "number", "comparator", "time", "relation", "superlative", "operator", "product",
    "coordinates", "anaphor", "filler",
]  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """One of several things that the same words may mean, and how likely, 0 to 1."""

    value: Any
    score: float


@dataclass(frozen=True)
class Reading:
    """One meaning of tokens ``[start, end)``.

    Attributes:
        kind: the type that the grammar works on.
        value: of the type that the table below gives.
        score: how sure, 0 to 1; words without content score low, so that they give way.
        rule: which annotator said so.
        assumptions: what was taken for granted.

    ===========  ==================================================================================================================
    kind         value
    ===========  ==================================================================================================================
    class        tuple of `Scored` `Concept`, likeliest first
    name         tuple of `Scored` `Named`; a name that the store does not have: one with ``iris=()`` and a low score
    facet        `Facet`: a value of a property that narrows a class ("italian", "wheelchair accessible", "Sentinel-2B")
    property     tuple of `Scored` `PropertyWord`
    quantity     `Amount` with a unit other than ``1`` ("10 km", "25 %", "a hundred square kilometres")
    number       `Amount` with unit ``1`` ("five", "3,000", "half a million")
    comparator   `Comparator`
    time         `Temporal`
    relation     `RelationWord`
    superlative  `Superlative`
    operator     str: one of the codes of the operators' table (``which``, ``how-many``, ``there-is``, ``sum``, ``not``, ``and``, …)
    product      tuple of `Constraint`, which all hold ("Sentinel-2A L2A")
    coordinates  `Point` or `Box`
    anaphor      str: ``those``, ``there``, ``here``, ``same``
    filler       None: words that change nothing
    ===========  ==================================================================================================================
    """

    kind: Kind
    start: int
    end: int
    value: Any = None
    score: float = 1.0
    rule: str = ""
    assumptions: tuple[Assumption, ...] = ()

    @property
    def weight(self) -> float:
        """Coverage counts; of two that cover the same, the one made of fewer readings wins."""
        return self.score * (self.end - self.start) - 0.05


@dataclass(frozen=True)
class PropertyWord:
    """A word for a stored or computed property.

    Attributes:
        property: stored; or None, and
        measure: computed (``area``, ``length``, ``location``, ``distance``, ``bearing``, ``elevation``, ``count``).
        domains: IRIs of classes that have it; empty if any may.
        dimension: ``area``, ``length``, ``mass`` …, ``1`` for plain numbers, ``text``, ``thing``, ``time``.
    """

    property: Property | None = None
    measure: str = ""
    domains: tuple[str, ...] = ()
    dimension: str = "1"


@dataclass(frozen=True)
class Facet:
    """A value of a property: ``constraint`` holds for things of ``classes`` (any, if empty)."""

    constraint: Compare
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparator:
    """Words such as "more than", "at least"; ``after``: stands behind the number ("or more"). ``range``: "between A and B", inclusive.

    ``hints``: what it compares by itself, likeliest first, as those of `Superlative` ("longer than" has ``length``).
    """

    op: Operator
    after: bool = False
    range: bool = False
    about: bool = False
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelationWord:
    """A word for a spatial relation.

    Attributes:
        relation: from the thing before it to the thing behind it.
        distance: whether a distance stands with it ("within 5 km of", "5 km from"): ``needed``, ``may`` or ``none``.
        passive: the words turn the relation around ("is crossed by", "north of which"): the thing behind it has it to the one before.
        verb: it is a verb, and may end a question ("which countries does the Rhine flow through").
        loose: it may mean a stored property of the same name as well ("in", "of").
    """

    relation: Relation
    distance: Literal["needed", "may", "none"] = "none"
    passive: bool = False
    verb: bool = False
    loose: bool = False


@dataclass(frozen=True)
class Superlative:
    """An adjective in the superlative.

    Attributes:
        hints: what it is measured by, likeliest first: labels of properties or names of measures ("population", "area", "length",
            "elevation", "distance", "time", "cloud cover", "count").
        descending: largest first.
        positive: not a superlative but "large", "recent": a policy decides how many that is.
        lasting: of those, one that a thing is by itself and not beside the others ("major"), if the policies have a bound for its kind.
    """

    hints: tuple[str, ...]
    descending: bool = True
    positive: bool = False
    lasting: bool = False


def written(question: Question) -> list[Reading]:
    """What annotators have written into a question until now."""
    return [*question.doc.user_data.get(READINGS, ())]
