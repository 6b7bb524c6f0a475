"""Functions and aggregates of stSPARQL over a snapshot, against shapely on the same numbers."""

from __future__ import annotations

import random
from typing import Any

import pytest
import shapely

from earthweave.ontology import QueryError, UnknownFunctionError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate, parse
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

HEAD = """PREFIX : <http://e/> PREFIX strdf: <http://strdf.di.uoa.gr/ontology#> PREFIX postgis: <http://postgis.net/>
PREFIX ext: <http://strdf.di.uoa.gr/extensions/ontology#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
"""
CHANCE = random.Random(7)
TYPE = "http://strdf.di.uoa.gr/ontology#WKT"


def _shape(_number: int) -> Any:
    x, y, size = CHANCE.randrange(20), CHANCE.randrange(20), CHANCE.randrange(4)
    return shapely.box(x, y, x + size, y + size) if size else shapely.Point(x, y)


SHAPES = {f"http://e/s{number}": _shape(number) for number in range(24)}
PLACES = [";4326", ";<http://www.opengis.net/def/crs/EPSG/0/4326>", "", ";http://www.opengis.net/def/crs/EPSG/0/4326"]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    lines = [f'<{name}> <http://e/g> "{shape.wkt}{PLACES[place % 4]}"^^<{TYPE}> .' for place, (name, shape) in enumerate(SHAPES.items())]
    lines.append(f'<http://e/square> <http://e/h> "POLYGON((5e5 4e6, 501000 4e6, 501000 4001000, 5e5 4001000, 5e5 4e6));32633"^^<{TYPE}> .')
    builder = SnapshotBuilder(tmp_path_factory.mktemp("strdf") / "snapshot")
    builder.begin("shapes", AxisOrder.STRICT)
    for block in quads_of("\n".join(lines).encode(), "ntriples"):
        builder.add(block)
    assert builder.end().unreadable == 0
    return builder.finish()


def rows(snapshot: Snapshot, text: str) -> list[tuple[str, ...]]:
    result = evaluate(snapshot, parse(HEAD + text))
    found: list[tuple[str, ...]] = []
    for batch in result.batches():
        columns = [batch.column(name).tolist() for name in result.names]
        found += [tuple("" if one < 0 else result.context.terms.term(one).text for one in row) for row in zip(*columns, strict=True)]
    return sorted(found)


def one(snapshot: Snapshot, expression: str) -> str:
    return rows(snapshot, f"SELECT ({expression} AS ?x) {{}}")[0][0]


BOXES = {
    "mbbIntersects": lambda a, b: a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3],
    "mbbContains": lambda a, b: a[0] <= b[0] and a[1] <= b[1] and a[2] >= b[2] and a[3] >= b[3],
    "mbbWithin": lambda a, b: b[0] <= a[0] and b[1] <= a[1] and b[2] >= a[2] and b[3] >= a[3],
    "mbbEquals": lambda a, b: a == b,
    "left": lambda a, b: a[2] < b[0],
    "right": lambda a, b: a[0] > b[2],
    "above": lambda a, b: a[1] > b[3],
    "below": lambda a, b: a[3] < b[1],
}


@pytest.mark.parametrize("name", sorted(BOXES))
def test_relations_of_boxes(snapshot: Snapshot, name: str) -> None:
    wanted = sorted((a, b) for a, p in SHAPES.items() for b, q in SHAPES.items() if BOXES[name](p.bounds, q.bounds))
    assert rows(snapshot, f"SELECT ?a ?b {{ ?a :g ?p . ?b :g ?q FILTER(strdf:{name}(?p, ?q)) }}") == wanted
    box = shapely.box(5, 5, 12, 12)
    near = sorted((a,) for a, p in SHAPES.items() if BOXES[name](p.bounds, box.bounds))
    assert rows(snapshot, f'SELECT ?a {{ ?a :g ?p FILTER(strdf:{name}(?p, "{box.wkt}"^^strdf:WKT)) }}') == near


