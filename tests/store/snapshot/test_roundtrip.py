"""What was put in comes out: terms, statements in both orders, graphs, numbers and counts."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import GEO, RDF, XSD
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.snapshot import BNODE, Snapshot, SnapshotBuilder, Term, iri, literal, tagged

E = "http://example.org/"
SUBJECTS = [iri(E + str(number)) for number in range(6)] + [Term("b1", BNODE), Term("b2", BNODE), iri(E + "é/\U0001f30d")]
PREDICATES = [iri(E + name) for name in "pqr"] + [iri(str(RDF.type))]
GRAPHS = [None, iri(E + "g"), iri(E + "h"), Term("b1", BNODE)]
LITERALS = [
    literal(""), literal("a"), literal("a", E + "type"), tagged("a", "en"), tagged("a", "de"), literal("5", str(XSD.integer)),
    literal("05", str(XSD.integer)), literal("5.5", str(XSD.decimal)), literal("5.50", str(XSD.decimal)), literal("5e0", str(XSD.double)),
    literal("true", str(XSD.boolean)), literal("2020-01-01", str(XSD.date)), literal("2020-01-01T00:00:00Z", str(XSD.dateTime)),
    literal("2020-01-01T00:00:00", str(XSD.dateTime)), literal("-9999999", str(XSD.integer)), literal("line\nbreak\0 \U0001f30d"),
    literal("POINT(1 2)", str(GEO.wktLiteral)), literal("POINT(1  2)", str(GEO.wktLiteral)), literal("nonsense", str(GEO.wktLiteral)),
    literal("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(50 120)", str(GEO.wktLiteral)), literal("POINT(1 2)"),
    literal('{"type":"Point","coordinates":[1,2]}', str(GEO.geoJSONLiteral)),
]
ROW = st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(PREDICATES), st.sampled_from(SUBJECTS + LITERALS), st.sampled_from(GRAPHS))
BLOCKS = st.lists(st.lists(ROW, max_size=12), max_size=4)
BUDGETS = st.sampled_from([3, 64_000_000])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def fresh() -> Path:
    return Path(tempfile.mkdtemp()) / "snapshot"


@settings(max_examples=40, deadline=None)
@given(blocks=BLOCKS, budget=BUDGETS)
def test_statements_come_back_in_both_orders(blocks: list[list[Any]], budget: int, build: Any, read_back: Any) -> None:
    path = fresh()
    snapshot, _ = build(path, blocks, budget=budget)
    shutil.rmtree(path.parent)
    expected = {row for block in blocks for row in block}
    assert Counter(read_back(snapshot)) == Counter(expected)
    assert snapshot.triples == len(expected)
    for predicate in snapshot.predicates:
        check_segment(snapshot, predicate, {row for row in expected if row[1] == snapshot.term(predicate)})
    assert {snapshot.term(int(id)) for id in snapshot.graphs} == {row[3] for row in expected} - {None}


def check_segment(snapshot: Snapshot, predicate: int, rows: set[Any]) -> None:
    segment = snapshot.segment(predicate)
    assert segment is not None
    pairs = {(subject, value) for subject, _, value, _ in rows}
    assert (segment.count, segment.subjects, segment.objects) == (len(rows), len({s for s, _ in pairs}), len({o for _, o in pairs}))
    assert segment.functional == (len({s for s, _ in pairs}) == len(pairs))
    assert segment.repeated == (len(pairs) < len(rows))
    assert segment.only_default == all(row[3] is None for row in rows)
    forward, backward = triples(segment.so), triples(segment.os)
    assert forward == sorted(forward)
    assert backward == sorted(backward)
    assert sorted((s, o, g) for o, s, g in backward) == forward
    counts = snapshot.statistics.predicates[predicate]
    assert (counts.count, counts.functional) == (segment.count, segment.functional)
    assert sum(segment.graphs.values()) == segment.count
    assert sum(one.count for one in segment.ranges.values()) == segment.count
    for order in (segment.so, segment.os):
        check_ranges(order)


def triples(order: Any) -> list[tuple[int, int, int]]:
    graph = [0] * len(order) if order.graph is None else order.graph.tolist()
    return list(zip(order.key.tolist(), order.value.tolist(), graph, strict=True))


def check_ranges(order: Any) -> None:
    present = order.key.tolist()
    wanted = sorted({*present, *(key + 1 for key in present), *(key - 1 for key in present), 0, 2**62})[::-1]
    start, stop = order.ranges(np.array(wanted, dtype=np.int64))
    expected = [[row for row, key in enumerate(present) if key == one] for one in wanted]
    assert [list(range(a, b)) for a, b in zip(start, stop, strict=True)] == expected


@settings(max_examples=25, deadline=None)
@given(blocks=BLOCKS)
def test_terms_are_found_and_only_those(blocks: list[list[Any]], build: Any, terms_of: Any) -> None:
    path = fresh()
    snapshot, _ = build(path, blocks)
    shutil.rmtree(path.parent)
    known = {term for block in blocks for row in block for term in row if term is not None}
    everything = [*SUBJECTS, *PREDICATES, *LITERALS, iri("nowhere"), literal("a", "other")]
    ids = snapshot.find_many(terms_of(everything)).tolist()
    assert ids == [snapshot.find(term) for term in everything]
    for term, id in zip(everything, ids, strict=True):
        if id >= 0:
            assert snapshot.term(id) == term
        else:
            assert term not in known
    assert len({id for id in ids if id >= 0}) == sum(id >= 0 for id in ids)


@pytest.fixture(params=[False, True])
def small_blocks(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that is done block by block, in blocks of a few rows."""
    if request.param:
        for name in ("_closing._BLOCK", "_segment_files._BLOCK", "_sorting._BLOCK", "_hashing._PIECE", "_lookup._LARGE"):
            monkeypatch.setattr(f"earthweave.server.store.snapshot.{name}", 2)
        monkeypatch.setattr("earthweave.server.store.snapshot._spool.Spool.most", 5)


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=BLOCKS, second=BLOCKS, third=BLOCKS, removed=st.lists(ROW, max_size=8))
def test_a_load_onto_a_base_is_the_same_as_one_load(
    first: Any, second: Any, third: Any, removed: list[Any], build: Any, read_back: Any,
) -> None:
    path = fresh()
    base, _ = build(path / "a", first)
    middle, _ = build(path / "b", second, base, without=removed)
    last, _ = build(path / "c", third, middle)
    del base, middle
    shutil.rmtree(path)
    kept = {row for block in first for row in block} - set(removed)
    rows = kept | {row for block in [*second, *third] for row in block}
    assert Counter(read_back(last)) == Counter(rows)
    assert {last.term(int(id)) for id in last.graphs} == {row[3] for row in rows} - {None}
    for predicate in last.predicates:
        check_segment(last, predicate, {row for row in rows if row[1] == last.term(predicate)})
    assert last.statistics.classes == class_counts(last, rows)
    assert sum(last.statistics.graphs.values()) == len(rows)


