"""The aggregates of GeoSPARQL 1.1 beside shapely, and what becomes of a literal that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology.geometry import area_m2
from earthweave.server.store import Answer, Store, open_store

PREFIXES = "PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
boxes = st.lists(
    st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), *[st.integers(0, 20)] * 2, *[st.integers(1, 9)] * 2),
    min_size=1, max_size=6,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("aggregates") / "store") as opened:
        yield opened


def aggregate(store: Store, literals: list[str], expression: str) -> Answer:
    values = " ".join(f'"{text}"^^geo:wktLiteral' for text in literals)
    return store.query(f"{PREFIXES} SELECT ({expression} AS ?x) WHERE {{ VALUES ?g {{ {values} }} }}")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(boxes)
def test_aggregates_equal_shapely(store: Store, shapes: list[shapely.Polygon]) -> None:
    literals = [shapely.to_wkt(shape) for shape in shapes]
    expected = {
        "aggUnion": shapely.union_all(shapes),
        "aggBoundingBox": shapely.box(*shapely.total_bounds(shapes)),
        "aggConvexHull": shapely.convex_hull(shapely.union_all(shapes)),
        "aggCentroid": shapely.centroid(shapely.geometrycollections(shapes)),
    }
    for name, shape in expected.items():
        (found,) = aggregate(store, literals, f"geof:{name}(?g)").geometry("x").geometries
        assert shapely.hausdorff_distance(found, shape) < 1e-6
        assert found.symmetric_difference(shape).area < 1e-6 or name == "aggCentroid"


def test_area_of_a_union_counts_the_overlap_once(store: Store) -> None:
    shapes = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]
    answer = aggregate(store, [shapely.to_wkt(shape) for shape in shapes], "geof:metricArea(geof:aggUnion(?g))")
    assert float(answer.table["x"][0].as_py()["value"]) == pytest.approx(float(area_m2(shapely.union_all(shapes))), rel=1e-6)


def test_an_unreadable_literal_leaves_the_aggregate_unbound_and_says_so(store: Store) -> None:
    answer = aggregate(store, ["POINT (1 2)", "POINT (one two)"], "geof:aggUnion(?g)")
    assert answer.table["x"].to_pylist() == [None]
    assert any("cannot be read" in notice.text for notice in answer.notices)


def test_an_empty_group_is_unbound(store: Store, tmp_path: Path) -> None:
    answer = store.query(f"{PREFIXES} SELECT (geof:aggUnion(?g) AS ?x) WHERE {{ ?s geo:asWKT ?g }}")
    assert answer.table["x"].to_pylist() in ([None], [])
