"""From readings to requests: the best ways to understand a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import exp

from earthweave.ontology import ParameterError

from ..knowledge._knowledge import Knowledge
from ..language import Question, Reading
from ..request import Request
from . import _nouns, _questions, _spatial, _values
from ._chart import Chart, Edge, Grammar
from ._context import Context
from ._lexical import edges, skips, telling
from ._meaning import Draft

K = 8
"""Readings of a question that are kept."""


@dataclass(frozen=True)
class Parsed:
    """One way to understand a question.

    Attributes:
        score: 0 to 1, the higher the better; comparable between ways to understand one question.
        coverage: share of the words with content that were used.
        used: readings that it is made of.
        unknown: words with content that were left out, as typed.
        notes: for whoever looks into it: edges made, cost.
    """

    request: Request
    score: float
    coverage: float
    used: tuple[Reading, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """All rules."""
    return Grammar((*_nouns.RULES, *_spatial.RULES, *_values.RULES, *_questions.RULES))


def parse(question: Question, readings: Iterable[Reading], knowledge: Knowledge, today: date) -> list[Parsed]:
    """Up to eight ways to understand a question, best first; none if nothing in it asks for anything."""
    found = telling(question, readings)
    context = Context(knowledge, today, {one.start: one.value for one in found if one.kind == "superlative" and not one.value.positive})
    costs = skips(question, found)
    explained = {at for reading in found for at in range(reading.start, reading.end)}
    chart = Chart(grammar(), context, costs, frozenset(range(len(costs))) - explained)
    chart.parse(edges(context, question, found))
    ranked = sorted(_wholes(chart, costs), key=lambda pair: pair[0])
    results: dict[Request, Parsed] = {}
    for cost, edge in ranked:
        request = _request(edge)
        if request and request not in results:
            results[request] = _parsed(question, request, edge, cost, chart)
        if len(results) == K:
            break
    return list(results.values())


def _wholes(chart: Chart, costs: Sequence[float]) -> list[tuple[float, Edge]]:
    whole = sum(costs)
    return [
        (edge.cost + whole - sum(costs[edge.start : edge.end]), edge)
        for (_, _, cat), cell in chart.cells.items()
        if cat == "Q"
        for edge in cell
    ]


def _request(edge: Edge) -> Request | None:
    draft: Draft = edge.value
    try:
        return replace(draft.request(), assumptions=tuple(dict.fromkeys(edge.assumed())))
    except ParameterError:
        return None


def _parsed(question: Question, request: Request, edge: Edge, cost: float, chart: Chart) -> Parsed:
    used = tuple(leaf.reading for leaf in edge.leaves() if leaf.reading)
    covered = {at for reading in used for at in range(reading.start, reading.end)}
    content = [at for at, skip in enumerate(chart.skips) if skip >= 1.0]
    left = [at for at in content if at not in covered]
    words = tuple(question.words(first, last + 1) for first, last in _runs(left))
    return Parsed(
        replace(request, unknown=words), exp(-cost / 2), 1.0 - len(left) / max(1, len(content)), used, words,
        (f"{chart.made} edges", f"cost {cost:.2f}"),
    )  # fmt: skip


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at in places:
        if runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs
