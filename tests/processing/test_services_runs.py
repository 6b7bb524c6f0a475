"""What every run of every registered service leaves: products as declared, a style, STAC, PROV-O and the record, all readable by others."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import netCDF4
import numpy as np
import pyogrio
import pystac
import pytest
import rasterio
import shapely
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from rdflib import RDF, Graph, URIRef

from earthweave.ontology import DCTERMS, EW, PROV, validate
from earthweave.processing import Result, ServiceSpec
from earthweave.processing.frame import altered, digest
from earthweave.processing.simulate import CoOrbit, sentinel2_pair, sentinel5p_co
from earthweave.server.records import run_recorded
from earthweave.server.workflows import registry

SPECS = {spec.id: spec for spec in registry()}
EACH = pytest.mark.parametrize("id", SPECS)
RENDERERS = {"paletted", "singlebandgray", "multibandcolor", "singlebandpseudocolor"}
AREA = "POLYGON((150.6 -33.4, 151 -33.4, 151 -33.8, 150.6 -33.8, 150.6 -33.4))"
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="simulated">
  <bounds minlat="-33.6" minlon="150.7" maxlat="-33.5" maxlon="150.8"/>
  <node id="1" lat="-33.55" lon="150.75" version="1"/><node id="2" lat="-33.55" lon="150.76" version="1"/>
  <node id="3" lat="-33.56" lon="150.76" version="1"/><node id="4" lat="-33.56" lon="150.75" version="1"/>
  <node id="5" lat="-33.57" lon="150.77" version="1"><tag k="power" v="tower"/></node>
  <way id="10" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="Simulated Road"/></way>
  <way id="11" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
</osm>
"""


class Inputs:
    """What the calls work on, made when it is first needed; all of it simulated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, Any] = {}

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def pair(self) -> tuple[Path, Path]:
        found: tuple[Path, Path] = self._once("pair", lambda: sentinel2_pair(self.folder / "pair", size=150))
        return found

    def run(self, id: str) -> Result:
        """The run of a service with its sample call."""
        result: Result = self._once(f"run {id}", lambda: self._run(id))
        return result

    def _run(self, id: str) -> Result:
        target = self.folder / id
        output = SPECS[id].parameters.model_json_schema()["properties"]["output_path"]
        call = {**CALLS[id](self), "output_path": target / "made.gpkg" if output.get("suffixes") else target}
        return run_recorded(SPECS[id], call)

    @property
    def scene(self) -> dict[str, Any]:
        return {"input": self.pair[1], "resolution": 20}

    @property
    def cube(self) -> Path:
        found: Path = self._once("cube", lambda: _cube(self.folder / "cube.nc"))
        return found

    @property
    def orbit(self) -> Path:
        found: Path = self._once("orbit", lambda: sentinel5p_co(self.folder / "co", CoOrbit(rows=(1700, 1740))))
        return found

    @property
    def osm(self) -> Path:
        path = self.folder / "simulated.osm"
        path.write_text(OSM, "utf-8")
        return path

    @property
    def plants(self) -> Path:
        path = self.folder / "simulated-plants.csv"
        path.write_text(
            "gppd_idnr,name,country,capacity_mw,primary_fuel,latitude,longitude\nAUS1,Simulated,AUS,12.5,Hydro,-33.55,150.75\n", "utf-8"
        )
        return path

    @property
    def store(self) -> Path:
        return self.folder / "store"


def _cube(path: Path) -> Path:
    """A year of three bands over four fields of 10 × 10 pixels."""
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in (("t", 12), ("y", 20), ("x", 20)):
            dataset.createDimension(name, size)
        times = dataset.createVariable("t", "f8", ("t",))
        times.units, times.calendar = "days since 2021-01-01", "standard"
        times[:] = [(datetime(2021, month, 1, tzinfo=UTC) - datetime(2021, 1, 1, tzinfo=UTC)).days for month in range(1, 13)]
        for name, start, step in (("y", 5_100_000, -10), ("x", 580_000, 10)):
            axis = dataset.createVariable(name, "f8", (name,))
            axis[:] = start + step * (np.arange(20) + 0.5)
        crs = dataset.createVariable("crs", "i4")
        crs.crs_wkt = rasterio.crs.CRS.from_epsg(32632).to_wkt()
        dataset.simulated = "true"
        summer = np.sin(np.linspace(0, np.pi, 12))[:, None, None] * np.ones((12, 20, 20))
        for name, low, high in (("B03", 800, 900), ("B04", 1200, 500), ("B08", 1800, 5000)):
            band = dataset.createVariable(name, "u2", ("t", "y", "x"), fill_value=65535)
            band.grid_mapping = "crs"
            band[:] = (low + (high - low) * summer).astype(np.uint16)
    return path


CALLS: dict[str, Callable[[Inputs], dict[str, Any]]] = {
    "s2-preprocess": lambda made: {**made.scene, "bands": "B2,B3,B4"},
    "s2-cd": lambda made: {"input1": made.pair[0], "input2": made.pair[1], "resolution": 20},
    "flood-mask": lambda made: {"input": made.run("s2-cd").layers[0].path},
    "water-mask": lambda made: made.scene,
    "crop-map": lambda made: {"input": made.cube},
    "co-max": lambda made: {"input": [made.orbit.parent], "aoi": "POLYGON((100 -60, 220 -60, 220 60, 100 60, 100 -60))", "quality": 0.0},
    "osm-layers": lambda made: {"input": made.osm},
    "energy-datasets": lambda made: {"input": made.plants},
    "flood-assessment": lambda made: {
        "input1": made.pair[0],
        "input2": made.pair[1],
        "store": made.store,
        "permanent_water": "none",
        "osm": made.run("osm-layers").layers[0].path,
    },  # fmt: skip
    "flood-impact": lambda made: {"store": made.run("flood-assessment") and made.store},
}
"""A small call of every service; one that is registered and stands not here fails the test below."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("made"))


