"""What the store makes of the plans, by its own account, and answers that only a larger store tells apart."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely

from earthweave.ontology.geometry import area_m2
from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry
from earthweave.qa.planning import Feature, Figure, Plan, Result, Shape, plan, run
from earthweave.qa.planning._run import looked_up
from earthweave.qa.request import Amount, Compare, Concept, Measure, Named, Pick, Point, Property, Ratio, Request, Spatial, Text, Things
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import Store, open_store

E = "http://example.org/"
WKT = "http://www.opengis.net/ont/geosparql#"
KNOWLEDGE = Knowledge(
    classes={
        E + "Shop": ClassEntry(E + "Shop", ("shop",), geometry=0),
        E + "Cell": ClassEntry(E + "Cell", ("cell",), geometry=2),
    },
    properties={
        E + "size": PropertyEntry(E + "size", ("area",), (E + "Cell",), "area", "har"),
        E + "sells": PropertyEntry(E + "sells", ("goods",), (E + "Shop",), "text"),
    },
)
DICE = random.Random(5)
SHOPS = {f"{E}shop/{number}": shapely.Point(DICE.uniform(5, 15), DICE.uniform(45, 55)) for number in range(9000)}
CELLS = {f"{E}cell/{x}{y}": shapely.box(5 + x, 45 + y, 6 + x, 46 + y) for x in range(3) for y in range(3)}
CENTRE = f"{E}shop/17"
GOODS = Property("goods", E + "sells")
ALL, CELL = Things((Concept("shop", E + "Shop"),)), Things(named=(Named("Cell 11", (f"{E}cell/11",), E + "Cell"),))
PLACE = Things(named=(Named("Shop 17", (CENTRE,), E + "Shop"),))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("plans")
    lines = []
    for iri, shape in (SHOPS | CELLS).items():
        cls = "Shop" if "shop" in iri else "Cell"
        lines.append(f'<{iri}> a <{E}{cls}> ; <{WKT}hasGeometry> <{iri}/g> . <{iri}/g> <{WKT}asWKT> "{shape.wkt}"^^<{WKT}wktLiteral> .')
        if cls == "Shop":
            lines.append(f'<{iri}> <{E}sells> "{"Bread" if int(iri.rsplit("/", 1)[-1]) % 10 == 7 else "Milk"}" .')
    lines.append(f"<{E}cell/00> <{E}size> 500 .")
    (folder / "shops.ttl").write_text("\n".join(lines), "utf-8")
    with open_store(folder / "store") as opened:
        opened.load([folder / "shops.ttl"])
        yield opened


def explained(planned: Plan, store: Store) -> str:
    """The account of the query as it is sent."""
    sent = looked_up(planned, StoreEndpoint(store))
    found: dict[str, Any] = store.query(sent.text, explain=True).plan or {}
    return str(found["text"])


def answer(request: Request, store: Store) -> Result:
    return run(plan(request, KNOWLEDGE), StoreEndpoint(store))


def metres(iri: str) -> float:
    a, b = SHOPS[CENTRE], SHOPS[iri]
    return float(pyproj.Geod(ellps="WGS84").inv(a.x, a.y, b.x, b.y)[2])


def test_the_nearest_are_found_by_index(store: Store) -> None:
    target = Things(ALL.classes, pick=Pick(Measure("distance", to=PLACE), descending=False, count=3))
    request = Request("find", target, (Measure("distance", "km", to=PLACE), Measure("bearing", "deg", to=PLACE), Measure("location")))
    planned = plan(request, KNOWLEDGE)
    bound = next(one for one in planned.lookups if one.variable.startswith("bound"))
    before = planned.lookups[: planned.lookups.index(bound)]
    assert "NearestSeed" in explained(replace(planned, query=bound.query, lookups=before), store)
    told = explained(planned, store)
    assert "index used" in told
    assert "9,000" not in told
    rows = answer(request, store).rows
    best = sorted((iri for iri in SHOPS if iri != CENTRE), key=metres)[:3]
    assert [row.feature.iri for row in rows] == best
    for row in rows:
        far, way, where = row.values
        assert isinstance(far, Figure)
        assert far.unit == "km"
        assert far.value == pytest.approx(metres(row.feature.iri) / 1000)
        here, there = SHOPS[row.feature.iri], SHOPS[CENTRE]
        assert isinstance(way, Figure)
        assert way.value == pytest.approx(pyproj.Geod(ellps="WGS84").inv(here.x, here.y, there.x, there.y)[0] % 360, abs=1e-6)
        assert isinstance(where, Shape)
        assert shapely.from_wkt(where.wkt) == here


def test_the_nearest_that_meets_something_else(store: Store) -> None:
    bakeries = Things(ALL.classes, constraints=(Compare(GOODS, "=", Text("bread")),))
    by = Pick(Measure("distance", to=Point(SHOPS[CENTRE].x, SHOPS[CENTRE].y)), descending=False, count=2)
    target = Things(bakeries.classes, constraints=bakeries.constraints, pick=by)
    best = sorted((iri for iri in SHOPS if iri.endswith("7")), key=metres)[:2]
    assert [row.feature.iri for row in answer(Request("find", target), store).rows] == best


def azimuth(iri: str, target: str) -> float:
    a, b = SHOPS[iri], SHOPS[target]
    return float(pyproj.Geod(ellps="WGS84").inv(a.x, a.y, b.x, b.y)[0]) % 360


def apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize("count", [1, 4])
def test_the_nearest_in_a_direction_or_on_the_way_to_something(store: Store, count: int) -> None:
    goal = f"{E}shop/900"
    ends = Things(named=(Named("Shop 900", (goal,), E + "Shop"),))
    ways = ((Spatial("northwest", (PLACE,)), 315.0), (Spatial("towards", (ends, PLACE)), azimuth(CENTRE, goal)))
    for condition, way in ways:
        pick = Pick(Measure("distance", to=PLACE), descending=False, count=count)
        rows = answer(Request("find", Things(ALL.classes, constraints=(condition,), pick=pick)), store).rows
        there = [iri for iri in SHOPS if iri not in (CENTRE, goal) and apart(azimuth(CENTRE, iri), way) <= 22.5]
        assert [row.feature.iri for row in rows] == sorted(there, key=metres)[:count]


def test_all_that_are_as_near_as_the_nearest(store: Store) -> None:
    pick = Pick(Measure("distance", to=Point(6.0, 46.0)), descending=False)
    rows = answer(Request("find", Things((Concept("cell", E + "Cell"),), pick=pick)), store).rows
    assert {row.feature.iri for row in rows} == {f"{E}cell/{name}" for name in ("00", "01", "10", "11")}


def test_nothing_is_the_nearest_of_nothing(store: Store) -> None:
    none = Things(ALL.classes, constraints=(Compare(GOODS, "=", Text("gold")),), pick=Pick(Measure("distance", to=PLACE), descending=False))
    result = answer(Request("find", none), store)
    assert (result.rows, result.total) == ((), 0)


@pytest.mark.parametrize(
    ("constraint", "operator"),
    [
        (Spatial("within", (CELL,)), "SpatialSemiJoin"),
        (Spatial("within", (Things((Concept("cell", E + "Cell"),)),)), "SpatialSemiJoin"),
        (Spatial("distance", (CELL,), "<=", 5000), "SpatialSemiJoin ?wkt2 within 5000 m of"),
        (Spatial("near", (PLACE,)), "within 1000 m of"),
        (Spatial("northwest", (PLACE,), "<=", 20_000), "within 20000 m of"),
        (Spatial("within", (CELL,), negated=True), "SpatialSemiJoin"),
    ],
)
def test_relations_use_the_index(store: Store, constraint: Spatial, operator: str) -> None:
    planned = plan(Request("count", Things(ALL.classes, constraints=(constraint,))), KNOWLEDGE)
    told = explained(planned, store)
    assert operator in told
    assert "index used" in told


def test_the_top_share(store: Store) -> None:
    ranked = sorted(SHOPS, key=metres, reverse=True)
    target = Things(ALL.classes, pick=Pick(Measure("distance", to=PLACE), share=0.1))
    result = answer(Request("find", target), store)
    assert result.total == 900
    assert {row.feature.iri for row in result.rows} <= set(ranked[:900])
    assert result.truncated


def test_areas_in_common_and_parts(store: Store) -> None:
    via = Spatial("intersects", (Things((Concept("cell", E + "Cell"),)),))
    share, area = Measure("share", "km2", via=via), Measure("area", "km2")
    (row,) = answer(Request("find", CELL, (share, area, Ratio(Measure("share", "m2", via=via), Measure("area", "m2")))), store).rows
    common, whole, part = row.values
    assert part == Figure(0.0, "1")
    assert isinstance(common, Figure)
    assert isinstance(whole, Figure)
    assert common.value == 0
    assert whole.value == pytest.approx(float(area_m2([CELLS[f"{E}cell/11"]])[0]) / 1e6)
    assert row.feature == Feature(f"{E}cell/11", f"{E}cell/11", CELLS[f"{E}cell/11"].wkt)


def test_an_area_is_told_as_stated_else_as_measured(store: Store) -> None:
    area = Property("area", E + "size", "km2")
    rows = answer(Request("find", Things((Concept("cell", E + "Cell"),)), (area,)), store).rows
    found = {row.feature.iri: row.values[0] for row in rows}
    assert found[f"{E}cell/00"] == Figure(5.0, "km2")
    for iri, shape in CELLS.items():
        told = found[iri]
        assert isinstance(told, Figure)
        assert iri == f"{E}cell/00" or told.value == pytest.approx(float(area_m2([shape])[0]) / 1e6)
    smallest = Things((Concept("cell", E + "Cell"),), pick=Pick(area, descending=False))
    assert [row.feature.iri for row in answer(Request("find", smallest), store).rows] == [f"{E}cell/00"]
    small = Things((Concept("cell", E + "Cell"),), constraints=(Compare(area, "<", Amount(6, "km2")),))
    assert answer(Request("count", small), store).numbers == (Figure(1),)


def test_none_of_several_and_not_the_place_itself(store: Store) -> None:
    cells = Things((Concept("cell", E + "Cell"),))
    some = tuple(Things(named=(Named(name, (E + f"cell/{name}",), E + "Cell"),)) for name in ("00", "22"))
    apart = Things(cells.classes, constraints=(Spatial("intersects", some, negated=True),))
    # each of the two corners meets three others, of which they share the middle one; nothing meets itself
    assert answer(Request("count", apart), store).total == len(CELLS) - 5
    beyond = Things(ALL.classes, constraints=(Spatial("distance", (PLACE,), "<=", 0.5, negated=True),))
    assert answer(Request("count", beyond), store).total == len(SHOPS) - 1
