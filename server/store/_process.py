"""The owner's end of a worker process: start it, talk to it, kill it, and say why it died."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from earthweave.ontology import EarthweaveError, LimitError, StoreError
from earthweave.server.processes import Budget, error_of, starved

from . import _frames
from ._frames import Decoder, Frame

_PORTION = 1 << 20
_THRIFT = {
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "RUST_BACKTRACE": "0",
}


_STARTING = Budget("the start of a worker", "start", 120.0, "start", 0)


class Worker:
    """One child process in the role ``reader`` or ``writer``; used by one thread at a time, once it is `ready`.

    Attributes:
        network: why it still has a network; empty if it has none.
    """

    network = ""

    def __init__(self, role: str) -> None:
        # in memory, so that a worker starts on a full disk
        self._errors = os.fdopen(os.memfd_create("errors"), "w+b")
        entry = Path(__file__).with_name("_entry.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(entry), role], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            bufsize=0, start_new_session=True, env={**os.environ, **_THRIFT},
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        self._decoder = Decoder()
        self._ready: list[Frame] = []
        self._closing = threading.Lock()
        self._size = 0

    def ready(self) -> Worker:
        """This worker, as soon as it has started; raises why it did not."""
        if not self._size:
            hello = self.receive(time.monotonic() + _STARTING.seconds, _STARTING).header
            self.network, self._size = str(hello["network"]), int(hello["size"])
        return self

    @property
    def listens(self) -> bool:
        """True when it has started."""
        if self._size:
            return True
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        return bool(poll.poll(0))

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def grown(self, reply: Frame) -> float:
        """Address space in MiB that the worker has at a reply beyond what it started with."""
        return (int(reply.header.get("size", self._size)) - self._size) / 2**20

    def pending(self) -> list[Frame]:
        """What arrived while something was sent."""
        frames, self._ready = self._ready, []
        return frames

    def send(self, frame: Frame, until: float, budget: Budget) -> None:
        """Hand a frame over; raise what the worker answers meanwhile if it is an error, `DeadlineError` at ``until``."""
        view = memoryview(_frames.encode(frame))
        while view:
            self._wait(until, budget, writing=True)
            if any(found.op == "error" for found in self._ready):
                self.receive(until, budget)
            try:
                view = view[os.write(self._stdin.fileno(), view[:_PORTION]):]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._epitaph(budget) from None

    def receive(self, until: float, budget: Budget) -> Frame:
        """The next frame; raises the error it carries, `DeadlineError` at ``until``, or why the worker died."""
        while not self._ready:
            self._wait(until, budget, writing=False)
        frame = self._ready.pop(0)
        if frame.op == "error":
            raise error_of(frame.header)
        return frame

    def _wait(self, until: float, budget: Budget, *, writing: bool) -> None:
        left = until - time.monotonic()
        if left <= 0:
            self.kill()
            raise budget.late()
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        if writing:
            poll.register(self._stdin, select.POLLOUT)
        for descriptor, event in poll.poll(left * 1000 + 1):
            if descriptor == self._stdout.fileno() and event:
                self._collect(budget)

    def _collect(self, budget: Budget) -> None:
        data = os.read(self._stdout.fileno(), _PORTION)
        if not data:
            raise self._epitaph(budget)
        self._ready += self._decoder.feed(data)

    def _epitaph(self, budget: Budget) -> EarthweaveError:
        """Why the worker died, as an error."""
        status = self._process.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 16_384))
        last = self._errors.read()
        self.close()
        if starved(status, last):
            return budget.greedy()
        if status == -signal.SIGSEGV:
            return LimitError(f"{budget.work} overflowed the engine's stack", why="it is too deeply nested", way_out="write it flatter")
        lines = last.decode("utf-8", "replace").strip().splitlines() or ["it left no message"]
        why = "something killed it, perhaps the system for want of memory" if status == -signal.SIGKILL else lines[-1][:300]
        return StoreError(f"the worker process of {budget.work} ended with status {status}", why=why)

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """Close the pipes, which ends the process, and wait for it; may be called again and from other threads."""
        if not self._size:
            # it does not listen yet
            self._process.kill()
        with self._closing:
            for stream in (self._stdin, self._stdout, self._errors):
                stream.close()
            try:
                self._process.wait(5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def portions(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The same bytes in pieces of at most a mebibyte, empty ones left out."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PORTION):
            yield bytes(chunk[start:start + _PORTION])


