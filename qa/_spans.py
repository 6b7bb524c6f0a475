"""Readings of parts of a question, and the best ways to lay them side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "intent", "class", "generic", "flooded", "property", "comparison", "attribute", "number", "place", "time", "within", "superlative",
    "aggregate", "negation", "limit", "run", "future", "opinion", "unsupported", "foreign", "filler", "in", "constrains",
]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One meaning of tokens ``[start, end)``.

    Attributes:
        kind: the type that the grammar works on.
        value: what it means, of a type that follows from ``kind``.
        score: how sure, 0 to 1; words without content score low, so that they give way.
        rule: which annotator said so.

    Not a spaCy ``Span``: there, values of spans over the same tokens overwrite each other.
    """

    kind: Kind
    start: int
    end: int
    value: Any = None
    score: float = 1.0
    rule: str = ""

    @property
    def weight(self) -> float:
        """Coverage counts; of two that cover the same, the one made of fewer readings wins."""
        return self.score * (self.end - self.start) - 0.05


Lattice = tuple[Reading, ...]


def best(readings: Iterable[Reading], length: int, k: int = 8) -> list[Lattice]:
    """The ``k`` heaviest sets of readings that do not overlap, heaviest first (weighted interval scheduling, k-best)."""
    ending: defaultdict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        ending[reading.end].append(reading)
    table: list[list[tuple[float, Lattice]]] = [[(0.0, ())]]
    for end in range(1, length + 1):
        ways = list(table[end - 1])
        for reading in ending[end]:
            ways += [(weight + reading.weight, (*chosen, reading)) for weight, chosen in table[reading.start]]
        ways.sort(key=lambda way: -way[0])
        table.append(ways[:k])
    return [chosen for _, chosen in table[length]]


def uncovered(lattice: Sequence[Reading], length: int) -> tuple[int, ...]:
    """The tokens that no reading explains."""
    covered = {at for reading in lattice for at in range(reading.start, reading.end)}
    return tuple(at for at in range(length) if at not in covered)
