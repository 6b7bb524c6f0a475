"""What can be run in the tests of processes: the services of the processing room, the tasks of the tests of jobs, one of two outputs."""

from __future__ import annotations

import json
from dataclasses import replace

from earthweave.processing import Output, ServiceSpec, services
from earthweave.processing.frame import Context, Outcome
from tests.jobs import services as tasks


def _pair(p: tasks.Task, context: Context) -> Outcome:
    made = tasks.registry()[0].run(p, context)
    path = context.folder / "twin.json"
    path.write_text(json.dumps({"twin": True}))
    twin = replace(made.products[0], role="twin", path=path, name="twin", media_type="application/json")
    return replace(made, products=(*made.products, twin))


def registry() -> tuple[ServiceSpec, ...]:
    """The services."""
    task, deed = tasks.registry()[:2]
    outputs = (*task.outputs, Output("twin", "vector", "application/json", "twin.json", "another"))
    return (*services(), task, deed, replace(task, id="pair", executable="Pair", outputs=outputs, run=_pair))
