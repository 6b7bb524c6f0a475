"""Inline ids and lexical forms are an inverse pair; whatever is not the canonical form has no inline id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import XSD
from earthweave.server.store.snapshot import (
    BIAS,
    DECIMAL_BIAS,
    Tag,
    Term,
    _inline,
    inline,
    inline_term,
    iri,
    literal,
    outline,
    payloads,
    signed,
    tags,
)

KINDS = {name: str(XSD[name]) for name in ("integer", "boolean", "date", "dateTime", "decimal")}


@pytest.fixture(autouse=True, scope="module")
def vectors() -> Iterator[None]:
    """Columns are read by vectors however short they are, to be compared with single terms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_inline, "_FEW", 0)
        yield


CANONICAL = [
    ("integer", "0"), ("integer", "-1"), ("integer", str(BIAS - 1)), ("integer", str(-BIAS)), ("boolean", "true"), ("boolean", "false"),
    ("date", "0001-01-01"), ("date", "9999-12-31"), ("date", "2024-02-29"), ("date", "2000-02-29"), ("date", "1969-12-31"),
    ("dateTime", "0001-01-01T00:00:00"), ("dateTime", "9999-12-31T23:59:59.999999"), ("dateTime", "2020-01-01T00:00:00.5Z"),
    ("dateTime", "1969-12-31T23:59:59.000001Z"), ("dateTime", "2024-02-29T12:00:00Z"),
    ("decimal", "0.0"), ("decimal", "1.0"), ("decimal", "-0.5"), ("decimal", "12.345"), ("decimal", "-3.000000000000001"),
    ("decimal", f"{(DECIMAL_BIAS - 1) // 10}.{(DECIMAL_BIAS - 1) % 10}"), ("decimal", f"-{DECIMAL_BIAS // 10}.{DECIMAL_BIAS % 10}"),
]
OTHERS = [
    ("integer", "+5"), ("integer", "007"), ("integer", "-0"), ("integer", str(BIAS)), ("integer", str(-BIAS - 1)), ("integer", ""),
    ("integer", " 5"), ("integer", "5.0"), ("integer", "9" * 30), ("integer", "٣"), ("integer", "1_0"), ("integer", "5\n"),
    ("boolean", "1"), ("boolean", "0"), ("boolean", "True"), ("boolean", ""),
    ("date", "2023-02-29"), ("date", "1900-02-29"), ("date", "2023-13-01"), ("date", "2023-00-01"), ("date", "2023-01-00"),
    ("date", "2023-01-32"), ("date", "0000-01-01"), ("date", "-0001-01-01"), ("date", "10000-01-01"), ("date", "2023-01-01Z"),
    ("date", "2023-01-01+01:00"), ("date", "2023-1-1"), ("date", "2023-01-01\n"), ("date", "20230101"), ("date", ""),
    ("date", "２023-01-01"),
    ("dateTime", "2023-01-01T24:00:00"), ("dateTime", "2023-01-01T23:59:60"), ("dateTime", "2023-01-01T23:60:00"),
    ("dateTime", "2023-01-01T00:00:00.0"), ("dateTime", "2023-01-01T00:00:00.10"), ("dateTime", "2023-01-01T00:00:00."),
    ("dateTime", "2023-01-01T00:00:00.1234567"), ("dateTime", "2023-01-01T00:00:00+00:00"), ("dateTime", "2023-01-01T00:00:00z"),
    ("dateTime", "2023-01-01T00:00:00ZZ"), ("dateTime", "2023-01-01 00:00:00"), ("dateTime", "2023-01-01T00:00:00.Z"),
    ("dateTime", "-2023-01-01T00:00:00"), ("dateTime", "0000-01-01T00:00:00"), ("dateTime", "12023-01-01T00:00:00Z"),
    ("dateTime", "2023-01-01"), ("dateTime", "2023-01-01T00:00"), ("dateTime", "2023-02-30T00:00:00"), ("dateTime", "Z"), ("dateTime", ""),
    ("decimal", "1"), ("decimal", "1.50"), ("decimal", "01.5"), ("decimal", "+1.5"), ("decimal", "-0.0"), ("decimal", ".5"),
    ("decimal", "5."), ("decimal", "1.1234567890123456"), ("decimal", f"{DECIMAL_BIAS // 10}.{DECIMAL_BIAS % 10}"),
    ("decimal", "99999999999999999999.5"), ("decimal", "1.5\n"), ("decimal", "1.5.5"), ("decimal", ""), ("decimal", "-"), ("decimal", "."),
]


