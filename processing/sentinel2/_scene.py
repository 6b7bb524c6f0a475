"""A Sentinel-2 scene, whatever it is packed in, and reading its bands as reflectance on any grid.

Reflectance is ``(DN + offset) / quantification``. Offset and quantification are those of the product's own metadata, band by band:
since processing baseline 04.00 the offset is −1000, before it is absent (0). DN 0 means no data *before* the offset is added, so a
dark pixel of a new product is never mistaken for none (Sentinel-2 Products Specification Document 14.9, §4.9 "Radiometric offset").
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import ParameterError, ProductError, Source

from ..frame import digest
from ..raster import Block, Grid, grid_of, open_raster, reading
from ._bands import plain_name

Array = np.ndarray[Any, Any]
_SATURATED = 65535


@dataclass(frozen=True)
class BandFile:
    """Where the pixels of a band lie, and how its numbers become reflectance.

    Attributes:
        name: ``B03``, ``B8A``, ``SCL`` …
        resolution: pixel size in units of the scene's CRS.
        path: for GDAL (a file, or a member of a zip).
        index: band number in the file, from 1.
        offset, quantification: reflectance = (DN + offset) / quantification.
        nodata: DN that means no data.
    """

    name: str
    resolution: float
    path: str
    index: int = 1
    offset: float = 0.0
    quantification: float = 10000.0
    nodata: float = 0.0


@dataclass(frozen=True)
class Scene:
    """One acquisition.

    Attributes:
        id: product name without suffix.
        path: folder, zip or raster file.
        level: ``L1C``, ``L2A``, or ``stack`` for a raster with a declared band list.
        time: of acquisition, with zone; None if a stack does not say.
        grid: of the finest pixels.
        bands: every band at every resolution.
        simulated: True if the product says that a simulator made it.
        tile, platform, baseline, orbit, cloud_cover: as in the metadata (cloud cover in percent), None if it does not say.
        metadata: files read besides the bands.
    """

    id: str
    path: Path
    level: str
    time: datetime | None
    grid: Grid
    bands: tuple[BandFile, ...]
    simulated: bool = False
    tile: str | None = None
    platform: str | None = None
    baseline: str | None = None
    orbit: int | None = None
    cloud_cover: float | None = None
    metadata: tuple[Path, ...] = ()

    @property
    def attribution(self) -> str:
        """The sentence that Copernicus asks for; for simulated scenes, that they are none of its data."""
        if self.simulated:
            return "Simulated data; contains no Copernicus Sentinel data."
        return (
            f"Contains modified Copernicus Sentinel data {self.time.year}." if self.time else "Contains modified Copernicus Sentinel data."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Band names, sorted."""
        return tuple(sorted({band.name for band in self.bands}))

    def band(self, name: str, resolution: float) -> BandFile:
        """The file to take for ``resolution``: that very one, else the coarsest that is finer (averaged), else the finest (interpolated).

        Raises `ProductError` if the scene has no such band.
        """
        found = sorted((band for band in self.bands if band.name == name), key=lambda band: band.resolution)
        if not found:
            raise ProductError(
                f"{self.id} has no band {plain_name(name)}",
                why=f"it has {', '.join(map(plain_name, self.names))}",
                way_out="choose among these, or declare the order of a stack with --stack-bands",
            )
        return next((band for band in reversed(found) if band.resolution <= resolution * (1 + 1e-9)), found[0])

    def finest(self, names: Sequence[str]) -> float:
        """The finest resolution at which any of these bands exists."""
        return min(min(band.resolution for band in self.bands if band.name == self.band(name, 0.0).name) for name in names)

    def source(self, names: Sequence[str], resolution: float) -> Source:
        """This scene as provenance; the digest covers the metadata and the band files that are read."""
        if not self.path.is_dir():
            return Source(self.id, digest(self.path), self.simulated)
        read = {Path(self.band(name, resolution).path) for name in names}
        return Source(self.id, digest(self.path, (*self.metadata, *read)), self.simulated)


def open_scene(
    path: Path,
    *,
    stack_bands: Sequence[str] | None = None,
    offset: float = 0.0,
    quantification: float = 10000.0,
    time: datetime | None = None,
) -> Scene:
    """Open a SAFE folder, a SAFE zip, or a raster whose bands are ``stack_bands`` (else its band descriptions).

    ``offset``, ``quantification`` and ``time`` are for stacks, which carry no metadata; a SAFE product's own values always win. Raises
    `ProductError` that names the file, the reason and the way out; `ParameterError` for a ``time`` that a SAFE product would not heed.
    """
    from ._safe import read_safe
    from ._stack import read_stack

    if not path.exists():
        raise ProductError(f"{path.name} does not exist", why="no file or folder has this name", way_out="check the path")
    if path.is_dir() or path.name.startswith("MTD_MSIL") or zipfile.is_zipfile(path):
        if time is not None:
            raise ParameterError(
                f"{path.name} cannot be given a time",
                why="a SAFE product says itself when it was taken",
                way_out="leave out --time1, --time2 or --time for it: they are for GeoTIFF stacks that do not say it",
            )
        return read_safe(path)
    return read_stack(path, stack_bands, offset, quantification, time)


