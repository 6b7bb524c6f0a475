"""Expressions over one record: all their values, as lexical forms with natural datatypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from earthweave.ontology import CRS84, Crs, MappingError, ProductError

from ..functions import FUNCTIONS, Rows, Table
from ..plan import Call, Constant, Expression, Fresh, Options, Reference, Template, references
from ..sources import Record
from ..values import Natural, Placement, lexical_form


class BadRow(Exception):
    """A record that cannot be mapped; its text is the reason."""


class BadTerm(Exception):
    """A term that cannot be made, where the run goes on without it (``on_error="null"``); its text is the reason."""


def unfit(options: Options, reason: str) -> BadRow | BadTerm:
    """What to raise for a value that cannot be used."""
    return BadTerm(reason) if options.on_error == "null" else BadRow(reason)


@runtime_checkable
class Batched(Protocol):
    """A record that is a row of a batch."""

    def rows(self) -> Rows:
        """The row alone as a batch."""
        ...


@dataclass(frozen=True)
class Scope:
    """What all records of a source have in common.

    Attributes:
        name: of the source, for messages.
        options: of the run.
    """

    name: str
    options: Options

    def table(self, names: Sequence[str]) -> Table:
        """References of nested records as columns; coordinates in them are CRS84 unless the options say otherwise."""
        crs = Crs.parse(self.options.source_crs) if self.options.source_crs else CRS84
        columns = {name: f"c{index}" for index, name in enumerate(names)}
        return Table(self.name, columns, None, Placement.of(crs, self.options), self.options, "")


class Row:
    """A record under evaluation.

    Attributes:
        number: from 1.
        faulty: why terms were left out, the first reason, or empty.
    """

    def __init__(self, scope: Scope, record: Record, number: int) -> None:
        self.scope, self.record, self.number = scope, record, number
        self.faulty = ""
        self._texts: dict[Expression, list[Natural]] = {}

    def texts(self, expression: Expression) -> list[Natural]:
        """All values of an expression, in order; none for NULL."""
        found = self._texts.get(expression)
        if found is None:
            found = self._texts[expression] = list(self._values(expression))
        return found

    def _values(self, expression: Expression) -> Iterator[Natural]:
        if isinstance(expression, Constant):
            yield Natural(expression.text, "")
        elif isinstance(expression, Reference):
            yield from map(lexical_form, self._read(expression.name))
        elif isinstance(expression, Template):
            for parts in product(*map(self.alternatives, expression.parts)):
                yield Natural("".join(parts), "")
        elif isinstance(expression, Call):
            yield from self._called(expression)
        else:
            yield Natural(self.fresh(expression), "")

    def _read(self, name: str) -> Sequence[Any]:
        try:
            return self.record.values(name)
        except ProductError as error:
            raise self.unfit(error.what) from error

    def unfit(self, reason: str) -> BadRow | BadTerm:
        """What to raise for a value that cannot be used."""
        return unfit(self.scope.options, reason)

    def alternatives(self, part: str | Reference) -> list[str]:
        """The texts that a piece of a template stands for."""
        return [part] if isinstance(part, str) else [one.text for one in self.texts(part)]

    def fresh(self, expression: Fresh) -> str:
        """The label of a blank node of this row's own."""
        return f"f{expression.name.encode().hex()}x{self.number}"

    def _called(self, call: Call) -> Iterator[Natural]:
        """The function of each combination of values; NULL is a value to it."""
        for rows in self.batches(call):
            column, datatype = self.judged(rows, rows.text, call)
            text = column[0].as_py()
            if text is not None:
                yield Natural(text, datatype)

    def judged(self, rows: Rows, evaluate: Callable[[Expression], Any], expression: Expression) -> Any:
        """What a batch of one row gives for an expression; takes over what is wrong with it."""
        found = evaluate(expression)
        if rows.bad:
            raise BadRow(rows.bad[0])
        self.faulty = self.faulty or rows.faulty.get(0, "")
        return found

    def batches(self, expression: Expression) -> Iterator[Rows]:
        """One batch of one row for each combination of the values that an expression refers to."""
        if isinstance(self.record, Batched):
            yield self.record.rows()
            return
        names = list(dict.fromkeys(one.name for one in references(expression)))
        table = self.scope.table(names)
        for values in product(*(self._read(name) or [None] for name in names)):
            arrays = [column_for(value) for value in values] or [pa.nulls(1)]
            labels = list(table.columns.values()) or ["none"]
            yield Rows(table, pa.RecordBatch.from_arrays(arrays, labels), self.number - 1)


def column_for(value: Any) -> Any:
    """One value as the Arrow column that functions read."""
    if value is None:
        return pa.array([None], pa.string())
    if isinstance(value, Natural) or (isinstance(value, int) and abs(value) >= 2**63):
        return pa.array([lexical_form(value).text])
    return pa.array([value])


def rehearsed(expression: Expression, scope: Scope) -> None:
    """Evaluate the functions of an expression on no rows; raise `MappingError` for what can never work."""
    if not isinstance(expression, Call):
        return
    if expression.function not in FUNCTIONS:
        raise MappingError(f"there is no function <{expression.function}>")
    names = list(dict.fromkeys(one.name for one in references(expression)))
    table = scope.table(names)
    labels = list(table.columns.values()) or ["none"]
    Rows(table, pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in labels], labels), 0).text(expression)
