"""Every mapping document of the conformance suites: those that are right are read, those that are wrong themselves are refused."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from earthweave.mapping.documents import read_rules
from earthweave.ontology import EarthweaveError

SUITES = {
    "r2rml": "*/r2rml*.ttl", "w3c-rdb2rdf": "*/r2rml*.ttl", "rml-core": "test-cases/*/mapping.ttl", "rml-io": "test-cases/*/mapping.ttl",
    "rml-io-registry": "test-cases/*/mapping.ttl", "rml-fnml": "test-cases/*/mapping.ttl", "rml-lv": "test-cases/*/mapping.ttl",
    "rml-cc": "test-cases/*/mapping.ttl", "rml-legacy-2022": "test-cases/*/mapping.ttl",
}  # fmt: skip
DOCUMENTS = {
    "r2rml": 67, "w3c-rdb2rdf": 64, "rml-core": 76, "rml-io": 73, "rml-io-registry": 102, "rml-fnml": 20, "rml-lv": 41, "rml-cc": 35,
    "rml-legacy-2022": 324,
}  # fmt: skip
FORMATS = ("CSV", "JSON", "XML", "MySQL", "PostgreSQL", "SQLServer", "SPARQL")

REFUSED_THOUGH_RIGHT = {
    **dict.fromkeys(("RMLIOREGTC0009a", "RMLIOREGTC0010a"), "no Turtle: prefix declarations that end in a semicolon"),
    **dict.fromkeys((f"RMLTC0007h-{one}" for one in FORMATS), "a suite's fault: a blank node as rr:graph, which wants an IRI"),
    "RMLTC0008b-SPARQL": "a join without condition of two different queries, which R2RML §11 does not have",
}
"""Documents that no error is expected of, and why they are refused all the same."""

WRONG_IN_THEMSELVES = {
    "r2rml": {
        "R2RMLTC0004b": "cannot be a literal", "R2RMLTC0007h": "a graph must be an IRI", "R2RMLTC0012c": "a subject map",
        "R2RMLTC0012d": "exactly one subjectMap, has 2", "R2RMLTC0015b": "not a language tag",
    },
    "w3c-rdb2rdf": {
        "D003/r2rmla.ttl": "unknown SQL version", "D004/r2rmlb.ttl": "cannot be a literal", "D007/r2rmlh.ttl": "a graph must be an IRI",
        "D012/r2rmlc.ttl": "a subject map", "D012/r2rmld.ttl": "exactly one subjectMap, has 2", "D015/r2rmlb.ttl": "not a language tag",
    },
    "rml-core": {
        "RMLTC0004b-JSON": "cannot be a literal", "RMLTC0007h-JSON": "a graph must be an IRI", "RMLTC0012c-JSON": "a subject map",
        "RMLTC0012d-JSON": "exactly one subjectMap, has 2", "RMLTC0015b-JSON": "not a language tag", "RMLTC0023a-JSON": "unbalanced",
        "RMLTC0023b-JSON": "escape", "RMLTC0023c-JSON": "escape", "RMLTC0023d-JSON": "unbalanced", "RMLTC0023e-JSON": "escape",
        "RMLTC0024a-JSON": "where an IRI must be",
    },
    "rml-io": {},
    "rml-io-registry": {},
    "rml-fnml": {
        "RMLFNMLTC0102-CSV": "function <", "RMLFNMLTC0103-CSV": "has no parameter", "RMLFNMLTC0104-CSV": "has no output",
    },
    "rml-lv": {
        **dict.fromkeys(("RMLLVTC0005a", "RMLLVTC0005b", "RMLLVTC0005c"), "has no field"),
        **dict.fromkeys(("RMLLVTC0008a", "RMLLVTC0008b", "RMLLVTC0008c"), "a cycle of logical views"),
        "RMLLVTC0008d": "a cycle of fields",
        **dict.fromkeys(("RMLLVTC0009a", "RMLLVTC0009b", "RMLLVTC0009c"), "two fields are named"),
    },
    "rml-cc": {},
    "rml-legacy-2022": {
        **dict.fromkeys((f"RMLTC0004b-{one}" for one in FORMATS), "cannot be a literal"),
        **dict.fromkeys((f"RMLTC0012c-{one}" for one in FORMATS[:-1]), "a subject map"),
        **dict.fromkeys((f"RMLTC0012d-{one}" for one in FORMATS[:-1]), "exactly one subjectMap, has 2"),
        **dict.fromkeys((f"RMLTC0015b-{one}" for one in FORMATS[:-1]), "not a language tag"),
    },
}  # fmt: skip
"""Documents that are refused, as expected, with the reason; what else is expected to fail, fails on its data."""


def _name(suite: str, path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if suite == "w3c-rdb2rdf" else path.parent.name


def _error_expected(suite: str, path: Path, legacy: dict[str, bool]) -> bool:
    if suite == "rml-legacy-2022":
        return legacy.get(path.parent.name, False)
    if suite in ("r2rml", "w3c-rdb2rdf"):
        own = "r2rml" if suite == "r2rml" else path.parent.name
        manifest = (path.parents[1] if own == "r2rml" else path.parent) / "manifest.ttl"
        document = re.sub("-mysql", "", path.name)
        blocks = re.split(r"\n\s*\n", manifest.read_text("utf-8"))
        mine = (one for one in blocks if f'"{document}"' in one and (own != "r2rml" or path.parent.name in one))
        return any("hasExpectedOutput false" in one for one in mine)
    return re.search(r"\*\*Error expected\?\*\*:? *Yes", (path.parent / "README.md").read_text("utf-8")) is not None


@pytest.fixture(scope="module")
def legacy(shared: Path) -> dict[str, bool]:
    """Legacy case → whether an error is expected."""
    with (shared / "suites/rml-legacy-2022/metadata.csv").open(encoding="utf-8", newline="") as file:
        return {row["RML id"]: row["error expected?"].lower() == "true" for row in csv.DictReader(file)}


@pytest.mark.parametrize("suite", SUITES)
def test_documents_of_the_suites(suite: str, shared: Path, legacy: dict[str, bool]) -> None:
    paths = sorted((shared / "suites" / suite).glob(SUITES[suite]))
    assert len(paths) == DOCUMENTS[suite]
    refused: dict[str, str] = {}
    unlocated = []
    for path in paths:
        try:
            read_rules(path, base="http://example.com/base/")
        except EarthweaveError as error:
            refused[_name(suite, path)] = error.why
            if not re.search(r"line [1-9]", error.what):
                unlocated.append(path)
    wrong = WRONG_IN_THEMSELVES[suite]
    expected = {_name(suite, path) for path in paths if _error_expected(suite, path, legacy)}
    print(f"{suite}: {len(paths)} documents, {len(refused)} refused, {len(expected)} expected to fail")
    assert set(wrong) <= expected
    assert {name: why for name, why in refused.items() if name not in REFUSED_THOUGH_RIGHT and wrong.get(name, "?") not in why} == {}
    names = {_name(suite, path) for path in paths}
    assert set(refused) == {*wrong, *(names & set(REFUSED_THOUGH_RIGHT) if suite.startswith(("rml-io", "rml-legacy")) else ())}
    assert unlocated == []
