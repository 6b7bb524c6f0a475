"""The command line: teaches by --help, prints results on stdout, errors in three lines, exit 0/1/2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
BIN = Path(sys.executable).parent

DATA = """\
<http://example.org/a> <http://www.w3.org/2000/01/rdf-schema#label> "Hawkesbury"@en .
<http://example.org/a> <http://www.opengis.net/ont/geosparql#hasGeometry> <http://example.org/ga> .
<http://example.org/ga> <http://www.opengis.net/ont/geosparql#asWKT> "POINT (150.8 -33.6)"^^<DATATYPE> .
""".replace("DATATYPE", "http://www.opengis.net/ont/geosparql#wktLiteral")
PLACES = """\
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?label ?wkt WHERE { ?a rdfs:label ?label ; geo:hasGeometry/geo:asWKT ?wkt }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "places.nt").write_text(DATA)
    (folder / "places.rq").write_text(PLACES)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    def runner(*arguments: str, script: str = "earthweave", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([BIN / script, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, **more)  # type: ignore[call-overload,no-any-return]

    return runner


@pytest.fixture(scope="module")
def loaded(run: Run) -> Run:
    done = run("load", "places.nt", "--store", "s")
    assert done.returncode == 0, done.stderr
    return run


@pytest.mark.parametrize(
    "path",
    [
        "",
        "load",
        "query",
        "update",
        "map generate",
        "map run",
        "process list",
        "process describe",
        "process run",
        "ask",
        "serve",
        "export",
        "store backup",
        "store restore",
        "store queries",
        "store abort",
        "doctor",
        "demo",
        "process run s2-cd",
        "process run flood-assessment",
    ],
)
def test_every_verb_explains_itself(run: Run, path: str) -> None:
    done = run(*path.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5


@pytest.mark.parametrize("script", ["S2-CD", "Flood-mask", "geotriples-all", "strabon-cmd"])
def test_compatibility_names_explain_themselves(run: Run, script: str) -> None:
    done = run("--help", script=script)
    assert done.returncode == 0
    assert script in done.stdout


def test_radar_says_that_it_comes_later(run: Run) -> None:
    done = run("-i1", "a.zip", "-i2", "b.zip", "-r", "20", script="S1-CD")
    assert done.returncode == 2
    assert "not offered yet" in done.stderr


def test_query_formats(loaded: Run) -> None:
    table = loaded("query", "-f", "places.rq", "--store", "s")
    assert "Hawkesbury" in table.stdout
    assert "(1 row)" in table.stdout
    srj = json.loads(loaded("query", "-f", "places.rq", "--store", "s", "--format", "json").stdout)
    assert srj["results"]["bindings"][0]["label"] == {"type": "literal", "value": "Hawkesbury", "xml:lang": "en"}
    geojson = json.loads(loaded("query", "-f", "places.rq", "--store", "s", "--format", "geojson").stdout)
    assert geojson["features"][0]["geometry"] == {"type": "Point", "coordinates": [150.8, -33.6]}
    assert loaded("query", "-f", "places.rq", "--store", "s", "--format", "csv").stdout.startswith("label,wkt\n")


def test_query_reads_standard_input(loaded: Run) -> None:
    assert "Hawkesbury" in loaded("query", "-", "--store", "s", input=PLACES).stdout


def test_envelope_holds_result_limits_and_timing(loaded: Run) -> None:
    body = json.loads(loaded("query", "-f", "places.rq", "--store", "s", "--json").stdout)
    assert body["result"]["head"]["vars"] == ["label", "wkt"]
    assert body["limits"]["truncated"] is False
    assert body["seconds"] > 0


def test_envelope_excludes_format(loaded: Run) -> None:
    done = loaded("query", "-f", "places.rq", "--store", "s", "--json", "--format", "json")
    assert done.returncode == 2
    assert "excludes --format" in done.stderr


def test_errors_say_what_why_and_the_way_out(run: Run) -> None:
    done = run("query", "ASK {}", "--store", "nowhere")
    assert done.returncode == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "why", "try"]
    assert done.stdout == ""


def test_errors_in_the_envelope_carry_a_code(run: Run) -> None:
    done = run("query", "ASK {}", "--store", "nowhere", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "not-found"


def test_a_bad_line_stops_a_strict_load(loaded: Run, folder: Path) -> None:
    (folder / "bad.nt").write_text('<http://example.org/x> <http://example.org/p> "1" .\n<http://example.org/x> nonsense\n')
    done = loaded("load", "bad.nt", "--strict", "--store", "s")
    assert done.returncode == 2
    assert "bad.nt" in done.stderr
    assert "2" in done.stderr
    answer = loaded("query", "ASK { <http://example.org/x> ?p ?o }", "--store", "s")
    assert answer.stdout.strip() == "no"


def test_update_export_backup_restore(loaded: Run, folder: Path) -> None:
    assert loaded("update", "INSERT DATA { <http://example.org/u> <http://example.org/p> 7 }", "--store", "s").returncode == 0
    assert loaded("export", "all.nq", "--store", "s").returncode == 0
    assert "<http://example.org/u>" in (folder / "all.nq").read_text()
    assert loaded("store", "backup", "saved", "--store", "s").returncode == 0
    assert loaded("store", "restore", "saved", "--store", "again").returncode == 0
    assert loaded("query", "ASK { <http://example.org/u> ?p 7 }", "--store", "again").stdout.strip() == "yes"
    refused = loaded("store", "restore", "saved", "--store", "again")
    assert refused.returncode in (1, 2)


def test_store_can_be_named_by_the_environment(loaded: Run, folder: Path) -> None:
    import os

    done = subprocess.run(
        [BIN / "earthweave", "query", "ASK { ?s ?p ?o }"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "EARTHWEAVE_STORE": "s"},
    )
    assert done.stdout.strip() == "yes", done.stderr


def test_a_wrong_setting_names_its_variable(loaded: Run, folder: Path) -> None:
    import os

    done = subprocess.run(
        [BIN / "earthweave", "query", "ASK { ?s ?p ?o }", "--store", "s"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "EARTHWEAVE_QUERY_DEADLINE": "soon"},
    )
    assert done.returncode == 2
    assert "EARTHWEAVE_QUERY_DEADLINE" in done.stderr


def test_queries_of_an_idle_store(loaded: Run) -> None:
    assert "no query is running" in loaded("store", "queries", "--store", "s").stdout


def test_process_describe_is_json(run: Run) -> None:
    described = json.loads(run("process", "describe", "s2-cd").stdout)
    assert described["parameters"]["properties"]["input1"]["options"][:2] == ["-i1", "--input1"]


def test_process_run_names_the_wrong_parameter(run: Run) -> None:
    done = run("process", "run", "s2-cd", "-i1", "none.zip", "-i2", "none.zip", "-r", "-5", "-outdir", "out")
    assert done.returncode == 2
    assert "resolution" in done.stderr


def test_doctor_names_versions_and_ways_out(loaded: Run) -> None:
    rows = json.loads(loaded("doctor", "--store", "s", "--json").stdout)["result"]
    subjects = {row["subject"]: row for row in rows}
    assert subjects["GEOS"]["state"].startswith("3.")
    assert subjects["store"]["state"].startswith("s: ")
    assert all(row["way_out"] for row in rows if not row["well"])


def test_strabon_verbs(run: Run, folder: Path) -> None:
    assert run("-db", "endpoint", "store", "places.nt", script="strabon-cmd").returncode == 0
    assert '<literal xml:lang="en">Hawkesbury</literal>' in run("-db", "endpoint", "query", PLACES, script="strabon-cmd").stdout
    described = run("-db", "endpoint", "describe", "DESCRIBE <http://example.org/a>", script="strabon-cmd").stdout
    assert "<http://example.org/a>" in described


def test_unknown_rules_and_services_say_what_there_is(run: Run) -> None:
    rules = run("map", "run", "nosuch", "places.nt")
    assert rules.returncode == 2
    assert "flood" in rules.stderr
    service = run("process", "describe", "nosuch")
    assert service.returncode == 2
    assert "s2-cd" in service.stderr


def test_update_does_not_make_a_store_of_a_mistyped_name(run: Run, folder: Path) -> None:
    done = run("update", "INSERT DATA { <http://example.org/a> <http://example.org/p> 1 }", "--store", "mistyped")
    assert done.returncode == 2
    assert not (folder / "mistyped").exists()


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "soon"])
def test_a_setting_must_be_a_number_that_can_be_waited_for(loaded: Run, folder: Path, value: str) -> None:
    import os

    done = subprocess.run(
        [BIN / "earthweave", "query", "ASK {}", "--store", "s"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "EARTHWEAVE_QUERY_DEADLINE": value},
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_output_into_a_missing_folder_is_explained(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("id,WKT\n1,POINT (1 2)\n")
    done = run("map", "generate", "t.csv", "-b", "http://example.org/", "-o", "nowhere/m.ttl")
    assert done.returncode == 2
    assert "nowhere is no folder" in done.stderr
