"""Zonal statistics against brute force, cell by cell; and what is said of zones that hold no cell."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import netCDF4
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rdflib import Graph, URIRef

from earthweave.mapping import MappingRun, ZonalLimits, map_source, read_rules, zonal
from earthweave.mapping.sources import RasterOptions, raster_source
from earthweave.ontology import SOSA, NotFoundError, ParameterError, ProductError, SizeLimitError
from earthweave.ontology.geometry import area_m2


@pytest.fixture(scope="module")
def cams(shared: Path) -> Path:
    """CAMS PM2.5 at 0.75 degrees, 15 and 18 h."""
    return shared / "data/derived/airquality/cams_pm25_0p75_20191231_15_18.nc"


def test_means_and_maxima_are_those_of_brute_force(cams: Path, nuts: Path) -> None:
    found = zonal(cams, nuts, key="NUTS_ID", where={"LEVL_CODE": 0})
    units = geopandas.read_file(nuts).query("LEVL_CODE == 0").to_crs(4326).set_index("NUTS_ID").geometry
    rows = {(row["zone"], row["time"], row["statistic"]): row for row in found.table.to_pylist()}
    with netCDF4.Dataset(cams) as data:
        lat, lon, values = data["lat"][:].data, data["lon"][:].data, data["pm2p5"][:].data.astype(float)
    for code in ("IT", "AT", "LU", "CY"):
        weights, inside = [], []
        for row, y in enumerate(lat):
            for column, x in enumerate(lon):
                if units[code].bounds[0] <= x <= units[code].bounds[2] and units[code].contains(shapely.Point(x, y)):
                    weights.append(np.cos(np.radians(y)))
                    inside.append(values[:, row, column])
        for step, time in enumerate(("2019-12-31T15:00:00Z", "2019-12-31T18:00:00Z")):
            column = np.array(inside)[:, step]
            mean, highest = rows[code, time, "mean"], rows[code, time, "max"]
            assert mean["value"] == pytest.approx(np.average(column, weights=weights), rel=1e-9)
            assert (highest["value"], mean["cells"], mean["unit"]) == (pytest.approx(column.max()), len(column), "ug/m3")
    assert found.zones == len(units)
    assert {row["zone"] for row in rows.values()} | set(found.uncovered) == set(units.index)
    assert found.uncovered == ("LI", "MT")


def _netcdf(path: Path, lon: Any, values: Any, *, units: str = "µg/m3") -> Path:
    with netCDF4.Dataset(path, "w") as data:
        for name, axis in (("latitude", [45.5, 44.5]), ("longitude", lon)):
            data.createDimension(name, len(axis))
            data.createVariable(name, "f8", (name,))[:] = axis
        one = data.createVariable("no2", "f4", ("longitude", "latitude"), fill_value=-999.0)
        one.units = units
        one[:] = values
    return path


def _zones(tmp_path: Path, zones: dict[str, Any], crs: int = 4326) -> Path:
    frame = geopandas.GeoDataFrame({"key": list(zones)}, geometry=list(zones.values()), crs=crs)
    frame.to_file(tmp_path / "zones.gpkg")
    return tmp_path / "zones.gpkg"


def test_axes_in_any_order_longitudes_to_360_and_missing_values(tmp_path: Path) -> None:
    # columns of longitude first; 359.5 is 0.5 degrees west
    field = _netcdf(tmp_path / "f.nc", [359.5, 0.5], [[1.0, -999.0], [3.0, 4.0]])
    boxes = {"west": (-1, 44, 0, 46), "both": (-1, 44, 1, 46), "tiny": (0, 44, 0.1, 44.1)}
    zones = _zones(tmp_path, {name: shapely.box(*bounds) for name, bounds in boxes.items()})
    found = zonal(field, zones, key="key", time="2021-03-15T12:00:00Z", statistics=["max", "mean"])
    rows = {(row["zone"], row["statistic"]): row for row in found.table.to_pylist()}
    weights = np.cos(np.radians([45.5, 45.5, 44.5]))
    assert rows["west", "mean"]["value"] == 1.0
    assert rows["both", "mean"]["value"] == pytest.approx(np.average([1, 3, 4], weights=weights))
    assert (rows["both", "max"]["value"], rows["both", "max"]["cells"]) == (4.0, 3)
    assert found.uncovered == ("tiny",)
    assert set(found.table.column("time").to_pylist()) == {"2021-03-15T12:00:00Z"}


def test_a_geotiff_in_metres_with_zones_in_degrees(tmp_path: Path, layer: Callable[..., Path]) -> None:
    values = np.arange(12, dtype="float32").reshape(1, 3, 4)
    values[0, 0, 0] = -1
    path = tmp_path / "f.tif"
    profile = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": "float32", "crs": "EPSG:32632", "nodata": -1}
    with rasterio.open(path, "w", transform=rasterio.Affine(1000, 0, 500_000, 0, -1000, 5_003_000), **profile) as raster:
        raster.write(values)
    west = geopandas.GeoSeries([shapely.box(499_000, 4_999_000, 502_000, 5_004_000)], crs=32632).to_crs(4326)
    zones = layer({"key": [7]}, list(west), name="zones.gpkg")
    found = zonal(path, zones, key="key", time="2021-03-15", unit="m")
    assert {row["statistic"]: row["value"] for row in found.table.to_pylist()} == {"mean": np.mean([1, 4, 5, 8, 9]), "max": 9.0}
    assert found.table.column("zone").to_pylist() == ["7", "7"]
    with pytest.raises(ParameterError, match="does not say the time"):
        zonal(path, zones, key="key")


def test_wrong_calls_are_refused(tmp_path: Path, cams: Path, nuts: Path) -> None:
    zones = _zones(tmp_path, {"a": shapely.box(0, 0, 1, 1)})
    with pytest.raises(ParameterError, match="no column 'code'"):
        zonal(cams, zones, key="code")
    with pytest.raises(ParameterError, match="does not name the zones"):
        zonal(cams, nuts, key="CNTR_CODE")
    with pytest.raises(ParameterError, match="no zone"):
        zonal(cams, nuts, key="NUTS_ID", where={"LEVL_CODE": 9})
    with pytest.raises(ParameterError, match="which variable"):
        zonal(cams, zones, key="key", variable="ozone")
    with pytest.raises(ParameterError, match="no statistic"):
        zonal(cams, zones, key="key", statistics=["mode"])
    with pytest.raises(SizeLimitError, match="zonal_cells"):
        zonal(cams, nuts, key="NUTS_ID", limits=ZonalLimits(zonal_cells=10))
    with pytest.raises(ProductError, match="there is no file"):
        zonal(tmp_path / "absent.nc", zones, key="key")
    (tmp_path / "bad.nc").write_text("no")
    (tmp_path / "bad.tif").write_text("no")
    for name in ("bad.nc", "bad.tif"):
        with pytest.raises(ProductError):
            zonal(tmp_path / name, zones, key="key")


def _raster(path: Path, side: int, values: Any = None, **more: Any) -> Path:
    """A square GeoTIFF of 0.001 degrees from 10 E 46 N; without values nothing of it is stored."""
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "int16", "crs": "EPSG:4326", "SPARSE_OK": "TRUE"}
    place = rasterio.Affine(0.001, 0, 10, 0, -0.001, 46)
    with rasterio.open(path, "w", transform=place, tiled=True, **profile) as raster:
        for name, value in more.items():
            setattr(raster, name, value)
        if values is not None:
            raster.write(values, 1, window=((0, values.shape[0]), (0, values.shape[1])))
    return path


def test_scale_and_offset_of_a_geotiff_are_heeded(tmp_path: Path) -> None:
    path = _raster(tmp_path / "f.tif", 4, np.full((4, 4), 30, "int16"), scales=(0.1,), offsets=(-2.0,), nodata=0)
    zones = _zones(tmp_path, {"all": shapely.box(9, 45, 11, 47)})
    found = zonal(path, zones, key="key", time="2021-03-15")
    assert found.table.column("value").to_pylist() == pytest.approx([1.0, 1.0])


def test_only_the_window_of_the_zones_is_read(tmp_path: Path) -> None:
    """Two gigabytes as numbers of 16 bits, eight times as much in our arithmetic: 16 cells are wanted."""
    path = _raster(tmp_path / "f.tif", 32_000, np.arange(16, dtype="int16").reshape(4, 4))
    zones = _zones(tmp_path, {"corner": shapely.box(10, 45.996, 10.004, 46)})
    tracemalloc.start()
    try:
        found = zonal(path, zones, key="key", time="2021-03-15", statistics=["max"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.table.select(["value", "cells"]).to_pylist() == [{"value": 15.0, "cells": 16}]
    assert peak < 50e6


def test_a_window_of_a_netcdf_is_that_of_the_whole(tmp_path: Path) -> None:
    """A zone across the meridian of Greenwich takes columns from both ends of a grid of 0 … 360 degrees, and only those."""
    path = tmp_path / "f.nc"
    lon, lat = np.arange(0, 360, 2.0), np.arange(60, 39, -2.0)
    values = np.arange(3 * len(lat) * len(lon), dtype="f8").reshape(3, 1, len(lat), len(lon))
    with netCDF4.Dataset(path, "w") as data:
        for name, axis in (("time", [0, 1, 2]), ("level", [0]), ("latitude", lat), ("longitude", lon)):
            data.createDimension(name, len(axis))
            data.createVariable(name, "f8", (name,))[:] = axis
        data["time"].units = "hours since 2021-03-15"
        data.createVariable("no2", "f8", ("time", "level", "latitude", "longitude"), chunksizes=(1, 1, 2, 10))[:] = values
    zones = _zones(tmp_path, {"both": shapely.box(-5, 44.5, 5, 51), "east": shapely.box(20.5, 44.5, 25, 51)})
    found = zonal(path, zones, key="key", statistics=["max"])
    rows = {(row["zone"], row["time"]): row for row in found.table.to_pylist()}
    inside = (lat >= 44.5) & (lat <= 51)
    for zone, columns in (("both", (lon < 5) | (lon > 355)), ("east", (lon > 20.5) & (lon < 25))):
        for step in range(3):
            row = rows[zone, f"2021-03-15T0{step}:00:00Z"]
            assert row["value"] == values[step, 0][inside][:, columns].max()
            assert row["cells"] == inside.sum() * columns.sum()


def test_grids_that_are_too_large_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = _raster(tmp_path / "f.tif", 3_000)
    zones = _zones(tmp_path, {"all": shapely.box(9, 40, 14, 47), "far": shapely.box(50, 0, 51, 1)})
    with pytest.raises(SizeLimitError, match="9,000,000 cells"):
        zonal(path, zones, key="key", time="2021-03-15", limits=ZonalLimits(zonal_cells=10_000))
    with pytest.raises(SizeLimitError, match="axes alone"):
        zonal(path, zones, key="key", time="2021-03-15", limits=ZonalLimits(zonal_cells=5_000))
    far = zonal(path, zones, key="key", where={"key": "far"}, time="2021-03-15")
    assert (far.uncovered, far.table.num_rows) == (("far",), 0)


@pytest.mark.parametrize("name", ["f.tif", "f.nc"])
def test_a_field_that_is_cut_off_is_a_bad_product(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(3).integers(1, 9_999, (600, 600)).astype("int16")
    path = tmp_path / name
    if name == "f.tif":
        _raster(path, 600, noise)
    else:
        with netCDF4.Dataset(path, "w") as data:
            for axis, numbers in (("lat", np.linspace(46, 45, 600)), ("lon", np.linspace(10, 11, 600))):
                data.createDimension(axis, 600)
                data.createVariable(axis, "f8", (axis,))[:] = numbers
            data.createVariable("v", "i2", ("lat", "lon"), zlib=True)[:] = noise
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ProductError, match=name):
        zonal(path, _zones(tmp_path, {"all": shapely.box(9, 44, 12, 47)}), key="key", time="2021-03-15")


ALL = ("mean", "min", "max", "median", "p95", "sum", "count", "exceedance_share", "exceedance_area")


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, (2, 4, 5), elements=st.one_of(st.just(np.float32(np.nan)), st.integers(-9, 9).map(np.float32))),
    st.sampled_from([-2.0, 0.0, 3.5]),
)
def test_every_statistic_is_that_of_numpy(tmp_path_factory: pytest.TempPathFactory, values: Any, threshold: float) -> None:
    folder = tmp_path_factory.mktemp("zonal")
    lat, lon = np.array([46.0, 45.5, 45.0, 44.5]), np.arange(10, 12.5, 0.5)
    with netCDF4.Dataset(folder / "f.nc", "w") as data:
        for name, axis in (("time", [0, 1]), ("lat", lat), ("lon", lon)):
            data.createDimension(name, len(axis))
            data.createVariable(name, "f8", (name,))[:] = axis
        data["time"].units = "hours since 2021-03-15"
        data.createVariable("v", "f4", ("time", "lat", "lon"))[:] = values
    columns = {"west": slice(0, 2), "east": slice(2, 5), "far": slice(0, 0)}
    boxes = {"west": (9, 40, 10.75, 50), "east": (10.75, 40, 13, 50), "far": (50, 0, 51, 1)}
    zones = _zones(folder, {name: shapely.box(*bounds) for name, bounds in boxes.items()})
    found = zonal(folder / "f.nc", zones, key="key", statistics=ALL, threshold=threshold)
    rows = {(row["zone"], row["time"], row["statistic"]): row["value"] for row in found.table.to_pylist()}
    expected: dict[tuple[str, str, str], float] = {}
    for step, time in enumerate(("2021-03-15T00:00:00Z", "2021-03-15T01:00:00Z")):
        for zone, part in columns.items():
            there = np.isfinite(values[step, :, part])
            if there.any():
                told = _expected(values[step, :, part][there].astype(float), np.repeat(lat[:, None], there.shape[1], 1)[there], threshold)
                expected |= {(zone, time, name): value for name, value in told.items()}
    assert rows.keys() == expected.keys()
    assert all(rows[key] == pytest.approx(value, rel=1e-5) for key, value in expected.items())
    assert set(found.uncovered) == set(boxes) - {zone for zone, _, _ in expected}


def _expected(values: Any, lat: Any, threshold: float) -> dict[str, float]:
    weights, above = np.cos(np.radians(lat)), values > threshold
    cells = np.array([area_m2(shapely.segmentize(shapely.box(0, y - 0.25, 0.5, y + 0.25), 0.01)) for y in lat])
    return {
        "mean": np.average(values, weights=weights), "min": values.min(), "max": values.max(), "median": np.median(values),
        "p95": np.quantile(values, 0.95), "sum": values.sum(), "count": len(values),
        "exceedance_share": np.average(above, weights=weights), "exceedance_area": (cells * above).sum(),
    }


def test_units_of_statistics_and_what_they_exceed(cams: Path, nuts: Path) -> None:
    found = zonal(cams, nuts, key="NUTS_ID", where={"NUTS_ID": "IT"}, statistics=ALL, threshold=10)
    told = {row["statistic"]: (row["unit"], row["threshold"]) for row in found.table.to_pylist()}
    assert told["mean"] == told["p95"] == ("ug/m3", None)
    assert (told["count"], told["exceedance_share"], told["exceedance_area"]) == (("1", None), ("1", 10.0), ("m2", 10.0))


def test_a_year_of_steps_is_read_some_at_a_time(tmp_path: Path) -> None:
    """200 MB as numbers of 64 bits; of a step 4 kB are wanted, of all of them 35 MB."""
    path = tmp_path / "f.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, axis in (("time", range(8760)), ("lat", np.linspace(50, 44, 50)), ("lon", np.linspace(5, 11, 60))):
            data.createDimension(name, len(axis))
            data.createVariable(name, "f8", (name,))[:] = axis
        data["time"].units = "hours since 2021-01-01"
        data.createVariable("v", "i2", ("time", "lat", "lon"), zlib=True, chunksizes=(120, 50, 60), fill_value=-1)
        data["v"][8000:8001] = 7
    zones = _zones(tmp_path, {"all": shapely.box(0, 40, 15, 55)})
    source = raster_source(path, RasterOptions(zones=str(zones), zone_key="key", statistics=("sum", "count")))
    tracemalloc.start()
    try:
        rows = [row for batch in source.batches(["time", "value"], geometry=False) for row in batch.to_pylist()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == [{"time": "2021-11-30T08:00:00Z", "value": 21_000.0}, {"time": "2021-11-30T08:00:00Z", "value": 3_000.0}]
    assert peak < 150e6


def test_zones_that_are_not_said_or_not_there(cams: Path, nuts: Path) -> None:
    with pytest.raises(ParameterError, match="statistics of which zones") as told:
        raster_source(cams, RasterOptions(reading="zonal"))
    assert "ewm:zoneKey" in told.value.way_out
    with pytest.raises(NotFoundError, match="no layer of zones"):
        raster_source(cams, RasterOptions(zones="absent.gpkg", zone_key="key"))
    assert len(raster_source(cams, RasterOptions(zones=str(nuts), zone_key="NUTS_ID")).fields) == 9


def test_rule_zonal(mapped: Callable[..., tuple[Graph, MappingRun]], shared: Path, tmp_path: Path) -> None:
    """The ozone of CAMS around Milan: the property is that of the CF standard name, three-hourly observations on the zone."""
    [path] = (shared / "data/airquality").rglob("Milan/cams_global_reanalysis_concentrations_2018.nc")
    zones = _zones(tmp_path, {"milan": shapely.box(8, 44, 10, 47)})
    source = raster_source(path, RasterOptions(zones=str(zones), zone_key="key", variable="go3", statistics=("max",)))
    graph, run = mapped("zonal", source, layer="http://e.org/l", name="eac4", property="http://e.org/none", simulated="false")
    assert (run.report.rows, run.report.skipped) == (2920, 0)
    named = URIRef("http://vocab.nerc.ac.uk/standard_name/mass_concentration_of_ozone_in_air/")
    assert set(graph.objects(None, SOSA.observedProperty)) == {named}
    instants = set(graph.objects(None, SOSA.phenomenonTime))
    assert len(instants) == 2920
    assert {str(graph.value(one, URIRef("http://www.w3.org/2006/time#inXSDDateTimeStamp")))[:4] for one in instants} == {"2018"}
    with netCDF4.Dataset(path) as data:
        inside = (data["longitude"][:] >= 8) & (data["longitude"][:] <= 10)
        highest = data["go3"][:][:, :, inside].max()
    assert max(float(str(value)) for value in graph.objects(None, SOSA.hasSimpleResult)) == pytest.approx(float(highest))


def test_a_mapping_that_says_its_field_and_zones(tmp_path: Path) -> None:
    """The file, the zones beside it, the statistics: all in the document."""
    _raster(tmp_path / "f.tif", 4, np.arange(16, dtype="int16").reshape(4, 4))
    _zones(tmp_path, {"all": shapely.box(9, 45, 11, 47)})
    document = """@prefix rml: <http://w3id.org/rml/> . @prefix ewm: <https://w3id.org/earthweave/mapping#> .
        <#m> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "f.tif" ] ; rml:referenceFormulation ewm:Zonal ;
            ewm:zones "zones.gpkg" ; ewm:zoneKey "key" ; ewm:statistics "median" , "max" ;
            ewm:time "2021-03-15" ] ;
        rml:subjectMap [ rml:template "http://e.org/{zone}/{statistic}" ] ;
        rml:predicateObjectMap [ rml:predicate <http://e.org/p> ; rml:objectMap [ rml:reference "value" ] ] ."""
    (tmp_path / "m.ttl").write_text(document)
    lines = b"".join(map_source(read_rules(tmp_path / "m.ttl"))).decode().splitlines()
    assert sorted(line.split('"')[1] for line in lines) == ["1.5E1", "7.5E0"]
