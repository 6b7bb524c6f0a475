"""S2-preprocess beside the same work in rioxarray: ten bands to 10 m, clouds hidden by scene classes, offset removed, one GeoTIFF.

Three ways to use rioxarray: with the lines that its pages show; the same tuned, in whole numbers instead of floats and with as many
threads for warping as there are cores; and tuned with images in chunks that dask works through. All write the layout, the compression and
the level of it that the service writes, in as many threads, and all must give the same pixels, to the last.

Each side runs in a process of its own (``python -m benchmarks._preprocess WAY PRODUCT FOLDER`` prints its figures as JSON), so the peak of
memory is its own; before it is timed it does the same with a tiny product, so that nothing is loaded in the time. The service also
describes and hashes what it read and made. The product is measured with its images as tiled GeoTIFF, where the work is resampling and
masking, and as it comes, in JPEG 2000, where decoding bounds all: ``decode`` reads each image once and does nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import rasterio

BANDS = ("B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12")
HIDDEN = (1, 3, 8, 9, 10)
ROOT = Path(__file__).resolve().parents[1]
CORES = 2
LAYOUT = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1, "predictor": 2, "interleave": "band"}
GOAL, GOAL_SHARE = 5.0, 1 / 3
_CHUNKS = {"x": 1024, "y": 1024}


def ours(product: Path, folder: Path) -> Path:
    """The service."""
    from earthweave.processing import run_service, service

    parameters = {"input": product, "output_path": folder, "bands": ",".join(BANDS), "resolution": 10, "cloud_mask": "scl"}
    return run_service(service("s2-preprocess"), parameters).layers[0].path


def plain(product: Path, folder: Path) -> Path:
    """The usual lines in rioxarray."""
    return _peer(product, folder, tuned=False)


def tuned(product: Path, folder: Path) -> Path:
    """In whole numbers, warped in several threads."""
    return _peer(product, folder)


def chunked(product: Path, folder: Path) -> Path:
    """The same with dask; what is warped is in memory all the same."""
    return _peer(product, folder, chunks=_CHUNKS)


def _peer(product: Path, folder: Path, *, tuned: bool = True, chunks: dict[str, int] | None = None) -> Path:
    import rioxarray
    import xarray
    from rasterio.enums import Resampling

    def image(name: str, chunks: dict[str, int] | None = None) -> Any:
        opened: Any = rioxarray.open_rasterio(path(product, name), chunks=chunks)
        return opened.squeeze("band", drop=True).rio.write_nodata(0)

    def warped(name: str, way: Resampling) -> Any:
        found = image(name).rio.reproject_match(grid, resampling=way, num_threads=CORES if tuned else 1)
        return found.chunk(chunks) if chunks else found

    grid = image("B02", chunks)
    classes = warped("SCL", Resampling.nearest)
    bands = [grid, *(image(name, chunks) for name in BANDS[1:4]), *(warped(name, Resampling.bilinear) for name in BANDS[4:])]
    cube = xarray.concat(bands, dim="band", coords="minimal", compat="override")
    seen = (cube != 0).all("band") & ~classes.isin((0, *HIDDEN))
    numbers = cube.astype("int16" if tuned else "float32")
    made = (numbers - numbers.dtype.type(1000)).where(seen, numbers.dtype.type(-32768)).astype("int16", copy=False)
    folder.mkdir(parents=True, exist_ok=True)
    lock = Lock() if chunks else None
    made.rio.write_nodata(-32768).rio.to_raster(folder / "peer.tif", num_threads=CORES, lock=lock, **LAYOUT)
    return folder / "peer.tif"


def decode(product: Path, folder: Path) -> Path:
    """Every image that is needed, read once, tile by tile, an image to a core; makes nothing."""

    def read(name: str) -> None:
        with rasterio.Env(GDAL_NUM_THREADS="1", GDAL_CACHEMAX=64 * 2**20), rasterio.open(path(product, name)) as dataset:
            for _, window in dataset.block_windows(1):
                dataset.read(1, window=window)

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(read, (*BANDS, "SCL")))
    return folder


WAYS = {"ours": ours, "plain": plain, "tuned": tuned, "chunked": chunked, "decode": decode}
NAMES = {
    "ours": "S2-preprocess",
    "plain": "rioxarray",
    "tuned": "rioxarray, tuned",
    "chunked": "rioxarray, tuned, dask",
    "decode": "decoding alone",
}


def path(product: Path, name: str) -> Path:
    """The image of a band, whatever its format, at the finest resolution that has one."""
    resolution = "10m" if name in BANDS[:4] else "20m"
    return next(found for found in product.rglob(f"*_{name}_{resolution}.*") if found.suffix in (".jp2", ".tif"))


def job(which: str, product: Path, folder: Path) -> None:
    """Run one side and print its figures."""
    WAYS[which](folder / "tiny" / product.name, folder / "warm")
    wall, cpu = time.perf_counter(), time.process_time()
    made = WAYS[which](product, folder / which)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "file": str(made)}
    print(json.dumps({**figures, "mib": _peak()}))


def _peak() -> float:
    """Most memory of this program so far, MiB; what the kernel keeps for children counts the memory of the process that began them."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(which: str, product: Path, folder: Path) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks._preprocess", which, str(product), str(folder)]
    found = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, Any] = json.loads(found.splitlines()[-1])
    return figures


