"""One source of a load: its geometry literals wait until it has shown in which order it writes coordinates."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import GEO
from earthweave.ontology.geometry import AxisOrder, AxisProof

from ._geometries import TURNED
from ._geometry_files import GeometryTable
from ._growing import NewGeometries, Vocabulary
from ._ids import BITS, Tag, make, payloads
from ._shaping import Reading, latitude_first, read, settle, turns

_SAMPLES, _SHOWN = 5, 100
_HELD = 256 * 2**20
"""Bytes of literals that wait in memory; more wait on the disk."""
DGGS = str(GEO.dggsLiteral)
"""A datatype of geometries that is not read."""


@dataclass(frozen=True)
class SourceSummary:
    """What became of one source.

    Attributes:
        source: its name.
        triples: statements, repeated ones included.
        geometries: geometry literals among their objects.
        axis_order: how its latitude-first literals are read: ``STRICT`` or ``LONLAT``.
        proof: shortened literal that proved ``LONLAT``, or None.
        contradiction: shortened literal that spoke against it, or None.
        unreadable: number of geometry literals that cannot be read; ``geo:dggsLiteral`` is not read at all.
        problems: some of them, with the reason.
    """

    source: str
    triples: int
    geometries: int
    axis_order: AxisOrder
    proof: str | None = None
    contradiction: str | None = None
    unreadable: int = 0
    problems: tuple[str, ...] = ()


class Source:
    """Counts the statements of a source and shapes its geometries; both readings stay open until `end`, if there is doubt.

    A proof speaks for latitude-first degrees alone: eastings and northings beside them are as their authority says, unless the
    caller demands ``LONLAT``, which then holds for every literal that names a CRS.
    """

    def __init__(self, name: str, order: AxisOrder, vocabulary: Vocabulary, table: GeometryTable, folder: Path) -> None:
        self._name, self._order = name, order
        self._vocabulary, self._table = vocabulary, table
        self._first = vocabulary.geometries
        self._proof = AxisProof(AxisOrder.STRICT)
        self._queue = _Queue(folder / "waiting")
        self._triples = self._geometries = 0
        self._again: list[tuple[Any, Any]] = []
        self._foreign, self._foreign_samples = 0, dict[str, None]()

    def take(self, ids: Any, new: NewGeometries, objects: Any) -> None:
        """Take a block: ids of its terms, which geometries are new among them, and the objects of its statements as places in ``ids``."""
        self._triples += len(objects)
        if len(new):
            self._shape(new)
        shaped = np.flatnonzero((ids >> BITS) == Tag.GEOMETRY)
        if len(shaped):
            times = np.bincount(objects, minlength=len(ids))[shaped]
            self._count(payloads(ids[shaped]), times, new)

    def take_foreign(self, texts: list[str], times: int) -> None:
        """Count literals of a datatype that is not read."""
        self._geometries += times
        self._foreign += times
        for text in texts[:_SAMPLES]:
            self._foreign_samples[f"DGGS literals are not read yet: {shorten(text)}"] = None

    def _shape(self, new: NewGeometries) -> None:
        reading = read(new.text, new.code, self._vocabulary.types, new.wkb)
        self._proof += reading.proof
        if self._order is AxisOrder.AUTO and (reading.doubtful or self._queue.waits):
            self._queue.put(reading)
        else:
            self._table.append(settle(reading, self._order, self._proof))

    def _count(self, rows: Any, times: Any, new: NewGeometries) -> None:
        """Note which rows are met how often, but for those that are new and met once."""
        self._geometries += int(times.sum())
        fresh = rows >= new.first
        times = np.where(fresh, times - 1, times)
        met = np.flatnonzero(times != 0)
        if len(met):
            self._again.append((rows[met], times[met]))
        old = rows[rows < self._first]
        if len(old) and self._order is AxisOrder.AUTO:
            self._prove(old)

    def _prove(self, rows: Any) -> None:
        """Literals that an earlier source had already speak for the order of this one too."""
        doubtful = [code for code, iri in enumerate(self._table.systems) if latitude_first(iri)]
        ids = make(Tag.GEOMETRY, rows[np.isin(self._table.column("crs")[rows], doubtful)])
        if len(ids):
            self._proof += read(self._vocabulary.texts(ids), self._vocabulary.codes(ids), self._vocabulary.types).proof

    @property
    def _settled(self) -> AxisOrder:
        return self._proof.order if self._order is AxisOrder.AUTO else self._order

    def end(self) -> SourceSummary:
        """Settle the order, write what waited for it, and tell what there was."""
        order = self._settled
        for reading in self._queue.drain():
            self._table.append(settle(reading, self._order, self._proof))
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in self._again)])
        times = np.concatenate([np.empty(0, np.int64), *(times for _, times in self._again)])
        old = np.unique(rows[rows < self._first])
        if order is AxisOrder.LONLAT:
            self._turn(old)
        fresh = self._first + np.flatnonzero(self._table.unreadable(np.arange(self._first, self._table.rows)))
        unreadable = len(fresh) + int(times[self._table.unreadable(rows)].sum()) + self._foreign
        return SourceSummary(self._name, self._triples, self._geometries, order, self._proof.sample, self._proof.contradiction, unreadable,
                             self._samples(fresh, old))

    def _turn(self, rows: Any) -> None:
        """A literal that an earlier source had, read by the authority's order, is turned: it cannot be read in two ways at once."""
        codes = [code for code, iri in enumerate(self._table.systems) if turns(iri, self._order, self._proof)]
        rows = rows[np.isin(self._table.column("crs")[rows], codes)]
        rows = rows[(self._table.column("flags")[rows] & TURNED) == 0]
        if len(rows):
            ids = make(Tag.GEOMETRY, rows)
            reading = read(self._vocabulary.texts(ids), self._vocabulary.codes(ids), self._vocabulary.types)
            self._table.correct(rows, settle(reading, self._order, self._proof))

    def _samples(self, fresh: Any, old: Any) -> tuple[str, ...]:
        rows = [*fresh[:_SAMPLES], *old[self._table.unreadable(old)][:_SAMPLES]][:_SAMPLES]
        texts = self._vocabulary.texts(make(Tag.GEOMETRY, np.array(rows, dtype=np.int64))).to_pylist() if rows else []
        told = [f"{self._table.reason(int(row))}: {shorten(text)}" for row, text in zip(rows, texts, strict=True)]
        return tuple([*told, *self._foreign_samples][:_SAMPLES])


class _Queue:
    """Readings in order; beyond `_HELD` bytes on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: list[Reading] = []
        self._bytes = 0
        self._spilled = 0

    @property
    def waits(self) -> bool:
        """True if there is something in it."""
        return bool(self._held or self._spilled)

    def put(self, reading: Reading) -> None:
        """Take one more."""
        self._held.append(reading)
        self._bytes += sum(block.wkb.nbytes for _, block in reading.blocks) + 64 * reading.count
        if self._bytes > _HELD:
            with self._path.open("ab") as stream:
                for one in self._held:
                    pickle.dump(one, stream, protocol=5)
            self._spilled += len(self._held)
            self._held, self._bytes = [], 0

    def drain(self) -> Iterator[Reading]:
        """All of them, in order; it is empty afterwards."""
        if self._spilled:
            with self._path.open("rb") as stream:
                for _ in range(self._spilled):
                    yield pickle.load(stream)
            self._path.unlink()
        yield from self._held
        self._held, self._spilled, self._bytes = [], 0, 0


def shorten(text: str) -> str:
    """The beginning of a long literal."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
