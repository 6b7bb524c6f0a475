"""``map generate`` and GeoTriples' two verbs from the command line."""

from __future__ import annotations

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner, Result
from rdflib import OWL, RDF, Graph

from earthweave.server.cli import geotriples, main

BASE = "http://example.org/data/"
FLOOD = "http://ai.di.uoa.gr/flood"
SHAPES = [shapely.box(150.8, -33.7, 150.9, -33.6), shapely.box(150.6, -33.5, 150.7, -33.4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generate")
    gpd.GeoDataFrame({"floodLevel": [7, 4]}, geometry=SHAPES, crs=4326).to_file(folder / "flood_levels.shp")
    gpd.GeoDataFrame({"level": [7, 4]}, geometry=[shapely.Point(500_000, 5_000_000)] * 2, crs=32633).to_file(folder / "nocrs.shp")
    (folder / "nocrs.prj").unlink()
    gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=SHAPES, crs=4326).to_file(folder / "places.kml", driver="KML")
    (folder / "stations.csv").write_text("name,lon,lat\nx,150.8,-33.7\ny,150.9,-33.6\n")
    (folder / "products.json").write_text(json.dumps([{"id": "a", "cloud": 3}, {"id": "b", "cloud": None}]))
    (folder / "folder").mkdir()
    for name in ("products.jsonl.gz", "field.nc", "manifest.safe", "notes.docx"):
        (folder / name).touch()
    (folder / "item.json").write_text('{"type": "Feature", "stac_version": "1.0.0", "id": "a", "geometry": null, "assets": {}}')
    (folder / "items.xml").write_text("<r><item id='a'><n>1</n></item><item id='b'><n>2</n></item></r>")
    with closing(sqlite3.connect(folder / "plants.sqlite")) as connection:
        connection.executescript("CREATE TABLE plant (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO plant VALUES (1, 'x');")
    return folder


@pytest.fixture(autouse=True)
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*arguments: str, script: Any = main) -> Result:
    done = CliRunner().invoke(script, arguments)
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    return done


def test_mapping_ontology_and_shapes_in_one_go(folder: Path) -> None:
    done = run("map", "generate", "stations.csv", "-b", BASE, "-o", "m.ttl", "--ontology", "o.ttl", "--shacl", "s.ttl", "--key", "name")
    assert done.exit_code == 0, done.stderr
    assert "earthweave map run m.ttl stations.csv" in done.stdout
    assert len(Graph().parse(folder / "s.ttl")) > 10
    assert (None, RDF.type, OWL.Class) in Graph().parse(folder / "o.ttl")
    mapped = run("map", "run", "m.ttl", "stations.csv")
    assert "POINT (150.8 -33.7)" in mapped.stdout
    assert f"<{BASE}stations/id/x>" in mapped.stdout


