"""Operators on solutions: filter, bind, inline data, names of graphs; and, at the top of a query or sub-select, project … slice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..algebra import Aggregate, Batch, Context, Expression, Operator, Values, concatenated
from ._aggregates import aggregate
from ._evaluator import evaluate, holds
from ._graphs import Slot, view
from ._joins import visible
from ._ordering import order
from ._rows import RowIndex
from ._slices import Slices
from ._tables import Table
from ._text import aggregated, written

_SORTED_AT = 65_536
"""Rows that are gathered before the best are picked out of them."""


class Nothing(Operator):
    """No solution, because a constant does not occur in the data."""

    def __init__(self, names: tuple[str, ...], why: str) -> None:
        super().__init__(names, 0.0)
        self._why = why

    @property
    def label(self) -> str:
        """Why."""
        return f"Nothing: {self._why}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """None."""
        return iter(())


class Restrict(Operator):
    """FILTER.

    Attributes:
        condition: must be true.
        scope: variables that it can see.
    """

    def __init__(self, condition: Expression, scope: frozenset[str], estimate: float) -> None:
        super().__init__((), estimate)
        self.condition = condition
        self.scope = scope
        self._slices = Slices()

    @property
    def label(self) -> str:
        """The condition."""
        return f"Filter {written(self.condition)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The seeds for which it holds."""
        mask = self._slices.values(visible(seed, self.scope), context, lambda batch: holds(self.condition, batch, context))
        yield seed if mask.all() else seed.take(mask)


class Bind(Operator):
    """BIND and expressions of SELECT: one more variable.

    Attributes:
        name: of the variable.
        expression: its value; an error leaves it unbound.
        scope: variables that the expression can see.
    """

    def __init__(self, name: str, expression: Expression, scope: frozenset[str], estimate: float) -> None:
        super().__init__((name,), estimate)
        self.name = name
        self.expression = expression
        self.scope = scope
        self._slices = Slices()

    @property
    def label(self) -> str:
        """Variable and expression."""
        return f"Bind ?{self.name} = {written(self.expression)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Seeds with the value; where the seed has another one already, it is dropped."""
        values = self._slices.values(visible(seed, self.scope), context, lambda batch: evaluate(self.expression, batch, context))
        if self.name not in seed.columns:
            yield seed.extended({self.name: values})
            return
        given = seed.columns[self.name]
        fits = (given == values) | (given < 0) | (values < 0)
        yield seed.extended({self.name: np.where(given < 0, values, given)}).take(fits)


class Inline(Operator):
    """VALUES."""

    def __init__(self, node: Values, shared: tuple[str, ...]) -> None:
        super().__init__(node.names, float(len(node.rows)))
        self._node = node
        self._shared = shared
        self._table: Table | None = None

    @property
    def label(self) -> str:
        """Variables and number of rows."""
        return f"Values {' '.join('?' + name for name in self.names)}: {len(self._node.rows)} rows"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Joined by hash."""
        if self._table is None:
            self._table = Table(_inlined(self._node, context), self._shared)
        yield from self._table.join(seed)


def _inlined(node: Values, context: Context) -> Batch:
    known = {None: -1} | {term: context.terms.id(term) for row in node.rows for term in row if term is not None}
    ids = np.array([[known[term] for term in row] for row in node.rows], dtype=np.int64).reshape(len(node.rows), len(node.names))
    return Batch(len(node.rows), {name: np.ascontiguousarray(ids[:, place]) for place, name in enumerate(node.names)})


class Graphs(Operator):
    """``GRAPH ?g {}``: the names of the graphs; for a constant, the seeds if it exists."""

    def __init__(self, graph: Slot, estimate: float) -> None:
        super().__init__((graph,) if isinstance(graph, str) else (), estimate)
        self._graph = graph

    @property
    def label(self) -> str:
        """The variable, if it is one."""
        return f"Graphs ?{self._graph}" if isinstance(self._graph, str) else "Graphs"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Joined with the names."""
        seen = view(context, self._graph)
        if isinstance(self._graph, int):
            yield seed if not seen.nothing else seed.take(np.empty(0, dtype=np.int64))
            return
        names = np.asarray(context.snapshot.graphs, dtype=np.int64)[seen.numbers - 1]
        yield from Table(Batch(len(names), {self._graph: names}), (self._graph,)).join(seed)


