"""From one coordinate reference system to another, whole arrays at once; x before y on both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely

from .. import CRS84, EPSG4326, Crs

Coordinates = Callable[..., tuple[Any, ...]]
_WGS84 = (CRS84, EPSG4326)


def reproject(geometries: Any, source: Crs, target: Crs) -> Any:
    """Move geometries from ``source`` to ``target``; x (easting, longitude) comes before y in both, whatever the authority says.

    Vertices move, edges are not densified; z is carried along unchanged; None stays None. Coordinates outside the domain
    of the projection become infinite, as PROJ gives them.
    """
    array = np.asarray(geometries, dtype=object)
    if source == target or (source in _WGS84 and target in _WGS84):
        return array
    transformer = _transformer(source, target, threading.get_ident())
    return apply(array, lambda x, y: transformer.transform(x, y))


def apply(geometries: Any, change: Coordinates) -> Any:
    """Change x and y of every vertex by a function of two arrays; z is kept where there is one."""

    def planar(points: Any) -> Any:
        return np.column_stack([*change(points[:, 0], points[:, 1]), *points[:, 2:].T])

    array = np.asarray(geometries, dtype=object)
    solid = shapely.has_z(array)
    if not solid.any():
        return shapely.transform(array, planar)
    return np.where(solid, shapely.transform(array, planar, include_z=True), shapely.transform(array, planar))


@lru_cache(maxsize=256)
def _transformer(source: Crs, target: Crs, _thread: int) -> pyproj.Transformer:
    # one per thread: PROJ objects must not be shared
    return pyproj.Transformer.from_crs(source.pyproj, target.pyproj, always_xy=True)
