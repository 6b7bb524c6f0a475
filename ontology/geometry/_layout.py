"""Where the vertices lie in many blobs of well-known binary (OGC 06-103r4, §8), so that arrays can be read and changed in place.

For blobs of our own making alone: ISO codes, little-endian, nested no deeper than `MAX_NESTING`. Nothing is checked on the way.

::

    rows of WKB ──layout──▶ runs of vertices ──vertices──▶ places, coordinates ──(change)──▶ put
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

_POINT, _LINE, _POLYGON, _POINTS, _LINES, _POLYGONS = range(1, 7)
_WIDTHS = np.array([16, 24, 24, 32], dtype=np.int64)
"""Bytes of a vertex: XY, XYZ, XYM, XYZM."""
_FEW = 32
"""So few blobs are walked one by one."""
_MEMBERS, _RINGS = 2, 3
Run = tuple[int, int, int, int]
"""Start, count, spacing, kind."""


@dataclass(frozen=True)
class Layout:
    """Runs of vertices, in order of row and place.

    Attributes:
        owner: int64 (r,), row that each run belongs to.
        start: int64 (r,), byte at which its first vertex begins.
        count: int64 (r,), vertices; an empty point counts as one.
        spacing: int64 (r,), bytes from one vertex to the next.
        ring: bool (r,), True for rings of polygons.
        line: bool (r,), True for lines.
    """

    owner: Any
    start: Any
    count: Any
    spacing: Any
    ring: Any
    line: Any


class _Runs:
    """Collects runs."""

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, owner: Any, start: Any, count: Any, spacing: Any, kind: Any) -> None:
        if len(owner):
            self._parts.append(np.stack(np.broadcast_arrays(owner, start, count, spacing, kind)))

    def layout(self) -> Layout:
        table = np.concatenate([np.empty((5, 0), dtype=np.int64), *self._parts], axis=1)
        if len(self._parts) > 1:
            table = table[:, np.argsort(table[0], kind="stable")]
        owner, start, count, spacing, kind = table
        return Layout(owner, start, count, spacing, kind == _POLYGON, kind == _LINE)


def words(data: Any, at: Any) -> Any:
    """Unsigned 32-bit numbers at these bytes, as int64."""
    return _overlaid(data, "<u4", 4)[at].astype(np.int64)


def _overlaid(data: Any, kind: str, size: int) -> Any:
    """Items of ``size`` bytes that begin at every byte: a view, so that items at any place are gathered or set in one go."""
    return np.ndarray((max(len(data) - size + 1, 0),), dtype=kind, buffer=data, strides=(1,))


def layout(data: Any, starts: Any, rows: Any) -> Layout:
    """Find the vertices of some blobs.

    Args:
        data: uint8, the bytes of all.
        starts: int64 (n,), byte at which each blob begins.
        rows: int64 (n,), ascending, what to call each.
    """
    runs = _Runs()
    dims, base = np.divmod(words(data, starts + 1), 1000)
    width = _WIDTHS[dims]
    single = base == _POINT
    runs.add(rows[single], starts[single] + 5, np.ones(np.count_nonzero(single), dtype=np.int64), width[single], _POINT)
    starts, rows, base, width = starts[~single], rows[~single], base[~single], width[~single]
    count = words(data, starts + 5)
    for kind, skip, extra in ((_LINE, 9, 0), (_POINTS, 14, 5)):
        mine = base == kind
        runs.add(rows[mine], starts[mine] + skip, count[mine], width[mine] + extra, kind)
    for row, start in zip(rows[base > _POLYGONS].tolist(), starts[base > _POLYGONS].tolist(), strict=True):
        _walk_one(data, row, start, 1, runs)
    areal = (base == _POLYGON) | (base == _LINES) | (base == _POLYGONS)
    alone = base == _POLYGON
    state = np.stack([rows, starts + 9, np.where(alone, 0, count), np.where(alone, count, 0), width, base == _LINES])[:, areal]
    _walk(data, state, runs)
    return runs.layout()


def _walk(data: Any, state: Any, runs: _Runs) -> None:
    """Polygons, and collections of lines or polygons, all one step further at a time; the last few one by one."""
    state = state[:, (state[_MEMBERS] > 0) | (state[_RINGS] > 0)]
    while state.shape[1] > _FEW:
        state = _step(data, state, runs)
    for row, at, members, rings, width, _ in state.T.tolist():
        found: list[Run] = []
        _walk_one(data, row, _walk_rings(data, at, rings, width, found), members, runs, found)


def _step(data: Any, state: Any, runs: _Runs) -> Any:
    row, at, members, rings, width, lines = state
    entered = np.flatnonzero((rings == 0) & (members > 0))
    count = words(data, at[entered] + 5)
    members[entered] -= 1
    at[entered] += 9
    linear = lines[entered] == 1
    mine, rings[entered[~linear]] = entered[linear], count[~linear]
    runs.add(row[mine], at[mine], count[linear], width[mine], _LINE)
    at[mine] += count[linear] * width[mine]
    inside = np.flatnonzero(rings > 0)
    count = words(data, at[inside])
    runs.add(row[inside], at[inside] + 4, count, width[inside], _POLYGON)
    at[inside] += 4 + count * width[inside]
    rings[inside] -= 1
    return state[:, (members > 0) | (rings > 0)]


def _walk_one(data: Any, row: int, at: int, members: int, runs: _Runs, found: list[Run] | None = None) -> None:
    """So many geometries of any kind, one after the other."""
    found = found or []
    left = [members]  # members that are still to come, level by level
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        dims, base = divmod(_word(data, at + 1), 1000)
        width = int(_WIDTHS[dims])
        if base == _POINT:
            found.append((at + 5, 1, width, _POINT))
            at += 5 + width
            continue
        count, at = _word(data, at + 5), at + 9
        if base == _LINE:
            found.append((at, count, width, _LINE))
            at += count * width
        elif base == _POLYGON:
            at = _walk_rings(data, at, count, width, found)
        else:
            left.append(count)
    if found:
        start, many, spacing, kind = np.array(found, dtype=np.int64).T
        runs.add(np.full(len(found), row), start, many, spacing, kind)


def _walk_rings(data: Any, at: int, rings: int, width: int, found: list[Run]) -> int:
    for _ in range(rings):
        count = _word(data, at)
        found.append((at + 4, count, width, _POLYGON))
        at += 4 + count * width
    return at


def _word(data: Any, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def places(runs: Layout) -> tuple[Any, Any]:
    """Byte and row of every vertex, int64 (v,), in order of row and place."""
    before = np.cumsum(runs.count) - runs.count
    at = np.arange(runs.count.sum()) * np.repeat(runs.spacing, runs.count)
    return at + np.repeat(runs.start - before * runs.spacing, runs.count), np.repeat(runs.owner, runs.count)


def take(data: Any, at: Any) -> Any:
    """The first two coordinates of the vertices at these bytes, float64 (v, 2), a copy."""
    return _overlaid(data, "V16", 16)[at].view("<f8").reshape(-1, 2)


def put(data: Any, at: Any, points: Any) -> None:
    """Write the first two coordinates of the vertices at these bytes; ``data`` must be writable."""
    _overlaid(data, "V16", 16)[at] = np.ascontiguousarray(points, dtype="<f8").view("V16").ravel()
