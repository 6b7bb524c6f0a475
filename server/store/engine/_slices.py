"""Expressions over long batches in slices that take a bounded time, so that limits are looked at often enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..algebra import MOST_ROWS, Batch, Context

_FIRST, _LEAST = 8192, 256
_SECONDS = 0.04
_GROWTH = 8.0


class Slices:
    """Remembers how many rows of one expression are evaluated in a twenty-fifth of a second."""

    def __init__(self) -> None:
        self._size = _FIRST

    def values(self, batch: Batch, context: Context, evaluated: Callable[[Batch], Any]) -> Any:
        """What a function gives for a batch, an array with one value per row, the limits checked in between."""
        found, start = [], 0
        while start < batch.length:
            stop = min(start + self._size, batch.length)
            begun = time.perf_counter()
            found.append(evaluated(batch if stop - start == batch.length else _part(batch, start, stop)))
            context.check()
            self._learn(stop - start, time.perf_counter() - begun)
            start = stop
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _learn(self, rows: int, seconds: float) -> None:
        fitting = rows * min(_SECONDS / max(seconds, 1e-9), _GROWTH)
        if rows == self._size or fitting < self._size:
            self._size = int(min(max(fitting, _LEAST), MOST_ROWS))


def _part(batch: Batch, start: int, stop: int) -> Batch:
    return Batch(stop - start, {name: column[start:stop] for name, column in batch.columns.items()})
