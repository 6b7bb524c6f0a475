"""CRS, axis order, precision, validity, and the geometry functions with the meaning that GeoSPARQL gives them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.mapping import Options, map_source, read_rules
from earthweave.mapping.values import Placement, shapes_of_wkb
from earthweave.ontology import CRS84, CrsError, GeometryError, MappingError, UnsupportedError
from earthweave.ontology.geometry import AxisOrder, read_wkt, unsafe_wkb

RULE = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix ewf: <https://w3id.org/earthweave/function#> .
<#m> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "http://e.org/{gid}" ] ;
    rr:predicateObjectMap [ rr:predicate <http://e.org/p> ; rr:objectMap [ %s ] ] .
"""
SQUARE = shapely.box(300_000, 6_270_000, 300_100, 6_270_100)
Layer = Callable[..., Path]


def values(path: Any, function: str = "rrxf:asWKT", argument: str = 'rr:column "the_geom"', **options: Any) -> list[str]:
    text = RULE % f"rrx:function {function} ; rrx:argumentMap ( [ {argument} ] )"
    run = map_source(read_rules(text), path, options=Options(**options))
    return [line.split('"')[1] for line in b"".join(run).decode().splitlines()]


def test_the_default_is_lon_lat_without_an_iri(layer: Layer) -> None:
    text = values(layer({}, [SQUARE], crs=32756))[0]
    lon, lat = pyproj.Transformer.from_crs(32756, 4326, always_xy=True).transform(300_100, 6_270_000)
    assert text.startswith(f"POLYGON (({lon:.7f}".rstrip("0"))
    assert f"{lat:.7f}".rstrip("0") in text


def test_keep_and_epsg_write_the_iri_and_the_authoritys_axes(layer: Layer) -> None:
    utm = layer({}, [SQUARE], crs=32756)
    assert values(utm, crs="keep")[0] == "<http://www.opengis.net/def/crs/EPSG/0/32756> " + shapely.to_wkt(SQUARE, trim=True)
    degrees = layer({}, [shapely.Point(150.5, -33.25)])
    latitude_first = ["<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (-33.25 150.5)"]
    assert values(degrees, crs="keep") == values(degrees, crs="EPSG:4326") == latitude_first
    europe = values(layer({}, [shapely.Point(11.5, 45.5)]), crs="EPSG:3035")[0]
    assert europe.startswith("<http://www.opengis.net/def/crs/EPSG/0/3035> POINT (2")  # northing first: about 2.5 million metres


@pytest.mark.parametrize("crs", ["CRS84", "keep", "EPSG:4326", "EPSG:3857", "EPSG:3035"])
def test_every_choice_reads_back_to_the_same_place(layer: Layer, crs: str) -> None:
    shapes = [shapely.Point(11.5, 45.5), shapely.box(10, 45, 11, 46), shapely.Point(10.25, 47.125, 99.5)]
    read = read_wkt(values(layer({}, shapes), crs=crs, straight=0), AxisOrder.STRICT)
    assert read.problems == ()
    assert shapely.equals_exact(shapely.force_2d(read.geometries), shapely.force_2d(shapes), tolerance=2e-7).all()
    assert shapely.get_z(read.geometries[2]) == 99.5


def test_compat_writes_the_tutorials_literals(layer: Layer) -> None:
    path = layer({"floodLevel": [7]}, [shapely.box(150.82204547307123, -33.7, 150.9, -33.6)], name="flood_levels.shp")
    found = values(path, compat="geotriples")[0]
    assert found.startswith("<http://www.opengis.net/def/crs/EPSG/0/4326> MULTIPOLYGON (((150.9 -33.7, 150.82204547307123 -33.7, ")
    utm = values(layer({}, [SQUARE], crs=32756, name="utm.shp"), compat="geotriples")[0]
    assert utm.startswith("<http://www.opengis.net/def/crs/EPSG/0/32756> MULTIPOLYGON (((")
    lines = values(layer({}, [shapely.LineString([(1, 2), (3, 4)])], name="lines.shp"), compat="geotriples")
    assert lines == ["<http://www.opengis.net/def/crs/EPSG/0/4326> MULTILINESTRING ((1 2, 3 4))"]


