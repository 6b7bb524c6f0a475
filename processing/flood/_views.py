"""What a water mask is made from, optical or radar, behind one face: bands on a grid, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Interval, ProductError, Source

from ..frame import digest
from ..raster import Block, Grid, Shared, Tags, grid_of, open_raster, raster_tags, reading
from ..sentinel2 import Scene, read_band, time_in_name
from ._indices import decibels

Array = np.ndarray[Any, Any]
_SAMPLE = 512


@dataclass(frozen=True)
class View:
    """One acquisition, ready to be read.

    Attributes:
        id: of the product.
        grid: of the mask.
        read: ``read(band, block)`` → float32, NaN where invalid; several threads may call it.
        source: for provenance.
        tags: time, simulated, attribution.
    """

    id: str
    grid: Grid
    read: Callable[[str, Block], Array]
    source: Source
    tags: Tags

    @property
    def stem(self) -> str:
        """Time of acquisition, or the name where that is unknown."""
        return f"{self.tags.time.start:%Y%m%dT%H%M%SZ}" if self.tags.time else self.id


@contextmanager
def optical(scene: Scene, grid: Grid, bands: tuple[str, ...]) -> Iterator[View]:
    """Reflectances of a Sentinel-2 scene."""
    tags = Tags(Interval(scene.time, scene.time) if scene.time else None, scene.simulated, (scene.id,), (scene.attribution,))
    with read_band(scene, bands, grid) as read:
        yield View(scene.id, grid, read, scene.source(bands, grid.xres), tags)


@contextmanager
def radar(path: Path, band: str, scale: str, time: datetime | None) -> Iterator[View]:
    """Backscatter of a GeoTIFF in dB; ``band`` (VV, VH) is found by the descriptions of its bands, or is the only one.

    ``scale`` is ``db``, ``linear`` (power), or ``auto``: linear if nothing in the middle of the raster is negative. Raises `ProductError`.
    """
    with open_raster(path) as dataset:
        grid, number, shared = grid_of(dataset), _number(dataset, band, path), Shared(dataset)
        nothing = dataset.nodatavals[number - 1]
        linear = scale == "linear" or (scale == "auto" and _linear(dataset, number, path))

        def read(_: str, block: Block) -> Array:
            with reading(path):
                values = shared.read(number, block).astype(np.float32)
            if nothing is not None:
                values[values == np.float32(nothing)] = np.nan
            return decibels(values) if linear else values

        tags = raster_tags(dataset)
        when = time or (tags.time.start if tags.time else time_in_name(path.stem))
        attribution = tags.attribution or ("Contains modified Copernicus Sentinel data.",)
        said = replace(tags, time=Interval(when, when) if when else None, sources=(path.stem,), attribution=attribution)
        yield View(path.stem, grid, read, Source(path.stem, digest(path), tags.simulated), said)


def _number(dataset: Any, band: str, path: Path) -> int:
    names = [(text or "").upper() for text in dataset.descriptions]
    found = next((at for at, text in enumerate(names, 1) if band in text), None)
    if found is None and (dataset.count > 1 or names[0]):
        raise ProductError(
            f"{path.name} has no band {band}",
            why=f"its bands are described as {', '.join(text or 'nothing' for text in names)}",
            way_out=f"describe the band, e.g. gdal_edit.py or rasterio's set_band_description, or give a file that holds {band} alone",
        )
    number = found or 1
    if "complex" in dataset.dtypes[number - 1]:
        raise ProductError(f"{path.name} holds complex numbers", why="backscatter is real", way_out="give a raster of power or dB")
    return number


def _linear(dataset: Any, number: int, path: Path) -> bool:
    size = min(_SAMPLE, dataset.height), min(_SAMPLE, dataset.width)
    middle = Block((dataset.height - size[0]) // 2, (dataset.width - size[1]) // 2, *size)
    with reading(path):
        values = dataset.read(number, window=middle.window, masked=True)
    known = values.compressed()[np.isfinite(values.compressed())]
    if not len(known):
        raise ProductError(
            f"{path.name} does not show whether it is in dB", why="there is no data in its middle", way_out="say it: --scale db or linear"
        )
    return not (known < 0).any()
