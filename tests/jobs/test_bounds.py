"""What jobs may read and how much they may leave: folders that are open to strangers, and room on the disk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import ParameterError, SizeLimitError
from earthweave.server.jobs import Jobs
from tests.jobs.conftest import opened, until

AREA = "POLYGON((150 -33, 151 -33, 151 -34, 150 -33))"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An open folder with a file, a link that leads out of it, and a file that nobody shall read."""
    (tmp_path / "open" / "deep").mkdir(parents=True)
    (tmp_path / "open" / "deep" / "in.txt").write_text("content")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "open" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "opener").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "said",
    [
        lambda place: {"input": place / "open" / "deep" / "in.txt"},
        lambda place: {"input": place / "open" / "deep" / ".." / "deep" / "in.txt", "aoi": AREA},
        lambda place: {"input": place / "open", "aoi": str(place / "open" / "deep" / "in.txt")},
        lambda place: {"input": place / "open" / "not-there-yet.txt", "aoi": "anywhere"},
        lambda place: {},
    ],
)
def test_what_lies_below_a_root_may_be_named(jobs: Jobs, place: Path, said: Callable[[Path], dict[str, Any]]) -> None:
    assert jobs.submit("task", said(place), roots=[place / "elsewhere", place / "open"]).state == "accepted"
    assert jobs.estimate("task", said(place), roots=[place / "open"]) is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("input", lambda place: place / "secret.txt"),
        ("input", lambda place: place / "open" / ".." / "secret.txt"),
        ("input", lambda place: place / "open" / "link.txt"),
        ("input", lambda place: place / "opener"),
        ("input", lambda place: "~nobody-has-this-name/in.txt"),
        ("input", lambda place: "~/in.txt"),
        ("aoi", lambda place: str(place / "secret.txt")),
        ("aoi", lambda place: "/not/there.geojson"),
        ("store", lambda place: place / "store"),
        ("traces", lambda place: place / "traces"),
    ],
)
def test_what_lies_elsewhere_is_refused_before_anything_waits(jobs: Jobs, place: Path, name: str, said: Callable[[Path], Any]) -> None:
    for roots in ([place / "open"], []):
        for ask in (jobs.submit, jobs.estimate):
            with pytest.raises(ParameterError, match=f"{name} = ") as caught:
                ask("task", {name: said(place)}, roots=roots)
            assert "EARTHWEAVE_INPUT_ROOTS" in caught.value.way_out
    assert jobs.list() == ()


def test_without_roots_everything_may_be_named(jobs: Jobs, place: Path) -> None:
    assert jobs.submit("task", {"input": place / "secret.txt"}).state == "accepted"


def test_a_note_stays_with_its_job(served: Jobs) -> None:
    note = {"response": "document", "outputs": ["copy"], "title": "naïve ☂"}
    first, second = served.submit("task", {}, note=note), served.submit("deed", {})
    assert (first.note, second.note) == (note, {})
    assert until(served, first.id).describe()["note"] == note


def test_a_job_that_fills_the_disk_is_killed_and_its_room_is_free_again(tmp_path: Path) -> None:
    jobs = opened(tmp_path / "jobs", job_disk=20)
    with jobs.worker():
        job = until(jobs, jobs.submit("task", {"act": "fill", "seconds": 60}).id)
        assert job.state == "failed" and job.error is not None
        assert job.error["code"] == "size-limit" and "job_disk is 20 MiB" in job.error["why"]
        assert job.id in job.error["what"] and "EARTHWEAVE_JOB_DISK" in job.error["way_out"]
        assert not job.folder.exists() and jobs.usage(job.id).bytes < 1 << 20
        assert until(jobs, jobs.submit("task", {}).id).state == "successful"


def test_no_job_is_taken_when_the_room_is_used_up(tmp_path: Path) -> None:
    jobs = opened(tmp_path / "jobs", job_disk=2)
    with jobs.worker():
        first = until(jobs, jobs.submit("task", {}).id)
    (first.folder / "large").write_bytes(b"x" * (3 << 20))
    with pytest.raises(SizeLimitError, match="no job can be taken") as caught:
        jobs.submit("task", {})
    assert "earthweave job remove" in caught.value.way_out and len(jobs.list()) == 1
    jobs.remove(first.id)
    assert jobs.submit("task", {}).state == "accepted"


def test_a_table_of_the_first_format_is_taken_over(jobs: Jobs) -> None:
    kept = jobs.submit("task", {"store": "kept"})
    with closing(sqlite3.connect(jobs.folder / "jobs.db")) as database, database:
        database.execute("alter table job drop column note")
        database.execute("pragma user_version=1")
    again = opened(jobs.folder)
    assert again.get(kept.id) == kept and again.submit("task", {}, note={"a": 1}).note == {"a": 1}
    with closing(sqlite3.connect(jobs.folder / "jobs.db")) as database:
        assert database.execute("pragma user_version").fetchone() == (2,)
        assert json.loads(database.execute("select note from job where id = ?", (kept.id,)).fetchone()[0]) == {}
