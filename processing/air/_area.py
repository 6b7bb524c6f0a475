"""An area on the globe that ground pixels can be held against, wherever the antimeridian and the poles are.

::

    |lat| < 80    the area three times, 360° apart, in the plane of longitude and latitude; a pixel unrolled about its own centre
    |lat| ≥ 80    polar plane: distance from the pole in degrees, angle of the longitude

In both planes edges of a pixel are straight between its corners; a pixel is some kilometres wide, so that the planes differ by metres.
Edges of the area are straight in longitude and latitude, as everywhere in the house; in the polar plane they get points on their course.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from earthweave.ontology import ParameterError

from ..raster import read_aoi

Array = np.ndarray[Any, Any]
_POLAR = 80.0
"""Latitude from which a pixel is seen in the polar plane."""
_RIM = 70.0
"""Latitude to which the polar plane holds the area."""
_MARGIN = 0.5
"""Degrees of latitude by which a pixel may reach beyond its centre (55 km; those of the instrument reach 15)."""
_STEP = 0.1
"""Degrees between points of an edge in the polar plane; the arc is then within a metre of its chord."""
_PARTS = 64


class Area:
    """An area of interest; not for two threads, because what it holds is prepared.

    Args:
        geometry: lon lat degrees (CRS84); longitudes may go beyond 180, the whole is at most 360° wide.

    Raises:
        ParameterError: it is wider than the globe.
    """

    def __init__(self, geometry: Any) -> None:
        west, _, east, _ = geometry.bounds
        if east - west > 360:
            raise ParameterError(
                "the area of interest is wider than the globe", why=f"it goes from {west} to {east}", way_out="give at most 360°"
            )
        self.geometry = geometry
        turns = [shapely.transform(geometry, lambda points, turn=turn: points + (360.0 * turn, 0.0)) for turn in (-2, -1, 0, 1, 2)]
        self._plane = shapely.union_all([shapely.intersection(one, shapely.box(-200, -90, 200, 90)) for one in turns])
        self._caps = {sign: _cap(geometry, sign) for sign in (-1, 1)}
        for one in (self._plane, *self._caps.values()):
            shapely.prepare(one)

    @classmethod
    def read(cls, text: str) -> Area:
        """An area from WKT, GeoJSON or the name of a file; raises `ParameterError`."""
        return cls(read_aoi(text, beyond=True))

    def near(self, longitude: Array, latitude: Array) -> Array:
        """Which pixels with these centres could meet the area: all that do, and some that do not."""
        parts = shapely.get_parts(self._plane)
        boxes = shapely.bounds(parts if len(parts) <= _PARTS else self._plane).reshape(-1, 4)
        wide = _MARGIN / np.cos(np.radians(_POLAR))
        found = np.zeros(latitude.shape, bool)
        for west, south, east, north in boxes:
            inside = (latitude >= south - _MARGIN) & (latitude <= north + _MARGIN)
            inside &= (longitude >= west - wide) & (longitude <= east + wide)
            found |= inside
        for sign, cap in self._caps.items():
            if not cap.is_empty:
                found |= sign * latitude >= _POLAR
        return found

    def covers(self, longitude: Array, latitude: Array) -> Array:
        """Which points lie in the area or on its border; longitudes -180 … 180."""
        found: Array = shapely.intersects_xy(self._plane, longitude, latitude)
        return found

    def meets(self, longitude: Array, latitude: Array, corner_longitude: Array, corner_latitude: Array) -> Array:
        """Which pixels have a point in common with the area: centres of shape (n,), corners of (n, 4) in order around."""
        found = np.zeros(len(latitude), bool)
        around = unrolled(longitude, corner_longitude)
        low = np.abs(latitude) < _POLAR
        found[low] = shapely.intersects(self._plane, outlines(around[low], corner_latitude[low]))
        for sign, cap in self._caps.items():
            high = sign * latitude >= _POLAR
            if high.any() and not cap.is_empty:
                found[high] = shapely.intersects(cap, outlines(*_polar(corner_longitude[high], corner_latitude[high], sign)))
        return found


def unrolled(centre: Array, longitude: Array) -> Array:
    """Longitudes (n, 4) within 180° of their centres (n,), so that an outline does not jump at the antimeridian."""
    middle = centre[:, None]
    turned: Array = middle + (longitude - middle + 180.0) % 360.0 - 180.0
    return turned


def outlines(x: Array, y: Array) -> Array:
    """Polygons from coordinates (n, 4); those with a NaN among them are empty."""
    points = np.stack([np.asarray(x, float), np.asarray(y, float)], -1)
    known = np.isfinite(points).all((1, 2))
    found = np.full(len(points), shapely.Polygon(), object)
    found[known] = shapely.polygons(points[known])
    return found


def _polar(longitude: Array, latitude: Array, sign: int) -> tuple[Array, Array]:
    distance, angle = 90.0 - sign * np.asarray(latitude, float), np.radians(np.asarray(longitude, float))
    return distance * np.cos(angle), distance * np.sin(angle)


def _cap(geometry: Any, sign: int) -> Any:
    """The part of the area around one pole, in the polar plane."""
    south, north = (_RIM, 90.0) if sign > 0 else (-90.0, -_RIM)
    part = shapely.segmentize(shapely.intersection(geometry, shapely.box(-720, south, 720, north)), _STEP)
    return shapely.make_valid(shapely.transform(part, lambda points: np.stack(_polar(points[:, 0], points[:, 1], sign), -1)))
