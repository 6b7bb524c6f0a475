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
import threading
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

from ._log import Tip, append, check_torn, cut, put, records, sync_folder
from ._runs import BACKUP, Runs
from ._serve import is_read_only

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
        self._line: list[object] = []
        self._free = threading.Condition()

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
            sync_folder(self.root.parent)

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
        with self._turn(wait), self._recovered(wait):
            self._renew()
            yield

    @contextmanager
    def _turn(self, wait: float) -> Iterator[None]:
        """Threads of this process write in the order in which they came: who writes on and on would leave the lock to nobody else."""
        mine = object()
        with self._free:
            self._line.append(mine)
            # if it does not come, the lock says who has it
            self._free.wait_for(lambda: self._line[0] is mine, wait)
        try:
            yield
        finally:
            with self._free:
                self._line.remove(mine)
                self._free.notify_all()

    @contextmanager
    def _recovered(self, wait: float) -> Iterator[None]:
        with (self.root / "writer.lock").open("a+", encoding="ascii") as lock:
            _acquire(lock, wait)
            # on a full disk the writer has no name
            with suppress(OSError):
                os.ftruncate(lock.fileno(), 0)
                os.write(lock.fileno(), str(os.getpid()).encode())
            self._sweep()
            self._recover()
            yield

    def sweep(self) -> None:
        """Remove what killed writers left behind, unless a writer is at work, or nothing can be written here at all."""
        try:
            with self._recovered(0.0):
                pass
        except StoreBusyError:
            return
        except OSError as error:
            if not is_read_only(error):
                raise

    def _sweep(self) -> None:
        # some ways to copy a store leave empty folders out
        for folder in (self.staging, self.runs.folder):
            folder.mkdir(exist_ok=True)
        for orphan in self.staging.iterdir():
            shutil.rmtree(orphan, ignore_errors=True)
        for passing in self.root.glob(".CURRENT.*"):
            passing.unlink(missing_ok=True)

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
        check_torn(generation.log, found)
        cut(generation.log, found.length)
        # in place, which a full disk allows
        _overwrite(generation.folder / _TIP, _line(found))
        sync_folder(generation.folder)

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
        try:
            sync_folder(self.generations)
            replace_text(self.root / "CURRENT", target.name + "\n")
        except OSError:
            current = self.current()
            if current is None or current.folder != target:
                # it would stay in the way on a disk that is full
                shutil.rmtree(target, ignore_errors=True)
            raise
        # what cannot be removed must not make a published write look failed; the next write tries again
        with suppress(OSError):
            self._prune(number)
        return _tipped(target)

    def _prune(self, current: int) -> None:
        """Remove all generations but the last `KEPT` and those that somebody reads; one beyond the current was never published."""
        used = {str(entry.get("generation")) for entry in self.runs.entries()}
        found = sorted((int(folder.name), folder) for folder in self.generations.iterdir() if folder.name.isdecimal())
        older, newer = [one for one in found if one[0] < current], [one for one in found if one[0] > current]
        for _, folder in [*older[: 1 - KEPT], *newer]:
            if folder.name not in used:
                doomed = self.staging / uuid.uuid4().hex
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
    else:
        return Generation(folder, max((one.tip for one in records(folder / "log")), key=lambda tip: tip.number, default=None))
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
        put(descriptor, line.encode("ascii"), 0)
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
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
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