def class_counts(snapshot: Snapshot, rows: set[Any]) -> dict[int, int]:
    pairs = {(subject, value) for subject, predicate, value, _ in rows if predicate == PREDICATES[3]}
    return dict(Counter(snapshot.find(value) for _, value in pairs))


def test_the_first_terms_have_the_first_ids(folder: Path, build: Any) -> None:
    rows = [(SUBJECTS[0], PREDICATES[0], SUBJECTS[1], None), (SUBJECTS[2], PREDICATES[0], literal("5", str(XSD.integer)), None)]
    snapshot, _ = build(folder / "s", [rows])
    assert [snapshot.find(term) for term in (SUBJECTS[0], PREDICATES[0], SUBJECTS[1], SUBJECTS[2])] == [0, 1, 2, 3]


def test_a_term_that_comes_twice_in_one_block_is_one_term(folder: Path, quads_of: Any) -> None:
    quads = quads_of([(SUBJECTS[0], PREDICATES[0], SUBJECTS[1], None), (SUBJECTS[2], PREDICATES[0], SUBJECTS[3], None)])
    texts = quads.terms.text.to_pylist()
    texts[4] = texts[0]
    terms = replace(quads.terms, text=pa.array(texts, pa.large_string()))
    builder = SnapshotBuilder(folder / "s")
    builder.begin("x", AxisOrder.AUTO)
    builder.add(replace(quads, terms=terms))
    builder.end()
    segment = builder.finish().segment(1)
    assert segment is not None
    assert segment.so.value.tolist() == [2, 0]


def test_a_graph_can_be_given_for_a_whole_source(folder: Path, quads_of: Any, read_back: Any) -> None:
    builder = SnapshotBuilder(folder / "s")
    builder.begin("x", AxisOrder.AUTO, graph=GRAPHS[1])
    builder.add(quads_of([(SUBJECTS[0], PREDICATES[0], SUBJECTS[1], None), (SUBJECTS[0], PREDICATES[0], SUBJECTS[1], GRAPHS[2])]))
    builder.end()
    builder.begin("y", AxisOrder.AUTO)
    builder.add(quads_of([(SUBJECTS[3], PREDICATES[1], SUBJECTS[1], None)]))
    builder.end()
    found = read_back(builder.finish())
    assert {(row[0], row[3]) for row in found} == {(SUBJECTS[0], GRAPHS[1]), (SUBJECTS[0], GRAPHS[2]), (SUBJECTS[3], None)}


