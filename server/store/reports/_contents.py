"""What a store holds, as the vocabulary VoID tells it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PropertyPartition:
    """Statements of a predicate, and how many distinct subjects and objects they have."""

    triples: int
    subjects: int
    objects: int


@dataclass(frozen=True)
class Contents:
    """What is in a graph, or in all of them.

    Attributes:
        triples: statements; one that is in several graphs counts in each.
        subjects, objects: distinct ones.
        properties: by IRI.
        classes: IRI → distinct instances.
        bounds: west, south, east, north of all geometries in CRS84; None if there are none.
        period: least and greatest xsd:date or xsd:dateTime, and ends of valid times; as written if that is the canonical form without zone
            or in UTC, otherwise as xsd:dateTime in UTC. None if there are none.
    """

    triples: int = 0
    subjects: int = 0
    objects: int = 0
    properties: dict[str, PropertyPartition] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    bounds: tuple[float, float, float, float] | None = None
    period: tuple[str, str] | None = None


@dataclass(frozen=True)
class Census:
    """The contents of a store at one moment.

    Attributes:
        generation: number of the snapshot.
        whole: of all graphs together.
        graphs: by IRI, empty for the default graph; the biggest `GRAPHS` of them.
        left_out: graphs beyond those.
    """

    generation: int
    whole: Contents
    graphs: dict[str, Contents]
    left_out: int


GRAPHS = 1000
"""Graphs that a `Census` tells one by one."""


@dataclass(frozen=True)
class Extensions:
    """IRIs of the functions and aggregates that queries can call beyond SPARQL 1.1, sorted."""

    functions: tuple[str, ...]
    aggregates: tuple[str, ...]
