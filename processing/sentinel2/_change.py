"""S2-CD: change between two Sentinel-2 scenes by change vector analysis.

::

    both scenes ─▶ decode once, mask ─▶ numbers on disk ─▶ every n-th pixel ─▶ shift, gain and bias, noise, threshold
                                               │                                              ▼
                                               └──────────────────────────────▶ vectors ─▶ amplitude, angle, class
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..frame import Context, Estimate, Outcome, Output, Product, Question, Reference, ServiceSpec
from ..raster import Block, run_blocks, to_cog
from ._bands import plain_name
from ._change_map import UNITS, write_change
from ._job import Job, prepare, reference_vector
from ._masks import Hidden, area_mask, cloud_mask
from ._pairs import Pair, PairStore
from ._parameters import Change
from ._rule import Rule, find_rule, find_shift
from ._scene import Scene, read_band

Array = np.ndarray[Any, Any]
_BLOCK = 1024


def _run(p: Change, context: Context) -> Outcome:
    context.progress("reading metadata", 0.0)
    job = prepare(p)
    reference_vector(p, len(job.names))
    store = PairStore(context.folder / ".scratch" / "pair", len(job.names), job.grid, whole=job.whole)
    _read(job, store, context)
    context.progress("estimating shift, normalisation and noise", 0.7)
    pair = Pair(store, find_shift(store) if p.coregistration == "shift" else None)
    rule = find_rule(p, job, pair)
    paths = context.folder / f"S2_CVA_{job.stem}.tif", context.folder / f"S2-CD_{job.stem}.tif"
    legend = write_change(
        job, pair, rule, paths, unit=p.units, size=_BLOCK, tell=lambda share: context.progress("change vectors", 0.75 + 0.2 * share)
    )
    if p.output_format == "COG":
        for path in paths:
            to_cog(path)
    context.progress("recording", 0.98)
    return Outcome(_products(job, paths, p, rule, legend), job.sources, _figures(job, pair, rule, legend), job.tags.attribution)


def _read(job: Job, store: PairStore, context: Context) -> None:
    """First pass: the numbers of both dates on the common grid; what is invalid or hidden on one is invalid on both, in all bands."""
    with ExitStack() as stack:
        readers = [
            stack.enter_context(read_band(_unshifted(scene), job.names, job.grid, scaled=False, raw=job.whole)) for scene in job.scenes
        ]
        opened = [area_mask(job.area, job.grid)]
        # a file covers both dates
        for number, scene in enumerate(job.scenes if isinstance(job.clouds.source, str) else (job.first,), 1):
            folder = context.folder / ".scratch" / str(number)
            opened.append(stack.enter_context(cloud_mask(scene, job.grid, job.clouds, folder)))
        hidden = [mask for mask in opened if mask]
        run_blocks(
            job.grid,
            lambda block: _put(job.names, store, block, readers, hidden),
            lambda block, nothing: None,
            size=_BLOCK,
            tell=lambda share: context.progress("reading bands", 0.7 * share),
        )


def _unshifted(scene: Scene) -> Scene:
    """The scene whose numbers are those of its files: offsets are folded into the vectors."""
    return replace(scene, bands=tuple(replace(band, offset=0.0) for band in scene.bands))


def _put(
    names: tuple[str, ...], store: PairStore, block: Block, readers: list[Callable[[str, Block], Array]], hidden: list[Hidden]
) -> None:
    numbers = store.empty(block)
    invalid = np.zeros((block.height, block.width), bool)
    for read, date in zip(readers, numbers, strict=True):
        for name, band in zip(names, date, strict=True):
            found = read(name, block)
            missing = found == 0 if store.whole else np.isnan(found)
            if missing.any():
                invalid |= missing
            band[...] = found
    for mask in hidden:
        invalid |= mask(block)
    if invalid.any():
        numbers[:, :, invalid] = store.invalid
    store.put(block, numbers)


def _products(job: Job, paths: tuple[Path, Path], p: Change, rule: Rule, legend: list[dict[str, Any]]) -> tuple[Product, Product]:
    crs, bbox, time = job.grid.crs, job.grid.bbox, job.time
    media = "image/tiff; application=geotiff" + ("; profile=cloud-optimized" if p.output_format == "COG" else "")
    days = " – ".join(f"{moment:%Y-%m-%d}" for moment in (job.time.start, job.time.end))
    word = " (simulated)" if job.tags.simulated else ""
    amplitudes = {"1": f"amplitude of change, {UNITS[p.units]}", "2": "angle to the reference vector, degrees"}
    levels = {"1": f"class of change: 0 none (amplitude ≤ {rule.limit:.3f}), 1 … {p.number_of_classes} sectors of direction, 255 invalid"}
    sectors: dict[int | str, str] = {row["class"]: _sector(row) for row in legend}
    cva, labels = paths
    return (
        Product("cva", cva, "raster", cva.stem, f"Change vectors {days}{word}", media, crs, bbox, time, amplitudes),
        Product(
            "classes", labels, "raster", labels.stem, f"Classes of change {days}{word}", media, crs, bbox, time, levels, legend=sectors
        ),
    )


def _sector(row: dict[str, Any]) -> str:
    return f"{row['degrees'][0]:g}° to {row['degrees'][1]:g}°" if row["degrees"] else "no change"


def _figures(job: Job, pair: Pair, rule: Rule, legend: list[dict[str, Any]]) -> dict[str, Any]:
    rows: dict[str, Any] = {
        name: [round(float(value), 6) for value in getattr(rule.found, name)] for name in ("gain", "bias", "median", "sigma")
    }
    if rule.found.mixing is not None:
        rows["mixing"] = [[round(float(value), 6) for value in row] for row in rule.found.mixing]
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
        "shift": [round(value, 3) for value in pair.shift or (0.0, 0.0)],
        "normalisation": rows,
        "method": rule.method,
        "threshold": round(rule.limit, 4) if math.isfinite(rule.limit) else None,
        "valid_pixels": valid,
        "changed_pixels": valid - legend[0]["pixels"],
        "legend": legend,
    }


def _estimate(p: Change) -> Estimate:
    """From the metadata: JPEG 2000 decodes at 7 million pixels a second and core, the rest goes at 15."""
    job = prepare(p)
    made = job.grid.width * job.grid.height
    share = job.grid.pixel_in(job.first.grid.crs)
    read = sum(made * (share / scene.band(name, share).resolution) ** 2 for scene in job.scenes for name in job.names)
    return Estimate(read / 7e6 + made / 15e6, 700 + 20 * len(job.names), f"{read / 1e6:.0f} million source pixels")


S2_CD = ServiceSpec(
    id="s2-cd",
    executable="S2-CD",
    version="1.1",
    title="Change between two Sentinel-2 scenes",
    abstract=(
        "Change vector analysis of two Sentinel-2 scenes (L1C or L2A) of one tile and relative orbit: amplitude in robust standard "
        "deviations or reflectance, angle to a reference vector, and classes of change by sectors of that angle where the amplitude "
        "exceeds a threshold: the chi-square quantile of the confidence, that of a Rayleigh-Rice mixture, Otsu's, or a given one. The "
        "second date is fitted to the first on unchanged pixels, and a shift between them of a tenth of a pixel to two is taken out. "
        "Limits: one shift for the whole image, no rotation or terrain; clouds are masked by the SCL band of L2A, by simple spectral tests "
        "or by a file; the chi-square threshold assumes normal noise, so real scenes exceed it more often than the confidence says."
    ),
    parameters=Change,
    outputs=(
        Output(
            "cva",
            "raster",
            "image/tiff; application=geotiff",
            "S2_CVA_{time1}Z_{time2}Z_{bands}_{resolution}.tif",
            "float32, nodata NaN: 1 amplitude of change (σ, or reflectance), 2 angle to the reference vector (degrees)",
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
        Reference(
            "Zanetti, Bovolo, Bruzzone: Rayleigh-Rice mixture parameter estimation via EM algorithm for change detection in multispectral "
            "images, IEEE TIP 24(12), 2015",
            "10.1109/TIP.2015.2474710",
        ),
        Reference(
            "Canty, Nielsen: Automatic radiometric normalization of multitemporal satellite imagery with the iteratively re-weighted MAD "
            "transformation, Remote Sensing of Environment 112(3), 2008",
            "10.1016/j.rse.2007.07.013",
        ),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(
        Question("What changed around {place} between {date1} and {date2}?", {"place": "aoi", "date1": "input1", "date2": "input2"}),
        Question(
            "Which areas around {place} were flooded between {date1} and {date2}?", {"place": "aoi", "date1": "input1", "date2": "input2"}
        ),
    ),
    domain="security",
    keywords=("Sentinel-2", "change detection", "change vector analysis", "flood"),
    estimate=_estimate,
)