def test_a_database_file_and_its_url(folder: Path) -> None:
    for source in ("plants.sqlite", f"sqlite:///{folder}/plants.sqlite"):
        assert 'rr:tableName "plant"' in run("map", "generate", source, "-b", BASE).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.gpkg", "-b", BASE], "nothing.gpkg"),
        (["stations.csv", "-b", "data/"], "absolute IRI"),
        (["stations.csv", "-b", BASE, "--key", "nome"], "no column 'nome'"),
        (["products.json", "-b", BASE, "--dialect", "r2rml"], "--dialect rml"),
        (["mysql://me:geheim@127.0.0.1:1/gis", "-b", BASE], "cannot be opened"),
        (["plants.sqlite", "-b", BASE, "--layer", "plnt"], "it has plant"),
        (["stations.csv", "-b", BASE, "-o", "folder"], "name a file in it"),
        (["stations.csv", "-b", BASE, "--shacl", "nowhere/s.ttl"], "make the folder first"),
        (["folder", "-b", BASE], "folder is a folder"),
        (["https://example.org/stations.csv", "-b", BASE], "download it"),
        (["products.jsonl.gz", "-b", BASE], "unpack it"),
        (["field.nc", "-b", BASE], "earthweave map run zonal field.nc"),
        (["manifest.safe", "-b", BASE], "earthweave map run safe manifest.safe"),
        (["item.json", "-b", BASE], "earthweave map run stac item.json"),
        (["notes.docx", "-b", BASE], ".sqlite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_name_source_reason_and_way_out(arguments: list[str], said: str) -> None:
    done = run("map", "generate", *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert "try:" in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("base", [FLOOD, FLOOD + "/"])
@pytest.mark.parametrize("again", [FLOOD, FLOOD + "/"])
def test_the_tutorials_lines(folder: Path, base: str, again: str) -> None:
    made = run("generate_mapping", "-o", "levels_mapping_file.ttl", "-b", base, "flood_levels.shp", script=geotriples)
    assert made.exit_code == 0, made.stderr
    line = ("dump_rdf", "-o", "floodlevels_sm.nt", "-b", again, "-sh", "flood_levels.shp", "levels_mapping_file.ttl")
    done = run(*line, script=geotriples)
    assert done.exit_code == 0, done.stderr
    text = (folder / "floodlevels_sm.nt").read_text()
    assert f'<{FLOOD}/flood_levels/id/1> <{FLOOD}/ontology#has_floodLevel> "7"^^' in text
    assert "<http://www.opengis.net/def/crs/EPSG/0/4326> MULTIPOLYGON (((150.9 -33.7" in text


@pytest.mark.parametrize(
    ("source", "subject", "predicate"),
    [
        ("places.kml", "places/id/1", "has_Name"), ("stations.csv", "stations/id/2", "hasLon"), ("products.json", "products/id/b", "hasId"),
        ("items.xml", "item/id/a", "hasN"),
    ],
)
def test_geotriples_maps_other_sources(folder: Path, source: str, subject: str, predicate: str) -> None:
    made = run("generate_mapping", "-o", "m2.ttl", "-b", FLOOD, "-ont", "o2.nt", source, script=geotriples)
    assert made.exit_code == 0, made.stderr
    assert (None, RDF.type, OWL.Ontology) in Graph().parse(folder / "o2.nt")
    done = run("dump_rdf", "-rml", "-o", "m2.nt", "-b", FLOOD, "-sh", source, "m2.ttl", script=geotriples)
    assert done.exit_code == 0, done.stderr
    assert f"<{FLOOD}/{subject}> <{FLOOD}/ontology#{predicate}> " in (folder / "m2.nt").read_text()


def test_geotriples_maps_a_database_and_writes_turtle(folder: Path) -> None:
    url = f"jdbc:sqlite:{folder}/plants.sqlite"
    made = run("generate_mapping", "-o", "m3.ttl", "-b", FLOOD, "-u", "me", "-p", "geheim", url, script=geotriples)
    assert made.exit_code == 0, made.stderr
    done = run("dump_rdf", "-f", "TURTLE", "-o", "m3.out.ttl", "-b", FLOOD, "-jdbc", url, "m3.ttl", script=geotriples)
    assert done.exit_code == 0, done.stderr
    assert len(Graph().parse(folder / "m3.out.ttl")) == 3
    assert "geheim" not in (folder / "m3.ttl").read_text()


def test_geotriples_assumes_a_crs_only_where_the_file_has_none(folder: Path) -> None:
    for source, expected in (("nocrs", "EPSG/0/32633> POINT (500000 5000000)"), ("flood_levels", "EPSG/0/4326> MULTIPOLYGON")):
        run("generate_mapping", "-o", "m4.ttl", "-b", FLOOD, "-s", "32633", f"{source}.shp", script=geotriples)
        done = run("dump_rdf", "-o", "m4.nt", "-b", FLOOD, "-s", "32633", "-sh", f"{source}.shp", "m4.ttl", script=geotriples)
        assert done.exit_code == 0, done.stderr
        assert expected in (folder / "m4.nt").read_text()


def test_the_line_that_is_advised_runs(folder: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["a", "b"]}, geometry=SHAPES, crs=4326)
    for layer in ("one", "two"):
        frame.to_file(folder / "two layers.gpkg", layer=layer)
    told = run("map", "generate", "two layers.gpkg", "-b", BASE, "--layer", "two", "-o", "m5.ttl").stdout
    words = shlex.split(told.partition("then: earthweave ")[2])
    assert words[-3:] == ["two layers.gpkg", "--layer", "two"]
    assert run(*words).stdout.count("POLYGON") == 2


def test_properties_that_are_objects_are_texts_and_lists_are_left_out_and_told(folder: Path) -> None:
    feature = {"type": "Feature", "geometry": None, "properties": {"id": "a", "who": {"name": "x"}, "tags": ["y"]}}
    (folder / "nested.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    run("map", "generate", "nested.geojson", "-b", BASE, "-o", "m7.ttl")
    assert "'tags' is left out" in (folder / "m7.ttl").read_text()
    assert r'#who> "{ \"name\": \"x\" }"' in run("map", "run", "m7.ttl", "nested.geojson").stdout


def test_dump_rdf_writes_each_statement_once_and_no_folder(folder: Path) -> None:
    run("generate_mapping", "-o", "m6.ttl", "-b", FLOOD, "stations.csv", script=geotriples)
    twice = (folder / "m6.ttl").read_text().replace("<#", "<#again-").partition("<#again-")
    (folder / "m6.ttl").write_text((folder / "m6.ttl").read_text() + twice[1] + twice[2])
    assert run("dump_rdf", "-o", "m6.nt", "-b", FLOOD, "-sh", "stations.csv", "m6.ttl", script=geotriples).exit_code == 0
    lines = (folder / "m6.nt").read_text().splitlines()
    assert len(lines) == len(set(lines)) > 0
    refused = run("dump_rdf", "-o", "folder", "-b", FLOOD, "-sh", "stations.csv", "m6.ttl", script=geotriples)
    assert (refused.exit_code, "name a file in it" in refused.stderr) == (2, True)
