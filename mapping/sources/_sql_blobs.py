"""Geometry blobs of GeoPackage (OGC 12-128 §2.1.3), SpatiaLite and MySQL as WKB."""

from __future__ import annotations

import struct

_ENVELOPES = (0, 32, 48, 48, 64)
"""Bytes of the envelope by its code in the flags of a GeoPackage blob."""
_SPATIALITE_HEAD = 39
"""Start mark, byte order, SRID, envelope of four doubles, end mark of the envelope."""
_ENTITY = 0x69
"""What SpatiaLite writes before each part of a collection, where WKB has the byte order."""


def wkb(blob: bytes | None) -> bytes | None:
    """WKB of a geometry blob, whichever of them it is; bytes that are none are left as they are, to be found unreadable."""
    if blob is None or not isinstance(blob, bytes):
        return None if blob is None else str(blob).encode()
    if blob[:2] == b"GP" and len(blob) >= 8:
        return _geopackage(blob)
    if len(blob) > _SPATIALITE_HEAD + 5 and blob[0] == 0 and blob[1] in (0, 1) and blob[38] == 0x7C and blob[-1] == 0xFE:
        return _spatialite(blob)
    return blob


def mysql_wkb(blob: bytes | None) -> bytes | None:
    """WKB behind the four bytes of the SRID (MySQL manual, Internal Geometry Storage Format)."""
    return None if blob is None else blob[4:]


def _geopackage(blob: bytes) -> bytes:
    code = blob[3] >> 1 & 7
    return blob[8 + _ENVELOPES[code]:] if code < len(_ENVELOPES) else blob


def _spatialite(blob: bytes) -> bytes:
    body = bytearray(bytes([blob[1]]) + blob[_SPATIALITE_HEAD:-1])
    try:
        _parts(body, 0, "<" if blob[1] else ">")
    except (struct.error, ValueError, IndexError):
        return blob
    return bytes(body)


def _parts(body: bytearray, at: int, order: str) -> int:
    """Give every part of a collection its byte order; where the geometry at a position ends."""
    kind, count = struct.unpack_from(order + "II", body, at + 1)
    dimensions = 2 + (1, 2)[kind // 1000 == 3] if kind >= 1000 else 2
    if kind >= 1_000_000:
        raise ValueError("a compressed geometry")
    shape = kind % 1000
    if shape == 1:
        return at + 5 + 8 * dimensions
    end = at + 9
    for _ in range(count):
        end = _part(body, end, order, shape, dimensions)
    return end


def _part(body: bytearray, at: int, order: str, shape: int, dimensions: int) -> int:
    """Where one part of a geometry ends: a point of a line, a ring of a polygon, a member of a collection."""
    if shape == 2:
        return at + 8 * dimensions
    if shape == 3:
        return at + 4 + 8 * dimensions * int(struct.unpack_from(order + "I", body, at)[0])
    if body[at] != _ENTITY:
        raise ValueError("no part of a collection")
    body[at] = 1 if order == "<" else 0
    return _parts(body, at, order)
