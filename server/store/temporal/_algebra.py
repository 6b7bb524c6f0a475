"""Relations between half-open periods, and periods made of two, on columns of microseconds.

Where Strabon's published answers differ from the names that J. F. Allen (1983) gave, they decide: ``PeriodOverlaps`` is having a moment
in common, ``starts`` and ``finishes`` are sharing an end, and ``overleft`` wants a moment in common where ``overright`` does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..snapshot import FOREVER

Relation = Callable[[Any, Any, Any, Any], Any]


def _meeting(a: Any, b: Any, c: Any, d: Any) -> Any:
    return (a < d) & (c < b)


def _meets_before(_a: Any, b: Any, c: Any, _d: Any) -> Any:
    # the end of one that is closed is the moment in which the other begins
    return (b < FOREVER) & ((b == c) | (b - 1 == c))


def _meets_after(a: Any, b: Any, c: Any, d: Any) -> Any:
    return _meets_before(c, d, a, b)


RELATIONS: dict[str, Relation] = {
    "during": lambda a, b, c, d: (c <= a) & (b <= d),
    "PeriodContains": lambda a, b, c, d: (a <= c) & (d <= b),
    "PeriodOverlaps": _meeting,
    "PeriodIntersects": _meeting,
    "equalsPeriod": lambda a, b, c, d: (a == c) & (b == d),
    "nequalsPeriod": lambda a, b, c, d: (a != c) | (b != d),
    "adjacent": lambda a, b, c, d: (b == c) | (d == a),
    "before": lambda _a, b, c, _d: b <= c,
    "after": lambda a, _b, _c, d: d <= a,
    "overleft": lambda a, b, c, d: _meeting(a, b, c, d) & (b <= d),
    "overright": lambda a, _b, c, _d: a >= c,
    "meetsBefore": _meets_before,
    "meetsAfter": _meets_after,
    "meets": lambda a, b, c, d: _meets_before(a, b, c, d) | _meets_after(a, b, c, d),
    "starts": lambda a, _b, c, _d: a == c,
    "finishes": lambda _a, b, _c, d: b == d,
}
"""Local name in ``strdf:`` → whether [a, b) stands so to [c, d); bool arrays."""


def intersection(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """The moments that both have; start is not before end where there is none."""
    return np.maximum(a, c), np.minimum(b, d)


def union(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """The moments of both, where they are one period; else an empty one."""
    whole = (a <= d) & (c <= b)
    return np.where(whole, np.minimum(a, c), 0), np.where(whole, np.maximum(b, d), 0)


def preceding(a: Any, b: Any, c: Any, _d: Any) -> tuple[Any, Any]:
    """The moments of the first before the second begins."""
    return a, np.minimum(b, c)


def succeeding(a: Any, b: Any, _c: Any, d: Any) -> tuple[Any, Any]:
    """The moments of the first after the second has ended."""
    return np.maximum(a, d), b


def minus(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """The moments of the first that the second has not, where they are one period; else an empty one."""
    before, after = preceding(a, b, c, d), succeeding(a, b, c, d)
    left, right = before[0] < before[1], after[0] < after[1]
    apart = ~_meeting(a, b, c, d)
    both = left & right & ~apart
    start = np.where(left, before[0], after[0])
    end = np.where(right, after[1], before[1])
    return np.where(apart, a, np.where(both, 0, start)), np.where(apart, b, np.where(both, 0, end))


CONSTRUCTORS: dict[str, Callable[[Any, Any, Any, Any], tuple[Any, Any]]] = {
    "period_intersect": intersection, "period_union": union, "period_minus": minus, "preceding_period": preceding,
    "succeeding_period": succeeding,
}
"""Local name in ``strdf:`` → start and end of what is made of [a, b) and [c, d); where start is not before end there is no such period."""
