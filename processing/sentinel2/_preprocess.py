"""S2-preprocess: a scene's bands on one grid, without clouds and beyond the area, as one file."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Interval, ParameterError, ProcessingError, Source

from ..frame import Context, Estimate, Outcome, Output, Product, Question, Reference, ServiceSpec, digest
from ..raster import BLOCK, Block, Grid, Tags, create_netcdf, create_raster, read_aoi, run_blocks, to_cog, write_style
from ._bands import BANDS, band_name, plain_name
from ._describe import band_fields, describe_band, shown_bands, variable
from ._masks import CloudRule, area_mask, cloud_mask, landsea_mask
from ._parameters import Preprocess
from ._scene import Scene, read_band, scene_of
from ._target import target_grid

Array = np.ndarray[Any, Any]
_NOTHING = {"number": -32768.0, "reflectance": float("nan")}
_LARGEST = 32767.0
_CACHE = 64, 512
"""Least and most MiB that GDAL may keep."""
_LAYOUT = {"interleave": "band", "bigtiff": "if_safer", "zlevel": 1}
"""Bands one after the other; no mask beside them, which the value for no data says already: with one GDAL 3.10 complains of its threads."""
_TYPES = {"number": "int16", "reflectance": "float32"}


@dataclass(frozen=True)
class _Job:
    """Everything that is settled before pixels are read."""

    scene: Scene
    names: tuple[str, ...]
    grid: Grid
    area: Any

    @property
    def stem(self) -> str:
        """``S2_L2A_<time>Z_<bands>_<resolution>``."""
        when = f"{self.scene.time.astimezone(UTC):%Y%m%dT%H%M%SZ}" if self.scene.time else self.scene.id
        return f"S2_{self.scene.level}_{when}_{''.join(map(plain_name, self.names))}_{self.grid.xres:g}"

    @property
    def tags(self) -> Tags:
        """What the raster says of itself."""
        time = Interval(self.scene.time, self.scene.time) if self.scene.time else None
        return Tags(time, self.scene.simulated, (self.scene.id,), (self.scene.attribution,))


class _Memory:
    """Where the pixels of a block are made, used again once they are written: fresh memory for each leaves holes that add up."""

    def __init__(self, bands: int, dtype: str) -> None:
        self._bands, self._dtype = bands, dtype
        self._free: deque[Array] = deque()

    def take(self, block: Block) -> Array:
        """Room for (bands, rows, columns)."""
        try:
            room = self._free.pop()
        except IndexError:
            room = np.empty(self._bands * BLOCK * BLOCK, self._dtype)
        return room[: self._bands * block.height * block.width].reshape(self._bands, block.height, block.width)

    def give(self, pixels: Array) -> None:
        """Have what was taken used again."""
        self._free.append(np.asarray(pixels.base))


def _prepare(p: Preprocess) -> _Job:
    scene = scene_of(p, p.input, p.time)
    wanted = tuple(dict.fromkeys(map(band_name, p.bands))) if p.bands else tuple(name for name in BANDS if name in scene.names)
    for name in wanted:
        scene.band(name, 0.0)
    if not wanted:
        raise ParameterError(f"{scene.id} has no spectral bands", why="none is left to write", way_out="name others: --bands SCL")
    area = read_aoi(p.aoi) if p.aoi else None
    return _Job(scene, wanted, target_grid(scene.grid, p.resolution or scene.finest(wanted), p.projection, area), area)


def _run(p: Preprocess, context: Context) -> Outcome:
    context.progress("reading metadata", 0.0)
    job = _prepare(p)
    path = context.folder / f"{job.stem}.{'nc' if p.output_format == 'NetCDF' else 'tif'}"
    with ThreadPoolExecutor(1) as beside:
        # digests of the inputs, which take no part in the work
        sources = beside.submit(_sources, job, p)
        counts = _process(job, p, path, context)
    if not counts["valid"]:
        raise ProcessingError(
            "no valid pixel is left",
            why=", ".join(f"{count:,} by {name}" for name, count in counts.items() if name != "valid"),
            way_out="mask less, or take a scene that shows the area",
        )
    if p.output_format == "COG":
        to_cog(path, "AVERAGE" if "SCL" not in job.names else "NEAREST")
    # the variables of a NetCDF file are layers of one band each
    shown = (1,) if p.output_format == "NetCDF" else shown_bands(job.names)
    top = 0.3 * (1 if p.scale == "reflectance" else 10_000)
    write_style(path, shown, 0, top if set(job.names) & set(BANDS) else 11)
    context.progress("recording", 0.98)
    properties = {key: value for key, value in job.scene.properties.items() if key != "datetime"}
    return Outcome((_product(job, path, p),), sources.result(), _figures(job, counts), job.tags.attribution, properties)


def _process(job: _Job, p: Preprocess, path: Path, context: Context) -> dict[str, int]:
    """Read, mask and write every block; returns how many pixels each mask hides, in turn, and how many stay valid."""
    scratch = context.folder / ".scratch"
    rule = CloudRule(p.cloud_mask, p.cloud_classes, p.cloud_dilate)
    with ExitStack() as stack:
        read = stack.enter_context(read_band(job.scene, job.names, job.grid, scaled=p.scale == "reflectance", resampling=p.resampling))
        context.progress("masks", 0.02)
        masks = {
            "area": area_mask(job.area, job.grid),
            "landsea": stack.enter_context(landsea_mask(job.scene, job.grid, p.land_sea_mask, scratch)),
            "clouds": stack.enter_context(cloud_mask(job.scene, job.grid, rule, scratch)),
        }
        write = stack.enter_context(_writer(job, p, path))
        counts: dict[str, int] = dict.fromkeys(("area", "nodata", "landsea", "clouds", "valid"), 0)
        memory = _Memory(len(job.names), _TYPES[p.scale])

        def make(block: Block) -> tuple[Array, dict[str, int]]:
            pixels = memory.take(block)
            missing = _gathered(job.names, lambda name: read(name, block), pixels, p.scale)
            hidden = {name: mask(block) for name, mask in masks.items() if mask} | {"nodata": missing}
            valid, taken = _valid({name: hidden[name] for name in counts if name in hidden}, missing)
            if taken["valid"] < valid.size:
                pixels.reshape(len(pixels), -1)[:, np.flatnonzero(~valid)] = _NOTHING[p.scale]
            return pixels, taken

        def take(block: Block, made: tuple[Array, dict[str, int]]) -> None:
            write(block, made[0])
            memory.give(made[0])
            for name, count in made[1].items():
                counts[name] += count

        cache = _cache(job, p.scale)
        run_blocks(job.grid, make, take, size=BLOCK, tell=lambda share: context.progress("bands", 0.05 + 0.9 * share), cache=cache)
    return counts


def _cache(job: _Job, scale: str) -> int:
    """MiB of a row of blocks in all bands, read and written: what passes before a tile of a coarser band is needed again."""
    if job.grid.crs != job.scene.grid.crs:
        return _CACHE[1]
    share = job.grid.xres
    read = sum(2 * max(1.0, share / job.scene.band(name, share).resolution) for name in job.names)
    made = len(job.names) * np.dtype(_TYPES[scale]).itemsize
    return min(_CACHE[0] + math.ceil(job.grid.width * BLOCK * (read + made) / 2**20), _CACHE[1])


def _gathered(names: tuple[str, ...], read: Callable[[str], Array], pixels: Array, scale: str) -> Array:
    """Fill in the bands as they are written; where one of them has no data. Read one by one: only one is held at full width."""
    missing = np.zeros(pixels.shape[1:], bool)
    for name, target in zip(names, pixels, strict=True):
        band = read(name)
        gone = (band == 0) if name == "SCL" else np.isnan(band)
        if gone.any():
            missing |= gone
            band[gone] = 0
        target[...] = _whole(band) if scale == "number" and name != "SCL" else band
    return missing


def _valid(hidden: dict[str, Array], missing: Array) -> tuple[Array, dict[str, int]]:
    """Where pixels are valid, and how many each mask takes of those that the masks before it left."""
    valid = np.ones(missing.shape, bool)
    left, counts = valid.size, {}
    for name, mask in hidden.items():
        valid &= ~mask
        now = int(np.count_nonzero(valid))
        left, counts[name] = now, left - now
    return valid, counts | {"valid": left}


def _whole(band: Array) -> Array:
    """Nearest whole numbers, halves upward as GDAL rounds, within what the type holds."""
    band += np.float32(0.5)
    np.floor(band, out=band)
    return np.clip(band, -_LARGEST, _LARGEST, out=band)


@contextmanager
def _writer(job: _Job, p: Preprocess, path: Path) -> Iterator[Callable[[Block, Array], None]]:
    """Open the result; yields ``write(block, pixels)``."""
    nothing, dtype = _NOTHING[p.scale], _TYPES[p.scale]
    if p.output_format == "NetCDF":
        variables = [variable(job.scene, name, p.scale) for name in job.names]
        with create_netcdf(path, job.grid, dtype, nothing, variables, job.tags, _title(job)) as put:
            yield put
        return
    meaning = tuple(map(plain_name, job.names))
    with create_raster(path, job.grid, dtype, nothing, meaning, job.tags, **_LAYOUT) as dataset:
        describe_band(dataset, job.scene, job.names, p.scale)
        yield lambda block, pixels: dataset.write(pixels, window=block.window)


def _title(job: _Job) -> str:
    day = f" {job.scene.time:%Y-%m-%d}" if job.scene.time else ""
    kind = {"L1C": "Top-of-atmosphere reflectance", "L2A": "Surface reflectance"}.get(job.scene.level, "Reflectance")
    return f"{kind}{day}{' (simulated)' if job.scene.simulated else ''}"


def _product(job: _Job, path: Path, p: Preprocess) -> Product:
    media = {"NetCDF": "application/x-netcdf", "COG": "image/tiff; application=geotiff; profile=cloud-optimized"}
    meaning = {str(number): plain_name(name) for number, name in enumerate(job.names, 1)}
    grid = job.grid
    fields = {
        "proj:shape": [grid.height, grid.width],
        "proj:transform": list(grid.transform)[:6],
        "proj:bbox": list(grid.bounds),
        "gsd": grid.pixel_in(job.scene.grid.crs),
        **band_fields(job.scene, job.names, p.scale, _TYPES[p.scale], _NOTHING[p.scale]),
    }
    kind = media.get(p.output_format, "image/tiff; application=geotiff")
    return Product("bands", path, "raster", path.stem, _title(job), kind, grid.crs, grid.bbox, job.tags.time, meaning, fields)


def _sources(job: _Job, p: Preprocess) -> tuple[Source, ...]:
    masks = [value for value in (p.cloud_mask, p.land_sea_mask) if isinstance(value, Path)]
    used = (*job.names, *(("SCL",) if p.cloud_mask == "scl" or p.land_sea_mask in ("land", "sea") else ()))
    return (
        job.scene.source(tuple(dict.fromkeys(used)), job.grid.pixel_in(job.scene.grid.crs)),
        *(Source(path.name, digest(path)) for path in masks),
    )


def _figures(job: _Job, counts: dict[str, int]) -> dict[str, Any]:
    grid = job.grid
    return {
        "grid": {"crs": str(grid.crs), "bounds": grid.bounds, "width": grid.width, "height": grid.height, "resolution": grid.xres},
        "bands": list(map(plain_name, job.names)),
        "baseline": job.scene.baseline,
        "offsets": {plain_name(name): job.scene.band(name, grid.xres).offset for name in job.names},
        "pixels": counts,
    }


def _estimate(p: Preprocess) -> Estimate:
    """From the metadata: JPEG 2000 decodes at 7 million pixels a second and core, the rest goes at 20."""
    job = _prepare(p)
    made = job.grid.width * job.grid.height * len(job.names)
    share = job.grid.pixel_in(job.scene.grid.crs)
    read = sum(made / len(job.names) * (share / job.scene.band(name, share).resolution) ** 2 for name in job.names)
    return Estimate(read / 7e6 + made / 20e6, 500 + 40 * len(job.names), f"{read / 1e6:.0f} million source pixels")


S2_PREPROCESS = ServiceSpec(
    id="s2-preprocess",
    executable="S2-preprocess",
    version="1.0",
    title="Sentinel-2 bands on one grid, masked",
    abstract=(
        "Brings bands of a Sentinel-2 scene (L1C or L2A, all baselines and both layouts) to one resolution and projection around an area "
        "of interest, removes the radiometric offset of each band, and hides clouds, land or sea. A pixel is valid where every band has "
        "data and no mask hides it; elsewhere every band says no data. Limits: a pixel that is saturated in one band is invalid; the "
        "built-in cloud test is spectral, misses thin clouds without the cirrus band, and takes dark ground under a cloud's track for "
        "shadow; land and sea by scene classes take what clouds cover for land; no atmospheric or terrain correction."
    ),
    parameters=Preprocess,
    outputs=(
        Output(
            "bands",
            "raster",
            "image/tiff; application=geotiff",
            "S2_{level}_{time}Z_{bands}_{resolution}.tif",
            "int16 (reflectance × 10000, no data −32768) or float32 reflectance (no data NaN), one band each",
        ),
    ),
    run=_run,
    references=(
        Reference("Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD, issue 14.9"),
        Reference(
            "Zhu, Woodcock: Object-based cloud and cloud shadow detection in Landsat imagery, Remote Sensing of Environment 118, 2012",
            "10.1016/j.rse.2011.10.028",
        ),
        Reference(
            "Zhu, Wang, Woodcock: Improvement and expansion of the Fmask algorithm, Remote Sensing of Environment 159, 2015",
            "10.1016/j.rse.2014.12.014",
        ),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(Question("What did {place} look like on {date}?", {"place": "aoi", "date": "input"}),),
    domain="general",
    keywords=("Sentinel-2", "reflectance", "resampling", "cloud mask"),
    estimate=_estimate,
)
