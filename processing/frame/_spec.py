"""What a service is, as data: the single source for command line, API descriptions, questions and provenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from earthweave.ontology import Kind

from ._parameters import Parameters


@dataclass(frozen=True)
class Output:
    """One product of a service.

    Attributes:
        role: short key, e.g. ``cva``; the STAC asset key.
        kind: ``raster``, ``vector``, ``table`` or ``document``.
        media_type: of the default format.
        naming: template of the file name.
        description: bands or fields with their meaning and unit.
    """

    role: str
    kind: Kind
    media_type: str
    naming: str
    description: str


@dataclass(frozen=True)
class Reference:
    """A publication that a method follows."""

    citation: str
    doi: str = ""


@dataclass(frozen=True)
class Question:
    """A question that a run of the service can answer; ``{slots}`` are filled by the question layer.

    Attributes:
        text: e.g. ``Which areas around {place} were flooded between {date1} and {date2}?``
        slots: slot → parameter that it fills.
    """

    text: str
    slots: dict[str, str]


@dataclass(frozen=True)
class Estimate:
    """What a run will cost, roughly.

    Attributes:
        seconds: wall time on one idle core of today.
        memory_mib: memory at the peak, MiB.
        note: what it rests on, e.g. ``120 million pixels in 6 bands``.
        obstacle: what would make the run fail as things stand, empty if nothing is known that would.
    """

    seconds: float
    memory_mib: float
    note: str = ""
    obstacle: str = ""


@dataclass(frozen=True)
class ServiceSpec:
    """One service.

    Attributes:
        id: e.g. ``s2-cd``; also in URLs and provenance.
        executable: its name on a command line, e.g. ``S2-CD``.
        version: of the method; a change of results is a change of version.
        title, abstract: for people; the abstract says the limits.
        parameters: the Pydantic model of its parameters.
        outputs: what it makes.
        references: publications.
        attribution: sentences that must travel with every result.
        licence: of the results, as far as the service decides (SPDX or a sentence).
        questions: what can be asked of it.
        run: ``run(parameters, context) -> Outcome``; reads no environment, writes only below ``context.folder``.
        domain: field of use, e.g. ``security``, ``agriculture``.
        keywords: for people who search.
        estimate: ``estimate(parameters) -> Estimate`` from headers alone, in well below a second; None if nobody knows.
        reusable: whether an earlier result for the same parameters and inputs will do instead of a run; False for a service that acts
            beyond its folder (loads into a store) or reads what has no digest (the network).
    """

    id: str
    executable: str
    version: str
    title: str
    abstract: str
    parameters: type[Parameters]
    outputs: tuple[Output, ...]
    run: Callable[[Any, Any], Any]
    references: tuple[Reference, ...] = ()
    attribution: tuple[str, ...] = ()
    licence: str = "follows the input data"
    questions: tuple[Question, ...] = ()
    domain: str = ""
    keywords: tuple[str, ...] = ()
    estimate: Callable[[Any], Estimate] | None = None
    reusable: bool = True

    def describe(self) -> dict[str, Any]:
        """The whole description as JSON values; ``parameters`` is a JSON Schema with ``options``, ``role`` and ``unit``.

        ``estimates`` tells whether a run can be estimated, ``reusable`` whether an equal run's result will do.
        """
        names = ("id", "executable", "version", "title", "abstract", "licence", "domain", "reusable")
        plain = {**{name: getattr(self, name) for name in names}, "estimates": self.estimate is not None}
        rows = {name: [vars(row) for row in getattr(self, name)] for name in ("outputs", "references", "questions")}
        lists = {name: list(getattr(self, name)) for name in ("attribution", "keywords")}
        return {**plain, **rows, **lists, "parameters": self.parameters.model_json_schema()}