def test_every_service_has_a_sample_call() -> None:
    assert set(CALLS) >= set(SPECS)


def _prefix(result: Result) -> str:
    return result.record.name.removesuffix("run.json")


@EACH
def test_products_are_those_that_are_declared(id: str, made: Inputs) -> None:
    result, declared = made.run(id), {output.role: output for output in SPECS[id].outputs}
    roles = [row["role"] for row in result.report["outputs"]]
    assert roles and set(roles) <= set(declared)
    for role, layer in zip(roles, result.layers, strict=True):
        assert layer.kind == declared[role].kind, role
        assert layer.path.is_file() and layer.title and layer.meaning or layer.kind == "document"
    kinds = {layer.media_type.partition(";")[0] for layer in result.layers}
    assert kinds & {output.media_type.partition(";")[0] for output in declared.values()} or len(declared) == 1
    stems = {(layer.path.stem, layer.path) for layer in result.layers if layer.kind in ("raster", "vector")}
    assert len({stem for stem, _ in stems}) == len(stems), "two files would share a style"


@EACH
def test_everything_that_is_simulated_says_so(id: str, made: Inputs) -> None:
    result = made.run(id)
    if SPECS[id].domain == "energy" or id == "osm-layers":
        return
    assert result.report["simulated"] and all(layer.simulated for layer in result.layers)
    assert all("simulated" in layer.title.lower() for layer in result.layers)
    assert json.loads(result.item.read_text())["properties"]["earthweave:simulated"] is True


@EACH
def test_gdal_opens_every_layer(id: str, made: Inputs) -> None:
    features = []
    for layer in made.run(id).layers:
        if layer.kind == "raster" and layer.path.suffix != ".nc":
            with rasterio.open(layer.path) as dataset:
                assert dataset.crs.to_string() == str(layer.crs) and dataset.count == len(layer.meaning)
                assert dataset.read(1, out_shape=(8, 8)).size == 64
        elif layer.kind == "vector":
            names = pyogrio.list_layers(layer.path)[:, 0].tolist()
            info = pyogrio.read_info(layer.path, layer=layer.name if layer.name in names else names[0])
            features.append(info["features"])
            assert info["crs"] in (str(layer.crs), "EPSG:4326") or "4326" in info["crs"]
            assert set(layer.meaning) <= set(info["fields"].tolist())
    assert not features or sum(features) > 0


def _style(path: Path, name: str) -> ElementTree.Element | None:
    """The style that QGIS finds for a layer: in the table of the GeoPackage, else beside the file."""
    if path.suffix == ".gpkg":
        with closing(sqlite3.connect(path)) as database:
            if database.execute("select 1 from sqlite_master where name = 'layer_styles'").fetchone():
                rows = database.execute("select styleQML from layer_styles where f_table_name = ? and useAsDefault", (name,)).fetchall()
                return ElementTree.fromstring(rows[0][0]) if rows else None
    beside = path.with_suffix(".qml")
    return ElementTree.parse(beside).getroot() if beside.is_file() else None


def _mixed(path: Path, name: str) -> bool:
    return pyogrio.read_info(path, layer=name if path.suffix == ".gpkg" else None)["geometry_type"] in ("Unknown", "GeometryCollection")


