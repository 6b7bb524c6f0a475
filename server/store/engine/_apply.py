"""A SPARQL 1.1 update (W3C, 2013, §3) as a new snapshot beside the old one.

::

    operation ─▶ templates and a pattern ─▶ solutions on the snapshot before ─▶ statements out, statements in ─▶ next snapshot
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology.geometry import AxisOrder

from ..algebra import Batch, Bgp, Constant, Context, Dataset, Place, Query, Remark, Triple, Variable
from ..snapshot import UNBOUND, Kind, Quads, Snapshot, SnapshotBuilder, iri
from ._evaluate import Budget, dataset, graph_numbers, surroundings
from ._parse_update import parse_update
from ._plan import plan
from ._terms import TermSpace
from ._update import Clear, Create, Modify, Operation, Transfer

_S, _P, _O, _G = (Variable(name) for name in ("s", "p", "o", "g"))
_HIDDEN = "_:"
_DEFAULT = 0


def apply_update(text: str, base: Snapshot, target: Path, budget: Budget) -> tuple[Snapshot, list[Remark]]:
    """Run an update and write what comes of it into a new folder; operations see what those before them did.

    Args:
        base: the snapshot before, which stays as it is.
        target: folder of the new snapshot.
        budget: limits of each operation.

    Returns the new snapshot and remarks about what could not be computed. Raises what `parse_update` and evaluation raise.
    """
    steps = [step for operation in parse_update(text) for step in _steps(operation)]
    remarks: list[Remark] = []
    snapshot = base
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        folder = target if last else target.with_name(f"{target.name}-{number}")
        after = _stepped(step, snapshot, folder, budget, remarks)
        if snapshot is not base:
            shutil.rmtree(snapshot.path)
        snapshot = after
    return (snapshot if steps else SnapshotBuilder(target, base).finish()), remarks


@dataclass(frozen=True)
class _Step:
    """Changes that are computed on one snapshot and made at once; what is both removed and added stays."""

    changes: tuple[Modify, ...]


def _steps(operation: Operation) -> Iterator[_Step]:
    if isinstance(operation, Modify):
        yield _Step((operation,))
    elif isinstance(operation, Clear):
        yield _Step(_cleared(operation.graph))
    elif isinstance(operation, Transfer) and operation.source != operation.target:
        yield _Step(_transferred(operation))
    else:
        # a graph without statements does not exist, so that there is nothing to create
        assert isinstance(operation, Create | Transfer)


def _whole(graph: str) -> Triple:
    """The pattern of all statements in a graph; an empty text is the default graph."""
    return Triple(_S, _P, _O, Constant(iri(graph)) if graph else None)


def _cleared(graph: str) -> tuple[Modify, ...]:
    named = Triple(_S, _P, _O, _G)
    patterns = {"DEFAULT": [_whole("")], "NAMED": [named], "ALL": [_whole(""), named]}.get(graph, [_whole(graph)])
    return tuple(Modify((one,), (), Bgp((one,))) for one in patterns)


def _transferred(operation: Transfer) -> tuple[Modify, ...]:
    source, target = _whole(operation.source), _whole(operation.target)
    added = Modify((), (target,), Bgp((source,)))
    if operation.kind == "ADD":
        return (added,)
    emptied = Modify((target,), (), Bgp((target,)))
    return (emptied, added) if operation.kind == "COPY" else (emptied, added, Modify((source,), (), Bgp((source,))))


def _stepped(step: _Step, snapshot: Snapshot, folder: Path, budget: Budget, remarks: list[Remark]) -> Snapshot:
    builder = SnapshotBuilder(folder, snapshot)
    builder.begin("update", AxisOrder.STRICT)
    for change in step.changes:
        context = surroundings(snapshot, budget=budget)
        context.dataset = _dataset(snapshot, change)
        for removed, added in _changes(change, context):
            builder.without(removed)
            builder.add(added)
        remarks += context.tally.notices(empty=False)
    builder.end()
    return builder.finish()


def _dataset(snapshot: Snapshot, change: Modify) -> Dataset:
    """Patterns outside GRAPH see the default graph alone (§3.1.3), or the graph of WITH."""
    if change.named_graphs is not None:
        return dataset(snapshot, change.default_graphs, change.named_graphs)
    return Dataset((_DEFAULT,) if change.default_graphs is None else graph_numbers(snapshot, change.default_graphs))


def _changes(change: Modify, context: Context) -> Iterator[tuple[Quads, Quads]]:
    """Statements out and in, chunk by chunk; all are found before any is given, so that a failure leaves no half."""
    names = tuple(dict.fromkeys(place.name for one in (*change.delete, *change.insert) for place in _of(one)
                                if isinstance(place, Variable) and not place.name.startswith(_HIDDEN)))
    operator = plan(Query("select", change.pattern, names), context)
    return iter([(_quads(change.delete, batch, context.terms), _quads(change.insert, batch, context.terms))
                 for batch in operator.run(context)])


def _of(triple: Triple) -> tuple[Place, ...]:
    return (triple.subject, triple.predicate, triple.object, *(() if triple.graph is None else (triple.graph,)))


def _quads(template: tuple[Triple, ...], batch: Batch, terms: TermSpace) -> Quads:
    """A template filled with solutions; statements that would be no RDF are left out (§3.1.3.2)."""
    columns = _Columns(batch, terms)
    filled = [np.stack([columns.ids(place) for place in (one.subject, one.predicate, one.object, one.graph)]) for one in template]
    ids = np.concatenate(filled, axis=1) if filled else np.empty((4, 0), dtype=np.int64)
    distinct, places = np.unique(ids, return_inverse=True)
    bound = distinct >= 0
    found = terms.terms(distinct[bound])
    kinds = np.full(len(distinct), -1)
    kinds[bound] = np.array([int(one.kind) for one in found.types] or [0])[found.code]
    places = places.reshape(ids.shape)
    kind = kinds[places] if len(distinct) else np.empty((4, 0), dtype=np.int64)
    fit = np.isin(kind[0], (Kind.IRI, Kind.BNODE)) & (kind[1] == Kind.IRI) & (kind[2] >= 0) & ((kind[3] == Kind.IRI) | (ids[3] == _NOWHERE))
    shift = np.cumsum(bound) - 1
    subject, predicate, value = (shift[places[row][fit]].astype(np.int32) for row in range(3))
    graph = np.where(ids[3][fit] == _NOWHERE, -1, shift[places[3][fit]]).astype(np.int32)
    return Quads(found, subject, predicate, value, graph)


_NOWHERE = UNBOUND - 1
"""Stands for the default graph among ids."""


class _Columns:
    """Ids that the places of a template have for each solution."""

    def __init__(self, batch: Batch, terms: TermSpace) -> None:
        self._batch, self._terms = batch, terms
        self._nodes: dict[str, Any] = {}

    def ids(self, place: Place | None) -> Any:
        """One id per solution; -1 is unbound."""
        length = self._batch.length
        if place is None:
            return np.full(length, _NOWHERE, dtype=np.int64)
        if isinstance(place, Constant):
            return np.full(length, self._terms.id(place.term), dtype=np.int64)
        if place.name in self._batch.columns:
            return self._batch.column(place.name)
        if not place.name.startswith(_HIDDEN):
            return np.full(length, UNBOUND, dtype=np.int64)
        if place.name not in self._nodes:
            self._nodes[place.name] = np.array([self._terms.fresh_bnode() for _ in range(length)], dtype=np.int64)
        return self._nodes[place.name]
