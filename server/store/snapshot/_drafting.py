"""Statements that are to come and to go, as the change that this is for a snapshot: terms are numbered, what is so already is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from earthweave.ontology.arrow import arrow_of, text_array
from earthweave.ontology.geometry import FORMS

from ._change import COLUMNS, Change, rows_of
from ._grown import Grown
from ._ids import Tag, make
from ._segments import Segment
from ._snapshot import Snapshot
from ._sorting import Rows
from ._terms import Quads, Term, Terms, TermType
from ._times import ANY

NO_TIME = np.empty(0, dtype=np.int32)


class Draft:
    """The change that is being made of one snapshot; terms, graphs and times get their numbers in the order in which they are met."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._types = {kind: code for code, kind in enumerate(snapshot.dictionary.types)}
        self._known_types = len(self._types)
        self._terms: dict[Term, int] = {}
        self._codes: list[int] = []
        self._rows = len(snapshot.dictionary.text)
        self._geometries = snapshot.geometries.count
        self._graphs: dict[int, int] = {}
        self._times: dict[int, int] = {}
        self._first_graph = 1 + len(snapshot.numbered if isinstance(snapshot, Grown) else snapshot.graphs)

    def ids(self, terms: Terms, wanted: Any) -> Any:
        """Id of each term, int64; a new one for those that are not known and ``wanted`` (bool), -1 for the others."""
        found = self._snapshot.find_many(terms)
        new = np.flatnonzero(found < 0)
        texts = terms.text.take(arrow_of(new)).to_pylist()
        for row, text, code, needed in zip(new.tolist(), texts, terms.code[new].tolist(), wanted[new].tolist(), strict=True):
            term = Term(text, terms.types[code])
            found[row] = self._enter(term) if needed else self._terms.get(term, -1)
        return found

    def _enter(self, term: Term) -> int:
        if term not in self._terms:
            code = self._types.setdefault(term.type, len(self._types))
            self._codes.append(code)
            if term.type.datatype in FORMS:
                self._terms[term] = int(make(Tag.GEOMETRY, self._geometries))
                self._geometries += 1
            else:
                self._terms[term] = self._rows
                self._rows += 1
        return self._terms[term]

    def graph(self, id: int, *, new: bool) -> int:
        """Number of the graph of an id; one that has none gets one if ``new``, else it is -1."""
        known = self._snapshot.number(id) if isinstance(self._snapshot, Grown) else _place(self._snapshot, id)
        if known < 0:
            known = self._graphs.setdefault(id, self._first_graph + len(self._graphs)) if new else self._graphs.get(id, -1)
        return known

    def time(self, id: int, *, new: bool) -> int:
        """Number of the time of an id; one that has none gets one if ``new``, else it is -1."""
        known = self._snapshot.times.number(id)
        if known < 0:
            first = 1 + len(self._snapshot.times)
            known = self._times.setdefault(id, first + len(self._times)) if new else self._times.get(id, -1)
        return known

    def rows(self, quads: Quads, *, new: bool) -> Any:
        """Statements by ids and numbers of graph and time, int64 (n, 5), each once; those that are not ``new`` as they are there."""
        time = NO_TIME if quads.time is None else quads.time
        wanted = np.zeros(len(quads.terms), dtype=bool)
        for column in (quads.subject, quads.predicate, quads.object, quads.graph[quads.graph >= 0], time[time >= 0]) if new else ():
            wanted[column] = True
        ids = self.ids(quads.terms, wanted)
        rows = np.zeros((len(quads), COLUMNS), dtype=np.int64)
        for place, column in enumerate((quads.subject, quads.predicate, quads.object)):
            rows[:, place] = ids[column]
        for place in np.unique(quads.graph[quads.graph >= 0]).tolist():
            rows[quads.graph == place, 3] = self.graph(int(ids[place]), new=new) if ids[place] >= 0 else -1
        for place in np.unique(time[time >= 0]).tolist():
            rows[time == place, 4] = self.time(int(ids[place]), new=new) if ids[place] >= 0 else -1
        kept = (rows >= 0).all(axis=1)
        if new:
            return np.unique(rows[kept], axis=0)
        any_time = np.zeros(len(quads), dtype=bool)
        any_time[: len(time)] = time == ANY
        exact = np.unique(rows[kept & ~any_time], axis=0)
        return np.concatenate([exact[self.held(exact)], self.at_all_times(np.unique(rows[kept & any_time], axis=0))])

    def raw(self, predicate: int) -> Segment | None:
        """The statements of a predicate with the numbers of graphs that changes give."""
        return self._snapshot.raw(predicate) if isinstance(self._snapshot, Grown) else self._snapshot.segment(predicate)

    def held(self, rows: Any) -> Any:
        """Whether statements, int64 (n, 5), are there; bool."""
        found = np.zeros(len(rows), dtype=bool)
        names, back = np.unique(rows[:, 1], return_inverse=True)
        for place, predicate in enumerate(names.tolist()):
            segment = self.raw(predicate)
            if segment is not None:
                mine = np.flatnonzero(back == place)
                found[mine] = segment.so.located(rows_of(rows[mine]))[1]
        return found

    def at_all_times(self, rows: Any) -> Any:
        """Statements as they are there at whatever time, or without one; int64 (n, 5) again."""
        found = [np.empty((0, COLUMNS), dtype=np.int64)]
        names, back = np.unique(rows[:, 1], return_inverse=True)
        for place, predicate in enumerate(names.tolist()):
            segment = self.raw(predicate)
            if segment is not None:
                mine = rows[back == place]
                low, high = segment.so.stretches(rows_of(mine)._replace(time=None))
                length = high - low
                places = np.arange(int(length.sum())) + np.repeat(low - (np.cumsum(length) - length), length)
                more = np.repeat(mine, length, axis=0)
                more[:, 4] = 0 if segment.so.time is None else segment.so.time[places]
                found.append(more)
        return np.concatenate(found)

    def change(self, rows: Any, added: Any) -> Change:
        """The change, of statements that come or go indeed; int64 (n, 5) and bool (n,)."""
        types: tuple[TermType, ...] = tuple(self._types)[self._known_types :]
        return Change(types, text_array([term.text for term in self._terms]), np.array(self._codes, dtype=np.int32), tuple(self._graphs),
                      rows, added, tuple(self._times))


