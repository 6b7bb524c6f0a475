"""Superclasses that nobody stated answer questions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from earthweave.qa import answer, build
from earthweave.qa.knowledge import Knowledge
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store

E = "http://example.org/"
DATA = f"""
@prefix : <{E}> . @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:Tarn owl:equivalentClass [ owl:intersectionOf ( :Lake [ owl:onProperty :origin ; owl:hasValue "glacier" ] ) ] .
:StillWater owl:equivalentClass [ owl:unionOf ( :Lake :Pond ) ] ; rdfs:label "still water" .
:Loch owl:equivalentClass :Lake .
:t1 a :Tarn ; rdfs:label "Blea Tarn" . :t2 a :Tarn ; rdfs:label "Red Tarn" . :l1 a :Lake ; rdfs:label "Windermere" .
:l2 a :Loch ; rdfs:label "Ness" . :p1 a :Pond ; rdfs:label "Dew Pond" . :b1 a :Bridge ; rdfs:label "Long Bridge" .
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoreEndpoint, Knowledge]]:
    folder: Path = tmp_path_factory.mktemp("classes")
    (folder / "waters.ttl").write_text(DATA, "utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "waters.ttl"])
        endpoint = StoreEndpoint(store)
        yield endpoint, build(endpoint)


def test_inferred_superclasses_are_known(world: tuple[StoreEndpoint, Knowledge]) -> None:
    known = world[1].classes
    assert set(known[f"{E}Tarn"].parents) == {f"{E}{name}" for name in ("Lake", "Loch", "StillWater")}
    assert known[f"{E}StillWater"].labels == ("still water",), "nothing is stated to be of it"
    assert f"{E}StillWater" not in known[f"{E}Bridge"].parents


@pytest.mark.parametrize(
    ("question", "count"), [("How many lakes are there?", 4), ("How many still waters are there?", 5), ("How many tarns are there?", 2)]
)
def test_and_answer_questions(world: tuple[StoreEndpoint, Knowledge], question: str, count: int) -> None:
    assert answer(question, *world, now=date(2026, 11, 20)).value == count
