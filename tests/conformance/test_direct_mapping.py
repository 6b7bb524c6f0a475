"""The Direct Mapping cases of the W3C RDB2RDF suite, on PostgreSQL and on SQLite: introspection, mapping and run together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.mapping import Options, map_source
from earthweave.mapping.documents import direct_mapping
from earthweave.mapping.sources._sql import schema_of
from tests.conformance._databases import opened, present
from tests.conformance._rdf import Result, classified, failures, same, told, tried

NAMES = "http://purl.org/NET/rdb2rdf-test#"
TEST = "http://www.w3.org/2006/03/test-description#"
BASE = "http://example.com/base/"
DOUBLE = "http://www.w3.org/2001/XMLSchema#double"
KNOWN: dict[str, dict[str, str]] = {"postgresql": {}, "sqlite": {}}
"""Cases that cannot pass, and why."""


@dataclass(frozen=True)
class Case:
    """One case: a script, and the graph that is expected of it."""

    name: str
    script: Path
    expected: Path


def cases() -> Iterator[Case]:
    """The Direct Mapping cases of all manifests of the suite."""
    root = Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/w3c-rdb2rdf"
    for manifest in sorted(root.glob("D*/manifest.ttl")):
        facts: dict[Any, dict[str, str]] = {}
        for one in ox.parse(manifest.read_bytes(), ox.RdfFormat.TURTLE, base_iri="http://example.org/"):
            facts.setdefault(one.subject, {})[one.predicate.value.rpartition("#")[2]] = getattr(one.object, "value", "")
        for node, said in facts.items():
            if said.get("type") == NAMES + "DirectMapping":
                yield Case(node.value.rpartition("/")[2], manifest.with_name("create.sql"), manifest.with_name(said["output"]))


def results(kind: str = "postgresql", executor: str = "auto") -> list[Result]:
    """Every case on a database, with an executor."""
    options = Options(on_error="fail", executor="rows" if executor == "rows" else "auto")
    database = opened(kind)

    def difference(case: Case) -> str:
        url = database.fill(case.script.read_text("utf-8"))
        run = map_source(direct_mapping(schema_of(url), BASE), databases={"": url}, options=options)
        return same(_expected(case), b"".join(run))

    return [classified(case.name, tried(lambda one=case: difference(one)), KNOWN[kind]) for case in cases()]


def _expected(case: Case) -> bytes:
    """The expected graph. Two cases repeat others with doubles that are not in canonical form, which both cannot be met: by value then."""
    triples = ox.parse(case.expected.read_bytes(), ox.RdfFormat.TURTLE, base_iri=BASE)
    if case.name.endswith("-modified"):
        triples = (ox.Triple(one.subject, one.predicate, _canonical(one.object)) for one in triples)
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _canonical(term: Any) -> Any:
    """A double in the form of XSD 1.0, §3.2.5.2; other terms as they are."""
    if not isinstance(term, ox.Literal) or term.datatype.value != DOUBLE:
        return term
    sign, digits, exponent = Decimal(repr(float(term.value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    form = f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{int(exponent) + len(text) - 1}"
    return ox.Literal(form, datatype=ox.NamedNode(DOUBLE))


@pytest.mark.parametrize("executor", ["auto", "rows"])
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_every_case_but_the_known_faulty_ones_passes(kind: str, executor: str, shared: Path) -> None:
    present(kind)
    found = results(kind, executor)
    print(told(f"Direct Mapping on {kind}, {executor}", found))
    assert len(found) == 26
    assert failures(found) == set(KNOWN[kind])