def _place(snapshot: Snapshot, graph: int) -> int:
    found = np.flatnonzero(snapshot.graphs == graph)
    return int(found[0]) + 1 if len(found) else -1


def drafted(snapshot: Snapshot, removed: Sequence[Quads], added: Sequence[Quads]) -> tuple[Change, Any]:
    """The change that takes some statements out and puts some in; what is among both stays, or comes. Also ids of the objects put in."""
    draft = Draft(snapshot)
    none = np.empty((0, COLUMNS), dtype=np.int64)
    coming = np.unique(np.concatenate([none, *(draft.rows(one, new=True) for one in added)]), axis=0)
    going = np.unique(np.concatenate([none, *(draft.rows(one, new=False) for one in removed)]), axis=0)
    if len(going) and len(coming):
        both, back = np.unique(np.concatenate([coming, going]), axis=0, return_inverse=True)
        going = going[~np.isin(back[len(coming) :].reshape(-1), back[: len(coming)])] if len(both) else going
    fresh = coming[~draft.held(coming)]
    rows, signs = np.concatenate([fresh, going]), np.repeat([True, False], [len(fresh), len(going)])
    return draft.change(rows, signs), coming[:, 2]


def emptied(snapshot: Snapshot, graph: Term | None) -> Change:
    """The change that takes everything out of a named graph, or out of the default graph."""
    draft = Draft(snapshot)
    number = 0 if graph is None else draft.graph(snapshot.find(graph), new=False)
    found = [np.empty((0, COLUMNS), dtype=np.int64)]
    for predicate in snapshot.predicates if number >= 0 else ():
        segment = draft.raw(predicate)
        if segment is None or number not in segment.graphs:
            continue
        order = segment.so
        places = np.flatnonzero(np.asarray(order.graph) == number) if order.graph is not None else np.arange(len(order))
        time = 0 if order.time is None else order.time[places]
        found.append(np.stack(np.broadcast_arrays(order.key[places], predicate, order.value[places], number, time), axis=1))
    rows = np.concatenate(found)
    return draft.change(rows, np.zeros(len(rows), dtype=bool))


def differences(snapshot: Snapshot) -> Iterator[tuple[Quads, Quads]]:
    """Predicate by predicate: what a snapshot in memory has not and its origin has, and what it has and its origin has not."""
    if isinstance(snapshot, Grown):
        for predicate, patched in snapshot.patches.items():
            yield _quads(snapshot, predicate, patched.removed()), _quads(snapshot, predicate, patched.so.fresh)


def _quads(snapshot: Grown, predicate: int, rows: Rows) -> Quads:
    columns = [rows.key, np.full(rows.size, predicate), rows.value, np.array([-1, *snapshot.numbered], dtype=np.int64)[rows.graphs()]]
    if rows.time is not None:
        columns.append(np.where(rows.time > 0, snapshot.times.ids[rows.time - 1], -1))
    ids, back = np.unique(np.concatenate(columns), return_inverse=True)
    known = int(len(ids) > 0 and ids[0] < 0)
    places = (back.reshape(len(columns), -1) - known).astype(np.int32)
    return Quads(snapshot.terms(ids[known:]), *places)
