"""Well-known binary (OGC 06-103r4, §8) before it is handed to GEOS, which follows nested collections until the stack is full."""

from __future__ import annotations

import struct

from ._literals import MAX_NESTING

_POINT, _LINES, _POLYGON, _COLLECTIONS = 1, (2, 8), 3, (4, 5, 6, 7, 9, 10, 11, 12)
_SHALLOW = 9 * 512
"""A blob of fewer bytes cannot nest deeper than 512, a level taking nine of them; that much every stack bears."""
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000


def unsafe_wkb(blob: bytes) -> bool:
    """True if GEOS must not be given ``blob``: its collections are nested deeper than `MAX_NESTING` levels.

    ISO and extended WKB; what is damaged in any other way is left to GEOS, which says so. Blobs that are too short to do harm pass.
    """
    if len(blob) < _SHALLOW:
        return False
    try:
        return _deep(blob)
    except (struct.error, IndexError):
        return False


def _deep(blob: bytes) -> bool:
    at, left = 0, [1]  # members that are still to come, level by level
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        order, kind, width, at = _header(blob, at)
        if kind == _POINT:
            at += width
            continue
        (count,) = struct.unpack_from(f"{order}I", blob, at)
        at += 4
        if kind in _LINES:
            at += count * width
        elif kind == _POLYGON:
            for _ in range(count):
                (points,) = struct.unpack_from(f"{order}I", blob, at)
                at += 4 + points * width
        elif kind in _COLLECTIONS:
            left.append(count)
            if len(left) > MAX_NESTING + 1:
                return True
        else:
            return False
    return False


def _header(blob: bytes, at: int) -> tuple[str, int, int, int]:
    """Byte order, kind, bytes of a point, and where the content begins."""
    order = "<" if blob[at] else ">"
    (word,) = struct.unpack_from(f"{order}I", blob, at + 1)
    dimension, kind = divmod(word & 0xFFFF, 1000)
    solid, measured = bool(word & _Z) or dimension in (1, 3), bool(word & _M) or dimension in (2, 3)
    return order, kind, 8 * (2 + solid + measured), at + (9 if word & _SRID else 5)
