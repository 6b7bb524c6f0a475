"""Statements on their way from parser to segments: gathered, put in order of predicate, and kept on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._files import Column
from ._sorting import Rows

ROWS = 2_000_000
"""Statements that are held in memory before they go to the disk."""


class _Flush(NamedTuple):
    """Statements in order of predicate: where each predicate's begin, and where all of them lie in the files (-1: no such column)."""

    starts: Any
    first: int
    graph_first: int
    time_first: int


class Spool:
    """Statements by predicate; bounded memory. Predicates are numbered in order of appearance.

    Attributes:
        most: statements that are held in memory.
    """

    most = ROWS

    def __init__(self, folder: Path, name: str) -> None:
        self._numbers: dict[int, int] = {}
        self._waiting: list[tuple[Any, Rows]] = []
        self._held = 0
        self._flushes: list[_Flush] = []
        self._subject, self._object = Column(folder / f"{name}.subject", np.int64), Column(folder / f"{name}.object", np.int64)
        self._graph, self._time = (_Sparse(folder / f"{name}.{column}") for column in ("graph", "time"))
        self._written = 0
        self._mapped: tuple[Any, Any, Any, Any] | None = None

    @property
    def predicates(self) -> Sequence[int]:
        """Ids of all predicates."""
        return list(self._numbers)

    @property
    def count(self) -> int:
        """Statements that were added."""
        return self._written + self._held

    def number(self, predicate: int) -> int:
        """Number of a predicate, a new one if it has none."""
        return self._numbers.setdefault(predicate, len(self._numbers))

    def add(self, predicate: Any, rows: Rows) -> None:
        """Take statements: subjects as keys, objects as values; ``predicate`` holds their numbers, int32."""
        self._waiting.append((predicate, rows))
        self._held += rows.size
        if self._held >= self.most:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._held:
            return
        predicate = np.concatenate([numbers for numbers, _ in self._waiting])
        order = np.argsort(predicate.astype(np.int16) if len(self._numbers) < 2**15 else predicate, kind="stable")
        self._subject.append(np.concatenate([rows.key for _, rows in self._waiting])[order])
        self._object.append(np.concatenate([rows.value for _, rows in self._waiting])[order])
        starts = np.concatenate([[0], np.cumsum(np.bincount(predicate, minlength=len(self._numbers)))])
        graphs, times = ([getattr(rows, name) for _, rows in self._waiting] for name in ("graph", "time"))
        sizes = [rows.size for _, rows in self._waiting]
        graph_first, time_first = self._graph.append(graphs, sizes, order), self._time.append(times, sizes, order)
        self._flushes.append(_Flush(starts, self._written, graph_first, time_first))
        self._written += self._held
        self._waiting, self._held, self._mapped = [], 0, None

    def rows(self, predicate: int) -> list[Rows]:
        """The statements of a predicate by id, in pieces; call `flush` before."""
        number = self._numbers.get(predicate, -1)
        if self._mapped is None:
            self._mapped = (self._subject.read(), self._object.read(), self._graph.read(), self._time.read())
        found = [self._piece(flush, number) for flush in self._flushes if 0 <= number < len(flush.starts) - 1]
        return [piece for piece in found if piece.size]

    def _piece(self, flush: _Flush, number: int) -> Rows:
        assert self._mapped is not None
        subject, object_, graph, time = self._mapped
        start, stop = (int(one) for one in flush.starts[number : number + 2])
        span = slice(flush.first + start, flush.first + stop)
        rest = ((graph, flush.graph_first), (time, flush.time_first))
        parts = (None if first < 0 else column[first + start : first + stop] for column, first in rest)
        return Rows(subject[span], object_[span], *(part if part is not None and part.any() else None for part in parts))


class _Sparse:
    """A column of numbers that most flushes have nothing for."""

    def __init__(self, path: Path) -> None:
        self._column = Column(path, np.int32)
        self._written = 0
        self.read = self._column.read

    def append(self, parts: list[Any], sizes: list[int], order: Any) -> int:
        """Write a flush, 0 for parts that are None; where it begins, -1 if all are None and nothing is written."""
        if all(part is None for part in parts):
            return -1
        filled = (np.zeros(size, np.int32) if part is None else part for part, size in zip(parts, sizes, strict=True))
        self._column.append(np.concatenate(list(filled))[order])
        self._written += sum(sizes)
        return self._written - sum(sizes)
