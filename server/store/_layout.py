"""The store on disk: generations of an immutable snapshot and a log that grows, one pointer to the current one, and a lock for the writer.

::

    store.json              format version, engine
    CURRENT                 number of the current generation; replaced atomically
    writer.lock             flock of the one writer; holds its process id
    generations/000007/     snapshot/ (see the package snapshot)   generation.json
                            log: what was committed since (see _log)
                            tip: bytes of the log, number and statements after it, XXH3 of that; written over in place
    staging/                what is being written; swept when no writer lives
    interrupted/            blocks of the finished files of a load that asked to be resumable, until it succeeds
    run/                    one file per running query (see _runs)
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from xxhash import xxh3_64_hexdigest

from earthweave.ontology import NotFoundError, StoreBusyError, StoreError

from ._log import Tip, append, cut, records, sync_folder
from ._runs import BACKUP, Runs

FORMAT = 3
ENGINE = "earthweave"
KEPT = 2
"""Generations that stay on disk: the current one, and the one before for readers that are just leaving it."""

_TIP, _LINE = "tip", 79
_PAUSES = (0.0, 0.001, 0.01)
"""Seconds between attempts to read a tip that is being written."""
_WAY_OUT = "export it as N-Quads with the version that wrote it, then load that file into a new store"
_WAYS_OUT: dict[tuple[str, str], str] = {
    ("1", "oxigraph"): "export it with Earthweave 0.1 (earthweave export all.nq), then load all.nq into a new store with this version",
}
"""By format and engine: what to do with a store of another version."""
_READ = {(format, ENGINE) for format in ("2", "3")}
"""What this version reads. Stores of format 2 have no logs; they get the present format when they are written to."""


@dataclass(frozen=True)
class Generation:
    """One published snapshot, and what its log says was committed after it."""

    folder: Path
    tip: Tip | None = None

    @property
    def number(self) -> int:
        """Counts up from 1 with every write."""
        return self.tip.number if self.tip else int(self.folder.name)

    @property
    def triples(self) -> int:
        """Statements."""
        return self.tip.triples if self.tip else int(self.facts["triples"])

    @property
    def length(self) -> int:
        """Bytes of the log that are committed."""
        return self.tip.length if self.tip else 0

    @property
    def log(self) -> Path:
        """The log, which need not be there."""
        return self.folder / "log"

    @property
    def committed(self) -> Tip:
        """Where the log ends."""
        return self.tip or Tip(0, self.number, self.triples)

    @property
    def snapshot(self) -> Path:
        """Folder of the data."""
        return self.folder / "snapshot"

    @property
    def size(self) -> int:
        """Bytes on disk, hard links counted in full."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @property
    def facts(self) -> dict[str, Any]:
        """What was noted at publication: ``triples``."""
        return dict(json.loads((self.folder / "generation.json").read_text("utf-8")))


