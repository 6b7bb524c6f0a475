"""The order of solutions: of terms of all kinds, by several keys, stable, and the first of many."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import XSD
from earthweave.server.store.algebra import Batch, Call, Constant, Context, Variable
from earthweave.server.store.engine._functions_operators import UNORDERED, compare
from earthweave.server.store.engine._ordering import first, order, ranks
from earthweave.server.store.engine._values import Failed, value
from earthweave.server.store.snapshot import BNODE, Term, iri, literal, tagged

X = str(XSD)
A, B = Variable("a"), Variable("b")


def typed(datatype: str, *texts: str) -> list[Term]:
    return [literal(text, X + datatype) for text in texts]


IN_ORDER: list[list[Term | None]] = [
    [None], [Term("a", BNODE)], [Term("b", BNODE)], [iri("http://example.org/A")], [iri("http://example.org/a")],
    [iri("http://example.org/é")],
    typed("double", "-INF"), typed("integer", "-3"), [*typed("decimal", "-0.25")], [*typed("integer", "0", "00"), *typed("double", "-0")],
    [*typed("decimal", "0.1"), *typed("double", "0.1")], [*typed("integer", "1", "01"), *typed("decimal", "1.0"), *typed("byte", "1")],
    typed("decimal", "1.000000000000000001"), [*typed("integer", "3"), *typed("decimal", "3.0"), *typed("double", "3E0")],
    typed("integer", "9007199254740992"), typed("integer", "9007199254740993"),
    typed("integer", "99999999999999999999999"), typed("double", "INF"), [*typed("double", "NaN"), *typed("float", "NaN")],
    typed("boolean", "false", "0"), typed("boolean", "true", "1"),
    typed("dateTime", "-0044-03-15T00:00:00Z"), [*typed("dateTime", "2019-12-31T23:00:00Z", "2020-01-01T01:00:00+02:00")],
    typed("dateTime", "2020-01-01T00:00:00"),
    typed("dateTime", "2020-01-01T00:00:00.5Z"), typed("date", "2020-01-01"), typed("date", "2020-01-02", "2020-01-02Z"),
    typed("gYear", "2020"),
    typed("time", "12:00:00"), typed("dayTimeDuration", "PT1S"), [*typed("dayTimeDuration", "P1D", "PT24H")],
    typed("yearMonthDuration", "P1M"),
    [literal("")], [literal("A")], [literal("B")], [literal("a")], [tagged("a", "de")], [tagged("a", "en")], [literal("b")],
    [literal("é")], [literal("\uffff")],
    [literal("\U0001f600")],
]
"""Terms that tie stand in one list."""
TERMS = [term for tied in IN_ORDER for term in tied]
PLACE = {term: place for place, tied in enumerate(IN_ORDER) for term in tied}
ODD = [*typed("integer", "x"), *typed("date", "2020-02-30"), literal("a", "http://example.org/t"), literal("b", "http://example.org/t")]


@pytest.fixture(scope="module")
def context(context_of: Callable[..., Context]) -> Context:
    return context_of([term for term in [*TERMS, *ODD] if term is not None][::2])


def ids_of(context: Context, terms: list[Term | None]) -> np.ndarray:
    return np.array([-1 if term is None else context.terms.id(term) for term in terms], dtype=np.int64)


@given(st.lists(st.sampled_from(TERMS), max_size=25))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_terms_come_in_the_order_that_is_told(context: Context, terms: list[Term | None]) -> None:
    batch = Batch(len(terms), {"a": ids_of(context, terms)})
    places = [PLACE[term] for term in terms]
    assert order(batch, ((A, False),), context).tolist() == sorted(range(len(terms)), key=lambda row: places[row])
    assert order(batch, ((A, True),), context).tolist() == sorted(range(len(terms)), key=lambda row: -places[row])


def test_literals_without_a_value_come_last_by_their_text(context: Context) -> None:
    codes = ranks(ids_of(context, [*TERMS, *ODD]), context.terms)
    assert codes[: len(TERMS)].max() < codes[len(TERMS):].min()
    assert len(set(codes[len(TERMS):].tolist())) == len(ODD)
    assert np.argsort(codes[len(TERMS):]).tolist() == [1, 2, 3, 0]


@given(st.lists(st.sampled_from([term for term in TERMS if term is not None]), min_size=2, max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_the_operator_less_than_says_something_the_order_agrees(context: Context, terms: list[Term]) -> None:
    codes = ranks(ids_of(context, list(terms)), context.terms).tolist()
    for one, left in zip(terms, codes, strict=True):
        for other, right in zip(terms, codes, strict=True):
            try:
                wanted = compare(value(one), value(other))
            except Failed:
                continue
            if wanted != UNORDERED:
                assert (left > right) - (left < right) == wanted, (one, other)


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), max_size=20), st.booleans(), st.booleans(), st.integers(0, 22))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_several_keys_in_either_direction_and_the_first_rows(
        context: Context, rows: list[tuple[int, int]], down: bool, down_too: bool, count: int) -> None:
    columns = [ids_of(context, [literal(str(row[place]), X + "integer") for row in rows]) for place in (0, 1)]
    batch = Batch(len(rows), {"a": columns[0], "b": columns[1]})
    keys = ((A, down), (B, down_too))

    def compared(left: int, right: int) -> int:
        (a, b), (c, d) = rows[left], rows[right]
        return (c - a if down else a - c) or (d - b if down_too else b - d)

    wanted = sorted(range(len(rows)), key=cmp_to_key(compared))
    assert order(batch, keys, context).tolist() == wanted
    assert first(batch, keys, count, context).tolist() == wanted[:count]


def test_expressions_are_keys_and_failures_come_first(context: Context) -> None:
    batch = Batch(3, {"a": ids_of(context, [literal("2", X + "integer"), literal("x"), literal("-5", X + "integer")])})
    square = Call("*", (A, A))
    assert order(batch, ((square, False),), context).tolist() == [1, 0, 2]
    assert order(batch, ((Constant(literal("same")), False),), context).tolist() == [0, 1, 2]
    assert order(batch, (), context).tolist() == [0, 1, 2]
    assert first(batch, (), 2, context).tolist() == [0, 1]
