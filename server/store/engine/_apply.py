"""A SPARQL 1.1 update (W3C, 2013, §3) as a new snapshot beside the old one.

::

    operation ─▶ templates and a pattern ─▶ solutions on the snapshot before ─▶ statements out, statements in ─▶ next snapshot
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import QueryError
from earthweave.ontology.geometry import AxisOrder

from ..algebra import Batch, Bgp, Constant, Context, Dataset, Place, Query, Remark, Services, Triple, Variable, places
from ..snapshot import ANY, TIME_TYPES, UNBOUND, Kind, Quads, Snapshot, SnapshotBuilder, Term, iri, lasting
from ._evaluate import Budget, dataset, graph_numbers, surroundings
from ._load import Loader, loaded, refuse
from ._parse_update import parse_update
from ._plan import plan
from ._terms import TermSpace, column_of
from ._update import Clear, Load, Modify, Operation, Transfer, using

_S, _P, _O, _G, _T = (Variable(name) for name in ("s", "p", "o", "g", "t"))
_HIDDEN = "_:"
_DEFAULT = 0
UNIT = Bgp(())
"""The pattern with one solution, which binds nothing: that of DATA operations."""


def apply_update(text: str, base: Snapshot, target: Path, budget: Budget, *, durable: bool = True, address: str = "",
                 default_graphs: tuple[str, ...] = (), named_graphs: tuple[str, ...] = (), services: Services | None = None,
                 loader: Loader = refuse) -> tuple[Snapshot, list[Remark]]:
    """Run an update and write what comes of it into a new folder; operations see what those before them did.

    Args:
        base: the snapshot before, which stays as it is.
        target: folder of the new snapshot; what lies between two operations is beside it, and is removed.
        budget: limits of each operation.
        durable: wait until the new snapshot lies on the disk.
        address: what relative IRIs are relative to before any BASE.
        default_graphs, named_graphs: the dataset of patterns in a text that names none.
        services: how other endpoints are asked; None if they are not.
        loader: reads documents for LOAD.

    Returns the new snapshot and remarks about what could not be computed. Raises what `parse_update` and evaluation raise, and
    `QueryError` for a graph that is there already (CREATE) or is not there (ADD, MOVE, COPY), unless the operation is SILENT.
    """
    operations = tuple(using(one, default_graphs, named_graphs) for one in parse_update(text, address))
    steps = steps_of(operations) or [[]]
    remarks: list[Remark] = []
    snapshot = base
    between = [target.with_name(f"{target.name}-{number}") for number in range(len(steps) - 1)]
    try:
        for step, folder in zip(steps, [*between, target], strict=True):
            if step and isinstance(step[0], Load):
                snapshot, told = loaded(step[0], snapshot, folder, loader, durable=durable and folder == target)
                remarks += told
                continue
            changes = [change for operation in step for change in changes_of(operation, snapshot)]
            if changes or folder == target:
                snapshot = _stepped(changes, snapshot, folder, budget, services, remarks, durable=durable and folder == target)
    finally:
        for folder in between:
            shutil.rmtree(folder, ignore_errors=True)
    return snapshot, remarks


def steps_of(operations: tuple[Operation, ...]) -> list[list[Operation]]:
    """Operations that can be made at once, as each looks at what was there before all of them; what is added stays."""
    steps: list[list[Operation]] = []
    adds = False
    for operation in operations:
        joins = isinstance(operation, Modify) and operation.pattern == UNIT and not (adds and operation.delete)
        adding = isinstance(operation, Transfer) or (isinstance(operation, Modify) and bool(operation.insert))
        if joins and steps and not isinstance(steps[-1][0], Load):
            steps[-1].append(operation)
            adds = adds or adding
        else:
            steps.append([operation])
            adds = adding
    return steps


def changes_of(operation: Operation, snapshot: Snapshot) -> tuple[Modify, ...]:
    """An operation as changes that are computed on one snapshot and made at once; what is both removed and added stays."""
    if isinstance(operation, Modify):
        return (operation,)
    if isinstance(operation, Clear):
        return _cleared(operation.graph)
    if isinstance(operation, Transfer):
        return _transferred(operation) if _possible(operation, snapshot) and operation.source != operation.target else ()
    if not operation.silent and _is_there(operation.graph, snapshot):
        raise QueryError(f"the graph <{operation.graph}> is there already", why="CREATE makes new graphs only",
                         way_out="leave CREATE out, or write CREATE SILENT")
    # a graph without statements does not exist, so that there is nothing to create
    return ()


def _is_there(graph: str, snapshot: Snapshot) -> bool:
    return bool(graph_numbers(snapshot, (graph,)))


def _possible(operation: Transfer, snapshot: Snapshot) -> bool:
    """Whether the source is there; raises `QueryError` if not, so that a mistyped name does not empty the target."""
    if not operation.source or _is_there(operation.source, snapshot):
        return True
    if operation.silent:
        return False
    raise QueryError(f"there is no graph <{operation.source}> to {operation.kind}", why="a graph without statements does not exist",
                     way_out=f"name another, or write {operation.kind} SILENT, which then does nothing")


def _whole(graph: str) -> Triple:
    """The pattern of all statements in a graph; an empty text is the default graph."""
    return Triple(_S, _P, _O, Constant(iri(graph)) if graph else None)


def _cleared(graph: str) -> tuple[Modify, ...]:
    named = Triple(_S, _P, _O, _G)
    patterns = {"DEFAULT": [_whole("")], "NAMED": [named], "ALL": [_whole(""), named]}.get(graph, [_whole(graph)])
    return tuple(Modify((one,), (), Bgp((one,))) for one in patterns)


def _transferred(operation: Transfer) -> tuple[Modify, ...]:
    source, target = _whole(operation.source), _whole(operation.target)
    # statements go along with the times that some of them have
    moved, come = (replace(one, time=_T, always=True) for one in (source, target))
    added = Modify((), (come,), Bgp((moved,)))
    if operation.kind == "ADD":
        return (added,)
    emptied = Modify((target,), (), Bgp((target,)))
    return (emptied, added) if operation.kind == "COPY" else (emptied, added, Modify((source,), (), Bgp((source,))))


def _stepped(changes: list[Modify], snapshot: Snapshot, folder: Path, budget: Budget, services: Services | None,
             remarks: list[Remark], *, durable: bool) -> Snapshot:
    builder = SnapshotBuilder(folder, snapshot, durable=durable)
    builder.begin("update", AxisOrder.STRICT)
    for removed, added in solved(changes, snapshot, budget, remarks, services):
        builder.without(removed)
        builder.add(added)
    summary = builder.end()
    if summary.unreadable:
        remarks.append(Remark("geometry", f"{summary.unreadable:,} geometry literal(s) cannot be read, e.g. {summary.problems[0]}"))
    return builder.finish()


def solved(changes: list[Modify], snapshot: Snapshot, budget: Budget, remarks: list[Remark],
           services: Services | None = None) -> Iterator[tuple[Quads, Quads]]:
    """Statements out and in of changes that are computed on one snapshot, piece by piece; adds to the remarks."""
    data = [change for change in changes if change.pattern == UNIT]
    if data:
        terms = TermSpace(snapshot)
        yield _data([change.delete for change in data], terms, ANY), _data([change.insert for change in data], terms, NONE)
    for change in changes:
        if change.pattern != UNIT:
            context = surroundings(snapshot, budget=budget, services=services)
            context.dataset = _dataset(snapshot, change)
            yield from _changes(change, context)
            remarks += context.tally.notices(empty=False)


def _dataset(snapshot: Snapshot, change: Modify) -> Dataset:
    """Patterns outside GRAPH see the default graph alone (§3.1.3), or the graph of WITH."""
    if change.named_graphs is not None:
        return dataset(snapshot, change.default_graphs, change.named_graphs)
    return Dataset((_DEFAULT,) if change.default_graphs is None else graph_numbers(snapshot, change.default_graphs))


def _changes(change: Modify, context: Context) -> Iterator[tuple[Quads, Quads]]:
    """Statements out and in, chunk by chunk; all are found before any is given, so that a failure leaves no half."""
    names = tuple(dict.fromkeys(place.name for one in (*change.delete, *change.insert) for place in places(one)
                                if isinstance(place, Variable) and not place.name.startswith(_HIDDEN)))
    operator = plan(Query("select", change.pattern, names), context)
    return iter([(_quads(change.delete, batch, context.terms, ANY), _quads(change.insert, batch, context.terms, NONE))
                 for batch in operator.run(context)])


def _data(templates: list[tuple[Triple, ...]], terms: TermSpace, untimed: int) -> Quads:
    """Templates filled with the empty solution: constants, and blank nodes that are new in each; ``untimed`` is the time where none is."""
    numbers: dict[Term, int] = {}
    rows: list[list[int]] = []
    for template in templates:
        nodes: dict[str, Term] = {}
        for one in template:
            known = [filled(place, nodes, terms) for place in places(one)]
            if None not in known:
                found = iter([numbers.setdefault(term, len(numbers)) for term in known if term is not None])
                parts = (one.subject, one.predicate, one.object, one.graph, one.time)
                rows.append([next(found) if part is not None else none for part, none in zip(parts, (0, 0, 0, -1, untimed), strict=True)])
    subject, predicate, value, graph, time = np.array(rows, dtype=np.int32).reshape(-1, 5).T
    return Quads(column_of(numbers), subject, predicate, value, graph, _times(time, terms))


def _times(time: Any, terms: TermSpace) -> Any:
    """A column of times, None where it says nothing."""
    return time if (time >= 0).any() or (len(terms.snapshot.times) and (time == ANY).any()) else None


def filled(place: Place, nodes: dict[str, Term], terms: TermSpace) -> Term | None:
    """The term that a place has in the empty solution: a constant, or the blank node of its label; None for an unbound variable."""
    if isinstance(place, Constant):
        return place.term
    if not place.name.startswith(_HIDDEN):
        return None
    if place.name not in nodes:
        nodes[place.name] = terms.term(terms.fresh_bnode())
    return nodes[place.name]


def _quads(template: tuple[Triple, ...], batch: Batch, terms: TermSpace, untimed: int) -> Quads:
    """A template filled with solutions; statements that would be no RDF are left out (§3.1.3.2)."""
    columns = _Columns(batch, terms)
    given = [np.stack([*(columns.ids(place) for place in (one.subject, one.predicate, one.object, one.graph)), columns.times(one)])
             for one in template]
    ids = np.concatenate(given, axis=1) if given else np.empty((5, 0), dtype=np.int64)
    distinct, places = np.unique(ids, return_inverse=True)
    bound = distinct >= 0
    found = terms.terms(distinct[bound])
    kinds = np.full(len(distinct), -1)
    kinds[bound] = np.array([_TIMELY if one in TIME_TYPES else int(one.kind) for one in found.types] or [0])[found.code]
    if untimed == NONE and any(one.time for one in template):
        # what is taken out may be of before
        kinds[np.flatnonzero(bound)[(kinds[bound] == _TIMELY) & ~lasting(found)]] = Kind.LITERAL
    places = places.reshape(ids.shape)
    kind = kinds[places] if len(distinct) else np.empty((5, 0), dtype=np.int64)
    fit = np.isin(kind[0], (Kind.IRI, Kind.BNODE)) & (kind[1] == Kind.IRI) & (kind[2] >= 0) & ((kind[3] == Kind.IRI) | (ids[3] == _NOWHERE))
    fit &= (kind[4] == _TIMELY) | (ids[4] <= _NOWHERE)
    shift = np.cumsum(bound) - 1
    subject, predicate, value = (shift[places[row][fit]].astype(np.int32) for row in range(3))
    graph = np.where(ids[3][fit] == _NOWHERE, -1, shift[places[3][fit]]).astype(np.int32)
    given_time = ids[4][fit]
    time = np.where(given_time == _NOWHERE, untimed, np.where(given_time == _NEVER, NONE, shift[places[4][fit]])).astype(np.int32)
    return Quads(found, subject, predicate, value, graph, _times(time, terms))


_NOWHERE, _NEVER = UNBOUND - 1, UNBOUND - 2
"""Stand among ids for the default graph, or for a time that nothing is said of; and for no time."""
_TIMELY = max(Kind) + 1
"""Stands among kinds for literals that can be a time."""
NONE = -1
"""In ``Quads.time``: no time."""


class _Columns:
    """Ids that the places of a template have for each solution."""

    def __init__(self, batch: Batch, terms: TermSpace) -> None:
        self._batch, self._terms = batch, terms
        self._nodes: dict[str, Any] = {}

    def times(self, one: Triple) -> Any:
        """The same of the time of a triple."""
        ids = self.ids(one.time)
        return np.where(ids == UNBOUND, _NEVER, ids) if one.always else ids

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
