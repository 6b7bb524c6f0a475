"""From class or level rasters to polygons, the way GDAL's own tools do it.

``gdal_sieve`` and ``gdal_polygonize`` join pixels by their edges only. `sieve` and `polygonise` follow that to the bit; they call the
same C code through rasterio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError
from earthweave.ontology.geometry import area_m2, reproject

from ._grid import Grid

Array = np.ndarray[Any, Any]
DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON"}
VECTOR_SUFFIXES = tuple(DRIVERS)
"""Endings of the vector files that `write_polygons` makes."""
MEDIA = {".shp": "application/vnd.shp", ".gpkg": "application/geopackage+sqlite3", ".geojson": "application/geo+json"}


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
        measured: Array = area_m2(_lonlat(self))
        return measured


def sieve(levels: Array, size: int, valid: Array, connectivity: Literal[4, 8] = 4) -> Array:
    """Merge patches smaller than ``size`` pixels into their largest neighbour (int32 in, int32 out); 0 and 1 change nothing.

    All in memory; `Sieve` does it strip by strip.
    """
    from rasterio.features import sieve as gdal_sieve

    if size < 2 or size >= levels.size:
        return levels
    merged: Array = gdal_sieve(levels, size, mask=valid.astype(np.uint8), connectivity=connectivity)
    return np.where(valid, merged, levels)


def polygonise(levels: Array, grid: Grid, valid: Array, connectivity: Literal[4, 8] = 4) -> Polygons:
    """Outline patches of equal value in ``levels`` (int32) where ``valid``, as ``gdal_polygonize`` does.

    The order and the first vertex of each ring are those of the GDAL release within rasterio.
    """
    from rasterio.features import shapes

    found = list(shapes(levels, mask=valid, connectivity=connectivity, transform=grid.transform))
    return Polygons(_built([shape["coordinates"] for shape, _ in found]), np.array([value for _, value in found], np.int32), grid.crs)


def _built(outlines: list[list[list[tuple[float, float]]]]) -> Array:
    """Shapely polygons from their rings, all at once: one by one takes longer than GDAL needed to find them."""
    rings = [ring for outline in outlines for ring in outline]
    if not rings:
        return np.empty(0, object)
    points = np.array(list(chain.from_iterable(rings)), np.float64)
    starts = np.cumsum([0, *map(len, rings)]), np.cumsum([0, *map(len, outlines)])
    built: Array = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, starts)
    return built


def write_polygons(path: Path, polygons: Polygons, layer: str, fields: Mapping[str, Array]) -> tuple[str, Crs]:
    """Write polygons to ``.shp``, ``.gpkg`` (CRS of the raster) or ``.geojson`` (lon lat, RFC 7946); return media type and CRS.

    ``fields`` are columns of the same length. Raises `ParameterError` for another suffix.
    """
    from pyogrio.raw import write

    suffix = vector_suffix(path)
    crs = CRS84 if suffix == ".geojson" else polygons.crs
    geometries = polygons.geometries if crs == polygons.crs else _lonlat(polygons)
    options: dict[str, Any] = {"RFC7946": "YES"} if suffix == ".geojson" else {}
    write(
        path,
        geometry=shapely.to_wkb(geometries),
        field_data=list(fields.values()),
        fields=np.array(list(fields), object),
        layer=layer,
        driver=DRIVERS[suffix],
        geometry_type="Polygon",
        crs=str(crs),
        **options,
    )
    return MEDIA[suffix], crs


def vector_suffix(path: Path) -> str:
    """The suffix of a vector file, in lower case; raises `ParameterError` if it is none that can be written."""
    suffix = path.suffix.lower()
    if suffix not in DRIVERS:
        raise ParameterError(
            f"{path.name}: unknown vector format", why=f"{suffix or 'no suffix'} is not offered", way_out=f"use {', '.join(DRIVERS)}"
        )
    return suffix


def _lonlat(polygons: Polygons) -> Array:
    turned: Array = reproject(polygons.geometries, polygons.crs, CRS84)
    return turned
