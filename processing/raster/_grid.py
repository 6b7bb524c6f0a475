"""North-up grids of square pixels, and the blocks in which they are worked through."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyproj
from affine import Affine

from earthweave.ontology import BBox, Crs, CrsError, ProductError


@dataclass(frozen=True)
class Block:
    """A part of a grid: first row, first column, rows, columns."""

    row: int
    col: int
    height: int
    width: int

    @property
    def window(self) -> Any:
        """The same as a rasterio window."""
        from rasterio.windows import Window

        return Window.from_slices(*self.slices)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns as slices."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    def padded(self, halo: int) -> Block:
        """This block with ``halo`` pixels around it, in pixels of the grid grown by as many (`Grid.grown`)."""
        return Block(self.row, self.col, self.height + 2 * halo, self.width + 2 * halo)


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid.

    Attributes:
        crs: of the coordinates; x is easting or longitude, whatever the authority's order.
        west, north: outer corner of the first pixel.
        xres, yres: pixel size in units of the CRS, both above 0.
        width, height: pixels.
    """

    crs: Crs
    west: float
    north: float
    xres: float
    yres: float
    width: int
    height: int

    @property
    def transform(self) -> Affine:
        """Pixel (column, row) → (x, y)."""
        return Affine(self.xres, 0.0, self.west, 0.0, -self.yres, self.north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in the CRS."""
        return self.west, self.north - self.height * self.yres, self.west + self.width * self.xres, self.north

    @property
    def bbox(self) -> BBox:
        """The lon lat box around the grid, with its curved edges."""
        project = pyproj.Transformer.from_crs(self.crs.pyproj, "OGC:CRS84", always_xy=True)
        west, south, east, north = (round(value, 9) for value in project.transform_bounds(*self.bounds))
        return BBox(west, south, east, north)

    def pixel_in(self, crs: Crs) -> float:
        """Side of the middle pixel in units of ``crs``: root of its area there."""
        if crs == self.crs:
            return self.xres
        project = pyproj.Transformer.from_crs(self.crs.pyproj, crs.pyproj, always_xy=True)
        middle = self.part(Block(self.height // 2, self.width // 2, 1, 1))
        west, south, east, north = project.transform_bounds(*middle.bounds)
        return math.sqrt((east - west) * (north - south))

    def blocks(self, size: int = 1024) -> Iterator[Block]:
        """Cover the grid with blocks of ``size`` pixels, row by row; those at the right and lower edge are smaller."""
        for row in range(0, self.height, size):
            for col in range(0, self.width, size):
                yield Block(row, col, min(size, self.height - row), min(size, self.width - col))

    def part(self, block: Block) -> Grid:
        """The grid of one block."""
        return Grid(
            self.crs, self.west + block.col * self.xres, self.north - block.row * self.yres, self.xres, self.yres, block.width, block.height
        )

    def grown(self, halo: int) -> Grid:
        """The grid with ``halo`` pixels more on every side."""
        return self.part(Block(-halo, -halo, self.height + 2 * halo, self.width + 2 * halo))

    def snapped(self, bounds: tuple[float, float, float, float], resolution: float) -> Grid:
        """A grid of square ``resolution`` that covers ``bounds`` (of this CRS), aligned to this grid's corner and kept inside it.

        Sentinel-2 tiles share their upper-left corner among 10, 20 and 60 m, so a corner-aligned grid never cuts a source pixel.
        Bounds may be infinite, and are NaN for nothing at all. Raises `ProductError` if nothing is left.
        """
        west, south, east, north = bounds
        first, last = _span(west - self.west, east - self.west, self.width * self.xres, resolution)
        top, bottom = _span(self.north - north, self.north - south, self.height * self.yres, resolution)
        if last <= first or bottom <= top:
            raise ProductError(
                "the area of interest lies outside the scene",
                why=f"the scene covers {_text(self.bbox)} (lon lat)",
                way_out="check the order lon lat of the area, or take the scene that covers it",
            )
        return Grid(
            self.crs, self.west + first * resolution, self.north - top * resolution, resolution, resolution, last - first, bottom - top
        )


def _span(low: float, high: float, extent: float, step: float) -> tuple[int, int]:
    """Whole steps that cover ``low … high``, cut at ``0 … extent``; a millionth of a step is forgiven. None of them for NaN."""
    if math.isnan(low) or math.isnan(high):
        return 0, 0
    return math.floor(max(low, 0) / step + 1e-6), math.ceil(min(high, extent) / step - 1e-6)


def _text(box: BBox) -> str:
    return ", ".join(f"{value:.4f}" for value in box.bounds)


def grid_of(dataset: Any) -> Grid:
    """The grid of an open rasterio dataset; raises `ProductError` without a CRS or if it is rotated."""
    name = dataset.name.rsplit("/", 1)[-1]
    if dataset.crs is None:
        raise ProductError(
            f"{name} has no coordinate reference system",
            why="pixels cannot be placed on Earth",
            way_out="assign one, e.g. gdal_edit.py -a_srs EPSG:32632 FILE",
        )
    t = dataset.transform
    if t.b or t.d or t.a <= 0 or t.e >= 0:
        raise ProductError(
            f"{name} is not a north-up raster", why=f"its transform is {tuple(t)[:6]}", way_out="warp it north-up with gdalwarp"
        )
    return Grid(_crs(dataset.crs, name), t.c, t.f, t.a, -t.e, dataset.width, dataset.height)


def _crs(found: Any, name: str) -> Crs:
    authority = found.to_authority()
    if authority is None:
        raise ProductError(
            f"{name} has a coordinate reference system without a code", why=str(found)[:120], way_out="gdal_edit.py -a_srs EPSG:n FILE"
        )
    try:
        return Crs.parse(":".join(authority))
    except CrsError as error:
        raise ProductError(f"{name}: {error.what}", why=error.why, way_out="gdal_edit.py -a_srs EPSG:n FILE") from error
