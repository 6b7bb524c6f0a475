"""Joins: the rows of a parent that belong to the rows of a child, by equal texts, by place, or by size.

::

    parent's rows ──once──▶ keys, geometries, subjects ──hashes sorted / tree──▶ pairs with each batch of the child ──conditions──▶ pairs
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import MappingError
from earthweave.ontology.geometry import relate_pairs

from ..functions import Rows, relation_name
from ..plan import Condition, Expression, Join, Options, Plan, TriplesMap, View
from ..sources import Opener, Source
from ..values import pc
from ._rules import equal, parent_names
from ._tables import Reading, good, require
from ._terms import Slot, Term, Terms

_PAIRS = 200_000
"""Pairs that are worked on at a time."""
_GREATER = "greaterThan"
Pairs = tuple[Any, Any]
"""Rows of the child and rows of the parent, integers (n,) each."""


def nested_parent(plan: Plan, maps: Iterable[TriplesMap], opener: Opener) -> str:
    """Why joins of these triples maps cannot run on columns, or empty: a parent that is a view, nested, or a collection."""
    for join in (join for one in maps for join in one.joins()):
        parent = plan.named(join.parent)
        if parent.subject.gather is not None:
            return f"the parent {parent.name} makes collections"
        if join.conditions and (isinstance(parent.source, View) or not isinstance(opener(parent.source), Source)):
            return f"the parent {parent.name} is nested"
    return ""


def _asked(condition: Condition, expression: Expression, rows: Rows) -> Any:
    """What one side of a condition compares: texts, geometries in CRS84, or numbers."""
    if equal(condition):
        return rows.text(expression)[0]
    if relation_name(condition.function):
        return rows.shapes(expression).lonlat
    if condition.function.endswith(_GREATER):
        return rows.numbers(expression)
    raise MappingError(
        f"<{condition.function}> cannot be a join condition", way_out="use a spatial relation, equi or greaterThan, which are true or false"
    )


class Parent:
    """One side of a join, read when the first pairs are asked for."""

    def __init__(self, plan: Plan, join: Join, opener: Opener, options: Options) -> None:
        parent = plan.named(join.parent)
        source = None if isinstance(parent.source, View) else opener(parent.source)
        if not isinstance(source, Source):
            raise MappingError(f"{plan.place(parent)}: a parent of nested records")
        self._join, self._required = join, parent.required
        self._slot = Slot(parent.subject, parent.base or plan.base)
        self._reading = Reading.of(plan, source, {parent: parent_names(plan, join)}, options)
        self._columns(self._reading.empty())

    def ask(self, rows: Rows) -> list[Any]:
        """What the conditions compare of the child's rows."""
        return [_asked(one, one.child, rows) for one in self._join.conditions]

    def _columns(self, rows: Rows) -> tuple[Any, list[Any]]:
        """Subjects and what the conditions compare, of rows that have all of that."""
        term = Terms(rows)[self._slot]
        subject = pc.binary_join_element_wise(*term.parts, pa.repeat("", len(rows)), "")
        found = [_asked(one, one.parent, rows) for one in self._join.conditions]
        require(self._required, rows)
        kept = good(rows)
        for column in (subject, *found):
            kept &= _there(column)
        return subject.filter(pa.array(kept)), [one.filter(pa.array(kept)) if isinstance(one, pa.Array) else one[kept] for one in found]

    @cached_property
    def _whole(self) -> tuple[Any, list[Any]]:
        """Subjects and what is compared, of all rows, each combination of texts once."""
        parts = [self._columns(rows) for rows in self._reading.rows()] or [self._columns(self._reading.empty())]
        subjects = pa.concat_arrays([one for one, _ in parts])
        compared = [_concatenated(columns) for columns in zip(*(columns for _, columns in parts), strict=True)]
        if not all(isinstance(one, pa.Array) for one in compared):
            return subjects, compared
        names = [str(place) for place in range(len(compared) + 1)]
        table = pa.table([subjects, *compared], names).group_by(names, use_threads=False).aggregate([]).combine_chunks()
        first, *rest = (one.chunk(0) if one.num_chunks else pa.array([], pa.string()) for one in table.columns)
        return first, rest

    @cached_property
    def _lookup(self) -> tuple[Any, Any]:
        """Hashes of the texts to be equal, sorted, and the rows they belong to."""
        hashes = _hashes(self._texts(self._whole[1]))
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    @cached_property
    def _trees(self) -> dict[int, Any]:
        return {}

    def _tree(self, place: int) -> Any:
        if place not in self._trees:
            self._trees[place] = shapely.STRtree(self._whole[1][place])
        return self._trees[place]

    def _texts(self, columns: list[Any]) -> list[Any]:
        return [column for condition, column in zip(self._join.conditions, columns, strict=True) if equal(condition)]

    def pairs(self, rows: Rows) -> Iterator[tuple[Any, Term]]:
        """Rows of the child, and the parent's subjects that belong to them; a row comes as often as it has parents."""
        mine = self.ask(rows)
        if not len(rows):
            return
        subjects, theirs = self._whole
        for candidates in self._candidates(mine, theirs):
            child, parent = self._refined(candidates, mine, theirs)
            if len(child):
                yield child, Term(self._slot.term.kind, [subjects.take(pa.array(parent))])

    def _candidates(self, mine: list[Any], theirs: list[Any]) -> Iterator[Pairs]:
        names = [relation_name(one.function) for one in self._join.conditions]
        texts = self._texts(mine)
        near = next((place for place, name in enumerate(names) if name and name != "sfDisjoint"), None)
        if texts:
            yield from self._by_text(texts)
        elif near is not None:
            child, parent = self._tree(near).query(mine[near])
            yield from _blocks(child, parent)
        else:
            many = len(theirs[0])
            for start in range(0, len(mine[0]) * many, _PAIRS):
                at = np.arange(start, min(start + _PAIRS, len(mine[0]) * many))
                yield at // many, at % many

    def _by_text(self, texts: list[Any]) -> Iterator[Pairs]:
        hashes, order = self._lookup
        there = np.logical_and.reduce([_there(one) for one in texts])
        wanted = _hashes(texts)
        low, high = np.searchsorted(hashes, wanted, "left"), np.searchsorted(hashes, wanted, "right")
        counts = np.where(there, high - low, 0)
        child = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(len(child)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield from _blocks(child, order[np.repeat(low, counts) + within])

    def _refined(self, pairs: Pairs, mine: list[Any], theirs: list[Any]) -> Pairs:
        """The pairs for which all conditions hold."""
        for condition, left, right in zip(self._join.conditions, mine, theirs, strict=True):
            held = _holds(condition, left, right, pairs)
            pairs = pairs[0][held], pairs[1][held]
        return pairs


def _holds(condition: Condition, left: Any, right: Any, pairs: Pairs) -> Any:
    child, parent = pairs
    if equal(condition):
        same = pc.equal(left.take(pa.array(child)), right.take(pa.array(parent)))
        return np.asarray(pc.fill_null(same, False))
    name = relation_name(condition.function)
    if name:
        return relate_pairs(name, left, right, np.stack(pairs)) & ~shapely.is_missing(left[child])
    return left[child] > right[parent]


def _blocks(child: Any, parent: Any) -> Iterator[Pairs]:
    for start in range(0, len(child), _PAIRS):
        yield child[start: start + _PAIRS], parent[start: start + _PAIRS]


def _there(column: Any) -> Any:
    """Which values are there."""
    if isinstance(column, pa.Array):
        return np.asarray(column.is_valid())
    return ~shapely.is_missing(column) if column.dtype == object else ~np.isnan(column)


def _concatenated(columns: tuple[Any, ...]) -> Any:
    return pa.concat_arrays(columns) if isinstance(columns[0], pa.Array) else np.concatenate(columns)


def _hashes(texts: list[Any]) -> Any:
    import polars

    frame = polars.DataFrame({str(place): polars.Series(values=one) for place, one in enumerate(texts)})
    return frame.hash_rows(seed=0).to_numpy()


