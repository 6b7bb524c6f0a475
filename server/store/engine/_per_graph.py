"""A pattern that is asked of each named graph by itself, because its rows are counted there (SPARQL 1.1 §13.3, §18.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..algebra import Batch, Context, Operator
from ._graphs import view


class PerGraph(Operator):
    """Plans and runs a pattern once for each named graph, as if the dataset had no other.

    Attributes:
        graph: the variable that the pattern binds to the graph's name.
    """

    def __init__(self, graph: str, names: tuple[str, ...], plan: Callable[[Context], Operator]) -> None:
        super().__init__(names, 1.0)
        self.graph = graph
        self._plan = plan

    @property
    def label(self) -> str:
        """Just that."""
        return "Each named graph by itself"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Graph by graph."""
        numbers = view(context, self.graph).numbers
        for number in np.asarray(numbers).tolist():
            context.check()
            alone = replace(context, dataset=replace(context.dataset, named=(number,)))
            yield from self._plan(alone).run(alone)
