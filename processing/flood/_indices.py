"""Water indices of reflectances, radar backscatter in decibels, and the threshold between dry and wet.

NDWI: McFeeters, IJRS 17(7), 1996, doi:10.1080/01431169608948714. MNDWI: Xu, IJRS 27(14), 2006, doi:10.1080/01431160600589179.
AWEI: Feyisa et al., RSE 140, 2014, doi:10.1016/j.rse.2013.08.029. Threshold: Otsu, IEEE TSMC 9(1), 1979, doi:10.1109/TSMC.1979.4310076.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earthweave.ontology import ProcessingError

from ..raster import otsu_split

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Index:
    """A quantity that tells water from land.

    Attributes:
        bands: that it is made of.
        make: the quantity from those bands.
        low, high: what its histogram covers.
        bins: of the histogram.
        below: True if water is what lies below the threshold, not above.
    """

    bands: tuple[str, ...]
    make: Callable[..., Array]
    low: float = -1.0
    high: float = 1.0
    bins: int = 512
    below: bool = False

    def counts(self, values: Array) -> Array:
        """Histogram of the finite values; those beyond its ends count at the ends."""
        return np.histogram(np.clip(values[np.isfinite(values)], self.low, self.high), self.bins, (self.low, self.high))[0]

    def threshold(self, counts: Array) -> float:
        """Otsu's threshold; raises `ProcessingError` if there are not two different values."""
        limit = otsu_split(counts, np.linspace(self.low, self.high, self.bins + 1))
        if np.isnan(limit):
            raise ProcessingError("no threshold can be found", why="the index has one value in the whole area", way_out="give --threshold")
        return limit

    def wet(self, values: Array, limit: float) -> Array:
        """Which values are water."""
        found: Array = values < limit if self.below else values > limit
        return found


def water_index(green: Array, other: Array) -> Array:
    """Normalised difference ``(green − other) / (green + other)`` of reflectances, −1 … 1; NaN where the sum is not above 0.

    Reflectances below 0, which dark water has after the offset of baseline 04.00, count as 0.
    """
    a, b = np.maximum(green, 0), np.maximum(other, 0)
    total = a + b
    index: Array = np.divide(a - b, total, out=np.full_like(total, np.nan), where=total > 0)
    return index


def awei_nsh(green: Array, near: Array, short: Array, shorter: Array) -> Array:
    """Automated water extraction index where shadows are no trouble, of reflectances B03, B08, B11, B12."""
    index: Array = 4 * (green - short) - (0.25 * near + 2.75 * shorter)
    return index


def awei_sh(blue: Array, green: Array, near: Array, short: Array, shorter: Array) -> Array:
    """Automated water extraction index that keeps shadows out, of reflectances B02, B03, B08, B11, B12."""
    index: Array = blue + 2.5 * green - 1.5 * (near + short) - 0.25 * shorter
    return index


def decibels(power: Array) -> Array:
    """Backscatter in dB; NaN where the power is not above 0."""
    return 10 * np.log10(power, out=np.full_like(power, np.nan), where=power > 0)


def otsu(values: Array) -> float:
    """Threshold that best parts values of −1 … 1 into two classes: largest variance between them, 512 bins; NaN is left out.

    Raises `ProcessingError` if there are not two different values.
    """
    index = INDICES["ndwi"]
    return index.threshold(index.counts(values))


def agreed(masks: Sequence[Array]) -> Array:
    """Where most of the masks agree that there is water."""
    votes: Array = np.stack(masks).sum(0, dtype=np.int8)
    return votes > len(masks) / 2


INDICES = {
    "mndwi": Index(("B03", "B11"), water_index),
    "ndwi": Index(("B03", "B08"), water_index),
    "awei_nsh": Index(("B03", "B08", "B11", "B12"), awei_nsh, -8, 4, 4096),
    "awei_sh": Index(("B02", "B03", "B08", "B11", "B12"), awei_sh, -4, 4, 4096),
    "vv": Index(("VV",), lambda values: values, -50, 10, below=True),
    "vh": Index(("VH",), lambda values: values, -50, 10, below=True),
}
"""Indices by name; those of radar are of backscatter in dB."""
VOTERS = ("ndwi", "mndwi", "awei_nsh")
"""Indices whose majority is the default mask: each errs elsewhere (NDWI at buildings, MNDWI at snow and shadow, AWEI at bright ground)."""
RADAR = ("vv", "vh")
