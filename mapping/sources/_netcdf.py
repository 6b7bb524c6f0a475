"""NetCDF files that keep the CF conventions (CF 1.11): one variable over latitude and longitude, or over projected x and y.

Scale, offset and missing values are heeded (§8.1, §2.5.1), axes stand in any order and direction, longitudes of 0 … 360 become those of
-180 … 180, times of any calendar that has the days of xsd:dateTime are read (§4.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import CRS84, Crs, EarthweaveError, Interval, ParameterError, ProductError, UnsupportedError

from ..plan import Options
from ._fields import Field, check_axes, times_of, ucum
from ._raster_options import RasterOptions
from ._source import known_crs

_LATITUDE, _LONGITUDE = ("latitude", "lat"), ("longitude", "lon")
_NORTHING, _EASTING = ("projection_y_coordinate", "y"), ("projection_x_coordinate", "x")
_DEGREES = {"degrees_north": "latitude", "degree_north": "latitude", "degrees_east": "longitude", "degree_east": "longitude"}


@contextmanager
def netcdf_field(path: Path, chosen: RasterOptions, options: Options) -> Iterator[Field]:
    """Open one variable of a NetCDF file.

    Raises `ProductError`, `ParameterError` if it is not said which one, `UnsupportedError` for one inside a group, `SizeLimitError`.
    """
    import netCDF4

    try:
        dataset = netCDF4.Dataset(path)
    except OSError as error:
        raise ProductError(f"{path.name} is not a NetCDF file", why=str(error)) from error
    with dataset:
        yield _field(dataset, path, chosen, options)


def _field(dataset: Any, path: Path, chosen: RasterOptions, options: Options) -> Field:
    found = dataset.variables[_variable(dataset, path, chosen.variable)]
    lat, lon, crs = _axes(dataset, found, path, options)
    plane = [found.dimensions.index(axis.name) for axis in (lat, lon)]
    others = [one for one in range(found.ndim) if one not in plane]
    shape = tuple(found.shape[one] for one in others)
    steps = prod(shape)
    check_axes(path.name, (steps, lat.size, lon.size), chosen.zonal_cells)
    x, y = (_numbers(axis, path) for axis in (lon, lat))
    return Field(
        path.name, found.name, str(getattr(found, "standard_name", "")),
        # longitudes from 0 to 360 are written from -180 to 180, as zones are
        np.where(x > 180, x - 360, x) if crs.geographic else x, y, steps,
        times_of(_times(dataset, found, path), steps, chosen.time), chosen.unit or ucum(str(getattr(found, "units", ""))), crs,
        found.dtype.kind in "iu" and not {"scale_factor", "add_offset"} & set(found.ncattrs()),
        _Reader(path.name, found, tuple(plane), tuple(others), shape),
    )


class _Reader:
    """Reads windows of a variable with its dimensions in any order."""

    def __init__(self, name: str, variable: Any, plane: tuple[int, ...], others: tuple[int, ...], shape: tuple[int, ...]) -> None:
        self._name, self._variable = name, variable
        self._plane, self._others, self._shape = plane, others, shape

    def __call__(self, steps: slice, rows: slice, columns: slice) -> Any:
        if len(self._others) == 1:
            return self._window((steps,), rows, columns)
        planes = [self._window(self._place(step), rows, columns) for step in range(steps.start, steps.stop)]
        return np.concatenate(planes) if planes else np.empty((0, rows.stop - rows.start, columns.stop - columns.start))

    def _place(self, step: int) -> tuple[slice, ...]:
        found = np.unravel_index(step, self._shape) if self._shape else ()
        return tuple(slice(int(one), int(one) + 1) for one in found)

    def _window(self, place: tuple[slice, ...], rows: slice, columns: slice) -> Any:
        index: list[slice] = [slice(None)] * (len(self._plane) + len(self._others))
        for dimension, wanted in zip((*self._others, *self._plane), (*place, rows, columns), strict=True):
            index[dimension] = wanted
        try:
            numbers = self._variable[tuple(index)]
        except (OSError, RuntimeError) as error:
            raise ProductError(f"{self._name} cannot be read to its end", why=str(error)) from error
        values = np.ma.filled(np.ma.masked_invalid(numbers).astype("float64"), np.nan).transpose(*self._others, *self._plane)
        return values.reshape(-1, rows.stop - rows.start, columns.stop - columns.start)


def _variable(dataset: Any, path: Path, wanted: str | None) -> str:
    bounds = {str(getattr(one, "bounds", "")) for one in dataset.variables.values()}
    fields = [name for name, one in dataset.variables.items() if one.ndim >= 2 and name not in bounds and one.dtype.kind in "iuf"]
    if wanted in fields or (wanted is None and len(fields) == 1):
        return wanted or fields[0]
    if dataset.groups and not fields:
        what = f"{path.name}: its variables are in groups ({', '.join(dataset.groups)})"
        way_out = "take the variable out first, e.g. ncks -G : -g GROUP"
        raise UnsupportedError(what, why="fields are read from the root group", way_out=way_out)
    raise ParameterError(f"{path.name}: which variable?", why=f"it has {', '.join(fields) or 'no field'}", way_out="say it: variable=NAME")


def _axes(dataset: Any, field: Any, path: Path, options: Options) -> tuple[Any, Any, Crs]:
    lat, lon = (_axis(dataset, field, names) for names in (_LATITUDE, _LONGITUDE))
    if lat is not None and lon is not None:
        return lat, lon, CRS84
    y, x = (_axis(dataset, field, names) for names in (_NORTHING, _EASTING))
    if y is not None and x is not None:
        return y, x, _grid_crs(dataset, field, path, options)
    missing = "latitude" if lat is None else "longitude"
    what = f"{path.name}: {field.name} has no one-dimensional {missing}"
    raise ProductError(what, why=f"its dimensions are {', '.join(field.dimensions)}", way_out="resample it to a grid first")


def _axis(dataset: Any, field: Any, names: tuple[str, ...]) -> Any:
    for name in field.dimensions:
        one = dataset.variables.get(name)
        if one is None or one.ndim != 1:
            continue
        told = (name.lower(), getattr(one, "standard_name", ""), _DEGREES.get(str(getattr(one, "units", "")), ""))
        if any(text in names for text in told):
            return one
    return None


def _grid_crs(dataset: Any, field: Any, path: Path, options: Options) -> Crs:
    """What the grid mapping says (CF §5.6: ``crs_wkt``), or GDAL's ``spatial_ref``."""
    described = dataset.variables.get(str(getattr(field, "grid_mapping", "")))
    candidates = [described] if described is not None else list(dataset.variables.values())
    told = (str(getattr(one, name)) for one in candidates for name in ("crs_wkt", "spatial_ref") if name in one.ncattrs())
    return known_crs(next(told, None), path.name, options)


def _numbers(axis: Any, path: Path) -> Any:
    found = np.ma.filled(np.ma.asarray(axis[:]).astype("float64"), np.nan)
    if not np.isfinite(found).all():
        raise ProductError(f"{path.name}: {axis.name} has places without a value")
    return found


def _times(dataset: Any, field: Any, path: Path) -> tuple[str, ...]:
    """Times along the dimension that has them, or the one of a scalar coordinate (CF §5.7)."""
    for name in (*field.dimensions, *str(getattr(field, "coordinates", "")).split()):
        one = dataset.variables.get(name)
        if one is not None and one.ndim <= 1 and " since " in str(getattr(one, "units", "")):
            return _moments(one, path)
    return ()


def _moments(axis: Any, path: Path) -> tuple[str, ...]:
    import netCDF4

    calendar = str(getattr(axis, "calendar", "standard"))
    try:
        moments: Any = netCDF4.num2date(axis[:], axis.units, calendar)
        return tuple(Interval.parse(moment.isoformat()).texts[0] for moment in np.atleast_1d(moments))
    except (ValueError, EarthweaveError) as error:
        raise ProductError(f"{path.name}: its times are no xsd:dateTime", why=f"{axis.units}, calendar {calendar}: {error}") from error
