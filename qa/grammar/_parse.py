"""From readings to requests: the best ways to understand a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import exp
from typing import Any

from earthweave.ontology import ParameterError

from ..knowledge import Knowledge
from ..language import Question, Reading
from ..request import Constraint, Named, Order, Pick, Request, Things
from . import _comparing, _groups, _happening, _kinds, _nouns, _orders, _questions, _spatial, _values
from ._attach import attach
from ._chart import Chart, Edge, Grammar, Rule
from ._context import PRODUCT, Context
from ._lexical import edges, skips, telling
from ._meaning import Asked, Draft, Noun, ordered

PATIENCE, _LOST = 3.0, 1.8
"""How much more may be skipped in a second try, and what the first may cost beyond words that nothing explains."""

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


_THEMES = (_nouns, _kinds, _spatial, _values, _questions, _groups, _comparing, _happening, _orders)
RULES: tuple[Rule, ...] = tuple(rule for theme in _THEMES for rule in theme.RULES)


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """All rules, ready to parse with."""
    return Grammar(RULES)


def parse(question: Question, readings: Iterable[Reading], knowledge: Knowledge, today: date) -> list[Parsed]:
    """Up to eight ways to understand a question, best first; none if nothing in it asks for anything."""
    found = tuple(readings)
    chart, costs = _chart(question, found, knowledge, today)
    ranked = sorted(_wholes(chart, costs), key=lambda pair: pair[0])
    if not ranked or ranked[0][0] > _LOST + sum(costs[at] for at in chart.unknown):
        chart, costs = _chart(question, found, knowledge, today, PATIENCE)
        ranked = sorted((*ranked, *_wholes(chart, costs)), key=lambda pair: pair[0])
    results: dict[Request, Parsed] = {}
    for cost, edge in ranked:
        request = _request(edge)
        if request and request not in results:
            results[request] = _parsed(question, request, edge, cost, chart)
        if len(results) == K:
            break
    return list(results.values())


def _chart(
    question: Question, readings: Iterable[Reading], knowledge: Knowledge, today: date, patience: float = 0.0
) -> tuple[Chart, list[float]]:
    """The chart of a question, filled, and what it costs to skip each token."""
    found = telling(question, readings)
    context = Context(knowledge, today, {one.start: one.value for one in found if one.kind == "superlative" and not one.value.positive})
    costs = skips(question, found)
    explained = {at for reading in found for at in range(reading.start, reading.end)}
    chart = Chart(grammar(), context, costs, frozenset(range(len(costs))) - explained, patience)
    chart.parse(edges(context, question, found))
    return chart, costs


@dataclass(frozen=True)
class Fragment:
    """A piece of a question that says something more of what was asked before: "only with less than 10 % cloud", "sort by date".

    Attributes:
        constraints, pick: more of the things.
        order, limit: of the list.
        named: a name alone, which may stand for another place.
        score, coverage, used, unknown: as of `Parsed`.
    """

    constraints: tuple[Constraint, ...] = ()
    pick: Pick | None = None
    order: Order | None = None
    limit: int | None = None
    named: tuple[Named, ...] = ()
    score: float = 0.0
    coverage: float = 0.0
    used: tuple[Reading, ...] = ()
    unknown: tuple[str, ...] = ()


def parse_fragment(question: Question, readings: Iterable[Reading], knowledge: Knowledge, today: date, about: Things) -> list[Fragment]:
    """What a piece of a question says more of things of the classes of ``about``, best first; none if it says nothing."""
    chart, costs = _chart(question, readings, knowledge, today)
    noun = Noun(Things(about.classes))
    whole = sum(costs)
    found: list[tuple[float, Fragment]] = []
    for (start, end, cat), cell in chart.cells.items():
        for edge in cell if cat in ("MOD", "VP", "ORDER", "LIMIT", "NP", "sup") else ():
            for fragment, cost in _fragments(chart.context, noun, cat, edge.value):
                cost += edge.cost + whole - sum(costs[start:end])
                coverage, used, words = _covered(question, edge, chart)
                found.append((cost, replace(fragment, score=exp(-cost / 2), coverage=coverage, used=used, unknown=words)))
    ranked = [fragment for _, fragment in sorted(found, key=lambda pair: pair[0])]
    return list({(one.constraints, one.pick, one.order, one.limit, one.named): one for one in reversed(ranked)}.values())[::-1][:K]


def _fragments(context: Context, noun: Noun, cat: str, value: Any) -> Iterator[tuple[Fragment, float]]:
    if cat == "ORDER":
        yield from ((Fragment(order=Order(out.value, value.descending)), out.cost) for out in context.resolve(value.asked, noun)[:1])
    elif cat == "LIMIT":
        yield Fragment(limit=value), 0.0
    elif cat == "NP":
        if value.named and value.things.named and not value.parts:
            yield Fragment(named=value.things.named), 0.3
        elif value.things.classes == (PRODUCT,) == noun.things.classes and (value.things.constraints or value.things.pick):
            yield Fragment(value.things.constraints, value.things.pick), 0.3
    elif cat == "sup":
        if not value.positive:
            ways = context.resolve(Asked(hints=value.hints), noun)[:1]
            yield from ((Fragment(pick=Pick(out.value, value.descending)), out.cost + 0.2) for out in ways)
    else:
        for out in attach(context, noun, value):
            things = ordered(out.value.things)
            yield Fragment(things.constraints, things.pick), out.cost


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
    coverage, used, words = _covered(question, edge, chart)
    return Parsed(replace(request, unknown=words), exp(-cost / 2), coverage, used, words, (f"{chart.made} edges", f"cost {cost:.2f}"))


def _covered(question: Question, edge: Edge, chart: Chart) -> tuple[float, tuple[Reading, ...], tuple[str, ...]]:
    """Share of the words with content that an edge uses, its readings, and the words that it leaves out."""
    used = tuple(leaf.reading for leaf in edge.leaves() if leaf.reading)
    covered = {at for reading in used for at in range(reading.start, reading.end)}
    content = [at for at, skip in enumerate(chart.skips) if skip >= 1.0]
    left = [at for at in content if at not in covered]
    words = tuple(question.words(first, last + 1) for first, last in _runs(left))
    return 1.0 - len(left) / max(1, len(content)), used, words


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at in places:
        if runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs
