"""From levels to polygons of flood, block by block: what Flood-mask does with a file, for whoever makes the levels on the way."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

import numpy as np

from earthweave.ontology import Crs, Interval, ProcessingError

from ..raster import NOTHING, STRIP, Block, Grid, Outliner, Patches, Rows, Sieve, create_vector, media_type, vector_crs
from ._permanent import Wet

Array = np.ndarray[Any, Any]
T = TypeVar("T")
_SHARES = 10_000
"""Steps of a confidence between 0 and 1: whole numbers, so that totals do not depend on the order in which they are added."""
FIELDS = {"area_m2": "float", "start_time": "str:20", "end_time": "str:20", "confidence": "float", "simulated": "int32"}
"""What each polygon says besides its level, with fiona's types."""


def whole_levels(values: Array, valid: Array | None = None) -> Array:
    """Levels as ``gdal_sieve`` reads them: the nearest whole number, halves away from 0, at most an int32; `NOTHING` where not ``valid``.

    Without ``valid`` NaN is no data; a valid NaN is the lowest level in float32 and 0 in float64, as it is to GDAL.
    """
    valid = ~np.isnan(values) if valid is None else valid
    if values.dtype.kind == "f":
        half = np.asarray(0.5, values.dtype)
        unknown = 0.0 if values.dtype.itemsize == 8 else -np.inf
        values = np.trunc(values + np.where(values > 0, half, -half))
        values[np.isnan(values)] = unknown
    limits = np.iinfo(np.int32)
    whole = np.clip(np.clip(values, float(limits.min), float(limits.max)).astype(np.int64), limits.min + 1, limits.max)
    found: Array = np.where(valid, whole, NOTHING).astype(np.int32)
    return found


@dataclass(frozen=True)
class Mark:
    """What is written beside the level of every polygon.

    Attributes:
        time: first and second date.
        simulated: True if simulated data went in.
        confidence: of all polygons, 0 … 1, where the levels came without one of their own; None if unknown.
    """

    time: Interval | None = None
    simulated: bool = False
    confidence: float | None = None


