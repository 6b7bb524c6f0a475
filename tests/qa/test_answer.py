"""From the question to the answer, over a real SPARQL engine and areas drawn by hand."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from shapely import LinearRing

from earthweave.ontology import EW, DeadlineError
from earthweave.processing import services
from earthweave.qa import Answer, Lexicon, Limits, Request, Spatial, Table, Target, answer, plan
from earthweave.qa._refusal import COMMANDS


@pytest.fixture
def ask(endpoint: Any, lexicon: Lexicon, today: date) -> Any:
    return lambda question, **more: answer(question, endpoint, lexicon, now=today, **more)


def names(found: Answer) -> list[str]:
    key = found.columns.index("label") if "label" in found.columns else 0
    return [str(row[key]).rpartition("/")[2] for row in found.rows]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which administrative units were flooded in March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
        ("Which level 3 units were flooded in March 2021?", ["Hawkesbury", "Penrith - East"]),
        ("Which units had flooding between 15 and 25 March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
        ("Which units were flooded on 1 August 2020?", ["Penrith - East", "Westland"]),
        ("Which units in Westland were flooded in 2020?", ["Penrith - East"]),
        ("Which units were not flooded?", ["Blacktown - North"]),
        ("Which units had a flood level above 12?", ["Hawkesbury", "Penrith - East", "Westland"]),
        ("Show the flooded areas in Hawkesbury", ["f1", "f2", "f3"]),
        ("Show the flooded areas wholly inside Hawkesbury", ["f1", "f2"]),
        ("List flooded areas with a flood level of at least 7 in Hawkesbury", ["f1", "f2", "f3"]),
        ("List flooded areas larger than 75 ha", ["f1", "f3"]),
        ("Which floods were observed before 2021?", ["f4"]),
        ("floods in 1999", []),
    ],
)
def test_lists(question: str, expected: list[str], ask: Any) -> None:
    found = ask(question)
    assert (found.status, names(found), found.count) == ("answered", expected, len(expected))
    assert len(found.geojson["features"] if found.geojson else []) == len(expected)


@pytest.mark.parametrize(
    ("question", "expected", "text"),
    [
        ("What is the largest flooded area?", ["f1"], "The largest flooded area (of 4): 2 km², flood level 12."),
        ("the 2 flooded areas with the highest flood level", ["f3", "f1"],
         "The 2 flooded areas with the highest flood level (of 4): 1 km², flood level 15; 2 km², flood level 12."),
        ("List 3 flooded areas", ["f1", "f2", "f3"], "4 flooded areas, of which the first 3 are listed."),
        ("List 1 unit", ["Blacktown - North"], "4 administrative units, of which the first is listed: Blacktown - North."),
        ("List 600 flooded areas", ["f1", "f2", "f3", "f4"], "4 flooded areas."),
    ],
)  # fmt: skip
def test_a_number_asked_for_is_not_the_count(question: str, expected: list[str], text: str, ask: Any) -> None:
    found = ask(question)
    assert (names(found), found.text, found.count) == (expected, text, 4)
    told = [f"The first {len(expected)} of 4 are listed and drawn."] if len(expected) < 4 else []
    assert [one["text"] for one in found.notices] == told


def test_a_number_beyond_the_limit_is_cut_and_told(ask: Any) -> None:
    found = ask("List 600 flooded areas", limits=Limits(question_rows=2))
    assert (len(found.rows), found.count, found.text) == (2, 4, "4 flooded areas, of which the first 2 are listed.")
    assert [one["code"] for one in found.notices] == ["truncated"]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many areas have flood level above 10?", 2),
        ("How many flooded areas are in Penrith - East?", 2),
        ("How many units were flooded in 2020?", 2),
        ("Was Blacktown - North flooded?", False),
        ("Was Penrith - East flooded in August 2020?", True),
        ("Was Penrith - East flooded in July 2020?", False),
        ("How large is the flooded area in Hawkesbury?", 3.5),
        ("How many hectares were flooded in Hawkesbury?", 350.0),
        ("What is the highest flood level in Penrith - East?", 15.0),
        ("What is the lowest flood level?", 3.0),
    ],
)
def test_values(question: str, value: float | bool, ask: Any) -> None:
    found = ask(question)
    assert found.status == "answered"
    assert (found.value, type(found.value)) == (value, type(value))


def test_only_what_takes_part_makes_an_answer_simulated(ask: Any) -> None:
    assert ask("How many floods were there in March 2021?").simulated
    assert ask("Which units were flooded in March 2021?").simulated
    assert not ask("How many floods were there in August 2020?").simulated
    assert ask("Which units were not flooded?").simulated
    assert ask("Was Blacktown - North flooded?").simulated, "a no rests on the simulated areas too"


def test_a_place_can_be_denied(endpoint: Any, lexicon: Lexicon) -> None:
    (place,) = lexicon.find("Hawkesbury")
    request = Request("count", Target(str(EW.FloodedArea), (Spatial("intersects", place, True),)))
    ((number,),) = endpoint.select(plan(request).text, Limits()).rows
    assert number.value == "1"


def test_text_comes_from_the_request(ask: Any) -> None:
    said = {ask(question).text for question in ("How many floods in hawksbury?", "Please count the inundated areas within Hawkesbury")}
    assert said == {"3 flooded areas in Hawkesbury."}


def test_geometry_is_longitude_first_whatever_the_source(ask: Any) -> None:
    (feature,) = ask("floods in August 2020").geojson["features"]
    assert feature["geometry"]["coordinates"][0][0] == (151.5, -33.9)
    assert feature["properties"]["floodLevel"] == 3


def test_cut_lists_say_so(ask: Any) -> None:
    found = ask("floods", limits=Limits(question_rows=2))
    assert (len(found.rows), found.count, [one["code"] for one in found.notices]) == (2, 4, ["truncated"])


def areas(*values: str) -> str:
    """Flooded areas a0, a1, … of these areas, written in Turtle; empty for none."""
    return "\n".join(f"<a{n}> a ew:FloodedArea . {f'<a{n}> geo:hasMetricArea {value} .' * bool(value)}" for n, value in enumerate(values))


BAD = [f'"{text}"^^xsd:double' for text in ("abc", "NaN", "INF", "-INF", "1_0", "1e999", "")]
BAD += ['"abc"', '"٣"^^xsd:integer', f'"{"9" * 5000}"^^xsd:integer', f'"{"9" * 400}"^^xsd:integer', "<http://e/x>", "[]"]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_is_no_number_spoils_no_answer(bad: str, stating: Any, lexicon: Lexicon, today: date) -> None:
    endpoint = stating(areas('"2e6"^^xsd:double', bad))
    listed, total, largest = (
        answer(question, endpoint, lexicon, now=today)
        for question in ("List the flooded areas", "What is the total flooded area?", "What is the largest flooded area?")
    )
    for found in (listed, total, largest):
        json.dumps(found.to_json(), allow_nan=False)
        assert found.count == 2
    assert [row[listed.columns.index("area")] for row in listed.rows] == [2e6, None]
    assert [one["text"] for one in listed.notices] == ["1 of 2 values of area are not a finite number: left out."]
    assert total.value == 2.0
    assert [one["text"] for one in total.notices] == ["1 of 2 have no area that is a finite number: left out."]
    assert largest.text == "The largest flooded area (of 2): 2 km²."


def test_nothing_but_bad_numbers(stating: Any, lexicon: Lexicon, today: date) -> None:
    endpoint = stating(areas(BAD[0], BAD[1], ""))
    for question in ("What is the total flooded area?", "What is the largest flooded area?"):
        found = answer(question, endpoint, lexicon, now=today)
        assert (found.value, found.count, found.text[-18:]) == (None, 3, "with a known area.")
        assert [one["code"] for one in found.notices] == ["lacking"]


def test_a_sum_beyond_all_numbers(stating: Any, lexicon: Lexicon, today: date) -> None:
    found = answer("total flooded area", stating(areas("1.7e308", "1.7e308")), lexicon, now=today)
    assert (found.value, found.count, found.text) == (None, 2, "The total area of flooded areas is beyond what can be computed.")


def test_order_without_the_property_is_told(stating: Any, lexicon: Lexicon, today: date) -> None:
    found = answer("the 3 largest flooded areas", stating(areas("1e6", "2e6", "")), lexicon, now=today)
    assert found.text == "The 2 largest flooded areas (of 3): 2 km²; 1 km²."
    assert [one["code"] for one in found.notices] == ["lacking"]


def test_rings_run_counter_clockwise(stating: Any, lexicon: Lexicon, today: date) -> None:
    endpoint = stating("""
        <a> a ew:FloodedArea ; geo:hasGeometry <g> . <g> geo:asWKT "POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))" .
        <b> a ew:FloodedArea ; geo:hasGeometry <h> . <h> geo:asWKT "POLYGON EMPTY" .
    """)
    found = answer("List the flooded areas", endpoint, lexicon, now=today)
    assert found.geojson is not None
    (feature,) = found.geojson["features"]
    assert [LinearRing(ring).is_ccw for ring in feature["geometry"]["coordinates"]] == [True, False]


def test_services_that_refusals_name_exist() -> None:
    assert set(COMMANDS) <= {one.id for one in services()}
    assert all(f" {service} " in command for service, (_, command) in COMMANDS.items())


def test_chips_assumptions_and_unknown_words(ask: Any) -> None:
    found = ask("How large is the flooded area in hawksbury since 2020 bananas?").to_json()
    assert [(one["kind"], one["value"]) for one in found["chips"]] == [
        ("class", "flooded areas"), ("place", "Hawkesbury"), ("time", "since 1 January 2020"), ("aggregate", "total area"),
    ]  # fmt: skip
    assert any("counted whole" in one for one in found["assumptions"])
    assert any("hawksbury" in one for one in found["assumptions"])
    assert found["unknown"] == ["bananas"]
    assert found["request"]["unknown"] == ["bananas"]


def test_json_of_a_refusal(ask: Any) -> None:
    found = ask("Which volcanoes were flooded?").to_json()
    assert (found["status"], found["reason"]["code"], found["unknown"], found["sparql"]) == (
        "refused",
        "unknown-data-layer",
        ["volcanoes"],
        "",
    )
    assert found["text"] == found["reason"]["text"]


def test_an_empty_store_says_what_would_fill_it(empty: Any, lexicon: Lexicon, today: date) -> None:
    found = answer("How large is the flooded area in Hawkesbury?", empty, lexicon, now=today)
    assert (found.value, found.count, found.simulated) == (None, 0, False)
    assert any("earthweave process run s2-cd" in one["text"] for one in found.notices)


def test_question_words_never_reach_the_endpoint(endpoint: Any, lexicon: Lexicon, today: date) -> None:
    answer('Which units were flooded in March 2021 "} DROP ALL # xyzzy', endpoint, lexicon, now=today)
    assert not any(word in query for query in endpoint.asked for word in ("DROP", "xyzzy", "#}"))


class Slow:
    """An endpoint whose every query takes too long."""

    def select(self, query: str, limits: Limits) -> Table:
        raise DeadlineError("the query took longer than 1 s", way_out="raise query_deadline")

    def ask(self, query: str, limits: Limits) -> bool:
        raise DeadlineError("the query took longer than 1 s")

    def construct(self, query: str, limits: Limits) -> bytes:
        raise DeadlineError("the query took longer than 1 s")


def test_a_limit_is_an_answer(lexicon: Lexicon, today: date) -> None:
    found = answer("Which units were flooded?", Slow(), lexicon, now=today)
    assert found.refusal is not None
    assert (found.refusal.code, found.refusal.hint, bool(found.sparql)) == ("limit", "raise query_deadline", True)
