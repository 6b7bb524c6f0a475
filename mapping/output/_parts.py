"""What a part of a run holds on disk: chunks and problems, each behind a line that says what follows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..plan import Chunk, Problem, Report

_COUNTED = ("rows", "skipped", "quads", "repeated")


@dataclass(frozen=True)
class Point:
    """How far a run has come.

    Attributes:
        executor: number of the one at work.
        rows, chunks: that it has given.
        counts: of the report then.
        whole: True if it has given everything.
    """

    executor: int = 0
    rows: int = 0
    chunks: int = 0
    counts: dict[str, Any] | None = None
    whole: bool = False


def counts_of(report: Report) -> dict[str, Any]:
    """A report's figures as JSON."""
    figures = {name: getattr(report, name) for name in _COUNTED}
    return {**figures, "reasons": dict(report.reasons), "problems": [asdict(one) for one in report.problems]}


def restore(report: Report, counts: dict[str, Any] | None) -> None:
    """Put figures back into a report; None makes it as new."""
    given = counts or {}
    for name in _COUNTED:
        setattr(report, name, given.get(name, 0))
    report.reasons.clear()
    report.reasons.update(given.get("reasons", {}))
    report.problems[:] = [Problem(**one) for one in given.get("problems", ())]


class Part:
    """A part that is being written; it is on the disk after `close`."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")
        self.size = 0

    def write(self, problems: list[Problem], chunk: Chunk | None) -> None:
        """Add problems, and the chunk that came after them."""
        for problem in problems:
            self._put({"problem": asdict(problem)}, b"")
        if chunk is not None:
            head = {"size": len(chunk.data), "count": chunk.count, "targets": chunk.targets, "distinct": chunk.distinct}
            self._put(head, chunk.data)

    def _put(self, head: dict[str, Any], body: bytes) -> None:
        line = json.dumps(head).encode() + b"\n"
        self._stream.write(line)
        self._stream.write(body)
        self.size += len(line) + len(body)

    def close(self) -> None:
        """Have it written."""
        if not self._stream.closed:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()


def read_part(path: Path) -> Iterator[Chunk | Problem]:
    """What a part holds, in order."""
    with path.open("rb") as stream:
        while line := stream.readline():
            head = json.loads(line)
            if "problem" in head:
                yield Problem(**head["problem"])
            else:
                yield Chunk(stream.read(head["size"]), head["count"], tuple(head["targets"]), head["distinct"])
