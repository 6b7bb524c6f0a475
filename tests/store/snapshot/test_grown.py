"""What is committed after a snapshot and held in memory: every column and count is that of a snapshot that was built of the same."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earthweave.ontology import RDF, StoreError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import (
    Change,
    Grown,
    Quads,
    Segment,
    Snapshot,
    SnapshotBuilder,
    combined,
    decoded,
    differences,
    drafted,
    emptied,
    grown,
    iri,
)

TYPE = f"<{RDF.type}>"
OBJECTS = ("<x:a>", "<x:b>", '"1"', '"1"@en', '"7"^^<http://www.w3.org/2001/XMLSchema#integer>', '"2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date>',
           '"POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>', '"POINT("^^<http://www.opengis.net/ont/geosparql#wktLiteral>')
STEPS = 12


def quad(chance: random.Random) -> str:
    subject, predicate = f"<x:s{chance.randrange(6)}>", chance.choice(("<x:p>", "<x:q>", TYPE, TYPE))
    return f"{subject} {predicate} {chance.choice(OBJECTS)} {chance.choice(('', '', '<x:g>', '<x:h>'))} .\n"


def block(lines: set[str]) -> list[Quads]:
    return list(quads_of("".join(sorted(lines)).encode(), "nquads"))


def built(folder: Path, origin: Snapshot | None, changes: list[tuple[Quads, Quads]]) -> Snapshot:
    builder = SnapshotBuilder(folder, origin, durable=False)
    builder.begin("all", AxisOrder.STRICT)
    for less, more in changes:
        builder.without(less)
        builder.add(more)
    builder.end()
    return builder.finish()


def of_lines(folder: Path, lines: set[str]) -> Snapshot:
    """A snapshot of some N-Quads."""
    return built(folder, None, [(Quads(one.terms, *np.empty((4, 0), np.int32)), one) for one in block(lines)])


def shown(snapshot: Snapshot) -> Counter[Any]:
    """Every statement, by the terms."""
    found: Counter[Any] = Counter()
    for predicate in snapshot.predicates:
        segment = snapshot.segment(predicate)
        assert segment is not None
        graphs = [0] * len(segment.so) if segment.so.graph is None else np.asarray(segment.so.graph).tolist()
        for key, value, graph in zip(np.asarray(segment.so.key).tolist(), np.asarray(segment.so.value).tolist(), graphs, strict=True):
            name = snapshot.term(int(snapshot.graphs[graph - 1])) if graph else None
            found[snapshot.term(key), snapshot.term(predicate), snapshot.term(value), name] += 1
    return found


def columns(order: Any) -> list[tuple[int, int, int]]:
    graph = np.zeros(len(order), np.int32) if order.graph is None else np.asarray(order.graph)
    return list(zip(np.asarray(order.key).tolist(), np.asarray(order.value).tolist(), graph.tolist(), strict=True))


def check(segment: Segment, chance: random.Random) -> None:
    """Facts, orders, ranges and pieces of a segment agree with its statements."""
    rows = columns(segment.so)
    assert rows == sorted(set(rows)) and len(rows) == segment.count
    assert columns(segment.os) == sorted((value, key, graph) for key, value, graph in rows)
    pairs = {(key, value) for key, value, _ in rows}
    assert (segment.subjects, segment.objects) == (len({key for key, _ in pairs}), len({value for _, value in pairs}))
    assert not segment.functional or len(pairs) == segment.subjects
    assert segment.repeated or len(pairs) == len(rows)
    assert segment.graphs == Counter(graph for _, _, graph in rows)
    for tag, found in segment.ranges.items():
        mine = [value for _, value, _ in rows if value >> 59 == tag]
        assert (found.count, found.least, found.greatest) == (len(mine), min(mine), max(mine))
    for order in (segment.so, segment.os):
        keys = np.array([*{key for key, _, _ in columns(order)}, -1, 0, 2**61])
        assert [stop - start for start, stop in zip(*order.ranges(keys), strict=True)] == [
            sum(key == one for key, _, _ in columns(order)) for one in keys.tolist()]
        whole, places = np.asarray(order.value), np.array([chance.randrange(len(order)) for _ in range(5)])
        start = chance.randrange(len(order))
        assert (order.value[places] == whole[places]).all() and order.value[-1] == whole[-1]
        assert (np.asarray(order.value[start : start + 3]) == whole[start : start + 3]).all()
        assert (order.value[::2] == whole[::2]).all() and (order.value[whole == whole[0]] == whole[0]).all()


@pytest.mark.parametrize("seed", range(8))
def test_random_changes(seed: int, tmp_path: Path) -> None:
    chance, there, log = random.Random(seed), set[str](), list[Change]()
    there = {quad(chance) for _ in range(chance.choice((0, 15)))}
    origin = snapshot = of_lines(tmp_path / "0", there)
    for step in range(STEPS):
        less, more = ({quad(chance) for _ in range(chance.randrange(8))} for _ in range(2))
        if chance.random() < 0.2:
            less |= {one for one in there if " <x:h> " in one}
        there = (there - less) | more
        change, _ = drafted(snapshot, block(less), block(more))
        log.append(decoded(change.encoded()))
        snapshot = grown(snapshot, log[-1])
        wanted = shown(of_lines(tmp_path / f"{step}-wanted", there))
        again = grown(origin, combined(log))
        for one in (snapshot, again):
            assert shown(one) == wanted
            assert one.triples == len(there)
            for predicate in one.predicates:
                segment = one.segment(predicate)
                assert segment is not None
                check(segment, chance)
            typed = {line.partition(" .")[0].replace("<x:g>", "").replace("<x:h>", "").strip() for line in there if TYPE in line}
            assert sum(one.statistics.classes.values()) == len(typed)
            assert sum(one.statistics.graphs.values()) == len(there)
        if chance.random() < 0.25:
            origin = snapshot = built(tmp_path / str(step + 1), origin, list(differences(snapshot)))
            log = []
            assert shown(origin) == wanted


def test_a_graph_is_emptied(tmp_path: Path) -> None:
    lines = {"<x:s> <x:p> <x:o> .\n", "<x:s> <x:p> <x:o> <x:g> .\n", "<x:s> <x:q> <x:o> <x:g> .\n"}
    origin = of_lines(tmp_path / "0", lines)
    without = grown(origin, emptied(origin, iri("x:g")))
    assert (without.triples, len(without.graphs), len(without.predicates)) == (1, 0, 1)
    assert grown(without, emptied(without, None)).triples == 0
    assert grown(origin, emptied(origin, iri("x:none"))) is origin
    assert (origin.triples, isinstance(without, Grown)) == (3, True)


def test_what_is_no_change_is_told(tmp_path: Path) -> None:
    origin = built(tmp_path / "0", None, [])
    whole = drafted(origin, [], block({quad(random.Random(1)) for _ in range(9)}))[0].encoded()
    assert len(decoded(whole).rows)
    for wrong in (b"", b"nonsense", whole[:40], whole[:-3]):
        with pytest.raises(StoreError, match="what is no change"):
            decoded(wrong)
