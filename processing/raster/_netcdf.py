"""NetCDF out: the CF conventions (1.11), with what GDAL and QGIS look for beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._files import Tags
from ._grid import Block, Grid

Array = np.ndarray[Any, Any]
_CHUNK = 512
_MAPPING = "spatial_ref"


@dataclass(frozen=True)
class Variable:
    """One band of a NetCDF file: its name, and its attributes in CF's words (``long_name``, ``units``, ``scale_factor`` …)."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


@contextmanager
def create_netcdf(
    path: Path, grid: Grid, dtype: str, nodata: float, variables: Sequence[Variable], tags: Tags, title: str
) -> Iterator[Callable[[Block, Array], None]]:
    """Create a NetCDF-4 file on ``grid`` with one variable (y, x) per band; yields ``write(block, pixels of (bands, rows, columns))``.

    Pixels are written as they are; ``scale_factor`` says what they mean.
    """
    import netCDF4

    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.setncatts(_globals(tags, title))
        axes = _axes(file, grid)
        chunks = min(_CHUNK, grid.height), min(_CHUNK, grid.width)
        made = []
        for variable in variables:
            band = file.createVariable(
                variable.name, dtype, axes, fill_value=nodata, compression="zlib", complevel=4, shuffle=True, chunksizes=chunks
            )
            band.setncatts({**variable.attributes, "grid_mapping": _MAPPING, **({"coordinates": "time"} if tags.time else {})})
            band.set_auto_maskandscale(False)
            made.append(band)
        if tags.time:
            _moment(file, tags.time.texts)

        def write(block: Block, pixels: Array) -> None:
            for band, values in zip(made, pixels, strict=True):
                band[block.slices] = values

        yield write


def _globals(tags: Tags, title: str) -> dict[str, Any]:
    said = {"Conventions": "CF-1.11", "title": title, "source": ", ".join(tags.sources), "references": " ".join(tags.attribution)}
    return {**said, "EARTHWEAVE_SIMULATED": str(tags.simulated).lower()}


def _axes(file: Any, grid: Grid) -> tuple[str, str]:
    """Dimensions, coordinates of pixel centres and the grid mapping; returns the names of the dimensions, rows first."""
    crs = grid.crs.pyproj
    rows, cols = ("lat", "lon") if crs.is_geographic else ("y", "x")
    unit = ("degrees_north", "degrees_east") if crs.is_geographic else ("m", "m")
    word = ("latitude", "longitude") if crs.is_geographic else ("projection_y_coordinate", "projection_x_coordinate")
    centres = grid.north - (np.arange(grid.height) + 0.5) * grid.yres, grid.west + (np.arange(grid.width) + 0.5) * grid.xres
    for number, name in enumerate((rows, cols)):
        file.createDimension(name, len(centres[number]))
        axis = file.createVariable(name, "f8", (name,))
        axis.setncatts({"standard_name": word[number], "units": unit[number], "axis": "YX"[number]})
        axis[:] = centres[number]
    mapping = file.createVariable(_MAPPING, "i4", ())
    wkt = crs.to_wkt()
    transform = " ".join(f"{value:.17g}" for value in grid.transform.to_gdal())
    mapping.setncatts({**{k: v for k, v in crs.to_cf().items() if v is not None}, "spatial_ref": wkt, "GeoTransform": transform})
    return rows, cols


def _moment(file: Any, texts: tuple[str, str]) -> None:
    """The time as a scalar coordinate, with its bounds if it lasts."""
    starts, ends = (np.datetime64(text.replace("Z", "").split("+")[0], "s").astype("int64") for text in texts)
    time = file.createVariable("time", "i8", ())
    time.setncatts({"standard_name": "time", "units": "seconds since 1970-01-01 00:00:00", "calendar": "standard", "axis": "T"})
    time[...] = starts
    if starts != ends:
        time.bounds = "time_bounds"
        file.createDimension("bounds", 2)
        file.createVariable("time_bounds", "i8", ("bounds",))[:] = [starts, ends]
