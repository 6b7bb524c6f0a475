"""Permanent water that is no flood: a raster or a vector file, laid over the strips of a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84

from ..raster import Block, Grid, aoi_file, grid_of, inside, open_raster, project, read_aoi, reading

Array = np.ndarray[Any, Any]
Wet = Callable[[Block], Array]


@contextmanager
def permanent_water(path: Path, grid: Grid, least: float) -> Iterator[Wet]:
    """Open permanent water; yields ``wet(block)`` → which pixels of a block of ``grid`` are (their centres).

    A GeoTIFF or JPEG 2000 file says so by values of ``least`` and more in its first band (nearest pixel, no data is dry), a GeoJSON,
    GeoPackage or shapefile by its areas. Raises `ProductError` or `ParameterError` if it is neither.
    """
    if aoi_file(str(path)):
        area = project(read_aoi(str(path)), CRS84, grid.crs)
        yield lambda block: _covered(area, grid, block)
        return
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    with open_raster(path) as dataset:
        grid_of(dataset)
        options = {"crs": str(grid.crs), "transform": grid.transform, "width": grid.width, "height": grid.height, "tolerance": 1e-6}
        with WarpedVRT(dataset, resampling=Resampling.nearest, add_alpha=dataset.nodata is None, **options) as placed:

            def wet(block: Block) -> Array:
                with reading(path):
                    values, seen = placed.read(1, window=block.window), placed.dataset_mask(window=block.window)
                found: Array = (values >= least) & (seen > 0)
                return found

            yield wet


def _covered(area: Any, grid: Grid, block: Block) -> Array:
    part = grid.part(block)
    return inside(shapely.clip_by_rect(area, *part.bounds), part, grid.crs)
