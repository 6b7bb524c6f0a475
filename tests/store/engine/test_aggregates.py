"""Aggregates over groups against a reckoning value by value, exact sums, error semantics and empty groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import GEO, GEOF, XSD
from earthweave.server.store.algebra import Aggregate, Batch, Call, Constant, Context, Variable
from earthweave.server.store.engine._aggregates import aggregate
from earthweave.server.store.engine._functions_operators import divided, total
from earthweave.server.store.engine._ordering import ranks
from earthweave.server.store.engine._values import Number, Rank, value
from earthweave.server.store.snapshot import BNODE, Term, iri, literal, tagged

X = str(XSD)
A = Variable("a")


def typed(datatype: str, *texts: str) -> list[Term]:
    return [literal(text, X + datatype) for text in texts]


NUMBERS = [*typed("integer", "0", "1", "2", "-3", "007", "4611686018427387904", "99999999999999999999"), *typed("byte", "5"),
           *typed("decimal", "1.5", "2.0", "-0.25", "0.1", "0.000000000000000001", "12345678901234567890.5"),
           *typed("float", "0.5", "-2.5"),
           *typed("double", "1.5E0", "-3", "1e3")]
OTHERS = [literal("a"), literal("B"), literal("é"), tagged("a", "en"), iri("http://example.org/a"), Term("n", BNODE),
    literal("x", X + "integer"),
          *typed("date", "2020-01-02", "2019-12-31"), *typed("boolean", "true")]


@pytest.fixture(scope="module")
def context(context_of: Callable[..., Context]) -> Context:
    return context_of([*NUMBERS[::2], *OTHERS[::2]])


def answers(context: Context, one: Aggregate, rows: list[tuple[int, Term | None]], count: int) -> list[Term | None]:
    """The aggregate of each group, for rows of group and value."""
    ids = np.array([-1 if term is None else context.terms.id(term) for _, term in rows], dtype=np.int64)
    groups = np.array([group for group, _ in rows], dtype=np.int64)
    found = aggregate(one, Batch(len(rows), {"a": ids}), groups, count, context)
    assert found.shape == (count,)
    return [None if id < 0 else context.terms.term(id) for id in found.tolist()]


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([*NUMBERS, *NUMBERS, *OTHERS, None])), max_size=14)
EXACT = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([one for one in NUMBERS if value(one).rank <= Rank.DECIMAL])),
    max_size=14)  # type: ignore[union-attr]


def summed(terms: list[Term | None]) -> Number | None:
    """Sum, one by one; None if it fails."""
    result = Number(0, Rank.INTEGER)
    for term in terms:
        known = None if term is None else value(term)
        if not isinstance(known, Number):
            return None
        result = total(result, known)
    return result


def agree(found: Term | None, wanted: Number | None) -> bool:
    known = None if found is None else value(found)
    if wanted is None or not isinstance(known, Number):
        return wanted is None and known is None
    if wanted.rank >= Rank.FLOAT:
        return known.rank == wanted.rank and math.isclose(known.number, wanted.number, rel_tol=1e-6, abs_tol=1e-9)
    return known == wanted


@given(ROWS, st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_aggregates_are_those_of_each_group_by_itself(context: Context, rows: list[tuple[int, Term | None]], distinct: bool) -> None:
    groups: list[list[Term | None]] = [[term for group, term in rows if group == number] for number in range(5)]
    if distinct:
        groups = [list(dict.fromkeys(group)) for group in groups]
    bound = [[term for term in group if term is not None] for group in groups]

    def ask(name: str) -> list[Term | None]:
        return answers(context, Aggregate(name, A, distinct), rows, 5)

    assert ask("COUNT") == [literal(str(len(group)), X + "integer") for group in bound]
    assert ask("SAMPLE") == [group[0] if group else None for group in bound]
    assert all(agree(found, summed(group)) for found, group in zip(ask("SUM"), groups, strict=True))
    for found, group in zip(ask("AVG"), groups, strict=True):
        sum_ = summed(group)
        wanted = sum_ if sum_ is None or not group else divided(sum_, Number(len(group), Rank.INTEGER))
        assert agree(found, wanted)
    joined = [" ".join(term.text for term in group if term.type != BNODE) for group in bound]
    assert ask("GROUP_CONCAT") == [literal(text) for text in joined]
    for name, choose in (("MIN", min), ("MAX", max)):
        for found, group in zip(ask(name), bound, strict=True):
            order = ranks(context.terms.listed(group), context.terms).tolist()
            assert found == (group[order.index(choose(order))] if group else None)


@given(EXACT)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_of_exact_numbers_are_exact(context: Context, rows: list[tuple[int, Term]]) -> None:
    found = answers(context, Aggregate("SUM", A), list(rows), 3)
    for number in range(3):
        wanted = sum(Fraction(value(term).number) for group, term in rows if group == number)  # type: ignore[union-attr]
        known = value(found[number])  # type: ignore[arg-type]
        assert isinstance(known, Number)
        assert Fraction(known.number) == wanted


@pytest.mark.parametrize(("name", "wanted"), [
    ("COUNT", "0"), ("SUM", "0"), ("AVG", "0"), ("GROUP_CONCAT", ""), ("MIN", None), ("MAX", None), ("SAMPLE", None),
])
def test_an_empty_group(context: Context, name: str, wanted: str | None) -> None:
    (found,) = answers(context, Aggregate(name, A), [], 1)
    assert (found.text if found else None) == wanted
    assert found is None or found.type.datatype == X + ("string" if name == "GROUP_CONCAT" else "integer")


@pytest.mark.parametrize(("values", "datatype"), [
    (typed("integer", "1", "2"), "integer"), (typed("byte", "1", "2"), "integer"),
    (typed("integer", "1") + typed("decimal", "1.0"), "decimal"),
    (typed("decimal", "1.0") + typed("float", "1"), "float"), (typed("float", "1") + typed("double", "1"), "double"),
    (typed("integer", "1") + typed("double", "1"), "double"),
])
def test_a_sum_has_the_highest_type_of_its_values(context: Context, values: list[Term], datatype: str) -> None:
    for order in (values, values[::-1]):
        (found,) = answers(context, Aggregate("SUM", A), [(0, one) for one in order], 1)
        assert found is not None
        assert found.type.datatype == X + datatype


def test_the_mean_of_integers_is_a_decimal(context: Context) -> None:
    rows = [(0, one) for one in typed("integer", "1", "2")] + [(1, one) for one in typed("integer", "1", "1", "2")] + [(2,
        one) for one in typed("integer", "2", "2")]
    assert answers(context, Aggregate("AVG", A), rows, 3) == typed("decimal", "1.5", "1.333333333333333333", "2")


def test_rows_are_counted_with_and_without_repetition(context: Context) -> None:
    one, two = (context.terms.id(term) for term in NUMBERS[:2])
    batch = Batch(4, {"a": np.array([one, one, one, -1]), "b": np.array([two, two, one, -1])})
    groups = np.array([0, 0, 0, 1])
    for distinct, wanted in ((False, ["3", "1", "0"]), (True, ["2", "1", "0"])):
        found = aggregate(Aggregate("COUNT", None, distinct), batch, groups, 3, context)
        assert [context.terms.term(id).text for id in found.tolist()] == wanted
    nothing = aggregate(Aggregate("COUNT", None, True), Batch(3, {}), np.array([0, 0, 2]), 3, context)
    assert [context.terms.term(id).text for id in nothing.tolist()] == ["1", "0", "1"]


def test_expressions_are_aggregated_and_their_errors_count(context: Context) -> None:
    rows = [(0, one) for one in typed("integer", "1", "2")] + [(1, literal("a")), (1, literal("1", X + "integer"))]
    plus = Call("+", (A, Constant(literal("1", X + "integer"))))
    assert answers(context, Aggregate("SUM", plus), rows, 2) == [literal("5", X + "integer"), None]
    assert answers(context, Aggregate("MAX", plus), rows, 2) == typed("integer", "3", "2")
    assert answers(context, Aggregate("COUNT", plus), rows, 2) == typed("integer", "2", "1")


def test_separators(context: Context) -> None:
    rows = [(0, literal("a")), (1, literal("z")), (0, iri("x:y")), (0, literal("a"))]
    assert answers(context, Aggregate("GROUP_CONCAT", A, separator=", "), rows, 2) == [literal("a, x:y, a"), literal("z")]
    assert answers(context, Aggregate("GROUP_CONCAT", A, True, separator=""), rows, 2) == [literal("ax:y"), literal("z")]


def test_aggregates_of_geometry_are_called_with_the_groups(context: Context) -> None:
    points = [literal(f"POINT ({place} 0)", str(GEO.wktLiteral)) for place in (0, 2, 7)]
    rows: list[Any] = [(0, points[0]), (0, points[1]), (1, points[2])]
    first, second = answers(context, Aggregate(str(GEOF) + "aggBoundingBox", A), rows, 2)
    assert first is not None and second is not None
    assert context.terms.shape_of(context.terms.id(first)).bounds == (0, 0, 2, 0)
    assert context.terms.shape_of(context.terms.id(second)).bounds == (7, 0, 7, 0)
