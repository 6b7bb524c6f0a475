"""What a flood hit, asked of the store, beside the same computed with shapely and PROJ alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from rdflib import Graph, Literal

from earthweave.ontology import EW, SOSA, NotFoundError, ParameterError, validate
from earthweave.ontology.geometry import write_wkt
from earthweave.server.records import run_recorded
from earthweave.server.store import Store, open_store
from earthweave.server.workflows import Impact, Selection, find_impact, map_file, registry

GEOD = pyproj.Geod(ellps="WGS84")
HEAD = """\
@prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <http://example.org/> .
"""


def km2(shape: Any) -> float:
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) / 1e6


def km(shape: Any) -> float:
    return float(GEOD.geometry_length(shape)) / 1000


def feature(name: str, cls: str, shape: Any, *more: str) -> str:
    said = " ; ".join((f"a ew:{cls}", f'rdfs:label "{name}"', "ew:simulated false", *more))
    place = f':{name}-g a geo:Geometry ; geo:asWKT "{write_wkt([shape])[0]}"^^geo:wktLiteral'
    return f":{name} {said} ; geo:hasGeometry :{name}-g . {place} .\n"


class World:
    """Floods that overlap, four units, roads, buildings and power units, drawn by chance around one place."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        corner = 150 + rng.random((40, 2)) * (0.35, 0.35)
        self.floods = [
            shapely.box(x, y - 183, x + w, y - 183 + h) for (x, y), (w, h) in zip(corner, 0.05 * rng.random((40, 2)), strict=True)
        ]
        self.sure = rng.uniform(0.5, 1, 40).round(3)
        self.units = [shapely.box(150 + 0.2 * i, -33 + 0.2 * j, 150.2 + 0.2 * i, -32.8 + 0.2 * j) for i in (0, 1) for j in (0, 1)]
        ends = np.array([150, -33]) + rng.random((60, 4, 2)) * (0.4, 0.4)
        self.roads = [shapely.LineString(points) for points in ends]
        self.houses = [shapely.Point(x, y).buffer(0.001, quad_segs=2) for x, y in np.array([150, -33]) + rng.random((200, 2)) * (0.4, 0.4)]
        self.plants = [shapely.Point(x, y) for x, y in np.array([150, -33]) + rng.random((50, 2)) * (0.4, 0.4)]
        self.mw = rng.integers(1, 100, 50).tolist()
        self.water = shapely.union_all(self.floods)

    def turtle(self) -> str:
        days = 'ew:phenomenonStart "2021-03-15T00:00:00Z"^^xsd:dateTime ; ew:phenomenonEnd "2021-03-25T00:00:00Z"^^xsd:dateTime'
        rows = [
            feature(f"f{n}", "FloodedArea", one, days, "prov:wasDerivedFrom :layer", f"ew:confidence {sure:.3e}")
            for n, (one, sure) in enumerate(zip(self.floods, self.sure, strict=True))
        ]
        rows += [feature(f"u{n}", "AdministrativeUnit", one, "ew:unitLevel 3", f'ew:unitCode "U{n}"') for n, one in enumerate(self.units)]
        rows.append(feature("state", "AdministrativeUnit", shapely.box(149, -34, 151, -32), "ew:unitLevel 1"))
        rows += [feature(f"r{n}", "Road", one, 'ew:featureClass "primary"') for n, one in enumerate(self.roads)]
        rows += [feature(f"b{n}", "Building", one) for n, one in enumerate(self.houses)]
        rows += [feature(f"p{n}", "PowerUnit", one, f"ew:capacity {self.mw[n]:.1e}") for n, one in enumerate(self.plants)]
        return HEAD + "".join(rows)


@pytest.fixture(scope="module")
def world() -> World:
    return World(7)


