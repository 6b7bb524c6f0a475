"""The cases of RML before 2023 over files: 39 of CSV, 41 of JSON, 38 of XML."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from earthweave.mapping import Options
from tests.conformance._rdf import Result, classified, failures, judged, run_case, told, tried

BASE = "http://example.com/base/"
_GRAPH = "expects output of a graph that is a literal, which no specification allows"
KNOWN = {
    "RMLTC0002g-JSON": "names a file that is not there, and its iterator is no JSONPath",
    "RMLTC0007h-CSV": _GRAPH,
    "RMLTC0007h-JSON": _GRAPH,
    "RMLTC0007h-XML": _GRAPH,
}
"""Cases that cannot pass, and why."""
COUNTS = {"CSV": 39, "JSON": 41, "XML": 38}


def results(executor: str = "auto") -> list[Result]:
    """Every case over files, with an executor.

    Rows that make no IRI are left out, as the cases with such rows expect (19b, 20b); where an error is expected they are one.
    """
    suite = Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/rml-legacy-2022"
    with (suite / "metadata.csv").open(encoding="utf-8", newline="") as file:
        wrong = {row["RML id"]: row["error expected?"].strip().lower() == "true" for row in csv.DictReader(file)}

    def difference(case: Path) -> str:
        options = Options(on_error="fail" if wrong[case.name] else "skip", executor="rows" if executor == "rows" else "auto")
        return judged(run_case(case, base=BASE, options=options), None if wrong[case.name] else case / "output.nq")

    cases = [one for one in sorted((suite / "test-cases").iterdir()) if one.name.rpartition("-")[2] in COUNTS]
    return [classified(one.name, tried(lambda one=one: difference(one)), KNOWN) for one in cases]


@pytest.mark.parametrize("executor", ["auto", "rows"])
def test_every_case_but_the_known_faulty_ones_passes(executor: str, shared: Path) -> None:
    found = results(executor)
    print(told(f"legacy RML over files, {executor}", found))
    for kind, count in COUNTS.items():
        assert sum(name.endswith(f"-{kind}") for name, _, _ in found) == count
    assert failures(found) == set(KNOWN)
