"""Inside the process of a job: ``python -m earthweave.server.jobs._child``, a request on standard input, a line of JSON per event back.

::

    request   {"job", "root", "registry", "service", "parameters", "memory"}, one line; the pipe stays open for as long as the worker lives
    events    {"stage", "fraction", "note"} · {"key", "version"} · {"begun"} · {"done": message, "reused"} · {"error": …}
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import shutil
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import EarthweaveError, Progress
from earthweave.processing import Parameters, ServiceSpec
from earthweave.processing.frame import content_key
from earthweave.server.processes import MEMORY_EXIT, keep_gdal_offline, limit_memory, private_size, told
from earthweave.server.records import run_recorded

from ._folders import Folders
from ._request import received
from ._results import Key, held, share
from ._services import find, placed

_SET_SIGNAL = 10
"""F_SETSIG of fcntl(2), Linux."""
_LONGEST = 500


def tether(descriptor: int) -> None:
    """Have the kernel kill this process and its group as soon as the other end of the pipe is closed, whatever code runs here then."""
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(descriptor, _SET_SIGNAL, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(0):
        # it was closed before the kernel was told
        os.killpg(0, signal.SIGKILL)


@dataclass
class Events:
    """What the worker is told, and what the log says of it."""

    output: int
    _shown: tuple[str, int] = field(default=("", -1))

    def send(self, **event: Any) -> None:
        """One event."""
        view = memoryview(json.dumps(event).encode() + b"\n")
        while view:
            view = view[os.write(self.output, view) :]

    def progress(self, told: Progress) -> None:
        """Where the service stands; the log gets a line per stage and per tenth of it."""
        self.send(stage=told.stage[:_LONGEST], fraction=told.fraction, note=told.note[:_LONGEST])
        shown = (told.stage, -1 if told.fraction is None else int(told.fraction * 10))
        if shown != self._shown:
            self._shown = shown
            percent = "" if told.fraction is None else f" {told.fraction:.0%}"
            log(f"{told.stage}{percent} {told.note}".rstrip())


def log(text: str) -> None:
    """A line of the log, which is standard error."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Run:
    """One run of one job."""

    id: str
    folders: Folders
    spec: ServiceSpec
    values: Parameters
    events: Events

    def do(self) -> None:
        """Take the result of an equal run if there is one, else run the service."""
        self.events.progress(Progress("digesting inputs"))
        key = content_key(self.spec, self.values)
        self.events.send(key=key, version=self.spec.version)
        if not self.spec.reusable:
            self._run()
            self.events.send(done="done")
            return
        with held(self.folders, key, self._waiting) as index:
            if not self._taken(index):
                record, made = self._run()
                if made == key:
                    # otherwise an input changed meanwhile
                    index.add(self.id, record)
                self.events.send(done="done")

    def _waiting(self) -> None:
        self.events.progress(Progress("waiting for the same run in another job"))

    def _run(self) -> tuple[Path, str]:
        self.events.send(begun=True)
        result = run_recorded(self.spec, self.values, progress=self.events.progress)
        self._publish()
        return self.folders.result(self.id) / result.record.name, str(result.report["key"])

    def _taken(self, index: Key) -> bool:
        """Whether the result of an equal run does instead; false also if its job is removed while we take it."""
        try:
            found = index.earlier()
            if found and found[0] != self.id:
                share(self.folders.result(found[0]), self.folders.work(self.id), found[1], found[0])
        except OSError as error:
            log(f"an earlier result cannot be taken: {error}")
            shutil.rmtree(self.folders.work(self.id), ignore_errors=True)
            return False
        if found:
            self._tell(index, *found)
        return found is not None

    def _tell(self, index: Key, earlier: str, record: str) -> None:
        """Publish what was taken, and say whose result it is."""
        if earlier == self.id:
            log("the result was complete before the worker died")
            self.events.send(done="done before its worker died")
            return
        self._publish()
        index.add(self.id, self.folders.result(self.id) / record)
        message = f"the result of job {earlier} was returned: same service, version, parameters and inputs"
        log(message)
        self.events.send(done=message, reused=earlier)

    def _publish(self) -> None:
        """Give the results their name, all at once."""
        result = self.folders.result(self.id)
        shutil.rmtree(result, ignore_errors=True)
        self.folders.work(self.id).rename(result)


def main() -> None:
    """Do what is asked on standard input."""
    request = received()
    tether(0)
    keep_gdal_offline()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    events = Events(os.dup(1))
    os.dup2(2, 1)
    folders = Folders(Path(request["root"]))
    try:
        spec = find(request["registry"], request["service"])
        values = placed(spec, request["parameters"], folders.work(request["job"]))
        limit_memory(private_size(), int(request["memory"]))
        Run(request["job"], folders, spec, values, events).do()
    except EarthweaveError as error:
        events.send(error=told(error))
    except MemoryError:
        os._exit(MEMORY_EXIT)


if __name__ == "__main__":
    main()
