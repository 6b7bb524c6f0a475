"""A worker beside the process that wants it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ._limits import JobLimits
from ._request import encoded


@contextmanager
def worker_process(folder: Path, limits: JobLimits, registry: str) -> Iterator[int]:
    """A worker in a process of its own for the length of a block; its process id.

    At the end of the block, or of this process however it ends, the worker takes no new job, finishes those that run, and leaves.
    It waits until a worker that is still there has left.
    """
    request = {"folder": str(folder.absolute()), "limits": asdict(limits), "registry": registry}
    process = subprocess.Popen([sys.executable, "-m", f"{__package__}._apart"], stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
    assert process.stdin is not None
    try:
        process.stdin.write(encoded(request))
        yield process.pid
    finally:
        process.stdin.close()
        # nobody waits for it: the thread only spares the system a dead child that is not reaped
        threading.Thread(target=process.wait, daemon=True).start()