def test_precision(layer: Layer) -> None:
    path = layer({}, [shapely.Point(1.123456789, 2)])
    assert values(path) == ["POINT (1.1234568 2)"]
    assert values(path, precision=2) == ["POINT (1.12 2)"]
    assert values(path, precision=-1) == ["POINT (1.123456789 2)"]
    assert values(layer({}, [shapely.Point(1.23456, 2)], crs=32756), crs="keep")[0].endswith("POINT (1.235 2)")


def test_validity_policies(layer: Layer) -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    path = layer({}, [shapely.Point(0, 0), bow])
    assert not shapely.from_wkt(values(path)[1]).is_valid
    assert shapely.equals(shapely.from_wkt(values(path, validity="fix")[1]), shapely.make_valid(bow))
    assert values(path, validity="skip") == ["POINT (0 0)"]
    with pytest.raises(GeometryError, match="row 2") as caught:
        values(path, validity="fail")
    assert "Self-intersection" in caught.value.why


def test_a_layer_without_crs_is_told_and_can_be_told(layer: Layer) -> None:
    path = layer({}, [shapely.Point(300_000, 6_270_000)], crs=None, name="t.shp")
    with pytest.raises(CrsError, match="does not say its CRS"):
        values(path)
    assert values(path, source_crs="EPSG:32756")[0].startswith("POINT (150.")
    assert values(path, compat="geotriples")[0].startswith("<http://www.opengis.net/def/crs/EPSG/0/4326>")
    with pytest.raises(CrsError):
        values(path, source_crs="EPSG:32756", crs="EPSG:99999")


SHAPES = [
    shapely.Point(1, 2), shapely.Point(1, 2, 3), shapely.LineString([(0, 0), (1, 1), (1, 0), (0, 1)]),
    shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)]), shapely.Polygon(),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("rrxf:isEmpty", ["false", "false", "false", "false", "true"]),
        ("rrxf:isSimple", ["true", "true", "false", "true", "true"]),
        ("rrxf:is3D", ["false", "true", "false", "false", "false"]),
        ("rrxf:dimension", ["0", "0", "1", "2", "2"]),
        ("rrxf:coordinateDimension", ["2", "3", "2", "2", "2"]),
        ("rrxf:spatialDimension", ["2", "3", "2", "2", "2"]),
    ],
)
def test_properties_mean_what_geosparql_means(layer: Layer, function: str, expected: list[str]) -> None:
    assert values(layer({}, SHAPES), function) == expected


def test_area_length_and_centroid(layer: Layer) -> None:
    path = layer({}, [shapely.box(11, 45, 11.1, 45.1)])
    geod = pyproj.Geod(ellps="WGS84")
    area, perimeter = (abs(one) for one in geod.geometry_area_perimeter(shapely.box(11, 45, 11.1, 45.1)))
    for function in ("rrxf:area", "ewf:metricArea"):
        assert float(values(path, function)[0]) == pytest.approx(area, rel=1e-9)
    assert float(values(path, "rrxf:length")[0]) == pytest.approx(perimeter, rel=1e-9)
    assert [float(values(path, f"rrxf:centroid{axis}")[0]) for axis in "xy"] == pytest.approx([11.05, 45.05])
    assert float(values(path, "rrxf:area", crs="EPSG:3857")[0]) == pytest.approx(area, rel=1e-6)


def test_points_from_two_columns_and_wkt_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("lon,lat,w\n1.5,2,POINT (7 8)\n,3,POINT (9\n200,1,\nx,1,\n")
    point = "rrx:function ewf:point ; rrx:argumentMap ( [ rr:column \"lon\" ] [ rr:column \"lat\" ] )"
    assert values(tmp_path / "t.csv", argument=point) == ["POINT (1.5 2)"]
    assert values(tmp_path / "t.csv", argument='rr:column "w"') == ["POINT (7 8)"]
    assert values(tmp_path / "t.csv", argument=point, crs="EPSG:4326") == ["<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (2 1.5)"]


