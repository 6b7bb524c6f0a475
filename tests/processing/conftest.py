"""A small simulated pair, made once, and rasters written on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from earthweave.processing import Result, run_service, service
from earthweave.processing.simulate import sentinel2_pair

Array = np.ndarray[Any, Any]
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A simulated pair of 300 × 300 pixels of 20 m in the middle."""
    return sentinel2_pair(tmp_path_factory.mktemp("pair"), size=300)


@pytest.fixture(scope="session")
def change(pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Result:
    """S2-CD of the simulated pair as the exercise calls it, on the whole scene."""
    folder = tmp_path_factory.mktemp("change")
    return run_service(
        service("S2-CD"), {"input1": pair[0], "input2": pair[1], "bands": "B3,B4,B8", "resolution": 20, "output_path": folder}
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(name, array of (bands, rows, columns), …)`` → path of a GeoTIFF in EPSG:32632 with 10 m pixels."""

    def make(name: str, pixels: Array, *, nodata: float | None = None, bands: tuple[str, ...] = (), crs: str | None = "EPSG:32632") -> Path:
        count, height, width = pixels.shape
        path = tmp_path / name
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=count,
            dtype=pixels.dtype,
            crs=crs,
            nodata=nodata,
            transform=Affine(10, 0, 580000, 0, -10, 5100000),
        ) as dataset:
            dataset.write(pixels)
            for number, text in enumerate(bands, 1):
                dataset.set_band_description(number, text)
        return path

    return make


def read(path: Path, band: int = 1) -> Array:
    """Pixels of one band."""
    with rasterio.open(path) as dataset:
        pixels: Array = dataset.read(band)
        return pixels
