"""A Sentinel-2 scene, whatever it is packed in, and reading its bands as reflectance on any grid.

Reflectance is ``(DN + offset) / quantification``. Offset and quantification are those of the product's own metadata, band by band:
since processing baseline 04.00 the offset is −1000, before it is absent (0). DN 0 means no data *before* the offset is added, so a
dark pixel of a new product is never mistaken for none (Sentinel-2 Products Specification Document 14.9, §4.9 "Radiometric offset").
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from earthweave.ontology import ParameterError, ProductError, Source

from ..frame import digest
from ..raster import Block, Grid, Shared, average, bilinear, centre, grid_of, open_raster, reading, repeat
from ._bands import plain_name
from ._product import ProductInfo, stac_properties

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
        product: what else the product's metadata say.
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
    product: ProductInfo | None = None

    @property
    def attribution(self) -> str:
        """The sentence that Copernicus asks for; for simulated scenes, that they are none of its data."""
        if self.simulated:
            return "Simulated data; contains no Copernicus Sentinel data."
        return (
            f"Contains modified Copernicus Sentinel data {self.time.year}." if self.time else "Contains modified Copernicus Sentinel data."
        )

    @property
    def properties(self) -> dict[str, Any]:
        """The scene as properties of a STAC item (`stac_properties`); empty for a stack, which says nothing of itself."""
        if self.product is None or self.time is None:
            return {}
        said = {name: getattr(self, name) for name in ("time", "tile", "platform", "baseline", "orbit", "cloud_cover")}
        return stac_properties(self.product, name=self.id, **said)

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
    tile: str | None = None,
    harmonised: bool = False,
) -> Scene:
    """Open a SAFE folder, a SAFE zip, or a raster whose bands are ``stack_bands`` (else its band descriptions).

    ``offset``, ``quantification`` and ``time`` are for stacks, which carry no metadata; a SAFE product's own values always win.
    ``tile`` picks one of a product of several tiles. ``harmonised`` says that the numbers of a product were shifted already by whoever
    keeps it, though its metadata still name the offset: it is then not added again. Raises `ProductError` that names the file, the
    reason and the way out; `ParameterError` for a ``time`` that a SAFE product would not heed, or a ``tile`` that it lacks.
    """
    from ._safe import MAIN, read_safe
    from ._stack import read_stack

    if not path.exists():
        raise ProductError(f"{path.name} does not exist", why="no file or folder has this name", way_out="check the path")
    if path.is_dir() or MAIN.match(path.name) or zipfile.is_zipfile(path):
        if time is not None:
            raise ParameterError(
                f"{path.name} cannot be given a time",
                why="a SAFE product says itself when it was taken",
                way_out="leave out --time1, --time2 or --time for it: they are for GeoTIFF stacks that do not say it",
            )
        scene = read_safe(path, tile)
        return replace(scene, bands=tuple(replace(band, offset=0.0) for band in scene.bands)) if harmonised else scene
    return read_stack(path, stack_bands, offset, quantification, time)


class HowToRead(Protocol):
    """What services ask about their input, as `open_scene` wants it."""

    @property
    def stack_bands(self) -> Sequence[str] | None:
        """Names of a stack's bands."""
        ...

    @property
    def stack_offset(self) -> float:
        """Added to a stack's numbers."""
        ...

    @property
    def stack_quantification(self) -> float:
        """Divides a stack's numbers."""
        ...

    @property
    def tile(self) -> str | None:
        """One of a product of several."""
        ...

    @property
    def harmonised(self) -> bool:
        """Whether a product's numbers were shifted already."""
        ...


def scene_of(said: HowToRead, path: Path, time: datetime | None) -> Scene:
    """Open a scene as the parameters of a service say; raises what `open_scene` raises."""
    return open_scene(
        path,
        stack_bands=said.stack_bands,
        offset=said.stack_offset,
        quantification=said.stack_quantification,
        time=time,
        tile=said.tile,
        harmonised=said.harmonised,
    )


