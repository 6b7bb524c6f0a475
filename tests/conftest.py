"""Fixtures for what lies outside the repository; what is absent skips with a reason, or fails if CI requires it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.postgis import Postgis, missing

settings.register_profile("earthweave", deadline=None)
settings.load_profile("earthweave")
ROOT = Path(__file__).resolve().parent.parent
REQUIRED = frozenset(filter(None, os.environ.get("EARTHWEAVE_REQUIRE", "").split(",")))


def absent(name: str, reason: str) -> None:
    """Skip, or fail if ``EARTHWEAVE_REQUIRE`` names it."""
    (pytest.fail if name in REQUIRED else pytest.skip)(f"{name} is absent: {reason}")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared test data (``EARTHWEAVE_SHARED``, default ``../shared``)."""
    folder = Path(os.environ.get("EARTHWEAVE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        absent("shared", f"{folder}/data is not a folder; set EARTHWEAVE_SHARED")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that Playwright can drive."""
    found = os.environ.get("EARTHWEAVE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        absent("chromium", "install the package chromium or set EARTHWEAVE_CHROMIUM")
    return str(found)


@pytest.fixture(scope="session")
def postgis() -> Iterator[Postgis]:
    """A private PostGIS, started for the tests and stopped after them."""
    if reason := missing():
        absent("postgis", reason)
    with Postgis() as server:
        yield server


@pytest.fixture(scope="session")
def gdal_tools() -> dict[str, str]:
    """Paths of the GDAL command-line tools that serve as independent peers."""
    names = ("gdal_sieve.py", "gdal_calc.py", "gdal_polygonize.py", "gdalinfo", "ogrinfo")
    found = {name: path for name in names if (path := shutil.which(name))}
    if len(found) < len(names):
        absent("gdal", f"missing {sorted(set(names) - set(found))}; install the package gdal-bin")
    return found


def _tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        absent(name, f"install the package {package}")
    return str(found)


@pytest.fixture(scope="session")
def osmium_tool() -> str:
    """Path of osmium-tool, the peer of OSM-layers."""
    return _tool("osmium", "osmium-tool")


@pytest.fixture(scope="session")
def saga() -> str:
    """Path of SAGA's command, the peer of change vector analysis."""
    return _tool("saga_cmd", "saga")
