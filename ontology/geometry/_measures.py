"""Geodesic areas and lengths of CRS84 geometries on the WGS 84 ellipsoid, for whole arrays of rings at once.

Short edges take a series, long ones, and rings near or around a pole, the exact geodesic (Karney, 2013, J. Geodesy 87:43–55, as PROJ
has it). The area between an edge and the equator is, with S(φ) the area per radian of longitude up to a latitude, M the meridional
radius of curvature and r the radius of the parallel,

    Δλ · ( (S(φ₁) + S(φ₂)) / 2 + sin φₘ · (3 M² Δφ² + r² Δλ²) / 12 )

up to the fifth power of its length: the trapezoid, and the bulge of the geodesic φ″ = 2 r′φ′²/r + r r′/M² − M′φ′²/M, where r′ = −M sin φ.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely

_AXIS, _E2 = 6_378_137.0, 0.0066943799901413165
"""Semi-major axis in metres and squared eccentricity of WGS 84."""
_RADIUS = 6_371_000.0
_SHORT = 10_000.0
"""Metres up to which an edge takes the series: lengths are then right to some 1e-9, areas too but for slivers."""
_STEP = 0.01
"""Radians: a longer step in longitude crosses the antimeridian, or is too near to a pole for the series."""
_POLAR = np.sin(np.radians(75.0))


@lru_cache(maxsize=1)
def _geod() -> pyproj.Geod:
    return pyproj.Geod(ellps="WGS84")


def geodesic(points: Any) -> Any:
    """Metres between the two points of each row, float64 (n, 4)."""
    return np.asarray(_geod().inv(*points.T)[2])


def area_m2(geometries: Any) -> Any:
    """Geodesic area in square metres, rings closed by geodesics, holes taken off; 0 for points and lines, NaN for None."""
    array = np.asarray(geometries, dtype=object)
    flat = array.ravel()
    areal, _, owner = _parts(flat)
    rings, polygon = shapely.get_rings(areal, return_index=True)
    first = np.concatenate([[True], polygon[1:] != polygon[:-1]])[: len(rings)]
    area = _ring_areas(rings) * np.where(first, 1.0, -1.0)
    return _summed(flat, area, owner[polygon]).reshape(array.shape)[()]


def length_m(geometries: Any) -> Any:
    """Geodesic length in metres of lines, perimeter (all rings) of areas; 0 for points, NaN for None."""
    array = np.asarray(geometries, dtype=object)
    flat = array.ravel()
    areal, linear, owner = _parts(flat)
    rings, polygon = shapely.get_rings(areal, return_index=True)
    lines, line_owner = linear
    length = _line_lengths(np.concatenate([rings, lines]))
    return _summed(flat, length, np.concatenate([owner[polygon], line_owner])).reshape(array.shape)[()]


def _summed(flat: Any, values: Any, owner: Any) -> Any:
    total = np.bincount(owner, weights=values, minlength=len(flat))
    return np.where(shapely.is_missing(flat), np.nan, total)


def _parts(flat: Any) -> tuple[Any, tuple[Any, Any], Any]:
    """Non-empty polygons, lines with the place of the geometry that each belongs to, and those places for the polygons."""
    parts, owner = flat, np.arange(len(flat))
    while np.any(shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    parts, index = shapely.get_parts(parts, return_index=True)
    owner = owner[index]
    kind = shapely.get_type_id(parts)
    filled = ~shapely.is_empty(parts)
    areal = (kind == shapely.GeometryType.POLYGON) & filled
    linear = np.isin(kind, (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING)) & filled
    return parts[areal], (parts[linear], owner[linear]), owner[areal]


class _Edges:
    """Edges of lines one behind the other.

    Attributes:
        line: place of the line that each belongs to.
        across: step in longitude, radians.
        sine: of the latitude at each vertex.
        meridian, parallel: squares in metres of the steps along both.
        short: where the series hold.
    """

    def __init__(self, lines: Any) -> None:
        points, line = shapely.get_coordinates(lines, return_index=True)
        same = line[1:] == line[:-1]
        self._points, self._same, self.line = points, same, line[1:][same]
        with np.errstate(invalid="ignore", over="ignore"):
            longitude, latitude = np.radians(points).T
            self.sine = np.sin(latitude)
            normal = _AXIS / np.sqrt(1.0 - _E2 * self.sine * self.sine)
            radius, height = normal * np.cos(latitude), normal * self.sine * (1.0 - _E2)
            self.across = np.diff(longitude)[same]
            self.meridian = (np.diff(radius) ** 2 + np.diff(height) ** 2)[same]
            self.parallel = (radius[1:] * radius[:-1])[same] * self.across**2
            chord = self.meridian + self.parallel * (1.0 - self.across**2 / 12.0)
            self.short = (chord <= _SHORT**2) & (np.abs(self.across) < _STEP) & (np.abs(self.means(self.sine)) < _POLAR)
            self._metres = np.sqrt(chord) * (1.0 + chord / (24.0 * _RADIUS**2))

    def means(self, values: Any) -> Any:
        """Mean of the two ends of each edge."""
        return ((values[1:] + values[:-1]) / 2)[self._same]

    def metres(self) -> Any:
        """Length of each: its chord and what the arc has more, or the geodesic."""
        far = np.flatnonzero(~self.short)
        if far.size:
            start = np.flatnonzero(self._same)[far]
            self._metres[far] = geodesic(np.column_stack([self._points[start], self._points[start + 1]]))
        return self._metres


def _line_lengths(lines: Any) -> Any:
    edges = _Edges(lines)
    return np.bincount(edges.line, weights=edges.metres(), minlength=len(lines))


def _ring_areas(rings: Any) -> Any:
    """Area of each ring by itself, never negative."""
    edges = _Edges(rings)
    with np.errstate(invalid="ignore", over="ignore"):
        bulge = edges.means(edges.sine) * (3.0 * edges.meridian + edges.parallel) / 12.0
        under = edges.across * (edges.means(_to_equator(edges.sine)) + bulge)
    area = np.abs(np.bincount(edges.line, weights=under, minlength=len(rings)))
    turned = np.abs(np.bincount(edges.line, weights=edges.across, minlength=len(rings)))
    far = np.bincount(edges.line, weights=~edges.short, minlength=len(rings))
    for row in np.flatnonzero((far > 0) | ~(turned < 1.0)):
        points = shapely.get_coordinates(rings[row])
        area[row] = abs(_geod().polygon_area_perimeter(points[:, 0], points[:, 1])[0])
    return area


def _to_equator(sine: Any) -> Any:
    """Area in square metres between the equator and a latitude, per radian of longitude; atanh as its series."""
    x = _E2 * sine * sine
    series = 1.0 + x * (1 / 3 + x * (1 / 5 + x * (1 / 7 + x * (1 / 9 + x * (1 / 11 + x * (1 / 13 + x / 15))))))
    return _AXIS * _AXIS * (1.0 - _E2) / 2.0 * sine * (1.0 / (1.0 - x) + series)
