"""The story of a load: document after document into a builder, with a report of each and with progress."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from earthweave.ontology import ParameterError, Progress, ProgressSink, silent
from earthweave.ontology.geometry import AxisOrder

from ..reports import FileReport
from ..snapshot import Quads, SourceSummary, Term
from ._sources import Bounds, Document, Reading, checked
from ._staging import Staging


class Builder(Protocol):
    """What takes the statements; `SnapshotBuilder` of the snapshot."""

    def begin(self, source: str, axis_order: AxisOrder, graph: Term | None = None) -> None:
        """Begin a source; ``graph`` is for its statements that are in none."""

    def add(self, quads: Quads) -> None:
        """Take a block."""

    def end(self) -> SourceSummary:
        """End the source and tell about it."""
        ...


@dataclass(frozen=True)
class LoadOptions:
    """How documents are read.

    Attributes:
        graph: of the statements that are in no named graph.
        axis_order: see `earthweave.ontology.geometry.AxisOrder`.
        strict: stop at the first line of N-Triples or N-Quads that is not valid; otherwise count it and go on.
        bounds: what each document may cost.
        one_graph: refuse documents with statements in named graphs.
    """

    graph: Term | None = None
    axis_order: AxisOrder = AxisOrder.AUTO
    strict: bool = True
    bounds: Bounds = field(default_factory=Bounds)
    one_graph: bool = False


def load(builder: Builder, documents: Iterable[Document], options: LoadOptions | None = None, *, staging: Staging | None = None,
         progress: ProgressSink = silent) -> tuple[FileReport, ...]:
    """Read documents into a builder, one after the other; ``finish`` is the caller's.

    Args:
        staging: where blocks are kept, so that a load which is cut off can go on behind the last finished file.
        progress: told the file, the fraction of all bytes, statements, statements per second and the seconds that remain.

    Raises `RdfSyntaxError` (file, line, column), `ParameterError`, `ForbiddenError`, `SizeLimitError`, `UnsupportedError`; then nothing may
    be published.
    """
    chosen = options or LoadOptions()
    sources = checked(documents)
    pace = _Pace(sum(one.size for one in sources), progress)
    return tuple(_source(builder, document, chosen, staging, pace) for document in sources)


def _source(builder: Builder, document: Document, options: LoadOptions, staging: Staging | None, pace: _Pace) -> FileReport:
    builder.begin(document.name, options.axis_order, options.graph)
    done = staging.finished(document, strict=options.strict) if staging else None
    reading = Reading(document, options.bounds, strict=options.strict)
    blocks: Iterator[Quads] = done[0] if done else reading.blocks()
    rejected = done[1] if done else reading.rejected
    if staging and not done:
        blocks = staging.kept(document, blocks, rejected, strict=options.strict)
    for block in blocks:
        if options.one_graph and (block.graph >= 0).any():
            raise ParameterError(f"{document.name} holds named graphs", why="it is to be one graph",
                                 way_out="leave their names out, or load it into the whole dataset as N-Quads or TriG")
        builder.add(block)
        pace.tell(document.name, reading.position, len(block))
    pace.pass_over(document.size)
    told = builder.end()
    return FileReport(
        document.name, told.triples, told.geometries, told.axis_order.value, told.proof, told.contradiction, told.unreadable,
        told.problems, rejected.count, tuple(rejected.samples), resumed=done is not None,
    )


class _Pace:
    """Tells how far a load is, how fast it goes, and how long it will take."""

    def __init__(self, total: int, progress: ProgressSink) -> None:
        self._total, self._progress = total, progress
        self._behind = 0
        self._triples = 0
        self._start = time.perf_counter()

    def tell(self, name: str, position: int, triples: int) -> None:
        """Send one line."""
        self._triples += triples
        elapsed = max(time.perf_counter() - self._start, 1e-6)
        note = f"{self._triples:,} triples, {self._triples / elapsed:,.0f} triples/s"
        fraction = min(1.0, (self._behind + position) / self._total) if self._total else None
        if fraction:
            note += f", {elapsed * (1 - fraction) / fraction:,.0f} s remaining"
        self._progress(Progress(f"loading {name}", fraction, note))

    def pass_over(self, size: int) -> None:
        """A document is finished."""
        self._behind += size
