"""PostGIS as the peer of the engine's benchmark: filled with a tier, timed, and agreed with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._queries import INDEXES, TABLES, Question
from benchmarks.postgis import Postgis, Timing

Rows = list[tuple[str, ...]]


def fill(server: Postgis, folder: Path) -> dict[str, float]:
    """Load the tables of a tier made by `benchmarks.data.make`, with indexes and statistics; seconds of both steps."""
    started = time.perf_counter()
    for table, columns in TABLES.items():
        server.execute(f"CREATE TABLE {table} ({columns})")
        server.copy(table, folder / f"{table}.tsv")
    loaded = time.perf_counter()
    for index in INDEXES:
        server.execute(index)
    server.execute("VACUUM ANALYZE")
    return {"copy": loaded - started, "index": time.perf_counter() - loaded}


def comparable(rows: Sequence[Sequence[Any]], columns: int) -> Rows:
    """The first columns as texts, sorted: what two engines must agree on."""
    return sorted(tuple(str(value) for value in row[:columns]) for row in rows)


def best(server: Postgis, statements: Sequence[str], *, patience: float = 10.0) -> Timing:
    """Least wall time, least CPU time, and the rows, of some statements that ask the same.

    Each runs twice, unless the first run took longer than ``patience`` seconds: the second finds everything in memory.
    """
    found = []
    for statement in statements:
        found.append(server.timed(statement))
        if found[-1].seconds < patience:
            found.append(server.timed(statement))
    return Timing(min(one.seconds for one in found), min(one.cpu for one in found), found[0].rows)


def agree(question: Question, ours: Rows, theirs: Rows) -> None:
    """Raise `AssertionError` if the two answers differ, or say nothing."""
    if ours != theirs:
        mine, other = set(ours), set(theirs)
        raise AssertionError(
            f"{question.name}: {len(ours)} rows here, {len(theirs)} in PostGIS; "
            f"only here {sorted(mine - other)[:3]}, only there {sorted(other - mine)[:3]}"
        )
    if not ours or ours == [("0",)]:
        raise AssertionError(f"{question.name}: an empty answer proves nothing")
