"""Grids, blocks and files: the part of raster work that every service shares."""

from ._aoi import aoi_file, inside, project, read_aoi
from ._files import GTIFF, Tags, create_raster, open_raster, raster_tags, reading, write_tags
from ._grid import Block, Grid, grid_of
from ._polygons import VECTOR_SUFFIXES, Polygons, polygonise, round_half_up, sieve, write_polygons

__all__ = [
    "GTIFF",
    "VECTOR_SUFFIXES",
    "Block",
    "Grid",
    "Polygons",
    "Tags",
    "aoi_file",
    "create_raster",
    "grid_of",
    "inside",
    "open_raster",
    "polygonise",
    "project",
    "raster_tags",
    "read_aoi",
    "reading",
    "round_half_up",
    "sieve",
    "write_polygons",
    "write_tags",
]
