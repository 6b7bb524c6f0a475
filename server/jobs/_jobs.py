"""Jobs: submit, look, cancel, start again, remove."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from earthweave.ontology import ParameterError
from earthweave.processing import Estimate, ServiceSpec

from ._beside import worker_process
from ._folders import Folders
from ._job import STATES, Job, LogPart, Usage
from ._limits import JobLimits
from ._queue import Queue
from ._room import Room
from ._roots import confined
from ._services import find, load, placed, said
from ._table import Table
from ._worker import Worker, alive, lose

_PORTION = 1 << 20
_CANCELLING = 15.0
"""Seconds that `Jobs.cancel` waits for the worker to kill."""


class Jobs:
    """The jobs of one folder; may be used from several threads and processes at the same time.

    Args:
        folder: where tables, logs and results lie; made if it is not there.
        limits: what a job may cost and how many run.
        registry: what can be run, ``package.module:function``; a text, because the processes of jobs have to find it too.

    Raises:
        StoreError: the folder cannot be written, or its table is damaged.
    """

    def __init__(self, folder: Path, limits: JobLimits, registry: str) -> None:
        self.folder, self.limits, self.registry = folder.expanduser().absolute(), limits, registry
        self._folders = Folders(self.folder)
        self._folders.create()
        self._table = Table(self._folders)
        self._queue = Queue(self._folders.database)

    def services(self) -> tuple[ServiceSpec, ...]:
        """What can be run."""
        return load(self.registry)

    def estimate(self, service: str, parameters: Mapping[str, Any] | BaseModel, *, roots: Sequence[Path] | None = None) -> Estimate | None:
        """What a job would cost; None if the service cannot tell. Raises as `submit`, and what the service raises on bad input."""
        spec = find(self.registry, service)
        kept = self._kept(spec, parameters, roots)
        return None if spec.estimate is None else spec.estimate(placed(spec, kept, self.folder))

    def submit(
        self,
        service: str,
        parameters: Mapping[str, Any] | BaseModel,
        *,
        roots: Sequence[Path] | None = None,
        note: Mapping[str, Any] | None = None,
    ) -> Job:
        """Let a worker run a service; the parameters are checked now, the inputs are looked at by the job.

        ``output_path`` is left out; for a service that writes one file it may say the name of the file.

        Args:
            service: id or executable name.
            parameters: what is said of them.
            roots: folders below which every file that is named must lie; None for whoever may read all that this process may.
            note: JSON values to be found again in `Job.note`.

        Raises:
            NotFoundError: there is no such service.
            ParameterError: as `earthweave.processing.run_service`, or a file lies below none of the roots.
            SizeLimitError: the jobs take all the room that they may.
        """
        spec = find(self.registry, service)
        kept = self._kept(spec, parameters, roots)
        Room(self._folders, self.limits.job_disk).check("no job can be taken")
        return self._queued(self._table.add(spec.id, spec.version, kept, note or {}))

    def get(self, id: str) -> Job:
        """One job; raises `NotFoundError`."""
        self._settle()
        return self._table.get(id)

    def list(self, state: str | None = None, service: str | None = None, most: int = -1) -> tuple[Job, ...]:
        """Jobs, the latest first, of a state or a service if one is named; at most ``most`` unless that is negative."""
        if state not in (None, *STATES):
            raise ParameterError(f"state = {state} is not accepted", why="there is no such state", way_out=f"one of {', '.join(STATES)}")
        self._settle()
        return self._table.list(state, service, most)

    def cancel(self, id: str) -> Job:
        """Take back a job that waits, or kill one that runs with all its processes; raises `ParameterError` if it has ended."""
        job = self.get(id)
        if self._table.end(id, "dismissed", "cancelled before it began", only=("accepted",)):
            return self.get(id)
        if not self._table.change(id, only=("running",), cancelled=1):
            raise ParameterError(f"job {id} cannot be cancelled", why=f"it is {job.state}", way_out="remove it, if it is not needed")
        until = time.monotonic() + _CANCELLING
        while not (job := self.get(id)).ended and time.monotonic() < until:
            time.sleep(0.02)
        return job

    def restart(self, id: str) -> Job:
        """Run again a job that failed or was cancelled, with the same parameters; raises `ParameterError` if it is in another state."""
        job = self.get(id)
        if not self._table.renew(id):
            raise ParameterError(
                f"job {id} cannot be started again",
                why=f"it is {job.state}",
                way_out="submit it once more" if job.ended else "cancel it first",
            )
        return self._queued(id)

    def remove(self, id: str) -> None:
        """Forget a job that has ended, its log and its results; raises `ParameterError` if it has not."""
        job = self.get(id)
        if not job.ended:
            raise ParameterError(f"job {id} cannot be removed", why=f"it is {job.state}", way_out="cancel it first")
        self._folders.remove(id)
        self._table.remove(id)

    def log(self, id: str, since: int = 0) -> LogPart:
        """The log of a job from a byte on, at most a mebibyte of it, up to its last whole line while the job runs.

        A negative ``since`` counts from the end of what is there now.
        """
        job = self.get(id)
        try:
            with self._folders.log(id).open("rb") as stream:
                since = since if since >= 0 else max(0, os.fstat(stream.fileno()).st_size + since)
                stream.seek(since)
                data = stream.read(_PORTION)
        except FileNotFoundError:
            return LogPart("", max(0, since))
        whole = len(data) if job.ended else data.rfind(b"\n") + 1 or len(data) * (len(data) == _PORTION)
        return LogPart(data[:whole].decode("utf-8", "replace"), since + whole)

    def usage(self, id: str | None = None) -> Usage:
        """Room that one job, or all of them, take on the disk."""
        return self._folders.usage(id)

    @property
    def served(self) -> bool:
        """True while a worker runs jobs of this folder."""
        return alive(self._folders)

    def work(self) -> None:
        """Be the worker, in the main thread, until Ctrl-C; raises `ProcessingError` if there is one."""
        Worker(self._folders, self.limits, self.registry).run()

    def worker(self) -> AbstractContextManager[int]:
        """A worker in a process of its own for the length of a ``with`` block; at its end running jobs are finished by themselves."""
        return worker_process(self.folder, self.limits, self.registry)

    def _kept(self, spec: ServiceSpec, parameters: Mapping[str, Any] | BaseModel, roots: Sequence[Path] | None) -> dict[str, Any]:
        kept = said(spec, parameters)
        if roots is not None:
            confined(placed(spec, kept, self.folder), roots)
        return kept

    def _queued(self, id: str) -> Job:
        """Let an accepted job wait for a worker; the job as it was before one took it."""
        job = self._table.get(id)
        self._queue.put(id)
        return job

    def _settle(self) -> None:
        """Say of running jobs whose worker is gone that they failed."""
        running = self._table.running()
        if running and not alive(self._folders):
            for id, worker in running.items():
                lose(self._table, id, worker)
