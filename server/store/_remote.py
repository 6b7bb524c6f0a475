"""The owner's side of SERVICE: a worker has no network, so it asks for what it wants from other endpoints here."""

from __future__ import annotations

import time
from typing import Protocol

from earthweave.ontology import EarthweaveError, ForbiddenError
from earthweave.server.processes import Budget, told

from ._frames import Frame
from ._process import Worker


class Remote(Protocol):
    """What a store needs to answer SERVICE; it decides which endpoints may be asked."""

    def fetch(self, endpoint: str, query: str, *, seconds: float, largest: int) -> bytes:
        """Send a query to an endpoint and give its answer as SPARQL JSON.

        Args:
            seconds: to wait at most.
            largest: bytes to take at most.

        Raises `ForbiddenError` for an endpoint that may not be asked, or another `EarthweaveError` for one that fails.
        """
        ...


def receive(worker: Worker, until: float, budget: Budget, remote: Remote | None, largest: int) -> Frame:
    """The worker's next frame that is no question to another endpoint; such questions are answered meanwhile."""
    while (frame := worker.receive(until, budget)).op == "remote":
        worker.send(_answer(frame, remote, until, largest), until, budget)
    return frame


def _answer(question: Frame, remote: Remote | None, until: float, largest: int) -> Frame:
    try:
        if remote is None:
            raise ForbiddenError("SERVICE is refused", why="the setting service_allow names no endpoint")
        seconds = max(until - time.monotonic(), 0.0)
        body = remote.fetch(str(question.header["endpoint"]), question.body.decode(), seconds=seconds, largest=largest)
        return Frame({"op": "found"}, body)
    except EarthweaveError as error:
        return Frame({"op": "failed", **told(error)})