def test_repeated_statements_are_removed(folder: Path, build: Any) -> None:
    row = (SUBJECTS[0], PREDICATES[0], SUBJECTS[1], None)
    snapshot, summary = build(folder / "s", [[row, row], [row]])
    assert (snapshot.triples, summary.triples) == (1, 3)


def test_numbers(folder: Path, build: Any, terms_of: Any) -> None:
    values = {
        ("5", "integer"): 5.0, ("05", "integer"): 5.0, ("x", "integer"): math.nan, ("-5.25", "decimal"): -5.25, ("+5.250", "decimal"): 5.25,
        (".5", "decimal"): 0.5, ("1e3", "decimal"): math.nan, ("1e3", "double"): 1000.0, ("-INF", "double"): -math.inf,
        ("INF", "float"): math.inf, ("NaN", "double"): math.nan, ("0.1", "float"): float(np.float32(0.1)), ("inf", "double"): math.nan,
        ("200", "byte"): math.nan, ("100", "byte"): 100.0, ("-1", "nonNegativeInteger"): math.nan, ("7", "unsignedShort"): 7.0,
        ("1.0", "int"): math.nan, (" 5", "int"): math.nan, ("5", "string"): math.nan, ("2020-01-01", "date"): math.nan,
        ("true", "boolean"): math.nan,
        ("1e400", "double"): math.inf, ("123456789012345678901234567890", "integer"): 123456789012345678901234567890.0,
    }
    terms = [literal(text, str(XSD[kind])) for text, kind in values]
    snapshot, _ = build(folder / "s", [[(SUBJECTS[0], PREDICATES[0], term, None) for term in terms]])
    found = snapshot.numbers(snapshot.find_many(terms_of(terms)))
    np.testing.assert_array_equal(found, np.array(list(values.values())))
    assert np.isnan(snapshot.numbers(np.array([-1, snapshot.find(SUBJECTS[0])]))).all()


def test_an_empty_snapshot(folder: Path) -> None:
    snapshot = SnapshotBuilder(folder / "s").finish()
    assert (snapshot.triples, snapshot.predicates, snapshot.graphs.tolist(), snapshot.geometries.count) == (0, (), [], 0)
    assert snapshot.find(SUBJECTS[0]) == -1
    assert snapshot.segment(0) is None
    assert len(snapshot.terms(np.empty(0, np.int64))) == 0
    assert snapshot.numbers(np.empty(0, np.int64)).tolist() == []
    assert snapshot.geometries.tree.search(np.array([-180, -90, 180, 90])).tolist() == []


def test_untouched_files_are_linked_and_the_base_stays_as_it_was(folder: Path, build: Any, read_back: Any) -> None:
    many = [(iri(f"{E}many{number}"), PREDICATES[0], SUBJECTS[1], None) for number in range(70_000)]
    shape = (SUBJECTS[0], PREDICATES[1], LITERALS[16], GRAPHS[1])
    base, _ = build(folder / "a", [many, [shape]])
    before = {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    last, _ = build(folder / "b", [[(SUBJECTS[0], PREDICATES[2], SUBJECTS[3], None)]], base, without=[shape])
    linked = {path.name for path in (folder / "b").iterdir() if path.stat().st_nlink > 1}
    assert {"segment-0", "terms-0.bytes", "wkb-0.bytes", "index-0.hash", "geometries.bounds"} <= linked
    assert {path.name: path.read_bytes() for path in (folder / "a").iterdir()} == before
    assert last.triples == 70_001


def test_a_graph_that_is_emptied_is_gone_and_the_base_keeps_it(folder: Path, build: Any, read_back: Any) -> None:
    rows = [(SUBJECTS[n % 3], PREDICATES[0], SUBJECTS[n % 5], GRAPHS[1 + n % 3]) for n in range(30)]
    rows.append((SUBJECTS[0], PREDICATES[1], SUBJECTS[0], GRAPHS[1]))
    base, _ = build(folder / "a", [rows])
    before = Counter(read_back(base))
    gone = [row for row in rows if row[3] == GRAPHS[1]]
    last, _ = build(folder / "b", [], base, without=gone)
    assert [last.term(int(id)) for id in last.graphs] == [GRAPHS[2], GRAPHS[3]]
    assert Counter(read_back(last)) == Counter(set(rows) - set(gone))
    assert Counter(read_back(Snapshot.open(folder / "a"))) == before


def test_wrong_order_of_calls_is_refused(folder: Path, quads_of: Any) -> None:
    builder = SnapshotBuilder(folder / "s")
    with pytest.raises(RuntimeError, match="no source has begun"):
        builder.add(quads_of([]))
    builder.begin("x", AxisOrder.AUTO)
    with pytest.raises(RuntimeError, match="has not ended"):
        builder.finish()
    with pytest.raises(RuntimeError, match="has not ended"):
        builder.begin("y", AxisOrder.AUTO)
