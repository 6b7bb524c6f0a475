"""Record batches on their way to a worker: Arrow streams one behind the other, a new one wherever the columns change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import pyarrow as pa

ROWS = 131_072
"""Most rows that a worker holds as one batch."""


class Readable(Protocol):
    """Bytes that arrive one after the other."""

    def read(self, size: int = -1) -> bytes:
        """Some of the next bytes, empty at the end."""
        ...


def ipc_chunks(batches: Iterable[Any]) -> Iterator[bytes]:
    """Batches as Arrow IPC streams, in pieces."""
    held, schema, writer = _Held(), None, None
    for batch in batches:
        if writer is None or batch.schema != schema:
            if writer is not None:
                writer.close()
            schema = batch.schema
            writer = pa.ipc.new_stream(pa.PythonFile(held, mode="w"), schema)
        for start in range(0, batch.num_rows, ROWS):
            writer.write_batch(batch.slice(start, ROWS))
            yield held.taken()
    if writer is not None:
        writer.close()
        yield held.taken()


def read_batches(stream: Readable) -> Iterator[Any]:
    """The batches again."""
    source = _Source(stream)
    while source.more():
        with pa.ipc.open_stream(pa.PythonFile(source, mode="r")) as reader:
            yield from reader


class _Held:
    """A file that gives away what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Source:
    """A file that reads as much as it is asked for, and knows whether there is more."""

    closed = False

    def __init__(self, stream: Readable) -> None:
        self._stream, self._ahead = stream, b""

    def more(self) -> bool:
        self._ahead = self._ahead or self._stream.read(1)
        return bool(self._ahead)

    def readable(self) -> bool:
        return True

    def read(self, size: int) -> bytes:
        pieces, self._ahead = [self._ahead[:size]], self._ahead[size:]
        missing = size - len(pieces[0])
        while missing and (piece := self._stream.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)
