"""Inside a query worker: what a snapshot holds, graph by graph, read from the sorted columns of each predicate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow.compute

from earthweave.ontology import RDF, XSD
from earthweave.ontology.arrow import text_array

from .reports import GRAPHS, Contents, PropertyPartition
from .snapshot import (
    BITS,
    FOREVER,
    GOOD,
    Kind,
    Order,
    Segment,
    Snapshot,
    Tag,
    TermType,
    iri,
    outline,
    payloads,
    read_moments,
    write_moments,
)

_TIMES = (Tag.DATE, Tag.DATETIME, Tag.INSTANT)
_DATED = tuple(TermType(Kind.LITERAL, str(XSD[name])) for name in ("date", "dateTime", "dateTimeStamp"))
_FINER = r"(\.[0-9]{6})[0-9]+"
"""Digits of a second beyond the microsecond."""
_AT_ONCE = 1_000_000
_PENDING = 4_000_000
"""Ids that are gathered before repeated ones are thrown out."""
pc: Any = pyarrow.compute
ALL = -1
"""Stands for the number of a graph: all of them together."""


class _Distinct:
    """Counts distinct ids, in memory that grows with them and not with what is added."""

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._size = 0

    def add(self, ids: Any) -> None:
        self._parts.append(ids)
        self._size += len(ids)
        if self._size > _PENDING:
            # counting from nothing again, so that what is known is not sorted anew for every few that come
            self._parts, self._size = [self._merged()], 0

    def _merged(self) -> Any:
        return np.unique(np.concatenate(self._parts)) if self._parts else np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._merged())


@dataclass
class _Tally:
    """What was found in one graph so far."""

    triples: int = 0
    subjects: _Distinct = field(default_factory=_Distinct)
    objects: _Distinct = field(default_factory=_Distinct)
    properties: dict[int, PropertyPartition] = field(default_factory=dict)
    classes: dict[int, int] = field(default_factory=dict)
    bounds: list[Any] = field(default_factory=list)
    times: list[str] = field(default_factory=list)


def census(snapshot: Snapshot) -> tuple[Contents, dict[str, Contents], int]:
    """What is in all graphs, in each of the biggest, and how many are left out."""
    counts = snapshot.statistics.graphs
    told = sorted(counts, key=lambda number: (-counts[number], number))[:GRAPHS]
    tallies: defaultdict[int, _Tally] = defaultdict(_Tally)
    kind = snapshot.find(iri(str(RDF.type)))
    for predicate in snapshot.predicates:
        if segment := snapshot.segment(predicate):
            _count(snapshot, segment, tallies, frozenset(told), classes=predicate == kind)
    graphs = {_name(snapshot, number): _contents(snapshot, tallies[number]) for number in told}
    return _contents(snapshot, tallies[ALL]), graphs, len(counts) - len(told)


def _name(snapshot: Snapshot, number: int) -> str:
    return snapshot.term(int(snapshot.graphs[number - 1])).text if number else ""


def _count(snapshot: Snapshot, segment: Segment, tallies: defaultdict[int, _Tally], told: frozenset[int], *, classes: bool) -> None:
    """Add the statements of one predicate to the tallies of its graphs, and to that of all."""
    subjects = {number: _unique(keys) for number, keys, _, _ in _by_graph(segment.so, told)}
    for number, objects, owners, times in _by_graph(segment.os, told):
        tally, distinct = tallies[number], _unique(objects)
        tally.triples += len(objects)
        tally.subjects.add(subjects[number])
        tally.objects.add(distinct)
        tally.properties[segment.predicate] = PropertyPartition(len(objects), len(subjects[number]), len(distinct))
        _extent(snapshot, tally, distinct)
        if times is not None:
            tally.times += _lasting(snapshot, np.unique(times[times > 0]) - 1)
        if classes:
            new = np.concatenate([[True], (objects[1:] != objects[:-1]) | (owners[1:] != owners[:-1])])
            found, instances = np.unique(objects[new], return_counts=True)
            tally.classes = dict(zip(found.tolist(), instances.tolist(), strict=True))


def _by_graph(order: Order, told: frozenset[int]) -> Iterator[tuple[int, Any, Any, Any]]:
    """Keys, values and times of an order, of all graphs and then of each that is told; sorted as they are there."""
    times = None if order.time is None else np.asarray(order.time)
    yield ALL, order.key, order.value, times
    numbers = np.zeros(1, dtype=np.int32) if order.graph is None else order.graph
    if len(numbers) == 1 or bool((numbers == numbers[0]).all()):
        if int(numbers[0]) in told:
            yield int(numbers[0]), order.key, order.value, times
        return
    places = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[places], return_index=True)
    for number, rows in zip(present.tolist(), np.split(places, starts[1:]), strict=True):
        if number in told:
            yield number, order.key[rows], order.value[rows], None if times is None else times[rows]


def _lasting(snapshot: Snapshot, places: Any) -> list[str]:
    """When the first of some valid times begins, and when the last ends or, if that is not known, begins."""
    spans = snapshot.times.spans
    places = places[spans.flags[places] == GOOD]
    start, end = spans.start[places], spans.end[places]
    last = np.where((end == FOREVER) | (end == start + 1), start, end)
    return write_moments(np.array([start.min(), last.max()]), np.zeros(2, dtype=bool)) if len(places) else []


def _unique(sorted_ids: Any) -> Any:
    return sorted_ids[np.concatenate([[True], sorted_ids[1:] != sorted_ids[:-1]])] if len(sorted_ids) else sorted_ids


def _tagged(sorted_ids: Any, tag: Tag) -> Any:
    start, stop = np.searchsorted(sorted_ids, [int(tag) << BITS, (int(tag) + 1) << BITS])
    return sorted_ids[start:stop]


def _extent(snapshot: Snapshot, tally: _Tally, objects: Any) -> None:
    """Widen the box by the geometries among some sorted objects, and the period by the dates and times."""
    boxes = snapshot.geometries.bounds[payloads(_tagged(objects, Tag.GEOMETRY))]
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if len(boxes):
        tally.bounds.append(np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]))
    for tag in _TIMES:
        found = _tagged(objects, tag)
        if len(found):
            tally.times += [outline(int(found[0])).text, outline(int(found[-1])).text]
    tally.times += _written(snapshot, _tagged(objects, Tag.DICTIONARY))


def _written(snapshot: Snapshot, ids: Any) -> list[str]:
    """The first and the last, in UTC, of the dates and times among some terms that are kept as they were written."""
    wanted = [code for code, kind in enumerate(snapshot.dictionary.types) if kind in _DATED]
    found = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(ids) if wanted else 0, _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        dated = part[np.isin(snapshot.dictionary.codes(part), wanted)]
        read = read_moments(pc.replace_substring_regex(snapshot.dictionary.texts(dated), _FINER, r"\1"), 0)
        # words for a present and an end that is not known are no dates
        found.append(read.micros[read.good & ~read.present & (read.micros != FOREVER)])
    micros = np.concatenate(found)
    return write_moments(np.array([micros.min(), micros.max()]), np.ones(2, dtype=bool)) if len(micros) else []


def _contents(snapshot: Snapshot, tally: _Tally) -> Contents:
    return Contents(
        tally.triples, len(tally.subjects), len(tally.objects),
        _named(snapshot, tally.properties), _named(snapshot, tally.classes),
        _hull(tally.bounds),
        _ends(tally.times),
    )


def _ends(times: list[str]) -> tuple[str, str] | None:
    """The first and the last of some points of time; years before 1 and beyond 9999 do not sort as text."""
    micros = read_moments(text_array(times), 0).micros
    return (times[int(micros.argmin())], times[int(micros.argmax())]) if times else None


def _hull(boxes: list[Any]) -> tuple[float, float, float, float] | None:
    if not boxes:
        return None
    west, south, east, north = np.array(boxes).T
    return float(west.min()), float(south.min()), float(east.max()), float(north.max())


def _named(snapshot: Snapshot, counts: dict[int, Any]) -> dict[str, Any]:
    """The same by IRI; classes that are no IRIs have no name and are left out."""
    terms = {id: snapshot.term(id) for id in counts}
    named = {terms[id].text: count for id, count in counts.items() if terms[id] == iri(terms[id].text)}
    return dict(sorted(named.items()))
