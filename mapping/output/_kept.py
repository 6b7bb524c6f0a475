"""Parts of a run that was cut off: what was mapped already is read back, the rest is mapped.

::

    folder/journal.jsonl    first line: which run it is; then one line per whole part, written and synced after the part
    folder/part-N           chunks and problems

A part ends where a batch of rows ends. A part without its line is not read; it is written anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from earthweave.ontology import InputError

from ..plan import Chunk, Options, Plan, Problem, Report
from ._form import OutputLimits
from ._parts import Part, Point, counts_of, read_part, restore

_JOURNAL = "journal.jsonl"
_EDGE = 1 << 20


class Mapped(Protocol):
    """Something that makes statements: an executor.

    Its ``chunks`` may have a parameter ``skip_rows``: rows at the beginning that are passed over, neither mapped nor counted in the
    report; it is what the report counted for this executor when one of its chunks had been taken. Such an executor counts the rows of
    a batch, and notes their problems, before it gives the batch's first chunk. Of one without, all rows are mapped again.
    """

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """All statements; the same again for the same source."""
        ...


def run_digest(plan: Plan, options: Options, sources: Sequence[Path], **more: str) -> str:
    """What a run is known by: plan, options, and of every file size, time of change and SHA-256 of its first and last MiB.

    The files beside a shapefile, and the log of a database file, count as sources too.
    """
    files = [one for path in sources for one in (path, *_companions(path))]
    facts = [repr(plan), repr(options), repr(sorted(more.items())), *map(_file_facts, files)]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _companions(path: Path) -> list[Path]:
    beside = [path.with_name(path.name + "-wal")]
    if path.suffix.lower() == ".shp":
        beside += [one for one in path.parent.iterdir() if one.stem == path.stem and one != path]
    return sorted(one for one in beside if one.is_file())


def _file_facts(path: Path) -> str:
    if not path.is_file():
        return f"{path} is no file"
    facts = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.sha256(stream.read(_EDGE))
        stream.seek(max(0, facts.st_size - _EDGE))
        digest.update(stream.read())
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns} {digest.hexdigest()}"


class Kept:
    """The parts of one run in a folder; ``digest`` (`run_digest`) says which run, and parts of another one are thrown away.

    Attributes:
        found: whole parts that were found.
        stale: why parts that were found are not used, or empty.
    """

    def __init__(self, folder: Path, digest: str, bounds: OutputLimits | None = None) -> None:
        if not folder.parent.is_dir():
            raise InputError(f"{folder} cannot be written", why=f"{folder.parent} is no folder", way_out="make the folder first")
        self._folder, self._size = folder, (bounds or OutputLimits()).part_bytes
        self.stale = ""
        self._points = self._read(digest)
        self.found = len(self._points)
        self._waiting: list[Problem] = []

    def _read(self, digest: str) -> list[Point]:
        path = self._folder / _JOURNAL
        if self._folder.exists() and not path.is_file() and any(not one.match("part-*") for one in self._folder.iterdir()):
            raise InputError(f"{self._folder} holds something else", why="parts of the run would lie there", way_out="move it away")
        lines = _whole_lines(path)
        self._folder.mkdir(exist_ok=True)
        with self._locked():
            if lines and lines[0] == {"run": digest}:
                path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
                return [Point(**line) for line in lines[1:]]
            self.stale = "the rules, the options or a source have changed since" if lines else ""
            self._empty()
            self._append({"run": digest})
        return []

    def _empty(self) -> None:
        # the journal first: parts without one are begun anew, a journal without parts would be believed
        for path in (self._folder / _JOURNAL, *self._folder.glob("part-*")):
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Throw the parts away."""
        if self._folder.is_dir():
            self._empty()
            self._folder.rmdir()

    def _append(self, line: Mapping[str, Any]) -> None:
        with (self._folder / _JOURNAL).open("ab") as stream:
            stream.write(json.dumps(line).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def chunks(self, executors: Sequence[Mapped], report: Report) -> Iterator[Chunk]:
        """All statements of a run: those of the parts that are kept, then those still to be mapped, which are kept on their way.

        The report ends as that of a run that was not cut off, less the time.
        """
        with self._locked():
            yield from self._chunks(executors, report)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder for this run alone; raises `InputError` while another run uses it."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            what = f"{self._folder} is being written"
            raise InputError(what, why="another run has the same output", way_out="wait for its end") from error
        finally:
            os.close(descriptor)

    def _chunks(self, executors: Sequence[Mapped], report: Report) -> Iterator[Chunk]:
        sink = report.sink
        start = self._points[-1] if self._points else Point()
        skips = start.whole or _skips(executors[start.executor])
        for number, point in enumerate(self._points):
            yield from self._replayed(number, report, told=point.executor < start.executor or skips)
        report.sink = lambda problem: self._heard(problem, sink)
        restore(report, start.counts)
        first = start.executor + int(start.whole)
        for index in range(first, len(executors)):
            done = start if index == start.executor else Point(index)
            before = report.rows - done.rows
            if done.chunks and not skips:
                restore(report, self._before(index))
                before = report.rows
            yield from self._going_on(_remaining(executors[index], report, done), report, done, before)
        report.sink = sink

    def _heard(self, problem: Problem, sink: Any) -> None:
        self._waiting.append(problem)
        if sink is not None:
            sink(problem)

    def _before(self, index: int) -> dict[str, Any] | None:
        ended = [point for point in self._points if point.executor < index]
        return ended[-1].counts if ended else None

    def _going_on(self, chunks: Iterator[Chunk], report: Report, done: Point, before: int) -> Iterator[Chunk]:
        part = self._next_part()
        at = done
        try:
            for chunk in chunks:
                rows = report.rows - before
                if at.counts and part.size >= self._size and rows > at.rows:
                    self._end(part, at)
                    part = self._next_part()
                part.write(self._told(), chunk)
                # a part can only end where the report was written down, and that is only done when it is about to
                counts = counts_of(report) if part.size >= self._size else None
                at = Point(done.executor, rows, at.chunks + 1, counts)
                yield chunk
            part.write(self._told(), None)
            self._end(part, replace(at, rows=report.rows - before, counts=counts_of(report), whole=True))
        finally:
            part.close()

    def _told(self) -> list[Problem]:
        told, self._waiting = self._waiting, []
        return told

    def _next_part(self) -> Part:
        return Part(self._folder / f"part-{len(self._points)}")

    def _end(self, part: Part, point: Point) -> None:
        part.close()
        self._append(asdict(point))
        self._points.append(point)

    def _replayed(self, number: int, report: Report, *, told: bool) -> Iterator[Chunk]:
        for one in read_part(self._folder / f"part-{number}"):
            if isinstance(one, Chunk):
                yield one
            elif told and report.sink is not None:
                report.sink(one)


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal; the last one may be half written, and every whole one ends with a newline."""
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines() if path.is_file() else []
    try:
        return [json.loads(line) for line in whole]
    except ValueError:
        return [{}]


def _skips(executor: Mapped) -> bool:
    return "skip_rows" in inspect.signature(executor.chunks).parameters


def _remaining(executor: Any, report: Report, done: Point) -> Iterator[Chunk]:
    """Statements behind a point."""
    if not done.chunks:
        return iter(executor.chunks(report))
    if _skips(executor):
        return iter(executor.chunks(report, skip_rows=done.rows))
    return islice(executor.chunks(report), done.chunks, None)
