"""STAC items and Sentinel SAFE metadata through the shipped rules: real products, against what is known of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, PROV, RDF

from earthweave.mapping import MappingRun, Options, map_source, read_rules, rules
from earthweave.ontology import GEO, SOSA, ProductError

Mapped = Callable[..., tuple[Graph, MappingRun]]
EW = Namespace("https://w3id.org/earthweave/ontology#")
PRODUCT = "https://w3id.org/earthweave/id/product/"
EO = URIRef("https://stac-extensions.github.io/eo/v1.1.0/schema.json#cloud_cover")
SAT = Namespace("https://stac-extensions.github.io/sat/v1.0.0/schema.json#")
SAR = Namespace("https://stac-extensions.github.io/sar/v1.0.0/schema.json#")
TYPE = URIRef("https://stac-extensions.github.io/product/v0.1.0/schema.json#type")
NAMES = (
    "S2A_MSIL1C_20200717T221941_R029_T01LAC_20200717T234135", "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857",
    "esa_S2B_MSIL2A_20210122T133229_N0214_R081_T22HBD_20210122T155500",
)  # fmt: skip


@pytest.fixture(scope="module")
def safes(shared: Path) -> Path:
    """Folder of Sentinel-2 products without pixels, each with the STAC item that stactools makes of it."""
    return shared / "data/catalog/stactools-packages+sentinel2/tests/data-files"


def _footprint(graph: Graph) -> Any:
    [text] = graph.objects(None, GEO.asWKT)
    return shapely.from_wkt(str(text))


def _check(graph: Graph) -> URIRef:
    """What every product must have; gives its IRI."""
    [product] = graph.subjects(RDF.type, EW.EarthObservationProduct)
    assert isinstance(product, URIRef)
    assert graph.value(product, GEO.hasDefaultGeometry) == graph.value(product, DCTERMS.spatial)
    assert graph.value(product, EW.phenomenonStart).toPython() <= graph.value(product, EW.phenomenonEnd).toPython()  # type: ignore[union-attr]
    assert graph.value(product, PROV.wasGeneratedBy) in set(graph.subjects(RDF.type, PROV.Activity))
    assert set(graph.objects(product, DCAT.distribution)) == set(graph.subjects(RDF.type, DCAT.Distribution))
    assert _footprint(graph).is_valid
    return product


@pytest.mark.parametrize("name", NAMES)
def test_items_of_sentinel_2(mapped: Mapped, safes: Path, name: str) -> None:
    path = safes / f"{name}.SAFE/expected_output.json"
    item = json.loads(path.read_text())
    graph, run = mapped("stac", path)
    product = _check(graph)
    assert str(product) == PRODUCT + item["id"]
    assert (run.report.skipped, len(set(graph.objects(product, DCAT.distribution)))) == (0, len(item["assets"]))
    assert float(str(graph.value(product, EO))) == item["properties"]["eo:cloud_cover"]
    assert int(str(graph.value(product, SAT.relative_orbit))) == item["properties"]["sat:relative_orbit"]
    [platform] = graph.subjects(RDF.type, SOSA.Platform)
    assert str(graph.value(platform, DCTERMS.identifier)) == item["properties"]["platform"]
    assert {str(one) for one in graph.objects(None, EW.href)} == {asset["href"] for asset in item["assets"].values()}
    assert shapely.equals_exact(_footprint(graph), shapely.geometry.shape(item["geometry"]), 1e-7)


def test_what_apis_answer(mapped: Mapped, shared: Path) -> None:
    answers = shared / "data/catalog/CS-SI+eodag/tests/resources/provider_responses"
    graph, _ = mapped("stac", answers / "earth_search_search.json")
    product = _check(graph)
    assert str(product) == PRODUCT + "S2B_27VWK_20240206_0_L1C"
    assert URIRef("s3://sentinel-s2-l1c/tiles/27/V/WK/2024/2/6/0/B02.jp2") in set(graph.objects(None, DCAT.accessURL))
    assert str(graph.value(product, TYPE)) == "S2MSI1C"
    [page] = graph.objects(product, DCAT.landingPage)
    assert str(page).endswith("/collections/sentinel-2-l1c/items/S2B_27VWK_20240206_0_L1C")
    graph, _ = mapped("stac", answers / "geodes_search.json")
    product = _check(graph)
    assert int(str(graph.value(product, SAT.absolute_orbit))) == 51075


def test_an_address_that_is_none_does_not_end_the_run(mapped: Mapped, safes: Path, tmp_path: Path) -> None:
    item = json.loads((safes / f"{NAMES[0]}.SAFE/expected_output.json").read_text())
    kept = len(item["assets"])
    item["assets"]["broken"] = {"href": "http://[x"}
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item))
    graph, _ = mapped("stac", path)
    assert len(set(graph.objects(None, EW.href))) >= kept


def test_footprints_are_placed_in_the_wanted_crs(safes: Path) -> None:
    path = safes / f"{NAMES[1]}.SAFE/expected_output.json"
    lines = b"".join(map_source(read_rules(rules("stac")), path, options=Options(crs="EPSG:32607"))).decode().splitlines()
    [literal] = [line for line in lines if "asWKT" in line]
    x, y = shapely.from_wkt(literal.split("> ", 3)[3].split('"')[0]).centroid.coords[0]
    # tile 07HFE, by the military grid
    assert 600_000 <= x <= 709_800
    assert "<http://www.opengis.net/def/crs/EPSG/0/32607>" in literal
    assert y < 0 or y > 6_000_000


@pytest.mark.parametrize("form", ["item", "list", "lines", "collection"])
def test_items_in_every_form(mapped: Mapped, tmp_path: Path, form: str) -> None:
    items = [
        {
            "type": "Feature", "id": f"a/{number}", "geometry": {"type": "Point", "coordinates": [number, 2]},
            "properties": {"datetime": "2021-03-15T00:00:00Z"}, "assets": {"b 1": {"href": "b.tif"}},
            "links": [{"rel": "self", "href": "https://e.org/items/a.json"}],
        }
        for number in range(1 if form == "item" else 3)
    ]  # fmt: skip
    path = tmp_path / ("items.ndjson" if form == "lines" else "items.json")
    texts = {
        "item": json.dumps(items[0]), "list": json.dumps(items), "lines": "\n".join(map(json.dumps, items)),
        "collection": json.dumps({"type": "FeatureCollection", "features": items}),
    }
    path.write_text(texts[form])
    graph, _ = mapped("stac", path)
    assert {str(one) for one in graph.subjects(DCAT.distribution)} == {f"{PRODUCT}a%2F{number}" for number in range(len(items))}
    assert {str(one) for one in graph.objects(None, DCAT.accessURL)} == {"https://e.org/items/b.tif"}
    assert {str(one) for one in graph.objects(None, GEO.asWKT)} == {f"POINT ({number} 2)" for number in range(len(items))}


def test_a_file_without_items_is_told(mapped: Mapped, safes: Path, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}}]}')
    with pytest.raises(ProductError, match="holds no STAC item"):
        mapped("stac", tmp_path / "f.json")


@pytest.mark.parametrize("name", NAMES)
def test_manifests_of_sentinel_2(mapped: Mapped, safes: Path, name: str) -> None:
    item = json.loads((safes / f"{name}.SAFE/expected_output.json").read_text())
    graph, run = mapped("safe", safes / f"{name}.SAFE/manifest.safe", name=name)
    product = _check(graph)
    assert (str(product), run.report.skipped) == (PRODUCT + name, 0)
    [platform] = graph.subjects(RDF.type, SOSA.Platform)
    assert str(graph.value(platform, DCTERMS.identifier)) == item["properties"]["platform"]
    assert str(graph.value(product, SAT.orbit_state)) == item["properties"]["sat:orbit_state"]
    assert int(str(graph.value(product, SAT.relative_orbit))) == item["properties"]["sat:relative_orbit"]
    metadata = {asset["href"] for asset in item["assets"].values() if "MTD_MSI" in asset["href"]}
    assert metadata <= {str(one) for one in graph.objects(None, EW.href)}


@pytest.mark.parametrize("name", NAMES)
def test_metadata_of_sentinel_2(mapped: Mapped, safes: Path, name: str) -> None:
    item = json.loads((safes / f"{name}.SAFE/expected_output.json").read_text())
    [path] = (safes / f"{name}.SAFE").glob("MTD_MSI*.xml")
    graph, run = mapped("safe-s2", path)
    product = _check(graph)
    assert run.report.skipped == 0
    assert f"{graph.value(product, DCTERMS.identifier)}.SAFE" == item["properties"]["s2:product_uri"]
    assert float(str(graph.value(product, EO))) == item["properties"]["eo:cloud_cover"]
    assert str(graph.value(product, TYPE)) == item["properties"]["s2:product_type"]
    created = graph.value(product, DCTERMS.created)
    assert str(created)[:19] == item["properties"]["s2:generation_time"][:19]


def test_a_footprint_across_the_antimeridian_is_cut(mapped: Mapped, safes: Path) -> None:
    """Tile 01LAC: one degree on either side of it, nothing in between."""
    graph, _ = mapped("safe", safes / f"{NAMES[0]}.SAFE/manifest.safe", name="n")
    parts = shapely.get_parts(_footprint(graph))
    assert sorted(round(part.centroid.x) for part in parts) == [-180, 180]
    assert sum(part.area for part in parts) < 2


def test_a_manifest_of_sentinel_1(mapped: Mapped, shared: Path) -> None:
    name = "S1B_IW_GRDH_1SDV_20210401T052623_20210401T052648_026269_032297_ECC8"
    graph, run = mapped("safe", shared / f"data/s1/bopen+xarray-sentinel/tests/data/{name}.SAFE/manifest.safe", name=name)
    product = _check(graph)
    assert run.report.skipped == 0
    assert {str(one) for one in graph.objects(product, SAR.polarizations)} == {"VV", "VH"}
    assert (str(graph.value(product, SAR.instrument_mode)), str(graph.value(product, TYPE))) == ("IW", "GRD")
    assert int(str(graph.value(product, SAT.absolute_orbit))) == 26269
    assert [str(one).rsplit("/", 2)[1:] for one in graph.subjects(RDF.type, SOSA.Sensor)] == [["sentinel-1b", "sar"]]
    assert str(graph.value(product, EW.phenomenonStart)).startswith("2021-04-01T05:26:23.794457")
    assert _footprint(graph).contains(shapely.Point(10.5, 46.5))


def _called(function: str, texts: list[str | None], *more: str) -> list[str]:
    """The objects that a small mapping writes with a function."""
    arguments = " ".join(f'[ rr:constant "{one}" ]' for one in more)
    document = f"""@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
        @prefix ewf: <https://w3id.org/earthweave/function#> .
        <#m> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "http://e.org/{{gid}}" ] ;
        rr:predicateObjectMap [ rr:predicate <http://e.org/p> ; rr:objectMap [ rrx:function ewf:{function} ;
            rrx:argumentMap ( [ rr:column "text" ] {arguments} ) ] ] ."""
    run = map_source(read_rules(document), pa.table({"text": pa.array(texts, pa.string())}), options=Options(executor="rows"))
    return [line.split("> ", 2)[2].split('"')[1] for line in b"".join(run).decode().splitlines()]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=3, max_size=6))
def test_coordinates_are_the_polygon_that_they_outline(corners: list[tuple[float, float]]) -> None:
    hull = shapely.convex_hull(shapely.multipoints(corners))
    assume(hull.geom_type == "Polygon" and hull.area > 1e-3)
    ring = shapely.get_coordinates(hull)
    assume((np.abs(np.diff(ring[:, 0])) < 179).all())
    text = " ".join(f"{lat!r},{lon!r}" for lon, lat in ring.tolist())
    [written] = _called("coordinates", [text], "lat lon")
    assert shapely.symmetric_difference(shapely.from_wkt(written), hull).area < 1e-6


def test_functions_of_catalogues() -> None:
    assert _called("utc", ["2021-04-01T05:26:23.79", "2021-04-01T05:26:23Z", "2021-04-01T05:26:23+01:00", None]) == [
        "2021-04-01T05:26:23.79Z", "2021-04-01T05:26:23Z", "2021-04-01T05:26:23+01:00",
    ]
    assert _called("geojson", ['{"type": "Point", "coordinates": [1.5, 2]}', "{}", None]) == ["POINT (1.5 2)"]
    assert _called("coordinates", ["1 2 3", "0 0 0 1 1 1", "a b c d e f", "100 0 0 1 1 1"], "lat lon") == ["POLYGON ((0 0, 1 0, 1 1, 0 0))"]
