"""Updates while readers read: how many a second, how long each takes, and what is left after the writer is killed.

Run ``python -m benchmarks.updates [--sizes 1,10,100] [--kills 50] [--seconds 6]``. At size 1 a store holds 30,000 simulated statements.
Clients are threads of one process, each waiting for its update to be acknowledged; readers are four processes that look up one subject
after another. Kills are at random moments of a process that updates, loads and lets the log be folded into snapshots all the time.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earthweave.server.store import Limits, Store, open_store

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

WRITE = """
import sys, threading
from earthweave.server.store import Limits, open_store
def client(store, name):
    number = 0
    while True:
        store.update(f"INSERT DATA {{ <http://e/{name}/{number}> <http://e/p> 1 ; <http://e/q> 2 }}")
        sys.stdout.write(f"{name} {number}\\n")
        sys.stdout.flush()
        number += 1
def loads(store, name):
    number = 0
    while True:
        store.load_quads([b"<http://e/%s/%d> <http://e/p> \\"1\\" .\\n<http://e/%s/%d> <http://e/q> \\"2\\" .\\n"
                          % (name.encode(), number, name.encode(), number)], name="two")
        sys.stdout.write(f"{name} {number}\\n")
        sys.stdout.flush()
        number += 1
with open_store(sys.argv[1], limits=Limits(log_statements=200)) as store:
    jobs = [(client, f"{sys.argv[2]}-{k}") for k in range(8)] + [(loads, f"{sys.argv[2]}-load")]
    threads = [threading.Thread(target=job, args=(store, name)) for job, name in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
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


def kills(folder: Path, number: int) -> tuple[int, int, int]:
    """Kill a writing process so many times; what was acknowledged in all, and how much of that was lost or half done."""
    chance, acknowledged = random.Random(3), set[str]()
    for attempt in range(number):
        command = [sys.executable, "-c", WRITE, str(folder / "killed"), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged.add(process.stdout.readline().strip())
            time.sleep(chance.random() * 0.8)
            process.send_signal(signal.SIGKILL)
            # the last line may have been cut off
            acknowledged |= {one.strip() for one in process.stdout.readlines() if one.endswith("\n")}
    with open_store(folder / "killed", limits=Limits(query_rows=10**7)) as store:
        found = {cells: {row["s"]["value"] for row in store.query(f"SELECT ?s {{ ?s <http://e/{cells}> ?o }}").table.to_pylist()}
                 for cells in "pq"}
    wanted = {"http://e/" + one.replace(" ", "/") for one in acknowledged if one}
    return len(wanted), len(wanted - (found["p"] & found["q"])), len(found["p"] ^ found["q"])


def main() -> None:
    """Print rates and latencies by size of the store, then what 50 kills did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,10,100")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args()
    print(f"{'simulated data, 4 reading processes':<34}{'updates/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'queries/s':>11}{'slowest ms':>12}")
    with tempfile.TemporaryDirectory() as name:
        for size in chosen.sizes.split(","):
            rates(Path(name), int(size), chosen.seconds)
        acknowledged, lost, half = kills(Path(name), chosen.kills)
    print(f"\n{chosen.kills} times kill -9: {acknowledged:,} acknowledged, {lost} lost, {half} half done")
    if lost or half:
        raise SystemExit("what was acknowledged is not there")


if __name__ == "__main__":
    main()
