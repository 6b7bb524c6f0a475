"""Rows of flat sources as records: each value as Python or numpy types it, one at a time."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import XSD, MappingError, UnsupportedError

from ..functions import Rows, Table
from ..plan import COUNTER, Options, Reference
from ..sources import Record, Source, Value, bounded, column_of, geometry_names
from ..values import Natural, Placement, representable
from ._evaluation import BadRow, unfit


class FlatRecords:
    """A flat source as records; names are resolved as the columnar executor resolves them."""

    def __init__(self, source: Source, options: Options, base: str) -> None:
        self._source, self._options = source, options
        self.name, self.total = source.name, source.total
        self.faults: list[tuple[int, str]] = []
        self._names: dict[str, str] = {}
        self.table = Table(source.name, self._names, source.geometry, Placement.of(source.crs, options), options, base)

    def check(self, references: Sequence[str]) -> None:
        """Raise `MappingError` for a name that is no column, or one of a nested type; the others are read from now on."""
        for name in references:
            column = column_of(name, self._source)
            if column is None:
                raise self._unknown(name)
            if column != COUNTER or COUNTER in self._source.fields:
                self._names[name] = column
        batch = self.empty()
        for name in self._columns():
            kind = batch.schema.field(name).type
            if not representable(kind):
                raise MappingError(f"column {name!r} of {self.name} is nested", why=f"its type is {kind}")

    def _unknown(self, name: str) -> MappingError:
        offered = [*self._source.fields, *geometry_names(self._source)[:1], COUNTER]
        near = difflib.get_close_matches(name, offered, 1)
        way_out = f"did you mean {near[0]!r}?" if near else "correct the mapping"
        return MappingError(f"no column {name!r} in {self.name}", why=f"it has {', '.join(offered)}", way_out=way_out)

    def _columns(self) -> list[str]:
        return sorted({found for found in self._names.values() if found != self._source.geometry})

    def _geometry(self) -> bool:
        return self._source.geometry is not None and self._source.geometry in self._names.values()

    def empty(self) -> Any:
        """A batch without rows."""
        return self._source.empty(self._columns(), self._geometry())

    def records(self) -> Iterator[Record]:
        """All rows, in the order of the source."""
        number = 0
        stream = self._source.batches(self._columns(), self._geometry())
        for batch in bounded(stream, self._options.batch_rows, self._options.batch_bytes):
            for index in range(batch.num_rows):
                yield FlatRecord(self.table, batch, index, number)
                number += 1
        self.faults[:] = self._source.faults


class FlatRecord:
    """One row."""

    def __init__(self, table: Table, batch: Any, index: int, number: int) -> None:
        self._table, self._batch, self._index, self._number = table, batch, index, number
        self._rows: Rows | None = None

    def values(self, reference: str) -> Sequence[Value]:
        """See `Record`; a geometry is its literal."""
        column = self._table.columns.get(reference)
        if column is None:
            return [self._number + 1]
        if column == self._table.geometry:
            return self._wkt(reference)
        try:
            found = scalar(self._batch.column(column), self._index)
        except UnicodeDecodeError:
            raise unfit(self._table.options, "a text that is not UTF-8") from None
        return [] if found is None else [found]

    def _wkt(self, reference: str) -> Sequence[Value]:
        rows = self.rows()
        text = rows.shapes(Reference(reference)).wkt()[0].as_py()
        if rows.bad:
            raise BadRow(rows.bad[0])
        if text is None and rows.faulty:
            raise unfit(self._table.options, rows.faulty[0])
        return [] if text is None else [text]

    def rows(self) -> Rows:
        """The row alone as a batch, for functions."""
        if self._rows is None:
            self._rows = Rows(self._table, self._batch.slice(self._index, 1), self._number)
        return self._rows

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """See `Record`; a row holds no records."""
        raise UnsupportedError(f"{self._table.name}: a row holds no records", way_out="name the column in a field, and the format below it")


def scalar(column: Any, index: int) -> Any:
    """One value of an Arrow column; None for NULL; forms that Python does not know are told as texts."""
    cell = column[index]
    if not cell.is_valid:
        return None
    kind = cell.type
    if pa.types.is_dictionary(kind):
        cell, kind = cell.value, kind.value_type
    if pa.types.is_timestamp(kind):
        return _stamp(np.datetime64(cell.value, kind.unit), kind.tz is not None)
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return np.float32(cell.as_py())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return bytes(cell.as_buffer()).decode()
    if pa.types.is_time(kind):
        return _clock(cell)
    return cell.as_py()


def _stamp(moment: Any, zoned: bool) -> Natural:
    text = str(np.datetime_as_string(moment))
    whole = text.rstrip("0").rstrip(".") if "." in text else text
    return Natural(whole + ("Z" if zoned else ""), str(XSD.dateTime))


def _clock(cell: Any) -> Natural:
    """A time of day with all digits of its unit that are not zero."""
    text = str(np.datetime_as_string(np.datetime64(cell.value, cell.type.unit))).partition("T")[2]
    return Natural(text.rstrip("0").rstrip(".") if "." in text else text, str(XSD.time))
