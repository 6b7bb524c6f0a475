"""What the comparer of the mapping suites takes for the same, and how results are counted."""

from __future__ import annotations

import pytest

from tests.conformance._rdf import classified, failures, judged, same, told


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
