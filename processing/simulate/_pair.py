"""Writes the two simulated scenes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Progress, ProgressSink, silent

from ._landscape import Ground, Window, make_ground, window
from ._safe import Acquisition, write_metadata
from ._spectra import NOISE, SIMULATED_BANDS, reflectance, scene_classes

Array = np.ndarray[Any, Any]
_DATES = (Acquisition("20210315T000241", 29922), Acquisition("20210325T000241", 30065))
_FINE = ("B02", "B03", "B04", "B08")
_COARSE = ("B02", "B03", "B04", "B8A", "B11", "B12")


def sentinel2_pair(folder: Path, *, size: int | None = None, seed: int = 56, progress: ProgressSink = silent) -> tuple[Path, Path]:
    """Make a *simulated* Sentinel-2 L2A pair in SAFE layout, before and after a flood; returns both ``….SAFE`` folders.

    Tile T56HKH, EPSG:32756, 15 and 25 March 2021, processing baseline 04.00 (offset −1000), lossless JPEG 2000: B02, B03, B04, B08 at
    10 m; B02, B03, B04, B8A, B11, B12 and SCL at 20 m. Existing products are written over.

    Args:
        size: side in 20 m pixels (a multiple of 3) of a square in the middle; default the box of the exercise (30.3 × 34.5 km).
        seed: of the random numbers; the same seed gives the same files.
    """
    progress(Progress("drawing a landscape", 0.0, "simulated"))
    place = window(size)
    ground = make_ground(place, seed)
    steps = 2 * (len(_FINE) + len(_COARSE) + 1)
    done = [0]

    def step(name: str) -> None:
        done[0] += 1
        progress(Progress("writing simulated scenes", 0.1 + 0.9 * done[0] / steps, name))

    with ThreadPoolExecutor(2) as pool:
        written = [pool.submit(_scene, folder, ground, place, date, seed, step) for date in (0, 1)]
        before, after = (future.result() for future in written)
    return before, after


def _scene(folder: Path, ground: Ground, place: Window, date: int, seed: int, step: Callable[[str], None]) -> Path:
    made = _DATES[date]
    product = write_metadata(folder, made, place, [*((name, 10) for name in _FINE), *((name, 20) for name in (*_COARSE, "SCL"))])
    rng = np.random.default_rng([seed, date])
    for name in SIMULATED_BANDS:
        numbers = reflectance(ground, date, SIMULATED_BANDS.index(name))
        if name in _FINE:
            fine = finer(numbers)
            fine += np.float32(NOISE) * rng.standard_normal(fine.shape, np.float32)
            write_image(product / f"{made.image(name, 10)}.jp2", digital(fine, made.offset), place, 10)
            step(f"{name} 10 m")
            numbers = fine.reshape(place.height, 2, place.width, 2).mean((1, 3))
        else:
            numbers += np.float32(NOISE / 2) * rng.standard_normal(numbers.shape, np.float32)
        if name in _COARSE:
            write_image(product / f"{made.image(name, 20)}.jp2", digital(numbers, made.offset), place, 20)
            step(f"{name} 20 m")
    write_image(product / f"{made.image('SCL', 20)}.jp2", scene_classes(ground, date), place, 20)
    step("SCL 20 m")
    return product


def digital(numbers: Array, offset: int) -> Array:
    """Reflectance as the numbers of a product (uint16), none of them a special value."""
    whole: Array = np.clip(np.rint(numbers * 10000) - offset, 1, 65534).astype(np.uint16)
    return whole


def finer(pixels: Array) -> Array:
    """Twice as many pixels each way, interpolated between centres."""
    for axis in (0, 1):
        before, after = (np.take(pixels, indices, axis) for indices in _neighbours(pixels.shape[axis]))
        pixels = np.stack([0.75 * pixels + 0.25 * before, 0.75 * pixels + 0.25 * after], axis + 1).reshape(
            [n * (1 + (k == axis)) for k, n in enumerate(pixels.shape)]
        )
    return pixels.astype(np.float32)


def _neighbours(count: int) -> tuple[Array, Array]:
    index = np.arange(count)
    return np.maximum(index - 1, 0), np.minimum(index + 1, count - 1)


def write_image(path: Path, pixels: Array, place: Window, resolution: int) -> None:
    """Lossless JPEG 2000 in tiles of 1024, written under another name until it is complete."""
    import rasterio
    from affine import Affine

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    height, width = pixels.shape
    with (
        rasterio.Env(GDAL_NUM_THREADS="1", GDAL_PAM_ENABLED="NO"),
        rasterio.open(
            partial,
            "w",
            driver="JP2OpenJPEG",
            width=width,
            height=height,
            count=1,
            dtype=pixels.dtype,
            crs="EPSG:32756",
            transform=Affine(resolution, 0, place.west, 0, -resolution, place.north),
            REVERSIBLE="YES",
            QUALITY="100",
            BLOCKXSIZE=1024,
            BLOCKYSIZE=1024,
        ) as dataset,
    ):
        dataset.write(pixels, 1)
    partial.replace(path)
