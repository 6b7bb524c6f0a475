"""Found products in a store, from real recorded replies: asked by place, time and cloud cover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from earthweave.processing.catalogue import FileCatalogue, FolderCatalogue, ODataCatalogue, Search
from earthweave.server.store import Store, open_store
from earthweave.server.workflows import search_and_load

from .conftest import Desk

PREFIXES = """
PREFIX ew: <https://w3id.org/earthweave/ontology#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX eo: <https://stac-extensions.github.io/eo/v1.1.0/schema.json#>
PREFIX processing: <https://stac-extensions.github.io/processing/v1.1.0/schema.json#>
PREFIX grid: <https://stac-extensions.github.io/grid/v1.1.0/schema.json#>
"""


def rows(store: Store, text: str) -> list[tuple[str, ...]]:
    """The rows of a SELECT, as texts."""
    table = store.query(PREFIXES + text).table
    assert table is not None
    return [tuple(term["value"] if term else "" for term in row.values()) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("catalogue") / "store") as opened:
        yield opened


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Path:
    """Fifty real Sentinel-2 products over France, March 2021."""
    return shared / "data/catalog/CS-SI+eodag/docs/notebooks/api_user_guide/data/crunch_search_results.geojson"


@pytest.fixture(scope="module")
def loaded(store: Store, recorded: Path) -> int:
    done = search_and_load(FileCatalogue(recorded, name="peps"), Search(limit=1000), store)
    assert len(done.found) == 50
    assert done.mapped
    assert done.mapped.skipped == 0
    return done.added


def test_products_are_asked_by_place_time_and_clouds(store: Store, loaded: int, recorded: Path) -> None:
    listed = json.loads(recorded.read_bytes())["features"]
    clear = [one for one in listed if one["properties"]["eo:cloud_cover"] <= 10 and one["properties"]["start_datetime"] >= "2021-03-20"]
    place = shapely.geometry.shape(clear[0]["geometry"]).centroid
    expected = sorted(one["id"] for one in clear if shapely.geometry.shape(one["geometry"]).intersects(place))
    found = rows(store, f"""
        SELECT ?name WHERE {{ ?p a ew:EarthObservationProduct ; dcterms:identifier ?name ; ew:phenomenonStart ?t ; eo:cloud_cover ?cloud ;
                                geo:hasDefaultGeometry/geo:asWKT ?wkt .
            FILTER(?cloud <= 10 && ?t >= "2021-03-20T00:00:00Z"^^xsd:dateTime)
            FILTER(geof:sfIntersects(?wkt, "{place.wkt}"^^geo:wktLiteral)) }} ORDER BY ?name""")  # fmt: skip
    assert [name for (name,) in found] == expected
    assert 0 < len(expected) < len(clear) < 50


def test_the_catalogue_and_where_a_product_lies(store: Store, loaded: int, recorded: Path) -> None:
    [(count,)] = rows(store, 'SELECT (COUNT(?p) AS ?n) WHERE { ?c a dcat:Catalog ; dcterms:title "peps" ; dcat:dataset ?p }')
    assert count == "50"
    one = json.loads(recorded.read_bytes())["features"][0]
    [(url, level, code)] = rows(
        store,
        f"""SELECT ?url ?level ?code WHERE {{ ?p dcterms:identifier "{one["id"]}" ; processing:level ?level ;
        grid:code ?code ; dcat:distribution/dcat:accessURL ?url . FILTER(CONTAINS(STR(?url), "download")) }}""",
    )
    assert (url, level, code) == (one["properties"]["eodag:download_link"], "L1C", one["properties"]["grid:code"])


def test_finding_again_adds_nothing(store: Store, loaded: int, recorded: Path) -> None:
    assert loaded > 500
    assert search_and_load(FileCatalogue(recorded, name="peps"), Search(limit=1000), store).added == 0


def test_a_product_of_two_catalogues_is_one(store: Store, loaded: int, replies: Path) -> None:
    body = (replies / "cop_dataspace_search.json").read_bytes()
    for name in ("cdse", "mirror"):
        done = search_and_load(ODataCatalogue("https://c.example", Desk(lambda path, said: body), name=name), Search(limit=2), store)
        assert len(done.found) == 2
    listed = rows(
        store,
        """SELECT ?p (COUNT(DISTINCT ?c) AS ?n) (COUNT(DISTINCT ?url) AS ?places) (SAMPLE(?bytes) AS ?size)
        WHERE { ?p dcterms:identifier "S2A_MSIL1C_20200808T010311_N0500_R045_T54PXA_20230413T212505" . ?c dcat:dataset ?p .
                ?p dcat:distribution ?d . OPTIONAL { ?d dcat:accessURL ?url } OPTIONAL { ?d dcat:byteSize ?bytes } } GROUP BY ?p""",
    )
    assert [row[1:] for row in listed] == [("2", "3", "224105657")]


def test_nothing_found_loads_nothing(store: Store, loaded: int, recorded: Path) -> None:
    done = search_and_load(FileCatalogue(recorded), Search("SENTINEL-1"), store)
    assert (done.found, done.mapped, done.added) == ((), None, 0)


def test_scenes_on_disk_say_that_they_are_simulated(store: Store, pair: tuple[Path, Path]) -> None:
    done = search_and_load(FolderCatalogue(pair[0].parent, name="disk"), Search(), store)
    listed = rows(
        store,
        """SELECT ?name ?simulated ?href WHERE { ?c dcterms:title "disk" ; dcat:dataset ?p . ?p dcterms:identifier ?name ;
        ew:simulated ?simulated ; dcat:distribution/ew:href ?href } ORDER BY ?name""",
    )
    assert listed == sorted((one.id, "true", one.link("data") or "") for one in done.found)
    assert {Path(href) for _, _, href in listed} == {one.absolute() for one in pair}