def test_functions_without_a_geometry_are_refused_before_the_first_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(MappingError, match="triples map <#m>") as caught:
        values(tmp_path / "t.csv", argument='rr:template "{a}"')
    assert "needs a column or ewf:point" in caught.value.why
    with pytest.raises(UnsupportedError):
        values(tmp_path / "t.csv", function="rrxf:strdfWKT")


def test_a_row_without_geometry_makes_no_literal(layer: Layer) -> None:
    path = layer({"v": [1, 2]}, [shapely.Point(1, 2), None])
    assert values(path) == ["POINT (1 2)"]
    assert values(path, "rrxf:dimension") == ["0"]
    assert geopandas.read_file(path).geometry.isna().tolist() == [False, True]
    assert np.isfinite(float(values(path, "rrxf:centroidx")[0]))


# -- nested geometries, which overflow the stack of GEOS

DEEP = 60_000


def _nested_wkb(depth: int, order: str = "<", kind: int = 7, flags: int = 0) -> bytes:
    srid = struct.pack(f"{order}I", 4326) if flags & 0x20000000 else b""
    head = struct.pack(f"{order}BI", order == "<", kind | flags) + srid + struct.pack(f"{order}I", 1)
    return head * depth + shapely.to_wkb(shapely.Point(1, 2))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "flags"), [(7, 0), (6, 0), (1007, 0), (7, 0x20000000), (12, 0x80000000)])
def test_nested_wkb_is_known_before_it_is_read(order: str, kind: int, flags: int) -> None:
    assert unsafe_wkb(_nested_wkb(DEEP, order, kind, flags))
    second = shapely.to_wkb(shapely.MultiPoint([[0, 0], [1, 1]]))
    wide = struct.pack("<BII", 1, 7, 501) + second * 500
    assert unsafe_wkb(wide + _nested_wkb(DEEP, order, kind, flags))
    assert not unsafe_wkb(wide + shapely.to_wkb(shapely.Point(1, 2)))


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("flavor", ["iso", "extended"])
def test_large_geometries_of_every_kind_pass(order: int, flavor: str) -> None:
    ring = shapely.Point(150, -33).buffer(1, quad_segs=300)
    many = shapely.MultiPolygon([shapely.box(i, 0, i + 0.5, 1) for i in range(300)])
    mixed = shapely.GeometryCollection([many, ring, ring.exterior])
    for one in (ring, ring.exterior, shapely.difference(ring, ring.buffer(-0.1)), many, mixed):
        for placed in (one, shapely.force_3d(one, 5)):
            blob = shapely.to_wkb(shapely.set_srid(placed, 4326), byte_order=order, flavor=flavor, include_srid=flavor == "extended")
            assert len(blob) > 4608 and not unsafe_wkb(blob)
            assert not any(unsafe_wkb(blob[:cut]) for cut in range(4608, len(blob), 997))


def test_a_nested_geometry_is_a_row_that_cannot_be_read(tmp_path: Path) -> None:
    deep = "GEOMETRYCOLLECTION(" * DEEP + "POINT(0 0)" + ")" * DEEP
    text = tmp_path / "t.csv"
    text.write_text(f"id,wkt\n1,POINT (1 2)\n2,{deep}\n3,POINT (3 4)\n")
    binary = tmp_path / "t.parquet"
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}
    blobs = [shapely.to_wkb(shapely.Point(1, 2)), _nested_wkb(DEEP), shapely.to_wkb(shapely.Point(3, 4))]
    table = pa.table({"id": [1, 2, 3], "geometry": pa.array(blobs, pa.binary())})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), binary)
    for path, column in ((text, "wkt"), (binary, "the_geom")):
        plan = read_rules(RULE % f'rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rr:column "{column}" ] )')
        run = map_source(plan, path)
        assert b"".join(run).count(b"POINT") == 2
        assert [(one.row, one.reason) for one in run.report.problems] == [(2, "a geometry that cannot be read")]


