"""Strabon's command lines, verbatim, through the installed command."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
COMMAND = Path(sys.executable).parent / "strabon-cmd"
DATA = """\
<http://example.org/a> <http://example.org/name> "3rdOrder"^^<http://www.w3.org/2001/XMLSchema#string> .
<http://example.org/a> <http://example.org/geo> "POINT(150.8 -33.6);4326"^^<http://strdf.di.uoa.gr/ontology#WKT> .
<http://example.org/b> <http://example.org/geo> "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(20 30)"^^<WKT> .
""".replace("<WKT>", "<http://www.opengis.net/ont/geosparql#wktLiteral>")
PLACES = "SELECT ?s ?g WHERE { ?s <http://example.org/geo> ?g }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strabon")
    (folder / "places.nt").write_text(DATA)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    def runner(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([COMMAND, *arguments], cwd=folder, capture_output=True, timeout=120, env={"HOME": str(folder)})

    return runner


@pytest.fixture(scope="module")
def stored(run: Run) -> Run:
    done = run("-db", "endpoint", "-u", "postgres", "-pass", "postgres", "-p", "5432", "-h", "localhost", "store", "places.nt")
    assert done.returncode == 0, done.stderr
    assert b"no effect" in done.stderr
    return run


def test_size_and_all_are_queries(stored: Run) -> None:
    assert b"<literal datatype" in stored("query", "size").stdout
    assert stored("query", "--force-delete", "all", "tsv").stdout.count(b"\n") == 4


@pytest.mark.parametrize(
    ("form", "sign"),
    [("xml", b"<sparql"), ("HTML", b"<table"), ("KML", b"<kml")],
)
def test_formats_of_results(stored: Run, form: str, sign: bytes) -> None:
    done = stored("-db", "endpoint", "query", PLACES, form)
    assert done.returncode == 0, done.stderr
    assert sign in done.stdout


def test_kmz_is_a_packed_kml(stored: Run) -> None:
    packed = zipfile.ZipFile(io.BytesIO(stored("query", PLACES, "kmz").stdout))
    assert any(name.endswith(".kml") for name in packed.namelist())


def test_coordinates_are_longitude_first(stored: Run) -> None:
    found = json.loads(stored("query", PLACES, "geojson").stdout)
    assert sorted(one["geometry"]["coordinates"] for one in found["features"]) == [[20.0, 30.0], [150.8, -33.6]]


def test_a_plain_string_is_one_of_xsd_string(stored: Run) -> None:
    found = json.loads(stored("query", 'SELECT ?s { ?s <http://example.org/name> "3rdOrder" }', "json").stdout)
    assert len(found["results"]["bindings"]) == 1


def test_prefixes_come_with_i(stored: Run) -> None:
    text = 'SELECT (strdf:srid(?g) AS ?r) { ?s ?p ?g FILTER(strdf:intersects(?g, "POINT(20 30)"^^strdf:WKT)) }'
    assert stored("query", text).returncode == 2
    assert b"EPSG/0/4326" in stored("-i", "query", text).stdout


@pytest.mark.parametrize(("form", "sign"), [("n-triples", b"<http://example.org/a> <"), ("RDF/XML", b"<rdf:RDF")])
def test_describe(stored: Run, form: str, sign: bytes) -> None:
    done = stored("describe", "DESCRIBE <http://example.org/a>", form)
    assert done.returncode == 0, done.stderr
    assert sign in done.stdout


def test_describe_sends_tables_to_query(stored: Run) -> None:
    done = stored("describe", PLACES)
    assert done.returncode == 2
    assert b"DESCRIBE and CONSTRUCT" in done.stderr and b"strabon-cmd query" in done.stderr


def test_export_gives_everything(stored: Run) -> None:
    assert stored("describe", "export").stdout.count(b" .\n") == 3
    assert stored("describe", "export", "TRIX").returncode == 2


def test_store_with_a_format_and_a_graph(run: Run, folder: Path) -> None:
    (folder / "more.data").write_text("@prefix : <http://example.org/> . :c :p :d .")
    done = run("-db", "other", "store", "-f", "TURTLE", "-g", "http://example.org/g", "--inference", (folder / "more.data").as_uri())
    assert done.returncode == 0, done.stderr
    assert b"--inference stores nothing" in done.stderr
    found = json.loads(run("-db", "other", "query", "SELECT ?g { GRAPH ?g { ?s ?p ?o } }", "json").stdout)
    assert [one["g"]["value"] for one in found["results"]["bindings"]] == ["http://example.org/g"]
    cleared = run("-db", "other", "update", "clear")
    assert (cleared.returncode, b"1 \xe2\x86\x92 0 statements" in cleared.stdout) == (0, True)
    assert b">0<" in run("-db", "other", "query", "size").stdout


def test_nothing_is_fetched(run: Run) -> None:
    done = run("store", "http://example.org/file.nt")
    assert done.returncode != 0
    assert b"is not fetched" in done.stderr


def test_a_configuration_names_the_database(stored: Run, folder: Path) -> None:
    (folder / "strabon.conf").write_text('HOST=localhost\nDB="nowhere"\n')
    assert b"nowhere" in stored("-c", "strabon.conf", "query", "size").stderr
    assert b"query on the store nowhere" in stored("-c", "strabon.conf", "-d", "query", "size").stdout


def test_help(run: Run) -> None:
    assert b"describe" in run("help").stdout
    assert b"aliases size, all and hotspots" in run("help", "query").stdout
