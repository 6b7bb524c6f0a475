"""A pair as large as a whole tile, for measurements of speed and memory: what it shows repeats, what it weighs does not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Progress, ProgressSink, silent

from ._landscape import TILE_NORTH, TILE_WEST, Ground, Window, make_ground, window
from ._pair import digital, finer, write_image
from ._safe import Acquisition, write_metadata
from ._spectra import NOISE, SIMULATED_BANDS, reflectance

Array = np.ndarray[Any, Any]
_BANDS = ("B03", "B04", "B08")
_DATES = (Acquisition("20210315T000241", 29922), Acquisition("20210325T000241", 30065))
_PATTERN = 1098
"""Side of the square that is drawn, 20 m pixels; mirrored five times a side it fills a tile."""
_GRAIN = 0.03
"""Deviation of the brightness of neighbouring pixels: so much makes an image as hard to compress as a real one."""
_STRIP = 64


def sentinel2_tile(folder: Path, *, size: int = 5490, seed: int = 56, progress: ProgressSink = silent) -> tuple[Path, Path]:
    """Make a *simulated* Sentinel-2 L2A pair as large as a tile, before and after a flood; returns both ``….SAFE`` folders.

    B03, B04, B08 at 10 m (10,980 × 10,980 pixels), lossless JPEG 2000 in tiles of 1,024, 7 to 9 bits a pixel. One landscape of 22 km
    is mirrored over the tile; grain and noise are drawn for each pixel, the grain once for both dates.

    Args:
        size: side in 20 m pixels.
        seed: of the random numbers.
    """
    ground = make_ground(window(_PATTERN - _PATTERN % 3), seed)
    place = Window(TILE_WEST, TILE_NORTH, size, size)
    jobs = [(date, name) for date in (0, 1) for name in _BANDS]
    products = [write_metadata(folder, made, place, [(name, 10) for name in _BANDS]) for made in _DATES]

    def write(job: tuple[int, str]) -> None:
        date, name = job
        made = _DATES[date]
        pixels = np.empty((2 * size, 2 * size), np.uint16)
        for row, strip in _strips(ground, date, name, size, seed):
            pixels[row : row + len(strip)] = digital(strip, made.offset)
        write_image(products[date] / f"{made.image(name, 10)}.jp2", pixels, place, 10)

    with ThreadPoolExecutor(2) as pool:
        for number, (_, job) in enumerate(zip(pool.map(write, jobs), jobs, strict=True), 1):
            progress(Progress("writing simulated scenes", number / len(jobs), job[1]))
    return products[0], products[1]


def _strips(ground: Ground, date: int, name: str, size: int, seed: int) -> Iterator[tuple[int, Array]]:
    """First row and reflectances of one strip after the other, at 10 m."""
    band = SIMULATED_BANDS.index(name)
    pattern = finer(reflectance(ground, date, band))
    index = _mirrored(2 * size, len(pattern))
    for row in range(0, 2 * size, _STRIP):
        strip = pattern[index[row : row + _STRIP]][:, index]
        grain = np.random.default_rng([seed, band, row]).standard_normal(strip.shape, np.float32)
        noise = np.random.default_rng([seed, band, row, date]).standard_normal(strip.shape, np.float32)
        yield row, strip * (1 + np.float32(_GRAIN) * grain) + np.float32(NOISE) * noise


def _mirrored(count: int, period: int) -> Array:
    """0, 1 … period − 1, period − 1 … 1, 0, 0, 1 … of ``count``."""
    there = np.arange(count) % (2 * period)
    return np.minimum(there, 2 * period - 1 - there)
