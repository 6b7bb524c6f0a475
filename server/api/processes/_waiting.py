"""Clients that are kept waiting: so many at a time, so long at most, and none that has left."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from flask import request

Found = TypeVar("Found")
_LOOK = 0.1
"""Seconds between two looks."""
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?=$|[,;\s])")


class WaitingRoom:
    """Where requests wait for something to come true.

    Args:
        places: requests that may wait at the same time; each keeps a thread of the server.
        longest: seconds that one may wait.
    """

    def __init__(self, places: int, longest: float) -> None:
        self.longest = longest
        self._free = threading.Semaphore(places)

    def until(self, look: Callable[[], Found | None], seconds: float) -> Found | None:
        """What ``look`` finds; None if it finds nothing in time, or if there is no place to wait."""
        found = look()
        if found is not None or seconds <= 0 or not self._free.acquire(blocking=False):
            return found
        try:
            end = time.monotonic() + min(seconds, self.longest)
            left = request.environ.get("waitress.client_disconnected") or (lambda: False)
            while found is None and time.monotonic() < end and not left():
                time.sleep(_LOOK)
                found = look()
            return found
        finally:
            self._free.release()


def preferred() -> str:
    """The preferences of the request (RFC 7240), in lower case."""
    return ",".join(request.headers.getlist("Prefer")).lower()


def wanted_wait() -> float:
    """Seconds that the client wants to wait for news (``Prefer: wait=…``); 0 if it said nothing."""
    found = _WAIT.search(preferred())
    return float(found[1]) if found else 0.0


def wants_async() -> bool:
    """True for ``Prefer: respond-async``."""
    return "respond-async" in re.split(r"[,;\s]+", preferred())
