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
        distinct: True if no statement in it is made a second time, here or anywhere else in the run: the output stage then need not
            look. Executors set it for triples maps of which that is proven (`earthweave.mapping.output.proven_distinct`).
    """

    data: bytes
    count: int
    targets: tuple[str, ...] = ()
    distinct: bool = False
