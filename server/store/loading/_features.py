"""Features of a snapshot as a table: a row per feature and geometry, a column per property that has one value for each.

::

    feature ─hasGeometry─▶ node ─asWKT─▶ geometry      or      feature ─any property─▶ geometry
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import GEO, OWL, RDF

from ..snapshot import BITS, READABLE, Kind, Snapshot, Tag, make, payloads, signed, tags
from ._pool import joined

ROWS = 20_000
_LINKS = tuple(str(GEO[name]) for name in ("hasDefaultGeometry", "hasGeometry", "hasBoundingBox", "hasCentroid"))
_PREFERRED = tuple(str(GEO[name]) for name in ("asWKT", "asGML", "asGeoJSON", "asKML"))
_COMMON = (str(GEO.Feature), str(GEO.SpatialObject), str(OWL.NamedIndividual), str(OWL.Thing))
_DAYS = (-719_162, 2_932_896)
"""1 January 0001 and 31 December 9999, in days since 1970: what a date of Arrow's peers can be."""
_TAKEN = ("iri", "class", "geometry", "geom", "fid", "ogc_fid", "id")


@dataclass(frozen=True)
class Column:
    """A property: its name in the table, its predicate, and the Arrow type of its values."""

    name: str
    predicate: int
    type: Any


class Features:
    """The features of a snapshot.

    Attributes:
        unreadable: geometry literals that are left out because they cannot be read.
        left_out: predicates that are no columns, because a feature has several values or because values are no literals.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.feature, self.row, self.unreadable = _features(snapshot)
        self.left_out: list[str] = []
        self.columns = self._columns()

    def __len__(self) -> int:
        return len(self.feature)

    @property
    def rows(self) -> Any:
        """Rows of the geometry table, one per feature and geometry."""
        return self.row

    @cached_property
    def schema(self) -> Any:
        """Columns of the batches: iri, class, properties, geometry."""
        properties = [(one.name, one.type) for one in self.columns]
        return pa.schema([("iri", pa.string()), ("class", pa.string()), *properties, ("geometry", pa.binary())])

    def batches(self, rows: int = ROWS) -> Iterator[Any]:
        """The table in record batches; geometry is well-known binary in CRS84, longitude first."""
        for start in range(0, len(self), rows):
            span = slice(start, start + rows)
            feature = self.feature[span]
            cells = [self._names(feature), self._classes(feature), *(self._values(one, feature) for one in self.columns)]
            shapes = self._snapshot.geometries.wkb(self.row[span])
            yield pa.RecordBatch.from_arrays([*cells, shapes.cast(pa.binary())], schema=self.schema)

    def _names(self, ids: Any) -> Any:
        terms = self._snapshot.terms(ids)
        blank = np.array([kind.kind is Kind.BNODE for kind in terms.types], dtype=bool)[terms.code]
        prefix = pa.array(["", "_:"], type=pa.large_string()).take(pa.array(blank.astype(np.int8)))
        return joined(prefix, terms.text).cast(pa.string())

    def _classes(self, ids: Any) -> Any:
        """Classes of each feature, divided by a space; null if it has none."""
        segment = self._snapshot.segment_of(str(RDF.type))
        if segment is None:
            return pa.nulls(len(ids), pa.string())
        owner, place = _spread(*segment.so.ranges(ids))
        pairs = np.unique(np.stack([owner, segment.so.value[place]], axis=1), axis=0)
        distinct, code = np.unique(pairs[:, 1], return_inverse=True)
        names = self._names(distinct).to_pylist()
        found: list[list[str]] = [[] for _ in ids]
        for one, name in zip(pairs[:, 0].tolist(), code.tolist(), strict=True):
            found[one].append(names[name])
        return pa.array([_class(one) for one in found], type=pa.string())

    def _columns(self) -> list[Column]:
        distinct = np.unique(self.feature)
        used = {*_TAKEN}
        columns = []
        for predicate in self._snapshot.predicates:
            segment = self._snapshot.segment(predicate)
            name = self._snapshot.term(predicate).text
            if segment is None or name in (*_LINKS, str(RDF.type)) or Tag.GEOMETRY in segment.ranges:
                continue
            start, stop = segment.so.ranges(distinct)
            has = start < stop
            if not has.any():
                continue
            kind = self._type(np.unique(segment.so.value[start[has]])) if segment.functional else None
            if kind is None:
                self.left_out.append(name)
            else:
                columns.append(Column(_column_name(name, used), predicate, kind))
        return columns

    def _type(self, values: Any) -> Any:
        """Arrow type of a column with these distinct objects; None if some are no literals."""
        present = {Tag(one) for one in np.unique(tags(values)).tolist()}
        if len(present) == 1 and (found := _plain_type(present.pop(), values)) is not None:
            return found
        for start in range(0, len(values), ROWS):
            terms = self._snapshot.terms(values[start: start + ROWS])
            if any(terms.types[code].kind is not Kind.LITERAL for code in np.unique(terms.code).tolist()):
                return None
        return pa.string() if np.isnan(self._snapshot.numbers(values)).any() else pa.float64()

    def _values(self, column: Column, ids: Any) -> Any:
        segment = self._snapshot.segment(column.predicate)
        assert segment is not None
        start, stop = segment.so.ranges(ids)
        absent = start >= stop
        found = np.where(absent, -1, segment.so.value[np.minimum(start, len(segment.so) - 1)])
        if column.type == pa.string():
            texts = self._snapshot.terms(found[~absent]).text.cast(pa.string())
            place = np.cumsum(~absent) - 1
            return texts.take(pa.array(place, mask=absent))
        if column.type == pa.float64():
            return pa.array(self._snapshot.numbers(found), mask=absent)
        if column.type == pa.bool_():
            return pa.array(payloads(found) != 0, mask=absent)
        numbers = signed(np.where(absent, make(Tag.INTEGER, 0), found))
        if column.type == pa.date32():
            return pa.array(np.where(absent, 0, numbers).astype(np.int32), mask=absent).cast(pa.date32())
        return pa.array(numbers, mask=absent).cast(column.type)


def _features(snapshot: Snapshot) -> tuple[Any, Any, int]:
    """Feature ids and geometry rows, and how many literals cannot be read; each pair once, in order of feature."""
    node, row, rank = _nodes(snapshot)
    readable = (snapshot.geometries.flags[row] & READABLE) != 0
    unreadable = len(np.unique(row[~readable]))
    node, row, rank = node[readable], row[readable], rank[readable]
    # of several serialisations of one geometry the first that can be read
    order = np.lexsort((rank, node))
    node, row, rank = node[order], row[order], rank[order]
    first = np.flatnonzero(np.concatenate([[True], node[1:] != node[:-1]])) if len(node) else np.empty(0, dtype=np.int64)
    best = np.repeat(rank[first], np.diff(np.append(first, len(node))))
    node, row = node[rank == best], row[rank == best]
    pairs = np.unique(np.stack(_owned(snapshot, node, row), axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1], unreadable


def _nodes(snapshot: Snapshot) -> tuple[Any, Any, Any]:
    """Subjects of geometry literals, rows of these, and the rank of the property between them."""
    ranks = {name: rank for rank, name in enumerate(_PREFERRED)}
    low, high = int(make(Tag.GEOMETRY, 0)), (int(Tag.GEOMETRY) + 1) << BITS
    parts = []
    for predicate in snapshot.predicates:
        segment = snapshot.segment(predicate)
        if segment is not None and Tag.GEOMETRY in segment.ranges:
            start, stop = np.searchsorted(segment.os.key, [low, high])
            rank = ranks.get(snapshot.term(predicate).text, len(ranks))
            parts.append((segment.os.value[start:stop], payloads(segment.os.key[start:stop]), np.full(stop - start, rank)))
    return tuple(np.concatenate([part[place] for part in parts] or [np.empty(0, np.int64)]) for place in range(3))  # type: ignore[return-value]


def _owned(snapshot: Snapshot, node: Any, row: Any) -> tuple[Any, Any]:
    """Each node's features instead of it; a node that nothing links to is the feature itself."""
    free = np.ones(len(node), dtype=bool)
    owners, rows = [], []
    for name in _LINKS:
        if segment := snapshot.segment_of(name):
            place, found = _spread(*segment.os.ranges(node))
            free[place] = False
            owners.append(segment.os.value[found])
            rows.append(row[place])
    return np.concatenate([*owners, node[free]]), np.concatenate([*rows, row[free]])


