"""Inside a query worker: solutions to Arrow tables of terms, within limits of rows and bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._types import Notice
from .engine import Batch, TermSpace
from .snapshot import TURNED, UNBOUND, Snapshot, Tag, Terms, payloads, tags

CELL = pa.struct([("kind", pa.string()), ("value", pa.string()), ("datatype", pa.string()), ("language", pa.string())])
"""One term of an answer; a null struct is unbound."""
_KINDS = ("uri", "bnode", "literal")
_CELL_COST = 32
_TRIPLE_COST = 8


class Purse:
    """Counts rows and bytes out, and remembers which limit ended it."""

    def __init__(self, rows: int, size: int) -> None:
        self._most_rows, self._most_bytes = rows, size
        self.count = self._bytes = 0
        self.why = ""

    def pay(self, costs: Any) -> int:
        """How many of the next rows, of so many bytes each, may pass; after fewer than all nothing passes any more."""
        room = min(len(costs), self._most_rows - self.count)
        total = self._bytes + np.cumsum(costs[:room])
        paid = int(np.searchsorted(total, self._most_bytes, side="right"))
        if paid < room:
            self.why = f"query_bytes is {self._most_bytes:,}"
        elif room < len(costs):
            self.why = f"query_rows is {self._most_rows:,}"
        self.count += paid
        self._bytes = int(total[paid - 1]) if paid else self._bytes
        return paid

    def notices(self, unit: str) -> list[Notice]:
        """The announcement of a cut."""
        if not self.why:
            return []
        text = f"the result was cut after {self.count:,} {unit}, because {self.why}; raise it or add conditions"
        return [Notice("truncated", text)]


def table(batches: Iterable[Batch], names: tuple[str, ...], terms: TermSpace, purse: Purse) -> tuple[bytes, dict[str, list[int]]]:
    """Write solutions as an Arrow stream.

    Returns the stream, and by variable the rows whose geometry literal is to be read longitude first against its CRS.
    """
    schema = pa.schema([(name, CELL) for name in names])
    sink = io.BytesIO()
    turned: dict[str, list[int]] = {}
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            first = purse.count
            columns = [_Column(batch.column(name), terms) for name in names]
            paid = purse.pay(sum((column.costs for column in columns), np.zeros(batch.length, dtype=np.int64)))
            for name, column in zip(names, columns, strict=True):
                if rows := [first + int(row) for row in column.turned(paid)]:
                    turned.setdefault(name, []).extend(rows)
            cells = [column.cells(paid) for column in columns]
            writer.write_batch(pa.RecordBatch.from_arrays(cells, schema=schema) if names else _bare(paid, schema))
            if purse.why:
                break
    return sink.getvalue(), turned


def _bare(length: int, schema: pa.Schema) -> pa.RecordBatch:
    """Rows without columns."""
    return pa.RecordBatch.from_struct_array(pa.array([{}] * length, type=pa.struct([]))).replace_schema_metadata(schema.metadata)


class _Column:
    """One variable of a chunk: each distinct term decoded once."""

    def __init__(self, ids: Any, terms: TermSpace) -> None:
        self._snapshot = terms.snapshot
        self._distinct, self._place = np.unique(ids, return_inverse=True)
        self._bound = self._distinct != UNBOUND
        self._terms = terms.terms(self._distinct[self._bound])
        self._offset = int(not self._bound.all())

    @property
    def costs(self) -> Any:
        """Bytes per row."""
        sizes = np.zeros(len(self._distinct), dtype=np.int64)
        sizes[self._bound] = pc.call_function("binary_length", [self._terms.text]).to_numpy(zero_copy_only=False)
        return sizes[self._place] + _CELL_COST

    def turned(self, length: int) -> Any:
        """Rows among the first ones with a geometry that is read longitude first against its CRS."""
        return np.flatnonzero(_turned(self._distinct, self._snapshot)[self._place[:length]])

    def cells(self, length: int) -> pa.Array:
        """The first rows as structs; UNBOUND sorts before all ids, so that places shift by one where it occurs."""
        place = pa.array(self._place[:length] - self._offset, mask=~self._bound[self._place[:length]])
        return _structs(self._terms).take(place)


def _turned(ids: Any, snapshot: Snapshot) -> Any:
    found = tags(ids) == Tag.GEOMETRY
    found[found] = snapshot.geometries.flags[payloads(ids[found])] & TURNED != 0
    return found


def _structs(terms: Terms) -> pa.Array:
    kinds = pa.array([_KINDS[one.kind] for one in terms.types], pa.string())
    datatypes = pa.array([one.datatype or None for one in terms.types], pa.string())
    languages = pa.array([one.language or None for one in terms.types], pa.string())
    code = pa.array(terms.code)
    columns = [kinds.take(code), terms.text.cast(pa.string()), datatypes.take(code), languages.take(code)]
    return pa.StructArray.from_arrays(columns, fields=list(CELL))


def triples(chunks: Iterable[bytes], purse: Purse) -> bytes:
    """N-Triples, one statement a line, within the limits."""
    found = []
    for chunk in chunks:
        lines = chunk.splitlines(keepends=True)
        paid = purse.pay(np.fromiter((len(line) + _TRIPLE_COST for line in lines), dtype=np.int64, count=len(lines)))
        found += lines[:paid]
        if purse.why:
            break
    return b"".join(found)
