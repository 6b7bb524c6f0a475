"""Masks of a scene on a grid: clouds, land or sea, area of interest; each by blocks, with the surroundings that it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import ParameterError

from ..raster import Block, Grid, Shared, Tags, create_raster, inside, open_raster, project, read_aoi, reading, sieve, trimmed
from ._bands import plain_name
from ._clouds import HIGHEST, NEEDED, clouds, shadows
from ._scene import Scene, read_band

Array = np.ndarray[Any, Any]
Hidden = Callable[[Block], Array]
"""Block of the grid → True where a mask hides the pixel."""
VECTORS = {".geojson", ".json", ".gpkg", ".shp"}
_COARSE = 60.0
"""Pixel of the built-in cloud mask, metres."""
_WATER = 6
_SEA = 1_000_000.0
"""Water of less than this area, in square metres, is not the sea; land of less is no land."""


@dataclass(frozen=True)
class CloudRule:
    """How clouds are told and widened: ``source`` as in the parameter ``cloudmask``; ``classes`` of SCL; ``metres`` around them."""

    source: Literal["none", "scl", "builtin"] | Path
    classes: tuple[int, ...]
    metres: float


@contextmanager
def cloud_mask(scene: Scene, grid: Grid, rule: CloudRule, scratch: Path) -> Iterator[Hidden | None]:
    """Open the cloud mask of ``scene`` on ``grid``; yields None for none. Nearest pixels; widened by a disc on the grid's own pixels.

    Raises `ParameterError` if the scene lacks what the rule needs.
    """
    if rule.source == "none":
        yield None
        return
    radius = rule.metres / grid.pixel_in(scene.grid.crs)
    halo = math.ceil(radius)
    with ExitStack() as stack:
        found = _clouded(stack, scene, grid.grown(halo), rule, scratch)
        yield (lambda block: trimmed(_widened(found(block.padded(halo)), radius), halo)) if halo else found


def _clouded(stack: ExitStack, scene: Scene, grid: Grid, rule: CloudRule, scratch: Path) -> Hidden:
    if isinstance(rule.source, Path):
        return _from_file(stack, rule.source, grid)
    if rule.source == "builtin":
        return _from_file(stack, _built_in(scene, grid, scratch / "clouds.tif"), grid)
    _demand_classes(scene, "cloudmask = scl", "use --cloudmask builtin, none or a file, or an L2A product")
    read = stack.enter_context(read_band(scene, ["SCL"], grid))
    wanted = np.isin(np.arange(256), rule.classes)
    return lambda block: wanted.take(read("SCL", block))


@contextmanager
def landsea_mask(scene: Scene, grid: Grid, kept: Literal["none", "land", "sea"] | Path, scratch: Path) -> Iterator[Hidden | None]:
    """Open the land or sea mask; what is not ``kept`` is hidden. ``land`` and ``sea`` go by the scene's class of water in patches of a
    square kilometre or more; of a file, what it covers is kept. Yields None for none."""
    if kept == "none":
        yield None
        return
    with ExitStack() as stack:
        path = kept if isinstance(kept, Path) else _sea(scene, scratch / "sea.tif")
        covered = _from_file(stack, path, grid)
        yield covered if kept == "land" else lambda block: ~covered(block)


def area_mask(area: Any, grid: Grid) -> Hidden | None:
    """What lies outside ``area`` (lon lat) is hidden; None without an area."""
    if area is None:
        return None
    return lambda block: ~inside(area, grid.part(block))


def _widened(mask: Array, radius: float) -> Array:
    """Every pixel whose centre is within ``radius`` pixels of the centre of one in ``mask``."""
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return mask
    away: Array = np.asarray(distance_transform_edt(~mask))
    return away <= radius


def _from_file(stack: ExitStack, path: Path, grid: Grid) -> Hidden:
    """Where a raster is neither 0 nor no data (nearest pixel), or inside the polygons of a vector file."""
    if path.suffix.lower() in VECTORS:
        area = read_aoi(str(path))
        return lambda block: inside(area, grid.part(block))
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    dataset = stack.enter_context(open_raster(path))
    if dataset.crs is None:
        raise ParameterError(
            f"{path.name} has no coordinate reference system", why="it cannot be laid over the scene", way_out="assign one"
        )
    nothing = 0 if dataset.nodata is None else dataset.nodata
    view = {"crs": str(grid.crs), "transform": grid.transform, "width": grid.width, "height": grid.height, "tolerance": 1e-6}
    shared = Shared(stack.enter_context(WarpedVRT(dataset, resampling=Resampling.nearest, nodata=nothing, **view)))

    def covered(block: Block) -> Array:
        with reading(path):
            pixels = shared.read(1, block)
        found: Array = (pixels != 0) & (pixels != nothing)
        return found

    return covered


def _demand_classes(scene: Scene, what: str, way_out: str) -> None:
    if "SCL" not in scene.names:
        raise ParameterError(f"{what} needs scene classes", why=f"{scene.id} has no SCL band", way_out=way_out)


def _sea(scene: Scene, path: Path) -> Path:
    """Write where the sea is: the class of water without small patches, on the grid of the classes."""
    _demand_classes(scene, "landseamask = land or sea", "give a file of polygons or a raster, or an L2A product")
    grid = scene.grid.snapped(scene.grid.bounds, max(scene.band("SCL", 20).resolution, scene.grid.xres))
    with read_band(scene, ["SCL"], grid) as read:
        water = read("SCL", Block(0, 0, grid.height, grid.width)) == _WATER
    patches = sieve(water.astype(np.int32), round(_SEA / grid.xres**2), np.ones(water.shape, bool))
    return _written(path, grid, patches == 1)


def _built_in(scene: Scene, grid: Grid, path: Path) -> Path:
    """Write where the built-in tests find clouds and shadows, on coarse pixels around ``grid`` as far as shadows reach."""
    lacking = [name for name in NEEDED if name not in scene.names]
    if lacking:
        raise ParameterError(
            "cloudmask = builtin needs more bands",
            why=f"{scene.id} has no {', '.join(map(plain_name, lacking))}",
            way_out="use --cloudmask none or a file",
        )
    sun = scene.product.sun if scene.product else None
    reach = HIGHEST * math.tan(math.radians(min(sun.zenith, 80.0))) if sun else 0.0
    west, south, east, north = project(_box(grid), grid.crs, scene.grid.crs).bounds
    coarse = scene.grid.snapped((west - reach, south - reach, east + reach, north + reach), max(_COARSE, scene.grid.xres))
    names = (*NEEDED, "B10") if "B10" in scene.names else NEEDED
    with read_band(scene, names, coarse) as read:
        bands = {name: read(name, Block(0, 0, coarse.height, coarse.width)) for name in names}
    found = clouds(bands)
    return _written(path, coarse, found | shadows(bands, found, sun, coarse.xres) if sun else found)


def _box(grid: Grid) -> Any:
    import shapely

    return shapely.box(*grid.bounds)


def _written(path: Path, grid: Grid, mask: Array) -> Path:
    path.parent.mkdir(exist_ok=True)
    with create_raster(path, grid, "uint8", 0, ("mask",), Tags()) as dataset:
        dataset.write(mask.astype(np.uint8), 1)
    return path
