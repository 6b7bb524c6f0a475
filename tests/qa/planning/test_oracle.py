"""Random requests over small worlds, planned and run on a real store, beside a plain evaluation of the same tree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from earthweave.qa.planning import Conventions, Figure, Result, plan, run
from earthweave.qa.request import Aggregate, Property, Ratio, Request
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store

from .requests import requests
from .worlds import KNOWLEDGE, Oracle, Thing, triples, world

_SIZES = {"km": 1e3, "km2": 1e6}


@dataclass
class Stage:
    """A world and the store that has it."""

    things: dict[str, Thing]
    endpoint: StoreEndpoint


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    things = world(7)
    folder: Path = tmp_path_factory.mktemp("world")
    (folder / "world.ttl").write_text("".join(triples(things)), "utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "world.ttl"])
        yield Stage(things, StoreEndpoint(store))


_REQUESTS = requests(world(7))
_QUICK = settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))


@_QUICK
@given(_REQUESTS, st.sampled_from(["sectors", "boxes"]))
def test_the_store_says_what_the_evaluator_says(stage: Stage, request_: Request, directions: Any) -> None:
    conventions = Conventions(directions=directions)
    planned = plan(request_, KNOWLEDGE, conventions=conventions)
    note(planned.text)
    if planned.refusal is not None:
        event(f"refused: {planned.refusal.code}")
        assert planned.refusal.code in ("unknown-property", "no-geometry")
        return
    event(request_.form)
    oracle = Oracle(stage.things, conventions)
    _same(run(planned, stage.endpoint), request_, oracle)


def _same(result: Result, request: Request, oracle: Oracle) -> None:
    expected = oracle.of(request.target)
    if request.form == "ask":
        assert result.truth == bool(expected)
    elif request.form == "count":
        assert result.numbers == (Figure(len(expected)),)
    elif request.form == "find":
        listed = [row.feature.iri for row in result.rows]
        assert sorted(set(listed)) == sorted(expected)
        assert result.total == len(expected)
        if request.order:
            _in_order(listed, request, oracle)
        for row in result.rows if request.columns else ():
            wanted = request.columns[0]
            assert not isinstance(wanted, Ratio)
            _close(row.values[0], oracle.numbers(row.feature.iri, wanted), _SIZES.get(wanted.unit, 1.0))
    else:
        assert result.total == len(expected)
        for found, aggregate in zip(result.numbers, request.aggregates, strict=True):
            _aggregated(found, aggregate, expected, oracle)


def _in_order(listed: list[str], request: Request, oracle: Oracle) -> None:
    assert request.order is not None
    pick = max if request.order.descending else min
    ranks = [pick(numbers) if (numbers := oracle.numbers(iri, request.order.by)) else None for iri in listed]
    some = [rank for rank in ranks if rank is not None]
    assert ranks[len(some) :] == [None] * (len(ranks) - len(some))
    assert some == pytest.approx(sorted(some, reverse=request.order.descending))


def _close(found: Any, expected: list[float], size: float) -> None:
    if found is None:
        assert not expected
    else:
        assert any(found.value * size == pytest.approx(one, rel=1e-6, abs=1e-6) for one in expected)


def _aggregated(found: Figure | None, wanted: Aggregate, of: list[str], oracle: Oracle) -> None:
    value = wanted.value
    if isinstance(value, Ratio) and wanted.function == "sum":
        pairs = [(a, b) for iri in of if (a := oracle.numbers(iri, value.numerator)) and (b := oracle.numbers(iri, value.denominator))]
        expected = sum(max(a) for a, _ in pairs) / (sum(max(b) for _, b in pairs) / 1e6) if pairs else None
        return _equal(found, expected)
    size = 1e-6 if isinstance(value, Ratio) else 1.0 if isinstance(value, Property) else 1e6
    numbers = [max(own) / size for iri in of if (own := oracle.numbers(iri, value))]
    total = sum(numbers)
    results = {"sum": total, "avg": total / max(len(numbers), 1), "max": max(numbers, default=0), "min": min(numbers, default=0)}
    return _equal(found, results[wanted.function] if numbers else None)


def _equal(found: Figure | None, expected: float | None) -> None:
    if expected is None:
        assert found is None or found.value == 0
    else:
        assert found is not None
        assert math.isclose(found.value, expected, rel_tol=1e-6)
