"""A snapshot is built: statements stream in, source by source, and come to lie in immutable files.

::

    Quads ──Vocabulary──▶ ids ──Spool──▶ per predicate ──sort──▶ segments
              │   └──▶ dictionary, hash index
              └──▶ new geometry literals ──Source (axis order) ──▶ GeometryTable, tree          manifest last
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Progress, ProgressSink, StoreError, silent
from earthweave.ontology.geometry import AxisOrder

from ._closing import Closing
from ._geometry_files import GeometryTable
from ._growing import Vocabulary
from ._segment_files import ROWS
from ._snapshot import Snapshot
from ._sorting import Rows
from ._source import DGGS, Source, SourceSummary
from ._spool import Spool
from ._terms import Kind, Quads, Term, TermType
from ._times import ANY, TimeTable

_DGGS = TermType(Kind.LITERAL, DGGS)


class SnapshotBuilder:
    """Writes one snapshot: ``begin``, any number of ``add``, ``end`` for each source, then ``finish``. Used by one thread.

    Args:
        target: folder, new or empty.
        base: its statements are kept, but for those that `without` takes out; files are hard-linked where nothing in them changes.
        progress: is told how far `finish` is.
        budget: most statements of one predicate that are sorted in memory.
        durable: wait until all lies on the disk before the manifest is written; without, it is quicker, and a power cut may damage it.
    """

    def __init__(self, target: Path, base: Snapshot | None = None, *, progress: ProgressSink = silent, budget: int = ROWS,
                 durable: bool = True) -> None:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise StoreError(f"the folder {target.name} is not empty", way_out="build a snapshot in a new folder")
        self._target, self._base, self._progress, self._budget = target, base, progress, budget
        self._work = target / "work"
        self._work.mkdir()
        number = 1 + max((part.number for part in base.manifest.parts), default=-1) if base else 0
        self._vocabulary = Vocabulary(target, self._work, number, base.dictionary if base else None)
        self._table = GeometryTable(target, number, base.geometries if base else None)
        self._spool, self._removed = Spool(self._work, "added"), Spool(self._work, "removed")
        self._times = TimeTable(target, base.times if base else None, base.path if base else None)
        self._graphs = {int(id): place + 1 for place, id in enumerate(base.graphs)} if base else {}
        self._number, self._durable = number, durable
        self._source: Source | None = None
        self._graph = 0

    def begin(self, source: str, axis_order: AxisOrder, graph: Term | None = None) -> None:
        """Begin a source.

        Args:
            source: its name, for the summary.
            axis_order: how its literals are read; ``AUTO`` is decided at `end`, by proof.
            graph: named graph for its statements in the default graph.
        """
        if self._source is not None:
            raise RuntimeError("the source before has not ended")
        self._source = Source(source, axis_order, self._vocabulary, self._table, self._work)
        self._graph = 0 if graph is None else self._graph_number(self._vocabulary.one(graph))

    def add(self, quads: Quads) -> None:
        """Take a block of statements."""
        if self._source is None:
            raise RuntimeError("no source has begun")
        ids, new = self._vocabulary.ids(quads.terms)
        self._source.take(ids, new, quads.object)
        self._foreign(quads)
        places = np.flatnonzero(np.bincount(quads.predicate, minlength=len(ids)))
        numbers = np.zeros(len(ids), np.int32)
        numbers[places] = [self._spool.number(id) for id in ids[places].tolist()]
        graph = self._graph_column(quads.graph, ids, self._graph)
        time = None if quads.time is None else self._time_column(quads.time, ids, self._times.numbers)
        self._spool.add(numbers[quads.predicate], Rows(ids[quads.subject], ids[quads.object], graph, time))

    def _foreign(self, quads: Quads) -> None:
        if self._source is None or _DGGS not in quads.terms.types:
            return
        mine = quads.terms.code == quads.terms.types.index(_DGGS)
        objects = quads.object[mine[quads.object]]
        self._source.take_foreign([quads.terms.text[int(place)].as_py() for place in objects[:5]], len(objects))

    def _graph_column(self, graph: Any, ids: Any, default: int) -> Any:
        """Graph numbers, None if all are in the default graph; graphs that are new get a number."""
        places = np.flatnonzero(np.bincount(graph[graph >= 0], minlength=len(ids)))
        if not default and not len(places):
            return None
        numbers = np.full(len(ids) + 1, default, np.int32)
        numbers[places] = [self._graph_number(id) for id in ids[places].tolist()]
        return numbers[graph]

    @staticmethod
    def _time_column(time: Any, ids: Any, numbered: Callable[[Any], Any]) -> Any:
        """Numbers of times, 0 for none; `ANY` stays."""
        places = np.flatnonzero(np.bincount(time[time >= 0], minlength=len(ids)))
        numbers = np.zeros(len(ids) + 2, np.int32)
        numbers[places] = numbered(ids[places])
        numbers[ANY] = ANY
        return numbers[time]

    def _graph_number(self, id: int) -> int:
        return self._graphs.setdefault(id, len(self._graphs) + 1)

    def end(self) -> SourceSummary:
        """End the source: its axis order is settled, and its geometries are shaped by it."""
        if self._source is None:
            raise RuntimeError("no source has begun")
        source, self._source = self._source, None
        return source.end()

    def without(self, quads: Quads) -> None:
        """Take statements out of the base, if they are there; those that are added stay, whether before or after. Terms stay known.

        A statement without a time is taken out as such, one with `ANY` at whatever time.
        """
        ids = self._vocabulary.known(quads.terms)
        graph = np.where(quads.graph < 0, 0, np.array([self._graphs.get(id, -1) for id in ids.tolist()] + [0])[quads.graph])
        known = (ids[quads.subject] >= 0) & (ids[quads.predicate] >= 0) & (ids[quads.object] >= 0) & (graph >= 0)
        time = None if quads.time is None else self._time_column(quads.time, ids, self._times.known)
        known &= True if time is None else time != -1
        predicates = ids[quads.predicate][known]
        distinct, back = np.unique(predicates, return_inverse=True)
        numbers = np.array([self._removed.number(id) for id in distinct.tolist()] or [0], dtype=np.int32)
        rows = Rows(ids[quads.subject], ids[quads.object], graph.astype(np.int32), time)
        self._removed.add(numbers[back], rows.at(known))

    def finish(self) -> Snapshot:
        """Sort, write what is left, and put the manifest in its place."""
        if self._source is not None:
            raise RuntimeError("the source before has not ended")
        self._progress(Progress("writing the dictionary", 0.0))
        self._vocabulary.close()
        self._table.close()
        self._times.write(self._vocabulary.terms_of)
        self._spool.flush()
        self._removed.flush()
        closing = Closing(self._target, self._base, self._progress, budget=self._budget, durable=self._durable)
        closing.segments(self._spool, self._removed, self._work)
        shutil.rmtree(self._work)
        closing.publish(self._vocabulary, self._table, self._number, self._graphs)
        self._progress(Progress("done", 1.0))
        return Snapshot.open(self._target)
