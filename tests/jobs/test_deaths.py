"""What remains when server, worker or table die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from earthweave.ontology import ProcessingError, StoreError
from earthweave.server.jobs import Jobs
from tests.jobs.conftest import REGISTRY, ROOT, alive, eventually, opened, until

SERVER = f"""
import sys, time
from pathlib import Path
from earthweave.server.jobs import JobLimits, Jobs
jobs = Jobs(Path(sys.argv[1]), JobLimits(), {REGISTRY!r})
with jobs.worker() as worker:
    job = jobs.submit("task", {{"act": "python", "seconds": 600, "store": sys.argv[2]}})
    print(worker, job.id, flush=True)
    time.sleep(600)
"""


def _child_of(worker: int) -> int:
    children = Path(f"/proc/{worker}/task").glob("*/children")
    return int(" ".join(path.read_text() for path in children).split()[0])


def _leaves(pid: int) -> None:
    """Wait until a process has ended."""
    eventually(lambda: not alive(pid), lambda: f"{pid} runs on")


@pytest.mark.parametrize("act", ["python", "native"])
def test_jobs_of_a_killed_worker_are_told_and_can_be_run_again(tmp_path: Path, act: str) -> None:
    jobs = opened(tmp_path / "jobs", job_parallel=1)
    gate = tmp_path / "gate"
    given = {"act": act, "seconds": 600, "store": gate, "traces": tmp_path / "traces"}
    with jobs.worker() as worker:
        id, waiting = jobs.submit("task", given).id, jobs.submit("task", {}).id
        until(jobs, id, stage="working")
        child = _child_of(worker)
        os.kill(worker, signal.SIGKILL)
        for process in (worker, child):
            _leaves(process)
    job = jobs.get(id)
    assert (job.state, job.message) == ("failed", f"job {id} failed, its worker died")
    assert job.error is not None and f"earthweave job restart {id}" in job.error["way_out"]
    assert not job.folder.exists()
    assert not jobs.served
    assert jobs.restart(id).state == "accepted"
    gate.touch()
    with jobs.worker():
        assert until(jobs, id).state == "successful"
        assert until(jobs, waiting).state == "successful"
    assert (tmp_path / "traces").read_text() == "run\nrun\n"
    assert not (job.folder.parent / "work").exists()


def test_a_new_worker_tells_of_the_jobs_of_the_old_one(jobs: Jobs) -> None:
    with jobs.worker() as worker:
        id = jobs.submit("task", {"act": "python", "seconds": 600}).id
        until(jobs, id, stage="working")
        os.kill(worker, signal.SIGKILL)
        _leaves(worker)
    with jobs.worker():
        assert until(jobs, jobs.submit("task", {}).id).state == "successful"
        assert jobs.get(id).state == "failed"


def test_jobs_survive_a_killed_server(tmp_path: Path) -> None:
    folder, gate = tmp_path / "jobs", tmp_path / "gate"
    with subprocess.Popen([sys.executable, "-c", SERVER, folder, gate], stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        worker, id = server.stdout.readline().split()
        jobs = opened(folder)
        until(jobs, id, stage="working")
        server.kill()
    assert jobs.get(id).state == "running"
    gate.touch()
    assert until(jobs, id).state == "successful"
    # the worker of a server that is gone leaves
    _leaves(int(worker))
    late = jobs.submit("task", {"store": "other"})
    assert jobs.get(late.id).state == "accepted"
    with jobs.worker():
        assert until(jobs, late.id).state == "successful"


def test_a_folder_has_one_worker(served: Jobs) -> None:
    until(served, served.submit("task", {}).id)
    with pytest.raises(ProcessingError, match="already") as caught:
        served.work()
    assert "job_parallel" in caught.value.way_out


def test_a_result_that_was_complete_is_not_made_again(jobs: Jobs, tmp_path: Path) -> None:
    """Its worker may have died between the renaming and the note in the table."""
    with jobs.worker():
        job = until(jobs, jobs.submit("task", {"traces": tmp_path / "traces"}).id)
    jobs._table.change(job.id, only=("successful",), state="failed")
    jobs.restart(job.id)
    with jobs.worker():
        again = until(jobs, job.id)
    assert (again.state, again.reused_from, again.message) == ("successful", "", "done before its worker died")
    assert (tmp_path / "traces").read_text() == "run\n"


def test_interrupted_removals_are_finished(jobs: Jobs) -> None:
    left = jobs.folder / "jobs" / ".removed-x"
    left.mkdir()
    (left / "log").write_text("x")
    with jobs.worker():
        until(jobs, jobs.submit("task", {}).id)
    assert not left.exists()


@pytest.mark.parametrize("where", [0, 4096])
def test_a_damaged_table_is_named(jobs: Jobs, where: int) -> None:
    for number in range(30):
        jobs.submit("task", {"store": str(number)})
    with (jobs.folder / "jobs.db").open("r+b") as stream:
        stream.seek(where)
        stream.write(b"\xa5" * 8192)
    for name in ("jobs.db-wal", "jobs.db-shm"):
        (jobs.folder / name).unlink(missing_ok=True)
    with pytest.raises(StoreError, match="damaged") as caught:
        opened(jobs.folder).list()
    assert "results stay" in caught.value.way_out


def test_a_table_of_another_version_is_refused(jobs: Jobs) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(jobs.folder / "jobs.db")) as database:
        database.execute("pragma user_version=99")
    with pytest.raises(StoreError, match="format 99"):
        opened(jobs.folder)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder of jobs below"):
        opened(tmp_path / "file" / "below")


READER = """
import os, sys
from pathlib import Path
from tests.jobs.conftest import opened
os.getuid() or os.setuid(65534)
opened(Path(sys.argv[1]))
"""


def test_a_read_only_folder_is_named() -> None:
    with TemporaryDirectory() as place:
        folder = Path(place, "jobs")
        opened(folder)
        for path in (*folder.rglob("*"), folder, folder.parent):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run([sys.executable, "-c", READER, folder], cwd=ROOT, capture_output=True, text=True)
        for path in (folder.parent, folder, *folder.rglob("*")):
            path.chmod(0o755)
    assert done.returncode == 1
    assert "StoreError" in done.stderr and "may you write there" in done.stderr, done.stderr
