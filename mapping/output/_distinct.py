"""Every statement once, exactly, in bounded memory.

::

    lines ──128-bit hashes──▶ table in memory ──▶ new ones pass at once
                                  │ full
                                  ▼
               lines that are not in the table, by hash into files ──▶ each file through a table of its own, at the end
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import IO, Any

import numpy as np
import xxhash

from earthweave.ontology import Progress, ProgressSink, silent

from ..plan import Chunk

_FILES = 64
"""Files that a full table spills to."""
_BITS = 6
_SMALLEST = 1 << 12
_GROWTH = 4
_SLOT = 16
"""Bytes of a place in the table."""
_CLAIMS = 1 << 18
_NOT_EMPTY = np.array([1, 0], dtype=np.uint64)
_FULL = 0.6
_BLOCK = 8 << 20
_DEEPEST = 64 // _BITS - 1


class Distinct:
    """Passes each statement the first time it comes; use it for one output, and take `rest` at the end.

    Two statements count as the same if the 128-bit hashes (XXH3, less one bit) of their lines are: among 10¹² statements that errs with a
    probability of 10⁻¹⁵. While everything fits, order is kept. Beyond ``memory`` MiB what cannot be decided at once is put off into
    temporary files and comes last, still exact.

    Attributes:
        repeated: statements left out so far.
    """

    def __init__(self, memory: int = 256, progress: ProgressSink = silent, *, level: int = 0) -> None:
        self.repeated = 0
        self._memory, self._progress, self._level = memory, progress, level
        self._table = _Table(memory * 2**20)
        self._spilled: list[IO[bytes]] = []
        self._counts = np.zeros(_FILES, dtype=np.int64)

    def passed(self, chunk: Chunk) -> Chunk | None:
        """What of a chunk is new; None if nothing is, or none can be told yet."""
        if chunk.distinct or not chunk.count:
            return chunk
        lines = chunk.data.split(b"\n")
        lines.pop()
        keys = np.frombuffer(b"".join(map(xxhash.xxh3_128_digest, lines)), dtype=np.uint64).reshape(-1, 2)
        new, undecided = self._table.add(keys)
        if undecided is not None:
            self._put_off(lines, keys, undecided)
            self.repeated -= len(undecided)
        count = int(np.count_nonzero(new))
        self.repeated += len(lines) - count
        if count == len(lines):
            return chunk
        return _chunk(compress(lines, new.tolist()), count, chunk.targets) if count else None

    def _put_off(self, lines: list[bytes], keys: Any, rows: Any) -> None:
        if not self._spilled:
            self._spilled = [tempfile.TemporaryFile(buffering=1 << 16) for _ in range(_FILES)]
        where = (keys[rows, 1] >> np.uint64(64 - _BITS * (self._level + 1))) & np.uint64(_FILES - 1)
        self._counts += np.bincount(where.astype(np.int64), minlength=_FILES)
        for row, place in zip(rows.tolist(), where.tolist(), strict=True):
            self._spilled[place].write(lines[row] + b"\n")

    def rest(self, targets: tuple[str, ...] = ()) -> Iterator[Chunk]:
        """What was put off, each statement once; afterwards this object is done."""
        self._table = _Table(0)
        spilled, self._spilled = self._spilled, []
        for number, file in enumerate(spilled):
            inner = Distinct(self._memory, level=min(self._level + 1, _DEEPEST))
            self._progress(Progress("removing duplicates", number / _FILES, f"{int(self._counts[number:].sum()):,} statements to check"))
            with file:
                for block in _blocks(file):
                    if (found := inner.passed(_whole(block, targets))) is not None:
                        yield found
            yield from inner.rest(targets)
            self.repeated += inner.repeated

    def close(self) -> None:
        """Drop what was put off."""
        for file in self._spilled:
            file.close()


def distinct(chunks: Iterable[Chunk], memory: int = 256, progress: ProgressSink = silent) -> Iterator[Chunk]:
    """The same statements, each once, for one output; see `Distinct`."""
    seen = Distinct(memory, progress)
    try:
        for chunk in chunks:
            if (found := seen.passed(chunk)) is not None:
                yield found
        yield from seen.rest()
    finally:
        seen.close()


def _chunk(lines: Iterable[bytes], count: int, targets: tuple[str, ...]) -> Chunk:
    return Chunk(b"\n".join(lines) + b"\n", count, targets)


def _whole(block: bytes, targets: tuple[str, ...]) -> Chunk:
    return Chunk(block, block.count(b"\n"), targets)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time."""
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block + file.readline() if not block.endswith(b"\n") else block


