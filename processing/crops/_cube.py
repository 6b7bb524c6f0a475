"""Monthly Sentinel-2 cubes in NetCDF (CF conventions): one variable per band over time, y, x, as openEO back ends write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Crs, CrsError, ProductError

from ..raster import Grid

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cube:
    """A time series of bands.

    Attributes:
        times: with zone, ascending.
        grid: of the pixels.
        bands: ``B03`` … → float32 (time, rows, columns), NaN where there is no data.
        simulated: True if the file says so in a global attribute ``simulated``.
    """

    times: tuple[datetime, ...]
    grid: Grid
    bands: dict[str, Array]
    simulated: bool


def read_cube(path: Path, names: tuple[str, ...]) -> Cube:
    """Read ``names`` from the variables that end in them (``S2-L2A-B04``, ``B04`` …); raises `ProductError` that names the file."""
    import netCDF4

    try:
        dataset = netCDF4.Dataset(path)
    except OSError as error:
        raise ProductError(
            f"{path.name} cannot be read as NetCDF", why=str(error.strerror), way_out="give a NetCDF file of monthly bands"
        ) from error
    with dataset:
        missing = [name for name in (*names, "t", "x", "y", "crs") if _variable(dataset, name) is None]
        if missing:
            raise ProductError(
                f"{path.name} has no variable {', '.join(missing)}",
                why=f"it has {', '.join(dataset.variables)}",
                way_out="give a cube with bands over t, y, x and a variable crs",
            )
        grid, down = _grid(dataset, path)
        bands = {name: _band(dataset, name, path, down) for name in names}
        return Cube(_times(dataset, path), grid, bands, str(getattr(dataset, "simulated", "")).lower() in ("true", "1"))


def _variable(dataset: Any, name: str) -> Any:
    pattern = re.compile(rf"(^|[-_]){name}$")
    return next((variable for key, variable in dataset.variables.items() if pattern.search(key)), None)


def _band(dataset: Any, name: str, path: Path, down: bool) -> Array:
    """Numbers as the file's own attributes mean them: fill value (65535 of 16-bit numbers unless it says another), scale, offset."""
    variable = _variable(dataset, name)
    expected = tuple(_variable(dataset, axis).dimensions[0] for axis in "tyx")
    if variable.dimensions != expected or np.dtype(variable.dtype).kind not in "iuf":
        raise ProductError(
            f"{path.name}: {variable.name} is not a series of images",
            why=f"it holds {variable.dtype} over {', '.join(variable.dimensions) or 'nothing'}",
            way_out=f"write numbers over {', '.join(expected)}",
        )
    try:
        values: Array = np.ma.filled(_numbers(variable).astype(np.float32), np.nan)
    except (OSError, RuntimeError) as error:
        raise ProductError(f"{path.name}: {variable.name} cannot be read", why=str(error), way_out="get the file again") from error
    return values if down else values[:, ::-1]


def _numbers(variable: Any) -> Any:
    """Numbers with what is no data masked; ``_Unsigned`` ones keep the fill value of the unsigned kind, which netCDF4 does not know."""
    if getattr(variable, "_Unsigned", "") != "true" or {"_FillValue", "missing_value"} & set(variable.ncattrs()):
        return np.ma.asarray(variable[:])
    variable.set_auto_maskandscale(False)
    raw = variable[:].astype(f"u{np.dtype(variable.dtype).itemsize}")
    masked = np.ma.masked_equal(raw, np.iinfo(raw.dtype).max) if raw.dtype.itemsize > 1 else np.ma.asarray(raw)
    return masked * getattr(variable, "scale_factor", 1) + getattr(variable, "add_offset", 0)


def _grid(dataset: Any, path: Path) -> tuple[Grid, bool]:
    x, y = (np.asarray(_variable(dataset, name)[:], float) for name in "xy")
    steps = np.diff(x), np.diff(y)
    if min(len(x), len(y)) < 2 or any(not np.allclose(step, step[0]) or step[0] == 0 for step in steps) or steps[0][0] < 0:
        raise ProductError(
            f"{path.name} has no regular grid", why="x or y are not evenly spaced", way_out="resample the cube to a regular grid"
        )
    xres, yres = float(steps[0][0]), float(abs(steps[1][0]))
    return Grid(_crs(dataset, path), float(x[0]) - xres / 2, float(y.max()) + yres / 2, xres, yres, len(x), len(y)), bool(steps[1][0] < 0)


def _crs(dataset: Any, path: Path) -> Crs:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    variable = _variable(dataset, "crs")
    text = getattr(variable, "crs_wkt", None) or getattr(variable, "spatial_ref", "")
    try:
        found = CRS.from_wkt(str(text))
        authority = found.to_authority(min_confidence=25)
        return Crs(*authority) if authority else Crs.parse("")
    except (CRSError, CrsError) as error:
        raise ProductError(
            f"{path.name} does not say its coordinate reference system",
            why="the variable crs has no readable crs_wkt",
            way_out="write crs_wkt as the CF conventions say",
        ) from error


def _times(dataset: Any, path: Path) -> tuple[datetime, ...]:
    import netCDF4

    variable = _variable(dataset, "t")
    moments = np.ravel(np.asarray(netCDF4.num2date(variable[:], variable.units, "standard"), object))
    times = tuple(datetime(one.year, one.month, one.day, one.hour, one.minute, one.second, tzinfo=UTC) for one in moments)
    if list(times) != sorted(set(times)):
        raise ProductError(f"{path.name}: times are not ascending", why="the series would be misread", way_out="sort the cube by time")
    return times
