"""The limits of jobs, one row each: name, default, unit, help."""

from __future__ import annotations

from dataclasses import dataclass

from earthweave.ontology import setting


@dataclass(frozen=True)
class JobLimits:
    """What a job may cost and how many run; reaching a limit fails the job with an error that names it."""

    job_parallel: int = setting(2, unit="jobs", help="jobs that run at the same time")
    job_time: float = setting(21_600.0, unit="s", help="wall time after which a job is killed")
    job_memory: int = setting(4096, unit="MiB", help="memory that a job and the processes it starts may take together")
    job_log: int = setting(64, unit="MiB", help="log of one job, after which it is killed")
    job_disk: int = setting(
        102_400, unit="MiB", help="room that all jobs with their results may take; above it none is taken and those that run are killed"
    )
