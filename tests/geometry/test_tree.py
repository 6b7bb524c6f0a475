"""The packed tree against brute force, with and without geoindex-rs, in memory and from a file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import StoreError
from earthweave.ontology.geometry import PackedTree, box_pairs, distance_m, grown_boxes, line_pieces

module: Any = importlib.import_module("earthweave.ontology.geometry._tree")
rust: Any = pytest.importorskip("geoindex_rs.rtree")

coordinates = st.integers(-5, 5).map(float) | st.floats(-180, 180) | st.sampled_from([np.inf, -np.inf])
boxes = st.tuples(coordinates, coordinates, coordinates, coordinates).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])))
rows = boxes | st.just((np.nan,) * 4) | boxes.map(lambda b: (b[0], np.nan, b[2], b[3]))
tables = st.lists(rows, max_size=40).map(lambda found: np.array(found, dtype=float).reshape(-1, 4))
engines = st.sampled_from(["rust", "geos"])


def use(patch: pytest.MonkeyPatch, engine: str) -> None:
    patch.setattr(module, "_rust", rust if engine == "rust" else None)


def meet(left: Any, right: Any) -> Any:
    """All pairs by brute force; NaN compares false."""
    a, b = left[:, None, :], right[None, :, :]
    known = ~np.isnan(a).any(axis=2) & ~np.isnan(b).any(axis=2)
    return np.argwhere(known & (a[..., 0] <= b[..., 2]) & (a[..., 2] >= b[..., 0]) & (a[..., 1] <= b[..., 3]) & (a[..., 3] >= b[..., 1]))


def in_order(pairs: Any) -> list[list[int]]:
    assert pairs.dtype == np.int64
    return sorted(pairs.T.tolist())


def stored(tree: PackedTree, folder: Path) -> PackedTree:
    tree.save(folder / "tree")
    return PackedTree.open(folder / "tree")


@given(tables, tables, engines, engines, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_joining_finds_what_brute_force_finds(tmp_path: Path, left: Any, right: Any, writer: str, reader: str, filed: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use(patch, writer)
        one = PackedTree.build(left)
        if filed:
            one.save(tmp_path / "tree")
            use(patch, reader)
            one = PackedTree.open(tmp_path / "tree")
        assert len(one) == len(left)
        assert in_order(one.join(PackedTree.build(right))) == meet(left, right).tolist()
        assert in_order(PackedTree.build(right).join(one)) == meet(right, left).tolist()


@given(tables, boxes, engines, engines)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_searching_finds_what_brute_force_finds(tmp_path: Path, table: Any, box: Any, writer: str, reader: str) -> None:
    wanted = meet(table, np.array([box]))[:, 0].tolist()
    with pytest.MonkeyPatch.context() as patch:
        use(patch, writer)
        tree = PackedTree.build(table)
        assert tree.search(box).tolist() == wanted
        assert tree.search((np.nan, 0, 1, 1)).tolist() == []
        tree.save(tmp_path / "tree")
        use(patch, reader)
        found = PackedTree.open(tmp_path / "tree").search(np.array(box))
        assert found.dtype == np.int64
        assert found.tolist() == wanted


near = st.floats(-180, 180)
near_boxes = st.tuples(near, near, st.floats(0, 9), st.floats(0, 9)).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))


@given(st.lists(near_boxes | st.just((np.nan,) * 4), max_size=40), near, near, st.integers(0, 45), engines)
def test_the_nearest_are_as_near_as_brute_force_has_them(found: list[Any], x: float, y: float, k: int, engine: str) -> None:
    table = np.array(found, dtype=float).reshape(-1, 4)
    apart = np.hypot(np.maximum(np.maximum(table[:, 0] - x, x - table[:, 2]), 0),
                     np.maximum(np.maximum(table[:, 1] - y, y - table[:, 3]), 0))
    with pytest.MonkeyPatch.context() as patch:
        use(patch, engine)
        nearest = PackedTree.build(table).nearest(x, y, k)
    assert len(set(nearest.tolist())) == len(nearest) == min(k, np.count_nonzero(~np.isnan(apart)))
    np.testing.assert_allclose(apart[nearest], np.sort(apart)[: len(nearest)])


@pytest.mark.parametrize("engine", ["rust", "geos"])
@pytest.mark.parametrize("count", [1, 16, 17, 5000, 20_000])
def test_trees_of_any_height_are_read_by_the_other_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, engine: str) -> None:
    low = np.random.default_rng(1).uniform(-180, 180, (count, 2))
    table = np.hstack([low, low + 1])
    use(monkeypatch, engine)
    PackedTree.build(table).save(tmp_path / "tree")
    use(monkeypatch, "geos" if engine == "rust" else "rust")
    tree = PackedTree.open(tmp_path / "tree")
    assert np.array_equal(tree._engine.boxes(), table)  # type: ignore[union-attr]
    assert tree.search((0, 0, 30, 30)).tolist() == meet(table, np.array([[0.0, 0, 30, 30]]))[:, 0].tolist()


@pytest.mark.parametrize("damage", [b"", b"short", b"EWBOXES\0" + b"\xff" * 80])
def test_other_files_are_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "tree").write_bytes(damage)
    with pytest.raises(StoreError, match="no spatial index"):
        PackedTree.open(tmp_path / "tree")


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    PackedTree.build(np.zeros((100, 4))).save(tmp_path / "tree")
    (tmp_path / "tree").write_bytes((tmp_path / "tree").read_bytes()[:-1])
    with pytest.raises(StoreError, match="damaged"):
        PackedTree.open(tmp_path / "tree")


def test_an_empty_tree_can_be_kept(tmp_path: Path) -> None:
    for table in (np.empty((0, 4)), np.full((3, 4), np.nan)):
        tree = stored(PackedTree.build(table), tmp_path)
        assert len(tree) == len(table)
        assert tree.search((-180, -90, 180, 90)).tolist() == []
        assert tree.nearest(0, 0, 3).tolist() == []
        assert tree.join(tree).shape == (2, 0)


@given(tables, tables, st.floats(0, 5), st.floats(0, 5))
def test_boxes_are_paired_and_may_be_grown(left: Any, right: Any, across: float, along: float) -> None:
    assert in_order(box_pairs(left, right)) == meet(left, right).tolist()
    grown = left + [-across, -along, across, along]
    assert in_order(box_pairs(left, right, grow=(across, along))) == meet(grown, right).tolist()


places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(places, places, st.floats(1, 5e6))
def test_grown_boxes_hold_what_is_near(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    one, other = shapely.Point(a), shapely.Point(b)
    (west, south, east, north), = grown_boxes([one.bounds], metres)
    inside = west <= b[0] <= east and south <= b[1] <= north
    assert inside or distance_m(one, other) > metres


def test_grown_boxes_keep_their_holes() -> None:
    grown = grown_boxes(np.array([[np.nan] * 4, [0, 0, 1, 1]]), 110_500)
    assert np.isnan(grown[0]).all()
    assert grown[1] == pytest.approx([-1.0006, -1, 2.0006, 2], abs=1e-3)


corners = st.tuples(st.integers(0, 50), st.integers(0, 50))
lines = st.lists(corners, min_size=2, max_size=40).map(shapely.LineString)
shapes = st.one_of(lines, st.lists(lines, max_size=3).map(shapely.MultiLineString), corners.map(shapely.Point), st.none(),
                   st.just(shapely.LineString()), st.just(shapely.box(0, 0, 9, 9)),
                   lines.map(lambda line: shapely.GeometryCollection([line])))


@given(st.lists(shapes, max_size=6), st.integers(1, 9))
def test_pieces_cover_their_lines(geometries: list[Any], segments: int) -> None:
    array = np.array(geometries, dtype=object)
    bounds, owner = line_pieces(array, segments)
    assert bounds.shape == (len(owner), 4)
    assert (np.diff(owner) >= 0).all()
    for place, one in enumerate(geometries):
        mine = bounds[owner == place]
        assert len(mine) >= 1
        if one is None or one.is_empty:
            assert np.isnan(mine).all()
            continue
        assert shapely.covers(shapely.union_all(shapely.box(*(mine + [-1e-9, -1e-9, 1e-9, 1e-9]).T)), one)
        assert [*mine[:, :2].min(axis=0), *mine[:, 2:].max(axis=0)] == list(one.bounds)
        edges = sum(-(-(len(part.coords) - 1) // segments) for part in shapely.get_parts(one)) if "Line" in one.geom_type else 1
        assert len(mine) == edges
