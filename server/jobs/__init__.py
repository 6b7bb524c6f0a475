"""Jobs: services that run in processes of their own, can be watched and cancelled, and outlive the server.

::

    jobs = Jobs(folder, JobLimits(), "package.module:function")     the function returns the services
    with jobs.worker():                                             or `earthweave job worker` elsewhere
        job = jobs.submit("s2-cd", {"input1": …})
        jobs.get(job.id).progress, jobs.log(job.id).text, jobs.cancel(job.id)

A job whose content key (service, version, parameters, contents of the inputs) a finished job has, gets that job's result.

Limits of this release: one machine; memory is the sum over the processes of a job of what they wrote to, so what a fork shares counts
twice; a process that leaves the process group of its job is not killed with it; Linux alone.
"""

from ._job import STATES, Job, LogPart, State, Usage
from ._jobs import Jobs
from ._limits import JobLimits

__all__ = ["STATES", "Job", "JobLimits", "Jobs", "LogPart", "State", "Usage"]