def as_geotiff(product: Path, folder: Path) -> Path:
    """The product with its images as GeoTIFF in deflated tiles of 1024, as archives in the cloud keep them."""
    copy = folder / product.name
    shutil.copytree(product, copy)
    main = copy / "MTD_MSIL2A.xml"
    main.write_text(main.read_text().replace('imageFormat="JPEG2000"', 'imageFormat="GeoTIFF"'))
    tiles = {"tiled": True, "blockxsize": 1024, "blockysize": 1024, "compress": "deflate", "predictor": 2, "num_threads": CORES}
    for found in sorted(copy.rglob("*.jp2")):
        if found in {path(copy, name) for name in (*BANDS, "SCL")}:
            with rasterio.open(found) as source:
                with rasterio.open(found.with_suffix(".tif"), "w", **{**source.profile, "driver": "GTiff", **tiles}) as target:
                    target.write(source.read())
        found.unlink()
    return copy


def agree(one: str, other: str) -> bool:
    """The same pixels, and the same of them without data."""
    with rasterio.open(one) as first, rasterio.open(other) as second:
        return first.nodata == second.nodata and all(np.array_equal(first.read(band), second.read(band)) for band in first.indexes)


def rows(label: str, product: Path, folder: Path, pixels: float) -> None:
    """Print a line for each side."""
    theirs = ("plain", "tuned", *(("chunked",) if importlib.util.find_spec("dask") else ()))
    found = {which: measured(which, product, folder) for which in ("decode", *theirs, "ours")}
    mine = found["ours"]
    for which, figures in found.items():
        if which in theirs and not agree(mine["file"], figures["file"]):
            sys.exit(f"{label}: the results of S2-preprocess and {NAMES[which]} differ")
        faster, share = figures["wall"] / mine["wall"], mine["mib"] / figures["mib"]
        ratios = f"{faster:.1f} | {share:.2f} | {_reached(faster, share)}" if which in theirs else " | | "
        said = f"{figures['wall']:.2f} | {figures['cpu']:.2f} | {pixels / figures['wall']:.0f} | {figures['mib']:.0f}"
        print(f"| {label} | {NAMES[which]} | {said} | {ratios} |", flush=True)


def _reached(faster: float, share: float) -> str:
    return f"{'yes' if faster >= GOAL else '**no**'}, {'yes' if share < GOAL_SHARE else '**no**'}"


def table(size: int = 1500) -> None:
    """Print the comparison for a simulated product of ``size`` 20 m pixels a side."""
    from earthweave.processing.simulate import sentinel2_product

    print("| images | | wall s | CPU s | MPixel out / s | MiB | S2-preprocess times faster | its share of memory | ≥ 5, < 1/3 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as name:
        jp2, tif = Path(name, "jp2"), Path(name, "tif")
        for folder, side in ((jp2 / "tiny", 60), (jp2, size)):
            folder.mkdir(parents=True, exist_ok=True)
            product = sentinel2_product(folder, clouds=0.1, size=side)
            as_geotiff(product, tif / folder.relative_to(jp2))
        for label, folder in (("GeoTIFF", tif), ("JPEG 2000", jp2)):
            rows(label, folder / product.name, folder, len(BANDS) * (2 * size) ** 2 / 1e6)


if __name__ == "__main__":
    job(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
