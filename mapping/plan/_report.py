"""What a run did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """Why a row was left out.

    Attributes:
        row: number in its source, from 1.
        key: text that identifies the row, usually its subject.
        rule: triples map, or empty if the row could not be read at all.
        reason: what is wrong with it.
    """

    row: int
    key: str
    rule: str
    reason: str


@dataclass
class Report:
    """What a run did; complete when the run is exhausted.

    Attributes:
        rows: rows read.
        skipped: rows left out.
        quads: statements written.
        repeated: statements left out because they had been written before.
        problems: the first ones.
        reasons: how often each reason occurred.
        seconds: wall time.
        executors: how each source was run: name and ``columnar`` or ``rows``, and why.
        sink: told every problem as it is found, those too that are not kept.
    """

    rows: int = 0
    skipped: int = 0
    quads: int = 0
    repeated: int = 0
    problems: list[Problem] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    executors: dict[str, str] = field(default_factory=dict)
    sink: Callable[[Problem], None] | None = field(default=None, repr=False, compare=False)

    def note(self, problem: Problem, kept: int) -> None:
        """Count a problem, and keep it if fewer than ``kept`` are."""
        self.reasons[problem.reason] = self.reasons.get(problem.reason, 0) + 1
        if self.sink is not None:
            self.sink(problem)
        if len(self.problems) < kept:
            self.problems.append(problem)
