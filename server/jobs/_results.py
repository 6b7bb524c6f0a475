"""Results by content key: whoever runs a key holds it, and whoever comes later with the same key gets what was made."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from earthweave.processing.frame import altered, digest

from ._folders import Folders


@dataclass(frozen=True)
class Key:
    """One content key while it is held: a file with a line per job that has its result."""

    folders: Folders
    stream: BinaryIO

    def earlier(self) -> tuple[str, str] | None:
        """The latest job with an untouched result, and the name of its record."""
        self.stream.seek(0)
        for line in reversed(self.stream.read().decode("ascii", "replace").splitlines()):
            id, made, record = [*line.split(" ", 2), "", ""][:3]
            path = self.folders.result(id) / record
            if record and path.is_file() and digest(path) == made and not altered(path):
                return id, record
        return None

    def add(self, id: str, record: Path) -> None:
        """A job has the result now."""
        self.stream.seek(0, os.SEEK_END)
        self.stream.write(f"{id} {digest(record)} {record.name}\n".encode())
        self.stream.flush()


@contextmanager
def held(folders: Folders, key: str, waiting: Callable[[], None]) -> Iterator[Key]:
    """Hold a key; if another job holds it, tell that we wait, and wait."""
    with (folders.keys / key.rpartition(":")[2]).open("a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield Key(folders, stream)


def share(source: Path, target: Path, record: str, job: str) -> None:
    """Make ``target`` a folder with the result of another job, whose files it shares; its own record says where they are from."""
    shutil.copytree(source, target, copy_function=_linked, ignore=lambda _, names: {record} & set(names))
    said = json.loads((source / record).read_text("utf-8"))
    said["reused"] = {"job": job, "at": datetime.now(UTC).isoformat()}
    (target / record).write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # a file system without hard links
        shutil.copy2(source, target)
