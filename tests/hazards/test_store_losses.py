"""Processes that are killed and disks that are full: what was there stays there, and the error says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from earthweave.ontology import RdfSyntaxError, StoreError
from earthweave.server.store import RunningQuery, Store, open_store

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c + ?f + ?i + ?l = -1) }"
KEPT = 3000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("losses") / "store") as opened:
        opened.update("INSERT DATA {" + "".join(f"<http://e/{i}> <http://e/p> {i} ." for i in range(KEPT)) + "}")
        yield opened


@pytest.fixture(autouse=True)
def unharmed(store: Store) -> Iterator[None]:
    """After every loss the store is what it was, without leftovers, and can be written to."""
    before = store.statistics()
    yield
    assert store.statistics() == before
    assert count(store) == KEPT
    assert not list((store.path / "staging").iterdir())
    store.update("INSERT DATA { <http://e/new> <http://e/p> 1 }")
    store.update("DELETE DATA { <http://e/new> <http://e/p> 1 }")
    assert count(store) == KEPT


def count(store: Store) -> int:
    return int(store.query(COUNT).table.to_pylist()[0]["n"]["value"])


def running(store: Store, kind: str) -> RunningQuery:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for one in store.running():
            if one.kind == kind:
                return one
        time.sleep(0.01)
    raise AssertionError(f"no {kind} began")


def lines(number: int, stop: threading.Event | None = None) -> Iterator[bytes]:
    for k in range(number):
        if stop and stop.is_set():
            return
        yield b"".join(b"<http://e/%d/%d> <http://e/p> <http://e/o> .\n" % (k, i) for i in range(5000))


@pytest.mark.parametrize("wait", [0.0, 0.3])
def test_a_reader_that_is_killed_is_told_as_such(store: Store, wait: float) -> None:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.query, FOREVER)
        victim = running(store, "query")
        time.sleep(wait)
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(StoreError, match=r"the worker process of the query ended with status -9\nsomething killed it"):
            future.result(10)
    assert store.running() == ()


@pytest.mark.parametrize("wait", [0.0, 0.3, 1.0])
def test_a_writer_that_is_killed_in_a_load_loses_nothing(store: Store, wait: float) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.load_quads, lines(10**6, stop), name="endless")
        try:
            victim = running(store, "load")
            time.sleep(wait)
            os.kill(victim.pid, signal.SIGKILL)
            with pytest.raises(StoreError, match="the worker process of the load ended with status -9"):
                future.result(20)
        finally:
            stop.set()


def test_a_writer_that_is_killed_in_an_update_loses_nothing(store: Store) -> None:
    text = "INSERT { ?a <http://e/q> ?d } WHERE { ?a ?b ?c . ?d ?e ?f FILTER(?c < 600) }"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.update, text)
        os.kill(running(store, "update").pid, signal.SIGKILL)
        with pytest.raises(StoreError, match="the worker process of the update ended with status -9"):
            future.result(20)


FULL = """
import resource, sys
from earthweave.ontology import EarthweaveError
from earthweave.server.store import open_store
with open_store(sys.argv[1]) as store:
    store.query("ASK {}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    lines = (b"".join(b"<http://e/%d/%d> <http://e/p> \\"%d\\" .\\n" % (k, i, k * i) for i in range(5000)) for k in range(40))
    for work in (lambda: store.load_quads(lines, name="much"), lambda: store.backup(sys.argv[3])):
        try:
            work()
        except EarthweaveError as error:
            print(type(error).__name__, "|", error.what, "|", error.why, "|", error.way_out)
    print(store.query("ASK { <http://e/7> <http://e/p> 7 }").boolean)
"""


@pytest.mark.parametrize("size", [0, 4096, 200_000, 2_000_000])
def test_a_file_that_cannot_grow_ends_the_load_and_nothing_else(store: Store, tmp_path: Path, size: int) -> None:
    """Stands for a full disk: the system refuses to write on, wherever the load has got to."""
    command = [sys.executable, "-c", FULL, str(store.path), str(size), str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *told, alive = done.stdout.splitlines()
    what = ["the store cannot be written; nothing has changed in it", "the copy of the store cannot be written; the store is as it was"]
    assert told == [f"StoreError | {one} | File too large | make space on its disk and try again" for one in what[: 1 + (size < 10_000)]]
    assert (tmp_path / "kept").exists() == (size > 10_000)
    assert alive == "True"


def test_a_load_that_may_be_resumed_goes_on_behind_its_finished_files(tmp_path: Path) -> None:
    (tmp_path / "one.nt").write_bytes(b"".join(lines(2)))
    (tmp_path / "two.nt").write_bytes(b"nonsense\n")
    with open_store(tmp_path / "other") as other:
        files = [tmp_path / "one.nt", tmp_path / "two.nt"]
        with pytest.raises(RdfSyntaxError, match=r"two\.nt, line 1"):
            other.load(files, strict=True, resume=True)
        assert other.statistics().triples == 0
        (tmp_path / "two.nt").write_bytes(b"<http://e/a> <http://e/b> <http://e/c> .\n")
        report = other.load(files, strict=True, resume=True)
        assert [(one.name, one.triples, one.resumed) for one in report.files] == [("one.nt", 10_000, True), ("two.nt", 1, False)]
        assert count(other) == 10_001
        assert not (tmp_path / "other" / "interrupted").exists()
