"""How rules are written down: rows of result, pattern, meaning and cost."""

from __future__ import annotations

from collections.abc import Iterable

from ._chart import Meaning, Rule

Row = tuple[str, str, Meaning, float]


def rules(theme: str, rows: Iterable[Row]) -> tuple[Rule, ...]:
    """Rules from rows ``(result, "pattern | other pattern", meaning, cost)``; a ``?`` behind a category makes it optional."""
    return tuple(
        Rule(f"{theme}.{meaning.__name__}", result, tuple(pattern.split()), meaning, cost)
        for result, patterns, meaning, cost in rows
        for pattern in patterns.split("|")
    )
