"""Columns in memory that grow at their end, while what was read of them before stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._files import pieces, strings

_LEAST = 1024


class Growing:
    """Equal values; each state is a view of the same memory, which is moved when it is full."""

    def __init__(self, dtype: Any, first: Any = None) -> None:
        self._room = np.empty(0, dtype=dtype) if first is None else first
        self._own = False

    def extended(self, length: int, values: Any) -> Any:
        """The first ``length`` values that there are, and some more behind them; whatever else lay there is overwritten."""
        total = length + len(values)
        if not self._own or total > len(self._room):
            room = np.empty((max(2 * total, _LEAST), *self._room.shape[1:]), dtype=self._room.dtype)
            room[:length] = self._room[:length]
            self._room, self._own = room, True
        self._room[length:total] = values
        return self._room[:total]


class GrowingTexts:
    """Texts, or blobs, end to end."""

    def __init__(self, *, binary: bool = False) -> None:
        self._starts, self._bytes, self._binary = Growing(np.int64, np.zeros(1, np.int64)), Growing(np.uint8), binary

    def extended(self, array: Any, more: Any) -> Any:
        """The texts of an earlier state and some more behind them, as one Arrow array."""
        before, data = pieces(array)
        starts, added = pieces(more)
        all_starts = self._starts.extended(len(before), starts[1:] + len(data))
        return strings(all_starts.view(np.uint8).data, self._bytes.extended(len(data), added).data, binary=self._binary)

    def empty(self) -> Any:
        """No texts."""
        return strings(memoryview(np.zeros(1, np.int64).view(np.uint8).data), memoryview(b""), binary=self._binary)
