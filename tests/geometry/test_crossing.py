"""Lines that cross areas: what edges tell is what GEOS says, in general position and on a grid where everything touches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import DeadlineError
from earthweave.ontology.geometry import _crossing, relate_pairs
from earthweave.ontology.geometry._crossing import FALSE, OPEN, TRUE, crossings

seeds = st.integers(0, 2**32 - 1)


def _many(random: Any, grid: bool, count: int = 8) -> tuple[Any, Any]:
    """Lines of up to 40 points, and areas: boxes, some with holes, some of several parts, and rings around."""
    def at(size: Any) -> Any:
        return random.integers(0, 7, size).astype(float) if grid else random.uniform(0, 6, size)

    lines = [shapely.LineString(at((int(random.integers(2, 40 if chance % 3 else 4)), 2))) for chance in range(count)]
    corners = [(x, y, x + 1 + w, y + 1 + h) for x, y, w, h in at((3 * count, 4)) / 2]
    boxes = [shapely.box(*corner) for corner in corners]
    areas = [*boxes[:count], *(shapely.union(*two) for two in zip(boxes[:count], boxes[count:], strict=False)),
             *(shapely.difference(*two) for two in zip(boxes[count:], boxes[2 * count:], strict=False))]
    return np.array(lines, dtype=object), np.array([area for area in areas if area.is_valid and area.area], dtype=object)


@pytest.mark.parametrize("grid", [False, True])
@given(seed=seeds)
def test_edges_tell_what_geos_says(grid: bool, seed: int) -> None:
    lines, areas = _many(np.random.default_rng(seed), grid)
    pairs = np.stack(np.meshgrid(np.arange(len(lines)), np.arange(len(areas)))).reshape(2, -1)
    told, wanted = crossings(lines, areas, pairs), shapely.crosses(lines[pairs[0]], areas[pairs[1]])
    assert wanted[told == TRUE].all()
    assert not wanted[told == FALSE].any()
    within = shapely.covers(shapely.box(*shapely.bounds(areas).T)[pairs[1]], lines[pairs[0]])
    assert grid or not (told[~within] == OPEN).any()
    assert relate_pairs("sfCrosses", lines, areas, pairs).tolist() == wanted.tolist()
    assert relate_pairs("sfCrosses", areas, lines, pairs[::-1]).tolist() == wanted.tolist()


@given(seeds)
def test_however_small_the_blocks_the_verdicts_are_the_same(seed: int) -> None:
    lines, areas = _many(np.random.default_rng(seed), grid=True, count=3)
    pairs = np.stack(np.meshgrid(np.arange(len(lines)), np.arange(len(areas)))).reshape(2, -1)
    wanted = crossings(lines, areas, pairs)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_EDGES", 30), ("_AT_ONCE", 7), ("_PIECE", 2)):
            patch.setattr(_crossing, name, value)
        assert crossings(lines, areas, pairs).tolist() == wanted.tolist()


def test_what_edges_cannot_tell_stays_open() -> None:
    line, area = shapely.LineString([(0, 0), (1, 1)]), shapely.box(0.2, 0.1, 3, 3)
    others = [None, shapely.Point(1, 1), shapely.LineString(), shapely.MultiLineString([line]), shapely.GeometryCollection([line])]
    far = [None, shapely.Polygon(), line, shapely.GeometryCollection([area])]
    lines, areas = np.array([line, *others], dtype=object), np.array([area, *far], dtype=object)
    pairs = np.stack(np.meshgrid(np.arange(len(lines)), np.arange(len(areas)))).reshape(2, -1)
    told = crossings(lines, areas, pairs)
    assert told[(pairs == 0).all(axis=0)].tolist() == [TRUE]
    assert (told[(pairs > 0).any(axis=0)] == OPEN).all()
    assert relate_pairs("sfCrosses", lines, areas, pairs).tolist() == shapely.crosses(lines[pairs[0]], areas[pairs[1]]).tolist()


def test_a_line_of_very_many_points_is_left_to_geos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_crossing, "_MOST_LINE", 2)
    lines, areas = np.array([shapely.LineString([(0, 0), (1, 1), (2, 0)])]), np.array([shapely.box(0.5, 0, 1, 3)])
    assert crossings(lines, areas, np.zeros((2, 1), dtype=np.int64)).tolist() == [OPEN]
    assert relate_pairs("sfCrosses", lines, areas, [[0], [0]]).tolist() == [True]


def test_a_check_may_stop_it() -> None:
    def check() -> None:
        raise DeadlineError("enough")

    with pytest.raises(DeadlineError):
        crossings(np.array([shapely.LineString([(0, 0), (1, 1)])]), np.array([shapely.box(0, 0, 1, 1)]), np.zeros((2, 1), dtype=int), check)
