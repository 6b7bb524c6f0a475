"""How a gridded file is read as rows: named settings, from Python or from a mapping document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from earthweave.ontology import ParameterError, setting

Reading = Literal["regions", "cells", "zonal"]
_READINGS: dict[str, Reading] = {"RasterRegions": "regions", "RasterCells": "cells", "Zonal": "zonal"}
STATISTICS = ("mean", "min", "max", "median", "p95", "sum", "count", "exceedance_share", "exceedance_area")
"""What can be said of the cells of a zone."""


@dataclass(frozen=True)
class RasterOptions:
    """How a GeoTIFF or NetCDF file is read as rows.

    A mapping says the same by properties of the logical source: the names below in camel case, such as ``ewm:minPixels``, with
    ``ewm:RasterRegions``, ``ewm:RasterCells`` or ``ewm:Zonal`` as its reference formulation.

    Raises `ParameterError` for a value that is no choice.
    """

    reading: Reading | None = setting(
        None, help="regions: polygons of equal value; cells: one row per cell and step; zonal: statistics per zone and step; "
        "default: zonal with zones, else regions of a GeoTIFF"
    )
    band: int | None = setting(None, help="band of a GeoTIFF, from 1; default: 1 for regions, all for the others")
    values: tuple[float, ...] = setting((), help="values whose regions or cells are wanted; default: all")
    min_pixels: int = setting(1, unit="pixels", help="regions of fewer pixels are left out")
    variable: str | None = setting(None, help="variable of a NetCDF file that holds several")
    time: str | None = setting(None, help="time (ISO 8601) of a field that does not say it")
    unit: str | None = setting(None, help="unit (UCUM) of a field that does not say it")
    bbox: tuple[float, ...] = setting((), help="west, south, east, north in the CRS of the field: cells whose centres lie inside")
    cell_geometry: Literal["polygon", "centre"] = setting("polygon", help="geometry of a cell: polygon, or centre")
    max_cells: int = setting(1_000_000, unit="cells", help="cells, times steps, that may become rows")
    zones: str | None = setting(None, help="vector layer of the zones")
    zone_key: str | None = setting(None, help="column that names a zone")
    zone_layer: str | None = setting(None, help="layer of the zones in a file that holds several")
    statistics: tuple[str, ...] = setting(("mean", "max"), help=f"statistics of the zones: {', '.join(STATISTICS)}")
    threshold: float | None = setting(None, help="value that exceedance is above, in the unit of the field")
    zonal_cells: int = setting(
        20_000_000, unit="cells", help="cells of a field in the box of the zones, of one step; also steps of its axes"
    )
    strip_pixels: int = setting(1_000_000, unit="pixels", help="pixels polygonised at a time")

    def __post_init__(self) -> None:
        for name, allowed in (("reading", (None, *_READINGS.values())), ("cell_geometry", ("polygon", "centre"))):
            if getattr(self, name) not in allowed:
                choices = ", ".join(str(one) for one in allowed if one)
                raise ParameterError(f"{name} cannot be {getattr(self, name)!r}", way_out=f"choose from {choices}")
        if len(self.bbox) not in (0, 4):
            raise ParameterError(f"a bbox has four numbers, not {len(self.bbox)}", way_out="say west, south, east, north")
        self._check_statistics()

    def _check_statistics(self) -> None:
        unknown = [one for one in self.statistics if one not in STATISTICS]
        if unknown or not self.statistics:
            raise ParameterError(f"no statistic {unknown}", way_out=f"choose from {', '.join(STATISTICS)}")
        if self.threshold is None and any(one.startswith("exceedance") for one in self.statistics):
            raise ParameterError("exceedance of which value?", way_out="say it: threshold=…")

    @classmethod
    def of(cls, formulation: str, parameters: Sequence[tuple[str, str]]) -> RasterOptions:
        """What a logical source says: local names of its properties with texts; lists are repeated, or separated by commas or blanks.

        Raises `ParameterError` for a text that is no such value; properties of other names are not ours.
        """
        texts: dict[str, list[str]] = {}
        for name, text in parameters:
            texts.setdefault(_snake(name), []).append(text)
        given = {name: _read(name, texts[name]) for name in _KINDS if name in texts}
        reading = _READINGS.get(formulation, given.pop("reading", None))
        return replace(cls(), reading=reading, **given)


def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def _items(texts: list[str]) -> list[str]:
    return [item for text in texts for item in text.replace(",", " ").split()]


def _numbers(texts: list[str]) -> tuple[float, ...]:
    return tuple(map(float, _items(texts)))


def _whole(texts: list[str]) -> int:
    return int(texts[-1])


def _text(texts: list[str]) -> str:
    return texts[-1]


_KINDS: dict[str, Callable[[list[str]], Any]] = {
    "reading": _text,
    "band": _whole, "values": _numbers, "min_pixels": _whole, "variable": _text, "time": _text, "unit": _text, "bbox": _numbers,
    "cell_geometry": _text, "max_cells": _whole, "zones": _text, "zone_key": _text, "zone_layer": _text,
    "statistics": lambda texts: tuple(_items(texts)), "threshold": lambda texts: float(texts[-1]), "zonal_cells": _whole,
    "strip_pixels": _whole,
}


def _read(name: str, texts: list[str]) -> Any:
    try:
        return _KINDS[name](texts)
    except ValueError as error:
        raise ParameterError(f"{name} cannot be {', '.join(texts)!r}", why=str(error)) from error
