"""Answers at the edges of what an index may be asked, against the same filter in a form that no index recognises."""

from __future__ import annotations

import pytest

from earthweave.server.store.engine import evaluate

from .conftest import HEAD, Build

DATA = """
:a :p "POINT(1 1)"^^geo:wktLiteral . :b :q "POLYGON EMPTY"^^geo:wktLiteral . :c :p "POINT(7 7)"^^geo:wktLiteral .
:d :p "LINESTRING(0 0, 2 2)"^^geo:wktLiteral . :e :n 5 .
"""
HUGE = "1" + "0" * 320


@pytest.mark.parametrize(("pattern", "condition"), [
    ("?s :p ?x . ?t :q ?y", "geof:sfEquals(geof:boundary(?x), ?y)"),
    ("?s :p ?x . ?t :q ?y", "geof:sfEquals(geof:metricBuffer(?x, -5), ?y)"),
    ("?s :p ?x", "geof:sfEquals(geof:boundary(?x), 'GEOMETRYCOLLECTION EMPTY'^^geo:wktLiteral)"),
    ("?s :p ?x", "geof:sfIntersects(?x, geof:minZ('POINT(1 1)'^^geo:wktLiteral))"),
    ("?s :p ?x", "geof:metricDistance(?x, geof:metricLength('garbage'^^geo:wktLiteral)) < 5"),
    ("?s :p ?x", f"geof:metricDistance(?x, 'POINT(1 1)'^^geo:wktLiteral) < {HUGE}"),
    ("?s :n ?x", f"?x < {HUGE}"),
    ("?s :p ?x", "geof:metricDistance(?x, 'POINT(1 1)'^^geo:wktLiteral) <= '1_0'^^xsd:double"),
    ("?s :p ?x", "geof:metricDistance(?x, 'POINT(1 1)'^^geo:wktLiteral) <= '300'^^xsd:byte"),
    ("?s :p ?x", "geof:sfDisjoint(?x, 'POINT(1 1)'^^geo:wktLiteral) = 'maybe'^^xsd:boolean"),
    ("'POINT(7 7)'^^geo:wktLiteral :p? ?x", "geof:sfIntersects(?x, 'POINT(7 7)'^^geo:wktLiteral)"),
    ("'POINT(7 7)'^^geo:wktLiteral :p* ?x", "geof:sfIntersects(?x, 'POINT(7 7)'^^geo:wktLiteral)"),
])
def test_an_index_answers_as_none_would(build: Build, pattern: str, condition: str) -> None:
    snapshot = build(DATA)
    counts = []
    for text in (condition, f"IF({condition}, true, false)"):
        result = evaluate(snapshot, f"{HEAD} SELECT * {{ {pattern} FILTER({text}) }}")
        counts.append(sum(batch.length for batch in result.batches()))
    assert counts[0] == counts[1]
