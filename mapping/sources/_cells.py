"""Cells of a field as rows: for small windows only, for a day of a regional model would be a hundred million statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import SizeLimitError

from ..plan import Options
from ._fields import Field, check_regular, half_steps, open_field
from ._raster_options import RasterOptions
from ._source import empty_batch

_SCHEMA = pa.schema([
    ("id", pa.string()), ("row", pa.int64()), ("column", pa.int64()), ("band", pa.int64()), ("time", pa.string()), ("x", pa.float64()),
    ("y", pa.float64()), ("value", pa.float64()), ("unit", pa.string()), ("variable", pa.string()), ("standard_name", pa.string()),
    ("geometry", pa.binary()),
])
_BLOCK = 65_536


class CellSource:
    """One row per cell and step, in raster order, a step after the other; cells without a value are left out.

    Raises `SizeLimitError` before anything is read if there would be more than ``max_cells``.
    """

    def __init__(self, path: Path, chosen: RasterOptions, options: Options) -> None:
        self.name, self._path, self._chosen, self._options = path.name, path, chosen, options
        self.faults: list[tuple[int, str]] = []
        self.keys: tuple[str, ...] = ("id",)
        self.geometry: str | None = "geometry"
        with open_field(path, chosen, options) as field:
            self.crs = field.crs
            rows, columns = self._window(field)
            self.total: int | None = len(rows) * len(columns) * field.steps
            self._check(field, len(rows), len(columns))
            if chosen.cell_geometry == "polygon":
                check_regular(field)
            position = _SCHEMA.get_field_index("value")
            self._schema = _SCHEMA.set(position, pa.field("value", pa.int64())) if field.whole else _SCHEMA
        self.fields = tuple(name for name in self._schema.names if name != self.geometry)

    def _window(self, field: Field) -> tuple[Any, Any]:
        if self._chosen.bbox:
            return field.within(self._chosen.bbox)
        return np.arange(len(field.y)), np.arange(len(field.x))

    def _check(self, field: Field, rows: int, columns: int) -> None:
        count = rows * columns * field.steps
        if count > self._chosen.max_cells:
            raise SizeLimitError(
                f"{self.name}: {rows:,} × {columns:,} cells in {field.steps:,} steps are {count:,} rows, "
                f"more than max_cells={self._chosen.max_cells:,}",
                why="each becomes several statements",
                way_out="take statistics of zones (reading=zonal) or regions of classes (reading=regions); cut it by bbox; raise max_cells",
            )

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(self._schema, [*columns, *(["geometry"] if geometry else [])])

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`; some rows of the grid together."""
        names = [*columns, *(["geometry"] if geometry else [])]
        with open_field(self._path, self._chosen, self._options) as field:
            rows, across = self._window(field)
            if not len(across):
                return
            height = max(1, _BLOCK // len(across))
            for step in range(field.steps):
                for top in range(0, len(rows), height):
                    yield self._batch(field, step, rows[top: top + height], across, names)

    def _batch(self, field: Field, step: int, rows: Any, across: Any, names: list[str]) -> Any:
        values = field.values(slice(step, step + 1), rows, across)[0]
        there = np.isfinite(values)
        if self._chosen.values:
            there &= np.isin(values, self._chosen.values)
        down, right = np.nonzero(there)
        row, column, count = rows[down], across[right], down.size
        x, y = field.x[column], field.y[row]
        band = self._chosen.band or step + 1
        made: dict[str, Callable[[], Any]] = {
            "id": lambda: [f"{one}-{other}-{band}" for one, other in zip(row.tolist(), column.tolist(), strict=True)],
            "row": lambda: row, "column": lambda: column, "band": lambda: np.full(count, band),
            "time": lambda: [field.times[step] if field.times else None] * count, "x": lambda: x, "y": lambda: y,
            "value": lambda: values[there].astype("int64") if field.whole else values[there],
            "unit": lambda: [field.unit] * count, "variable": lambda: [field.variable or None] * count,
            "standard_name": lambda: [field.standard_name or None] * count,
            "geometry": lambda: shapely.to_wkb(self._shapes(field, x, y)),
        }
        fields = [self._schema.field(name) for name in names]
        return pa.RecordBatch.from_arrays([pa.array(made[one.name](), one.type) for one in fields], schema=pa.schema(fields))

    def _shapes(self, field: Field, x: Any, y: Any) -> Any:
        if self._chosen.cell_geometry == "centre":
            return shapely.points(x, y)
        wide, high = half_steps(field)
        limits = (180.0, 90.0) if field.crs.geographic else (np.inf, np.inf)
        west, east = (np.clip(x + side, -limits[0], limits[0]) for side in (-wide, wide))
        south, north = (np.clip(y + side, -limits[1], limits[1]) for side in (-high, high))
        return shapely.box(west, south, east, north)
