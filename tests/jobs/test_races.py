"""What happens between two steps: others that come at the same time, and deaths at the worst moment."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from earthweave.processing.frame import content_key
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.jobs import _child as child
from earthweave.server.jobs._folders import Folders
from earthweave.server.jobs._job import Job
from earthweave.server.jobs._queue import Queue
from earthweave.server.jobs._room import Room
from earthweave.server.jobs._runner import Runner
from earthweave.server.jobs._services import find, placed
from earthweave.server.jobs._table import Table
from earthweave.server.jobs._worker import Worker, _refill
from earthweave.server.processes._memory import resident
from tests.jobs.conftest import REGISTRY, ROOT, eventually, until


def _waiting(jobs: Jobs) -> int:
    return int(jobs._queue._huey.pending_count())


def test_who_makes_the_table_waits_for_others_who_do(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    later = threading.Timer(0.3, other.execute, ("commit",))
    later.start()
    assert Table(Folders(tmp_path)).list() == ()
    later.join()
    other.close()


def test_a_clock_that_jumps_back_does_not_mix_up_the_order(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for now in (3_000_000_000, 1_000_000_000, 2_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now * 10**9)
        ids.append(jobs.submit("task", {}).id)
    assert [one.id for one in jobs.list()] == ids[::-1]
    assert [one.id for one in jobs.list("accepted", "task", 2)] == ids[:0:-1]


class _Claims(Table):
    """A table in which another thread of the worker begins a job just after one was claimed."""

    other: threading.Thread | None = None

    def claim(self, id: str, worker: str) -> bool:
        done = super().claim(id, worker)
        if self.other is None:
            self.other = threading.Thread(target=self.runner.run, args=("nobody",))
            self.other.start()
            self.other.join(1)
        return done

    runner: Runner


def test_a_job_that_was_just_claimed_is_not_taken_for_a_lost_one(jobs: Jobs) -> None:
    class Quick(Runner):
        def _run(self, job: Job) -> None:
            self.table.end(job.id, "successful", "done")

    id, folders = jobs.submit("task", {}).id, Folders(jobs.folder)
    table = _Claims(folders)
    table.runner = Quick(table, folders, JobLimits(), REGISTRY, "worker", Room(folders, 1))
    table.runner.run(id)
    assert table.other is not None
    table.other.join(60)
    assert (jobs.get(id).state, jobs.log(id).text) == ("successful", "")


def test_what_is_submitted_while_a_worker_begins_is_not_lost(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    clear = Queue.clear

    def submitted(queue: Queue) -> None:
        jobs.submit("task", {})
        clear(queue)

    monkeypatch.setattr(Queue, "clear", submitted)
    monkeypatch.setattr(Worker, "_serve", lambda *_: None)
    jobs.work()
    assert _waiting(jobs) == 1


def test_a_job_whose_submitter_died_before_it_was_queued_is_found(jobs: Jobs) -> None:
    jobs._table.add("task", "1.0", {}, {})
    assert _waiting(jobs) == 0
    for _ in range(2):
        _refill(jobs._queue, jobs._table)
        assert _waiting(jobs) == 1


def test_a_job_is_told_as_it_was_before_a_worker_took_it(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Queue.put

    def taken(queue: Queue, id: str) -> None:
        put(queue, id)
        jobs._table.claim(id, "worker")

    monkeypatch.setattr(Queue, "put", taken)
    job = jobs.submit("task", {})
    assert (job.state, jobs._table.get(job.id).state) == ("accepted", "running")
    jobs._table.end(job.id, "failed", "x")
    assert jobs.restart(job.id).state == "accepted"


def test_a_result_that_is_removed_while_it_is_taken_is_made_anew(served: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    first = until(served, served.submit("task", {}).id)
    share, folders, spec = child.share, Folders(served.folder), find(REGISTRY, "task")
    values = placed(spec, {}, folders.work("second"))

    def removed(*given: object) -> None:
        served.remove(first.id)
        share(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(child, "share", removed)
    with Path(os.devnull).open("wb") as nobody:
        child.Run("second", folders, spec, values, child.Events(nobody.fileno())).do()
    assert content_key(spec, values) == first.key
    assert (folders.result("second") / "copy.txt").read_text() == "nothing"


def test_a_removal_that_was_broken_off_is_no_hindrance(jobs: Jobs) -> None:
    id = jobs.submit("task", {}).id
    jobs.cancel(id)
    for name in (id, f".removed-{id}"):
        (jobs.folder / "jobs" / name).mkdir()
        (jobs.folder / "jobs" / name / "log").write_text("x")
    jobs.remove(id)
    assert list((jobs.folder / "jobs").iterdir()) == []


BESIDE = f"""
import sys
from pathlib import Path
from earthweave.server.jobs import JobLimits, Jobs
jobs = Jobs(Path(sys.argv[1]), JobLimits(), {REGISTRY!r})
with jobs.worker() as worker:
    print(worker, flush=True)
    sys.stdin.read()
"""


def test_a_worker_beside_a_server_ends_in_good_order(jobs: Jobs) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", BESIDE, jobs.folder], text=True, cwd=ROOT, **pipes) as server:  # type: ignore[call-overload]
        worker = int(server.stdout.readline())
        until(jobs, jobs.submit("task", {}).id)
        os.kill(worker, signal.SIGTERM)
        eventually(lambda: not jobs.served)
        _, said = server.communicate("")
    assert said == ""


def test_a_process_that_cannot_be_looked_at_weighs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1" / "stat").mkdir(parents=True)
    monkeypatch.setattr("earthweave.server.processes._memory.Path", lambda _: tmp_path)
    assert resident(1) == 0
