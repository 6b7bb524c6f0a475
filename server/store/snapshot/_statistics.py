"""What the optimiser knows about a snapshot without reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PredicateStatistics:
    """Statements of a predicate, its distinct subjects and objects, and whether no subject has two objects."""

    count: int
    subjects: int
    objects: int
    functional: bool


@dataclass(frozen=True)
class Statistics:
    """Counts of a snapshot.

    Attributes:
        triples: statements; one that is in several graphs counts in each.
        predicates: by id.
        classes: id of an object of rdf:type → number of its subjects.
        graphs: statements by graph number; 0 is the default graph.
    """

    triples: int
    predicates: Mapping[int, PredicateStatistics] = field(default_factory=dict)
    classes: Mapping[int, int] = field(default_factory=dict)
    graphs: Mapping[int, int] = field(default_factory=dict)
