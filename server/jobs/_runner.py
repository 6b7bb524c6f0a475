"""Run one job: start its process, hear it, hold it to its limits, and say how it ended."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from earthweave.ontology import AbortedError, EarthweaveError, ProcessingError, SizeLimitError
from earthweave.server.processes import Budget, error_of, starved

from ._folders import Folders
from ._job import Job
from ._limits import JobLimits
from ._process import Child
from ._room import Room
from ._table import Table

_BEAT = 0.1
"""Seconds between looks at what somebody wants."""
_WEIGHING = 0.25
"""Seconds between looks at the memory."""
_WRITING = 0.2
"""Seconds between two notes of progress in the table."""


@dataclass(frozen=True)
class Runner:
    """What all jobs of a worker have in common."""

    table: Table
    folders: Folders
    limits: JobLimits
    registry: str
    worker: str
    room: Room
    active: set[str] = field(default_factory=set)
    claiming: Lock = field(default_factory=Lock)

    def run(self, id: str) -> None:
        """Run an accepted job to its end; nothing if nobody wants it any more."""
        # what another thread has claimed must be active before anybody asks
        with self.claiming:
            self._settle()
            if not self.table.claim(id, self.worker):
                return
            self.active.add(id)
        try:
            self._run(self.table.get(id))
        except BaseException as error:
            self._fail(id, ProcessingError(f"job {id} could not be run", why=f"{type(error).__name__}: {error}"))
            raise
        finally:
            self.active.discard(id)

    def _settle(self) -> None:
        """End in the table what ended when the table could not be written."""
        for id, worker in self.table.running().items():
            if worker == self.worker and id not in self.active:
                self._fail(id, ProcessingError(f"job {id} ended while the table of jobs could not be written"))

    def _run(self, job: Job) -> None:
        self.folders.job(job.id).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.folders.work(job.id), ignore_errors=True)
        request = {
            "job": job.id,
            "root": str(self.folders.root),
            "registry": self.registry,
            "service": job.service,
            "parameters": dict(job.parameters),
            "memory": self.limits.job_memory,
        }
        watch = Watch(self.table, self.limits, job.id, Child(request, self.folders.log(job.id)), self.room)
        try:
            done = self._done(watch)
        except AbortedError:
            self.table.end(job.id, "dismissed", "cancelled", **watch.seen)
            self._log(job.id, "cancelled")
        except EarthweaveError as error:
            self._fail(job.id, error, **watch.seen)
        else:
            said = {**watch.seen, "progress": 100, "stage": "done", "reused_from": str(done.get("reused", ""))}
            self.table.end(job.id, "successful", str(done["done"]), **said)

    def _done(self, watch: Watch) -> dict[str, Any]:
        """Its last event; nothing half-done is left when the table tells of the end."""
        try:
            return watch.until_over()
        finally:
            shutil.rmtree(self.folders.work(watch.id), ignore_errors=True)

    def _fail(self, id: str, error: EarthweaveError, **values: Any) -> None:
        if self.table.end(id, "failed", error.what, error, **values):
            self._log(id, "failed: " + "; ".join(filter(None, (error.what, error.why, error.way_out))))

    def _log(self, id: str, text: str) -> None:
        with suppress(OSError), self.folders.log(id).open("a", encoding="utf-8") as stream:
            stream.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")


@dataclass
class Watch:
    """A child that is watched until it is over.

    Attributes:
        most: MiB of memory at the peak, as far as was seen.
    """

    table: Table
    limits: JobLimits
    id: str
    child: Child
    room: Room
    most: int = 0
    _deadline: float = 0.0
    _looked: float = 0.0
    _weighed: float = 0.0
    _written: float = 0.0
    _final: dict[str, Any] = field(default_factory=dict)
    _unwritten: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> dict[str, Any]:
        """What the table does not know yet."""
        return {**{name: value for name, value in self._unwritten.items() if name != "message"}, "memory": self.most}

    @property
    def _budget(self) -> Budget:
        return Budget(f"job {self.id}", "job_time", self.limits.job_time, "job_memory", self.limits.job_memory)

    def until_over(self) -> dict[str, Any]:
        """Its last event; raises the error that it told, which limit it broke, of what it died, or `AbortedError` if it was cancelled."""
        self._deadline = time.monotonic() + self.limits.job_time
        with self.child:
            while not self.child.ended:
                self._hear(_BEAT)
                self._check()
            while self._hear(0):
                pass
            return self._verdict(self.child.kill())

    def _hear(self, wait: float) -> bool:
        events = self.child.events(wait)
        for event in events:
            self._take(event)
        if self._unwritten and time.monotonic() - self._written > _WRITING:
            self.table.change(self.id, only=("running",), **self._unwritten, memory=self.most)
            self._unwritten, self._written = {}, time.monotonic()
        return bool(events)

    def _take(self, event: dict[str, Any]) -> None:
        if "stage" in event:
            self._unwritten |= {"stage": str(event["stage"]), "message": str(event.get("note") or "runs")}
            if isinstance(event.get("fraction"), int | float):
                self._unwritten["progress"] = round(99 * min(max(event["fraction"], 0), 1))
        elif "key" in event:
            self.table.change(self.id, only=("running",), key=str(event["key"]), version=str(event["version"]))
        elif "begun" in event:
            # what went before was waiting for others
            self._deadline = time.monotonic() + self.limits.job_time
        else:
            self._final = event

    def _check(self) -> None:
        now = time.monotonic()
        if now - self._looked < _BEAT:
            return
        self._looked = now
        if now > self._deadline:
            raise self._budget.late()
        if now - self._weighed > _WEIGHING:
            self._weighed = now
            self.most = max(self.most, self.child.memory >> 20)
            self._weigh()
            self.room.check(f"job {self.id} was killed")
        if self.table.cancelled(self.id):
            raise AbortedError(f"job {self.id} was cancelled")

    def _weigh(self) -> None:
        if self.most > self.limits.job_memory:
            raise self._budget.greedy()
        if self.child.logged > self.limits.job_log << 20:
            raise SizeLimitError(
                f"job {self.id} wrote more than {self.limits.job_log} MiB to its log",
                why=f"the limit job_log is {self.limits.job_log} MiB",
                way_out="see what it says there, or raise job_log (EARTHWEAVE_JOB_LOG)",
            )

    def _verdict(self, status: int) -> dict[str, Any]:
        last = self.child.last_words()
        if "done" in self._final:
            return self._final
        if starved(status, last):
            # a library may have told want of memory as something else
            raise self._budget.greedy()
        if "error" in self._final:
            raise error_of(self._final["error"])
        way_out = f"see its log: earthweave job log {self.id}"
        raise ProcessingError(f"job {self.id} ended without a result", why=_why(status, last), way_out=way_out)


def _why(status: int, last: bytes) -> str:
    if status == -signal.SIGKILL:
        return "something killed its process, perhaps the system for want of memory"
    if status < 0:
        return f"its process died of {signal.Signals(-status).name}"
    lines = last.decode("utf-8", "replace").strip().splitlines() or ["it left no message"]
    return f"its process ended with status {status}: {lines[-1][:300]}"
