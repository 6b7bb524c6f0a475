"""What is told of things beside what was asked, and how it is written."""

from __future__ import annotations

from datetime import date

import pytest

from earthweave.qa import answer_request
from earthweave.qa.answering._chips import place_words
from earthweave.qa.answering._figures import moment, plural
from earthweave.qa.answering._sense import sensible
from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry, key
from earthweave.qa.request import Concept, Interval, Request, Spatial, Temporal, Things

from .conftest import World


def test_products_come_with_their_time_clouds_and_link(places: World) -> None:
    found = places("Show the scenes of Hawkesbury")
    assert [one.name for one in found.columns][2:] == ["acquisition date", "cloud cover (%)", "thumbnail"]
    assert found.rows[0][2:] == ("2021-06-08T10:36:06.154000+00:00", 12.5, "https://x.example/a1")
    assert found.text.endswith("2021-06-08 10:36 and 2021-06-18 10:36."), "what has no name goes by its time"
    sorted_ = places("sort by cloud cover", dialogue=found.dialogue)
    assert [one.name for one in sorted_.columns].count("cloud cover (%)") == 1


def test_a_river_that_is_an_area_flows_through_what_it_meets(places: World) -> None:
    found = places("Which rivers flow through Hawkesbury?")
    assert [row[1] for row in found.rows] == ["Long Brook"]
    assert found.request is not None
    assert answer_request(found.request, places.endpoint, places.knowledge).count == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2021-06-18T10:36:01.793000+00:00", "2021-06-18 10:36"),
        ("2021-06-18T10:36:01Z", "2021-06-18 10:36"),
        ("2021-06-18", "2021-06-18"),
        ("on 2021-06-18T10:36:01Z", "on 2021-06-18T10:36:01Z"),
    ],
)
def test_moments_are_told_to_the_minute(text: str, said: str) -> None:
    assert moment(text) == said


def test_times_of_a_wider_class_are_not_those_of_a_kind() -> None:
    plant, entity, start = "http://a/Plant", "http://a/Entity", "http://a/start"
    kinds = {plant: ClassEntry(plant, ("power plant",), parents=(entity,), count=2)}
    known = Knowledge(classes=kinds, properties={start: PropertyEntry(start, ("start",), (entity,), "time")})
    floods = Spatial("distance", (Things((Concept("flooded area"),)),), op="<=", metres=2000.0)
    when = Temporal((Interval(date(2021, 3, 1), date(2021, 4, 1)),))
    plants = Things((Concept("power plant", plant),), constraints=(floods, when))
    (moved,) = sensible(Request("find", plants), known).target.constraints
    assert isinstance(moved, Spatial) and isinstance(moved.of[0], Things)
    assert moved.of[0].constraints == (when,)


def test_plurals() -> None:
    assert [plural(one) for one in ("volcano", "flooded area", "body of water")] == ["volcanoes", "flooded areas", "bodies of water"]


def test_places_of_one_name_are_offered_apart(world: World) -> None:
    found = world("Show the town Springfield")
    offered = [other.text for chip in found.chips for other in chip.alternatives if "Springfield" in other.text]
    assert len(offered) == len(set(offered))
    both = {place_words(match, world.knowledge) for match in world.knowledge.names.find(key("Springfield"))}
    assert len(both) == 2
