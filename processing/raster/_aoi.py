"""Areas of interest: well-known text, GeoJSON, or a vector file; always lon lat inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError

from ._grid import Grid


def read_aoi(text: str) -> Any:
    """Read an area of interest as a shapely geometry, CRS84 lon lat degrees.

    ``text`` is WKT in lon lat, a GeoJSON object, or the path of a GeoJSON, GeoPackage or shapefile (in any CRS that it declares).
    Raises `ParameterError` if it is none of these, is no area, or has coordinates that are no longitudes and latitudes.
    """
    stripped = text.strip()
    area = _from_json(stripped) if stripped.startswith("{") else _from_file(Path(stripped)) if _is_file(stripped) else _from_wkt(stripped)
    west, south, east, north = area.bounds
    if area.is_empty or area.area == 0:
        raise _refused(text, "it is not an area", "give a POLYGON or MULTIPOLYGON")
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise _refused(text, f"{west} {south} … {east} {north} are not lon lat degrees", "write longitude first: POLYGON((150.6 -33.5, …))")
    return area if area.is_valid else shapely.make_valid(area)


def inside(area: Any, grid: Grid, crs: Crs = CRS84) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pixel centres of ``grid`` lie in ``area`` (coordinates of ``crs``)."""
    from rasterio.features import geometry_mask

    local = project(area, crs, grid.crs)
    found: np.ndarray[Any, np.dtype[np.bool_]] = geometry_mask([local], (grid.height, grid.width), grid.transform, invert=True)
    return found


def project(geometry: Any, source: Crs, target: Crs) -> Any:
    """Reproject, x before y on both sides; long edges get points every tenth of their length so that they stay where they are."""
    if source == target:
        return geometry
    convert = pyproj.Transformer.from_crs(source.pyproj, target.pyproj, always_xy=True)
    west, south, east, north = geometry.bounds
    dense = shapely.segmentize(geometry, max(east - west, north - south) / 10)
    return shapely.transform(dense, lambda xy: np.column_stack(convert.transform(xy[:, 0], xy[:, 1])))


def _is_file(text: str) -> bool:
    return len(text) < 1024 and "(" not in text and Path(text).suffix.lower() in {".geojson", ".json", ".gpkg", ".shp"}


def _from_wkt(text: str) -> Any:
    try:
        return shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        raise _refused(
            text, str(error).splitlines()[0], "write POLYGON((lon lat, lon lat, …)) or give a GeoJSON or GeoPackage file"
        ) from error


def _from_json(text: str) -> Any:
    try:
        found = json.loads(text)
        geometries = [feature["geometry"] for feature in found.get("features", [found if "geometry" in found else {"geometry": found}])]
        return shapely.union_all(shapely.from_geojson([json.dumps(geometry) for geometry in geometries]))
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise _refused(text, str(error).splitlines()[0], "give a GeoJSON geometry, feature or collection") from error


def _from_file(path: Path) -> Any:
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyogrio.raw import read

    try:
        meta, _, wkb, _ = read(path, columns=[])
    except (DataSourceError, DataLayerError) as error:
        raise _refused(path.name, "the file cannot be read as vector data", "give a GeoJSON, GeoPackage or shapefile") from error
    area = shapely.union_all(shapely.make_valid(shapely.from_wkb(wkb)))
    return project(area, Crs.parse(meta["crs"] or "CRS84"), CRS84)


def _refused(text: str, why: str, way_out: str) -> ParameterError:
    return ParameterError(f"the area of interest {text[:80]!r} cannot be used", why=why, way_out=way_out)
