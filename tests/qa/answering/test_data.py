"""From the question to data over a real store: lists, numbers, yes and no, what they rest on, how they are JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from shapely import LinearRing

from earthweave.ontology import DeadlineError
from earthweave.qa import Knowledge, Limits, Table, answer, answer_schema, provenance

from .conftest import TODAY, World


def names(world: World, question: str, **more: Any) -> list[str]:
    return [str(row[1]) for row in world(question, **more).rows]


LISTS = [
    ("Which administrative units were flooded in March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("Which units had flooding between 15 and 25 March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("Which units were flooded on 1 August 2020?", ["Penrith - East", "Westland"]),
    ("Which units in Westland were flooded in 2020?", ["Penrith - East"]),
    ("Which units were not flooded?", ["Blacktown - North"]),
    ("Which units had a flood level above 12?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("List the districts affected by floods in August 2020", ["Penrith - East", "Westland"]),
    ("units under water in August 2020", ["Penrith - East", "Westland"]),
    ("Show the flooded areas in Hawkesbury", ["f1", "f2", "f3"]),
    ("List flooded areas with a flood level of at least 7 in Hawkesbury", ["f1", "f2", "f3"]),
    ("Which floods were observed before 2021?", ["f4"]),
    ("List the towns with a population above 500", ["Springfield", "Richmond"]),
]


@pytest.mark.parametrize(("question", "expected"), LISTS)
def test_lists(question: str, expected: list[str], world: World) -> None:
    found = world(question)
    assert (found.status, sorted(str(row[1]) for row in found.rows), found.count) == ("answered", sorted(expected), len(expected)), found
    assert len(found.geojson["features"] if found.geojson else []) == len(expected)
    assert not found.unknown


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many flooded areas are in Penrith - East?", 2),
        ("How many units were flooded in 2020?", 2),
        ("How many floods are there?", 4),
        ("Was Blacktown - North flooded?", False),
        ("Was Penrith - East flooded in August 2020?", True),
        ("Was Penrith - East flooded in July 2020?", False),
        ("was penrith east flooded in august 2020", True),
        ("Is there any flooded area in Hawkesbury?", True),
    ],
)
def test_values(question: str, value: float | bool, world: World) -> None:
    found = world(question)
    assert (found.status, found.value, type(found.value)) == ("answered", value, type(value)), found
    assert found.text.startswith({True: "Yes", False: "No"}.get(value, str(value))) if isinstance(value, bool) else found.text


def test_yes_lists_what_there_is(world: World) -> None:
    found = world("Is there any flooded area in Hawkesbury?")
    assert (found.value, found.count, len(found.rows)) == (True, 3, 3)
    assert found.text == "Yes: 3 flooded areas at least partly in Hawkesbury: f1, f2 and f3."


def test_numbers_are_told_with_units(world: World) -> None:
    found = world("How many hectares were flooded in Hawkesbury?")
    # what lies in the place, and not the part of a flood across its border
    assert (found.unit, found.count) == ("har", 1)
    assert found.value == pytest.approx(12835.86, abs=0.1)
    assert "12,836 ha" in found.text
    largest = world("What is the largest flooded area?")
    assert (largest.rows[0][1], largest.columns[2].name, largest.columns[2].unit) == ("f3", "area (km²)", "km2")
    assert largest.text == "The largest flooded area: f3 (103.06 km²)."


def test_areas_come_with_what_they_share(world: World) -> None:
    found = world("Which administrative units were flooded in March 2021?")
    assert [one.name for one in found.columns] == ["feature", "label", "flooded areas (km²)"]
    shares = {row[1]: row[2] for row in found.rows}
    assert shares["Westland"] == pytest.approx(205.66, abs=0.1)
    assert shares["Hawkesbury"] + shares["Penrith - East"] == pytest.approx(shares["Westland"], rel=1e-3)


def test_a_place_that_holds_no_unit_is_where_it_happened(world: World) -> None:
    found = world("Which units were flooded in Richmond in March 2021?")
    assert found.paraphrase == "Administrative units meeting flooded areas at least partly in Richmond observed in March 2021."
    inside = world("Which units were flooded in Westland in March 2021?")
    assert inside.paraphrase == "Administrative units meeting flooded areas observed in March 2021 in Westland."


def test_only_what_takes_part_makes_an_answer_simulated(world: World) -> None:
    assert world("How many floods were there in March 2021?").simulated
    assert world("Which units were flooded in March 2021?").simulated
    assert not world("How many floods were there in August 2020?").simulated
    assert world("Which units were not flooded?").simulated
    assert world("Was Blacktown - North flooded?").simulated, "a no rests on the simulated areas too"


def test_geometry_is_longitude_first_and_rings_run_counter_clockwise(world: World) -> None:
    found = world("floods in August 2020").geojson
    assert found is not None
    (feature,) = found["features"]
    assert feature["geometry"]["coordinates"][0][0] == (151.5, -33.9)
    assert LinearRing(feature["geometry"]["coordinates"][0]).is_ccw


def test_cut_lists_say_so(world: World) -> None:
    found = world("floods", limits=Limits(question_rows=2))
    assert (len(found.rows), found.count) == (2, 4)
    assert "truncated" in [one["code"] for one in found.notices]
    assert found.text == "4 flooded areas, of which the first 2 are listed: f1 and f2."


@pytest.mark.parametrize("question", [row[0] for row in LISTS[:3]] + ["floods in 1999", "Flooded areas in Narnia", "Will it rain?", "?"])
def test_the_json_of_every_answer_meets_its_schema(question: str, world: World) -> None:
    schema = answer_schema()
    Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(world(question).to_json(), allow_nan=False))
    assert [one.message for one in Draft202012Validator(schema).iter_errors(data)] == []


def test_text_comes_from_the_request(world: World) -> None:
    questions = ("How many floods are in Hawkesbury?", "Please count the inundated areas within Hawkesbury")
    said = {world(question).paraphrase for question in questions}
    assert said == {"The number of flooded areas at least partly in Hawkesbury."}


def test_timings_are_told_by_stage(world: World) -> None:
    assert {"read", "annotate", "parse", "plan", "run"} <= set(world("floods").timings)


def test_provenance_reaches_the_scenes(world: World) -> None:
    found = provenance(["http://example.org/f1"], world.endpoint)
    assert {one.source for one in found} == {f"http://example.org/{name}" for name in ("layer", "run", "scene1", "scene2")}
    assert "Scene before" in {one.label for one in found}
    facts = {one.source.rpartition("/")[2]: one.facts for one in found}
    assert facts["run"] == {"parameters": {"sieve": 10}, "started": "2026-11-01T00:00:00Z"}
    assert (facts["scene1"], facts["scene2"]) == ({"simulated": True}, {})
    assert provenance(["no iri", "http://a> } #"[:0]], world.endpoint) == ()


class Slow:
    """An endpoint whose every query takes too long."""

    def select(self, query: str, limits: Limits) -> Table:
        raise DeadlineError("the query took longer than 1 s", way_out="raise query_deadline")

    def ask(self, query: str, limits: Limits) -> bool:
        raise DeadlineError("the query took longer than 1 s")

    def construct(self, query: str, limits: Limits) -> bytes:
        raise DeadlineError("the query took longer than 1 s")


def test_a_limit_is_an_answer(world: World) -> None:
    found = answer("Which units were flooded?", Slow(), world.knowledge, now=TODAY)
    assert found.refusal is not None
    assert (found.status, found.refusal.code, found.refusal.hint, bool(found.sparql)) == ("refused", "limit", "raise query_deadline", True)


def test_a_store_that_knows_nothing_refuses(world: World) -> None:
    found = answer("Which units were flooded?", world.endpoint, Knowledge(), now=TODAY)
    assert found.refusal is not None and found.refusal.code in ("no-data-layer", "not-understood")
