"""Where change begins: thresholds on the amplitude of change vectors.

Zanetti, Bovolo, Bruzzone, "Rayleigh-Rice mixture parameter estimation via EM algorithm for change detection in multispectral images",
IEEE TIP 24(12), 2015, doi:10.1109/TIP.2015.2474710; here for any number of bands: unchanged amplitudes follow a chi law, changed ones a
non-central chi law, which are Rayleigh and Rice laws for two bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from earthweave.ontology import ProcessingError

from ..raster import otsu_split

Array = np.ndarray[Any, Any]
_BINS = 1024
_ROUNDS = 500
_SETTLED = 1e-7


def threshold(bands: int, confidence: float) -> float:
    """Amplitude (σ) that unchanged pixels exceed with probability ``1 - confidence``: root of the χ² quantile with ``bands`` degrees."""
    from scipy.special import gammaincinv

    return float(np.sqrt(2 * gammaincinv(bands / 2, confidence)))


def otsu_threshold(lengths: Array) -> float:
    """Amplitude that best parts ``lengths`` into two classes by Otsu's rule; the highest thousandth of them counts as one value.

    Raises `ProcessingError` if there are not two different values.
    """
    top = float(np.quantile(lengths, 0.999))
    found = otsu_split(*np.histogram(np.minimum(lengths, top), _BINS, (0.0, top))) if top > 0 else math.nan
    if math.isnan(found):
        raise ProcessingError("no threshold can be found", why="all amplitudes are alike", way_out="use --threshold chi2 or fixed")
    return found


@dataclass(frozen=True)
class Mixture:
    """Amplitudes of unchanged and changed pixels.

    Attributes:
        bands: degrees of freedom of both laws.
        share: of changed pixels, 0 … 1.
        noise: scale of the unchanged ones (chi law), units of the amplitude.
        change: distance of the changed ones from no change (non-central chi law).
        spread: scale of the changed ones.
    """

    bands: int
    share: float
    noise: float
    change: float
    spread: float

    def posterior(self, lengths: Array) -> Array:
        """Probability that a pixel of such a length has changed."""
        still, moved = self._densities(lengths)
        total = still + moved
        found: Array = np.divide(moved, total, out=np.ones_like(total), where=total > 0)
        return found

    def threshold(self, confidence: float, longest: float) -> float:
        """Smallest length from which on the posterior is at least ``confidence``; infinite if that is beyond ``longest``."""
        lengths = _graded(longest, 20_000)[1:]
        below = np.flatnonzero(self.posterior(lengths) < confidence)
        last = int(below[-1]) if len(below) else -1
        return float(lengths[last + 1]) if last + 1 < len(lengths) else math.inf

    def _densities(self, lengths: Array) -> tuple[Array, Array]:
        from scipy.special import gammaln, ive

        order = self.bands / 2 - 1
        still = np.exp(
            (self.bands - 1) * np.log(lengths)
            - self.bands * math.log(self.noise)
            - lengths**2 / (2 * self.noise**2)
            - order * math.log(2)
            - gammaln(self.bands / 2)
        )
        bessel = ive(order, lengths * self.change / self.spread**2)
        moved = lengths / self.spread**2 * (lengths / self.change) ** order * bessel
        moved *= np.exp(-((lengths - self.change) ** 2) / (2 * self.spread**2))
        return (1 - self.share) * still, self.share * moved


def fit_mixture(lengths: Array, bands: int) -> Mixture:
    """Fit by expectation and maximisation on a histogram of ``lengths`` (above 0); the start is what the χ² law calls changed.

    Raises `ProcessingError` if there are not two different values.
    """
    top = float(np.quantile(lengths, 0.9999))
    counts, edges = np.histogram(lengths, _graded(top, _BINS)) if top > 0 else (np.zeros(1, np.int64), np.zeros(2))
    if np.count_nonzero(counts) < 2:
        raise ProcessingError("no threshold can be found", why="all amplitudes are alike", way_out="use --threshold chi2 or fixed")
    centres, weights = (edges[:-1] + edges[1:]) / 2, counts / counts.sum()
    # where most pixels are equal on both dates the median is 0
    found = _start(centres, weights, max(float(np.median(lengths)), float(centres[0])), bands)
    for _ in range(_ROUNDS):
        before, found = found, _improved(found, centres, weights)
        if abs(found.share - before.share) < _SETTLED and abs(found.change - before.change) < _SETTLED * found.noise:
            break
    return found


def _graded(top: float, count: int) -> Array:
    """Edges from 0 to ``top`` that lie closer the shorter the length: clouds a hundred times as bright as the noise do not blur it."""
    edges: Array = np.linspace(0, 1, count + 1) ** 2 * top
    return edges


def _start(centres: Array, weights: Array, median: float, bands: int) -> Mixture:
    noise = median / threshold(bands, 0.5)
    far = centres > noise * threshold(bands, 0.999)
    share = float(weights[far].sum())
    if share <= 0:
        return Mixture(bands, 1e-6, noise, float(centres[-1]), noise)
    change = float((centres * weights)[far].sum() / share)
    spread = math.sqrt(float((((centres - change) ** 2) * weights)[far].sum() / share))
    return Mixture(bands, share, noise, change, max(spread, noise))


def _improved(found: Mixture, centres: Array, weights: Array) -> Mixture:
    """One round; the changed ones scatter at least as much as the unchanged ones, else they would claim a slice of the noise."""
    from scipy.special import ive

    moved = found.posterior(centres) * weights
    still = weights - moved
    share, left = float(np.clip(moved.sum(), 1e-9, 1 - 1e-9)), float(still.sum())
    noise = math.sqrt(float((still * centres**2).sum()) / (found.bands * left)) if left > 0 else found.noise
    order = found.bands / 2 - 1
    reach = centres * found.change / found.spread**2
    bent = np.divide(ive(order + 1, reach), ive(order, reach), out=np.ones_like(reach), where=ive(order, reach) > 0)
    change = max(float((moved * centres * bent).sum() / share), 1e-6 * noise)
    squares = moved * (centres**2 + change**2 - 2 * centres * change * bent)
    spread = math.sqrt(max(float(squares.sum() / (found.bands * share)), noise**2))
    return Mixture(found.bands, share, noise, change, spread)
