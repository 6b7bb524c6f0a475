"""Literals in bulk: the fast reader gives what the careful one gives, bit by bit, and nothing is moved wrongly."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import CRS84, EPSG4326, Crs
from earthweave.ontology.geometry import (
    MAX_NESTING,
    AxisOrder,
    AxisProof,
    Block,
    block_proof,
    normalised,
    prove_axis,
    read_block,
    read_wkt,
    write_literals,
    write_wkt,
)

bulk: Any = importlib.import_module("earthweave.ontology.geometry._bulk")

LATLON = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
FILLING = [LATLON + f"POINT ({n} {n + 0.5})" for n in range(bulk._FEWEST)]
"""Enough rows for the fast reader to be asked."""
numbers = (st.floats(-1e6, 1e6) | st.floats(-180, 180).map(lambda x: round(x, 4)) | st.integers(-90, 90)).map(lambda x: x + 0)
texts_of_numbers = numbers.map(repr) | st.sampled_from(["1e5", "1E-7", "+3", "1.2.3", "1E", "16E", "4_0", "0x1f", "nan", "inf", "1e999",
                                                        "-", "5.", ".5", "1-2"])
spaces = st.sampled_from(["", " ", "  ", "\n", "\t"])
prefixes = st.sampled_from(["", LATLON, "<http://www.opengis.net/def/crs/EPSG/0/32633>", "<http://nowhere.example/1> ", "<a b>", "<", " "])
words = st.sampled_from(["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTIPOLYGON", "MULTILINESTRING", "GEOMETRYCOLLECTION",
                         "LINEARRING",
                         "POINT Z", "POINTZ", "point", "Polygon", "POLYGON ZM", "MULTIPOLYGON M", "TIN", "E", ""])


@st.composite
def sloppy(draw: st.DrawFn) -> str:
    """Text that is WKT, or nearly."""
    def positions(least: int) -> list[str]:
        width = draw(st.sampled_from([2, 2, 2, 3, 4]))
        return [" ".join(draw(texts_of_numbers) for _ in range(width)) for _ in range(draw(st.integers(least, 4)))]

    def ring() -> str:
        found = positions(0)
        closed = found + found[:1] if draw(st.booleans()) else found
        return "(" + ", ".join(closed) + ")" if closed else draw(st.sampled_from(["EMPTY", "()"]))

    depth = draw(st.integers(0, 3))
    body = ring()
    for _ in range(depth):
        body = "(" + draw(spaces).join([body, *(", " + ring() for _ in range(draw(st.integers(0, 1))))]) + ")"
    tail = draw(st.sampled_from(["", "", "", " ", ")", ";", "\0", "é"]))
    return draw(prefixes) + draw(words) + draw(spaces) + body + tail


longitudes, latitudes = (st.floats(-limit, limit).map(lambda x: x + 0.0) for limit in (180, 90))  # minus zero is written as zero
points = st.builds(shapely.Point, longitudes, latitudes)
lines = st.lists(st.tuples(longitudes, latitudes), min_size=2, max_size=6).map(shapely.LineString)
boxes = st.tuples(longitudes, latitudes, longitudes, latitudes).map(
    lambda b: shapely.box(min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])))
rings = boxes.map(lambda box: shapely.Polygon(box.exterior, [shapely.get_coordinates(box)]))
solids = st.tuples(longitudes, latitudes, numbers).map(lambda p: shapely.Point(p[0], p[1], float(p[2])))
flat = st.one_of(points, lines, boxes, rings)
multiples = st.one_of(
    st.lists(points, max_size=3).map(shapely.MultiPoint), st.lists(lines, max_size=3).map(shapely.MultiLineString),
    st.lists(boxes | rings, max_size=3).map(shapely.MultiPolygon), st.lists(flat, max_size=3).map(shapely.GeometryCollection),
    st.just(shapely.Point()), st.just(shapely.Polygon()), st.just(shapely.from_wkt("MULTIPOINT (EMPTY, (1 2))")),
)
shapes = flat | solids | multiples


def careful(texts: list[str]) -> Block:
    """Read by GEOS alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_geoarrow", None)
        return read_block(texts)


