"""The process that runs jobs: one per folder, ``earthweave job worker`` or a child of the server.

It is a process of its own, not threads of the server: what kills the server does not kill the jobs, what a job's process brings down
does not bring down the server, and huey's consumer has the main thread that its signals need. One per folder, told by a lock, so that
the limit of jobs at the same time holds.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from earthweave.ontology import ProcessingError, StoreError

from ._folders import Folders
from ._job import new_id
from ._limits import JobLimits
from ._queue import Queue
from ._room import Room
from ._runner import Runner
from ._table import Table

_POLL = 0.1
_HEALTH = 10.0
_PATIENCE = 1.0


def alive(folders: Folders) -> bool:
    """True while a worker serves the folder."""
    try:
        with folders.lock.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


@contextmanager
def _sole(folders: Folders, patience: float) -> Iterator[None]:
    """Be the worker of the folder; raises `ProcessingError` if another is after so many seconds."""
    until = time.monotonic() + patience
    with folders.lock.open("a+") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > until:
                    stream.seek(0)
                    raise ProcessingError(
                        f"a worker serves {folders.root.name} already",
                        why=f"it is process {stream.read() or 'unknown'}",
                        way_out="to run more jobs at the same time, give it a higher job_parallel",
                    ) from None
                time.sleep(_POLL)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def lose(table: Table, id: str, worker: str) -> None:
    """Say of a running job that its worker is gone."""
    error = ProcessingError(
        f"job {id} failed, its worker died",
        why="the worker was killed or stopped, or the machine went down",
        way_out=f"start it again: earthweave job restart {id}",
    )
    if table.cancelled(id):
        table.end(id, "dismissed", "cancelled; its worker died", of=worker)
    else:
        table.end(id, "failed", error.what, error, of=worker)


def _fill(queue: Queue, table: Table) -> None:
    """Let every accepted job wait, the first one first."""
    for job in reversed(table.list(state="accepted")):
        queue.put(job.id)


def _refill(queue: Queue, table: Table) -> None:
    """The same if nothing waits: who accepted a job may have died before it was put into the queue."""
    if queue.empty:
        _fill(queue, table)


@dataclass
class Worker:
    """Runs the jobs of a folder until it is told to stop."""

    folders: Folders
    limits: JobLimits
    registry: str
    _stopping: bool = False
    _now: bool = False

    def run(self, *, patience: float = _PATIENCE, orphan: bool = True) -> None:
        """Serve in the main thread; Ctrl-C lets running jobs finish, a second one and SIGTERM do not.

        Args:
            patience: seconds to wait until a worker that is still there has left.
            orphan: if false, stop like after Ctrl-C once standard input is closed.

        Raises:
            ProcessingError: another worker serves the folder.
        """
        with _sole(self.folders, patience):
            table = Table(self.folders)
            self.folders.sweep()
            for id, worker in table.running().items():
                lose(table, id, worker)
            runner = Runner(table, self.folders, self.limits, self.registry, new_id(), Room(self.folders, self.limits.job_disk))
            queue = Queue(self.folders.database, runner.run)
            queue.clear()
            # read behind the clearing: whoever is accepted meanwhile puts himself in, and to wait twice does no harm
            _fill(queue, table)
            if not orphan:
                threading.Thread(target=self._leash, daemon=True).start()
            self._serve(queue, table)

    def _serve(self, queue: Queue, table: Table) -> None:
        consumer = queue.consumer(self.limits.job_parallel)
        consumer.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # the consumer's own would start this process anew after SIGHUP
            signal.signal(number, self._signalled)
        looked = time.monotonic()
        while not self._stopping:
            time.sleep(_POLL)
            if time.monotonic() - looked > _HEALTH:
                looked = time.monotonic()
                consumer.check_worker_health()
                with suppress(StoreError):
                    # it is tried again
                    _refill(queue, table)
        for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
            signal.signal(number, handler)
        consumer.stop(graceful=not self._now)

    def _signalled(self, number: int, _: object) -> None:
        self._stopping, self._now = True, number != signal.SIGINT

    def _leash(self) -> None:
        # without a buffer, whose lock Python could not take when it leaves
        while os.read(0, 1):
            pass
        self._stopping = True
