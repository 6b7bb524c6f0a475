"""The CO Max analyser: the highest column among the ground pixels of an area and a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from earthweave.ontology import Interval, ProcessingError, Progress, ProgressSink, silent

from ._area import Area, unrolled
from ._swath import Pixels, Swath, open_swath

Array = np.ndarray[Any, Any]
By: TypeAlias = Literal["footprint", "centre"]
UNIT = "mol/m2"
"""UCUM."""


@dataclass(frozen=True)
class Maximum:
    """The highest CO column, and what it was found among.

    Attributes:
        value, precision: mol/m2; the precision is NaN where the product has none.
        quality: ``qa_value``, 0 … 1.
        longitude, latitude: of the pixel's centre, degrees.
        corners: of the pixel, (longitude, latitude) in order around, longitudes within 180° of the centre; empty if centres decided.
        time: of the scanline.
        product, orbit, scanline, ground_pixel: where it stands in the data, counted from 0.
        pixels: how many pixels of the area and period had a value of that quality.
        pixels_in_area: how many there were at all.
        mean: of those that had, mol/m2.
        products: identifiers of all that had a pixel in the area and period.
        coverage: times of the first and last scanline that counted.
        simulated: True if one of them is simulated.
    """

    value: float
    precision: float
    quality: float
    longitude: float
    latitude: float
    corners: tuple[tuple[float, float], ...]
    time: datetime
    product: str
    orbit: int
    scanline: int
    ground_pixel: int
    pixels: int
    pixels_in_area: int
    mean: float
    products: tuple[str, ...]
    coverage: Interval
    simulated: bool

    def describe(self) -> dict[str, Any]:
        """The same as JSON values, with ``unit``; a precision that is not known is null."""
        numbers = {name: getattr(self, name) for name in ("value", "longitude", "latitude", "mean", "pixels", "pixels_in_area")}
        place = {name: getattr(self, name) for name in ("product", "orbit", "scanline", "ground_pixel", "simulated")}
        return {
            **numbers,
            **place,
            "unit": UNIT,
            "precision": None if np.isnan(self.precision) else self.precision,
            "qa_value": self.quality,
            "time": _text(self.time),
            "products": list(self.products),
            "corners": [list(corner) for corner in self.corners],
        }


@dataclass(frozen=True)
class _Part:
    """What one product has in the area and period."""

    id: str
    simulated: bool
    coverage: Interval
    in_area: int
    taken: int
    total: float
    best: dict[str, Any] | None


def co_maximum(
    products: Sequence[Path],
    area: Area,
    time: Interval | None = None,
    *,
    quality: float = 0.5,
    by: By = "footprint",
    progress: ProgressSink = silent,
) -> Maximum:
    """Find the highest CO column.

    Args:
        products: Sentinel-5P L2 CO files; their order does not matter.
        area: of interest.
        time: scanlines from its start to before its end count; None for all.
        quality: pixels count whose ``qa_value`` is above.
        by: whether a pixel belongs to the area if its footprint meets it, or if its centre lies in it.
        progress: told before each product.

    Of several equal columns the earliest is taken, then that of the first product, scanline and ground pixel.

    Raises:
        ProductError: a product cannot be read.
        ProcessingError: no pixel is left.
    """
    parts: list[_Part] = []
    for number, path in enumerate(products):
        progress(Progress("searching products", number / len(products), path.name))
        with open_swath(path) as swath:
            part = _part(swath, area, time, round(quality * 100, 6), by)
        parts += [part] if part else []
    found = [part for part in parts if part.best is not None]
    if not found:
        raise _nothing(parts, len(products), quality)
    best = min((part.best for part in found if part.best), key=_order)
    taken = sum(part.taken for part in found)
    coverage = Interval(min(part.coverage.start for part in parts), max(part.coverage.end for part in parts))
    return Maximum(
        **best,
        pixels=taken,
        pixels_in_area=sum(part.in_area for part in parts),
        mean=sum(part.total for part in found) / taken,
        products=tuple(sorted(part.id for part in parts)),
        coverage=coverage,
        simulated=any(part.simulated for part in parts),
    )


def _order(best: dict[str, Any]) -> tuple[Any, ...]:
    return -best["value"], best["time"], best["product"], best["scanline"], best["ground_pixel"]


def _part(swath: Swath, area: Area, time: Interval | None, hundredths: float, by: By) -> _Part | None:
    near = area.near(swath.longitude, swath.latitude) & _during(swath.times, time)[:, None]
    rows = np.flatnonzero(near.any(1))
    if not len(rows):
        return None
    window = slice(int(rows[0]), int(rows[-1]) + 1)
    inside, corners = _inside(swath, area, near[window], window, by)
    if not inside.any():
        return None
    pixels = swath.pixels(window)
    taken = inside & np.isfinite(pixels.value) & (pixels.quality > hundredths)
    seen = swath.times[window][inside.any(1)]
    best = _best(swath, pixels, taken, corners) if taken.any() else None
    total = float(pixels.value[taken].sum(dtype=float))
    coverage = Interval(_moment(seen.min()), _moment(seen.max()))
    return _Part(swath.id, swath.simulated, coverage, int(inside.sum()), int(taken.sum()), total, best)


def _during(times: Array, time: Interval | None) -> Array:
    known: Array = ~np.isnat(times)
    if time is None:
        return known
    start, end = (np.datetime64(one.astimezone(UTC).replace(tzinfo=None), "us") for one in (time.start, time.end))
    during: Array = known & (times >= start) & (times < end)
    return during


def _inside(swath: Swath, area: Area, near: Array, window: slice, by: By) -> tuple[Array, tuple[Array, Array] | None]:
    """Which pixels of the window belong to the area, and their corners if those decided."""
    longitude, latitude = swath.longitude[window], swath.latitude[window]
    inside = np.zeros(near.shape, bool)
    if by == "centre":
        inside[near] = area.covers(longitude[near], latitude[near])
        return inside, None
    corners = swath.corners(window)
    inside[near] = area.meets(longitude[near], latitude[near], corners[0][near], corners[1][near])
    return inside, corners


def _best(swath: Swath, pixels: Pixels, taken: Array, corners: tuple[Array, Array] | None) -> dict[str, Any]:
    """The winner of one product, in the words of `Maximum`."""
    rows, columns = np.nonzero(taken & (pixels.value == pixels.value[taken].max()))
    times = swath.times[pixels.first + rows]
    first = int(np.argmin(times))
    row, column = int(rows[first]), int(columns[first])
    scanline = pixels.first + row
    longitude = swath.longitude[scanline, column]
    around: Any = ()
    if corners is not None:
        turned = unrolled(longitude[None], corners[0][row, column][None])[0]
        around = tuple((float(x), float(y)) for x, y in zip(turned, corners[1][row, column], strict=True))
    return {
        "value": float(pixels.value[row, column]),
        "precision": float(pixels.precision[row, column]),
        "quality": int(pixels.quality[row, column]) / 100,
        "longitude": float(longitude),
        "latitude": float(swath.latitude[scanline, column]),
        "corners": around,
        "time": _moment(times[first]),
        "product": swath.id,
        "orbit": swath.orbit,
        "scanline": scanline,
        "ground_pixel": column,
    }


def _moment(time: Any) -> datetime:
    found: datetime = time.astype("datetime64[us]").item()
    return found.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nothing(parts: Sequence[_Part], products: int, quality: float) -> ProcessingError:
    seen = sum(part.in_area for part in parts)
    if seen:
        why = f"{seen:,} pixels of {len(parts)} products lie there, none with a value and a qa_value above {quality:g}"
        return ProcessingError("no CO column is good enough", why=why, way_out="take another period, or lower --quality")
    why = f"none of {products} products has a pixel there"
    return ProcessingError("no product looked at the area in the period", why=why, way_out="take another area, period or folder")
