"""Places in questions: what names stand beside, and what is where."""

from __future__ import annotations

import pytest

from earthweave.qa.request import Measure, Spatial, Things
from tests.qa.grammar.world import E, best


def _only(things: object) -> Spatial:
    assert isinstance(things, Things)
    (one,) = things.constraints
    assert isinstance(one, Spatial)
    return one


@pytest.mark.parametrize("text", ["Which villages are south of a forest in Kent?", "Is there a village south of a forest in Kent?"])
def test_a_class_in_a_place_is_not_of_its_name(text: str) -> None:
    south = next(one for one in best(text).target.constraints if isinstance(one, Spatial) and one.relation == "south")
    (forest,) = south.of
    assert isinstance(forest, Things)
    assert [one.iri for one in forest.classes] == [f"{E}forest"]


def test_a_kind_of_a_name_is_the_thing_even_if_the_store_calls_it_otherwise() -> None:
    (near,) = _only(best("Which municipalities border the municipality of Attica?").target).of
    assert isinstance(near, Things)
    assert [one.name for one in near.named] == ["Attica"]
    assert not near.classes


def test_the_location_of_a_thing_is_its_own() -> None:
    found = best("Where is the location of Loch Ness?")
    assert [one.name for one in found.target.named] == ["Loch Ness"]
    assert found.columns == (Measure("location"),)


def test_in_or_as_parts_meets() -> None:
    assert _only(best("How many parks have lakes in or as parts of them?").target).relation == "intersects"


@pytest.mark.parametrize(
    "text", ["How many people live in the cities of Texas?", "What is the number of people that live in the cities of Texas?"]
)
def test_people_of_many_places_are_added_up(text: str) -> None:
    (total,) = best(text).aggregates
    assert total.function == "sum"
    assert best(text.replace("the cities of ", "")).form == "find"
