"""Arrow tables in memory as sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..plan import Options
from ._source import empty_batch, plain, table_crs


@dataclass
class MemorySource:
    """An Arrow table in memory; no geometry column, but WKT columns may be used as geometries."""

    table: Any
    options: Options
    name: str = "table"
    geometry: str | None = None
    faults: list[tuple[int, str]] = field(default_factory=list)
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.fields: tuple[str, ...] = tuple(self.table.column_names)
        self.total: int | None = self.table.num_rows
        self.crs = table_crs(self.options)

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        yield from map(plain, self.table.select(list(columns)).to_batches(max_chunksize=self.options.batch_rows))

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(self.table.schema, columns)
