"""The block engine: work through a grid in windows of bounded memory, several at a time, with one answer whatever their size.

::

    outer = grid.grown(halo)                                      # an operator that looks `halo` pixels around opens its inputs on this
    with open_raster(path) as dataset:
        def make(block):                                          # reads and computes; runs in a worker
            around = read(block.padded(halo))                     # the same block in pixels of `outer`, with its surroundings
            return trimmed(operator(around), halo)
        run_blocks(grid, make, write, tell=...)                   # write(block, value) in the caller's thread, in the order of the grid

What makes the result independent of the block size: ``make`` is a function of the block's pixels and its halo alone; ``write`` is called
in the order of the grid. A pass that gathers statistics is the same call with a ``write`` that adds up; a second pass applies them.

Threads are settled here and nowhere else: `WORKERS` blocks are made side by side, GDAL decodes each in the thread that asks (its handles
serve one thread at a time, see `Shared`), and the array code of this room runs in the thread that calls it. GDAL's cache of decoded
blocks holds a row of them, so each is decoded once while the rows go down.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from ._grid import Block, Grid

Array = np.ndarray[Any, Any]
T = TypeVar("T")
BLOCK = 1024
"""Side of a block in pixels: a tile of Sentinel-2's JPEG 2000, four tiles of the rasters that we write."""
WORKERS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
"""Blocks that are made side by side."""
CACHE = 512
"""Most MiB of decoded and written blocks that GDAL keeps: a row of blocks of all bands of a whole Sentinel-2 tile, in and out."""


def run_blocks(
    grid: Grid,
    make: Callable[[Block], T],
    write: Callable[[Block, T], None],
    *,
    size: int = BLOCK,
    tell: Callable[[float], None] | None = None,
    cache: int = CACHE,
) -> None:
    """Call ``write(block, make(block))`` for every block of ``grid``, row by row.

    ``make`` runs in `WORKERS` threads, at most one block ahead of them; ``write`` and ``tell`` (share done, above 0 to 1) run in the
    caller's thread, in order. The first failure of any of the three, in that order, ends the run: what is not begun is dropped, what
    runs is waited for, and the error is raised; so a ``tell`` that raises cancels. Nothing is caught or retried. ``cache`` is what GDAL
    may keep, MiB.
    """
    blocks = list(grid.blocks(size))
    with _environment(cache), ThreadPoolExecutor(WORKERS, "block") as pool:
        waiting: deque[tuple[Block, Future[T]]] = deque()
        try:
            for number in range(len(blocks) + WORKERS):
                if number < len(blocks):
                    waiting.append((blocks[number], pool.submit(_inside, make, blocks[number], cache)))
                if number >= WORKERS:
                    block, future = waiting.popleft()
                    write(block, future.result())
                    if tell:
                        tell((number - WORKERS + 1) / len(blocks))
        finally:
            pool.shutdown(cancel_futures=True)


def _inside(make: Callable[[Block], T], block: Block, cache: int) -> T:
    """GDAL's options hold for one thread, so each block enters them."""
    with _environment(cache):
        return make(block)


@contextmanager
def _environment(cache: int) -> Iterator[None]:
    import rasterio

    with rasterio.Env(GDAL_NUM_THREADS="1", GDAL_CACHEMAX=cache * 2**20, GDAL_TIFF_INTERNAL_MASK=True):
        yield


class Shared:
    """An open rasterio dataset (or a warped view of one) that several threads read, one at a time.

    One handle and not one each: then a source block is decoded once, whoever asks first.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._turn = Lock()

    def read(self, index: int, block: Block, fill: float = 0) -> Array:
        """Pixels of ``block`` in band ``index``; those outside the raster are ``fill``."""
        rows, cols = max(block.row, 0), max(block.col, 0)
        inner = Block(
            rows,
            cols,
            min(block.row + block.height, self._dataset.height) - rows,
            min(block.col + block.width, self._dataset.width) - cols,
        )
        if inner == block:
            return self._take(index, block)
        pixels = np.full((block.height, block.width), fill, self._dataset.dtypes[index - 1])
        if inner.height > 0 and inner.width > 0:
            place = Block(inner.row - block.row, inner.col - block.col, inner.height, inner.width)
            pixels[place.slices] = self._take(index, inner)
        return pixels

    def _take(self, index: int, block: Block) -> Array:
        with self._turn:
            pixels: Array = self._dataset.read(index, window=block.window)
        return pixels


def trimmed(pixels: Array, halo: int) -> Array:
    """Without ``halo`` pixels on each side of the last two axes."""
    return pixels[..., halo : pixels.shape[-2] - halo, halo : pixels.shape[-1] - halo]