@EACH
def test_every_layer_opens_in_qgis_with_a_style(id: str, made: Inputs) -> None:
    for layer in made.run(id).layers:
        if layer.kind == "raster":
            root = _style(layer.path, layer.name)
            assert root is not None and root.tag == "qgis"
            renderer = root.find("./pipe/rasterrenderer")
            assert renderer is not None and renderer.get("type") in RENDERERS
        elif layer.kind == "vector" and not _mixed(layer.path, layer.name):
            root = _style(layer.path, layer.name)
            assert root is not None, layer.name
            renderer = root.find("./renderer-v2")
            assert renderer is not None
            symbols = {symbol.get("name"): symbol for symbol in renderer.findall("./symbols/symbol")}
            used = {one.get("symbol") for kind in ("category", "range") for one in renderer.iter(kind)} or {"0"}
            assert used <= set(symbols)
            number = root.findtext("layerGeometryType")
            assert {symbol.get("type") for symbol in symbols.values()} == {{"0": "marker", "1": "line", "2": "fill"}[str(number)]}
            assert renderer.get("attr") in (
                None,
                *pyogrio.read_info(layer.path, layer=layer.name if layer.path.suffix == ".gpkg" else None)["fields"],
            )


@EACH
def test_the_item_is_valid_stac(id: str, made: Inputs) -> None:
    result = made.run(id)
    told = json.loads(result.item.read_text("utf-8"))
    item = pystac.Item.from_file(str(result.item))
    assert JsonSchemaSTACValidator().validate_core(item.to_dict(include_self_link=False), pystac.STACObjectType.ITEM, told["stac_version"])
    assert {asset["href"] for asset in told["assets"].values()} == {f"./{layer.path.name}" for layer in result.layers}
    for layer, asset in zip(result.layers, told["assets"].values(), strict=True):
        assert asset["type"] == layer.media_type and asset["title"] == layer.title and asset["roles"]
    west, south, east, north = told["bbox"]
    assert -180 <= west <= 180 and -90 <= south <= north <= 90
    assert shapely.from_geojson(json.dumps(told["geometry"])).is_valid
    linked = {link["href"]: link["type"] for link in told["links"] if link["rel"] == "describedby"}
    assert linked == {f"./{_prefix(result)}prov.ttl": "text/turtle", f"./{_prefix(result)}run.json": "application/json"}
    assert all((result.folder / href).is_file() for href in linked)


@EACH
def test_provenance_is_prov_o_about_these_files(id: str, made: Inputs) -> None:
    result = made.run(id)
    graph = Graph().parse(result.folder / f"{_prefix(result)}prov.ttl", format="turtle")
    run = URIRef(result.report["run"])
    assert (run, RDF.type, URIRef(PROV.Activity)) in graph and (run, RDF.type, URIRef(EW.ServiceRun)) in graph
    used = set(graph.objects(run, URIRef(PROV.used)))
    assert len(used) == len({source["digest"] for source in result.report["inputs"]}) > 0
    assert graph.value(run, URIRef(PROV.startedAtTime)) <= graph.value(run, URIRef(PROV.endedAtTime))
    agent = graph.value(run, URIRef(PROV.wasAssociatedWith))
    assert (agent, RDF.type, URIRef(PROV.SoftwareAgent)) in graph
    made_by_it = set(graph.subjects(URIRef(PROV.wasGeneratedBy), run))
    names = {str(graph.value(one, URIRef(DCTERMS.identifier))) for one in made_by_it}
    assert names == {layer.path.name for layer in result.layers}
    digests = {digest(layer.path).removeprefix("sha256:")[:20] for layer in result.layers}
    assert {str(one).rpartition("/")[2] for one in made_by_it} == digests
    for one in made_by_it:
        assert (one, RDF.type, URIRef(PROV.Entity)) in graph and set(graph.objects(one, URIRef(PROV.wasDerivedFrom))) == used
    assert validate(graph) == ()
    assert str(result.folder) not in (result.folder / f"{_prefix(result)}prov.ttl").read_text("utf-8")


@EACH
def test_the_record_is_complete_and_true(id: str, made: Inputs) -> None:
    result = made.run(id)
    record = json.loads(result.record.read_text("utf-8"))
    assert record == result.report and altered(result.record) == ()
    spec: ServiceSpec = SPECS[id]
    assert (record["service"], record["version"]) == (spec.id, spec.version)
    assert record["key"].startswith("sha256:") and record["inputs"] and record["figures"] and record["software"]["rasterio"]
    assert set(spec.parameters.model_fields) == set(record["parameters"])
    assert {path.relative_to(result.folder).as_posix() for path in result.folder.rglob("*") if path.is_file()} == {
        *record["files"],
        result.record.name,
    }
    assert str(result.folder) not in result.record.read_text("utf-8") + result.item.read_text("utf-8")
    assert record["attribution"] or not spec.attribution
