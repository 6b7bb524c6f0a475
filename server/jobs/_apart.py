"""A worker in a process of its own: ``python -m earthweave.server.jobs._apart``, started and told on standard input by `worker_process`."""

from __future__ import annotations

from pathlib import Path

from ._folders import Folders
from ._limits import JobLimits
from ._request import received
from ._worker import Worker

_LONG = 1e9


def main() -> None:
    """A worker as `worker_process` starts it."""
    request = received()
    folders = Folders(Path(request["folder"]))
    folders.create()
    Worker(folders, JobLimits(**request["limits"]), request["registry"]).run(patience=_LONG, orphan=False)


if __name__ == "__main__":
    main()
