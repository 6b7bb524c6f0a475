"""Geometry functions in queries: axis policy, relations, measures, and answers that explain themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import GEO, GEOF, Crs, QueryError
from earthweave.ontology.geometry import RELATIONS, AxisOrder, relate, write_wkt
from earthweave.server.store import Answer, Store, open_store
from earthweave.server.workflows import tutorial_query

Rows = Callable[[str], list[tuple[str | None, ...]]]
Ask = Callable[[str], Answer]
Write = Callable[..., Path]
LATLON = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
FLOOD = LATLON + "MULTIPOLYGON(((150.80 -33.70, 150.90 -33.70, 150.90 -33.60, 150.80 -33.60, 150.80 -33.70)))"
UNIT = "POLYGON ((150.85 -33.65, 151.00 -33.65, 151.00 -33.50, 150.85 -33.50, 150.85 -33.65))"
FAR = "POLYGON ((10 45, 11 45, 11 46, 10 46, 10 45))"
TUTORIAL_2A = tutorial_query("query-2a")


def tutorial(flood: str = FLOOD) -> str:
    return f"""
<http://ai.di.uoa.gr/flood/flood_levels/id/1> flo:has_floodLevel 7 ; geo:hasGeometry :fg . :fg geo:asWKT "{flood}"^^geo:wktLiteral .
gadmr:1 a gadmr:AdministrativeUnit ; gadmo:hasName "Hawkesbury"@en ; gadmo:hasNationalLevel "3rdOrder" ; geo:hasGeometry :g1 .
:g1 geo:asWKT "{UNIT}"^^geo:wktLiteral .
gadmr:2 a gadmr:AdministrativeUnit ; gadmo:hasName "Padova"@it ; gadmo:hasNationalLevel "3rdOrder" ; geo:hasGeometry :g2 .
:g2 geo:asWKT "{FAR}"^^geo:wktLiteral .
"""


def test_the_tutorials_query_as_printed_on_the_tutorials_literals(store: Store, turtle: Write, ask: Ask) -> None:
    file = store.load([turtle(tutorial())]).files[0]
    assert (file.axis_order, file.proof, file.geometries, file.unreadable) == ("lonlat", FLOOD[:119] + "…", 3, 0)
    answer = ask(TUTORIAL_2A)
    assert [row["name"]["value"] for row in answer.table.to_pylist()] == ["Hawkesbury"]
    assert [notice.code for notice in answer.notices] == ["alias"]


def test_strict_reading_finds_nothing_and_says_why(store: Store, turtle: Write, ask: Ask) -> None:
    file = store.load([turtle(tutorial())], axis_order=AxisOrder.STRICT).files[0]
    assert (file.axis_order, file.unreadable) == ("strict", 1)
    assert "beyond 90" in file.problems[0]
    answer = ask(TUTORIAL_2A)
    assert answer.table.num_rows == 0
    assert [notice.code for notice in answer.notices] == ["alias", "geometry", "no-rows", "filter", "geometry"]
    call, _, step, literals = (notice.text for notice in answer.notices[1:])
    assert "beyond 90" in call
    assert "2 times" in call
    assert re.match(r"\d solutions came to this step, and none passed: .*sfIntersects", step)
    assert literals.startswith("1 of 3 geometry literals cannot be read and meet nothing: latitude 150.9 is beyond 90")


def test_true_latitude_first_data_is_read_so(store: Store, turtle: Write, ask: Ask) -> None:
    literal = write_wkt([shapely.from_wkt(FLOOD.removeprefix(LATLON))], Crs("EPSG", "4326"))[0]
    assert store.load([turtle(tutorial(literal))]).files[0].axis_order == "strict"
    assert ask(TUTORIAL_2A).table.num_rows == 1


def test_each_source_is_judged_alone(store: Store, turtle: Write, rows: Rows) -> None:
    proving = turtle(f':a geo:asWKT "{LATLON}POINT(150 -33)"^^geo:wktLiteral, "{LATLON}POINT(10 45)"^^geo:wktLiteral .', "a.ttl")
    other = turtle(f':b geo:asWKT "{LATLON}POINT(20 45)"^^geo:wktLiteral .', "b.ttl")
    both = turtle(f':c geo:asWKT "{LATLON}POINT(150 -30)"^^geo:wktLiteral, "{LATLON}POINT(-30 150)"^^geo:wktLiteral .', "c.ttl")
    files = store.load([proving, other, both]).files
    assert [file.axis_order for file in files] == ["lonlat", "strict", "strict"]
    assert files[2].contradiction == LATLON + "POINT(-30 150)"
    found = rows("SELECT ?s ?w { ?s geo:asWKT ?g BIND(geof:asWKT(?g) AS ?w) }")
    wanted = [("a", "POINT (10 45)"), ("a", "POINT (150 -33)"), ("b", "POINT (45 20)"), ("c", "POINT (150 -30)"), ("c", None)]
    assert [(str(s)[-1], w) for s, w in found] == wanted


def test_a_proof_turns_no_eastings_and_northings(store: Store, turtle: Write, rows: Rows, ask: Ask) -> None:
    """EPSG:3035 writes northing first, and data beside it that gets EPSG:4326 wrong says nothing about that."""
    laea = "<http://www.opengis.net/def/crs/EPSG/0/3035> POINT(3210000 4321000)"
    file = turtle(f':a geo:asWKT "{LATLON}POINT(150 -33)"^^geo:wktLiteral . :b geo:asWKT "{laea}"^^geo:wktLiteral .')
    report = store.load([file]).files[0]
    assert (report.axis_order, report.unreadable) == ("lonlat", 0)
    text = "SELECT ?d { :b geo:asWKT ?w BIND(geof:metricDistance(?w, 'POINT(10 52)'^^geo:wktLiteral) AS ?d) }"
    assert float(rows(text)[0][0] or "nan") == pytest.approx(0, abs=0.01)
    assert ask("SELECT ?w { :b geo:asWKT ?w }").lonlat == {}
    assert ask("SELECT ?w { :a geo:asWKT ?w }").lonlat == {"w": (0,)}


def test_lonlat_may_be_forced_and_answers_carry_it(store: Store, turtle: Write, ask: Ask) -> None:
    data = turtle(f':a geo:asWKT "{LATLON}POINT(10 45)"^^geo:wktLiteral . :b geo:asWKT "POINT(1 2)"^^geo:wktLiteral .')
    store.load([data], axis_order=AxisOrder.LONLAT)
    answer = ask("SELECT ?s ?w { ?s geo:asWKT ?w } ORDER BY ?s")
    assert answer.lonlat == {"w": (0,)}
    assert [geometry.coords[0] for geometry in answer.geometry("w").geometries] == [(10, 45), (1, 2)]


def test_constants_are_strict(store: Store, turtle: Write, ask: Ask) -> None:
    store.load([turtle(tutorial())])
    pattern = "ASK { ?s geo:asWKT ?w FILTER(geof:sfIntersects(?w, '%s'^^geo:wktLiteral)) }"
    assert ask(pattern % (LATLON + "POINT(-33.65 150.85)")).boolean is True
    assert ask(pattern % "POINT(150.85 -33.65)").boolean is True
    refused = ask(pattern % (LATLON + "POINT(150.85 -33.65)"))
    assert refused.boolean is False
    assert "beyond 90" in refused.notices[0].text


def test_a_verdict_outlives_updates_and_backups(store: Store, turtle: Write, ask: Ask, tmp_path: Path) -> None:
    store.load([turtle(tutorial())])
    store.update("INSERT DATA { <http://e/a> <http://e/p> 1 }")
    store.load([turtle(":x :y :z .", "more.ttl")])
    store.backup(tmp_path / "kept")
    assert ask(TUTORIAL_2A).table.num_rows == 1
    with open_store(tmp_path / "kept") as kept:
        assert len(kept.query("SELECT * { ?s <http://www.opengis.net/ont/geosparql#asWKT> ?w }").lonlat["w"]) == 1


numbers = st.integers(0, 3)
boxes = st.tuples(numbers, numbers, st.integers(1, 2), st.integers(1, 2)).map(lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3]))
corners = st.tuples(numbers, numbers)
lines = st.lists(corners, min_size=2, max_size=3, unique=True).map(shapely.LineString)
shapes = st.one_of(corners.map(shapely.Point), boxes, lines)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(shapes, min_size=3, max_size=6))
def test_every_relation_agrees_with_the_kernel(store: Store, geometries: list[shapely.Geometry]) -> None:
    triples = "".join(f'<http://e/{i}> <http://e/w> "{literal}"^^<{GEO.wktLiteral}> .' for i, literal in enumerate(write_wkt(geometries)))
    store.update("CLEAR ALL ; INSERT DATA {" + triples + "}")
    for name in RELATIONS:
        text = f"SELECT ?a ?b {{ ?a <http://e/w> ?v . ?b <http://e/w> ?w FILTER(<{GEOF}{name}>(?v, ?w)) }}"
        found = {(row["a"]["value"][-1], row["b"]["value"][-1]) for row in store.query(text).table.to_pylist()}
        wanted = {(str(i), str(j)) for i, a in enumerate(geometries) for j, b in enumerate(geometries) if relate(name, a, b)}
        assert found == wanted, name


def value(answer: Answer) -> str | None:
    cell = answer.table.column(0).to_pylist()[0]
    return cell["value"] if cell else None


GEOD = pyproj.Geod(ellps="WGS84")
SQUARE = "'POLYGON((10 45,11 45,11 46,10 46,10 45))'^^geo:wktLiteral"
AREA, PERIMETER = (abs(x) for x in GEOD.geometry_area_perimeter(shapely.box(10, 45, 11, 46)))
METRES = GEOD.inv(10, 45, 11, 45)[2]


@pytest.mark.parametrize(("call", "wanted"), [
    ("geof:distance('POINT(10 45)'^^geo:wktLiteral, 'POINT(11 45)'^^geo:wktLiteral, uom:metre)", METRES),
    ("geof:distance('POINT(10 45)'^^geo:wktLiteral, 'POINT(11 45)'^^geo:wktLiteral, uom:kilometre)", METRES / 1000),
    ("geof:metricDistance('POINT(10 45)'^^geo:wktLiteral, 'POINT(11 45)'^^geo:wktLiteral)", METRES),
    (f"geof:area({SQUARE}, uom:squareMetre)", AREA), (f"geof:area({SQUARE}, unit:HA)", AREA / 1e4), (f"geof:metricArea({SQUARE})", AREA),
    (f"geof:length({SQUARE}, uom:metre)", PERIMETER), (f"geof:metricLength({SQUARE})", PERIMETER),
    (f"geof:metricArea(geof:buffer({SQUARE}, 0, uom:metre))", AREA),
    ("geof:metricArea(geof:buffer('POINT(10 45)'^^geo:wktLiteral, 1, uom:kilometre))", 3.14159e6),
    (f"geof:dimension({SQUARE})", 2), (f"geof:coordinateDimension({SQUARE})", 2), (f"geof:numGeometries({SQUARE})", 1),
    (f"geof:metricArea(geof:union({SQUARE}, {SQUARE}))", AREA),
    (f"geof:metricArea(geof:difference({SQUARE}, {SQUARE}))", 0), (f"geof:metricArea(geof:symDifference({SQUARE}, {SQUARE}))", 0),
])
def test_measures(compute: Ask, call: str, wanted: float) -> None:
    assert float(value(compute(f"SELECT ({call} AS ?x) {{}}")) or "nan") == pytest.approx(wanted, rel=5e-3 if "buffer" in call else 1e-9)


@pytest.mark.parametrize(("call", "wanted"), [
    ("geof:asWKT(geof:envelope('LINESTRING(0 0,1 2)'^^geo:wktLiteral))", "POLYGON ((0 0, 1 0, 1 2, 0 2, 0 0))"),
    ("geof:boundary('LINESTRING(0 0,1 2)'^^geo:wktLiteral)", "MULTIPOINT ((0 0), (1 2))"),
    ("geof:centroid('LINESTRING(0 0,1 2)'^^geo:wktLiteral)", "POINT (0.5 1)"),
    ("geof:convexHull('MULTIPOINT((0 0),(1 0),(0 1))'^^geo:wktLiteral)", "POLYGON ((0 0, 0 1, 1 0, 0 0))"),
    ("geof:intersection('LINESTRING(0 0,2 0)'^^geo:wktLiteral, 'LINESTRING(1 0,3 0)'^^geo:wktLiteral)", "LINESTRING (1 0, 2 0)"),
    ("geof:transform('POINT(10 45)'^^geo:wktLiteral, <http://www.opengis.net/def/crs/EPSG/0/4326>)", LATLON + "POINT (45 10)"),
    ("geof:getSRID('POINT(10 45)'^^geo:wktLiteral)", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
    (f"geof:getSRID('{LATLON}POINT(10 45)'^^geo:wktLiteral)", "http://www.opengis.net/def/crs/EPSG/0/4326"),
    ("geof:geometryType('POINT(10 45)'^^geo:wktLiteral)", "http://www.opengis.net/ont/sf#Point"),
    ("geof:relate('POINT(1 1)'^^geo:wktLiteral, 'POINT(1 1)'^^geo:wktLiteral, 'T*F**FFF*')", "true"),
    ("geof:isEmpty(''^^geo:wktLiteral)", "true"), ("geof:isSimple('LINESTRING(0 0,2 2,0 2,2 0)'^^geo:wktLiteral)", "false"),
    ("geof:asGeoJSON('POINT(10 45)'^^geo:wktLiteral)", '{"type":"Point","coordinates":[10.0,45.0]}'),
])
def test_builders_and_questions(compute: Ask, call: str, wanted: str) -> None:
    assert value(compute(f"SELECT ({call} AS ?x) {{}}")) == wanted


CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GML = "<Point xmlns='http://www.opengis.net/gml/3.2' srsName='{}'><pos>{}</pos></Point>"


@pytest.mark.parametrize(("text", "datatype"), [
    ("POINT(10 45)", GEO.wktLiteral), (LATLON + "POINT(45 10)", GEO.wktLiteral), ("POINT(10 45)", "http://strdf.di.uoa.gr/ontology#WKT"),
    ("{'type':'Point','coordinates':[10,45]}".replace("'", r'\"'), GEO.geoJSONLiteral),
    ("<Point><coordinates>10,45</coordinates></Point>", GEO.kmlLiteral),
    (GML.format(CRS84, "10 45"), GEO.gmlLiteral), (GML.format("urn:ogc:def:crs:EPSG::4326", "45 10"), GEO.gmlLiteral),
])
def test_every_serialisation_is_read(store: Store, turtle: Write, rows: Rows, compute: Ask, text: str, datatype: object) -> None:
    literal = f'"{text}"^^<{datatype}>'
    found = compute(f"SELECT (geof:metricDistance({literal}, 'POINT(10 45)'^^geo:wktLiteral) AS ?x) {{}}")
    assert float(value(found) or "nan") == 0.0
    assert store.load([turtle(f":a geo:hasSerialization {literal} .")]).geometries == 1
    assert rows("SELECT ?s { ?s ?p ?g FILTER(geof:sfEquals(?g, 'POINT(10 45)'^^geo:wktLiteral)) }") == [("http://example.org/a",)]


@pytest.mark.parametrize(("call", "code", "said"), [
    ("geof:distance('POINT(10 45)'^^geo:wktLiteral, 'POINT(11 45)'^^geo:wktLiteral, IRI(STR(uom:unity)))", "unit", "not known"),
    ("geof:distance('POINT(10 45)'^^geo:wktLiteral, 'POINT(11 45)'^^geo:wktLiteral, IRI(STR(uom:parsec)))", "unit", "not known"),
    ("geof:metricArea('POINT(10 45'^^geo:wktLiteral)", "geometry", "not WKT"),
    ("geof:metricArea('POINT(10 45)')", "geometry", "XMLSchema#string is no geometry"),
    ("geof:metricArea(:a)", "geometry", "not an IRI"),
    ("geof:metricArea('<gml:Point>'^^geo:gmlLiteral)", "geometry", "not well-formed XML"),
    ("geof:metricArea('<Pond/>'^^geo:kmlLiteral)", "geometry", "KML"),
    ("geof:metricArea('{}'^^geo:geoJSONLiteral)", "geometry", "GeoJSON"),
    ("geof:metricArea('CELLLIST ((R3234))'^^geo:dggsLiteral)", "geometry", "DGGS literals are not read yet"),
    ("geof:isEmpty('<http://nowhere.example/crs> POINT(1 1)'^^geo:wktLiteral)", "geometry", "unknown coordinate"),
    ("geof:buffer('POINT(10 45)'^^geo:wktLiteral, 'wide', uom:metre)", "argument", "a number was expected"),
    ("geof:relate('POINT(10 45)'^^geo:wktLiteral, 'POINT(10 45)'^^geo:wktLiteral, 'near')", "argument", "unknown relation near"),
    ("geof:transform('POINT(10 45)'^^geo:wktLiteral, <http://www.opengis.net/def/crs/EPSG/0/0>)", "argument", "unknown coordinate"),
])
def test_what_cannot_be_evaluated_is_unbound_and_told(compute: Ask, call: str, code: str, said: str) -> None:
    answer = compute(f"SELECT ({call} AS ?x) {{}}")
    assert value(answer) is None
    assert [notice.code for notice in answer.notices] == [code]
    assert said in answer.notices[0].text


def test_an_empty_answer_without_failures_says_so(store: Store, turtle: Write, ask: Ask) -> None:
    store.load([turtle(tutorial())])
    answer = ask("SELECT * { ?s geo:asWKT ?w FILTER(geof:sfWithin(?w, 'POLYGON((0 0,1 0,1 1,0 0))'^^geo:wktLiteral)) }")
    assert [notice.code for notice in answer.notices] == ["no-rows", "outside"]
    assert "geof:sfWithin 3 times; none of the calls failed" in answer.notices[0].text
    assert answer.notices[1].text.endswith("lies outside the data (west 10, south -33.7, east 151, north 46)")


@pytest.mark.parametrize(("call", "way_out"), [
    ("geof:distance(?g, ?g, uom:meter)", "did you mean metre"), ("geof:buffer(?g, 1, uom:kilometer)", "did you mean kilometre"),
    ("<http://strdf.di.uoa.gr/ontology#buffer>(?g, 1, uom:meter)", "did you mean metre"),
    ("geof:length(?g, 'm')", "uom:metre or kilometre"), ("geof:area(?g, uom:degree)", "squareMetre"),
])
def test_a_constant_unit_that_is_none_is_refused_before_anything_runs(compute: Ask, call: str, way_out: str) -> None:
    with pytest.raises(QueryError, match="takes no unit") as caught:
        compute(f"SELECT ?s {{ ?s ?p ?g FILTER(BOUND(?g) && ({call}) != 0) }}")
    assert way_out in caught.value.way_out
