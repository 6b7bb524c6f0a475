"""Processing services beside what people use instead, on simulated data; both sides must give the same.

Flood-mask beside the three GDAL programs that it replaces, and S2-preprocess beside rioxarray (``pip install rioxarray dask``).
Run ``python -m benchmarks.processing``. Prints Markdown; without the peer its column, or table, is left out.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pyogrio import read_info

from benchmarks._preprocess import table
from earthweave.ontology import Crs, Interval
from earthweave.processing import run_service, service
from earthweave.processing.raster import Grid, Tags, create_raster

SIDES = (500, 1000, 2000)
TOOLS = ("gdal_sieve.py", "gdal_calc.py", "gdal_polygonize.py")


def change(path: Path, side: int) -> Path:
    """A raster of smooth simulated change with noise, 0 … 20, a few no-data pixels."""
    rng = np.random.default_rng(side)
    y, x = np.mgrid[:side, :side] / 40
    pixels = (8 * (np.sin(x) * np.cos(y) + np.sin(0.37 * x + 1.3 * y)) + rng.normal(0, 0.3, (side, side))).astype(np.float32)
    pixels[rng.random(pixels.shape) < 1e-4] = np.nan
    grid = Grid(Crs.parse("EPSG:32756"), 300000, 6280000, 20, 20, side, side)
    tags = Tags(Interval.parse("2021-03-15", "2021-03-25"), simulated=True)
    with create_raster(path, grid, "float32", float("nan"), ("simulated change",), tags) as dataset:
        dataset.write(pixels, 1)
    return path


def ours(source: Path, folder: Path) -> tuple[float, int]:
    """Seconds and polygons."""
    start = time.perf_counter()
    result = run_service(service("flood-mask"), {"input": source, "output_path": folder / "ours.shp"})
    return time.perf_counter() - start, int(result.report["figures"]["polygons"])


def gdal(source: Path, folder: Path) -> tuple[float, int]:
    """Seconds and polygons of the exercise's commands."""
    sieved, kept, vector = (str(folder / name) for name in ("sieve.tif", "kept.tif", "gdal.shp"))
    start = time.perf_counter()
    for step in (
        ["gdal_sieve.py", "-q", "-st", "10", str(source), sieved],
        ["gdal_calc.py", "--quiet", "-A", sieved, "--calc=(A>=4)*A", "--NoDataValue=0", "--outfile", kept],
        ["gdal_polygonize.py", "-q", kept, vector, "flood_mask", "floodLevel"],
    ):
        subprocess.run(step, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, int(read_info(vector)["features"])


def main() -> None:
    """Print the table; the first run of ours, which loads the libraries, is not counted."""
    peer = all(shutil.which(tool) for tool in TOOLS)
    print("| MPixel | polygons | Flood-mask s | GDAL tools s | ratio |\n|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours(change(folder / "warm.tif", 100), folder)
        for side in SIDES:
            place = folder / str(side)
            place.mkdir()
            source = change(place / "change.tif", side)
            seconds, polygons = ours(source, place)
            theirs, count = gdal(source, place) if peer else (float("nan"), polygons)
            if polygons != count:
                sys.exit(f"{polygons} polygons, but GDAL gives {count}")
            print(f"| {side * side / 1e6:.2f} | {polygons:,} | {seconds:.2f} | {theirs:.2f} | {theirs / seconds:.1f} |")
    if importlib.util.find_spec("rioxarray"):
        print()
        table()


if __name__ == "__main__":
    main()
