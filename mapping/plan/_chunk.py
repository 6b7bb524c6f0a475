"""What executors hand on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chunk:
    """Some statements as lines of N-Quads.

    Attributes:
        data: whole lines, UTF-8.
        count: how many.
        targets: names of the logical targets that they go to; none is the default output, which the empty name also means.
    """

    data: bytes
    count: int
    targets: tuple[str, ...] = ()
