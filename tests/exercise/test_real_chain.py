"""The whole chain on real input: layer → RDF → store → answer, beside independent computations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rdflib import Graph

from earthweave.mapping import Options, map_source, read_rules, rules, zonal
from earthweave.ontology import validate
from earthweave.processing import run_service, service
from earthweave.server.questions import StoreAsker
from earthweave.server.store import Store, open_store
from earthweave.server.workflows import TUTORIAL_AOI, layer_of, map_file, map_layer, outline_flood

PREFIXES = """\
PREFIX ew: <https://w3id.org/earthweave/ontology#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX flo: <http://ai.di.uoa.gr/flood/ontology#>
PREFIX sosa: <http://www.w3.org/ns/sosa/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
Rows = list[dict[str, str]]


def ask(store: Store, query: str) -> Rows:
    """Rows of a SELECT as plain strings."""
    answer = store.query(PREFIXES + query)
    assert not answer.truncated
    return [{name: term["value"] for name, term in row.items() if term} for row in answer.table.to_pylist()]


def assert_conforms(file: Path) -> None:
    graph = Graph()
    graph.parse(file, format="nt")
    assert len(graph) > 0
    assert validate(graph) == ()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


# (a) a real Sentinel-2 pair: an Alpine lake in 2017 and 2019

BARBELLINO = "data/s2/ranghetti+sen2r/inst/extdata/out/S2A2A_{}_022_Barbellino_BOA_10.tif"
BANDS = "B1,B2,B3,B4,B5,B6,B7,B8,B8A,B11,B12"


def test_barbellino_pair_from_scenes_to_answers(shared: Path, store: Store, tmp_path: Path) -> None:
    before, after = (shared / BARBELLINO.format(date) for date in ("20170703", "20190723"))
    change = run_service(
        service("s2-cd"),
        {"input1": before, "input2": after, "stack_bands": BANDS, "bands": "B3,B4,B8", "resolution": 10, "output_path": tmp_path / "out"},
    )
    amplitude = layer_of(change, "raster", "CVA")
    with rasterio.open(amplitude.path) as dataset, rasterio.open(before) as source:
        assert dataset.count == 2
        assert dataset.shape == source.shape
    assert not amplitude.simulated
    mask = outline_flood(amplitude, tmp_path / "out", suffix=".gpkg")
    rdf = tmp_path / "changed.nt"
    report = map_layer(layer_of(mask, "vector"), "flood", rdf)
    assert_conforms(rdf)
    store.load([rdf])
    levels = ask(store, "SELECT ?level (COUNT(?x) AS ?n) WHERE { ?x flo:has_floodLevel ?level } GROUP BY ?level ORDER BY ?level")
    outlined = gpd.read_file(layer_of(mask, "vector").path)
    assert {int(row["level"]): int(row["n"]) for row in levels} == outlined["floodLevel"].value_counts().to_dict()
    assert sum(int(row["n"]) for row in levels) == report.rows > 0
    assert all(int(row["level"]) >= 4 for row in levels)
    dates = ask(store, "SELECT DISTINCT ?from ?to WHERE { ?x a ew:FloodedArea ; ew:phenomenonStart ?from ; ew:phenomenonEnd ?to }")
    assert [(row["from"][:10], row["to"][:10]) for row in dates] == [("2017-07-03", "2019-07-23")]


# (b) a real chip with its hand label

EVENTS = "data/flood/cloudtostreet+Sen1Floods11/Sen1Floods11_Metadata.geojson"
CHIP = "data/flood/cloudtostreet+Sen1Floods11/sample/{}/Spain_7370579_{}.tif"


def _acquired(shared: Path) -> str:
    """The day of the Sentinel-2 image of the Spanish event, from the data set's own table."""
    events = json.loads((shared / EVENTS).read_text())["features"]
    day = next(event["properties"]["s2_date"] for event in events if event["properties"]["location"] == "Spain")
    return datetime.strptime(day, "%Y/%m/%d").strftime("%Y-%m-%dT00:00:00Z")


