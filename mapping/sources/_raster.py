"""GeoTIFF and NetCDF files as flat sources: regions of equal value, cells, or statistics of zones.

The readers stand among the other sources, below the executors, so that rules, joins, views and the generator see rasters as they see
any other file. What is read, and how, is said by `RasterOptions`, or by the properties of a logical source.

=========  ==========================================================================================================
regions    ``id value row column pixels area_m2`` and a polygon in the raster's CRS
cells      ``id row column band time x y value unit variable standard_name`` and a polygon or point in the field's CRS
zonal      ``zone time statistic value cells unit variable standard_name threshold``, no geometry
=========  ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError, ProductError
from earthweave.ontology.geometry import area_m2, reproject

from ..plan import LogicalSource, Options
from ._cells import CellSource
from ._fields import NETCDF, Field, check_axes, times_of, ucum, zone_area
from ._raster_options import RasterOptions
from ._regions import Regions, regions
from ._source import Source, empty_batch, known_crs
from ._zones import ZonalSource

_SCHEMA = pa.schema([
    ("id", pa.string()), ("value", pa.float64()), ("row", pa.int64()), ("column", pa.int64()), ("pixels", pa.int64()),
    ("area_m2", pa.float64()), ("geometry", pa.binary()),
])


def open_raster(path: Path, logical: LogicalSource, options: Options) -> Source:
    """A GeoTIFF or NetCDF file as the logical source has it, without other word the regions of a GeoTIFF.

    Raises `ProductError`, `CrsError`, `ParameterError`, `SizeLimitError`, `UnsupportedError`.
    """
    return raster_source(path, RasterOptions.of(logical.formulation, logical.parameters), options)


def raster_source(path: Path, chosen: RasterOptions | None = None, options: Options | None = None) -> Source:
    """A GeoTIFF or NetCDF file as rows, for `map_source`; raises as `open_raster` does. Relative zones stand beside the file."""
    chosen, options = chosen or RasterOptions(), options or Options()
    reading = chosen.reading or ("zonal" if chosen.zones else "regions")
    if reading == "zonal":
        return ZonalSource(path, chosen, options)
    if reading == "cells":
        return CellSource(path, chosen, options)
    if path.suffix.lower() in NETCDF:
        raise ParameterError(
            f"{path.name}: how is a NetCDF file to become rows?", why="its fields are numbers, not classes with regions",
            way_out="statistics of zones: zones=LAYER and zone_key=COLUMN (ewm:zones, ewm:zoneKey); or, for a small one, reading=cells",
        )
    return RegionSource(path, chosen, options)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        raster = rasterio.open(path, driver="GTiff")
    except RasterioError as error:
        raise ProductError(f"{path.name} cannot be read", why=str(error)) from error
    with raster:
        yield raster


def _read(raster: Any, path: Path, bands: Any, window: Any, **how: Any) -> Any:
    from rasterio.errors import RasterioError

    try:
        return raster.read(bands, window=window, **how)
    except RasterioError as error:
        raise ProductError(f"{path.name} cannot be read to its end", why=str(error.__cause__ or error)) from error


def _crs(raster: Any, path: Path, options: Options) -> Crs:
    return known_crs(raster.crs.to_wkt() if raster.crs else None, path.name, options)


def _band(raster: Any, path: Path, band: int) -> int:
    if not 1 <= band <= raster.count:
        raise ParameterError(f"{path.name} has no band {band}", way_out=f"it has {raster.count}, counted from 1")
    return band


@contextmanager
def raster_field(path: Path, chosen: RasterOptions, options: Options) -> Iterator[Field]:
    """The bands of a GeoTIFF, or one of them, as a field; raises `ProductError`, `CrsError`, `ParameterError`, `SizeLimitError`."""
    with _opened(path) as raster:
        bands = [_band(raster, path, chosen.band)] if chosen.band else list(raster.indexes)
        check_axes(path.name, (len(bands), raster.height, raster.width), chosen.zonal_cells)
        if not raster.transform.is_rectilinear:
            raise ProductError(f"{path.name} has a rotated grid", way_out="reproject it first")
        step, first = raster.transform, bands[0] - 1
        x = step.c + step.a * (np.arange(raster.width) + 0.5)
        y = step.f + step.e * (np.arange(raster.height) + 0.5)
        scales, offsets = (np.array([numbers[band - 1] for band in bands])[:, None, None] for numbers in (raster.scales, raster.offsets))
        plain = all(np.dtype(raster.dtypes[band - 1]).kind in "iu" for band in bands) and bool((scales % 1 == 0).all())

        def part(steps: slice, rows: slice, columns: slice) -> Any:
            window = ((rows.start, rows.stop), (columns.start, columns.stop))
            numbers = _read(raster, path, bands[steps], window, masked=True)
            return numbers.astype("float64").filled(np.nan) * scales[steps] + offsets[steps]

        yield Field(
            path.name, str(raster.descriptions[first] or ""), "", x, y, len(bands), times_of((), len(bands), chosen.time),
            chosen.unit or ucum(raster.units[first] or ""), _crs(raster, path, options), plain and bool((offsets % 1 == 0).all()), part,
        )


class RegionSource:
    """Regions of equal value in one band of a GeoTIFF: polygons that share sides, never corners alone (connectivity 4).

    The id is value, row and column of the first pixel in raster order, so that it does not depend on how the file was read. Pixels
    without data are left out, and so are regions of fewer than ``min_pixels``; their place stays empty.
    """

    def __init__(self, path: Path, chosen: RasterOptions, options: Options) -> None:
        self.name, self._path, self._chosen, self._options = path.name, path, chosen, options
        self.faults: list[tuple[int, str]] = []
        self.total: int | None = None
        self.keys: tuple[str, ...] = ("id",)
        self.geometry: str | None = "geometry"
        with _opened(path) as raster:
            self._band = _band(raster, path, chosen.band or 1)
            self.crs = _crs(raster, path, options)
            kind = np.dtype(raster.dtypes[self._band - 1])
        if kind.kind == "c":
            raise ProductError(f"{path.name}: regions of complex numbers", way_out="classify them first")
        self._whole = kind.kind in "iu"
        position = _SCHEMA.get_field_index("value")
        self._schema = _SCHEMA.set(position, pa.field("value", pa.int64())) if self._whole else _SCHEMA
        self.fields = tuple(name for name in self._schema.names if name != self.geometry)

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(self._schema, self._names(columns, geometry))

    def _names(self, columns: Sequence[str], geometry: bool) -> list[str]:
        return [*columns, *(["geometry"] if geometry else [])]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`; the regions that end in the same strip together."""
        names = self._names(columns, geometry)
        with _opened(self._path) as raster:
            width, height = raster.width, raster.height

            def read(top: int, bottom: int) -> tuple[Any, Any]:
                return self._strip(raster, ((top, bottom), (0, width)))

            strip = max(1, self._chosen.strip_pixels // width)
            for found in regions(read, height, strip, self._chosen.min_pixels):
                yield self._batch(found, raster.transform, names)

    def _strip(self, raster: Any, window: Any) -> tuple[Any, Any]:
        values = _read(raster, self._path, self._band, window)
        there = _there(raster, self._band, window, values)
        if self._chosen.values:
            there &= np.isin(values, self._chosen.values)
        return values, there

    def _batch(self, found: Regions, transform: Any, names: list[str]) -> Any:
        step = np.array([[transform.a, transform.d], [transform.b, transform.e]])
        placed = shapely.transform(found.polygons, lambda points: points @ step + (transform.c, transform.f))
        row, column = found.first.T
        made: dict[str, Callable[[], Any]] = {
            "id": lambda: _ids(found, self._whole), "value": lambda: found.values, "row": lambda: row, "column": lambda: column,
            "pixels": lambda: found.pixels, "area_m2": lambda: _areas(placed, self.crs), "geometry": lambda: shapely.to_wkb(placed),
        }
        fields = [self._schema.field(name) for name in names]
        return pa.RecordBatch.from_arrays([pa.array(made[one.name](), one.type) for one in fields], schema=pa.schema(fields))


def _there(raster: Any, band: int, window: Any, values: Any) -> Any:
    """Which pixels have data: the file's masks are read only where they say more than the value for no data."""
    flags = [flag.name for flag in raster.mask_flag_enums[band - 1]]
    nodata = raster.nodatavals[band - 1]
    there = np.ones(values.shape, dtype=bool) if flags == ["all_valid"] else values != nodata
    if flags not in (["all_valid"], ["nodata"]):
        there = raster.read_masks(band, window=window) > 0
    return there & ~np.isnan(values) if values.dtype.kind == "f" else there


def _ids(found: Regions, whole: bool) -> list[str]:
    texts = map(str if whole else repr, found.values.tolist())
    return [f"{value}-{row}-{column}" for value, (row, column) in zip(texts, found.first.tolist(), strict=True)]


def _areas(polygons: Any, crs: Crs) -> Any:
    """m² on the ellipsoid: sides of degrees along their parallels, others as they are on the map between corners."""
    if not crs.geographic:
        return area_m2(reproject(polygons, crs, CRS84))
    _, points, (rings, bodies) = shapely.to_ragged_array(polygons)
    # Green's theorem: east to west along each side of constant longitude; shells and holes turn in opposite ways
    steps = (points[:-1, 0] + points[1:, 0]) / 2 * np.diff(zone_area(points[:, 1]))
    steps[rings[1:-1] - 1] = 0
    return np.abs(np.radians(np.add.reduceat(np.append(steps, 0.0), rings[bodies[:-1]])))
