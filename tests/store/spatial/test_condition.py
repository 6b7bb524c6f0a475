"""Which conditions are recognised, and as what."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from earthweave.server.store.algebra import Variable
from earthweave.server.store.spatial import SpatialCondition, nearest_key, recognise
from earthweave.server.store.spatial._tests import Near, Relation, Test, Within

from .conftest import expression

A, B = Variable("a"), Variable("b")
POINT = "'POINT(1 2)'^^geo:wktLiteral"


def found(text: str) -> SpatialCondition:
    condition = recognise(expression(text))
    assert condition is not None, text
    return condition


@pytest.mark.parametrize(("text", "test"), [
    ("geof:sfWithin(?a, ?b)", Relation("sfWithin")), ("geof:sfIntersects(?a, ?b) = true", Relation("sfIntersects")),
    ("true = geof:ehMeet(?a, ?b)", Relation("ehMeet")), ("!geof:ehDisjoint(?a, ?b)", Relation("sfIntersects")),
    ("geof:sfDisjoint(?a, ?b) = false", Relation("sfIntersects")), ("geof:relate(?a, ?b, 't********')", Relation("T********")),
    ("geof:relate(?a, ?b, 'sfTouches')", Relation("sfTouches")), ("geof:metricDistance(?a, ?b) <= 5", Within(5)),
    ("geof:metricDistance(?a, ?b) < 5.0", Within(math.nextafter(5, 0))), ("1e3 >= geof:metricDistance(?a, ?b)", Within(1000)),
    ("geof:distance(?a, ?b, uom:kilometre) <= 2", Within(2000)), ("geof:distance(?a, ?b, uom:metre) = 0", Within(0)),
    ("geof:metricDistance(?a, ?b) <= 2 * 500 + 1", Within(1001)), ("geof:distance(?a, ?b, <http://qudt.org/vocab/unit/M>) < +7", None),
    ("geof:distance(?a, ?b, uom:degree) <= 5", Near(5)), ("<http://strdf.di.uoa.gr/ontology#distance>(?a, ?b, uom:degree) = 0", Near(0)),
])
def test_one_test(text: str, test: Test | None) -> None:
    condition = found(text)
    assert (condition.left, condition.right, condition.exact) == (A, B, True)
    assert len(condition.tests) == 1 and (test is None or condition.tests == (test,))


@pytest.mark.parametrize("text", [
    "geof:sfDisjoint(?a, ?b)", "geof:rcc8dc(?a, ?b)", "!geof:sfIntersects(?a, ?b)", "geof:relate(?a, ?b, 'FF*FF****')",
    "geof:relate(?a, ?b, ?c)", "geof:sfIntersects(?a, ?a)", f"geof:sfIntersects({POINT}, {POINT})", "geof:sfIntersects(?a, :iri)",
    "geof:sfIntersects(?a)", "geof:metricDistance(?a, ?b) > 5", "geof:metricDistance(?a, ?b) != 5", "geof:metricDistance(?a, ?b) = 5",
    "geof:distance(?a, ?b, uom:unity) < 5", "geof:distance(?a, ?b) < 5", "geof:metricDistance(?a, ?b) < -1",
    "geof:metricDistance(?a, ?b) <= ?c", "geof:metricDistance(?a, ?b) <= 'near'", "geof:metricDistance(?a, ?b) <= 'INF'^^xsd:double",
    "geof:sfIntersects(?a, ?b) || ?c > 5", "geof:sfIntersects(?a, ?b) || geof:sfIntersects(?a, ?c)",
    "geof:sfIntersects(?a, geof:boundingCircle(?b))", "geof:sfIntersects(?a, geof:buffer(?b, ?c, uom:metre))",
    "geof:sfIntersects(?a, geof:union(?b, ?c))", "geof:sfIntersects(?a, ?b) = false", "?a = ?b", "?a", "BOUND(?a)",
    "geof:metricDistance(?a, ?b) <= '1_0'^^xsd:double", "geof:metricDistance(?a, ?b) <= '5.5'^^xsd:integer", "?a < 1" + "0" * 320,
    "geof:metricDistance(?a, ?b) <= 1" + "0" * 320, "geof:metricDistance(?a, ?b) <= 1" + "0" * 320 + " * 1e0",
    "geof:sfDisjoint(?a, ?b) = 'maybe'^^xsd:boolean", f"geof:sfIntersects(?a, geof:minX({POINT}))",
    "geof:sfEquals(geof:boundary(?a), ?b)", f"geof:sfEquals(geof:metricBuffer(?a, -5), {POINT})",
    "geof:sfIntersects(?a, geof:buffer(?b, 5, uom:unity))", "geof:distance(?a, ?b, uom:radian) < 0",
    "IF(?c, geof:sfIntersects(?a, ?b), true)",
])
def test_what_no_index_answers(text: str) -> None:
    assert recognise(expression(text)) is None


def test_either_of_two_is_one_join() -> None:
    condition = found("geof:sfTouches(?a, ?b) || geof:sfContains(?b, ?a) || geof:metricDistance(?b, ?a) <= 9")
    assert (condition.left, condition.right, condition.metres) == (A, B, 9)
    assert condition.tests == (Relation("sfTouches"), Relation("sfWithin"), Within(9))


def test_boxes_are_what_an_unknown_part_leaves() -> None:
    condition = found("(geof:sfTouches(?a, ?b) && ?c > 5) || geof:metricDistance(?b, ?a) <= 9")
    assert (condition.exact, condition.tests, condition.metres) == (False, (), 9)


def test_the_other_way_round() -> None:
    within, contains = found("geof:sfWithin(?a, ?b)"), found("geof:sfContains(?b, ?a)")
    assert within.turned() == replace(contains, expression=within.expression)
    assert found("geof:relate(?a, ?b, 'T012FTF*F')").turned().tests == (Relation("T2F0F*1TF"),)
    assert found("geof:sfWithin(?a, ?b)").starting("b").left == B


@pytest.mark.parametrize(("limit", "unit", "strict"), [(0.1, 1000.0, False), (5, 1000.0, True), (1 / 3, 1000.0, False), (7, 1.0, True)])
def test_the_greatest_distance_within_a_limit(limit: float, unit: float, strict: bool) -> None:
    text = f"geof:distance(?a, ?b, uom:{'kilometre' if unit > 1 else 'metre'}) {'<' if strict else '<='} {limit!r}e0"
    metres = found(text).metres
    assert (metres / unit < limit) if strict else (metres / unit <= limit)
    more = math.nextafter(metres, math.inf) / unit
    assert more >= limit if strict else more > limit


def test_what_is_computed_of_an_operand() -> None:
    condition = found(f"geof:sfIntersects(geof:buffer({POINT}, 5, uom:metre), geof:metricBuffer(geof:envelope(?a), 100))")
    assert (condition.left_operand.plain, condition.right_operand.plain, condition.right) == (False, False, A)
    assert condition.left_operand.reach == 0
    assert 100 < condition.right_operand.reach < 105
    assert condition.label == "buffer(POINT(1 2), 5, http://www.opengis.net/def/uom/OGC/1.0/…) sfIntersects metricBuffer(envelope(?a), 100)"


def test_keys_of_nearest() -> None:
    for text in (f"geof:distance(?a, {POINT}, uom:kilometre)", f"geof:metricDistance({POINT}, ?a)"):
        key = nearest_key(expression(text))
        assert key is not None and key.name == "a"
    for text in (f"geof:distance(?a, {POINT}, uom:degree)", "geof:metricDistance(?b, ?a)", "geof:metricArea(?a)", "?a"):
        assert nearest_key(expression(text)) is None
