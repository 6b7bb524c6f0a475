"""Inside a worker: the snapshot of a generation, kept in step with its log."""

from __future__ import annotations

from pathlib import Path

from earthweave.ontology import NotFoundError

from ._layout import Generation
from ._log import records
from .snapshot import Snapshot, combined, decoded, grown


class Following:
    """Opens generations, and reads of their logs only what it does not know yet."""

    def __init__(self) -> None:
        self._folder = ""
        self._length = 0
        self._snapshot: Snapshot | None = None

    def at(self, folder: str, length: int) -> Snapshot:
        """The snapshot of a generation as it is at a place of its log; raises `NotFoundError` if the generation is gone."""
        generation = Generation(Path(folder))
        if self._folder != folder or length < self._length or self._snapshot is None:
            self._snapshot, self._folder, self._length = None, "", 0
            if not generation.snapshot.is_dir():
                raise NotFoundError("the generation is gone")
            self._snapshot = Snapshot.open(generation.snapshot)
            self._folder = folder
        if self._length < length:
            changes = [decoded(one.body) for one in records(generation.log, self._length, length)]
            self._snapshot, self._length = grown(self._snapshot, combined(changes)), length
        return self._snapshot

    def advance(self, snapshot: Snapshot, length: int) -> None:
        """What it will be once so much of the log is written; if that comes to nothing, the next look begins anew."""
        self._snapshot, self._length = snapshot, length
