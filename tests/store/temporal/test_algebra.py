"""Relations and constructors of periods, against sets of moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.server.store.snapshot import FOREVER
from earthweave.server.store.temporal import CONSTRUCTORS, RELATIONS

PERIODS = st.tuples(st.integers(-4, 8), st.integers(1, 8)).map(lambda one: (one[0], one[0] + one[1]))
PAIRS = st.lists(st.tuples(PERIODS, PERIODS), min_size=1, max_size=30)


def moments(period: tuple[int, int]) -> set[int]:
    return set(range(*period))


def touching(one: set[int], other: set[int]) -> bool:
    return max(one) in (min(other), min(other) - 1)


ORACLE = {
    "during": lambda a, b: a <= b,
    "PeriodContains": lambda a, b: b <= a,
    "PeriodOverlaps": lambda a, b: bool(a & b),
    "PeriodIntersects": lambda a, b: not a.isdisjoint(b),
    "equalsPeriod": lambda a, b: a == b,
    "nequalsPeriod": lambda a, b: a != b,
    "adjacent": lambda a, b: max(a) + 1 == min(b) or max(b) + 1 == min(a),
    "before": lambda a, b: all(x < y for x in a for y in b),
    "after": lambda a, b: all(x > y for x in a for y in b),
    "overleft": lambda a, b: bool(a & b) and max(a) <= max(b),
    "overright": lambda a, b: min(a) >= min(b),
    "meetsBefore": touching,
    "meetsAfter": lambda a, b: touching(b, a),
    "meets": lambda a, b: touching(a, b) or touching(b, a),
    "starts": lambda a, b: min(a) == min(b),
    "finishes": lambda a, b: max(a) == max(b),
}
MADE = {
    "period_intersect": lambda a, b: a & b,
    "period_union": lambda a, b: a | b,
    "period_minus": lambda a, b: a - b,
    "preceding_period": lambda a, b: {x for x in a if x < min(b)},
    "succeeding_period": lambda a, b: {x for x in a if x > max(b)},
}


def columns(pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[np.ndarray]:
    return [np.array([pair[side][end] for pair in pairs]) for side in (0, 1) for end in (0, 1)]


def test_the_oracle_knows_all_names() -> None:
    assert set(ORACLE) == set(RELATIONS)
    assert set(MADE) == set(CONSTRUCTORS)


@pytest.mark.parametrize("name", sorted(RELATIONS))
@given(pairs=PAIRS)
def test_relations_are_those_of_sets_of_moments(name: str, pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    held = RELATIONS[name](*columns(pairs)).tolist()
    assert held == [ORACLE[name](moments(a), moments(b)) for a, b in pairs]


@pytest.mark.parametrize("name", sorted(CONSTRUCTORS))
@given(pairs=PAIRS)
def test_constructors_are_those_of_sets_of_moments(name: str, pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    start, end = CONSTRUCTORS[name](*columns(pairs))
    for row, (a, b) in enumerate(pairs):
        wanted = MADE[name](moments(a), moments(b))
        whole = bool(wanted) and max(wanted) - min(wanted) + 1 == len(wanted)
        assert (start[row] < end[row]) == whole
        if whole:
            assert (start[row], end[row]) == (min(wanted), max(wanted) + 1)


def test_a_period_that_goes_on_meets_nothing_behind_it() -> None:
    one = (np.array([0]), np.array([FOREVER]), np.array([5]), np.array([FOREVER]))
    assert [name for name in sorted(RELATIONS) if RELATIONS[name](*one)[0]] == [
        "PeriodContains", "PeriodIntersects", "PeriodOverlaps", "finishes", "nequalsPeriod", "overleft",
    ]
