"""A query over a snapshot from text to solutions, in chunks that can be stopped at any time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..algebra import Batch, Context, Dataset, Entailment, Node, Operator, Query, Services, mentioned, resident
from ..snapshot import Snapshot, iri
from ..spatial import Shapes
from ._evaluator import holds
from ._joins import Probe
from ._parse import parse
from ._plan import Planner, plan
from ._rows import by_boundness
from ._terms import TermSpace

_CACHE = 256 * 2**20
"""Bytes of geometries that are kept if the caller brings no cache."""


@dataclass(frozen=True)
class Budget:
    """What one evaluation may take: wall time in seconds, and memory in MiB beyond what the process has at its start."""

    seconds: float = float("inf")
    mebibytes: float = float("inf")


@dataclass
class Result:
    """A query that is being answered.

    Attributes:
        query: what is asked.
        operator: the plan, measured as it runs.
        context: with the terms that decode ids, and remarks.
    """

    query: Query
    operator: Operator
    context: Context

    @property
    def form(self) -> str:
        """``select``, ``ask``, ``construct`` or ``describe``."""
        return self.query.form

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of a SELECT."""
        return self.query.names

    def batches(self) -> Iterator[Batch]:
        """Solutions in chunks, small ones first; each run begins anew, and stopping early leaves the rest undone."""
        return self.operator.run(self.context)

    def any(self) -> bool:
        """The answer to an ASK: whether there is a solution."""
        return next(self.batches(), None) is not None


def evaluate(snapshot: Snapshot, query: Query | str, *, shapes: Shapes | None = None, budget: Budget | None = None,
             default_graphs: tuple[str, ...] | None = None, named_graphs: tuple[str, ...] | None = None,
             services: Services | None = None, entailment: Entailment = Entailment.RELATIONS) -> Result:
    """Plan a query; the solutions are computed as the result is read.

    Args:
        snapshot: the data.
        query: text, or what `parse` made of it.
        shapes: geometries of the snapshot, cached from one query to the next.
        budget: limits; None for none.
        default_graphs, named_graphs: IRIs, instead of the dataset in the text; None for what the text says, or else all graphs.
        services: how other endpoints are asked; None if they are not.
        entailment: what patterns match beside what is stated.

    Raises:
        QueryError: the text is wrong.
        UnsupportedError: the engine does not offer something in it.
        ForbiddenError: it asks other endpoints, and ``services`` is None.
        DeadlineError, MemoryLimitError: while reading the result.
    """
    context = surroundings(snapshot, shapes=shapes, budget=budget or Budget(), services=services)
    if isinstance(query, str):
        query = parse(query)
    if default_graphs is None and named_graphs is None:
        default_graphs, named_graphs = query.default_graphs, query.named_graphs
    context.dataset, context.entailment = dataset(snapshot, default_graphs, named_graphs), entailment
    return Result(query, plan(query, context), context)


def surroundings(snapshot: Snapshot, *, shapes: Shapes | None = None, budget: Budget | None = None,
                 services: Services | None = None) -> Context:
    """A context for one evaluation, the clock of its budget started."""
    budget, shapes = budget or Budget(), shapes or Shapes(snapshot.geometries, _CACHE)
    context = Context(snapshot, TermSpace(snapshot), shapes, holds, deadline=time.monotonic() + budget.seconds, seconds=budget.seconds,
                      mebibytes=budget.mebibytes, base=resident(), services=services)
    context.exists = _Existence(context)
    return context


class _Existence:
    """EXISTS within expressions: plans each pattern once per set of variables that are bound."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._probes: dict[tuple[int, frozenset[str]], Probe] = {}

    def __call__(self, node: Node, batch: Batch) -> Any:
        """Mask of the solutions for which the pattern, with their bindings put in, has a solution."""
        names = tuple(sorted(mentioned(node) & batch.columns.keys()))
        found = np.zeros(batch.length, dtype=bool)
        for part in by_boundness(batch, names):
            found[slice(None) if part.rows is None else part.rows] = self._probe(node, part.bound).mask(self._context, part.batch)
        return found

    def _probe(self, node: Node, bound: tuple[str, ...]) -> Probe:
        key = (id(node), frozenset(bound))
        if key not in self._probes:
            self._probes[key] = Probe(Planner(self._context).exists(node, frozenset(bound)), tuple(sorted(bound)))
        return self._probes[key]


def dataset(snapshot: Snapshot, default: tuple[str, ...] | None, named: tuple[str, ...] | None) -> Dataset:
    """The graphs of a dataset description; IRIs that name no graph of the store stand for empty graphs.

    If only one of the two is given, the other is empty (SPARQL 1.1 §13.2); if none is, the default graph is the union of all.
    """
    if default is None and named is None:
        return Dataset()
    return Dataset(graph_numbers(snapshot, default or ()), graph_numbers(snapshot, named or ()))


def graph_numbers(snapshot: Snapshot, names: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers of named graphs; those that are not there are left out."""
    ids = [snapshot.find(iri(name)) for name in names]
    graphs = np.asarray(snapshot.graphs)
    return tuple(int(place) + 1 for one in ids if one >= 0 for place in np.flatnonzero(graphs == one))
