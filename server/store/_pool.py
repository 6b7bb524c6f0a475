"""Query workers, started when first needed and used again; each serves one query at a time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from earthweave.ontology import LimitError, StoreError

from ._process import Worker


class Pool:
    """At most ``size`` workers in a role; safe to use from several threads.

    Attributes:
        lost: workers that did not survive what they were used for.
    """

    def __init__(self, size: int, role: str = "reader") -> None:
        self._size, self._role = size, role
        self._idle: list[Worker] = []
        self._busy = 0
        self._free = threading.Condition()
        self._closed = False
        self._owner = os.getpid()
        self.lost = 0

    @contextmanager
    def worker(self, patience: float) -> Iterator[Worker]:
        """Have a worker for the length of a block; a reader that did not survive it is replaced at once, while nobody waits yet.

        Raises `LimitError` if all are busy for ``patience`` seconds.
        """
        worker = self._take(patience)
        survived = False
        try:
            yield worker.ready()
            survived = True
        finally:
            if not survived:
                # whatever happened, the worker may still be at it
                worker.kill()
                self.lost += 1
            self._give(worker if survived and worker.alive else self._replacement())

    def _replacement(self) -> Worker | None:
        if self._closed or self._role != "reader":
            return None
        with suppress(OSError):
            return Worker(self._role)
        return None

    def _take(self, patience: float) -> Worker:
        found = self._place(patience)
        try:
            return found or Worker(self._role)
        except BaseException:
            self._give(None)
            raise

    def _place(self, patience: float) -> Worker | None:
        """Wait for a free place; an idle worker for it, if there is one."""
        until = time.monotonic() + patience
        with self._free:
            self._adopt()
            if self._closed:
                raise StoreError("the store is closed", way_out="open it again")
            while self._busy >= self._size:
                if not self._free.wait(until - time.monotonic()) and time.monotonic() >= until:
                    raise LimitError(f"all {self._size} query workers were busy for {patience:g} s",
                                     why=f"the limit query_workers is {self._size}",
                                     way_out="try again later, or raise query_workers (EARTHWEAVE_QUERY_WORKERS)")
            self._busy += 1
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.close()
            return None

    def _adopt(self) -> None:
        if self._owner != os.getpid():
            # after a fork the workers still belong to the parent
            self._owner, self._idle, self._busy = os.getpid(), [], 0

    def _give(self, worker: Worker | None) -> None:
        with self._free:
            self._busy -= 1
            if worker is not None and not self._closed:
                self._idle.append(worker)
                worker = None
            self._free.notify()
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End the idle workers; those at work end when their query does."""
        with self._free:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
