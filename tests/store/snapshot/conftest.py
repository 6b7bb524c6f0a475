"""Blocks of statements out of rows of terms, and what a snapshot holds as rows again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.snapshot import Quads, Snapshot, SnapshotBuilder, SourceSummary, Term, Terms

Row = tuple[Term, Term, Term, Term | None]


def as_terms(terms: Sequence[Term]) -> Terms:
    types = {kind: code for code, kind in enumerate(dict.fromkeys(term.type for term in terms))}
    code = np.array([types[term.type] for term in terms], dtype=np.int32)
    return Terms(pa.array([term.text for term in terms], pa.large_string()), code, tuple(types))


def as_quads(rows: Iterable[Row]) -> Quads:
    places: dict[Term, int] = {}
    columns: list[list[int]] = [[], [], [], []]
    for row in rows:
        for column, term in zip(columns, row, strict=True):
            column.append(-1 if term is None else places.setdefault(term, len(places)))
    subject, predicate, value, graph = (np.array(column, dtype=np.int32) for column in columns)
    return Quads(as_terms(list(places)), subject, predicate, value, graph)


def rows_of(snapshot: Snapshot) -> list[Row]:
    """Every statement, read by subject."""
    found: list[Row] = []
    for predicate in snapshot.predicates:
        segment = snapshot.segment(predicate)
        assert segment is not None
        order = segment.so
        graphs = np.zeros(segment.count, np.int32) if order.graph is None else order.graph
        subjects, values = (decoded(snapshot, ids) for ids in (order.key, order.value))
        names = [None if not number else snapshot.term(int(snapshot.graphs[number - 1])) for number in graphs]
        name = snapshot.term(predicate)
        found.extend((s, name, o, g) for s, o, g in zip(subjects, values, names, strict=True))
    return found


def decoded(snapshot: Snapshot, ids: Any) -> list[Term]:
    terms = snapshot.terms(ids)
    return [Term(text, terms.types[code]) for text, code in zip(terms.text.to_pylist(), terms.code.tolist(), strict=True)]


def build_snapshot(target: Path, blocks: Iterable[Iterable[Row]], base: Snapshot | None = None, *, order: AxisOrder = AxisOrder.AUTO,
                   without: Iterable[Row] = (), **options: Any) -> tuple[Snapshot, SourceSummary]:
    builder = SnapshotBuilder(target, base, durable=False, **options)
    builder.without(as_quads(without))
    builder.begin("source", order)
    for block in blocks:
        builder.add(as_quads(block))
    summary = builder.end()
    return builder.finish(), summary


@pytest.fixture(scope="session")
def terms_of() -> Callable[[Sequence[Term]], Terms]:
    return as_terms


@pytest.fixture(scope="session")
def quads_of() -> Callable[[Iterable[Row]], Quads]:
    return as_quads


@pytest.fixture(scope="session")
def read_back() -> Callable[[Snapshot], list[Row]]:
    return rows_of


@pytest.fixture(scope="session")
def build() -> Callable[..., tuple[Snapshot, SourceSummary]]:
    return build_snapshot
