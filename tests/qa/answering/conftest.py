"""A real store: the drawn floods, scenes with clouds, and places of the same name; what is known of it, and who asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from earthweave.qa import Answer, Knowledge, Limits, Table, answer, build
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import Store, open_store

FLOODS = Path(__file__).parent.parent / "data" / "floods.ttl"
TODAY = date(2026, 11, 20)
MORE = """
@prefix : <http://example.org/> . @prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
:layer prov:wasGeneratedBy :run . :run prov:used :scene1 , :scene2 . :scene1 rdfs:label "Scene before" .
:run ew:parameters "{\\"sieve\\": 10}" ; prov:startedAtTime "2026-11-01T00:00:00Z"^^xsd:dateTime . :scene1 ew:simulated true .
:town1 a :Town ; rdfs:label "Springfield" ; :population 5000 ; geo:hasGeometry [ geo:asWKT "POINT (150.5 -33.5)"^^geo:wktLiteral ] .
:town2 a :Town ; rdfs:label "Springfield" ; :population 90 ; geo:hasGeometry [ geo:asWKT "POINT (153 -33.5)"^^geo:wktLiteral ] .
:town3 a :Town ; rdfs:label "Richmond" ; :population 700 ; geo:hasGeometry [ geo:asWKT "POINT (150.6 -33.6)"^^geo:wktLiteral ] .
"""
SCENES = """
:Scene rdfs:label "scene" . :River rdfs:label "river" .
:a1 a :Scene ; :cloudCover 12.5 ; :acquisitionDate "2021-06-08T10:36:06.154000+00:00"^^xsd:dateTime ; :thumbnail "https://x.example/a1" ;
    geo:hasGeometry [ geo:asWKT "POLYGON ((150 -34, 151 -34, 151 -33, 150 -33, 150 -34))"^^geo:wktLiteral ] .
:a2 a :Scene ; :cloudCover 3 ; :acquisitionDate "2021-06-18T10:36:06Z"^^xsd:dateTime ; :thumbnail "https://x.example/a2" ;
    geo:hasGeometry [ geo:asWKT "POLYGON ((150 -34, 151 -34, 151 -33, 150 -33, 150 -34))"^^geo:wktLiteral ] .
:brook a :River ; rdfs:label "Long Brook" ;
    geo:hasGeometry [ geo:asWKT "POLYGON ((149 -33.5, 153 -33.5, 153 -33.49, 149 -33.49, 149 -33.5))"^^geo:wktLiteral ] .
"""


@dataclass
class Spy(StoreEndpoint):
    """An endpoint that remembers what it was asked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked: list[str] = []

    def select(self, query: str, limits: Limits) -> Table:
        self.asked.append(query)
        return super().select(query, limits)

    def ask(self, query: str, limits: Limits) -> bool:
        self.asked.append(query)
        return super().ask(query, limits)


@dataclass
class World:
    """A store, what it knows, and who asks it."""

    endpoint: Spy
    knowledge: Knowledge

    def __call__(self, question: str, **more: Any) -> Answer:
        return answer(question, self.endpoint, self.knowledge, now=TODAY, **more)


def opened(folder: Path, *files: Path) -> Iterator[World]:
    """A world of files."""
    with open_store(folder / "store") as store:
        store.load([*files])
        endpoint = Spy(store)
        yield World(endpoint, build(endpoint))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Floods, units, towns."""
    folder = tmp_path_factory.mktemp("answering")
    (folder / "more.ttl").write_text(MORE, "utf-8")
    yield from opened(folder, FLOODS, folder / "more.ttl")


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units, towns, scenes and a river, and not a single flood."""
    folder = tmp_path_factory.mktemp("places")
    text = FLOODS.read_text("utf-8")
    units = text[: text.index(":f1 a ")]
    (folder / "units.ttl").write_text(units, "utf-8")
    (folder / "more.ttl").write_text(MORE + SCENES, "utf-8")
    yield from opened(folder, folder / "units.ttl", folder / "more.ttl")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explanations may take their time on a machine that has much to do."""
    monkeypatch.setattr("earthweave.qa.answering._emptiness.SECONDS", 60.0)