class FloodStream:
    """Sieve, threshold and outline levels that come in blocks of ``grid``, row by row.

    ::

        with FloodStream(grid, folder) as flood:
            run_blocks(grid, make, flood.put)               # values of each block, in the order of the grid
            flood.write(path, mark)

    ``folder`` takes scratch files of one to four bytes per pixel. ``nodata`` is a level that GDAL's tools drop between their steps,
    because it is the raster's no-data value. ``strip`` is how many rows are worked on at a time; the result does not depend on it.

    A thread of its own works beside the caller's: it numbers patches while the next rows are read, and outlines a strip while the
    polygons of the one before it are written.
    """

    def __init__(
        self,
        grid: Grid,
        folder: Path,
        *,
        sieve: int = 10,
        threshold: int = 4,
        connectivity: Literal[4, 8] = 4,
        nodata: float | None = None,
        strip: int = STRIP,
    ) -> None:
        self.grid, self.threshold, self.nodata = grid, threshold, nodata
        self.highest = NOTHING
        self._corners = connectivity == 8
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="flood-", dir=folder))
        self._sieve = Sieve((grid.height, grid.width), sieve, self._folder / "levels", corners=self._corners, strip=strip)
        self._shares: Rows | None = None
        self._row = np.empty((0, grid.width), np.int32)
        self._share_row = self._row
        self._beside = ThreadPoolExecutor(1, "flood")
        self._putting: Future[None] | None = None

    def __enter__(self) -> FloodStream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._beside.shutdown(cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, block: Block, values: Array, valid: Array | None = None, confidence: Array | None = None) -> None:
        """Take the values of a block (`whole_levels` says how they are read); ``confidence`` is 0 … 1, NaN where unknown."""
        if block.col == 0:
            self._row = np.empty((block.height, self.grid.width), np.int32)
        there = slice(block.col, block.col + block.width)
        self._row[:, there] = values if valid is None and values.dtype == np.int32 else whole_levels(values, valid)
        if confidence is not None:
            self._put_shares(block, there, confidence)
        if there.stop == self.grid.width:
            self._settle()
            self._putting = self._beside.submit(self._sieve.put, self._row)

    def _settle(self) -> None:
        """Wait for the rows that were put last, and raise what went wrong with them."""
        if self._putting:
            self._putting.result()

    def _put_shares(self, block: Block, there: slice, confidence: Array) -> None:
        if self._shares is None:
            self._shares = Rows(self._folder / "shares", self.grid.width)
        if block.col == 0:
            self._share_row = np.empty((block.height, self.grid.width), np.int32)
        self._share_row[:, there] = whole_levels(np.clip(confidence, 0, 1).astype(np.float64) * _SHARES)
        if there.stop == self.grid.width:
            self._shares.append(self._share_row)

    def patches(
        self, wet: Wet | None = None, overlap: float | None = None, see: Callable[[Block, Array], None] | None = None
    ) -> Iterator[Patches]:
        """Polygons of the levels that reach the threshold, as they end; one item a strip. ``see`` is shown every strip after the sieve.

        Pixels that are ``wet`` are cut out; with ``overlap`` nothing is cut, but polygons of which at least that share is wet are left out.
        """
        self._settle()
        weighed = wet is not None and overlap is not None
        outliner = Outliner(self.grid, corners=self._corners, sums=weighed + 2 * (self._shares is not None))
        for row, levels in self._sieve.strips():
            self.highest = max(self.highest, int(levels.max()))
            block = Block(row, 0, *levels.shape)
            if see:
                see(block, levels)
            wanted = levels >= self.threshold
            if self.nodata is not None:
                wanted &= levels != self.nodata
            along = self._along(block)
            if wet is not None and wanted.any():
                water = wet(block)
                along = [water, *along] if weighed else along
                wanted = wanted if weighed else wanted & ~water
            elif weighed:
                along = [np.zeros_like(wanted), *along]
            found = outliner.take(np.where(wanted, levels, np.int32(NOTHING)), *along)
            yield found.where(found.sums[0] < overlap * found.pixels) if weighed and overlap is not None else found

    def _along(self, block: Block) -> list[Array]:
        if self._shares is None:
            return []
        shares = self._shares.read(block.row, block.row + block.height)
        known = shares != NOTHING
        return [np.where(known, shares, 0), known]

    def _confidences(self, patches: Patches, mark: Mark) -> Array:
        """Mean confidence of each polygon's pixels, or that of all; None where nobody knows."""
        if self._shares is None:
            return np.full(len(patches), mark.confidence, object)
        total, known = patches.sums[-2:]
        means: Array = np.round(total / np.maximum(known, 1) / _SHARES, 4).astype(object)
        means[known == 0] = None
        return means

    def columns(self, patches: Patches, field: str, mark: Mark) -> dict[str, Array]:
        """The fields of these polygons, in the order of `FIELDS`, the level first; areas are geodesic (m2)."""
        count = len(patches)
        start, end = (
            (f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for moment in (mark.time.start, mark.time.end)) if mark.time else (None, None)
        )
        return {
            field: patches.values,
            "area_m2": np.round(patches.areas, 2),
            "start_time": np.full(count, start, object),
            "end_time": np.full(count, end, object),
            "confidence": self._confidences(patches, mark),
            "simulated": np.full(count, int(mark.simulated)),
        }

    def write(
        self,
        path: Path,
        mark: Mark,
        *,
        layer: str = "flood_mask",
        field: str = "floodLevel",
        wet: Wet | None = None,
        overlap: float | None = None,
        tell: Callable[[float], None] | None = None,
    ) -> Written:
        """Write the polygons to ``.shp``, ``.gpkg`` or ``.geojson`` while they are found; ``tell`` hears the share done.

        Raises `ProcessingError` if there is none.
        """
        levels: Counter[int] = Counter()
        area, row = 0.0, 0
        with create_vector(path, self.grid.crs, layer, {field: "int32", **FIELDS}) as write:
            filled = ((patches, self.columns(patches, field, mark)) for patches in self.patches(wet, overlap))
            for number, (patches, columns) in enumerate(self._made_beside(filled), 1):
                if len(patches):
                    write(patches.geometries, columns)
                    levels.update(patches.values.tolist())
                    area += float(columns["area_m2"].sum())
                row = number
                if tell:
                    tell(min(row * self._sieve.strip / self.grid.height, 1.0))
        if not levels:
            raise self._empty(wet is not None)
        return Written(dict(sorted(levels.items())), area, media_type(path), vector_crs(path, self.grid.crs))

    def _made_beside(self, items: Generator[T, None, None]) -> Iterator[T]:
        """The same items, each made in the other thread while the one before it is used."""
        following = self._beside.submit(next, items, None)
        try:
            while (item := following.result()) is not None:
                following = self._beside.submit(next, items, None)
                yield item
        finally:
            wait([following])
            items.close()

    def _empty(self, dried: bool) -> ProcessingError:
        highest = "there is no valid pixel" if self.highest == NOTHING else f"the highest level after the sieve is {self.highest}"
        return ProcessingError(
            f"nothing reaches level {self.threshold}" + " outside permanent water" * dried,
            why=highest,
            way_out="lower --threshold or --sieve, or take a pair of scenes with a change",
        )


@dataclass(frozen=True)
class Written:
    """What `FloodStream.write` wrote: polygons per level, their area in m2, media type and CRS of the file."""

    levels: dict[int, int]
    area: float
    media: str
    crs: Crs

    @property
    def figures(self) -> dict[str, Any]:
        """For the record of a run."""
        return {
            "polygons": sum(self.levels.values()),
            "per_level": {str(level): count for level, count in self.levels.items()},
            "area_km2": round(self.area / 1e6, 4),
        }
