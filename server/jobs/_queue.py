"""The queue: huey on the SQLite file of the table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._table import guarded

_FIRST, _BACKOFF, _LONGEST = 0.05, 1.2, 0.3
"""Seconds between two looks at an empty queue, what they grow by, and their most."""


class _Json:
    """Messages as JSON: what comes out of the file is never unpickled."""

    def serialize(self, message: Any) -> bytes:
        """A message as bytes."""
        return json.dumps(message._asdict()).encode()

    def deserialize(self, data: bytes) -> Any:
        """The message again."""
        from huey.registry import Message

        found = json.loads(data)
        return Message(**{**found, "args": tuple(found["args"])})


def nobody(_: str) -> None:
    """What a queue runs in a process that only puts."""


class Queue:
    """Ids of jobs that wait, in the order of their submission; all but `consume` may be called from any thread."""

    def __init__(self, path: Path, run: Callable[[str], None] = nobody) -> None:
        from huey import SqliteHuey

        def execute(id: str) -> None:
            run(id)

        self._path = path
        with guarded(path):
            self._huey: Any = SqliteHuey("jobs", filename=str(path), results=False, serializer=_Json())
            self._task = self._huey.task(name="run")(execute)

    def put(self, id: str) -> None:
        """Let a job wait; one that waits already may wait twice."""
        with guarded(self._path):
            self._task(id)
            self._huey.storage.close()

    @property
    def empty(self) -> bool:
        """True if nothing waits."""
        with guarded(self._path):
            return not self._huey.pending_count()

    def clear(self) -> None:
        """Let nothing wait."""
        with guarded(self._path):
            self._huey.flush()

    def consumer(self, workers: int) -> Any:
        """Huey's consumer with so many threads; it starts no periodic tasks."""
        return self._huey.create_consumer(
            workers=workers, periodic=False, initial_delay=_FIRST, backoff=_BACKOFF, max_delay=_LONGEST, scheduler_interval=60
        )
