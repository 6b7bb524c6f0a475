"""Generations, processes and threads: what is published never changes, what is killed leaves nothing, what runs can be stopped."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from earthweave.ontology import (
    GEO,
    GEOF,
    AbortedError,
    DeadlineError,
    ForbiddenError,
    LimitError,
    NotFoundError,
    StoreBusyError,
    StoreError,
)
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.store._layout import Layout
from earthweave.server.store._runs import Runs
from earthweave.server.store.snapshot import Snapshot

Write = Callable[..., Path]
FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c + ?f + ?i + ?l = -1) }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with workers of its own."""
    with open_store(tmp_path / "store") as opened:
        yield opened


def fill(store: Store, number: int, name: str = "s") -> None:
    store.update("INSERT DATA {" + "".join(f"<http://e/{name}{i}> <http://e/p> {i} ." for i in range(number)) + "}")


def count(store: Store) -> int:
    return int(store.query(COUNT).table.to_pylist()[0]["n"]["value"])


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def test_writing_never_alters_the_published_generation(store: Store) -> None:
    quads = [b"".join(b'<http://e/u%d> <http://e/p> "%d" .\n' % (i, i) for i in range(20_000))]
    fill(store, 2000)
    clear = "DELETE WHERE { ?s ?p ?o }"
    writes = (lambda: fill(store, 500, "t"), lambda: store.load_quads(quads, name="more"), lambda: store.update(clear))
    for write in writes:
        current = Layout(store.path).needed()
        before, log = digests(current.snapshot), current.log.read_bytes() if current.length else b""
        assert len(before) > 5
        write()
        assert digests(current.snapshot) == before
        assert not log or current.log.read_bytes().startswith(log)
        assert len(list((store.path / "generations").iterdir())) <= 2
    assert count(store) == 0


def test_readers_move_on_to_the_next_generation(store: Store) -> None:
    assert count(store) == 0
    fill(store, 3)
    assert (count(store), store.statistics().generation) == (3, 2)


SLOW_LOAD = """
import sys
from earthweave.server.store import open_store
def chunks():
    for k in range(10**6):
        yield b"".join(b"<http://e/%d/%d> <http://e/p> <http://e/o> .\\n" % (k, i) for i in range(5000))
def heard(progress):
    print("heard", flush=True)
with open_store(sys.argv[1]) as store:
    store.load_quads(chunks(), name="endless", progress=heard)
"""