class Select(Operator):
    """Projection."""

    def __init__(self, inner: Operator, names: tuple[str, ...]) -> None:
        super().__init__(names, inner.estimate, (inner,))

    @property
    def label(self) -> str:
        """The variables."""
        return "Project " + " ".join(f"?{name}" for name in self.names)

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Batches with these columns only."""
        for batch in self.inputs[0].run(context, seed):
            yield batch.project(self.names)


class Unique(Operator):
    """DISTINCT: passes each solution when it comes for the first time."""

    def __init__(self, inner: Operator) -> None:
        super().__init__(inner.names, inner.estimate, (inner,))

    @property
    def label(self) -> str:
        """Just that."""
        return "Distinct"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Streaming, in the order of the input."""
        index = RowIndex(len(self.names))
        for batch in self.inputs[0].run(context, seed):
            rows = index.fresh([batch.column(name) for name in self.names], batch.length)
            yield batch if len(rows) == batch.length else batch.take(rows)


class Sort(Operator):
    """ORDER BY.

    Attributes:
        keys: expressions, and whether descending.
        top: how many of the first rows are wanted; None for all.
    """

    def __init__(self, inner: Operator, keys: tuple[tuple[Expression, bool], ...], top: int | None = None) -> None:
        super().__init__(inner.names, inner.estimate, (inner,))
        self.keys = keys
        self.top = top

    @property
    def label(self) -> str:
        """The keys."""
        keys = " ".join(f"DESC({written(key)})" if descending else written(key) for key, descending in self.keys)
        return f"OrderBy {keys}" if self.top is None else f"Top {self.top} by {keys}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """All at once; if only the first are wanted, the others are dropped now and then."""
        waiting: list[Batch] = []
        size = 0
        for batch in self.inputs[0].run(context, seed):
            waiting.append(batch)
            size += batch.length
            if self.top is not None and size > max(4 * self.top, _SORTED_AT):
                waiting = [self._sorted(context, waiting)]
                size = waiting[0].length
        yield self._sorted(context, waiting)

    def _sorted(self, context: Context, batches: list[Batch]) -> Batch:
        whole = concatenated(batches, self.names)
        return whole.take(order(whole, self.keys, context)[:self.top]) if whole.length else whole


class Cut(Operator):
    """OFFSET and LIMIT; stops its input as soon as it has enough."""

    def __init__(self, inner: Operator, offset: int, limit: int | None) -> None:
        super().__init__(inner.names, inner.estimate if limit is None else min(inner.estimate, float(limit)), (inner,))
        self.offset = offset
        self.limit = limit

    @property
    def label(self) -> str:
        """Both numbers."""
        return f"Slice from {self.offset}" + ("" if self.limit is None else f", at most {self.limit}")

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The part in the middle."""
        passed = 0
        end = None if self.limit is None else self.offset + self.limit
        if end == 0 or self.limit == 0:
            return
        for batch in self.inputs[0].run(context, seed):
            first = max(self.offset - passed, 0)
            last = batch.length if end is None else min(batch.length, end - passed)
            passed += batch.length
            if first < last:
                yield batch if last - first == batch.length else batch.take(np.arange(first, last))
            if end is not None and passed >= end:
                return


class Grouped(Operator):
    """GROUP BY with aggregates."""

    def __init__(self, inner: Operator, keys: tuple[str, ...], aggregates: tuple[tuple[str, Aggregate], ...], scope: tuple[str, ...],
                 estimate: float) -> None:
        super().__init__((*keys, *(name for name, _ in aggregates)), estimate, (inner,))
        self.keys = keys
        self.aggregates = aggregates
        self.scope = scope

    @property
    def label(self) -> str:
        """Keys and aggregates."""
        keys = " ".join(f"?{name}" for name in self.keys)
        return f"Group by {keys or 'nothing'}: " + ", ".join(f"?{name} = {aggregated(one)}" for name, one in self.aggregates)

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """One row per group; without keys always one."""
        whole = concatenated(list(self.inputs[0].run(context, seed)), self.scope)
        index = RowIndex(len(self.keys))
        numbers = index.add([whole.columns[name] for name in self.keys], whole.length)
        count = index.count if self.keys else 1
        columns: dict[str, Any] = dict(zip(self.keys, index.rows(), strict=True))
        yield Batch(count, columns | {name: self._value(one, whole, numbers, count, context) for name, one in self.aggregates})

    def _value(self, one: Aggregate, whole: Batch, numbers: Any, count: int, context: Context) -> Any:
        return aggregate(one, whole, numbers, count, context)
