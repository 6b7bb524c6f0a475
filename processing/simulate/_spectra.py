"""From ground to reflectance: spectra of the covers, the flood, the slow change, and the air of each date."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._landscape import CROP, FOREST, ORCHARD, SCRUB, URBAN, WATER, Ground

Array = np.ndarray[Any, Any]

SIMULATED_BANDS: tuple[str, ...] = ("B02", "B03", "B04", "B08", "B8A", "B11", "B12")
SPECTRA = np.array(
    [
        [0.035, 0.043, 0.032, 0.022, 0.020, 0.012, 0.010],  # water
        [0.025, 0.040, 0.030, 0.220, 0.240, 0.120, 0.060],  # forest
        [0.045, 0.075, 0.060, 0.320, 0.345, 0.200, 0.110],  # pasture
        [0.035, 0.070, 0.040, 0.420, 0.440, 0.180, 0.090],  # crop
        [0.080, 0.110, 0.140, 0.220, 0.240, 0.300, 0.260],  # soil
        [0.060, 0.090, 0.100, 0.260, 0.280, 0.280, 0.180],  # dry grass
        [0.035, 0.060, 0.045, 0.280, 0.300, 0.160, 0.090],  # orchard
        [0.095, 0.110, 0.120, 0.210, 0.220, 0.210, 0.180],  # urban
        [0.032, 0.050, 0.040, 0.250, 0.270, 0.160, 0.085],  # scrub
    ],
    np.float32,
)
"""Plausible surface reflectances, rows as the covers of `_landscape`, columns as `SIMULATED_BANDS`; set by hand, not measured."""
_SILTY = np.array([0.085, 0.118, 0.135, 0.085, 0.070, 0.022, 0.016], np.float32)
_CLEARER = np.array([0.050, 0.065, 0.062, 0.038, 0.032, 0.014, 0.011], np.float32)
_EMERGENT = {FOREST: 0.35, SCRUB: 0.45, ORCHARD: 0.6, CROP: 0.75, URBAN: 0.5, WATER: 1.0}
"""Largest share of a pixel that the flood shows, where plants or roofs stand out of it; 0.96 elsewhere."""
_DRIFT = np.array([0.005, 0.0065, 0.008, 0.019, 0.021, 0.018, 0.015], np.float32)
_GROUP = (0, 0, 0, 1, 1, 2, 2)
AIR = (
    (1.0, np.array([0.004, 0.003, 0.002, 0.001, 0.001, 0.0, 0.0], np.float32)),
    (0.965, np.array([0.013, 0.009, 0.007, 0.003, 0.003, 0.001, 0.001], np.float32)),
)
"""Illumination (factor) and residual haze (reflectance) of the two dates."""
NOISE = 0.001
"""Deviation of the noise of one 10 m pixel, reflectance."""


def flooded_share(ground: Ground) -> Array:
    """Share of each pixel that the flood covers to the eye of the sensor, 0 … 1 (float32)."""
    limit = np.full(len(SPECTRA), 0.96, np.float32)
    for cover, share in _EMERGENT.items():
        limit[cover] = share
    rise = np.clip(ground.depth / 0.3, 0, 1)
    return (rise * rise * (3 - 2 * rise) * limit[ground.cover]).astype(np.float32)


def reflectance(ground: Ground, date: int, band: int) -> Array:
    """Reflectance of one of `SIMULATED_BANDS` on date 0 (before) or 1 (flooded), without noise (float32)."""
    base = SPECTRA[ground.cover, band] * (1 + np.float32(0.03) * ground.texture)
    if date == 1:
        base = base + _DRIFT[band] * ground.drift[_GROUP[band]]
        flood = _CLEARER[band] + (_SILTY[band] - _CLEARER[band]) * ground.silt
        share = flooded_share(ground)
        base = base * (1 - share) + flood * share
    gain, haze = AIR[date]
    lit: Array = np.maximum(base, np.float32(0.002)) * np.float32(gain) + haze[band]
    return lit


def scene_classes(ground: Ground, date: int) -> Array:
    """The scene classification (SCL): 4 vegetation, 5 bare or built, 6 water (uint8)."""
    bare = np.isin(ground.cover, (4, 7))
    wet = (ground.cover == WATER) | ((flooded_share(ground) > 0.5) if date == 1 else False)
    return np.where(wet, 6, np.where(bare, 5, 4)).astype(np.uint8)