NUMBERS = st.one_of(
    st.floats(-200, 200), st.floats(-1e300, 1e300), st.sampled_from([0.0, -0.0, 1e-8, 5e-8, 0.00015, 1e17, 123456.0005, 150.00000005]),
    st.integers(-(10**7), 10**7).map(lambda one: one / 1000 + 0.0005),
)  # fmt: skip


def _rings(points: list[tuple[float, float]]) -> Any:
    return shapely.Polygon([*points, points[0]])


PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=4)
EMPTY = st.sampled_from([shapely.Point(), shapely.Polygon(), shapely.MultiPolygon()])
GEOMETRIES = st.one_of(
    st.tuples(NUMBERS, st.floats()).map(shapely.Point), st.tuples(NUMBERS, NUMBERS, NUMBERS).map(shapely.Point),
    PAIRS.map(shapely.LineString),
    PAIRS.map(_rings), st.tuples(PAIRS, PAIRS).map(lambda two: shapely.Polygon(two[0], [two[1]])),
    st.lists(PAIRS.map(_rings), min_size=1, max_size=3).map(shapely.MultiPolygon), PAIRS.map(shapely.MultiPoint),
    PAIRS.map(lambda one: shapely.MultiLineString([one, one])), EMPTY,
    st.tuples(NUMBERS, NUMBERS).map(lambda one: shapely.GeometryCollection([shapely.Point(one)])),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(GEOMETRIES | st.none(), max_size=6), st.sampled_from([-1, 0, 1, 3, 7, 9, 16, 20]))
def test_texts_made_without_geometries_are_those_of_geos(shapes: list[Any], digits: int) -> None:
    placement = Placement(CRS84, CRS84, False, digits, "")
    found, unread = shapes_of_wkb(pa.array([None if one is None else one.wkb for one in shapes], pa.binary()), placement)
    assert found.wkt().to_pylist() == [None if one is None else shapely.to_wkt(one, rounding_precision=digits, trim=True) for one in shapes]
    assert not unread.any()
    assert found.missing.tolist() == [one is None for one in shapes]


def _by_geos(blob: bytes) -> Any:
    """The geometry of a blob by itself, or None."""
    try:
        with np.errstate(invalid="ignore"):
            return None if unsafe_wkb(blob) else shapely.from_wkb(blob, on_invalid="ignore")
    except RuntimeError:
        return None


def test_curves_are_unreadable_and_harm_no_other_row() -> None:
    curve = bytes.fromhex("0108000000" + "00000000")
    blobs = [shapely.Point(1, 2).wkb, curve, None, shapely.Point(3, 4).wkb, curve]
    found, unread = shapes_of_wkb(pa.array(blobs, pa.binary()), Placement(CRS84, CRS84, False, 7, ""))
    assert unread.tolist() == [False, True, False, False, True]
    assert found.wkt().to_pylist() == ["POINT (1 2)", None, None, "POINT (3 4)", None]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(GEOMETRIES, st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_damaged_blobs_are_what_geos_takes_them_for(given_shapes: list[Any], cut: bool) -> None:
    blobs = []
    for shape, at, value in given_shapes:
        blob = bytearray(shape.wkb)
        blobs.append(bytes(blob[:at]) if cut else bytes(blob[:at] + bytes([value]) + blob[at + 1 :]))
    expected = np.array([_by_geos(one) for one in blobs], object)
    found, unread = shapes_of_wkb(pa.array(blobs, pa.binary()), Placement(CRS84, CRS84, False, 7, ""))
    assert unread.tolist() == shapely.is_missing(expected).tolist()
    assert found.wkt().to_pylist() == [None if one is None else shapely.to_wkt(one, rounding_precision=7, trim=True) for one in expected]
