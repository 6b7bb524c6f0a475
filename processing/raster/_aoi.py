"""Areas of interest: well-known text, GeoJSON, or a vector file; always lon lat inside."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError
from earthweave.ontology.geometry import reproject, unsafe_wkb, unsafe_wkt

from ._grid import Grid

_DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".shp": "ESRI Shapefile"}
"""Formats by suffix. GDAL goes by content, and a virtual format under one of these names would read other files."""
_STRAIGHT = 1.0
"""Metres that a reprojected edge may be off its course."""
_BEYOND, _NEAR_POLE = 10.0, 89.0
"""Degrees around the area of use of a projection up to which it is believed, and the latitude that they do not go beyond."""


def read_aoi(text: str, *, beyond: bool = False) -> Any:
    """Read an area of interest as a shapely geometry, CRS84 lon lat degrees.

    ``text`` is WKT in lon lat, a GeoJSON object, or the path of a GeoJSON, GeoPackage or shapefile (in any CRS that it declares).
    ``beyond`` takes longitudes up to 360 either way, which is how an area across the antimeridian is written in one piece.
    Raises `ParameterError` if it is none of these, is no area, or has coordinates that are no longitudes and latitudes.
    """
    stripped = text.strip()
    path = aoi_file(text)
    area = _from_json(stripped) if stripped.startswith("{") else _from_file(path) if path else _from_wkt(stripped)
    if not np.isfinite(shapely.get_coordinates(area)).all():
        raise _refused(text, "it has coordinates that are no numbers", "write POLYGON((lon lat, lon lat, …))")
    area = area if area.is_valid else shapely.make_valid(area)
    west, south, east, north = area.bounds
    if area.area == 0:
        raise _refused(text, "it is not an area", "give a POLYGON or MULTIPOLYGON")
    most = 360 if beyond else 180
    if west < -most or east > most or south < -90 or north > 90:
        raise _refused(text, f"{west} {south} … {east} {north} are not lon lat degrees", "write longitude first: POLYGON((150.6 -33.5, …))")
    return area


def inside(area: Any, grid: Grid, crs: Crs = CRS84) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pixel centres of ``grid`` lie in ``area`` (coordinates of ``crs``); points and lines in it cover none."""
    from rasterio.features import geometry_mask

    parts = [part for part in shapely.get_parts(project(area, crs, grid.crs)) if part.area > 0]
    if not parts:
        return np.zeros((grid.height, grid.width), bool)
    found: np.ndarray[Any, np.dtype[np.bool_]] = geometry_mask(parts, (grid.height, grid.width), grid.transform, invert=True)
    return found


def project(geometry: Any, source: Crs, target: Crs) -> Any:
    """Reproject one geometry in the plane, x before y on both sides; edges get points so that they stay within a metre of their course.

    From lon lat (CRS84) to a projection, only what lies within ten degrees of its area of use is kept; it may be empty. Otherwise
    coordinates outside the domain of ``target`` become infinite.
    """
    flat = shapely.force_2d(geometry)
    if source == CRS84 and not target.geographic:
        flat = _near(flat, target)
    with np.errstate(invalid="ignore"):
        return np.asarray(reproject(flat, source, target, straight=_STRAIGHT), dtype=object).item()


def _near(geometry: Any, crs: Crs) -> Any:
    """The part of a lon lat geometry for which ``crs`` has coordinates: on the other side of the Earth a projection may say anything."""
    reach = _reach(crs)
    if reach is None or reach.covers(shapely.box(*shapely.bounds(geometry))):
        return geometry
    return shapely.intersection(geometry, reach)


@lru_cache(maxsize=64)
def _reach(crs: Crs) -> Any:
    """The area of use of ``crs`` and what is around it, lon lat; None if nobody says it."""
    used = crs.pyproj.area_of_use
    if used is None:
        return None
    west, east = used.west - _BEYOND, used.east + _BEYOND + 360 * (used.east < used.west)
    south, north = min(used.south, max(used.south - _BEYOND, -_NEAR_POLE)), max(used.north, min(used.north + _BEYOND, _NEAR_POLE))
    turns = [shapely.box(west + turn, south, east + turn, north) for turn in (-360, 0, 360)]
    return shapely.intersection(shapely.union_all(turns), shapely.box(-180, -90, 180, 90))


def aoi_file(text: str) -> Path | None:
    """The file that the text of an area of interest names; None for well-known text and GeoJSON."""
    path = Path(text.strip())
    return path if len(text) < 1024 and "(" not in text and "{" not in text and path.suffix.lower() in _DRIVERS else None


def _from_wkt(text: str) -> Any:
    if why := unsafe_wkt(text):
        raise _refused(text, why, "give a plain POLYGON or MULTIPOLYGON")
    try:
        with np.errstate(invalid="ignore"):
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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, shapely.errors.ShapelyError) as error:
        raise _refused(text, str(error).splitlines()[0], "give a GeoJSON geometry, feature or collection") from error


def _from_file(path: Path) -> Any:
    from pyogrio import read_info
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyogrio.raw import read

    way_out = "give a GeoJSON, GeoPackage or shapefile"
    try:
        # asked before any feature is read
        if not path.is_file() or read_info(path)["driver"] != _DRIVERS[path.suffix.lower()]:
            raise _refused(path.name, "there is no such file, or it is not what its suffix says", way_out)
        meta, _, wkb, _ = read(path, columns=[])
    except (DataSourceError, DataLayerError) as error:
        raise _refused(path.name, "the file cannot be read as vector data", way_out) from error
    if wkb is None or any(unsafe_wkb(blob) for blob in wkb if blob):
        raise _refused(path.name, "it holds no geometries, or some nested too deep", way_out)
    area = shapely.union_all(shapely.make_valid(shapely.from_wkb(wkb)))
    return project(area, Crs.parse(meta["crs"] or "CRS84"), CRS84)


def _refused(text: str, why: str, way_out: str) -> ParameterError:
    return ParameterError(f"the area of interest {text[:80]!r} cannot be used", why=why, way_out=way_out)
