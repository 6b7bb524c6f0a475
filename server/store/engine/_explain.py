"""What a plan was expected to do and did, for people and for machines.

Rows, chunks and times are those of the run that went before: a plan that was not run shows estimates alone. Times of an operator count
what lies below it too; its own are given beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..algebra import Context, Operator

_THOUSAND = 1000.0
_LONGEST = 160


def plan_report(operator: Operator, context: Context) -> dict[str, Any]:
    """The plan as JSON: ``plan`` (see `operator_report`), ``remarks`` that belong to no operator, and ``text``, all of it for people."""
    return {"plan": operator_report(operator), "remarks": list(context.rewrites), "text": plan_text(operator, context)}


def operator_report(operator: Operator) -> dict[str, Any]:
    """One operator and those below it.

    Returns a dictionary: operator (label), estimate (rows expected), rows, chunks, milliseconds, own_milliseconds, remarks, inputs.
    """
    measured = operator.measured
    return {
        "operator": operator.label, "estimate": round(operator.estimate, 1), "rows": measured.rows, "chunks": measured.chunks,
        "milliseconds": round(measured.seconds * _THOUSAND, 3), "own_milliseconds": round(_own(operator) * _THOUSAND, 3),
        "remarks": list(measured.remarks), "inputs": [operator_report(one) for one in operator.inputs],
    }


def plan_text(operator: Operator, context: Context) -> str:
    """The plan as a tree, what runs first in a sequence standing first, with remarks beneath what they are about."""
    lines = [*_lines(operator, "", ""), *(f"note: {one}" for one in context.rewrites)]
    return "\n".join(lines)


def _lines(operator: Operator, head: str, indent: str) -> Iterator[str]:
    label = operator.label if len(operator.label) <= _LONGEST else operator.label[: _LONGEST - 1] + "…"
    yield f"{head}{label}  [{_figures(operator)}]"
    inner = indent + ("│  " if operator.inputs else "   ")
    yield from (f"{inner}· {remark}" for remark in operator.measured.remarks)
    for place, one in enumerate(operator.inputs):
        last = place == len(operator.inputs) - 1
        yield from _lines(one, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "))


def _figures(operator: Operator) -> str:
    measured = operator.measured
    expected = f"{operator.estimate:,.0f} expected"
    if not measured.chunks and not measured.seconds:
        return f"{expected}, not run"
    rows, chunks = _counted(measured.rows, "row"), _counted(measured.chunks, "chunk")
    return f"{rows}, {expected}, {chunks}, {measured.seconds * _THOUSAND:,.1f} ms"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _own(operator: Operator) -> float:
    return max(operator.measured.seconds - sum(one.measured.seconds for one in operator.inputs), 0.0)
