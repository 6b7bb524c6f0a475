"""The cases of the RML-IO registry over files: CSV and its dialects, TSV, JSON, XML, and addresses on the network."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from earthweave.mapping import Options
from tests.conformance._rdf import Result, classified, failures, judged, run_case, told, tried

_NOT_OFFERED = "streams are not offered; nor is the mapping Turtle: a semicolon ends its prefixes"
KNOWN = {
    "RMLIOREGTC0003d": "the document's namespace has a slash at its end that the mapping's has not, and its names have no prefix",
    "RMLIOREGTC0007a": "expects texts of JSON numbers, which RML-Core makes integers",
    "RMLIOREGTC0008a": "expects texts of JSON numbers, which RML-Core makes integers",
    "RMLIOREGTC0009a": _NOT_OFFERED,
    "RMLIOREGTC0010a": _NOT_OFFERED,
    "RMLIOREGTC0011a": "asks a SPARQL service on the network, whose answers change",
    "RMLIOREGTC0012i": "the mapping makes other IRIs and properties than are expected",
}
"""Cases that cannot pass, and why."""
_CASES = re.compile(r"RMLIOREGTC(000[1-37-9]|001[0-2])[a-z]")


def results(executor: str = "auto") -> list[Result]:
    """Every case over files, with an executor; what a mapping would fetch is handed in from the case's folder."""
    root = Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/rml-io-registry/test-cases"
    options = Options(on_error="fail", executor="rows" if executor == "rows" else "auto")

    def difference(case: Path) -> str:
        fetched = re.findall(r"https?://w3id\.org/rml/resources/[\w./-]+", (case / "mapping.ttl").read_text("utf-8"))
        copies = {address: case / Path(address).name for address in fetched}
        expected = case / "output.nq"
        return judged(run_case(case, databases=copies, options=options), expected if expected.is_file() else None)

    cases = [one for one in sorted(root.iterdir()) if _CASES.fullmatch(one.name)]
    return [classified(one.name, tried(lambda one=one: difference(one)), KNOWN) for one in cases]


@pytest.mark.parametrize("executor", ["auto", "rows"])
def test_every_case_but_the_known_faulty_ones_passes(executor: str, shared: Path) -> None:
    found = results(executor)
    print(told(f"RML-IO registry over files, {executor}", found))
    assert len(found) == 25
    assert failures(found) == set(KNOWN)
