"""Properties of several data sets that say the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from earthweave.qa import Answer, answer, build
from earthweave.qa.knowledge import Knowledge, PropertyEntry, distinct_properties
from earthweave.qa.knowledge._alike import joined_alike
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store

A, B = "http://a.example/", "http://b.example/"
STATED = f"""
@prefix a: <{A}> . @prefix b: <{B}> .
a:1 a a:Pond ; a:has_waterDepth 3 ; a:hasColour "red" . a:2 a a:Pond ; a:has_waterDepth 7 ; a:hasColour "green" .
a:3 a a:Pond ; a:has_waterDepth 12 .
b:1 a b:Pond ; b:waterDepth 20 ; b:colour "red" . b:2 a b:Pond ; b:waterDepth 1 ; b:colour "blue" .
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    folder = tmp_path_factory.mktemp("alike")
    (folder / "a.ttl").write_text(STATED, "utf-8")
    questions = ("ponds with a water depth above 5", "What is the highest water depth?", "red ponds", "blue ponds",
                 "What is the average water depth of the ponds?")  # fmt: skip
    with open_store(Path(folder / "store")) as store:
        store.load([folder / "a.ttl"])
        endpoint = StoreEndpoint(store)
        known = build(endpoint)
        return {text: answer(text, endpoint, known, now=date(2026, 11, 20)) for text in questions}


def test_values_of_both_count(asked: dict[str, Answer]) -> None:
    assert asked["ponds with a water depth above 5"].count == 3
    assert asked["red ponds"].count == 2
    assert asked["blue ponds"].count == 1


def test_figures_are_of_all(asked: dict[str, Answer]) -> None:
    assert asked["What is the highest water depth?"].value == 20
    assert asked["What is the average water depth of the ponds?"].value == pytest.approx(8.6)


def _entry(iri: str, **more: object) -> PropertyEntry:
    return PropertyEntry(iri, ("depth",), **{"domains": (iri + "Class",), "values": (iri[-5:],), **more})  # type: ignore[arg-type]


def test_what_says_the_same_is_one_and_nothing_else() -> None:
    one, other = _entry(A + "depth", count=2), _entry(B + "depth", count=5)
    joint = joined_alike({entry.iri: entry for entry in (one, other)})
    assert joint[one.iri].domains == (*one.domains, *other.domains)
    assert [entry.iri for entry in distinct_properties(Knowledge(properties=joint))] == [other.iri]
    for apart in (_entry(B + "depth", unit="m"), _entry(B + "depth", dimension="text"), _entry(B + "depth", naming=True)):
        assert joined_alike({entry.iri: entry for entry in (one, apart)})[one.iri] == one
