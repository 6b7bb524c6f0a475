"""Progress of long work, told by whoever does it to whoever asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """Where a piece of work stands.

    Attributes:
        stage: what is being done, e.g. ``reading bands``.
        fraction: 0 … 1 of the whole, or None if the end is not known.
        note: a figure worth seeing, e.g. ``210,000 triples/s``.
    """

    stage: str
    fraction: float | None = None
    note: str = ""


ProgressSink: TypeAlias = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The sink for callers who do not want to know."""
