"""Messages between processes: a JSON header and a body of bytes, both with their length in front; nothing is ever unpickled."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

_LENGTHS = struct.Struct(">IQ")


@dataclass(frozen=True)
class Frame:
    """One message."""

    header: dict[str, Any]
    body: bytes = b""

    @property
    def op(self) -> str:
        """What the message is."""
        return str(self.header["op"])


def encode(frame: Frame) -> bytes:
    """The bytes of a frame."""
    header = json.dumps(frame.header).encode()
    return _LENGTHS.pack(len(header), len(frame.body)) + header + frame.body


class Decoder:
    """Frames out of bytes that arrive in any portions (no input or output of its own)."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes, give the frames that are now complete."""
        self._parts += data
        found = []
        while frame := self._next():
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        if len(self._parts) < _LENGTHS.size:
            return None
        head, body = _LENGTHS.unpack_from(self._parts)
        start, end = _LENGTHS.size + head, _LENGTHS.size + head + body
        if len(self._parts) < end:
            return None
        frame = Frame(json.loads(bytes(self._parts[_LENGTHS.size:start])), bytes(self._parts[start:end]))
        del self._parts[:end]
        return frame


def read(stream: BinaryIO) -> Frame | None:
    """The next frame of a blocking stream, or None at its end."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, body = _LENGTHS.unpack(lengths)
    header = stream.read(head)
    content = stream.read(body)
    if len(header) < head or len(content) < body:
        return None
    return Frame(json.loads(header), content)
