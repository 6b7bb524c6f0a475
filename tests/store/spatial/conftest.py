"""Snapshots of a few geometries, contexts over them, and conditions from text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earthweave.ontology import GEO, PREFIXES
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Batch, Context, Expression, Filter, Operator, children, conjuncts
from earthweave.server.store.engine import parse
from earthweave.server.store.engine._evaluate import surroundings
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + "PREFIX : <http://example.org/>\n"
WKT = str(GEO.wktLiteral)
Build = Callable[..., Snapshot]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make a snapshot of Turtle documents, one source each, read under an axis order."""

    def make(*documents: str, order: AxisOrder = AxisOrder.AUTO, name: str = "snapshot") -> Snapshot:
        return snapshot_of(tmp_path / name, documents, order)

    return make


def snapshot_of(path: Path, documents: Iterable[str], order: AxisOrder = AxisOrder.AUTO) -> Snapshot:
    builder = SnapshotBuilder(path)
    for number, document in enumerate(documents):
        builder.begin(f"source {number}", AxisOrder(order))
        for block in quads_of((HEAD + document).encode(), "turtle"):
            builder.add(block)
        builder.end()
    return builder.finish()


def expression(text: str) -> Expression:
    """The one filter of ``{ FILTER(text) }``."""
    node = parse(f"{HEAD} SELECT * {{ ?s :p ?o FILTER({text}) }}").pattern
    while not isinstance(node, Filter):
        (node,) = children(node)
    (found,) = conjuncts(node.condition)
    return found


def context_of(snapshot: Snapshot, **limits: Any) -> Context:
    return surroundings(snapshot, **limits)


class Given(Operator):
    """Rows that a test has."""

    def __init__(self, **columns: Any) -> None:
        super().__init__(tuple(columns), 1.0)
        length = len(next(iter(columns.values())))
        self.batch = Batch(length, {name: np.asarray(column, dtype=np.int64) for name, column in columns.items()})

    @property
    def label(self) -> str:
        return "Given"

    def produce(self, context: Context, seed: Batch) -> Any:
        middle = self.batch.length // 2
        yield self.batch.take(np.arange(middle))
        yield self.batch.take(np.arange(middle, self.batch.length))


def rows(operator: Operator, context: Context, *names: str) -> list[tuple[int, ...]]:
    """All solutions, sorted."""
    found = [row for batch in operator.run(context) for row in zip(*(batch.column(name).tolist() for name in names), strict=True)]
    return sorted(found)
