"""What a store knows, as the question layer sees it: classes, properties, values of properties, relations, names.

Built from the store through its endpoint (`build`), kept in one file beside it, opened in a moment; nothing here is text of a query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..request import Named, Relation
from ._likeness import NOTHING, Likeness


@dataclass(frozen=True)
class ClassEntry:
    """A class of the store.

    Attributes:
        labels: what people call it, preferred first, in lower case and singular.
        parents: IRIs of all superclasses (owlready2's tree), nearest first.
        count: instances, those of subclasses too.
        geometry: dimension of most of its geometries (0 points, 1 lines, 2 areas), None if it has none.
        condition: where a class is no ``rdf:type``: predicate and value that make one a member (``amenity`` = "hospital").
        others: weaker labels: with the prefix of a source, a part of a compound ("county" of "county council").
        via: predicate from a member to the node that meets the condition, empty if it is the member itself.
    """

    iri: str
    labels: tuple[str, ...]
    parents: tuple[str, ...] = ()
    count: int = 0
    geometry: int | None = None
    condition: tuple[str, str] | None = None
    others: tuple[str, ...] = ()
    via: str = ""


@dataclass(frozen=True)
class PropertyEntry:
    """A property of the store.

    Attributes:
        iri: of the predicate.
        labels: what people call it, preferred first.
        domains: IRIs of the classes whose instances have it, or a property that says the same; ``owl:Thing`` alone if those that have it
            are of no class.
        dimension: ``area``, ``length``, ``mass``, ``power``, ``1`` plain numbers, ``%``, ``text``, ``thing``, ``time``.
        unit: UCUM code of what is stored; ``1`` as well where nothing tells the unit.
        ranges: IRIs of the classes of its values, for things.
        values: of few distinct ones, the texts (for facets), else empty; where texts are lists with semicolons, the parts.
        others: weaker labels.
        via: predicate from the thing to the node that holds the property, empty if it is the thing itself.
        datatype: of most of its literals.
        count: triples.
        listed: whether texts are lists with semicolons, so that a value is contained rather than equal.
        category: whether its values say what a thing is (they are classes with a ``condition`` as well).
        naming: whether its values are names of things.
    """

    iri: str
    labels: tuple[str, ...]
    domains: tuple[str, ...] = ()
    dimension: str = "1"
    unit: str = "1"
    ranges: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    via: str = ""
    datatype: str = ""
    count: int = 0
    listed: bool = False
    category: bool = False
    naming: bool = False


@dataclass(frozen=True)
class RelationEntry:
    """A spatial relation that the store has as a property, materialised or instead of geometries.

    ``inverse``: the value of the property has the relation to the thing that has it.
    """

    relation: Relation
    property: str
    domain: str = ""
    range: str = ""
    inverse: bool = False


@dataclass(frozen=True)
class NameMatch:
    """What a name may stand for, with how likely it is among those of the same name (0 to 1, they add up to 1).

    ``box``: west, south, east, north. ``context``: names of what it lies in, as properties of it tell ("bozeman", "mt"), folded.
    ``classes``: IRIs of all that it is a member of; that of ``named`` is the first.
    """

    named: Named
    score: float
    lon: float | None = None
    lat: float | None = None
    box: tuple[float, float, float, float] | None = None
    context: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Names(Protocol):
    """The index of names: normalised words → things."""

    def find(self, words: Sequence[str]) -> tuple[NameMatch, ...]:
        """Things of exactly this name (case, diacritics, punctuation apart), likeliest first."""
        ...

    def longest(self) -> int:
        """Words of the longest name."""
        ...

    def similar(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """Things of nearly this name with their similarity, 0 to 1: typing errors, in less than 10 ms at 400,000 names."""
        ...

    def slips(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """Those of them that are one letter, or two that changed places, away."""
        ...

    def starting(self, text: str, limit: int = 8) -> Iterator[NameMatch]:
        """Things whose names begin so, likeliest first: what a box suggests while one types."""
        ...


class NoNames:
    """An index without names."""

    def find(self, words: Sequence[str]) -> tuple[NameMatch, ...]:
        """Nothing."""
        return ()

    def longest(self) -> int:
        """Zero."""
        return 0

    def similar(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """Nothing."""
        return ()

    def slips(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """Nothing."""
        return ()

    def starting(self, text: str, limit: int = 8) -> Iterator[NameMatch]:
        """Nothing."""
        return iter(())


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Everything that questions about one store can be linked to.

    Attributes:
        geometry: paths of predicates from a thing to the literal of its geometry, most used first.
        generation: of the store, as whoever built this calls it.
        notices: what could not be read, for people.
        likeness: classes by what they mean, for words that nobody wrote down; of none without a model that tells.
    """

    names: Names = field(default_factory=NoNames)
    classes: Mapping[str, ClassEntry] = field(default_factory=dict)
    properties: Mapping[str, PropertyEntry] = field(default_factory=dict)
    relations: tuple[RelationEntry, ...] = ()
    geometry: tuple[tuple[str, ...], ...] = ()
    generation: str = ""
    notices: tuple[str, ...] = ()
    likeness: Likeness = NOTHING

    def is_a(self, cls: str, other: str) -> bool:
        """Whether one class is the other or below it."""
        entry = self.classes.get(cls)
        return cls == other or (entry is not None and other in entry.parents)
