"""From one pixel size to another by whole ratios, half-pixel registered: grids that share a corner do not share pixel centres.

All take float32 with NaN for no data and follow GDAL's warper to the bit for whole numbers below 2^16: sums of such numbers with whole
weights are exact in float32, and GDAL leaves out pixels without data in the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def average(numbers: Array, ratio: int) -> Array:
    """Mean of the valid among ``ratio`` × ``ratio`` pixels (both sides multiples of it); NaN where none is valid."""
    total = _summed(numbers, ratio)
    if not np.isnan(total).any():
        return total / np.float32(ratio * ratio)
    valid = ~np.isnan(numbers)
    count = _summed(valid.astype(np.float32), ratio)
    return _quotient(_summed(np.where(valid, numbers, np.float32(0)), ratio), count)


def bilinear(numbers: Array, ratio: int) -> Array:
    """Interpolate between pixel centres, ``ratio`` × ``ratio`` pixels for each but the outermost, which are a halo of one pixel.

    Pixels without data weigh nothing; NaN where the nearest one has none.
    """
    numbers = _closed(numbers)
    missing = np.isnan(numbers)
    gaps = _box(missing)
    if gaps is None:
        return _divided(_spread(numbers, ratio), ratio)
    numbers[missing] = 0
    made = _divided(_spread(numbers, ratio), ratio)
    # only what has a gap beside it must be weighed anew
    rows, cols = (slice(max(part.start - 2, 0), part.stop + 2) for part in gaps)
    valid = ~missing[rows, cols]
    found = _quotient(_spread(numbers[rows, cols], ratio), _spread(valid.astype(np.float32), ratio))
    found[repeat(~valid[1:-1, 1:-1], ratio)] = np.nan
    made[rows.start * ratio : rows.start * ratio + found.shape[0], cols.start * ratio : cols.start * ratio + found.shape[1]] = found
    return made


def _closed(numbers: Array) -> Array:
    """A copy in which a halo without any data repeats the pixels beside it, which weighs them as if it were not there."""
    numbers = numbers.copy()
    for lines in (numbers, numbers.T):
        for halo, inner in ((0, 1), (-1, -2)):
            if np.isnan(lines[halo]).all():
                lines[halo] = lines[inner]
    return numbers


def _box(mask: Array) -> tuple[slice, slice] | None:
    """Rows and columns between which all of ``mask`` lies; None if it is nowhere."""
    spans = [np.flatnonzero(mask.any(axis)) for axis in (1, 0)]
    if not len(spans[0]):
        return None
    rows, cols = (slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return rows, cols


def _divided(total: Array, ratio: int) -> Array:
    total /= np.float32(4 * ratio * ratio)
    return total


def repeat(pixels: Array, ratio: int) -> Array:
    """Each pixel ``ratio`` × ``ratio`` times: the nearest one."""
    return np.repeat(np.repeat(pixels, ratio, 0), ratio, 1)


def centre(pixels: Array, ratio: int) -> Array:
    """Of ``ratio`` × ``ratio`` pixels the one at the centre; for an even ratio, as in GDAL, the one right of and below it."""
    return pixels[ratio // 2 :: ratio, ratio // 2 :: ratio]


def _summed(numbers: Array, ratio: int) -> Array:
    """Sums over ``ratio`` × ``ratio`` pixels, added one strided view at a time: no larger array is made."""
    rows = sum((numbers[at::ratio] for at in range(1, ratio)), start=numbers[::ratio])
    total: Array = sum((rows[:, at::ratio] for at in range(1, ratio)), start=rows[:, ::ratio])
    return total


def _spread(numbers: Array, ratio: int) -> Array:
    """Both ways, the sum of two neighbours with whole weights that add up to twice the ratio; drops the halo."""
    # columns first: there are fewer of them yet, and rows are added faster
    return _spread_rows(_spread_rows(numbers.T, ratio).T, ratio)


def _spread_rows(numbers: Array, ratio: int) -> Array:
    before, here, after = numbers[:-2], numbers[1:-1], numbers[2:]
    # in the order of the memory that comes in, so that columns are written as columns
    made = np.empty_like(here, shape=(here.shape[0] * ratio, *here.shape[1:]))
    for at in range(ratio):
        away = 2 * at + 1 - ratio
        target = made[at::ratio]
        np.multiply(here, np.float32(2 * ratio - abs(away)), out=target)
        if away:
            beside = after if away > 0 else before
            target += beside if abs(away) == 1 else beside * np.float32(abs(away))
    return made


def _quotient(total: Array, weight: Array) -> Array:
    return np.divide(total, weight, out=np.full(weight.shape, np.nan, np.float32), where=weight > 0)
