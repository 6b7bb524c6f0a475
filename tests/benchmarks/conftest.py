"""A tier small enough for every test, made once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.data import Tier, make
from benchmarks.postgis import Postgis, missing

TINY = Tier("T", floods=300, columns=6, rows=5, points=400, lines=60)


@pytest.fixture(scope="session")
def tiny() -> Tier:
    return TINY


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tier")
    make(TINY, folder)
    return folder


@pytest.fixture(scope="session")
def postgis() -> Iterator[Postgis]:
    """A PostGIS server of our own."""
    if reason := missing():
        (pytest.fail if "postgis" in os.environ.get("EARTHWEAVE_REQUIRE", "").split(",") else pytest.skip)(f"postgis is absent: {reason}")
    with Postgis() as server:
        yield server
