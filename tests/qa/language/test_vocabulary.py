"""Words for classes, properties and values, against what is known of a real store."""

from __future__ import annotations

import pytest

from earthweave.qa.knowledge import Knowledge, PropertyEntry
from earthweave.qa.language._classes import readings as classes
from earthweave.qa.language._facets import readings as facets
from earthweave.qa.language._properties import readings as properties
from tests.qa.knowledge.real import E, learned
from tests.qa.language.linked import readings, rows


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return learned(tmp_path_factory)[1]


@pytest.mark.parametrize(
    ("text", "words", "name"),
    [
        ("Which power plants are near?", "power plants", "PowerPlant"),
        ("power stations in Norway", "power stations", "PowerPlant"),
        ("how many loughs", "loughs", "Lake"),
        ("all nature reserves", "nature reserves", "OSX_nature_reserve"),
        ("which counties border it", "counties", "SCC_County_Council"),
        ("satellite images of it", "satellite images", "scene"),
        ("fast food restaurants", "fast food restaurants", "amenity#fast_food"),
        ("countrys in Europe", "countrys", "Country"),
        ("which montain is highest", "montain", "Mountain"),
        ("bodies of water", "bodies of water", "Lake"),
    ],
)
def test_words_for_classes(known: Knowledge, text: str, words: str, name: str) -> None:
    assert rows(classes, text, known)[words].iri == E + name


def test_labels_are_surer_than_synonyms_and_those_than_heads(known: Knowledge) -> None:
    found = {words: readings(classes, words, known)[words].score for words in ("lake", "lough", "water body")}
    assert found["lake"] > found["lough"] > found["water body"] > 0


def test_kinds_that_the_store_does_not_have(known: Knowledge) -> None:
    found = readings(classes, "which glaciers are there", known)["glaciers"]
    assert (found.value[0].value.label, found.value[0].value.iri) == ("glacier", "")
    assert found.score < 0.5


@pytest.mark.parametrize(
    ("text", "words", "name", "dimension"),
    [
        ("How many people live in Dublin?", "people live in", "population", "1"),
        ("number of inhabitants of it", "number of inhabitants", "population", "1"),
        ("with cloud coverage below 10 %", "cloud coverage", "hasCloudCover", "%"),
        ("percentage of clouds", "percentage of clouds", "hasCloudCover", "%"),
        ("What is the capital of Ireland?", "capital", "capital", "thing"),
        ("installed capacity over 5 MW", "installed capacity", "capacity_mw", "power"),
        ("how high is it", "how high", "elevation_m", "length"),
        ("altitude of it", "altitude", "elevation_m", "length"),
        ("when was it acquired", "acquired", "hasTimestamp", "time"),
    ],
)
def test_words_for_stored_properties(known: Knowledge, text: str, words: str, name: str, dimension: str) -> None:
    found = rows(properties, text, known)[words]
    assert (found.property.iri.rpartition("/")[2].removeprefix("ontology#has_"), found.dimension) == (name, dimension)


def test_words_for_measures_stand_beside_stored_ones(known: Knowledge) -> None:
    found = [one.value for one in readings(properties, "how big is it", known)["how big"].value]
    assert {one.measure or one.property.iri for one in found} == {"area", f"{E}area_km2"}
    assert [one.value.measure for one in readings(properties, "how far is it", known)["how far"].value] == ["distance"]


def test_properties_that_the_store_does_not_have(known: Knowledge) -> None:
    found = readings(properties, "the polarisation of it", known)["polarisation"]
    assert (found.value[0].value.property.iri, found.value[0].value.property.label) == ("", "polarisation")


@pytest.mark.parametrize(
    ("text", "words", "name", "value", "contains"),
    [
        ("italian restaurants", "italian", "cuisine", "italian", True),
        ("Sentinel-2B scenes", "Sentinel-2B", "hasPlatform", "sentinel-2b", False),
        ("sentinel 2b scenes", "sentinel 2b", "hasPlatform", "sentinel-2b", False),
        ("nuclear power plants", "nuclear", "fuelType", "Nuclear", False),
        ("plants with fuel type Nuclear", "fuel type Nuclear", "fuelType", "Nuclear", False),
        ("cuisine is pizza", "cuisine is pizza", "cuisine", "pizza", True),
        ("restaurants in Sligo", "in Sligo", "addr_city", "Sligo", False),
        ("wheelchair accessible cafes", "wheelchair accessible", "wheelchair", "yes", False),
    ],
)
def test_values_narrow_classes(known: Knowledge, text: str, words: str, name: str, value: str, contains: bool) -> None:
    found = rows(facets, text, known)[words]
    constraint = found.constraint
    assert (constraint.value.iri, constraint.op, constraint.than.value, constraint.than.contains) == (E + name, "=", value, contains)
    assert found.classes


def test_the_property_with_its_value_is_surest(known: Knowledge) -> None:
    found = readings(facets, "plants with fuel type Nuclear", known)
    assert found["fuel type Nuclear"].score > found["Nuclear"].score


def test_codes_are_words_when_written_small() -> None:
    entry = PropertyEntry(f"{E}state", ("state",), dimension="text", values=("IN", "OR"))
    world = Knowledge(properties={entry.iri: entry})
    assert "in" not in rows(facets, "parks in Gary or Salem", world)
    assert rows(facets, "parks in Gary, IN", world)["IN"].constraint.than.value == "IN"
