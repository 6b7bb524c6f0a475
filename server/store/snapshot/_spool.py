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
    """Statements in order of predicate: where each predicate's begin, and where all of them lie in the files (-1: no graph column)."""

    starts: Any
    first: int
    graph_first: int


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
        self._graph = Column(folder / f"{name}.graph", np.int32)
        self._written = self._graphs_written = 0
        self._mapped: tuple[Any, Any, Any] | None = None

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
        self._flushes.append(_Flush(starts, self._written, self._flush_graphs(order)))
        self._written += self._held
        self._waiting, self._held, self._mapped = [], 0, None

    def _flush_graphs(self, order: Any) -> int:
        if all(rows.graph is None for _, rows in self._waiting):
            return -1
        self._graph.append(np.concatenate([rows.graphs() for _, rows in self._waiting])[order])
        self._graphs_written += self._held
        return self._graphs_written - self._held

    def rows(self, predicate: int) -> list[Rows]:
        """The statements of a predicate by id, in pieces; call `flush` before."""
        number = self._numbers.get(predicate, -1)
        if self._mapped is None:
            self._mapped = (self._subject.read(), self._object.read(), self._graph.read())
        found = [self._piece(flush, number) for flush in self._flushes if 0 <= number < len(flush.starts) - 1]
        return [piece for piece in found if piece.size]

    def _piece(self, flush: _Flush, number: int) -> Rows:
        assert self._mapped is not None
        subject, object_, graph = self._mapped
        start, stop = (int(one) for one in flush.starts[number : number + 2])
        span = slice(flush.first + start, flush.first + stop)
        mine = None if flush.graph_first < 0 else graph[flush.graph_first + start : flush.graph_first + stop]
        return Rows(subject[span], object_[span], mine if mine is not None and mine.any() else None)
