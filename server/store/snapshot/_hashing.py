"""Hashes of terms, and sorted runs of them in which terms are looked up.

A hash is XXH3 (64 bits) of the UTF-8 text, seeded with the code of the term's type. It finds candidates only: whoever looks up compares
the texts, so that terms of equal hash stay apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from ._arrow import numpy_of
from ._files import Column

_FANOUT = 4
_PIECE = 4_000_000
"""Entries that are merged at a time; longer runs lie on the disk."""


def hashes(text: Any, code: Any) -> Any:
    """Hash of each term; uint64, shape as given. ``text`` is a pyarrow LargeStringArray, ``code`` the types' codes."""
    data = numpy_of(text.cast(pa.large_binary()))
    return np.fromiter(map(xxh3_64_intdigest, data, code.tolist()), dtype=np.uint64, count=len(text))


def hash_one(text: str, code: int) -> int:
    """Hash of one term."""
    return xxh3_64_intdigest(text.encode(), code)


class Hashed:
    """A column of terms with the hash of each.

    Attributes:
        text, code: as given.
        hash: uint64.
    """

    def __init__(self, text: Any, code: Any) -> None:
        self.text, self.code = text, code
        self.hash = hashes(text, np.where(code < 0, 0, code))


@dataclass(frozen=True)
class Run:
    """Hashes in ascending order, and the id behind each."""

    hash: Any
    id: Any

    def __len__(self) -> int:
        return len(self.hash)

    def first(self, wanted: Any) -> Any:
        """Place of the first entry that is not less than each wanted hash."""
        return np.searchsorted(self.hash, wanted)

    def matches(self, place: Any, wanted: Any) -> Any:
        """True where the entry at a place has the wanted hash."""
        if not len(self):
            return np.zeros(len(place), dtype=bool)
        return (place < len(self)) & (self.hash[np.minimum(place, len(self) - 1)] == wanted)


def merged(runs: Sequence[Run]) -> Iterator[Run]:
    """All entries of some runs in ascending order, in runs that follow each other; entries of equal hash are never parted."""
    pieces = max(math.ceil(sum(len(run) for run in runs) / _PIECE), 1)
    bounds = np.array([(2**64 * piece) // pieces for piece in range(1, pieces)], dtype=np.uint64)
    ends = [[0, *np.searchsorted(run.hash, bounds).tolist(), len(run)] for run in runs]
    for piece in range(pieces):
        cuts = [slice(*end[piece : piece + 2]) for end in ends]
        keys = np.concatenate([np.empty(0, np.uint64), *(run.hash[cut] for run, cut in zip(runs, cuts, strict=True))])
        ids = np.concatenate([np.empty(0, np.int64), *(run.id[cut] for run, cut in zip(runs, cuts, strict=True))])
        # stable, because that sort makes use of runs that are sorted already
        order = np.argsort(keys, kind="stable")
        yield Run(keys[order], ids[order])


def write_run(folder: Path, name: str, runs: Sequence[Run]) -> Run:
    """Merge runs into the files ``NAME.hash`` and ``NAME.id``; gives them mapped."""
    keys, ids = Column(folder / f"{name}.hash", np.uint64), Column(folder / f"{name}.id", np.int64)
    for run in merged(runs):
        keys.append(run.hash)
        ids.append(run.id)
    keys.close()
    ids.close()
    return Run(keys.read(), ids.read())


class Runs:
    """Runs that grow: a log-structured merge tree (O'Neil et al., 1996) whose levels differ by a factor of four.

    Args:
        folder: large runs lie there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0
        self.runs: list[Run] = []

    def add(self, run: Run) -> None:
        """Take one more run."""
        if len(run):
            self.runs.append(run)
        while len(self.runs) > 1 and len(self.runs[-2]) < _FANOUT * len(self.runs[-1]):
            self.runs[-2:] = [self._merged(self.runs[-2:])]

    def _merged(self, runs: list[Run]) -> Run:
        if sum(len(run) for run in runs) <= _PIECE:
            return next(merged(runs))
        self._written += 1
        return write_run(self._folder, f"run-{self._written}", runs)
