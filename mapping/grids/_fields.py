"""Gridded fields, GeoTIFF or CF NetCDF: axes, times and unit are read at once, values only for the rows and columns asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import CRS84, Crs, Interval, ParameterError, ProductError, SizeLimitError

_NETCDF = {".nc", ".nc4", ".cdf"}
_UCUM = {
    "ug m-3": "ug/m3", "µg m-3": "ug/m3", "µg/m3": "ug/m3", "ug m^-3": "ug/m3", "ug/m^3": "ug/m3",
    "kg m-3": "kg/m3", "kg m**-3": "kg/m3", "mol m-2": "mol/m2",
}
_LATITUDE, _LONGITUDE = ("latitude", "lat"), ("longitude", "lon")
Given = tuple[str | None, str | None]
"""Time and unit that the caller says, for fields that do not."""


@dataclass(frozen=True)
class Field:
    """An open field.

    Attributes:
        x, y: of columns and rows (cell centres, in ``crs``).
        times: xsd:dateTime texts of the steps.
        unit: UCUM.
        crs: of x and y.
        part: ``part(rows, columns)`` reads the values of these slices: float64 (times, rows, columns), NaN where there is none.
    """

    x: Any
    y: Any
    times: tuple[str, ...]
    unit: str
    crs: Crs
    part: Callable[[slice, slice], Any]

    def values(self, rows: Any, columns: Any) -> Any:
        """Values of the cells at these rows and columns (ascending indices), and of no others: run by run of neighbours."""
        if not (len(rows) and len(columns)):
            return np.empty((len(self.times), len(rows), len(columns)))
        return np.concatenate(
            [np.concatenate([self.part(down, across) for across in _runs(columns)], axis=2) for down in _runs(rows)], axis=1
        )


def _runs(indices: Any) -> Iterator[slice]:
    for run in np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1):
        yield slice(int(run[0]), int(run[-1]) + 1)


@contextmanager
def open_field(path: Path, variable: str | None, given: Given, most: int) -> Iterator[Field]:
    """Open a field; raises `ProductError`, `ParameterError`, and `SizeLimitError` if its axes alone have more than ``most`` places."""
    if not path.is_file():
        raise ProductError(f"there is no file {path.name}", way_out="give a GeoTIFF or NetCDF file")
    with (_netcdf if path.suffix.lower() in _NETCDF else _raster)(path, variable, given, most) as field:
        yield field


def _bounded(path: Path, sizes: Sequence[int], most: int) -> None:
    if sum(sizes) > most:
        raise SizeLimitError(
            f"{path.name} is a grid of {' × '.join(f'{size:,}' for size in sizes)}, whose axes alone pass zonal_cells={most:,}",
            way_out="raise the limit, or cut the field",
        )


@contextmanager
def _raster(path: Path, variable: str | None, given: Given, most: int) -> Iterator[Field]:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        raster = rasterio.open(path, driver="GTiff")
    except RasterioError as error:
        raise ProductError(f"{path.name} cannot be read", why=str(error)) from error
    with raster:
        _bounded(path, (raster.count, raster.height, raster.width), most)
        if raster.crs is None or not raster.transform.is_rectilinear:
            raise ProductError(f"{path.name} has no CRS, or a rotated grid", way_out="reproject it first")
        step, authority = raster.transform, raster.crs.to_authority()
        if authority is None:
            raise ProductError(f"{path.name}: its CRS is in no register", way_out="reproject it first")
        x = step.c + step.a * (np.arange(raster.width) + 0.5)
        y = step.f + step.e * (np.arange(raster.height) + 0.5)
        scales, offsets = (np.array(numbers)[:, None, None] for numbers in (raster.scales, raster.offsets))

        def part(rows: slice, columns: slice) -> Any:
            window = ((rows.start, rows.stop), (columns.start, columns.stop))
            try:
                numbers = raster.read(masked=True, window=window)
            except RasterioError as error:
                raise ProductError(f"{path.name} cannot be read to its end", why=str(error.__cause__ or error)) from error
            return numbers.astype("float64").filled(np.nan) * scales + offsets

        unit = given[1] or _ucum(raster.units[0] or "")
        yield Field(x, y, _steps(path, (), raster.count, given[0]), unit, Crs(*authority), part)


@contextmanager
def _netcdf(path: Path, variable: str | None, given: Given, most: int) -> Iterator[Field]:
    import netCDF4

    try:
        dataset = netCDF4.Dataset(path)
    except OSError as error:
        raise ProductError(f"{path.name} is not a NetCDF file", why=str(error)) from error
    with dataset:
        found = dataset.variables[_variable(dataset, path, variable)]
        lat, lon = (_axis(dataset, found, path, names) for names in (_LATITUDE, _LONGITUDE))
        plane = [found.dimensions.index(axis.name) for axis in (lat, lon)]
        others = [one for one in range(found.ndim) if one not in plane]
        count = prod(found.shape[one] for one in others)
        _bounded(path, (count, lat.size, lon.size), most)

        def part(rows: slice, columns: slice) -> Any:
            index: list[slice] = [slice(None)] * found.ndim
            index[plane[0]], index[plane[1]] = rows, columns
            try:
                numbers = found[tuple(index)]
            except (OSError, RuntimeError) as error:
                raise ProductError(f"{path.name} cannot be read to its end", why=str(error)) from error
            values = np.ma.filled(np.ma.masked_invalid(numbers).astype("float64"), np.nan).transpose(*others, *plane)
            return values.reshape(count, rows.stop - rows.start, columns.stop - columns.start)

        x, y = (np.asarray(axis[:], dtype="float64") for axis in (lon, lat))
        times = _steps(path, _times(dataset, found), count, given[0])
        unit = given[1] or _ucum(str(getattr(found, "units", "")))
        # longitudes from 0 to 360 are written from -180 to 180, as zones are
        yield Field(np.where(x > 180, x - 360, x), y, times, unit, CRS84, part)


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
