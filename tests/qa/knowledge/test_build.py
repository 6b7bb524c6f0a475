"""What is learned from a real store."""

from __future__ import annotations

import pytest

from earthweave.qa import Limits, Table
from earthweave.qa.knowledge import Knowledge, RelationEntry, build
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store
from tests.qa.knowledge.real import E, learned

LINKED = "http://data.linkedeodata.eu/ontology#"


def test_classes_have_the_words_of_their_iris_or_labels(known: Knowledge) -> None:
    assert known.classes[f"{E}PowerPlant"].labels == ("power plant",)
    assert known.classes[f"{E}OSX_nature_reserve"].labels == ("nature reserve",)
    assert "osx nature reserve" in known.classes[f"{E}OSX_nature_reserve"].others
    council = known.classes[f"{E}SCC_County_Council"]
    assert council.labels == ("county council",)
    assert council.others[0] == "county"


def test_classes_are_counted_and_have_parents_and_dimensions(known: Knowledge) -> None:
    assert known.classes[f"{E}City"].count == 3
    assert known.classes[f"{E}OSX_nature_reserve"].parents == (f"{E}ProtectedArea",)
    found = {name: known.classes[E + name].geometry for name in ("Country", "River", "PowerPlant", "State")}
    assert found == {"Country": 2, "River": 1, "PowerPlant": 0, "State": None}


def test_nodes_that_hold_properties_are_no_class(known: Knowledge) -> None:
    assert f"{E}properties" not in known.classes
    cloud = known.properties[f"{E}hasCloudCover"]
    assert (cloud.via, cloud.domains, cloud.unit, cloud.labels) == (f"{E}about", (f"{E}scene",), "%", ("cloud cover",))
    assert known.properties[f"{E}hasTimestamp"].dimension == "time"
    assert known.properties[f"{E}hasPlatform"].values == ("sentinel-2a", "sentinel-2b")


@pytest.mark.parametrize(
    ("name", "label", "dimension", "unit"),
    [
        ("capacity_mw", "capacity", "power", "MW"), ("area_km2", "area", "area", "km2"), ("elevation_m", "elevation", "length", "m"),
        ("population", "population", "1", "1"), ("fuelType", "fuel type", "text", "1"), ("capital", "capital", "thing", "1"),
    ],
)  # fmt: skip
def test_properties_tell_their_units(known: Knowledge, name: str, label: str, dimension: str, unit: str) -> None:
    entry = known.properties[E + name]
    assert (entry.labels[0], entry.dimension, entry.unit) == (label, dimension, unit)


def test_few_values_are_facets_and_lists_are_split(known: Knowledge) -> None:
    cuisine = known.properties[f"{E}cuisine"]
    assert cuisine.listed
    assert set(cuisine.values) == {"italian", "pizza", "chinese"}
    assert "Nuclear" in known.properties[f"{E}fuelType"].values
    assert not known.properties[f"{LINKED}has_name"].values


def test_values_of_categories_are_classes_with_a_condition(known: Knowledge) -> None:
    found = known.classes[f"{E}amenity#fast_food"]
    assert (found.labels, found.condition, found.count) == (("fast food",), (f"{E}amenity", "fast_food"), 8)
    assert known.is_a(found.iri, f"{E}Poi")
    assert set(known.properties[f"{E}cuisine"].domains) == {f"{E}Poi", f"{E}amenity#fast_food", f"{E}amenity#restaurant"}
    # Wales says the same by rdf:type already
    assert not [entry for entry in known.classes.values() if entry.condition and entry.condition[0] == f"{LINKED}has_fclass"]


def test_relations_that_are_properties(known: Knowledge) -> None:
    found = {entry.property: entry for entry in known.relations}
    assert found[f"{E}isLocatedIn"].relation == "within"
    assert found[f"{E}borders"] == RelationEntry("touches", f"{E}borders", f"{E}Country", f"{E}State")
    assert found[f"{E}flowsThrough"].relation == "crosses"
    assert f"{E}capital" not in found


def test_geometries_are_reached_both_ways(known: Knowledge) -> None:
    geo = "http://www.opengis.net/ont/geosparql#"
    assert set(known.geometry) == {(f"{geo}hasGeometry", f"{geo}asWKT"), (f"{geo}asWKT",)}


def test_names_come_with_class_place_and_context(known: Knowledge) -> None:
    found = known.names.find(("galway",))
    assert {match.named.iris[0] for match in found} >= {f"{E}galwaycity", f"{E}galway", f"{E}galwaytexas"}
    city = found[0]
    assert city.named.cls == f"{E}City"
    assert (city.lon, city.lat) == pytest.approx((-9.05, 53.27))
    assert city.context == ("galway",)
    assert sum(match.score for match in found) == pytest.approx(1)
    assert next(match for match in found if match.named.iris[0] == f"{E}galway").box == pytest.approx((-10, 53, -8, 54))


def test_names_of_every_kind(known: Knowledge) -> None:
    for words, iri in (("eire", "ireland"), ("burren", "burren"), ("corrib", "corrib"), ("slieve league", "resource/Slieve_League")):
        assert known.names.find(words.split())[0].named.iris == (E + iri,)
    assert known.names.find(("athens",)) or known.names.find(("athina",))
    assert known.names.find(("swansea",))
    assert known.names.find(("0",)) == ()


def test_strange_labels_and_iris_are_words_like_others(known: Knowledge) -> None:
    assert known.classes[f"{E}Hostile"].labels == ('na"sty} { class',)
    assert known.classes[f"{E}---/"].labels == ("---",)
    assert known.properties[f"{E}-"].labels == ("-",)
    assert known.names.find(("a", "drop"))[0].named.iris == (f"{E}odd",)
    assert known.notices == ()


class _Broken(StoreEndpoint):
    """Refuses whatever counts."""

    def select(self, query: str, limits: Limits) -> Table:
        return super().select("SELECT" if "COUNT" in query else query, limits)


def test_what_cannot_be_read_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_store(learned(tmp_path_factory)[0]) as store:
        found = build(_Broken(store))
    assert not found.classes
    assert found.notices[0].startswith("classes could not be read")


def test_an_empty_store_knows_nothing(tmp_path: object) -> None:
    class Nothing:
        def select(self, query: str, limits: Limits) -> Table:
            return Table((), ())

        def ask(self, query: str, limits: Limits) -> bool:
            return False

        def construct(self, query: str, limits: Limits) -> bytes:
            return b""

    found = build(Nothing())
    assert (found.classes, found.properties, found.relations, found.names.longest()) == ({}, {}, (), 0)
    assert found.names.find(("anything",)) == found.names.similar(("anything",)) == ()
    assert list(found.names.starting("any")) == []
