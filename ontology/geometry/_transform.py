"""From one coordinate reference system to another, whole arrays at once; x before y on both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import ProjError

from .. import CRS84, EPSG4326, Axis, Crs, CrsError, GeometryError
from ._layout import layout, places, put, take
from ._straight import straighten

Coordinates = Callable[..., tuple[Any, ...]]
_WGS84 = (CRS84, EPSG4326)


_METRES_PER_DEGREE = 111_320.0


def reproject(geometries: Any, source: Crs, target: Crs, *, straight: float | None = None) -> Any:
    """Move geometries from ``source`` to ``target``; x (easting, longitude) comes before y in both, whatever the authority says.

    z is carried along unchanged; None stays None. Coordinates outside the domain of the projection become infinite, as PROJ gives them.
    Raises `CrsError` if PROJ knows no way from one to the other.

    Args:
        straight: metres that the image of an edge may be off a straight edge; points are put in where it would be more.
            None moves the vertices alone.
    """
    array = np.asarray(geometries, dtype=object)
    if alike(source, target):
        return array
    transformer = _transformer(source, target, threading.get_ident())
    if straight is not None:
        array = straighten(array, transformer.transform, _degrees_apart if target.geographic else _units_apart, straight)
    return apply(array, lambda x, y: transformer.transform(x, y))


def written_in(geometries: Any, crs: Crs) -> Any:
    """CRS84 geometries in ``crs``, in its authority's axis order; raise `GeometryError` where they leave the domain of the projection."""
    placed = reproject(geometries, CRS84, crs)
    if not alike(CRS84, crs) and not np.isfinite(shapely.get_coordinates(placed)).all():
        raise GeometryError(f"{crs} has no coordinates for this place", way_out="use a system whose area of use holds it")
    return apply(placed, lambda x, y: (y, x)) if crs.axis is Axis.YX else placed


def alike(source: Crs, target: Crs) -> bool:
    """True if x and y are the same numbers in both."""
    return source == target or (source in _WGS84 and target in _WGS84)


def moved(points: Any, source: Crs, target: Crs) -> Any:
    """Points, float64 (n, 2), x before y, moved from one system to another as `reproject` does. Raises `CrsError`."""
    if alike(source, target):
        return points
    return np.column_stack(_transformer(source, target, threading.get_ident()).transform(points[:, 0], points[:, 1]))


def _degrees_apart(a: Any, b: Any) -> Any:
    east = (a[:, 0] - b[:, 0]) * np.cos(np.radians(b[:, 1]))
    return np.hypot(east, a[:, 1] - b[:, 1]) * _METRES_PER_DEGREE


def _units_apart(a: Any, b: Any) -> Any:
    return np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1])


def apply(geometries: Any, change: Coordinates) -> Any:
    """Change x and y of every vertex by a function of two arrays; z and m are kept where there are any."""

    def planar(points: Any) -> Any:
        return np.column_stack([*change(points[:, 0], points[:, 1]), *points[:, 2:].T])

    array = np.asarray(geometries, dtype=object)
    measured = shapely.has_m(array)
    if measured.any():
        found = np.array(array, dtype=object)
        found[~measured] = apply(array[~measured], change)
        found[measured] = _rewritten(array[measured], change)
        return found
    solid = shapely.has_z(array)
    if not solid.any():
        return shapely.transform(array, planar)
    return np.where(solid, shapely.transform(array, planar, include_z=True), shapely.transform(array, planar))


def _rewritten(geometries: Any, change: Coordinates) -> Any:
    """The same by way of WKB: shapely (2.2) reads m, and sets none."""
    blobs = shapely.to_wkb(geometries, flavor="iso", byte_order=1).tolist()
    ends = np.cumsum([len(blob) for blob in blobs])
    data = np.frombuffer(b"".join(blobs), dtype=np.uint8).copy()
    at, _ = places(layout(data, ends - [len(blob) for blob in blobs], np.arange(len(blobs))))
    points = take(data, at)
    filled = ~np.isnan(points[:, 0])  # empty points are written as NaN
    put(data, at[filled], np.column_stack(change(*points[filled].T)))
    return shapely.from_wkb([blob.tobytes() for blob in np.split(data, ends[:-1])])


@lru_cache(maxsize=256)
def _transformer(source: Crs, target: Crs, _thread: int) -> pyproj.Transformer:
    # one per thread: PROJ objects must not be shared
    try:
        return pyproj.Transformer.from_crs(source.pyproj, target.pyproj, always_xy=True)
    except ProjError as error:
        raise CrsError(f"no way from {source} to {target}", why=str(error), way_out="use another coordinate reference system") from error