@pytest.mark.parametrize("name", ["equals", "disjoint", "intersects", "touches", "within", "contains", "overlaps", "crosses"])
def test_topological_relations_are_those_of_simple_features(snapshot: Snapshot, name: str) -> None:
    wanted = sorted((a, b) for a, p in SHAPES.items() for b, q in SHAPES.items() if getattr(shapely, name)(p, q))
    assert rows(snapshot, f"SELECT ?a ?b {{ ?a :g ?p . ?b :g ?q FILTER(strdf:{name}(?p, ?q)) }}") == wanted


def test_a_relation_of_strabon_goes_through_the_index(snapshot: Snapshot) -> None:
    result = evaluate(snapshot, parse(f'{HEAD} SELECT ?a {{ ?a :g ?p FILTER(strdf:intersects(?p, "POINT(3 3)"^^strdf:WKT)) }}'))
    assert "SpatialSeed" in _labels(result.operator)


def _labels(operator: object) -> str:
    inner = [value for value in vars(operator).values() if hasattr(value, "label") or isinstance(value, list | tuple)]
    flat = [one for value in inner for one in (value if isinstance(value, list | tuple) else [value])]
    return " ".join([type(operator).__name__, *(_labels(one) for one in flat if hasattr(one, "label"))])


def test_measures_without_a_unit_are_in_those_of_the_crs(snapshot: Snapshot) -> None:
    assert float(one(snapshot, 'strdf:distance("POINT(0 0)"^^strdf:WKT, "POINT(3 4)"^^strdf:WKT)')) == 5.0
    assert float(one(snapshot, 'strdf:area("POLYGON((0 0,2 0,2 2,0 2,0 0));4326"^^strdf:WKT)')) == 4.0
    assert one(snapshot, 'strdf:area("POINT EMPTY"^^strdf:WKT)') == "0.0"
    assert float(rows(snapshot, "SELECT (strdf:area(?g) AS ?a) { :square :h ?g }")[0][0]) == pytest.approx(1e6, abs=1)
    assert float(one(snapshot, 'strdf:distance("POINT(0 0)"^^strdf:WKT, "POINT(3 4)"^^strdf:WKT, uom:degree)')) == 5.0
    metres = one(snapshot, 'strdf:distance("POINT(0 0)"^^strdf:WKT, "POINT(1 0)"^^strdf:WKT, uom:metre)')
    assert float(metres) == pytest.approx(111_319.49, abs=0.01)


def test_properties(snapshot: Snapshot) -> None:
    square = ":square :h ?g"
    found = rows(snapshot, f"SELECT (strdf:srid(?g) AS ?a) (strdf:dimension(?g) AS ?b) (strdf:geometryType(?g) AS ?c) {{ {square} }}")
    assert found == [("http://www.opengis.net/def/crs/EPSG/0/32633", "2", "Polygon")]
    assert one(snapshot, 'strdf:asText("POINT(1 2);4326"^^strdf:WKT)') == "POINT (1 2)"
    assert one(snapshot, 'strdf:isEmpty("POINT EMPTY"^^strdf:WKT)') == "true"


def test_aggregates_by_the_number_of_arguments(snapshot: Snapshot) -> None:
    union, box = shapely.union_all(list(SHAPES.values())), shapely.box(*shapely.total_bounds(list(SHAPES.values())))
    found = rows(snapshot, "SELECT (strdf:union(?g) AS ?u) (strdf:extent(?g) AS ?e) (strdf:area(strdf:union(?g)) AS ?a) { ?s :g ?g }")
    assert len(found) == 1
    assert shapely.equals(shapely.from_wkt(found[0][0]), union)
    assert shapely.equals(shapely.from_wkt(found[0][1]), box)
    assert float(found[0][2]) == pytest.approx(union.area)
    pair = rows(snapshot, "SELECT (strdf:union(?p, ?q) AS ?u) { :s1 :g ?p . :s2 :g ?q }")
    assert shapely.equals(shapely.from_wkt(pair[0][0]), shapely.union(SHAPES["http://e/s1"], SHAPES["http://e/s2"]))


def test_intersection_of_a_group_and_having(snapshot: Snapshot) -> None:
    squares = '"POLYGON((0 0,3 0,3 3,0 3,0 0))"^^strdf:WKT "POLYGON((1 1,5 1,5 5,1 5,1 1))"^^strdf:WKT'
    common = rows(snapshot, f"SELECT (strdf:intersection(?g) AS ?i) {{ VALUES ?g {{ {squares} }} }}")
    assert shapely.equals(shapely.from_wkt(common[0][0]), shapely.box(1, 1, 3, 3))
    large = rows(snapshot, "SELECT ?s { ?s :g ?g } GROUP BY ?s HAVING(strdf:area(strdf:union(?g)) > 3)")
    assert large == sorted((name,) for name, shape in SHAPES.items() if shape.area > 3)


