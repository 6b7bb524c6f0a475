"""Runs that questions propose, over the jobs of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from earthweave.ontology import EarthweaveError, ProcessingError, Progress
from earthweave.processing import ServiceSpec
from earthweave.processing.frame import checked, described
from earthweave.qa import Estimate, Offer
from earthweave.server.jobs import Jobs

_LOOK = 0.3
"""Seconds between two looks at a job."""
_SLOTS = {"place": "aoi", "date": "date-time", "date1": "date-time", "date2": "date-time", "cloud": "number", "number": "integer"}
"""What a question can fill → role, format or type of a parameter that takes it."""


class JobLauncher:
    """Implements `earthweave.qa.Launcher`.

    Args:
        jobs: opens the jobs; called when something is started, because it makes their folder.
        services: that may be offered.
        fixed: service → parameters that no question and no client says: the store to load into, the folder of scenes. Only these
            services are offered.
    """

    def __init__(self, jobs: Callable[[], Jobs], services: Sequence[ServiceSpec], fixed: Mapping[str, Mapping[str, Any]]) -> None:
        self._jobs, self._fixed = jobs, fixed
        self._services = {spec.id: spec for spec in services if spec.id in fixed}

    @property
    def jobs(self) -> Jobs:
        """The jobs, opened."""
        return self._jobs()

    def offers(self) -> Sequence[Offer]:
        """The templates of the services whose slots a question can fill."""
        rows = [Offer(spec.id, spec.title, one.text, one.slots) for spec in self._services.values() for one in spec.questions]
        return [offer for offer in rows if _fillable(self._services[offer.service], offer)]

    def estimate(self, service: str, parameters: Mapping[str, Any]) -> Estimate | None:
        """Guess the cost of a run; None if the service cannot tell, or not yet."""
        spec = self._services.get(service)
        if spec is None or spec.estimate is None:
            return None
        try:
            found = spec.estimate(
                checked(spec.parameters, {**self.complete(service, parameters), "output_path": "result"}, spec.executable)
            )
        except EarthweaveError:
            return None
        return Estimate(found.seconds, found.memory_mib, (found.note,) if found.note else (), found.obstacle)

    def complete(self, service: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with those that are fixed."""
        return {**parameters, **self._fixed.get(service, {})}

    def start(self, service: str, parameters: Mapping[str, Any]) -> str:
        """Submit a job; returns its id. Raises as `Jobs.submit`."""
        return self.jobs.submit(service, self.complete(service, parameters)).id

    def watch(self, job: str) -> Iterator[Progress]:
        """Follow a job to its end; raises `ProcessingError` if it fails or is cancelled."""
        while not (found := self.jobs.get(job)).ended:
            yield Progress(found.stage or found.state, found.progress / 100, found.message)
            time.sleep(_LOOK)
        if found.state != "successful":
            said = {name: (found.error or {}).get(name, "") for name in ("what", "why", "way_out")}
            raise ProcessingError(said["what"] or f"job {job} was cancelled", why=said["why"], way_out=said["way_out"])
        yield Progress("done", 1.0, found.message)


def _fillable(spec: ServiceSpec, offer: Offer) -> bool:
    """Whether each slot goes to a parameter that takes what a question says there."""
    kinds = {
        one.name: {one.role, *(str(schema.get(key, "")) for schema in one.schemas for key in ("format", "type"))}
        for one in described(spec.parameters)
    }
    return all(_SLOTS.get(slot) in kinds.get(parameter, ()) for slot, parameter in offer.slots.items())
