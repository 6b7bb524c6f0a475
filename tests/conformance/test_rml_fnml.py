"""The RML-FNML test cases of the RML community group: every case passes but the known ones."""

from __future__ import annotations

from pathlib import Path

from tests.conformance._rdf import Result, failures, rml_results, told

SUITE, CASES = "rml-fnml", 20
KNOWN: dict[str, str] = {
    "RMLFNMLTC0101-CSV": "a name finds the only column that differs from it in case alone, as in every other table here",
}


def results() -> list[Result]:
    """Every case with its result."""
    return rml_results(SUITE, KNOWN)


def test_suite(shared: Path) -> None:
    found = results()
    print(told(SUITE, found))
    assert len(found) == CASES, shared
    assert failures(found) == set(KNOWN), told(SUITE, found)
