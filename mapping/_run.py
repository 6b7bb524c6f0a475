"""The story of a run: sources opened, an executor chosen for each, statements in chunks, a report.

::

    plan ──group by source──▶ flat: columnar executor ─┐
                              nested: row executor ────┴──▶ chunks of N-Quads ──▶ whoever iterates
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from earthweave.ontology import Progress, ProgressSink, silent

from .columnar import Part
from .plan import Chunk, LogicalSource, Options, Plan, Report, TriplesMap, View
from .rows import RowPart, needs_rows
from .sources import Opener, Place, Source


class Executor(Protocol):
    """Triples maps over one source, ready to run.

    Attributes:
        name: of the source, for messages.
        total: rows of the source, or None if that is not known.
        kind: ``columnar`` or ``rows``, and why.
    """

    name: str
    total: int | None
    kind: str

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """Statements; rows read, left out and written are counted in the report as they go."""
        ...


class MappingRun:
    """N-Quads chunks of one run; iterate once. ``report`` is complete when the last chunk has been taken.

    Mapping errors were raised before this object was made; rows that cannot be mapped are left out and reported.
    """

    def __init__(self, parts: list[Executor], progress: ProgressSink) -> None:
        self.report = Report(executors={part.name: part.kind for part in parts})
        self._parts = parts
        self._progress = progress

    def __iter__(self) -> Iterator[bytes]:
        yield from (chunk.data for chunk in self.chunks())

    def chunks(self) -> Iterator[Chunk]:
        """The same with counts, and with the logical targets that statements go to."""
        started = time.perf_counter()
        for part in self._parts:
            for chunk in part.chunks(self.report):
                self.report.seconds = time.perf_counter() - started
                self._tell(part)
                yield chunk
        self.report.seconds = time.perf_counter() - started

    def _tell(self, part: Executor) -> None:
        total = sum(one.total or 0 for one in self._parts) if all(one.total for one in self._parts) else None
        rate = self.report.quads / max(self.report.seconds, 1e-9)
        fraction = min(1.0, self.report.rows / total) if total else None
        self._progress(Progress(f"mapping {part.name}", fraction, f"{rate:,.0f} statements/s"))


def map_source(
    plan: Plan,
    source: Path | Any = None,
    *,
    variables: Mapping[str, str] | None = None,
    options: Options | None = None,
    databases: Mapping[str, Any] | None = None,
    working: Path | None = None,
    progress: ProgressSink = silent,
) -> MappingRun:
    """Map by a plan: a file or Arrow table that takes the place of all its sources, or without ``source`` those that the plan names.

    The statements come as chunks of N-Quads. Geometries are written in CRS84, longitude first, unless ``options`` say otherwise.
    Everything that can be wrong with the mapping itself is found now, on the sources' schemas, before any row is read.

    ``databases`` are URLs (or open connections) by the name that the mapping gives them, under the empty name the one for all;
    ``working`` is what ``rml:CurrentWorkingDirectory`` means.

    Raises:
        MappingError: a column or variable that is not there, a value that fits no IRI; or a bad row with ``on_error="fail"``.
        ProductError, CrsError, NotFoundError, UnsupportedError: the source cannot be read.
    """
    chosen = options or Options()
    bound = plan.bind(variables or {})
    folder = Path(plan.folder) if plan.folder else None
    opener = Opener(Place(source, folder, working or Path.cwd(), databases or {}), chosen)
    return MappingRun([_executor(bound, maps, opener, chosen) for maps in _grouped(bound)], progress)


def _grouped(plan: Plan) -> list[tuple[TriplesMap, ...]]:
    """Triples maps that read the same source together, in document order of the first of each."""
    groups: dict[LogicalSource | View, list[TriplesMap]] = {}
    for one in plan.triples_maps:
        groups.setdefault(_without_requirements(one.source), []).append(one)
    return [tuple(maps) for maps in groups.values()]


def _without_requirements(source: LogicalSource | View) -> LogicalSource | View:
    return replace(source, required=()) if isinstance(source, LogicalSource) else source


def _executor(plan: Plan, maps: tuple[TriplesMap, ...], opener: Opener, options: Options) -> Executor:
    why = needs_rows(maps) or ("as asked" if options.executor == "rows" else "")
    first = maps[0].source
    source = None if why or isinstance(first, View) else opener(first)
    if isinstance(source, Source):
        return Part(plan, source, maps, opener, options)
    return RowPart(plan, maps, opener, options, why or "its records are nested")
