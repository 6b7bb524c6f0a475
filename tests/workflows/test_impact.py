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


DAYS = 'ew:phenomenonStart "2021-03-15T00:02:41Z"^^xsd:dateTime ; ew:phenomenonEnd "2021-03-25T00:02:41Z"^^xsd:dateTime'


def stored(folder: Path, text: str) -> Path:
    """A store of its own."""
    (folder / "own.ttl").write_text(HEAD + text, "utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "own.ttl"])
    return folder / "store"


def flood_impact(store: Path, out: Path, **more: Any) -> Graph:
    """The observations that a run of Flood-impact leaves."""
    spec = next(one for one in registry() if one.id == "flood-impact")
    run_recorded(spec, {"store": store, "output_path": out, **more})
    graph = Graph()
    return graph.parse(out / "flood_impact.nt", format="nt")


def test_an_outline_that_crosses_itself_is_left_out_where_nothing_can_be_united_with_it(tmp_path: Path) -> None:
    good, bow = shapely.box(0, 0, 0.5, 0.5), shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    rows = [feature("good", "FloodedArea", good, DAYS), feature("bow", "FloodedArea", bow, DAYS)]
    rows += [feature("unit", "AdministrativeUnit", shapely.box(-1, -1, 3, 3)), feature("torn", "AdministrativeUnit", bow)]
    rows.append(feature("road", "Road", shapely.LineString([(0.2, -1), (0.2, 2)])))
    with open_store(stored(tmp_path, "".join(rows))) as store:
        found = find_impact(store, Selection())
    assert (found.areas, found.flooded / 1e6) == (1, pytest.approx(km2(good), rel=1e-6))
    assert [unit.name for unit in found.units] == ["unit"]
    assert found.hits["roads"][0].metres / 1000 == pytest.approx(km(shapely.LineString([(0.2, 0), (0.2, 0.5)])), rel=1e-6)
    assert found.notices[:2] == (
        "1 flooded areas are left out: their outlines cross themselves.",
        "1 administrative units are left out: their borders, or the water there, cross themselves.",
    )


def test_a_unit_with_two_borders_counts_once_and_a_flood_without_time_is_told(tmp_path: Path) -> None:
    fine, coarse, water = shapely.box(-1, -1, 2, 2), shapely.box(-1, -1, 2, 2.01), shapely.box(0, 0, 1, 1)
    road = shapely.LineString([(0.5, -1), (0.5, 2)])
    rows = [feature("f", "FloodedArea", water), feature("r", "Road", road), feature("u", "AdministrativeUnit", fine, "ew:unitLevel 3")]
    rows.append(f':u-g geo:asWKT "{write_wkt([coarse])[0]}"^^geo:wktLiteral .\n')
    rows.append(feature("p1", "PowerUnit", shapely.Point(0.1, 0.1), "ew:capacity 5.0e0"))
    rows.append(feature("p2", "PowerUnit", shapely.Point(0.2, 0.2), "ew:capacity 7.0e0", 'ew:operatingState "retired"'))
    with open_store(stored(tmp_path, "".join(rows))) as store:
        found = find_impact(store, Selection())
    (unit,) = found.units
    assert unit.area / 1e6 == pytest.approx(km2(coarse), rel=1e-6)
    assert unit.hit["roads"].kilometres == pytest.approx(km(shapely.intersection(road, water)), rel=1e-6)
    assert (unit.hit["power_units"].count, unit.hit["power_units"].megawatts) == (2, 5), "a retired unit is hit, but no capacity is lost"
    assert any("several borders" in notice for notice in found.notices)
    assert any("not kept as linked data" in notice for notice in found.notices)


@pytest.fixture(scope="module")
def schemes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one flood of 15 to 25 March in units of three schemes, whose IRIs end alike, or in nothing."""
    rows = [feature("f", "FloodedArea", shapely.box(0, 0, 1, 1), DAYS)]
    for number, iri in enumerate(("http://a.example/nuts/2016/X1", "http://a.example/nuts/2021/X1", "https://sws.geonames.org/2/")):
        border = write_wkt([shapely.box(-number, 0, 2, 2)])[0]
        rows.append(f'<{iri}> a ew:AdministrativeUnit ; ew:simulated false ; rdfs:label "{number}" ; geo:hasGeometry :g{number} . ')
        rows.append(f':g{number} a geo:Geometry ; geo:asWKT "{border}"^^geo:wktLiteral .\n')
    return stored(tmp_path_factory.mktemp("schemes"), "".join(rows))


def test_units_do_not_share_observations_and_the_last_day_is_meant_whole(schemes: Path, tmp_path: Path) -> None:
    graph = flood_impact(schemes, tmp_path / "out", start="2021-03-01", end="2021-03-15")
    assert len(set(graph.objects(None, SOSA.hasFeatureOfInterest))) == 3
    for one in graph.subjects(SOSA.observedProperty, EW.FloodedExtent):
        assert len(list(graph.objects(one, SOSA.hasFeatureOfInterest))) == len(list(graph.objects(one, SOSA.hasSimpleResult))) == 1
    with pytest.raises(NotFoundError):
        flood_impact(schemes, tmp_path / "out", start="2021-03-01", end="2021-03-15T00:02:00Z")


def test_units_of_which_none_can_be_mapped_are_refused(schemes: Path, tmp_path: Path) -> None:
    rows = gpd.GeoDataFrame({"GID_2": ["a"], "NAME_2": [None]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    rows.to_file(tmp_path / "units.gpkg", engine="pyogrio")
    with pytest.raises(ParameterError, match="is not a file that our rules can map") as error:
        flood_impact(schemes, tmp_path / "out", units=tmp_path / "units.gpkg")
    assert "none of 1 rows could be mapped: no value for NAME_2" in error.value.why


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
