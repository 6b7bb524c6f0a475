"""Where things come from: PROV-O statements followed from an answer back to its sources."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdflib import URIRef

from earthweave.ontology import DCTERMS, EW, PROV, RDFS

from .._ports import Endpoint, Limits
from ..planning import Column, Select, Triple, Values, text_of, var

_LINKS = tuple(
    PROV[name] for name in ("wasDerivedFrom", "wasGeneratedBy", "used", "hadPrimarySource", "wasAttributedTo", "wasAssociatedWith")
)
_NAMES = (RDFS.label, DCTERMS.title, DCTERMS.identifier)
_FACTS = {
    str(EW.parameters): "parameters", str(PROV.startedAtTime): "started", str(PROV.endedAtTime): "ended",
    str(EW.phenomenonStart): "from", str(EW.phenomenonEnd): "to", str(EW.simulated): "simulated",
}  # fmt: skip
"""Property → what it is called among facts."""
_STEPS = 8
_MOST = 200
_ALIKE = 3
"""Statements that tell the same of different things: of so many floods in one layer, a few speak for all."""


@dataclass(frozen=True)
class Origin:
    """A statement of where something comes from: IRIs, and what they are called.

    Attributes:
        facts: what the store says of the source: ``parameters`` of a run (JSON values), ``started`` and ``ended`` of it, ``from`` and
            ``to`` of what was observed (ISO 8601), ``simulated``; names that it does not say are missing.
    """

    thing: str
    relation: str
    source: str
    label: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)


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
    told = _told({row[2].value for row in rows if row[2] and row[2].kind == "uri"}, endpoint, limits)
    return [
        Origin(a.value, b.value, c.value, _name(told.get(c.value, {})), _facts(told.get(c.value, {})))
        for a, b, c in rows
        if a and b and c and c.kind != "bnode"
    ]


def _told(iris: set[str], endpoint: Endpoint, limits: Limits) -> dict[str, dict[str, str]]:
    """Thing → property → what the store says, the least of several."""
    if not iris:
        return {}
    thing, property, value = var("thing"), var("property"), var("value")
    wanted = (*_NAMES, *map(URIRef, _FACTS))
    given = Values(thing, tuple(map(URIRef, sorted(iris)))), Values(property, wanted)
    query = Select((Column(thing), Column(property), Column(value)), (*given, Triple(thing, (property,), value)))  # type: ignore[arg-type]
    found: dict[str, dict[str, str]] = {}
    for a, b, c in sorted((a.value, b.value, c.value) for a, b, c in endpoint.select(text_of(query), limits).rows if a and b and c):
        found.setdefault(a, {}).setdefault(b, c)
    return found


def _name(said: Mapping[str, str]) -> str:
    """What a thing is called: its label, else its title, else the identifier that a scene goes by."""
    return next((said[name] for name in map(str, _NAMES) if name in said), "")


def _facts(said: Mapping[str, str]) -> dict[str, Any]:
    return {name: _read(name, said[property]) for property, name in _FACTS.items() if property in said}


def _read(name: str, text: str) -> Any:
    """Parameters are JSON in a literal; any other program may have written something else there."""
    if name == "simulated":
        return text in ("true", "1")
    if name != "parameters":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
