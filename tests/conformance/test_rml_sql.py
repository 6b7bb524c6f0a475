"""The cases of RML over databases: those of legacy RML (2022) and those of the RML-IO registry, on PostgreSQL and MariaDB."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from earthweave.mapping import Options
from tests.conformance._databases import opened, present
from tests.conformance._rdf import Result, classified, failures, judged, run_case, told, tried

BASE = "http://example.com/base/"
_MARKS = {("legacy", "postgresql"): "-PostgreSQL", ("legacy", "mariadb"): "-MySQL", ("registry", "postgresql"): "TC0005",
          ("registry", "mariadb"): "TC0004"}
"""What the names of a database's cases hold."""
_LITERAL_GRAPH = "it expects output for a graph that is a literal, as its own title says an error"
_QUERY = "its query, or its mapping, names a column that is not there, and statements are expected"
_CASE = "it expects that case counts in a reference, 0013a that it does not"
_DOUBLES = "it expects doubles that are not in canonical form (R2RML §10.2), as those of legacy RML are"
KNOWN: dict[tuple[str, str], dict[str, str]] = {
    ("legacy", "postgresql"): {
        "RMLTC0002f-PostgreSQL": _CASE,
        "RMLTC0002i-PostgreSQL": _QUERY,
        "RMLTC0002j-PostgreSQL": _QUERY,
        "RMLTC0007h-PostgreSQL": _LITERAL_GRAPH,
        "RMLTC0015a-PostgreSQL": "its query asks for the table \"Country\", its script makes country",
    },
    ("legacy", "mariadb"): {
        "RMLTC0002f-MySQL": "it expects an error for names that 0002a-MySQL writes in the same way",
        "RMLTC0002i-MySQL": _QUERY,
        "RMLTC0002j-MySQL": _QUERY,
        "RMLTC0007h-MySQL": _LITERAL_GRAPH,
    },
    ("registry", "postgresql"): {
        "RMLIOREGTC0005d": "it expects that Person is not the table person, 0005o that IOUs is the table ious",
        "RMLIOREGTC0005k": _QUERY,
        "RMLIOREGTC0005l": _QUERY,
        "RMLIOREGTC0005o": _DOUBLES,
        "RMLIOREGTC0005t": _DOUBLES,
        "RMLIOREGTC0005w": _DOUBLES,
    },
    ("registry", "mariadb"): {
        "RMLIOREGTC0004h": "it expects that MySQL has no delimited identifiers, and the R2RML suite that it has",
        "RMLIOREGTC0004k": "it expects a plain literal for an INTEGER, 0004s typed ones",
        "RMLIOREGTC0004l": _QUERY,
        "RMLIOREGTC0004o": _DOUBLES,
        "RMLIOREGTC0004t": _DOUBLES,
        "RMLIOREGTC0004w": _DOUBLES,
    },
}
"""Cases that cannot pass, and why."""
COUNTS = {("legacy", "postgresql"): 60, ("legacy", "mariadb"): 60, ("registry", "postgresql"): 26, ("registry", "mariadb"): 26}
_FOLDERS = {"legacy": "rml-legacy-2022/test-cases", "registry": "rml-io-registry/test-cases"}
_METADATA = {"legacy": "rml-legacy-2022/metadata.csv", "registry": "rml-io-registry/test-cases/metadata.csv"}
_COLUMNS = {"legacy": ("RML id", "error expected?"), "registry": ("ID", "error")}


@dataclass(frozen=True)
class Case:
    """One case: its folder, and what is expected, None for an error."""

    name: str
    folder: Path
    expected: Path | None


def cases(suite: str, kind: str) -> Iterator[Case]:
    """The cases of a suite that are for a database."""
    root = Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites"
    name, error = _COLUMNS[suite]
    with (root / _METADATA[suite]).open(encoding="utf-8", newline="") as file:
        wrong = {row[name]: row[error].strip().lower() == "true" for row in csv.DictReader(file)}
    for folder in sorted((root / _FOLDERS[suite]).iterdir()):
        if _MARKS[suite, kind] in folder.name:
            yield Case(folder.name, folder, None if wrong[folder.name] else folder / "output.nq")


def results(suite: str = "legacy", kind: str = "postgresql", executor: str = "auto") -> list[Result]:
    """Every case of a suite on a database, with an executor."""
    database = opened(kind)

    def difference(case: Case) -> str:
        url = database.fill(_script(case, suite, kind), ansi=False)
        # where statements are expected, those of the rows that can be mapped are
        options = Options(on_error="skip" if case.expected else "fail", executor="rows" if executor == "rows" else "auto")
        outcome = run_case(case.folder, base=BASE, databases={"": url}, options=options)
        return judged(outcome, case.expected)

    found = cases(suite, kind)
    return [classified(case.name, tried(lambda one=case: difference(one)), KNOWN[suite, kind]) for case in found]


def _script(case: Case, suite: str, kind: str) -> str:
    """The script of a case; the legacy ones write backslashes as PostgreSQL read them before 9.1, and one of the others is for MySQL."""
    path = case.folder / "resource.sql"
    text = path.read_text("utf-8") if path.is_file() else ""
    if kind == "mariadb":
        return text
    conforming = "off" if suite == "legacy" else "on"
    return f"SET standard_conforming_strings = {conforming}; " + text.replace("USE test;", "").replace("test.", "")


@pytest.mark.parametrize("suite,kind,executor", [
    ("legacy", "postgresql", "auto"), ("legacy", "postgresql", "rows"), ("legacy", "mariadb", "auto"),
    ("registry", "postgresql", "auto"), ("registry", "postgresql", "rows"), ("registry", "mariadb", "auto"),
])
def test_every_case_but_the_known_faulty_ones_passes(suite: str, kind: str, executor: str, shared: Path) -> None:
    present(kind)
    found = results(suite, kind, executor)
    print(told(f"RML {suite} on {kind}, {executor}", found))
    assert len(found) == COUNTS[suite, kind]
    assert failures(found) == set(KNOWN[suite, kind])
