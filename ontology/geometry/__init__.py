"""Geometries as arrays: literals to CRS84 geometries and back, topological relations, geodesic metrics, an index.

::

    literals ──read_wkt──▶ geometries (x before y, CRS84 degrees) ──relate / distance_m / SpatialIndex──▶ numbers, pairs
        │                      ▲          ▲                                                  │
        │                  reproject ◀────│───────────── write_literals ◀────────────────────┘
        └──read_block──▶ Block ──normalised──▶ Block (WKB, bounds, kinds) ──PackedTree──▶ pairs ──relate_pairs──▶ pairs that hold

A geometry prepared with ``shapely.prepare`` must never be used by two threads (it crashes the process). Nothing here keeps one, but
`relate_pairs`, `mask_pairs`, `distance_pairs` and `within_pairs` prepare what they are given while they run.
"""

from ._block import Block, block_proof, normalised, read_block
from ._boxes import grown_boxes, line_pieces
from ._forms import FORMS, read_literals
from ._index import SpatialIndex
from ._inside import apart, first_vertices, points_in
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
from ._measures import area_m2, length_m
from ._metrics import buffer_m, distance_m
from ._near import distance_pairs, within_pairs
from ._overlay import OVERLAYS, bounding_circle, overlay, union_all
from ._pairs import mask_pairs, relate_pairs, relation_masks, relation_names, transposed
from ._relations import EH, RCC8, RELATIONS, SF, SLIPS, Relation, intersecting, relate
from ._strdf import split_strdf
from ._transform import reproject
from ._tree import PackedTree, box_pairs
from ._wkb import unsafe_wkb
from ._write import write_literals

__all__ = [
    "EH",
    "FORMS",
    "MAX_CHARACTERS",
    "MAX_NESTING",
    "OVERLAYS",
    "RCC8",
    "RELATIONS",
    "SF",
    "SLIPS",
    "AxisOrder",
    "AxisProof",
    "Block",
    "GeometryColumn",
    "PackedTree",
    "Problem",
    "Relation",
    "SpatialIndex",
    "apart",
    "area_m2",
    "block_proof",
    "bounding_circle",
    "box_pairs",
    "buffer_m",
    "distance_m",
    "distance_pairs",
    "first_vertices",
    "grown_boxes",
    "intersecting",
    "length_m",
    "line_pieces",
    "mask_pairs",
    "normalised",
    "overlay",
    "points_in",
    "prove_axis",
    "read_block",
    "read_literals",
    "read_wkt",
    "relate",
    "relate_pairs",
    "relation_masks",
    "relation_names",
    "reproject",
    "split_crs",
    "split_strdf",
    "transposed",
    "union_all",
    "unsafe_wkb",
    "unsafe_wkt",
    "within_pairs",
    "write_literals",
    "write_wkt",
]