class Layout:
    """Paths of one store, and the few operations that change which generation is current."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.generations = root / "generations"
        self.staging = root / "staging"
        self.interrupted = root / "interrupted"
        self.runs = Runs(root / "run")

    def create(self) -> None:
        """Make the folders of an empty store, if there is none; raise `StoreError` if something else lies there."""
        if self.root.exists() and not self.root.is_dir():
            raise StoreError(f"{self.root.name} is not a folder", way_out="give another path for the store")
        if self.root.exists() and any(self.root.iterdir()) and not (self.root / "store.json").exists():
            raise StoreError(f"the folder {self.root.name} holds other files and no store", way_out="give an empty or a new folder")
        for folder in (self.generations, self.staging, self.runs.folder):
            folder.mkdir(parents=True, exist_ok=True)
        if not (self.root / "store.json").exists():
            replace_text(self.root / "store.json", json.dumps({"format": FORMAT, "engine": ENGINE}) + "\n")

    def check(self) -> None:
        """Raise if this is no store, or one of another format."""
        try:
            head = json.loads((self.root / "store.json").read_text("utf-8"))
        except FileNotFoundError:
            raise NotFoundError(f"there is no store in {self.root.name}", way_out="load something into it first") from None
        except ValueError as error:
            raise StoreError("store.json cannot be read", why=str(error), way_out="restore a backup") from error
        found = (str(head.get("format")), str(head.get("engine"))) if isinstance(head, dict) else ("unknown", "unknown")
        if found not in _READ:
            raise StoreError(f"the store in {self.root.name} has format {found[0]} of engine {found[1]}",
                             why=f"this version reads format {FORMAT} of {ENGINE}", way_out=_WAYS_OUT.get(found, _WAY_OUT))

    def current(self) -> Generation | None:
        """The published generation, or None if nothing was ever written."""
        try:
            number = (self.root / "CURRENT").read_text("ascii").strip()
        except FileNotFoundError:
            return None
        return _tipped(self.generations / number)

    def needed(self) -> Generation:
        """The same; raises `StoreError` if there is none."""
        found = self.current()
        if found is None:
            raise StoreError("the store has no current generation", why="the file CURRENT is missing", way_out="restore a backup")
        return found

    @contextmanager
    def pinned(self, name: str) -> Iterator[Generation]:
        """The current generation, which no writer prunes while the block copies it to ``name``; writers go on."""
        while True:
            generation = self.needed()
            with self.runs.register(BACKUP, name, os.getpid(), generation.folder.name):
                # still current: whoever publishes the next one will see the entry before it prunes
                if self.needed().folder == generation.folder:
                    yield generation
                    return

    @contextmanager
    def writing(self, wait: float) -> Iterator[None]:
        """Be the one writer; raise `StoreBusyError` that names the holder if another stays longer than ``wait`` seconds."""
        with (self.root / "writer.lock").open("a+", encoding="ascii") as lock:
            _acquire(lock, wait)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            self._sweep()
            self._recover()
            self._renew()
            yield

    def sweep(self) -> None:
        """Remove what killed writers left behind, unless a writer is at work."""
        try:
            with self.writing(0.0):
                pass
        except StoreBusyError:
            return

    def _sweep(self) -> None:
        for orphan in self.staging.iterdir():
            shutil.rmtree(orphan, ignore_errors=True)

    def _renew(self) -> None:
        """Mark a store of an older format as one that older versions would read wrongly."""
        head = self.root / "store.json"
        if head.exists() and json.loads(head.read_text("utf-8")).get("format") != FORMAT:
            replace_text(head, json.dumps({"format": FORMAT, "engine": ENGINE}) + "\n")

    def _recover(self) -> None:
        """Take in what a killed writer, or a power cut, left in the log beyond the tip, and cut off what is not whole."""
        generation = self.current()
        size = generation.log.stat().st_size if generation and generation.log.exists() else 0
        if generation is None or size == generation.length:
            return
        found = generation.committed
        # all that was acknowledged must count; behind it there may be more that is whole, and a piece that is not
        for record in chain(records(generation.log, 0, found.length), records(generation.log, found.length)):
            found = record.tip
        cut(generation.log, found.length)
        if found != generation.committed:
            replace_text(generation.folder / _TIP, _line(found))

    def commit(self, generation: Generation, body: bytes, triples: int) -> Generation:
        """Write a change to the log of the current generation, durably, then show it to readers."""
        tip = append(generation.log, generation.committed, body, generation.number + 1, triples)
        try:
            _overwrite(generation.folder / _TIP, _line(tip))
        except OSError:
            # nobody has seen it, and it is not acknowledged
            cut(generation.log, generation.length)
            raise
        return Generation(generation.folder, tip)

    def stage(self) -> Generation:
        """A private empty folder to write into."""
        folder = self.staging / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return Generation(folder)

    def publish(self, staged: Generation, number: int, triples: int) -> Generation:
        """Make a staged generation the current one, durably and at once; keep the last `KEPT`."""
        target = self.generations / f"{number:06d}"
        replace_text(staged.folder / "generation.json", json.dumps({"triples": triples}) + "\n")
        synchronise(staged.folder)
        if target.exists():
            # a writer died between its rename and its switch: nobody ever read this one
            shutil.rmtree(target)
        staged.folder.rename(target)
        sync_folder(self.generations)
        replace_text(self.root / "CURRENT", target.name + "\n")
        self._prune()
        return _tipped(target)

    def _prune(self) -> None:
        used = {str(entry.get("generation")) for entry in self.runs.entries()}
        for folder in sorted(folder for folder in self.generations.iterdir() if folder.name.isdecimal())[:-KEPT]:
            if folder.name not in used:
                doomed = self.staging / uuid.uuid4().hex
                # what cannot be removed must not make a published write look failed; the next write tries again
                with suppress(OSError):
                    folder.rename(doomed)
                shutil.rmtree(doomed, ignore_errors=True)


def _tipped(folder: Path) -> Generation:
    """A generation with the end of its log as readers may see it."""
    for pause in _PAUSES:
        try:
            text = (folder / _TIP).read_text("ascii", "replace")
        except FileNotFoundError:
            break
        *numbers, checksum = text.split() or [""]
        if checksum == _checksum(numbers):
            return Generation(folder, Tip(*map(int, numbers)))
        # read while it was written; if it stays so, there was a power cut, and the log itself tells
        time.sleep(pause)
    return Generation(folder)


def _line(tip: Tip) -> str:
    numbers = [str(tip.length), str(tip.number), str(tip.triples)]
    return " ".join([*numbers, _checksum(numbers)]).ljust(_LINE) + "\n"


def _checksum(numbers: Sequence[str]) -> str:
    return xxh3_64_hexdigest(" ".join(numbers).encode())


def _overwrite(path: Path, line: str) -> None:
    """Write a line over one of the same length: a file that is replaced instead takes a file system as long as what must be durable."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, line.encode("ascii"), 0)
    finally:
        os.close(descriptor)


def _acquire(lock: Any, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                lock.seek(0)
                raise StoreBusyError(f"process {lock.read().strip() or 'unknown'} is writing to the store", why="a store has one writer",
                                     way_out="try again when it has finished, or raise write_wait") from None
        time.sleep(0.02)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that readers see the old or the new text and nothing else."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def synchronise(folder: Path) -> None:
    """Force what was written under ``folder`` to the disk; hard links to older generations are there already."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        elif path.stat().st_nlink == 1:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(folder)
