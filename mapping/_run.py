"""The story of a run: sources opened, an executor chosen for each, statements in chunks, a report.

::

    plan ──group by source──▶ flat: columnar executor ─┐
                              nested: row executor ────┴──▶ chunks of N-Quads ──▶ whoever iterates
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar

from earthweave.ontology import Progress, ProgressSink, UnsupportedError, silent

from .columnar import Part, nested_parent
from .output import Kept, proven_distinct
from .plan import COUNTER, Chunk, FileAccess, LogicalSource, Options, Plan, Report, TriplesMap, View
from .rows import RowPart, needs_rows
from .sources import Opener, Place, Source, file_of

_T = TypeVar("_T")


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

    def chunks(self, kept: Kept | None = None) -> Iterator[Chunk]:
        """The same with counts, and with the logical targets that statements go to.

        ``kept`` holds what an earlier run that was cut off has made already, and keeps what this one makes.
        """
        stream = kept.chunks(self._parts, self.report) if kept else chain.from_iterable(one.chunks(self.report) for one in self._parts)
        yield from self._timed(stream)

    def tables(self) -> Iterator[Any] | None:
        """The statements as pyarrow record batches of terms instead, as `earthweave.server.store` loads them.

        None if an executor cannot make them. Logical targets are not told.
        """
        streams = [getattr(one, "tables", None) for one in self._parts]
        if not all(streams):
            return None
        return self._timed(chain.from_iterable(stream(self.report) for stream in streams if stream))

    def _timed(self, stream: Iterable[_T]) -> Iterator[_T]:
        started = time.perf_counter()
        for piece in stream:
            self.report.seconds = time.perf_counter() - started
            self._tell()
            yield piece
        self.report.seconds = time.perf_counter() - started

    def _tell(self) -> None:
        totals = [one.total for one in self._parts]
        seconds = max(self.report.seconds, 1e-9)
        note = f"{self.report.quads / seconds:,.0f} statements/s"
        fraction = None
        if all(totals):
            fraction = min(1.0, self.report.rows / sum(one or 0 for one in totals))
            note += f", {seconds * (1 - fraction) / max(fraction, 1e-9):,.0f} s remaining"
        self._progress(Progress(f"mapping {self._at()}", fraction, note))

    def _at(self) -> str:
        """The source that is read: the one that the rows counted so far lie in."""
        behind = 0
        for part in self._parts:
            behind += part.total or 0
            if part.total is None or self.report.rows <= behind:
                return part.name
        return self._parts[-1].name


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
    opener = Opener(Place(source, folder, working or Path.cwd(), databases or {}), chosen, bound)
    opened = [(maps, *_opened(bound, maps, opener, chosen)) for maps in _grouped(bound)]
    proven = frozenset(proven_distinct(bound, _keys(opened)))
    return MappingRun([_executor(bound, *one, opener, chosen, proven) for one in opened], progress)


def source_files(plan: Plan, working: Path | None = None) -> tuple[Path, ...]:
    """The files that the sources of a plan lie in, each once; raises `UnsupportedError` if one of them lies in no file."""
    place = Place(None, Path(plan.folder) if plan.folder else None, working or Path.cwd())
    sources = dict.fromkeys(found for one in plan.triples_maps for found in _logical(one.source))
    accesses = [one.access for one in sources]
    files = [file_of(one, place) for one in accesses if isinstance(one, FileAccess)]
    if len(files) < len(accesses):
        raise UnsupportedError(
            "a source of the rules is no file", why="nobody can tell whether it has changed", way_out="run without --resume"
        )
    return tuple(dict.fromkeys(files))


def _logical(source: LogicalSource | View) -> Iterator[LogicalSource]:
    if isinstance(source, LogicalSource):
        yield source
        return
    yield from _logical(source.on)
    for join in source.joins:
        yield from _logical(join.parent)


def _opened(plan: Plan, maps: tuple[TriplesMap, ...], opener: Opener, options: Options) -> tuple[Source | None, str]:
    """The source if it is flat and nothing asks for the row executor, and why that one is taken."""
    why = needs_rows(maps) or ("as asked" if options.executor == "rows" else "")
    first = maps[0].source
    source = None if why or isinstance(first, View) else opener(first)
    if isinstance(source, Source):
        why = nested_parent(plan, maps, opener)
        return (None, why) if why else (source, "")
    return None, why or "its records are nested"


def _keys(opened: Iterable[tuple[tuple[TriplesMap, ...], Source | None, str]]) -> dict[str, tuple[str, ...]]:
    flat = ((maps, source) for maps, source, _ in opened if source is not None and COUNTER not in source.fields)
    return {one.name: source.keys for maps, source in flat for one in maps}


def _grouped(plan: Plan) -> list[tuple[TriplesMap, ...]]:
    """Triples maps that read the same source together, in document order of the first of each."""
    groups: dict[LogicalSource | View, list[TriplesMap]] = {}
    for one in plan.triples_maps:
        groups.setdefault(_without_requirements(one.source), []).append(one)
    return [tuple(maps) for maps in groups.values()]


def _without_requirements(source: LogicalSource | View) -> LogicalSource | View:
    return replace(source, required=()) if isinstance(source, LogicalSource) else source


def _executor(
    plan: Plan, maps: tuple[TriplesMap, ...], source: Source | None, why: str, opener: Opener, options: Options, proven: frozenset[str]
) -> Executor:
    if source is not None:
        return Part(plan, source, maps, opener, options, distinct=proven)
    return RowPart(plan, maps, opener, options, why)
