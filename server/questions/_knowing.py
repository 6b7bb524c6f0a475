"""What a store knows, learned once for each of its generations and kept in its folder."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock

from earthweave.qa import Knowledge, Limits, build
from earthweave.qa.knowledge import read, write
from earthweave.server.store import Store

from ._endpoint import StoreEndpoint

FILE = "questions.arrow"
AGAIN = 100.0
"""Times what learning took, until what came short is learned again: another attempt may bring more, and no question pays for each."""


class Knowing:
    """The knowledge of the current generation of a store. Threads may share one: one of them learns, the others wait."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self._lock, self._known, self._until = Lock(), (-1, Future[Knowledge]()), math.inf

    def now(self) -> Knowledge:
        """Learned anew if the store has changed; raises what `Store.query` raises."""
        generation = self._store.statistics().generation
        with self._lock:
            mine = self._known[0] != generation or time.monotonic() >= self._until
            if mine:
                self._known, self._until = (generation, Future()), math.inf
            known = self._known[1]
        if mine:
            self._learn(known, str(generation))
        return known.result()

    def _learn(self, known: Future[Knowledge], generation: str) -> None:
        started = time.monotonic()
        try:
            found = self._kept(generation)
        except BaseException as error:
            self._keep(known, 0.0)
            known.set_exception(error)
            raise
        if found.notices:
            self._keep(known, AGAIN * (time.monotonic() - started))
        known.set_result(found)

    def _keep(self, known: Future[Knowledge], seconds: float) -> None:
        """Learn again after so long, unless there is something newer by now."""
        with self._lock:
            if self._known[1] is known:
                self._until = time.monotonic() + seconds

    def _kept(self, generation: str) -> Knowledge:
        path = self._store.path / FILE
        found = read(path)
        if found is None or found.generation != generation:
            found = build(StoreEndpoint(self._store), self._limits, generation=generation, page=self._store.limits.query_rows)
            if not found.notices:
                # a folder that cannot be written costs the next start the time to learn
                with suppress(OSError):
                    write(found, path)
                    # mapped from the file, the names take no memory of their own
                    found = read(path) or found
        return found
