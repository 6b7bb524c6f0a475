"""GeoJSON from results: columns by datatype, clean properties, CRS84, and a word about what is missing."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import GEO, XSD, ParameterError
from earthweave.server.results import to_geojson
from earthweave.server.store import Answer, Notice

TERM = pa.struct([(name, pa.string()) for name in ("kind", "value", "datatype", "language")])
SQUARE = "POLYGON ((0 0, 0 1, 1 1, 1 0, 0 0))"


def term(value: str, datatype: Any = None, language: str | None = None, kind: str = "literal") -> dict[str, str | None]:
    return {"kind": kind, "value": value, "datatype": None if datatype is None else str(datatype), "language": language}


def wkt(value: str) -> dict[str, str | None]:
    return term(value, GEO.wktLiteral)


def collection(columns: dict[str, list[Any]], **more: Any) -> tuple[dict[str, Any], list[str]]:
    geometry = more.pop("geometry", None)
    table = pa.table({name: pa.array(values, TERM) for name, values in columns.items()})
    features = to_geojson(Answer("table", table, **more), geometry=geometry)
    return json.loads(features.content), [notice.code for notice in features.notices]


def test_properties_are_clean_values_under_the_names_of_the_variables() -> None:
    row = {
        "floodLevel": term("7", XSD.integer), "area": term("2.50", XSD.decimal), "big": term(str(2**60), XSD.long),
        "odd": term("NaN", XSD.double),
        "sim": term("true", XSD.boolean), "name": term("Hawkesbury", language="en"), "iri": term("http://e/x", kind="uri"),
        "blank": term("b0", kind="bnode"), "none": None, "wrong": term("seven", XSD.integer), "geo": wkt(SQUARE),
    }
    found, codes = collection({name: [value] for name, value in row.items()})
    assert found["features"][0]["properties"] == {
        "floodLevel": 7, "area": 2.5, "big": str(2**60), "odd": "NaN", "sim": True, "name": "Hawkesbury", "iri": "http://e/x",
        "blank": "_:b0", "none": None, "wrong": "seven",
    }
    assert codes == []


def test_exterior_rings_run_counter_clockwise_and_bounds_are_told() -> None:
    found, _ = collection({"g": [wkt(SQUARE), wkt("POINT (5 -3)")]})
    ring = found["features"][0]["geometry"]["coordinates"][0]
    assert shapely.LinearRing(ring).is_ccw
    assert found["bbox"] == [0.0, -3.0, 5.0, 1.0]


def test_latitude_first_literals_are_turned_as_the_answer_says() -> None:
    prefix = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
    found, codes = collection({"g": [wkt(f"{prefix}POINT (38 23)"), wkt(f"{prefix}POINT (150 -33)")]}, lonlat={"g": (1,)})
    assert [feature["geometry"]["coordinates"] for feature in found["features"]] == [[23.0, 38.0], [150.0, -33.0]]
    assert codes == ["axis-order"]


STRDF = "http://strdf.di.uoa.gr/ontology#"
GML = '<gml:Point xmlns:gml="http://www.opengis.net/gml/3.2" srsName="{}"><gml:pos>{}</gml:pos></gml:Point>'
EPSG = "http://www.opengis.net/def/crs/EPSG/0/4326"
LITERALS = [
    term("POINT (10 50)", GEO.wktLiteral),
    term("POINT (10 50)", STRDF + "WKT"),
    term("POINT (10 50);http://www.opengis.net/def/crs/EPSG/0/4326", STRDF + "WKT"),
    term("POINT (10 50);4326", STRDF + "WktLiteral"),
    term("POINT (1113194.9079327357 6446275.841017161);3857", STRDF + "WKT"),
    term(GML.format(EPSG, "50 10"), GEO.gmlLiteral),
    term(GML.format(EPSG, "50 10"), STRDF + "GML"),
    term("<Point><coordinates>10,50</coordinates></Point>", GEO.kmlLiteral),
    term('{"type": "Point", "coordinates": [10, 50]}', GEO.geoJSONLiteral),
]


def test_every_datatype_is_shown_and_they_may_be_mixed() -> None:
    columns = {str(number): [literal] for number, literal in enumerate(LITERALS)}
    for name in columns:
        found, codes = collection(columns, geometry=name)
        assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": pytest.approx([10, 50])}, LITERALS[int(name)]
        assert codes == []
    found, codes = collection({"g": [*LITERALS, term("<gml:Arc/>", GEO.gmlLiteral), term("POINT (10 50)")]})
    assert [feature["geometry"] is None for feature in found["features"]] == [False] * len(LITERALS) + [True, True]
    assert codes == ["rows-without-geometry", "unreadable-geometry"]


def test_what_a_source_turned_is_turned_in_every_datatype() -> None:
    turned = [term(GML.format(EPSG, "10 50"), GEO.gmlLiteral), wkt(f"<{EPSG}> POINT (10 50)"), term("POINT (10 50);4326", STRDF + "WKT")]
    found, codes = collection({"g": [*LITERALS, *turned]}, lonlat={"g": tuple(range(len(LITERALS), len(LITERALS) + 3))})
    assert all(feature["geometry"]["coordinates"] == pytest.approx([10, 50]) for feature in found["features"])
    assert codes == ["axis-order"]


def test_the_store_may_have_said_it_already() -> None:
    said = (Notice("axis-order", "turned"),)
    assert collection({"g": [wkt("POINT (1 2)")]}, lonlat={"g": (0,)}, notices=said)[1] == ["axis-order"]


def test_rows_without_a_readable_geometry_stay_and_are_told() -> None:
    numbers = [term(str(n), XSD.integer) for n in range(4)]
    found, codes = collection({"n": numbers, "g": [wkt("POINT (1 1)"), wkt("POINT (oops"), None, term("text")]})
    assert [feature["geometry"] is None for feature in found["features"]] == [False, True, True, True]
    assert codes == ["rows-without-geometry", "unreadable-geometry"]
    assert [notice["text"][:22] for notice in found["earthweave"]["notices"]] == ["2 of 4 rows have no ge", "1 of 4 geometries coul"]


def test_a_nesting_bomb_is_a_row_without_geometry() -> None:
    bomb = "GEOMETRYCOLLECTION (" * 30_000 + "POINT (0 0)" + ")" * 30_000
    found, codes = collection({"g": [wkt(bomb), wkt("POINT (1 1)")]})
    assert [feature["geometry"] is None for feature in found["features"]] == [True, False]
    assert codes == ["unreadable-geometry"]


def test_no_geometry_at_all_is_told() -> None:
    found, codes = collection({"n": [term("x")]})
    assert found["features"][0]["geometry"] is None
    assert "bbox" not in found
    assert codes == ["no-geometry"]


def test_several_geometries_are_told_and_one_can_be_chosen() -> None:
    columns = {"a": [wkt("POINT (1 1)")], "b": [wkt("POINT (2 2)")]}
    first, codes = collection(columns)
    assert (first["features"][0]["geometry"]["coordinates"], codes) == ([1.0, 1.0], ["several-geometries"])
    second, codes = collection(columns, geometry="b")
    assert second["features"][0]["geometry"]["coordinates"] == [2.0, 2.0]
    assert (second["features"][0]["properties"], codes) == ({"a": "POINT (1 1)"}, [])
    with pytest.raises(ParameterError, match="no geometry column"):
        collection(columns, geometry="c")


def test_empty_geometries_are_null_and_the_cut_is_told() -> None:
    found, _ = collection({"g": [wkt("POLYGON EMPTY")]}, truncated=True)
    assert found["features"][0]["geometry"] is None
    assert found["earthweave"]["truncated"] is True


@given(st.lists(st.tuples(st.floats(-179, 179), st.floats(-89, 89), st.floats(1e-3, 1)), max_size=6))
def test_geometries_come_back_as_they_were(places: list[tuple[float, float, float]]) -> None:
    shapes = [shapely.box(x, y, x + size, y + size) for x, y, size in places]
    found, _ = collection({"g": [wkt(shapely.to_wkt(shape, rounding_precision=-1)) for shape in shapes]})
    came_back = [shapely.geometry.shape(feature["geometry"]) for feature in found["features"]]
    assert all(shapely.equals_exact(came_back, shapes, tolerance=1e-12, normalize=True))
