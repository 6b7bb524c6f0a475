"""``map generate`` and ``map run``: layers, CRS, pipes, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

Run = Callable[..., subprocess.CompletedProcess[str]]
BIN = Path(sys.executable).parent
BASE = "http://example.org/data/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    for layer, x in (("first", 1), ("second", 2)):
        frame = gpd.GeoDataFrame({"code": [f"{layer}-a"]}, geometry=[shapely.Point(x, 5)], crs="EPSG:4326")
        frame.to_file(folder / "two.gpkg", layer=layer)
    gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.Point(500_000, 5_000_000)], crs="EPSG:32633").to_file(folder / "nocrs.shp")
    (folder / "nocrs.prj").unlink()
    (folder / "latin.csv").write_bytes("id,name\n1,Z\xfcrich\n".encode("latin-1"))
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    def runner(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [BIN / "earthweave", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, **more
        )

    return runner


def test_a_layer_of_several_is_chosen_by_name(run: Run) -> None:
    assert run("map", "generate", "two.gpkg", "-b", BASE, "-o", "both.ttl").returncode == 0
    assert run("map", "run", "both.ttl", "two.gpkg").stdout.count("wktLiteral") == 2
    assert run("map", "generate", "two.gpkg", "-b", BASE, "--layer", "second", "-o", "m.ttl").returncode == 0
    done = run("map", "run", "m.ttl", "two.gpkg", "--layer", "second")
    assert "POINT (2 5)" in done.stdout, done.stderr
    assert "POINT (1 5)" not in done.stdout


def test_a_crs_that_the_file_does_not_say_is_said_by_option(run: Run) -> None:
    assert run("map", "generate", "nocrs.shp", "-b", BASE, "-o", "n.ttl").returncode == 0
    refused = run("map", "run", "n.ttl", "nocrs.shp")
    assert refused.returncode == 2
    assert "--source-crs" in refused.stderr
    done = run("map", "run", "n.ttl", "nocrs.shp", "--source-crs", "EPSG:32633")
    assert "POINT (15 45." in done.stdout, done.stderr


def test_no_statement_is_no_success(run: Run) -> None:
    assert run("map", "generate", "latin.csv", "-b", BASE, "-o", "l.ttl").returncode == 0
    done = run("map", "run", "l.ttl", "latin.csv", "-o", "l.nt")
    assert done.returncode == 1
    assert "none of 1 rows could be mapped" in done.stderr


def test_output_and_store_together_do_both(run: Run, folder: Path) -> None:
    run("map", "generate", "two.gpkg", "-b", BASE, "--layer", "first", "-o", "f.ttl")
    assert run("map", "run", "f.ttl", "two.gpkg", "--layer", "first", "-o", "f.nt", "--store", "s").returncode == 0
    assert (folder / "f.nt").stat().st_size > 0
    assert run("query", "ASK { ?s ?p ?o }", "--store", "s").stdout.strip() == "yes"


def test_options_come_from_the_table_of_the_mapper(run: Run) -> None:
    text = run("map", "run", "--help").stdout
    for option in ("--validity", "--precision", "--straight", "--on-error", "--delimiter"):
        assert option in text
    wrong = run("map", "run", "flood", "two.gpkg", "--validity", "perhaps")
    assert wrong.returncode == 2


def test_rdf_flows_through_pipes(run: Run) -> None:
    rdf = run("map", "run", "f.ttl", "two.gpkg", "--layer", "first").stdout
    assert run("load", "-", "--store", "piped", input=rdf).returncode == 0
    again = run("export", "-", "--store", "piped").stdout
    assert sorted(again.splitlines()) == sorted(rdf.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", ".", "--store", "s"), "is a folder"),
        (("store", "backup", "f.nt", "--store", "s"), "cannot take a backup"),
        (("store", "backup", "s/inside", "--store", "s"), "cannot take a backup"),
        (("serve", "--port", "99999", "--store", "s"), "99999"),
    ],
)
def test_wrong_places_are_explained(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
