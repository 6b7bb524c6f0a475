"""What the tests of vector services share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from rdflib import Graph

from earthweave.mapping import MappingRun

Ident = tuple[str, int]
"""Type and number of an object of OpenStreetMap."""


def read(path: Path, layer: str) -> tuple[dict[str, Any], Any]:
    """Columns and geometries of a layer."""
    meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer)
    return dict(zip(meta["fields"], fields, strict=True)), shapely.from_wkb(wkb)


@pytest.fixture(scope="session")
def graph_of() -> Callable[[MappingRun], Graph]:
    """The statements of a mapping run, read by another parser."""

    def read(run: MappingRun) -> Graph:
        graph = Graph()
        graph.parse(data=b"".join(run), format="nt")
        return graph

    return read
