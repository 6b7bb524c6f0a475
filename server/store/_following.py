"""Inside a worker: the snapshot of a generation, kept in step with its log."""

from __future__ import annotations

from pathlib import Path

from earthweave.ontology import NotFoundError, StoreError

from ._layout import Generation
from ._log import HEAD_BYTES, records
from .snapshot import Snapshot, combined, decoded, grown


class Following:
    """Opens generations, and reads of their logs only what it does not know yet."""

    def __init__(self) -> None:
        self._folder = ""
        self._length = 0
        self._snapshot: Snapshot | None = None
        self._awaited: tuple[int, bytes] | None = None

    def at(self, folder: str, length: int) -> Snapshot:
        """The snapshot of a generation as it is at a place of its log; raises `NotFoundError` if the generation is gone."""
        generation = Generation(Path(folder))
        try:
            return self._followed(generation, length)
        except StoreError:
            if generation.snapshot.is_dir():
                raise
            raise NotFoundError("the generation is gone") from None

    def _followed(self, generation: Generation, length: int) -> Snapshot:
        folder = str(generation.folder)
        if self._folder != folder or length < self._length or self._snapshot is None or not self._came(generation):
            self._snapshot, self._folder, self._length, self._awaited = None, "", 0, None
            self._snapshot = Snapshot.open(generation.snapshot)
            self._folder = folder
        if self._length < length:
            changes = [decoded(one.body) for one in records(generation.log, self._length, length)]
            self._snapshot, self._length = grown(self._snapshot, combined(changes)), length
        return self._snapshot

    def _came(self, generation: Generation) -> bool:
        """Whether the log holds what was to be written: that may have failed, and another process have written something as long."""
        if self._awaited is None:
            return True
        (start, body), self._awaited = self._awaited, None
        try:
            return [one.body for one in records(generation.log, start, self._length)] == [body]
        except StoreError:
            return False

    def advance(self, snapshot: Snapshot, body: bytes) -> None:
        """What it will be once a record is written behind what it knows; if that comes to nothing, the next look begins anew."""
        self._awaited = self._length, body
        self._snapshot, self._length = snapshot, self._length + HEAD_BYTES + len(body)
