"""Statistics of a gridded field over zones (GeoTIFF or CF NetCDF × a vector layer) as one table: the rows of rule ``air``.

The same rows, streamed, are those of the source that a mapping with ``ewm:Zonal`` reads; what is said there of cells and weights holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import setting

from ..plan import Options
from ..sources import RasterOptions, ZonalSource


@dataclass(frozen=True)
class ZonalLimits:
    """Bounds of one zonal run."""

    zonal_cells: int = setting(
        20_000_000, unit="cells", help="cells of a field in the box of the zones, of one step; also steps of its axes"
    )


@dataclass(frozen=True)
class ZonalRows:
    """What `zonal` found.

    Attributes:
        table: Arrow table with ``zone`` (key), ``time`` (xsd:dateTime text), ``statistic``, ``value``, ``cells`` (those with a value),
            ``unit`` (UCUM), ``variable``, ``standard_name`` (CF), ``threshold``.
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
    threshold: float | None = None,
    options: Options | None = None,
    limits: ZonalLimits | None = None,
) -> ZonalRows:
    """Reduce a field to one row per zone, time and statistic.

    Args:
        field: GeoTIFF of one band at ``time``, or NetCDF with one-dimensional latitude and longitude (or projected y and x).
        zones: vector layer in any CRS; areas.
        key: its column that names a zone.
        where: columns and the values that zones must have, e.g. ``{"LEVL_CODE": 0}``.
        variable: of a NetCDF file that holds several.
        time: ISO 8601, for fields that do not say it.
        unit: UCUM code, for fields that do not say it.
        statistics: ``mean`` (weighted by cell area), ``min``, ``max``, ``median``, ``p95``, ``sum``, ``count``, ``exceedance_share`` (of
            the area), ``exceedance_area`` (m²).
        threshold: what exceedance is above, in the unit of the field.

    Raises `ParameterError`, `ProductError`, and `SizeLimitError` beyond ``limits``.
    """
    chosen = RasterOptions(
        reading="zonal", variable=variable, time=time, unit=unit, zones=str(Path(zones).absolute()), zone_key=key,
        statistics=tuple(statistics), threshold=threshold, zonal_cells=(limits or ZonalLimits()).zonal_cells,
    )
    source = ZonalSource(Path(field), chosen, options or Options(), where)
    batches = list(source.batches(source.fields, geometry=False))
    table = pa.Table.from_batches(batches, schema=source.empty(source.fields, geometry=False).schema)
    return ZonalRows(table, tuple(sorted(set(source.zones) - source.covered)), len(source.zones))
