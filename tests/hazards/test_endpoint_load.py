"""A served store under many clients for half a minute: no request fails, and memory stays what it was."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks.endpoint import HAZARDS, Served, canary, load, mixed, quantile, served

CLIENTS, SECONDS = 30, 30.0
MEBIBYTES = 200.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("load")) as running:
        yield running


def test_thirty_clients_for_thirty_seconds(server: Served) -> None:
    load(server, CLIENTS, 3.0, mixed)
    before = server.memory()
    met = load(server, CLIENTS, SECONDS, mixed)
    after = server.memory()
    print(f"\n{met.requests} requests, {before} before, {after} after, {os.getloadavg()}")
    assert met.errors == {}
    assert set(met.took) == {"lookup", "spatial", "aggregate", "update"}
    assert after[1] < before[1] + MEBIBYTES


@pytest.mark.parametrize("name", ["unions", "cross product sorted"])
def test_a_hazard_leaves_others_their_answers(server: Served, name: str) -> None:
    """0.1 s are promised of a machine that has nothing else to do; the test allows for one that has."""
    _, _, took = canary(server, lambda connection: server.ask(connection, HAZARDS[name]))
    assert quantile(took, 0.9) < 1000
