"""The generator of benchmark data keeps what it promises: counts, shapes, exact coordinates, the same bytes every time."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyoxigraph as ox
import pytest
import rasterio.features
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmarks import _shapes
from benchmarks.data import AXIS, TIERS, TRIPLES, Tier, make
from earthweave.ontology import GEO


def rows(folder: Path, kind: str) -> list[list[str]]:
    usual = csv.field_size_limit(sys.maxsize)
    try:
        with (folder / f"{kind}.tsv").open() as file:
            return list(csv.reader(file, delimiter="\t"))
    finally:
        csv.field_size_limit(usual)


def geometries(folder: Path, kind: str) -> Any:
    return shapely.from_wkb([row[-1] for row in rows(folder, kind)])


def literals(folder: Path) -> dict[str, str]:
    found = ox.parse(path=str(folder / "data.nt"), format=ox.RdfFormat.N_TRIPLES)
    return {quad.subject.value: quad.object.value for quad in found if quad.predicate.value == str(GEO.asWKT)}


def test_every_kind_has_its_number_of_features_and_statements(made: Path, tiny: Tier) -> None:
    found = json.loads((made / "done.json").read_text())
    wanted = {"floods": tiny.floods, "units": tiny.columns * tiny.rows, "points": tiny.points, "lines": tiny.lines}
    assert {kind: one["features"] for kind, one in found["kinds"].items()} == wanted
    assert {kind: len(rows(made, kind)) for kind in wanted} == wanted
    quads = set(ox.parse(path=str(made / "data.nt"), format=ox.RdfFormat.N_TRIPLES))
    assert len(quads) == found["triples"] == sum(TRIPLES[kind] * number for kind, number in wanted.items())
    assert len(literals(made)) == sum(wanted.values())


@pytest.mark.parametrize(("name", "triples"), [("S", 100_000), ("M", 1_003_654), ("L", 9_463_654)])
def test_tiers_have_the_size_of_the_goals(name: str, triples: int) -> None:
    tier = TIERS[name]
    numbers = {"floods": tier.floods, "units": tier.columns * tier.rows, "points": tier.points, "lines": tier.lines}
    assert sum(TRIPLES[kind] * number for kind, number in numbers.items()) == triples


def test_literals_and_rows_hold_the_same_coordinates_to_the_bit(made: Path) -> None:
    texts = literals(made)
    paths = {
        "floods": "http://ai.di.uoa.gr/flood/flood_levels/Geometry/{}", "units": "http://www.app-lab.eu/gadm/Geometry/{}",
        "points": "http://example.org/place/geometry/{}", "lines": "http://example.org/track/geometry/{}",
    }
    for kind, path in paths.items():
        found = [texts[path.format(row[0])] for row in rows(made, kind)]
        assert all(text.startswith(AXIS + "MULTIPOLYGON (((1") == (kind == "floods") for text in found)
        read = shapely.set_srid(shapely.from_wkt([text.removeprefix(AXIS) for text in found]), 4326)
        assert shapely.equals_identical(read, geometries(made, kind)).all()


def test_floods_are_valid_stairs_that_only_touch(made: Path) -> None:
    floods = geometries(made, "floods")
    count = shapely.get_num_coordinates(floods)
    assert count.min() >= 16
    assert 21 < count.mean() < 26
    assert np.percentile(count, 99) > 40
    assert shapely.is_valid(floods).all()
    places, owner = shapely.get_coordinates(floods, return_index=True)
    steps = np.diff(places, axis=0)[np.diff(owner) == 0]
    assert ((steps == 0).sum(axis=1) == 1).all()
    pairs = shapely.STRtree(floods).query(floods, predicate="intersects")
    apart = pairs[:, pairs[0] < pairs[1]]
    assert shapely.touches(floods[apart[0]], floods[apart[1]]).all()


def test_units_cover_without_gaps_or_overlaps(made: Path) -> None:
    units = geometries(made, "units")
    assert shapely.is_valid(units).all()
    assert shapely.coverage_is_valid(units)
    whole = shapely.coverage_union_all(units)
    assert whole.geom_type == "Polygon" and not whole.interiors
    assert 60 < shapely.get_num_coordinates(units).mean() < 100


def test_a_larger_coverage_has_81_coordinates_a_unit() -> None:
    units = _shapes.units(40, 25)
    assert shapely.get_num_coordinates(units).mean() == pytest.approx(81, abs=1.5)
    assert shapely.is_valid(units).all() and shapely.coverage_is_valid(units)


def test_tracks_have_20_to_100_vertices(made: Path) -> None:
    count = shapely.get_num_coordinates(geometries(made, "lines"))
    assert count.min() >= 20 and count.max() <= 100
    assert 45 < count.mean() < 75


def test_the_same_bytes_every_time_and_what_is_there_is_kept(made: Path, tiny: Tier, tmp_path: Path) -> None:
    make(tiny, tmp_path)
    for name in ("data.nt", "floods.tsv", "units.tsv", "points.tsv", "lines.tsv"):
        assert hashlib.sha256((tmp_path / name).read_bytes()).digest() == hashlib.sha256((made / name).read_bytes()).digest()
    (tmp_path / "points.tsv").write_text("kept")
    make(tiny, tmp_path)
    assert (tmp_path / "points.tsv").read_text() == "kept"
    make(Tier("T", 300, 6, 5, 10, 60), tmp_path)
    assert (tmp_path / "points.tsv").read_text().count("\n") == 10


def test_a_domain_too_small_for_its_floods_says_so() -> None:
    with pytest.raises(ValueError, match="no room for"):
        list(_shapes.floods(3, 3, 100_000))


@given(arrays.arrays(np.bool_, (9, 9)))
def test_outlines_are_the_outer_rings_of_the_patches(mask: Any) -> None:
    mask[[0, -1]] = mask[:, [0, -1]] = False
    if not mask.any():
        return
    corners, owner = _shapes.outlines(mask)
    kept = _shapes.simple(corners, owner, 4)
    ours = {shapely.Polygon(corners[owner == ring][:, ::-1]).normalize(): kept[owner == ring].all() for ring in range(owner.max() + 1)}
    peers = {shapely.Polygon(shape["coordinates"][0]).normalize()
             for shape, value in rasterio.features.shapes(mask.astype(np.uint8), connectivity=4) if value == 1}
    assert len(ours) == len(peers)
    # one that touches itself at a corner is a hole to the peer: only the others are told apart by nothing
    assert {ring for ring, whole in ours.items() if whole} <= peers


@given(st.integers(0, 2**31))
def test_simple_rings_are_exactly_the_valid_ones(seed: int) -> None:
    mask = np.random.default_rng(seed).random((24, 24)) < 0.55
    mask[[0, -1]] = mask[:, [0, -1]] = False
    corners, owner = _shapes.outlines(mask)
    kept = _shapes.simple(corners, owner, 4)
    for ring in range(owner.max() + 1):
        assert shapely.Polygon(corners[owner == ring]).is_valid == kept[owner == ring].all() == kept[owner == ring].any()
