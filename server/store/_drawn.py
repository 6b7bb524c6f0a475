"""The geometries of an answer: which columns hold any, how they are read, and how a worker that has read them hands them over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import shapely

from earthweave.ontology.arrow import blob_array, text_array
from earthweave.ontology.geometry import FORMS, AxisOrder, GeometryColumn, Problem, read_literals

_DATATYPES = text_array(FORMS).cast(pa.string())
_SCHEMA = pa.schema([("wkb", pa.large_binary()), ("reason", pa.large_string())])
_PORTION = 4096
"""Rows that are read between two looks at the clock."""

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them


def geometry_variables(table: pa.Table) -> tuple[str, ...]:
    """Names of the columns in which some value is a geometry literal, by datatype, in the order of the table."""
    def holds(column: pa.ChunkedArray) -> bool:
        return bool(pc.any(pc.is_in(pc.struct_field(column, "datatype"), value_set=_DATATYPES)).as_py())
    return tuple(name for name in table.column_names if holds(table[name]))


def read_cells(column: pa.ChunkedArray, lonlat: Sequence[int], check: Callable[[], None] = lambda: None) -> GeometryColumn:
    """Read terms as geometries in CRS84, longitude first; those of the rows ``lonlat`` are written so against their CRS.

    Unbound rows and other terms are None with a problem. ``check`` is called now and then, and may raise to end it.
    """
    geometries = np.full(len(column), None, dtype=object)
    problems = list[Problem]()
    turned = np.zeros(len(column), dtype=bool)
    turned[list(lonlat)] = True
    for start in range(0, len(column), _PORTION):
        check()
        cells = column.slice(start, _PORTION).to_pylist()
        for order in (AxisOrder.STRICT, AxisOrder.LONLAT):
            rows = np.flatnonzero(turned[start:start + _PORTION] == (order is AxisOrder.LONLAT)).tolist()
            here = [cells[row] or {"value": "", "datatype": None} for row in rows]
            found = read_literals([cell["value"] for cell in here], [cell["datatype"] for cell in here], order)
            geometries[[start + row for row in rows]] = found.geometries
            problems += [Problem(start + rows[one.index], one.reason) for one in found.problems]
    return GeometryColumn(geometries, tuple(sorted(problems, key=lambda one: one.index)))


def packed(column: GeometryColumn) -> bytes:
    """Geometries and problems as an Arrow stream."""
    reasons: list[str | None] = [None] * len(column.geometries)
    for problem in column.problems:
        reasons[problem.index] = problem.reason
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, _SCHEMA) as writer:
        writer.write_table(pa.table([blob_array(shapely.to_wkb(column.geometries)), text_array(reasons)], schema=_SCHEMA))
    return bytes(sink.getvalue())


def unpacked(stream: bytes) -> GeometryColumn:
    """What `packed` packed."""
    table = pa.ipc.open_stream(stream).read_all()
    geometries = shapely.from_wkb(table["wkb"].to_numpy())
    problems = (Problem(row, reason) for row, reason in enumerate(table["reason"].to_pylist()) if reason is not None)
    return GeometryColumn(geometries, tuple(problems))
