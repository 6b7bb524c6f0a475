"""One simulated product of any level, baseline and layout, small, with all its bands and, if wanted, clouds with their shadows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._landscape import Ground, fractal, make_ground, window
from ._pair import digital, finer, write_image
from ._safe import SUN, Acquisition, write_metadata
from ._spectra import NOISE, SIMULATED_BANDS, reflectance, scene_classes

Array = np.ndarray[Any, Any]
_MIXTURES: dict[str, dict[str, float]] = {
    "B01": {"B02": 0.95},
    "B05": {"B04": 0.75, "B08": 0.25},
    "B06": {"B04": 0.25, "B08": 0.75},
    "B07": {"B04": 0.1, "B08": 0.9},
    "B09": {"B8A": 0.9},
    "B10": {"B02": 0.02},
}
"""Bands that have no spectrum of their own: shares of those that have."""
_NATIVE = {10: ("B02", "B03", "B04", "B08"), 20: ("B05", "B06", "B07", "B8A", "B11", "B12"), 60: ("B01", "B09", "B10")}
_SURFACE = {
    10: ("B02", "B03", "B04", "B08", "AOT", "WVP"),
    20: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12", "SCL", "AOT", "WVP"),
    60: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12", "SCL", "AOT", "WVP"),
}
"""Images of an L1C and of an L2A product by resolution."""
_CLOUD = np.float32(0.55)
_CLOUD_HEIGHT = 1200.0
"""Metres above ground."""


def sentinel2_product(
    folder: Path,
    *,
    level: Literal["L1C", "L2A"] = "L2A",
    baseline: str = "04.00",
    compact: bool = True,
    clouds: float = 0.0,
    size: int = 120,
    seed: int = 56,
) -> Path:
    """Make a *simulated* Sentinel-2 product with all bands of its level; returns the ``….SAFE`` folder.

    Tile T56HKH (EPSG:32756), 15 March 2021, dry ground, lossless JPEG 2000; a strip of 60 m at the left is no data.

    Args:
        level: top of the atmosphere or surface; the simulated air is the same.
        baseline: since ``04.00`` numbers carry an offset of 1000.
        compact: the layout since December 2016, else the first one.
        clouds: share of the image under clouds, 0 … 1; the scene classes of an L2A product tell them and their shadows.
        size: side in 20 m pixels, a multiple of 3.
        seed: of the random numbers.
    """
    place = window(size)
    ground = make_ground(place, seed)
    rng = np.random.default_rng([seed, 9])
    cover = _clouds(rng, ground, clouds)
    made = Acquisition("20210315T000241", 29922, level[1:], baseline, compact, float(100 * cover.mean()))
    bands = [(name, resolution) for resolution, names in (_NATIVE if level == "L1C" else _SURFACE).items() for name in names]
    product = write_metadata(folder, made, place, bands)
    for name, resolution, pixels in _images(ground, cover, bands, rng, made.offset):
        pixels[:, : 60 // resolution] = 0
        write_image(product / f"{made.image(name, resolution)}.jp2", pixels, place, resolution)
    return product


def _images(
    ground: Ground, cover: Array, bands: list[tuple[str, int]], rng: np.random.Generator, offset: int
) -> Iterator[tuple[str, int, Array]]:
    shadow = _shadow(cover)
    classes = scene_classes(ground, 0)
    classes[shadow], classes[cover] = 3, 9
    fine: dict[str, Array] = {}
    for name, resolution in bands:
        if name == "SCL":
            yield name, resolution, classes[:: resolution // 20, :: resolution // 20].copy()
        elif name in ("AOT", "WVP"):
            yield name, resolution, np.full([side * 20 // resolution for side in cover.shape], 120 if name == "AOT" else 1800, np.uint16)
        else:
            if name not in fine:
                drawn = finer(_lit(ground, name, cover, shadow))
                fine[name] = drawn + np.float32(NOISE) * rng.standard_normal(drawn.shape, np.float32)
            yield name, resolution, digital(_mean(fine[name], resolution // 10), offset)


def _lit(ground: Ground, name: str, cover: Array, shadow: Array) -> Array:
    """Reflectance of a band at 20 m with clouds and shadows."""
    parts = _MIXTURES.get(name, {name: 1.0})
    clear = sum(
        (np.float32(share) * reflectance(ground, 0, SIMULATED_BANDS.index(part)) for part, share in parts.items()), start=np.float32(0)
    )
    bright = np.float32(0.03) if name == "B10" else _CLOUD
    lit: Array = np.where(cover, bright, np.where(shadow, clear * np.float32(0.35), clear)).astype(np.float32)
    return lit


def _clouds(rng: np.random.Generator, ground: Ground, share: float) -> Array:
    """Where clouds are: the highest ``share`` of a smooth random field."""
    shape = (ground.cover.shape[0], ground.cover.shape[1])
    if share <= 0:
        return np.zeros(shape, bool)
    field = fractal(rng, shape, 30, 3.5)
    clouded: Array = field > np.quantile(field, 1 - share)
    return clouded


def _shadow(cover: Array) -> Array:
    """The clouds' shadow: where the sun throws it, and no cloud is above."""
    zenith, azimuth = np.radians(SUN)
    length = _CLOUD_HEIGHT * np.tan(zenith) / 20
    down, right = round(length * np.cos(azimuth)), round(-length * np.sin(azimuth))
    rows, cols = np.nonzero(cover)
    rows, cols = rows + down, cols + right
    seen = (rows >= 0) & (rows < cover.shape[0]) & (cols >= 0) & (cols < cover.shape[1])
    thrown = np.zeros_like(cover)
    thrown[rows[seen], cols[seen]] = True
    return thrown & ~cover


def _mean(pixels: Array, ratio: int) -> Array:
    height, width = pixels.shape
    meant: Array = pixels.reshape(height // ratio, ratio, width // ratio, ratio).mean((1, 3))
    return meant
