"""GeoJSON literals (RFC 7946) to geometries: longitude before latitude, CRS84."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import shapely

from .. import GeometryError
from ._literals import MAX_NESTING

_FEATURE = re.compile(r'"type"\s*:\s*"Feature')
_CRS84 = re.compile(r"CRS84|EPSG:[\d.:]*4326$", re.IGNORECASE)


def parse_geojson(text: str) -> Any:
    """The geometry of a literal; the old member ``crs`` may name CRS84 or EPSG:4326 alone. Raises `GeometryError`."""
    if not text.strip():
        return shapely.GeometryCollection()
    if _depth(text) > MAX_NESTING:
        raise GeometryError(f"brackets nested deeper than {MAX_NESTING}")
    if _FEATURE.search(text):
        raise GeometryError("a feature is no geometry")
    try:
        found = shapely.from_geojson(text)
    except shapely.GEOSException as error:
        raise GeometryError(f"not GeoJSON: {str(error).strip()[:200]}") from None
    if '"crs"' in text:
        _refuse_crs(text)
    return found


def _depth(text: str) -> int:
    if text.count("{") + text.count("[") <= MAX_NESTING:
        return 0
    codes = np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)
    steps = np.isin(codes, (ord("{"), ord("["))).astype(np.int64) - np.isin(codes, (ord("}"), ord("]")))
    # brackets within strings count too: those of coordinates alone come near the limit
    return int(np.cumsum(steps).max(initial=0))


def _refuse_crs(text: str) -> None:
    crs: Any = json.loads(text).get("crs")
    name = crs.get("properties", {}).get("name", "") if isinstance(crs, dict) else ""
    if crs is not None and not _CRS84.search(str(name)):
        raise GeometryError("GeoJSON is always in CRS84", why=str(name))