@contextmanager
def loading(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that loads without end, already at it."""
    command = [sys.executable, "-c", SLOW_LOAD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "heard\n"
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def test_kill_9_during_a_load_leaves_the_old_state(store: Store) -> None:
    fill(store, 5)
    with loading(store.path) as process:
        entry = next(one for one in store.running() if one.kind == "load")
        assert entry.text == "endless"
        assert count(store) == 5
        process.send_signal(signal.SIGKILL)
        process.wait()
        until(lambda: not alive(entry.pid))
    assert list((store.path / "staging").iterdir())
    with open_store(store.path) as again:
        assert not list((store.path / "staging").iterdir())
        assert (count(again), again.statistics().generation, again.running()) == (5, 2, ())
        fill(again, 1, "t")
        assert count(again) == 6


UPDATES = """
import sys
from earthweave.server.store import open_store
with open_store(sys.argv[1]) as store:
    for number in range(100):
        triples = "".join(f"<http://e/{sys.argv[2]}/{number}/{i}> <http://e/p> {i} ." for i in range(100))
        store.update("INSERT DATA {" + triples + "}")
        print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9_at_any_moment(store: Store) -> None:
    acknowledged = 0
    for attempt in range(4):
        command = [sys.executable, "-c", UPDATES, str(store.path), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "0\n"
            time.sleep(0.07 + 0.13 * attempt)
            process.kill()
            acknowledged += 100 * (1 + len(process.stdout.read().splitlines()))
        until(lambda: not store.running())
        # waits for the lock that the writer of the killed process holds while it ends what it was at
        store.update("DELETE DATA { <http://e/none> <http://e/p> 0 }")
        found = count(store)
        assert found % 100 == 0
        assert acknowledged <= found <= acknowledged + 100
        acknowledged = found


def test_a_second_writer_is_told_who_writes_and_readers_go_on(store: Store) -> None:
    fill(store, 5)
    with loading(store.path) as process, open_store(store.path, limits=Limits(write_wait=0.1)) as second:
        with pytest.raises(StoreBusyError, match=f"process {process.pid} "):
            second.update("INSERT DATA { <http://e/a> <http://e/b> 1 }")
        assert count(second) == 5


def test_another_process_can_list_and_abort_a_load(store: Store) -> None:
    with loading(store.path) as process:
        store.abort(store.running()[0].id)
        assert "AbortedError" in process.communicate()[1]
    assert count(store) == 0


def test_a_running_query_can_be_aborted_and_the_next_one_is_fine(store: Store) -> None:
    fill(store, 3000)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.query, FOREVER)
        until(store.running)
        entry = store.running()[0]
        assert (entry.kind, entry.text) == ("query", FOREVER)
        store.abort(entry.id)
        with pytest.raises(AbortedError):
            future.result(10)
    assert store.running() == ()
    assert count(store) == 3000
    with pytest.raises(NotFoundError):
        store.abort(entry.id)


def test_a_run_that_ended_cannot_be_aborted_and_its_worker_lives(tmp_path: Path) -> None:
    """Whoever aborts holds the entry until the signal is out; here the run leaves between the look and the kill."""
    runs = Runs(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as worker:
        with runs.register("query", "ASK {}", worker.pid) as name, (tmp_path / f"{name}.json").open("rb") as entry:
            fcntl.flock(entry, fcntl.LOCK_EX)
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(runs.abort, name)
                time.sleep(0.2)
                assert not future.done()
                (tmp_path / f"{name}.json").unlink()
                fcntl.flock(entry, fcntl.LOCK_UN)
                with pytest.raises(NotFoundError):
                    future.result(10)
        assert worker.poll() is None
        worker.kill()
    assert not list(tmp_path.iterdir())


def test_an_abort_that_comes_as_the_work_ends_is_still_an_abort(tmp_path: Path) -> None:
    """The signal may be on its way to the worker, which must not be taken for the next query."""
    runs = Runs(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as worker:
        with pytest.raises(AbortedError), runs.register("query", "ASK {}", worker.pid) as name:
            runs.abort(name)
        assert worker.wait(10) == -signal.SIGKILL
    assert not list(tmp_path.iterdir())


def test_aborts_at_any_moment_hit_nobody_else(store: Store) -> None:
    """One thread aborts whatever it sees; queries end in an answer or as aborted, never by somebody else's signal."""
    stop = threading.Event()

    def abort() -> None:
        while not stop.is_set():
            for one in store.running():
                with suppress(NotFoundError):
                    store.abort(one.id)
            time.sleep(0.01)

    thread = threading.Thread(target=abort)
    thread.start()
    try:
        for _ in range(10):
            with suppress(AbortedError):
                assert count(store) == 0
    finally:
        stop.set()
        thread.join()
    assert count(store) == 0


def test_what_cannot_be_pruned_does_not_fail_the_write(store: Store) -> None:
    generations = store.path / "generations"
    (generations / "000000").write_text("no folder, so that it cannot be removed as one")
    (generations / ".nfs0001").write_text("no generation")
    for number in range(3):
        store.load_quads([b"<http://e/w%d> <http://e/p> <http://e/o> .\n" % number], name="one")
    assert count(store) == 3
    assert sorted(path.name for path in generations.iterdir()) == [".nfs0001", "000003", "000004"]


def test_writers_go_on_during_a_backup_and_do_not_prune_its_source(store: Store, tmp_path: Path) -> None:
    fill(store, 7)
    layout = Layout(store.path)
    with layout.pinned("kept") as pinned:
        (entry,) = store.running()
        assert (entry.kind, entry.text, entry.pid) == ("backup", "kept", os.getpid())
        with pytest.raises(ForbiddenError, match="backup"):
            store.abort(entry.id)
        for number in range(4):
            store.load_quads([b"<http://e/w%d> <http://e/p> <http://e/o> .\n" % number], name="one")
        assert pinned.triples == 7
        assert Snapshot.open(pinned.snapshot).path.is_dir()
    assert store.running() == ()
    assert store.backup(tmp_path / "kept").triples == 11
    store.load_quads([b"<http://e/x> <http://e/p> <http://e/o> .\n"], name="one")
    assert not pinned.folder.exists()


def test_deadlines_kill_and_name_the_limit(store: Store) -> None:
    fill(store, 3000)
    count(store)
    start = time.monotonic()
    with pytest.raises(DeadlineError, match="query_deadline") as error:
        store.query(FOREVER, limits=Limits(query_deadline=0.5))
    assert time.monotonic() - start < 1.5
    assert "EARTHWEAVE_QUERY_DEADLINE" in error.value.way_out
    assert count(store) == 3000


def test_threads_share_a_store_while_it_is_written(store: Store) -> None:
    """Every answer is one whole generation: 100 statements more each time, never a part."""
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(count(store))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(4):
        fill(store, 100, f"n{number}-")
    stop.set()
    for thread in threads:
        thread.join()
    assert count(store) == 400
    assert {n % 100 for n in seen} == {0}
    assert seen


def test_geometry_functions_in_many_threads(store: Store) -> None:
    boxes = (f'<http://e/{i}> <http://e/w> "POLYGON(({i} 0,{i + 2} 0,{i + 2} 2,{i} 0))"^^<{GEO.wktLiteral}> .' for i in range(30))
    store.update("INSERT DATA {" + "".join(boxes) + "}")
    text = f"SELECT ?a ?b {{ ?a <http://e/w> ?v . ?b <http://e/w> ?w FILTER(<{GEOF.sfIntersects}>(?v, ?w)) }}"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: store.query(text).table.num_rows, range(24)))
    assert set(answers) == {30 + 2 * (29 + 28)}


def test_one_writer_serves_many_writes_until_a_load_was_big(store: Store) -> None:
    pids = set()
    for number in range(3):
        fill(store, 10, f"w{number}-")
        pids |= {worker.pid for worker in store._writers._idle}
    assert len(pids) == 1
    assert all(map(alive, pids))
    assert count(store) == 30


def test_a_killed_reader_is_replaced_while_nobody_waits(store: Store) -> None:
    fill(store, 2000)
    count(store)
    (before,) = (worker.pid for worker in store._pool._idle)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.query, FOREVER)
        until(store.running)
        os.kill(before, signal.SIGKILL)
        assert isinstance(future.exception(10), StoreError)
    (after,) = (worker.pid for worker in store._pool._idle)
    assert before != after
    assert alive(after)
    assert not alive(before)
    assert count(store) == 2000
    assert [worker.pid for worker in store._pool._idle] == [after]


def test_when_all_workers_are_busy_the_next_query_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", limits=Limits(query_workers=1)) as store:
        fill(store, 2000)
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(store.query, FOREVER)
            until(store.running)
            with pytest.raises(LimitError, match="query_workers"):
                store.query(COUNT, limits=Limits(query_deadline=0.2))
            store.abort(store.running()[0].id)
            assert isinstance(future.exception(10), AbortedError)


def test_closing_ends_the_workers(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    count(store)
    children = {int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()}
    store.close()
    until(lambda: children - {int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()})
    store.close()
