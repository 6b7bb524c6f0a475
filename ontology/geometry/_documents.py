"""Literals of GML, KML and GeoJSON, one by one, with the caps of WKT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

from .. import CRS84, Crs, GeometryError, ParameterError
from ._geojson import parse_geojson
from ._gml import parse_gml
from ._kml import parse_kml
from ._literals import MAX_CHARACTERS, refuse_infinite

_PARSERS: dict[str, Callable[[str], tuple[Crs, Any]]] = {
    "gml": parse_gml,
    "kml": lambda text: (CRS84, parse_kml(text)),
    "geojson": lambda text: (CRS84, parse_geojson(text)),
}


def parse_documents(texts: Sequence[str], form: str) -> tuple[list[Crs | None], Any, dict[int, str]]:
    """CRS, geometry in the order of its authority, and problems of every literal. Raises `ParameterError` for other forms."""
    if form not in _PARSERS:
        raise ParameterError(f"unknown form of geometries {form}", way_out="one of wkt, " + ", ".join(_PARSERS))
    found: Any = np.full(len(texts), None, dtype=object)
    crs: list[Crs | None] = []
    problems: dict[int, str] = {}
    for index, text in enumerate(texts):
        try:
            system, found[index] = _checked(_PARSERS[form], text)
            crs.append(system)
        except GeometryError as error:
            problems[index] = error.what
            crs.append(None)
    refuse_infinite(found, problems)
    return crs, found, problems


def _checked(parser: Callable[[str], tuple[Crs, Any]], text: str) -> tuple[Crs, Any]:
    if len(text) > MAX_CHARACTERS:
        raise GeometryError(f"literal of {len(text):,} characters, more than {MAX_CHARACTERS:,}")
    try:
        return parser(text)
    except (shapely.GEOSException, ValueError, TypeError) as error:
        raise GeometryError(f"not a geometry: {str(error).strip()[:200]}") from error
