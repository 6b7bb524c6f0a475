"""Where jobs keep what they have.

::

    jobs.db              table of jobs and queue (SQLite)
    worker.lock          held by the worker for as long as it lives
    keys/<key>           jobs whose results have this content key; held by whoever runs it
    jobs/<id>/log        what the job said
    jobs/<id>/work/      while it runs; becomes result/ by one renaming, or is removed
    jobs/<id>/result/    products, item.json, prov.ttl, run.json
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from earthweave.ontology import StoreError

from ._job import Usage

_GONE = ".removed-"


@dataclass(frozen=True)
class Folders:
    """Paths below the root of the jobs."""

    root: Path

    def create(self) -> None:
        """Make what is not there; raises `StoreError` if that cannot be."""
        try:
            for folder in (self.root / "jobs", self.keys):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder of jobs {self.root.name} cannot be used",
                why=error.strerror or "",
                way_out="give one that you may write to: --jobs DIR, or EARTHWEAVE_JOBS_FOLDER",
            ) from error

    @property
    def database(self) -> Path:
        """Table and queue."""
        return self.root / "jobs.db"

    @property
    def lock(self) -> Path:
        """Of the worker."""
        return self.root / "worker.lock"

    @property
    def keys(self) -> Path:
        """Index of results by content."""
        return self.root / "keys"

    def job(self, id: str) -> Path:
        """All that a job has."""
        return self.root / "jobs" / id

    def log(self, id: str) -> Path:
        """What it said."""
        return self.job(id) / "log"

    def work(self, id: str) -> Path:
        """Its results while they are made."""
        return self.job(id) / "work"

    def result(self, id: str) -> Path:
        """Its results."""
        return self.job(id) / "result"

    def remove(self, id: str) -> None:
        """Remove all that a job has; what is seen under its name is all or nothing."""
        gone = self.root / "jobs" / f"{_GONE}{id}"
        shutil.rmtree(gone, ignore_errors=True)
        with suppress(FileNotFoundError):
            self.job(id).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Finish the removals that somebody was killed at."""
        for gone in (self.root / "jobs").glob(f"{_GONE}*"):
            shutil.rmtree(gone, ignore_errors=True)

    def usage(self, id: str | None = None) -> Usage:
        """What one job or all take on the disk; what others remove meanwhile does not count."""
        found: dict[tuple[int, int], int] = {}
        for folder, _, names in os.walk(self.job(id) if id else self.root):
            for name in names:
                with suppress(FileNotFoundError):
                    status = Path(folder, name).lstat()
                    found[status.st_dev, status.st_ino] = status.st_blocks * 512
        return Usage(len(found), sum(found.values()))
