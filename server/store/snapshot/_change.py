"""What one commit does to a snapshot, in ids: small enough to be written to the log and to be followed in memory by every reader."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import StoreError
from earthweave.ontology.arrow import text_array

from ._files import pieces, strings
from ._sorting import Rows
from ._terms import Kind, TermType

_HEAD = struct.Struct("<I")
COLUMNS = 5
"""Of a statement in a change."""


@dataclass(frozen=True)
class Change:
    """Terms, graphs and times that are new, and statements that come and go; each comes or goes indeed.

    Attributes:
        types: of terms, behind those that there are.
        text, code: new terms in the order of their ids (pyarrow LargeStringArray; int32, place among all types).
        graphs: ids of new named graphs, in the order of their numbers.
        rows: int64 (n, 5): subject, predicate, object, number of the graph, number of the time; a statement is there once.
        added: bool (n,), False for what goes.
        times: ids of new valid times, in the order of their numbers.
    """

    types: tuple[TermType, ...]
    text: Any
    code: Any
    graphs: tuple[int, ...]
    rows: Any
    added: Any
    times: tuple[int, ...] = ()

    @property
    def gain(self) -> int:
        """By how many statements there are more."""
        return 2 * int(np.count_nonzero(self.added)) - len(self.added)

    def encoded(self) -> bytes:
        """As bytes, the inverse of `decoded`; where no statement has a time, there is no column of times."""
        starts, data = pieces(self.text)
        timed = {"times": self.times, "columns": 5} if self.rows[:, 4].any() else {}
        head = json.dumps({"types": self.types, "graphs": self.graphs, "terms": len(self.text), "bytes": len(data),
                           "rows": len(self.rows), **timed}).encode()
        rows = self.rows if timed else self.rows[:, :4]
        columns = (starts.astype("<i8"), data, self.code.astype("<i4"), rows.astype("<i8"), self.added.astype(np.uint8))
        return b"".join([_HEAD.pack(len(head)), head, *(np.ascontiguousarray(one).tobytes() for one in columns)])


def decoded(data: bytes) -> Change:
    """A change out of its bytes; raises `StoreError` if they are none."""
    try:
        return _decoded(memoryview(data))
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise StoreError("the log of the store holds what is no change", why=str(error), way_out="restore a backup") from error


def _decoded(data: memoryview) -> Change:
    start = _HEAD.size + _HEAD.unpack_from(data)[0]
    head = json.loads(bytes(data[_HEAD.size : start]))
    terms, rows, width = head["terms"], head["rows"], head.get("columns", 4)
    columns = []
    for dtype, count in (("<i8", terms + 1), ("u1", head["bytes"]), ("<i4", terms), ("<i8", width * rows), ("u1", rows)):
        columns.append(np.frombuffer(data, dtype=dtype, count=count, offset=start))
        start += columns[-1].nbytes
    starts, texts, code, statements, added = columns
    types = tuple(TermType(Kind(kind), datatype, language) for kind, datatype, language in head["types"])
    text = strings(memoryview(starts.tobytes()), memoryview(texts.tobytes()))
    whole = np.zeros((rows, COLUMNS), dtype=np.int64)
    whole[:, :width] = statements.reshape(-1, width)
    return Change(types, text, code, tuple(head["graphs"]), whole, added.astype(bool), tuple(head.get("times", ())))


def rows_of(statements: Any) -> Rows:
    """Subjects, objects, graphs and times of statements of one predicate, as `Change.rows` has them."""
    subject, _, value, graph, time = statements.T
    return Rows(subject, value, graph.astype(np.int32), time.astype(np.int32) if time.any() else None)


def nothing() -> Change:
    """The change that changes nothing."""
    return Change((), text_array(()), np.empty(0, np.int32), (), np.empty((0, COLUMNS), np.int64), np.empty(0, bool))


def combined(changes: Sequence[Change]) -> Change:
    """What some changes do one after the other; what comes and goes again is left out."""
    if len(changes) == 1:
        return changes[0]
    if not changes:
        return nothing()
    rows, added = np.concatenate([one.rows for one in changes]), np.concatenate([one.added for one in changes])
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    first = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]) if len(rows) else np.empty(0, bool)
    last = order[np.concatenate([first[1:], [True]])] if len(rows) else order
    times = np.diff(np.concatenate([np.flatnonzero(first), [len(rows)]]))
    # a statement comes and goes in turn, so that after an even number of changes it is where it was
    kept = np.sort(last[times % 2 == 1])
    return Change(
        tuple(kind for one in changes for kind in one.types), pa.concat_arrays([one.text for one in changes]),
        np.concatenate([one.code for one in changes]), tuple(id for one in changes for id in one.graphs), rows[kept], added[kept],
        tuple(id for one in changes for id in one.times),
    )
