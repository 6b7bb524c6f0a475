"""A packed R-tree over boxes, in a file that is used straight from a memory map.

The tree is that of geoindex-rs (Hilbert-packed; Kamel & Faloutsos, 1993; MIT or Apache-2.0), an optional package. Without it the boxes of
the same file are read into an STR-packed tree of GEOS (Leutenegger et al., 1997) on opening: same answers, slower to open.

File: 64 bytes of head, then the rows of the boxes if some rows have none (int64), then the tree, or the boxes where it was written
without geoindex-rs.
"""

from __future__ import annotations

import struct
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import shapely

from .. import StoreError
from ..arrow import numbers_of

_rust: Any
try:
    _rust = import_module("geoindex_rs.rtree")
except ImportError:
    _rust = None

_MAGIC, _FORMAT, _HEAD = b"EWBOXES\0", 1, struct.Struct("<8sIIQQQ")
_HEAD_BYTES, _FLATBUSH_HEAD = 64, 8
_BOXES, _FLATBUSH = 0, 1
_FARTHEST = 1e300


class _Engine(Protocol):
    """What finds boxes by number; there is at least one box, and none has NaN."""

    kind: int
    payload: Any

    def search(self, box: Any) -> Any: ...

    def join(self, other: Any) -> Any: ...

    def nearest(self, x: float, y: float, k: int) -> Any: ...

    def boxes(self) -> Any: ...


class _Hilbert:
    """geoindex-rs over its own buffer, uint8."""

    kind = _FLATBUSH

    def __init__(self, payload: Any) -> None:
        self.payload = payload

    @classmethod
    def build(cls, boxes: Any) -> _Hilbert:
        builder = _rust.RTreeBuilder(len(boxes))
        builder.add(np.ascontiguousarray(boxes))
        return cls(np.frombuffer(builder.finish(), dtype=np.uint8))

    def search(self, box: Any) -> Any:
        return np.asarray(_rust.search(self.payload, *box))

    def join(self, other: _Hilbert) -> Any:
        found = pa.record_batch(_rust.tree_join(self.payload, other.payload))
        return np.stack([numbers_of(found.column(side)) for side in (0, 1)])

    def nearest(self, x: float, y: float, k: int) -> Any:
        return np.asarray(_rust.neighbors(self.payload, x, y, max_results=k, max_distance=None))

    def boxes(self) -> Any:
        return _leaves(self.payload)


class _Str:
    """GEOS' tree over boxes, float64 (n, 4)."""

    kind = _BOXES

    def __init__(self, boxes: Any) -> None:
        self.payload = np.ascontiguousarray(boxes)
        self._tree = shapely.STRtree(shapely.box(*self.payload.T))

    def search(self, box: Any) -> Any:
        return self._tree.query(shapely.box(*box))

    def join(self, other: _Str) -> Any:
        return self._tree.query(shapely.box(*other.payload.T))[::-1]

    def nearest(self, x: float, y: float, k: int) -> Any:
        west, south, east, north = self.payload.T
        apart = np.hypot(np.maximum(np.maximum(west - x, x - east), 0), np.maximum(np.maximum(south - y, y - north), 0))
        return np.argsort(apart, kind="stable")[:k]

    def boxes(self) -> Any:
        return self.payload


