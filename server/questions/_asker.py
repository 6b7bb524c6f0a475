"""Answers questions from one store, with the names that its current generation holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from earthweave.qa import Launcher, Lexicon, Limits, answer
from earthweave.server.store import Store

from ._endpoint import StoreEndpoint
from ._names import Names, read_names


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StoreAsker:
    """Puts questions to a store.

    The place names are read from the store once per generation, so that what was just loaded can be asked about. Threads may
    share one. ``clock`` tells what "yesterday" counts from;
    ``launcher`` takes what only a run can answer, which is proposed, not started.
    """

    def __init__(
        self, store: Store, *, limits: Limits | None = None, clock: Callable[[], datetime] = _utc_now, launcher: Launcher | None = None
    ) -> None:
        self._endpoint, self._store = StoreEndpoint(store), store
        self._limits, self._clock, self._launcher = limits or Limits(), clock, launcher
        self._lock, self._known = Lock(), (-1, Future[Names]())

    def ask(self, question: str) -> dict[str, Any]:
        """Answer or refuse; JSON data as `earthweave.qa.Answer.to_json` makes it. Raises what `Store.query` raises."""
        names = self._names()
        found = answer(question, self._endpoint, names.lexicon, now=self._clock(), limits=self._limits, launcher=self._launcher)
        return replace(found, notices=(*found.notices, *names.notices)).to_json()

    def lexicon(self) -> Lexicon:
        """The names of administrative units in the store's current generation."""
        return self._names().lexicon

    def _names(self) -> Names:
        """One thread reads, without the lock; those that come meanwhile wait for what it finds, an error too."""
        generation = self._store.statistics().generation
        with self._lock:
            mine = self._known[0] != generation
            if mine:
                self._known = generation, Future()
            names = self._known[1]
        if mine:
            self._read(names)
        return names.result()

    def _read(self, names: Future[Names]) -> None:
        try:
            found = read_names(self._endpoint, self._limits, self._store.limits.query_rows)
        except BaseException as error:
            self._forget(names)
            names.set_exception(error)
            raise
        if not found.lasting:
            self._forget(names)
        names.set_result(found)

    def _forget(self, names: Future[Names]) -> None:
        with self._lock:
            if self._known[1] is names:
                self._known = -1, names
