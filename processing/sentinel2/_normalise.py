"""Relative normalisation: the gain and bias per band that make a second date look like the first where nothing has changed.

Canty, Nielsen, "Automatic radiometric normalization of multitemporal satellite imagery with the iteratively re-weighted MAD
transformation", Remote Sensing of Environment 112(3), 2008, doi:10.1016/j.rse.2007.07.013.

Arrays are (bands, pixels) float64 without invalid values.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
GAUSS = 1.4826
"""Ratio of the standard deviation to the median absolute deviation of a normal distribution."""
Normalisation = Literal["robust", "irmad", "none"]
_ROUNDS = 10
_MAD_ROUNDS = 50
_SAMPLE = 150_000
"""Pixels that are enough for a line."""
_UNCHANGED = 0.9
"""Probability of no change from which a pixel is taken for invariant."""


def normalisation(first: Array, second: Array, way: Normalisation) -> tuple[Array, Array]:
    """Gain and bias per band: the second date as seen by the first is ``(second - bias) / gain``.

    ``robust``: orthogonal regression, repeated on the pixels whose residual is below 3 σ in every band until nothing moves; as outliers
    the changed pixels leave the fit. ``irmad``: orthogonal regression on the pixels that the iteratively re-weighted MAD transformation
    finds unchanged with probability 0.9 or more. Both on at most 150,000 pixels.
    """
    if way == "none":
        return np.ones(len(first)), np.zeros(len(first))
    step = -(-first.shape[1] // _SAMPLE)
    first, second = (np.ascontiguousarray(date[:, ::step]) for date in (first, second))
    return _robust(first, second) if way == "robust" else _irmad(first, second)


def deviation(residual: Array) -> tuple[Array, Array]:
    """Median and robust standard deviation (1.4826 MAD) per band."""
    median = np.median(residual, axis=1)
    return median, GAUSS * np.median(np.abs(residual - median[:, None]), axis=1)


def _robust(first: Array, second: Array) -> tuple[Array, Array]:
    gain, bias = _start(first, second)
    keep = np.ones(first.shape[1], bool)
    for _ in range(_ROUNDS):
        residual = second - gain[:, None] * first - bias[:, None]
        median, spread = deviation(residual)
        invariant = (np.abs(residual - median[:, None]) <= 3 * np.maximum(spread, 1e-9)[:, None]).all(axis=0)
        if invariant.sum() < 10 or np.array_equal(invariant, keep):
            break
        keep = invariant
        gain, bias = _orthogonal(first[:, keep], second[:, keep], gain, bias)
    return gain, bias


def _start(first: Array, second: Array) -> tuple[Array, Array]:
    """Match medians and spreads: robust, but blind to which pixel is which."""
    (middle, spread), (other, wide) = deviation(first), deviation(second)
    usable = (spread > 1e-9) & (wide > 1e-9)
    gain = np.where(usable, wide / np.maximum(spread, 1e-9), 1.0)
    return gain, other - gain * middle


def _orthogonal(first: Array, second: Array, gain: Array, bias: Array) -> tuple[Array, Array]:
    """Line of least orthogonal distance per band; a plain regression would be too flat, because both dates carry noise."""
    a, b = first - first.mean(1)[:, None], second - second.mean(1)[:, None]
    xx, yy, xy = (a * a).mean(1), (b * b).mean(1), (a * b).mean(1)
    slope = np.divide(yy - xx + np.hypot(yy - xx, 2 * xy), 2 * xy, out=gain.copy(), where=xy > 1e-12)
    usable = (slope > 0.2) & (slope < 5)
    fitted = second.mean(1) - slope * first.mean(1)
    return np.where(usable, slope, gain), np.where(usable, fitted, bias)


def _irmad(first: Array, second: Array) -> tuple[Array, Array]:
    keep = unchanged(first, second) >= _UNCHANGED
    start = _start(first, second)
    return _orthogonal(first[:, keep], second[:, keep], *start) if keep.sum() >= 10 else start


def unchanged(first: Array, second: Array) -> Array:
    """Probability of no change of each pixel by the iteratively re-weighted MAD transformation (pixels)."""
    from scipy.special import gammaincc

    bands = len(first)
    weight, known = np.ones(first.shape[1]), np.zeros(bands)
    for _ in range(_MAD_ROUNDS):
        squares, correlation = _mad(first, second, weight)
        weight = gammaincc(bands / 2, squares / 2)
        if np.abs(correlation - known).max() < 1e-3 or weight.sum() < 10:
            break
        known = correlation
    return weight


def _mad(first: Array, second: Array, weight: Array) -> tuple[Array, Array]:
    """Sum of the squared MAD variates, each over its variance, and the canonical correlations."""
    from scipy.linalg import eigh

    bands, total = len(first), weight.sum()
    stacked = np.concatenate([first, second])
    stacked = stacked - (stacked @ weight / total)[:, None]
    covariance = (stacked * weight) @ stacked.T / total
    covariance[np.diag_indices(2 * bands)] *= 1 + 1e-9
    covariance[np.diag_indices(2 * bands)] += 1e-15
    xx, xy, yy = covariance[:bands, :bands], covariance[:bands, bands:], covariance[bands:, bands:]
    projected = xy @ np.linalg.solve(yy, xy.T)
    squared, left = eigh((projected + projected.T) / 2, xx)
    correlation = np.sqrt(np.clip(squared, 1e-12, 1 - 1e-12))
    right = np.linalg.solve(yy, xy.T @ left) / correlation
    variates = left.T @ stacked[:bands] - right.T @ stacked[bands:]
    squares: Array = (variates**2 / (2 * (1 - correlation))[:, None]).sum(0)
    return squares, correlation
