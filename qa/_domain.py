"""What can be said about what: the signatures by which constraints find the noun that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from rdflib import URIRef

from earthweave.ontology import EW, GEO, RDFS, ParameterError, superclasses, terms, vocabulary

FLOODED_AREA = str(EW.FloodedArea)
UNIT = str(EW.AdministrativeUnit)
ANSWERED = (FLOODED_AREA, UNIT)
"""Classes that this room can answer about so far."""

FLOOD_LEVEL = str(EW.floodLevel)
UNIT_LEVEL = str(EW.unitLevel)
AREA = str(GEO.hasMetricArea)

PLAIN: Mapping[str, float] = MappingProxyType({"1": 1.0})
AREAS: Mapping[str, float] = MappingProxyType({"m2": 1.0, "har": 1e4, "km2": 1e6})
"""UCUM code → square metres."""


@dataclass(frozen=True)
class Property:
    """What a property belongs to, and the units it is told in (UCUM code → factor to what is stored)."""

    iri: str
    label: str
    domain: str
    units: Mapping[str, float]
    stored: str = "1"


_PROPERTIES = {
    FLOOD_LEVEL: Property(FLOOD_LEVEL, "flood level", FLOODED_AREA, PLAIN),
    UNIT_LEVEL: Property(UNIT_LEVEL, "level of division", UNIT, PLAIN),
    AREA: Property(AREA, "area", str(EW.ObservedArea), AREAS, "m2"),
    "time": Property("time", "time of observation", str(EW.ObservedArea), PLAIN),
}


def property_named(iri: str) -> Property:
    """The signature of a property; raises `ParameterError` if questions cannot use it."""
    if iri not in _PROPERTIES:
        raise ParameterError(f"questions cannot use the property {iri}", way_out=f"use one of {sorted(_PROPERTIES)}")
    return _PROPERTIES[iri]


def accepts(cls: str, domain: str | None) -> bool:
    """Whether things of ``cls`` can be asked about and, if a domain is given, belong to it by the class tree."""
    return cls in ANSWERED and (domain is None or cls == domain or domain in _above(cls))


@lru_cache(maxsize=64)
def _above(cls: str) -> frozenset[str]:
    return superclasses(cls)


@lru_cache(maxsize=16)
def predicates(iri: str) -> tuple[str, ...]:
    """The property and everything below it in the ontology, sorted: stores hold either, and nothing is inferred there."""
    return tuple(sorted(str(one) for one in vocabulary().transitive_subjects(RDFS.subPropertyOf, URIRef(iri))))


@lru_cache(maxsize=1)
def labels() -> Mapping[str, str]:
    """IRI → preferred label of the ontology, singular."""
    return MappingProxyType({term.iri: term.label for term in terms()})
