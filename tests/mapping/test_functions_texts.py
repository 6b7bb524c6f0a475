"""GREL's and IDLab's functions, called as mappings call them; each also over a column with a missing value."""

from __future__ import annotations

import hashlib
import html
import uuid
from urllib.parse import unquote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping import Options, Reference
from earthweave.mapping.functions import FUNCTIONS, Rows, Table
from earthweave.mapping.plan import Call, Constant
from earthweave.mapping.values import Placement
from earthweave.ontology import CRS84, XSD, MappingError

GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
IDLAB = "https://w3id.org/imec/idlab/function#"
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def called(name: str, *arguments: str | None) -> tuple[list[str | None], str]:
    """A function of columns of one value and of one missing value, and its natural datatype."""
    options = Options()
    names = [f"c{index}" for index in range(len(arguments))]
    batch = pa.RecordBatch.from_arrays([pa.array([one, None], pa.string()) for one in arguments] or [pa.nulls(2)], names or ["none"])
    table = Table("t", {one: one for one in names}, None, Placement.of(CRS84, options), options, "")
    column, datatype = Rows(table, batch, 0).text(Call(name, tuple(map(Reference, names))))
    return column.to_pylist(), datatype


@pytest.mark.parametrize(("name", "arguments", "expected", "datatype"), [
    ("toUpperCase", ("straße é",), "STRASSE É", ""), ("toLowerCase", ("ÀB",), "àb", ""),
    ("string_toTitlecase", ("new york",), "New York", ""),
    ("string_length", ("né\U0001f600",), "3", XSD.integer), ("string_trim", (" a b\t",), "a b", ""),
    ("string_chomp", ("a.txt", ".txt"), "a", ""),
    ("string_substring", ("Venus", "1"), "enus", ""), ("string_substring", ("Venus", "1", "3"), "en", ""),
    ("string_substring", ("Venus", "-2"), "us", ""), ("string_substring", ("Venus", "5"), "", ""),
    ("string_substring", ("Venus", "6"), None, ""),
    ("string_replace", ("a.a", ".", "-"), "a-a", ""), ("string_replaceChars", ("abc", "abc", "xy"), "xy", ""),
    ("string_contains", ("abc", "bc"), "true", XSD.boolean), ("string_startsWith", ("abc", "b"), "false", XSD.boolean),
    ("string_endsWith", ("abc", "c"), "true", XSD.boolean), ("string_indexOf", ("abab", "b"), "1", XSD.integer),
    ("string_lastIndexOf", ("abab", "b"), "3", XSD.integer), ("string_lastIndexOf", ("abab", "x"), "-1", XSD.integer),
    ("string_toString", ("1",), "1", ""), ("string_toNumber", ("1.50",), "1.5", XSD.decimal),
    ("string_toNumber", ("1e3",), "1000", XSD.decimal),
    ("string_toNumber", ("one",), None, XSD.decimal), ("escape", ("A&B", "html"), "A&amp;B", ""),
    ("escape", ("a b/é", "url"), "a%20b%2F%C3%A9", ""),
    ("escape", ('a"b', "csv"), '"a""b"', ""), ("escape", ('a"\n', "javascript"), 'a\\"\\n', ""),
    ("boolean_and", ("true", "1"), "true", XSD.boolean), ("boolean_or", ("false", "0"), "false", XSD.boolean),
    ("boolean_xor", ("true", "true"), "false", XSD.boolean), ("boolean_not", ("false",), "true", XSD.boolean),
    ("math_floor", ("-1.5",), "-2", XSD.integer), ("math_ceil", ("1.2",), "2", XSD.integer), ("math_round", ("2.5",), "3", XSD.integer),
    ("math_min", ("2", "1.5"), "1.5", XSD.decimal), ("math_max", ("2", "1.5"), "2", XSD.decimal),
    ("math_mod", ("7", "3"), "1", XSD.decimal),
    ("math_mod", ("7", "0"), None, XSD.decimal), ("math_pow", ("2", "0.5"), "1.4142135623730951", XSD.decimal),
    ("math_pow", ("-8", "0.5"), None, XSD.decimal), ("date_toDate", ("03/02/2020", "dd/MM/yyyy"), "2020-02-03", XSD.date),
    ("date_toDate", ("soon", "dd/MM/yyyy"), None, XSD.date),
])
def test_grel(name: str, arguments: tuple[str, ...], expected: str | None, datatype: object) -> None:
    assert called(GREL + name, *arguments) == ([expected, None], str(datatype))


