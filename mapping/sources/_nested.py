"""Documents inside values: JSON, XML or CSV text that a field of another source holds (RML-LV, Reference Formulations of Fields)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from earthweave.ontology import MappingError, ProductError, UnsupportedError

from ._json import json_records
from ._records import Record, Value
from ._xml import xml_records


def nested_records(
    text: str, iterator: str, formulation: str, name: str = "a text", namespaces: Sequence[tuple[str, str]] = ()
) -> Iterator[Record]:
    """The records in a text of that formulation, ``JSONPath``, ``XPath`` or ``CSV``; ``name`` is the text's, for messages.

    Raises `ProductError` if it cannot be read so, `MappingError` for an iterator that is none.
    """
    if formulation == "JSONPath":
        return json_records(text, iterator, name)
    if formulation == "XPath":
        return xml_records(text, iterator, name, namespaces)
    if formulation == "CSV":
        return _table_records(text, name)
    raise UnsupportedError(f"reference formulation {formulation or 'none'} inside {name}", way_out="offered: JSONPath, XPath, CSV")


@dataclass(frozen=True)
class RowRecord:
    """A row of a text table."""

    row: Mapping[str, Value | None]

    def values(self, reference: str) -> Sequence[Value]:
        """See `Record`."""
        if reference not in self.row:
            raise MappingError(f"there is no column {reference!r}", why=f"there are {', '.join(self.row)}")
        value = self.row[reference]
        return () if value is None else (value,)

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """See `Record`: the row itself."""
        yield self


def _table_records(text: str, name: str) -> Iterator[Record]:
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        for row in filter(None, rows):
            if len(row) != len(header):
                raise ProductError(f"{name}: a row of a table is broken", why=f"{len(row)} fields where the header has {len(header)}")
            yield RowRecord(dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise ProductError(f"{name} is no text table", why=str(error)) from error
