"""The grid of a result: the scene's own, coarser or in another projection, around an area of interest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, Crs, CrsError, ParameterError

from ..raster import Grid, project

_LARGEST = 2**31
"""Most pixels of a result; a whole tile at 10 m has 2^27."""


def target_grid(scene: Grid, resolution: float, projection: str | None, area: Any) -> Grid:
    """The grid of ``resolution`` in ``projection`` (default the scene's) that covers ``area`` (lon lat; default the scene).

    In the scene's projection it keeps the scene's corner, elsewhere it lies on multiples of the resolution. Raises `ParameterError` for
    a projection that is none or does not reach the scene, and for too many pixels; `ProductError` if the area lies outside the scene.
    """
    crs = _projection(projection, scene.crs)
    base = scene if crs == scene.crs else _around(scene, crs, resolution)
    grid = base.snapped(project(area, CRS84, crs).bounds if area is not None else base.bounds, resolution)
    if grid.width * grid.height > _LARGEST:
        raise ParameterError(
            f"resolution = {resolution:g} is too fine",
            why=f"the result would have {grid.width * grid.height:,} pixels, more than {_LARGEST:,}",
            way_out="give a coarser resolution or a smaller area",
        )
    return grid


def _around(grid: Grid, crs: Crs, resolution: float) -> Grid:
    """A grid in another CRS around ``grid``, aligned to multiples of the resolution."""
    west, south, east, north = project(shapely.box(*grid.bounds), grid.crs, crs).bounds
    if not np.isfinite([west, south, east, north]).all():
        raise ParameterError(
            f"projection = {crs} does not reach the scene",
            why=f"the scene lies at {grid.bbox.bounds}",
            way_out="choose a projection of its region",
        )
    left, top = math.floor(west / resolution) * resolution, math.ceil(north / resolution) * resolution
    size = math.ceil((east - left) / resolution), math.ceil((top - south) / resolution)
    return Grid(crs, left, top, resolution, resolution, *size)


def _projection(text: str | None, default: Crs) -> Crs:
    try:
        return Crs.parse(text) if text else default
    except CrsError as error:
        raise ParameterError(
            f"projection = {text!r} is not accepted", why=error.what, way_out="write EPSG and a number, e.g. EPSG:32756"
        ) from error
