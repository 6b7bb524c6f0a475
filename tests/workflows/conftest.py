"""A small simulated pair of scenes with units around it, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from earthweave.processing import simulate


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two *simulated* scenes of 15 and 25 March 2021, 6 km wide."""
    folder = tmp_path_factory.mktemp("scenes")
    simulate.sentinel2_pair(folder, size=300)
    return folder


@pytest.fixture(scope="session")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine *simulated* administrative units around them."""
    return simulate.admin_units(tmp_path_factory.mktemp("units"))
