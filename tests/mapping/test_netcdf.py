"""NetCDF files by the CF conventions: what they say is heeded, and what cannot be read is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import shapely

from earthweave.mapping.sources import RasterOptions, raster_source
from earthweave.ontology import ParameterError, ProductError, SizeLimitError, UnsupportedError


def _field(path: Path, axes: dict[str, Any], values: Any, **more: Any) -> Path:
    """A file of one variable ``v``; an axis is (values, attributes)."""
    with netCDF4.Dataset(path, "w") as data:
        for name, (numbers, attributes) in axes.items():
            data.createDimension(name, len(numbers))
            axis = data.createVariable(name, "f8", (name,))
            axis.setncatts(attributes)
            axis[:] = numbers
        one = data.createVariable("v", values.dtype, tuple(axes), fill_value=more.pop("fill", None))
        one.setncatts(more)
        one.set_auto_maskandscale(False)
        one[:] = values
    return path


LAT, LON = ([46.0, 45.0, 44.0], {"units": "degrees_north"}), ([358.0, 359.0, 0.0, 1.0], {"units": "degrees_east"})


def _cells(path: Path, **chosen: Any) -> list[dict[str, Any]]:
    source = raster_source(path, RasterOptions(reading="cells", **chosen))
    return [row for batch in source.batches(source.fields, geometry=True) for row in batch.to_pylist()]


def test_scale_offset_missing_values_and_longitudes_beyond_180(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype="int16").reshape(3, 4)
    packed = {"scale_factor": 0.5, "add_offset": -1.0, "missing_value": np.int16(5), "standard_name": "air_temperature", "units": "degC"}
    rows = _cells(_field(tmp_path / "f.nc", {"y": LAT, "x": LON}, numbers, fill=np.int16(7), **packed))
    assert [row["value"] for row in rows] == [number * 0.5 - 1 for number in range(12) if number not in (5, 7)]
    first = rows[0]
    assert (first["id"], first["x"], first["y"]) == ("0-0-1", -2.0, 46.0)
    assert (first["unit"], first["variable"], first["standard_name"], first["time"]) == ("Cel", "v", "air_temperature", None)
    assert {row["x"] for row in rows} == {-2.0, -1.0, 0.0, 1.0}
    assert shapely.from_wkb(first["geometry"]).equals(shapely.box(-2.5, 45.5, -1.5, 46.5))


def test_dimensions_in_any_order_and_beyond_three(tmp_path: Path) -> None:
    time, level = ([0, 6], {"units": "hours since 2021-03-15 18:00"}), ([10, 20], {"units": "m"})
    values = np.arange(48, dtype="float32").reshape(2, 4, 3, 2)
    path = _field(tmp_path / "f.nc", {"level": level, "lon": LON, "lat": LAT, "time": time}, values)
    with pytest.raises(ParameterError, match="does not say the time of its 4 steps"):
        raster_source(path, RasterOptions(zones=str(_zone(tmp_path)), zone_key="key"))
    assert len(_cells(path)) == 48
    path = _field(tmp_path / "g.nc", {"lon": LON, "lat": LAT, "time": time}, values[1])
    found = {(row["time"], row["row"], row["column"]): row["value"] for row in _cells(path, cell_geometry="centre")}
    assert found == {
        (text, row, column): values[1, column, row, step]
        for step, text in enumerate(("2021-03-15T18:00:00Z", "2021-03-16T00:00:00Z")) for row in range(3) for column in range(4)
    }


def _zone(tmp_path: Path) -> Path:
    path = tmp_path / "zones.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"key": "all"}, "geometry":'
        ' {"type": "Polygon", "coordinates": [[[-10, 40], [10, 40], [10, 50], [-10, 50], [-10, 40]]]}}]}'
    )
    return path


@pytest.mark.parametrize(
    ("calendar", "units", "number", "expected"),
    [
        ("standard", "days since 1990-01-01", 11323, "2021-01-01T00:00:00Z"),
        ("noleap", "days since 2000-01-01", 60, "2000-03-02T00:00:00Z"),
        ("proleptic_gregorian", "seconds since 1970-01-01 00:00:00 +01:00", 3600.0, "1970-01-01T00:00:00Z"),
        ("360_day", "days since 2001-02-01", 29, None),
    ],
)
def test_times_of_all_calendars_that_have_real_days(tmp_path: Path, calendar: str, units: str, number: float, expected: str | None) -> None:
    """360_day has a 30 February, which xsd:dateTime has not."""
    time = ([number], {"units": units, "calendar": calendar})
    path = _field(tmp_path / "f.nc", {"time": time, "lat": LAT, "lon": LON}, np.ones((1, 3, 4)))
    if expected is None:
        with pytest.raises(ProductError, match=r"no xsd:dateTime"):
            _cells(path)
    else:
        assert {row["time"] for row in _cells(path)} == {expected}


def test_a_scalar_time_counts(tmp_path: Path) -> None:
    path = _field(tmp_path / "f.nc", {"lat": LAT, "lon": LON}, np.ones((3, 4)), coordinates="when")
    with netCDF4.Dataset(path, "a") as data:
        when = data.createVariable("when", "f8", ())
        when.units = "days since 2021-03-15"
        when[...] = 1
    assert {row["time"] for row in _cells(path)} == {"2021-03-16T00:00:00Z"}


def test_a_projected_cube_knows_its_crs(shared: Path) -> None:
    [path] = (shared / "data/crops").rglob("worldcereal_preprocessed_inputs.nc")
    with pytest.raises(ParameterError, match="which variable"):
        raster_source(path, RasterOptions(reading="cells"))
    chosen = RasterOptions(reading="cells", variable="S2-L2A-B08", bbox=(0, 0, 1e9, 1e9))
    source = raster_source(path, chosen)
    assert (source.crs.code, source.total) == ("32631", 120_000)
    batch = next(source.batches(["row", "column", "value", "time", "x", "y"], geometry=True))
    with netCDF4.Dataset(path) as data:
        for row in batch.to_pylist()[::997]:
            assert row["value"] == data["S2-L2A-B08"][0, row["row"], row["column"]]
            assert (row["x"], row["y"]) == (data["x"][row["column"]], data["y"][row["row"]])
            assert shapely.from_wkb(row["geometry"]).area == pytest.approx(100)
    assert batch.column("time")[0].as_py() == "2020-11-01T00:00:00Z"


def test_groups_swaths_and_unknown_variables_are_refused(tmp_path: Path, shared: Path) -> None:
    [product] = (shared / "data/s5p").rglob("S5P_OFFL*.nc")
    with pytest.raises(UnsupportedError, match="in groups"):
        raster_source(product, RasterOptions(reading="cells"))
    with netCDF4.Dataset(tmp_path / "swath.nc", "w") as data:
        for name in ("line", "pixel"):
            data.createDimension(name, 4)
        for name in ("lat", "lon", "v"):
            data.createVariable(name, "f4", ("line", "pixel"))[:] = 1
    with pytest.raises(ProductError, match="no one-dimensional latitude"):
        raster_source(tmp_path / "swath.nc", RasterOptions(reading="cells", variable="v"))
    path = _field(tmp_path / "f.nc", {"lat": LAT, "lon": LON}, np.ones((3, 4)))
    with pytest.raises(ParameterError, match="it has v") as told:
        raster_source(path, RasterOptions(reading="cells", variable="w"))
    assert told.value.way_out == "say it: variable=NAME"


def test_cells_are_guarded_by_a_limit(tmp_path: Path) -> None:
    """One day of four species of a regional model is 28 million cells; the file here stores none of them."""
    path = tmp_path / "f.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, axis in (("time", range(96)), ("lat", np.linspace(72, 30, 420)), ("lon", np.linspace(-25, 45, 700))):
            data.createDimension(name, len(axis))
            data.createVariable(name, "f8", (name,))[:] = axis
        data["time"].units = "hours since 2021-03-15"
        data.createVariable("pm", "f4", ("time", "lat", "lon"), fill_value=-1.0)
    with pytest.raises(SizeLimitError, match=r"420 × 700 cells in 96 steps are 28,224,000 rows") as told:
        raster_source(path, RasterOptions(reading="cells"))
    assert "zonal" in told.value.way_out
    assert raster_source(path, RasterOptions(reading="cells", bbox=(10, 40, 11, 41))).total == 100 * 96


def test_uneven_cells_have_centres_but_no_shape(tmp_path: Path) -> None:
    uneven = ([50.0, 49.0, 45.0, 44.5], {"units": "degrees_north"})
    path = _field(tmp_path / "f.nc", {"lat": uneven, "lon": LON}, np.ones((4, 4)))
    with pytest.raises(ProductError, match="not evenly spaced"):
        _cells(path)
    assert len(_cells(path, cell_geometry="centre")) == 16
