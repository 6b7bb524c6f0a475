"""Gridded fields: axes, times and unit are read at once, values only for the steps, rows and columns asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Crs, Interval, ParameterError, ProductError, SizeLimitError

from ..plan import Options
from ._raster_options import RasterOptions

NETCDF = {".nc", ".nc4", ".cdf"}
_UCUM = {
    "ug m-3": "ug/m3", "µg m-3": "ug/m3", "µg/m3": "ug/m3", "ug m^-3": "ug/m3", "ug/m^3": "ug/m3", "ug m**-3": "ug/m3",
    "kg m-3": "kg/m3", "kg m**-3": "kg/m3", "mol m-2": "mol/m2", "degC": "Cel", "m s-1": "m/s", "m s**-1": "m/s",
}
Part = Callable[[slice, slice, slice], Any]
"""``part(steps, rows, columns)`` reads the values of these slices: float64 (steps, rows, columns), NaN where there is none."""


@dataclass(frozen=True)
class Field:
    """An open field.

    Attributes:
        name: of the file, for messages.
        variable: name of what it shows; a CF standard name (CF 1.11 §3.3) in ``standard_name``, or empty.
        x, y: of columns and rows (cell centres, in ``crs``).
        steps: how many planes.
        times: xsd:dateTime texts of the steps; empty if the file does not say them.
        unit: UCUM.
        crs: of x and y.
        whole: True if all values are whole numbers.
        part: reads values.
    """

    name: str
    variable: str
    standard_name: str
    x: Any
    y: Any
    steps: int
    times: tuple[str, ...]
    unit: str
    crs: Crs
    whole: bool
    part: Part

    def values(self, steps: slice, rows: Any, columns: Any) -> Any:
        """Values of the cells at these rows and columns (ascending indices), and of no others: run by run of neighbours."""
        if not (len(rows) and len(columns)):
            return np.empty((steps.stop - steps.start, len(rows), len(columns)))
        return np.concatenate(
            [np.concatenate([self.part(steps, down, across) for across in _runs(columns)], axis=2) for down in _runs(rows)], axis=1
        )

    def within(self, bounds: Sequence[float]) -> tuple[Any, Any]:
        """Rows and columns whose centres lie in west, south, east, north."""
        west, south, east, north = bounds
        rows = np.flatnonzero((self.y >= south) & (self.y <= north))
        return rows, np.flatnonzero((self.x >= west) & (self.x <= east))

    def said_times(self) -> tuple[str, ...]:
        """The times; raise `ParameterError` if the field does not say them."""
        if not self.times:
            what = f"{self.name} does not say the time of its {self.steps} steps"
            raise ParameterError(what, way_out="give a field of one step (for a GeoTIFF, band=…), and time=…")
        return self.times


def _runs(indices: Any) -> Iterator[slice]:
    for run in np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1):
        yield slice(int(run[0]), int(run[-1]) + 1)


@contextmanager
def open_field(path: Path, chosen: RasterOptions, options: Options) -> Iterator[Field]:
    """Open a field.

    Raises `ProductError`, `CrsError`, `ParameterError`, and `SizeLimitError` if its axes alone have more places than ``zonal_cells``.
    """
    if not path.is_file():
        raise ProductError(f"there is no file {path.name}", way_out="give a GeoTIFF or NetCDF file")
    if path.suffix.lower() in NETCDF:
        from ._netcdf import netcdf_field as opened
    else:
        from ._raster import raster_field as opened
    with opened(path, chosen, options) as field:
        yield field


def check_axes(name: str, sizes: Sequence[int], most: int) -> None:
    """Raise `SizeLimitError` if the axes alone pass the limit."""
    if sum(sizes) > most:
        raise SizeLimitError(
            f"{name} is a grid of {' × '.join(f'{size:,}' for size in sizes)}, whose axes alone pass zonal_cells={most:,}",
            way_out="raise the limit, or cut the field",
        )


def times_of(own: tuple[str, ...], steps: int, given: str | None) -> tuple[str, ...]:
    """One time per step: the file's own, or the given one for a single step; none if neither is there."""
    if len(own) == steps:
        return own
    return (Interval.parse(given).texts[0],) if given is not None and steps == 1 else ()


def ucum(unit: str) -> str:
    """The UCUM code of a unit as CF writes it, or the text itself."""
    return _UCUM.get(unit.strip(), unit.strip() or "1")


def cell_areas(field: Field, rows: Any) -> Any:
    """Area in m² of a cell in each of these rows.

    On a grid of degrees the part of the WGS 84 ellipsoid between its meridians and parallels (Snyder 1987, eq. 3-12); else width times
    height on the map.
    """
    height, width = _step(field.y), _step(field.x)
    if not field.crs.geographic:
        factors = [axis.unit_conversion_factor for axis in field.crs.pyproj.axis_info[:2]]
        return np.full(len(rows), height * factors[1] * width * factors[0])
    south, north = (np.clip(field.y[rows] + side * height / 2, -90, 90) for side in (-1, 1))
    return np.radians(width) * (zone_area(north) - zone_area(south))


_MAJOR, _ECCENTRICITY = 6378137.0, 0.08181919084262149


def zone_area(latitude: Any) -> Any:
    """Area in m² per radian of longitude between the equator and latitudes in degrees, on the WGS 84 ellipsoid."""
    sine = np.sin(np.radians(latitude))
    e = _ECCENTRICITY
    minor_squared = _MAJOR**2 * (1 - e**2)
    return minor_squared / 2 * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)


def _step(axis: Any) -> float:
    """Width of a cell; one alone counts as 1."""
    return float(np.median(np.abs(np.diff(axis)))) if len(axis) > 1 else 1.0


def check_regular(field: Field) -> None:
    """Raise `ProductError` if the centres along an axis are not evenly spaced, so that cells have no common shape."""
    for axis in (field.x, field.y):
        steps = np.diff(axis)
        away = np.abs(np.abs(steps) - _step(axis)) > 0.01 * _step(axis)
        # longitudes that were moved below 180 jump once
        if np.count_nonzero(away) > 1:
            raise ProductError(f"{field.name}: its cells are not evenly spaced", way_out="choose cell_geometry=centre, or resample it")


def half_steps(field: Field) -> tuple[float, float]:
    """Half the width and half the height of a cell."""
    return _step(field.x) / 2, _step(field.y) / 2
