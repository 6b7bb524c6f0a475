"""Statistics of a gridded field over zones (GeoTIFF or CF NetCDF × a vector layer): the rows of rule ``air``.

A cell belongs to a zone if its centre lies inside it; means weight each cell by its area (the cosine of the latitude on a grid of
degrees). A zone smaller than the grid may hold no centre: it gets no row and is named in ``uncovered``, never a neighbour's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Crs, Interval, ParameterError, ProductError, SizeLimitError, setting
from earthweave.ontology.geometry import reproject

from ._geometry import read_wkb
from ._options import Options
from ._sources import geometry_names, open_source

_NETCDF = {".nc", ".nc4", ".cdf"}
_UCUM = {
    "ug m-3": "ug/m3", "µg m-3": "ug/m3", "µg/m3": "ug/m3", "ug m^-3": "ug/m3", "ug/m^3": "ug/m3",
    "kg m-3": "kg/m3", "kg m**-3": "kg/m3", "mol m-2": "mol/m2",
}
_LATITUDE, _LONGITUDE = ("latitude", "lat"), ("longitude", "lon")


@dataclass(frozen=True)
class ZonalLimits:
    """Bounds of one zonal run."""

    zonal_cells: int = setting(20_000_000, unit="cells", help="cells of a field inside the box of the zones, times steps")


@dataclass(frozen=True)
class ZonalRows:
    """What `zonal` found.

    Attributes:
        table: Arrow table with ``zone`` (key), ``time`` (xsd:dateTime text), ``statistic``, ``value``, ``cells`` (those with a value),
            ``unit`` (UCUM).
        uncovered: keys of zones that hold no cell centre with a value, sorted.
        zones: number of zones.
    """

    table: Any
    uncovered: tuple[str, ...]
    zones: int


@dataclass(frozen=True)
class _Field:
    """A grid: values of shape (times, rows, columns), x of columns, y of rows (cell centres, in ``crs``)."""

    values: Any
    x: Any
    y: Any
    times: tuple[str, ...]
    unit: str
    crs: Crs


def zonal(
    field: Path,
    zones: Path,
    *,
    key: str,
    where: Mapping[str, Any] | None = None,
    variable: str | None = None,
    time: str | None = None,
    unit: str | None = None,
    statistics: Sequence[str] = ("mean", "max"),
    options: Options | None = None,
    limits: ZonalLimits | None = None,
) -> ZonalRows:
    """Reduce a field to one row per zone, time and statistic.

    Args:
        field: GeoTIFF (each band a step at ``time``), or NetCDF with one-dimensional latitude and longitude.
        zones: vector layer in any CRS; areas.
        key: its column that names a zone.
        where: columns and the values that zones must have, e.g. ``{"LEVL_CODE": 0}``.
        variable: of a NetCDF file that holds several.
        time: ISO 8601, for fields that do not say it.
        unit: UCUM code, for fields that do not say it.
        statistics: of ``mean`` (weighted by cell area) and ``max``.

    Raises `ParameterError`, `ProductError`, and `SizeLimitError` beyond ``limits``.
    """
    unknown = [one for one in statistics if one not in ("mean", "max")]
    if unknown or not statistics:
        raise ParameterError(f"no statistic {unknown}", way_out="choose from mean, max")
    names, shapes, crs = _zones(zones, key, where or {}, options or Options())
    grid = _read_field(field, variable, (time, unit))
    placed = reproject(shapes, crs, grid.crs)
    cells = _cells(grid, placed, limits or ZonalLimits())
    pairs = shapely.STRtree(cells.points).query(placed, predicate="contains")
    return _rows(names, grid, cells, pairs, statistics)


@dataclass(frozen=True)
class _Cells:
    """The cells in the box of the zones: centres, weights, and values of shape (times, cells)."""

    points: Any
    weights: Any
    values: Any


def _cells(grid: _Field, zones: Any, limits: ZonalLimits) -> _Cells:
    west, south, east, north = shapely.total_bounds(zones)
    columns = np.flatnonzero((grid.x >= west) & (grid.x <= east))
    rows = np.flatnonzero((grid.y >= south) & (grid.y <= north))
    size = len(columns) * len(rows) * len(grid.times)
    if size > limits.zonal_cells:
        what = f"the zones cover {size:,} cells, more than zonal_cells={limits.zonal_cells:,}"
        raise SizeLimitError(what, way_out="raise the limit, or choose fewer zones or times")
    x, y = np.meshgrid(grid.x[columns], grid.y[rows])
    weights = np.cos(np.radians(y)) if grid.crs.geographic else np.ones_like(y)
    values = grid.values[:, rows][:, :, columns].reshape(len(grid.times), -1)
    return _Cells(shapely.points(x.ravel(), y.ravel()), weights.ravel(), values)


def _rows(names: list[str], grid: _Field, cells: _Cells, pairs: Any, statistics: Sequence[str]) -> ZonalRows:
    zone, cell = pairs
    parts, covered = [], np.zeros(len(names), dtype=bool)
    for index, time in enumerate(grid.times):
        values = cells.values[index, cell]
        there = np.isfinite(values)
        count = np.bincount(zone[there], minlength=len(names))
        found = _statistics(zone[there], values[there], cells.weights[cell[there]], len(names))
        covered |= count > 0
        parts += [_part(names, count, time, one, found[one], grid.unit) for one in statistics]
    uncovered = tuple(sorted(name for name, one in zip(names, covered, strict=True) if not one))
    return ZonalRows(pa.concat_tables(parts), uncovered, len(names))


def _statistics(zone: Any, values: Any, weights: Any, zones: int) -> dict[str, Any]:
    total = np.bincount(zone, weights=weights, minlength=zones)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(zone, weights=weights * values, minlength=zones) / total
    highest = np.full(zones, -np.inf)
    np.maximum.at(highest, zone, values)
    return {"mean": mean, "max": highest}


_KINDS = {
    "zone": pa.string(), "time": pa.string(), "statistic": pa.string(), "value": pa.float64(), "cells": pa.int64(), "unit": pa.string(),
}


def _part(names: list[str], count: Any, time: str, statistic: str, values: Any, unit: str) -> Any:
    kept = np.flatnonzero(count)
    columns = {
        "zone": [names[index] for index in kept], "time": [time] * len(kept), "statistic": [statistic] * len(kept),
        "value": values[kept], "cells": count[kept], "unit": [unit] * len(kept),
    }
    return pa.table({name: pa.array(values, _KINDS[name]) for name, values in columns.items()})


# -- zones

def _zones(path: Path, key: str, where: Mapping[str, Any], options: Options) -> tuple[list[str], Any, Crs]:
    source = open_source(path, "", options)
    unknown = [name for name in (key, *where) if name not in source.fields]
    if unknown or source.geometry is None:
        what = f"no column {unknown[0]!r}" if unknown else "no geometries"
        raise ParameterError(f"{path.name} has {what}", why=f"it has {', '.join(source.fields)}")
    names: list[str] = []
    shapes: list[Any] = []
    for batch in source.batches(sorted({key, *where}), True):
        kept = np.ones(batch.num_rows, dtype=bool)
        for name, wanted in where.items():
            kept &= np.array([value == wanted for value in batch.column(name).to_pylist()], dtype=bool)
        geometries, _ = read_wkb(batch.column(geometry_names(source)[0]))
        kept &= ~shapely.is_missing(geometries)
        names += [str(value) for value, one in zip(batch.column(key).to_pylist(), kept, strict=True) if one]
        shapes += list(geometries[kept])
    if not names:
        raise ParameterError(f"no zone of {path.name} meets {dict(where)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ParameterError(f"{key} does not name the zones of {path.name} apart", why=f"more than once: {', '.join(repeated[:3])}")
    return names, np.array(shapes, dtype=object), source.crs


# -- fields

def _read_field(path: Path, variable: str | None, given: tuple[str | None, str | None]) -> _Field:
    path = Path(path)
    if not path.is_file():
        raise ProductError(f"there is no file {path}", way_out="give a GeoTIFF or NetCDF file")
    return _read_netcdf(path, variable, given) if path.suffix.lower() in _NETCDF else _read_raster(path, given)


def _read_raster(path: Path, given: tuple[str | None, str | None]) -> _Field:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path, driver="GTiff") as raster:
            if raster.crs is None or not raster.transform.is_rectilinear:
                raise ProductError(f"{path.name} has no CRS, or a rotated grid", way_out="reproject it first")
            values = raster.read(masked=True).astype("float64").filled(np.nan)
            step, authority = raster.transform, raster.crs.to_authority()
            unit = given[1] or _ucum(raster.units[0] or "")
    except RasterioError as error:
        raise ProductError(f"{path.name} cannot be read", why=str(error)) from error
    if authority is None:
        raise ProductError(f"{path.name}: its CRS is in no register", way_out="reproject it first")
    x = step.c + step.a * (np.arange(values.shape[2]) + 0.5)
    y = step.f + step.e * (np.arange(values.shape[1]) + 0.5)
    return _Field(values, x, y, _steps(path, (), len(values), given[0]), unit, Crs(*authority))


def _read_netcdf(path: Path, variable: str | None, given: tuple[str | None, str | None]) -> _Field:
    import netCDF4

    try:
        dataset = netCDF4.Dataset(path)
    except OSError as error:
        raise ProductError(f"{path.name} is not a NetCDF file", why=str(error)) from error
    with dataset:
        found = dataset.variables[_variable(dataset, path, variable)]
        lat, lon = (_axis(dataset, found, path, names) for names in (_LATITUDE, _LONGITUDE))
        values = np.ma.filled(np.ma.masked_invalid(found[:]).astype("float64"), np.nan)
        plane = [found.dimensions.index(axis.name) for axis in (lat, lon)]
        values = values.transpose(*(one for one in range(values.ndim) if one not in plane), *plane).reshape(-1, lat.size, lon.size)
        x, y = (np.asarray(axis[:], dtype="float64") for axis in (lon, lat))
        times = _steps(path, _times(dataset, found), len(values), given[0])
        unit = given[1] or _ucum(str(getattr(found, "units", "")))
    # longitudes from 0 to 360 are written from -180 to 180, as zones are
    return _Field(values, np.where(x > 180, x - 360, x), y, times, unit, CRS84)


def _variable(dataset: Any, path: Path, wanted: str | None) -> str:
    fields = [name for name, one in dataset.variables.items() if one.ndim >= 2]
    if wanted in fields or (wanted is None and len(fields) == 1):
        return wanted or fields[0]
    raise ParameterError(f"{path.name}: which variable?", why=f"it has {', '.join(fields) or 'no field'}", way_out="say it: variable=NAME")


def _axis(dataset: Any, field: Any, path: Path, names: tuple[str, ...]) -> Any:
    for name in field.dimensions:
        one = dataset.variables.get(name)
        if one is not None and one.ndim == 1 and (name.lower() in names or getattr(one, "standard_name", "") in names):
            return one
    what = f"{path.name}: {field.name} has no one-dimensional {names[0]}"
    raise ProductError(what, why=f"its dimensions are {', '.join(field.dimensions)}")


def _times(dataset: Any, field: Any) -> tuple[str, ...]:
    import netCDF4

    for name in field.dimensions:
        one = dataset.variables.get(name)
        if one is not None and " since " in getattr(one, "units", ""):
            moments: Any = netCDF4.num2date(one[:], one.units, getattr(one, "calendar", "standard"))
            return tuple(Interval.parse(moment.isoformat()).texts[0] for moment in np.atleast_1d(moments))
    return ()


def _steps(path: Path, own: tuple[str, ...], count: int, given: str | None) -> tuple[str, ...]:
    """One time per step: the file's own, or the given one for a single step."""
    if len(own) == count:
        return own
    if given is None or count != 1:
        raise ParameterError(f"{path.name} does not say the time of its {count} steps", way_out="give a field of one step, and time=…")
    return (Interval.parse(given).texts[0],)


def _ucum(unit: str) -> str:
    """The UCUM code of a unit as CF writes it, or the text itself."""
    return _UCUM.get(unit.strip(), unit.strip() or "1")
