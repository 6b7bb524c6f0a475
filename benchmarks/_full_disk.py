"""A store on a small disk of its own that is full whenever something is written: what is refused, what is left, and what goes on.

The disk is a tmpfs in a mount namespace, which ends with the process: nobody else sees it, and nothing of it stays. Each piece of work is
tried with no room at all, then with more and more until it succeeds, so that the disk becomes full at one step of it after the other.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from earthweave.ontology import GEO, EarthweaveError
from earthweave.server.store import Limits, Store, open_store

from ._killed import left, start

_NAMESPACES = (("unshare", "--mount"), ("unshare", "--mount", "--map-root-user"))
_ROOM, _MOST, _PORTION = 4096, 1 << 24, 1 << 20
_LIMITS = Limits(log_statements=300, query_rows=10**7, query_workers=1, short_query=0.0)
_EXPORTS = ("nq.gz", "parquet", "gpkg", "geojson", "kml")
_TOGETHER, _STEP = 8, 16


@dataclass(frozen=True)
class Attempt:
    """A piece of work on a disk with so much room.

    Attributes:
        refused: what it said, why, and the way out; empty if it was done.
        answers: whether readers, and a process that opens the store now, see what was acknowledged and nothing else.
        clean: whether no file of it is left.
    """

    work: str
    room: int
    refused: tuple[str, ...]
    answers: bool
    clean: bool


def small_disk(mebibytes: int) -> tuple[str, ...]:
    """The beginning of a command that has a disk of its own on ``/mnt``; raises `OSError` if this system gives none."""
    why = ""
    for namespace in _NAMESPACES:
        command = (*namespace, "sh", "-c", f'mount -t tmpfs -o size={mebibytes}m none /mnt && exec "$@"', "sh")
        try:
            done = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=20)
        except FileNotFoundError as error:
            raise OSError(f"there is no {error.filename}") from None
        if done.returncode == 0:
            return command
        why = done.stderr.strip()
    raise OSError(why)


@contextmanager
def filled(folder: Path, room: int) -> Iterator[None]:
    """Leave so many bytes of a disk free for the length of a block."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        while (free := _free(folder) - room) > 0:
            stream.write(bytes(min(free, _PORTION)))
    try:
        yield
    finally:
        ballast.unlink()


def _free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