@pytest.mark.parametrize(("name", "arguments", "expected"), [
    ("equal", ("a", "a"), "true"), ("notEqual", ("a", "a"), "false"), ("inRange", ("2", "1", "2"), "false"),
    ("inRange", ("1", "1", "2"), "true"),
    ("inRange", ("one", "1", "2"), "false"), ("trueCondition", ("TRUE", "x"), "x"), ("trueCondition", ("no", "x"), None),
    ("decide", ("a", "a", "yes"), "yes"), ("decide", ("a", "b", "yes"), None), ("toUpperCaseURL", ("www.a.org",), "http://WWW.A.ORG"),
    ("toUpperCaseURL", ("https://a.org",), "HTTPS://A.ORG"), ("slugify", ("Crème brûlée, twice!",), "creme-brulee-twice"),
    ("normalizeDate", ("2020.2.3", "yyyy.M.d"), "2020-02-03"),
    ("normalizeDateTime", ("20200203T040506", "yyyyMMdd'T'HHmmss"), "2020-02-03T04:05:06"),
])
def test_idlab(name: str, arguments: tuple[str, ...], expected: str | None) -> None:
    assert called(IDLAB + name, *arguments)[0] == [expected, None]


def test_missing_values_that_count() -> None:
    assert called(IDLAB + "isNull", "a") == (["false", "true"], str(XSD.boolean))
    assert called(GREL + "array_join", "-", "a", None, "b")[0] == ["a-b", None]
    assert called(GREL + "other_coalesce", None, "b", "c")[0] == ["b", None]
    assert called(GREL + "controls_if", "true", "yes", "no")[0] == ["yes", None]
    assert called(GREL + "controls_if", "false", "yes")[0] == [None, None]


def test_functions_of_nothing() -> None:
    assert called(IDLAB + "alwaysReturnsABC")[0] == ["ABC", "ABC"]
    made = called(IDLAB + "random")[0]
    assert len({uuid.UUID(one) for one in made}) == 2


def test_what_names_no_way_to_escape_is_told() -> None:
    with pytest.raises(MappingError, match="'latex'") as caught:
        called(GREL + "escape", "a", "latex")
    assert "html" in caught.value.way_out
    with pytest.raises(MappingError, match="'yyyyy'"):
        called(GREL + "date_toDate", "1", "yyyyy")


@given(TEXTS)
def test_escapes_are_undone(text: str) -> None:
    for mode in ("html", "xml", "url", "csv", "javascript"):
        escaped = called(GREL + "escape", text, mode)[0][0]
        assert called(GREL + "string_unescape", escaped, mode)[0][0] == text
    assert html.unescape(called(GREL + "escape", text, "html")[0][0] or "") == text
    assert unquote(called(GREL + "escape", text, "url")[0][0] or "") == text


@given(TEXTS)
def test_digests(text: str) -> None:
    assert called(GREL + "string_md5", text)[0][0] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert called(GREL + "string_sha1", text)[0][0] == hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def test_every_function_says_what_it_is_given() -> None:
    described = {iri: one for iri, one in FUNCTIONS.items() if iri.startswith((GREL, IDLAB))}
    assert len(described) > 40
    for one in described.values():
        assert one.outputs
        assert one.arity[0] <= one.arity[1] >= len(one.parameters)
        assert len(set(one.parameters)) == len(one.parameters)


def test_a_left_out_second_choice() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(["false"])], ["c"])
    options = Options()
    rows = Rows(Table("t", {"c": "c"}, None, Placement.of(CRS84, options), options, ""), batch, 0)
    call = Call(GREL + "controls_if", (Reference("c"), Constant("yes"), Constant("")))
    assert rows.text(call)[0].to_pylist() == [None]
