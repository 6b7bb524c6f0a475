"""A disk that is full at every step of every piece of work: that says so, nothing of it is seen, readers go on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks._full_disk import Attempt, run_attempts, run_killed, small_disk


@pytest.fixture(scope="module")
def disk() -> tuple[str, ...]:
    try:
        return small_disk(48)
    except OSError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")


def test_what_does_not_fit_is_refused_whole(disk: tuple[str, ...]) -> None:
    found = run_attempts(disk)
    by_work: dict[str, list[Attempt]] = {}
    for one in found:
        by_work.setdefault(one.work, []).append(one)
    assert len(by_work) == 11
    for work, attempts in by_work.items():
        *refused, done = attempts
        # without any room nothing can be written, and with enough all can, in the same store that was full
        assert refused and not done.refused, work
        for one in refused:
            what, why, way_out = one.refused
            assert "cannot be written" in what and why and "make space" in way_out, one
        assert all(one.answers and one.clean for one in attempts), work


def test_a_kill_on_a_full_disk_loses_nothing_that_was_acknowledged(disk: tuple[str, ...]) -> None:
    found = run_killed(disk, 1)
    assert found["begun"] == found["whole"]
    assert set(found["acknowledged"]) <= set(found["full"]) <= set(found["whole"])
    assert len(found["acknowledged"]) > 10


READ_ONLY = """
import subprocess, sys
from pathlib import Path
from earthweave.ontology import EarthweaveError
from earthweave.server.store import open_store
folder = Path("/mnt/store")
with open_store(folder) as store:
    store.update("INSERT DATA { <http://e/a> <http://e/p> 1 }")
    (folder / "run" / "0123456789ab.json").write_text("")
    subprocess.run(["mount", "-o", "remount,ro", "/mnt"], check=True)
    for one in (store, open_store(folder, create=False)):
        print(one.query("ASK { <http://e/a> <http://e/p> 1 }").boolean, one.census().whole.triples, one.running())
        for work in (lambda: one.update("CLEAR ALL"), lambda: one.load_quads([], name="none"), lambda: one.backup("/mnt/kept"),
                     lambda: one.export("/mnt/all.nq")):
            try:
                work()
            except EarthweaveError as error:
                print(type(error).__name__, "|", error.what, "|", error.why, "|", error.way_out)
        one.close()
"""


def test_a_disk_that_is_read_only_is_read(disk: tuple[str, ...]) -> None:
    done = subprocess.run([*disk, sys.executable, "-c", READ_ONLY], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    warm, fresh = done.stdout.splitlines()[:5], done.stdout.splitlines()[5:]
    assert warm == fresh
    assert warm[0] == "True 1 ()"
    whats = ["the store cannot be written; nothing has changed in it"] * 2
    whats += ["the copy of the store cannot be written; the store is as it was", "all.nq cannot be written"]
    told = "Read-only file system | make it writable and try again, or write to a copy"
    assert warm[1:] == [f"StoreError | {what} | {told}" for what in whats]
