"""Geometries as arrays: literals to CRS84 geometries and back, topological relations, geodesic metrics, an index in memory.

::

    literals ──read_wkt──▶ geometries (x before y, CRS84 degrees) ──relate / distance_m / SpatialIndex──▶ numbers, pairs
                               ▲                                                       │
                           reproject ◀───────────────── write_wkt ◀────────────────────┘

A geometry prepared with ``shapely.prepare`` must never be used by two threads (it crashes the process); nothing here keeps one.
"""

from ._index import SpatialIndex
from ._literals import (
    MAX_CHARACTERS,
    MAX_NESTING,
    AxisOrder,
    AxisProof,
    GeometryColumn,
    Problem,
    prove_axis,
    read_wkt,
    split_crs,
    unsafe_wkt,
    write_wkt,
)
from ._metrics import area_m2, buffer_m, distance_m, length_m
from ._relations import EH, RCC8, RELATIONS, SF, Relation, intersecting, relate
from ._transform import reproject
from ._wkb import unsafe_wkb

__all__ = [
    "EH", "MAX_CHARACTERS", "MAX_NESTING", "RCC8", "RELATIONS", "SF",
    "AxisOrder", "AxisProof", "GeometryColumn", "Problem", "Relation", "SpatialIndex",
    "area_m2", "buffer_m", "distance_m", "intersecting", "length_m", "prove_axis", "read_wkt", "relate", "reproject", "split_crs",
    "unsafe_wkb", "unsafe_wkt", "write_wkt",
]