Reader = Callable[[str, Block], Array]


@contextmanager
def read_band(
    scene: Scene, names: Sequence[str], grid: Grid, *, scaled: bool = True, resampling: str = "auto", raw: bool = False
) -> Iterator[Reader]:
    """Open bands for reading on ``grid``; yields ``read(name, block)``, which several threads may call.

    ``read`` returns float32 reflectance (``scaled``), or numbers with their offset added, NaN where there is no data or saturation; for
    ``SCL`` the class numbers (nearest pixel, 0 for no data). ``resampling`` is ``nearest``, ``bilinear``, ``cubic``, ``average``, or
    ``auto``: finer pixels are averaged over those that are valid, coarser ones are interpolated bilinearly. Grids that nest with the
    band's own (same CRS and corner, whole ratio) are read without GDAL's warper; both ways are independent of the blocks.
    ``raw`` gives the numbers of the files as they are, 0 for no data and saturation; the grid's pixels must be the bands' own.
    """
    with ExitStack() as stack:
        wanted = grid.pixel_in(scene.grid.crs)
        opened = {
            name: _raw(stack, scene, scene.band(name, wanted), grid)
            if raw
            else _open(stack, scene, scene.band(name, wanted), grid, "nearest" if name == "SCL" else resampling)
            for name in dict.fromkeys(names)
        }

        def read(name: str, block: Block) -> Array:
            band, pixels = opened[name]
            with reading(band.path):
                numbers = pixels(block)
            if raw or name == "SCL":
                return numbers
            if band.offset:
                numbers += np.float32(band.offset)
            if scaled:
                numbers /= np.float32(band.quantification)
            return numbers

        yield read


def _open(stack: ExitStack, scene: Scene, band: BandFile, grid: Grid, way: str) -> tuple[BandFile, Callable[[Block], Array]]:
    dataset = stack.enter_context(open_raster(band.path))
    source = grid_of(dataset)
    _belongs(scene, band, source)
    if way == "auto":
        way = "average" if source.xres * 1.5 < grid.pixel_in(scene.grid.crs) else "bilinear"
    down, up = (round(ratio) or 1 for ratio in (grid.xres / source.xres, source.xres / grid.xres))
    corner = (source.north - grid.north) / grid.yres * down, (grid.west - source.west) / grid.xres * down
    whole = all(abs(value - round(value)) < 1e-6 for value in corner)
    fits = math.isclose(grid.xres * up, source.xres * down, rel_tol=1e-9) and 1 in (down, up) and grid.xres == grid.yres
    if grid.crs == source.crs and whole and fits and (way in _NESTED_WAYS[down > 1, up > 1]):
        shared, place = Shared(dataset), _Place(round(corner[0]), round(corner[1]), down, up)
        return band, lambda block: _nested(shared, band, place, way, block)
    return band, _warped(stack, dataset, band, grid, way)


def _raw(stack: ExitStack, scene: Scene, band: BandFile, grid: Grid) -> tuple[BandFile, Callable[[Block], Array]]:
    dataset = stack.enter_context(open_raster(band.path))
    source = grid_of(dataset)
    _belongs(scene, band, source)
    row, col = round((source.north - grid.north) / grid.yres), round((grid.west - source.west) / grid.xres)
    shared = Shared(dataset)

    def read(block: Block) -> Array:
        pixels = shared.read(band.index, Block(row + block.row, col + block.col, block.height, block.width), band.nodata)
        for nothing in (band.nodata, _SATURATED):
            if nothing:
                pixels[pixels == nothing] = 0
        return pixels

    return band, read


_NESTED_WAYS = {
    (False, False): ("nearest", "bilinear", "average", "cubic"),
    (True, False): ("nearest", "average"),
    (False, True): ("nearest", "bilinear"),
}
"""Ways of resampling that need no warper: at the same size, down, up."""


