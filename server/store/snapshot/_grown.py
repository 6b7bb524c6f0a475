"""A snapshot and what was committed after it, held in memory: nothing that lies on the disk is written again until the next checkpoint."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

import numpy as np

from earthweave.ontology import RDF
from earthweave.ontology.arrow import arrow_of
from earthweave.ontology.geometry import AxisOrder, AxisProof

from ._change import Change, rows_of
from ._geometries import Geometries
from ._growth import Growing, GrowingTexts
from ._hashing import Hashed, Run, merged
from ._ids import Tag, make
from ._numbers import dictionary_numbers
from ._parts import Dictionary, Stacked, TermColumns, geometric
from ._patches import Patched
from ._segments import Segment
from ._shaping import Shaped, read, settle
from ._snapshot import Snapshot
from ._statistics import PredicateStatistics, Statistics
from ._terms import iri
from ._times import GrownTimes

_FANOUT = 4
_STRICT = AxisProof(AxisOrder.STRICT)


class Grown(Snapshot):
    """What a snapshot is after a change; it shares everything that stays with the one before, which stays as it is.

    Of several that follow the same one, only the latest may be used and followed in turn.

    Attributes:
        origin: the snapshot on the disk. patches: what changed since, by predicate.
    """

    def __init__(self, before: Snapshot, change: Change) -> None:
        self.origin: Snapshot = before.origin if isinstance(before, Grown) else before
        self._memory: _Memory = before._memory if isinstance(before, Grown) else _Memory(before)
        dictionary, geometries = self._memory.after(before, change)
        super().__init__(before.path, before.manifest, before._files, dictionary, geometries)
        self.triples = before.triples + change.gain
        self.patches: dict[int, Patched] = dict(before.patches) if isinstance(before, Grown) else {}
        self._numbering: _Numbering = _Numbering(before._numbering if isinstance(before, Grown) else _Numbering.of(before), change)
        self.graphs = self._numbering.graphs
        self.times = GrownTimes(before.times, change.times, self.terms) if change.times else before.times
        self._change(before, change)
        self._found = {term: id for term, id in before._found.items() if id >= 0} if len(change.text) else before._found

    def _change(self, before: Snapshot, change: Change) -> None:
        predicates = dict.fromkeys(before.predicates)
        names, back = np.unique(change.rows[:, 1], return_inverse=True)
        for place, predicate in enumerate(names.tolist()):
            mine = back == place
            patched = self.patches.get(predicate) or Patched(predicate, self.origin.segment(predicate))
            patched = self.patches[predicate] = patched.after(rows_of(change.rows[mine]), change.added[mine])
            predicates[predicate] = None
            if not patched.count:
                del predicates[predicate]
        self.predicates = tuple(predicates)

    @property
    def changes(self) -> int:
        """Statements in which it differs from its origin."""
        return sum(one.changes for one in self.patches.values())

    @property
    def numbered(self) -> tuple[int, ...]:
        """Ids of all graphs that have a number in changes, in the order of these numbers."""
        return self._numbering.ids

    def number(self, graph: int) -> int:
        """Number that changes give to the graph of an id, -1 if it has none; numbers of changes stay when a graph is emptied."""
        return self._numbering.number(graph)

    def raw(self, predicate: int) -> Segment | None:
        """The statements of a predicate with the numbers of graphs that changes give."""
        patched = self.patches.get(predicate)
        return self.origin.segment(predicate) if patched is None else patched.segment()

    def segment(self, predicate_id: int) -> Segment | None:
        """As `Snapshot.segment`."""
        found = self._segments.get(predicate_id)
        if found is not None or predicate_id not in self.predicates:
            return found
        patched, numbers = self.patches.get(predicate_id), self._numbering.numbers
        if patched is None:
            base = self.origin.segment(predicate_id)
            found = base if numbers is None or base is None or base.only_default else Patched(predicate_id, base).segment(numbers)
        else:
            found = patched.segment(numbers)
        if found is not None:
            self._segments[predicate_id] = found
        return found

    @cached_property
    def statistics(self) -> Statistics:
        """As `Snapshot.statistics`."""
        before = self.origin.statistics
        predicates = {one: before.predicates[one] for one in self.predicates if one not in self.patches}
        for one in self.patches.keys() & set(self.predicates):
            segment = self.segment(one)
            assert segment is not None
            predicates[one] = PredicateStatistics(segment.count, segment.subjects, segment.objects, segment.functional)
        classes = Counter(before.classes)
        types = self.patches.get(self.find(iri(str(RDF.type))))
        classes.update(types.counted() if types else {})
        return Statistics(self.triples, predicates, {one: count for one, count in classes.items() if count}, self._numbering.counts)


class _Numbering:
    """Graphs by number: a number stays with its graph in all changes, but is skipped for the engine while the graph holds nothing.

    Attributes:
        ids: of all graphs that have a number. sizes: number → statements; 0 is the default graph.
        graphs: ids of those that hold something. numbers: what the engine calls each, None if it calls them the same.
    """

    def __init__(self, before: _Numbering | None, change: Change | None = None, ids: tuple[int, ...] = (),
                 sizes: dict[int, int] | None = None) -> None:
        self.ids: tuple[int, ...] = (*(before.ids if before else ids), *(change.graphs if change else ()))
        self._sizes: Counter[int] = Counter(before._sizes if before else sizes or {})
        if change:
            numbers, signs = change.rows[:, 3], np.where(change.added, 1, -1)
            for number in np.unique(numbers).tolist():
                self._sizes[number] += int(signs[numbers == number].sum())
        held = [place for place in range(1, len(self.ids) + 1) if self._sizes[place]]
        self.graphs: Any = np.array([self.ids[place - 1] for place in held], dtype=np.int64)
        self.numbers: Any = None
        if len(held) < len(self.ids):
            self.numbers = np.zeros(len(self.ids) + 1, dtype=np.int32)
            self.numbers[held] = np.arange(1, len(held) + 1)

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Numbering:
        """That of a snapshot on the disk, in which every graph holds something."""
        return cls(None, None, tuple(snapshot.graphs.tolist()), dict(snapshot.statistics.graphs))

    @property
    def counts(self) -> dict[int, int]:
        """Statements by number as the engine counts."""
        return {number if self.numbers is None else int(self.numbers[number]): size for number, size in self._sizes.items() if size}

    def number(self, graph: int) -> int:
        """Number of a graph by its id, -1 if it has none."""
        return self.ids.index(graph) + 1 if graph in self.ids else -1


class _Memory:
    """Terms and geometries that came after a snapshot; all that grew from it share the same memory."""

    def __init__(self, origin: Snapshot) -> None:
        self._text, self._lexical = GrowingTexts(), GrowingTexts()
        self._code, self._datatype, self._number = Growing(np.int32), Growing(np.int32), Growing(np.float64)
        self._origin = origin.dictionary
        self._rows = _GeometryRows(origin.geometries)

    def after(self, before: Snapshot, change: Change) -> tuple[Dictionary, Geometries]:
        """Dictionary and geometry table after a change of what there was before."""
        old = before.dictionary
        if not len(change.text) and not change.types:
            return old, before.geometries
        types = (*old.types, *change.types)
        shaped = geometric(types, change.code)
        plain, curved = np.flatnonzero(~shaped), np.flatnonzero(shaped)
        text, code = change.text.take(arrow_of(plain)), change.code[plain]
        literal, datatype = change.text.take(arrow_of(curved)), change.code[curved]
        columns = TermColumns(
            self._stacked(old.text, self._origin.text, self._text, text),
            self._stacked(old.lexical, self._origin.lexical, self._lexical, literal),
            self._numbers(old.code, self._origin.code, self._code, code),
            self._numbers(old.datatype, self._origin.datatype, self._datatype, datatype),
        )
        number = self._numbers(old.number, self._origin.number, self._number, dictionary_numbers(text, code, types))
        dictionary = Dictionary(columns, number, types, self._runs(old, change, plain, curved))
        if not len(curved):
            return dictionary, before.geometries
        rows = settle(read(literal, datatype, types), AxisOrder.STRICT, _STRICT)
        return dictionary, self._rows.after(before.geometries, rows, columns.lexical)

    @staticmethod
    def _stacked(old: Stacked, origin: Stacked, memory: GrowingTexts, more: Any) -> Stacked:
        mine = old.parts[-1] if len(old.parts) > len(origin.parts) else memory.empty()
        return Stacked([*origin.parts, memory.extended(mine, more)])

    @staticmethod
    def _numbers(old: Stacked, origin: Stacked, memory: Growing, more: Any) -> Stacked:
        return Stacked([*origin.parts, memory.extended(len(old) - len(origin), more)])

    def _runs(self, old: Dictionary, change: Change, plain: Any, curved: Any) -> list[Run]:
        """Runs of hashes with one more, put together until each is several times as large as the next."""
        ids = np.empty(len(change.text), dtype=np.int64)
        ids[plain] = len(old.text) + np.arange(len(plain))
        ids[curved] = make(Tag.GEOMETRY, len(old.lexical) + np.arange(len(curved)))
        hash = Hashed(change.text, change.code).hash
        order = np.argsort(hash)
        first = len(self._origin.runs)
        runs = [*old.runs[first:], Run(hash[order], ids[order])]
        while len(runs) > 1 and len(runs[-2]) < _FANOUT * len(runs[-1]):
            runs[-2:] = [next(merged(runs[-2:]))]
        return [*self._origin.runs, *runs]


class _GeometryRows:
    """Rows of the geometry table that came after those on the disk."""

    def __init__(self, origin: Geometries) -> None:
        self._columns = {name: Growing(None, getattr(origin, name)) for name in ("bounds", "vertices", "kinds", "flags", "crs")}
        self._wkb = GrowingTexts(binary=True)

    def after(self, before: Geometries, rows: Shaped, lexical: Stacked) -> Geometries:
        """The geometry table with some more rows."""
        systems = tuple(dict.fromkeys([*before.systems, *rows.systems]))
        codes = np.array([*(systems.index(one) for one in rows.systems), -1], dtype=np.int16)[rows.crs]
        more = {"bounds": rows.bounds, "vertices": rows.vertices, "kinds": rows.kinds, "flags": rows.flags, "crs": codes}
        columns = {name: self._columns[name].extended(before.count, values) for name, values in more.items()}
        return before.grown(columns, systems, rows, self._wkb, lexical)


def grown(snapshot: Snapshot, change: Change) -> Snapshot:
    """A snapshot after a change."""
    return Grown(snapshot, change) if len(change.rows) or len(change.text) else snapshot
