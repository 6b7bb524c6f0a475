"""The second pass of a change detection: amplitude, angle and class of every pixel, and what each class has in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..raster import Block, create_raster, run_blocks
from ._cva import classes, sector_span
from ._job import Job
from ._pairs import Pair
from ._rule import Rule

Array = np.ndarray[Any, Any]
_LAYOUT = {"interleave": "band", "bigtiff": "if_safer"}
_PLAIN = {"compress": "none", "sparse_ok": True}
"""Noise in float32 shrinks by a fifth, for half of the time that all else takes."""
UNITS = {"sigma": "robust standard deviations", "reflectance": "reflectance"}


def write_change(
    job: Job, pair: Pair, rule: Rule, paths: tuple[Path, Path], *, unit: str, size: int, tell: Callable[[float], None]
) -> list[dict[str, Any]]:
    """Write the vectors (amplitude in ``unit``, angle) and the classes to ``paths``; returns the legend of the classes."""
    bands = len(job.names)
    pixels, totals = np.zeros(rule.count + 1, np.int64), np.zeros((rule.count + 1, bands))
    meaning = (f"amplitude of change, {UNITS[unit]}", "angle to the reference vector, degrees")
    with (
        create_raster(paths[0], job.grid, "float32", float("nan"), meaning, job.tags, **_LAYOUT, **_PLAIN) as cva,
        create_raster(paths[1], job.grid, "uint8", 255, ("class of change, 0 none, 255 invalid",), job.tags, **_LAYOUT, zlevel=1) as labels,
    ):
        if "confidence" in rule.method:
            cva.update_tags(EARTHWEAVE_LEVELCONFIDENCE=f"{rule.method['confidence']:g}")

        def make(block: Block) -> tuple[Array, Array, Array, Array]:
            return _compared(job, rule, pair.numbers(block))

        def take(block: Block, made: tuple[Array, Array, Array, Array]) -> None:
            vectors, label, count, total = made
            cva.write(vectors, window=block.window)
            labels.write(label, 1, window=block.window)
            np.add(pixels, count, out=pixels)
            np.add(totals, total, out=totals)

        run_blocks(job.grid, make, take, size=size, tell=tell)
    return _legend(pixels, totals, rule.count, bands)


def _compared(job: Job, rule: Rule, numbers: tuple[Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
    """Vectors, classes, and of each class the number of pixels and the sum of their differences in reflectance."""
    first, second, valid = numbers
    vectors = rule.written.polar(first, second, rule.reference)
    length = vectors[0] if rule.judged is rule.written else rule.judged.polar(first, second, rule.reference)[0]
    invalid = ~valid if not valid.all() else None
    if invalid is not None:
        vectors[:, invalid] = length[invalid] = np.nan
    label = classes(length, vectors[1], rule.limit, rule.count, len(first))
    pixels, totals = _summed(job, rule, (first, second, valid), label)
    if invalid is not None:
        label[invalid] = 255
    return vectors, label, pixels, totals


def _summed(job: Job, rule: Rule, numbers: tuple[Array, Array, Array], label: Array) -> tuple[Array, Array]:
    """Changed pixels one by one; the unchanged ones, which are most, as the rest of the sum over all."""
    first, second, valid = numbers
    changed = np.flatnonzero(label)
    kinds = label.ravel()[changed]
    size = rule.count + 1
    pixels = np.bincount(kinds, minlength=size)
    pixels[0] = np.count_nonzero(valid) - len(changed)
    one, other = (
        scale.reflectance(date.reshape(len(date), -1)[:, changed]) for scale, date in zip(job.scales, (first, second), strict=True)
    )
    # of no pixels numpy makes whole numbers
    totals = np.stack([np.bincount(kinds, band, size).astype(np.float64) for band in rule.found.difference(one, other)], axis=1)
    if not pixels.any():
        return pixels, totals
    count = int(pixels.sum())
    means = [scale.reflectance((_total(date, valid) / count)[:, None]) for scale, date in zip(job.scales, (first, second), strict=True)]
    totals[0] = count * rule.found.difference(means[0], means[1])[:, 0] - totals.sum(0)
    return pixels, totals


def _total(numbers: Array, valid: Array) -> Array:
    """Sum per band of what is valid (float64); invalid whole numbers are 0 and need no mask."""
    if numbers.dtype.kind == "f":
        return np.asarray(numbers[:, valid].sum(1, dtype=np.float64))
    return np.asarray(numbers.sum((1, 2), dtype=np.uint64).astype(np.float64))


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
