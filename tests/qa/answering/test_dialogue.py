"""Follow-up questions edit the request before them."""

from __future__ import annotations

import pytest

from earthweave.ontology import ParameterError
from earthweave.qa import Answer, Box, Dialogue

from .conftest import World

VIEW = Box(150.0, -34.0, 150.3, -33.0)


def talk(world: World, *questions: str) -> Answer:
    found = world(questions[0])
    for question in questions[1:]:
        found = world(question, dialogue=found.dialogue, view=VIEW)
    return found


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        (("floods in Hawkesbury in 2021", "and in 2020?"), "Flooded areas [in] Hawkesbury observed in 2020."),
        (("floods in Hawkesbury in 2021", "what about Penrith - East?"), "Flooded areas [in] Penrith - East observed in 2021."),
        (("floods in Hawkesbury", "only with a flood level above 10"), "Flooded areas with flood level above 10 [in] Hawkesbury."),
        (("floods with a flood level above 5", "only with a flood level above 10"), "Flooded areas with flood level above 10."),
        (("floods in Hawkesbury", "how many are there?"), "The number of flooded areas [in] Hawkesbury."),
        (("How many floods are in Hawkesbury?", "list them"), "Flooded areas [in] Hawkesbury."),
        (("floods in Hawkesbury in 2021", "at any time"), "Flooded areas [in] Hawkesbury."),
        (("floods in Hawkesbury in 2021", "without the date"), "Flooded areas [in] Hawkesbury."),
        (("floods in Hawkesbury in 2021", "anywhere"), "Flooded areas observed in 2021."),
        (("floods", "sort by flood level"), "Flooded areas, by flood level."),
        (("floods", "the first two"), "Flooded areas, the first 2."),
        (("floods", "show them on a map"), "Flooded areas, on a map."),
        (("floods", "in the area I am looking at"), "Flooded areas [in] the area 150 to 150.3 east, -34 to -33 north."),
        (("floods", "without the simulated ones"), "Flooded areas that are not simulated."),
        (("Which units were flooded?", "and in 2020?"), "Administrative units meeting flooded areas observed in 2020."),
        (("floods in March 2020", "and in May?"), "Flooded areas observed in May 2020."),
        (("floods in March 2020", "and in winter?"), "Flooded areas observed from December 2019 to February 2020."),
        (("floods in March 2020", "and in May 2021?"), "Flooded areas observed in May 2021."),
        (("floods in Hawkesbury", "How many towns are there?"), "The number of towns."),
    ],
)
def test_edits(questions: tuple[str, ...], said: str, world: World) -> None:
    assert talk(world, *questions).paraphrase == said.replace("[in]", "at least partly in")


def test_the_second_one_is_shown(world: World) -> None:
    found = talk(world, "floods in Hawkesbury", "show the second one")
    assert [row[1] for row in found.rows] == ["f2"]
    assert [row[1] for row in talk(world, "floods in Hawkesbury", "the last one").rows] == ["f3"]
    assert [row[1] for row in talk(world, "floods in Hawkesbury", "show number 3").rows] == ["f3"]
    assert [row[1] for row in talk(world, "floods in Hawkesbury", "show number 0").rows] != ["f3"]


def test_a_year_that_is_carried_over_is_told(world: World) -> None:
    found = talk(world, "floods in March 2020", "and in May?")
    assert [one.text for one in found.assumptions if one.code == "year"] == ["No year was given: 2020 is taken, as before."]


def test_what_the_map_shows_is_a_place_of_the_first_question_too(world: World) -> None:
    found = world("floods in the area I am looking at", view=VIEW)
    assert [row[1] for row in found.rows] == ["f1"]


def test_a_dialogue_comes_back_from_json(world: World) -> None:
    said = world("floods in Hawkesbury").dialogue
    assert said is not None
    assert Dialogue.from_json(said.to_json()) == said


@pytest.mark.parametrize("data", [7, {}, {"request": {}}, {"request": None, "things": 3}])
def test_what_is_no_dialogue_is_refused(data: object) -> None:
    with pytest.raises(ParameterError):
        Dialogue.from_json(data)


@pytest.mark.parametrize(
    ("questions", "said", "count"),
    [
        (("images of Hawkesbury in June 2021", "only with less than 10 % cloud"), "with cloud cover below 10 %", 1),
        (("images of Hawkesbury in June 2021", "how many of them have no clouds?"), "with cloud cover at most 5 %", 1),
        (("images of Hawkesbury in June 2021", "the two least cloudy"), "The 2 ", 2),
        (("Which image of Hawkesbury has the lowest cloud cover?", "and the highest?"), "with the highest cloud cover", 1),
        (("images of Hawkesbury in June 2021", "as a map"), "on a map", 2),
    ],
)
def test_products_that_a_store_calls_otherwise_are_followed_up(questions: tuple[str, ...], said: str, count: int, places: World) -> None:
    found = talk(places, *questions)
    assert said in found.paraphrase
    assert found.count == count
