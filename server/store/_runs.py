"""The registry of what runs now, as files, so that any process may list and abort it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import AbortedError, ForbiddenError, NotFoundError, StoreError

from ._types import RunningQuery

BACKUP = "backup"
"""Kind of a run that reads in its own process."""
QUERY = "query"
"""Kind of a run that writes nothing."""
_SHOWN = 2000


@dataclass(frozen=True)
class Runs:
    """Files in one folder: ``<id>.json`` per running piece of work, ``<id>.aborted`` once somebody aborted it."""

    folder: Path

    @contextmanager
    def register(self, kind: str, text: str, pid: int, generation: str = "") -> Iterator[str]:
        """Be listed while the block runs; if somebody aborted it, end in `AbortedError`.

        A run that reads a ``generation`` in a worker goes on unlisted if the disk is full or read-only.
        """
        name = uuid.uuid4().hex[:12]
        entry = {"kind": kind, "text": text[:_SHOWN], "started": datetime.now(UTC).isoformat(), "pid": pid,
                 "born": _born(pid), "generation": generation}
        listed = self._enter(name, entry)
        aborted = False
        try:
            try:
                yield name
            finally:
                aborted = listed and self._leave(name)
        except StoreError as error:
            if aborted:
                raise _aborted(kind, name) from error
            raise
        if aborted:
            # it finished as the signal went out: its worker is dying and must not be given other work
            raise _aborted(kind, name)

    def _enter(self, name: str, entry: dict[str, Any]) -> bool:
        hidden = self.folder / f".{name}"
        try:
            hidden.write_text(json.dumps(entry), "utf-8")
            hidden.rename(self._entry(name))
        except OSError:
            with suppress(OSError):
                hidden.unlink(missing_ok=True)
            if entry["kind"] == BACKUP or not entry["generation"]:
                raise
            # it is better to answer unlisted than not at all
            return False
        return True

    def _leave(self, name: str) -> bool:
        """Be listed no more; true if somebody aborted it."""
        with self._held(name):
            self._entry(name).unlink(missing_ok=True)
            aborted = self._mark(name).exists()
            self._mark(name).unlink(missing_ok=True)
        return aborted

    @contextmanager
    def _held(self, name: str) -> Iterator[bool]:
        """Keep an entry as it is during the block, so that its worker cannot go on to other work; false if it is gone."""
        try:
            stream = self._entry(name).open("rb")
        except FileNotFoundError:
            yield False
            return
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield self._entry(name).exists()

    def entries(self) -> list[dict[str, Any]]:
        """What is registered and alive; entries of dead workers are removed."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                entry = json.loads(path.read_text("utf-8"))
                alive = _born(entry["pid"]) == entry["born"]
            except FileNotFoundError:
                continue
            except (ValueError, KeyError, TypeError):
                # its content was lost with the power, and so was what it told of
                entry, alive = {}, False
            if alive:
                found.append({**entry, "id": path.stem})
            else:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        return found

    def running(self) -> tuple[RunningQuery, ...]:
        """The same for callers, oldest first."""
        found = (RunningQuery(one["id"], one["kind"], one["text"], datetime.fromisoformat(one["started"]), one["pid"])
                 for one in self.entries())
        return tuple(sorted(found, key=lambda one: one.started))

    def abort(self, name: str) -> None:
        """Kill the worker of a running piece of work.

        Raises `NotFoundError` if it is not (or no longer) running, `ForbiddenError` for a backup, which has no worker.
        """
        entry = next((one for one in self.entries() if one["id"] == name), None)
        if entry is not None and entry["kind"] == BACKUP:
            raise ForbiddenError(f"the backup {name} cannot be aborted", why=f"it runs in process {entry['pid']} itself",
                                 way_out="end that process")
        with self._held(name) as listed:
            if entry is None or not listed:
                raise NotFoundError(f"no query {name} is running", way_out="list the running queries")
            self._mark(name).touch()
            os.kill(entry["pid"], signal.SIGKILL)

    def _entry(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _mark(self, name: str) -> Path:
        return self.folder / f"{name}.aborted"


def _aborted(kind: str, name: str) -> AbortedError:
    return AbortedError(f"the {kind} {name} was aborted", why="somebody asked for it")


def _born(pid: int) -> str:
    """When the process started, in clock ticks since boot: tells it from a later one with the same number; empty if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
