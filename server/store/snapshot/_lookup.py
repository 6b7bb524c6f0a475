"""Terms looked up in sorted runs of hashes, their texts compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow.compute as pc

from earthweave.ontology.arrow import arrow_of

from ._arrow import numpy_of
from ._files import release
from ._hashing import Hashed, Run

_LARGE = 16_000_000
"""Entries of a run whose memory is given back after each use."""


class Held(Protocol):
    """Whoever knows the texts and type codes of ids."""

    def texts(self, ids: Any) -> Any:
        """Texts, as a LargeStringArray."""

    def codes(self, ids: Any) -> Any:
        """Codes of types, int32."""


def found_in(runs: Sequence[Run], column: Hashed, rows: Any, held: Held) -> Any:
    """Id of the terms in some rows of a column, in any of the runs; -1 where there is none; int64.

    Args:
        held: of the ids in the runs; entries of equal hash are all looked at.
    """
    found = np.full(len(rows), -1, dtype=np.int64)
    hash = column.hash[rows]
    order = np.argsort(hash)
    for run in runs:
        # in ascending order, which the cache likes
        places = order[found[order] < 0]
        at = run.first(hash[places])
        while len(places):
            hit = run.matches(at, hash[places])
            places, at = places[hit], at[hit]
            ids = run.id[at]
            same = _same(ids, column, rows[places], held)
            found[places[same]] = ids[same]
            places, at = places[~same], at[~same] + 1
        if len(run) > _LARGE:
            release(run.hash)
            release(run.id)
    return found


def _same(ids: Any, column: Hashed, rows: Any, held: Held) -> Any:
    if not len(ids):
        return np.empty(0, dtype=bool)
    alike = numpy_of(pc.call_function("equal", [held.texts(ids), column.text.take(arrow_of(rows))]))
    return alike & (held.codes(ids) == column.code[rows])
