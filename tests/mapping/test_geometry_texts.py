"""Well-known text that is passed on unread: only what GEOS would write of it, and never what is no geometry."""

from __future__ import annotations

import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping.values import Placement, Shapes, read_texts, shapes_of_texts
from earthweave.mapping.values._wkt import written
from earthweave.ontology import CRS84

DIGITS = st.sampled_from([-1, 0, 1, 3, 7, 9, 16])
NUMBERS = st.one_of(
    st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 8)).map(lambda one: f"{one[0] / 10 ** one[1]:.{one[1]}f}"),
    st.floats(-1e9, 1e9).map(repr), st.sampled_from(["0", "-0", "1.0", "01", "1e3", "1.", ".5", "nan", "12345678.1234567", "99999999"]),
)  # fmt: skip
TIDY = st.tuples(st.integers(1, 99_999_999), st.integers(0, 9_999_999), st.sampled_from(["", "-"])).map(
    lambda one: f"{one[2]}{one[0]}.{one[1]:07}".rstrip("0").rstrip(".")
)
SPOILED = (
    (", ", ","), ("(", "(("), (")", ""), ("((", "( ("), (" (", "("), ("POLY", "poly"), ("N (", "N Z ("), (" ", "  "), ("1", ""), ("5", "x"),
)  # fmt: skip
MOST = "12345678.1234567 -12345678.1234567"
RING = "(150.25 -33.5, 151 -33.5, 151 -34, 150.25 -33.5)"
SURE = [
    "POINT (150.25 -33.5)", "LINESTRING (150.25 -33.5, 151 -34)", f"POLYGON ({RING})", f"MULTIPOLYGON (({RING}))",
    f"POLYGON (({MOST}, 151 -33, 151 -34, {MOST}))", f"LINESTRING ({MOST}, {MOST})",
]
DOUBTFUL = [
    "POLYGON ((150.25 -33.5, 151 -33.5, 151 -34, 150.25 -33.6))", "POLYGON ((50.25 -33.5, 151 -33.5, 151 -34, 150.25 -33.5))",
    "POLYGON ((150.25 -33.5, 151 -33.5, 150.25 -33.5))", f"MULTIPOLYGON ({RING})", f"POLYGON (({RING}))", "LINESTRING (150.25 -33.5)",
    "POINT (150.25 -33.50)", "POINT (150 -33.)", "POINT (1.5e2 3)", "POINT (0.5 1)", "POINT (150.25 -33.5) ", " POINT (150.25 -33.5)",
    "point (150.25 -33.5)", "POINT (150.25  -33.5)", "POINT(150.25 -33.5)", "POINT (150.12345678 3)", "POINT (123456789 3)",
    "POINT (1 2\n)", "POINT (150.25 -33.5)\n", "POINT (1 2 3)", "POINT EMPTY", "", "POINT (٣ ٤)",
]  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> str:
    number = draw(st.sampled_from([TIDY, NUMBERS]))
    point = st.tuples(number, number).map(" ".join)
    ring = draw(st.lists(point, min_size=1, max_size=5))
    ring = [*ring, ring[0]] if draw(st.booleans()) else ring
    kind = draw(st.sampled_from(["POINT ({})", "LINESTRING ({})", "POLYGON (({}))", "MULTIPOLYGON ((({})))", "MULTIPOINT ({})"]))
    text = kind.format(ring[0] if kind.startswith("POINT") else ", ".join(ring))
    return text.replace(*draw(st.sampled_from(SPOILED)), 1) if draw(st.booleans()) else text


COLUMNS = st.lists(st.one_of(st.none(), texts(), st.sampled_from(SURE)), max_size=8).map(lambda found: pa.array(found, pa.string()))


@given(COLUMNS, DIGITS)
def test_what_is_passed_on_is_what_geos_would_write(column: pa.Array, digits: int) -> None:
    found = [text for text, sure in zip(column.to_pylist(), written(column, digits), strict=True) if sure]
    assert shapely.to_wkt(shapely.from_wkt(found), rounding_precision=digits, trim=True).tolist() == found


@given(COLUMNS, st.integers(0, 4), st.sampled_from([-1, 3, 7]))
def test_texts_that_are_passed_on_and_others_agree_with_geometries_made_of_all(column: pa.Array, start: int, digits: int) -> None:
    column = column[start:]
    placement = Placement(CRS84, CRS84, False, digits, "")
    shapes, unread = shapes_of_texts(column, placement)
    geometries, bad = read_texts(column)
    slow = Shapes(geometries, placement)
    assert unread.tolist() == bad.tolist()
    assert shapes.wkt().to_pylist() == slow.wkt().to_pylist()
    assert shapes.wkb().to_pylist() == slow.wkb().to_pylist()
    assert shapely.to_wkb(shapes.geometries).tolist() == shapely.to_wkb(geometries).tolist()


@pytest.mark.parametrize("text", SURE)
def test_the_usual_forms_are_passed_on(text: str) -> None:
    assert written(pa.array([text, "POINT (1 2)" + " " * 40]), 7).tolist() == [True, False]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_other_texts_are_read(text: str) -> None:
    assert written(pa.array([text, SURE[2], None, text]), 7).tolist() == [False, True, False, False]


def test_more_decimals_than_are_asked_for_are_read_and_rounded() -> None:
    column = pa.array(["POINT (1.25 2)", "POINT (1.2 2)"])
    assert written(column, 1).tolist() == [False, True]
    assert shapes_of_texts(column, Placement(CRS84, CRS84, False, 1, ""))[0].wkt().to_pylist() == ["POINT (1.2 2)", "POINT (1.2 2)"]
