"""OGC API – Processes over jobs: descriptions and forms from the descriptors of services, executions, jobs, results.

::

    /processes           /processes/ID            /processes/ID/execution
    /jobs                /jobs/ID                 /jobs/ID/results/FILE      /jobs/ID/log      /jobs/ID/restart
"""

from ._desk import Desk, Processes
from ._openapi import describe
from ._routes import blueprint, landing

__all__ = ["Desk", "Processes", "blueprint", "describe", "landing"]
