"""Statistics of a gridded field over zones (GeoTIFF or CF NetCDF × a vector layer): the rows of rule ``air``.

A cell belongs to a zone if its centre lies inside it; means weight each cell by its area (the cosine of the latitude on a grid of
degrees). A zone smaller than the grid may hold no centre: it gets no row and is named in ``uncovered``, never a neighbour's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import Crs, ParameterError, SizeLimitError, setting
from earthweave.ontology.geometry import reproject

from ..plan import Options
from ..sources import geometry_names, open_source
from ..values import read_wkb
from ._fields import Field, open_field


@dataclass(frozen=True)
class ZonalLimits:
    """Bounds of one zonal run."""

    zonal_cells: int = setting(
        20_000_000, unit="cells", help="cells of a field in the box of the zones, times steps; also steps of its axes"
    )


@dataclass(frozen=True)
class ZonalRows:
    """What `zonal` found.

    Attributes:
        table: Arrow table with ``zone`` (key), ``time`` (xsd:dateTime text), ``statistic``, ``value``, ``cells`` (those with a value),
            ``unit`` (UCUM).
        uncovered: keys of zones that hold no cell centre with a value, sorted.
        zones: number of zones.
    """

    table: Any
    uncovered: tuple[str, ...]
    zones: int


def zonal(
    field: Path,
    zones: Path,
    *,
    key: str,
    where: Mapping[str, Any] | None = None,
    variable: str | None = None,
    time: str | None = None,
    unit: str | None = None,
    statistics: Sequence[str] = ("mean", "max"),
    options: Options | None = None,
    limits: ZonalLimits | None = None,
) -> ZonalRows:
    """Reduce a field to one row per zone, time and statistic.

    Args:
        field: GeoTIFF (each band a step at ``time``), or NetCDF with one-dimensional latitude and longitude.
        zones: vector layer in any CRS; areas.
        key: its column that names a zone.
        where: columns and the values that zones must have, e.g. ``{"LEVL_CODE": 0}``.
        variable: of a NetCDF file that holds several.
        time: ISO 8601, for fields that do not say it.
        unit: UCUM code, for fields that do not say it.
        statistics: of ``mean`` (weighted by cell area) and ``max``.

    Raises `ParameterError`, `ProductError`, and `SizeLimitError` beyond ``limits``.
    """
    unknown = [one for one in statistics if one not in ("mean", "max")]
    if unknown or not statistics:
        raise ParameterError(f"no statistic {unknown}", way_out="choose from mean, max")
    names, shapes, crs = _zones(zones, key, where or {}, options or Options())
    limits = limits or ZonalLimits()
    with open_field(Path(field), variable, (time, unit), limits.zonal_cells) as grid:
        placed = reproject(shapes, crs, grid.crs)
        cells = _cells(grid, placed, limits)
    pairs = shapely.STRtree(cells.points).query(placed, predicate="contains")
    return _rows(names, grid, cells, pairs, statistics)


@dataclass(frozen=True)
class _Cells:
    """The cells in the box of the zones: centres, weights, and values of shape (times, cells)."""

    points: Any
    weights: Any
    values: Any


def _cells(grid: Field, zones: Any, limits: ZonalLimits) -> _Cells:
    west, south, east, north = shapely.total_bounds(zones)
    columns = np.flatnonzero((grid.x >= west) & (grid.x <= east))
    rows = np.flatnonzero((grid.y >= south) & (grid.y <= north))
    size = len(columns) * len(rows) * len(grid.times)
    if size > limits.zonal_cells:
        what = f"the zones cover {size:,} cells, more than zonal_cells={limits.zonal_cells:,}"
        raise SizeLimitError(what, way_out="raise the limit, or choose fewer zones or times")
    x, y = np.meshgrid(grid.x[columns], grid.y[rows])
    weights = np.cos(np.radians(y)) if grid.crs.geographic else np.ones_like(y)
    values = grid.values(rows, columns).reshape(len(grid.times), -1)
    return _Cells(shapely.points(x.ravel(), y.ravel()), weights.ravel(), values)


def _rows(names: list[str], grid: Field, cells: _Cells, pairs: Any, statistics: Sequence[str]) -> ZonalRows:
    zone, cell = pairs
    parts, covered = [], np.zeros(len(names), dtype=bool)
    for index, time in enumerate(grid.times):
        values = cells.values[index, cell]
        there = np.isfinite(values)
        count = np.bincount(zone[there], minlength=len(names))
        found = _statistics(zone[there], values[there], cells.weights[cell[there]], len(names))
        covered |= count > 0
        parts += [_part(names, count, time, one, found[one], grid.unit) for one in statistics]
    uncovered = tuple(sorted(name for name, one in zip(names, covered, strict=True) if not one))
    return ZonalRows(pa.concat_tables(parts), uncovered, len(names))


def _statistics(zone: Any, values: Any, weights: Any, zones: int) -> dict[str, Any]:
    total = np.bincount(zone, weights=weights, minlength=zones)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(zone, weights=weights * values, minlength=zones) / total
    highest = np.full(zones, -np.inf)
    np.maximum.at(highest, zone, values)
    return {"mean": mean, "max": highest}


_KINDS = {
    "zone": pa.string(), "time": pa.string(), "statistic": pa.string(), "value": pa.float64(), "cells": pa.int64(), "unit": pa.string(),
}


def _part(names: list[str], count: Any, time: str, statistic: str, values: Any, unit: str) -> Any:
    kept = np.flatnonzero(count)
    columns = {
        "zone": [names[index] for index in kept], "time": [time] * len(kept), "statistic": [statistic] * len(kept),
        "value": values[kept], "cells": count[kept], "unit": [unit] * len(kept),
    }
    return pa.table({name: pa.array(values, _KINDS[name]) for name, values in columns.items()})


def _zones(path: Path, key: str, where: Mapping[str, Any], options: Options) -> tuple[list[str], Any, Crs]:
    source = open_source(path, "", options)
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
    if not names:
        raise ParameterError(f"no zone of {path.name} meets {dict(where)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ParameterError(f"{key} does not name the zones of {path.name} apart", why=f"more than once: {', '.join(repeated[:3])}")
    return names, np.array(shapes, dtype=object), source.crs