class _Trial:
    """A store, and what of it was acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = open_store(folder / "store", limits=_LIMITS)
        self.known: set[str] = set()
        self.number = 0

    def update(self) -> None:
        """One small update."""
        self._insert(1)

    def long_update(self) -> None:
        """One that the log holds, and that makes it long enough to be folded."""
        self._insert(140)

    def big_update(self) -> None:
        """One that is made on the disk."""
        self._insert(200)

    def group(self) -> None:
        """Several at the same time."""
        with ThreadPoolExecutor(_TOGETHER) as pool:
            done = [pool.submit(self._insert, 1) for _ in range(_TOGETHER)]
        for one in done:
            one.result()

    def load(self) -> None:
        """A load."""
        names = self._names(1000)
        lines = ("".join(f"<http://e/{name}> <http://e/{one}> \"{name}\" .\n" for one in "pq").encode() for name in names)
        self.store.load_quads(lines, name="much")
        self.known.update(names)

    def backup(self) -> None:
        """A backup."""
        assert self.store.backup(self.folder / "kept").triples == self.store.statistics().triples

    def export(self, suffix: str) -> None:
        """An export."""
        self.store.export(self.folder / f"all.{suffix}")

    def _names(self, number: int) -> list[str]:
        self.number += number
        return [f"s{one}" for one in range(self.number - number, self.number)]

    def _insert(self, number: int) -> None:
        names = self._names(number)
        self.store.update("INSERT DATA {" + " ".join(f"<http://e/{name}> <http://e/p> 1 ; <http://e/q> '{name}' ." for name in names) + "}")
        self.known.update(names)

    def attempt(self, name: str, work: Callable[[], None], room: int) -> Attempt:
        """Do something with so much room, and look at what there is now."""
        refused: tuple[str, ...] = ()
        with filled(self.folder, room):
            try:
                work()
            except EarthweaveError as error:
                refused = (error.what, error.why, error.way_out)
            answers = seen(self.store) == (self.known, self.known)
            if refused and not room and ("update" in name or name == "load"):
                # whoever comes now has no warm worker
                with open_store(self.store.path, limits=_LIMITS, create=False) as other:
                    answers = answers and seen(other) == (self.known, self.known)
            names = {path.name for path in self.folder.iterdir()} - {"store", "ballast"}
            clean = not list((self.store.path / "staging").iterdir()) and not (refused and names)
            for one in names:
                subprocess.run(["rm", "-r", str(self.folder / one)], check=True)
        return Attempt(name, room, refused, answers, clean)


def seen(store: Store) -> tuple[set[str], set[str]]:
    """Which writes a store shows: by their first statement, and by their second."""
    first, second = ({row["s"]["value"].removeprefix("http://e/") for row in
                      store.query(f"SELECT ?s {{ ?s <http://e/{name}> ?o }}").table.to_pylist()} for name in "pq")
    return first, second


def attempts(folder: Path) -> Iterator[Attempt]:
    """Every piece of work, with more and more room until it succeeds."""
    trial = _Trial(folder)
    work: dict[str, Callable[[], None]] = {
        # first what removes no generation, since a reader that still has one mapped gives space back in the middle of something
        **{f"export {one}": partial(trial.export, one) for one in _EXPORTS},
        "backup": trial.backup, "update": trial.update, "group": trial.group, "long update": trial.long_update,
        "big update": trial.big_update, "load": trial.load,
    }
    with trial.store as store:
        trial.load()
        points = (f"<http://g/{i}> <{GEO.asWKT}> 'POINT({i} {i})'^^<{GEO.wktLiteral}> ." for i in range(50))
        store.update(f"INSERT DATA {{ {' '.join(points)} }}")
        for name, run in work.items():
            room = 0
            while room <= _MOST:
                done = trial.attempt(name, run, room)
                yield done
                if not done.refused:
                    break
                room = max(room * _STEP, _ROOM)


def killed(folder: Path, attempt: int) -> dict[str, list[str]]:
    """Kill a process that writes while the disk fills and empties: what it acknowledged, and what is there, still full and later."""
    chance, acknowledged = random.Random(attempt), folder / "acknowledged"
    with start(folder / "store", acknowledged, "any", attempt) as process:
        while not acknowledged.exists() or acknowledged.stat().st_size < 1000:
            time.sleep(0.01)
        for _ in range(chance.randint(0, 2)):
            with filled(folder, chance.choice([0, 0, 5000, 50_000])):
                time.sleep(chance.random() * 0.3)
            time.sleep(chance.random() * 0.3)
        with filled(folder, chance.choice([0, 0, 5000, 50_000])):
            time.sleep(chance.random() * 0.5)
            process.send_signal(signal.SIGKILL)
            process.wait()
            full = left(folder / "store")
    later = left(folder / "store")
    return {"acknowledged": acknowledged.read_text("ascii").split(), "full": sorted(full[0] & full[1]), "begun": sorted(later[0] | full[0]),
            "whole": sorted(later[1] & full[1])}


def run_killed(disk: tuple[str, ...], attempt: int) -> dict[str, list[str]]:
    """The same on a small disk."""
    return dict(json.loads(run(disk, str(attempt))))


def run_attempts(disk: tuple[str, ...]) -> list[Attempt]:
    """All that `attempts` finds on a small disk."""
    found = map(json.loads, run(disk).splitlines())
    return [Attempt(**{**one, "refused": tuple(one["refused"])}) for one in found]


def run(disk: tuple[str, ...], *arguments: str) -> str:
    """What this module prints on a small disk."""
    command = [*disk, sys.executable, "-m", "benchmarks._full_disk", "/mnt", *arguments]
    return subprocess.run(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(killed(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        for one in attempts(Path(sys.argv[1])):
            print(json.dumps(asdict(one)), flush=True)
