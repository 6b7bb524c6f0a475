"""A job as everybody sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

State: TypeAlias = Literal["accepted", "running", "successful", "failed", "dismissed"]
"""``statusCode`` of OGC API – Processes, part 1."""
STATES: tuple[State, ...] = get_args(State)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Job:
    """One job, as it was when it was looked at.

    Attributes:
        id: a ULID; sorts by time of submission.
        service, version: what it runs.
        parameters: what was said, JSON values, paths absolute.
        state: accepted → running → successful, failed or dismissed (which is: cancelled).
        progress: per cent.
        stage: what is or was being done.
        message: a sentence about the state.
        created, started, finished: with time zone.
        error: ``type``, ``code``, ``what``, ``why``, ``way_out`` of a job that failed.
        folder: of the results; there only once the job is successful.
        key: content key of the run, once the inputs are digested (see `earthweave.processing.frame.content_key`).
        reused_from: job whose result was taken instead of a run.
        memory: MiB at the peak, as far as was seen.
        note: what whoever submitted it wants to find again, JSON values.
    """

    id: str
    service: str
    version: str
    parameters: Mapping[str, Any]
    state: State
    progress: int
    stage: str
    message: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    error: Mapping[str, str] | None
    folder: Path
    key: str
    reused_from: str
    memory: int
    note: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """True if it will not change unless it is restarted."""
        return self.state not in ("accepted", "running")

    def describe(self) -> dict[str, Any]:
        """The job as JSON values."""
        times = {
            name: moment.isoformat() if moment else None
            for name, moment in (("created", self.created), ("started", self.started), ("finished", self.finished))
        }
        return {**asdict(self), **times, "folder": str(self.folder)}


@dataclass(frozen=True)
class LogPart:
    """A piece of a log.

    Attributes:
        text: whole lines where there are any.
        end: what to ask for next as ``since``, in bytes.
    """

    text: str
    end: int


@dataclass(frozen=True)
class Usage:
    """Room on the disk; a file that several jobs share counts once."""

    files: int
    bytes: int


def new_id() -> str:
    """A ULID: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
