"""The room on the disk that all jobs together may take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock

from earthweave.ontology import SizeLimitError

from ._folders import Folders

_LOOK = 1.0
"""Seconds for which a measurement holds."""
_SHARE = 20
"""A measurement also holds for this many times as long as it took, so that many files do not keep the worker busy."""


@dataclass
class Room:
    """What the jobs take of ``mebibytes``, measured now and then; may be asked from several threads.

    Attributes:
        folders: of the jobs.
        mebibytes: the limit ``job_disk``.
    """

    folders: Folders
    mebibytes: int
    _used: int = 0
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def check(self, what: str) -> None:
        """Raise `SizeLimitError` that begins with ``what`` if the jobs take more than they may."""
        most = self.mebibytes << 20
        # what was too much a moment ago may have been removed since
        if self._measured() > most and (used := self._measured(anew=True)) > most:
            raise SizeLimitError(
                f"{what}: all jobs together take {used / 2**20:,.0f} MiB of the disk",
                why=f"the limit job_disk is {self.mebibytes:,} MiB",
                way_out="remove old jobs (earthweave job list, earthweave job remove ID), or raise job_disk (EARTHWEAVE_JOB_DISK)",
            )

    def _measured(self, *, anew: bool = False) -> int:
        with self._lock:
            now = time.monotonic()
            if anew or now >= self._until:
                self._used = self.folders.usage().bytes
                took = time.monotonic() - now
                self._until = now + max(_LOOK, _SHARE * took)
            return self._used
