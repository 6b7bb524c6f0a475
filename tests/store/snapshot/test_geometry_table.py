"""Geometry literals: read under the axis order of their source, once each; corrected when a later source proves them turned."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import GEO
from earthweave.ontology.geometry import AxisOrder, prove_axis, read_wkt
from earthweave.server.store.snapshot import (
    EMPTY,
    READABLE,
    TURNED,
    VALID,
    VALIDITY_KNOWN,
    Snapshot,
    SnapshotBuilder,
    Tag,
    iri,
    literal,
    payloads,
    tags,
)

WKT = str(GEO.wktLiteral)
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
SUBJECT, PREDICATE = iri("http://example.org/s"), iri("http://example.org/p")
TEXTS = [
    "POINT(1 2)", "POINT EMPTY", "", "LINESTRING(0 0, 1 1, 2 0)", "POLYGON((0 0, 1 0, 1 1, 0 0))", "nonsense", "POINT(1 200)",
    "POINT Z(1 2 3)",
    f"<{EPSG}4326> POINT(50 10)", f"<{EPSG}4326> POINT(120 10)", f"<{EPSG}4326> POINT(10 120)", f"<{EPSG}4326> POINT(95 95)",
    f"<{EPSG}4258> POINT(50 11)", f"<{EPSG}32633> POINT(500000 5000000)", f"<{EPSG}31468> POINT(5500000 4500000)",
    f"<{EPSG}31468> POINT(4500000 5500000)", f"<{EPSG}99999> POINT(1 2)", "<http://nowhere> POINT(1 2)", "MULTIPOINT(1 2, 3 4)",
    "GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))", f"<{EPSG}4326> POLYGON((10 20, 11 20, 11 21, 10 20))",
]


def rows(texts: list[str], datatype: str = WKT) -> list[Any]:
    return [(SUBJECT, PREDICATE, literal(text, datatype), None) for text in texts]


def rows_for(snapshot: Snapshot, texts: list[str], datatype: str = WKT) -> Any:
    ids = np.array([snapshot.find(literal(text, datatype)) for text in texts], dtype=np.int64)
    assert (tags(ids) == Tag.GEOMETRY).all()
    return payloads(ids)


def check(snapshot: Snapshot, texts: list[str], order: AxisOrder) -> None:
    """The table says what reading all literals at once says."""
    table, found = snapshot.geometries, rows_for(snapshot, texts)
    expected = read_wkt(texts, order)
    shapes = table.shapes(found)
    assert [shape is None for shape in shapes] == [shape is None for shape in expected.geometries]
    readable = ~shapely.is_missing(shapes)
    assert shapely.equals_exact(shapes[readable], expected.geometries[readable], tolerance=1e-9).all()
    assert shapely.get_type_id(shapes[readable]).tolist() == shapely.get_type_id(expected.geometries[readable]).tolist()
    assert (shapely.has_z(shapes[readable]) == shapely.has_z(expected.geometries[readable])).all()
    np.testing.assert_array_equal(table.bounds[found], shapely.bounds(shapes))
    np.testing.assert_array_equal(table.vertices[found], shapely.get_num_coordinates(shapes))
    assert (((table.flags[found] & READABLE) != 0) == readable).all()
    assert (((table.flags[found] & EMPTY) != 0) == shapely.is_empty(shapes)).all()
    assert ((table.kinds[found] != 0) == readable).all()
    assert table.lexical(found).to_pylist() == texts
    problems = {one.index: one.reason for one in expected.problems}
    assert [bool(table.problem(int(row))) for row in found] == [place in problems for place in range(len(texts))]
    known = (table.flags[found] & VALIDITY_KNOWN) != 0
    assert (((table.flags[found] & VALID) != 0)[known] == shapely.is_valid(shapes)[known]).all()


@settings(max_examples=40, deadline=None)
@given(blocks=st.lists(st.lists(st.sampled_from(TEXTS), max_size=6), min_size=1, max_size=4), order=st.sampled_from(list(AxisOrder)))
def test_a_source_is_read_under_its_own_order(blocks: list[list[str]], order: AxisOrder, build: Any) -> None:
    path = Path(tempfile.mkdtemp())
    snapshot, summary = build(path / "s", [rows(block) for block in blocks], order=order)
    texts = [text for block in blocks for text in block]
    check(snapshot, list(dict.fromkeys(texts)), order)
    proof = prove_axis(texts)
    assert (summary.geometries, summary.triples) == (len(texts), len(texts))
    assert summary.axis_order == (proof.order if order is AxisOrder.AUTO else order)
    assert (summary.proof is None, summary.contradiction is None) == (proof.sample is None, proof.contradiction is None)
    assert summary.unreadable == len(read_wkt(texts, order).problems)
    assert len(summary.problems) == min(5, len({texts[one.index] for one in read_wkt(texts, order).problems}))
    shutil.rmtree(path)


def test_what_waits_on_the_disk_is_the_same(tmp_path: Path, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earthweave.server.store.snapshot._source._HELD", 1)
    texts = [text for text in TEXTS if "POINT(10 120)" not in text and "95" not in text]
    snapshot, _ = build(tmp_path / "s", [rows([text]) for text in texts])
    check(snapshot, texts, AxisOrder.AUTO)


def test_systems_and_turned(tmp_path: Path, build: Any) -> None:
    texts = [TEXTS[0], TEXTS[9], TEXTS[8], TEXTS[13], TEXTS[14], TEXTS[16]]
    snapshot, _ = build(tmp_path / "s", [rows(texts)])
    table, found = snapshot.geometries, rows_for(snapshot, texts)
    systems = [table.systems[code] if code >= 0 else "" for code in table.crs[found].tolist()]
    assert systems == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", f"{EPSG}4326", f"{EPSG}4326", f"{EPSG}32633", f"{EPSG}31468", ""]
    assert ((table.flags[found] & TURNED) != 0).tolist() == [False, True, True, False, False, False]


def load(
    target: Path, base: Snapshot | None, sources: list[list[str]], quads_of: Any, order: AxisOrder = AxisOrder.AUTO,
) -> tuple[Snapshot, list[Any]]:
    builder = SnapshotBuilder(target, base, durable=False)
    summaries = []
    for texts in sources:
        builder.begin("source", order)
        builder.add(quads_of(rows(texts)))
        summaries.append(builder.end())
    return builder.finish(), summaries


@pytest.mark.parametrize("apart", [False, True])
def test_a_later_proof_turns_a_literal_that_both_sources_have(apart: bool, tmp_path: Path, quads_of: Any) -> None:
    first, second = [TEXTS[8], TEXTS[20], TEXTS[0], f"<{EPSG}4326> POINT(100 10)".replace("100 10", "95 11")], [TEXTS[8], TEXTS[9]]
    second.append(first[3])
    if apart:
        base, _ = load(tmp_path / "a", None, [first[:3]], quads_of)
        snapshot, summaries = load(tmp_path / "b", base, [second], quads_of)
        assert base.geometries.shapes(rows_for(base, first[:1]))[0] == shapely.Point(10, 50)
    else:
        snapshot, summaries = load(tmp_path / "b", None, [first[:3], second], quads_of)
    assert summaries[-1].axis_order is AxisOrder.LONLAT
    table = snapshot.geometries
    shapes = table.shapes(rows_for(snapshot, [TEXTS[8], TEXTS[9], TEXTS[0], TEXTS[20]]))
    assert shapes[:3].tolist() == [shapely.Point(50, 10), shapely.Point(120, 10), shapely.Point(1, 2)]
    assert shapes[3].bounds == (20, 10, 21, 11)
    np.testing.assert_array_equal(table.bounds[:], shapely.bounds(table.shapes(np.arange(table.count))))
    assert table.tree.search(np.array([49.0, 9, 51, 11])).tolist() == rows_for(snapshot, [TEXTS[8]]).tolist()


def test_a_literal_that_was_unreadable_is_read_when_a_later_source_proves_its_order(tmp_path: Path, quads_of: Any) -> None:
    base, summaries = load(tmp_path / "a", None, [[TEXTS[9]]], quads_of, AxisOrder.STRICT)
    assert summaries[0].unreadable == 1
    snapshot, summaries = load(tmp_path / "b", base, [[TEXTS[9]]], quads_of)
    assert (summaries[0].unreadable, summaries[0].axis_order) == (0, AxisOrder.LONLAT)
    assert snapshot.geometries.shapes([0])[0] == shapely.Point(120, 10)
    assert snapshot.geometries.problem(0) == ""
    assert base.geometries.shapes([0])[0] is None
    assert "latitude 120" in base.geometries.problem(0)


def test_an_unreadable_literal_of_the_base_is_counted_again(tmp_path: Path, quads_of: Any) -> None:
    base, _ = load(tmp_path / "a", None, [["nonsense"]], quads_of)
    snapshot, summaries = load(tmp_path / "b", base, [["nonsense", "nonsense", "other nonsense"]], quads_of)
    assert (summaries[0].geometries, summaries[0].unreadable) == (3, 3)
    assert len(summaries[0].problems) == 2
    assert [bool(snapshot.geometries.problem(row)) for row in range(2)] == [True, True]


def test_other_forms_are_read_too(tmp_path: Path, build: Any) -> None:
    strdf = "http://strdf.di.uoa.gr/ontology#WKT"
    block = [
        *rows(["POINT(1 2)"]), *rows(['{"type":"Point","coordinates":[3,4]}', "{}"], str(GEO.geoJSONLiteral)), *rows(["POINT(5 6)"], strdf),
        *rows(["<Point xmlns='http://www.opengis.net/kml/2.2'><coordinates>7,8</coordinates></Point>"], str(GEO.kmlLiteral)),
        *rows(["<gml:Point xmlns:gml='http://www.opengis.net/gml' srsName='http://www.opengis.net/def/crs/OGC/1.3/CRS84'>"
               "<gml:pos>9 10</gml:pos></gml:Point>"], str(GEO.gmlLiteral)),
        *rows(["CELLLIST((R3234))"], str(GEO.dggsLiteral)),
    ]
    snapshot, summary = build(tmp_path / "s", [block])
    assert (summary.geometries, summary.unreadable) == (7, 2)
    assert any("DGGS" in problem for problem in summary.problems)
    shapes = snapshot.geometries.shapes(np.arange(6))
    assert [shape and (shape.x, shape.y) for shape in shapes] == [(1, 2), (3, 4), None, (5, 6), (7, 8), (9, 10)]
    assert snapshot.term(snapshot.find(literal("POINT(5 6)", strdf))) == literal("POINT(5 6)", strdf)
    assert tags(snapshot.find(literal("CELLLIST((R3234))", str(GEO.dggsLiteral)))) == Tag.DICTIONARY


def test_coordinates_that_come_along_are_taken(tmp_path: Path, terms_of: Any, quads_of: Any) -> None:
    from dataclasses import replace

    texts = ["POINT(1 2)", f"<{EPSG}4326> POINT(50 10)", "POINT(3 4)", "POINT(5 6)"]
    quads = quads_of(rows(texts))
    blobs = {texts[1]: shapely.Point(10, 50).wkb, texts[2]: shapely.Point(30, 40).wkb, texts[3]: b"no wkb"}
    wkb = pa.array([blobs.get(text) for text in quads.terms.text.to_pylist()], pa.large_binary())
    builder = SnapshotBuilder(tmp_path / "s", durable=False)
    builder.begin("x", AxisOrder.AUTO)
    builder.add(replace(quads, terms=replace(quads.terms, wkb=wkb)))
    summary = builder.end()
    snapshot = builder.finish()
    table, found = snapshot.geometries, rows_for(snapshot, texts)
    assert table.shapes(found).tolist() == [shapely.Point(1, 2), shapely.Point(10, 50), shapely.Point(30, 40), None]
    assert [table.systems[code].rpartition("/")[2] for code in table.crs[found]] == ["CRS84", "4326", "CRS84", "CRS84"]
    assert table.bounds[found[2]].tolist() == [30, 40, 30, 40]
    assert summary.unreadable == 1


def test_the_table_outlives_its_folder(tmp_path: Path, build: Any) -> None:
    snapshot, _ = build(tmp_path / "s", [rows(TEXTS[:5])])
    shutil.rmtree(tmp_path / "s")
    assert snapshot.geometries.tree.search(np.array([0.5, 1.5, 1.5, 2.5])).tolist() == rows_for(snapshot, TEXTS[:1]).tolist()
    check(snapshot, TEXTS[:5], AxisOrder.AUTO)
