"""One name for one meaning: names of classes and properties over all tables of a mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ._mapping import concept_term
from ._model import Column, Link, Table

_OWN = {"is3D"}
_ENDS = ("", "-geometry", "-key", "-rows", "-point")


def named(tables: Iterable[Table]) -> tuple[Table, ...]:
    """The same tables with names that do not clash.

    Columns of several tables share a property if they have the same name, datatype and unit; else the table's name stands before it.
    """
    renamed = _classes(tuple(tables))
    naming = _Naming({one.term for one in renamed})
    terms = {one.name: one.term for one in renamed}
    return tuple(naming.table(one, terms) for one in renamed)


def _classes(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    taken: set[str] = set()
    found = []
    for one in tables:
        term = one.term
        while any(term + end in taken for end in _ENDS):
            term += "_"
        taken |= {term + end for end in _ENDS}
        found.append(replace(one, term=term))
    return tuple(found)


class _Naming:
    def __init__(self, classes: set[str]) -> None:
        self._meanings: dict[str, object] = {name: name for name in classes | _OWN}

    def table(self, one: Table, terms: dict[str, str]) -> Table:
        mine: set[str] = set()
        columns = tuple(self._column(one, column, mine) for column in one.columns)
        links = tuple(self._link(one, link, mine, terms) for link in one.links)
        return replace(one, columns=columns, links=links)

    def _column(self, table: Table, column: Column, mine: set[str]) -> Column:
        meaning = (column.datatype, column.unit, bool(column.codes))
        term = self._free(table, column.term, meaning, mine, concept=bool(column.codes))
        named_column = replace(column, term=term)
        if column.codes:
            self._take(concept_term(named_column), "concept", mine)
        return named_column

    def _link(self, table: Table, link: Link, mine: set[str], terms: dict[str, str]) -> Link:
        parent = terms[link.parent]
        return replace(link, term=self._free(table, link.term, ("link", parent), mine), parent=parent)

    def _free(self, table: Table, wanted: str, meaning: object, mine: set[str], *, concept: bool = False) -> str:
        name = wanted
        if not self._fits(name, meaning, mine, concept):
            name = f"{table.term}_{wanted}"
        while not self._fits(name, meaning, mine, concept):
            name += "_"
        self._take(name, meaning, mine)
        return name

    def _fits(self, name: str, meaning: object, mine: set[str], concept: bool) -> bool:
        second = f"{name}_concept"
        free = not concept or (second not in mine and self._meanings.get(second, "concept") == "concept")
        return free and name not in mine and self._meanings.get(name, meaning) == meaning

    def _take(self, name: str, meaning: object, mine: set[str]) -> None:
        self._meanings[name] = meaning
        mine.add(name)
