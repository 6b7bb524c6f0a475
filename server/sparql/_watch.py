"""Stops queries that nobody waits for any more, and lets a client stop its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from earthweave.ontology import NotFoundError, ParameterError

PERIOD = 0.1
"""Seconds between two looks at whether clients are still there."""
_NAME = re.compile(r"[A-Za-z0-9_.\-]{16,64}")


@dataclass
class Visit:
    """A query that is being answered.

    Attributes:
        name: what the client calls it; empty if it does not.
        gone: whether the client has left; None where the server cannot tell.
        run: under which id the store lists it; empty until it has begun.
    """

    name: str
    gone: Callable[[], bool] | None
    run: str = ""

    def began(self, run: str) -> None:
        """What the store is to call with the id."""
        self.run = run


class Watch:
    """All visits of one server, and the thread that looks after them while there are any."""

    def __init__(self, abort: Callable[[str], None]) -> None:
        self._abort = abort
        self._visits: list[Visit] = []
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def visit(self, name: str, gone: Callable[[], bool] | None) -> Iterator[Visit]:
        """Look after a query for the length of a block; raises `ParameterError` for a name that is too short or taken."""
        visit = Visit(name, gone)
        with self._change:
            self._check(name)
            self._visits.append(visit)
            if gone is not None:
                self._wake()
        try:
            yield visit
        finally:
            with self._change:
                self._visits.remove(visit)

    def _check(self, name: str) -> None:
        if name and not _NAME.fullmatch(name):
            # whoever knows a name can stop the query
            raise ParameterError("the id of the query is none", why="it must be 16 to 64 letters, digits, _, . or -", way_out="send a UUID")
        if name and any(one.name == name for one in self._visits):
            raise ParameterError("another query with this id is running", way_out="send a new UUID with each query")

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
            self._thread.start()
        self._change.notify()

    def _look(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: any(one.gone for one in self._visits))
                left = [one.run for one in self._visits if one.run and one.gone is not None and one.gone()]
            for run in left:
                self._stop(run)
            threading.Event().wait(PERIOD)

    def _stop(self, run: str) -> None:
        with suppress(NotFoundError):
            self._abort(run)

    def stop(self, name: str) -> bool:
        """Stop the query that its client calls so; false if there is none."""
        with self._change:
            runs = [one.run for one in self._visits if one.name == name and one.run]
        for run in runs:
            self._stop(run)
        return bool(runs)
