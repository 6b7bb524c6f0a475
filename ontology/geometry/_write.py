"""Geometries written as literals of one form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely

from .. import CRS84, Crs, ParameterError, UnsupportedError
from ._literals import write_wkt
from ._transform import written_in

_GML, _KML = "http://www.opengis.net/gml/3.2", "http://www.opengis.net/kml/2.2"
_MEMBERS = {
    "MultiPoint": ("MultiPoint", "pointMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "GeometryCollection": ("MultiGeometry", "geometryMember"),
}


def write_literals(geometries: Any, form: str = "wkt", crs: Crs = CRS84, *, namespace: str = _GML) -> list[str]:
    """Write CRS84 geometries, longitude before latitude, as literals of one form. Every bit of a coordinate is kept.

    Args:
        geometries: array of shapely geometries, no None.
        form: ``wkt`` (as `write_wkt`), ``gml`` (GML 3.2 of simple features, OGC 10-100r3), ``geojson`` (RFC 7946), ``kml`` (OGC 12-007r2).
        crs: to write them in, in its authority's axis order; GeoJSON and KML know CRS84 alone.
        namespace: of GML elements; other software writes that of an older version, or of GeoSPARQL's examples.

    Raises `ParameterError` for other forms, `UnsupportedError` for another CRS than CRS84 in GeoJSON and KML, `CrsError` if PROJ knows
    no way to ``crs``, `GeometryError` where it has no coordinates for a place.
    """
    if form == "wkt":
        return write_wkt(geometries, crs)
    array = np.atleast_1d(np.asarray(geometries, dtype=object))
    if form == "gml":
        return [_gml(one, crs.iri, namespace) for one in written_in(array, crs)]
    if form not in ("geojson", "kml"):
        raise ParameterError(f"unknown form of geometries {form}", way_out="one of wkt, gml, geojson, kml")
    if crs != CRS84:
        raise UnsupportedError(f"{form} is always in CRS84, not in {crs}", way_out="write WKT or GML")
    return [str(text) for text in shapely.to_geojson(array)] if form == "geojson" else [_kml(one) for one in array]


def _gml(geometry: Any, iri: str, namespace: str) -> str:
    solid = ' srsDimension="3"' if geometry.has_z else ""
    return _gml_element(geometry, f' xmlns:gml={quoteattr(namespace)} srsName="{iri}"{solid}')


def _gml_element(geometry: Any, attributes: str = "") -> str:
    kind = geometry.geom_type
    if kind == "Polygon":
        rings = [geometry.exterior, *geometry.interiors] if not geometry.is_empty else []
        sides = ["exterior", *["interior"] * len(rings)]
        content = "".join(
            f"<gml:{side}><gml:LinearRing>{_gml_list(ring)}</gml:LinearRing></gml:{side}>" for side, ring in zip(sides, rings, strict=False)
        )
        return f"<gml:Polygon{attributes}>{content}</gml:Polygon>"
    if kind in _MEMBERS:
        name, member = _MEMBERS[kind]
        parts = "".join(f"<gml:{member}>{_gml_element(part)}</gml:{member}>" for part in geometry.geoms)
        return f"<gml:{name}{attributes}>{parts}</gml:{name}>"
    content = "" if geometry.is_empty else _gml_list(geometry, "pos" if kind == "Point" else "posList")
    return f"<gml:{kind}{attributes}>{content}</gml:{kind}>"


def _gml_list(geometry: Any, name: str = "posList") -> str:
    numbers = " ".join(repr(number) for number in _coordinates(geometry).ravel().tolist())
    return f"<gml:{name}>{numbers}</gml:{name}>"


def _coordinates(geometry: Any) -> Any:
    return shapely.get_coordinates(geometry, include_z=bool(geometry.has_z))


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _kml(geometry: Any) -> str:
    return _kml_element(geometry, f' xmlns="{_KML}"')


def _kml_element(geometry: Any, attributes: str = "") -> str:
    kind = geometry.geom_type
    if kind == "Polygon":
        rings = [geometry.exterior, *geometry.interiors] if not geometry.is_empty else []
        sides = ["outerBoundaryIs", *["innerBoundaryIs"] * len(rings)]
        content = "".join(f"<{side}>{_kml_element(ring)}</{side}>" for side, ring in zip(sides, rings, strict=False))
        return f"<Polygon{attributes}>{content}</Polygon>"
    if kind in _MEMBERS:
        return f"<MultiGeometry{attributes}>{_joined(_kml_element, geometry.geoms)}</MultiGeometry>"
    tuples = " ".join(",".join(_number(number) for number in row) for row in _coordinates(geometry).tolist())
    return f"<{kind}{attributes}><coordinates>{tuples}</coordinates></{kind}>"


def _joined(write: Callable[[Any], str], parts: Any) -> str:
    return "".join(write(part) for part in parts)
