"""Pairs whose changes are known: none at all, or flood, harvest and fire; under clear air or haze; in place or slightly beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._landscape import CROP, FOREST, PASTURE, SCRUB, Ground, fractal, make_ground, window
from ._pair import digital, write_image
from ._safe import Acquisition, write_metadata
from ._spectra import AIR, SIMULATED_BANDS, SPECTRA

Array = np.ndarray[Any, Any]
_BANDS = ("B03", "B04", "B8A")
_DATES = (Acquisition("20210315T000241", 29922), Acquisition("20210325T000241", 30065))
_FINE = 4
"""Cells along a pixel on which the ground is drawn before the instrument sees it."""
_BLUR = 0.5
"""Deviation of the point-spread function, pixels."""
_MUD, _STUBBLE, _BURNT = 1, 2, 3
_AFTER = {_MUD: (0.118, 0.135, 0.070), _STUBBLE: (0.110, 0.140, 0.240), _BURNT: (0.035, 0.040, 0.085)}
"""Reflectance of changed ground in the bands of the pair; set by hand."""
_AIRLIGHT = (0.30, 0.22, 0.10)
"""What the densest haze would show instead of the ground."""
_SEEN = 0.1
"""Share of changed ground in what a pixel shows from which on it counts as changed."""


@dataclass(frozen=True)
class KnownChange:
    """A *simulated* pair and the truth.

    Attributes:
        before, after: ``….SAFE`` folders with B03, B04 and B8A at 20 m.
        changed: where a tenth or more of what the pixel shows is changed ground (bool, rows, columns).
    """

    before: Path
    after: Path
    changed: Array


def known_change(
    folder: Path,
    *,
    changes: bool = True,
    haze: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    noise: float = 0.003,
    size: int = 300,
    seed: int = 1,
) -> KnownChange:
    """Make a *simulated* Sentinel-2 L2A pair of which it is known what has changed.

    The second date always has another sun (reflectance × 0.965) and a little more air, and noise of its own. Existing products are
    written over.

    Args:
        changes: flood on low ground, harvested fields and burnt forest; False leaves the ground as it was.
        haze: mean share of what a pixel shows that is haze on the second date, denser here and thinner there by half; 0 … 1.
        shift: rows and columns by which the second date shows the ground further down and right, pixels.
        noise: deviation in reflectance, of either date and every band.
        size: side in 20 m pixels, a multiple of 3.
        seed: of the random numbers.
    """
    place = window(size)
    ground = make_ground(place, seed)
    rng = np.random.default_rng([seed, 77])
    change = _drawn(ground, rng) if changes else np.zeros((size, size), np.uint8)
    veil = np.float32(haze) * (1 + np.float32(0.5) * np.clip(fractal(rng, (size, size), 80, 3.0), -1, 1))
    products = [write_metadata(folder, date, place, [(name, 20) for name in _BANDS]) for date in _DATES]
    for number, name in enumerate(_BANDS):
        seen = _base(ground, name), _changed(_base(ground, name), change, number)
        for date, (made, product) in enumerate(zip(_DATES, products, strict=True)):
            numbers = _observed(seen[date], shift if date else (0.0, 0.0)) * AIR[date][0] + AIR[date][1][SIMULATED_BANDS.index(name)]
            if date:
                numbers += veil * (np.float32(_AIRLIGHT[number]) - numbers)
            numbers += np.float32(noise) * rng.standard_normal(numbers.shape, np.float32)
            write_image(product / f"{made.image(name, 20)}.jp2", digital(numbers, made.offset), place, 20)
    return KnownChange(products[0], products[1], _observed((change > 0).astype(np.float32), (0.0, 0.0)) >= _SEEN)


def _drawn(ground: Ground, rng: np.random.Generator) -> Array:
    """Kind of change of each cell of the ground, 0 for none."""
    change: Array = np.zeros(ground.cover.shape, np.uint8)
    picked = fractal(rng, (change.shape[0], change.shape[1]), 40, 3.0)
    change[np.isin(ground.cover, (CROP, PASTURE)) & (picked > 1.0)] = _STUBBLE
    change[np.isin(ground.cover, (FOREST, SCRUB)) & (picked < -0.8)] = _BURNT
    change[ground.depth > 0.15] = _MUD
    change[ground.cover == 0] = 0
    return change


def _base(ground: Ground, name: str) -> Array:
    """Reflectance before anything changes."""
    lit: Array = SPECTRA[ground.cover, SIMULATED_BANDS.index(name)] * (1 + np.float32(0.03) * ground.texture)
    return lit


def _changed(base: Array, change: Array, band: int) -> Array:
    made = base.copy()
    for kind, spectrum in _AFTER.items():
        made[change == kind] = spectrum[band]
    return made


def _observed(ground: Array, shift: tuple[float, float]) -> Array:
    """What the instrument sees of the ground: finer cells, blurred, moved, and averaged over the pixel."""
    from scipy.ndimage import gaussian_filter
    from scipy.ndimage import shift as displaced

    fine = np.repeat(np.repeat(ground, _FINE, 0), _FINE, 1)
    fine = gaussian_filter(fine, _BLUR * _FINE, mode="nearest")
    if any(shift):
        fine = displaced(fine, [by * _FINE for by in shift], order=3, mode="nearest")
    height, width = ground.shape
    seen: Array = fine.reshape(height, _FINE, width, _FINE).mean((1, 3)).astype(np.float32)
    return seen
