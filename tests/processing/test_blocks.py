"""The block engine: one answer whatever the block size, each source block decoded once, order, failure and bounded work."""

from __future__ import annotations

import logging
import re
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from earthweave.ontology import Crs
from earthweave.processing.raster import WORKERS, Block, Grid, Shared, average, bilinear, centre, repeat, run_blocks, trimmed
from earthweave.processing.sentinel2 import open_scene, read_band
from earthweave.processing.simulate import sentinel2_product

Array = np.ndarray[Any, Any]
CRS = Crs.parse("EPSG:32632")


class _Pixels:
    """An array that can be read like a dataset."""

    def __init__(self, pixels: Array) -> None:
        self.pixels, (self.height, self.width), self.dtypes = pixels, pixels.shape, (str(pixels.dtype),)

    def read(self, index: int, window: Any) -> Array:
        rows, cols = window.toslices()
        return self.pixels[rows, cols].copy()


def _grid(height: int, width: int) -> Grid:
    return Grid(CRS, 500000, 5000000, 10, 10, width, height)


def _filtered(pixels: Array, valid: Array, halo: int, size: int) -> tuple[Array, float]:
    """A masked mean over a square, by blocks, and a statistic gathered on the way."""
    source, mask = Shared(_Pixels(pixels)), Shared(_Pixels(valid.astype(np.uint8)))
    made, totals = np.full(pixels.shape, np.nan, np.float64), []

    def make(block: Block) -> Array:
        around = block.padded(halo)
        there = Block(around.row - halo, around.col - halo, around.height, around.width)
        known = mask.read(1, there).astype(np.float64)
        numbers = source.read(1, there).astype(np.float64) * known
        # whole sums: what the filter adds up in floats depends in its last digits on where it began
        total, count = (np.rint(uniform_filter(part, 2 * halo + 1, mode="constant") * (2 * halo + 1) ** 2) for part in (numbers, known))
        with np.errstate(invalid="ignore", divide="ignore"):
            return trimmed(np.where(known > 0, total / count, np.nan), halo)

    def write(block: Block, values: Array) -> None:
        made[block.slices] = values
        totals.append(float(np.nansum(values)))

    run_blocks(_grid(*pixels.shape), make, write, size=size)
    return made, sum(totals)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_result_does_not_depend_on_the_block_size(data: st.DataObject) -> None:
    """Random sizes with partial blocks at the edges, halos, masks."""
    height, width = (data.draw(st.integers(1, 70)) for _ in range(2))
    halo, sizes = data.draw(st.integers(0, 6)), [data.draw(st.integers(1, 80)) for _ in range(2)]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    pixels = rng.integers(0, 60000, (height, width)).astype(np.uint16)
    valid = rng.random((height, width)) < data.draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    (one, first), (other, second) = (_filtered(pixels, valid, halo, size) for size in sizes)
    np.testing.assert_array_equal(one, other)
    assert first == pytest.approx(second, rel=1e-12)


def test_blocks_come_in_order_and_few_at_a_time() -> None:
    seen, begun, most = [], [0], [0]
    gate = threading.Lock()

    def make(block: Block) -> int:
        with gate:
            begun[0] += 1
            most[0] = max(most[0], begun[0] - len(seen))
        time.sleep(0.002 * (block.col % 3))
        return block.row * 1000 + block.col

    told: list[float] = []
    run_blocks(_grid(50, 70), make, lambda block, value: seen.append(value), size=16, tell=told.append)
    assert seen == sorted(seen) and len(seen) == 20
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 20
    assert most[0] <= WORKERS + 1


@pytest.mark.parametrize("where", ["make", "write", "tell"])
def test_a_failure_ends_the_run_and_nothing_goes_on(where: str) -> None:
    made = []

    def fail(place: str, block_or_share: Any) -> None:
        if place == where and len(made) >= 3:
            raise KeyError(place)

    def make(block: Block) -> None:
        fail("make", block)
        made.append(block)

    with pytest.raises(KeyError, match=where):
        run_blocks(_grid(100, 100), make, lambda block, _: fail("write", block), size=10, tell=lambda share: fail("tell", share))
    count = len(made)
    assert count <= 4 + 2 * WORKERS
    time.sleep(0.02)
    assert len(made) == count and not [thread for thread in threading.enumerate() if thread.name.startswith("block")]


@pytest.mark.parametrize("block", [Block(-3, -2, 9, 8), Block(4, 4, 20, 20), Block(-9, 0, 3, 3), Block(0, 50, 2, 2), Block(1, 1, 2, 2)])
def test_pixels_outside_the_raster_are_filled(block: Block) -> None:
    pixels = np.arange(100, dtype=np.int16).reshape(10, 10)
    padded = np.pad(pixels, 60, constant_values=-7)
    expected = padded[block.row + 60 : block.row + 60 + block.height, block.col + 60 : block.col + 60 + block.width]
    np.testing.assert_array_equal(Shared(_Pixels(pixels)).read(1, block, -7), expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0]))
