"""Distinct valid times of a snapshot by number, and what they span: statements keep the number, 0 is that of no time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import XSD
from earthweave.ontology.arrow import arrow_of, text_array

from ._files import link
from ._growth import Growing
from ._ids import Tag, signed, tags
from ._parts import Files
from ._periods import FOREVER, STRDF_PERIOD, Moments, Periods, instants, read_moments, read_periods
from ._terms import Kind, Term, Terms, TermType

GOOD, PRESENT = 1, 2
"""Bits of ``Spans.flags``: it can be read; it speaks of the present, so that it spans something else at each query."""
IDS = "times.ids"
_COLUMNS = {"times.start": np.int64, "times.end": np.int64, "times.flags": np.uint8}
_DATETIME = str(XSD.dateTime)
TIME_TYPES = tuple(TermType(Kind.LITERAL, datatype) for datatype in (STRDF_PERIOD, _DATETIME))
"""Types of the literals that can be a valid time."""
_FAR = FOREVER - 2
"""A present far ahead."""
_AT_ONCE = 100_000
_BLOCK = 64
ANY = -2
"""In ``Quads.time`` of statements that are taken out: at whatever time, or at none."""


def periods_of(ids: Any, terms_of: Callable[[Any], Terms], now: int) -> Periods:
    """What periods and moments span, by the ids of their literals; other ids cannot be read.

    Args:
        terms_of: gives the terms of ids.
        now: what ``NOW`` stands for, microseconds since 1970-01-01T00:00:00Z.
    """
    zeros, false = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    found = Periods(zeros, zeros.copy(), *(false.copy() for _ in range(5)))
    kinds = tags(ids)
    inline = np.flatnonzero((kinds == Tag.DATETIME) | (kinds == Tag.INSTANT))
    _put(found, inline, instants(Moments(signed(ids[inline]), ~false[inline], kinds[inline] == Tag.INSTANT, false[inline])))
    rest = np.flatnonzero((kinds == Tag.DICTIONARY) | (kinds == Tag.SCRATCH))
    if len(rest):
        terms = terms_of(ids[rest])
        for code, kind in enumerate(terms.types):
            mine = np.flatnonzero(terms.code == code)
            if len(mine) and kind in TIME_TYPES:
                _put(found, rest[mine], _read(terms.text.take(arrow_of(mine)), kind, now))
    return found


def _read(texts: Any, kind: TermType, now: int) -> Periods:
    """What texts of one of `TIME_TYPES` span."""
    return read_periods(texts, now) if kind.datatype == STRDF_PERIOD else instants(read_moments(texts, now))


def lasting(terms: Terms) -> Any:
    """Which terms can be a valid time, bool: those that can be read and have a moment, or will have one where they speak of the present."""
    found = np.zeros(len(terms), dtype=bool)
    for code, kind in enumerate(terms.types):
        mine = np.flatnonzero(terms.code == code)
        if len(mine) and kind in TIME_TYPES:
            texts = terms.text.take(arrow_of(mine))
            read = _read(texts, kind, 0)
            moving = np.flatnonzero(read.present)
            read.good[moving] |= _read(texts.take(arrow_of(moving)), kind, _FAR).good
            found[mine] = read.good
    return found


@lru_cache(maxsize=4096)
def lasts(term: Term) -> bool:
    """Whether one term can; what updates name is named again."""
    return bool(lasting(Terms(text_array([term.text]), np.zeros(1, dtype=np.int32), (term.type,)))[0])


def _put(found: Periods, rows: Any, read: Periods) -> None:
    for whole, part in zip(found, read, strict=True):
        whole[rows] = part


class Spans:
    """What times span, by number - 1: half-open, microseconds since 1970-01-01T00:00:00Z.

    Attributes:
        start, end: int64; flags: uint8, see `GOOD` and `PRESENT`.
    """

    def __init__(self, start: Any, end: Any, flags: Any) -> None:
        self.start, self.end, self.flags = start, end, flags

    @classmethod
    def of(cls, ids: Any, terms_of: Callable[[Any], Terms]) -> Spans:
        """Those of literals by their ids."""
        parts = [_spanned(ids[begin : begin + _AT_ONCE], terms_of) for begin in range(0, max(len(ids), 1), _AT_ONCE)]
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def _sorted(self) -> tuple[Any, Any, Any]:
        """Places in order of their start, the starts, and the latest end of each block of them."""
        order = np.argsort(self.start, kind="stable")
        end = self.end[order]
        latest = np.maximum.reduceat(end, np.arange(0, len(end), _BLOCK)) if len(end) else end
        return order, self.start[order], latest

    def meeting(self, low: int, high: int) -> Any:
        """Places of those that may have a moment at or after ``low`` and before ``high``, and of all that speak of the present."""
        order, start, latest = self._sorted
        stop = int(np.searchsorted(start, high))
        blocks = np.flatnonzero(latest[: -(-stop // _BLOCK)] > low)
        places = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).reshape(-1)
        places = order[places[places < stop]]
        places = places[self.end[places] > low]
        return np.union1d(places, self._present)

    @cached_property
    def _present(self) -> Any:
        return np.flatnonzero(self.flags & PRESENT)


def _spanned(ids: Any, terms_of: Callable[[Any], Terms]) -> tuple[Any, Any, Any]:
    """Start, end and flags of some times."""
    read = periods_of(ids, terms_of, 0)
    flags = np.where(read.good, GOOD, 0)
    moving = np.flatnonzero(read.present)
    if len(moving):
        ever = read.good[moving] | periods_of(ids[moving], terms_of, _FAR).good
        flags[moving] = np.where(ever, GOOD | PRESENT, 0)
    return read.start, read.end, flags.astype(np.uint8)


class Times:
    """The times of a snapshot.

    Attributes:
        ids: of their literals, int64, in the order of their numbers; some may have no statement any more.
    """

    def __init__(self, ids: Any, spans: Callable[[], Spans]) -> None:
        self.ids, self._make = ids, spans

    @classmethod
    def mapped(cls, files: Files) -> Times:
        """Those of a snapshot on the disk."""
        if not files.there(IDS):
            return cls(np.empty(0, np.int64), lambda: Spans(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)))
        return cls(files.array(IDS, np.int64), lambda: Spans(*(files.array(name, dtype) for name, dtype in _COLUMNS.items())))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def spans(self) -> Spans:
        """What they span."""
        return self._make()

    @cached_property
    def _order(self) -> tuple[Any, Any]:
        order = np.argsort(self.ids)
        return order, self.ids[order]

    def numbers(self, ids: Any) -> Any:
        """Number of each id, -1 for one that is no time; int64."""
        order, ascending = self._order
        place = np.minimum(np.searchsorted(ascending, ids), max(len(order) - 1, 0))
        return np.where(ascending[place] == ids, order[place] + 1, -1) if len(order) else np.full(len(ids), -1)

    def number(self, id: int) -> int:
        """Number of one id, -1 if it is no time."""
        return int(self.numbers(np.array([id], dtype=np.int64))[0])


class GrownTimes(Times):
    """Times of a snapshot on the disk and of what was committed after it; all that grew from one share the memory.

    Args:
        terms_of: gives the terms of ids.
    """

    def __init__(self, before: Times, more: tuple[int, ...], terms_of: Callable[[Any], Terms]) -> None:
        self._origin: Times = before._origin if isinstance(before, GrownTimes) else before
        self._tail: _Tail = before._tail if isinstance(before, GrownTimes) else _Tail(before)
        super().__init__(self._tail.extended(len(before), more), lambda: self._tail.spans(len(self), terms_of))

    def numbers(self, ids: Any) -> Any:
        """As `Times.numbers`."""
        found = self._origin.numbers(ids)
        for row in np.flatnonzero(found < 0).tolist():
            number = self._tail.known.get(int(ids[row]), 0)
            if 0 < number <= len(self.ids) and self.ids[number - 1] == ids[row]:
                found[row] = number
        return found


class _Tail:
    """Times that came after those on the disk.

    Attributes:
        known: id → number.
    """

    def __init__(self, origin: Times) -> None:
        self._ids = Growing(np.int64, origin.ids)
        self._origin = origin
        self._columns = [Growing(dtype, None) for dtype in (np.int64, np.int64, np.uint8)]
        self._spanned = 0
        self._kept: list[Any] = []
        self.known: dict[int, int] = {}
        self._whole = origin.ids

    def extended(self, length: int, more: tuple[int, ...]) -> Any:
        """The ids of an earlier state and some more."""
        if more:
            self._whole = self._ids.extended(length, np.array(more, dtype=np.int64))
            self._spanned = min(self._spanned, length)
            self.known.update({id: length + place + 1 for place, id in enumerate(more)})
        return self._whole[: length + len(more)]

    def spans(self, length: int, terms_of: Callable[[Any], Terms]) -> Spans:
        """What the first so many span; each is read once."""
        if not self._kept:
            before = self._origin.spans
            self._kept = [column.extended(0, values) for column, values in
                          zip(self._columns, (before.start, before.end, before.flags), strict=True)]
            self._spanned = len(before)
        if self._spanned < length:
            more = Spans.of(self._whole[self._spanned : length], terms_of)
            self._kept = [column.extended(self._spanned, values) for column, values in
                          zip(self._columns, (more.start, more.end, more.flags), strict=True)]
            self._spanned = length
        return Spans(*(column[:length] for column in self._kept))


class TimeTable:
    """The times of a snapshot that is being built: those of the base, and new ones, block by block as they come."""

    def __init__(self, folder: Path, base: Times | None, source: Path | None) -> None:
        self._folder, self._source = folder, source
        self._base = base or Times(np.empty(0, np.int64), lambda: Spans(*(np.empty(0, dtype) for dtype in _COLUMNS.values())))
        self._new = np.empty(0, dtype=np.int64)
        self._numbers = np.empty(0, dtype=np.int64)

    def numbers(self, ids: Any) -> Any:
        """Number of each id, a new one for those that have none; int64."""
        missing = ids[self.known(ids) < 0]
        if len(missing):
            more = np.unique(missing)
            into, first = np.searchsorted(self._new, more), len(self) + 1
            self._new = np.insert(self._new, into, more)
            self._numbers = np.insert(self._numbers, into, np.arange(first, first + len(more)))
        return self.known(ids)

    def known(self, ids: Any) -> Any:
        """Number of each id, -1 for those that have none."""
        found = self._base.numbers(ids)
        if len(self._new):
            place = np.minimum(np.searchsorted(self._new, ids), len(self._new) - 1)
            found = np.where((found < 0) & (self._new[place] == ids), self._numbers[place], found)
        return found

    def __len__(self) -> int:
        return len(self._base) + len(self._new)

    def write(self, terms_of: Callable[[Any], Terms]) -> None:
        """Write the files, if there is any time; those of the base are linked where nothing is new."""
        if self._source is not None and len(self._base) and not len(self._new):
            for name in (IDS, *_COLUMNS):
                link(self._source / name, self._folder / name)
        elif len(self):
            ids = self._new[np.argsort(self._numbers)]
            more, spans = Spans.of(ids, terms_of), self._base.spans
            parts = {IDS: (self._base.ids, ids), "times.start": (spans.start, more.start), "times.end": (spans.end, more.end),
                     "times.flags": (spans.flags, more.flags)}
            for name, both in parts.items():
                (self._folder / name).write_bytes(np.concatenate(both).tobytes())
