"""Functions on columns of ids: what they give, what they cannot evaluate, and what is told of it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import GEOF, UNIT, UOM
from earthweave.ontology.geometry import RELATIONS, relate
from earthweave.server.store.algebra import Context
from earthweave.server.store.snapshot import Term, iri, literal
from earthweave.server.store.spatial import aggregates, functions, shapes_of

from .conftest import WKT, Build, context_of, snapshot_of
from .shapes import either, shape
from .shapes import literal as written

GEOD = pyproj.Geod(ellps="WGS84")
LATLON = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
SQUARE = "POLYGON((10 45,11 45,11 46,10 46,10 45))"
SPLIT = "GEOMETRYCOLLECTION(POINT Z(1 2 3), LINESTRING(0 0,1 1))"
AREA, PERIMETER = (abs(number) for number in GEOD.geometry_area_perimeter(shapely.box(10, 45, 11, 46)))
METRE, KILOMETRE = iri(str(UOM.metre)), iri(str(UOM.kilometre))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context_of(snapshot_of(tmp_path_factory.mktemp("functions") / "snapshot", [':s :p "x" .']))


def term_of(argument: Any) -> Term:
    if isinstance(argument, Term):
        return argument
    if isinstance(argument, int | float):
        return literal(str(argument), "http://www.w3.org/2001/XMLSchema#" + ("integer" if isinstance(argument, int) else "double"))
    return literal(argument, WKT)


def call(context: Context, name: str, *arguments: Any) -> Any:
    """Value of a function on terms: a float, a text, or None."""
    context.tally.counts.clear()
    context.tally.samples.clear()
    context.tally.hints.clear()
    found = functions[str(GEOF) + name](context, *(np.array([context.terms.id(term_of(one))]) for one in arguments))[0]
    if found.dtype == np.float64:
        return None if np.isnan(found) else float(found)
    return None if found < 0 else context.terms.term(int(found)).text


@pytest.mark.parametrize(("name", "arguments", "wanted"), [
    ("area", (SQUARE, iri(str(UOM.squareMetre))), AREA), ("area", (SQUARE, iri(str(UNIT.HA))), AREA / 1e4), ("metricArea", (SQUARE,), AREA),
    ("length", (SQUARE, KILOMETRE), PERIMETER / 1000), ("perimeter", (SQUARE, METRE), PERIMETER), ("metricPerimeter", (SQUARE,), PERIMETER),
    ("distance", ("POINT(10 45)", "POINT(11 45)", KILOMETRE), GEOD.inv(10, 45, 11, 45)[2] / 1000),
    ("metricDistance", ("POINT(10 45)", SQUARE), 0), ("minX", (SQUARE,), 10), ("maxX", (SQUARE,), 11), ("minY", (SQUARE,), 45),
    ("maxY", (LATLON + "POINT(45 10)",), 45), ("minZ", (SPLIT,), 3), ("maxZ", ("LINESTRING Z(0 0 1, 1 1 5)",), 5),
])
def test_measures(context: Context, name: str, arguments: tuple[Any, ...], wanted: float) -> None:
    assert call(context, name, *arguments) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("name", "arguments", "wanted"), [
    ("envelope", ("LINESTRING(0 0,1 2)",), "POLYGON ((0 0, 1 0, 1 2, 0 2, 0 0))"),
    ("boundary", ("LINESTRING(0 0,1 2)",), "MULTIPOINT ((0 0), (1 2))"),
    ("centroid", ("LINESTRING(0 0,1 2)",), "POINT (0.5 1)"),
    ("convexHull", ("MULTIPOINT((0 0),(1 0),(0 1))",), "POLYGON ((0 0, 0 1, 1 0, 0 0))"),
    ("concaveHull", ("LINESTRING(0 0,1 0)",), "LINESTRING (0 0, 1 0)"), ("boundingCircle", ("POINT(3 4)",), "POINT (3 4)"),
    ("boundingCircle", ("LINESTRING(3 4,3 4)",), "POINT (3 4)"),
    ("intersection", ("LINESTRING(0 0,2 0)", "LINESTRING(1 0,3 0)"), "LINESTRING (1 0, 2 0)"),
    ("difference", ("POINT(1 1)", "POINT(1 1)"), "POINT EMPTY"), ("union", ("POINT(1 1)", "POINT(1 1)"), "POINT (1 1)"),
    ("symDifference", ("POINT(1 1)", "POINT(1 1)"), "POINT EMPTY"), ("geometryN", (SPLIT, 2), "LINESTRING (0 0, 1 1)"),
    ("transform", ("POINT(10 45)", iri(LATLON.strip("<> "))), LATLON + "POINT (45 10)"),
    ("getSRID", (LATLON + "POINT(10 45)",), LATLON.strip("<> ")), ("geometryType", (SQUARE,), "http://www.opengis.net/ont/sf#Polygon"),
    ("asWKT", (LATLON + "POINT(45 10)",), "POINT (10 45)"), ("asGeoJSON", ("POINT(10 45)",), '{"type":"Point","coordinates":[10.0,45.0]}'),
    ("relate", ("POINT(1 1)", "POINT(1 1)", literal("T*F**FFF*")), "true"),
    ("relate", ("POINT(1 1)", "POINT(1 2)", literal("sfTouches")), "false"),
    ("isEmpty", ("",), "true"), ("isSimple", ("LINESTRING(0 0,2 2,0 2,2 0)",), "false"),
    ("isValid", ("POLYGON((0 0,2 2,0 2,2 0,0 0))",), "false"), ("is3D", (SPLIT,), "true"), ("isMeasured", (SPLIT,), "false"),
    ("dimension", (SQUARE,), "2"), ("coordinateDimension", (SQUARE,), "2"), ("spatialDimension", (SPLIT,), "3"),
    ("numGeometries", (SPLIT,), "2"), ("sIntersects", (SQUARE, "POINT(10 45)"), "true"),
    ("sfDisjoint", (SQUARE, "POINT EMPTY"), "true"), ("sfEquals", ("POINT EMPTY", "LINESTRING EMPTY"), "true"),
])
def test_builders_and_questions(context: Context, name: str, arguments: tuple[Any, ...], wanted: str) -> None:
    assert call(context, name, *arguments) == wanted


@pytest.mark.parametrize(("name", "arguments", "wanted"), [
    ("distance", ("POINT(0 0)", "POINT(3 4)", iri(str(UOM.degree))), 5),
    ("distance", ("POINT(0 0)", SQUARE, iri(str(UNIT.DEG))), 2125**0.5),
    ("distance", ("POINT(0 0)", "POINT(3 4)", iri(str(UOM.radian))), np.radians(5)), ("length", (SQUARE, iri(str(UOM.degree))), 4),
    ("perimeter", (SQUARE, iri(str(UNIT.RAD))), np.radians(4)), ("distance", (LATLON + "POINT(45 10)", SQUARE, iri(str(UOM.degree))), 0),
])
def test_lengths_in_angles_are_planar_and_say_so(context: Context, name: str, arguments: tuple[Any, ...], wanted: float) -> None:
    assert call(context, name, *arguments) == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    (remark,) = context.tally.notices(empty=False)
    assert remark.code == "unit" and "planar" in remark.text


def test_each_row_has_a_unit_of_its_own(context: Context) -> None:
    one, other = (context.terms.id(literal(text, WKT)) for text in ("POINT(0 0)", "POINT(1 0)"))
    units = [context.terms.id(iri(name)) for name in (str(UOM.degree), str(UOM.metre), "http://e/parsec", str(UOM.kilometre))]
    found = functions[f"{GEOF}distance"](context, np.full(4, one), np.full(4, other), np.array(units))
    assert found == pytest.approx([1, 111_319.490793, np.nan, 111.319490793], nan_ok=True)


def test_buffers_in_angles_are_circles_in_the_plane(context: Context) -> None:
    for radius, unit in ((2, UOM.degree), (float(np.radians(2)), UOM.radian)):
        circle = shapely.from_wkt(call(context, "buffer", "POINT(10 60)", radius, iri(str(unit))))
        assert shapely.hausdorff_distance(circle, shapely.Point(10, 60).buffer(2, quad_segs=8)) < 1e-12


def test_buffers(context: Context) -> None:
    for name, radius in (("buffer", (1, KILOMETRE)), ("metricBuffer", (1000.0,))):
        circle = call(context, name, "POINT(10 45)", *radius)
        assert call(context, "metricArea", circle) == pytest.approx(np.pi * 1e6, rel=5e-3)


@pytest.mark.parametrize(("name", "arguments", "code", "said"), [
    ("distance", ("POINT(0 0)", "POINT(1 0)", iri(str(UOM.unity))), "unit", "not known here"),
    ("area", (SQUARE, iri(str(UOM.degree))), "unit", "an angle is no measure of this"),
    ("distance", ("POINT(0 0)", "POINT(1 0)", iri("http://e/parsec")), "unit", "not known here"),
    ("distance", ("POINT(0 0)", "POINT(1 0)"), "argument", "geof:distance takes 3 arguments, not 2"),
    ("metricArea", ("POINT(0 0",), "geometry", "not WKT"),
    ("metricArea", (literal("POINT(0 0)"),), "geometry", "XMLSchema#string is no geometry"),
    ("metricArea", (iri("http://e/a"),), "geometry", "not an IRI"), ("metricArea", (5,), "geometry", "XMLSchema#integer is no geometry"),
    ("isEmpty", ("<http://nowhere.example/crs> POINT(1 1)",), "geometry", "unknown coordinate"),
    ("isEmpty", (literal("CELL 1", "http://www.opengis.net/ont/geosparql#dggsLiteral"),), "geometry", "DGGS literals are not read yet"),
    ("buffer", (SQUARE, literal("wide"), METRE), "argument", "a number was expected"),
    ("relate", (SQUARE, SQUARE, literal("near")), "argument", "unknown relation near"),
    ("geometryN", (SQUARE, 2), "argument", "counts members from 1"), ("geometryN", (SQUARE, 0), "argument", "counts members from 1"),
    ("metricDistance", (SQUARE, "POINT EMPTY"), "geometry", "no such measure"),
    ("transform", (SQUARE, iri("http://www.opengis.net/def/crs/EPSG/0/0")), "argument", "unknown coordinate"),
    ("transform", ("POINT(105 0)", iri("http://www.opengis.net/def/crs/EPSG/0/32633")), "argument", "no coordinates for this place"),
    ("boundary", (SPLIT,), "geometry", "a GeometryCollection has no boundary here"),
    ("geometryN", (SQUARE, 10**19), "argument", "counts members from 1"),
    ("minX", ("POINT EMPTY",), "geometry", "no such coordinate"), ("sfWithin", (SQUARE, LATLON + "POINT(150 3)"), "geometry", "beyond 90"),
])
def test_what_fails_is_unbound_and_told(context: Context, name: str, arguments: tuple[Any, ...], code: str, said: str) -> None:
    assert call(context, name, *arguments) is None
    (remark,) = context.tally.notices(empty=False)
    assert remark.code == code
    assert said in remark.text


def test_failures_and_calls_are_counted_in_rows(context: Context) -> None:
    context.tally.counts.clear()
    context.tally.hints.clear()
    context.tally.calls.clear()
    bad, good = context.terms.id(literal("POINT(", WKT)), context.terms.id(literal(SQUARE, WKT))
    found = functions[str(GEOF) + "sfIntersects"](context, np.array([bad, good, bad, -1]), np.array([good, good, good, good]))
    assert [context.terms.term(one).text if one >= 0 else None for one in found.tolist()] == [None, "true", None, None]
    remarks = context.tally.notices(empty=True)
    assert "(2 times, e.g. POINT()" in remarks[0].text
    assert remarks[1] == ("no-rows", "the answer is empty; geof:sfIntersects 3 times; 2 of the calls failed")


@pytest.mark.parametrize("seed", range(4))
def test_every_relation_on_columns_is_the_kernels_on_each_pair(build: Build, seed: int) -> None:
    chance = random.Random(seed)
    known = dict(either(chance) for _ in range(25))
    stored = dict(list(known.items())[:15])
    context = context_of(build("\n".join(f':s :p "{text}"^^geo:wktLiteral .' for text in stored), order="strict"))
    ids, shapes = np.array([context.terms.id(literal(text, WKT)) for text in known]), list(known.values())
    left, right = (grid.ravel() for grid in np.meshgrid(np.arange(len(ids)), np.arange(len(ids))))
    for name in RELATIONS:
        found = functions[str(GEOF) + name](context, ids[left], ids[right])
        for i, j, one in zip(left.tolist(), right.tolist(), found.tolist(), strict=True):
            whole = shapes[i] is not None and shapes[j] is not None
            wanted = str(bool(relate(name, shapes[i], shapes[j]))).lower() if whole else None
            assert (context.terms.term(one).text if one >= 0 else None) == wanted, name


boxes = st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), *[st.integers(0, 20)] * 2, *[st.integers(1, 9)] * 2)


@given(st.lists(st.tuples(boxes, st.integers(0, 3)), max_size=12))
def test_aggregates_are_those_of_each_group(context: Context, members: list[tuple[shapely.Polygon, int]]) -> None:
    ids = context.terms.shape_ids(np.array([box for box, _ in members], dtype=object)) if members else np.empty(0, dtype=np.int64)
    groups = np.array([group for _, group in members], dtype=np.int64)
    kernels = {
        "aggUnion": shapely.union_all, "aggBoundingBox": lambda some: shapely.box(*shapely.total_bounds(some)),
        "aggConvexHull": lambda some: shapely.convex_hull(shapely.union_all(some)),
        "aggCentroid": lambda some: shapely.centroid(shapely.multipolygons(some)),
        "aggBoundingCircle": lambda some: shapely.minimum_bounding_circle(shapely.union_all(some)),
        "aggConcaveHull": lambda some: shapely.concave_hull(shapely.geometrycollections(some)),
    }
    for name, kernel in kernels.items():
        found = aggregates[str(GEOF) + name](context, ids, groups, 4)
        assert [one >= 0 for one in found.tolist()] == [bool((groups == group).any()) for group in range(4)]
        for group in np.unique(groups).tolist():
            (shape,) = shapes_of(found[group:group + 1], context)
            wanted = kernel([box for box, mine in members if mine == group])
            assert shapely.hausdorff_distance(shape, wanted) < 1e-6, name
            assert name == "aggCentroid" or shape.symmetric_difference(wanted).area < 1e-6, name


def test_a_value_that_is_no_geometry_fails_its_group_alone(context: Context) -> None:
    context.tally.counts.clear()
    ids = np.array([context.terms.id(term_of(one)) for one in ("POINT(1 1)", "POINT(", "POINT(2 2)", "POINT EMPTY")] + [-1])
    found = aggregates[str(GEOF) + "aggUnion"](context, ids, np.array([0, 1, 2, 2, 3]), 4)
    assert [context.terms.term(one).text if one >= 0 else None for one in found.tolist()] == ["POINT (1 1)", None, "POINT (2 2)", None]
    assert "cannot be read" in context.tally.notices(empty=False)[0].text


def test_aggregates_of_places_that_are_all_one_and_of_heights_here_and_there(context: Context) -> None:
    ids = np.array([context.terms.id(term_of(one)) for one in ("POINT(7 7)", LATLON + "POINT(7 7)", "POINT Z(1 1 5)", "POINT(2 2)")])
    for name, wanted in (("aggBoundingCircle", "POINT (7 7)"), ("aggUnion", "MULTIPOINT ((1 1), (2 2))")):
        found = aggregates[str(GEOF) + name](context, ids, np.array([0, 0, 1, 1]), 2)
        assert wanted in [context.terms.term(int(one)).text for one in found]


def test_written_literals_are_read_back(context: Context) -> None:
    chance = random.Random(5)
    for _ in range(50):
        known = shape(chance)
        (found,) = shapes_of(np.array([context.terms.id(literal(written(chance, known), WKT))]), context)
        assert found == known
