"""Updates while readers read: how many a second, how long each takes, and what is left after the writer is killed.

Run ``python -m benchmarks.updates [--sizes 1,10,100] [--kills 50] [--seconds 6]``. At size 1 a store holds 30,000 simulated statements.
Clients are threads of one process, each waiting for its update to be acknowledged; readers are four processes that look up one subject
after another. Kills are of a process that updates, loads and lets the log be folded into snapshots all the time, see `_killed`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earthweave.server.store import Limits, Store, open_store

from ._full_disk import run_killed, small_disk
from ._killed import STEPS, kill, left

STATEMENTS, CLIENTS, READERS = 30_000, 64, 4
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

READ = """
import sys, time
from earthweave.server.store import open_store
with open_store(sys.argv[1], create=False) as store:
    done, slowest = 0, 0.0
    for _ in range(2):
        store.query("SELECT ?o { <http://example.org/s1> <http://example.org/p1> ?o }")
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        start = time.monotonic()
        store.query(f"SELECT ?o {{ <http://example.org/s{done % 10000}> <http://example.org/p1> ?o }}")
        slowest = max(slowest, time.monotonic() - start)
        done += 1
    print(done, slowest, flush=True)
"""

def simulated(statements: int) -> Iterator[bytes]:
    """N-Quads: three statements for each subject."""
    chance = random.Random(5)
    for first in range(0, statements // 3, 10_000):
        subjects = range(first, min(first + 10_000, statements // 3))
        yield "".join(f"<http://example.org/s{i}> <http://example.org/p{k}> \"{chance.randint(0, 999)}\" .\n"
                      for i in subjects for k in range(3)).encode()


@contextmanager
def reading(store: Store, seconds: float) -> Iterator[list[str]]:
    """Four processes that read for the length of the block; afterwards what each says: queries, and the slowest of them in seconds."""
    command = [sys.executable, "-c", READ, str(store.path), str(seconds)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(READERS)]
    said: list[str] = []
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    yield said
    said += [process.communicate()[0] for process in processes]


def updating(store: Store, clients: int, seconds: float) -> list[float]:
    """Seconds that each update took, of some threads that make one after the other."""
    took: list[float] = []
    end = time.monotonic() + seconds

    def work(client: int) -> None:
        number = 0
        while (start := time.monotonic()) < end:
            store.update(f"INSERT DATA {{ <http://example.org/new/{client}/{number}> <http://example.org/p{number % 3}> {number} }}")
            took.append(time.monotonic() - start)
            number += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


def line(name: str, took: list[float], seconds: float, said: list[str]) -> str:
    """One row of the table."""
    half, most = took[len(took) // 2], took[min(len(took) * 99 // 100, len(took) - 1)]
    queries = [one.split() for one in said]
    rate, slowest = sum(int(done) for done, _ in queries) / seconds, max((float(one) for _, one in queries), default=0.0)
    return f"{name:<34}{len(took) / seconds:>11,.0f}{half * 1000:>9.1f}{most * 1000:>9.1f}{rate:>11,.0f}{slowest * 1000:>12.0f}"


def rates(folder: Path, size: int, seconds: float) -> None:
    """Print the rows of one size."""
    with open_store(folder / f"store{size}", limits=Limits(query_workers=1)) as store:
        store.load_quads(simulated(STATEMENTS * size), name="simulated")
        store.update("INSERT DATA { <http://example.org/first> <http://example.org/p1> 1 }")
        for clients in (CLIENTS, 1):
            with reading(store, seconds) as said:
                took = updating(store, clients, seconds)
            print(line(f"{STATEMENTS * size:,} statements, {clients} client(s)", took, seconds, said), flush=True)


def kills(folder: Path, number: int, first: int) -> bool:
    """Kill writing processes and print what that did, by the step at which they were killed; true if nothing was lost."""
    by_step = {step: set[str]() for step in STEPS}
    for attempt in range(first, first + number):
        step = STEPS[attempt % len(STEPS)]
        by_step[step] |= kill(folder / "killed", step, attempt)
    begun, whole = left(folder / "killed")
    print(f"\n{number} times kill -9{'':<18}{'acknowledged':>14}{'lost':>6}")
    for step, told in by_step.items():
        print(f"{step:<34}{len(told):>14,}{len(told - begun):>6}")
    print(f"{len(begun | whole):,} writes are there, {len(begun ^ whole)} of them half")
    return begun == whole and all(told <= begun for told in by_step.values()) and full(max(number // len(STEPS), 1), first)


def full(number: int, first: int) -> bool:
    """The same on a disk that fills and empties meanwhile, which is looked at while it is still full, and later."""
    try:
        disk = small_disk(64)
    except OSError as error:
        print(f"no full disk: a small one cannot be mounted here ({error})")
        return True
    found = [run_killed(disk, attempt) for attempt in range(first, first + number)]
    told = sum(len(one["acknowledged"]) for one in found)
    lost = sum(len(set(one["acknowledged"]) - set(one["full"])) + len(set(one["full"]) - set(one["whole"])) for one in found)
    half = sum(len(set(one["begun"]) ^ set(one["whole"])) for one in found)
    print(f"{f'{number} more times on a full disk':<34}{told:>14,}{lost:>6}, {half} writes half")
    return not lost and not half


def main() -> None:
    """Print rates and latencies by size of the store, then what 50 kills did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,10,100")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="number of the first kill, which decides where it strikes")
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args()
    print(f"{'simulated data, 4 reading processes':<34}{'updates/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'queries/s':>11}{'slowest ms':>12}")
    with tempfile.TemporaryDirectory() as name:
        for size in filter(None, chosen.sizes.split(",")):
            rates(Path(name), int(size), chosen.seconds)
        if not kills(Path(name), chosen.kills, chosen.first):
            raise SystemExit("what was acknowledged is not there")


if __name__ == "__main__":
    main()
