"""What a store knows, learned once for each of its generations and kept in its folder."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from threading import Lock

from earthweave.qa import Knowledge, Limits, build
from earthweave.qa.knowledge import read, write
from earthweave.server.store import Store

from ._endpoint import StoreEndpoint

FILE = "questions.arrow"


class Knowing:
    """The knowledge of the current generation of a store. Threads may share one: one of them learns, the others wait."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self._lock, self._known = Lock(), (-1, Future[Knowledge]())

    def now(self) -> Knowledge:
        """Learned anew if the store has changed; raises what `Store.query` raises."""
        generation = self._store.statistics().generation
        with self._lock:
            mine = self._known[0] != generation
            if mine:
                self._known = generation, Future()
            known = self._known[1]
        if mine:
            self._learn(known, str(generation))
        return known.result()

    def _learn(self, known: Future[Knowledge], generation: str) -> None:
        try:
            found = self._kept(generation)
        except BaseException as error:
            self._forget(known)
            known.set_exception(error)
            raise
        if found.notices:
            # another attempt may bring more
            self._forget(known)
        known.set_result(found)

    def _kept(self, generation: str) -> Knowledge:
        path = self._store.path / FILE
        found = read(path)
        if found is None or found.generation != generation:
            found = build(StoreEndpoint(self._store), self._limits, generation=generation, page=self._store.limits.query_rows)
            if not found.notices:
                # a folder that cannot be written costs the next start the time to learn
                with suppress(OSError):
                    write(found, path)
        return found

    def _forget(self, known: Future[Knowledge]) -> None:
        with self._lock:
            if self._known[1] is known:
                self._known = -1, known
