"""Numbers of foreign stores: read as XML Schema writes them, finite, or not at all."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import XSD, settings_of
from earthweave.qa import Cell, Limits
from earthweave.qa._values import number, truth


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30))
def test_numbers_come_back(value: float) -> None:
    kind = XSD.integer if isinstance(value, int) else XSD.double
    found = number(Cell("literal", str(value), str(kind)))
    assert (found, type(found)) == (value, type(value))


@given(st.text(), st.sampled_from(["integer", "unsignedByte", "decimal", "double", "float", "string"]))
def test_any_text_is_a_finite_number_or_none(text: str, kind: str) -> None:
    found = number(Cell("literal", text, str(XSD[kind])))
    assert found is None or (isfinite(found) and kind != "string")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("abc", "double"), ("NaN", "double"), ("INF", "float"), ("1.5", "integer"), ("9" * 400, "integer"), ("9" * 5000, "integer"),
     ("1_0", "decimal"), ("\u0663", "integer"), ("", "double"), ("two", "string"), ("2", "string")],
)  # fmt: skip
def test_no_numbers(text: str, kind: str) -> None:
    assert number(Cell("literal", text, str(XSD[kind]))) is None


def test_only_literals_of_xml_schema_are_numbers() -> None:
    assert number(None) is number(Cell("uri", "12")) is number(Cell("literal", "12", "http://example.org/type#double")) is None


@pytest.mark.parametrize(("text", "found"), [("true", True), ("1", True), ("false", False), ("0", False), ("yes", None)])
def test_truth_values(text: str, found: bool | None) -> None:
    assert truth(Cell("literal", text, str(XSD.boolean))) is found
    assert truth(Cell("literal", text, str(XSD.string))) is None


def test_limits_are_settings() -> None:
    assert [(row.name, row.variable, row.default, row.unit) for row in settings_of(Limits)] == [
        ("question_deadline", "EARTHWEAVE_QUESTION_DEADLINE", 30.0, "s"),
        ("question_rows", "EARTHWEAVE_QUESTION_ROWS", 500, "rows"),
    ]
