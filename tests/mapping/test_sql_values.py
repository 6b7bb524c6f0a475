"""SQL identifiers, declared types, and blobs of geometries, apart from any database."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping.sources._sql_blobs import mysql_wkb, wkb
from earthweave.mapping.sources._sql_names import Identifier, delimited, identifier, identifiers, matching
from earthweave.mapping.sources._sql_types import PLAIN_DECIMAL, arrow_type, padding, typed
from earthweave.mapping.values import lexical, lexical_form

NAMES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8)
SHAPES = ["POINT (1 2)", "LINESTRING (0 0, 1 1, 2 0)", "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))", "MULTIPOINT (0 0, 1 1)",
          "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
          "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))", "POINT Z (1 2 3)", "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))"]


@given(NAMES, st.sampled_from(['"', "`"]))
def test_what_is_put_between_delimiters_is_read_again(name: str, mark: str) -> None:
    assert identifier(delimited(name, mark)) == Identifier(name, True)


@given(NAMES, NAMES)
def test_a_delimited_schema_and_table_are_two_names(schema: str, table: str) -> None:
    assert identifiers(f"{delimited(schema)}.{delimited(table)}") == (Identifier(schema, True), Identifier(table, True))


@pytest.mark.parametrize("name,texts", [
    ("student", ["student"]), ("public.student", ["public", "student"]), ("a.b.c", ["a", "b", "c"]), ('"a.b".c', ["a.b", "c"]),
    ("[two words]", ["two words"]), ('x"; DROP TABLE y', ['x"; DROP TABLE y']),
])
def test_parts_of_a_table_name(name: str, texts: list[str]) -> None:
    assert [one.text for one in identifiers(name)] == texts


@pytest.mark.parametrize("name,sensitive,found", [
    ("ID", True, "id"), ('"ID"', True, "ID"), ("Name", True, "NAME"),
    ('"name"', True, None), ('"name"', False, "NAME"), ("other", True, None),
])
def test_a_name_means_the_folded_one_then_the_exact_one_then_the_only_one_alike(name: str, sensitive: bool, found: str | None) -> None:
    wanted = identifier(name)
    assert matching(wanted, ["ID", "id", "NAME"], wanted.text.lower(), sensitive) == found


@pytest.mark.parametrize("declared,kind", [
    ("INTEGER", pa.int64()), ("int(11)", pa.int64()), ("bigint(20) unsigned", pa.uint64()), ("BIGSERIAL", pa.int64()),
    ("real", pa.float64()),
    ("double precision", pa.float64()), ("FLOAT(24)", pa.float64()), ("NUMERIC(10,2)", pa.decimal128(10, 2)),
    ("decimal(50, 3)", pa.decimal256(50, 3)), ("numeric", pa.decimal256(76, 30)), ("boolean", pa.bool_()), ("DATE", pa.date32()),
    ("timestamp without time zone", pa.timestamp("us")), ("timestamp(3) with time zone", pa.timestamp("us", "UTC")),
    ("DATETIME", pa.timestamp("us")), ("time", pa.time64("us")), ("VARBINARY(200)", pa.binary()), ("bytea", pa.binary()),
    ("character varying(50)", pa.string()), ("CHAR(15)", pa.string()), ("", pa.string()), ("interval", pa.string()), ("uuid", pa.string()),
    ("point", pa.string()), ("integer[]", pa.string()),
])
def test_declared_types(declared: str, kind: Any) -> None:
    assert arrow_type(declared) == kind


@pytest.mark.parametrize("declared,width", [("CHAR(15)", 15), ("character(3)", 3), ("varchar(15)", 0), ("CHARACTER", 0)])
def test_only_fixed_texts_are_padded(declared: str, width: int) -> None:
    assert padding(declared) == width


@pytest.mark.parametrize("values,kind,read,bad", [
    (["1", "x", None, "9" * 30], pa.int64(), [1, None, None, None], [1, 3]),
    ([1, 2.0, "3", 2.5], pa.int64(), [1, 2, 3, None], [3]),
    (["t", "f", None], pa.bool_(), [True, False, None], []),
    ([1, "no", 2], pa.bool_(), [True, False, None], [2]),
    (["1.50", "NaN", 3], pa.decimal128(5, 2), [Decimal("1.50"), None, Decimal("3.00")], [1]),
    ([1, "a", b"b"], pa.string(), ["1", "a", "b"], []),
    (["12:30:00", "25:00:00"], pa.time64("us"), ["12:30:00", None], [1]),
    (["2020-02-30", "2020-02-29"], pa.date32(), [None, "2020-02-29"], [0]),
])
def test_values_that_do_not_fit_are_told(values: list[Any], kind: Any, read: list[Any], bad: list[int]) -> None:
    for given_values in (values, pa.array(values, pa.string()) if all(isinstance(one, str | None) for one in values) else values):
        array, wrong = typed(given_values, kind)
        shown = [str(one) if pa.types.is_temporal(kind) and one is not None else one for one in array.to_pylist()]
        assert array.type == kind and shown == read and list(wrong) == bad


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize("big", [False, True])
def test_a_geopackage_blob_is_its_wkb(text: str, big: bool) -> None:
    shape = shapely.from_wkt(text)
    head = b"GP\x00" + bytes([3]) + struct.pack("<i4d", 4326, 0, 1, 0, 1) if big else b"GP\x00" + bytes([1]) + struct.pack("<i", 4326)
    assert shapely.equals_exact(shapely.from_wkb(wkb(head + shapely.to_wkb(shape, flavor="iso"))), shape)


@pytest.mark.parametrize("text", SHAPES)
def test_a_spatialite_blob_is_its_wkb(text: str) -> None:
    shape = shapely.from_wkt(text)
    read = wkb(_spatialite(shape))
    assert shapely.equals_exact(shapely.from_wkb(read), shape)


def _spatialite(shape: Any) -> bytes:
    """A geometry as SpatiaLite stores it: WKB with another mark before every part of a collection."""
    head = b"\x00\x01" + struct.pack("<i4d", 4326, *shape.bounds) + b"\x7c"
    return head + _body(shape) + b"\xfe"


def _body(shape: Any) -> bytes:
    whole = bytes(shapely.to_wkb(shape, flavor="iso"))[1:]
    if not hasattr(shape, "geoms"):
        return whole
    return whole[:8] + b"".join(b"\x69" + _body(one) for one in shape.geoms)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_geometry_raise_nothing(blob: bytes) -> None:
    for start in (b"", b"GP\x00", b"\x00\x01"):
        assert isinstance(wkb(start + blob), bytes)


def test_no_geometry_stays_none() -> None:
    assert wkb(None) is None and mysql_wkb(None) is None


def test_mysql_puts_the_srid_before_the_wkb() -> None:
    shape = shapely.Point(1, 2)
    assert shapely.from_wkb(mysql_wkb(struct.pack("<I", 4326) + shapely.to_wkb(shape))) == shape


@given(st.lists(st.none() | st.decimals(-(10**45), 10**45, allow_nan=False, places=30) | st.integers(-99, 10**9).map(Decimal), max_size=6))
def test_decimals_without_a_scale_are_written_with_their_own_digits(values: list[Decimal | None]) -> None:
    column, bad = typed(pa.array([None if one is None else format(one, "f") for one in values], pa.string()), PLAIN_DECIMAL)
    texts = lexical(column)[0].to_pylist()
    assert not bad and [None if text is None else Decimal(text) for text in texts] == values
    assert not any(text.endswith((".", "0")) for text in texts if text and "." in text)
    assert [None if one is None else lexical_form(one).text for one in column.to_pylist()] == texts


def test_decimals_of_a_scale_keep_its_zeros() -> None:
    own, scaled = (typed(pa.array(["1.50", "10.00", "0.00"]), kind)[0] for kind in (PLAIN_DECIMAL, pa.decimal128(5, 2)))
    assert lexical(own)[0].to_pylist() == ["1.5", "10", "0"]
    assert lexical(scaled)[0].to_pylist() == ["1.50", "10.00", "0.00"]
