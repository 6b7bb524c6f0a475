"""The cache of geometries, and what is no geometry."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from earthweave.server.store.snapshot import Tag, literal, make
from earthweave.server.store.spatial import Shapes, bounds_of, shapes_of

from .conftest import WKT, Build, context_of


@pytest.fixture
def filled(build: Build) -> Shapes:
    lines = "\n".join(f':s :p "LINESTRING({n} 0, {n} 1, {n} 2)"^^geo:wktLiteral .' for n in range(100))
    return Shapes(build(lines).geometries, 40 * 522)


def test_geometries_come_in_the_order_of_their_ids_however_often(filled: Shapes) -> None:
    ids = make(Tag.GEOMETRY, np.array([3, 3, 50, 0]))
    assert [shape.coords[0][0] for shape in filled.shapes(ids)] == [filled.bounds(ids)[row, 0] for row in range(4)]
    assert filled.shapes(ids)[0] is filled.shapes(ids)[1]
    assert len(filled.shapes(ids[:0])) == 0


def test_those_not_used_for_longest_are_forgotten_in_blocks(filled: Shapes) -> None:
    ids = make(Tag.GEOMETRY, np.arange(100))
    first = filled.shapes(ids[:20])
    second = filled.shapes(ids[20:35])
    assert filled.shapes(ids[:20])[0] is first[0]
    filled.shapes(ids[40:60])
    assert filled.held <= 40 * 522
    assert filled.shapes(ids[:10])[0] is first[0], "used again before the last block"
    again = filled.shapes(ids[20:35])
    assert again[0] is not second[0] and again[0] == second[0], "forgotten, and read again"


def test_one_request_beyond_the_budget_is_served_and_not_kept(filled: Shapes) -> None:
    found = filled.shapes(make(Tag.GEOMETRY, np.arange(100)))
    assert not shapely.is_missing(found).any()
    assert filled.held <= 40 * 522


def test_other_terms_are_no_geometries(build: Build) -> None:
    context = context_of(build(':s :p "POINT(1 2)"^^geo:wktLiteral, "POINT(1", "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(100 3)"'
                               '^^geo:wktLiteral .', order="lonlat"))
    turned = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(100 3)"
    terms = [literal("POINT(1 2)", WKT), literal("POINT(1"), literal(turned, WKT), literal("POINT(1", WKT), literal("POINT(5 6)", WKT),
             literal("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(3 100)", WKT), literal("7", "http://www.w3.org/2001/XMLSchema#integer")]
    ids = np.array([*(context.terms.id(term) for term in terms), -1])
    texts = [None if shape is None else shape.wkt for shape in shapes_of(ids, context)]
    assert texts == ["POINT (1 2)", None, "POINT (100 3)", None, "POINT (5 6)", "POINT (100 3)", None, None]
    assert np.isnan(bounds_of(ids, context)[:, 0]).tolist() == [text is None for text in texts]
    assert bounds_of(ids, context)[[4, 5], 0].tolist() == [5, 100]
