"""Where things come from: PROV-O statements followed from an answer back to its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import URIRef

from earthweave.ontology import DCTERMS, PROV, RDFS

from .._ports import Endpoint, Limits
from ..planning import Column, Select, Triple, Values, text_of, var

_LINKS = tuple(
    PROV[name] for name in ("wasDerivedFrom", "wasGeneratedBy", "used", "hadPrimarySource", "wasAttributedTo", "wasAssociatedWith")
)
_NAMES = (RDFS.label, DCTERMS.title, DCTERMS.identifier)
_STEPS = 8
_MOST = 200
_ALIKE = 3
"""Statements that tell the same of different things: of so many floods in one layer, a few speak for all."""


@dataclass(frozen=True)
class Origin:
    """A statement of where something comes from: IRIs, and what they are called."""

    thing: str
    relation: str
    source: str
    label: str = ""


def provenance(iris: Iterable[str], endpoint: Endpoint, limits: Limits = Limits()) -> tuple[Origin, ...]:  # noqa: B008
    """The chain from things back to their sources, nearest first: at most 8 steps and 200 statements. Raises as the endpoint."""
    found: dict[Origin, None] = {}
    seen, front = set[str](), {iri for iri in iris if "://" in iri or iri.startswith("urn:")}
    for _ in range(_STEPS):
        front = set(sorted(front - seen)[:_MOST])
        if not front or len(found) >= _MOST:
            break
        seen |= front
        rows = _sources(front, endpoint, limits)
        found |= dict.fromkeys(_few(rows))
        front = {row.source for row in rows if "://" in row.source or row.source.startswith("urn:")}
    return tuple(found)[:_MOST]


def _few(rows: Iterable[Origin]) -> Iterator[Origin]:
    told: Counter[tuple[str, str]] = Counter()
    for row in rows:
        told[row.relation, row.source] += 1
        if told[row.relation, row.source] <= _ALIKE:
            yield row


def _sources(iris: set[str], endpoint: Endpoint, limits: Limits) -> list[Origin]:
    thing, relation, source = var("thing"), var("relation"), var("source")
    given = Values(thing, tuple(URIRef(iri) for iri in sorted(iris))), Values(relation, _LINKS)
    stated = Triple(thing, (relation,), source)  # type: ignore[arg-type]
    query = Select((Column(thing), Column(relation), Column(source)), (*given, stated), distinct=True)
    rows = [row for row in endpoint.select(text_of(query), limits).rows if all(row)]
    names = _labels({row[2].value for row in rows if row[2] and row[2].kind == "uri"}, endpoint, limits)
    return [Origin(a.value, b.value, c.value, names.get(c.value, "")) for a, b, c in rows if a and b and c and c.kind != "bnode"]


def _labels(iris: set[str], endpoint: Endpoint, limits: Limits) -> dict[str, str]:
    """What things are called: their label, else their title, else the identifier that a scene goes by."""
    if not iris:
        return {}
    thing, property, label = var("thing"), var("property"), var("label")
    given = Values(thing, tuple(map(URIRef, sorted(iris)))), Values(property, _NAMES)
    query = Select((Column(thing), Column(property), Column(label)), (*given, Triple(thing, (property,), label)))  # type: ignore[arg-type]
    rows = [row for row in endpoint.select(text_of(query), limits).rows if all(row)]
    told = sorted((_NAMES.index(URIRef(b.value)), a.value, c.value) for a, b, c in rows if a and b and c)
    return {iri: name for _, iri, name in reversed(told)}
