"""The W3C SPARQL suites, for all tests that run them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def w3c() -> ModuleType:
    """What reads and judges the suites; only imported where a test wants it."""
    return importlib.import_module("tests.conformance.w3c")


@pytest.fixture(scope="session")
def suite(w3c: ModuleType, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The query suites, with a folder for the stores that they need."""
    return w3c.Suite(shared / "suites/w3c-sparql/sparql", tmp_path_factory.mktemp("w3c"))
