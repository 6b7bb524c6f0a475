"""A tier small enough for every test, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data import Tier, make

TINY = Tier("T", floods=300, columns=6, rows=5, points=400, lines=60)


@pytest.fixture(scope="session")
def tiny() -> Tier:
    return TINY


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tier")
    make(TINY, folder)
    return folder
