"""Well-known binary of whole columns (OGC 06-103r4, §8) to text without making geometries, where that is sure to give what GEOS gives.

::

    blobs ──sound──▶ rows whose structure holds ──geoarrow──▶ texts ──sure──▶ rows that GEOS would write alike; the rest is left to GEOS
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from ._arrow import pc
from ._text import text_bytes

_POINT, _LINE, _POLYGON, _POLYGONS = 1, 2, 3, 6
_STEPS = 64
"""Rings and members of one geometry that are followed here; GEOS looks at those that have more."""
_HEADER, _WORD = 9, 4
_MOST_DIGITS = 16
_HIGH, _DIGITS = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x3030303030303030)


@cache
def _geoarrow() -> Any:
    return import_module("geoarrow.c")


class _Tagged:
    """An array under the name of an extension type that nobody need register."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self._field = pa.field("", array.type, metadata={"ARROW:extension:name": "geoarrow.wkb"})

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return self._field.__arrow_c_schema__(), self._array.__arrow_c_array__()[1]


def direct_wkt(column: Any, digits: int) -> tuple[Any, Any]:
    """Well-known text of a WKB column, and in which rows it is given, bool (n,); the text is null in the others.

    A row is left out if its blob is missing, damaged, of a kind that is rare, or holds a number near zero or not finite: GEOS must look
    at it. In all others the text is what GEOS writes, with at most ``digits`` decimals (-1: all).
    """
    blobs = column.cast(pa.binary()) if pa.types.is_large_binary(column.type) else column
    given = sound(blobs)
    if digits > _MOST_DIGITS or not given.any():
        return pa.nulls(len(column), pa.string()), np.zeros(len(column), dtype=bool)
    texts = _formatted(_only(blobs, given), digits)
    if texts is None:
        return pa.nulls(len(column), pa.string()), np.zeros(len(column), dtype=bool)
    doubtful = _doubtful(texts, digits)
    if doubtful is None:
        return texts, given
    given &= ~doubtful
    return _only(texts, given), given


def _only(column: Any, which: Any) -> Any:
    if which.all():
        return column
    return pc.if_else(pa.array(which), column, pa.scalar(None, column.type))


def _formatted(blobs: Any, digits: int) -> Any:
    geoarrow = _geoarrow()
    try:
        texts = pa.array(geoarrow.ScalarFunction("format_wkt", precision=_MOST_DIGITS if digits < 0 else digits)(_Tagged(blobs)))
    except geoarrow.lib.GeoArrowCException:
        return None
    return texts.storage if isinstance(texts, pa.ExtensionArray) else texts


def _doubtful(texts: Any, digits: int) -> Any:
    """Rows with a number that GEOS may write otherwise; None if there is none."""
    if not _suspicious(text_bytes(texts)):
        return None
    small = r"0(\.000|[ ,)])" if digits < 0 or digits > 3 else "0"
    found = pc.fill_null(pc.match_substring_regex(texts, pattern=rf"[ne]|[( -]({small}|[0-9]{{16}})"), False)
    return np.asarray(found)


def _suspicious(data: bytes) -> bool:
    """True if a number may be not finite or huge, or begins with a zero: one that follows a blank, a bracket or a minus."""
    if b"n" in data or b"e" in data:
        return True
    found = np.frombuffer(data, np.uint8)
    # of sixteen digits in a row, eight fill a word
    words = np.frombuffer(data, "<u8", len(data) // 8)
    return bool((words & _HIGH == _DIGITS).any()) or bool(((found[1:] == ord("0")) & (found[:-1] < ord("."))).any())


def sound(blobs: Any) -> Any:
    """Which rows hold a point, line, polygon or multipolygon whose structure is right to the last byte, bool (n,).

    Little-endian, XY or XYZ, rings closed and of four points or more. Coordinates are not looked at otherwise.
    """
    good = np.zeros(len(blobs), dtype=bool)
    data, start, end = _extents(blobs)
    if len(data) < _HEADER:
        return good
    rows = np.flatnonzero(np.asarray(blobs.is_valid()) & (end - start >= _HEADER))
    start, end = start[rows], end[rows]
    dims, base = np.divmod(_words(data, start + 1), 1000)
    count, width = _words(data, start + 5), 16 + 8 * dims
    usual = (data[start] == 1) & (dims <= 1)
    size = end - start
    good[rows[usual & (base == _POINT) & (size == 5 + width)]] = True
    good[rows[usual & (base == _LINE) & (count >= 2) & (size == _HEADER + count * width)]] = True
    areal = usual & ((base == _POLYGON) | (base == _POLYGONS)) & (count > 0)
    alone = base == _POLYGON
    state = np.stack([rows, start + _HEADER, end, np.where(alone, 0, count), np.where(alone, count, 0), width])
    good[_walked(data, state[:, areal])] = True
    return good


def _extents(blobs: Any) -> tuple[Any, Any, Any]:
    """Bytes of all, and where each blob begins and ends."""
    offsets = np.frombuffer(blobs.buffers()[1], np.int32)[blobs.offset: blobs.offset + len(blobs) + 1].astype(np.int64)
    return np.frombuffer(blobs.buffers()[2] or b"", np.uint8), offsets[:-1], offsets[1:]


def _words(data: Any, at: Any) -> Any:
    """Unsigned 32-bit numbers at these bytes, as int64."""
    return np.ndarray((len(data) - 3,), "<u4", data, strides=(1,))[at].astype(np.int64)


def _walked(data: Any, state: Any) -> Any:
    """Rows of polygons and multipolygons that end where their blob ends, all followed one ring or member at a time."""
    whole = []
    for _ in range(_STEPS):
        if not state.shape[1]:
            break
        entering = state[4] == 0
        parts = (_entered(data, state[:, entering]), _ringed(data, state[:, ~entering]))
        state = np.concatenate(parts, axis=1)
        _, at, end, members, rings, _ = state
        done = (members == 0) & (rings == 0)
        whole.append(state[0, done & (at == end)])
        state = state[:, ~done]
    return np.concatenate(whole) if whole else np.zeros(0, dtype=np.int64)


def _entered(data: Any, state: Any) -> Any:
    """One step into the next polygon of a multipolygon."""
    state = state[:, state[1] + _HEADER <= state[2]]
    _, at, _, _, _, width = state
    right = (data[at] == 1) & (_words(data, at + 1) == np.where(width == 16, _POLYGON, 1000 + _POLYGON))
    state, at = state[:, right], at[right]
    state[4] = _words(data, at + 5)
    state[3] -= 1
    state[1] += _HEADER
    return state[:, state[4] > 0]


def _ringed(data: Any, state: Any) -> Any:
    """One step over the next ring."""
    state = state[:, state[1] + _WORD <= state[2]]
    count = _words(data, state[1])
    stop = state[1] + _WORD + count * state[5]
    right = (count >= 4) & (stop <= state[2])
    state, stop = state[:, right], stop[right]
    pairs = np.ndarray((len(data) - 15,), "V16", data, strides=(1,)) if state.shape[1] else np.zeros(0, "V16")
    closed = pairs[state[1] + _WORD] == pairs[stop - state[5]]
    state[1], state[4] = stop, state[4] - 1
    return state[:, closed]
