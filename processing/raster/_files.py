"""GeoTIFF in and out, with the time and the origin of the data in the file's own tags.

A raster that leaves a service is later opened by other programs and by other services; time, sources and the word *simulated*
must survive that, so they are written as tags of the file, ``EARTHWEAVE_…`` (in the default domain: others are lost by copies).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earthweave.ontology import InputError, Interval, ProductError

from ._blocks import WORKERS
from ._grid import Grid

GTIFF: dict[str, Any] = {
    "driver": "GTiff",
    "tiled": True,
    "blockxsize": 512,
    "blockysize": 512,
    "compress": "deflate",
    "zlevel": 4,
    "num_threads": WORKERS,
}
"""Creation options of every raster that we write."""
_JPEG2000 = {".jp2", ".j2k", ".jpx"}
_TAG = "EARTHWEAVE_"


@dataclass(frozen=True)
class Tags:
    """What a raster says of itself.

    Attributes:
        time: of the phenomenon, None if unknown.
        simulated: True if simulated data went in.
        sources: ids of the products it rests on.
        attribution: sentences that must travel with it.
    """

    time: Interval | None = None
    simulated: bool = False
    sources: tuple[str, ...] = ()
    attribution: tuple[str, ...] = ()


@contextmanager
def open_raster(path: Path | str) -> Iterator[Any]:
    """Open a JPEG 2000 file (by suffix) or else a GeoTIFF for reading; raises `ProductError` that names the file if it is none.

    A `Path` is a file of this machine; a text may also be GDAL's name of a member of a zip. Pixels are to be read within `reading`.
    """
    # left to itself GDAL goes by content, and a virtual format (VRT, WMS) under any name would read other files or the network
    import rasterio

    if isinstance(path, Path) and not path.is_file():
        raise ProductError(f"{path.name} does not exist", why="no file has this name", way_out="check the path")
    driver = "JP2OpenJPEG" if Path(path).suffix.lower() in _JPEG2000 else "GTiff"
    with reading(path):
        dataset = rasterio.open(path, driver=driver)
    with dataset:
        yield dataset


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn GDAL's failures to read ``path`` into a `ProductError` that names the file."""
    from rasterio.errors import RasterioIOError, WarpOperationError

    name = str(path).rsplit("/", 1)[-1]
    try:
        yield
    except (RasterioIOError, WarpOperationError) as error:
        raise ProductError(
            f"{name} cannot be read as a raster",
            why=str(error.__cause__ or error).replace(str(path), name)[:300],
            way_out="check that it is a complete GeoTIFF, or JPEG 2000 file with its suffix .jp2",
        ) from error


@contextmanager
def create_raster(path: Path, grid: Grid, dtype: str, nodata: float, bands: tuple[str, ...], tags: Tags, **options: Any) -> Iterator[Any]:
    """Create a tiled, compressed GeoTIFF on ``grid`` whose bands are described by ``bands``; yields it open for writing.

    ``options`` are further creation options of GDAL's GTiff driver, in lower case.
    """
    import rasterio

    predictor = 3 if dtype.startswith("float") else 2
    with rasterio.open(
        path,
        "w",
        width=grid.width,
        height=grid.height,
        count=len(bands),
        dtype=dtype,
        nodata=nodata,
        crs=str(grid.crs),
        transform=grid.transform,
        predictor=predictor,
        **{**GTIFF, **options},
    ) as dataset:
        for number, text in enumerate(bands, 1):
            dataset.set_band_description(number, text)
        write_tags(dataset, tags)
        yield dataset


def write_tags(dataset: Any, tags: Tags) -> None:
    """Write the tags into an open dataset."""
    times = dict(zip(("TIME_START", "TIME_END"), tags.time.texts, strict=True)) if tags.time else {}
    lists = {"SOURCES": json.dumps(tags.sources), "ATTRIBUTION": json.dumps(tags.attribution)}
    said = {"SIMULATED": str(tags.simulated).lower(), **lists, **times}
    dataset.update_tags(**{f"{_TAG}{key}": value for key, value in said.items()})


def raster_tags(dataset: Any) -> Tags:
    """Read the tags of an open dataset; one that we did not write has none. Raises `ProductError` if they are damaged."""
    found = {key.removeprefix(_TAG): value for key, value in dataset.tags().items() if key.startswith(_TAG)}
    try:
        time = Interval.parse(found["TIME_START"], found["TIME_END"]) if "TIME_START" in found else None
        sources, attribution = (tuple(map(str, json.loads(found.get(key, "[]")))) for key in ("SOURCES", "ATTRIBUTION"))
    except (KeyError, ValueError, TypeError, InputError) as error:
        raise ProductError(
            f"{dataset.name.rsplit('/', 1)[-1]} has tags {_TAG}… that cannot be read",
            why=f"{type(error).__name__}: {error}"[:200],
            way_out="make the raster again, or take its tags away: gdal_edit.py -unsetmd FILE",
        ) from error
    return Tags(time, found.get("SIMULATED") == "true", sources, attribution)


def to_cog(path: Path, resampling: str = "NEAREST") -> None:
    """Turn a GeoTIFF into a cloud-optimised one of the same name; ``resampling`` is for the overviews."""
    from rasterio.shutil import copy

    made = path.with_suffix(".cog")
    copy(path, made, driver="COG", COMPRESS="DEFLATE", PREDICTOR="YES", OVERVIEW_RESAMPLING=resampling, NUM_THREADS=str(WORKERS))
    made.replace(path)
