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


def is_full(error: OSError) -> bool:
    """True if the system lets a file grow no more."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def unwritable(error: OSError) -> StoreError:
    """The error for a full disk."""
    return StoreError("the store cannot be written; nothing has changed in it", why=error.strerror or "",
                      way_out="make space on its disk and try again")


@contextmanager
def disk() -> Iterator[None]:
    """Raise `StoreError` if the disk is full."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise unwritable(error) from error


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
            if not is_full(error):
                raise
            connection.fail(unwritable(error))
