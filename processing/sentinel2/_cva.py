"""Change vector analysis: pure functions on arrays.

Bovolo, Bruzzone, "A theoretical framework for unsupervised change detection based on change vector analysis in the polar domain",
IEEE TGRS 45(1), 2007, doi:10.1109/TGRS.2006.885408; Bovolo, Marchesi, Bruzzone, "A framework for automatic and unsupervised
detection of multiple changes in multitemporal images" (C²VA), IEEE TGRS 50(6), 2012, doi:10.1109/TGRS.2011.2171493.

Arrays are (bands, …) float; amplitudes are in robust standard deviations (σ), angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_GAUSS = 1.4826
"""Ratio of the standard deviation to the median absolute deviation of a normal distribution."""
_ROUNDS = 10


@dataclass(frozen=True)
class ChangeStatistics:
    """What makes two dates comparable, one value per band.

    Attributes:
        gain, bias: the second date as seen by the first is ``(x - bias) / gain``.
        median, sigma: of the difference, in reflectance; sigma is 1.4826 MAD.
    """

    gain: Array
    bias: Array
    median: Array
    sigma: Array

    def difference(self, first: Array, second: Array) -> Array:
        """Second minus first after normalisation, in reflectance (bands, …)."""
        shape = (-1,) + (1,) * (first.ndim - 1)
        gain, bias = (value.astype(first.dtype).reshape(shape) for value in (self.gain, self.bias))
        changed: Array = (second - bias) / gain - first
        return changed

    def whiten(self, difference: Array) -> Array:
        """The difference in σ around its median (bands, …)."""
        shape = (-1,) + (1,) * (difference.ndim - 1)
        white: Array = (difference - self.median.astype(difference.dtype).reshape(shape)) / self.sigma.astype(difference.dtype).reshape(
            shape
        )
        return white


def statistics(first: Array, second: Array, *, normalise: bool, quantum: float) -> ChangeStatistics:
    """Estimate from samples (bands, pixels) without invalid values.

    Args:
        normalise: fit gain and bias on pseudo-invariant pixels: orthogonal regression, repeated on the pixels whose residual is below
            3 σ in every band until nothing moves; as outliers the changed pixels leave the fit.
        quantum: reflectance of one digital number; σ is at least its rounding noise ``quantum / √6``, so two equal images have
            amplitude 0 and not a division by 0.
    """
    bands = first.shape[0]
    gain, bias = _normalisation(first.astype(np.float64), second.astype(np.float64)) if normalise else (np.ones(bands), np.zeros(bands))
    neutral = ChangeStatistics(gain, bias, np.zeros(bands), np.ones(bands))
    difference = neutral.difference(first.astype(np.float64), second.astype(np.float64))
    median = np.median(difference, axis=1)
    sigma = _GAUSS * np.median(np.abs(difference - median[:, None]), axis=1)
    return ChangeStatistics(gain, bias, median, np.maximum(sigma, quantum / np.sqrt(6)))


def _normalisation(first: Array, second: Array) -> tuple[Array, Array]:
    gain, bias = _start(first, second)
    keep = np.ones(first.shape[1], bool)
    for _ in range(_ROUNDS):
        residual = second - gain[:, None] * first - bias[:, None]
        centred = np.abs(residual - np.median(residual, axis=1)[:, None])
        spread = np.maximum(_GAUSS * np.median(centred, axis=1), 1e-9)
        invariant = (centred <= 3 * spread[:, None]).all(axis=0)
        if invariant.sum() < 10 or np.array_equal(invariant, keep):
            break
        keep = invariant
        gain, bias = _orthogonal(first[:, keep], second[:, keep], gain, bias)
    return gain, bias


def _start(first: Array, second: Array) -> tuple[Array, Array]:
    """Match medians and spreads: robust, but blind to which pixel is which."""
    middle = np.median(first, axis=1), np.median(second, axis=1)
    spread = [np.median(np.abs(x - m[:, None]), axis=1) for x, m in zip((first, second), middle, strict=True)]
    gain = np.where((spread[0] > 1e-9) & (spread[1] > 1e-9), spread[1] / np.maximum(spread[0], 1e-9), 1.0)
    return gain, middle[1] - gain * middle[0]


def _orthogonal(first: Array, second: Array, gain: Array, bias: Array) -> tuple[Array, Array]:
    """Line of least orthogonal distance per band; a plain regression would be too flat, because both dates carry noise."""
    a, b = first - first.mean(1)[:, None], second - second.mean(1)[:, None]
    xx, yy, xy = (a * a).mean(1), (b * b).mean(1), (a * b).mean(1)
    slope = np.divide(yy - xx + np.hypot(yy - xx, 2 * xy), 2 * xy, out=gain.copy(), where=xy > 1e-12)
    usable = (slope > 0.2) & (slope < 5)
    fitted = second.mean(1) - slope * first.mean(1)
    return np.where(usable, slope, gain), np.where(usable, fitted, bias)


def amplitude(white: Array) -> Array:
    """Length of the change vector, σ."""
    length: Array = np.sqrt(np.einsum("b...,b...->...", white, white))
    return length


def angle(white: Array, reference: Array) -> Array:
    """Direction of the change vector against ``reference`` (bands), degrees, NaN where the vector is 0.

    Two bands: signed, −180 … 180, counter-clockwise from the reference. Three and more: 0 … 180.
    """
    unit = (reference / np.linalg.norm(reference)).astype(white.dtype)
    along = np.einsum("b...,b->...", white, unit)
    if white.shape[0] == 2:
        across = white[1] * unit[0] - white[0] * unit[1]
        direction = np.degrees(np.arctan2(across, along))
        return np.where((along == 0) & (across == 0), np.nan, np.where(direction >= 180, direction - 360, direction))
    length = amplitude(white)
    cosine = np.divide(along, length, out=np.full_like(length, np.nan), where=length > 0)
    turned: Array = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return turned


def threshold(bands: int, confidence: float) -> float:
    """Amplitude (σ) that unchanged pixels exceed with probability ``1 - confidence``: root of the χ² quantile with ``bands`` degrees."""
    from scipy.special import gammaincinv

    return float(np.sqrt(2 * gammaincinv(bands / 2, confidence)))


def classes(length: Array, direction: Array, limit: float, count: int, bands: int) -> Array:
    """Sector of the direction, 1 … ``count``, where ``length`` exceeds ``limit``, else 0 (uint8).

    Sectors are equal parts of 0 … 180 degrees, or of −180 … 180 for two bands.
    """
    start, span = sector_span(bands)
    sector = np.floor((np.nan_to_num(direction, nan=start) - start) * (count / span)).astype(np.int16)
    return np.where(length > limit, np.clip(sector + 1, 1, count), 0).astype(np.uint8)


def sector_span(bands: int) -> tuple[float, float]:
    """Where sectors begin and how wide all of them are together, degrees."""
    return (-180.0, 360.0) if bands == 2 else (0.0, 180.0)
