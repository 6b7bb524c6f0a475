"""Triples maps over records."""

from __future__ import annotations

from collections.abc import Iterator

from earthweave.ontology import UnsupportedError

from ..plan import Chunk, Options, Plan, Report, TriplesMap
from ..sources import Opener


def needs_rows(maps: tuple[TriplesMap, ...]) -> str:
    """Why these triples maps cannot run on columns, or empty."""
    return ""


class RowPart:
    """Triples maps over one source or view, record by record."""

    def __init__(self, plan: Plan, maps: tuple[TriplesMap, ...], opener: Opener, options: Options, why: str) -> None:
        self.name, self.kind = maps[0].name, f"rows: {why}"
        self.total: int | None = None
        raise UnsupportedError(f"{plan.place(maps[0])}: nested sources")

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """Statements of all records."""
        yield from ()
