"""``map generate`` and ``map run``: layers, CRS, pipes, what is refused, and what cuts a run off."""

from __future__ import annotations

import filecmp
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner, Result

from earthweave.server.cli import main

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
    (folder / "p.csv").write_text("id,name,lon,lat\n1,a,10,45\n2,b,11,46\n")
    (folder / "none.csv").write_text("id,name,lon,lat\n")
    (folder / "keyless.csv").write_text("id,name,lon,lat\n,a,1,2\n,b,1,2\n")
    (folder / "folder").mkdir()
    (folder / "X.SAFE").mkdir()
    (folder / "X.SAFE" / "manifest.safe").write_text("<xfdu/>")
    CliRunner().invoke(main, ["map", "generate", str(folder / "p.csv"), "-b", BASE, "-o", str(folder / "p.ttl")])
    return folder


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*arguments: str, input: str | None = None) -> Result:
    done = CliRunner().invoke(main, arguments, input=input)
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    return done


def test_a_layer_of_several_is_chosen_by_name() -> None:
    assert run("map", "generate", "two.gpkg", "-b", BASE, "-o", "both.ttl").exit_code == 0
    assert run("map", "run", "both.ttl", "two.gpkg").stdout.count("wktLiteral") == 2
    assert run("map", "generate", "two.gpkg", "-b", BASE, "--layer", "second", "-o", "m.ttl").exit_code == 0
    done = run("map", "run", "m.ttl", "two.gpkg", "--layer", "second")
    assert "POINT (2 5)" in done.stdout, done.stderr
    assert "POINT (1 5)" not in done.stdout


def test_a_crs_that_the_file_does_not_say_is_said_by_option() -> None:
    assert run("map", "generate", "nocrs.shp", "-b", BASE, "-o", "n.ttl").exit_code == 0
    refused = run("map", "run", "n.ttl", "nocrs.shp")
    assert refused.exit_code == 2
    assert "--source-crs" in refused.stderr
    done = run("map", "run", "n.ttl", "nocrs.shp", "--source-crs", "EPSG:32633")
    assert "POINT (15 45." in done.stdout, done.stderr


def test_no_statement_is_no_success() -> None:
    assert run("map", "generate", "latin.csv", "-b", BASE, "-o", "l.ttl").exit_code == 0
    done = run("map", "run", "l.ttl", "latin.csv", "-o", "l.nt")
    assert done.exit_code == 1
    assert "none of 1 rows could be mapped" in done.stderr


def test_output_and_store_together_do_both(folder: Path) -> None:
    run("map", "generate", "two.gpkg", "-b", BASE, "--layer", "first", "-o", "f.ttl")
    assert run("map", "run", "f.ttl", "two.gpkg", "--layer", "first", "-o", "f.nt", "--store", "s").exit_code == 0
    assert (folder / "f.nt").stat().st_size > 0
    assert run("query", "ASK { ?s ?p ?o }", "--store", "s").stdout.strip() == "yes"


def test_options_come_from_the_table_of_the_mapper() -> None:
    text = run("map", "run", "--help").stdout
    for option in ("--validity", "--precision", "--straight", "--on-error", "--delimiter"):
        assert option in text
    wrong = run("map", "run", "flood", "two.gpkg", "--validity", "perhaps")
    assert wrong.exit_code == 2


def test_rdf_flows_through_pipes() -> None:
    rdf = run("map", "run", "f.ttl", "two.gpkg", "--layer", "first").stdout
    assert run("load", "-", "--store", "piped", input=rdf).exit_code == 0
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
def test_wrong_places_are_explained(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("p.csv", "-o", "folder"), "name a file in it"),
        (("p.csv", "-o", "nowhere/x.nt"), "make the folder first"),
        (("p.csv", "-o", "x.nt", "--report", "folder"), "name a file in it"),
        (("p.csv", "-o", "/dev/null"), "it is a device or pipe"),
        (("folder",), "folder is a folder"),
        (("X.SAFE",), "earthweave map run safe X.SAFE/manifest.safe --var name=X"),
        (("p.csv", "--database", "sqlite:///x.db"), "SOURCE takes the place"),
        (("https://example.org/p.csv",), "download it"),
        (("jdbc:oracle:x",), "database URL"),
        (("p.csv", "-b", "nobase"), "'nobase' is no absolute IRI"),
        (("p.csv", "--delimiter", "ab"), "no single character"),
        (("p.csv", "--raster", "band=x"), "band cannot be 'x'"),
        (("p.csv", "--raster", "bond=1"), "bond is none of"),
        (("p.csv", "--crs", "EPSG:99999"), "EPSG:99999"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_told_with_a_way_out(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("map", "run", "p.ttl", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (folder / "x.nt").exists()


@pytest.mark.parametrize(("source", "why"), [("none.csv", "no row"), ("keyless.csv", "none has a value for what its subject is made of")])
@pytest.mark.parametrize("where", [("-o", "kept.nt"), ("--store", "nothing"), ()], ids=lambda value: " ".join(value))
def test_without_a_statement_what_was_there_stays(folder: Path, where: tuple[str, ...], source: str, why: str) -> None:
    (folder / "kept.nt").write_text("before")
    done = run("map", "run", "p.ttl", source, *where)
    assert (done.exit_code, why in done.stderr) == (1, True)
    assert (folder / "kept.nt").read_text() == "before"


def test_a_delimiter_may_be_called_tab(folder: Path) -> None:
    (folder / "tabs.csv").write_text("id\tname\tlon\tlat\n1\ta,b\t10\t45\n")
    for tab in ("tab", "\\t", "\t"):
        assert '"a,b"' in run("map", "run", "p.ttl", "tabs.csv", "--delimiter", tab).stdout


BIG = 220_000
"""Rows that make more than one part (64 MiB)."""


@pytest.fixture(scope="module")
def big(folder: Path) -> Path:
    with (folder / "big.csv").open("w") as out:
        out.write("id,name,lon,lat\n")
        out.writelines(f"{row},name {row % 1000},{row % 360 - 180},{row % 180 - 90}\n" for row in range(BIG))
    return folder / "big.csv"


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([BIN / "earthweave", "map", "run", "p.ttl", *arguments], stderr=subprocess.PIPE, text=True)


def _wait(until: Path, lines: int, process: subprocess.Popen[str]) -> None:
    while not until.exists() or until.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)


def test_a_killed_run_is_taken_up_to_the_same_bytes(folder: Path, big: Path) -> None:
    process = _started(big.name, "-o", "big.nt", "--resume")
    _wait(folder / "big.nt.parts" / "journal.jsonl", 2, process)
    process.kill()
    process.communicate()
    assert (process.returncode, (folder / "big.nt").exists()) == (-signal.SIGKILL, False)
    done = run("map", "run", "p.ttl", big.name, "-o", "big.nt", "--resume")
    assert "of an earlier run" in done.stderr
    assert run("map", "run", "p.ttl", big.name, "-o", "whole.nt").exit_code == 0
    assert filecmp.cmp(folder / "big.nt", folder / "whole.nt", shallow=False)
    assert sorted(path.name for path in folder.glob("big.nt*")) == ["big.nt"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_full_disk_behind_standard_output_is_told(folder: Path, form: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        line = [BIN / "earthweave", "map", "run", "p.ttl", "p.csv", *form]
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "No space left" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_an_interrupted_run_leaves_quietly(folder: Path, big: Path) -> None:
    process = _started(big.name, "-o", "cut.nt")
    _wait(folder / "cut.nt.part", 1, process)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert (process.returncode, "Aborted" in said, "Traceback" in said) == (1, True, False)
    assert list(folder.glob("cut.nt*")) == []
