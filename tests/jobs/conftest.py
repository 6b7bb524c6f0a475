"""Jobs on disk with a real worker process, and a registry of services that misbehave as told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earthweave.server.jobs import Job, JobLimits, Jobs

REGISTRY = "tests.jobs.services:registry"
ROOT = Path(__file__).resolve().parents[2]
Until = Callable[..., Job]


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let child processes find the registry."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def opened(folder: Path, **limits: Any) -> Jobs:
    """The jobs of a folder with these limits."""
    return Jobs(folder, JobLimits(**limits), REGISTRY)


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    """Jobs without a worker."""
    return opened(tmp_path / "jobs")


@pytest.fixture
def served(jobs: Jobs) -> Iterator[Jobs]:
    """The same with a worker."""
    with jobs.worker():
        yield jobs


def until(jobs: Jobs, id: str, *, stage: str = "") -> Job:
    """The job once it has ended, or once it is at a stage."""

    def there() -> bool:
        job = jobs.get(id)
        return job.ended or bool(stage and job.stage == stage)

    eventually(there, lambda: f"{jobs.get(id)}; its log: {jobs.log(id).text}")
    return jobs.get(id)


def eventually(true: Callable[[], bool], told: Callable[[], str] = str) -> None:
    """Wait until something is true; so long at most that even a machine with much else to do gets there."""
    end = time.monotonic() + 180
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """True if a process runs (a dead one that nobody waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
