"""Where periods begin and end: looked up for the valid times of a snapshot, read from the text of all other literals."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from ..algebra import Context
from ..snapshot import GOOD, PRESENT, STRDF_PERIOD, TIME_TYPES, Term, instants, periods_of, read_moments, read_periods

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FEW = 8


def present(context: Context) -> int:
    """The moment of the query, microseconds since 1970-01-01T00:00:00Z."""
    passed = context.now - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def ends_of(ids: Any, context: Context) -> tuple[Any, Any, Any]:
    """Start and end (int64, half-open) of periods and moments by their ids, and which of them could be read."""
    distinct, back = np.unique(ids, return_inverse=True)
    times = context.snapshot.times
    start, end, good = np.zeros(len(distinct), np.int64), np.zeros(len(distinct), np.int64), np.zeros(len(distinct), bool)
    numbers = times.numbers(distinct) if len(times) else np.full(len(distinct), -1)
    if (numbers > 0).any():
        spans, place = times.spans, np.maximum(numbers - 1, 0)
        numbers = np.where((spans.flags[place] & PRESENT) != 0, -1, numbers)
        start, end, good = spans.start[place], spans.end[place], (spans.flags[place] & GOOD) != 0
    rest = np.flatnonzero(numbers < 0)
    if len(rest):
        start[rest], end[rest], good[rest] = _read(distinct[rest], context)
    return start[back], end[back], good[back]


def _read(ids: Any, context: Context) -> tuple[Any, Any, Any]:
    now = present(context)
    if len(ids) > _FEW:
        found = periods_of(ids, context.terms.terms, now)
        return found.start, found.end, found.good
    terms = [context.terms.term(one) for one in ids.tolist()]
    start, end, good = zip(*(_one(term, now if "NOW" in term.text else 0) for term in terms), strict=True)
    return np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), np.array(good, dtype=bool)


@lru_cache(maxsize=4096)
def _one(term: Term, now: int) -> tuple[int, int, bool]:
    """The same of one term; what queries name is named again."""
    if term.type not in TIME_TYPES:
        return 0, 0, False
    texts = pa.array([term.text], type=pa.large_string())
    read = read_periods(texts, now) if term.type.datatype == STRDF_PERIOD else instants(read_moments(texts, now))
    return int(read.start[0]), int(read.end[0]), bool(read.good[0])
