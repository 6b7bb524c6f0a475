"""Steps of a path that a pattern gives: the relations between geometries of a rewritten query, looked up node by node or all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..algebra import UNIT, Batch, Computed, Context, Node, Operator
from ._rows import RowIndex

PlanStep = Callable[[Node, frozenset[str], frozenset[str]], Operator]
"""Plans a pattern for seeds that bind the first names, of which the second are read."""


class ComputedStep:
    """Where a step leads, found out once for each node (in each graph, if these are seen by themselves).

    Args:
        graph: name of the variable of the graph, None if all are seen as one.
        plan: makes the operators.
    """

    def __init__(self, path: Computed, graph: str | None, context: Context, plan: PlanStep) -> None:
        near, self._far = (path.stop, path.start) if path.link.inverse else (path.start, path.stop)
        self._keys = (near,) if graph is None else (near, graph)
        self._path, self._plan, self._context = path, plan, context
        self._graphs = np.asarray(context.snapshot.graphs, dtype=np.int64)
        self._index = RowIndex(len(self._keys))
        self._operator: Operator | None = None
        self._whole = False
        self._from, self._to = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    def walk(self, nodes: Any, graphs: Any) -> tuple[Any, Any]:
        """Places in ``nodes``, and the nodes to which the step leads from there; ``graphs`` are numbers, None if all are one."""
        columns = [nodes] if graphs is None else [nodes, self._graphs[graphs - 1]]
        if not self._whole:
            new = self._index.fresh(columns, len(nodes))
            if len(new):
                self._look(Batch(len(new), dict(zip(self._keys, (column[new] for column in columns), strict=True))))
        numbers = self._index.find(columns, len(nodes))
        starts, stops = np.searchsorted(self._from, numbers), np.searchsorted(self._from, numbers, side="right")
        lengths = np.where(numbers < 0, 0, stops - starts)
        place = np.repeat(np.arange(len(nodes)), lengths)
        return place, self._to[np.arange(len(place)) - np.repeat(np.cumsum(lengths) - lengths - starts, lengths)]

    def starts(self) -> list[Any]:
        """Every node from which the step leads anywhere, and the numbers of the graphs."""
        if not self._whole:
            self._index, self._whole = RowIndex(len(self._keys)), True
            self._from, self._to = self._from[:0], self._to[:0]
            self._operator = None
            self._look(UNIT)
        nodes, *names = self._index.rows()
        order = np.argsort(self._graphs, kind="stable")
        return [nodes, *(order[np.searchsorted(self._graphs[order], one)] + 1 for one in names)]

    def _look(self, seed: Batch) -> None:
        """Take up the pairs that agree with some seeds."""
        if self._operator is None:
            bound = frozenset(self._keys if seed.columns else ())
            self._operator = self._plan(self._path.node, bound, frozenset((*self._keys, self._far)))
        origins, ends = [self._from], [self._to]
        for batch in self._operator.run(self._context, seed):
            origins.append(self._index.add([batch.column(name) for name in self._keys], batch.length))
            ends.append(batch.column(self._far))
        origin = np.concatenate(origins)
        order = np.argsort(origin, kind="stable")
        self._from, self._to = origin[order], np.concatenate(ends)[order]
