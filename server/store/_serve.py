"""Inside a worker process: the loop that takes requests from a pipe and answers on another."""

from __future__ import annotations

import errno
import importlib
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from earthweave.ontology import EarthweaveError, LimitError, StoreError
from earthweave.server.processes import MEMORY_EXIT, limit_memory, private_size, told

from . import _frames
from ._frames import Frame

_STACK = 512 * 1024 * 1024
_DEPTH = 50_000
"""Nested calls in a worker: ten kilobytes of stack for each."""
_WAITING = 8


class Connection:
    """The worker's end of the pipes."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._requests: queue.Queue[Frame] = queue.Queue(_WAITING)

    def listen(self) -> None:
        """Queue what arrives; when the other end is closed or dead, end the process at once, whatever it does."""
        with os.fdopen(os.dup(0), "rb") as stream:
            while frame := _frames.read(stream):
                self._requests.put(frame)
        os._exit(0)

    def receive(self) -> Frame:
        """Wait for the next request."""
        return self._requests.get()

    def send(self, op: str, body: bytes = b"", **header: Any) -> None:
        """Answer."""
        view = memoryview(_frames.encode(Frame({"op": op, **header}, body)))
        while view:
            view = view[os.write(self._output, view):]

    def fail(self, error: EarthweaveError) -> None:
        """Answer with an error, which the other side raises."""
        self.send("error", b"", **told(error))


Handler = Callable[[Connection, Frame], None]


def serve(role: str, network_refused: str) -> None:
    """Run the worker ``role`` (``reader`` or ``writer``) until the pipe closes. ``network_refused`` says why there still is a network."""
    output = os.dup(1)
    os.dup2(2, 1)
    connection = Connection(output)
    handler: Handler = importlib.import_module(f"earthweave.server.store._{role}").handler()
    threading.stack_size(_STACK)
    sys.setrecursionlimit(_DEPTH)
    threading.excepthook = _die
    work = threading.Thread(target=_work, args=(connection, handler, network_refused), daemon=True)
    work.start()
    connection.listen()


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_UNCHANGED = "the store cannot be written; nothing has changed in it"


def is_read_only(error: OSError) -> bool:
    """True if the system lets nothing be written there, at any time."""
    return error.errno in _READ_ONLY


def _refused(error: OSError, what: str) -> StoreError | None:
    """The error for a disk that does not take what is written to it, None for other errors of the system."""
    why = error.strerror or ""
    if error.errno in _FULL:
        return StoreError(what, why=why, way_out="make space on its disk and try again")
    if error.errno in _READ_ONLY:
        return StoreError(what, why=why, way_out="make it writable and try again, or write to a copy")
    if error.errno == errno.EIO:
        return StoreError("the disk of the store fails", why=why,
                          way_out="check the disk; this write counts as not made unless the store shows it")
    return None


@contextmanager
def disk(what: str = _UNCHANGED) -> Iterator[None]:
    """Raise `StoreError` that says ``what`` if the disk is full, read-only or broken."""
    try:
        yield
    except OSError as error:
        refused = _refused(error, what)
        if refused is None:
            raise
        raise refused from error


def _die(failure: threading.ExceptHookArgs) -> None:
    """What nobody foresaw ends the process; its owner reads the last line of the traceback."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


def _work(connection: Connection, handler: Handler, network_refused: str) -> None:
    base = private_size()
    connection.send("hello", network=network_refused, size=base)
    while True:
        request = connection.receive()
        limit_memory(base, int(request.header.get("memory", 0)))
        try:
            handler(connection, request)
        except EarthweaveError as error:
            connection.fail(error)
        except RecursionError:
            connection.fail(LimitError("the text is too deeply nested, or a chain in it too long",
                                       why="it does not fit on the engine's stack", way_out="write it flatter"))
        except MemoryError:
            os._exit(MEMORY_EXIT)
        except OSError as error:
            refused = None if isinstance(error, PermissionError) else _refused(error, _UNCHANGED)
            if refused is None:
                raise
            connection.fail(refused)
