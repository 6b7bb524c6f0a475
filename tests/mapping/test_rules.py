"""The shipped rules on real files: right counts, right geometries, right areas, valid against the shapes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from rdflib import Graph, Literal, URIRef

from earthweave.mapping import read_rules, rules, shipped_rules, zonal
from earthweave.ontology import EW, FLO, GADMO, GADMR, GEO, PROV, RDF, RDFS, SF, SKOS, SOSA, XSD, Crs, NotFoundError, validate
from earthweave.ontology.geometry import read_wkt, reproject

DATES = {"start": "2018-10-30T00:00:00Z", "end": "2018-11-02T00:00:00Z"}
LAYER = "https://w3id.org/earthweave/id/layer/one"
Mapped = Callable[..., tuple[Graph, Any]]


def _wkt(graph: Graph, feature: URIRef) -> str:
    return str(graph.value(graph.value(feature, GEO.hasGeometry), GEO.asWKT))


def _few(path: Path, tmp_path: Path, count: int = 12) -> Path:
    frame = geopandas.read_file(path, rows=count).drop(columns="FID", errors="ignore")
    frame.to_file(tmp_path / "few.gpkg")
    return tmp_path / "few.gpkg"


def test_every_shipped_rule_reads_and_says_what_it_wants() -> None:
    assert shipped_rules() == (
        "air", "cells", "co-max", "crop", "ems-flood", "energy", "flood", "flood-confidence", "gadm", "impact", "lga", "nuts", "osm",
        "places", "power", "regions", "safe", "safe-s2", "stac", "volcano", "water", "zonal",
    )
    for name in shipped_rules():
        plan = read_rules(rules(name))
        assert plan.label
        assert all(variable.help for variable in plan.variables)
        assert all(one.line > 0 for one in plan.triples_maps)


def test_an_unknown_rule_is_told() -> None:
    with pytest.raises(NotFoundError, match="flod"):
        rules("flod")


def test_flood_has_the_tutorials_iris_and_our_facts(mapped: Mapped, flood_mask: Path) -> None:
    graph, run = mapped("flood", flood_mask, layer=LAYER, simulated="true", **DATES)
    areas = sorted(graph.subjects(RDF.type, EW.FloodedArea))
    assert [str(area) for area in areas] == [f"http://ai.di.uoa.gr/flood/flood_levels/id/{row}" for row in (1, 2, 3)]
    assert set(graph.subjects(RDF.type, FLO.flood_levels)) == set(areas)
    first = areas[0]
    assert graph.value(first, FLO.has_floodLevel) == Literal(7)
    assert graph.value(first, GEO.hasDefaultGeometry) == URIRef("http://ai.di.uoa.gr/flood/flood_levels/Geometry/1")
    assert graph.value(first, EW.phenomenonStart) == Literal(DATES["start"], datatype=XSD.dateTime)
    assert graph.value(first, EW.simulated) == Literal(True)
    assert graph.value(first, PROV.wasDerivedFrom) == URIRef(LAYER)
    assert float(graph.value(first, GEO.hasMetricArea)) == pytest.approx(400 * 400 - 100 * 100, rel=2e-3)
    kinds = [set(graph.objects(graph.value(area, GEO.hasGeometry), RDF.type)) for area in areas]
    assert kinds == [{GEO.Geometry, SF.Polygon}, {GEO.Geometry, SF.MultiPolygon}, {GEO.Geometry, SF.Polygon}]
    assert _wkt(graph, first).startswith("POLYGON ((150.")
    assert validate(graph) == ()
    assert (run.report.rows, run.report.quads, run.report.skipped) == (3, len(graph), 0)


def test_water_says_no_flood(mapped: Mapped, flood_mask: Path) -> None:
    graph, _ = mapped("water", flood_mask, layer=LAYER, simulated="false", **DATES)
    assert len(set(graph.subjects(RDF.type, EW.WaterArea))) == 3
    assert not set(graph.subjects(RDF.type, EW.FloodedArea))
    assert validate(graph) == ()


def test_gadm_has_the_shape_that_the_tutorial_queries(mapped: Mapped, layer: Callable[..., Path]) -> None:
    units = layer(
        {"GID_2": ["AUS.5.68_1", "AUS.5.15_1"], "NAME_2": ["Hawkesbury", "Blue Mountains"]},
        [shapely.box(150.5, -33.6, 151, -33), shapely.box(150, -34, 150.5, -33.5)], name="gadm41_AUS.gpkg",
    )
    graph, _ = mapped("gadm", units, simulated="true")
    unit = URIRef("http://www.app-lab.eu/gadm/AUS.5.68_1")
    assert set(graph.objects(unit, RDF.type)) == {GADMR.AdministrativeUnit, EW.AdministrativeUnit}
    assert graph.value(unit, GADMO.hasName) == graph.value(unit, RDFS.label) == Literal("Hawkesbury", lang="en")
    assert graph.value(unit, GADMO.hasNationalLevel) == Literal("3rdOrder")
    assert graph.value(unit, EW.unitLevel) == Literal(3)
    assert validate(graph) == ()


def test_crop_codes_become_concepts_and_unknown_codes_are_reported(mapped: Mapped, layer: Callable[..., Path]) -> None:
    parcels = layer({"landCover": [3, 99, 6]}, [shapely.box(x, 50, x + 0.001, 50.001) for x in (5.0, 5.1, 5.2)], name="crop_map.gpkg")
    graph, run = mapped("crop", parcels, layer=LAYER, simulated="false", **DATES)
    assert sorted(graph.objects(None, EW.landCover)) == [EW.OpenWater, EW.SummerCrop]
    assert [(one.row, "notation" in one.reason) for one in run.report.problems] == [(2, True)]
    assert validate(graph) == ()


def test_nuts_counts_and_geometries_match_another_path(mapped: Mapped, nuts: Path) -> None:
    graph, run = mapped("nuts", nuts)
    frame = geopandas.read_file(nuts).set_index("NUTS_ID")
    assert run.report.rows == len(frame) == len(set(graph.subjects(RDF.type, EW.AdministrativeUnit)))
    sample = frame.sample(40, random_state=1)
    literals = [_wkt(graph, URIRef(f"https://w3id.org/earthweave/id/nuts/2021/{code}")) for code in sample.index]
    read = read_wkt(literals)
    assert read.problems == ()
    back = geopandas.GeoSeries(read.geometries, crs=4326).segmentize(0.002).to_crs(3035)
    points, owner = shapely.get_coordinates(back.boundary.to_numpy(), return_index=True)
    off = shapely.distance(shapely.points(points), sample.boundary.to_numpy()[owner])
    assert off.max() < 1.3  # borders are straight in the source's projection, and stay within a metre of that
    assert shapely.area(back.to_numpy()) == pytest.approx(sample.area.to_numpy(), rel=1e-4)
    levels = graph.query("SELECT ?l (COUNT(*) AS ?n) { ?u <https://w3id.org/earthweave/ontology#unitLevel> ?l } GROUP BY ?l")
    assert {int(row[0]): int(row[1]) for row in levels} == frame.LEVL_CODE.value_counts().to_dict()


def test_nuts_is_valid(mapped: Mapped, nuts: Path, tmp_path: Path) -> None:
    graph, _ = mapped("nuts", _few(nuts, tmp_path))
    assert validate(graph) == ()


def test_ems_areas_dissolve_to_the_golden_figures(mapped: Mapped, emsr332: Path) -> None:
    graph, run = mapped("ems-flood", emsr332, event="EMSR332", **DATES)
    assert run.report.rows == pyogrio.read_info(emsr332)["features"] == len(set(graph.subjects(RDF.type, EW.FloodedArea)))
    found = {
        (str(area), str(version)): _dissolved(graph, area, version)
        for area in set(graph.objects(None, EW.mapArea)) for version in set(graph.objects(None, EW.mapVersion))
    }
    assert found == pytest.approx(
        {("Padova", "DEL"): 7.904, ("Padova", "DEL_MONIT01"): 7.959, ("Verona", "DEL"): 6.320, ("Verona", "DEL_MONIT01"): 6.320}, abs=1e-3
    )


def _dissolved(graph: Graph, area: Literal, version: Literal) -> float:
    features = set(graph.subjects(EW.mapArea, area)) & set(graph.subjects(EW.mapVersion, version))
    shapes = read_wkt([_wkt(graph, feature) for feature in sorted(features)]).geometries
    return float(shapely.union_all(shapely.make_valid(reproject(shapes, Crs.parse("OGC:CRS84"), Crs.parse("EPSG:3035")))).area) / 1e6


def test_ems_metric_areas_are_geodesic(mapped: Mapped, emsr332: Path, tmp_path: Path) -> None:
    graph, _ = mapped("ems-flood", _few(emsr332, tmp_path), event="EMSR332", **DATES)
    mine = sum(float(value) for value in graph.objects(None, GEO.hasMetricArea))
    assert mine == pytest.approx(geopandas.read_file(emsr332, rows=12).to_crs(3035).area.sum(), rel=1e-3)
    assert validate(graph) == ()


def test_power_units_with_coordinates_are_all_there_and_the_others_reported(mapped: Mapped, shared: Path) -> None:
    path = shared / "data/vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    placed = [row for row in rows if row["lat"] and row["lon"]]
    graph, run = mapped("power", path)
    assert (run.report.rows, run.report.skipped) == (len(rows), len(rows) - len(placed))
    assert sum(run.report.reasons.values()) == run.report.skipped
    assert len(set(graph.subjects(RDF.type, EW.PowerUnit))) == len(placed)
    one = URIRef("https://w3id.org/earthweave/id/power/54W-KOMAN0000066/54W-KOMAN-G2008E")
    assert _wkt(graph, one) == "POINT (19.822 42.103)"
    assert graph.value(one, EW.capacity) == Literal("150", datatype=XSD.double)
    assert (str(graph.value(one, EW.countryCode)), str(graph.value(one, RDFS.label))) == ("AL", "KOMANG2")
    total = sum(float(value) for value in graph.objects(None, EW.capacity))
    assert total == pytest.approx(sum(float(row["capacity_g"]) for row in placed))


def test_power_is_valid(mapped: Mapped, shared: Path, tmp_path: Path) -> None:
    path = shared / "data/vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"
    few = tmp_path / "JRC_OPEN_UNITS.csv"
    few.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:60]), "utf-8")
    graph, _ = mapped("power", few)
    assert validate(graph) == ()


def test_lga_meets_the_tutorials_polygon_in_the_seven_named_units(mapped: Mapped, shared: Path, tmp_path: Path) -> None:
    path = shared / "data/derived/vector/nsw_lga_2016.geojson"
    graph, run = mapped("lga", path)
    assert run.report.rows == pyogrio.read_info(path)["features"] == len(set(graph.subjects(RDF.type, EW.AdministrativeUnit)))
    units = sorted(graph.subjects(RDF.type, EW.AdministrativeUnit))
    shapes = read_wkt([_wkt(graph, unit) for unit in units]).geometries
    # the tutorial's area of interest: about 31 × 34 km around Richmond and Windsor, NSW
    area = shapely.box(150.63, -33.80, 150.965, -33.49)
    meets = np.flatnonzero(shapely.intersects(shapes, area))
    names = {str(graph.value(units[index], RDFS.label)) for index in meets}
    assert names == {"Blacktown", "Blue Mountains", "Cumberland", "Hawkesbury", "Parramatta", "Penrith", "The Hills Shire"}
    assert Literal("Hawkesbury (C)", lang="en") in set(graph.objects(None, SKOS.altLabel))
    few, _ = mapped("lga", _few(path, tmp_path))
    assert validate(few) == ()


def test_air_observations_stand_on_the_units_of_rule_nuts(mapped: Mapped, shared: Path, nuts: Path) -> None:
    field = shared / "data/derived/airquality/cams_pm25_0p75_20191231_15_18.nc"
    found = zonal(field, nuts, key="NUTS_ID", where={"LEVL_CODE": 0})
    graph, run = mapped("air", found.table, layer=LAYER, name="cams-20191231", simulated="false")
    observations = set(graph.subjects(RDF.type, EW.AirObservation))
    assert len(observations) == found.table.num_rows == run.report.rows
    assert URIRef("https://w3id.org/earthweave/id/nuts/2021/IT") in set(graph.objects(None, SOSA.hasFeatureOfInterest))
    assert set(graph.objects(None, EW.unitSymbol)) == {Literal("ug/m3")}
    values = sorted(float(value) for value in graph.objects(None, SOSA.hasSimpleResult))
    assert values == pytest.approx(sorted(found.table.column("value").to_pylist()))
    assert validate(graph) == ()
