"""Parquet and GeoParquet files as sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import CRS84, Crs, ProductError, UnsupportedError

from ..plan import Options
from ._source import empty_batch, known_crs, plain, table_crs


class ParquetSource:
    """A Parquet or GeoParquet file (GeoParquet 1.1: WKB, CRS84 unless it says otherwise)."""

    def __init__(self, path: Path, options: Options) -> None:
        import pyarrow.parquet as pq

        self._options = options
        self.name = path.name
        self.faults: list[tuple[int, str]] = []
        self.keys: tuple[str, ...] = ()
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise ProductError(f"{path.name} is not a Parquet file", why=str(error).strip()) from error
        self._schema = self._file.schema_arrow
        self.total: int | None = self._file.metadata.num_rows
        geo = (self._schema.metadata or {}).get(b"geo")
        self.geometry: str | None
        self.geometry, self.crs = _geoparquet(geo, path.name, options) if geo else (None, table_crs(options))
        self.fields = tuple(name for name in self._schema.names if name != self.geometry)

    def _names(self, columns: Sequence[str], geometry: bool) -> list[str]:
        return [*columns, *([self.geometry] if geometry and self.geometry else [])]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        try:
            yield from map(plain, self._file.iter_batches(self._options.batch_rows, columns=self._names(columns, geometry)))
        except (pa.ArrowException, OSError) as error:
            raise ProductError(f"{self.name} cannot be read to its end", why=str(error).strip()) from error

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(self._schema, self._names(columns, geometry))


def _geoparquet(metadata: bytes, name: str, options: Options) -> tuple[str, Crs]:
    try:
        geo = json.loads(metadata)
        column = str(geo["primary_column"])
        described = dict(geo["columns"][column])
    except (ValueError, KeyError, TypeError) as error:
        raise ProductError(f"{name}: its GeoParquet metadata cannot be read", why=repr(error)) from error
    if described.get("encoding") != "WKB":
        raise UnsupportedError(f"{name}: geometries encoded as {described.get('encoding')}", way_out="write them as WKB")
    if "crs" not in described and options.source_crs is None:
        return column, CRS84
    text = described.get("crs")
    return column, known_crs(json.dumps(text) if text else None, name, options)
