"""Flood-mask beside the three GDAL programs that it replaces, each as whole processes, on simulated change: 1, 10 and 100 parts of a tile.

The raster is what change vectors of three bands look like where nothing happened (the length of three normal deviates), with smooth
areas of change in it: noise makes most patches smaller than the sieve, which is the hardest case for it. The greatest is a whole tile of
Sentinel-2, 10980 × 10980 pixels of 10 m. Both sides must give the same polygons. Time is from the start to the end of the processes,
imports and all; memory is the greatest peak among them. Run ``python -m benchmarks.flood``; prints Markdown.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIDES = (1098, 3472, 10980)
TOOLS = ("gdal_sieve.py", "gdal_calc.py", "gdal_polygonize.py")
ROOT = Path(__file__).resolve().parents[1]
_LAUNCH = """
import json, os, sys, time
begin = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, used = os.wait4(child, 0)
print(json.dumps([status, time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def make(path: Path, side: int) -> None:
    """Write the raster of change, row of blocks by row of blocks."""
    import numpy as np

    from earthweave.ontology import Crs, Interval
    from earthweave.processing.raster import Block, Grid, Tags, create_raster

    rng = np.random.default_rng(side)
    grid = Grid(Crs.parse("EPSG:32756"), 300000, 6300040, 10, 10, side, side)
    tags = Tags(Interval.parse("2021-03-15", "2021-03-25"), simulated=True)
    with create_raster(path, grid, "float32", float("nan"), ("simulated change",), tags) as dataset:
        for row in range(0, side, 512):
            block = Block(row, 0, min(512, side - row), side)
            y, x = np.mgrid[row : row + block.height, :side] / 60
            flood = 16 * np.clip(np.sin(x) * np.cos(y) + np.sin(0.37 * x + 1.3 * y) - 1.2, 0, None)
            noise = np.sqrt(np.square(rng.standard_normal((3, block.height, side), np.float32)).sum(0))
            dataset.write((flood + noise).astype(np.float32), 1, window=block.window)


def ours(source: Path, target: Path) -> None:
    """The service."""
    from earthweave.processing import run_service, service

    run_service(service("flood-mask"), {"input": source, "output_path": target})


def compare(one: Path, other: Path) -> None:
    """Print how many polygons there are; exit with 1 if the files differ."""
    import shapely
    from pyogrio.raw import read

    found = []
    for path in (one, other):
        meta, _, wkb, fields = read(path)
        levels = fields[list(meta["fields"]).index("floodLevel")]
        found.append(sorted(zip(shapely.to_wkb(shapely.normalize(shapely.from_wkb(wkb))), levels.tolist(), strict=True)))
    print(len(found[0]))
    sys.exit(found[0] != found[1])


def measured(*command: str | Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MiB of one command; started by a small process, because a child begins with its parent's peak."""
    launched = [sys.executable, "-S", "-c", _LAUNCH, *map(str, command)]
    status, *figures = json.loads(subprocess.run(launched, check=True, cwd=ROOT, capture_output=True, text=True).stdout)
    if status:
        sys.exit(f"{command[0]} failed")
    return figures[0], figures[1], figures[2]


def job(name: str, *paths: Path) -> tuple[float, float, float]:
    """One of ours, measured."""
    return measured(sys.executable, "-m", "benchmarks.flood", name, *paths)


def gdal(source: Path, folder: Path) -> tuple[float, float, float]:
    """The exercise's commands, measured."""
    sieved, kept, vector = (folder / name for name in ("sieved.tif", "kept.tif", "gdal.shp"))
    steps = (
        ("gdal_sieve.py", "-q", "-st", "10", source, sieved),
        ("gdal_calc.py", "--quiet", "-A", sieved, "--calc=(A>=4)*A", "--NoDataValue=0", "--outfile", kept),
        ("gdal_polygonize.py", "-q", kept, vector, "flood_mask", "floodLevel"),
    )
    parts = [measured(*step) for step in steps]
    return sum(part[0] for part in parts), sum(part[1] for part in parts), max(part[2] for part in parts)


def row(side: int, folder: Path) -> str:
    """One line of the table; the files are deleted."""
    folder.mkdir()
    source, target = folder / "change.tif", folder / "ours.shp"
    job("make", source, Path(str(side)))
    wall, cpu, peak = job("ours", source, target)
    theirs = gdal(source, folder) if all(map(shutil.which, TOOLS)) else None
    check = [sys.executable, "-m", "benchmarks.flood", "compare", str(target), str(folder / "gdal.shp" if theirs else target)]
    same = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    if same.returncode:
        sys.exit(f"{side}: the polygons differ {same.stderr[-500:]}")
    shutil.rmtree(folder)
    mine = f"| {side * side / 1e6:.1f} | {int(same.stdout):,} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |"
    other = (
        f" {theirs[0]:.1f} | {theirs[1]:.1f} | {theirs[2]:.0f} | {theirs[0] / wall:.2f} | {peak / theirs[2]:.2f} |"
        if theirs
        else " | | | | |"
    )
    return mine + other


def main(sides: tuple[int, ...] = SIDES) -> None:
    """Print the table; the first run of ours, which compiles, is not counted."""
    print("| MPixel | polygons | Flood-mask s | CPU s | MiB | GDAL tools s | CPU s | MiB | times faster | share of memory |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        job("make", Path(name) / "warm.tif", Path("600"))
        job("ours", Path(name) / "warm.tif", Path(name) / "warm.shp")
        for side in sides:
            print(row(side, Path(name) / str(side)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["ours"]:
        ours(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["compare"]:
        compare(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIDES)
