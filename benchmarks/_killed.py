"""A process that updates, loads and folds its log until it is killed; and what is left of what it was told.

An acknowledgement is one write of one line to a file that is appended to, so that no two can mix and none is lost with the process.
Kills are at random moments, or at a step: before the n-th call of what the step is made of, half way in it, or a moment after it began.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from earthweave.ontology import EarthweaveError
from earthweave.server.store import Limits, Store, _layout, open_store
from earthweave.server.store._commits import Commits
from earthweave.server.store._layout import Layout

STEPS = ("any", "append", "torn", "fsync", "tip", "switch", "checkpoint", "load", "publish")
_CALLS: dict[str, tuple[Any, str]] = {
    "append": (os, "pwrite"), "fsync": (os, "fsync"), "tip": (_layout, "_overwrite"), "switch": (os, "replace"),
    "checkpoint": (Commits, "checkpoint"), "load": (Commits, "write"), "publish": (Layout, "publish"),
}
_MOST = {"switch": 6, "checkpoint": 3, "load": 6, "publish": 6}
_LASTING = {"checkpoint", "load", "publish"}
_CLIENTS, _LONGEST = 8, 15.0


def _now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _trap(owner: Any, name: str, left: int, die: Callable[..., None]) -> None:
    """Call ``die`` with the arguments of the n-th call of a function, before that goes on."""
    function = getattr(owner, name)
    calls = iter(range(left))

    def call(*args: Any, **named: Any) -> Any:
        if next(calls, None) == left - 1:
            die(*args)
        return function(*args, **named)

    setattr(owner, name, call)


def _set(step: str, chance: random.Random) -> None:
    """Arrange how this process is to end."""
    left = chance.randint(1, _MOST.get(step, 60))
    if step == "torn":
        written = os.pwrite

        def torn(file: int, data: bytes, place: int) -> None:
            written(file, data[: chance.randrange(len(data))], place)
            _now()

        _trap(os, "pwrite", left, torn)
    elif step in _LASTING:
        _trap(*_CALLS[step], left, lambda *_: threading.Timer(chance.random() * 0.2, _now).start())
    elif step in _CALLS:
        _trap(*_CALLS[step], left, lambda *_: _now())


def _client(store: Store, name: str, told: Callable[..., None], work: Callable[[Store, str], object]) -> None:
    number = 0
    while True:
        # a full disk refuses, which acknowledges nothing
        with suppress(EarthweaveError):
            work(store, f"{name}/{number}")
            told(f"{name}/{number}\n", work)
        number += 1


def _update(store: Store, name: str) -> object:
    return store.update(f"INSERT DATA {{ <http://e/{name}> <http://e/p> 1 ; <http://e/q> 2 }}")


def _load(store: Store, name: str) -> object:
    return store.load_quads([f"<http://e/{name}> <http://e/{one}> \"1\" .\n".encode() for one in "pq"], name="two")


def write(folder: Path, acknowledged: Path, step: str, attempt: str) -> None:
    """Write for ever."""
    file = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    first: set[Callable[[Store, str], object]] = {_update, _load}

    def told(line: str, work: Callable[[Store, str], object]) -> None:
        os.write(file, line.encode())
        # a kill before anything is acknowledged shows nothing
        with lock:
            if work in first:
                first.remove(work)
                if not first:
                    _set(step, random.Random(f"{step} {attempt}"))

    lock = threading.Lock()
    with open_store(folder, limits=Limits(log_statements=200)) as store:
        jobs = [(f"{attempt}-{number}", _update) for number in range(_CLIENTS)] + [(f"{attempt}-load", _load)]
        threads = [threading.Thread(target=_client, args=(store, name, told, work)) for name, work in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def start(folder: Path, acknowledged: Path, step: str, attempt: int) -> subprocess.Popen[bytes]:
    """A process that writes to the store in a folder, and appends what was acknowledged to a file."""
    command = [sys.executable, "-m", "benchmarks._killed", str(folder), str(acknowledged), step, str(attempt)]
    return subprocess.Popen(command, cwd=Path(__file__).parent.parent)


def kill(folder: Path, step: str, attempt: int) -> set[str]:
    """Have a process write to the store in a folder, and kill it; what it had acknowledged."""
    acknowledged = folder.with_name(f"{folder.name}-{attempt}")
    chance, by_itself = random.Random(attempt), step != "any"
    with start(folder, acknowledged, step, attempt) as process:
        end = time.monotonic() + _LONGEST
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
            if not by_itself and acknowledged.exists() and acknowledged.stat().st_size:
                end, by_itself = time.monotonic() + chance.random() * 0.8, True
        process.kill()
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"attempt {attempt} ended by itself, with status {process.returncode}")
    return set(acknowledged.read_text("ascii").split()) if acknowledged.exists() else set()


def left(folder: Path) -> tuple[set[str], set[str]]:
    """Which writes are in a store: by their first statement, and by their second."""
    with open_store(folder, limits=Limits(query_rows=10**7)) as store:
        first, second = ({row["s"]["value"].removeprefix("http://e/") for row in
                          store.query(f"SELECT ?s {{ ?s <http://e/{name}> ?o }}").table.to_pylist()} for name in "pq")
    return first, second


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
