"""What a plan is built in: names for variables, what the store knows, and the things whose patterns are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from rdflib import Literal, URIRef
from rdflib.term import Variable

from earthweave.ontology import RDF, XSD

from ..knowledge import ClassEntry, Knowledge
from ..request import Argument, Assumption, Concept, Constraint, Named, Related, Things
from ._algebra import Branches, Part, Term, Triple, Values, var
from ._types import Code, Conventions, Lookup, Refusal

_ANYTHING = frozenset(("place", "thing", "feature", "object"))
"""Words for whatever meets the conditions, where a store has no class of that name: "a burger place"."""


class Refused(Exception):
    """A request cannot be answered from this store."""

    def __init__(self, code: Code, text: str, about: str = "") -> None:
        super().__init__(text)
        self.refusal = Refusal(code, text, about)


@dataclass
class Subject:
    """A thing of the query while its patterns are collected.

    Attributes:
        term: its variable; None for a point or a box.
        things: what it is one of; None for a point or a box.
        classes: IRIs of the classes that it may be of, subclasses included; empty if any.
        parts: patterns so far.
        shape: its geometry literal, once that was asked for.
        rank: the number that it was picked by.
        label: for people.
    """

    term: Variable | None
    things: Things | None = None
    classes: frozenset[str] = frozenset()
    parts: list[Part] = field(default_factory=list)
    shape: Term | None = None
    rank: Variable | None = None
    label: str = ""

    @property
    def variable(self) -> Variable:
        """The variable of a thing."""
        assert self.term is not None
        return self.term

    @property
    def named(self) -> tuple[Named, ...]:
        """What it is called, if that was said."""
        return self.things.named if self.things else ()


@dataclass
class Scope:
    """Shared by all parts of one plan.

    Attributes:
        nested: makes the patterns of an argument.
    """

    knowledge: Knowledge
    conventions: Conventions
    nested: Callable[[Scope, Argument], Subject]
    notes: dict[tuple[str, str], Assumption] = field(default_factory=dict)
    lookups: list[Lookup] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def fresh(self, name: str) -> Variable:
        """A variable that is nowhere else."""
        return var(f"{name}{next(self._numbers)}")

    def note(self, code: str, text: str, about: str = "") -> None:
        """Take something for granted."""
        self.notes[code, about] = Assumption(code, text, about)

    def entries(self, subject: Subject) -> list[ClassEntry]:
        """What is known of the classes that a subject may be of."""
        return [self.knowledge.classes[iri] for iri in sorted(subject.classes) if iri in self.knowledge.classes]

    def lineage(self, subject: Subject) -> frozenset[str]:
        """The classes that a subject may be of, and all above them."""
        return subject.classes.union(*(one.parents for one in self.entries(subject)))

    def has(self, subject: Subject, domains: Iterable[str]) -> bool:
        """Whether things of this kind may have a property of these domains; True where nothing is known."""
        lineage, known = self.lineage(subject), frozenset(domains)
        return not known or not lineage or not lineage.isdisjoint(known)

    def placed(self, subject: Subject) -> bool:
        """Whether things of this kind may have geometries; True where nothing is known."""
        known = [one for one in self.entries(subject) if one.condition is None]
        return subject.term is None or not known or any(one.geometry is not None for one in known)

    def dimension(self, subject: Subject) -> int | None:
        """Of most geometries of this kind: 0, 1 or 2; None if that is not known or differs."""
        found = {one.geometry for one in self.entries(subject)}
        return found.pop() if len(found) == 1 else None


def family(iris: Iterable[str], knowledge: Knowledge) -> frozenset[str]:
    """Classes and everything below them."""
    above = frozenset(iris)
    return above | {entry.iri for entry in knowledge.classes.values() if above.intersection(entry.parents)}


def decimal(value: float) -> Literal:
    """A number of a query."""
    if value == int(value) and abs(value) < 1e15:
        return Literal(int(value))
    return Literal(repr(float(value)), datatype=XSD.double, normalize=False)


def either(options: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
    """The only option as it is, several as ``UNION``."""
    return options[0] if len(options) == 1 else (Branches(tuple(options)),)


def members(scope: Scope, things: Things, term: Variable, *, constrained: bool = False) -> Subject:
    """A thing of the classes and names, without its constraints; ``constrained``: these follow, and what they say is not said twice."""
    label = " or ".join([one.name for one in things.named] or [one.label for one in things.classes])
    classes = family(_linked(_telling(things)), scope.knowledge)
    own = frozenset(one.cls for one in things.named if one.cls)
    subject = Subject(term, things, own or classes, label=label)
    if things.named:
        subject.parts.append(Values(term, tuple(map(URIRef, identities(things.named)))))
    implied = _known_to_be(things.named, classes) or (constrained and any(_ranged(scope, one, classes) for one in things.constraints))
    if classes and not implied:
        subject.parts.extend(_kinds(scope, term, classes))
    return subject


def _telling(things: Things) -> tuple[Concept, ...]:
    """The classes that tell what a thing is; "place" tells nothing where conditions do."""
    return tuple(one for one in things.classes if one.iri or one.label not in _ANYTHING or not things.constraints)


def _known_to_be(named: tuple[Named, ...], classes: frozenset[str]) -> bool:
    """Whether there are names and all of them are of these classes, by what the store says of them."""
    return bool(named) and all(one.cls and one.cls in classes for one in named)


def _ranged(scope: Scope, one: Constraint, classes: frozenset[str]) -> bool:
    """Whether a condition makes a thing one of the classes: it is the value of a property that leads to nothing else.

    Stores leave out what the range of a property says already.
    """
    if not isinstance(one, Related) or not one.inverse or one.negated or one.count is not None:
        return False
    entry = scope.knowledge.properties.get(one.property.iri)
    return entry is not None and bool(entry.ranges) and classes.issuperset(entry.ranges)


def again(scope: Scope, subject: Subject) -> Subject:
    """The same thing in a scope of its own: the same variable, nothing else in common."""
    assert subject.things is not None
    return members(scope, subject.things, subject.variable)


def bare(subject: Subject) -> Subject:
    """The same thing where nothing but its variable is needed: its class is asked for elsewhere."""
    return replace(subject, parts=[], shape=None if subject.term is not None else subject.shape)


def overlapping(one: Subject, other: Subject) -> bool:
    """Whether the two may be the same thing."""
    if one.term is None or other.term is None:
        return False
    if one.named and other.named:
        return not set(identities(one.named)).isdisjoint(identities(other.named))
    return not one.classes or not other.classes or not one.classes.isdisjoint(other.classes)


def identities(named: tuple[Named, ...]) -> list[str]:
    """The IRIs of names; refuses a name that the store does not have."""
    for one in named:
        if not one.iris:
            raise Refused("unknown-place", f"The store has nothing called {one.name!r}.", one.name)
    return list(dict.fromkeys(iri for one in named for iri in one.iris))


def _linked(classes: tuple[Concept, ...]) -> list[str]:
    for one in classes:
        if not one.iri:
            raise Refused("unknown-class", f"The store has no {one.label!r}.", one.label)
    return [one.iri for one in classes]


def _kinds(scope: Scope, term: Variable, classes: frozenset[str]) -> tuple[Part, ...]:
    """Membership: by ``rdf:type``, or by the value of a property where that makes the class."""
    known = [scope.knowledge.classes[iri] for iri in sorted(classes) if iri in scope.knowledge.classes]
    conditional = [one for one in known if one.condition is not None]
    typed = sorted(classes.difference(one.iri for one in conditional))
    options: list[tuple[Part, ...]] = []
    if len(typed) == 1:
        options.append((Triple(term, (RDF.type,), URIRef(typed[0])),))
    elif typed:
        kind = scope.fresh("type")
        options.append((Values(kind, tuple(map(URIRef, typed))), Triple(term, (RDF.type,), kind)))
    return either(options + [_conditioned(scope, term, one) for one in conditional])


def _conditioned(scope: Scope, term: Variable, entry: ClassEntry) -> tuple[Part, ...]:
    assert entry.condition is not None
    predicate, value = entry.condition
    own, way = through(scope, term, entry.via)
    return (*way, Triple(own, (URIRef(predicate),), _stated(value)))


def through(scope: Scope, term: Variable, via: str) -> tuple[Variable, tuple[Part, ...]]:
    """The node that holds properties of a thing, and the way there; the thing itself if there is no such node."""
    if not via:
        return term, ()
    node = scope.fresh("node")
    return node, (Triple(term, (URIRef(via),), node),)


def _stated(value: str) -> URIRef | Literal:
    return URIRef(value) if "://" in value and set(value).isdisjoint(' <>"{}|\\^`\n\t') else Literal(value)
