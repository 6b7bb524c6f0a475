"""S2-preprocess beside the same work in rioxarray: ten bands to 10 m, clouds hidden by scene classes, offset removed, one GeoTIFF.

Each side runs in a process of its own (``python -m benchmarks._preprocess ours|peer PRODUCT FOLDER`` prints its figures as JSON), so the
peak of memory is its own; imports are not counted. Decoding JPEG 2000 bounds both, so the product is measured twice: as it comes, and
with its images as tiled GeoTIFF.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

BANDS = ("B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12")
HIDDEN = (1, 3, 8, 9, 10)
ROOT = Path(__file__).resolve().parents[1]


def ours(product: Path, folder: Path) -> Path:
    """The service."""
    from earthweave.processing import run_service, service

    parameters = {"input": product, "output_path": folder, "bands": ",".join(BANDS), "resolution": 10, "cloud_mask": "scl"}
    return run_service(service("s2-preprocess"), parameters).layers[0].path


def peer(product: Path, folder: Path) -> Path:
    """The usual lines in rioxarray."""
    import rioxarray
    import xarray
    from rasterio.enums import Resampling

    def image(name: str) -> Any:
        resolution = "10m" if name in BANDS[:4] else "20m"
        return rioxarray.open_rasterio(next(path for path in product.rglob(f"*_{name}_{resolution}.*") if path.suffix in (".jp2", ".tif")))

    grid = image("B02").rio.write_nodata(0)
    classes = image("SCL").rio.reproject_match(grid, resampling=Resampling.nearest)
    fine = [grid, *(image(name).rio.write_nodata(0) for name in BANDS[1:4])]
    fine += [image(name).rio.write_nodata(0).rio.reproject_match(grid, resampling=Resampling.bilinear) for name in BANDS[4:]]
    cube = xarray.concat([band.squeeze("band", drop=True) for band in fine], dim="band")
    seen = (cube != 0).all("band") & ~classes.squeeze("band", drop=True).isin((0, *HIDDEN))
    made = (cube.astype("float32") - 1000).where(seen, -32768).astype("int16").rio.write_nodata(-32768)
    folder.mkdir(parents=True, exist_ok=True)
    made.rio.to_raster(folder / "peer.tif", tiled=True, blockxsize=512, blockysize=512, compress="deflate", predictor=2, num_threads=2)
    return folder / "peer.tif"


def job(which: str, product: Path, folder: Path) -> None:
    """Run one side and print its figures."""
    import earthweave.processing  # noqa: F401

    if which == "peer":
        import rioxarray  # noqa: F401
    wall, cpu = time.perf_counter(), time.process_time()
    made = {"ours": ours, "peer": peer}[which](product, folder)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "file": str(made)}
    print(json.dumps({**figures, "mib": _peak()}))


def _peak() -> float:
    """Most memory of this program so far, MiB; what the kernel keeps for children counts the memory of the process that began them."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(which: str, product: Path, folder: Path) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks._preprocess", which, str(product), str(folder)]
    found = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    figures: dict[str, Any] = json.loads(found.splitlines()[-1])
    return figures


def as_geotiff(product: Path, folder: Path) -> Path:
    """The product with its images as tiled GeoTIFF."""
    copy = folder / "tif" / product.name
    shutil.copytree(product, copy)
    main = copy / "MTD_MSIL2A.xml"
    main.write_text(main.read_text().replace('imageFormat="JPEG2000"', 'imageFormat="GeoTIFF"'))
    for path in copy.rglob("*.jp2"):
        with rasterio.open(path) as source:
            profile = source.profile | {"driver": "GTiff", "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "lzw"}
            with rasterio.open(path.with_suffix(".tif"), "w", **profile) as target:
                target.write(source.read())
        path.unlink()
    return copy


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def agree(one: str, other: str) -> bool:
    """Same masks, and numbers within one (halves)."""
    with rasterio.open(one) as first, rasterio.open(other) as second:
        for number in first.indexes:
            a, b = first.read(number).astype(np.int32), second.read(number).astype(np.int32)
            if (np.abs(a - b) > 1).mean() > 1e-4:
                return False
    return True


def table(size: int = 1500) -> None:
    """Print the comparison for a simulated product of ``size`` 20 m pixels a side."""
    from earthweave.processing.simulate import sentinel2_product

    print("| images | MPixel out | S2-preprocess s | MiB | rioxarray s | MiB | times faster | share of memory |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed = sentinel2_product(_made(folder / "jp2"), clouds=0.1, size=size)
        for label, product in (("GeoTIFF", as_geotiff(packed, folder)), ("JPEG 2000", packed)):
            mine, theirs = (measured(which, product, folder / f"{label}-{which}") for which in ("ours", "peer"))
            if not agree(mine["file"], theirs["file"]):
                sys.exit(f"{label}: the results differ")
            pixels = len(BANDS) * (2 * size) ** 2 / 1e6
            both = f"{mine['wall']:.2f} | {mine['mib']:.0f} | {theirs['wall']:.2f} | {theirs['mib']:.0f}"
            print(
                f"| {label} | {pixels:.0f} | {both} | {theirs['wall'] / mine['wall']:.1f} | {mine['mib'] / theirs['mib']:.2f} |", flush=True
            )


if __name__ == "__main__":
    job(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
