"""The engine beside PostGIS and Oxigraph, on simulated floods, units, places and tracks: the table of the goals.

Every spatial answer is compared with PostGIS's, row by row or count by count; a difference ends the run. Ours: a process of its own for
each question; *cold* is the first run in it (no geometry touched, nothing planned), *warm* the best of three more, parsing and planning
included in both, all terms decoded. PostGIS: geometries parsed and indexed beforehand, the better of two runs, two parallel workers.
CPU is that of all processes and threads of each side.

    python -m benchmarks.engine [--tier S|M|L] [--peers postgis,oxigraph] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._job import STOP, run
from benchmarks._peers import agree, best, comparable, fill
from benchmarks._queries import ENDLESS, PLAIN, TITLES, Question, questions
from benchmarks.data import TIERS, Tier, make
from benchmarks.postgis import Postgis, Timing

HEADS = ("what", "ours, cold", "ours, warm", "peer", "peer's", "ours : peer's", "goal", "reached")
Figures = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A limit on a figure of ours: absolute, or as a ratio to a peer's.

    Attributes:
        most: the limit.
        figure: ``wall`` or ``cpu``, of the cold run, or ``warm_wall``, ``warm_cpu``.
    """

    most: float
    figure: str = "wall"


NATURAL = {"2a": Goal(1 / 10), "j2": Goal(1 / 5, "cpu"), "j3": Goal(1 / 5, "cpu"), "s1": Goal(1.5, "warm_wall")}
HAND = {"2a": Goal(2), "j1": Goal(1.2)}
OXIGRAPH = {"1": Goal(1 / 30)}
LOAD = Goal(1 / 3, "cpu")
SHORT = {"2b": Goal(0.005, "warm_wall"), "subject": Goal(0.005, "warm_wall")}


def seconds(value: float) -> str:
    """Three digits, in a unit that suits."""
    return f"{value:.3g} s" if value >= 0.1 else f"{value * 1000:.3g} ms"


def _spent(found: Figures, head: str = "") -> str:
    return f"{seconds(found[head + 'wall'])} ({seconds(found[head + 'cpu'])} CPU)"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _versus(title: str, found: Figures, peer: str, theirs: Figures, goal: Goal | None) -> str:
    """A row of ours beside a peer's."""
    figure = goal.figure if goal else "wall"
    # the peer's best run stands for both: it had every chance to be warm
    ratio = found[figure] / theirs[figure.removeprefix("warm_")]
    warm = _spent(found, "warm_") if "warm_wall" in found else ""
    target = (f"≤ {goal.most:.3g} ({figure.replace('_', ' ')})", "yes" if ratio <= goal.most else "**no**") if goal else ("", "")
    return _row(title, _spent(found), warm, peer, _spent(theirs), f"{ratio:.3g}", *target)


def _alone(title: str, value: float, goal: float, unit: str) -> str:
    """A row of a figure with an absolute goal."""
    shown = (seconds(value), seconds(goal)) if unit == "s" else (f"{value:,.0f} {unit}", f"{goal:,.0f} {unit}")
    return _row(title, shown[0], "", "", "", "", f"≤ {shown[1]}", "yes" if value <= goal else "**no**")


