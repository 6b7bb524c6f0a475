"""The way to a catalogue, as an argument: this room opens no connection of its own.

::

    adapter ─▶ Retrying ─▶ Recorder ─▶ the server's guarded door          a search over the network, kept
    adapter ─▶ Replay                                                     the same search again, offline
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from earthweave.ontology import DeadlineError, EndpointError, NotFoundError, ProductError

Parameters: TypeAlias = Sequence[tuple[str, str]]
"""Names and values of a query string, in order; a name may come twice."""
Reply: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""HTTP status, headers by their name in lower case, body."""
_PASSING = (429, 500, 502, 503, 504)
"""Answers that say: later."""
_KEPT = ("content-type", "date")
_SAID = 300


class Transport(Protocol):
    """One request of the kind that catalogues need: HTTP GET."""

    def get(self, url: str, params: Parameters = ()) -> Reply:
        """The reply, whatever its status.

        Raises `EndpointError` if there is none, `DeadlineError` if it is late, `ForbiddenError` if the address may not be called.
        """
        ...


class Retrying:
    """Asks again after a growing pause what could not be answered now.

    Args:
        sleep: waits so many seconds.
        attempts: requests at most.
        first, longest: seconds of the first pause and of the longest; pauses double, and a ``Retry-After`` is heeded up to the longest.
        jitter: a number of 0 … 1 that shortens a pause by up to a half, so that many clients do not come back together.
    """

    def __init__(
        self, inner: Transport, sleep: Callable[[float], object], *, attempts: int = 4, first: float = 1.0, longest: float = 30.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._inner, self._sleep, self._attempts = inner, sleep, attempts
        self._first, self._longest, self._jitter = first, longest, jitter

    def get(self, url: str, params: Parameters = ()) -> Reply:
        """See `Transport`; what still fails at the last attempt is given as it is."""
        for attempt in range(self._attempts - 1):
            asked = None
            try:
                reply = self._inner.get(url, params)
            except (EndpointError, DeadlineError):
                pass
            else:
                if reply[0] not in _PASSING:
                    return reply
                asked = _asked_pause(reply[1])
            self._sleep(self._pause(attempt, asked))
        return self._inner.get(url, params)

    def _pause(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return min(max(asked, 0.0), self._longest)
        return min(self._first * 2.0**attempt, self._longest) * (1 - self._jitter() / 2)


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that a reply asks to wait: ``Retry-After`` as a number, or as a moment after its ``Date`` (RFC 9110, §10.2.3)."""
    text = headers.get("retry-after", "").strip()
    try:
        return float(text) if text.isdecimal() else (parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None


class Recorder:
    """Keeps each good reply in a folder: the body under its own digest, beside it what was asked and when.

    Args:
        now: the time, with zone.
    """

    def __init__(self, inner: Transport, folder: Path, now: Callable[[], datetime]) -> None:
        self._inner, self._folder, self._now = inner, folder, now

    def get(self, url: str, params: Parameters = ()) -> Reply:
        """See `Transport`."""
        status, headers, body = self._inner.get(url, params)
        if status == 200:
            digest = hashlib.sha256(body).hexdigest()
            _write(self._folder / "replies" / digest, body)
            kept = {name: headers[name] for name in _KEPT if name in headers}
            note = {"url": url, "params": list(params), "headers": kept, "reply": digest, "recorded": self._now().isoformat()}
            _write(_request(self._folder, url, params), json.dumps(note, indent=1).encode())
        return status, headers, body


class Replay:
    """Answers from what a `Recorder` kept, and from nothing else; raises `NotFoundError` if the folder holds no recording.

    Attributes:
        notice: the sentence that must stand beside a result made so.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "requests").is_dir():
            raise NotFoundError(f"{folder} holds no recorded search", way_out="record one over the network: --record DIR")
        self._folder = folder
        self._dates: list[str] = []

    @property
    def notice(self) -> str:
        """How many replies were taken from the recording, and from when they are."""
        days = sorted({date[:10] for date in self._dates})
        when = f", recorded {' … '.join(days[:: max(len(days) - 1, 1)])}" if days else ""
        return f"offline: {len(self._dates)} replies replayed from {self._folder}{when}; the catalogue itself was not asked"

    def get(self, url: str, params: Parameters = ()) -> Reply:
        """See `Transport`; raises `NotFoundError` for a request that was not recorded, `ProductError` for a damaged reply."""
        path = _request(self._folder, url, params)
        if not path.is_file():
            asked = " ".join(f"{name}={value}" for name, value in params)
            raise NotFoundError(
                f"this search was not recorded in {self._folder}", why=f"there is no reply to {url} {asked}"[:500],
                way_out="search exactly as it was recorded, or over the network with --record DIR",
            )  # fmt: skip
        note, body = self._kept(path)
        self._dates.append(str(note["recorded"]))
        return 200, dict(note["headers"]), body

    def _kept(self, path: Path) -> tuple[dict[str, Any], bytes]:
        damaged = ProductError(f"the recording {path.name} in {self._folder} is damaged", way_out="record the search again")
        try:
            note = json.loads(path.read_bytes())
            body = (self._folder / "replies" / Path(note["reply"]).name).read_bytes()
            sound = hashlib.sha256(body).hexdigest() == note["reply"] and isinstance(note["headers"], dict) and "recorded" in note
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged from error
        if not sound:
            raise damaged
        return note, body


def _request(folder: Path, url: str, params: Parameters) -> Path:
    """Where the note of a request lies: the order of the parameters does not count."""
    text = json.dumps([url, sorted(map(list, params))])
    return folder / "requests" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def fetch(transport: Transport, name: str, url: str, params: Parameters = ()) -> dict[str, Any]:
    """The JSON object that a catalogue answers with; raises `EndpointError` that names it for any other answer."""
    status, headers, body = transport.get(url, params)
    if status != 200:
        raise EndpointError(f"{name} refused the search", why=f"HTTP status {status}: {_said(body)}", way_out=_WAYS.get(status, _LATER))
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        why = f"{str(error)[:200]}; media type {headers.get('content-type', 'not given')}"
        raise EndpointError(f"{name} answered with something that is no JSON", why=why, way_out=_WRONG) from error
    if not isinstance(found, dict):
        raise EndpointError(f"{name} answered with JSON that is no object", why=_said(body), way_out=_WRONG)
    return found


_WRONG = "is this the address of a catalogue, and of that kind? see: earthweave catalogue list"
_LATER = "try again later, or search another catalogue: earthweave catalogue list"
_WAYS = {
    400: "check collection, area and dates; the catalogue's own names of collections are case-sensitive",
    401: "this catalogue lets only its account holders search: take another one",
    403: "this catalogue lets only its account holders search: take another one",
    404: "there is no such collection there, or the address is another",
    422: "check collection, area and dates; the catalogue's own names of collections are case-sensitive",
    429: "it is asked too often: wait, or ask for fewer products",
}


def _said(body: bytes) -> str:
    """The beginning of what an answer says, in one line."""
    return " ".join(body[: 4 * _SAID].decode("utf-8", "replace").split())[:_SAID] or "an empty answer"
