"""S2-CD: change between two Sentinel-2 scenes by change vector analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import ProcessingError

from ..frame import Context, Outcome, Output, Product, Question, Reference, ServiceSpec
from ..raster import Block, create_raster, inside, to_cog
from ._bands import plain_name
from ._cva import ChangeStatistics, amplitude, angle, classes, sector_span, statistics, threshold
from ._job import Job, prepare, reference_vector
from ._parameters import Change
from ._scene import read_band

Array = np.ndarray[Any, Any]
_BLOCK = 1024
_SAMPLE = 1_000_000
_CLOUDED = (0, 1, 3, 8, 9, 10)
"""Scene classes that hide the ground: no data, saturated, cloud shadow, cloud (medium, high), thin cirrus."""


def _run(p: Change, context: Context) -> Outcome:
    context.progress("reading metadata", 0.0)
    job = prepare(p)
    reference = reference_vector(p, len(job.names))
    scratch = _Scratch(context.folder / ".scratch", job)
    samples = _read(job, scratch, context)
    context.progress("estimating normalisation and noise", 0.7, f"{samples.shape[2]:,} pixels")
    quantum = 1 / max(scene.band(name, job.grid.xres).quantification for scene in (job.first, job.second) for name in job.names)
    found = statistics(samples[0], samples[1], normalise=p.normalisation == "robust", quantum=quantum)
    limit = threshold(len(job.names), p.level_confidence)
    cva, labels = context.folder / f"S2_CVA_{job.stem}.tif", context.folder / f"S2-CD_{job.stem}.tif"
    legend = _write(job, scratch, found, _Rule(reference, limit, p.number_of_classes), (cva, labels), context)
    if p.output_format == "COG":
        to_cog(cva)
        to_cog(labels)
    context.progress("recording", 0.98)
    return Outcome(_products(job, cva, labels, p, limit), _sources(job), _figures(job, found, limit, legend), job.tags.attribution)


class _Scratch:
    """Reflectance of both dates on disk between the two passes, so that memory does not grow with the scene."""

    def __init__(self, path: Path, job: Job) -> None:
        self.path = path
        self.shape = (2, len(job.names), job.grid.height, job.grid.width)
        with path.open("wb") as file:
            file.truncate(4 * math.prod(self.shape))

    def _open(self, mode: Literal["r", "r+"]) -> Array:
        return np.memmap(self.path, np.float32, mode, shape=self.shape)

    def put(self, block: Block, values: Array) -> None:
        self._open("r+")[(slice(None), slice(None), *block.slices)] = values

    def get(self, block: Block) -> Array:
        return np.array(self._open("r")[(slice(None), slice(None), *block.slices)])


def _read(job: Job, scratch: _Scratch, context: Context) -> Array:
    """First pass: both dates to the common grid, invalid pixels NaN in all bands; returns the sample (2, bands, pixels)."""
    step = max(1, math.ceil(math.sqrt(job.grid.width * job.grid.height / _SAMPLE)))
    samples = []
    for block, values, part in _blocks(job):
        scratch.put(block, values)
        rows, cols = (slice(-start % step, None, step) for start in (block.row, block.col))
        chosen = values[:, :, rows, cols].reshape(*values.shape[:2], -1)
        samples.append(chosen[:, :, ~np.isnan(chosen[0, 0])])
        context.progress("reading bands", 0.7 * part)
    sample = np.concatenate(samples, axis=2)
    if sample.shape[2] < 10:
        raise ProcessingError(
            "the scenes have no valid pixels in common",
            why=f"{sample.shape[2]} pixels are left after masks and area of interest",
            way_out="check that both scenes cover the area, or use --cloudmask none",
        )
    return sample


def _blocks(job: Job) -> Iterator[tuple[Block, Array, float]]:
    import rasterio

    wanted = (*job.names, "SCL") if job.masked else job.names
    total = job.grid.width * job.grid.height
    done = 0
    with rasterio.Env(GDAL_CACHEMAX=256 * 2**20, GDAL_NUM_THREADS="2"), ExitStack() as stack:
        readers = [stack.enter_context(read_band(scene, wanted, job.grid)) for scene in (job.first, job.second)]
        for block in job.grid.blocks(_BLOCK):
            values = np.stack([np.stack([read(name, block) for name in job.names]) for read in readers])
            invalid = np.isnan(values).any((0, 1))
            if job.masked:
                invalid |= np.isin(np.stack([read("SCL", block) for read in readers]), _CLOUDED).any(0)
            if job.area is not None:
                invalid |= ~inside(job.area, job.grid.part(block))
            values[:, :, invalid] = np.nan
            done += block.width * block.height
            yield block, values, done / total


@dataclass(frozen=True)
class _Rule:
    """How a change vector becomes a class."""

    reference: Array
    limit: float
    count: int


def _write(
    job: Job, scratch: _Scratch, found: ChangeStatistics, rule: _Rule, paths: tuple[Path, Path], context: Context
) -> list[dict[str, Any]]:
    """Second pass: amplitude, angle and class of every pixel; returns the legend."""
    bands = len(job.names)
    pixels, totals = np.zeros(rule.count + 1, np.int64), np.zeros((rule.count + 1, bands))
    meaning = ("amplitude of change, robust standard deviations", "angle to the reference vector, degrees")
    with (
        create_raster(paths[0], job.grid, "float32", float("nan"), meaning, job.tags) as cva,
        create_raster(paths[1], job.grid, "uint8", 255, ("class of change, 0 none, 255 invalid",), job.tags) as labels,
    ):
        for number, block in enumerate(blocks := list(job.grid.blocks(_BLOCK)), 1):
            first, second = scratch.get(block)
            difference = found.difference(first, second)
            white = found.whiten(difference)
            length, direction = amplitude(white), angle(white, rule.reference)
            valid = ~np.isnan(length)
            label = np.where(valid, classes(length, direction, rule.limit, rule.count, bands), np.uint8(255))
            cva.write(np.stack([length, direction]).astype(np.float32), window=block.window)
            labels.write(label, 1, window=block.window)
            pixels += np.bincount(label[valid], minlength=rule.count + 1)
            totals += np.stack([np.bincount(label[valid], band[valid], rule.count + 1) for band in difference], axis=1)
            context.progress("change vectors", 0.75 + 0.2 * number / len(blocks))
    return _legend(pixels, totals, rule.count, bands)


def _legend(pixels: Array, totals: Array, count: int, bands: int) -> list[dict[str, Any]]:
    start, span = sector_span(bands)
    means = totals / np.maximum(pixels, 1)[:, None]
    return [
        {
            "class": number,
            "degrees": [round(start + span / count * (number - 1), 3), round(start + span / count * number, 3)] if number else None,
            "pixels": int(pixels[number]),
            "mean_change": [round(float(value), 5) for value in means[number]],
        }
        for number in range(count + 1)
    ]


def _sources(job: Job) -> tuple[Any, ...]:
    wanted = (*job.names, "SCL") if job.masked else job.names
    return tuple(scene.source(wanted, job.grid.pixel_in(scene.grid.crs)) for scene in (job.first, job.second))


def _products(job: Job, cva: Path, labels: Path, p: Change, limit: float) -> tuple[Product, Product]:
    crs, bbox, time = job.grid.crs, job.grid.bbox, job.time
    media = "image/tiff; application=geotiff" + ("; profile=cloud-optimized" if p.output_format == "COG" else "")
    days = " – ".join(f"{moment:%Y-%m-%d}" for moment in (job.time.start, job.time.end))
    word = " (simulated)" if job.tags.simulated else ""
    amplitudes = {"1": "amplitude of change, robust standard deviations", "2": "angle to the reference vector, degrees"}
    levels = {"1": f"class of change: 0 none (amplitude ≤ {limit:.3f}), 1 … {p.number_of_classes} sectors of direction, 255 invalid"}
    return (
        Product("cva", cva, "raster", cva.stem, f"Change vectors {days}{word}", media, crs, bbox, time, amplitudes),
        Product("classes", labels, "raster", labels.stem, f"Classes of change {days}{word}", media, crs, bbox, time, levels),
    )


def _figures(job: Job, found: ChangeStatistics, limit: float, legend: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {name: [round(float(value), 6) for value in getattr(found, name)] for name in ("gain", "bias", "median", "sigma")}
    valid = sum(row["pixels"] for row in legend)
    return {
        "grid": {
            "crs": str(job.grid.crs),
            "bounds": job.grid.bounds,
            "width": job.grid.width,
            "height": job.grid.height,
            "resolution": job.grid.xres,
        },
        "bands": list(map(plain_name, job.names)),
        "normalisation": rows,
        "threshold": round(limit, 4),
        "valid_pixels": valid,
        "changed_pixels": valid - legend[0]["pixels"],
        "legend": legend,
    }


S2_CD = ServiceSpec(
    id="s2-cd",
    executable="S2-CD",
    version="1.0",
    title="Change between two Sentinel-2 scenes",
    abstract=(
        "Change vector analysis of two Sentinel-2 scenes (L1C or L2A): amplitude in robust standard deviations, angle to a reference "
        "vector, and classes of change by sectors of that angle where the amplitude exceeds the chi-square quantile of the confidence. "
        "Limits: both scenes must be of one level; clouds are masked only by the SCL band of L2A; scenes are not co-registered; the "
        "threshold assumes normal noise, so real scenes exceed it more often than the confidence says."
    ),
    parameters=Change,
    outputs=(
        Output(
            "cva",
            "raster",
            "image/tiff; application=geotiff",
            "S2_CVA_{time1}Z_{time2}Z_{bands}_{resolution}.tif",
            "float32, nodata NaN: 1 amplitude of change (σ), 2 angle to the reference vector (degrees)",
        ),
        Output(
            "classes",
            "raster",
            "image/tiff; application=geotiff",
            "S2-CD_{time1}Z_{time2}Z_{bands}_{resolution}.tif",
            "byte: 0 no change, 1 … numberOfClasses sectors of direction, 255 invalid",
        ),
    ),
    run=_run,
    references=(
        Reference(
            "Bovolo, Bruzzone: A theoretical framework for unsupervised change detection based on change vector analysis in the polar "
            "domain, IEEE TGRS 45(1), 2007",
            "10.1109/TGRS.2006.885408",
        ),
        Reference(
            "Bovolo, Marchesi, Bruzzone: A framework for automatic and unsupervised detection of multiple changes in multitemporal images, "
            "IEEE TGRS 50(6), 2012",
            "10.1109/TGRS.2011.2171493",
        ),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(
        Question("What changed around {place} between {date1} and {date2}?", {"place": "aoi", "date1": "input1", "date2": "input2"}),
        Question(
            "Which areas around {place} were flooded between {date1} and {date2}?", {"place": "aoi", "date1": "input1", "date2": "input2"}
        ),
    ),
)
