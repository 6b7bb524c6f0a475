"""Functions of stSPARQL that GeoSPARQL does not have, or has otherwise; columns of ids in, columns of ids or of doubles out.

Measures without a unit are planar and in the units of the CRS in which the (first) geometry is written, degrees for EPSG:4326, x first;
boxes are those of longitudes and latitudes. Source: stSPARQL as Strabon 3.3 evaluates it on PostGIS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, Crs
from earthweave.ontology.geometry import reproject

from ..algebra import Context
from ..snapshot import STRING
from ..spatial import POSTGIS, STRDF, Call, bounds_of, function, system_of
from ..spatial import functions as spatial
from ._azimuth import azimuths
from ._lines import line_of_two

Kernel = Callable[..., Any]
Function = Callable[..., Any]
_WEST, _SOUTH, _EAST, _NORTH = range(4)


def _within(inner: Any, outer: Any) -> Any:
    return (outer[:, :2] <= inner[:, :2]).all(axis=1) & (inner[:, 2:] <= outer[:, 2:]).all(axis=1)


_BOXES: dict[str, Callable[[Any, Any], Any]] = {
    "mbbIntersects": lambda a, b: (a[:, :2] <= b[:, 2:]).all(axis=1) & (b[:, :2] <= a[:, 2:]).all(axis=1),
    "mbbContains": lambda a, b: _within(b, a),
    "mbbWithin": _within,
    "mbbEquals": lambda a, b: (a == b).all(axis=1),
    "left": lambda a, b: a[:, _EAST] < b[:, _WEST],
    "right": lambda a, b: a[:, _WEST] > b[:, _EAST],
    "above": lambda a, b: a[:, _SOUTH] > b[:, _NORTH],
    "below": lambda a, b: a[:, _NORTH] < b[:, _SOUTH],
}
"""Relations of two arrays of boxes; none holds for an empty geometry, whose box is NaN."""


def _boxes(name: str) -> Function:
    def kernel(call: Call, a: Any, b: Any) -> Any:
        call.readable(a)
        call.readable(b)
        return call.booleans(_BOXES[name](bounds_of(a, call.context), bounds_of(b, call.context)))

    return function(name, (2,), kernel, "strdf")


def _placed(call: Call, ids: Any, systems: Any) -> Any:
    """Geometries in the coordinates of a CRS per row, x first; rows without one fail."""
    shapes = call.shapes(ids)
    found = np.full(len(shapes), None, dtype=object)
    for name in sorted(set(systems[call.alive].tolist())):
        rows = np.flatnonzero(call.alive & (systems == name))
        found[rows] = call.apply(partial(reproject, source=CRS84, target=Crs.parse(name)), shapes, rows=rows)[rows]
    return found


def _systems(call: Call, ids: Any) -> Any:
    """IRI of the CRS in which each geometry is written; rows without one fail."""
    call.readable(ids)
    texts = np.full(len(ids), "", dtype=object)
    rows = np.flatnonzero(call.alive)
    texts[rows] = call.each(ids[rows], lambda one: system_of(one, call.context))
    return texts


def _planar_distance(call: Call, a: Any, b: Any) -> Any:
    systems = _systems(call, a)
    return call.doubles(call.measured(shapely.distance, _placed(call, a, systems), _placed(call, b, systems)))


def _area(call: Call, a: Any) -> Any:
    return call.doubles(call.measured(shapely.area, _placed(call, a, _systems(call, a))))


def _text(call: Call, a: Any) -> Any:
    return call.texts(call.apply(_written, _placed(call, a, _systems(call, a))), STRING)


def _written(shapes: Any) -> Any:
    return shapely.to_wkt(shapes, rounding_precision=-1, trim=True)


def _type(call: Call, a: Any) -> Any:
    return call.texts(call.apply(lambda shapes: [shape.geom_type for shape in shapes], call.shapes(a)), STRING)


def _line(call: Call, a: Any, b: Any) -> Any:
    return call.geometries(call.apply(line_of_two, call.shapes(a), call.shapes(b)))


def _azimuth(call: Call, a: Any, b: Any) -> Any:
    return call.doubles(call.measured(azimuths, call.shapes(a), call.shapes(b)), "there is no azimuth between places that are the same")


_PLANAR = function("distance", (2,), _planar_distance, "strdf")


def _distance(context: Context, *columns: Any) -> Any:
    """In the units of the CRS without a third argument, else as ``geof:distance``."""
    return spatial[STRDF + "distance"](context, *columns) if len(columns) == 3 else _PLANAR(context, *columns)


functions: dict[str, Function] = {
    **{STRDF + name: _boxes(name) for name in _BOXES},
    STRDF + "distance": _distance,
    STRDF + "area": function("area", (1,), _area, "strdf"),
    STRDF + "asText": function("asText", (1,), _text, "strdf"),
    STRDF + "geometryType": function("geometryType", (1,), _type, "strdf"),
    POSTGIS + "ST_Azimuth": function("ST_Azimuth", (2,), _azimuth, "postgis"),
    POSTGIS + "ST_MakeLine": function("ST_MakeLine", (2,), _line, "postgis"),
}
"""IRI → function of the context and columns of ids."""
