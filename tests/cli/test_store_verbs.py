"""``load``, ``query`` and ``export`` with their options: what they print, and what others read of it.

Most commands run in this process, which is quicker; those whose end matters are processes of their own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pyoxigraph as ox
import pytest
import rdflib
from click.testing import CliRunner

from earthweave.server.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]
BIN = Path(sys.executable).parent
GEO = "http://www.opengis.net/ont/geosparql#"
LATITUDE_FIRST = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
HEAD = f"PREFIX geo: <{GEO}> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> PREFIX : <http://e/> "
WITHIN = 'SELECT ?s { ?s geo:asWKT ?w FILTER(geof:sfWithin(?w, "POLYGON((%s))"^^geo:wktLiteral)) }'
HERE, AWAY = "150 -34, 151 -34, 151 -33, 150 -33, 150 -34", "10 40, 11 40, 11 41, 10 41, 10 40"


def wkt(name: str, text: str) -> str:
    return f'<http://e/{name}> <{GEO}asWKT> "{text}"^^<{GEO}wktLiteral> .\n'


GOOD = wkt("a", "POINT (150.8 -33.6)") + wkt("b", f"{LATITUDE_FIRST}POINT (-33.5 150.9)") + "".join(
    f'<http://e/{name}> <http://e/name> "{name.upper()}" .\n' for name in "ab")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verbs")
    (folder / "good.nt").write_text(GOOD)
    (folder / "graph.nq").write_text(f'<http://e/c> <{GEO}asWKT> "POINT (5 50)"^^<{GEO}wktLiteral> <http://e/g> .\n')
    (folder / "bad.nt").write_text(GOOD + "this is no statement\n" + '<http://e/z> <http://e/name> "Z" .\n')
    return folder


@pytest.fixture(scope="module")
def real(folder: Path) -> Run:
    """The command in a process of its own."""

    def runner(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([BIN / "earthweave", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)

    return runner


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """The command in this process."""

    def runner(*arguments: str) -> subprocess.CompletedProcess[str]:
        with contextlib.chdir(folder):
            done = CliRunner().invoke(main, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return runner


@pytest.fixture(scope="module")
def query(run: Run) -> Iterator[Run]:
    """Ask a store with three points."""
    done = run("load", "good.nt", "graph.nq", "--store", "s")
    assert done.returncode == 0, done.stderr
    yield lambda text, *options: run("query", HEAD + text, "--store", "s", *options)


@pytest.mark.parametrize(("verb", "said"), [
    ("load", ["--strict", "--resume", "earthweave load part-*.nt.gz --resume", "earthweave load checked.nq --strict"]),
    ("query", ["--explain --timeout 120", "--limit-rows 1000000", "index used or"]),
    ("update", ["earthweave update -f correct.ru", "load_roots", "service_allow"]),
    ("export", ["everything.trig.gz", "features.parquet", "features.gpkg", ".fgb .kml .geojson", "--format turtle"]),
])
def test_help_teaches_by_examples(run: Run, verb: str, said: list[str]) -> None:
    text = run(verb, "--help").stdout
    assert [one for one in said if one not in text] == []


def test_explain_prints_a_plan(query: Run) -> None:
    done = query(WITHIN % HERE, "--explain")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Project ?s")
    assert "sfWithin" in done.stdout and "expected" in done.stdout and "ms]" in done.stdout


def test_explain_gives_json(query: Run) -> None:
    plan = json.loads(query(WITHIN % HERE, "--explain", "--format", "json").stdout)
    assert plan["plan"]["operator"].startswith("Project") and plan["plan"]["rows"] == 2
    enveloped = json.loads(query(WITHIN % HERE, "--explain", "--json").stdout)
    assert enveloped["result"]["plan"]["operator"] == plan["plan"]["operator"]
    refused = query(WITHIN % HERE, "--explain", "--format", "csv")
    assert refused.returncode == 2 and "--format json" in refused.stderr


def remarks(node: dict[str, Any]) -> str:
    return " ".join([*node["remarks"], *map(remarks, node["inputs"])])


def test_explain_names_the_index_or_says_how_it_went_without(run: Run, folder: Path) -> None:
    (folder / "many.nt").write_text("".join(wkt(f"p{i}", f"POINT ({i % 180} {i // 180})") for i in range(9000)))
    assert run("load", "many.nt", "--store", "many").returncode == 0
    said = {}
    for name, text in {"box": WITHIN % "10 10, 11 10, 11 11, 10 11, 10 10",
                       "join": "SELECT (COUNT(*) AS ?n) { ?a geo:asWKT ?x . ?b geo:asWKT ?y FILTER(geof:sfEquals(?x, ?y)) }",
                       "disjoint": WITHIN.replace("sfWithin", "sfDisjoint") % HERE}.items():
        plan = json.loads(run("query", HEAD + text, "--store", "many", "--explain", "--format", "json").stdout)
        said[name] = remarks(plan["plan"])
    assert "index used: the store's tree" in said["box"] and "index used: the store's tree" in said["join"], said
    assert "index used" not in said["disjoint"] and said["disjoint"], said


def test_timeout_stops_and_names_itself(query: Run, real: Run) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
    done = real("query", text, "--store", "s", "--timeout", "0.001")
    assert done.returncode == 1
    assert "took longer than 0.001 s" in done.stderr and "Traceback" not in done.stderr
    enveloped = query("SELECT * { ?a ?b ?c . ?d ?e ?f }", "--timeout", "0.0001", "--json")
    assert json.loads(enveloped.stdout)["error"]["code"] == "deadline"
    assert query("ASK {}", "--timeout", "-1").returncode == 2


def test_limit_rows_cuts_and_says_so(query: Run) -> None:
    text = "SELECT ?s { ?s :name ?o }"
    cut = query(text, "--limit-rows", "1")
    assert cut.returncode == 0
    assert "(1 row, cut)" in cut.stdout and "query_rows" in cut.stderr
    enveloped = json.loads(query(text, "--limit-rows", "1", "--json").stdout)
    assert enveloped["limits"]["truncated"] is True and enveloped["limits"]["query_rows"] == 1
    whole = query(text, "--limit-rows", "2")
    assert "(2 rows)" in whole.stdout and whole.stderr == ""
    assert query("CONSTRUCT WHERE { ?s ?p ?o }", "--limit-rows", "3").stdout.count("\n") == 3


@pytest.mark.parametrize(("text", "said"), [
    ("SELECT * { ?s :nme ?o }", "no statement has the predicate <http://e/nme>; did you mean <http://e/name> ?"),
    ('SELECT * { ?s :name "Q" }', '"Q" does not occur in the data'),
    (WITHIN % AWAY, "no geometries met the condition"),
    (WITHIN % "-34 150, -33 150, -33 151, -34 151, -34 150", "latitude 151 is beyond 90 degrees"),
    (WITHIN % "-80 70, -79 70, -79 71, -80 71, -80 70", "lies outside the data"),
    ("SELECT * { GRAPH :h { ?s ?p ?o } }", "there is no graph <http://e/h>"),
    ("SELECT * { ?s :name ?o FILTER(?o > 5) }", "none passed: Filter"),
])
def test_an_empty_answer_says_why(query: Run, text: str, said: str) -> None:
    done = query(text)
    assert done.returncode == 0 and "(0 rows)" in done.stdout
    assert said in done.stderr and done.stderr.startswith("notice: ")
    assert said in " ".join(json.loads(query(text, "--json").stdout)["notices"])


def test_an_answer_with_rows_says_nothing(query: Run) -> None:
    assert query(WITHIN % HERE).stderr == ""


def test_bad_lines_are_told_and_left_out(run: Run) -> None:
    done = run("load", "bad.nt", "--store", "lenient")
    assert done.returncode == 0
    assert "bad.nt: 1 line is no statement and was left out, e.g. line 5: " in done.stdout and "this is no statement" in done.stdout
    assert run("query", "ASK { <http://e/z> ?p ?o }", "--store", "lenient").stdout.strip() == "yes"
    report = json.loads(run("load", "bad.nt", "--store", "lenient", "--json").stdout)["result"]
    assert report["files"][0]["bad"] == 1 and report["files"][0]["bad_lines"][0]["line"] == 5


def test_a_strict_load_stops_and_changes_nothing(run: Run, real: Run) -> None:
    assert run("load", "good.nt", "--store", "strict").returncode == 0
    done = real("load", "graph.nq", "bad.nt", "--strict", "--store", "strict")
    assert done.returncode == 2
    assert "bad.nt, line 5" in done.stderr and "nothing was loaded" in done.stderr
    assert run("query", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--store", "strict").stdout.split()[-3] == "4"


def test_a_load_that_was_killed_goes_on(run: Run, folder: Path) -> None:
    for number, size in enumerate((2_000, 3_000, 400_000)):
        with (folder / f"part{number}.nt").open("w") as stream:
            stream.writelines(f'<http://e/s{i}> <http://e/p{number}> "value {i} of {number}" .\n' for i in range(size))
    command = ["load", "part0.nt", "part1.nt", "part2.nt", "--resume", "--store", "resumed"]
    journal = folder / "resumed" / "interrupted" / "journal.jsonl"
    process = subprocess.Popen([BIN / "earthweave", *command], cwd=folder, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while (not journal.exists() or journal.read_bytes().count(b"\n") < 2) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.005)
    assert process.poll() is None, "the load was over before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert run("query", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--store", "resumed").stdout.split()[-3] == "0"
    again = run(*command)
    assert again.returncode == 0, again.stderr
    assert "part0.nt: taken over from the load that was cut off" in again.stdout
    assert "part1.nt: taken over" in again.stdout and "part2.nt: taken over" not in again.stdout
    counted = run("query", "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p", "--store", "resumed", "--format", "csv")
    assert [line.split(",")[1] for line in counted.stdout.split()[1:]] == ["2000", "3000", "400000"]
    assert not journal.exists()


@pytest.mark.parametrize(("name", "graphs"), [
    ("all.nt", False), ("all.nq", True), ("all.ttl", False), ("all.trig", True), ("all.rdf", False), ("all.jsonld", True),
    ("all.n3", False),
])
def test_rdf_exports_open_again(query: Run, run: Run, folder: Path, name: str, graphs: bool) -> None:
    done = run("export", name, "--store", "s")
    assert done.returncode == 0, done.stderr
    assert "wrote 5 rows" in done.stdout
    quads = list(ox.parse(path=folder / name))
    assert len(quads) == 5
    assert {str(quad.graph_name) for quad in quads} == ({"<http://e/g>", "DEFAULT"} if graphs else {"DEFAULT"})
    assert sum("EPSG/0/4326> POINT (-33.5 150.9)" in str(quad.object) for quad in quads) == 1
    forms = {"all.nt": "nt", "all.ttl": "turtle", "all.rdf": "xml"}
    if name in forms:
        assert len(rdflib.Graph().parse(folder / name, format=forms[name])) == 5


@pytest.mark.parametrize("name", ["f.gpkg", "f.fgb", "f.kml", "f.geojson", "f.parquet"])
def test_feature_exports_open_again_longitude_first(query: Run, run: Run, folder: Path, name: str) -> None:
    done = run("export", name, "--store", "s")
    assert done.returncode == 0, done.stderr
    assert "wrote 3 rows" in done.stdout
    if name.endswith(".parquet"):
        geopandas = pytest.importorskip("geopandas")
        frame = geopandas.read_parquet(folder / name)
        assert frame.crs.to_string() == "OGC:CRS84"
    else:
        frame = pyogrio.read_dataframe(folder / name)
        assert frame.crs.to_string() == "EPSG:4326" and pyogrio.read_info(folder / name)["features"] == 3
    points = sorted((round(point.x, 6), round(point.y, 6)) for point in frame.geometry)
    assert points == [(5, 50), (150.8, -33.6), (150.9, -33.5)]
    # in KML the name of a feature is its IRI
    names = frame["Name2" if name.endswith(".kml") else "name"]
    assert set(names.dropna()) == {"A", "B"}


def test_exports_are_read_by_ogrinfo(query: Run, run: Run, folder: Path, gdal_tools: dict[str, str]) -> None:
    for name in ("o.gpkg", "o.fgb", "o.geojson"):
        assert run("export", name, "--store", "s").returncode == 0
        told = subprocess.run([gdal_tools["ogrinfo"], "-al", "-so", folder / name], capture_output=True, text=True, timeout=60).stdout
        assert "Feature Count: 3" in told and "Extent: (5.000000, -33.600000) - (150.900000, 50.000000)" in told, told


def test_exports_to_standard_output_and_to_nowhere(query: Run, run: Run) -> None:
    assert len(run("export", "-", "--format", "turtle", "--store", "s").stdout) > 100
    assert run("export", "-", "--store", "s").stdout.count(" .\n") == 5
    for name, said in (("all.unknown", "unknown"), ("nowhere/all.nt", "no folder"), ("f.gpkg.gz", "gz")):
        done = run("export", name, "--store", "s")
        assert done.returncode == 2 and said in done.stderr, done.stderr