def _leaves(payload: Any) -> Any:
    """Boxes by number, of a flatbush buffer: head, boxes of all nodes with the leaves first, then the number of each (uint16 or uint32)."""
    node, count = struct.unpack_from("<HI", payload, 2)
    nodes = level = count
    while level > 1:
        level = -(-level // node)
        nodes += level
    end = _FLATBUSH_HEAD + 32 * nodes
    numbers = np.frombuffer(payload[end:], dtype=np.uint16 if nodes < 16_384 else np.uint32)[:count]
    boxes = np.empty((count, 4))
    boxes[numbers] = np.frombuffer(payload[_FLATBUSH_HEAD:end], dtype=np.float64).reshape(-1, 4)[:count]
    return boxes


def _engine(boxes: Any) -> _Engine:
    return _Str(boxes) if _rust is None else _Hilbert.build(boxes)


def _finite(bounds: Any) -> Any:
    return np.clip(np.asarray(bounds, dtype=np.float64), -_FARTHEST, _FARTHEST)


class PackedTree:
    """An R-tree over boxes west, south, east, north; touching counts as meeting, and boxes with NaN are never found.

    Safe to use from several threads. Build one with `build`, or `open` a file.
    """

    def __init__(self, count: int, rows: Any, engine: _Engine | None) -> None:
        self._count, self._rows, self._engine = count, rows, engine

    @classmethod
    def build(cls, bounds: Any) -> PackedTree:
        """A tree over boxes, float64 (n, 4)."""
        boxes = _finite(bounds).reshape(-1, 4)
        known = ~np.isnan(boxes).any(axis=1)
        rows = None if known.all() else np.flatnonzero(known)
        filled = boxes if rows is None else boxes[rows]
        return cls(len(boxes), rows, _engine(filled) if len(filled) else None)

    def save(self, path: Path) -> None:
        """Write it to a file."""
        kind, payload = (_BOXES, b"") if self._engine is None else (self._engine.kind, self._engine.payload)
        rows = b"" if self._rows is None else self._rows.astype(np.int64).tobytes()
        items = self._count if self._rows is None else len(self._rows)
        with path.open("wb") as stream:
            stream.write(_HEAD.pack(_MAGIC, _FORMAT, kind, self._count, items, memoryview(payload).nbytes).ljust(_HEAD_BYTES, b"\0"))
            stream.write(rows)
            stream.write(memoryview(payload).cast("B") if memoryview(payload).nbytes else b"")

    @classmethod
    def open(cls, path: Path) -> PackedTree:
        """Open a file that `save` wrote, memory-mapped. Raises `StoreError` if it is damaged or of another format."""
        data: Any = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else b""
        magic, version, kind, count, items, size = _HEAD.unpack(bytes(data[: _HEAD.size]).ljust(_HEAD.size, b"\0"))
        if magic != _MAGIC or version != _FORMAT or kind not in (_BOXES, _FLATBUSH):
            raise StoreError(f"{path.name} is no spatial index that this version reads", way_out="load the data again")
        begin = _HEAD_BYTES + (8 * items if items != count else 0)
        if len(data) != begin + size:
            raise StoreError(f"{path.name} is damaged: {len(data):,} bytes instead of {begin + size:,}", way_out="load the data again")
        rows = np.frombuffer(data[_HEAD_BYTES:begin], dtype=np.int64) if items != count else None
        return cls(count, rows, cls._opened(kind, np.asarray(data[begin:])) if items else None)

    @staticmethod
    def _opened(kind: int, payload: Any) -> _Engine:
        if kind == _FLATBUSH:
            return _Str(_leaves(payload)) if _rust is None else _Hilbert(payload)
        return _engine(np.frombuffer(payload, dtype=np.float64).reshape(-1, 4))

    def __len__(self) -> int:
        return self._count

    def _named(self, items: Any) -> Any:
        return items.astype(np.int64) if self._rows is None else self._rows[items]

    def search(self, box: Any) -> Any:
        """Rows of the boxes that meet ``box`` (west, south, east, north), int64, sorted; none if it has NaN."""
        if self._engine is None or np.isnan(box).any():
            return np.empty(0, dtype=np.int64)
        return np.sort(self._named(self._engine.search(_finite(box).tolist())))

    def join(self, other: PackedTree) -> Any:
        """All pairs of boxes that meet, int64 (2, m), own rows first; in no particular order."""
        if self._engine is None or other._engine is None:
            return np.empty((2, 0), dtype=np.int64)
        theirs = other._engine if other._engine.kind == self._engine.kind else _engine(other._engine.boxes())
        mine = self._engine if theirs.kind == self._engine.kind else _engine(self._engine.boxes())
        first, second = mine.join(theirs)
        return np.stack([self._named(first), other._named(second)])

    def nearest(self, x: float, y: float, k: int) -> Any:
        """Rows of the ``k`` boxes nearest to a point, by distance in the plane, nearest first, int64; ties in any order."""
        if self._engine is None or k <= 0:
            return np.empty(0, dtype=np.int64)
        return self._named(self._engine.nearest(float(x), float(y), int(k)))


def box_pairs(left: Any, right: Any, *, grow: tuple[float, float] | None = None) -> Any:
    """All pairs of boxes that meet, int64 (2, m): places in ``left``, then in ``right``; in no particular order.

    Args:
        left: float64 (n, 4), west, south, east, north; rows with NaN meet nothing.
        right: likewise.
        grow: degrees by which the left boxes are made larger on each side, across and along.
    """
    boxes = np.asarray(left, dtype=np.float64).reshape(-1, 4)
    if grow is not None:
        boxes = boxes + np.array([-grow[0], -grow[1], grow[0], grow[1]])
    return PackedTree.build(boxes).join(PackedTree.build(right))
