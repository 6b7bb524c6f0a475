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
    spread = _spread(_spread(numbers, ratio, 0), ratio, 1)
    if not np.isnan(spread).any():
        return spread / np.float32(4 * ratio * ratio)
    valid = ~np.isnan(numbers)
    total, weight = (
        _spread(_spread(part, ratio, 0), ratio, 1) for part in (np.where(valid, numbers, np.float32(0)), valid.astype(np.float32))
    )
    made = _quotient(total, weight)
    made[repeat(~valid[1:-1, 1:-1], ratio)] = np.nan
    return made


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


def _spread(numbers: Array, ratio: int, axis: int) -> Array:
    """Along one axis, the sum of two neighbours with whole weights that add up to twice the ratio; drops the halo of that axis."""
    numbers = np.moveaxis(numbers, axis, 0)
    before, here, after = numbers[:-2], numbers[1:-1], numbers[2:]
    made = np.empty((here.shape[0] * ratio, *here.shape[1:]), np.float32)
    for at in range(ratio):
        away = 2 * at + 1 - ratio
        made[at::ratio] = here * np.float32(2 * ratio - abs(away))
        if away:
            made[at::ratio] += (after if away > 0 else before) * np.float32(abs(away))
    return np.moveaxis(made, 0, axis)


def _quotient(total: Array, weight: Array) -> Array:
    return np.divide(total, weight, out=np.full(weight.shape, np.nan, np.float32), where=weight > 0)