def _spread(start: Any, stop: Any) -> tuple[Any, Any]:
    """Ranges one after the other: which range, and the place in it."""
    length = stop - start
    owner = np.repeat(np.arange(len(start)), length)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length) + np.repeat(start, length)


def _plain_type(tag: Tag, values: Any) -> Any:
    """Arrow type of values that lie in their ids."""
    if tag is Tag.DATE:
        days = signed(values)
        return pa.date32() if _DAYS[0] <= days.min() and days.max() <= _DAYS[1] else pa.string()
    if tag in (Tag.DATETIME, Tag.INSTANT):
        days = signed(values) // 86_400_000_000
        zone = "UTC" if tag is Tag.INSTANT else None
        return pa.timestamp("us", zone) if _DAYS[0] <= days.min() and days.max() <= _DAYS[1] else pa.string()
    return {Tag.INTEGER: pa.int64(), Tag.BOOLEAN: pa.bool_(), Tag.DECIMAL: pa.float64()}.get(tag)


def _class(names: list[str]) -> str | None:
    """The classes that say something, or those that there are."""
    telling = [name for name in names if name not in _COMMON]
    return " ".join(telling or names) or None


def _column_name(predicate: str, used: set[str]) -> str:
    """Last part of an IRI, with a number where it is taken; names that differ in case alone are the same to most formats."""
    stem = predicate.rstrip("#/:").replace("#", "/").replace(":", "/").rsplit("/", 1)[-1] or "property"
    name, number = stem, 1
    while name.lower() in used:
        number += 1
        name = f"{stem}_{number}"
    used.add(name.lower())
    return name
