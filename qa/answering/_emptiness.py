"""Why there is nothing: one constraint after the other is dropped, and the one that empties the answer is loosened until it does not."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from earthweave.ontology import EarthweaveError

from .._ports import Endpoint, Limits
from ..knowledge import Knowledge
from ..planning import Figure, Result, plan, run
from ..request import (
    Aggregate,
    Amount,
    AnyOf,
    Compare,
    Has,
    Interval,
    Measure,
    Pick,
    Property,
    Related,
    Request,
    Spatial,
    Temporal,
    Things,
)
from ._answer import Emptiness
from ._chips import Alternative, beside
from ._figures import metres, number, period
from ._refusals import Refusal
from ._tree import Path, edited, node, removal, replacement, walk
from ._words import condition, noun, value

QUERIES = 12
"""Queries that an explanation may take."""
SECONDS = 2.0
"""After so long no more queries are begun: the reader waits, and what is known so far is told."""
_FAR = 200_000.0
"""Metres beyond which all data of a kind are elsewhere."""
_GAP = 30
"""Days: what lies farther before the first thing of a kind, or behind the last, is of a time that the data are not of."""
_CONSTRAINTS = Spatial | Related | Temporal | Compare | Has | AnyOf


class _Spent(Exception):
    """All queries that were allowed are spent."""


def explained(request: Request, knowledge: Knowledge, endpoint: Endpoint, limits: Limits) -> tuple[Emptiness, Refusal | None]:
    """Which constraint leaves nothing, and the nearest requests with an answer; a refusal where all data are elsewhere."""
    asker = _Asker(request, knowledge, endpoint, limits)
    try:
        return asker.explain()
    except _Spent:
        asker.spent = True
        return asker.found(), asker.refusal


@dataclass
class _Asker:
    request: Request
    knowledge: Knowledge
    endpoint: Endpoint
    limits: Limits
    left: int = QUERIES

    def __post_init__(self) -> None:
        self.none = self.spent = False
        self.until = time.perf_counter() + SECONDS
        self.blame: list[tuple[str, int]] = []
        self.nearest: list[Alternative] = []
        self.solo: list[tuple[Any, str]] = []
        self.refusal: Refusal | None = None
        target = self.request.target
        self.counting = Request("count", replace(target, pick=None))

    def explain(self) -> tuple[Emptiness, Refusal | None]:
        places = [(path, one) for path, one in walk(self.counting) if isinstance(one, _CONSTRAINTS) and self.plain(path)]
        self.elsewhen(places)
        self.dropped(places[:6])
        if not self.blame:
            self.alone([one for path, one in places if path[:-1] == ("target", "constraints")])
        if not self.blame and not self.solo:
            self.bare(places)
        return self.found(), self.refusal

    def elsewhen(self, places: list[tuple[Path, Any]]) -> None:
        """Whether all things of a kind are of other times than those asked for."""
        for path, one in places:
            owner = node(self.counting, path[:-2])
            if isinstance(one, Temporal) and one.intervals and isinstance(owner, Things) and owner.classes and self.uncovered(owner, one):
                self.refusal = _of_other_times(owner, one)

    def dropped(self, places: list[tuple[Path, Any]]) -> None:
        """How many there are without each constraint, and what is nearest to it where there are some."""
        for path, one in places:
            edit = removal(self.counting, path)
            count = self.count(edited(self.counting, edit)) if edit else 0
            if count:
                self.blame.append((condition(one), count))
                self.loosened(path, one)

    def plain(self, path: Path) -> bool:
        """Whether dropping it alone leaves a question: not what is counted or compared with."""
        return "via" not in path and "options" not in path

    def found(self) -> Emptiness:
        """What is known so far."""
        return Emptiness(self.text(), tuple(self.blame), tuple(self.nearest))

    def text(self) -> str:
        what = noun(replace(self.counting.target, constraints=(), named=()))
        if self.solo:
            said = [f"“{condition(one)}” alone leaves nothing: {near}" for one, near in self.solo]
            known = self.refusal.text if self.refusal and self.refusal.text not in " ".join(said) else ""
            return " ".join(filter(None, (*said, known)))
        if self.refusal and not self.blame:
            return self.refusal.text
        if not self.blame and self.spent:
            return ""
        if not self.blame:
            return (
                f"The store has no {what} at all." if self.none else "No single condition is to blame: only several together leave nothing."
            )
        said = [f"without “{text}” there {'is' if count == 1 else 'are'} {count:,}" for text, count in self.blame]
        near = f" Nearest: {self.nearest[0].text}." if self.nearest else ""
        return f"Nothing meets all conditions: {'; '.join(said)}.{near}"

    def bare(self, places: list[tuple[Path, Any]]) -> None:
        """Whether there is any thing of the kind at all."""
        target = self.counting.target
        if target.classes:
            self.none = not self.count(Request("count", Things(classes=target.classes)))
        elif not places:
            self.none = True

    def alone(self, constraints: list[Any]) -> None:
        """Which constraints leave nothing even where nothing else is asked, and what is nearest to each."""
        for one in constraints[:4] if len(constraints) > 1 else ():
            single = Request("count", replace(self.counting.target, constraints=(one,)))
            if self.count(single):
                continue
            other = _Asker(single, self.knowledge, self.endpoint, self.limits, self.left)
            other.loosened(("target", "constraints", 0), one)
            self.left = other.left
            near = other.refusal.text if other.refusal else f"nearest: {other.nearest[0].text}." if other.nearest else "none is near."
            self.solo.append((one, near))
            self.refusal = self.refusal or other.refusal
        if not self.solo:
            return
        held = self.counting.target.constraints
        edit = [
            step
            for at in reversed(range(len(held)))
            if any(held[at] is one for one, _ in self.solo)
            for step in removal(self.counting, ("target", "constraints", at))
        ]
        count = self.count(edited(self.counting, tuple(edit)))
        if count:
            names = " and ".join(f"“{condition(one)}”" for one, _ in self.solo)
            self.nearest.append(Alternative(f"without {names} ({count:,})", tuple(edit)))
        self.refusal = self.refusal and replace(self.refusal, text=self.text())

    # queries
    def run(self, request: Request) -> Result | None:
        if self.left <= 0 or time.perf_counter() > self.until:
            raise _Spent
        self.left -= 1
        try:
            planned = plan(request, self.knowledge, self.limits)
            return None if planned.refusal else run(planned, self.endpoint, self.limits)
        except EarthweaveError:
            # an explanation that costs too much is left out
            return None

    def count(self, request: Request) -> int:
        found = self.run(request)
        return found.total or 0 if found else 0

    # loosening
    def loosened(self, path: Path, one: Any) -> None:
        if isinstance(one, Temporal):
            self.other_time(path, one)
        elif isinstance(one, Spatial):
            self.farther(path, one)
        elif isinstance(one, Compare) and isinstance(one.than, Amount):
            self.other_amount(path, one, one.than)

    def offer(self, path: Path, changed: Any, text: str) -> None:
        count = self.count(edited(self.counting, replacement(path, changed)))
        if count:
            self.nearest.append(Alternative(f"{text} ({count:,})", replacement(path, changed)))

    def other_time(self, path: Path, one: Temporal) -> None:
        """The same length of time before and after, then all time before and after."""
        if not one.intervals:
            return
        before = len(self.nearest)
        for interval in self.beside(one):
            self.offer(path, replace(one, intervals=(interval,), granularity="range"), period(interval))
            if len(self.nearest) >= before + 2:
                break
        if len(self.nearest) == before and path[:-1] == ("target", "constraints"):
            self.refusal = _of_other_times(self.counting.target, one)

    def uncovered(self, things: Things, one: Temporal) -> bool:
        """Whether a time lies long before or long after all that the store has of a kind, wherever it is."""
        first, last = one.intervals[0].start, one.intervals[-1].end
        reaching = [Interval(_moved(first, -_GAP), None)] if first else []
        reaching += [Interval(None, _moved(last, _GAP))] if last else []
        times = (replace(one, intervals=(interval,), granularity="range") for interval in reaching)
        counts = (self.run(Request("count", Things(things.classes, constraints=(time,)))) for time in times)
        return any(found is not None and not found.total for found in counts)

    def beside(self, one: Temporal) -> Iterator[Interval]:
        first, last = one.intervals[0], one.intervals[-1]
        if first.start and last.end:
            yield from beside(Interval(first.start, last.end))
        if first.start:
            yield Interval(None, first.start)
        if last.end:
            yield Interval(last.end, None)

    def farther(self, path: Path, one: Spatial) -> None:
        """The distance at which the nearest lies."""
        if one.negated or len(one.of) != 1 or one.count:
            return
        distance = Measure("distance", "m", to=one.of[0])
        where = edited(self.counting, removal(self.counting, path))
        if path[:-1] != ("target", "constraints"):
            return
        nearest = Request("find", replace(where.target, pick=Pick(distance, descending=False)), columns=(distance,))
        found = self.run(nearest)
        figures = [row.values[0] for row in found.rows if row.values] if found else []
        lengths = [one.value for one in figures if isinstance(one, Figure)]
        if not lengths:
            return
        least = min(lengths)
        if least == 0:
            self.offer(path, replace(one, relation="intersects", op=None, metres=None), f"at least partly in {noun(one.of[0])}")
            return
        reach = _rounded(least)
        changed = Spatial("distance", one.of, op="<=", metres=reach)
        self.nearest.append(Alternative(f"within {metres(reach)} of {noun(one.of[0])}", replacement(path, changed)))
        if least > _FAR:
            text = f"The nearest {noun(Things(self.counting.target.classes), False)} in the store lies {metres(round(least, -3))} away."
            self.refusal = Refusal("outside-space", text)

    def other_amount(self, path: Path, one: Compare, than: Amount) -> None:
        """The nearest amount that something has."""
        if path[:-1] != ("target", "constraints") or one.op not in ("<", "<=", ">", ">="):
            return
        upward = one.op in ("<", "<=")
        rest = edited(self.counting, removal(self.counting, path)).target
        unit = one.value.unit if isinstance(one.value, Property | Measure) else "1"
        found = self.run(Request("measure", rest, aggregates=(Aggregate("min" if upward else "max", one.value),)))
        figure = found.numbers[0] if found and found.numbers else None
        if figure is None or than.unit != (figure.unit if unit != "1" else than.unit):
            return
        bound = _rounded(figure.value) if upward else figure.value
        changed = replace(one, op="<=" if upward else ">=", than=replace(than, value=bound))
        self.offer(path, changed, f"{value(one.value)} {'at most' if upward else 'at least'} {number(bound)}")


def _of_other_times(things: Things, asked: Temporal) -> Refusal:
    what = noun(Things(things.classes))
    return Refusal("outside-time", f"All {what} in the store are of other times: none is {condition(asked)}.")


def _moved(day: date, days: int) -> date:
    """Some days later, or earlier, as far as there are dates."""
    return date.fromordinal(min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal()))


def _rounded(value: float) -> float:
    """Up, to two digits."""
    if value <= 0:
        return value or 1.0
    size = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / size) * size
