"""``gdal_sieve`` for rasters that do not fit into memory: strips of rows in, sieved strips of rows out, equal to the bit.

::

    put(rows) … ──▶ scratch file (1, 2 or 4 bytes per pixel)         strips ──▶ strip k with rows around it
                 └▶ patches of each strip, joined across the seams              patches numbered anew; those cut by its edge
                    (only those that touch a seam, or the edge of               get the size that the seams know
                    another strip's surroundings, are kept)               ──▶ largest neighbours, chains ──▶ levels of strip k

A patch that is to be merged has fewer than ``size`` pixels, so it lies, with all its small neighbours, in the strip of its first pixel,
``size`` rows above and twice as many below. What is large is known by its size alone. A chain of small neighbours may leave the strip:
then it ends at a patch whose first pixel is near a seam, and what becomes of those is settled when all strips are sieved; the pixels that
wait for it lie on the disk. So the source is read once, the scratch files twice, and memory holds a few strips, whatever the raster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ._blocks import WORKERS

Array = np.ndarray[Any, Any]
T = TypeVar("T")
R = TypeVar("R")
NOTHING = -(2**31)
"""Level of a pixel that belongs to no patch (no data)."""
STRIP = 256
"""Rows of a strip."""
_LOST = 2**40
"""Beyond every level: the patch keeps its own."""
_NOTHING = {np.int8: -(2**7), np.int16: -(2**15), np.int32: NOTHING}


class Rows:
    """Rows of int32 in a scratch file, each strip with as few bytes per pixel as it needs; any thread may read."""

    def __init__(self, path: Path, width: int) -> None:
        self.height = 0
        self._path, self._width = path, width
        self.strips: list[tuple[int, int, int, Any]] = []
        path.write_bytes(b"")

    def append(self, rows: Array) -> None:
        """Add rows at the end."""
        low, high = int(rows.min(initial=0, where=rows != NOTHING)), int(rows.max(initial=0))
        kind = next(kind for kind, nothing in _NOTHING.items() if nothing < low and high < -nothing)
        begin = self._path.stat().st_size
        with self._path.open("ab") as file:
            np.where(rows == NOTHING, _NOTHING[kind], rows).astype(kind).tofile(file)
        self.strips.append((self.height, self.height + len(rows), begin, kind))
        self.height += len(rows)

    def read(self, start: int, stop: int) -> Array:
        """Rows ``start … stop − 1``."""
        found = np.empty((stop - start, self._width), np.int32)
        for first, last, begin, kind in self.strips:
            low, high = max(first, start), min(last, stop)
            if low < high:
                offset = begin + (low - first) * self._width * np.dtype(kind).itemsize
                part = np.fromfile(self._path, kind, (high - low) * self._width, offset=offset).reshape(-1, self._width)
                inner = found[low - start : high - start]
                inner[:] = part
                inner[part == _NOTHING[kind]] = NOTHING
        return found


@dataclass(frozen=True)
class _Near:
    """Small patches whose first pixels lie near a seam: that pixel, and the level that the patch takes, `_LOST` if it keeps its own, or
    (where ``leads``) the first pixel of the patch in another strip to which its chain leads."""

    keys: Array
    values: Array
    leads: Array


@dataclass(frozen=True)
class _Window:
    """A strip with its surroundings: its first row, numbers of patches, and for each its level, first pixel in the raster and goal."""

    row: int
    labels: Array
    levels: Array
    keys: Array
    goals: Array


class Sieve:
    """Merge patches smaller than ``size`` pixels into their largest neighbour, as ``gdal_sieve`` does.

    ``put`` rows (int32, `NOTHING` for no data) from top to bottom, as many at a time as there are; then iterate over ``strips``. Sizes of 0
    and 1 change nothing. ``corners`` joins pixels by corners as well (``gdal_sieve -8``). Memory grows with ``size`` × ``width``.
    """

    def __init__(self, shape: tuple[int, int], size: int, scratch: Path, *, corners: bool = False, strip: int = STRIP) -> None:
        self.shape, self.corners = shape, corners
        self._size = max(size, 1)
        self.strip = min(max(strip, 2 * self._size), max(shape[0], 1))
        self._scratch = scratch
        self._rows = Rows(scratch, shape[1])
        self._seams = _Seams(shape, self._size, corners)
        self._waiting: list[Array] = []
        self._held = 0

    def put(self, rows: Array) -> None:
        """Take the next rows."""
        while len(rows):
            part, rows = np.split(rows, [self.strip - self._held])
            self._waiting.append(part)
            self._held += len(part)
            if self._held == self.strip or self._rows.height + self._held == self.shape[0]:
                self._add(np.ascontiguousarray(np.concatenate(self._waiting), np.int32))
                self._waiting, self._held = [], 0

    def _add(self, levels: Array) -> None:
        if self._size > 1 and self.shape[0] > self.strip:
            self._seams.add(self._rows.height, levels)
        self._rows.append(levels)

    def strips(self) -> Iterator[tuple[int, Array]]:
        """First row and sieved rows (int32) of each strip, from top to bottom; strips are made side by side."""
        height, strip = self.shape[0], self.strip
        cores = [(start, min(start + strip, height)) for start in range(0, height, strip)]
        if self._size < 2:
            yield from ((start, self._rows.read(start, stop)) for start, stop in cores)
            return
        self._seams.close()
        if len(cores) < 2:
            yield from ((start, self._sieved(start, stop)[0]) for start, stop in cores)
            return
        sieved = Rows(self._scratch.with_suffix(".sieved"), self.shape[1])
        near = []
        for levels, found in ahead(lambda core: self._sieved(*core), cores):
            sieved.append(levels)
            near.append(found)
        settled = _settled(near)
        for start, stop in cores:
            yield start, self._amended(sieved.read(start, stop), start, settled)

    def _amended(self, levels: Array, start: int, near: _Near) -> Array:
        """Give the pixels whose patches wait for another strip their levels."""
        with np.load(self._waits(start)) as file:
            pixels, keys = file["pixels"], file["keys"]
        if len(keys):
            values = near.values[np.searchsorted(near.keys, keys)]
            taken = values != _LOST
            levels.ravel()[pixels[taken]] = values[taken]
        return levels

    def _sieved(self, start: int, stop: int) -> tuple[Array, _Near]:
        """Levels of a strip, with those that wait for another strip as they were, and what its patches near seams take."""
        window = self._window(start, stop)
        values, leads = _taken(window)
        final = np.where(leads | (values == _LOST), window.levels, values).astype(np.int32)
        core = window.labels[start - window.row : stop - window.row]
        pixels = np.flatnonzero(leads[core])
        np.savez(self._waits(start), pixels=pixels, keys=values[core.ravel()[pixels]])
        row = window.keys // self.shape[1]
        edge = (row < start + self._size) | (row >= stop - self._size)
        small = window.goals != np.arange(len(window.goals))
        chosen = np.flatnonzero((row >= start) & (row < stop) & edge & small)
        return final[core], _Near(window.keys[chosen], values[chosen], leads[chosen])

    def _waits(self, start: int) -> Path:
        return self._scratch.with_suffix(f".{start}.npz")

    def _window(self, start: int, stop: int) -> _Window:
        from . import _kernels

        top, bottom = max(start - self._size, 0), min(stop + 2 * self._size, self.shape[0])
        levels = self._rows.read(top, bottom)
        labels = np.empty_like(levels)
        sizes, firsts, _ = _kernels.label(levels, self.corners, labels)
        self._seams.tell(top, labels[0], sizes)
        self._seams.tell(bottom - 1, labels[-1], sizes)
        best = _kernels.largest_neighbours(labels, sizes, self._size, self.corners)
        low, high = ((row - top) * self.shape[1] for row in (start, stop))
        goals = _kernels.goals(best, sizes, firsts, self._size, low, high)
        own = levels.ravel()[np.maximum(firsts, 0)].astype(np.int64)
        own[0] = NOTHING
        return _Window(top, labels, own, firsts + top * self.shape[1], goals)


def _taken(window: _Window) -> tuple[Array, Array]:
    """What each patch takes (level, `_LOST`, or the first pixel of a patch elsewhere), and whether it is the last of these."""
    goal = window.goals
    leads, lost = goal < 0, goal == len(goal)
    at = np.where(lost, 0, np.abs(goal))
    return np.where(leads, window.keys[at], np.where(lost, _LOST, window.levels[at])), leads


def _settled(parts: list[_Near]) -> _Near:
    """Follow the chains that lead from strip to strip; one that comes back to itself leads nowhere."""
    keys, values, leads = (np.concatenate([getattr(part, name) for part in parts]) for name in ("keys", "values", "leads"))
    place = np.arange(len(keys))
    place[leads] = np.searchsorted(keys, values[leads])
    for _ in range(len(keys).bit_length()):
        place = place[place]
    return _Near(keys, np.where(leads[place], _LOST, values[place]), np.zeros_like(leads))


class _Seams:
    """Sizes of the patches that no single strip knows."""

    def __init__(self, shape: tuple[int, int], size: int, corners: bool) -> None:
        self._shape, self._size, self._corners = shape, size, corners
        self._numbers: dict[int, Array] = {}
        self._levels = np.empty(0, np.int32)
        self._sizes: list[Array] = [np.zeros(1, np.int64)]
        self._joined: list[Array] = []
        self._count = 1
        self._totals = np.empty(0, np.int64)

    def add(self, row: int, levels: Array) -> None:
        """Number the patches of the strip that begins at ``row`` and touch one of the rows where windows end; join them upwards."""
        from . import _kernels

        labels = np.empty_like(levels)
        sizes, _, _ = _kernels.label(levels, self._corners, labels)
        height = len(levels)
        wanted = {at for at in (0, 2 * self._size - 1, height - self._size, height - 1) if 0 <= at < height}
        known = np.zeros(len(sizes), bool)
        for at in wanted:
            known[labels[at]] = True
        known[0] = False
        numbers = np.zeros(len(sizes), np.int64)
        numbers[known] = self._count + np.arange(np.count_nonzero(known))
        self._count += int(np.count_nonzero(known))
        self._sizes.append(sizes[known])
        for at in wanted:
            self._numbers[row + at] = numbers[labels[at]]
        if row:
            self._joined.append(touching(self._levels, self._numbers[row - 1], levels[0], self._numbers[row], self._corners))
        self._levels = levels[-1].copy()

    def close(self) -> None:
        """Add up what belongs together."""
        if self._joined:
            groups = grouped(np.concatenate(self._joined, axis=1), self._count)
            sizes = np.concatenate(self._sizes)
            self._totals = np.bincount(groups, sizes)[groups].astype(np.int64)

    def tell(self, row: int, labels: Array, sizes: Array) -> None:
        """Give the patches in this edge of a window their sizes, if the raster goes on beyond it."""
        if 0 < row < self._shape[0] - 1 and row in self._numbers:
            sizes[labels] = self._totals[self._numbers[row]]


def touching(above: Array, upper: Array, below: Array, lower: Array, corners: bool) -> Array:
    """Pairs (2, n) of numbers of pixels that touch across a seam and have one level; `NOTHING` touches nothing."""
    width = len(above)
    pairs = []
    for shift in (-1, 0, 1) if corners else (0,):
        one, other = slice(max(0, -shift), width - max(0, shift)), slice(max(0, shift), width - max(0, -shift))
        same = (above[one] == below[other]) & (above[one] != NOTHING)
        pairs.append(np.stack([upper[one][same], lower[other][same]]))
    found: Array = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return found


def grouped(pairs: Array, count: int) -> Array:
    """For each of ``count`` numbers that of its group, when pairs (2, n) belong together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(pairs.shape[1], bool), (pairs[0], pairs[1])), shape=(count, count))
    found: Array = connected_components(graph, directed=False)[1]
    return found


def ahead(make: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``make(item)`` of each item, in order; `WORKERS` are made side by side, none further ahead."""
    rest = iter(items)
    with ThreadPoolExecutor(WORKERS, "strip") as pool:
        waiting = [pool.submit(make, item) for item in islice(rest, WORKERS)]
        try:
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(make, item) for item in islice(rest, 1)]
        finally:
            pool.shutdown(cancel_futures=True)
