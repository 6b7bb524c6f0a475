"""What flows between operators, and what every operator can: run in chunks, be counted and be stopped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._context import Context

FIRST_ROWS, MOST_ROWS = 1024, 262_144
"""Chunks begin small, so that LIMIT is quick, and double up to the most."""


@dataclass(frozen=True)
class Batch:
    """Some solutions: one int64 array of term ids per variable, -1 where it is unbound. Columns are not to be written to."""

    length: int
    columns: Mapping[str, Any]

    def take(self, rows: Any) -> Batch:
        """The solutions at these places (int array) or under this mask (bool array)."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        length = int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
        return Batch(length, columns)

    def column(self, name: str) -> Any:
        """Ids of a variable; all unbound if no column has its name."""
        found = self.columns.get(name)
        return np.full(self.length, -1, dtype=np.int64) if found is None else found

    def extended(self, more: Mapping[str, Any]) -> Batch:
        """With more columns, or other ones of the same name."""
        return Batch(self.length, {**self.columns, **more})

    def project(self, names: tuple[str, ...]) -> Batch:
        """Only these variables, each of them present."""
        return Batch(self.length, {name: self.column(name) for name in names})


UNIT = Batch(1, {})
"""One solution without bindings."""


def concatenated(batches: list[Batch], names: tuple[str, ...]) -> Batch:
    """All in one, with exactly these variables."""
    length = sum(batch.length for batch in batches)
    if not batches:
        return Batch(0, {name: np.empty(0, dtype=np.int64) for name in names})
    return Batch(length, {name: np.concatenate([batch.column(name) for batch in batches]) for name in names})


@dataclass
class Measured:
    """What an operator did: rows given, chunks, seconds within it and below, and remarks (an index used, or why not)."""

    rows: int = 0
    chunks: int = 0
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)


class Operator(ABC):
    """A step of a plan.

    Attributes:
        names: variables that its batches may bind.
        estimate: rows that the optimiser expects.
        inputs: operators below.
    """

    def __init__(self, names: tuple[str, ...], estimate: float, inputs: tuple[Operator, ...] = ()) -> None:
        self.names = names
        self.estimate = estimate
        self.inputs = inputs
        self.measured = Measured()

    @property
    @abstractmethod
    def label(self) -> str:
        """One line for EXPLAIN: what it does, on what."""

    @abstractmethod
    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Solutions, in chunks. Use `run` to call it.

        Args:
            seed: solutions to extend: every output row extends one of them and agrees with it on shared variables; `UNIT` at the top.
                Operators that start a scope of their own join their result with it.
        """

    def run(self, context: Context, seed: Batch = UNIT) -> Iterator[Batch]:
        """The same, measured, without empty chunks, with the limits checked at each chunk."""
        start = time.perf_counter()
        for batch in self.produce(context, seed):
            context.check()
            self.measured.seconds += time.perf_counter() - start
            self.measured.chunks += 1
            self.measured.rows += batch.length
            if batch.length:
                yield batch
            start = time.perf_counter()
        self.measured.seconds += time.perf_counter() - start