def _told(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class Bench:
    """One tier, its files, and our snapshot of it; figures of questions are measured once."""

    def __init__(self, tier: Tier, folder: Path) -> None:
        self.tier, self.folder = tier, folder
        self.made = make(tier, folder)
        self.snapshot, self.store = folder / "snapshot", folder / "store"
        self._asked: dict[str, Figures] = {}

    def file(self, name: str, text: str) -> Path:
        """A question in a file."""
        path = self.folder / f"{name}.rq"
        path.write_text(text)
        return path

    def load(self) -> Figures:
        """Build the snapshot anew."""
        shutil.rmtree(self.snapshot, ignore_errors=True)
        return run("load", self.folder / "data.nt", self.snapshot)

    def ask(self, name: str, text: str) -> Figures:
        """Our figures of a question; its rows under ``answer``."""
        if name not in self._asked:
            target = self.folder / "answer.json"
            found = run("ask", self.snapshot, self.file(name, text), target)
            self._asked[name] = found | {"answer": json.loads(target.read_text())}
            _told(f"{self.tier.name} {name}: ours {_spent(found)} cold, {_spent(found, 'warm_')} warm, {found['rows']:,} rows")
        return self._asked[name]

    def load_store(self) -> Figures:
        """Load a store: in its writer's process, published."""
        shutil.rmtree(self.store, ignore_errors=True)
        return run("load-store", self.folder / "data.nt", self.store)

    def stop(self, name: str, text: str) -> float:
        """Seconds after its deadline at which a query without end was stopped, by the engine or by the store, the longer ones."""
        file = self.file(name, text)
        over = [float(run(job, path, file)["over"]) for job, path in (("stop", self.snapshot), ("stop-store", self.store))]
        _told(f"{self.tier.name} {name}: overshot by {over[0]:.3f} s in the engine, {over[1]:.3f} s through the store")
        return max(over)


def _figures(timing: Timing) -> Figures:
    return {"wall": timing.seconds, "cpu": timing.cpu}


def _beside_postgis(bench: Bench, server: Postgis, question: Question) -> Iterator[str]:
    ours = bench.ask(question.name, question.sparql)
    answer = comparable(ours["answer"], question.columns)
    title = f"{question.name}: {question.title} ({answer[0][0] if len(answer) == 1 else len(answer)})"
    natural = best(server, (question.sql,))
    _told(f"   PostGIS, its own plan: {_spent(_figures(natural))}")
    agree(question, answer, comparable(natural.rows, question.columns))
    yield _versus(title, ours, "PostGIS, own plan", _figures(natural), NATURAL.get(question.name))
    if question.hand:
        forced = best(server, question.hand)
        _told(f"   PostGIS, by hand: {_spent(_figures(forced))}")
        agree(question, answer, comparable(forced.rows, question.columns))
        chosen = min((natural, forced), key=lambda one: one.seconds)
        yield _versus(title, ours, "PostGIS, best plan by hand", _figures(chosen), HAND.get(question.name))


def spatial(bench: Bench, within: Path | None) -> Iterator[str]:
    """Rows of the spatial questions beside PostGIS."""
    with Postgis(within) as server:
        filled = fill(server, bench.folder)
        _told(f"PostGIS filled: {filled['copy']:.1f} s, indexes {filled['index']:.1f} s")
        for question in questions(bench.tier).values():
            yield from _beside_postgis(bench, server, question)


def alone(bench: Bench) -> Iterator[str]:
    """Rows of the spatial questions without a peer."""
    for question in questions(bench.tier).values():
        found = bench.ask(question.name, question.sparql)
        yield _row(f"{question.name}: {question.title} ({found['rows']:,} rows)", _spent(found), _spent(found, "warm_"), "", "", "", "", "")


def plain(bench: Bench, loaded: Figures, stored: Figures, peers: set[str]) -> Iterator[str]:
    """Rows of loading and of the questions without space, beside Oxigraph if it is wanted."""
    theirs: Figures = {}
    if "oxigraph" in peers:
        target = bench.folder / "oxigraph"
        shutil.rmtree(target, ignore_errors=True)
        theirs = run("oxigraph-load", bench.folder / "data.nt", target)
        if theirs["triples"] != loaded["triples"]:
            raise AssertionError(f"{loaded['triples']} triples here, {theirs['triples']} in Oxigraph")
        yield _versus(f"load {loaded['triples']:,} triples, lexical forms kept", loaded, "Oxigraph, bulk load", theirs, LOAD)
        yield _versus("the same through the store, published", stored, "Oxigraph, bulk load", theirs, None)
    for name, text in PLAIN.items():
        ours = bench.ask(name, text)
        if not theirs:
            yield _row(TITLES[name], _spent(ours), _spent(ours, "warm_"), "", "", "", "", "")
            continue
        answer = bench.folder / "answer.json"
        found = run("oxigraph-ask", bench.folder / "oxigraph", bench.file(name, text), answer)
        both = ours["answer"], json.loads(answer.read_text())
        if len(both[0]) != len(both[1]) or (name != "2b" and sorted(both[0]) != sorted(both[1])):
            raise AssertionError(f"{name}: Oxigraph answers differently")
        warm = {"wall": found["warm_wall"], "cpu": found["warm_cpu"]}
        yield _versus(TITLES[name], ours, "Oxigraph", warm, OXIGRAPH.get(name))
    for name, goal in SHORT.items():
        yield _alone(f"{TITLES[name]}: in absolute time, warm, parsing included", bench.ask(name, PLAIN[name])[goal.figure], goal.most, "s")


def absolute(bench: Bench, loaded: Figures, stored: Figures) -> Iterator[str]:
    """Rows of the figures with absolute goals."""
    found = bench.ask("1", PLAIN["1"])
    yield _alone(f"open {loaded['triples']:,} triples", found["open"], 0.1, "s")
    yield _alone("memory after opening", found["resident"], 300, "MiB")
    yield _alone(f"load: most memory, {bench.made['bytes'] / 1e6:,.0f} MB of N-Triples", max(loaded["rss"], stored["rss"]), 4096, "MiB")
    over = max(bench.stop(name, text) for name, text in ENDLESS.items())
    yield _alone(f"deadline of {STOP:g} s overshot by, the worst of {len(ENDLESS)} queries without end", over, 0.2, "s")


def growth(tiers: list[Tier], folder: Path, known: dict[str, tuple[Bench, Figures]]) -> Iterator[str]:
    """A table of time and memory from tier to tier, and what they grew by."""
    heads = ("tier", "triples", "load, CPU", "growth", "load, memory", "on disk", "open", "2a, cold", "growth", "j1, cold", "growth",
             "memory of j1")
    yield _row(*heads)
    yield "|---" * len(heads) + "|"
    last: list[float] = []
    for tier in tiers:
        if tier.name not in known:
            bench = Bench(tier, folder / tier.name)
            known[tier.name] = bench, bench.load()
        bench, loaded = known[tier.name]
        asked = questions(tier)
        first, join = bench.ask("2a", asked["2a"].sparql), bench.ask("j1", asked["j1"].sparql)
        now = [loaded["cpu"], first["wall"], join["wall"]]
        grown = [f"× {here / before:.1f}" for here, before in zip(now, last, strict=True)] if last else [""] * 3
        last = now
        yield _row(
            tier.name, f"{loaded['triples']:,}", seconds(now[0]), grown[0], f"{loaded['rss']:,.0f} MiB", f"{loaded['disk']:,.0f} MB",
            seconds(first["open"]), seconds(now[1]), grown[1], seconds(now[2]), grown[2], f"{join['rss']:,.0f} MiB",
        )


def report(tier: Tier, folder: Path, peers: set[str], within: Path | None = None) -> Iterator[str]:
    """Lines of Markdown: the table of the goals, and that of growth."""
    bench = Bench(tier, folder / tier.name)
    _told(f"tier {tier.name}: {bench.made['triples']:,} triples, {bench.made['bytes'] / 1e6:,.0f} MB")
    loaded = bench.load()
    _told(f"loaded: {_spent(loaded)}, {loaded['rss']:,.0f} MiB")
    stored = bench.load_store()
    _told(f"loaded through the store: {_spent(stored)}, {stored['rss']:,.0f} MiB")
    yield _row(*HEADS)
    yield "|---" * len(HEADS) + "|"
    yield from spatial(bench, within) if "postgis" in peers else alone(bench)
    yield from plain(bench, loaded, stored, peers)
    yield from absolute(bench, loaded, stored)
    yield ""
    smaller = [one for one in TIERS.values() if one.floods <= tier.floods]
    yield from growth(smaller, folder, {tier.name: (bench, loaded)})


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", choices=list(TIERS), default="L", help="S 0.1, M 1, L 9.5 million triples")
    parser.add_argument("--peers", default="postgis,oxigraph", help="whom to run beside, separated by commas")
    parser.add_argument("--folder", type=Path, help="where data and stores are made, and kept (default: a temporary folder)")
    given = parser.parse_args()
    with nullcontext(str(given.folder)) if given.folder else tempfile.TemporaryDirectory() as folder:
        for line in report(TIERS[given.tier], Path(folder), set(given.peers.split(","))):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
