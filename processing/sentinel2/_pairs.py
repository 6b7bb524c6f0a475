"""The numbers of two scenes between the pass that decodes them and the pass that compares them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..raster import Block, Grid
from ._register import HALO, moved, taps

Array = np.ndarray[Any, Any]


class PairStore:
    """Numbers of both dates on disk, (2, bands, rows, columns), so that memory does not grow with the scene.

    ``whole`` numbers take two bytes, and 0 is invalid; others are float32, and NaN is invalid. Mapped anew for each access: what was
    looked at once does not stay in memory. Several threads may read and write different blocks.
    """

    def __init__(self, path: Path, bands: int, grid: Grid, *, whole: bool) -> None:
        self.whole = whole
        self.shape = (2, bands, grid.height, grid.width)
        self._path = path
        self._dtype = np.dtype(np.uint16 if whole else np.float32)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            # claimed now: a full disk is an error here, and a dead process in the middle of a mapping
            os.posix_fallocate(file.fileno(), 0, self._dtype.itemsize * math.prod(self.shape))

    def empty(self, block: Block) -> Array:
        """An array to be filled and put."""
        return np.empty((*self.shape[:2], block.height, block.width), self._dtype)

    @property
    def invalid(self) -> float:
        """The number that means no data."""
        return 0 if self.whole else math.nan

    def put(self, block: Block, numbers: Array) -> None:
        """Keep the numbers of ``block``, (2, bands, rows, columns)."""
        self._open("r+")[(slice(None), slice(None), *block.slices)] = numbers

    def get(self, block: Block) -> Array:
        """The numbers of ``block`` as they were put."""
        return np.array(self._open("r")[(slice(None), slice(None), *block.slices)])

    def around(self, date: int, block: Block, halo: int) -> Array:
        """One date with ``halo`` pixels more on every side, float32 (bands, rows, columns); NaN where invalid or beyond the edge."""
        _, bands, height, width = self.shape
        made = np.full((bands, block.height + 2 * halo, block.width + 2 * halo), np.nan, np.float32)
        top, left = max(block.row - halo, 0), max(block.col - halo, 0)
        below, right = min(block.row + block.height + halo, height), min(block.col + block.width + halo, width)
        inner = self._floats(self._open("r")[date, :, top:below, left:right])
        at = top - block.row + halo, left - block.col + halo
        made[:, at[0] : at[0] + below - top, at[1] : at[1] + right - left] = inner
        return made

    def lattice(self, date: int, step: int, margin: int = 0, away: tuple[int, int] = (0, 0)) -> Array:
        """Every ``step``-th pixel of one date both ways, ``margin`` from the edges, or those ``away`` from them (rows, columns); float32
        (bands, pixels), NaN where invalid."""
        rows, cols = (slice(margin + by, size - margin + by, step) for size, by in zip(self.shape[2:], away, strict=True))
        return self._floats(self._open("r")[date, :, rows, cols]).reshape(self.shape[1], -1)

    def _floats(self, numbers: Array) -> Array:
        made = numbers.astype(np.float32)
        if self.whole:
            made[numbers == 0] = np.nan
        return made

    def _open(self, mode: Literal["r", "r+"]) -> Array:
        return np.memmap(self._path, self._dtype, mode, shape=self.shape)


@dataclass(frozen=True)
class Pair:
    """Both dates, the second one moved onto the first.

    Attributes:
        store: their numbers.
        shift: rows and columns by which the second one shows the ground further down and right; None leaves it as it is.
    """

    store: PairStore
    shift: tuple[float, float] | None = None

    def numbers(self, block: Block) -> tuple[Array, Array, Array]:
        """Of both dates (bands, rows, columns), and where they are valid (rows, columns)."""
        first, second = self.store.get(block)
        if self.shift is not None:
            first, second = self.store.around(0, block, 0), moved(self.store.around(1, block, HALO), self.shift)
        if first.dtype.kind == "f":
            return first, second, ~(np.isnan(first[0]) | np.isnan(second).any(0))
        return first, second, first[0] != 0

    def sample(self, step: int) -> tuple[Array, Array]:
        """Numbers of both dates at every ``step``-th pixel that is valid, (bands, pixels) float32."""
        first, second = self.store.lattice(0, step, 0 if self.shift is None else HALO), self.second(step)
        valid = ~(np.isnan(first[0]) | np.isnan(second).any(0))
        return first[:, valid], second[:, valid]

    def second(self, step: int) -> Array:
        """The second date at every ``step``-th pixel, interpolated if it is moved; NaN where invalid."""
        if self.shift is None:
            return self.store.lattice(1, step)
        rows, cols = (taps(by) for by in self.shift)
        total: Any = np.float32(0)
        for row, weight in rows:
            for col, share in cols:
                if weight * share:
                    total = total + np.float32(weight * share) * self.store.lattice(1, step, HALO, (row, col))
        return np.asarray(total)
