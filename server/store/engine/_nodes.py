"""Paths of no length: between variables they begin and end only at nodes of the graph (SPARQL 1.1 §18.4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..algebra import Batch, Context, Operator
from ._graphs import Slot
from ._joins import Either, Probe
from ._scan import Scan, Slots

_SUBJECT, _PREDICATE, _OBJECT = "#subject", "#predicate", "#object"


class OnlyNodes(Operator):
    """Drops the solutions of a path whose ends are one term that neighbours have bound and that is no node of the graph.

    Attributes:
        ends: the variables at both ends.
        graph: of the pattern.
    """

    def __init__(self, ends: tuple[str, str], graph: Slot | None, estimate: float) -> None:
        super().__init__((), estimate)
        self.ends = ends
        self.graph = graph
        unwanted = frozenset({_SUBJECT, _PREDICATE, _OBJECT})
        slots = (Slots(ends[0], _PREDICATE, _OBJECT, graph), Slots(_SUBJECT, _PREDICATE, ends[0], graph))
        scans = [Scan(one, "node", estimate, unwanted=unwanted, once=True) for one in slots]
        self._probe = Probe(Either(scans, ()), (ends[0], graph) if isinstance(graph, str) else (ends[0],))

    @property
    def label(self) -> str:
        """The variables."""
        return f"Nodes ?{self.ends[0]} ?{self.ends[1]}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The rest."""
        first, last = (seed.columns[name] for name in self.ends)
        still = np.flatnonzero(first == last)
        keep = np.ones(seed.length, dtype=bool)
        keep[still] = self._probe.mask(context, seed.take(still))
        yield seed if keep.all() else seed.take(keep)