class _Table:
    """A set of 128-bit keys: open addressing, all keys of a batch probed at once.

    A key of two 64-bit halves is kept as one complex number, which numpy moves in one go; it is never calculated with. A place
    whose first half is 0 is empty.
    """

    def __init__(self, memory: int) -> None:
        self._largest = _SMALLEST
        # while it grows, the old table stands beside the new one
        while self._largest * 2 * _SLOT * 1.5 <= memory:
            self._largest *= 2
        self._used, self._closed = 0, False
        self._claims = np.zeros(_CLAIMS, dtype=np.int32)
        self._allocate(_SMALLEST)

    def _allocate(self, size: int) -> None:
        self._mask = size - 1
        self._places = np.zeros(size, dtype=np.complex128)

    def add(self, keys: Any) -> tuple[Any, Any]:
        """Which of the hashes are new, and the rows of those that cannot be told because the table is full (None if there are none)."""
        keys = keys | _NOT_EMPTY
        while self._used + len(keys) > _FULL * (self._mask + 1) and self._mask + 1 < self._largest:
            self._grow()
        # what was put off once must not be taken in later
        room = 0 if self._closed else max(int(_FULL * (self._mask + 1)) - self._used, 0)
        self._closed = self._closed or len(keys) > room
        new = np.zeros(len(keys), dtype=bool)
        self._put(keys[:room], new)
        if len(keys) <= room:
            return new, None
        undecided = room + self._absent(keys[room:])
        return new, undecided if len(undecided) else None

    def _put(self, keys: Any, new: Any) -> None:
        """Put keys in; note those that were not there, the first of several equal ones."""
        whole = keys.view(np.complex128)[:, 0]
        rows, at = np.arange(len(keys), dtype=np.int32), self._first(keys)
        while len(rows):
            there = self._places[at].view(np.uint64).reshape(-1, 2)
            empty = there[:, 0] == 0
            on = ~(empty | _same(there, keys[rows]))
            free, slots = rows[empty], at[empty]
            # where several want a place the first row must win, and numpy keeps what is written last
            claims = slots & (_CLAIMS - 1)
            self._claims[claims[::-1]] = free[::-1]
            won = self._claims[claims] == free
            self._places[slots[won]] = whole[free[won]]
            new[free[won]] = True
            self._used += int(np.count_nonzero(won))
            rows, at = np.concatenate([rows[on], free[~won]]), np.concatenate([at[on] + 1 & self._mask, slots[~won]])
            if len(won) and not won.all():
                order = np.argsort(rows, kind="stable")
                rows, at = rows[order], at[order]

    def _absent(self, keys: Any) -> Any:
        """Rows of keys that are not in."""
        rows, at = np.arange(len(keys)), self._first(keys)
        found = []
        while len(rows):
            there = self._places[at].view(np.uint64).reshape(-1, 2)
            empty = there[:, 0] == 0
            found.append(rows[empty])
            on = ~(empty | _same(there, keys[rows]))
            rows, at = rows[on], at[on] + 1 & self._mask
        return np.sort(np.concatenate(found)) if found else rows

    def _first(self, keys: Any) -> Any:
        return (keys[:, 0] >> np.uint64(1)).astype(np.int64) & self._mask

    def _grow(self) -> None:
        held = self._places[self._places.view(np.uint64)[::2] != 0]
        self._allocate(min((self._mask + 1) * _GROWTH, self._largest))
        self._used = 0
        for start in range(0, len(held), _CLAIMS // 4):
            some = held[start: start + _CLAIMS // 4]
            self._put(some.view(np.uint64).reshape(-1, 2), np.zeros(len(some), dtype=bool))


def _same(there: Any, keys: Any) -> Any:
    return (there[:, 0] == keys[:, 0]) & (there[:, 1] == keys[:, 1])
