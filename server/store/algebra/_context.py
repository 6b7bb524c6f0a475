"""What one evaluation shares: data, terms, dataset, limits and remarks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earthweave.ontology import DeadlineError, MemoryLimitError

from ..snapshot import Snapshot
from ._tally import Tally

if TYPE_CHECKING:
    from ..engine import TermSpace
    from ..spatial import Shapes
    from ._expression import Expression
    from ._operator import Batch
    from ._patterns import Node

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Dataset:
    """Which graphs a query sees.

    Attributes:
        default: ids of the graphs whose union is the active default graph (0-based places in ``Snapshot.graphs`` plus 1; 0 is the store's
            own default graph); None for the union of all.
        named: the graphs that GRAPH can reach, as the same numbers; None for all named ones.
    """

    default: tuple[int, ...] | None = None
    named: tuple[int, ...] | None = None


class Entailment(StrEnum):
    """What basic patterns match beside what is stated; each kind includes the one before.

    ``SIMPLE`` nothing (SPARQL 1.1 Entailment Regimes §2); ``RELATIONS`` topological relations between geometries (GeoSPARQL 1.1, 22-047r1,
    query rewrite extension); ``RDFS`` what class and property hierarchies, domains and ranges say (its RDFS entailment extension).
    """

    SIMPLE = "simple"
    RELATIONS = "relations"
    RDFS = "rdfs"


@dataclass(frozen=True)
class Services:
    """How SERVICE is answered.

    Attributes:
        ask: sends a query to an endpoint and gives the document that comes back; raises an `EarthweaveError`.
        batch: solutions that are sent along with a pattern at most.
        rows: solutions that are taken from one call at most.
    """

    ask: Callable[[str, str], bytes]
    batch: int = 100
    rows: int = 1_000_000


@dataclass
class Context:
    """The surroundings of one evaluation; used by one thread.

    Attributes:
        snapshot: the data.
        terms: ids to terms and back, with what this query computes.
        shapes: geometries by id, cached within a budget.
        holds: for which solutions an expression is true: bool array.
        dataset: the graphs.
        deadline: value of ``time.monotonic()`` at which `check` raises.
        seconds: the limit that ``deadline`` came from, for the message.
        mebibytes: memory that may be taken beyond ``base``, checked between chunks.
        now: what NOW() gives all along (SPARQL 1.1 §17.4.5.1).
        rewrites: remarks for EXPLAIN that belong to no operator.
        tally: what spatial functions were called for, and what they could not evaluate.
        services: how other endpoints are asked; None if they are not.
        entailment: what patterns match beside what is stated.
        exists: which of some solutions a pattern of EXISTS has a solution for: bool array.
    """

    snapshot: Snapshot
    terms: TermSpace
    shapes: Shapes
    holds: Callable[[Expression, Batch, Context], Any]
    dataset: Dataset = field(default_factory=Dataset)
    deadline: float = float("inf")
    seconds: float = float("inf")
    mebibytes: float = float("inf")
    base: float = 0.0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    rewrites: list[str] = field(default_factory=list)
    exists: Callable[[Node, Batch], Any] | None = None
    tally: Tally = field(default_factory=Tally)
    services: Services | None = None
    entailment: Entailment = Entailment.RELATIONS

    def check(self) -> None:
        """Raise `DeadlineError` or `MemoryLimitError` if a limit is passed; cheap enough for every chunk."""
        if time.monotonic() > self.deadline:
            raise DeadlineError(f"the query took longer than {self.seconds:g} s", why=f"the limit query_deadline is {self.seconds:g} s",
                                way_out="narrow it, or raise query_deadline (EARTHWEAVE_QUERY_DEADLINE)")
        if self.mebibytes != float("inf") and resident() - self.base > self.mebibytes:
            raise MemoryLimitError(f"the query needed more than {self.mebibytes:g} MiB of memory",
                                   why=f"the limit query_memory is {self.mebibytes:g} MiB",
                                   way_out="narrow it, or raise query_memory (EARTHWEAVE_QUERY_MEMORY)")


def resident() -> float:
    """Private memory of this process in MiB: resident pages that are not of mapped files (Linux)."""
    size: Any = _STATM.read_text().split()
    return float((int(size[1]) - int(size[2])) * _PAGE / 2**20)
