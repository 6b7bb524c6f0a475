"""The write-ahead log of a generation: one record per commit, each with its length, number, size of the store and checksum.

::

    record   length u64 | number u64 | triples u64 | XXH3 of all else, u64 | body

A record counts if its checksum holds. What follows the last that counts was cut off while it was written.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xxhash import xxh3_64_intdigest

from earthweave.ontology import StoreError

_HEAD = struct.Struct("<QQQQ")
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True)
class Tip:
    """The end of what is committed in a log.

    Attributes:
        length: bytes of the log. number: of the last commit. triples: statements after it.
    """

    length: int
    number: int
    triples: int


@dataclass(frozen=True)
class Record:
    """One commit, and the end of the log behind it."""

    tip: Tip
    body: bytes


def _sum(number: int, triples: int, body: bytes | memoryview) -> int:
    return xxh3_64_intdigest(body, xxh3_64_intdigest(_HEAD.pack(len(body), number, triples, 0)))


def append(path: Path, tip: Tip, body: bytes, number: int, triples: int) -> Tip:
    """Write a record behind ``tip`` and wait until it lies on the disk; if that fails, the log ends where it did."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            put(descriptor, _HEAD.pack(len(body), number, triples, _sum(number, triples, body)) + body, tip.length)
            os.fsync(descriptor)
            if not tip.length:
                sync_folder(path.parent)
        except BaseException:
            os.ftruncate(descriptor, tip.length)
            # it may lie on the disk although the system says it does not, and must not be there after a power cut
            os.fsync(descriptor)
            raise
    finally:
        os.close(descriptor)
    return Tip(tip.length + HEAD_BYTES + len(body), number, triples)


def put(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of some bytes at an offset."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def cut(path: Path, length: int) -> None:
    """Let the log end at a length, durably."""
    with path.open("r+b") as stream:
        stream.truncate(length)
        os.fsync(stream.fileno())


def records(path: Path, start: int = 0, stop: int | None = None) -> Iterator[Record]:
    """The records that count between two places; raises `StoreError` if those up to ``stop`` do not all count."""
    if stop is not None and stop <= start:
        return
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            data = memoryview(stream.read() if stop is None else stream.read(stop - start))
    except FileNotFoundError:
        data = memoryview(b"")
    place = 0
    while record := _record(data, start, place):
        place = record.tip.length - start
        yield record
    if stop is not None and start + place != stop:
        raise _damaged(start + place)


def _damaged(place: int) -> StoreError:
    return StoreError("the log of the store is damaged", why=f"what it holds from byte {place:,} on is not what was written",
                      way_out="restore a backup")


def check_torn(path: Path, tip: Tip) -> None:
    """Raise `StoreError` if what lies behind the last record that counts was damaged, and not cut off while it was written.

    Nothing is written behind a record before that is durable: if another one that counts lies further on, the one between was whole.
    """
    data = memoryview(path.read_bytes())[tip.length :]
    for place in range(1, len(data) - HEAD_BYTES + 1):
        length, number, *_ = _HEAD.unpack_from(data, place)
        if length <= len(data) and tip.number < number <= tip.number + len(data) and _record(data, tip.length, place):
            raise _damaged(tip.length)


def _record(data: memoryview, start: int, place: int) -> Record | None:
    if len(data) - place < HEAD_BYTES:
        return None
    length, number, triples, checksum = _HEAD.unpack_from(data, place)
    begin = place + HEAD_BYTES
    body = data[begin : begin + length]
    if len(body) < length or _sum(number, triples, body) != checksum:
        return None
    return Record(Tip(start + begin + length, number, triples), bytes(body))


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
