"""What came of one question of a set, and the tables that are printed of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STAGES = ("spans", "linking", "grammar", "planning", "execution", "answer")
"""Where a question can fail, in the order of the pipeline; ``answer``: something was answered, but not what was asked."""


@dataclass(frozen=True)
class Case:
    """One question, judged.

    Attributes:
        id, category, question: as the set has them.
        right: whether the answer is what the set says.
        stage: where it failed, empty if right.
        note: what came instead.
        seconds: parsing alone.
        apart: why it is counted apart from the others, empty if it is not: what the set itself has wrong or cannot tell.
    """

    id: str
    category: str
    question: str
    right: bool
    stage: str = ""
    note: str = ""
    seconds: float = 0.0
    apart: str = ""


def share(cases: Sequence[Case]) -> float:
    """The share of right ones, without those that are counted apart."""
    counted = [one for one in cases if not one.apart]
    return sum(one.right for one in counted) / len(counted) if counted else 0.0


def table(cases: Sequence[Case]) -> str:
    """Markdown: a row for each category, one for all, and where the others failed; then what is counted apart."""
    lines = [f"| category | questions | right | share | {' | '.join(STAGES)} |", "|---|---:|---:|---:|" + "---:|" * len(STAGES)]
    counted = [one for one in cases if not one.apart]
    groups = {name: [one for one in counted if one.category == name] for name in sorted({one.category for one in counted})}
    groups |= {"all": counted} | {
        f"apart: {why}": [one for one in cases if one.apart == why] for why in sorted({o.apart for o in cases} - {""})
    }
    for name, of in groups.items():
        lost = Counter(one.stage for one in of if not one.right)
        right = sum(one.right for one in of)
        lines.append(
            f"| {name} | {len(of)} | {right} | {right / len(of) if of else 0.0:.1%} | {' | '.join(str(lost[stage]) for stage in STAGES)} |"
        )
    return "\n".join(lines)


def failures(cases: Iterable[Case], most: int = 1000) -> str:
    """One line for each question that went wrong, by stage."""
    wrong = sorted(
        (one for one in cases if not one.right and not one.apart),
        key=lambda one: (STAGES.index(one.stage or "answer"), one.category, one.id),
    )
    return "\n".join(f"{one.stage:9} {one.category} {one.id}: {one.question.strip()}\n          {one.note}" for one in wrong[:most])


def percentile(values: Iterable[float], which: float) -> float:
    """The value that ``which`` (0 to 1) of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(which * len(ordered)))] if ordered else 0.0
