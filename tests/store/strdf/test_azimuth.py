"""Azimuths, beside PostGIS on geographies and what the compass says."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
import shapely

from benchmarks.postgis import Postgis
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate, parse
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import SnapshotBuilder
from earthweave.server.store.strdf._azimuth import azimuths

CHANCE = random.Random(11)
POINTS = [shapely.Point(CHANCE.uniform(-180, 180), CHANCE.uniform(-90, 90)) for _ in range(200)]


def test_as_postgis_says(postgis: Postgis) -> None:
    pairs = list(zip(POINTS, POINTS[1:], strict=False))
    found = azimuths(*(np.array(side, dtype=object) for side in zip(*pairs, strict=True)))
    call = "SELECT ST_Azimuth(ST_GeogFromText(%s), ST_GeogFromText(%s))"
    with postgis.connection.cursor() as cursor:
        for (a, b), angle in zip(pairs, found.tolist(), strict=True):
            cursor.execute(call, (a.wkt, b.wkt))
            row = cursor.fetchone()
            assert row is not None
            assert angle == pytest.approx(row[0], abs=1e-6)


@pytest.mark.parametrize(
    ("there", "degrees"),
    [((10, 51), 0), ((10, 49), 180), ((10.001, 50), 90), ((9.999, 50), 270), ((-170, 60), 0)],
)
def test_the_compass(there: tuple[float, float], degrees: float) -> None:
    angle = azimuths(np.array([shapely.Point(10, 50)]), np.array([shapely.Point(there)]))[0]
    assert math.degrees(angle) == pytest.approx(degrees, abs=0.01)


def test_areas_are_seen_from_their_centroids_and_nothing_from_itself_or_nowhere() -> None:
    box = shapely.box(0, 0, 2, 2)
    origins = np.array([box, box, shapely.Point(1, 1), shapely.Point()], dtype=object)
    targets = np.array([shapely.Point(1, 5), shapely.Point(1, 1), shapely.Point(), shapely.Point(0, 0)], dtype=object)
    found = azimuths(origins, targets)
    assert found[0] == 0
    assert np.isnan(found[1:]).all()


def test_in_a_query(tmp_path: Any) -> None:
    builder = SnapshotBuilder(tmp_path / "snapshot")
    builder.begin("one", AxisOrder.STRICT)
    text = b'<http://e/a> <http://e/g> "POINT(10 51)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .'
    for block in quads_of(text, "ntriples"):
        builder.add(block)
    builder.end()
    head = "PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX postgis: <http://postgis.net/>"
    query = f'{head} SELECT (postgis:ST_Azimuth("POINT(10 50)"^^geo:wktLiteral, ?g) AS ?a) {{ ?s <http://e/g> ?g }}'
    result = evaluate(builder.finish(), parse(query))
    (batch,) = result.batches()
    assert float(result.context.terms.term(int(batch.column("a")[0])).text) == 0.0
