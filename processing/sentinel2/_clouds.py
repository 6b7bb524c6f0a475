"""Clouds and their shadows by spectral tests and the sun's direction, for scenes without classes of their own.

The tests are the potential cloud pixels of Fmask (Zhu and Woodcock 2012; thresholds for Sentinel-2 in Zhu, Wang and Woodcock 2015)
without its temperature and probability parts; thin clouds are found only where the cirrus band (L1C) shows them. A shadow is what is
dark where the sun throws the shadow of a cloud of up to `HIGHEST` metres; dark ground or water there is taken for shadow too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..raster import sieve
from ._product import Angles

Array = np.ndarray[Any, Any]
HIGHEST = 4000.0
"""Height of clouds above ground up to which shadows are sought, metres."""
NEEDED = ("B02", "B03", "B04", "B8A", "B11")
_SMALLEST = 4
"""Pixels below which a patch is no cloud (a roof, a ship)."""


def clouds(bands: Mapping[str, Array]) -> Array:
    """Where thick clouds, or by ``B10`` cirrus, are (bool), from reflectances of `NEEDED` and perhaps ``B10``; no data is no cloud."""
    blue, green, red, nir, swir = (bands[name] for name in NEEDED)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (blue + green + red) / 3
        whiteness = (abs(blue - mean) + abs(green - mean) + abs(red - mean)) / mean
        ndvi, ndsi = (nir - red) / (nir + red), (green - swir) / (green + swir)
        white = (whiteness < 0.7) & (blue - 0.5 * red > 0.08) & (blue > 0.18) & (nir / swir > 0.75)
        snow = (ndsi > 0.4) & (nir > 0.11) & (green > 0.1)
        found = white & (swir > 0.03) & (ndvi < 0.8) & (ndsi < 0.8) & ~snow
        if "B10" in bands:
            found |= bands["B10"] > 0.012
    everywhere = np.ones(found.shape, bool)
    kept: Array = found & (sieve(found.astype(np.int32), _SMALLEST, everywhere, 8) > 0)
    return kept


def shadows(bands: Mapping[str, Array], cloud: Array, sun: Angles, pixel: float) -> Array:
    """Where shadows of ``cloud`` are (bool): dark pixels in the strip that it can shade; ``pixel`` in metres, north up."""
    dark = (bands["B8A"] < 0.16) & (bands["B11"] < 0.14) & ~cloud
    reach = HIGHEST * math.tan(math.radians(min(sun.zenith, 80.0))) / pixel
    down, right = math.cos(math.radians(sun.azimuth)), -math.sin(math.radians(sun.azimuth))
    strip = np.zeros_like(cloud)
    for step in range(1, math.ceil(reach) + 1):
        _add(strip, cloud, round(step * down), round(step * right))
    found: Array = dark & strip
    return found


def _add(target: Array, source: Array, down: int, right: int) -> None:
    """Unite ``source``, moved by whole pixels, with ``target``."""
    height, width = source.shape
    if abs(down) < height and abs(right) < width:
        rows, cols = (slice(max(move, 0), size + min(move, 0)) for move, size in ((down, height), (right, width)))
        from_rows, from_cols = (slice(max(-move, 0), size + min(-move, 0)) for move, size in ((down, height), (right, width)))
        target[rows, cols] |= source[from_rows, from_cols]
