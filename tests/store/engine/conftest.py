"""Small snapshots of chosen terms, and contexts to evaluate in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Context
from earthweave.server.store.engine._evaluator import holds
from earthweave.server.store.engine._terms import TermSpace, column_of
from earthweave.server.store.snapshot import Quads, Snapshot, SnapshotBuilder, Term, iri
from earthweave.server.store.spatial import Shapes

Build = Callable[[Iterable[Term]], Context]


@pytest.fixture(scope="session")
def context_of(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A context over a snapshot whose objects are the given terms."""
    numbers = itertools.count()

    def build(terms: Iterable[Term] = ()) -> Context:
        objects = list(terms)
        snapshot = _snapshot(objects, tmp_path_factory.mktemp(f"snapshot{next(numbers)}") / "store")
        return Context(snapshot, TermSpace(snapshot), Shapes(snapshot.geometries, 1 << 20), holds)

    return build


def _snapshot(objects: list[Term], path: Path) -> Snapshot:
    builder = SnapshotBuilder(path)
    builder.begin("test", AxisOrder.STRICT)
    zeros = np.zeros(len(objects), dtype=np.int32)
    columns = column_of([iri("http://example.org/s"), iri("http://example.org/p"), *objects])
    builder.add(Quads(columns, zeros, zeros + 1, np.arange(2, 2 + len(objects), dtype=np.int32), zeros - 1))
    builder.end()
    return builder.finish()
