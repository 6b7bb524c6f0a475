"""What this room needs from above: a store to query, and later a launcher of jobs; with the plain types they exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from earthweave.ontology import Progress, setting


@dataclass(frozen=True)
class Limits:
    """How much one question may cost."""

    question_deadline: float = setting(30.0, unit="s", help="Time that each query of a question may take.")
    question_rows: int = setting(500, unit="rows", help="Rows that an answer lists and draws; the count is of all.")


@dataclass(frozen=True)
class Cell:
    """An RDF term of a result.

    Attributes:
        kind: ``uri``, ``bnode`` or ``literal``.
        value: IRI, label of the blank node, or lexical form.
    """

    kind: Literal["uri", "bnode", "literal"]
    value: str
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True)
class Table:
    """The result of SELECT.

    Attributes:
        columns: names of the variables.
        rows: cells, None where unbound.
        notices: with a ``code``, and a ``text`` for people.
        truncated: True if the endpoint cut rows off.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    notices: tuple[Mapping[str, str], ...] = ()
    truncated: bool = False


class Endpoint(Protocol):
    """A SPARQL 1.1 / GeoSPARQL endpoint; each call raises `EarthweaveError` if it fails or a limit is reached."""

    def select(self, query: str, limits: Limits) -> Table:
        """Run SELECT."""
        ...

    def ask(self, query: str, limits: Limits) -> bool:
        """Run ASK."""
        ...

    def construct(self, query: str, limits: Limits) -> bytes:
        """Run CONSTRUCT or DESCRIBE; N-Triples in UTF-8."""
        ...


@runtime_checkable
class ColumnarEndpoint(Endpoint, Protocol):
    """An endpoint that gives whole columns too: what a store of a hundred thousand names is learned by."""

    def columns(self, query: str, limits: Limits) -> tuple[tuple[Any, ...], bool]:
        """Run SELECT: the texts of IRIs and literals by column (Arrow, null for gaps and blank nodes), and whether rows were cut off."""
        ...


@dataclass(frozen=True)
class Estimate:
    """What a job would cost: seconds of wall time, MiB of memory, sentences that say how this was guessed, and what would make it fail."""

    seconds: float
    memory_mib: float
    notes: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True)
class Offer:
    """A question that a run of a service can answer.

    Attributes:
        service, title: of the service.
        text: template, e.g. ``Map the floods in {place} between {date1} and {date2}``.
        slots: ``place``, ``date1`` and ``date2``, first and last day → parameter that each fills.
    """

    service: str
    title: str
    text: str
    slots: Mapping[str, str]


class Launcher(Protocol):
    """Offers, estimates, starts and watches runs of processing services."""

    def offers(self) -> Sequence[Offer]:
        """The questions that can start a run."""
        ...

    def estimate(self, service: str, parameters: Mapping[str, Any]) -> Estimate | None:
        """Guess the cost of a run without starting it; None if nobody can tell."""
        ...

    def start(self, service: str, parameters: Mapping[str, Any]) -> str:
        """Start a run; returns its id."""
        ...

    def watch(self, job: str) -> Iterator[Progress]:
        """Follow a run to its end; raises `ProcessingError` if it fails."""
        ...