def test_water_mask_of_a_real_chip_against_its_hand_label(
    shared: Path, store: Store, tmp_path: Path, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    chip = shared / CHIP.format("S2", "S2Hand")
    made = run_service(service("water-mask"), {"input": chip, "time": _acquired(shared), "output_path": tmp_path / "out"})
    raster = layer_of(made, "raster")
    with rasterio.open(raster.path) as found, rasterio.open(shared / CHIP.format("Labels", "LabelHand")) as labelled:
        water, label = found.read(1) == 1, labelled.read(1)
    known = label >= 0
    iou = float(((water & (label == 1)) & known).sum() / ((water | (label == 1)) & known).sum())
    record_property("iou", iou)
    with capsys.disabled():
        print(f"\nSen1Floods11 Spain_7370579: water mask IoU {iou:.3f} (MNDWI-Otsu baseline 0.719)")
    assert iou >= 0.7185
    rdf = tmp_path / "water.nt"
    report = map_layer(layer_of(made, "vector"), "water", rdf)
    assert_conforms(rdf)
    store.load([rdf])
    counted = ask(store, "SELECT (COUNT(?x) AS ?n) (SUM(?m2) AS ?area) WHERE { ?x a ew:WaterArea ; geo:hasMetricArea ?m2 }")
    assert int(counted[0]["n"]) == report.rows
    pixels = gpd.read_file(layer_of(made, "vector").path).to_crs("EPSG:6933").area.sum()
    assert float(counted[0]["area"]) == pytest.approx(pixels, rel=2e-3)


# (c) an emergency mapping of a real flood, with units and power plants

EMS = "data/derived/flood/emsr332_observed_event_shared.gpkg"
NUTS = "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson"
POWER = "data/vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"
EVENT = {"event": "EMSR332", "start": "2018-10-29T00:00:00Z", "end": "2018-11-05T00:00:00Z", "simulated": "false"}


@pytest.fixture(scope="module")
def veneto(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Flood polygons, NUTS units and power units in one store."""
    folder = tmp_path_factory.mktemp("veneto")
    floods, units, power = (folder / f"{name}.nt" for name in ("floods", "units", "power"))
    assert map_file(shared / EMS, "ems-flood", floods, variables=EVENT).rows == 2935
    assert map_file(shared / NUTS, "nuts", units, variables={"simulated": "false"}).rows == 2010
    map_file(shared / POWER, "power", power, variables={"simulated": "false"})
    with open_store(folder / "store") as opened:
        opened.load([floods, units, power])
        yield opened


def test_flood_polygons_per_nuts_3_unit(veneto: Store) -> None:
    found = ask(
        veneto,
        """SELECT ?name (COUNT(?x) AS ?n) WHERE {
             ?unit ew:unitLevel 3 ; ew:countryCode "IT" ; rdfs:label ?name ; geo:hasGeometry/geo:asWKT ?border .
             ?x a ew:FloodedArea ; geo:hasGeometry/geo:asWKT ?outline .
             FILTER(geof:sfIntersects(?outline, ?border))
           } GROUP BY ?name ORDER BY DESC(?n)""",
    )
    assert {row["name"]: int(row["n"]) for row in found} == {"Verona": 1687, "Padova": 883, "Vicenza": 233, "Venezia": 140, "Treviso": 2}


def test_growth_of_the_dissolved_area_between_the_dates(veneto: Store) -> None:
    """Summed polygons would show a growth of Verona that is an artefact: its second delivery repeats and overlaps itself."""
    found = ask(
        veneto,
        """SELECT ?place ?version (geof:metricArea(geof:aggUnion(?outline)) / 1e6 AS ?km2) (SUM(?m2) / 1e6 AS ?summed) WHERE {
             ?x ew:mapArea ?place ; ew:mapVersion ?version ; geo:hasMetricArea ?m2 ; geo:hasGeometry/geo:asWKT ?outline
           } GROUP BY ?place ?version""",
    )
    dissolved = {(row["place"], row["version"]): float(row["km2"]) for row in found}
    summed = {(row["place"], row["version"]): float(row["summed"]) for row in found}
    assert dissolved["Padova", "DEL"] == pytest.approx(7.904, abs=0.001)
    assert dissolved["Padova", "DEL_MONIT01"] == pytest.approx(7.959, abs=0.001)
    assert dissolved["Verona", "DEL"] == pytest.approx(6.320, abs=0.001)
    assert dissolved["Verona", "DEL_MONIT01"] == pytest.approx(6.320, abs=0.001)
    assert summed["Verona", "DEL_MONIT01"] == pytest.approx(10.746, abs=0.001)


def test_power_units_within_two_kilometres_of_the_water(veneto: Store, shared: Path) -> None:
    found = ask(
        veneto,
        """SELECT DISTINCT ?unit WHERE {
             { SELECT ?unit ?place (geof:metricBuffer(?place, 2100) AS ?around) WHERE {
                 ?region ew:unitCode "ITH3" ; geo:hasGeometry/geo:asWKT ?border .
                 ?unit a ew:PowerUnit ; ew:countryCode "IT" ; geo:hasGeometry/geo:asWKT ?place .
                 FILTER(geof:sfIntersects(?place, ?border)) } }
             ?x a ew:FloodedArea ; geo:hasGeometry/geo:asWKT ?outline .
             FILTER(geof:sfIntersects(?outline, ?around) && geof:distance(?outline, ?place, uom:metre) <= 2000)
           }""",
    )
    assert len(found) == 4
    table = gpd.pd.read_csv(shared / POWER)
    table = table[np.isfinite(table["lon"]) & np.isfinite(table["lat"])]
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326").to_crs("EPSG:3035")
    water = gpd.read_file(shared / EMS).to_crs("EPSG:3035").geometry
    tree = shapely.STRtree(water.values)
    near = {index for index, _ in tree.query(points.values, predicate="dwithin", distance=2000).T}
    assert len(near) == len(found)


def test_question_over_the_real_flood(veneto: Store) -> None:
    answer = StoreAsker(veneto).ask("How many flooded areas are in Treviso?")
    assert answer["status"] == "answered"
    assert answer["count"] == 2
    assert answer["simulated"] is False


# (d) a year of Sentinel-2 over a Belgian square

CUBE = "data/crops/WorldCereal+worldcereal-classification/tests/worldcerealtests/testresources/worldcereal_preprocessed_inputs.nc"


def test_hectares_per_vegetation_class(shared: Path, store: Store, tmp_path: Path) -> None:
    made = run_service(service("crop-map"), {"input": shared / CUBE, "output_path": tmp_path / "out"})
    rdf = tmp_path / "crops.nt"
    map_layer(layer_of(made, "vector"), "crop", rdf)
    assert_conforms(rdf)
    store.load([rdf])
    found = ask(
        store,
        """SELECT ?class (SUM(?m2) / 10000 AS ?hectares)
           WHERE { ?x a ew:CropParcel ; ew:landCover ?class ; geo:hasMetricArea ?m2 } GROUP BY ?class""",
    )
    hectares = {row["class"].rpartition("#")[2]: float(row["hectares"]) for row in found}
    with rasterio.open(layer_of(made, "raster").path) as dataset:
        classes = dataset.read(1)
    codes = {"BareOrBuilt": 1, "SparseVegetation": 2, "SummerCrop": 3, "WinterCrop": 4, "PermanentVegetation": 5, "OpenWater": 6}
    assert set(hectares) == {name for name, code in codes.items() if (classes == code).any()}
    for name, area in hectares.items():
        assert area == pytest.approx(float((classes == codes[name]).sum()) / 100, rel=2e-3)
    assert sum(hectares.values()) == pytest.approx(100.0, rel=0.02)


# (e) a real field of fine particles

FIELD = "data/derived/airquality/cams_pm25_0p75_20191231_15_18.nc"


def test_where_fine_particles_are_highest(shared: Path, store: Store, tmp_path: Path) -> None:
    countries = gpd.read_file(shared / NUTS).query("LEVL_CODE == 0").drop(columns="FID").to_crs("EPSG:4326")
    zones = tmp_path / "countries.gpkg"
    countries.to_file(zones, engine="pyogrio")
    rows = zonal(shared / FIELD, zones, key="NUTS_ID")
    variables = {"layer": "https://w3id.org/earthweave/id/field/cams", "name": "cams-20191231", "simulated": "false"}
    rdf = tmp_path / "air.nt"
    rdf.write_bytes(b"".join(map_source(read_rules(rules("air")), rows.table, variables=variables, options=Options())))
    assert_conforms(rdf)
    map_file(zones, "nuts", tmp_path / "units.nt", variables={"simulated": "false"})
    store.load([rdf, tmp_path / "units.nt"])
    found = ask(
        store,
        """SELECT ?name ?when ?value WHERE {
             ?o a ew:AirObservation ; ew:statistic "mean" ; sosa:resultTime ?when ; sosa:hasSimpleResult ?value ;
                sosa:hasFeatureOfInterest ?unit .
             ?unit rdfs:label ?name
           } ORDER BY DESC(?value)""",
    )
    assert len(found) > 40
    highest = found[0]
    expected = _means(shared / FIELD, countries, highest["when"])
    name, value = max(expected.items(), key=lambda one: one[1])
    assert highest["name"] == name
    assert float(highest["value"]) == pytest.approx(value, rel=1e-6)


def _means(field: Path, countries: Any, when: str) -> dict[str, float]:
    """Mean of the cells whose centre lies in a country, by brute force."""
    import netCDF4

    with netCDF4.Dataset(field) as dataset:
        names = list(dataset.variables)
        lat = next(dataset[name][:] for name in names if name in ("lat", "latitude"))
        lon = next(dataset[name][:] for name in names if name in ("lon", "longitude"))
        clock = dataset["time"]
        stamps = [moment.isoformat() for moment in netCDF4.num2date(clock[:], clock.units, only_use_cftime_datetimes=False)]
        values = next(dataset[name] for name in names if dataset[name].ndim == 3)[stamps.index(when[:19])]
    east, north = np.meshgrid(lon, lat)
    points = shapely.points((np.asarray(east) + 180) % 360 - 180, np.asarray(north))
    means = {}
    for name, country in zip(countries["NAME_LATN"], countries.geometry, strict=True):
        inside = shapely.contains(country, points)
        if inside.any():
            means[name] = float(np.ma.mean(values[inside]))
    return means


# (f) the tutorial's polygon on real units

LGA = "data/derived/vector/nsw_lga_2016.geojson"


def test_tutorial_polygon_meets_seven_local_government_areas(shared: Path, store: Store, tmp_path: Path) -> None:
    rdf = tmp_path / "lga.nt"
    map_file(shared / LGA, "lga", rdf, variables={"simulated": "false"})
    assert_conforms(rdf)
    store.load([rdf])
    found = ask(
        store,
        f"""SELECT DISTINCT ?name WHERE {{
             ?unit a ew:AdministrativeUnit ; rdfs:label ?name ; geo:hasGeometry/geo:asWKT ?border .
             FILTER(geof:sfIntersects(?border, "{TUTORIAL_AOI}"^^geo:wktLiteral))
           }}""",
    )
    names = {row["name"].partition(" (")[0] for row in found}
    assert names == {"Blacktown", "Blue Mountains", "Cumberland", "Hawkesbury", "Parramatta", "Penrith", "The Hills Shire"}
