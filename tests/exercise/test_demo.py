"""The demo end to end, as ``make demo`` runs it: simulated, labelled, complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import shapely
from rdflib import Graph

from earthweave.ontology import EW, validate

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    work = tmp_path_factory.mktemp("demo") / "work"
    done = subprocess.run([BIN / "earthweave", "demo", "--no-serve", "--json", "--work", work], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return work, json.loads(done.stdout)["result"], done.stderr


def test_demo_poses_the_tutorials_queries(demo: tuple[Path, dict[str, Any], str]) -> None:
    _, result, shown = demo
    assert result["queries"]["query-2a"]["rows"] == 9
    assert any("sIntersects" in notice for notice in result["queries"]["query-2a"]["notices"])
    assert result["queries"]["query-2b"]["rows"] == 50
    assert result["queries"]["query-1"]["rows"] > 3
    assert "sIntersects" in shown


def test_demo_answers_its_question(demo: tuple[Path, dict[str, Any], str]) -> None:
    answer = demo[1]["answer"]
    assert answer["status"] == "answered"
    assert answer["count"] == 9
    assert answer["simulated"] is True
    assert len(answer["geojson"]["features"]) == 9


def test_demo_says_simulated_wherever_it_speaks(demo: tuple[Path, dict[str, Any], str]) -> None:
    work, _, shown = demo
    assert "SIMULATED" in shown
    assert json.loads((work / "map.json").read_text())["banner"].lower().startswith("simulated")
    assert json.loads(next(work.glob("*item.json")).read_text())["properties"]["earthweave:simulated"] is True
    assert "simulated" in (work / "flood_levels.nt").read_text()
    for file in work.glob("*.prov.ttl"):
        graph = Graph()
        graph.parse(file, format="turtle")
        assert {bool(value) for value in graph.objects(None, EW.simulated)} == {True}


def test_demo_rdf_meets_the_shapes(demo: tuple[Path, dict[str, Any], str]) -> None:
    graph = Graph()
    for name in ("flood_levels.nt", "units.nt"):
        graph.parse(demo[0] / name, format="nt")
    assert validate(graph) == ()


def test_demo_tells_what_to_open_and_try(demo: tuple[Path, dict[str, Any], str]) -> None:
    assert "Try next" in demo[2]
    assert "earthweave serve" in demo[2]


def test_demo_runs_on_the_users_own_scenes_and_units(demo: tuple[Path, dict[str, Any], str], tmp_path: Path) -> None:
    """The simulated scenes stand for the user's; they stay labelled, while the units count as the user's own."""
    work, _, _ = demo
    units = next((work / "units").glob("*.gpkg"))
    done = subprocess.run(
        [BIN / "earthweave", "demo", "--no-serve", "--json", "--work", tmp_path / "own", "--data", work / "scenes", "--gadm", units],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert result["queries"]["query-2a"]["rows"] == 9
    assert "SIMULATED DATA: THE SCENES" in done.stderr  # what the scenes and units say of themselves is believed
    assert not any("simulate" in stage for stage in result["stages"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "nowhere is not a folder"),
        (["--data", "."], "two are needed"),
        (["--gadm", "none.gpkg", "--data", "nowhere"], "nowhere"),
    ],
)
def test_demo_explains_missing_input(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = subprocess.run([BIN / "earthweave", "demo", "--no-serve", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr


def test_demo_never_replaces_a_folder_that_is_no_store(tmp_path: Path) -> None:
    precious = tmp_path / "work" / "store" / "precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    done = subprocess.run(
        [BIN / "earthweave", "demo", "--no-serve", "--work", tmp_path / "work"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "is not a store" in done.stderr
    assert precious.read_text() == "mine"


def test_the_simulator_and_the_workflows_mean_the_same_place() -> None:
    from earthweave.processing.simulate import AREA_OF_INTEREST
    from earthweave.server.workflows import TUTORIAL_AOI

    assert shapely.equals(shapely.from_wkt(AREA_OF_INTEREST), shapely.from_wkt(TUTORIAL_AOI))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--aoi", "POLYGON((150 -33"], "--aoi is no polygon"),
        (["--work", "file.txt"], "is a file"),
        (["--gadm", "file.gpkg"], "cannot be read"),
    ],
)
def test_demo_looks_at_everything_first(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file.txt").write_text("mine")
    (tmp_path / "file.gpkg").write_text("nonsense")
    done = subprocess.run([BIN / "earthweave", "demo", "--no-serve", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert "simulate" not in done.stderr.partition("error")[0]


def test_demo_takes_units_as_rdf_and_believes_that_they_are_simulated(demo: tuple[Path, dict[str, Any], str], tmp_path: Path) -> None:
    work, _, _ = demo
    common = ["--no-serve", "--data", work / "scenes", "--work", tmp_path / "rdf"]
    done = subprocess.run([BIN / "earthweave", "demo", *common, "--gadm", work / "units.nt"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "SIMULATED DATA: THE SCENES AND THE ADMINISTRATIVE UNITS" in done.stderr
    (tmp_path / "other.nt").write_text("<http://example.org/a> <http://example.org/p> <http://example.org/b> .\n")
    empty = subprocess.run(
        [BIN / "earthweave", "demo", *common, "--gadm", tmp_path / "other.nt"], capture_output=True, text=True, timeout=600
    )
    assert empty.returncode == 2
    assert "holds no gadmr:AdministrativeUnit" in empty.stderr
