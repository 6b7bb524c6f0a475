"""The RML-Core test cases of the RML community group: every case passes but the known ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance._rdf import Result, classified, failures, judged, rml_results, same, told

SUITE, CASES = "rml-core", 76
KNOWN: dict[str, str] = {}


def results() -> list[Result]:
    """Every case with its result."""
    return rml_results(SUITE, KNOWN)


def test_suite(shared: Path) -> None:
    found = results()
    print(told(SUITE, found))
    assert len(found) == CASES, shared
    assert failures(found) == set(KNOWN), told(SUITE, found)


@pytest.mark.parametrize(("expected", "actual", "equal"), [
    (b"_:a <urn:p> _:b .\n", b"_:x <urn:p> _:y .\n_:x <urn:p> _:y .\n", True),
    (b"_:a <urn:p> _:b .\n", b"_:x <urn:p> _:x .\n", False),
    (b'<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n', b'<urn:s> <urn:p> "1" .\n', False),
    (b'<urn:s> <urn:p> "1.0" .\n', b'<urn:s> <urn:p> "1.00" .\n', False),
    (b"<urn:s> <urn:p> <urn:o> <urn:g> .\n", b"<urn:s> <urn:p> <urn:o> .\n", False),
    (b"", b"<urn:s> <urn:p> <urn:o> .\n", False),
    (b"", b"<urn:s> <urn:a b> <urn:o> .\n", False),
])  # fmt: skip
def test_what_counts_as_the_same(expected: bytes, actual: bytes, equal: bool) -> None:
    assert (same(expected, actual) == "") is equal


def test_results_of_cases() -> None:
    assert judged(b"", None) == "an error was expected"
    assert [classified("c", why, {"c": "fault"})[1] for why in ("", "wrong")] == ["passed", "known fault"]
    found = [classified("a", "", {}), classified("b", "wrong", {})]
    assert failures(found) == {"b"}
    assert told("suite", found).startswith("suite: 1 of 2")
