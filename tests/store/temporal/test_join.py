"""Pairs of statements by their times, and by their times and places, against all pairs compared one by one."""

from __future__ import annotations

import io
import random
import re

import numpy as np
import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate, parse, plan_report
from earthweave.server.store.loading import blocks_ntriples
from earthweave.server.store.snapshot import FOREVER, Snapshot, SnapshotBuilder
from earthweave.server.store.temporal import RELATIONS

STRDF = "http://strdf.di.uoa.gr/ontology#"
HEAD = f"PREFIX strdf: <{STRDF}> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> PREFIX : <http://e/> "
DAY = 86_400_000_000
COUNT = 120
Item = tuple[str, int, int, float, float]


def day(number: int) -> str:
    return f"{np.datetime64('2020-01-01') + number}T00:00:00"


def made(letter: str, chance: random.Random) -> list[tuple[Item, str]]:
    """Things with a time of some days, or that goes on, or of one moment, and a place."""
    found = []
    for number in range(COUNT):
        start, length, x, y = chance.randrange(200), chance.choice((1, 1, 2, 5, 30, 0, -1)), chance.uniform(0, 4), chance.uniform(0, 4)
        end = day(start + length) if length > 0 else "UC"
        time = f'"[{day(start)},{end})"^^<{STRDF}period>' if length >= 0 else f'"{day(start)}"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
        base = int((np.datetime64("2020-01-01") - np.datetime64("1970-01-01")).astype(int))
        name = f"<http://e/{letter}{number}>"
        line = f'{name} <http://e/{letter}> "POINT({x} {y})"^^<http://www.opengis.net/ont/geosparql#wktLiteral> {time} .\n'
        begins = (base + start) * DAY
        ends = begins + 1 if length < 0 else begins + length * DAY if length else FOREVER
        found.append(((name[1:-1], begins, ends, x, y), line))
    return found


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, list[Item], list[Item]]:
    chance = random.Random(3)
    one, other = made("a", chance), made("b", chance)
    builder = SnapshotBuilder(tmp_path_factory.mktemp("join") / "snapshot", durable=False)
    builder.begin("things", AxisOrder.STRICT)
    for block in blocks_ntriples(io.BytesIO("".join(line for _, line in (*one, *other)).encode()), source="things"):
        builder.add(block)
    builder.end()
    return builder.finish(), [item for item, _ in one], [item for item, _ in other]


def pairs(snapshot: Snapshot, text: str) -> tuple[list[tuple[str, str]], str]:
    """Solutions of ``?x ?y``, sorted, and the plan."""
    result = evaluate(snapshot, parse(HEAD + text))
    found = [(result.context.terms.term(a).text, result.context.terms.term(b).text)
             for batch in result.batches() for a, b in zip(batch.column("x").tolist(), batch.column("y").tolist(), strict=True)]
    return sorted(found), plan_report(result.operator, result.context)["text"]


@pytest.mark.parametrize("relation", list(RELATIONS))
@pytest.mark.parametrize("turned", [False, True])
def test_every_relation_joins(things: tuple[Snapshot, list[Item], list[Item]], relation: str, turned: bool) -> None:
    snapshot, left, right = things
    said = "?u, ?t" if turned else "?t, ?u"
    found, plan = pairs(snapshot, f"SELECT ?x ?y {{ ?x :a ?g ?t . ?y :b ?h ?u FILTER(strdf:{relation}({said})) }}")
    ends = [(np.int64(one[1]), np.int64(one[2]), np.int64(other[1]), np.int64(other[2])) for one in left for other in right]
    holds = [RELATIONS[relation](c, d, a, b) if turned else RELATIONS[relation](a, b, c, d) for a, b, c, d in ends]
    names = [(one[0], other[0]) for one in left for other in right]
    assert found == sorted(name for name, held in zip(names, holds, strict=True) if held)
    assert "TemporalJoin" in plan and "Filter" not in plan


def test_what_touches_is_searched_for(things: tuple[Snapshot, list[Item], list[Item]]) -> None:
    """No more pairs are tried than hold, of relations in which an end lies at an end."""
    for relation in ("meets", "adjacent", "starts", "finishes"):
        found, plan = pairs(things[0], f"SELECT ?x ?y {{ ?x :a ?g ?t . ?y :b ?h ?u FILTER(strdf:{relation}(?t, ?u)) }}")
        tried, held = map(int, re.findall(r"([0-9]+) candidate pairs, ([0-9]+) hold", plan)[0])
        assert 0 < held <= tried <= len(found)


@pytest.mark.parametrize(("metres", "relation"), [(2_000, "PeriodOverlaps"), (200_000, "meets"), (100_000, "during")])
def test_time_and_space_link_in_one_plan(things: tuple[Snapshot, list[Item], list[Item]], metres: int, relation: str) -> None:
    snapshot, _, _ = things
    near = f"geof:distance(?g, ?h, <http://www.opengis.net/def/uom/OGC/1.0/metre>) < {metres}"
    body = "?x :a ?g ?t . ?y :b ?h ?u"
    both, plan = pairs(snapshot, f"SELECT ?x ?y {{ {body} FILTER({near} && strdf:{relation}(?t, ?u)) }}")
    by_time, _ = pairs(snapshot, f"SELECT ?x ?y {{ {body} FILTER(strdf:{relation}(?t, ?u)) }}")
    by_space, _ = pairs(snapshot, f"SELECT ?x ?y {{ {body} FILTER({near}) }}")
    assert both == sorted(set(by_time) & set(by_space))
    assert ("SpatialJoin" in plan) != ("TemporalJoin" in plan)
    # what leaves fewer pairs links
    assert ("SpatialJoin" in plan) == (metres == 2_000)
