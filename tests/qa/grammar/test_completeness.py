"""What people ask beside the plain forms: per unit, all of them, which of two, how much land, when, not, either, and strange words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import EW
from earthweave.qa import Knowledge, Request, build
from earthweave.qa.answering import understand
from earthweave.qa.request import AnyOf, Compare, Measure, Property, Spatial, Temporal, Things
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store
from tests.qa.grammar.test_families import FAMILIES
from tests.qa.grammar.world import TODAY, best, knowledge

FLOODS = Path(__file__).parents[1] / "data" / "floods.ttl"
FLOOD = str(EW.FloodedArea)


@pytest.fixture(scope="module")
def floods(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """What is known of the drawn floods."""
    with open_store(tmp_path_factory.mktemp("completeness") / "store") as store:
        store.load([FLOODS])
        return build(StoreEndpoint(store))


def asked(text: str, known: Knowledge) -> Request:
    """The likeliest request, nothing left out."""
    found = understand(text, known, TODAY)
    assert found.requests, (text, found.refusal)
    assert found.requests[0].unknown == (), text
    return found.requests[0]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Have municipalities been inundated in March 2021?", "ask"),
        ("Have any units been inundated in March 2021?", "ask"),
        ("In March 2021, have any units been flooded?", "ask"),
        ("Have there been flooded areas?", "ask"),
        ("Did any units flood in March 2021?", "ask"),
        ("Is it true that Hawkesbury was flooded?", "ask"),
        ("Can floods be found in Hawkesbury in 2021?", "ask"),
        ("Give me a count of all floods in March 2021.", "count"),
        ("In how many units were there floods in 2021?", "count"),
        ("How large are the floods in March 2021?", "measure"),
        ("size of the floods in March 2021", "measure"),
        ("total flooded area in Hawkesbury", "measure"),
        ("What is the lowest flood level?", "measure"),
        ("highest flood level in March 2021", "measure"),
        ("How many floods were there and what was their total area?", "measure"),
        ("number and total area of floods in March 2021", "measure"),
        ("How big is Hawkesbury?", "find"),
    ],
)
def test_forms(text: str, form: str, floods: Knowledge) -> None:
    assert asked(text, floods).form == form


@pytest.mark.parametrize(
    "text",
    ["How many floods in each unit in 2021?", "number of floods per unit in 2021", "In 2021, how many floods were there per unit?",
     "How many floods hit each unit in 2021?"],
)  # fmt: skip
def test_counts_per_unit_look_at_one_time(text: str, floods: Knowledge) -> None:
    request = asked(text, floods)
    (column,) = request.columns
    assert isinstance(column, Measure)
    assert column.measure == "count"
    assert isinstance(column.via, Spatial)
    assert column.via in request.target.constraints
    assert any(isinstance(one, Temporal) for one in column.via.of[0].constraints)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("How much land was flooded in Hawkesbury in March 2021?", "km2"),
        ("How many acres of land were flooded in Hawkesbury in March 2021?", "[acr_br]"),
        ("In March 2021, how many hectares in Hawkesbury were flooded?", "har"),
        ("How much of Hawkesbury was flooded in March 2021?", "km2"),
    ],
)
def test_land_in_a_place_is_what_the_floods_share_with_it(text: str, unit: str, floods: Knowledge) -> None:
    request = asked(text, floods)
    (column,) = request.columns
    assert isinstance(column, Measure)
    assert (column.measure, column.unit, request.target.named[0].name) == ("share", unit, "Hawkesbury")
    assert isinstance(column.via, Spatial)
    assert [type(one) for one in column.via.of[0].constraints] == [Temporal]  # type: ignore[union-attr]


def test_land_without_a_place_is_the_sum(floods: Knowledge) -> None:
    request = asked("How much land was flooded in March 2021?", floods)
    assert [one.function for one in request.aggregates] == ["sum"]


@pytest.mark.parametrize("text", ["level 3 units", "units of level 3", "NUTS 3 regions", "NUTS3 units"])
def test_levels_of_units(text: str, floods: Knowledge) -> None:
    (level,) = asked(text, floods).target.constraints
    assert isinstance(level, Compare)
    assert isinstance(level.value, Property)
    assert (level.value.label, level.op, getattr(level.than, "value", None)) == ("unit level", "=", 3)


@pytest.mark.parametrize("text", ["floods with a level above 10", "floods above level 10"])
def test_a_level_is_that_of_the_things(text: str, floods: Knowledge) -> None:
    (level,) = asked(text, floods).target.constraints
    assert isinstance(level, Compare)
    assert isinstance(level.value, Property)
    assert (level.value.label, level.op) == ("flood level", ">")


def test_when(floods: Knowledge) -> None:
    request = asked("When was Hawkesbury flooded?", floods)
    assert request.target.classes[0].iri == FLOOD
    assert [getattr(one, "label", "") for one in request.columns] == ["time"]


@pytest.mark.parametrize(
    ("text", "names", "descending"),
    [
        ("Which is larger, Kent or Essex?", {"Kent", "Essex"}, True),
        ("Which of Kent and Essex is smaller?", {"Kent", "Essex"}, False),
        ("Which has more inhabitants, Athens or Dublin?", {"Athens", "Dublin"}, True),
        ("Which city has the larger population, Athens or Dublin?", {"Athens", "Dublin"}, True),
        ("Which is closer to Bath, Oxford or London?", {"Oxford", "London"}, False),
        ("Which city is closest to Bath, Oxford or London?", {"Oxford", "London"}, False),
        ("Is Kent or Essex bigger?", {"Kent", "Essex"}, True),
    ],
)
def test_which_of_two(text: str, names: set[str], descending: bool) -> None:
    target = best(text).target
    assert {one.name for one in target.named} == names
    assert target.pick
    assert target.pick.descending is descending


def test_a_place_of_one_of_two_is_not_dropped() -> None:
    assert "England" in str(best("Which is larger, Kent in England or Essex?"))


@pytest.mark.parametrize("text", ["Are all lakes in Greece larger than 5 km2?", "Do all lakes in Greece have an area of more than 5 km2?"])
def test_all_is_answered_by_the_exceptions(text: str) -> None:
    request = asked(text, knowledge())
    assert request.form == "find"
    assert [one.code for one in request.assumptions] == ["all"]
    assert request.without_notes() == best("lakes in Greece with an area of at most 5 km2")


def test_only_is_some_and_no_others() -> None:
    constraints = best("Which counties have only lakes larger than 5 km2?").target.constraints
    assert sorted(one.negated for one in constraints if isinstance(one, Spatial)) == [False, True]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("images with 10 to 20 % clouds", "images with between 10 and 20 % clouds"),
        ("images whose cloud cover does not exceed 10 %", "images with at most 10 % clouds"),
        ("images with cloud cover that isn't above 10 %", "images with at most 10 % clouds"),
        ("images of Hamburg without clouds", "cloud-free images of Hamburg"),
        ("images of Hamburg without snow", "images of Hamburg with at most 0 % snow"),
        ("images ordered by cloud cover over Hamburg in 2021", "images over Hamburg in 2021 ordered by cloud cover"),
        ("Can you show a list of images of Hamburg?", "images of Hamburg"),
        ("top five cities by population", "the five cities with the highest population"),
        ("population of Kent versus Essex", "population of Kent and Essex"),
        ("In Greece, lakes larger than 5 km2", "lakes in Greece larger than 5 km2"),
    ],
)
def test_said_otherwise(text: str, same: str) -> None:
    assert best(text) == best(same)


@pytest.mark.parametrize("joint", ["or", "and"])
def test_two_satellites_are_either(joint: str) -> None:
    constraints = best(f"Sentinel-2A {joint} Sentinel-2B images of Hamburg").target.constraints
    assert [len(one.options) for one in constraints if isinstance(one, AnyOf)] == [2]


def test_two_nouns_with_conditions_of_their_own_are_either() -> None:
    target = best("images of Hamburg or images of Paris").target
    assert [len(one.options) for one in target.constraints if isinstance(one, AnyOf)] == [2]
    assert isinstance(target, Things)


def test_a_denial_that_was_left_out_is_refused() -> None:
    found = understand("images of Hamburg not bananas", knowledge(), TODAY)
    assert found.refusal
    assert "bananas" in found.refusal.text


@pytest.mark.parametrize("text", ["frobnicated images of Hamburg", "zorb lakes in Greece"])
def test_a_strange_word_in_front_is_told(text: str) -> None:
    found = understand(text, knowledge(), TODAY)
    assert text.split()[0] in told(found.requests, found.refusal)
    assert found.refusal is None


# no word is dropped in silence
QUESTIONS = [line.strip() for text in FAMILIES.values() for line in text.strip().splitlines()]
PHRASES = ("bananas", "zorbs", "Zorbs", "flimsy", "near Seattle", "in Zorbistan", "of Blorkville")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(QUESTIONS), st.sampled_from(PHRASES), st.floats(0, 1, exclude_min=True))
def test_strange_words_are_told_or_refused(question: str, phrase: str, place: float) -> None:
    words = question.rstrip("?.").split()
    at = max(1, round(place * len(words)))
    found = understand(" ".join((*words[:at], phrase, *words[at:])), knowledge(), TODAY)
    assert phrase.split()[-1].casefold() in told(found.requests, found.refusal), found


def told(requests: Sequence[Request], refusal: object) -> str:
    """All that a reader gets to see, or what the planner refuses."""
    return str((requests[0], requests[0].unknown) if requests else refusal).casefold()
