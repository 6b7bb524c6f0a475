"""From the question to the answer, over a real SPARQL engine and areas drawn by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from earthweave.ontology import EW, DeadlineError
from earthweave.qa import Answer, Lexicon, Limits, Request, Spatial, Table, Target, answer, plan


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
        ("What is the largest flooded area?", ["f1"]),
        ("the 2 flooded areas with the highest flood level", ["f3", "f1"]),
        ("Which floods were observed before 2021?", ["f4"]),
        ("floods in 1999", []),
    ],
)
def test_lists(question: str, expected: list[str], ask: Any) -> None:
    found = ask(question)
    assert (found.status, names(found), found.count) == ("answered", expected, len(expected))
    assert len(found.geojson["features"] if found.geojson else []) == len(expected)


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
