"""Statistics of a field over zones, some steps at a time.

A cell belongs to a zone if its centre lies inside it; means weight each cell by its area (the cosine of the latitude on a grid of
degrees), median and p95 do not weight (p95 and median lie between neighbours linearly, Hyndman & Fan 1996, type 7). A zone smaller than
the grid may hold no centre: it gets no row, never a neighbour's value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Crs, NotFoundError, ParameterError, SizeLimitError
from earthweave.ontology.geometry import reproject

from ..plan import Options
from ..values import read_wkb
from ._fields import Field, cell_areas, open_field
from ._files import open_source
from ._raster_options import RasterOptions
from ._source import empty_batch, geometry_names

_SCHEMA = pa.schema([
    ("zone", pa.string()), ("time", pa.string()), ("statistic", pa.string()), ("value", pa.float64()), ("cells", pa.int64()),
    ("unit", pa.string()), ("variable", pa.string()), ("standard_name", pa.string()), ("threshold", pa.float64()),
])
_AT_ONCE = 4_000_000
_UNITS = {"count": "1", "exceedance_share": "1", "exceedance_area": "m2"}


@dataclass(frozen=True)
class Zones:
    """Areas by key."""

    names: list[str]
    shapes: Any
    crs: Crs


class ZonalSource:
    """One row per zone, time and statistic; ``cells`` is how many have a value.

    Attributes:
        zones: names of all zones.
        covered: zones that hold a cell with a value; complete at the end of the stream.
    """

    def __init__(self, path: Path, chosen: RasterOptions, options: Options, where: Mapping[str, Any] | None = None) -> None:
        self.name, self._path, self._chosen, self._options = path.name, path, chosen, options
        self.faults: list[tuple[int, str]] = []
        self.total: int | None = None
        self.keys: tuple[str, ...] = ()
        self.geometry: str | None = None
        self.crs = CRS84
        self.fields = tuple(_SCHEMA.names)
        self._zones = read_zones(_layer_of(path, chosen), chosen, where or {}, options)
        self.zones = tuple(self._zones.names)
        self.covered: set[str] = set()
        with open_field(path, chosen, options) as field:
            field.said_times()

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(_SCHEMA, columns)

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`; in the order of times, statistics, zones."""
        with open_field(self._path, self._chosen, self._options) as field:
            cells = _cells(field, self._zones, self._chosen)
            at_once = max(1, _AT_ONCE // max(1, len(cells.rows) * len(cells.columns), cells.cell.size))
            for first in range(0, field.steps, at_once):
                steps = slice(first, min(first + at_once, field.steps))
                values = field.values(steps, cells.rows, cells.columns).reshape(steps.stop - steps.start, -1)
                found = Statistics.of(cells, values[:, cells.cell], len(self.zones), self._chosen.threshold)
                yield self._batch(field, field.said_times()[steps], found, columns)

    def _batch(self, field: Field, times: Sequence[str], found: Statistics, columns: Sequence[str]) -> Any:
        names, zones = self._chosen.statistics, np.array(self.zones, dtype=object)
        count = np.broadcast_to(found.count[:, None], (len(times), len(names), len(zones)))
        step, statistic, zone = np.nonzero(count)
        self.covered.update(zones[np.unique(zone)])
        above = [self._chosen.threshold if one.startswith("exceedance") else None for one in names]
        made: dict[str, Callable[[], Any]] = {
            "zone": lambda: zones[zone], "time": lambda: np.array(times, dtype=object)[step],
            "statistic": lambda: np.array(names, dtype=object)[statistic],
            "value": lambda: np.stack([found.named(one) for one in names], axis=1)[step, statistic, zone],
            "cells": lambda: count[step, statistic, zone],
            "unit": lambda: np.array([_UNITS.get(one, field.unit) for one in names], dtype=object)[statistic],
            "variable": lambda: [field.variable or None] * len(step),
            "standard_name": lambda: [field.standard_name or None] * len(step),
            "threshold": lambda: np.array(above, dtype=object)[statistic],
        }
        fields = [_SCHEMA.field(name) for name in columns]
        return pa.RecordBatch.from_arrays([pa.array(made[one.name](), one.type) for one in fields], schema=pa.schema(fields))


def _layer_of(path: Path, chosen: RasterOptions) -> Path:
    if chosen.zones is None or chosen.zone_key is None:
        what = f"{path.name}: statistics of which zones?"
        raise ParameterError(what, way_out="say the layer and its key: zones=FILE zone_key=COLUMN (ewm:zones, ewm:zoneKey)")
    beside = path.parent / chosen.zones
    if not beside.is_file():
        raise NotFoundError(f"there is no layer of zones {chosen.zones}", way_out=f"relative paths are looked for beside {path.name}")
    return beside


@dataclass(frozen=True)
class _Cells:
    """The window of the zones, and the pairs of zone and cell (number in the window) whose centre it holds, with weight and m²."""

    rows: Any
    columns: Any
    zone: Any
    cell: Any
    weights: Any
    areas: Any


def _cells(field: Field, zones: Zones, chosen: RasterOptions) -> _Cells:
    placed = reproject(zones.shapes, zones.crs, field.crs)
    rows, columns = field.within(shapely.total_bounds(placed).tolist())
    size = len(columns) * len(rows)
    if size > chosen.zonal_cells:
        what = f"the zones cover {size:,} cells, more than zonal_cells={chosen.zonal_cells:,}"
        raise SizeLimitError(what, way_out="raise the limit, or choose fewer zones")
    x, y = np.meshgrid(field.x[columns], field.y[rows])
    tree = shapely.STRtree(shapely.points(x.ravel(), y.ravel()))
    zone, cell = tree.query(placed, predicate="contains")
    weights = np.cos(np.radians(y)).ravel()[cell] if field.crs.geographic else np.ones(cell.size)
    areas = np.repeat(cell_areas(field, rows), len(columns))[cell]
    return _Cells(rows, columns, zone, cell, weights, areas)


@dataclass(frozen=True)
class Statistics:
    """Of the cells with a value, by step and zone; only where ``count`` is not 0 do they mean anything.

    Attributes:
        place: number of the step times that of the zones, plus the zone, for each pair with a value.
        values, weights, areas: of these pairs.
        count: (steps, zones), how many.
        threshold: what exceedance is above.
    """

    place: Any
    values: Any
    weights: Any
    areas: Any
    count: Any
    threshold: float | None

    @classmethod
    def of(cls, cells: _Cells, values: Any, zones: int, threshold: float | None) -> Statistics:
        """For values of the pairs, (steps, pairs)."""
        step, pair = np.nonzero(np.isfinite(values))
        place = step * zones + cells.zone[pair]
        count = np.bincount(place, minlength=len(values) * zones).reshape(len(values), zones)
        return cls(place, values[step, pair], cells.weights[pair], cells.areas[pair], count, threshold)

    def named(self, name: str) -> Any:
        """One statistic, (steps, zones)."""
        made: dict[str, Callable[[], Any]] = {
            "mean": self._mean, "min": lambda: self._extreme(np.minimum, np.inf), "max": lambda: self._extreme(np.maximum, -np.inf),
            "median": lambda: self._quantile(0.5), "p95": lambda: self._quantile(0.95), "sum": lambda: self._total(self.values),
            "count": lambda: self.count.astype("float64"), "exceedance_share": self._share,
            "exceedance_area": lambda: self._total(self.areas * self._above()),
        }
        return made[name]().reshape(self.count.shape)

    def _total(self, numbers: Any) -> Any:
        return np.bincount(self.place, weights=numbers, minlength=self.count.size)

    def _mean(self) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._total(self.weights * self.values) / self._total(self.weights)

    def _above(self) -> Any:
        return self.values > self.threshold

    def _share(self) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._total(self.weights * self._above()) / self._total(self.weights)

    def _extreme(self, choose: Any, start: float) -> Any:
        found = np.full(self.count.size, start)
        choose.at(found, self.place, self.values)
        return found

    def _quantile(self, share: float) -> Any:
        ordered = np.append(self.values[np.lexsort((self.values, self.place))], 0.0)
        count = self.count.ravel()
        starts, most = np.cumsum(count) - count, np.maximum(count - 1, 0)
        low = np.floor(most * share).astype(int)
        part = most * share - low
        return ordered[starts + low] * (1 - part) + ordered[starts + np.minimum(low + 1, most)] * part


def read_zones(path: Path, chosen: RasterOptions, where: Mapping[str, Any], options: Options) -> Zones:
    """The zones of a vector layer that have these values in these columns; raises `ParameterError` for a key that is none."""
    key = str(chosen.zone_key)
    source = open_source(path, chosen.zone_layer or "", options)
    unknown = [name for name in (key, *where) if name not in source.fields]
    if unknown or source.geometry is None:
        what = f"no column {unknown[0]!r}" if unknown else "no geometries"
        raise ParameterError(f"{path.name} has {what}", why=f"it has {', '.join(source.fields)}")
    names: list[str] = []
    shapes: list[Any] = []
    for batch in source.batches(sorted({key, *where}), True):
        kept = np.ones(batch.num_rows, dtype=bool)
        for name, wanted in where.items():
            kept &= np.array([value == wanted for value in batch.column(name).to_pylist()], dtype=bool)
        geometries, _ = read_wkb(batch.column(geometry_names(source)[0]))
        kept &= ~shapely.is_missing(geometries)
        names += [str(value) for value, one in zip(batch.column(key).to_pylist(), kept, strict=True) if one]
        shapes += list(geometries[kept])
    _check_names(names, key, path, where)
    return Zones(names, np.array(shapes, dtype=object), source.crs)


def _check_names(names: list[str], key: str, path: Path, where: Mapping[str, Any]) -> None:
    if not names:
        raise ParameterError(f"no zone of {path.name} meets {dict(where)}")
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ParameterError(f"{key} does not name the zones of {path.name} apart", why=f"more than once: {', '.join(repeated[:3])}")
