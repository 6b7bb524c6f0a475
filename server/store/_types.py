"""What the store hands out: answers, reports, and what is running."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from earthweave.ontology import NotFoundError
from earthweave.ontology.geometry import GeometryColumn

from ._drawn import geometry_variables, read_cells
from ._limits import Limits
from .reports import FileReport

Replaced = Literal["nothing", "graph", "all"]
"""What a load takes out before it puts something in."""


@dataclass(frozen=True)
class Notice:
    """Something that the reader of an answer should know.

    Attributes:
        code: ``alias``, ``truncated``, ``geometry``, ``argument``, ``unit``, ``axis-order``, ``no-rows``, or why an
            answer is empty: ``filter``, ``graph``, ``outside``, ``unknown-term`` …
        text: one sentence.
    """

    code: str
    text: str


@dataclass(frozen=True)
class Answer:
    """The answer to one query.

    Attributes:
        kind: ``table`` (SELECT), ``graph`` (CONSTRUCT, DESCRIBE) or ``boolean`` (ASK).
        table: one column per variable, each a struct of kind (``uri``, ``bnode``, ``literal``), value, datatype and language;
            a null struct is unbound, null datatype or language is none.
        boolean: of an ASK.
        graph: of a CONSTRUCT or DESCRIBE, as N-Triples.
        notices: what was cut, corrected or could not be read.
        truncated: True if a limit cut rows or triples off.
        seconds: wall time of evaluation.
        limits: that were applied.
        generation: number of the snapshot that answered.
        lonlat: variable → rows whose literal is to be read longitude first, because its source proved that it writes so.
        drawn: variable → its geometries, where the query asked for them (`Store.query`).
        plan: if it was asked for, what each step of the evaluation was expected to do and did, as JSON; ``text`` in it is for people.
    """

    kind: Literal["table", "graph", "boolean"]
    table: Any = None
    boolean: bool | None = None
    graph: bytes | None = None
    notices: tuple[Notice, ...] = ()
    truncated: bool = False
    seconds: float = 0.0
    limits: Limits = field(default_factory=Limits)
    generation: int = 0
    lonlat: dict[str, tuple[int, ...]] = field(default_factory=dict)
    drawn: dict[str, GeometryColumn] = field(default_factory=dict)
    plan: dict[str, Any] | None = None

    def geometry(self, variable: str) -> GeometryColumn:
        """Read a column of geometry literals of any datatypes: CRS84, longitude first, each under the axis order of its source.

        Unbound rows and other terms are None with a problem. Raises `NotFoundError` if the table has no such variable.
        """
        if self.table is None or variable not in self.table.column_names:
            raise NotFoundError(f"the answer has no variable ?{variable}")
        if variable in self.drawn:
            return self.drawn[variable]
        return read_cells(self.table.column(variable), self.lonlat.get(variable, ()))

    @property
    def geometry_variables(self) -> tuple[str, ...]:
        """The variables some of whose values are geometry literals, by datatype."""
        return () if self.table is None else geometry_variables(self.table)


@dataclass(frozen=True)
class LoadReport:
    """What a load did; sums over its files, and each of them.

    Attributes:
        files: in the order given.
        triples: statements read; added: statements that are new in the store.
        seconds: wall time.
        geometries: geometry literals read.
        unreadable: geometry literals that cannot be read.
        generation: number of the snapshot that holds them.
    """

    files: tuple[FileReport, ...]
    triples: int
    added: int
    seconds: float
    geometries: int
    unreadable: int
    generation: int


@dataclass(frozen=True)
class UpdateReport:
    """What an update did: statements before and after, wall time, notices, and the new snapshot's number."""

    before: int
    after: int
    seconds: float
    generation: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Statistics:
    """How much the current snapshot holds: statements, its number, and bytes on disk (hard links counted in full)."""

    triples: int
    generation: int
    bytes: int


@dataclass(frozen=True)
class RunningQuery:
    """A query, load, update or export that runs now, in this process or another.

    Attributes:
        id: to be given to ``abort``.
        kind: ``query``, ``load``, ``update``, ``export`` or ``backup``.
        text: of the query or update (its beginning), or names of files.
        started: UTC.
        pid: of the worker process; a backup has none and runs in its caller's.
    """

    id: str
    kind: str
    text: str
    started: datetime
    pid: int
