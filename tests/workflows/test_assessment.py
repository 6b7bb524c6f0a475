"""Flood-assessment from a period to what was hit, on *simulated* scenes, units, roads and buildings; cut off and taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pyproj
import pytest
import shapely
from rdflib import Graph

from earthweave.ontology import EW, PROV, EarthweaveError, ParameterError, Progress, ProgressSink, Source, silent, validate
from earthweave.processing import Result, service
from earthweave.processing.frame import digest
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.records import run_recorded
from earthweave.server.store import open_store
from earthweave.server.workflows import TUTORIAL_AOI, registry
from earthweave.server.workflows._assessment import sources
from earthweave.server.workflows._report import pair_text, seen_text

from .conftest import SPEC

GEOD = pyproj.Geod(ellps="WGS84")


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
        lost = "ASK { ?x a ew:FloodedArea ; prov:wasDerivedFrom+ ?end . FILTER NOT EXISTS { ?end prov:wasGeneratedBy ?run } "
        lost += "FILTER (!STRSTARTS(STR(?named), 'S2A_MSIL2A')) ?end <http://purl.org/dc/terms/identifier> ?named }"
        assert not store.query(prefixes + lost).boolean, "every way back ends at a scene"
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
        ({"input1": "SCENES", "input2": "SCENES"}, "there are 2"),
        ({"input1": "here"}, "one scene of a pair was given"),
        ({"start": "2021-03-25", "end": "2021-03-15", "scenes": "SCENES", "aoi": TUTORIAL_AOI}, "2021-03-15 < 2021-03-25"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "SCENES", "aoi": "POLYGON((0 0, 1 0, 1 1, 0 0))"}, "no scene of the area"),
        ({"start": "2022-03-15", "end": "2022-03-25", "scenes": "SCENES", "aoi": TUTORIAL_AOI}, "no scene of the area"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "SCENES", "aoi": TUTORIAL_AOI, "coverage": 99}, "less than 99%"),
        ({"start": "2021-03-15", "end": "2021-03-25", "scenes": "nowhere", "aoi": TUTORIAL_AOI}, "nowhere"),
        ({"start": "2021-03-15", "end": "9999-12-31", "scenes": "SCENES", "aoi": TUTORIAL_AOI}, "beyond the calendar"),
    ],
)
def test_refusals_say_why_and_what_to_do(more: dict[str, Any], said: str, scenes: Path, tmp_path: Path) -> None:
    given = {name: str(scenes) if value == "SCENES" else value for name, value in more.items()}
    with pytest.raises(EarthweaveError) as error:
        run_recorded(SPEC, {**given, "store": tmp_path / "store", "output_path": tmp_path / "out"})
    assert said in f"{error.value.what} {error.value.why}"
    assert error.value.way_out
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "store.steps").exists()


def test_the_report_warns_of_what_the_pair_does_not_show() -> None:
    scene = {"id": "a", "taken": "2021-03-15T00:02:41Z", "cloud_cover": None, "catalogue": "c", "relative_orbit": 30}
    pair = {"scenes": [scene, {**scene, "relative_orbit": 73}], "why": "w", "covered": 0.4, "beyond": ["56HLH"], "notices": ["offline"]}
    text = "\n".join(pair_text({**pair, "rejected": []}))
    assert "`a` (2021-03-15 00:02 UTC, clouds unknown, from c)" in text
    assert "Only 40% of the area is covered: what lies in the rest is not known.** It lies in 56HLH" in text
    assert "different orbits" in text and "offline" in text
    alike = "\n".join(pair_text({**pair, "scenes": [scene, scene], "covered": 1.0, "rejected": []}))
    assert "different orbits" not in alike and "is covered" not in alike
    assert (seen_text(None), seen_text(0.97)) == ([], [])
    assert seen_text(0.7) == ["**30% of the area was not seen on both dates (clouds, no data): floods there are not known.**"]


def test_the_part_of_the_area_that_was_seen_is_told(assessed: tuple[Path, Result, list[Progress]]) -> None:
    figures = assessed[1].report["figures"]
    assert figures["seen"] == pytest.approx(figures["pair"]["covered"], abs=2e-3), "these scenes have no clouds"
    assert "96% of the area was not seen on both dates" in (assessed[0] / "out/flood_report.md").read_text("utf-8")


def test_whose_data_were_used_is_said_once(assessed: tuple[Path, Result, list[Progress]]) -> None:
    sentences = ["Simulated data; contains no Copernicus Sentinel data.", *service("osm-layers").attribution]
    assert assessed[1].report["attribution"] == sentences
    report = (assessed[0] / "out/flood_report.md").read_text("utf-8")
    assert report.endswith("## Sources\n\n" + "\n".join(f"- {one}" for one in sentences) + "\n")
    assert report.count("## Sources") == 1


def test_water_that_was_handed_in_is_a_source(tmp_path: Path) -> None:
    def result(*digests: str) -> Any:
        used = tuple(Source(one, one) for one in digests)
        return SimpleNamespace(layers=[SimpleNamespace(provenance=SimpleNamespace(used=used))])

    lakes = tmp_path / "lakes.gpkg"
    lakes.write_bytes(b"lakes")
    steps = result("before", "after"), result("cva", digest(lakes)), result("floods")
    for water, more in ((lakes, [digest(lakes)]), ("before", list[str]())):
        given: Any = SPEC.parameters.model_validate({"permanent_water": water, "output_path": "out"})
        assert [one.id for one in sources(given, *steps)] == ["before", "after", *more, "floods"]


def test_a_job_keeps_where_scenes_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = Jobs(tmp_path / "jobs", JobLimits(), "earthweave.server.workflows:registry")
    given = {"start": "2021-03-15", "end": "2021-03-25", "aoi": TUTORIAL_AOI}
    for scenes, kept in (("cdse", "cdse"), ("finder+https://a.example/x", "finder+https://a.example/x"), ("a/b", str(tmp_path / "a/b"))):
        assert jobs.submit(SPEC.id, {**given, "scenes": scenes}).parameters["scenes"] == kept
    assert jobs.submit(SPEC.id, {**given, "scenes": "cdse"}, roots=()).parameters["scenes"] == "cdse"
    for name in ("scenes", "replay", "products"):
        with pytest.raises(ParameterError, match=name):
            jobs.submit(SPEC.id, {**given, name: "/etc"}, roots=())


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


def estimated(**more: Any) -> Any:
    """The estimate for the period of the scenes."""
    assert SPEC.estimate is not None
    period = {"start": "2021-03-15", "end": "2021-03-25", "aoi": TUTORIAL_AOI, "coverage": 0.5}
    return SPEC.estimate(SPEC.parameters.model_validate({"output_path": "out", **period, **more}))


def noted(**more: Any) -> str:
    """What the estimate says beside the figures."""
    return str(estimated(**more).note)


def test_the_estimate_counts_what_the_scenes_show_and_names_obstacles(scenes: Path) -> None:
    whole, shown = estimated(scenes="cdse"), estimated(scenes=scenes)
    assert shown.seconds - 8 < (whole.seconds - 8) / 10, "the scenes show a twentieth of the area"
    assert (whole.obstacle, shown.obstacle) == ("", "")
    late = estimated(scenes=scenes, start="2022-03-15", end="2022-03-25")
    assert late.obstacle.startswith("no pair of scenes was found") and "no scene of the area" in late.obstacle
    assert "EARTHWEAVE_SCENES_FOLDER" in estimated().obstacle


def test_the_estimate_names_the_pair_and_fetches_nothing(scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("an estimate asks no catalogue in the network")

    monkeypatch.setattr("earthweave.server.workflows._assessment.reach", refuse)
    before, after = sorted(one.stem for one in scenes.iterdir())
    assert f"; scenes {before} and {after}: nearest to 2021-03-15 – 2021-03-25" in noted(scenes=scenes).replace(".SAFE", "")
    assert "products of a catalogue in the network have to be fetched first" in noted(scenes="cdse")
    assert "no pair of scenes was found" in noted(scenes=scenes, start="2022-03-15", end="2022-03-25")
    assert "end is before start" in noted(scenes=scenes, start="2021-03-26")
    assert "holds no recorded search" in noted(scenes="cdse", replay=tmp_path)
    assert "scenes" not in noted(), "without a place to look in there is no pair to name"
