"""``job submit|list|show|log|cancel|restart|remove|worker``: services that run in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from earthweave.ontology import Progress
from earthweave.processing import ServiceSpec
from earthweave.processing.frame import extra
from earthweave.server.jobs import STATES, Job, JobLimits, Jobs
from earthweave.server.settings import JobSettings, read

from ._console import Outcome, Reporter, text_table, verb
from ._process_verbs import Services, said, service_command

REGISTRY = "earthweave.server.workflows:registry"
"""What jobs can run."""
_LOOK = 0.3
"""Seconds between two looks at a job."""

jobs_option = click.option("--jobs", "folder", metavar="DIR", help="Folder of the jobs (or set EARTHWEAVE_JOBS_FOLDER).")


def open_jobs(folder: str | None = None) -> Jobs:
    """The jobs of the folder that is said or set."""
    return Jobs(Path(read(JobSettings, {"jobs_folder": folder}).jobs_folder), read(JobLimits), REGISTRY)


class _Submissions(Services):
    """The same commands, but each submits a job."""

    def made(self, spec: ServiceSpec) -> click.Command:
        """The command that submits a job of one service."""
        command = service_command(spec, work=_submitter(spec))
        suffixes = extra(spec.parameters, "output_path").get("suffixes", ())
        command.params = [one for one in command.params if suffixes or one.name != "output_path"]
        for one in command.params:
            if isinstance(one, click.Option) and one.name == "output_path":
                one.help = f"name of the file among the results, which ends in {', '.join(suffixes)}  [default: {spec.id}{suffixes[0]}]"
        command.params += [
            click.Option(["--wait", "waiting"], is_flag=True, help="Stay until the job has ended, and show its progress."),
            click.Option(["--jobs", "folder"], metavar="DIR", help="Folder of the jobs (or set EARTHWEAVE_JOBS_FOLDER)."),
        ]
        return command


def _submitter(spec: ServiceSpec) -> Callable[..., Outcome]:
    def submit(waiting: bool, folder: str | None, **given: Any) -> Outcome:
        jobs = open_jobs(folder)
        made = jobs.submit(spec.id, said(given))
        idle = () if jobs.served else (f"no worker runs in {jobs.folder}: start one with `earthweave job worker`",)
        if waiting:
            made = _watched(jobs, made.id)
        return Outcome(made.describe(), "\n".join(_lines(made)) if waiting else made.id, notices=idle)

    return submit


def _watched(jobs: Jobs, id: str) -> Job:
    """Show the progress of a job until it has ended."""
    with Reporter() as reporter:
        while not (found := jobs.get(id)).ended:
            reporter(Progress(found.stage or found.state, found.progress / 100, found.message))
            time.sleep(_LOOK)
    return found


@click.group()
def job() -> None:
    """Run services as jobs, each in a process of its own that can be watched and cancelled.

    \b
    Begin here:
      earthweave job worker                          in one terminal: runs what is submitted
      earthweave job submit s2-cd -i1 A -i2 B        in another: prints the id of the job
      earthweave job submit s2-cd -i1 A -i2 B --wait the same, and stays until it has ended
      earthweave job log ID --follow                 what it says, as it says it
      earthweave job show ID                         state, progress, error, results

    A job whose service, version, parameters and input contents a finished job has, gets that job's result at once. Jobs outlive the
    terminal and the server; those of a worker that was killed are listed as failed and can be restarted. The limits job_time,
    job_memory, job_log, job_disk and job_parallel are settings (EARTHWEAVE_JOB_…); the folder is --jobs DIR or EARTHWEAVE_JOBS_FOLDER.
    """


@job.group(cls=_Submissions)
def submit() -> None:
    """Submit a service as a job and print the id of the job.

    The options are those of `earthweave process run SERVICE` (`SERVICE --help` says them), but for the folder of the results, which is
    the job's own; a service that writes one file takes its name.
    """


@job.command("list")
@click.option("--state", type=click.Choice(STATES), help="Jobs in this state alone.")
@click.option("--service", help="Jobs of this service alone.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Most jobs that are shown.")
@jobs_option
@verb
def list_(state: str | None, service: str | None, limit: int, folder: str | None) -> Outcome:
    """List jobs, the latest first, and the room that all take on the disk.

    States: accepted (waits), running, successful, failed, dismissed (cancelled).
    """
    jobs = open_jobs(folder)
    found, used = jobs.list(state, service, limit), jobs.usage()
    rows = [[one.id, one.service, one.state, f"{one.progress} %", f"{one.created:%Y-%m-%d %H:%M}", one.stage] for one in found]
    table = text_table(["id", "service", "state", "done", "submitted", "stage"], rows)
    size = f"{used.files} files, {used.bytes / 2**20:,.1f} MiB in {jobs.folder}"
    result = {"jobs": [one.describe() for one in found], "files": used.files, "bytes": used.bytes, "worker": jobs.served}
    return Outcome(result, "\n".join([*table, size]))


@job.command()
@click.argument("id")
@jobs_option
@verb
def show(id: str, folder: str | None) -> Outcome:
    """Show a job: state, progress, error with a way out, time, memory, parameters, results."""
    jobs = open_jobs(folder)
    found, used = jobs.get(id), jobs.usage(id)
    return Outcome({**found.describe(), "files": used.files, "bytes": used.bytes}, "\n".join(_lines(found)))


def _lines(found: Job) -> list[str]:
    """A job for people."""
    lines = [f"job {found.id}: {found.service} {found.version}", f"  {found.state}, {found.progress} % {found.stage}: {found.message}"]
    if found.error:
        lines += [f"  {label}: {found.error[name]}" for label, name in (("why", "why"), ("try", "way_out")) if found.error[name]]
    if found.started and found.finished:
        lines.append(f"  {(found.finished - found.started).total_seconds():.1f} s, {found.memory:,} MiB at the peak")
    lines += [f"  {name} = {value}" for name, value in sorted(found.parameters.items())]
    if found.state == "successful":
        lines += [f"  result: {path}" for path in sorted(found.folder.iterdir())]
    return lines


@job.command()
@click.argument("id")
@click.option("--follow", is_flag=True, help="Go on until the job has ended.")
@jobs_option
@verb
def log(id: str, follow: bool, folder: str | None) -> Outcome:
    """Print the log of a job: a line per stage and tenth of it, and why it failed."""
    jobs, end = open_jobs(folder), 0
    while True:
        ended = jobs.get(id).ended
        while (part := jobs.log(id, end)).text:
            click.echo(part.text, nl=False)
            end = part.end
        if ended or not follow:
            return Outcome({"id": id, "bytes": end})
        time.sleep(_LOOK)


@job.command()
@click.argument("id")
@jobs_option
@verb
def cancel(id: str, folder: str | None) -> Outcome:
    """Take back a job that waits, or kill one that runs with all its processes; nothing half-made stays."""
    found = open_jobs(folder).cancel(id)
    return Outcome(found.describe(), f"job {id}: {found.message}")


@job.command()
@click.argument("id")
@jobs_option
@verb
def restart(id: str, folder: str | None) -> Outcome:
    """Run a job that failed or was cancelled again, with the same parameters and the same id."""
    jobs = open_jobs(folder)
    found = jobs.restart(id)
    idle = () if jobs.served else (f"no worker runs in {jobs.folder}: start one with `earthweave job worker`",)
    return Outcome(found.describe(), f"job {id}: {found.message}", notices=idle)


@job.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@jobs_option
@verb
def remove(ids: tuple[str, ...], folder: str | None) -> Outcome:
    """Forget jobs that have ended: log and results go with them; results that other jobs share stay with those."""
    jobs = open_jobs(folder)
    before = jobs.usage().bytes
    for id in ids:
        jobs.remove(id)
    freed = before - jobs.usage().bytes
    return Outcome({"removed": list(ids), "bytes": freed}, f"{len(ids)} removed, {freed / 2**20:,.1f} MiB freed")


@job.command()
@jobs_option
@verb
def worker(folder: str | None) -> Outcome:
    """Run the jobs of a folder, until Ctrl-C: then running jobs are finished; after a second Ctrl-C they are not."""
    jobs = open_jobs(folder)
    click.echo(f"jobs of {jobs.folder}, {jobs.limits.job_parallel} at the same time; stop with Ctrl-C", err=True)
    jobs.work()
    return Outcome(None)