def _belongs(scene: Scene, band: BandFile, source: Grid) -> None:
    """Refuse an image that lies elsewhere, or is larger, than the metadata say: its blocks would be those of another product."""
    if scene.level == "stack":
        return
    off = max(abs(one - other) for one, other in zip(source.bounds, scene.grid.bounds, strict=True))
    if source.crs != scene.grid.crs or off > max(source.xres, scene.grid.xres) or not math.isclose(source.xres, band.resolution):
        raise ProductError(
            f"{Path(band.path).name} does not lie where the product's metadata say",
            why=f"{source.crs} {source.bounds} {source.xres:g} m, not {scene.grid.crs} {scene.grid.bounds} {band.resolution:g} m",
            way_out="get the product again from its publisher",
        )


@dataclass(frozen=True)
class _Place:
    """Where a grid begins in a band: first row and column in the finer pixels of the two, pixels of the band along one of the grid
    (``down``), or of the grid along one of the band (``up``)."""

    row: int
    col: int
    down: int
    up: int


def _nested(shared: Shared, band: BandFile, place: _Place, way: str, block: Block) -> Array:
    """Read ``block`` of a grid that nests with the band's own; what lies outside the file is no data."""
    if place.up > 1:
        return _finer(shared, band, place, way, block)
    ratio = place.down
    there = Block(place.row + block.row * ratio, place.col + block.col * ratio, block.height * ratio, block.width * ratio)
    pixels = shared.read(band.index, there, band.nodata)
    if ratio == 1:
        return _numbers(pixels, band)
    return _numbers(centre(pixels, ratio), band) if way == "nearest" else average(_numbers(pixels, band), ratio)


def _finer(shared: Shared, band: BandFile, place: _Place, way: str, block: Block) -> Array:
    """As `_nested` for a band that is coarser than the grid: whole pixels of the band are made finer and cut to the block."""
    ratio, row, col = place.up, place.row + block.row, place.col + block.col
    top, left = row // ratio, col // ratio
    inner = Block(top, left, -(-(row + block.height) // ratio) - top, -(-(col + block.width) // ratio) - left)
    cut = Block(row - top * ratio, col - left * ratio, block.height, block.width).slices
    if way == "nearest":
        return repeat(_numbers(shared.read(band.index, inner, band.nodata), band), ratio)[cut]
    around = Block(inner.row - 1, inner.col - 1, inner.height + 2, inner.width + 2)
    return bilinear(_numbers(shared.read(band.index, around, band.nodata), band), ratio)[cut]


def _numbers(pixels: Array, band: BandFile) -> Array:
    """Pixels of a file as float32 with NaN for no data and saturation; classes as bytes with 0 for no data."""
    if band.name == "SCL" and pixels.dtype == np.uint8 and not band.nodata:
        return pixels
    numbers = pixels.astype(np.float32)
    nothing = (pixels == band.nodata) | (pixels == _SATURATED)
    if nothing.any():
        numbers[nothing] = np.nan
    return np.nan_to_num(numbers, nan=0.0).astype(np.uint8) if band.name == "SCL" else numbers


def _warped(stack: ExitStack, dataset: Any, band: BandFile, grid: Grid, way: str) -> Callable[[Block], Array]:
    """GDAL's warper; transform and scale are told exactly, else it would estimate them for each block that is asked for."""
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    source = grid_of(dataset)
    scale = source.xres / grid.pixel_in(source.crs)
    warped = stack.enter_context(
        WarpedVRT(
            dataset,
            crs=str(grid.crs),
            transform=grid.transform,
            width=grid.width,
            height=grid.height,
            resampling=Resampling[way],
            src_nodata=band.nodata,
            nodata=band.nodata,
            tolerance=1e-6,
            XSCALE=scale,
            YSCALE=scale,
        )
    )
    shared = Shared(warped)
    return lambda block: _numbers(shared.read(band.index, block, band.nodata), band)
