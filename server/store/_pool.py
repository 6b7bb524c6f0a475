"""Query workers, started when first needed and used again; each serves one query at a time.

One place more than is asked for is kept for what is short, so that long work in all others keeps nobody waiting who wants little.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

from earthweave.ontology import LimitError, StoreError

from ._process import Worker


class Pool:
    """At most ``size`` workers in a role, and one for short work; safe to use from several threads.

    Attributes:
        lost: workers that did not survive what they were used for.
    """

    def __init__(self, size: int, role: str = "reader") -> None:
        self._size, self._role = size, role
        self._idle: list[Worker] = []
        self._busy, self._short = 0, False
        self._line: dict[int, bool] = {}
        self._numbers = count()
        self._free = threading.Condition()
        self._closed = False
        self._owner = os.getpid()
        self.lost = 0

    @contextmanager
    def worker(self, patience: float) -> Iterator[Worker]:
        """Have a worker for the length of a block; one that did not survive it is replaced at once, while nobody waits yet.

        Raises `LimitError` if all are busy for ``patience`` seconds.
        """
        with self.place(patience, brief=False) as (worker, _):
            yield worker

    @contextmanager
    def place(self, patience: float, *, brief: bool) -> Iterator[tuple[Worker, bool]]:
        """The same; if ``brief``, the place kept for short work will do where no other is free: then the second value is true."""
        worker, short = self._take(patience, brief)
        survived = False
        try:
            yield worker.ready(), short
            survived = True
        finally:
            if not survived:
                # whatever happened, the worker may still be at it
                worker.kill()
                self.lost += 1
            self._give(worker if survived and worker.alive else self._started(), short)

    def _started(self) -> Worker | None:
        """A worker that nobody waits for yet, None if there is to be none."""
        if self._closed:
            return None
        with suppress(OSError):
            return Worker(self._role)
        return None

    def _take(self, patience: float, brief: bool) -> tuple[Worker, bool]:
        found, short, last = self._place(patience, brief)
        try:
            worker = found or Worker(self._role)
        except BaseException:
            self._give(None, short)
            raise
        if last and brief:
            # whoever wants little next is not to wait for the start of a worker
            self._keep(self._started())
        return worker, short

    def _place(self, patience: float, brief: bool) -> tuple[Worker | None, bool, bool]:
        """Wait for a free place; an idle worker for it if there is one, whether the place is the short one, and whether nothing is left."""
        until = time.monotonic() + patience
        with self._free:
            self._adopt()
            if self._closed:
                raise StoreError("the store is closed", way_out="open it again")
            with self._waiting(brief) as turn:
                while not turn():
                    if not self._free.wait(until - time.monotonic()) and time.monotonic() >= until:
                        raise LimitError(f"all {self._size} query workers were busy for {patience:g} s",
                                         why=f"the limit query_workers is {self._size}",
                                         way_out="try again later, or raise query_workers (EARTHWEAVE_QUERY_WORKERS)")
            short = self._busy >= self._size
            self._occupy(1, short)
            worker = self._rested()
            return worker, short, self._busy >= self._size and not self._idle

    @contextmanager
    def _waiting(self, brief: bool) -> Iterator[Callable[[], bool]]:
        """Stand in line; tells whether there is a place that nobody who came before can have."""
        number = next(self._numbers)
        self._line[number] = brief
        try:
            yield lambda: next((one for one, brief in self._line.items() if self._fits(brief)), None) == number
        finally:
            del self._line[number]
            self._free.notify_all()

    def _fits(self, brief: bool) -> bool:
        return self._busy < self._size or (brief and not self._short)

    def _occupy(self, step: int, short: bool) -> None:
        if short:
            self._short = step > 0
        else:
            self._busy += step

    def _rested(self) -> Worker | None:
        """An idle worker, if there is one; rather one that has started."""
        self._idle.sort(key=lambda worker: worker.listens)
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.close()
        return None

    def _adopt(self) -> None:
        if self._owner != os.getpid():
            # after a fork the workers still belong to the parent
            self._owner, self._idle, self._busy, self._short, self._line = os.getpid(), [], 0, False, {}

    def _give(self, worker: Worker | None, short: bool) -> None:
        self._keep(worker)
        with self._free:
            self._occupy(-1, short)
            self._free.notify_all()

    def _keep(self, worker: Worker | None) -> None:
        with self._free:
            if worker is not None and not self._closed:
                self._idle.append(worker)
                worker = None
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End the idle workers; those at work end when their query does."""
        with self._free:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
