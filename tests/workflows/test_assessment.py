"""Flood-assessment from a period to what was hit, on *simulated* scenes, units, roads and buildings; cut off and taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj
import pytest
import shapely
from rdflib import Graph

from earthweave.ontology import EW, PROV, EarthweaveError, Progress, ProgressSink, silent, validate
from earthweave.processing import Result
from earthweave.server.records import run_recorded
from earthweave.server.store import open_store
from earthweave.server.workflows import TUTORIAL_AOI, registry

GEOD = pyproj.Geod(ellps="WGS84")
SPEC = next(one for one in registry() if one.id == "flood-assessment")
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """*Simulated* roads and buildings in the shape of OSM-layers, all over the scenes."""
    path = tmp_path_factory.mktemp("osm") / "OSM_simulated.gpkg"
    columns = [150.745 + 0.005 * step for step in range(14)]
    roads = [shapely.LineString([(x, -33.70), (x, -33.61)]) for x in columns]
    houses = [shapely.box(x, -33.685 + 0.005 * row, x + 0.0004, -33.6846 + 0.005 * row) for x in columns for row in range(13)]
    for first, layer, concept, shapes in ((1, "roads", "Road", roads), (1001, "buildings", "Building", houses)):
        ids = {"osm_id": range(first, first + len(shapes)), "osm_type": "way"}
        said = {"name": f"{layer} (simulated)", "class": "made up", "concept": concept, "SIMULATED": 1}
        gpd.GeoDataFrame({**ids, **said}, geometry=shapes, crs="EPSG:4326").to_file(path, layer=layer, engine="pyogrio")
    return path


@pytest.fixture(scope="module")
def assessed(scenes: Path, units: Path, osm: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result, list[Progress]]:
    """Folder with store and results of a whole run, and what it told meanwhile."""
    folder, told = tmp_path_factory.mktemp("assessed"), list[Progress]()
    given = {"scenes": scenes, "start": "2021-03-15", "end": "2021-03-25", "aoi": TUTORIAL_AOI, "coverage": 0.5, "units": units, "osm": osm}
    result = run_recorded(SPEC, {**given, "store": folder / "store", "output_path": folder / "out"}, progress=told.append)
    return folder, result, told


def test_pair_is_found_and_explained(assessed: tuple[Path, Result, list[Progress]]) -> None:
    pair = assessed[1].report["figures"]["pair"]
    assert pair["before"].startswith("S2A_MSIL2A_20210315T000241")
    assert pair["after"].startswith("S2A_MSIL2A_20210325T000241")
    assert "the same tile 56HKH" in pair["why"]
    assert 0.02 < pair["covered"] < 0.05
    report = (assessed[0] / "out/flood_report.md").read_text("utf-8")
    assert pair["why"] in report
    assert "The legend shows the magnitude of change between the two dates, not the depth of the water." in report
    assert "SIMULATED DATA" in report
    assert "Only 4% of the area is covered" in report


def test_impact_equals_a_computation_on_the_files(assessed: tuple[Path, Result, list[Progress]], osm: Path, units: Path) -> None:
    out = assessed[0] / "out"
    water = shapely.union_all(gpd.read_file(out / "flood_mask.shp").to_crs("EPSG:4326").geometry.values)
    rows = gpd.pd.read_csv(out / "flood_impact_table.csv").set_index("name")
    total = assessed[1].report["figures"]["impact"]["total"]
    assert total["flooded_km2"] == pytest.approx(GEOD.geometry_area_perimeter(shapely.orient_polygons(water))[0] / 1e6, rel=1e-5)
    assert 0.99 < total["flooded_confidence"] <= 1
    borders = gpd.read_file(units).set_index("NAME_2").geometry
    for name, border in borders[borders.intersects(water)].items():
        wet = shapely.intersection(border, water)
        assert rows.loc[name, "flooded_km2"] == pytest.approx(GEOD.geometry_area_perimeter(shapely.orient_polygons(wet))[0] / 1e6, rel=1e-5)
    roads, houses = (gpd.read_file(osm, layer=layer).geometry for layer in ("roads", "buildings"))
    lengths = [GEOD.geometry_length(shapely.intersection(one, water)) / 1000 for one in roads if one.intersects(water)]
    # linked data has coordinates to a centimetre
    assert (total["roads"], total["roads_km"]) == (len(lengths), pytest.approx(sum(lengths), rel=1e-4))
    assert total["buildings"] == sum(house.intersects(water) for house in houses)
    assert min(total["roads"], total["buildings"]) > 0
    assert total["power_units"] is None
    assert sum(rows["roads_km"].tolist()) == pytest.approx(total["roads_km"], rel=1e-5)


def test_store_holds_areas_impact_and_lineage(assessed: tuple[Path, Result, list[Progress]]) -> None:
    folder, result, _ = assessed
    prefixes = f"PREFIX ew: <{EW}> PREFIX prov: <{PROV}> "
    with open_store(folder / "store") as store:
        counted = store.query(
            prefixes + "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x a ew:FloodedArea ; ew:confidence ?c ; prov:wasDerivedFrom ?layer . "
            "?layer a ew:Layer ; prov:wasGeneratedBy/prov:used ?scene }"
        )
        assert int(counted.table.column("n")[0].as_py()["value"]) == result.report["figures"]["rows"] > 0
        assert store.query(prefixes + "ASK { ?x a ew:FloodImpact ; prov:wasDerivedFrom/a ew:Layer }").boolean
    graph = Graph()
    for name in ("flood_levels.nt", "flood_impact.nt", "lineage.nt"):
        graph.parse(folder / "out" / name, format="nt")
    assert validate(graph) == ()
    assert {bool(value) for value in graph.objects(None, EW.simulated)} == {True}


def test_records_of_every_step_lie_beside_the_products(assessed: tuple[Path, Result, list[Progress]]) -> None:
    out = assessed[0] / "out"
    steps = ("s2-cd.", "water-mask.", "flood_mask.", "flood-impact.", "")
    for step in steps:
        for name in ("item.json", "run.json", "prov.ttl"):
            assert (out / f"{step}{name}").is_file(), step + name
    item = json.loads((out / "item.json").read_text("utf-8"))
    assert item["properties"]["earthweave:simulated"] is True
    assert {"cva", "flood_mask", "impact_table", "impact_map", "impact_units", "impact_roads", "impact_buildings", "report"} <= set(
        item["assets"]
    )
    assert not (assessed[0] / "store.steps").exists()


def test_progress_goes_by_stages(assessed: tuple[Path, Result, list[Progress]]) -> None:
    fractions = [one.fraction for one in assessed[2] if one.fraction is not None and one.stage[0].isdigit()]
    assert fractions == sorted(fractions)
    stages = list(dict.fromkeys(one.stage for one in assessed[2] if one.stage[0].isdigit()))
    assert [stage.split(" ")[0] for stage in stages] == ["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]


def _until(stage: str) -> ProgressSink:
    """A sink at which the run dies."""

    def sink(progress: Progress) -> None:
        if progress.stage.startswith(stage):
            raise KeyboardInterrupt

    return sink


def test_a_run_that_was_cut_off_goes_on_behind_its_last_step(scenes: Path, tmp_path: Path) -> None:
    before, after = sorted(scenes.iterdir())
    given = {"input1": before, "input2": after, "store": tmp_path / "store", "output_path": tmp_path / "out"}
    with pytest.raises(KeyboardInterrupt):
        run_recorded(SPEC, given, progress=_until("3/6"))
    assert not list((tmp_path / "out").glob("*.json"))
    (kept,) = (tmp_path / "store.steps").iterdir()
    changed = next((kept / "water-mask").glob("*.tif"))
    changed.write_bytes(changed.read_bytes() + b"\0")
    result = run_recorded(SPEC, given, progress=silent)
    assert result.report["figures"]["reused_steps"] == ["s2-cd"], "a step whose files were changed is made again"
    assert not kept.exists()
    assert "s2-cd was taken over from a run that was cut off" in (tmp_path / "out/flood_report.md").read_text("utf-8")
    assert result.report["figures"]["impact"]["units"] == 0
    assert result.report["figures"]["pair"] is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "start, end, scenes, aoi was not said"),
        ({"input1": "here"}, "one scene of a pair was given"),
        ({"start": "2021-03-25", "end": "2021-03-15", "scenes": "SCENES", "aoi": TUTORIAL_AOI}, "2021-03-15 < 2021-03-25"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "SCENES", "aoi": "POLYGON((0 0, 1 0, 1 1, 0 0))"}, "no scene of the area"),
        ({"start": "2022-03-15", "end": "2022-03-25", "scenes": "SCENES", "aoi": TUTORIAL_AOI}, "no scene of the area"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "SCENES", "aoi": TUTORIAL_AOI, "coverage": 99}, "less than 99%"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "nowhere", "aoi": TUTORIAL_AOI}, "nowhere"),
    ],
)
def test_refusals_say_why_and_what_to_do(more: dict[str, Any], said: str, scenes: Path, tmp_path: Path) -> None:
    given = {name: str(scenes) if value == "SCENES" else value for name, value in more.items()}
    with pytest.raises(EarthweaveError) as error:
        run_recorded(SPEC, {**given, "store": tmp_path / "store", "output_path": tmp_path / "out"})
    assert said in f"{error.value.what} {error.value.why}"
    assert error.value.way_out
    assert not (tmp_path / "store").exists()


def test_units_that_no_rules_fit_are_refused(scenes: Path, osm: Path, tmp_path: Path) -> None:
    spec = next(one for one in registry() if one.id == "flood-impact")
    odd = tmp_path / "odd.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326").to_file(odd, engine="pyogrio")
    with pytest.raises(EarthweaveError) as error:
        run_recorded(spec, {"units": odd, "store": tmp_path / "store", "output_path": tmp_path / "out"})
    assert "units = odd.gpkg is not a file that our rules can map" in error.value.what
    assert "nuts: " in error.value.why


def test_estimate_grows_with_the_area() -> None:
    def seconds(**more: Any) -> float:
        assert SPEC.estimate is not None
        return float(SPEC.estimate(SPEC.parameters.model_validate({"output_path": "out", **more})).seconds)

    assert 5 < seconds(aoi=TUTORIAL_AOI) < seconds(aoi=TUTORIAL_AOI, resolution=10) < seconds(resolution=10) < 3600
