"""One call of a function on columns of ids: distinct arguments, what failed and why, and results as ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import GEO, EarthweaveError
from earthweave.ontology.arrow import text_array
from earthweave.ontology.geometry import write_literals

from ..algebra import Context
from ..snapshot import BIAS, UNBOUND, Kind, Tag, Terms, TermType, make
from ._literals import failure, is_geometry, shapes_of, spaces

WKT, GML = TermType(Kind.LITERAL, str(GEO.wktLiteral)), TermType(Kind.LITERAL, str(GEO.gmlLiteral))
FALSE, TRUE = make(Tag.BOOLEAN, 0), make(Tag.BOOLEAN, 1)


class Call:
    """What a kernel works with: readers of argument columns, which note failures, and makers of result columns.

    Attributes:
        alive: bool per distinct row of arguments; False once it has failed.
    """

    def __init__(self, name: str, context: Context, weights: Any, prefix: str = "geof") -> None:
        self.name = name
        self._label = f"{prefix}:{name}"
        self.context = context
        self._weights = weights
        self.alive = np.ones(len(weights), dtype=bool)

    def fail(self, rows: Any, code: str, reason: str, sample: str = "") -> None:
        """Give up these rows (places) that are still alive, for one reason."""
        rows = rows[self.alive[rows]]
        self.alive[rows] = False
        self.context.tally.note(code, reason, sample, int(self._weights[rows].sum()))

    def shapes(self, ids: Any) -> Any:
        """Geometries; rows without one fail."""
        found = shapes_of(ids, self.context)
        self._lose(ids, shapely.is_missing(found))
        return found

    def readable(self, ids: Any) -> None:
        """Rows without a geometry fail; none is read for it that is in the store."""
        self._lose(ids, ~is_geometry(ids, self.context))

    def _lose(self, ids: Any, missing: Any) -> None:
        lost = np.flatnonzero(missing & self.alive)
        distinct, inverse = np.unique(ids[lost], return_inverse=True)
        for place, one in enumerate(distinct.tolist()):
            self.fail(lost[inverse == place], *failure(one, self.context))

    def each(self, ids: Any, read: Callable[[int], Any], dtype: Any = object) -> Any:
        """One value per row, read once per distinct id; where ``read`` raises `Refused`, the row fails."""
        distinct, inverse = np.unique(ids, return_inverse=True)
        values = np.ones(len(distinct), dtype=dtype)
        for place, one in enumerate(distinct.tolist()):
            try:
                values[place] = read(one)
            except Refused as refused:
                self.fail(np.flatnonzero(inverse == place), *refused.note)
        return values[inverse]

    def apply(self, kernel: Callable[..., Any], *columns: Any, rows: Any = None) -> Any:
        """A kernel on the columns where rows are alive (or only on these), elsewhere None; rows that GEOS or PROJ refuse fail."""
        rows = np.flatnonzero(self.alive) if rows is None else rows
        found = np.full(len(self.alive), None, dtype=object)
        try:
            found[rows] = kernel(*(column[rows] for column in columns))
        except (shapely.GEOSException, EarthweaveError):
            for row in rows.tolist():
                self._one(row, found, kernel, columns)
        return found

    def measured(self, kernel: Callable[..., Any], *columns: Any) -> Any:
        """The same for a kernel that gives numbers; NaN where rows are not alive."""
        found = self.apply(kernel, *columns)
        numbers = np.full(len(found), np.nan)
        numbers[self.alive] = found[self.alive].astype(np.float64)
        return numbers

    def _one(self, row: int, found: Any, kernel: Callable[..., Any], columns: tuple[Any, ...]) -> None:
        place = np.array([row])
        try:
            found[place] = kernel(*(column[place] for column in columns))
        except shapely.GEOSException as error:
            self.fail(place, "geometry", f"{self._label}: {str(error).strip()[:120]}")
        except EarthweaveError as error:
            self.fail(place, "argument", f"{self._label}: {error.what}")

    def booleans(self, values: Any) -> Any:
        """Ids of truth values."""
        return self._ids(lambda rows: np.where(values[rows].astype(bool), TRUE, FALSE))

    def integers(self, values: Any) -> Any:
        """Ids of integers."""
        return self._ids(lambda rows: make(Tag.INTEGER, values[rows].astype(np.int64) + BIAS))

    def doubles(self, values: Any, otherwise: str = "an empty geometry has no such measure") -> Any:
        """The numbers themselves, float64, NaN where rows fail; rows with NaN do."""
        numbers = np.where(self.alive, values, 0.0).astype(np.float64)
        self.fail(np.flatnonzero(np.isnan(numbers)), "geometry", otherwise)
        return np.where(self.alive, numbers, np.nan)

    def texts(self, values: Any, kind: TermType) -> Any:
        """Ids of terms of one type."""
        return self._ids(lambda rows: text_ids(values[rows].tolist(), kind, self.context))

    def geometries(self, shapes: Any, like: Any = None) -> Any:
        """Ids of geometries in CRS84, longitude first, that have no literal yet; of GML literals where ``like``, ids of terms, are such."""
        found = self._ids(lambda rows: self.context.terms.shape_ids(shapes[rows]))
        if like is not None:
            for row, namespace in spaces(np.where(found >= 0, like, UNBOUND), self.context):
                found[row] = text_ids(write_literals(shapes[row:row + 1], "gml", namespace=namespace), GML, self.context)[0]
        return found

    def _ids(self, make_ids: Callable[[Any], Any]) -> Any:
        rows = np.flatnonzero(self.alive)
        found = np.full(len(self.alive), UNBOUND, dtype=np.int64)
        if len(rows):
            found[rows] = make_ids(rows)
        return found


class Refused(Exception):
    """An argument is none that the function takes: code, reason and sample of the remark."""

    def __init__(self, code: str, reason: str, sample: str = "") -> None:
        super().__init__(reason)
        self.note = (code, reason, sample)


@dataclass(frozen=True)
class Function:
    """A function of the context and columns of ids, from a kernel on distinct arguments.

    Attributes:
        name: its local name; ``prefix`` stands before it in remarks.
        arities: how many arguments it takes.
        kernel: of a `Call` and the distinct tuples of arguments as columns of ids; gives ids, or float64 for what is xsd:double.
    """

    name: str
    arities: tuple[int, ...]
    kernel: Callable[..., Any]
    prefix: str = "geof"

    def __call__(self, context: Context, *columns: Any) -> Any:
        """Ids, or float64 with NaN for unbound."""
        columns = tuple(np.asarray(column, dtype=np.int64) for column in columns)
        length = len(columns[0]) if columns else 0
        bound = np.flatnonzero(np.logical_and.reduce([column >= 0 for column in columns])) if columns else np.empty(0, dtype=np.int64)
        found = np.full(length, UNBOUND, dtype=np.int64)
        context.tally.calls[self.name] += len(bound)
        if len(columns) not in self.arities:
            takes = " or ".join(str(one) for one in self.arities)
            reason = f"{self.prefix}:{self.name} takes {takes} arguments, not {len(columns)}"
            context.tally.note("argument", reason, count=max(len(bound), 1))
        elif len(bound):
            distinct, inverse = distinct_rows(tuple(column[bound] for column in columns))
            work = Call(self.name, context, np.bincount(inverse), self.prefix)
            values = self.kernel(work, *distinct)[inverse]
            found = found if values.dtype == np.int64 else np.full(length, np.nan)
            found[bound] = values
        return found


function = Function


def text_ids(values: list[str], kind: TermType, context: Context) -> Any:
    """Ids of terms of one type."""
    code = np.zeros(len(values), dtype=np.int32)
    return context.terms.ids(Terms(text_array(values), code, (kind,)))


def distinct_rows(columns: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """The distinct tuples of columns of equal length, and the place of each row's tuple among them."""
    moving = [column for column in columns if len(column) and (column != column[0]).any()]
    if not moving:
        return tuple(column[:1] for column in columns), np.zeros(len(columns[0]), dtype=np.int64)
    _, first, key = np.unique(moving[0], return_index=True, return_inverse=True)
    for column in moving[1:]:
        values, inverse = np.unique(column, return_inverse=True)
        _, first, key = np.unique(key * len(values) + inverse, return_index=True, return_inverse=True)
    return tuple(column[first] for column in columns), key
