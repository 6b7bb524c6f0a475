"""What the parser promises: skipping is counted, nothing crashes, time is bounded, trees survive JSON."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.grammar import parse
from earthweave.qa.grammar._chart import MAX_EDGES
from earthweave.qa.grammar._parse import RULES
from earthweave.qa.language import read
from earthweave.qa.request import Amount, Compare, Measure, Pick, Request, Spatial, Temporal
from tests.qa.grammar.world import TODAY, best, knowledge, readings, understand

_WORDS = (
    "which what how many is are there the a of in north west within 5 km than more least largest second nearest to from and or not no "
    "without with lakes rivers county cities Athens Greece Kent Mississippi border flows through population area between 2021 March "
    "sentinel-2 images cloud cover sorted by limit does have that whose capital most fewest total average , ? bananas"
).split(" ")


def test_unknown_words_are_told_and_cost_something() -> None:
    plain, odd = understand("lakes in Greece")[0], understand("lakes in Greece zzyzx")[0]
    assert odd.request.without_notes() == plain.request.without_notes()
    assert (plain.unknown, odd.unknown, odd.request.unknown) == ((), ("zzyzx",), ("zzyzx",))
    assert plain.coverage == 1.0 > odd.coverage
    assert plain.score > odd.score


def test_unknown_words_inside_are_told_too() -> None:
    first = understand("which frumious lakes are in Greece")[0]
    assert first.unknown == ("frumious",)
    assert first.request.without_notes() == best("which lakes are in Greece")


@pytest.mark.parametrize(
    "polite",
    [
        "please show me {}",
        "could you tell me {}?",
        "I would like to see {}, please.",
        "can you find {} for me?",
        "hello, I am looking for {}",
        "do you have any suggestions for {}?",
    ],
)
def test_fillers_change_nothing(polite: str) -> None:
    text = "the lakes in Greece larger than 100 km2"
    assert best(polite.replace("{}", text)) == best(text)


@pytest.mark.parametrize("text", ["", "?", "the of in", "Spain zzyzx", "hello", "thank you very much", "Athens", "in Greece"])
def test_what_asks_for_nothing_gives_nothing(text: str) -> None:
    assert understand(text) == []


def test_at_most_eight_ways_and_best_first() -> None:
    ways = understand("largest lakes and rivers in Greece or Albania that border the county of Kent near Oxford")
    assert 1 < len(ways) <= 8
    assert [way.score for way in ways] == sorted((way.score for way in ways), reverse=True)
    assert len({way.request for way in ways}) == len(ways)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=14))
def test_salads_of_words_neither_crash_nor_explode(words: list[str]) -> None:
    for way in understand(" ".join(words)):
        assert 0 <= way.coverage <= 1
        assert 0 < way.score <= 1.2
        assert Request.from_json(way.request.to_json()) == way.request
        assert {reading.kind for reading in way.used} - {"filler"}
        assert int(way.notes[0].split()[0]) <= 2 * MAX_EDGES


def test_edges_are_bounded_whatever_the_length() -> None:
    text = " and ".join(["lakes in Greece that border the largest county within 5 km of Kent"] * 8)
    way = understand(text)[0]
    assert int(way.notes[0].split()[0]) < MAX_EDGES + 400


def test_a_question_of_forty_tokens_makes_few_edges() -> None:
    text = (
        "Could you tell me which of the municipalities in Greece that have at least three lakes and are located within 5 km of a river "
        "have a population of more than 10000 inhabitants and border the largest county of England?"
    )
    assert len(read(text).tokens) >= 40
    (first, *_) = understand(text)
    assert int(first.notes[0].split()[0]) < MAX_EDGES
    assert (first.unknown, len(first.request.target.constraints)) == ((), 5)


def test_rules_take_as_many_parts_as_their_patterns_have() -> None:
    wrong = [rule.name for rule in RULES if len(inspect.signature(rule.meaning).parameters) != len(rule.pattern) + 1]
    assert wrong == []


def test_every_theme_has_rules() -> None:
    assert {rule.name.partition(".")[0] for rule in RULES} == {
        "nouns", "kinds", "spatial", "values", "questions", "groups", "comparing", "happening", "orders",
    }  # fmt: skip


def test_readings_may_come_from_an_iterator_and_decide_alone() -> None:
    question = read("lakes in Greece")
    kept = (one for one in readings(question) if one.kind != "name")
    (first, *_) = parse(question, kept, knowledge(), TODAY)
    assert first.unknown == ("Greece",)


def test_nearest_takes_what_it_is_nearest_to() -> None:
    request = best("the 5 nearest hospitals to Athens")
    assert isinstance(request.target.pick, Pick)
    assert (request.target.pick.count, request.target.pick.descending) == (5, False)
    assert isinstance(request.target.pick.by, Measure)
    assert request.target.pick.by.to == best("parks in Athens").target.constraints[0].of[0]  # type: ignore[union-attr]


def test_second_largest_skips_one() -> None:
    pick = best("the second largest city in Texas").target.pick
    assert pick
    assert (pick.skip, pick.count) == (1, 1)


def test_a_modifier_finds_the_noun_that_its_type_fits() -> None:
    # cloud cover is of images, and a time too, however near the place stands
    request = best("images of lakes in Greece with less than 10 % cloud cover in March 2021")
    assert {type(one) for one in request.target.constraints} == {Compare, Spatial, Temporal}


def test_lines_cross_and_areas_do_not() -> None:
    request = best("which states does the Colorado run through")
    (constraint,) = request.target.constraints
    assert isinstance(constraint, Spatial)
    assert constraint.of[0].named[0].cls.endswith("river")  # type: ignore[union-attr]


def test_a_comma_tells_that_a_modifier_is_of_the_whole() -> None:
    def lakes(text: str) -> object:
        (north,) = (one for one in best(text).target.constraints if isinstance(one, Spatial) and one.relation == "north")
        return north.of[0]

    assert lakes("villages north of lakes, in Cumbria") == best("lakes").target
    assert lakes("villages north of lakes in Cumbria") == best("lakes in Cumbria").target


def test_a_place_at_the_end_is_where_all_of_it_is() -> None:
    within = best("lakes in Greece").target.constraints[0]
    assert within in best("Which islands are east of villages in Greece?").target.constraints
    assert within not in best("Which islands are east of villages that are in Greece and in Albania?").target.constraints


def test_a_place_in_front_is_where_all_of_it_is() -> None:
    east = Spatial("east", (best("villages in Greece").target,))
    within = best("lakes in Greece").target.constraints[0]
    assert set(best("In Greece, which islands are east of villages?").target.constraints) == {within, east}
    assert best("In Greece, which islands are within 5 km of villages?").target.constraints[0] != within


@pytest.mark.parametrize(
    ("text", "op", "value", "unit"),
    [
        ("lakes of more than 5 km2", ">", 5, "km2"),
        ("lakes of at most 5 km2", "<=", 5, "km2"),
        ("lakes with an area of 5 square kilometres or more", ">=", 5, "km2"),
        ("lakes not larger than 5 hectares", "<=", 5, "har"),
        ("cities with 1000 inhabitants or more", ">=", 1000, "1"),
        ("images with under 10 % cloud cover", "<", 10, "%"),
        ("images with cloud<10", "<", 10, "1"),
    ],
)
def test_comparisons(text: str, op: str, value: float, unit: str) -> None:
    (compare,) = best(text).target.constraints
    assert isinstance(compare, Compare)
    assert (compare.op, compare.than) == (op, Amount(value, unit))


def test_between_has_two_bounds_and_about_a_tenth_around() -> None:
    low, high = best("lakes with an area between 2 and 3 km2").target.constraints
    assert {(one.op, one.than) for one in (low, high)} == {(">=", Amount(2, "km2")), ("<=", Amount(3, "km2"))}  # type: ignore[union-attr]
    about = best("lakes with an area of about 10 km2").target.constraints
    assert {one.than.value for one in about} == {9.0, 11.0}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Is there a lake in Greece?", "ask"),
        ("Is Crete an island?", "ask"),
        ("Is Oxford the largest city of England?", "ask"),
        ("Does Texas have more counties than Alabama?", "ask"),
        ("Is Limerick closer to Waterford than Dublin?", "ask"),
        ("Is the distance between Dublin and Arklow greater than 10km?", "ask"),
        ("Are Dublin and Arklow more than 10km apart?", "ask"),
        ("What is the average area of lakes in Greece?", "measure"),
        ("How many lakes are there?", "count"),
        ("NDVI time series for Greece from 2018 to 2024", "run"),
        ("Where is Loch Ness?", "find"),
    ],
)
def test_forms(text: str, form: str) -> None:
    assert best(text).form == form


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("large lakes in Greece", "large"),
        ("small lakes in Greece", "small"),
        ("lakes with an area of about 10 km2", "about"),
        ("cloud-free images of Hamburg", "cloud-free"),
    ],
)
def test_what_is_vague_is_told(text: str, code: str) -> None:
    assert code in {one.code for one in understand(text)[0].request.assumptions}


def test_exact_questions_take_nothing_for_granted() -> None:
    assert understand("the largest lake in Greece")[0].request.assumptions == ()


def test_what_was_flooded_when_and_where() -> None:
    request = best("Which municipalities were flooded north-west of Sydney between 15 and 25 March 2021?")
    met, north = request.target.constraints
    assert isinstance(met, Spatial)
    assert isinstance(north, Spatial)
    assert (met.relation, north.relation) == ("intersects", "northwest")
    # the time is of the floods
    assert [type(one) for one in met.of[0].constraints] == [Temporal]  # type: ignore[union-attr]
    for other in ("municipalities flooded between 15 and 25 March 2021", "Which municipalities were flooded between 15 and 25 March 2021?"):
        assert best(other).target.constraints == (met,)
    assert best("Was Kent flooded between 15 and 25 March 2021?").target.constraints == (met,)