@pytest.mark.parametrize(("kind", "text"), CANONICAL)
def test_canonical_forms_come_back(kind: str, text: str, terms_of: Any) -> None:
    term = literal(text, KINDS[kind])
    id = inline_term(term)
    assert id >= 0
    assert outline(id) == term
    assert inline(terms_of([term])).tolist() == [id]


@pytest.mark.parametrize(("kind", "text"), OTHERS)
def test_other_forms_are_left_to_the_dictionary(kind: str, text: str, terms_of: Any) -> None:
    assert inline_term(literal(text, KINDS[kind])) == -1
    assert inline(terms_of([literal(text, KINDS[kind])])).tolist() == [-1]


def test_what_is_no_such_literal_is_left_to_the_dictionary(terms_of: Any) -> None:
    terms = [iri("5"), literal("5"), literal("5", str(XSD.int)), Term("5", literal("").type._replace(datatype="")), literal("true")]
    assert [inline_term(term) for term in terms] == [-1] * 5
    assert inline(terms_of(terms)).tolist() == [-1] * 5


@given(st.integers(-BIAS, BIAS - 1))
def test_integers_keep_order_and_value(value: int) -> None:
    id = inline_term(literal(str(value), KINDS["integer"]))
    assert outline(id).text == str(value)
    assert int(signed(id)) == value
    assert tags(id) == Tag.INTEGER
    assert payloads(id) == value + BIAS


@given(st.dates())
def test_dates_are_days(value: date) -> None:
    id = inline_term(literal(value.isoformat(), KINDS["date"]))
    assert outline(id).text == value.isoformat()
    assert int(signed(id)) == (value - date(1970, 1, 1)).days


@given(st.datetimes(), st.booleans())
def test_times_are_microseconds(value: datetime, zoned: bool) -> None:
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    text = value.replace(microsecond=0).isoformat() + fraction + ("Z" if zoned else "")
    id = inline_term(literal(text, KINDS["dateTime"]))
    assert outline(id).text == text
    assert tags(id) == (Tag.INSTANT if zoned else Tag.DATETIME)
    assert int(signed(id)) == (value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


LOOSE = st.one_of(
    st.text(alphabet="0123456789+-.TZ: e", max_size=28),
    st.from_regex(r"[+-]?[0-9]{1,20}(\.[0-9]{1,17})?", fullmatch=True),
    st.from_regex(r"-?[0-9]{4,5}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?)?Z?", fullmatch=True),
    st.sampled_from(["true", "false", "1", "0", "TRUE"]),
)


@given(pairs=st.lists(st.tuples(st.sampled_from(sorted(KINDS.values())), LOOSE), max_size=30))
def test_columns_agree_with_single_terms_and_every_id_comes_back(pairs: list[tuple[str, str]], terms_of: Any) -> None:
    terms = [literal(text, kind) for kind, text in pairs]
    ids = inline(terms_of(terms)).tolist()
    assert ids == [inline_term(term) for term in terms]
    assert [outline(id) for id in ids if id >= 0] == [term for term, id in zip(terms, ids, strict=True) if id >= 0]
    assert len({id for id in ids if id >= 0}) == len({term for term, id in zip(terms, ids, strict=True) if id >= 0})


def test_a_few_are_read_one_by_one(terms_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = [literal(text, KINDS[kind]) for kind, text in [*CANONICAL, *OTHERS]]
    by_vectors = inline(terms_of(terms)).tolist()
    monkeypatch.setattr(_inline, "_FEW", 100)
    assert inline(terms_of(terms)).tolist() == by_vectors
