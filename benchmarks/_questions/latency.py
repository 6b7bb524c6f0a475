"""How long questions take on a store of more than a million triples, on one core: reading and parsing, the whole answer, the start.

The store is that of GS-QA's points of interest with simulated visits beside them; the questions are drawn from GS-QA, the same every time.
Then, kind by kind, those that ask the most of a store: they are in the list of GS-QA too rarely to be seen in its percentiles.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from earthweave.qa import Answer
from earthweave.server.questions import StoreAsker
from earthweave.server.store import Store

from .cases import Case, percentile
from .gsqa import rows
from .stores import HERE, QA, filled_pois, store_of

GOALS = {"parse": 0.05, "answer": 1.0, "start": 3.0}
"""Seconds: p95 of parsing, p95 of the answer, opening what the store knows."""
LEAST = 1_000_000
_NOW = datetime(2026, 11, 20, tzinfo=UTC)
HARDEST = {
    "nearest": "What is the nearest {kind} to {here}?",
    "nearest of a rare kind": "Where is the nearest himalayan restaurant from {here}?",
    "nearest in a direction": "What is the nearest {kind} northwest of {here}?",
    "nearest towards": "What is the nearest {kind} towards {there} from {here}?",
    "five nearest": "Which five {kind}s are closest to {here}?",
    "farthest": "Which {kind} is farthest from {here}?",
    "how far the nearest is": "What is the distance between {here} and the nearest {kind}?",
    "within and towards": "Which {kind} can I find within 150 kilometers from {here} towards {there}?",
    "count within": "How many {kind}s are within 100 kilometers of {here}?",
    "between": "Which {kind}s are between {here} and {there}?",
    "two kinds": "How many {kind}s are within 1 km of a museum?",
}
"""Kind of question → how it is asked."""
_KINDS = ("restaurant", "café", "hotel", "gallery", "golf course", "zoo")
_PARSING = ("read", "annotate", "parse")


@dataclass(frozen=True)
class Timed(Case):
    """A question with the time of its whole answer; the first one, ``start``, with that of opening the index."""

    whole: float = 0.0


@contextmanager
def one_core() -> Iterator[None]:
    """This process, and those that it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cases(folder: Path, sample: int = 0) -> Iterator[Timed]:
    """The start, then questions; right is what keeps to its goal."""
    with one_core(), store_of(folder, "million", _fill, QA / "gsqa_pois.csv.gz", HERE / "pois.ttl", Path(__file__)) as store:
        StoreAsker(store).knowledge()
        started = time.perf_counter()
        asker = StoreAsker(store, clock=lambda: _NOW)
        asker.knowledge()
        opened = time.perf_counter() - started
        drawn = random.Random(20).sample([row["question"] for row in rows()], sample or 200)
        # what the first question of a process has to load counts as start
        start = opened + _parsing(asker.answer(drawn[0]))
        yield Timed("start", "start", "", start <= GOALS["start"], "answer", f"{start:.2f} s", whole=start)
        for number, text in enumerate(drawn):
            yield _asked(asker, str(number), f"answer within {GOALS['answer']:g} s", text)
        for number, (kind, text) in enumerate(_hardest(min(sample or 8, 8))):
            yield _asked(asker, f"hard {number}", f"hardest: {kind}", text)


def _hardest(each: int) -> Iterator[tuple[str, str]]:
    """So many questions of each of the hardest kinds, about the places that questions of GS-QA lead from and to."""
    pairs = [[one["display_name"] for one in row["entities"].values() if "display_name" in one] for row in rows()]
    known, rng = [pair for pair in pairs if len(pair) == 2], random.Random(21)
    for kind, form in HARDEST.items():
        for number in range(each):
            here, there = rng.choice(known)
            yield kind, form.format(kind=_KINDS[number % len(_KINDS)], here=here, there=there)


def _asked(asker: StoreAsker, id: str, category: str, text: str) -> Timed:
    started = time.perf_counter()
    answer = asker.answer(text)
    whole = time.perf_counter() - started
    parse = _parsing(answer)
    right = whole <= GOALS["answer"]
    stage = "" if right else "execution"
    said = ", ".join(f"{name} {seconds:.2f}" for name, seconds in answer.timings.items())
    return Timed(id, category, text, right, stage, f"{whole:.2f} s: {said}", parse, whole=whole)


def _parsing(answer: Answer) -> float:
    return sum(answer.timings.get(stage, 0.0) for stage in _PARSING)


def summary(found: Sequence[Case]) -> str:
    """The figures beside their goals."""
    timed = [one for one in found if isinstance(one, Timed)]
    asked = [one for one in timed if one.id != "start" and not one.category.startswith("hardest")]
    start = next((one.whole for one in timed if one.id == "start"), 0.0)
    figures = {
        "parse": (percentile([one.seconds for one in asked], 0.5), percentile([one.seconds for one in asked], 0.95)),
        "answer": (percentile([one.whole for one in asked], 0.5), percentile([one.whole for one in asked], 0.95)),
        "start": (start, start),
    }
    lines = [f"| {name} | {middle:.3f} s | {high:.3f} s | {GOALS[name]:g} s |" for name, (middle, high) in figures.items()]
    for kind in dict.fromkeys(one.category for one in timed if one.category.startswith("hardest")):
        took = [one.whole for one in timed if one.category == kind]
        lines.append(f"| {kind} | {percentile(took, 0.5):.3f} s | {percentile(took, 0.95):.3f} s | {GOALS['answer']:g} s |")
    return "\n".join(["| one core | median | p95 | goal |", "|---|---:|---:|---:|", *lines])


def _fill(store: Store, work: Path) -> None:
    filled_pois(store, work)
    missing = LEAST - store.statistics().triples
    if missing > 0:
        store.load_quads(_visits(missing), name="simulated visits")


def _visits(triples: int) -> Iterator[bytes]:
    """Statements about simulated things that nobody asks about, but that the store has to hold."""
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/simulated#Visit>"
    for number in range(triples // 2 + 1):
        visit = f"<http://example.org/simulated/visit/{number}>"
        yield f'{visit} {kind} .\n{visit} <http://example.org/simulated#duration> "{number % 240}"^^<{_INTEGER}> .\n'.encode()


_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
