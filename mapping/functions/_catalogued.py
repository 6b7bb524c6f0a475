"""Functions for catalogues of products: footprints and times as they write them.

===============  =======================================================================================================
ewf:geojson      (text): WKT in CRS84 of a geometry in GeoJSON (RFC 7946)
ewf:coordinates  (text, order): WKT in CRS84 of the polygon with these corners: numbers with blanks or commas between them, in the
                 order ``lat lon`` (as SAFE has them) or ``lon lat``; cut at the antimeridian if it crosses it (RFC 7946 §3.1.9)
ewf:utc          (text): a moment without time zone as one in UTC
===============  =======================================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from shapely.errors import ShapelyError

from earthweave.ontology import GEO, XSD, ParameterError
from earthweave.ontology.geometry import MAX_CHARACTERS

from ..plan import EWF
from ..values import ill_formed, pc
from ._evaluation import Arguments, Evaluation, Function, Text

_ORDERS = {"lat lon": (1, 0), "lon lat": (0, 1)}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LEAST = 3


def _geojson(rows: Evaluation, arguments: Arguments) -> Text:
    return _read(rows, arguments, _from_geojson, "a geometry that is no GeoJSON")


def _coordinates(rows: Evaluation, arguments: Arguments) -> Text:
    order = rows.constant(arguments[1])
    if order not in _ORDERS:
        raise ParameterError(f"coordinates cannot be in the order {order!r}", way_out=f"choose from {', '.join(_ORDERS)}")
    return _read(rows, arguments, lambda text: _polygon(text, _ORDERS[order]), "a list of coordinates that is no polygon")


def _read(rows: Evaluation, arguments: Arguments, read: Callable[[str], Any], reason: str) -> Text:
    texts = rows.text(arguments[0])[0].to_pylist()
    shapes = np.array([None if text is None else read(text) for text in texts], dtype=object)
    rows.reject([text is not None and shape is None for text, shape in zip(texts, shapes, strict=True)], reason)
    return pa.array(shapely.to_wkt(shapes, rounding_precision=-1, trim=True), pa.string()), str(GEO.wktLiteral)


def _from_geojson(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return shapely.from_geojson(text)
    except ShapelyError:
        return None


def _polygon(text: str, order: tuple[int, int]) -> Any:
    """The polygon in CRS84, or None."""
    found = text.replace(",", " ").split()
    if len(found) % 2 or len(found) < 2 * _LEAST or not all(map(_NUMBER.fullmatch, found)):
        return None
    corners = np.array(found, dtype=np.float64).reshape(-1, 2)[:, order]
    if (np.abs(corners) > (180, 90)).any():
        return None
    # two neighbours more than half the earth apart lie on either side of the antimeridian
    corners[:, 0] = np.unwrap(corners[:, 0], period=360)
    whole = shapely.Polygon(corners)
    if not whole.is_valid:
        whole = shapely.make_valid(whole, method="structure", keep_collapsed=False)
    return None if whole.is_empty else _cut(whole)


def _cut(polygon: Any) -> Any:
    """The same area with longitudes of -180 … 180."""
    west, _, east, _ = polygon.bounds
    if west >= -180 and east <= 180:
        return polygon
    parts = []
    for turn in (-360, 0, 360):
        inside = shapely.intersection(polygon, shapely.box(-180 + turn, -90, 180 + turn, 90))
        parts += [part for part in shapely.get_parts(shapely.transform(inside, _shifted(-turn))) if part.area > 0]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _shifted(degrees: int) -> Callable[[Any], Any]:
    return lambda points: points + (degrees, 0)


def _utc(rows: Evaluation, arguments: Arguments) -> Text:
    text = rows.text(arguments[0])[0]
    told = pc.match_substring_regex(text, pattern=r"T.*(Z|[+-][0-9]{2}:[0-9]{2})$")
    moments = pc.if_else(told, text, pc.binary_join_element_wise(text, "Z", ""))
    wrong = ill_formed(moments, str(XSD.dateTime))
    if wrong is not None:
        rows.reject(wrong.fill_null(False), "a text that is no moment")
        moments = pc.if_else(wrong, None, moments)
    return moments, str(XSD.dateTime)


CATALOGUED: dict[str, Function] = {
    EWF + "geojson": Function(_geojson),
    EWF + "coordinates": Function(_coordinates, (2, 2)),
    EWF + "utc": Function(_utc),
}
"""IRI → function."""
