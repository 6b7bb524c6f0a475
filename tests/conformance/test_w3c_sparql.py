"""The W3C SPARQL 1.0 and 1.1 query and syntax tests, answered by the engine alone; what fails is known by name and reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import ModuleType
from typing import Any

LEAST = 0.95


def test_the_engine_passes_the_suites_but_for_what_is_known(w3c: ModuleType, suite: Any) -> None:
    scores, out = w3c.scores(suite)
    failed = {name: why for score in scores.values() for name, why in score.failed.items()}
    passed, total = sum(score.passed for score in scores.values()), sum(score.total for score in scores.values())
    assert total >= 800 and passed / total >= LEAST
    assert failed.keys() == w3c.KNOWN.keys(), failed
    report = w3c.table(scores, out)
    assert all(f"`{name}`" in report and why in report for name, why in w3c.KNOWN.items()) and f"**{passed}**" in report
    # the page is written by ``python tests/conformance/w3c.py FOLDER``
    assert w3c.BEGIN + report + w3c.END in w3c.PAGE.read_text("utf-8")
    assert {w3c.BEYOND, "federation", "protocol", "update"} <= out.keys()


def test_entailment_is_run_up_to_rdfs(w3c: ModuleType, suite: Any) -> None:
    cases = [case for case in suite.cases if case.entailment == "rdfs"]
    assert {case.group for case in cases} == {"sparql11/entailment"} and {case.kind for case in cases} == {"evaluation"}
    # 36 name RDFS, three more RDF; all others name OWL, RIF or D alone
    assert len(cases) == 39 and sum(case.why == w3c.BEYOND for case in suite.cases) == 31
    stated = [replace(case, entailment=type(case.entailment)("simple")) for case in cases]
    assert sum(bool(suite.failure(case)) for case in stated) > 10


def test_the_comparison_tells_answers_apart(w3c: ModuleType) -> None:
    rows, blank = w3c.Rows, w3c.Blank
    one, two = blank("1"), blank("2")
    assert w3c.same(rows(("a", "b"), [(1, one), (2, two)]), rows(("b", "a"), [(blank("x"), 2), (blank("y"), 1)]))
    assert not w3c.same(rows(("a",), [(1,), (1,)]), rows(("a",), [(1,)]))
    assert w3c.same(rows(("a",), [(1,)]), rows(("a",), [(1,), (1,)]), lax=True)
    assert not w3c.same(rows(("a",), [(2,)]), rows(("a",), [(1,), (1,)]), lax=True)
    assert not w3c.same(rows(("a",), [(1,)]), rows(("b",), [(1,)]))
    assert not w3c.same(rows(("a", "b"), [(one, one)]), rows(("a", "b"), [(one, two)]))
    assert not w3c.same(rows(None, [(one, "p", two), (two, "p", one)]), rows(None, [(one, "p", one), (two, "p", two)]))
    assert not w3c.same(True, False) and not w3c.same(rows((), [()]), True)


def test_a_ring_and_a_chain_of_blank_nodes_are_told_apart(w3c: ModuleType) -> None:
    nodes = [w3c.Blank(str(number)) for number in range(6)]
    chain = [(a, "p", b) for a, b in zip(nodes, nodes[1:], strict=False)]
    assert w3c.coloured(chain) != w3c.coloured([*chain[:-1], (nodes[4], "p", nodes[0])])
    assert w3c.coloured(chain) == w3c.coloured([(a, "p", b) for a, b in reversed([*zip(nodes[::-1], nodes[-2::-1], strict=False)])])
    assert sum(w3c.coloured(chain).values()) == len(Counter(chain))


def test_every_query_of_the_suites_is_read_as_its_test_says(suite: Any) -> None:
    kinds = Counter(case.kind for case in suite.cases)
    assert kinds["evaluation"] > 500 and kinds["positive"] > 190 and kinds["negative"] > 60
    assert len({case.name for case in suite.cases}) == len(suite.cases)