Reader = Callable[[str, Block], Array]


@contextmanager
def read_band(scene: Scene, names: Sequence[str], grid: Grid) -> Iterator[Reader]:
    """Open bands for reading on ``grid``; yields ``read(name, block)``.

    ``read`` returns float32 reflectance, NaN where there is no data or saturation; for ``SCL`` the class numbers (nearest pixel).
    Finer pixels are averaged over those that are valid, coarser ones are interpolated bilinearly. Grids that nest into the band's
    own (same CRS and corner, whole ratio) are read without resampling, so results do not depend on the blocks.
    """
    with ExitStack() as stack:
        wanted = grid.pixel_in(scene.grid.crs)
        opened = {name: _open(stack, scene.band(name, wanted), grid, wanted) for name in dict.fromkeys(names)}

        def read(name: str, block: Block) -> Array:
            band, pixels = opened[name]
            with reading(band.path):
                numbers = pixels(block)
            if name == "SCL":
                return np.nan_to_num(numbers, nan=0.0).astype(np.uint8)
            return (numbers + np.float32(band.offset)) / np.float32(band.quantification)

        yield read


def _open(stack: ExitStack, band: BandFile, grid: Grid, wanted: float) -> tuple[BandFile, Callable[[Block], Array]]:
    dataset = stack.enter_context(open_raster(band.path))
    source = grid_of(dataset)
    ratio, col, row = grid.xres / source.xres, (grid.west - source.west) / source.xres, (source.north - grid.north) / source.yres
    nests = grid.crs == source.crs and all(abs(value - round(value)) < 1e-6 for value in (ratio, col, row)) and ratio > 0.5
    if nests and (band.name != "SCL" or round(ratio) == 1):
        return band, lambda block: _nested(dataset, band, (round(row), round(col), round(ratio)), block)
    return band, _warped(stack, dataset, band, grid, finer=source.xres * 1.5 < wanted)


def _nested(dataset: Any, band: BandFile, at: tuple[int, int, int], block: Block) -> Array:
    """Read the pixels of ``block`` and average ``ratio`` × ``ratio`` of them; what lies outside the file is no data."""
    row, col, ratio = at
    top, left = row + block.row * ratio, col + block.col * ratio
    height, width = block.height * ratio, block.width * ratio
    inner = Block(
        max(top, 0), max(left, 0), min(top + height, dataset.height) - max(top, 0), min(left + width, dataset.width) - max(left, 0)
    )
    numbers = np.full((height, width), np.nan, np.float32)
    if inner.height > 0 and inner.width > 0:
        place = Block(inner.row - top, inner.col - left, inner.height, inner.width)
        numbers[place.slices] = _numbers(dataset.read(band.index, window=inner.window), band)
    return numbers if ratio == 1 else _average(numbers, ratio)


def _numbers(pixels: Array, band: BandFile) -> Array:
    numbers = pixels.astype(np.float32)
    numbers[(pixels == band.nodata) | (pixels == _SATURATED)] = np.nan
    return numbers


def _average(numbers: Array, ratio: int) -> Array:
    """Mean of the valid among ``ratio`` × ``ratio`` pixels; NaN where none is."""
    tiles = numbers.reshape(numbers.shape[0] // ratio, ratio, numbers.shape[1] // ratio, ratio)
    valid = ~np.isnan(tiles)
    count = valid.sum((1, 3), dtype=np.float32)
    total = np.where(valid, tiles, np.float32(0)).sum((1, 3), dtype=np.float32)
    mean: Array = np.divide(total, count, out=np.full(count.shape, np.nan, np.float32), where=count > 0)
    return mean


def _warped(stack: ExitStack, dataset: Any, band: BandFile, grid: Grid, *, finer: bool) -> Callable[[Block], Array]:
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    way = Resampling.nearest if band.name == "SCL" else Resampling.average if finer else Resampling.bilinear
    warped = stack.enter_context(
        WarpedVRT(
            dataset,
            crs=str(grid.crs),
            transform=grid.transform,
            width=grid.width,
            height=grid.height,
            resampling=way,
            src_nodata=band.nodata,
            nodata=band.nodata,
            tolerance=1e-6,
        )
    )
    return lambda block: _numbers(warped.read(band.index, window=block.window), band)
