"""Grids, blocks and files: the part of raster work that every service shares."""

from ._aoi import aoi_file, inside, project, read_aoi
from ._blocks import BLOCK, WORKERS, Shared, run_blocks, trimmed
from ._files import GTIFF, Tags, create_raster, open_raster, raster_tags, reading, to_cog, write_tags
from ._grid import Block, Grid, grid_of
from ._netcdf import Variable, create_netcdf
from ._otsu import otsu_split
from ._outlines import Outliner, Patches
from ._polygons import VECTOR_SUFFIXES, Polygons, polygonise, sieve, write_polygons
from ._resample import average, bilinear, centre, repeat
from ._sieve import NOTHING, STRIP, Rows, Sieve
from ._style import write_style
from ._vectors import create_vector, media_type, vector_crs

__all__ = [
    "BLOCK",
    "GTIFF",
    "NOTHING",
    "STRIP",
    "VECTOR_SUFFIXES",
    "WORKERS",
    "Block",
    "Grid",
    "Outliner",
    "Patches",
    "Polygons",
    "Rows",
    "Shared",
    "Sieve",
    "Tags",
    "Variable",
    "aoi_file",
    "average",
    "bilinear",
    "centre",
    "create_netcdf",
    "create_raster",
    "create_vector",
    "grid_of",
    "inside",
    "media_type",
    "open_raster",
    "otsu_split",
    "polygonise",
    "project",
    "raster_tags",
    "read_aoi",
    "reading",
    "repeat",
    "run_blocks",
    "sieve",
    "to_cog",
    "trimmed",
    "vector_crs",
    "write_polygons",
    "write_style",
    "write_tags",
]