def assert_same(found: Block, wanted: Block) -> None:
    assert found.wkb.to_pylist() == wanted.wkb.to_pylist()
    assert found.problems == wanted.problems
    assert [found.systems[code] if code >= 0 else None for code in found.crs] == [
        wanted.systems[code] if code >= 0 else None for code in wanted.crs]
    for name in ("bounds", "kinds", "vertices"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


@given(st.lists(sloppy(), max_size=6))
def test_the_fast_reader_takes_and_refuses_what_geos_does(texts: list[str]) -> None:
    assert_same(read_block(FILLING + texts), careful(FILLING + texts))


@pytest.mark.parametrize("text", [
    "POINT (1.2.3 4)", "POINT (16.3E 48.2N)", "POINT (1_0 2)", "POINT (0x10 2)", "POINT (1:2 3)", "POINT (1-2 3)", "POINT (1E+ 2)",
    "POINT (.5 1.)",
    "POLYGON ((0 0, 1 0, 1 1))", "LINESTRING (1 2)", "POLYGON ((1 2, 1 2))", "POINT (nan nan)", "POINT (1 1e400)",
    "GEOMETRYCOLLECTION Z (POINT (1 2))",
    "MULTIPOINT ((1 2), EMPTY)", "POINT EMPTY", "", " ", LATLON, "linestring(1 2, 3 4)", "MULTIPOINT (1 2, 3 4)", "POINT (1 2)\0 x",
    "POINT (1\u00a02)",
    "MULTILINESTRING ((1 2), (3 4, 5 6))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0), (0 0, 1 1)))",
    "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 2)))",
    "GEOMETRYCOLLECTION(" * (MAX_NESTING + 1) + "POINT (1 2)" + ")" * (MAX_NESTING + 1), "POINT (1 2))", "<" + LATLON + "POINT (1 2)",
    "<" + "x" * 1000 + "> POINT (1 2)", "POINT (" + "1" * 300_000 + ".5 2.5.5)", "POINT (1 2" + " " * 300_000 + ")",
])
def test_traps_are_read_as_geos_reads_them(text: str) -> None:
    assert_same(read_block([*FILLING, text, "POINT (3 4)"]), careful([*FILLING, text, "POINT (3 4)"]))


def test_two_points_in_a_number_are_seen_across_blocks() -> None:
    long = "1." + "5" * (bulk._BLOCK * 2) + ".5"
    assert [one.index for one in read_block([*FILLING, f"POINT ({long} 2)"]).problems] == [len(FILLING)]


def test_most_rows_do_take_the_fast_way() -> None:
    texts = write_wkt(np.array([shapely.box(n, n, n + 1, n + 1) for n in range(50)] + [shapely.Point(1e-7, n) for n in range(30)]),
                      EPSG4326)
    codes = bulk.Codes()
    parsed = bulk.parse_wkt(pa.array(texts, pa.large_string()), codes)
    assert parsed.read.all()
    assert list(codes.systems) == [EPSG4326]


@given(st.lists(shapes, max_size=40), st.sampled_from([CRS84, EPSG4326]))
def test_writing_then_reading_gives_the_same_bits(geometries: list[shapely.Geometry], crs: Crs) -> None:
    block = normalised(read_block(write_literals(geometries, "wkt", crs) if geometries else []), AxisOrder.STRICT)
    assert not block.problems
    assert block.wkb.to_pylist() == [shapely.to_wkb(one, flavor="iso", byte_order=1) for one in geometries]


@given(st.lists(shapes, max_size=40))
def test_a_block_describes_its_geometries(geometries: list[shapely.Geometry]) -> None:
    block = read_block(pa.array(write_wkt(geometries) if geometries else [], pa.string()))
    array = np.array(geometries, dtype=object)
    np.testing.assert_array_equal(block.bounds, shapely.bounds(array).reshape(-1, 4))
    assert block.vertices.tolist() == shapely.get_num_coordinates(array).tolist()
    assert [block.kinds.dtype, block.vertices.dtype, block.crs.dtype] == [np.uint8, np.int32, np.int16]
    assert all(shapely.equals_identical(a, b) for a, b in zip(block.shapes(), geometries, strict=True))
    assert len(block) == len(geometries)


literals = st.one_of(
    shapes.map(lambda shape: write_wkt([shape])[0]), shapes.map(lambda shape: write_wkt([shape], EPSG4326)[0]),
    shapes.map(lambda shape: LATLON + write_wkt([shape])[0]), sloppy(),
    st.tuples(st.floats(0, 8e6), st.floats(0, 8e6)).map(
        lambda p: f"<http://www.opengis.net/def/crs/EPSG/0/3035> LINESTRING ({p[0]} {p[1]}, 1e6 2e6)"),
    st.just("<http://www.opengis.net/def/crs/EPSG/0/2218> POINT(1000 2000)"),
)


@given(st.lists(literals, max_size=30), st.sampled_from(AxisOrder))
def test_blocks_are_placed_as_single_literals_are(texts: list[str], order: AxisOrder) -> None:
    texts = [*FILLING, *texts]
    block = read_block(texts)
    proof = block_proof(block, texts)
    assert proof == prove_axis(texts)
    found, wanted = normalised(block, order, proof), read_wkt(texts, order)
    assert found.problems == wanted.problems
    assert found.systems == (CRS84,)
    for index, shape in enumerate(wanted.geometries):
        mine = found.wkb[index].as_py()
        assert mine == (None if shape is None else shapely.to_wkb(shape, flavor="iso", byte_order=1))
    np.testing.assert_array_equal(found.bounds, shapely.bounds(wanted.geometries))
    np.testing.assert_array_equal(found.kinds > 0, ~shapely.is_missing(wanted.geometries))


def test_auto_needs_the_proof_of_the_whole_source() -> None:
    block = read_block([LATLON + "POINT (11 45)"])
    assert normalised(block, AxisOrder.AUTO).bounds[0].tolist() == [45, 11, 45, 11]
    assert normalised(block, AxisOrder.AUTO, AxisProof(AxisOrder.LONLAT, "sample")).bounds[0].tolist() == [11, 45, 11, 45]


@pytest.mark.parametrize("order", AxisOrder)
def test_placing_a_block_leaves_the_block_as_it_was(order: AxisOrder) -> None:
    block = read_block([LATLON + "POINT (11 45)", LATLON + "POINT (11 145)"])
    before = block.wkb.to_pylist(), block.bounds.tolist(), block.kinds.tolist()
    normalised(block, order)
    assert (block.wkb.to_pylist(), block.bounds.tolist(), block.kinds.tolist()) == before


def test_nulls_and_many_parts_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("earthweave.ontology.geometry._block"), "_PART", 64)
    texts = pa.chunked_array([pa.array(["POINT (1 2)", None]), pa.array(["LINESTRING (0 0, 1 1)", "nonsense", "POINT (5 6)"] * 20)])
    block = read_block(texts)
    assert [one.index for one in block.problems] == [1, *range(3, 62, 3)]
    assert block.problems[0].reason == "no text"
    assert block.kinds.tolist() == [1, 0, *[2, 0, 1] * 20]


def test_a_slice_of_an_array_is_read_alone() -> None:
    array = pa.array([*FILLING, "POINT (7 8)", "nonsense"], pa.large_string())
    assert read_block(array[1:-1]).bounds[-1].tolist() == [7, 8, 7, 8]
    assert not read_block(array[1:-1]).problems


def test_registered_extension_types_do_no_harm() -> None:
    importlib.import_module("geoarrow.pyarrow")
    assert pa.types.is_large_binary(read_block(FILLING).wkb.type)
    assert read_block(FILLING).bounds[1].tolist() == [1, 1.5, 1, 1.5]
