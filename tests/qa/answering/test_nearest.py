"""Where nothing is near, the nearest is told, and that it is."""

from __future__ import annotations

from tests.qa.answering.conftest import World


def test_the_nearest_where_nothing_is_near(world: World) -> None:
    found = world("Which floods are near Richmond?")
    assert [row[1] for row in found.rows] == ["f2"]
    assert [one.code for one in found.assumptions if one.code in ("near", "nearest")] == ["nearest"]


def test_what_is_near_is_told_alone(world: World) -> None:
    assert "nearest" not in [one.code for one in world("Which towns are near Hawkesbury?").assumptions]


def test_all_is_a_yes_or_a_no(world: World) -> None:
    every, some = world("Are all floods above level 2?"), world("Are all floods within Hawkesbury?")
    assert (every.value, every.text) == (True, "Yes: there are no flooded areas with flood level at most 2.")
    assert (some.value, [row[1] for row in some.rows]) == (False, ["f4"])
    assert some.text.startswith("No, not all: 1 flooded area")


def test_land_is_what_lies_in_the_place(world: World) -> None:
    found = world("How much land was flooded in Hawkesbury in March 2021?")
    part = world("How many square kilometres were flooded in Penrith - East in March 2021?")
    assert (found.unit, found.count) == ("km2", 1)
    whole = world("total area of floods in March 2021")
    assert isinstance(found.value, float)
    assert isinstance(part.value, float)
    assert isinstance(whole.value, float)
    # the flood across the border is in both, each with its part
    assert abs(found.value + part.value - whole.value) < 0.02 * whole.value


def test_which_of_two_is_told_with_both(world: World) -> None:
    found = world("Which is larger, Hawkesbury or Westland?")
    assert [row[1] for row in found.rows] == ["Westland"]
    assert found.paraphrase == "The largest of Hawkesbury and Westland."
