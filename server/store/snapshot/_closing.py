"""The end of building: segments merged with those of the base, what is unchanged linked, the manifest written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from earthweave.ontology import RDF, Progress, ProgressSink

from ._compaction import compacted
from ._files import link, mapped_bytes
from ._geometry_files import GeometryTable
from ._growing import Vocabulary
from ._manifest import Manifest, PartEntry, SegmentEntry
from ._parts import part_files
from ._segment_files import SegmentFile, class_counts, renumbered, write_segment
from ._segments import Order, mapped_segment
from ._snapshot import Snapshot
from ._sorting import Rows, Shelf, joined, sorted_rows
from ._spool import Spool
from ._times import ANY

_OWN_FILE, _SHARE = 65_536, 48
"""A segment of so many statements, and of this share of all, has a file of its own, so that it can be linked on the next load."""
_BLOCK = 16_000_000
_LINKED = 2**20
"""A file that several segments share is linked if it has so many bytes and nothing in it changes."""


class Closing:
    """Collects what the manifest lists while the last files are written."""

    def __init__(self, target: Path, base: Snapshot | None, progress: ProgressSink, *, budget: int, durable: bool) -> None:
        self._target, self._base, self._progress, self._budget = target, base, progress, budget
        self._old = {entry.predicate: entry for entry in base.manifest.segments} if base else {}
        self._durable = durable
        self._entries: list[SegmentEntry] = []
        self._serial = 1 + max((_serial(entry.file) for entry in self._old.values()), default=-1)
        self._shared: SegmentFile | None = None

    def segments(self, added: Spool, removed: Spool, work: Path) -> None:
        """Write or link the statements of every predicate."""
        touched = {*added.predicates, *removed.predicates}
        linked = self._link({entry.file for key, entry in self._old.items() if key in touched})
        total = max(added.count + sum(entry.count for entry in self._old.values()), 1)
        least, done = max(_OWN_FILE, total // _SHARE), 0
        for predicate in dict.fromkeys([*self._old, *added.predicates]):
            self._progress(Progress("sorting statements", 0.1 + 0.9 * done / total))
            entry = self._old.get(predicate)
            more, less = added.rows(predicate), removed.rows(predicate)
            count = sum(rows.size for rows in more) + (entry.count if entry else 0)
            done += count
            if entry and not more and not less:
                self._entries.append(entry if entry.file in linked else self._copy(entry))
            else:
                more = [sorted_rows(joined(more))] if entry and sum(rows.size for rows in more) <= self._budget else more
                self._write(predicate, [*self._remaining(predicate, less, work), *more], work, own=count >= least)
        if self._shared is not None:
            self._shared.close()

    def _link(self, touched: set[str]) -> set[str]:
        """Link the base's files in which no segment is touched; small ones that several segments share are written together anew."""
        linked = set()
        shared = Counter(entry.file for entry in self._old.values())
        for name, segments in shared.items():
            assert self._base is not None
            if name not in touched and (segments == 1 or self._base.manifest.files[name] >= _LINKED):
                link(self._base.path / name, self._target / name)
                linked.add(name)
        return linked

    def _new_file(self) -> SegmentFile:
        self._serial += 1
        return SegmentFile(self._target / f"segment-{self._serial - 1}")

    def _common(self) -> SegmentFile:
        if self._shared is None:
            self._shared = self._new_file()
        return self._shared

    def _remaining(self, predicate: int, less: list[Rows], work: Path) -> list[Rows]:
        """The base's statements of a predicate but for those that are taken out."""
        segment = self._base.segment(predicate) if self._base else None
        if segment is None:
            return []
        rows = Rows(segment.so.key, segment.so.value, segment.so.graph, segment.so.time)
        if not less:
            return [rows]
        gone = _places(segment.so, joined(less))
        shelf = Shelf(work / f"remaining-{predicate}", timed=segment.timed)
        for start in range(0, rows.size, _BLOCK):
            block = rows.at(slice(start, start + _BLOCK))
            keep = np.ones(block.size, dtype=bool)
            keep[gone[slice(*np.searchsorted(gone, [start, start + _BLOCK]))] - start] = False
            shelf.append(block.at(keep))
            rows.release()
        return [shelf.rows()]

    def _write(self, predicate: int, parts: list[Rows], work: Path, *, own: bool) -> None:
        file = self._new_file() if own else self._common()
        entry = write_segment(file, predicate, parts, work, self._budget)
        if own:
            file.close()
        if entry is not None:
            self._entries.append(entry)

    def _copy(self, entry: SegmentEntry) -> SegmentEntry:
        assert self._base is not None
        data, file = self._base.mapped(entry.file), self._common()
        so, os = (order.moved(file.copy(data, order.columns(entry.count))) for order in (entry.so, entry.os))
        return replace(entry, file=file.name, so=so, os=os)

    def publish(self, vocabulary: Vocabulary, table: GeometryTable, number: int, graphs: dict[int, int]) -> None:
        """Link what is left of the base, and write the manifest."""
        classes = self._classes(vocabulary.known_iri(str(RDF.type)))
        kept = renumbered(self._target, self._entries, list(graphs))
        parts = self._parts(PartEntry(number, vocabulary.new_terms, vocabulary.new_geometries))
        triples = sum(entry.count for entry in self._entries)
        manifest = Manifest(triples, vocabulary.types, table.systems, kept, parts, self._entries, classes)
        manifest.files = {path.name: path.stat().st_size for path in sorted(self._target.iterdir())}
        manifest.write(self._target, durable=self._durable)

    def _parts(self, new: PartEntry) -> list[PartEntry]:
        """The parts of dictionary and geometry table; those of the base are linked, small ones put together."""
        old = self._base.manifest.parts if self._base else []
        if old and not new.terms and not new.geometries:
            for name in part_files(new.number):
                (self._target / name).unlink()
            parts = list(old)
        else:
            parts = compacted(self._target, self._base.path if self._base else None, [*old, new])
        for name in (name for part in parts for name in part_files(part.number)):
            if self._base and not (self._target / name).exists():
                link(self._base.path / name, self._target / name)
        return parts

    def _classes(self, type_id: int) -> dict[int, int]:
        """How many subjects each object of rdf:type has."""
        entry = next((entry for entry in self._entries if entry.predicate == type_id), None)
        if entry is None:
            return {}
        if self._base and entry is self._old.get(type_id):
            return dict(self._base.manifest.classes)
        return class_counts(mapped_segment(mapped_bytes(self._target / entry.file), entry).os)


def _serial(file: str) -> int:
    return int(file.removeprefix("segment-"))


def _places(order: Order, less: Rows) -> Any:
    """Places of the statements that are among some others, ascending; a time of `ANY` there stands for all."""
    start, stop = order.ranges(np.unique(less.key))
    length = stop - start
    places = np.repeat(start - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
    rows = Rows(order.key, order.value, order.graph, order.time).at(places)
    near = pl.DataFrame({"key": rows.key, "value": rows.value, "graph": rows.graphs(), "time": rows.times(), "place": places})
    gone = pl.DataFrame({"key": less.key, "value": less.value, "graph": less.graphs(), "time": less.times()})
    names = ["key", "value", "graph", "time"]
    found = near.join(gone, on=names if less.time is not None or order.time is not None else names[:3], how="semi")
    if less.time is not None:
        found = pl.concat([found, near.join(gone.filter(pl.col("time") == ANY), on=names[:3], how="semi")]).unique("place")
    return np.sort(found["place"].to_numpy())
