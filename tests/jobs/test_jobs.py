"""Life of a job with real processes: results, progress, log, errors, cancelling, limits, reuse, removal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from earthweave.ontology import NotFoundError, ParameterError
from earthweave.server.jobs import Jobs
from tests.jobs.conftest import alive, eventually, opened, until


def _record(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "run.json").read_text()))


def test_a_job_leaves_its_results_in_its_folder(served: Jobs, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("content")
    job = until(served, served.submit("Task", {"input": source}).id)
    assert (job.state, job.progress, job.stage, job.message, job.error) == ("successful", 100, "done", "done", None)
    assert job.folder.is_relative_to(served.folder) and (job.folder / "copy.txt").read_text() == "content"
    assert {path.name for path in job.folder.iterdir()} == {"copy.txt", "item.json", "prov.ttl", "run.json"}
    assert _record(job.folder)["key"] == job.key
    assert job.started is not None and job.finished is not None and job.created <= job.started <= job.finished
    assert job.memory > 0


def test_progress_and_log_can_be_followed(served: Jobs, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    id = served.submit("task", {"act": "steps", "seconds": 600, "store": gate}).id
    text, end = "", 0
    for step, progress in enumerate((0, 20, 40, 59, 79)):
        job = until(served, id, stage=f"step {step}")
        assert (job.state, job.progress, job.message) == ("running", progress, f"note {step}")
        part = served.log(id, end)
        assert part.text.endswith("\n") and f"step {step} {20 * step}% note {step}" in part.text
        text, end = text + part.text, part.end
        Path(f"{gate}-{step}").touch()
    until(served, id)
    assert text + served.log(id, end).text == served.log(id).text


def test_errors_are_kept_as_they_were_raised(served: Jobs) -> None:
    failed = [served.submit("task", {"act": act}).id for act in ("fail", "bug", "crash")]
    told, bug, crash = (until(served, id) for id in failed)
    assert {one.state for one in (told, bug, crash)} == {"failed"}
    assert told.error == {"type": "ProcessingError", "code": "processing-failed", "what": "it cannot be done",
                          "why": "it was told to fail", "way_out": "tell it otherwise"}  # fmt: skip
    assert bug.error is not None and "ValueError: nobody thought of this" in bug.error["why"]
    assert crash.error is not None and "SIGSEGV" in crash.error["why"]
    assert "Segmentation fault" in served.log(crash.id).text and "Traceback" in served.log(bug.id).text
    for one in (told, bug, crash):
        assert not one.folder.exists() and {path.name for path in one.folder.parent.iterdir()} == {"log"}
    again = until(served, served.submit("task", {}).id)
    assert again.state == "successful"


def test_cancel_kills_native_code_and_what_the_job_started(served: Jobs, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    ids = [served.submit("task", {"act": "native", "seconds": 600}).id,
           served.submit("task", {"act": "fork", "seconds": 600, "traces": traces}).id]  # fmt: skip
    for id in ids:
        until(served, id, stage="working")
    eventually(lambda: traces.is_file() and len(traces.read_text().splitlines()) == 2)
    grandchild = int(traces.read_text().split()[1])
    assert alive(grandchild)
    for id in ids:
        job = served.cancel(id)
        assert job.state == "dismissed"
        assert not job.folder.exists() and not (job.folder.parent / "work").exists()
    eventually(lambda: not alive(grandchild))
    with pytest.raises(ParameterError, match="cannot be cancelled"):
        served.cancel(ids[0])


def test_a_waiting_job_is_taken_back(jobs: Jobs, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    first = jobs.submit("task", {"traces": traces})
    second = jobs.submit("task", {"traces": traces, "store": "elsewhere"})
    assert jobs.cancel(first.id).state == "dismissed"
    with jobs.worker():
        until(jobs, second.id)
    assert traces.read_text() == "run\n"
    assert jobs.get(first.id).state == "dismissed"


@pytest.mark.parametrize(
    ("act", "limits", "code", "name"),
    [
        ("eat", {"job_memory": 300}, "memory-limit", "job_memory"),
        ("native", {"job_time": 2.0}, "deadline", "job_time"),
        ("chatter", {"job_log": 1}, "size-limit", "job_log"),
    ],
)
def test_a_limit_fails_the_job_and_is_named(tmp_path: Path, act: str, limits: dict[str, float], code: str, name: str) -> None:
    jobs = opened(tmp_path / "jobs", **limits)
    with jobs.worker():
        job = until(jobs, jobs.submit("task", {"act": act, "seconds": 600}).id)
    assert job.state == "failed" and job.error is not None
    assert job.error["code"] == code and name in job.error["why"] and f"EARTHWEAVE_{name.upper()}" in job.error["way_out"]
    assert not job.folder.exists()


def test_an_equal_run_is_not_run_again(served: Jobs, tmp_path: Path) -> None:
    source, traces = tmp_path / "in.txt", tmp_path / "traces"
    source.write_text("content")
    given = {"input": source, "traces": traces}
    first = until(served, served.submit("task", given).id)
    second = until(served, served.submit("task", {**given, "act": "copy", "input": tmp_path / "jobs" / ".." / "in.txt"}).id)
    assert (second.state, second.reused_from, second.key) == ("successful", first.id, first.key)
    assert first.id in second.message
    assert _record(second.folder)["reused"]["job"] == first.id  # type: ignore[index]
    assert (second.folder / "copy.txt").read_text() == "content"
    assert traces.read_text() == "run\n"
    source.write_text("changed")
    third = until(served, served.submit("task", given).id)
    assert (third.reused_from, (third.folder / "copy.txt").read_text()) == ("", "changed")
    assert third.key != first.key


@pytest.mark.parametrize("loss", ["changed", "deleted", "record", "removed"])
def test_a_result_that_is_not_as_it_was_is_not_used(served: Jobs, tmp_path: Path, loss: str) -> None:
    first = until(served, served.submit("task", {"traces": tmp_path / "traces"}).id)
    if loss == "changed":
        (first.folder / "item.json").write_text("{}")
    elif loss == "deleted":
        (first.folder / "copy.txt").unlink()
    elif loss == "record":
        (first.folder / "run.json").write_text(json.dumps({**_record(first.folder), "files": {}}))
    else:
        served.remove(first.id)
    second = until(served, served.submit("task", {"traces": tmp_path / "traces"}).id)
    assert (second.state, second.reused_from) == ("successful", "")
    assert (tmp_path / "traces").read_text() == "run\nrun\n"


def test_a_shared_result_outlives_the_job_that_made_it(served: Jobs) -> None:
    first = until(served, served.submit("task", {}).id)
    second = until(served, served.submit("task", {}).id)
    assert second.reused_from == first.id
    assert (second.folder / "copy.txt").samefile(first.folder / "copy.txt")
    assert len([path for path in served.folder.rglob("*") if path.is_file()]) - served.usage().files == 3
    served.remove(first.id)
    third = until(served, served.submit("task", {}).id)
    assert third.reused_from == second.id and (third.folder / "copy.txt").read_text() == "nothing"


def test_equal_jobs_at_once_run_once(served: Jobs, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    given = {"act": "python", "seconds": 600, "store": gate, "traces": tmp_path / "traces"}
    jobs = [served.submit("task", given).id for _ in range(2)]
    stages = {"working", "waiting for the same run in another job"}
    eventually(lambda: {served.get(id).stage for id in jobs} == stages)
    gate.touch()
    done = [until(served, id) for id in jobs]
    assert {one.state for one in done} == {"successful"}
    assert (tmp_path / "traces").read_text() == "run\n"
    assert sorted(one.reused_from for one in done) == sorted(["", next(one.id for one in done if not one.reused_from)])


def test_a_service_that_acts_elsewhere_runs_every_time(served: Jobs, tmp_path: Path) -> None:
    for _ in range(2):
        until(served, served.submit("deed", {"traces": tmp_path / "traces"}).id)
    assert (tmp_path / "traces").read_text() == "run\nrun\n"


def test_no_more_jobs_run_at_the_same_time_than_allowed(tmp_path: Path) -> None:
    jobs = opened(tmp_path / "jobs", job_parallel=1)
    ids = [jobs.submit("task", {"act": "python", "seconds": 0.5, "store": f"{number}"}).id for number in range(3)]
    with jobs.worker():
        done = [until(jobs, id) for id in ids]
    for before, after in zip(done, done[1:], strict=False):
        assert before.finished is not None and after.started is not None and before.finished <= after.started


def test_jobs_are_listed_counted_and_removed(served: Jobs) -> None:
    good, bad = (until(served, served.submit("task", {"act": act}).id) for act in ("copy", "fail"))
    assert [one.id for one in served.list()] == [bad.id, good.id]
    assert [one.id for one in served.list("failed")] == [bad.id]
    assert served.list(service="deed") == ()
    assert len(served.list(most=1)) == 1
    used, mine = served.usage(), served.usage(good.id)
    assert 0 < mine.bytes < used.bytes and mine.files == 5
    served.remove(good.id)
    assert not good.folder.parent.exists() and served.usage(good.id).files == 0
    with pytest.raises(NotFoundError, match=good.id):
        served.get(good.id)
    with pytest.raises(ParameterError, match="state = lost"):
        served.list("lost")


def test_parameters_are_checked_before_anything_waits(jobs: Jobs) -> None:
    with pytest.raises(ParameterError, match="act = 'dance'"):
        jobs.submit("task", {"act": "dance"})
    with pytest.raises(ParameterError, match="output_path"):
        jobs.submit("task", {"output_path": "/tmp/elsewhere"})
    with pytest.raises(NotFoundError, match="'dance'"):
        jobs.submit("dance", {})
    assert jobs.list() == ()


def test_estimates_come_from_the_service(jobs: Jobs) -> None:
    found = jobs.estimate("task", {"seconds": 7})
    assert found is not None and (found.seconds, found.note) == (7, "as told")
    assert jobs.estimate("deed", {}) is None


def test_jobs_that_wait_or_run_stay(jobs: Jobs) -> None:
    job = jobs.submit("task", {})
    for call in (jobs.remove, jobs.restart):
        with pytest.raises(ParameterError, match="accepted|cannot"):
            call(job.id)
    assert jobs.log(job.id).text == ""
