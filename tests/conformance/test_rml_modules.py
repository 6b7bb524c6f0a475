"""The test cases of RML's modules by the RML community group: every case passes but the known ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance._rdf import Result, failures, rml_results, told

COUNTS = {"rml-core": 76, "rml-fnml": 20, "rml-lv": 41, "rml-cc": 35}
BASES = {"rml-cc": "http://example.com/base/"}
"""What relative IRIs are relative to where no case says so."""
KNOWN = {
    "RMLFNMLTC0101-CSV": "a name finds the only column that differs from it in case alone, as in every other table here",
}
"""Cases that cannot pass, and why."""


def results(suite: str) -> list[Result]:
    """Every case of a suite with its result."""
    return rml_results(suite, KNOWN, base=BASES.get(suite))


@pytest.mark.parametrize("suite", COUNTS)
def test_every_case_but_the_known_faulty_ones_passes(suite: str, shared: Path) -> None:
    found = results(suite)
    print(told(suite, found))
    assert len(found) == COUNTS[suite]
    assert failures(found) == {case for case, _, _ in found} & set(KNOWN), told(suite, found)
