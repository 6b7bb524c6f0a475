"""Geometries written as literals of one form."""

from __future__ import annotations

from typing import Any

from .. import CRS84, Crs, UnsupportedError
from ._literals import write_wkt


def write_literals(geometries: Any, form: str = "wkt", crs: Crs = CRS84) -> list[str]:
    """Write CRS84 geometries as literals of a form (``wkt``, ``gml``, ``geojson``, ``kml``) in ``crs``, in its authority's axis order."""
    if form != "wkt":
        raise UnsupportedError(f"geometries are not written as {form}")
    return write_wkt(geometries, crs)