def test_resampling_by_whole_ratios(ratio: int, height: int, width: int, seed: int, missing: float) -> None:
    """Against the definitions, pixel by pixel: mean of the valid; weights by distance between centres over the valid."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(1, 65535, (height * ratio, width * ratio)).astype(np.float32)
    fine[rng.random(fine.shape) < missing] = np.nan
    tiles = fine.reshape(height, ratio, width, ratio).transpose(0, 2, 1, 3).reshape(height, width, -1).astype(np.float64)
    known = ~np.isnan(tiles)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, tiles, 0).sum(2) / known.sum(2)
    np.testing.assert_allclose(average(fine, ratio), mean, rtol=1e-6)
    np.testing.assert_array_equal(centre(repeat(fine, ratio), ratio), fine)
    coarse = np.pad(fine[:height, :width], 1, constant_values=np.nan)
    np.testing.assert_allclose(bilinear(coarse, ratio), _between(coarse.astype(np.float64), ratio), rtol=1e-6)


def _between(padded: Array, ratio: int) -> Array:
    made = np.full(((padded.shape[0] - 2) * ratio, (padded.shape[1] - 2) * ratio), np.nan)
    for row in range(made.shape[0]):
        for col in range(made.shape[1]):
            y, x = (row + 0.5) / ratio + 0.5, (col + 0.5) / ratio + 0.5
            top, left = int(np.floor(y)), int(np.floor(x))
            weights = np.outer([top + 1 - y, y - top], [left + 1 - x, x - left])
            around = padded[top : top + 2, left : left + 2]
            weights = weights[: around.shape[0], : around.shape[1]] * ~np.isnan(around)
            if not np.isnan(padded[row // ratio + 1, col // ratio + 1]):
                made[row, col] = (np.nan_to_num(around) * weights).sum() / weights.sum()
    return made


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A product whose images have JPEG 2000 tiles of 64 pixels."""
    product = sentinel2_product(tmp_path_factory.mktemp("tiled"), level="L1C", size=120)
    for path in product.rglob("*_B*.jp2"):
        with rasterio.open(path) as dataset:
            pixels, transform = dataset.read(1), dataset.transform
        options = {"REVERSIBLE": "YES", "QUALITY": "100", "BLOCKXSIZE": 64, "BLOCKYSIZE": 64}
        height, width = pixels.shape
        with rasterio.open(
            path,
            "w",
            driver="JP2OpenJPEG",
            width=width,
            height=height,
            count=1,
            dtype="uint16",
            crs="EPSG:32756",
            transform=transform,
            **options,
        ) as target:
            target.write(pixels, 1)
    return product


@pytest.mark.parametrize(("resolution", "size"), [(10, 64), (10, 48), (20, 50), (60, 17)])
def test_each_source_block_is_decoded_once(
    tiled: Path, resolution: int, size: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by what the decoder itself says; blocks of the result do not fit the tiles, and up, down and equal sizes are read."""
    monkeypatch.setenv("CPL_DEBUG", "ON")
    caplog.set_level(logging.DEBUG, "rasterio._err")
    scene = open_scene(tiled)
    names = ("B02", "B05", "B09")
    grid = scene.grid.snapped(scene.grid.bounds, resolution)
    tiles = 0
    for name in names:
        with rasterio.open(scene.band(name, resolution).path) as dataset:
            tiles += len(list(dataset.block_windows(1)))
    caplog.clear()
    with read_band(scene, names, grid) as read:
        run_blocks(grid, lambda block: [read(name, block) for name in names], lambda *_: None, size=size)
    decoded = len(re.findall(r"Tile \d+/\d+ has been decoded", caplog.text))
    assert decoded == tiles > len(names)


@pytest.mark.parametrize("resolution", [10, 20, 60, 15])
def test_bands_do_not_depend_on_the_block_size(tiled: Path, resolution: int) -> None:
    scene = open_scene(tiled)
    grid = scene.grid.snapped(scene.grid.bounds, resolution).part(Block(3, 5, 37, 33))
    found = []
    for size in (1024, 13, 8):
        whole = np.full((3, grid.height, grid.width), np.nan, np.float32)
        with read_band(scene, ("B02", "B05", "B09"), grid) as read:

            def put(block: Block, values: list[Array], whole: Array = whole) -> None:
                whole[(slice(None), *block.slices)] = values

            run_blocks(grid, lambda block, read=read: [read(name, block) for name in ("B02", "B05", "B09")], put, size=size)  # type: ignore[misc]
        found.append(whole)
    assert np.isfinite(found[0]).any()
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_grown_grids_and_padded_blocks_agree() -> None:
    grid, halo = _grid(40, 30), 5
    block = Block(7, 9, 8, 6)
    inner, outer = grid.part(block), grid.grown(halo).part(block.padded(halo))
    assert outer.bounds == (inner.bounds[0] - 50, inner.bounds[1] - 50, inner.bounds[2] + 50, inner.bounds[3] + 50)
    assert isinstance(grid.transform, Affine)
