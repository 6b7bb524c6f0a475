"""A chart parser over typed items: bottom-up, left to right, with free skipping of fillers and skipping of other words at a cost.

Rules that begin alike share their beginnings (a trie), so that a noun phrase starts one active edge and not one per rule. Per cell and
category only the best few edges are kept, and the number of edges is bounded, so that time is too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import accumulate
from typing import Any, NamedTuple

from ..language import Reading
from ..request import Assumption

MARK = 0.05
"""Cost of skipping a mark."""

SLACK = 0.05
"""Most that a rule gives back."""

BEAM = 3
"""Edges kept per span and category."""

MAX_WORSE = 0.6
"""Edges that cost so much more than the best of their span and category are dropped."""

MAX_EDGES, MAX_AT_ONCE = 9000, 450
"""Edges made before parsing stops, and of those that end at one place: the rest of a long question must not go without."""

FRONT = "^"
"""Before the first category of a pattern: it must stand where the question begins."""

TIGHT = "+"
"""Before a category of a pattern: nothing but fillers and marks may be skipped in front of it."""

MAX_EXCESS = 1.05
"""Most that an edge may cost beyond the words in it that nothing explains: one word with a meaning left out."""

MAX_GAP = 0.75
"""Most that may be skipped between two neighbours beyond words that nothing explains."""

MAX_FRONT = 2
"""Most words that nothing explains in front of a question."""

MAX_STRANGE = 3
"""Most words that nothing explains between two neighbours."""


class Out(NamedTuple):
    """One result of a rule: its value, what it costs, and what it takes for granted."""

    value: Any
    cost: float = 0.0
    notes: tuple[Assumption, ...] = ()


Meaning = Callable[..., Any]
"""Takes the context and the values of the parts; gives a value, a list of `Out`, or None where the parts do not fit."""


@dataclass(frozen=True)
class Rule:
    """``result ← pattern``: categories, of which those with a ``?`` may be left out; their value is then None."""

    name: str
    result: str
    pattern: tuple[str, ...]
    meaning: Meaning
    cost: float = 0.0
    slots: tuple[int | None, ...] = ()


class Edge(NamedTuple):
    """A category over tokens ``[start, end)`` with its meaning; the lower the cost the better.

    Made of ``parts``, or of a reading.
    """

    cat: str
    start: int
    end: int
    value: Any
    cost: float
    parts: tuple[Any, ...] = ()
    reading: Reading | None = None
    notes: tuple[Assumption, ...] = ()

    def leaves(self) -> list[Edge]:
        """The edges of words that it is made of, in their order."""
        return [leaf for part in self.parts for leaf in part.leaves()] if self.parts else [self]

    def assumed(self) -> list[Assumption]:
        """What was taken for granted in it."""
        return [note for part in self.parts for note in part.assumed()] + list(self.notes)


class _State:
    """A beginning that rules share, and the rules that end here."""

    __slots__ = ("following", "rules")

    def __init__(self) -> None:
        self.following: dict[str, _State] = {}
        self.rules: list[Rule] = []


class _Active(NamedTuple):
    state: _State
    start: int
    end: int
    parts: tuple[Edge, ...]
    cost: float


class Grammar:
    """Rules, ready to parse with."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.root = _State()
        self.size = 0
        for rule in rules:
            self.size += 1
            for one in _variants(rule):
                state = self.root
                for cat in one.pattern:
                    state = state.following.setdefault(cat, _State())
                state.rules.append(one)


def _variants(rule: Rule) -> Iterable[Rule]:
    """A rule without its optional parts, in all ways; ``slots`` says which part of the pattern is which argument."""
    ways: list[tuple[tuple[str, ...], tuple[int | None, ...]]] = [((), ())]
    for cat in rule.pattern:
        longer = [((*cats, cat.rstrip("?")), (*slots, len(cats))) for cats, slots in ways]
        ways = longer + ([(cats, (*slots, None)) for cats, slots in ways] if cat.endswith("?") else [])
    for cats, slots in ways:
        if cats:
            yield Rule(rule.name, rule.result, cats, rule.meaning, rule.cost, slots)


