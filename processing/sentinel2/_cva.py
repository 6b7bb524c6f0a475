"""Change vector analysis: pure functions on arrays.

Bovolo, Bruzzone, "A theoretical framework for unsupervised change detection based on change vector analysis in the polar domain",
IEEE TGRS 45(1), 2007, doi:10.1109/TGRS.2006.885408; Bovolo, Marchesi, Bruzzone, "A framework for automatic and unsupervised
detection of multiple changes in multitemporal images" (C²VA), IEEE TGRS 50(6), 2012, doi:10.1109/TGRS.2011.2171493.

Arrays are (bands, …) float; amplitudes are in robust standard deviations (σ), angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ._normalise import Normalisation, deviation, normalisation

Array = np.ndarray[Any, Any]
Whitening = Literal["band", "full"]
_ROUNDS = 20
_CORE = 0.75
"""Share of pixels nearest to no change from which their covariance is taken."""


@dataclass(frozen=True)
class ChangeStatistics:
    """What makes two dates comparable, one value per band.

    Attributes:
        gain, bias: the second date as seen by the first is ``(x - bias) / gain``.
        median, sigma: of the difference, in reflectance; sigma is 1.4826 MAD.
        mixing: matrix (bands, bands) that takes the correlation between bands out of differences in σ; None leaves it in.
    """

    gain: Array
    bias: Array
    median: Array
    sigma: Array
    mixing: Array | None = None

    @property
    def plain(self) -> ChangeStatistics:
        """The same normalisation, but vectors in reflectance and not in σ."""
        return ChangeStatistics(self.gain, self.bias, np.zeros_like(self.median), np.ones_like(self.sigma))

    def difference(self, first: Array, second: Array) -> Array:
        """Second minus first after normalisation, in reflectance (bands, …)."""
        shape = (-1,) + (1,) * (first.ndim - 1)
        gain, bias = (value.astype(first.dtype).reshape(shape) for value in (self.gain, self.bias))
        changed: Array = (second - bias) / gain - first
        return changed

    def whiten(self, difference: Array) -> Array:
        """The difference in σ around its median (bands, …)."""
        shape = (-1,) + (1,) * (difference.ndim - 1)
        median, sigma = (value.astype(difference.dtype).reshape(shape) for value in (self.median, self.sigma))
        white: Array = (difference - median) / sigma
        return white if self.mixing is None else np.einsum("ab,b...->a...", self.mixing.astype(difference.dtype), white)


def statistics(
    first: Array, second: Array, *, normalise: Normalisation = "robust", quantum: float, whitening: Whitening = "band"
) -> ChangeStatistics:
    """Estimate from samples (bands, pixels) without invalid values.

    Args:
        normalise: how gain and bias are fitted, see `normalisation`.
        quantum: reflectance of one digital number; σ is at least its rounding noise ``quantum / √6``, so two equal images have
            amplitude 0 and not a division by 0.
        whitening: ``band`` scales each band by its own σ; ``full`` also takes out the correlation between bands, so that the amplitude
            is a Mahalanobis length.
    """
    first, second = first.astype(np.float64), second.astype(np.float64)
    bands = len(first)
    neutral = ChangeStatistics(*normalisation(first, second, normalise), np.zeros(bands), np.ones(bands))
    difference = neutral.difference(first, second)
    median, sigma = deviation(difference)
    rounding = quantum / np.sqrt(6)
    found = replace(neutral, median=median, sigma=np.maximum(sigma, rounding))
    if whitening == "band":
        return found
    return replace(found, mixing=_decorrelated(found.whiten(difference), float(rounding / found.sigma.max()) ** 2))


def _decorrelated(white: Array, least: float) -> Array:
    """Inverse square root of the covariance of the pixels that have not changed, by repeated concentration on the nearest of them.

    The symmetric root: of all that make the bands uncorrelated it turns the vectors least, so directions keep their meaning. ``least`` is
    the variance that rounding alone gives in any direction.
    """
    from scipy.special import gammainc, gammaincinv

    bands = len(white)
    reach = 2 * gammaincinv(bands / 2, _CORE)
    shrunk = gammainc(bands / 2 + 1, reach / 2) / _CORE
    values, mixing = np.ones(bands), np.eye(bands)
    for _ in range(_ROUNDS):
        squares = (np.einsum("ab,bn->an", mixing, white) ** 2).sum(0)
        core = white[:, squares <= np.quantile(squares, _CORE)]
        values, vectors = np.linalg.eigh(core @ core.T / core.shape[1] / shrunk)
        values = np.maximum(values, least)
        before, mixing = mixing, vectors @ np.diag(values**-0.5) @ vectors.T
        if np.abs(mixing - before).max() < 1e-4:
            break
    # changed pixels are among the nearest three quarters only if they are more than a quarter; the scale is set by the median
    squares = (np.einsum("ab,bn->an", mixing, white) ** 2).sum(0)
    wider = 2 * gammaincinv(bands / 2, 0.5) / max(float(np.median(squares)), 1e-12)
    scaled: Array = mixing * np.sqrt(min(wider, values.min() / least))
    return scaled


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
        return signed(along, white[1] * unit[0] - white[0] * unit[1])
    length = amplitude(white)
    cosine = np.divide(along, length, out=np.full_like(length, np.nan), where=length > 0)
    turned: Array = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return turned


def signed(along: Array, across: Array) -> Array:
    """Angle of vectors in the plane, degrees from −180 up to but not including 180; NaN for no vector."""
    direction = np.degrees(np.arctan2(across, along))
    direction[direction >= 180] -= 360
    direction[(along == 0) & (across == 0)] = np.nan
    return direction


def classes(length: Array, direction: Array, limit: float, count: int, bands: int) -> Array:
    """Sector of the direction, 1 … ``count``, where ``length`` exceeds ``limit``, else 0 (uint8).

    Sectors are equal parts of 0 … 180 degrees, or of −180 … 180 for two bands.
    """
    start, span = sector_span(bands)
    made = np.zeros(length.shape, np.uint8)
    changed = length > limit
    sector = np.floor((np.nan_to_num(direction[changed], nan=start) - start) * (count / span)).astype(np.int16)
    made[changed] = np.clip(sector + 1, 1, count)
    return made


def sector_span(bands: int) -> tuple[float, float]:
    """Where sectors begin and how wide all of them are together, degrees."""
    return (-180.0, 360.0) if bands == 2 else (0.0, 180.0)
