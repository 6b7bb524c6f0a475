"""Where the statements of a mapping go: a file in any form, the mapping's own targets, a store; with a report of all that was wrong."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeVar

from earthweave.mapping import (
    Chunk,
    Form,
    Kept,
    MappingRun,
    OutputLimits,
    Plan,
    Problem,
    RdfFile,
    Report,
    Written,
    holds_graphs,
    write_targets,
)
from earthweave.ontology import ProcessingError, ProgressSink, UnsupportedError, silent
from earthweave.server.store import Store

from ._mapping import writable

_T = TypeVar("_T")
_LOADED = ("ntriples", "nquads", "turtle", "trig", "n3", "rdfxml", "jsonld")


@dataclass(frozen=True)
class Delivery:
    """How one mapping run is brought home.

    Attributes:
        plan: that is run.
        working: what targets of the mapping are relative to.
        limits: of writing.
        most: more problems than that end the run; None for any number.
        progress: told what happens behind the mapping itself.
    """

    plan: Plan
    working: Path
    limits: OutputLimits | None = None
    most: int | None = None
    progress: ProgressSink = silent

    def write(self, run: MappingRun, path: Path, form: Form, kept: Kept | None = None) -> Written:
        """Into a file, and the mapping's own targets; ``kept`` holds parts of a run that was cut off.

        Raises as the mapping does, and `ProcessingError` if not one statement was made: then the file is left as it was.

        The report of the run then counts what was written, each statement once per output.
        """
        writable(path)
        # the parts of a run are locked until its stream is closed, which a traceback that is kept would put off
        stream: Any = run.chunks(kept)
        with closing(stream), RdfFile(path, form, self.limits, may_hold_graphs=holds_graphs(self.plan)) as file:
            chunks = self._guarded(stream, run.report)
            written = write_targets(chunks, self.plan, self.working, default=file, limits=self.limits, progress=self.progress)
            run.report.quads, run.report.repeated = written.statements, written.repeated
            if kept is not None:
                kept.clear()
            _refuse_nothing(run.report)
        return written

    def text(self, run: MappingRun, form: Form) -> tuple[bytes, Written]:
        """The bytes that would be in the file."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "result"
            written = self.write(run, path, form)
            return path.read_bytes(), written

    def load(self, run: MappingRun, store: Store, name: str) -> Written:
        """Into a store: as columns of terms if the executors can make them, else as N-Quads."""
        if self.plan.targets:
            with TemporaryDirectory() as folder:
                path = Path(folder) / "default.nq"
                written = self.write(run, path, Form())
                store.load([path])
                return written
        if (tables := run.tables()) is not None:
            store.load_tables(self._guarded(tables, run.report), name=name, progress=self.progress)
        else:
            chunks: Iterable[Chunk] = self._guarded(run.chunks(), run.report)
            store.load_quads((chunk.data for chunk in chunks), name=name, progress=self.progress)
        _refuse_nothing(run.report)
        return Written({}, run.report.quads, 0)

    def _guarded(self, stream: Iterable[_T], report: Report) -> Iterator[_T]:
        for piece in stream:
            self._check(report)
            yield piece
        self._check(report)

    def _check(self, report: Report) -> None:
        found = sum(report.reasons.values())
        if self.most is not None and found > self.most:
            reason, count = max(report.reasons.items(), key=lambda one: one[1])
            raise ProcessingError(
                f"{found:,} values of the first {report.rows:,} rows are wrong, more than the {self.most:,} that --max-errors allows",
                why=f"most often: {reason} ({count:,} times)",
                way_out="look at --report FILE, mend the source or the rules, or allow more",
            )


def _refuse_nothing(report: Report) -> None:
    """No statement is no success."""
    if report.quads:
        return
    if not report.rows:
        raise ProcessingError("no statement was made", why="the source has no row", way_out="is it the right file, layer or table?")
    reasons = "; ".join(f"{reason} ({count:,} times)" for reason, count in report.reasons.items())
    raise ProcessingError(
        f"none of {report.rows:,} rows could be mapped",
        why=reasons or "none has a value for what its subject is made of",
        way_out="mend the source, its encoding or the rules",
    )


def loadable(path: Path, form: Form) -> None:
    """Raise `UnsupportedError` if a store could not load such a file."""
    if form.syntax not in _LOADED or form.packing not in ("", "gzip") or form.encoding:
        raise UnsupportedError(
            f"{path.name} could not be loaded into a store",
            why="stores read plain files and .gz",
            way_out="write N-Quads, or write the file in a run of its own",
        )


class ProblemFile:
    """Every problem of a run in a file, as it is found: CSV if its name says so, else JSON with the figures of the run.

    A context manager; the file appears at its end, also after a failure: then it is wanted most.
    """

    def __init__(self, path: Path, report: Report) -> None:
        writable(path)
        self._path, self._report = path, report
        self._part = path.with_name(path.name + ".part")
        self._count = 0

    def __enter__(self) -> ProblemFile:
        self._out = self._part.open("w", encoding="utf-8", newline="")
        self._rows: Any = csv.writer(self._out) if self._path.suffix.lower() == ".csv" else None
        if self._rows:
            self._rows.writerow(["row", "key", "rule", "reason"])
        else:
            self._out.write('{"problems": [')
        self._report.sink = self._note
        return self

    def _note(self, problem: Problem) -> None:
        if self._rows:
            self._rows.writerow([problem.row, problem.key, problem.rule, problem.reason])
        else:
            self._out.write((",\n" if self._count else "\n") + json.dumps(asdict(problem), ensure_ascii=False))
        self._count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._report.sink = None
        if not self._rows:
            self._out.write("\n],\n" + json.dumps(report_figures(self._report), ensure_ascii=False, indent=1)[2:] + "\n")
        self._out.close()
        self._part.replace(self._path)


def report_figures(report: Report) -> dict[str, Any]:
    """A mapping report as JSON, without the problems one by one."""
    return {
        "rows": report.rows,
        "skipped": report.skipped,
        "quads": report.quads,
        "repeated": report.repeated,
        "reasons": report.reasons,
        "executors": report.executors,
        "seconds": round(report.seconds, 3),
    }
