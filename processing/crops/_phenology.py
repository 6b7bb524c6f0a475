"""Land cover from a year of monthly vegetation index, by rules that a textbook of temperate agronomy would give.

A rule-based first cut: generic, not fitted to any data, not validated. A learned classifier replaces it where labels exist.

===================== ==========================================================================
class                 rule, first that holds (NDVI: normalised difference vegetation index)
===================== ==========================================================================
open water            median NDWI above 0 and median NDVI below 0.1
bare or built         NDVI never reaches 0.3
sparse vegetation     NDVI never reaches 0.5
permanent vegetation  NDVI stays at 0.4 or above from March to October
winter crop           greenest month of March – June, and more than 0.2 lower in some month of July – September
summer crop           greenest month of June – September, and more than 0.2 lower in some month of March – May
permanent vegetation  anything else
===================== ==========================================================================

Where both crop rules hold, the greater fall decides. Months are those of the northern hemisphere; south of the equator they are
shifted by six.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_SEASON, _SPRING, _SUMMER = range(3, 11), (3, 4, 5), (7, 8, 9)
_FALL = 0.2


class LandCover(IntEnum):
    """Classes; the numbers are the ``skos:notation`` of ``ew:landCoverClasses``."""

    BARE_OR_BUILT = 1
    SPARSE_VEGETATION = 2
    SUMMER_CROP = 3
    WINTER_CROP = 4
    PERMANENT_VEGETATION = 5
    OPEN_WATER = 6


def land_cover(ndvi: Array, ndwi: Array, months: Sequence[int]) -> Array:
    """Classify each pixel.

    Args:
        ndvi, ndwi: (time, rows, columns) float, NaN where there is no data; NDWI is of green and near infrared.
        months: calendar month (1 … 12, northern) of each time.

    Returns:
        uint8 classes (rows, columns) of `LandCover`; 255 where fewer than half of the times, or none of spring or of summer, are valid.
    """
    month = np.asarray(months)
    top, season_low = _over(np.nanmax, ndvi, month, range(1, 13)), _over(np.nanmin, ndvi, month, _SEASON)
    ripe = _over(np.nanmax, ndvi, month, range(3, 7)) - _over(np.nanmin, ndvi, month, _SUMMER)
    late = _over(np.nanmax, ndvi, month, range(6, 10)) - _over(np.nanmin, ndvi, month, _SPRING)
    water = (_over(np.nanmedian, ndwi, month, range(1, 13)) > 0) & (_over(np.nanmedian, ndvi, month, range(1, 13)) < 0.1)
    rules = [
        (water, LandCover.OPEN_WATER),
        (top < 0.3, LandCover.BARE_OR_BUILT),
        (top < 0.5, LandCover.SPARSE_VEGETATION),
        (season_low >= 0.4, LandCover.PERMANENT_VEGETATION),
        ((ripe > _FALL) & (ripe >= late), LandCover.WINTER_CROP),
        (late > _FALL, LandCover.SUMMER_CROP),
    ]
    found = np.select([rule for rule, _ in rules], [int(number) for _, number in rules], int(LandCover.PERMANENT_VEGETATION)).astype(
        np.uint8
    )
    unknown = (np.isfinite(ndvi).mean(0) < 0.5) | np.isnan(ripe) | np.isnan(late)
    return np.where(unknown, np.uint8(255), found)


def _over(statistic: Any, series: Array, month: Array, wanted: Sequence[int]) -> Array:
    """The statistic over the wanted months; NaN where none of them is valid."""
    part = series[np.isin(month, list(wanted))]
    result = np.full(series.shape[1:], np.nan, series.dtype)
    seen = np.isfinite(part).any(0)
    if seen.any():
        result[seen] = statistic(part[:, seen], axis=0)
    return result
