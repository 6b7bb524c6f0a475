"""One batch of rows under evaluation: columns, texts and geometries of expressions, each made once; and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, XSD, GeometryError, MappingError

from ..plan import Call, Constant, Expression, Options, Reference, Template
from ..values import Placement, Shapes, ill_formed, lexical, pc, read_texts, read_wkb
from ._catalogue import FUNCTIONS
from ._evaluation import Text


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
    """

    def __init__(self, table: Table, batch: Any, first: int) -> None:
        self.table = table
        self.batch = batch
        self.first = first
        self.bad: dict[int, str] = {}
        self._texts: dict[Expression, Text] = {}
        self._shapes: dict[Expression, Shapes] = {}

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def reject(self, which: Any, reason: str) -> None:
        """Leave rows out: ``which`` is a boolean array; the first reason of a row stands. Raises if the options say so."""
        for row in np.flatnonzero(np.asarray(which)):
            if self.table.options.on_error == "fail":
                raise MappingError(self._where(int(row)), why=reason, way_out="on_error=skip leaves such rows out and reports them")
            self.bad.setdefault(int(row), reason)

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
        if isinstance(expression, Template):
            parts = [part if isinstance(part, str) else self.text(part)[0] for part in expression.parts]
            return pc.binary_join_element_wise(*parts, ""), ""
        if self._is_geometry(expression):
            return self.shapes(expression).wkt(), ""
        return lexical(self._column(expression.name))

    def _column(self, name: str) -> Any:
        if name in self.table.columns:
            return self._readable(self.batch.column(self.table.columns[name]))
        return pa.array(np.arange(self.first + 1, self.first + 1 + len(self)))

    def _readable(self, column: Any) -> Any:
        """The column; texts that are not UTF-8 are rejected row by row and emptied."""
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return column
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            blobs = column.cast(pa.binary()).to_pylist()
            texts = [None if blob is None else _decoded(blob) for blob in blobs]
            self.reject([blob is not None and text is None for blob, text in zip(blobs, texts, strict=True)], "a text that is not UTF-8")
            return pa.array(texts, pa.string())
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
            self._judge(shapes)
            self._shapes[expression] = shapes
        return self._shapes[expression]

    def _is_geometry(self, expression: Expression) -> bool:
        return isinstance(expression, Reference) and self.table.columns.get(expression.name) == self.table.geometry is not None

    def _read(self, expression: Expression) -> Shapes:
        if not isinstance(expression, Reference):
            raise MappingError(f"{self.table.name}: a geometry function needs a column or ewf:point", why=f"it was given {expression}")
        if self._is_geometry(expression):
            geometries, unreadable = read_wkb(self.batch.column(self.table.geometry))
        else:
            geometries, unreadable = read_texts(self.text(expression)[0])
        self.reject(unreadable, "a geometry that cannot be read")
        return Shapes(geometries, self.table.placement)

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

    def _judge(self, shapes: Shapes) -> None:
        policy = self.table.options.validity
        if policy != "keep":
            self._judge_validity(shapes, policy)
        self.reject(shapes.unplaced(), "a coordinate outside the domain of the projection, or not finite")

    def _judge_validity(self, shapes: Shapes, policy: str) -> None:
        invalid = np.flatnonzero(~shapely.is_valid(shapes.geometries) & ~shapes.missing)
        if policy == "fix":
            shapes.geometries[invalid] = shapely.make_valid(shapes.geometries[invalid], method="structure", keep_collapsed=False)
            return
        for row in invalid:
            reason = f"an invalid geometry: {shapely.is_valid_reason(shapes.geometries[row])}"
            if policy == "fail":
                raise GeometryError(self._where(int(row)), why=reason, way_out="validity=fix repairs it, skip leaves it out")
            self.bad.setdefault(int(row), reason)


def _decoded(blob: bytes) -> str | None:
    try:
        return blob.decode()
    except UnicodeDecodeError:
        return None
