"""Parents of joins: the subjects of another triples map, found by the values of join conditions (R2RML §8, RML-Core)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import shapely

from earthweave.ontology import MappingError
from earthweave.ontology.geometry import relate_pairs

from ..functions import relation_name
from ..plan import Condition, Expression
from ._evaluation import BadRow, BadTerm, Row
from ._terms import Term

Key: TypeAlias = tuple[str, ...]
_APART = ("sfDisjoint", "ehDisjoint", "rcc8dc")


def _kind(condition: Condition) -> str:
    """What a condition compares: texts, numbers, or geometries, by the name of their relation."""
    name = condition.function.rpartition("/")[2]
    if name in ("", "equi", "greaterThan"):
        return name or "equi"
    relation = relation_name(condition.function)
    if not relation:
        way_out = "use a spatial relation, equi or greaterThan, which are true or false"
        raise MappingError(f"<{condition.function}> cannot be a join condition", way_out=way_out)
    return relation


class Parents:
    """Subjects of the parent's records, held; the child's records find theirs one by one."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        found = [(one, _kind(one)) for one in conditions]
        self._equal = [one for one, kind in found if kind == "equi"]
        self._other = [(one, kind) for one, kind in found if kind != "equi"]
        self._subjects: list[list[Term]] = []
        self._index: dict[Key, list[int]] = {}
        self._values: list[list[Any]] = [[] for _ in self._other]
        self._trees: dict[int, Any] = {}

    def fill(self, rows: Iterable[Row], subjects: Callable[[Row], list[Term]]) -> None:
        """Take in the parent's records; those that cannot be mapped have no subject to be joined with."""
        for row in rows:
            try:
                self._add(row, subjects(row))
            except (BadRow, BadTerm) as bad:
                if row.scope.options.on_error == "fail":
                    way_out = "on_error=skip leaves such rows out and reports them"
                    raise MappingError(f"{row.scope.name}, row {row.number}", why=str(bad), way_out=way_out) from bad

    def _add(self, row: Row, subjects: list[Term]) -> None:
        compared = [_compared(row, one.parent, kind) for one, kind in self._other]
        keys = list(_keys(row, [one.parent for one in self._equal]))
        number = len(self._subjects)
        self._subjects.append(subjects)
        for found, value in zip(self._values, compared, strict=True):
            found.append(value)
        for key in dict.fromkeys(keys):
            self._index.setdefault(key, []).append(number)

    def of(self, row: Row) -> list[Term]:
        """The subjects that belong to a record of the child, in the parent's order."""
        compared = [_compared(row, one.child, kind) for one, kind in self._other]
        keys = _keys(row, [one.child for one in self._equal])
        numbers = {number for key in keys for number in self._index.get(key, ())}
        for place, value in enumerate(compared):
            numbers = self._related(place, value, numbers) if value is not None and numbers else set()
        return [subject for number in sorted(numbers) for subject in self._subjects[number]]

    def _related(self, place: int, value: Any, numbers: set[int]) -> set[int]:
        kind, theirs = self._other[place][1], self._values[place]
        if kind == "greaterThan":
            return {one for one in numbers if theirs[one] is not None and value > theirs[one]}
        if place not in self._trees:
            self._trees[place] = shapely.STRtree(np.array(theirs, dtype=object))
        tree = self._trees[place]
        # boxes that are apart rule out every relation but those that ask for it
        near = numbers if kind in _APART else numbers.intersection(tree.query(value).tolist())
        candidates = np.array(sorted(near), dtype=np.intp)
        pairs = np.stack([np.zeros_like(candidates), candidates])
        return set(candidates[relate_pairs(kind, np.array([value], dtype=object), tree.geometries, pairs)].tolist())


def _keys(row: Row, expressions: list[Any]) -> Iterator[Key]:
    """Every combination of the values that must be equal; the empty one if none must."""
    yield from product(*([one.text for one in row.texts(expression)] for expression in expressions))


def _compared(row: Row, expression: Expression, kind: str) -> Any:
    """The number, or the geometry in CRS84, that a condition compares; None if there is none."""
    for rows in row.batches(expression):
        if kind == "greaterThan":
            number = row.judged(rows, rows.numbers, expression)[0]
            return None if np.isnan(number) else float(number)
        return row.judged(rows, rows.shapes, expression).lonlat[0]
    return None
