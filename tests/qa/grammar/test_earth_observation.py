"""Requests for Earth-observation data: boxes, units to answer in, services of a theme, times behind a superlative, pieces that go on."""

from __future__ import annotations

import pytest

from earthweave.qa.grammar import parse_fragment
from earthweave.qa.language import read
from earthweave.qa.request import Box, Compare, Concept, Measure, Pick, Point, Property, Spatial, Temporal, Text, Things

from .world import PRODUCT, TODAY, best, knowledge, readings, understand


def test_the_area_of_a_box() -> None:
    request = best("What is the area in hectares of bbox [-50, -15, -49, -14]?")
    assert request.columns == (Measure("area", "har", of=Box(-50, -15, -49, -14)),)


@pytest.mark.parametrize("text", ["What is the area of Kent in hectares?", "area in hectares of Kent"])
def test_a_unit_to_answer_in(text: str) -> None:
    assert [one.unit for one in best(text).columns if isinstance(one, Measure | Property)] == ["har"]


@pytest.mark.parametrize("text", ["images at 48.85, 2.35 in May 2021", "images around (48.85, 2.35)"])
def test_a_bare_pair_behind_a_preposition_is_latitude_and_longitude(text: str) -> None:
    (where,) = [one for one in best(text).target.constraints if isinstance(one, Spatial)]
    assert where.of == (Point(2.35, 48.85),)
    (found,) = [one for one in readings(read(text)) if one.kind == "coordinates"]
    assert [one.code for one in found.assumptions] == ["axis-order"]


@pytest.mark.parametrize("text", ["images of 2, 3 towns", "images of 2021, 2022", "images with 2.5, 3.5"])
def test_other_pairs_are_no_places(text: str) -> None:
    assert not any(
        isinstance(of, Point) for one in understand(text) for c in one.request.target.constraints if isinstance(c, Spatial) for of in c.of
    )


def test_a_time_is_not_compared_with_a_share() -> None:
    request = best("How many images were taken in 2021 with more than 80 percent cloud?")
    (compare,) = [one for one in request.target.constraints if isinstance(one, Compare)]
    assert isinstance(compare.value, Property) and compare.value.label == "cloud cover"
    assert any(isinstance(one, Temporal) for one in request.target.constraints)


def test_resolution_is_no_height() -> None:
    kinds = {text: [one.kind for one in readings(read(text)) if one.start == 0] for text in ("high resolution images", "high mountains")}
    assert ("superlative" in kinds["high resolution images"], "superlative" in kinds["high mountains"]) == (False, True)


def test_a_service_of_a_theme() -> None:
    request = best("NDVI anomaly analysis for Kent between 2020 and 2022")
    assert (request.form, request.service) == ("run", "anomaly analysis")
    assert Compare(Property("theme"), "=", Text("vegetation index")) in request.target.constraints


def test_a_time_behind_a_superlative() -> None:
    request = best("Which images have the lowest cloud cover in Kent in 2021?")
    assert request.target.pick and not request.target.pick.descending
    assert {type(one) for one in request.target.constraints} == {Spatial, Temporal}


@pytest.mark.parametrize("text", ["the first image of Kent", "What is the earliest image of Kent?"])
def test_the_first_of_what_has_a_time_is_the_earliest(text: str) -> None:
    pick = best(text).target.pick
    assert pick and (pick.descending, pick.count) == (False, 1)


def test_a_verb_that_begins_a_sentence_is_no_place() -> None:
    assert not any(one.request.target.named for one in understand("Sort by lowest cloud cover."))


@pytest.mark.parametrize(("text", "picked"), [("Add Sentinel-1 support", False), ("Select the clearest scene", True)])
def test_pieces_about_products(text: str, picked: bool) -> None:
    question = read(text)
    about = Things((Concept("Earth-observation product", PRODUCT),))
    found = parse_fragment(question, readings(question), knowledge(), TODAY, about)
    best_of = max(found, key=lambda one: one.coverage)
    assert (isinstance(best_of.pick, Pick), bool(best_of.constraints)) == (picked, not picked)
