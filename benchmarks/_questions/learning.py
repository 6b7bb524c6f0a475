"""What learning the names of a store costs: the index by itself, its file opened again, and all that is known of a store of so many names.

The names are those of GeoNames, then the same backwards, then behind the name of their region, until there are enough.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rdflib import Literal

from earthweave.qa import build
from earthweave.qa.knowledge import Called, Knowledge, index_of, read, write
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import Store

from .cases import Case
from .gazetteer import geonames
from .stores import store_of

SIZES = (40_000, 400_000)
GOALS = {"index": (10.0, 120.0), "open": (3.0, 120.0), "store": (20.0, 400.0)}
"""Seconds and MiB for the larger size: of the index in memory, of its file mapped, of learning a whole store."""
_ASKED = 200


@dataclass(frozen=True)
class Cost(Case):
    """What a step took: wall and processor time, and by how much it made the process grow, with the most it was meanwhile."""

    whole: float = 0.0
    processor: float = 0.0
    grown: float = 0.0
    peak: float = 0.0


def cases(folder: Path, archive: Path | None) -> Iterator[Cost]:
    """Each step in a process of its own; none without GeoNames."""
    for size in SIZES if archive else ():
        file = folder / f"names-{size}.index"
        for step, work in (("index", _index), ("open", _open), ("store", _store)):
            seconds, processor, grown, peak = _apart(work, folder, archive, file, size)
            goal = GOALS[step]
            right = size != SIZES[-1] or (seconds <= goal[0] and grown <= goal[1])
            told = f"{seconds:.2f} s, {processor:.2f} s of processor time, {grown:.0f} MiB more, {peak:.0f} MiB meanwhile"
            yield Cost(f"{step} {size}", step, f"{size:,} names", right, "" if right else "execution", told,
                       whole=seconds, processor=processor, grown=grown, peak=peak)  # fmt: skip


def summary(found: Sequence[Case]) -> str:
    """The figures beside their goals."""
    rows = [
        f"| {one.category} | {one.question} | {one.whole:.2f} s | {one.processor:.2f} s | {one.grown:.0f} MiB | {one.peak:.0f} MiB "
        f"| {GOALS[one.category][0]:g} s, {GOALS[one.category][1]:g} MiB |"
        for one in found
        if isinstance(one, Cost)
    ]
    heads = ["| step | names | wall | processor | memory kept | most meanwhile | goal (400 k) |", "|---|---:|---:|---:|---:|---:|---:|"]
    return "\n".join([*heads, *rows])


def _names(archive: Path) -> Iterator[tuple[str, dict[str, str]]]:
    rows = list(geonames(archive))
    yield from ((row["name"], row) for row in rows)
    yield from ((row["name"][::-1].title(), row) for row in rows)
    yield from ((f"{row['admin2'] or row['admin1']} {row['name']}", row) for row in rows)


def _index(folder: Path, archive: Path, file: Path, size: int) -> tuple[float, float, float, float]:
    things = (
        Called(f"https://sws.geonames.org/x{at}", ((name, 1.0),), ("http://www.geonames.org/ontology#P",), 2.0,
               _point(row), (row["admin1"],))
        for at, (name, row) in enumerate(islice(_names(archive), size))
    )  # fmt: skip
    found = list(things)
    # the lexicon, which is loaded once, is no part of the index
    index_of(found[:1])
    cost = _measured(lambda: index_of(found))
    write(Knowledge(index_of(found)), file)
    return cost


def _point(row: dict[str, str]) -> tuple[float, float, float, float]:
    lon, lat = float(row["lon"]), float(row["lat"])
    return lon, lat, lon, lat


def _open(folder: Path, archive: Path, file: Path, size: int) -> tuple[float, float, float, float]:
    asked = random.Random(3).sample([name for name, _ in islice(_names(archive), 40_000)], _ASKED)

    def look() -> Knowledge | None:
        known = read(file)
        for name in asked:
            assert known is not None and known.names.find(name.split())
        return known

    return _measured(look)


def _store(folder: Path, archive: Path, file: Path, size: int) -> tuple[float, float, float, float]:
    def fill(store: Store, _: Path) -> None:
        store.load_quads(_statements(archive, size), name="names")

    with store_of(folder, f"names-{size}", fill, archive, Path(__file__)) as store:
        # a worker that reads is there before the clock starts
        store.query("ASK { }")
        return _measured(lambda: build(StoreEndpoint(store), page=store.limits.query_rows))


def _statements(archive: Path, size: int) -> Iterator[bytes]:
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.geonames.org/ontology#P>"
    for at, (name, row) in enumerate(islice(_names(archive), size)):
        thing, point = f"<https://sws.geonames.org/x{at}>", f'"POINT({row["lon"]} {row["lat"]})"'
        label, state = Literal(name).n3(), Literal(row["admin1"]).n3()
        yield (
            f"{thing} {kind} .\n{thing} <http://www.w3.org/2000/01/rdf-schema#label> {label} .\n"
            f"{thing} <http://www.opengis.net/ont/geosparql#asWKT> {point}^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n"
            f"{thing} <http://example.org/state> {state} .\n"
        ).encode()


def _measured(work: Callable[[], object]) -> tuple[float, float, float, float]:
    """Wall and processor seconds of a call, and by how much it made this process grow, at its end and at most, in MiB."""
    gc.collect()
    before, started, processor = _resident("VmRSS"), time.perf_counter(), time.process_time()
    Path("/proc/self/clear_refs").write_text("5")
    kept = work()
    seconds, spent = time.perf_counter() - started, time.process_time() - processor
    peak = _resident("VmHWM") - before
    gc.collect()
    grown = _resident("VmRSS") - before
    del kept
    return seconds, spent, grown, peak


def _resident(name: str) -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


Work = Callable[[Path, Path, Path, int], tuple[float, float, float, float]]


def _apart(work: Work, *given: object) -> tuple[float, float, float, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: tuple[float, float, float, float] = pool.apply(work, given)
    return found
