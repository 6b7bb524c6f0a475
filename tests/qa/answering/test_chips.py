"""Chips cover a request, take it apart without breaking it, and offer what else it could be; words come from the tree alone."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from earthweave.ontology import ParameterError
from earthweave.qa import Operation, Request, answer_request, edit_from_json, edited, paraphrase
from earthweave.qa.answering import chips, without
from earthweave.qa.answering._tree import jsonable, pointer, walk
from earthweave.qa.request import (
    AnyOf,
    Assumption,
    Compare,
    Concept,
    Has,
    Interval,
    Named,
    Property,
    Related,
    Spatial,
    Temporal,
    Text,
    Things,
)

from ..planning.requests import requests
from ..planning.worlds import KNOWLEDGE
from ..planning.worlds import world as made_up
from .conftest import World

ANY = requests(made_up(3))
CONSTRAINTS = (Spatial, Related, Temporal, Compare, Has, AnyOf)
NOTES = st.lists(
    st.builds(Assumption, st.sampled_from("near along season year direction large misspelt part other".split()), st.text(max_size=9)),
    max_size=4,
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(ANY)
def test_a_paraphrase_is_never_empty(request: Request) -> None:
    said = paraphrase(request)
    assert len(said) > 3 and said.endswith(".") and "None" not in said and "  " not in said


@settings(deadline=None, max_examples=50)
@given(ANY, NOTES)
def test_chips_cover_all_constraints(request: Request, notes: list[Assumption]) -> None:
    found = chips(request, KNOWLEDGE, notes)
    paths = {one.path for one in found}
    assert {pointer(path) for path, part in walk(request) if isinstance(part, CONSTRAINTS)} <= paths
    assert [one.value for one in found if one.assumed] == [one.text for one in notes]
    for part, path in ((request.order, "/order"), (request.limit, "/limit"), (request.target.pick, "/target/pick")):
        assert part is None or path in paths


@settings(deadline=None, max_examples=50)
@given(ANY, NOTES)
def test_what_chips_take_away_leaves_a_request(request: Request, notes: list[Assumption]) -> None:
    for one in chips(request, KNOWLEDGE, notes):
        if one.removable:
            left = without(request, one)
            assert left != request
            assert Request.from_json(json.loads(json.dumps(left.to_json()))) == left
            assert paraphrase(left)


@settings(deadline=None, max_examples=40)
@given(ANY, NOTES)
def test_alternatives_are_requests(request: Request, notes: list[Assumption]) -> None:
    for one in chips(request, KNOWLEDGE, notes):
        for other in one.alternatives:
            assert other.text
            assert edit_from_json(json.loads(json.dumps([part.to_json() for part in other.edit]))) == other.edit
            assert paraphrase(edited(request, other.edit))


@given(ANY, st.text(max_size=30), st.sampled_from(["add", "remove", "replace"]))
@settings(deadline=None, max_examples=40)
def test_a_bad_edit_is_refused_or_gives_a_request(request: Request, path: str, op: str) -> None:
    try:
        left = edited(request, (Operation(op, f"/{path}", 7),))  # type: ignore[arg-type]
    except ParameterError:
        return
    assert isinstance(left, Request)


@pytest.mark.parametrize("path", ["/columns/" + "9" * 5000, "/columns/²", "/columns/-1", "/target/kind/0"])
def test_paths_to_nowhere_are_refused(path: str) -> None:
    with pytest.raises(ParameterError) as error:
        edited(Request("find", Things((Concept("city"),))), (Operation("replace", path, None),))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(("start", "end"), [(date.min, date(1, 2, 1)), (date(9999, 12, 1), date.max), (date.min, date.max)])
def test_times_at_the_ends_of_the_calendar_have_chips(start: date, end: date) -> None:
    request = Request("find", Things((Concept("city"),), constraints=(Temporal((Interval(start, end),)),)))
    assert [one.code for one in chips(request, KNOWLEDGE)] == ["class", "when"]


def test_parts_of_a_kind_are_written_by_one_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[object]()
    plain = TypeAdapter.__init__
    monkeypatch.setattr(TypeAdapter, "__init__", lambda self, *given, **more: made.append(self) or plain(self, *given, **more))  # type: ignore[func-returns-value]
    for _ in range(9):
        jsonable(Concept("city"))
    assert len(made) <= 1


@pytest.mark.parametrize("data", [None, {}, [1], [{"op": "copy", "path": "/a"}], [{"op": "add"}], [{"op": "add", "path": "a"}]])
def test_edits_that_are_none_are_refused(data: object) -> None:
    with pytest.raises(ParameterError):
        edit_from_json(data)


def test_a_chip_of_a_place_offers_others_of_its_name(world: World) -> None:
    found = world("units near Springfield")
    (where,) = [one for one in found.chips if one.code == "where"]
    named = [one for one in where.alternatives if one.text.startswith("Springfield (town")]
    assert len(named) == 1
    other = answer_request(found.changed(named[0].edit), world.endpoint, world.knowledge)
    assert other.request is not None and other.request != found.request
    assert any(one.code == "near" and "within" in one.value for one in found.chips if one.assumed)
    assert {"within 10 km", "within 25 km"} <= {one.text for one in where.alternatives}


def test_the_place_of_the_nearest_offers_others_of_its_name_and_distances(world: World) -> None:
    found = world("floods near Springfield")
    assert "nearest" in [one.code for one in found.assumptions]
    (where,) = [one for one in found.chips if one.code == "where"]
    texts = [one.text for one in where.alternatives]
    assert [text for text in texts if text.startswith("Springfield (town")]
    assert texts[-3:] == ["within 10 km", "within 25 km", "within 100 km"]
    counts = [answer_request(found.changed(one.edit), world.endpoint, world.knowledge).count for one in where.alternatives[-3:]]
    assert counts == sorted(counts, key=int) and found.count == 1


def test_removing_a_chip_widens_the_answer(world: World) -> None:
    found = world("floods in Hawkesbury in March 2021")
    left = {one.code: answer_request(found.without(one), world.endpoint, world.knowledge).count for one in found.chips if one.removable}
    assert (found.count, left) == (3, {"where": 3, "when": 3})


def test_seasons_follow_the_hemisphere(world: World) -> None:
    found = world("floods in winter 2021 in Hawkesbury")
    assert found.paraphrase == "Flooded areas at least partly in Hawkesbury observed from June to August 2021."
    (season,) = [one for one in found.chips if one.code == "season"]
    assert "southern hemisphere" in season.value
    assert found.changed(season.alternatives[0].edit).target.constraints != found.request.target.constraints if found.request else False


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request("find", Things((Concept("city"),), constraints=(Spatial("northwest", (Things(named=(Named("Sydney"),)),)),))),
         "Cities north-west of Sydney."),
        (Request("count", Things((Concept("body of water"),))), "The number of bodies of water."),
        (Request("find", Things(named=(Named("Dublin"),)), columns=(Property("population"),)), "Population of Dublin."),
        (Request("find", Things((Concept("scene"),), constraints=(Compare(Property("platform"), "=", Text("Sentinel-2B")),)), limit=5),
         "Scenes whose platform is “Sentinel-2B”, the first 5."),
        (Request("run", Things((Concept("field"),)), service="time series"), "A run of time series for fields."),
    ],
)  # fmt: skip
def test_what_paraphrases_say(request_: Request, said: str) -> None:
    assert paraphrase(request_) == said
