"""Geodesic azimuths on the WGS 84 ellipsoid, as PostGIS' ST_Azimuth gives them for geographies."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely


@lru_cache(maxsize=1)
def _geod() -> pyproj.Geod:
    return pyproj.Geod(ellps="WGS84")


def azimuths(origins: Any, targets: Any) -> Any:
    """Direction in which one sets out from each origin to its target: radians from north, clockwise, in [0, 2π); float64.

    Geometries are CRS84; those that are no points are seen from centroid to centroid. NaN where the two are at one place, or one is empty.
    """
    ends = [_middles(shapes) for shapes in (origins, targets)]
    degrees, _, metres = _geod().inv(*(end[:, axis] for end in ends for axis in (0, 1)))
    return np.where(np.asarray(metres) > 0, np.radians(degrees) % math.tau, np.nan)


def _middles(shapes: Any) -> Any:
    """Longitude and latitude of each centroid; NaN where a geometry is empty."""
    found = np.full((len(shapes), 2), np.nan)
    some = ~shapely.is_empty(shapes)
    found[some] = shapely.get_coordinates(shapely.centroid(shapes[some]))
    return found