def test_lines_are_made_of_points(snapshot: Snapshot) -> None:
    two = one(snapshot, 'postgis:ST_MakeLine("POINT(0 0)"^^strdf:WKT, "POINT(1 1)"^^strdf:WKT)')
    assert two == "LINESTRING (0 0, 1 1)"
    assert one(snapshot, 'postgis:ST_Centroid("POLYGON((0 0,2 0,2 2,0 2,0 0))"^^strdf:WKT)') == "POINT (1 1)"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('ext:diffDateTime("2012-01-01T00:00:01"^^xsd:dateTime, "2012-01-01T00:00:00Z"^^xsd:dateTime)', "1000"),
        ('ext:diffTime("10:00:00"^^xsd:time, "10:00:01.5"^^xsd:time)', "-1500"),
        ('ext:AddDateTime("2012-12-31T23:59:00Z"^^xsd:dateTime, 2)', "2013-01-01T00:01:00Z"),
        ('<http://example.org/custom-function/addDateTime>("2012-03-01T00:00:00.25"^^xsd:dateTime, -1440)', "2012-02-29T00:00:00.25"),
        ('ext:AddDateTime("2012-12-31T23:59:00Z"^^xsd:dateTime, 1.5)', ""),
        ('ext:AddDateTime("2012-12-31T23:59:00Z"^^xsd:dateTime, "x")', ""),
        ('ext:AddDateTime("2012-12-31T23:59:00Z"^^xsd:dateTime, 1e300)', ""),
        ('ext:AddDateTime("[2012-01-01T00:00:00,UC)"^^strdf:period, 1)', ""),
        ('strdf:period_start("(2012-01-01T00:00:00,UC)"^^strdf:period)', "2012-01-01T00:00:00"),
        ('strdf:period_end("[2012-01-01T00:00:00,2013-01-01T00:00:00]"^^strdf:period)', "2013-01-01T00:00:00"),
        ('strdf:period_end("[2012-01-01T00:00:00,UC)"^^strdf:period)', ""),
        ('strdf:during("2012-01-01T00:00:00"^^xsd:dateTime, "[2012-01-01T00:00:00,NOW)"^^strdf:period)', "true"),
        ('strdf:before("x"^^strdf:period, "2012-01-01T00:00:00"^^xsd:dateTime)', ""),
        ('strdf:period("2012-01-01T00:00:00"^^xsd:dateTime, "2013-01-01T00:00:00"^^xsd:dateTime)',
         "[2012-01-01T00:00:00,2013-01-01T00:00:00)"),
    ],
)
def test_functions_of_time(snapshot: Snapshot, expression: str, value: str) -> None:
    assert one(snapshot, expression) == value


def test_an_unknown_function_is_told_with_the_nearest_one(snapshot: Snapshot) -> None:
    with pytest.raises(UnknownFunctionError) as caught:
        rows(snapshot, "SELECT (strdf:unoin(?g) AS ?u) { ?s :g ?g }")
    assert "strdf:union" in str(caught.value.way_out)


@pytest.mark.parametrize(
    ("name", "why"),
    [("ext:SimilarTerm", "computes nothing"), ("strdf:similarTerm", "computes nothing"),
     ("<http://www.opengis.net/def/function/geosparql/asDGGS>", "DGGS is not offered")],
)
def test_a_function_that_is_not_offered_says_why(snapshot: Snapshot, name: str, why: str) -> None:
    with pytest.raises(UnknownFunctionError, match=why) as caught:
        rows(snapshot, f"SELECT ({name}(1, 2) AS ?u) {{}}")
    assert caught.value.way_out


def test_an_aggregate_of_one_argument_is_none_where_there_is_no_group(snapshot: Snapshot) -> None:
    with pytest.raises(QueryError):
        rows(snapshot, "SELECT ?s { ?s :g ?g FILTER(strdf:union(?g)) }")
