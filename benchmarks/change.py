"""Change detection: the vectors alone beside SAGA's tool, and a whole Sentinel-2 pair up to its flood mask beside decoding its images.

    python -m benchmarks.change [--size PIXELS] [--folder FOLDER [--keep]]

The scenes are simulated, as hard to compress as real ones, and made once in ``--folder`` (default a temporary one, about 3 GB with the
results); they are removed at the end unless ``--keep`` is said, and used again if they are there. ``--size`` is the side in 20 m pixels,
a whole tile by default. Each side runs in a process of its own, so the peak of memory is its own; imports are not counted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from earthweave.ontology import Crs
from earthweave.processing import run_service, service
from earthweave.processing.raster import WORKERS, Grid, Tags, create_raster
from earthweave.processing.sentinel2 import ChangeStatistics, Scale, Vectors
from earthweave.processing.simulate import sentinel2_tile

ROOT = Path(__file__).resolve().parents[1]
GOAL_RATE, GOAL_RATIO, GOAL_MIB = 35, 1.5, 2048
SIDE = 2048


def numbers(bands: int, side: int = SIDE) -> Any:
    """Two dates of noise, (2, bands, rows, columns) uint16."""
    return np.random.default_rng(bands).integers(1100, 5000, (2, bands, side, side)).astype(np.uint16)


def vectors(bands: int) -> Vectors:
    """Plain differences of reflectance, offset removed."""
    scale = Scale(np.full(bands, -1000.0), np.full(bands, 10_000.0))
    return Vectors.of(ChangeStatistics(np.ones(bands), np.zeros(bands), np.zeros(bands), np.ones(bands)), scale, scale)


def rate(bands: int) -> float:
    """Million pixels per CPU second, amplitude and angle from the numbers of both dates; the best of five."""
    first, second = numbers(bands)
    made, reference = vectors(bands), np.ones(bands)
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        made.polar(first, second, reference)
        best = min(best, time.process_time() - start)
    return SIDE * SIDE / 1e6 / best


def saga(folder: Path) -> float:
    """Million pixels per CPU second of SAGA's tool for two bands, reading and writing of its grids included."""
    grid = Grid(Crs.parse("EPSG:32756"), 300000, 6280000, 10, 10, SIDE, SIDE)
    names = []
    for date, images in enumerate(numbers(2)):
        for band, pixels in enumerate(images):
            names.append(folder / f"{date}{band}.tif")
            with create_raster(names[-1], grid, "float32", float("nan"), ("reflectance",), Tags(simulated=True)) as dataset:
                dataset.write((pixels.astype(np.float32) - 1000) / 10_000, 1)
    command = ["saga_cmd", "-c=1", "grid_analysis", "6", "-A", f"{names[0]};{names[1]}", "-B", f"{names[2]};{names[3]}"]
    before = _children()
    subprocess.run([*command, "-DIST", str(folder / "d.sgrd"), "-DIR", str(folder / "a.sgrd")], check=True, capture_output=True)
    return SIDE * SIDE / 1e6 / (_children() - before)


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def decode(images: list[Path]) -> None:
    """Read every image once, tile by tile, several images at a time."""

    def read(path: Path) -> None:
        with rasterio.Env(GDAL_NUM_THREADS="1", GDAL_CACHEMAX=256 * 2**20), rasterio.open(path) as dataset:
            for _, window in dataset.block_windows(1):
                dataset.read(1, window=window)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(read, images))


def job(which: str, folder: Path) -> dict[str, Any]:
    """Run one side; returns seconds, stages and the peak of memory."""
    products = sorted(folder.glob("*.SAFE"))
    said: dict[str, Any] = {}
    start, cpu = time.perf_counter(), time.process_time()
    if which == "decode":
        decode(sorted(folder.glob("*.SAFE/**/*.jp2")))
    else:
        given = {"input1": products[0], "input2": products[1], "bands": "B3,B4,B8", "output_path": folder / "result"}
        change = run_service(service("s2-cd"), given)
        said["change"] = round(time.perf_counter() - start, 1)
        mask = run_service(service("flood-mask"), {"input": change.layers[0].path, "output_path": folder / "result" / "flood_mask.gpkg"})
        said["polygons"] = mask.report["figures"]["polygons"]
    return {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "mib": _peak(), **said}


def _peak() -> float:
    """Most memory of this program so far, MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(which: str, folder: Path) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.change", "--job", which, "--folder", str(folder)]
    found = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, Any] = json.loads(found.splitlines()[-1])
    return figures


def whole(folder: Path, size: int) -> None:
    """Print the comparison for a pair of ``size`` 20 m pixels a side."""
    if len(list(folder.glob("*.SAFE"))) < 2:
        started = time.perf_counter()
        sentinel2_tile(folder, size=size)
        print(f"scenes made in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    images = sorted(folder.glob("*.SAFE/**/*.jp2"))
    pixels = (2 * size) ** 2
    bits = sum(path.stat().st_size for path in images) * 8 / pixels / len(images)
    alone, ours = measured("decode", folder), measured("ours", folder)
    shutil.rmtree(folder / "result")
    ratio = ours["wall"] / alone["wall"]
    print(f"\nPair of {2 * size:,} × {2 * size:,} pixels, simulated; {len(images)} images of {bits:.1f} bits a pixel, {WORKERS} cores.\n")
    print("| what | wall s | CPU s | MiB | : decoding | goal | reached |")
    print("|---|---:|---:|---:|---:|---|---|")
    print(f"| decode the images, each once | {alone['wall']:.1f} | {alone['cpu']:.1f} | {alone['mib']:.0f} | 1 | | |")
    both = f"{ours['wall']:.1f} | {ours['cpu']:.1f} | {ours['mib']:.0f} | {ratio:.2f}"
    reached = "yes" if ratio <= GOAL_RATIO and ours["mib"] < GOAL_MIB else "**no**"
    print(f"| S2-CD ({ours['change']} s) and Flood-mask ({ours['polygons']:,} polygons) | {both} | ≤ {GOAL_RATIO}, < 2 GiB | {reached} |")


def kernel() -> None:
    """Print the rates of the vectors alone."""
    print("| change vectors: amplitude and angle | MPixel per CPU second | goal | reached |")
    print("|---|---:|---|---|")
    for bands in (2, 3, 4):
        found = rate(bands)
        print(f"| {bands} bands | {found:.0f} | ≥ {GOAL_RATE} | {'yes' if found >= GOAL_RATE else '**no**'} |", flush=True)
    if shutil.which("saga_cmd"):
        with tempfile.TemporaryDirectory() as name:
            print(f"| 2 bands, SAGA with its files | {saga(Path(name)):.1f} | | |", flush=True)


def main() -> None:
    """Measure all, or one side of the whole pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=5490)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--job", choices=("decode", "ours"))
    said = parser.parse_args()
    if said.job:
        print(json.dumps(job(said.job, said.folder)))
        return
    kernel()
    if said.folder is None:
        with tempfile.TemporaryDirectory() as name:
            whole(Path(name), said.size)
        return
    said.folder.mkdir(parents=True, exist_ok=True)
    whole(said.folder, said.size)
    for product in said.folder.glob("*.SAFE") if not said.keep else ():
        shutil.rmtree(product)


if __name__ == "__main__":
    main()
