"""The table of relations against GEOS' own predicates and against each other."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import ParameterError
from earthweave.ontology.geometry import EH, RCC8, RELATIONS, SF, SpatialIndex, distance_m, intersecting, relate

small = st.integers(0, 4)
corners = st.tuples(small, small)
points = corners.map(shapely.Point)
lines = st.lists(corners, min_size=2, max_size=4, unique=True).map(shapely.LineString)
boxes = st.tuples(small, small, st.integers(1, 3), st.integers(1, 3)).map(lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3]))
shapes = st.one_of(points, lines, boxes)


def by_pattern(name: str, a: shapely.Geometry, b: shapely.Geometry) -> bool:
    """Match the DE-9IM matrix against the table by hand; crosses and overlaps choose their pattern by dimension."""
    patterns = RELATIONS[name].patterns
    if name.startswith("rcc8") and not shapely.get_dimensions(a) == shapely.get_dimensions(b) == 2:
        return False
    if name in ("sfCrosses", "sfOverlaps"):
        both_lines = shapely.get_dimensions(a) == shapely.get_dimensions(b) == 1
        same = shapely.get_dimensions(a) == shapely.get_dimensions(b)
        if same != (name == "sfOverlaps") and not (both_lines and name == "sfCrosses"):
            return False
        patterns = patterns[1:] if both_lines else patterns[:1]
        if name == "sfCrosses" and not both_lines:
            patterns = ("T*T******",) if shapely.get_dimensions(a) < shapely.get_dimensions(b) else ("T*****T**",)
    matrix = shapely.relate(a, b)
    return any(all(want in ("*", have) or (want == "T" and have in "012") for want, have in zip(pattern, matrix, strict=True))
               for pattern in patterns)


@given(shapes, shapes, st.sampled_from(sorted(RELATIONS)))
def test_relations_match_the_matrix(a: shapely.Geometry, b: shapely.Geometry, name: str) -> None:
    assert bool(relate(name, a, b)) == by_pattern(name, a, b)


@given(boxes, boxes)
def test_one_relation_of_each_jointly_exhaustive_family_holds_between_areas(a: shapely.Geometry, b: shapely.Geometry) -> None:
    for family in (RCC8, EH):
        assert sum(bool(relate(relation.name, a, b)) for relation in family) == 1


def test_all_relations_are_there() -> None:
    assert [len(family) for family in (SF, EH, RCC8)] == [8, 8, 8]
    assert len(RELATIONS) == 24


def test_arrays_broadcast_and_none_is_false() -> None:
    many = np.array([shapely.Point(0, 0), None, shapely.Point(9, 9)], dtype=object)
    assert relate("sfWithin", many, shapely.box(-1, -1, 1, 1)).tolist() == [True, False, False]
    assert relate("T*F**FFF*", many, shapely.Point(0, 0)).tolist() == [True, False, False]


def test_unknown_relations_are_refused() -> None:
    with pytest.raises(ParameterError, match="sfNear"):
        relate("sfNear", shapely.Point(0, 0), shapely.Point(0, 0))


@given(st.lists(shapes | st.none(), max_size=8), st.lists(shapes | st.none(), max_size=8), st.sampled_from(sorted(RELATIONS)))
def test_the_index_finds_exactly_what_brute_force_finds(a: list[shapely.Geometry], b: list[shapely.Geometry], name: str) -> None:
    if not intersecting(name):
        with pytest.raises(ParameterError):
            SpatialIndex(b).pairs(np.array(a, dtype=object), name)
        return
    found = SpatialIndex(np.array(b, dtype=object)).pairs(np.array(a, dtype=object), name)
    wanted = [(i, j) for i, left in enumerate(a) for j, right in enumerate(b) if left and right and relate(name, left, right)]
    assert list(zip(*found.tolist(), strict=True)) == wanted


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)).map(shapely.Point), min_size=1, max_size=6),
       st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)).map(shapely.Point), min_size=1, max_size=6), st.floats(1, 5e6))
def test_within_distance_finds_exactly_what_brute_force_finds(a: list[shapely.Point], b: list[shapely.Point], metres: float) -> None:
    found = SpatialIndex(b).within_distance(a, metres)
    wanted = [(i, j) for i, left in enumerate(a) for j, right in enumerate(b) if distance_m(left, right) <= metres]
    assert list(zip(*found.tolist(), strict=True)) == wanted
