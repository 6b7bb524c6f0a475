"""One measured job in a process of its own: load, open, ask, or be stopped; prints its figures as JSON.

A process of its own makes the first run cold (no geometry was touched, no plan is cached), and the peak of memory its own. Imports and the
start of the interpreter are not counted; files lie in the page cache, as far as memory reaches.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STOP = 1.0
"""Seconds that a query without end is given."""


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds of one run."""

    wall: float
    cpu: float


def _peak() -> float:
    """Most memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident() -> float:
    """Memory of this process now, MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _size(folder: Path) -> float:
    """Megabytes on the disk, hard links counted once."""
    files = {(one.st_ino, one.st_size) for one in (path.stat() for path in folder.rglob("*") if path.is_file())}
    return sum(size for _, size in files) / 1e6


def _timed(work: Callable[[], Any]) -> tuple[Run, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return Run(time.perf_counter() - wall, time.process_time() - cpu), found


def load(source: Path, target: Path) -> dict[str, Any]:
    """Build a snapshot of N-Triples in this process."""
    from earthweave.server.store.loading import Document
    from earthweave.server.store.loading import load as read
    from earthweave.server.store.snapshot import SnapshotBuilder

    def work() -> Any:
        builder = SnapshotBuilder(target)
        reports = read(builder, [Document.of(source)])
        return reports, builder.finish()

    run, (reports, snapshot) = _timed(work)
    if any(one.unreadable or one.bad for one in reports):
        raise SystemExit(f"not all was read: {reports}")
    return {"wall": run.wall, "cpu": run.cpu, "triples": snapshot.triples, "rss": _peak(), "disk": _size(target)}


def load_store(source: Path, target: Path) -> dict[str, Any]:
    """The same through the store: in its writer's process, published and synchronised to the disk."""
    from earthweave.server.store import open_store

    def work() -> int:
        with open_store(target) as store:
            return store.load([source]).triples

    run, triples = _timed(work)
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = run.cpu + child.ru_utime + child.ru_stime
    return {"wall": run.wall, "cpu": cpu, "triples": triples, "rss": max(_peak(), child.ru_maxrss / 1024), "disk": _size(target)}


def _answer(snapshot: Any, shapes: Any, text: str) -> dict[str, list[str]]:
    """Texts by variable; all terms are decoded, as for a client."""
    import pyarrow as pa

    from earthweave.server.store.engine import evaluate

    result = evaluate(snapshot, text, shapes=shapes)
    columns: dict[str, list[Any]] = {name: [] for name in result.names}
    for batch in result.batches():
        for name in result.names:
            ids = batch.column(name)
            found = result.context.terms.terms(ids[ids >= 0]).text
            columns[name].append(found if len(found) == len(ids) else pa.array([""] * len(ids), pa.large_string()))
    return {name: [text for one in parts for text in one.to_pylist()] for name, parts in columns.items()}


def ask(path: Path, question: Path, target: Path, *, times: int = 3) -> dict[str, Any]:
    """Open a snapshot, ask the text in the file ``question``, and again; rows go to the file ``target`` as JSON.

    The first run is cold. A comment makes each text new, so that parsing and planning are always counted.
    """
    from earthweave.server.store.engine import evaluate
    from earthweave.server.store.snapshot import Snapshot
    from earthweave.server.store.spatial import Shapes

    text = question.read_text()
    opened, snapshot = _timed(lambda: Snapshot.open(path))
    evaluate(snapshot, "ASK {}").any()
    resident = _resident()
    shapes = Shapes(snapshot.geometries, 2**30)
    cold, answer = _timed(lambda: _answer(snapshot, shapes, text))
    warm = [_timed(lambda run=run: _answer(snapshot, shapes, f"{text}\n# {run}"))[0] for run in range(times)]  # type: ignore[misc]
    target.write_text(json.dumps(list(zip(*answer.values(), strict=True))))
    rows = len(next(iter(answer.values())))
    return {
        "open": opened.wall, "resident": resident, "wall": cold.wall, "cpu": cold.cpu, "rss": _peak(), "rows": rows,
        "warm_wall": min(one.wall for one in warm), "warm_cpu": min(one.cpu for one in warm),
    }


def _overshot(work: Callable[[], Any]) -> dict[str, Any]:
    """How long after its deadline some work raised the error that says so."""
    from earthweave.ontology import DeadlineError

    def stopped() -> bool:
        try:
            work()
        except DeadlineError:
            return True
        return False

    run, told = _timed(stopped)
    if not told:
        raise SystemExit("the query ended before its deadline")
    return {"over": run.wall - STOP}


def stop(path: Path, question: Path) -> dict[str, Any]:
    """How long a query without end goes on after its deadline, in this process."""
    from earthweave.server.store.engine import Budget, evaluate
    from earthweave.server.store.snapshot import Snapshot

    snapshot = Snapshot.open(path)
    evaluate(snapshot, "ASK {}").any()
    return _overshot(lambda: deque(evaluate(snapshot, question.read_text(), budget=Budget(seconds=STOP)).batches(), maxlen=0))


def stop_store(path: Path, question: Path) -> dict[str, Any]:
    """The same through the store, whose worker is killed if it does not end by itself."""
    from dataclasses import replace

    from earthweave.server.store import Limits, open_store

    with open_store(path) as store:
        store.query("ASK {}")
        return _overshot(lambda: store.query(question.read_text(), limits=replace(Limits(), query_deadline=STOP)))


def oxigraph_load(source: Path, target: Path) -> dict[str, Any]:
    """Bulk-load N-Triples into an Oxigraph store on the disk."""
    import pyoxigraph as ox

    def work() -> int:
        store = ox.Store(str(target))
        store.bulk_load(path=str(source), format=ox.RdfFormat.N_TRIPLES)
        store.flush()
        return len(store)

    run, triples = _timed(work)
    return {"wall": run.wall, "cpu": run.cpu, "triples": triples, "rss": _peak(), "disk": _size(target)}


def oxigraph_ask(path: Path, question: Path, target: Path, *, times: int = 3) -> dict[str, Any]:
    """Ask an Oxigraph store; all terms are read, as for a client."""
    import pyoxigraph as ox

    store, text = ox.Store.read_only(str(path)), question.read_text()

    def work() -> list[list[str]]:
        return [[term.value if term else "" for term in solution] for solution in store.query(text)]

    cold, answer = _timed(work)
    warm = [_timed(work)[0] for _ in range(times)]
    target.write_text(json.dumps(answer))
    return {"wall": cold.wall, "cpu": cold.cpu, "rss": _peak(), "rows": len(answer),
            "warm_wall": min(one.wall for one in warm), "warm_cpu": min(one.cpu for one in warm)}


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "load": load, "load-store": load_store, "ask": ask, "stop": stop, "stop-store": stop_store,
    "oxigraph-load": oxigraph_load, "oxigraph-ask": oxigraph_ask,
}


def run(job: str, *paths: Path) -> dict[str, Any]:
    """Run one of the jobs in a new process; raises `RuntimeError` with what it wrote if it fails."""
    command = [sys.executable, "-m", "benchmarks._job", job, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr[-3000:]}")
    return dict(json.loads(done.stdout))


def main() -> None:
    """Run a job here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=list(JOBS))
    parser.add_argument("paths", type=Path, nargs="+")
    given = parser.parse_args()
    # pyarrow imports pandas, where it is installed, with the first array that it makes
    import pandas  # noqa: F401

    import earthweave.server.store.engine
    import earthweave.server.store.loading
    import earthweave.server.store.spatial  # noqa: F401

    sys.stdout.write(json.dumps(JOBS[given.job](*given.paths)))


if __name__ == "__main__":
    main()
