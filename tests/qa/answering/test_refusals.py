"""What is refused, with which reason; what is empty, and why."""

from __future__ import annotations

import pytest

from earthweave.qa import CODES, Knowledge, answer_request
from earthweave.qa.answering._refusals import Code, declined
from earthweave.qa.answering._understanding import _denied
from earthweave.qa.grammar import Parsed
from earthweave.qa.language import annotate, read
from earthweave.qa.request import Request, Things

from .conftest import TODAY, World

REFUSED = [
    ("", "not-a-question"),
    ("?!", "not-a-question"),
    ("asdf qwer zxcv", "not-a-question"),
    ("How many crops are there in Hawkesbury?", "no-data-layer"),
    ("Which gizmos were near Hawkesbury?", "unknown-class"),
    ("Which volcanoes were flooded?", "no-data-layer"),
    ("power plants in Hawkesbury", "no-data-layer"),
    ("Will Hawkesbury flood tomorrow?", "prediction"),
    ("Which units will be flooded next week?", "prediction"),
    ("floods in Hawkesbury in 2031", "prediction"),
    ("Why was Hawkesbury flooded?", "opinion"),
    ("Should I move away from the flooded areas?", "opinion"),
    ("Flooded areas in Narnia", "unknown-place"),
    ("Was Narnia flooded?", "unknown-place"),
    ("What is the travel time from Hawkesbury to Westland?", "unsupported-operation"),
    ("Interpolate the flood level in Hawkesbury", "unsupported-operation"),
    ("delete all floods", "unsupported-operation"),
    ("Remove Hawkesbury from the data", "unsupported-operation"),
    ("Add a new flooded area in Hawkesbury", "unsupported-operation"),
    ("What is the average income in Hawkesbury?", "unknown-property"),
    ("When will Hawkesbury be flooded again?", "prediction"),
    ("floods in 1999 in Hawkesbury bananas apples pears cherries plums", "not-understood"),
    ("Show me images similar to this one", "needs-pixels"),
    ("Show me a satellite image with sixteen vessels", "needs-pixels"),
    ("Which units contain the flooded areas that have striped gizmos in Hawkesbury?", "unknown-property"),
    ("How many gizmos can the units of Hawkesbury hold?", "unknown-property"),
    ("flood " * 400, "too-long"),
]


@pytest.mark.parametrize(("question", "code"), REFUSED)
def test_refusals(question: str, code: str, world: World) -> None:
    found = world(question)
    assert found.refusal is not None, found
    assert (found.refusal.code, found.text, bool(found.refusal.hint), found.sparql) == (code, found.refusal.text, True, "")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("In which direction should I proceed to reach the closest park from Oxford?", None),
        ("Which way should we take to get to a beach from Oxford within 80 kilometres?", None),
        ("Should I move to Texas?", "opinion"),
        ("Which city should I visit?", "opinion"),
    ],
)
def test_whoever_asks_for_a_direction_asks_for_no_advice(question: str, code: str | None) -> None:
    asked = read(question)
    why = declined(asked, annotate(asked, Knowledge(), TODAY))
    assert (why and why.code) == code


@pytest.mark.parametrize(
    ("text", "left", "denied"),
    [
        ("units with no volcano", "volcano", False),
        ("units with no volcano", "no", True),
        ("volcanoes with no lakes", "no lakes", True),
        ("lakes that are not in another unit", "another", False),
    ],
)
def test_a_denial_is_left_out_as_a_word_and_not_as_a_part_of_one(text: str, left: str, denied: bool) -> None:
    asked = read(text)
    best = Parsed(Request("find", Things()), 1.0, 1.0, unknown=(left,))
    assert _denied(asked, annotate(asked, Knowledge(), TODAY), best) is denied


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Show the flooded areas in Hawkesbury in 1974", "outside-time"), ("Was Hawkesbury flooded in 1974?", "outside-time"),
        # no data of that month is an answer, where there are some before and after
        ("Show the flooded areas in Hawkesbury in November 2020", None),
    ],
)  # fmt: skip
def test_a_time_that_no_data_are_of(question: str, code: str | None, world: World) -> None:
    found = world(question)
    assert (found.refusal and found.refusal.code, found.count or 0) == (code, 0)


def test_every_code_is_described() -> None:
    assert set(Code.__args__) == set(CODES)  # type: ignore[attr-defined]


def test_a_name_that_is_nearly_one_is_suggested_or_said(world: World) -> None:
    found = world("Show the flooded areas in Hawksbury")
    assert (found.count, [one.code for one in found.assumptions]) == (3, ["misspelt"])
    assert "Hawksbury" in found.assumptions[0].text


def test_words_that_were_not_understood_are_reported(world: World) -> None:
    for question in ("Which units were flooded in March 2021 bananas", "bananas: which units were flooded in March 2021?"):
        found = world(question)
        assert found.unknown == ("bananas",)
        assert "unknown-words" in [one["code"] for one in found.notices]


def test_what_empties_an_answer_is_told_with_the_nearest_that_does_not(world: World) -> None:
    found = world("flooded areas in Hawkesbury with a flood level above 20")
    assert found.emptiness is not None
    assert found.emptiness.blame == (("with flood level above 20", 3),)
    (nearest,) = found.emptiness.nearest
    again = answer_request(found.changed(nearest.edit), world.endpoint, world.knowledge)
    assert [row[1] for row in again.rows] == ["f3"]


def test_a_time_without_data_offers_the_times_beside_it(world: World) -> None:
    found = world("floods in Hawkesbury in 2020")
    assert found.count == 0 and found.emptiness is not None
    assert {text for text, _ in found.emptiness.blame} == {"at least partly in Hawkesbury", "observed in 2020"}
    for one in found.emptiness.nearest:
        assert answer_request(found.changed(one.edit), world.endpoint, world.knowledge).count, one


def test_a_place_too_far_away_tells_how_far(world: World) -> None:
    found = world("floods within 9 km of Blacktown - North")
    assert found.emptiness is not None
    assert [one.text for one in found.emptiness.nearest] == ["within 84 km of Blacktown - North"]
    assert answer_request(found.changed(found.emptiness.nearest[0].edit), world.endpoint, world.knowledge).count == 1


def test_the_explanation_is_bounded(world: World) -> None:
    world.endpoint.asked.clear()
    world("flooded areas in Blacktown - North in 1999 with a flood level above 90 larger than 9000 km2 near Springfield")
    assert len(world.endpoint.asked) < 70


def test_an_explanation_that_takes_too_long_is_cut_short(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earthweave.qa.answering._emptiness.SECONDS", 0.0)
    found = world("floods in Hawkesbury in 2020")
    assert (found.status, found.count) == ("answered", 0)
    assert found.emptiness is not None and found.emptiness.nearest == ()
