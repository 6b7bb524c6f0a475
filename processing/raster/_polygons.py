"""From class or level rasters to polygons, the way GDAL's own tools do it.

``gdal_sieve`` reads any band as integers: it rounds half up (not half to even) and, like ``gdal_polygonize``, joins pixels by
their edges only. `round_half_up`, `sieve` and `polygonise` follow that to the bit; they call the same C code through rasterio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyproj
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError

from ._grid import Grid

Array = np.ndarray[Any, Any]
_DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON"}
_MEDIA = {".shp": "application/vnd.shp", ".gpkg": "application/geopackage+sqlite3", ".geojson": "application/geo+json"}


@dataclass(frozen=True)
class Polygons:
    """Polygons with one whole number each.

    Attributes:
        geometries: object array of shapely polygons, coordinates of ``crs``, x before y.
        values: int32, same length.
        crs: of the coordinates.
    """

    geometries: Array
    values: Array
    crs: Crs

    def __len__(self) -> int:
        return len(self.values)

    @property
    def areas(self) -> Array:
        """Geodesic areas in m2 (float64)."""
        return geodesic_areas(self.geometries, self.crs)


def round_half_up(values: Array, valid: Array) -> Array:
    """Whole numbers (int32) as ``gdal_sieve`` reads them: ``floor(x + 0.5)``; 0 where ``valid`` is False."""
    filled = np.where(valid, values, 0)
    whole: Array = np.floor(filled + np.asarray(0.5, filled.dtype)).astype(np.int32)
    return whole


def sieve(levels: Array, size: int, valid: Array, connectivity: Literal[4, 8] = 4) -> Array:
    """Merge patches smaller than ``size`` pixels into their largest neighbour (int32 in, int32 out); 0 and 1 change nothing."""
    from rasterio.features import sieve as gdal_sieve

    if size < 2:
        return levels
    merged: Array = gdal_sieve(levels, size, mask=valid.astype(np.uint8), connectivity=connectivity)
    return np.where(valid, merged, levels)


def polygonise(levels: Array, grid: Grid, valid: Array, connectivity: Literal[4, 8] = 4) -> Polygons:
    """Outline patches of equal value in ``levels`` (int32) where ``valid``, as ``gdal_polygonize``; their order is that of the GDAL within rasterio."""
    from rasterio.features import shapes

    found = list(shapes(levels, mask=valid, connectivity=connectivity, transform=grid.transform))
    geometries = np.empty(len(found), object)
    geometries[:] = [shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:]) for shape, _ in found]
    return Polygons(geometries, np.array([value for _, value in found], np.int32), grid.crs)


def geodesic_areas(geometries: Array, crs: Crs) -> Array:
    """Areas in m2 on the WGS 84 ellipsoid, of shapely polygons whose coordinates are x before y in ``crs`` (float64)."""
    geod = pyproj.Geod(ellps="WGS84")
    return np.array([abs(geod.geometry_area_perimeter(one)[0]) for one in _lonlat(geometries, crs)], np.float64)


def _lonlat(geometries: Array, crs: Crs) -> Array:
    convert = pyproj.Transformer.from_crs(crs.pyproj, CRS84.pyproj, always_xy=True)
    changed: Array = shapely.transform(geometries, lambda xy: np.column_stack(convert.transform(xy[:, 0], xy[:, 1])))
    return changed


def write_polygons(path: Path, polygons: Polygons, layer: str, fields: Mapping[str, Array]) -> tuple[str, Crs]:
    """Write polygons to ``.shp``, ``.gpkg`` (CRS of the raster) or ``.geojson`` (lon lat, RFC 7946); return media type and CRS.

    ``fields`` are columns of the same length. Raises `ParameterError` for another suffix.
    """
    from pyogrio.raw import write

    suffix = path.suffix.lower()
    if suffix not in _DRIVERS:
        raise ParameterError(
            f"{path.name}: unknown vector format", why=f"{suffix or 'no suffix'} is not offered", way_out=f"use {', '.join(_DRIVERS)}"
        )
    crs = CRS84 if suffix == ".geojson" else polygons.crs
    geometries = polygons.geometries if crs == polygons.crs else _lonlat(polygons.geometries, polygons.crs)
    write(
        path,
        geometry=shapely.to_wkb(geometries),
        field_data=list(fields.values()),
        fields=np.array(list(fields), object),
        layer=layer,
        driver=_DRIVERS[suffix],
        geometry_type="Polygon",
        crs=str(crs),
        **({"RFC7946": "YES"} if suffix == ".geojson" else {}),
    )
    return _MEDIA[suffix], crs
