"""Residual misregistration of two dates: one shift for the whole image, found from the grey levels and taken out by interpolation.

To first order a shift s changes an image by −s·∇image, so s is the regression of the difference on the gradient (Lucas, Kanade, "An
iterative image registration technique with an application to stereo vision", IJCAI 1981). Changed ground is an outlier of that
regression, which is therefore re-weighted (Cauchy). Interpolation is cubic convolution (Keys, "Cubic convolution interpolation for digital
image processing", IEEE TASSP 29(6), 1981, doi:10.1109/TASSP.1981.1163711).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._normalise import deviation, normalisation

Array = np.ndarray[Any, Any]
LARGEST = 2.0
"""Pixels beyond which a shift is not believed."""
HALO = 4
"""Pixels around a block that interpolation and gradients may need."""
_ROUNDS = 5
_WEIGHTINGS = 12
_STEEP = 0.7
"""Share of pixels whose gradient says nothing, because it is noise."""


def taps(by: float) -> list[tuple[int, float]]:
    """Pixels away and their weights with which cubic convolution reads an image ``by`` pixels further."""
    whole = math.floor(by)
    t = by - whole
    weights = (
        -0.5 * t**3 + t**2 - 0.5 * t,
        1.5 * t**3 - 2.5 * t**2 + 1,
        -1.5 * t**3 + 2 * t**2 + 0.5 * t,
        0.5 * t**3 - 0.5 * t**2,
    )
    return [(whole + at - 1, weight) for at, weight in enumerate(weights)]


def moved(padded: Array, shift: tuple[float, float]) -> Array:
    """An image (bands, rows, columns) with `HALO` pixels around it, read ``shift`` rows and columns further; without the halo."""
    for axis, by in zip((1, 2), shift, strict=True):
        size = padded.shape[axis] - 2 * HALO
        index: list[Any] = [slice(None)] * 3
        total: Any = np.float32(0)
        for away, weight in taps(by):
            index[axis] = slice(HALO + away, HALO + away + size)
            total = total + np.float32(weight) * padded[tuple(index)] if weight else total
        padded = np.asarray(total)
    return padded


def estimate_shift(first: Callable[[int, int], Array], second: Callable[[float, float], Array]) -> tuple[float, float]:
    """Rows and columns by which the second image shows the same ground further down and right.

    Args:
        first: ``first(row, column)`` → the first image that many pixels further, at the same points (bands, points), NaN invalid.
        second: the same of the second one, for any fraction.

    Returns 0, 0 if what is found is beyond `LARGEST`, which no product of one tile and orbit has.
    """
    here = first(0, 0)
    down, right = (first(1, 0) - first(-1, 0)) / 2, (first(0, 1) - first(0, -1)) / 2
    shift = np.zeros(2)
    for _ in range(_ROUNDS):
        step = _step(here, second(shift[0], shift[1]), np.stack([down, right]))
        shift += step
        if np.abs(shift).max() > LARGEST:
            return 0.0, 0.0
        if np.abs(step).max() < 0.005:
            break
    return float(shift[0]), float(shift[1])


def _step(first: Array, second: Array, slope: Array) -> Array:
    """The shift that explains the difference of two images; ``slope`` is (2, bands, points)."""
    valid = np.isfinite(first).all(0) & np.isfinite(second).all(0) & np.isfinite(slope).all((0, 1))
    if valid.sum() < 100:
        return np.zeros(2)
    one, other = first[:, valid].astype(np.float64), second[:, valid].astype(np.float64)
    gain, bias = normalisation(one, other, "robust")
    residual = (other - bias[:, None]) / gain[:, None] - one
    sigma = np.maximum(deviation(residual)[1], 1e-9)[:, None]
    residual, slopes = residual / sigma, slope[:, :, valid] / sigma
    steep = np.hypot(slopes[0], slopes[1])
    chosen = steep >= np.quantile(steep, _STEEP, axis=1, keepdims=True)
    return _regression(residual[chosen], slopes[:, chosen])


def _regression(residual: Array, slopes: Array) -> Array:
    """Of −residual on slopes (2, points), without outliers."""
    weight = np.ones(len(residual))
    found = np.zeros(2)
    for _ in range(_WEIGHTINGS):
        found = -np.linalg.pinv((slopes * weight) @ slopes.T) @ ((slopes * weight) @ residual)
        left = residual + found @ slopes
        scale = 2 * 1.4826 * float(np.median(np.abs(left))) + 1e-12
        weight = 1 / (1 + (left / scale) ** 2)
    return found
