"""What all routes of processes share: jobs, settings, who may run, where files may lie, who waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import request

from earthweave.ontology import NotFoundError, ParameterError
from earthweave.processing import ServiceSpec
from earthweave.server.jobs import Job, Jobs
from earthweave.server.settings import ProcessSettings
from earthweave.server.sparql import Gatekeeper

from ._descriptions import servers
from ._inputs import Order, Places, Wishes
from ._problems import FieldError, NoSuchJob, NoSuchProcess, masked
from ._waiting import WaitingRoom

MIB = 2**20


@dataclass(frozen=True)
class Processes:
    """What a server offers as processes.

    Attributes:
        jobs: runs them; its services are the processes.
        settings: of requests.
        roots: folders below which clients may name inputs.
        own: by service the parameters that the server fills and no client may give.
    """

    jobs: Jobs
    settings: ProcessSettings = field(default_factory=ProcessSettings)
    roots: tuple[Path, ...] = ()
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Desk:
    """Serves the routes; raises `NoSuchProcess` and `NoSuchJob` for what is not there."""

    def __init__(self, processes: Processes, gate: Gatekeeper, address: str) -> None:
        self.jobs, self.settings, self.gate = processes.jobs, processes.settings, gate
        self.room = WaitingRoom(processes.settings.process_waiting, processes.settings.process_wait)
        self._offer, self._address = processes, address

    @property
    def address(self) -> str:
        """Of the server, without a slash at its end."""
        return (self._address or request.url_root).rstrip("/")

    @property
    def value_size(self) -> int:
        """Bytes of an output that may stand in a document."""
        return self.settings.process_value * MIB

    def specs(self) -> tuple[ServiceSpec, ...]:
        """The processes."""
        return self.jobs.services()

    def spec(self, id: str) -> ServiceSpec:
        """One process, by its id."""
        found = next((spec for spec in self.specs() if spec.id == id), None)
        if found is None:
            raise NoSuchProcess(f"there is no process {id[:100]}", way_out=f"the processes are {', '.join(one.id for one in self.specs())}")
        return found

    def job(self, id: str) -> Job:
        """One job, by its id."""
        try:
            return self.jobs.get(id)
        except NotFoundError as error:
            raise NoSuchJob(f"there is no job {id[:100]}", way_out=f"list them: {self.address}/jobs") from error

    def admit(self, wish: str, token: str = "") -> None:
        """Let the bearer of the token pass, who shows it in the header or, in a form, as ``token``."""
        self.gate.admit(request.headers.get("Authorization") or (f"Bearer {token}" if token else None), wish)

    def own(self, spec: ServiceSpec) -> dict[str, Any]:
        """The parameters of a process that the server fills."""
        return dict(self._offer.own.get(spec.id, {}))

    def hidden(self, spec: ServiceSpec) -> set[str]:
        """The parameters of a process that no client may give."""
        return servers(spec) | set(self.own(spec))

    def places(self, spec: ServiceSpec) -> Places:
        """Which files a client may name for a process."""
        return Places(self._offer.roots, self.jobs, self.address, self.own(spec))

    def submit(self, spec: ServiceSpec, order: Order) -> Job:
        """Let a job do it."""
        try:
            return self.jobs.submit(spec.id, order.parameters, roots=self._readable(spec), note={"wishes": order.wishes.plain()})
        except ParameterError as error:
            # the text of a check of one parameter begins with its name
            name = error.what.removeprefix(f"{spec.executable}: ").partition(" ")[0].rstrip(":")
            known = name in spec.parameters.model_fields
            told = {"why": masked(error.why), "way_out": masked(error.way_out)}
            raise FieldError(masked(error.what), **told, field=name if known else "") from error

    def _readable(self, spec: ServiceSpec) -> tuple[Path, ...]:
        """Folders that a job for a client may read: the roots, results of jobs, and what the server itself puts in."""
        paths = [Path(str(value)) for value in self.own(spec).values() if isinstance(value, str | Path) and str(value)]
        return (*self._offer.roots, self.jobs.folder, *paths)

    def wishes(self, job: Job) -> Wishes:
        """What the submitter of a job wanted of its results."""
        said = job.note.get("wishes")
        return Wishes(**said) if isinstance(said, Mapping) else Wishes()


def with_response(wishes: Wishes, default: Any) -> Wishes:
    """The same wishes with a response if none was said."""
    return wishes if wishes.response else replace(wishes, response=default)
