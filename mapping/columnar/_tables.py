"""Which columns a mapping means, and the table that batches of a source are evaluated in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from earthweave.ontology import MappingError

from ..functions import Rows, Table
from ..plan import COUNTER, Options, Plan, TriplesMap
from ..sources import Source, bounded, column_of, geometry_names
from ..values import Placement, representable


@dataclass(frozen=True)
class Reading:
    """A source, and what is read of it.

    Attributes:
        source: rows.
        table: how names are understood.
        columns: names of the columns to read, sorted.
        geometry: True if the geometry is read too.
    """

    source: Source
    table: Table
    columns: list[str]
    geometry: bool

    @classmethod
    def of(cls, plan: Plan, source: Source, names: Mapping[TriplesMap, Iterable[str]], options: Options) -> Reading:
        """The reading of all names that triples maps use; raises `MappingError` for one that is no column, or that no text is made of."""
        columns = {name: found for one, used in names.items() for name, found in _columns(plan, one, source, used).items()}
        table = Table(source.name, columns, source.geometry, Placement.of(source.crs, options), options, plan.base)
        wanted = sorted({found for found in columns.values() if found != source.geometry})
        reading = cls(source, table, wanted, source.geometry is not None and source.geometry in columns.values())
        schema = reading.empty().batch.schema
        for name in wanted:
            kind = schema.field(name).type
            if not representable(kind):
                raise MappingError(f"{plan.origin}: column {name!r} of {source.name} is nested", why=f"its type is {kind}")
        return reading

    def empty(self) -> Rows:
        """No rows."""
        return Rows(self.table, self.source.empty(self.columns, self.geometry), 0)

    def rows(self, skip: int = 0) -> Iterator[Rows]:
        """All rows but the first ``skip``, in batches."""
        options, first = self.table.options, 0
        stream = self.source.batches(self.columns, self.geometry)
        for batch in bounded(stream, options.batch_rows, options.batch_bytes):
            left = min(max(skip - first, 0), batch.num_rows)
            if left < batch.num_rows:
                yield Rows(self.table, batch.slice(left), first + left)
            first += batch.num_rows


def require(names: Iterable[str], rows: Rows) -> None:
    """Leave out rows without a value that is required."""
    for name in names:
        column = rows.table.columns.get(name, name)
        if column in rows.batch.schema.names:
            for row in np.flatnonzero(np.asarray(rows.batch.column(column).is_null())):
                rows.bad.setdefault(int(row), f"no value for {name}")


def good(rows: Rows) -> Any:
    """Which rows are not left out."""
    found = np.ones(len(rows), dtype=bool)
    found[list(rows.bad)] = False
    return found


def _columns(plan: Plan, one: TriplesMap, source: Source, names: Iterable[str]) -> dict[str, str]:
    """Every name → the column that it means; the counter is none unless the source has it."""
    found = {}
    for name in dict.fromkeys(names):
        column = column_of(name, source)
        if column is None:
            raise _unknown(plan, one, name, source)
        if column != COUNTER or COUNTER in source.fields:
            found[name] = column
    return found


def _unknown(plan: Plan, one: TriplesMap, name: str, source: Source) -> MappingError:
    offered = [*source.fields, *geometry_names(source)[:1], COUNTER]
    near = difflib.get_close_matches(name, offered, 1)
    return MappingError(
        f"{plan.place(one)}: no column {name!r} in {source.name}",
        why=f"it has {', '.join(offered)}",
        way_out=f"did you mean {near[0]!r}?" if near else "correct the mapping",
    )
