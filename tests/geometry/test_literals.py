"""Literals to geometries and back: axis order, proof, caps, problems one by one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import CRS84, EPSG4326, Crs, CrsError, GeometryError
from earthweave.ontology.geometry import MAX_NESTING, AxisOrder, prove_axis, read_wkt, reproject, split_crs, write_literals, write_wkt

LATLON = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
UTM = Crs("EPSG", "32633")
longitudes = st.floats(-180, 180, allow_subnormal=False)
latitudes = st.floats(-90, 90, allow_subnormal=False)
points = st.builds(shapely.Point, longitudes, latitudes)
lines = st.lists(st.tuples(longitudes, latitudes), min_size=2, max_size=6).map(shapely.LineString)
boxes = st.tuples(longitudes, latitudes, longitudes, latitudes).map(
    lambda b: shapely.box(min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])))
shapes = st.one_of(points, lines, boxes, st.lists(boxes, max_size=3).map(shapely.MultiPolygon), st.just(shapely.Polygon()))


@given(st.lists(shapes, max_size=5), st.sampled_from([CRS84, EPSG4326]))
def test_writing_then_reading_gives_the_same_coordinates(geometries: list[shapely.Geometry], crs: Crs) -> None:
    column = read_wkt(write_wkt(geometries, crs))
    assert not column.problems
    assert len(column.geometries) == len(geometries)
    assert all(shapely.equals_identical(a, b) for a, b in zip(column.geometries, geometries, strict=True))


@given(st.floats(12, 18), st.floats(-70, 70))
def test_a_projected_literal_comes_back_within_a_millimetre(longitude: float, latitude: float) -> None:
    literal = write_wkt([shapely.Point(longitude, latitude)], UTM)[0]
    assert literal.startswith(f"<{UTM.iri}> POINT (")
    found = read_wkt([literal]).geometries[0]
    assert found.x == pytest.approx(longitude, abs=1e-8)
    assert found.y == pytest.approx(latitude, abs=1e-8)


def test_axis_order_follows_the_iri() -> None:
    named = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(150.8 -33.7)"
    column = read_wkt(["POINT(150.8 -33.7)", LATLON + "POINT(-33.7 150.8)", named])
    assert [geometry.coords[0] for geometry in column.geometries] == [(150.8, -33.7)] * 3


def test_northing_first_projections_are_turned_too() -> None:
    laea = "<http://www.opengis.net/def/crs/EPSG/0/3035> POINT(3210000 4321000)"
    strict, forced = (read_wkt([laea], order).geometries[0] for order in (AxisOrder.STRICT, AxisOrder.LONLAT))
    assert strict.coords[0] == pytest.approx((10, 52), abs=1e-6)
    assert forced.coords[0] != pytest.approx((10, 52), abs=1)


@pytest.mark.parametrize(("code", "written", "place"), [
    (3031, "POINT (0 1638783.238)", (0, -75)), (3413, "POINT (1151276.506 -1151276.506)", (0, 75)),
    (5041, "POINT (2000000 1444542.609)", (0, 85)), (32661, "POINT (1444542.609 2000000)", (0, 85)),
])
def test_polar_projections_are_read_as_their_axes_are_named(code: int, written: str, place: tuple[float, float]) -> None:
    literal = f"<http://www.opengis.net/def/crs/EPSG/0/{code}> {written}"
    assert read_wkt([literal]).geometries[0].coords[0] == pytest.approx(place, abs=0.1)


def test_a_crs_without_a_way_to_degrees_spoils_its_own_literals_alone() -> None:
    column = read_wkt(["<http://www.opengis.net/def/crs/EPSG/0/2218> POINT(1000 2000)", "POINT(1 2)"])
    assert column.geometries[1].coords[0] == (1, 2)
    assert [(one.index, one.reason) for one in column.problems] == [(0, "no way from EPSG:2218 to OGC:CRS84")]


def test_z_is_kept() -> None:
    assert read_wkt([LATLON + "POINT Z (-33.7 150.8 12)"]).geometries[0].coords[0] == (150.8, -33.7, 12.0)


def test_lonlat_reads_the_tutorials_literals() -> None:
    literal = "<http://www.opengis.net/def/crs/EPSG/0/4326>\n MULTIPOLYGON (((150.8 -33.7, 150.9 -33.7, 150.9 -33.6, 150.8 -33.7)))"
    assert read_wkt([literal], AxisOrder.LONLAT).geometries[0].bounds == (150.8, -33.7, 150.9, -33.6)
    strict = read_wkt([literal])
    assert strict.geometries[0] is None
    assert "beyond 90" in strict.problems[0].reason


PROVING, DOUBTFUL, DENYING = LATLON + "POINT(150 -33)", LATLON + "POINT(11 45)", LATLON + "POINT(-33 150)"


@pytest.mark.parametrize(("literals", "order"), [
    ([], "strict"), ([DOUBTFUL], "strict"), ([PROVING], "lonlat"), ([DOUBTFUL, PROVING], "lonlat"), ([PROVING, DENYING], "strict"),
    ([DENYING], "strict"), (["POINT(150 -33)"], "strict"),
    (["<http://www.opengis.net/def/crs/EPSG/0/32633> POINT(500000 5000000)"], "strict"),
])
def test_proof_needs_a_latitude_beyond_90_and_no_contradiction(literals: list[str], order: str) -> None:
    assert prove_axis(literals).order == order
    halves = prove_axis(literals[:1]) + prove_axis(literals[1:])
    assert halves == prove_axis(literals)


def test_auto_applies_the_verdict_to_all() -> None:
    assert [g.x for g in read_wkt([DOUBTFUL, PROVING], AxisOrder.AUTO).geometries] == [11, 150]
    column = read_wkt([DOUBTFUL, PROVING, DENYING], AxisOrder.AUTO)
    assert column.geometries[0].x == 45
    assert [problem.index for problem in column.problems] == [1]


@given(st.lists(st.tuples(longitudes, latitudes), min_size=1, max_size=8))
def test_strict_data_is_never_turned(places: list[tuple[float, float]]) -> None:
    literals = write_wkt([shapely.Point(*place) for place in places], EPSG4326)
    found = read_wkt(literals, AxisOrder.AUTO).geometries
    assert [geometry.coords[0] for geometry in found] == places


@pytest.mark.parametrize(("literal", "reason"), [
    ("POINT(1", "not WKT"), ("PINT(1 2)", "not WKT"), ("POINT(nan 1)", "finite"), ("POINT(1e400 1)", "finite"),
    ("(" * (MAX_NESTING + 1), "nested"), ("GEOMETRYCOLLECTION(" * 200_000 + ")" * 200_000, "nested"),
    ("<http://www.opengis.net/def/crs/EPSG/0/999999> POINT(1 2)", "unknown"), ("POINT(1 91)", "latitude"), ("POINT(400 1)", "longitude"),
    ("SRID=4326;POINT(1 2)", "not WKT"), ("CIRCULARSTRING(0 0, 1 1, 2 0)", "curves are not read: CIRCULARSTRING"),
    ("GEOMETRYCOLLECTION(POINT(1 2), CurvePolygon((0 0, 1 0, 1 1, 0 0)))", "curves are not read: CURVEPOLYGON"),
    ("MULTISURFACE(((0 0, 1 0, 1 1, 0 0)))", "curves are not read"), ("CURV" * 50_000, "not WKT"),
    ("<http://www.opengis.net/def/crs/EPSG/0/5703> POINT(1 2)", "heights only"),
])
def test_problems_come_one_by_one(literal: str, reason: str) -> None:
    column = read_wkt(["POINT(1 2)", literal, "POINT(3 4)"])
    assert [geometry is None for geometry in column.geometries] == [False, True, False]
    assert [problem.index for problem in column.problems] == [1]
    assert reason in column.problems[0].reason


@given(st.text(max_size=60) | st.text(alphabet="POINTLYGSR(),. 0123456789<>-e", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    column = read_wkt([text])
    assert (column.geometries[0] is None) == (len(column.problems) == 1)


def test_empty_literals_and_lists() -> None:
    assert read_wkt([""]).geometries[0].is_empty
    assert read_wkt([LATLON]).geometries[0].is_empty
    assert len(read_wkt([]).geometries) == 0
    assert write_wkt([]) == []


def test_split_names_the_crs() -> None:
    assert split_crs("POINT(1 2)") == (CRS84, "POINT(1 2)")
    assert split_crs(LATLON + " POINT(1 2)") == (EPSG4326, "POINT(1 2)")
    with pytest.raises(CrsError):
        split_crs("<http://example.org/nowhere> POINT(1 2)")


@given(st.lists(st.tuples(st.floats(9, 21), latitudes.filter(lambda y: abs(y) < 80)), min_size=1, max_size=5))
def test_reprojection_there_and_back(places: list[tuple[float, float]]) -> None:
    geometries = np.array([shapely.Point(*place) for place in places])
    back = reproject(reproject(geometries, CRS84, UTM), UTM, CRS84)
    assert shapely.get_coordinates(back) == pytest.approx(shapely.get_coordinates(geometries), abs=1e-7)


def test_where_a_projection_has_no_coordinates_nothing_is_written() -> None:
    for write in (write_wkt, lambda some, crs: write_literals(some, "gml", crs)):
        with pytest.raises(GeometryError, match="EPSG:32633 has no coordinates for this place"):
            write([shapely.Point(105, 0)], UTM)


def test_measures_are_written_too() -> None:
    (text,) = write_wkt([shapely.from_wkt("POINT ZM (10 45 3 4)")], EPSG4326)
    assert text == LATLON + "POINT ZM (45 10 3 4)"
