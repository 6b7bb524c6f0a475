"""Otsu's threshold: the split of a histogram into two classes with the largest variance between them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def otsu_split(counts: Array, edges: Array) -> float:
    """The edge that best parts a histogram (``counts`` between ``edges``, one more of these); NaN if only one bin is filled.

    Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9(1), 1979, doi:10.1109/TSMC.1979.4310076.
    """
    if np.count_nonzero(counts) < 2:
        return float("nan")
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    moment = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (moment[:-1] / below - (moment[-1] - moment[:-1]) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])
