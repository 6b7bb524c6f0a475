"""What the tests of vector services share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rdflib import Graph

from earthweave.mapping import MappingRun


@pytest.fixture(scope="session")
def graph_of() -> Callable[[MappingRun], Graph]:
    """The statements of a mapping run, read by another parser."""

    def read(run: MappingRun) -> Graph:
        graph = Graph()
        graph.parse(data=b"".join(run), format="nt")
        return graph

    return read
