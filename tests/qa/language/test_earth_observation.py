"""Words of requests for Earth-observation data: products, collections, coordinates, units, names that the store does not have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.qa.knowledge import Called, ClassEntry, Knowledge, PropertyEntry, index_of
from earthweave.qa.language import Reading, _coordinates, _names, _products, _quantities, annotate, collection, read, route
from earthweave.qa.request import Box, Point, Property

TODAY = date(2026, 11, 20)
E = "https://example.org/"
_NAMES = ("Mazon", "Cedar Bluff", "Marine City", "Generac", "Au", "Boston", "Colorado", "Fully", "Springfield")


def known(*names: str) -> Knowledge:
    things = [Called(E + name.replace(" ", "_"), ((name, 1.0),), (E + "town",), 1.0) for name in names or _NAMES]
    return Knowledge(index_of(things), {}, {})


def names(text: str) -> dict[str, Reading]:
    """Words → the surest reading of them as a name."""
    question = read(text)
    found = sorted(_names.readings(question, known()), key=lambda one: one.score)
    return {question.words(one.start, one.end): one for one in found}


def coordinates(text: str) -> list[Any]:
    return [one.value for one in _coordinates.readings(read(text), None, TODAY)]


@pytest.mark.parametrize("text", ["images of the Amazon", "Generate code for it.", "at full resolution", "in Cedar"])
def test_a_lookalike_is_not_linked(text: str) -> None:
    for words, one in names(text).items():
        linked = one.value[0].value
        assert not linked.iris or linked.name.startswith(words), (words, linked)


def test_a_slip_of_one_letter_is_told() -> None:
    found = names("images of Springfeild")["Springfeild"]
    assert (found.value[0].value.name, found.rule, found.assumptions[0].code) == ("Springfield", "misspelt", "misspelt")


def test_a_longer_name_of_which_the_store_has_a_part_is_its_own() -> None:
    found = names("floods in Boston Quux in 2020")["Boston Quux"]
    assert (found.value[0].value.iris, found.value[0].value.name) == ((), "Boston Quux")


def test_a_place_that_everybody_knows_is_no_abbreviation_of_another() -> None:
    found = names("images of Australia")["Australia"]
    assert (found.value[0].value.name, found.value[0].value.iris, found.score > 0.6) == ("Australia", (), True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("bbox [-50, -15, -49, -14]", Box(-50, -15, -49, -14)),
        ("the bounding box 9.5, 53.3, 10.4, 53.8", Box(9.5, 53.3, 10.4, 53.8)),
        ("coordinate -60.0, -3.1", Point(-60, -3.1)),
        ("lat 48.2 lon 16.4", Point(16.4, 48.2)),
        ("48.2 N, 16.4 E", Point(16.4, 48.2)),
        ("33.9 S 151.2 E", Point(151.2, -33.9)),
    ],
)
def test_coordinates(text: str, value: Box | Point) -> None:
    assert coordinates(text) == [value]


@pytest.mark.parametrize("text", ["bbox [10, 5, 9, 6]", "bbox 200, 5, 210, 6", "between 5 and 10", "5, 6", "the point", "48.2 N 47 N"])
def test_what_is_no_coordinates(text: str) -> None:
    assert coordinates(text) == []


@given(st.text(max_size=40))
def test_coordinates_of_anything(text: str) -> None:
    for one in coordinates("bbox " + text):
        assert isinstance(one, Point) or (one.west < one.east and one.south < one.north)


@pytest.mark.parametrize(
    ("mission", "themes", "id"),
    [
        ("HLS", [], "hls2-s30"), ("", ["elevation"], "cop-dem-glo-30"), ("ALOS", ["elevation"], "alos-dem"),
        ("MODIS", ["fire"], "modis-14a1-061"),
        ("", ["SAR"], "sentinel-1-rtc"), ("", ["daily"], None), ("", [], None), ("MODIS", ["elevation"], None),
    ],
)  # fmt: skip
def test_collections(mission: str, themes: list[str], id: str | None) -> None:
    assert collection(mission, themes) == id


def test_a_version_and_an_abbreviation_belong_to_the_mission() -> None:
    question = read("Harmonized Landsat Sentinel-2 (HLS) Version 2.0 images")
    longest = max(_products.readings(question, None, TODAY), key=lambda one: one.end - one.start)
    assert question.words(longest.start, longest.end) == "Harmonized Landsat Sentinel-2 (HLS) Version 2.0"
    assert [one.code for one in longest.assumptions] == ["any-version"]


def test_units_of_time_and_units_to_answer_in() -> None:
    found = [(one.kind, one.value) for one in _quantities.readings(read("over 48 hours in hectares"), None, TODAY)]
    assert [kind for kind, _ in found] == ["quantity", "operator"]
    assert (found[0][1].unit, found[1][1]) == ("h", "unit:har")


def test_a_property_that_nobody_has_is_known_by_its_head() -> None:
    found = [one for one in annotate(read("the highest building density"), known(), TODAY) if one.rule == "property unknown"]
    assert [one.value[0].value.property for one in found] == [Property("building density")]


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("an image with one ship at the upper left", "caption"), ("Find 3 images like this, similar ones", "image"),
        ("Sentinel-2 images with 20 % cloud cover", "metadata"), ("Isolate the roads", "segmentation"), ("Is a road present?", "visual"),
        ("How many roads are there?", "counting"), ("images that look like the uploaded one", "image"),
        ("Is the number of roads larger than that of houses?", "visual"), ("Does the image contain a stadium?", "visual"),
        ("S2MSI1C products of Boston", "metadata"), ("Which town is near Boston?", "features"),
    ],
)  # fmt: skip
def test_engines(text: str, engine: str) -> None:
    question = read(text)
    assert route(question, annotate(question, known(), TODAY)) == engine


def test_a_state_is_meant_where_addresses_have_its_abbreviation() -> None:
    entry = PropertyEntry(E + "state", ("state",), (E + "town",), "text", values=("CA", "TX"))
    store = Knowledge(index_of([]), {E + "town": ClassEntry(E + "town", ("town",), count=2)}, {entry.iri: entry})
    found = [one.value for one in annotate(read("towns in California"), store, TODAY) if one.kind == "facet"]
    assert {one.constraint.than.value for one in found} == {"CA"}
    assert not any(one.kind == "name" and one.score > 0.4 for one in annotate(read("towns in California"), store, TODAY))


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("NASADEM of Boston", "NASADEM"), ("USGS 3DEP lidar height above ground", "3dep-lidar-hag"),
        ("ESA WorldCover land cover", "esa-worldcover"),
        ("HLS Landsat imagery", "hls2-l30"), ("the Copernicus DEM", "cop-dem-glo-30"), ("JRC global surface water", "jrc-gsw"),
    ],
)  # fmt: skip
def test_data_sets_are_known_by_their_names(text: str, id: str) -> None:
    found = [one for one in _products.readings(read(text), None, TODAY) if one.kind == "product" and one.score == 1.0]
    (longest,) = sorted(found, key=lambda one: one.start - one.end)[:1]
    assert longest.value[0].than.value == id


def test_a_theme_beside_a_mission_is_of_its_products() -> None:
    sure = {text: [one.score for one in _products.readings(read(text), None, TODAY) if _is_theme(one)] for text in
            ("MODIS daily burned area of Boston", "burned area of Boston")}  # fmt: skip
    assert (min(sure["MODIS daily burned area of Boston"]), max(sure["burned area of Boston"])) == (0.97, 0.5)


def _is_theme(one: Reading) -> bool:
    return one.kind == "product" and one.value[0].value.label == "theme"


@pytest.mark.parametrize("text", ["images of the Colorado Sea", "images of Mount Boston", "images of the Gulf of Boston"])
def test_seas_and_mountains_are_not_what_they_are_called_after(text: str) -> None:
    knowledge = Knowledge(index_of([Called(E + name, ((name, 1.0),), (UNIT,), 1.0) for name in ("Boston", "Colorado")]),
                          {UNIT: ClassEntry(UNIT, ("state",), count=2)}, {})  # fmt: skip
    found = [one for one in annotate(read(text), knowledge, TODAY) if one.kind == "name" and one.score > 0.4]
    assert [one.value[0].value.iris for one in found] == [()]


UNIT = E + "state"


@pytest.mark.parametrize(
    ("text", "codes"), [("Could I have 20 images?", {"list"}), ("Could images have clouds?", {"can", "have", "cover"})]
)
def test_a_polite_request_asks_for_no_yes_or_no(text: str, codes: set[str]) -> None:
    found = {one.value for one in annotate(read(text), known(), TODAY) if one.kind == "operator"}
    assert found & {"list", "can", "have", "cover"} == codes
