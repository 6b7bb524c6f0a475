"""One batch of rows under evaluation: columns, texts and geometries of expressions, each made once; and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, XSD, GeometryError, MappingError

from ..plan import Call, Constant, Expression, Fresh, Options, Reference, Template
from ..values import Placement, Shapes, ill_formed, lexical, pc, shapes_of_texts, shapes_of_wkb
from ._catalogue import FUNCTIONS
from ._evaluation import Text

_TOP, _CONTINUATION = 0xC0, 0x80
"""The first bits of a byte, and what they are inside a character of UTF-8 (RFC 3629)."""


@dataclass(frozen=True)
class Table:
    """What all batches of one source have in common.

    Attributes:
        name: of the source, for messages.
        columns: name as mappings may write it → name in the batches.
        geometry: name of the column with WKB in the batches, or None.
        placement: from the source's CRS to the literals.
        options: of the run.
        base: of relative IRIs.
    """

    name: str
    columns: Mapping[str, str]
    geometry: str | None
    placement: Placement
    options: Options
    base: str


class Rows:
    """A batch under evaluation.

    Attributes:
        bad: row in the batch → why it must be left out.
        faulty: row in the batch → why one of its terms is left out (``on_error="null"``).
    """

    def __init__(self, table: Table, batch: Any, first: int) -> None:
        self.table = table
        self.batch = batch
        self.first = first
        self.bad: dict[int, str] = {}
        self.faulty: dict[int, str] = {}
        self._texts: dict[Expression, Text] = {}
        self._shapes: dict[Expression, Shapes] = {}

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def reject(self, which: Any, reason: str) -> None:
        """Leave rows out, or with ``on_error="null"`` only what the caller makes null there.

        ``which`` is a boolean array; the first reason of a row stands. Raises if the options say so.
        """
        policy = self.table.options.on_error
        told = self.faulty if policy == "null" else self.bad
        for row in np.flatnonzero(np.asarray(which)):
            if policy == "fail":
                raise MappingError(self._where(int(row)), why=reason, way_out="on_error=skip leaves such rows out and reports them")
            told.setdefault(int(row), reason)

    def _where(self, row: int) -> str:
        return f"{self.table.name}, row {self.first + row + 1}"

    def text(self, expression: Expression) -> Text:
        """Lexical forms of an expression and their natural datatype; null where it has no value."""
        if expression not in self._texts:
            self._texts[expression] = self._text(expression)
        return self._texts[expression]

    def _text(self, expression: Expression) -> Text:
        if isinstance(expression, Call):
            return FUNCTIONS[expression.function].apply(self, expression.arguments)
        if isinstance(expression, Constant):
            return pa.repeat(pa.scalar(expression.text, pa.string()), len(self)), ""
        if isinstance(expression, Fresh):
            return pc.binary_join_element_wise(f"f{expression.name.encode().hex()}x", self._numbers().cast(pa.string()), ""), ""
        if isinstance(expression, Template):
            parts = [part if isinstance(part, str) else self.text(part)[0] for part in expression.parts]
            return pc.binary_join_element_wise(*parts, ""), ""
        if self.is_geometry(expression):
            return self.shapes(expression).wkt(), ""
        return lexical(self._column(expression.name))

    def _column(self, name: str) -> Any:
        if name in self.table.columns:
            return self._readable(self.batch.column(self.table.columns[name]))
        return self._numbers()

    def _numbers(self) -> Any:
        """Numbers of the rows in their source, from 1."""
        return pa.array(np.arange(self.first + 1, self.first + 1 + len(self)))

    def _readable(self, column: Any) -> Any:
        """The column; texts that are not UTF-8 are rejected row by row and emptied."""
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return column
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            wrong = _undecodable(column)
            self.reject(wrong, "a text that is not UTF-8")
            return pc.if_else(pa.array(wrong), pa.scalar(None, column.type), column)
        return column

    def constant(self, expression: Expression) -> str:
        """The text of an argument that must be the same for all rows."""
        if isinstance(expression, Constant):
            return expression.text
        raise MappingError(f"{self.table.name}: an argument must be a constant", why=f"it is {expression}")

    def numbers(self, expression: Expression) -> Any:
        """Values as float64, NaN where there is none; what is no number is rejected."""
        text, _ = self.text(expression)
        wrong = ill_formed(text, str(XSD.double))
        if wrong is not None:
            self.reject(wrong.fill_null(False), "a coordinate that is not a number")
            text = pc.if_else(wrong, None, text)
        return np.asarray(text.cast(pa.float64()).fill_null(np.nan))

    def shapes(self, expression: Expression) -> Shapes:
        """Geometries of an expression: the geometry column, a column of WKT, or `ewf:point`."""
        if expression not in self._shapes:
            shapes = self._points(expression) if isinstance(expression, Call) else self._read(expression)
            self._shapes[expression] = self._judged(shapes)
        return self._shapes[expression]

    def is_geometry(self, expression: Expression) -> bool:
        """True for a reference to the column of WKB."""
        return isinstance(expression, Reference) and self.table.columns.get(expression.name) == self.table.geometry is not None

    def _read(self, expression: Expression) -> Shapes:
        if not isinstance(expression, Reference):
            raise MappingError(f"{self.table.name}: a geometry function needs a column or ewf:point", why=f"it was given {expression}")
        read, column = shapes_of_texts, None
        if self.is_geometry(expression):
            read, column = shapes_of_wkb, self.batch.column(self.table.geometry)
        shapes, unreadable = read(self.text(expression)[0] if column is None else column, self.table.placement)
        self.reject(unreadable, "a geometry that cannot be read")
        return shapes

    def _points(self, call: Call) -> Shapes:
        if not FUNCTIONS[call.function].geometry:
            raise MappingError(f"{self.table.name}: <{call.function}> gives no geometry")
        lon, lat = (self.numbers(argument) for argument in call.arguments)
        there = np.isfinite(lon) & np.isfinite(lat)
        off = there & ((np.abs(lat) > 90) | (np.abs(lon) > 180))
        self.reject(off, "a longitude beyond ±180 or a latitude beyond ±90 degrees")
        good = there & ~off
        points = np.full(len(self), None, dtype=object)
        points[good] = shapely.points(lon[good], lat[good])
        return Shapes(points, Placement.of(CRS84, self.table.options))

    def _judged(self, shapes: Shapes) -> Shapes:
        policy = self.table.options.validity
        if policy != "keep":
            shapes = self._valid(shapes, policy)
        off = shapes.unplaced()
        if not off.any():
            return shapes
        self.reject(off, "a coordinate outside the domain of the projection, or not finite")
        return shapes.without(off)

    def _valid(self, shapes: Shapes, policy: str) -> Shapes:
        invalid = ~shapely.is_valid(shapes.geometries) & ~shapes.missing
        if not invalid.any():
            return shapes
        if policy == "fix":
            geometries = shapes.geometries.copy()
            geometries[invalid] = shapely.make_valid(geometries[invalid], method="structure", keep_collapsed=False)
            return Shapes(geometries, shapes.placement)
        for row in np.flatnonzero(invalid):
            reason = f"an invalid geometry: {shapely.is_valid_reason(shapes.geometries[row])}"
            if policy == "fail":
                raise GeometryError(self._where(int(row)), why=reason, way_out="validity=fix repairs it, skip leaves it out")
            self.bad.setdefault(int(row), reason)
        return shapes


def _undecodable(column: Any) -> Any:
    """Which rows of a string column are not UTF-8, bool (n,): one pass over the bytes of all, begun anew behind every row that is not."""
    blobs = column.cast(pa.large_binary())
    bounds = np.frombuffer(blobs.buffers()[1], np.int64)[blobs.offset: blobs.offset + len(blobs) + 1]
    data = memoryview(blobs.buffers()[2] or b"")
    wrong = _inside(data, bounds)
    at = int(bounds[0])
    while (found := _first_fault(data[at: int(bounds[-1])])) >= 0:
        row = int(np.searchsorted(bounds, at + found, side="right")) - 1
        wrong[row] = True
        at = int(bounds[row + 1])
    return wrong & np.asarray(blobs.is_valid())


def _inside(data: memoryview, bounds: Any) -> Any:
    """Rows that begin inside a character, and those before them: together they may be UTF-8, each by itself is not."""
    filled = np.flatnonzero(np.diff(bounds))
    torn = np.frombuffer(data, np.uint8)[bounds[filled]] & _TOP == _CONTINUATION
    wrong = np.zeros(len(bounds) - 1, dtype=bool)
    wrong[filled[torn]] = True
    for row in filled[:-1][torn[1:]]:
        wrong[row] = _first_fault(data[int(bounds[row]): int(bounds[row + 1])]) >= 0
    return wrong


def _first_fault(data: memoryview) -> int:
    """Where bytes stop being UTF-8, or -1."""
    try:
        str(data, "utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return -1
