"""The R2RML suite (W3C, 2012; kg-construct 2022) on PostgreSQL, on SQLite with the same scripts, and on MariaDB with its own mappings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.mapping import Options
from tests.conformance._databases import opened, present
from tests.conformance._rdf import Result, classified, failures, judged, run_case, told, tried

NAMES = "http://purl.org/NET/rdb2rdf-test#"
TEST = "http://www.w3.org/2006/03/test-description#"
BASE = "http://example.com/base/"
KNOWN: dict[str, dict[str, str]] = {
    "postgresql": {},
    "sqlite": {},
    "mariadb": {"R2RMLTC0002f": "it expects that case counts in names of columns, which it never does in MariaDB"},
}
"""Cases that cannot pass, and why."""


@dataclass(frozen=True)
class Case:
    """One case: folder, mapping, script and what is expected, None for an error."""

    name: str
    folder: Path
    mapping: str
    script: Path
    expected: Path | None


def suite() -> Path:
    """Where the suite lies."""
    return Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/r2rml"


def cases(kind: str = "postgresql") -> Iterator[Case]:
    """The cases of the suite's manifest; some scripts and mappings are there for one database alone."""
    folder = suite()
    facts: dict[Any, dict[str, Any]] = {}
    for one in ox.parse((folder / "manifest.ttl").read_bytes(), ox.RdfFormat.TURTLE, base_iri="http://example.org/"):
        name = one.predicate.value.removeprefix(NAMES).removeprefix(TEST)
        facts.setdefault(one.subject, {})[name] = one.object
    for node, said in facts.items():
        if "mappingDocument" in said:
            name = node.value.rpartition("#")[2]
            yield _case(name, said, facts[said["database"]]["sqlScriptFile"].value, folder, kind)


def _case(name: str, said: dict[str, Any], script: str, folder: Path, kind: str) -> Case:
    own, mapping = folder / name, said["mappingDocument"].value
    special = mapping.replace(".ttl", "-mysql.ttl")
    if kind == "mariadb" and (own / special).is_file():
        mapping = special
    sql = folder / "databases" / script
    own_sql = sql.with_name(f"{sql.stem}-postgresql.sql")
    expected = said["hasExpectedOutput"].value == "true"
    return Case(name, own, mapping, own_sql if kind == "postgresql" and own_sql.is_file() else sql,
                own / said["output"].value if expected else None)


def results(kind: str = "postgresql", executor: str = "auto") -> list[Result]:
    """Every case on a database, with an executor."""
    options = Options(on_error="fail", executor="rows" if executor == "rows" else "auto")
    database = opened(kind)

    def difference(case: Case) -> str:
        url = database.fill(case.script.read_text("utf-8"))
        outcome = run_case(case.folder, case.mapping, base=BASE, databases={"": url}, options=options)
        return judged(outcome, case.expected)

    return [classified(case.name, tried(lambda one=case: difference(one)), KNOWN[kind]) for case in cases(kind)]


@pytest.mark.parametrize("kind,executor", [
    ("postgresql", "auto"), ("postgresql", "rows"), ("sqlite", "auto"), ("sqlite", "rows"), ("mariadb", "auto"),
])
def test_every_case_but_the_known_faulty_ones_passes(kind: str, executor: str, shared: Path) -> None:
    present(kind)
    found = results(kind, executor)
    print(told(f"R2RML on {kind}, {executor}", found))
    assert len(found) == 62
    assert failures(found) == set(KNOWN[kind])
