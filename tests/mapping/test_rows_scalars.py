"""Texts of single values: equal to those of columns, and read back as the same values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping.values import (
    canonical_double,
    encoded,
    escape_literal,
    escaped,
    fitted,
    iri_safe,
    language_tag,
    lexical,
    lexical_form,
    retyped,
)
from earthweave.ontology import XSD

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(st.floats(allow_nan=False))
def test_doubles_read_back_and_equal_columns(value: float) -> None:
    text = canonical_double(value)
    assert float(text.replace("INF", "inf")) == value
    assert lexical(pa.array([value]))[0][0].as_py() == text


@given(TEXTS)
def test_encoding_reads_back_and_equals_columns(text: str) -> None:
    assert unquote(encoded(text)) == unquote(encoded(text, ascii_only=True)) == text
    assert encoded(text, ascii_only=True).isascii()
    assert iri_safe(pa.array([text]))[0].as_py() == encoded(text)


@given(TEXTS)
def test_escapes_read_back_and_equal_columns(text: str) -> None:
    line = f'<urn:s> <urn:p> "{escaped(text)}" .\n'.encode()
    found = next(iter(pyoxigraph.parse(line, pyoxigraph.RdfFormat.N_QUADS))).object
    assert isinstance(found, pyoxigraph.Literal)
    assert found.value == text
    assert escape_literal(pa.array([text]))[0].as_py() == escaped(text)


@pytest.mark.parametrize(("value", "text", "datatype"), [
    (True, "true", XSD.boolean), (7, "7", XSD.integer), (-0.0, "-0.0E0", XSD.double), (100.0, "1.0E2", XSD.double),
    (Decimal("1E+3"), "1000", XSD.decimal), (b"\x0f", "0F", XSD.hexBinary), (date(2020, 2, 3), "2020-02-03", XSD.date),
    (datetime(2020, 2, 3, 4, 5, 6, 500000), "2020-02-03T04:05:06.5", XSD.dateTime),
    (datetime(2020, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2020-02-03T02:05:00Z", XSD.dateTime),
    (datetime(2020, 2, 3, tzinfo=UTC), "2020-02-03T00:00:00Z", XSD.dateTime), (time(1, 2, 3, 100), "01:02:03.0001", XSD.time),
])
def test_natural_forms(value: Any, text: str, datatype: Any) -> None:
    assert lexical_form(value) == (text, str(datatype))


@given(st.floats(-1e6, 1e6), st.sampled_from([str(XSD.integer), str(XSD.decimal), str(XSD.string)]))
def test_fitted_forms_equal_those_of_columns(value: float, wanted: str) -> None:
    column, natural = lexical(pa.array([value]))
    assert retyped(column, natural, wanted)[0].as_py() == fitted(lexical_form(value), wanted)


@pytest.mark.parametrize(("tag", "good"), [
    ("en", True), ("de-AT", True), ("zh-Hant-TW", True), ("sl-rozaj-biske", True), ("x-own", True), ("i-klingon", True),
    ("en-u-ca-gregory", True), ("a-english", False), ("", False), ("en_GB", False), ("not a tag", False), ("en-", False),
    ("english1", False),
])
def test_language_tags(tag: str, good: bool) -> None:
    assert language_tag(tag) is good