@dataclass
class Chart:
    """All edges over one question.

    Attributes:
        skips: cost of skipping each token.
        unknown: the tokens that nothing explains.
        patience: how much more than usual may be skipped, for questions that are not understood otherwise.
        front: the last place where a question may begin, with a word skipped at most.
        made: edges made so far, finished and unfinished: what bounds the time.
    """

    grammar: Grammar
    context: Any
    skips: Sequence[float]
    unknown: frozenset[int] = frozenset()
    patience: float = 0.0
    front: int = 0
    made: int = 0
    cells: dict[tuple[int, int, str], list[Edge]] = field(default_factory=dict)
    _strange: list[float] = field(default_factory=list)
    _waiting: dict[int, dict[_State, list[_Active]]] = field(default_factory=dict)

    def parse(self, lexical: Iterable[Edge]) -> None:
        """Fill the chart from edges over words."""
        self._strange = [0.0, *accumulate(cost if at in self.unknown else 0.0 for at, cost in enumerate(self.skips))]
        self.front = self._front()
        ending: dict[int, list[Edge]] = {}
        for edge in lexical:
            ending.setdefault(edge.end, []).append(edge)
        for end in range(1, len(self.skips) + 1):
            agenda = [(self._worth(edge), number, edge) for number, edge in enumerate(ending.get(end, ()))]
            heapify(agenda)
            number, most = len(agenda), min(self.made + MAX_AT_ONCE, MAX_EDGES)
            while agenda and self.made < most:
                edge = heappop(agenda)[2]
                if self._keeps(edge):
                    for found in self._advance(edge):
                        number += 1
                        heappush(agenda, (self._worth(found), number, found))

    def _front(self) -> int:
        """How far into it a question may begin: behind small words, and a word or two that nothing explains."""
        at, gap, strange = 0, 0.0, 0
        while at + 1 < len(self.skips):
            strange += at in self.unknown
            gap += 0.0 if at in self.unknown else self.skips[at]
            if gap > MAX_GAP or strange > MAX_FRONT:
                break
            at += 1
        return at

    def _worth(self, edge: Edge) -> float:
        """What comes first, so that the best are there when time is up: cheap edges, then long ones."""
        return edge.cost - (self._strange[edge.end] - self._strange[edge.start]) - 0.05 * (edge.end - edge.start)

    def _keeps(self, edge: Edge) -> bool:
        if edge.cost - (self._strange[edge.end] - self._strange[edge.start]) > MAX_EXCESS + self.patience:
            return False
        cell = self.cells.setdefault((edge.start, edge.end, edge.cat), [])
        if cell and edge.cost > min(other.cost for other in cell) + MAX_WORSE + self.patience:
            return False
        for at, other in enumerate(cell):
            if other.value == edge.value:
                if other.cost <= edge.cost:
                    return False
                del cell[at]
                break
        if len(cell) >= BEAM:
            worst = max(range(len(cell)), key=lambda at: cell[at].cost)
            if cell[worst].cost <= edge.cost:
                return False
            del cell[worst]
        cell.append(edge)
        self.made += 1
        return True

    def _advance(self, edge: Edge) -> list[Edge]:
        """What an edge makes with the edges in front of it."""
        found: list[Edge] = []
        for cat in (edge.cat, FRONT + edge.cat) if edge.start <= self.front else (edge.cat,):
            state = self.grammar.root.following.get(cat)
            if state:
                self._step(_Active(state, edge.start, edge.end, (edge,), edge.cost), found)
        at, gap = edge.start, 0.0
        while (
            gap - (strange := self._strange[edge.start] - self._strange[at]) <= MAX_GAP + self.patience
            and strange <= MAX_STRANGE + self.patience
        ):
            for state, actives in self._waiting.get(at, {}).items():
                for following in (state.following.get(edge.cat), state.following.get(TIGHT + edge.cat) if gap <= MARK else None):
                    for active in actives if following else ():
                        cost = active.cost + edge.cost + gap
                        self._step(_Active(following, active.start, edge.end, (*active.parts, edge), cost), found)  # type: ignore[arg-type]
            at -= 1
            if at < 0:
                break
            gap += self.skips[at]
        return found

    def _step(self, active: _Active, found: list[Edge]) -> None:
        self.made += 1
        for rule in active.state.rules:
            if self._hopeless(rule, active):
                continue
            values = [None if slot is None else active.parts[slot].value for slot in rule.slots]
            result = rule.meaning(self.context, *values)
            if result is not None:
                self._finish(rule, active, result if isinstance(result, list) else [Out(result)], found)
        if active.state.following:
            self._waiting.setdefault(active.end, {}).setdefault(active.state, []).append(active)

    def _hopeless(self, rule: Rule, active: _Active) -> bool:
        """Whether its cell is full of better edges already."""
        cell = self.cells.get((active.start, active.end, rule.result))
        return cell is not None and len(cell) >= BEAM and all(active.cost + rule.cost - SLACK > other.cost for other in cell)

    def _finish(self, rule: Rule, active: _Active, results: Sequence[Out], found: list[Edge]) -> None:
        cost = active.cost + rule.cost
        for value, more, notes in results:
            found.append(Edge(rule.result, active.start, active.end, value, cost + more, active.parts, None, notes))
