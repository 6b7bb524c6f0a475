"""The 32 source cases of RML-IO: encodings, compressed files, roots, NULL, formulations, broken tables, nested documents."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from earthweave.mapping import Options
from tests.conformance._rdf import Result, classified, failures, judged, run_case, told, tried

KNOWN = {
    "RMLSTC0003": "expects integers of plain literals, which SPARQL results in CSV do not tell from texts",
}
"""Cases that cannot pass, and why."""
ERRORS = {"RMLSTC0010a", "RMLSTC0010b"}
"""Cases that expect an error; RMLSTC0009a's README says so too, but it has an output, and the suite's tables deny it."""


def results(executor: str = "auto") -> list[Result]:
    """Every case, with an executor."""
    root = Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/rml-io/test-cases"
    with TemporaryDirectory() as folder:
        database = _friends(Path(folder))
        options = Options(on_error="fail", executor="rows" if executor == "rows" else "auto")

        def difference(case: Path) -> str:
            outcome = run_case(case, databases={"$CONNECTIONDSN": database}, options=options)
            expected = case / ("output.nq" if case.name == "RMLSTC0009a" else "default.nq")
            return judged(outcome, None if case.name in ERRORS else expected)

        return [classified(one.name, tried(lambda one=one: difference(one)), KNOWN) for one in sorted(root.glob("RMLSTC*"))]


def _friends(folder: Path) -> str:
    """The database that RMLSTC0006a reads."""
    names = ["Monica Geller", "Rachel Green", "Joey Tribbiani", "Chandler Bing", "Ross Geller"]
    with closing(sqlite3.connect(folder / "friends.db")) as database:
        database.execute('CREATE TABLE "Friends" (id INTEGER, name VARCHAR(50), age INTEGER)')
        database.executemany('INSERT INTO "Friends" VALUES (?, ?, ?)', [(number, name, 33 + number) for number, name in enumerate(names)])
        database.commit()
    return f"sqlite:///{folder / 'friends.db'}"


@pytest.mark.parametrize("executor", ["auto", "rows"])
def test_every_case_but_the_known_faulty_ones_passes(executor: str, shared: Path) -> None:
    found = results(executor)
    print(told(f"RML-IO sources, {executor}", found))
    assert len(found) == 32
    assert failures(found) == set(KNOWN)
