"""Whether names in a mapping mean columns of a database as SQL reads them, or only nearly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from earthweave.ontology import MappingError

from ..plan import Expression, LogicalSource, Plan, Reference, TriplesMap, View, own_expressions, references
from ._sql import DatabaseSource
from ._sql_names import Identifier

Opened = TypeVar("Opened")


def checked(opened: Opened, logical: LogicalSource, plan: Plan) -> Opened:
    """What was opened; raise `MappingError` if it is a database and a name means a column only if SQL's rules are bent.

    Under a table of R2RML (§5.2) a regular identifier is folded as the database folds it, and a delimited one is exact. The columns of a
    query, and those that RML refers to, are found in any case, and so are all in a database in which case never counts.
    """
    if isinstance(opened, DatabaseSource) and logical.access is None and not logical.query:
        for one, reference in _over(plan, logical):
            _check(opened, reference, plan.place(one))
    return opened


def _check(source: DatabaseSource, reference: Reference, place: str) -> None:
    found = source.column(reference.name)
    if found is None or reference.variable:
        return
    if not source.means(Identifier(reference.name, reference.delimited), found):
        written = f'"{reference.name}"' if reference.delimited else reference.name
        raise MappingError(f"{place}: no column {written} in {source.name}", why=f"to SQL its column {found} is another one",
                           way_out=f'write a delimited identifier: "\\"{found}\\""')


def _over(plan: Plan, logical: LogicalSource) -> Iterator[tuple[TriplesMap, Reference]]:
    """References over a logical source, with the triples maps that they stand in."""
    here = {one.name for one in plan.triples_maps if _same(one.source, logical)}
    for one in plan.triples_maps:
        if one.name in here:
            yield from ((one, found) for found in _all(expression for term in one.terms() for expression in term.expressions()))
        for join in one.joins():
            if one.name in here:
                yield from ((one, found) for found in _all(own_expressions(join)))
            if join.parent in here:
                yield from ((one, found) for found in _all(condition.parent for condition in join.conditions))


def _all(expressions: Iterable[Expression]) -> Iterator[Reference]:
    for expression in expressions:
        yield from references(expression)


def _same(source: LogicalSource | View, logical: LogicalSource) -> bool:
    return isinstance(source, LogicalSource) and replace(source, required=()) == replace(logical, required=())
