"""``map run``: sources that the rules name, forms of output, resume, errors with a threshold and a report of all, stores."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from earthweave.server.cli import main

RULES = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#M> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "http://e.org/{id}" ; rr:class <http://e.org/C> ] ;
  rr:predicateObjectMap [ rr:predicate <http://e.org/day> ; rr:objectMap [ rr:column "day" ; rr:datatype xsd:date ] ] .
"""
RML = """@prefix rml: <http://w3id.org/rml/> .
@prefix formats: <http://www.w3.org/ns/formats/> .
<#M> a rml:TriplesMap ;
  rml:logicalSource [ rml:referenceFormulation rml:CSV ;
    rml:source [ a rml:FilePath ; rml:root rml:MappingDirectory ; rml:path "good.csv" ] ] ;
  rml:subjectMap [ rml:template "http://e.org/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://e.org/day> ; rml:objectMap [ rml:reference "day" ] ] ;
  rml:predicateObjectMap [ rml:predicate <http://e.org/id> ; rml:objectMap [ rml:reference "id" ; rml:logicalTarget <#T> ] ] .
<#T> a rml:LogicalTarget ; rml:serialization formats:Turtle ;
  rml:target [ a rml:FilePath ; rml:root rml:CurrentWorkingDirectory ; rml:path "ids.ttl" ] .
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m.ttl").write_text(RULES)
    (tmp_path / "rml.ttl").write_text(RML)
    (tmp_path / "good.csv").write_text("id,day\n" + "".join(f"{number},2021-03-{number:02}\n" for number in range(1, 21)))
    bad = "".join(f"{number},{'2021-03-01' if number % 10 else 'never'}\n" for number in range(1, 2001))
    (tmp_path / "bad.csv").write_text("id,day\n" + bad)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["map", "run", *arguments])


def test_sources_and_targets_that_the_rules_name(folder: Path) -> None:
    done = run("rml.ttl", "-o", "rest.nt.gz")
    assert done.exit_code == 0, done.output
    assert gzip.decompress((folder / "rest.nt.gz").read_bytes()).count(b"\n") == 20
    assert (folder / "ids.ttl").read_text().count("<http://e.org/id>") == 20
    assert "20 rows → 40 statements" in done.output


def test_the_syntax_is_what_the_name_or_the_option_says(folder: Path) -> None:
    assert run("m.ttl", "good.csv", "-o", "a.ttl").exit_code == 0
    assert (folder / "a.ttl").read_text().count("a <http://e.org/C>") == 20
    shown = run("m.ttl", "good.csv", "--format", "rdfxml").stdout
    assert shown.startswith("<?xml")
    assert run("m.ttl", "good.csv", "-o", "b", "--format", "jsonld", "--compress", "gz").exit_code == 0
    assert len(json.loads(gzip.decompress((folder / "b").read_bytes()))) == 20
    refused = run("m.ttl", "good.csv", "-o", "b", "--format", "excel")
    assert (refused.exit_code, "excel" in refused.stderr) == (2, True)


def test_a_database_is_named_by_its_address(folder: Path) -> None:
    with sqlite3.connect(folder / "d.db") as base:
        base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, day TEXT)")
        base.execute("INSERT INTO t VALUES (1, '2021-03-01')")
    base.close()
    for given in (("--database", f"sqlite:///{folder}/d.db"), (f"sqlite:///{folder}/d.db",)):
        done = run("m.ttl", *given)
        assert '<http://e.org/1> <http://e.org/day> "2021-03-01"' in done.stdout, done.output


@pytest.mark.parametrize("name", ["bad.json", "errors.csv"])
def test_every_problem_is_in_the_report(name: str, folder: Path) -> None:
    done = run("m.ttl", "bad.csv", "-o", "o.nt", "--report", name, "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)["result"]
    assert (result["rows"], result["skipped"], sum(result["reasons"].values())) == (2000, 200, 200)
    text = (folder / name).read_text()
    rows = json.loads(text)["problems"] if name.endswith("json") else list(csv.DictReader(text.splitlines()))
    assert [int(row["row"]) for row in rows] == list(range(10, 2001, 10))
    assert {tuple(row) for row in rows} == {("row", "key", "rule", "reason")}
    assert "never" in rows[0]["reason"] or "date" in rows[0]["reason"]
    if name.endswith("json"):
        assert json.loads(text)["skipped"] == 200


def test_more_errors_than_allowed_fail_and_leave_the_report_alone(folder: Path) -> None:
    failed = run("m.ttl", "bad.csv", "-o", "o.nt", "--max-errors", "199", "--report", "r.json")
    assert failed.exit_code == 1
    assert "--max-errors" in failed.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["bad.csv", "good.csv", "m.ttl", "r.json", "rml.ttl"]
    assert len(json.loads((folder / "r.json").read_text())["problems"]) == 200
    assert run("m.ttl", "bad.csv", "-o", "o.nt", "--max-errors", "200").exit_code == 0


def test_null_leaves_the_value_out_and_keeps_the_row(folder: Path) -> None:
    done = run("m.ttl", "bad.csv", "--on-error", "null", "--json")
    result = json.loads(done.stdout)["result"]
    assert result["quads"] == 2000 + 1800
    assert sum(result["reasons"].values()) == 200


def test_resume_goes_on_and_begins_anew_when_something_changed(folder: Path) -> None:
    arguments = ("m.ttl", "good.csv", "-o", "o.nt", "--resume")
    assert run("m.ttl", "bad.csv", "-o", "o.nt", "--resume", "--max-errors", "5").exit_code == 1
    assert (folder / "o.nt.parts").is_dir()
    anew = run(*arguments)
    assert anew.exit_code == 0, anew.output
    assert "began anew" in anew.stderr
    assert not (folder / "o.nt.parts").exists()
    assert (folder / "o.nt").read_bytes().count(b"\n") == 40
    assert "--resume goes with -o" in run("m.ttl", "good.csv", "--resume").stderr


def test_the_other_executor_writes_the_same(folder: Path) -> None:
    texts = [run("m.ttl", "good.csv", "--executor", name).stdout for name in ("auto", "rows")]
    assert sorted(texts[0].splitlines()) == sorted(texts[1].splitlines())
    assert texts[0].count("\n") == 40


def test_what_a_store_cannot_load_is_told_before_the_run(folder: Path) -> None:
    refused = run("m.ttl", "good.csv", "-o", "o.nt.zip", "--store", "s")
    assert (refused.exit_code, "loaded into a store" in refused.stderr) == (2, True)
    assert not (folder / "o.nt.zip").exists()


def test_a_store_gets_columns_or_lines_with_the_same_result(folder: Path) -> None:
    for name, more in (("columns", ()), ("lines", ("--executor", "rows"))):
        assert run("m.ttl", "good.csv", "--store", name, *more).exit_code == 0
        CliRunner().invoke(main, ["export", f"{name}.nq", "--store", name])
    exported = [sorted((folder / f"{name}.nq").read_text().splitlines()) for name in ("columns", "lines")]
    assert exported[0] == exported[1]
    assert len(exported[0]) == 40


def test_statements_in_graphs_are_no_triples(folder: Path) -> None:
    (folder / "g.ttl").write_text(RULES.replace("rr:class", "rr:graph <http://e.org/g> ; rr:class"))
    refused = run("g.ttl", "good.csv", "-o", "o.nt")
    assert (refused.exit_code, "named graph" in refused.stderr) == (2, True)
    assert run("g.ttl", "good.csv", "-o", "o.nq").exit_code == 0


def test_the_help_teaches_by_examples() -> None:
    text = CliRunner().invoke(main, ["map", "run", "--help"]).output
    for said in ("Examples:", "--database", "--resume", "--max-errors", "--report", "--compress", "--executor", "null"):
        assert said in text


def test_the_direct_mapping_of_a_database_needs_no_rules(folder: Path) -> None:
    with closing(sqlite3.connect("plants.sqlite")) as database:
        database.executescript(
            "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO owner VALUES (1, 'ACME');"
            "CREATE TABLE plant (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner(id)); INSERT INTO plant VALUES (10, 1);"
        )
    link = "<http://e.org/plant/id=10> <http://e.org/plant#ref-owner_id> <http://e.org/owner/id=1> ."
    for source in ("plants.sqlite", "sqlite:///plants.sqlite"):
        assert link in run("direct", source, "-b", "http://e.org/").stdout.splitlines()


@pytest.mark.parametrize(("arguments", "said"), [
    (("plants.sqlite",), "needs a base"), (("good.csv", "-b", "http://e.org/"), "good.csv is no database"),
    (("-b", "http://e.org/"), "of one database"),
])
def test_what_is_no_database_has_no_direct_mapping(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("direct", *arguments)
    assert done.exit_code == 2
    assert said in done.output