@pytest.fixture(scope="module")
def drawn(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "world.ttl").write_text(world.turtle(), "utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "world.ttl"])
        yield store


@pytest.fixture(scope="module")
def impact(drawn: Store) -> Impact:
    return find_impact(drawn, Selection(layer="http://example.org/layer"))


def test_flooded_area_counts_overlaps_once(impact: Impact, world: World) -> None:
    assert impact.areas == 40
    assert impact.flooded / 1e6 == pytest.approx(km2(world.water), rel=1e-6)
    assert impact.flooded / 1e6 < sum(map(km2, world.floods)) * 0.99
    sizes = np.array([km2(one) for one in world.floods])
    assert impact.confidence == pytest.approx(float((sizes * world.sure).sum() / sizes.sum()), rel=1e-6)
    assert impact.simulated is False


def test_units_of_the_finest_level_alone(impact: Impact, world: World) -> None:
    expected = {f"u{n}": km2(shapely.intersection(one, world.water)) for n, one in enumerate(world.units)}
    assert {unit.name: unit.flooded / 1e6 for unit in impact.units} == pytest.approx(expected, rel=1e-6)
    assert {unit.name: unit.area / 1e6 for unit in impact.units} == pytest.approx({f"u{n}": km2(one) for n, one in enumerate(world.units)})
    assert {unit.code for unit in impact.units} == {"U0", "U1", "U2", "U3"}
    assert [unit.flooded for unit in impact.units] == sorted((unit.flooded for unit in impact.units), reverse=True)


def test_roads_with_their_length_under_water(impact: Impact, world: World) -> None:
    wet = {f"r{n}": km(shapely.intersection(one, world.water)) for n, one in enumerate(world.roads) if one.intersects(world.water)}
    assert {hit.name: hit.metres / 1000 for hit in impact.hits["roads"]} == pytest.approx(wet, rel=1e-6)
    assert {hit.cls for hit in impact.hits["roads"]} == {"primary"}
    for unit, border in zip(sorted(impact.units, key=lambda unit: unit.name), world.units, strict=True):
        inside = [km(shapely.intersection(shapely.intersection(one, world.water), border)) for one in world.roads]
        assert unit.hit["roads"].kilometres == pytest.approx(sum(inside), rel=1e-6)
        assert unit.hit["roads"].count == sum(length > 0 for length in inside)


def test_buildings_and_power_units_in_the_water(impact: Impact, world: World) -> None:
    assert {hit.name for hit in impact.hits["buildings"]} == {f"b{n}" for n, one in enumerate(world.houses) if one.intersects(world.water)}
    hit = {f"p{n}": world.mw[n] for n, one in enumerate(world.plants) if one.intersects(world.water)}
    assert {one.name: one.megawatts for one in impact.hits["power_units"]} == hit
    for unit, border in zip(sorted(impact.units, key=lambda unit: unit.name), world.units, strict=True):
        inside = [mw for one, mw in zip(world.plants, world.mw, strict=True) if one.intersects(world.water) and one.intersects(border)]
        assert unit.hit["power_units"].count == len(inside)
        assert unit.hit["power_units"].megawatts == pytest.approx(sum(inside))


def test_what_the_store_does_not_know_is_not_nought(impact: Impact) -> None:
    assert "power_facilities" not in impact.hits
    assert any("no power facilities around the flood" in notice for notice in impact.notices)


def test_another_level_and_a_smaller_area(drawn: Store, world: World) -> None:
    part = shapely.box(150.0, -33.0, 150.1, -32.9)
    found = find_impact(drawn, Selection(area=part, level=1))
    meant = [one for one in world.floods if one.intersects(part)]
    assert [(unit.name, unit.level) for unit in found.units] == [("state", 1)]
    assert found.areas == len(meant) > 0
    assert found.flooded / 1e6 == pytest.approx(km2(shapely.union_all(meant)), rel=1e-6)


@pytest.mark.parametrize(
    ("selection", "error"), [(Selection(layer="http://example.org/none"), NotFoundError), (Selection(layer="no iri>"), ParameterError)]
)
def test_refusals_name_a_way_out(drawn: Store, selection: Selection, error: type[Exception]) -> None:
    with pytest.raises(error) as told:
        find_impact(drawn, selection)
    assert told.value.way_out  # type: ignore[attr-defined]


# a real flood: Copernicus EMS activation 332, NUTS units, power units of JRC-PPDB-OPEN

EMS = "data/derived/flood/emsr332_observed_event_shared.gpkg"
NUTS = "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson"
POWER = "data/vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"
EVENT = {"event": "EMSR332", "start": "2018-10-29T00:00:00Z", "end": "2018-11-05T00:00:00Z", "simulated": "false"}


@pytest.fixture(scope="module")
def veneto(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the results of Flood-impact for the real flood, power units within 2 km counted."""
    folder = tmp_path_factory.mktemp("veneto")
    map_file(shared / EMS, "ems-flood", folder / "floods.nt", variables=EVENT)
    with open_store(folder / "store") as store:
        store.load([folder / "floods.nt"])
    spec = next(one for one in registry() if one.id == "flood-impact")
    given = {"store": folder / "store", "units": shared / NUTS, "power": shared / POWER, "near": 2000}
    run_recorded(spec, {**given, "start": "2018-10-29", "end": "2018-11-05", "output_path": folder / "out"})
    return folder / "out"


def test_real_flood_per_nuts_unit(veneto: Path, shared: Path) -> None:
    rows = list(csv.DictReader((veneto / "flood_impact_table.csv").read_text("utf-8").splitlines()))
    assert [row["name"] for row in rows] == ["Verona", "Padova", "Vicenza", "Venezia", "Treviso"]
    water = shapely.union_all(gpd.read_file(shared / EMS).to_crs("EPSG:3035").make_valid())
    borders = gpd.read_file(shared / NUTS).query("LEVL_CODE == 3").set_index("NUTS_ID").geometry
    for row in rows:
        # the borders are straight in their own projection, and kept to within a metre of that
        wet = gpd.GeoSeries([shapely.intersection(water, borders[row["code"]])], crs="EPSG:3035").to_crs("EPSG:4326")
        assert float(row["flooded_km2"]) == pytest.approx(km2(wet[0]), rel=1e-4)
        assert row["roads"] == "", "unknown, not nought"


def test_four_power_units_within_two_kilometres_of_the_water(veneto: Path, shared: Path) -> None:
    hit = gpd.read_file(veneto / "flood_impact.gpkg", layer="power_units")
    table = gpd.pd.read_csv(shared / POWER).dropna(subset=["lat", "lon"])
    places = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326").to_crs("EPSG:3035")
    near = shapely.STRtree(gpd.read_file(shared / EMS).to_crs("EPSG:3035").geometry.values).query(places.values, "dwithin", 2000)[0]
    expected = table.iloc[sorted(set(near.tolist()))]
    assert sorted(hit["name"]) == sorted(expected["name_g"])
    assert len(hit) == 4
    total = json.loads((veneto / "run.json").read_text("utf-8"))["figures"]["total"]
    assert (total["power_units"], total["power_units_mw"]) == (4, pytest.approx(expected["capacity_g"].sum()))


def test_impact_as_linked_data_meets_the_shapes(veneto: Path) -> None:
    graph = Graph()
    graph.parse(veneto / "flood_impact.nt", format="nt")
    graph.parse(veneto / "prov.ttl", format="turtle")
    assert validate(graph) == ()
    megawatts = [graph.value(one, SOSA.hasSimpleResult) for one in graph.subjects(EW.unitSymbol, Literal("MW"))]
    assert sum(float(str(value)) for value in megawatts) == 104.0


def test_layers_open_with_what_their_columns_mean(veneto: Path) -> None:
    layers = gpd.list_layers(veneto / "flood_impact.gpkg")["name"].tolist()
    assert {"flood_impact_units", "power_units"} <= set(layers)
    units = gpd.read_file(veneto / "flood_impact_units.geojson")
    assert str(units.crs) == "EPSG:4326" and len(units) == 5
    report = (veneto / "flood_report.md").read_text("utf-8")
    assert "The legend shows the magnitude of change between the two dates, not the depth of the water." in report
    assert "SIMULATED" not in report
