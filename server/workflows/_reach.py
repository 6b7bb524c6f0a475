"""How workflows reach catalogues and what lies in them: through the guarded door, as the settings allow it, or from a recording alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from earthweave.processing.catalogue import KNOWN, Recorder, Replay, Retrying, Transport
from earthweave.server.federation import AllowedServices, allowed_services
from earthweave.server.settings import RemoteSettings, read

_FILES = 20.0
"""How many times longer than a catalogue's answer a file of a product may take."""


@dataclass(frozen=True)
class Reach:
    """The ways that a workflow has.

    Attributes:
        searches: to catalogues.
        links: to files of products; None if the network must not be asked.
        notices: what must stand beside the result, asked for when the search is over.
    """

    searches: Transport
    links: Transport | None
    notices: Callable[[], tuple[str, ...]]


def guarded_door() -> Transport:
    """The way to the catalogues that may be asked, by the settings; what cannot be answered now is asked again after a pause."""
    return Retrying(_allowed(), time.sleep)


def _allowed() -> AllowedServices:
    settings = read(RemoteSettings)
    known = [one.url for one in KNOWN]
    return allowed_services(known, settings.catalogue_allow, deadline=settings.remote_deadline, largest=settings.remote_bytes)


def reach(replay: Path | None, record: Path) -> Reach:
    """The ways over the network, whose replies are recorded, or those of a recording, which leave the network alone.

    Raises `NotFoundError` if ``replay`` holds no recording.
    """
    if replay is not None:
        kept = Replay(replay)
        return Reach(kept, None, lambda: (kept.notice,))
    door = _allowed()
    files = replace(door, deadline=door.deadline * _FILES)
    return Reach(Recorder(guarded_door(), record, lambda: datetime.now(UTC)), Retrying(files, time.sleep), tuple)
