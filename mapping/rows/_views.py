"""Logical views: records of a source as flat rows of named fields, joined with those of other views (RML-LV)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, TypeAlias

from earthweave.ontology import MappingError, ProductError, UnsupportedError

from ..plan import Expression, Field, View, ViewJoin, references
from ..sources import Record, Records, nested_records
from ..values import Natural
from ._evaluation import BadRow, BadTerm, Row, Scope

Fields: TypeAlias = dict[str, Any]
Open: TypeAlias = Callable[..., Records]
INDEX = "#"


class ViewRecord:
    """One row of a view: a value for each field that has one."""

    def __init__(self, view: str, fields: Fields) -> None:
        self._view, self.fields = view, fields

    def values(self, reference: str) -> Sequence[Any]:
        """See `Record`."""
        return [self.fields[reference]] if reference in self.fields else []

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """See `Record`; rows of a view are flat."""
        raise UnsupportedError(f"view {self._view}: its rows hold no records", why="a field with an iterator stands directly on a view")


class ViewRecords:
    """A view as records; raises `MappingError` for fields of one name, and for references to fields that are not there."""

    def __init__(self, view: View, scope: Scope, open_stream: Open) -> None:
        self._view, self._scope = view, scope
        self.name = view.name
        self.total: int | None = None
        self._on = open_stream(view.on)
        self.faults: list[tuple[int, str]] = []
        self._fields = _unique(view.name, [INDEX, *_names(view.fields, ""), *_joined_names(view)])
        self._on.check(_wanted(view.fields))
        self._parents = [_Parent(join, scope, open_stream) for join in view.joins]
        for join in view.joins:
            self.check([one.name for condition in join.conditions for one in references(condition.child)])

    def check(self, references: Sequence[str]) -> None:
        """See `Records`."""
        for name in references:
            if name not in self._fields:
                offered = ", ".join(sorted(one for one in self._fields if not one.endswith(INDEX))) or "none"
                raise MappingError(f"view {self.name} has no field {name!r}", why=f"its fields are {offered}")

    def records(self) -> Iterator[Record]:
        """See `Records`; a record with a value or document that cannot be read is a fault."""
        self.faults.clear()
        for number, record in enumerate(self._on.records()):
            yield from (ViewRecord(self.name, fields) for fields in self._rows(record, number))
        self.faults += self._on.faults

    def _rows(self, record: Record, number: int) -> list[Fields]:
        try:
            rows: list[Fields] = [{INDEX: number, **found} for found in self._expanded(self._view.fields, record, "", number)]
            for parent in self._parents:
                rows = [joined for fields in rows for joined in parent.joined(ViewRecord(self.name, fields))]
        except (BadRow, BadTerm, ProductError) as error:
            reason = error.what if isinstance(error, ProductError) else str(error)
            if self._scope.options.on_error == "fail":
                way_out = "on_error=skip leaves such rows out and reports them"
                raise MappingError(f"{self.name}, record {number + 1}", why=reason, way_out=way_out) from error
            self.faults.append((number + 1, reason))
            return []
        return rows

    def _expanded(self, fields: Sequence[Field], record: Record, prefix: str, number: int) -> Iterator[Fields]:
        """Every combination of the fields' values; a field without any has none in the row."""
        row = Row(self._scope, record, number + 1)
        choices = [list(self._one(field, row, prefix)) or [{}] for field in fields]
        for combined in product(*choices):
            yield {name: value for part in combined for name, value in part.items()}

    def _one(self, field: Field, row: Row, prefix: str) -> Iterator[Fields]:
        path = prefix + field.name
        if field.expression is None:
            for number, inner in enumerate(row.record.within(field.iterator, field.formulation)):
                for below in self._expanded(field.fields, inner, f"{path}.", number):
                    yield {f"{path}.{INDEX}": number, **below}
            return
        for number, value in enumerate(row.texts(field.expression)):
            for combined in product(*(self._under(one, value, path) for one in field.fields)):
                own = {path: value, f"{path}.{INDEX}": number}
                yield own | {name: found for part in combined for name, found in part.items()}

    def _under(self, field: Field, value: Natural, path: str) -> list[Fields]:
        """The records of a document that is the value of a field; an empty text holds none."""
        found: list[Fields] = []
        if not value.text.strip():
            return [{}]
        for number, inner in enumerate(nested_records(value.text, field.iterator, field.formulation, path)):
            below = self._expanded(field.fields, inner, f"{path}.{field.name}.", number)
            found += [{f"{path}.{field.name}.{INDEX}": number, **one} for one in below]
        return found or [{}]


class _Parent:
    """Rows of the view that a join takes fields from, by the values of the conditions."""

    def __init__(self, join: ViewJoin, scope: Scope, open_stream: Open) -> None:
        self._join, self._scope = join, scope
        strange = [one.function for one in join.conditions if one.function.rpartition("/")[2] not in ("", "equi")]
        if strange:
            raise MappingError(f"<{strange[0]}> joins no views", way_out="only equal values do; join triples maps by place")
        self._stream = open_stream(join.parent)
        self._stream.check([*_wanted(join.fields), *(one.name for each in join.conditions for one in references(each.parent))])
        self._index: dict[tuple[str, ...], list[int]] | None = None
        self._rows: list[Fields] = []

    def _read(self) -> dict[tuple[str, ...], list[int]]:
        index: dict[tuple[str, ...], list[int]] = {}
        for number, record in enumerate(self._stream.records()):
            row = Row(self._scope, record, number + 1)
            self._rows.append(dict(self._taken(row)))
            for key in dict.fromkeys(_keys(row, [condition.parent for condition in self._join.conditions])):
                index.setdefault(key, []).append(number)
        return index

    def _taken(self, row: Row) -> Iterator[tuple[str, Natural]]:
        for field in self._join.fields:
            for value in row.texts(field.expression)[:1] if field.expression else ():
                yield field.name, value

    def joined(self, record: ViewRecord) -> Iterator[Fields]:
        """The row with the fields of each parent that belongs to it; without any, the row alone, or nothing of an inner join."""
        if self._index is None:
            self._index = self._read()
        row = Row(self._scope, record, 1)
        keys = _keys(row, [condition.child for condition in self._join.conditions])
        numbers = sorted({number for key in keys for number in self._index.get(key, ())})
        for position, number in enumerate(numbers):
            taken = self._rows[number]
            yield {**record.fields, **taken, **{f"{name}.{INDEX}": position for name in taken}}
        if not numbers and not self._join.inner:
            yield record.fields


def _keys(row: Row, expressions: list[Expression]) -> Iterator[tuple[str, ...]]:
    yield from product(*([one.text for one in row.texts(expression)] for expression in expressions))


def _names(fields: Sequence[Field], prefix: str) -> Iterator[str]:
    """The keys that fields give rows: an expression its value, everything its index."""
    for field in fields:
        path = prefix + field.name
        if field.expression is not None:
            yield path
        yield f"{path}.{INDEX}"
        yield from _names(field.fields, f"{path}.")


def _joined_names(view: View) -> Iterator[str]:
    for join in view.joins:
        yield from _names(join.fields, "")


def _unique(view: str, names: Sequence[str]) -> frozenset[str]:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise MappingError(f"view {view} has more than one field {doubled[0]!r}", way_out="give each its own name")
    return frozenset(names)


def _wanted(fields: Sequence[Field]) -> list[str]:
    """References in the formulation of the source itself; documents in fields have their own."""
    found = [one.name for field in fields if field.expression is not None for one in references(field.expression)]
    inner = [name for field in fields if field.expression is None and not field.formulation for name in _wanted(field.fields)]
    return [*found, *inner]
